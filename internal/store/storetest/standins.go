package storetest

import (
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// What stands in for something is told to those who might read that, as long as
// a collection serves it.
func testStandIns(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	h := Live(t, s)
	var class, other, open1, nobody int64
	write(t, h, func(tx *store.Tx) (err error) {
		if class, err = tx.AddClass("TLP:GREEN", func([]byte) bool { return false }); err != nil {
			return err
		}
		if other, err = tx.AddClass("TLP:CLEAR", func([]byte) bool { return false }); err != nil {
			return err
		}
		if open1, err = tx.AddLabel(store.Label{Raw: []byte("a"), Resolved: []byte("a")}, func(terms string) bool { return terms == "TLP:GREEN" }); err != nil {
			return err
		}
		nobody, err = tx.AddLabel(store.Label{Raw: []byte("b"), Resolved: []byte("b")}, func(string) bool { return false })
		return err
	})
	objects := []store.Object{
		{ID: "indicator--1", Type: "indicator", Version: 10, Label: nobody, Body: []byte("{}"), Digest: ident.Sum([]byte("1"))},
		{ID: "indicator--1", Type: "indicator", Version: 20, Label: nobody, Body: []byte("{}"), Digest: ident.Sum([]byte("2"))},
		{ID: "indicator--2", Type: "indicator", Version: 10, Label: open1, Body: []byte("{}"), Digest: ident.Sum([]byte("3"))},
	}
	write(t, h, func(tx *store.Tx) error {
		if err := tx.AddObjects(objects, nil); err != nil {
			return err
		}
		c := store.Collection{ID: "c", Title: "c"}
		if err := tx.AddCollection(&c); err != nil {
			return err
		}
		if err := tx.AddRecalled([]store.Recalled{
			{Object: objects[0].Seq, Message: "m", Was: open1}, {Object: objects[1].Seq, Message: "m", Was: open1, Stub: true},
		}); err != nil {
			return err
		}
		_, err := tx.AddMembers(&c, []store.Entry{{Object: objects[1].Seq, Label: open1, Version: 20, ID: objects[1].ID, Type: "indicator"}})
		return err
	})
	stub := objects[1].Seq
	seqs := []int64{objects[0].Seq, stub, objects[2].Seq}
	want := func(when string, n int) {
		t.Helper()
		got := ask(t, h, func(tx *store.Tx) (map[int64]int64, error) { return tx.StandIns(0, 100) })
		if len(got) != n || n > 0 && got[stub] != open1 {
			t.Errorf("%s: stand in: %v", when, got)
		}
		for _, c := range []int64{class, store.AllLabels} {
			if got := ask(t, h, func(tx *store.Tx) ([]store.Shown, error) { return tx.StoodIn(c, seqs) }); len(got) != n || n > 0 && (got[0].Seq != stub || string(got[0].Terms) != "a") {
				t.Errorf("%s: class %d is told %+v", when, c, got)
			}
		}
		if got := ask(t, h, func(tx *store.Tx) ([]store.Shown, error) { return tx.StoodIn(other, seqs) }); len(got) != 0 {
			t.Errorf("%s: who might not read it is told %+v", when, got)
		}
	}
	want("served", 1)
	if got := ask(t, h, func(tx *store.Tx) (map[int64]int64, error) { return tx.StandIns(stub, 100) }); len(got) != 0 {
		t.Errorf("after it: %v", got)
	}
	write(t, h, func(tx *store.Tx) error { return tx.DropMembers([]int64{stub}) })
	want("lifted", 0)
}
