package storetest

import (
	"fmt"
	"slices"
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func testMentions(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	h := Live(t, s)
	var class, seen, hidden int64
	write(t, h, func(tx *store.Tx) (err error) {
		if class, err = tx.AddClass("TLP:GREEN", func([]byte) bool { return false }); err != nil {
			return err
		}
		may := func(yes bool) func(string) bool { return func(string) bool { return yes } }
		if seen, err = tx.AddLabel(store.Label{Raw: []byte("a"), Resolved: []byte("a")}, may(true)); err != nil {
			return err
		}
		hidden, err = tx.AddLabel(store.Label{Raw: []byte("b"), Resolved: []byte("b")}, may(false))
		return err
	})
	object := func(n int, version, label int64) store.Object {
		return store.Object{ID: fmt.Sprintf("indicator--%d", n), Type: "indicator", Version: version, Label: label, Body: []byte("{}"), Digest: ident.Sum(fmt.Appendf(nil, "%d %d", n, version))}
	}
	add := func(objects ...store.Object) {
		write(t, h, func(tx *store.Tx) error {
			var ids []string
			for _, o := range objects {
				ids = append(ids, o.ID)
			}
			known, err := tx.Known(ids)
			if err != nil {
				return err
			}
			return tx.AddObjects(objects, known)
		})
	}
	add(object(1, 10, seen), object(2, 10, hidden))
	add(object(1, 20, hidden), object(3, 10, seen))
	mentions := func(after, upTo int64) (out []store.Mention) {
		write(t, h, func(tx *store.Tx) error {
			return tx.Mentions(after, upTo, func(m store.Mention) error { out = append(out, m); return nil })
		})
		return out
	}
	all := mentions(0, 100)
	if len(all) != 4 || all[0].Hash != store.IDHash("indicator--1") || all[0].Hash != all[2].Hash || !all[0].Several || !all[2].Several || all[1].Several || all[3].Several ||
		all[2].Version != 20 || all[2].Label != hidden || all[0].Type != "indicator" || all[0].Received != Start.UnixMicro() {
		t.Fatalf("%+v", all)
	}
	if part := mentions(all[0].Seq, all[2].Seq); len(part) != 2 || part[0] != all[1] || part[1] != all[2] {
		t.Errorf("after the first, up to the third: %+v", part)
	}
	write(t, h, func(tx *store.Tx) error {
		var got []store.Mention
		if err := tx.Siblings([]int64{all[0].Hash}, func(m store.Mention) error { got = append(got, m); return nil }); err != nil {
			return err
		}
		if !slices.Equal(got, []store.Mention{all[0], all[2]}) {
			t.Errorf("siblings: %+v", got)
		}
		if err := tx.Siblings(nil, func(store.Mention) error { t.Error("a sibling of nothing"); return nil }); err != nil {
			return err
		}
		permitted, err := tx.Permitted(class)
		if err != nil || len(permitted) != 1 || !permitted[seen] {
			t.Errorf("permitted: %v, %v", permitted, err)
		}
		seqs := []int64{all[0].Seq, all[1].Seq, all[2].Seq, all[3].Seq, 999}
		ids, err := tx.IDs(class, seqs)
		if err != nil || len(ids) != 2 || ids[all[0].Seq] != "indicator--1" || ids[all[3].Seq] != "indicator--3" {
			t.Errorf("ids: %v, %v", ids, err)
		}
		if ids, err = tx.IDs(store.AllLabels, seqs); err != nil || len(ids) != 4 {
			t.Errorf("ids for the node: %v, %v", ids, err)
		}
		return tx.EraseObject(all[0].Seq)
	})
	write(t, h, func(tx *store.Tx) error {
		if ids, err := tx.IDs(class, []int64{all[0].Seq}); err != nil || len(ids) != 0 {
			t.Errorf("an erased one: %v, %v", ids, err)
		}
		return nil
	})
	exercise, err := ident.ParseDomain("exercise/sango-2027")
	if err != nil {
		t.Fatal(err)
	}
	write(t, Handle(t, s, exercise), func(tx *store.Tx) error {
		ids, err := tx.IDs(store.AllLabels, []int64{all[3].Seq})
		if err != nil || len(ids) != 0 {
			t.Errorf("in another domain: %v, %v", ids, err)
		}
		return tx.Mentions(0, 100, func(m store.Mention) error { t.Errorf("in another domain: %+v", m); return nil })
	})
}
