package importing_test

import (
	"testing"

	"twoseas/internal/act/importing"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// What is said of an upload beside its marking counts for everything in it.
func TestLimitsOfAnUploadAreInTheLabel(t *testing.T) {
	d := newDesk(t)
	j := d.looked(bundle(3))
	j = d.correct(j, func(o *importing.Options) {
		o.TLP, o.Areas, o.NotBefore, o.Expires, o.ReleasableTo = "green", []string{"in-jp-2022:1(6)"}, "2027-03-18", "2027-06-01", []string{"jp"}
	})
	if _, err := d.m.Confirm(t.Context(), d.h, d.by, d.class, j.ID); err != nil {
		t.Fatal(err)
	}
	d.work()
	n := 0
	if err := d.h.Query(t.Context(), func(tx *store.Tx) error {
		labels, err := tx.Labels()
		for _, s := range labels {
			l, err := marking.ParseLabel(s.Resolved)
			if err != nil {
				return err
			}
			if s.Objects == 0 {
				continue
			}
			if n++; len(l.Areas) != 1 || l.NotBefore.Year() != 2027 || l.Expires.Month() != 6 || len(l.ReleasableTo) != 1 {
				t.Errorf("the label is %s", s.Resolved)
			}
		}
		return err
	}); err != nil || n == 0 {
		t.Fatalf("%d labels, %v", n, err)
	}
}

func TestLimitsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, o := range []importing.Options{
		{Kind: importing.STIX, Areas: []string{"somewhere"}},
		{Kind: importing.STIX, NotBefore: "tomorrow"},
		{Kind: importing.STIX, NotBefore: "2027-03-18", Expires: "2027-03-01"},
		{Kind: importing.STIX, ReleasableTo: []string{"no side"}},
	} {
		if err := o.Check(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
