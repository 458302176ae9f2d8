package intake_test

import (
	"context"
	"fmt"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

// lists are the warning lists of a node.
type lists struct{ set *warninglist.Set }

func (l *lists) Lists(context.Context, *store.Handle) (*warninglist.Set, error) { return l.set, nil }

func compiled(t *testing.T, more ...warninglist.List) *warninglist.Set {
	t.Helper()
	set, problems := warninglist.Compile(append(warninglist.BuiltIn(), more...))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return set
}

func about(n int, value string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--%s","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z",`+
		`"valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[%s]"}`, uuid(n), value)
}

// bring takes objects in as edges do.
func bring(d *door, src intake.Source, objects ...string) {
	d.t.Helper()
	raws := make([][]byte, len(objects))
	for i, o := range objects {
		raws[i] = []byte(o)
	}
	if rep, err := d.in.Objects(d.t.Context(), d.h, src, raws); err != nil || rep.Refused > 0 {
		d.t.Fatalf("%+v, %v", rep, err)
	}
}

// doubted returns the ids of objects whose labels say that they are listed.
func (d *door) doubted() map[string]bool {
	d.t.Helper()
	out := map[string]bool{}
	if err := d.h.Query(d.t.Context(), func(tx *store.Tx) error {
		labels, err := tx.Labels()
		listed := map[int64]bool{}
		for _, s := range labels {
			l, err := marking.ParseLabel(s.Resolved)
			if err != nil {
				return err
			}
			listed[s.ID] = l.Listed
		}
		if err != nil {
			return err
		}
		return tx.Objects(0, store.AllLabels, func(o store.Object) error {
			if listed[o.Label] {
				out[o.ID[len(o.ID)-2:]] = true
			}
			return nil
		})
	}); err != nil {
		d.t.Fatal(err)
	}
	return out
}

func TestWhatAWarningListNamesIsNoted(t *testing.T) {
	d := newDoor(t, storetest.SQLite)
	known := &lists{compiled(t)}
	d.in.UseLists(known)
	own, theirs := intake.Source{DefaultTLP: marking.Green}, intake.Source{Origin: "jp", DefaultTLP: marking.Green}
	private, sample, resolver := "ipv4-addr:value = '10.1.2.3'", "ipv4-addr:value = '198.51.100.7'", "ipv4-addr:value = '9.9.9.9'"
	bring(d, own, about(11, private), about(12, sample), about(13, resolver), about(14, "domain-name:value = 'a.example'"),
		about(15, "ipv4-addr:value = '192.168.0.9' OR "+sample))
	bring(d, theirs, about(16, private))
	want := map[string]bool{"11": true, "15": true}
	if got := d.doubted(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("noted %v, want %v", got, want)
	}

	known.set = compiled(t, warninglist.List{Name: "resolvers", Type: "string", Entries: []string{"9.9.9.9"}},
		warninglist.List{Name: "scanners", Type: "cidr", Category: "known", Entries: []string{"45.0.0.0/8"}})
	bring(d, own, about(13, resolver), about(17, resolver), about(18, "ipv4-addr:value = '45.1.1.1'"))
	want["13"], want["17"] = true, true
	if got := d.doubted(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("once a list was added: %v, want %v", got, want)
	}

	known.set = compiled(t)
	bring(d, own, about(13, resolver), about(17, resolver))
	if got := d.doubted(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("taking a list away let go of %v, want %v", got, want)
	}
}
