package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func testCollections(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	drill, err := ident.Exercise("tabletop")
	if err != nil {
		t.Fatal(err)
	}
	live, play := Live(t, s), Handle(t, s, drill)
	first := store.Collection{ID: "c1", Alias: "main", Title: "サイバー", Description: "d", DefaultTLP: "clear", Ceiling: "green"}
	second := store.Collection{ID: "c2"}
	for _, c := range []*store.Collection{&first, &second} {
		write(t, live, func(tx *store.Tx) error { return tx.AddCollection(c) })
	}
	if first.N == 0 || second.N <= first.N {
		t.Errorf("numbers: got %d and %d, want rising ones", first.N, second.N)
	}
	all := ask(t, live, (*store.Tx).Collections)
	if d := cmp.Diff([]store.Collection{first, second}, all); d != "" {
		t.Errorf("collections read back as written, oldest first (-want +got):\n%s", d)
	}
	for _, name := range []string{"c1", "main"} {
		got := ask(t, live, func(tx *store.Tx) (store.Collection, error) { return tx.Collection(name) })
		if got != first {
			t.Errorf("%s: got %+v, want %+v", name, got, first)
		}
	}
	for _, name := range []string{"", "c3", "C1"} {
		refused(t, live, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Collection(name); return err })
	}
	for _, c := range []store.Collection{{ID: "c1"}, {ID: "c3", Alias: "main"}, {ID: "c3", Alias: "c2"}, {ID: "main"}} {
		refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.AddCollection(&c) })
	}
	refused(t, play, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Collection("c1"); return err })
	if got := ask(t, play, (*store.Tx).Collections); got != nil {
		t.Errorf("an exercise sees the collections of live: %v", got)
	}
	write(t, play, func(tx *store.Tx) error { return tx.AddCollection(&store.Collection{ID: "c1", Alias: "main"}) })
}

// dates returns the dates of everything in a collection, whatever its label.
func dates(t *testing.T, h *store.Handle, collection, class int64) []int64 {
	t.Helper()
	return ask(t, h, func(tx *store.Tx) ([]int64, error) {
		var out []int64
		_, err := tx.Page(store.PageQuery{Collection: collection, Class: class, Limit: 1000, Versions: store.Versions{All: true}},
			func(m store.Member) error {
				out = append(out, m.Added)
				return nil
			})
		return out, err
	})
}

func testMembers(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	h := Live(t, open(t, clk))
	var class int64
	var entries []store.Entry
	a, b := store.Collection{ID: "a"}, store.Collection{ID: "b"}
	write(t, h, func(tx *store.Tx) (err error) {
		if class, err = tx.AddClass("all", func([]byte) bool { return true }); err != nil {
			return err
		}
		label, err := tx.AddLabel(store.Label{Raw: []byte("l"), Resolved: []byte("l")}, func(string) bool { return true })
		if err != nil {
			return err
		}
		objects := make([]store.Object, 10)
		for i := range objects {
			objects[i] = store.Object{ID: fmt.Sprint("x--", i), Type: "x", Version: int64(i), Label: label, Body: []byte("{}")}
		}
		if err := tx.AddObjects(objects, nil); err != nil {
			return err
		}
		for _, o := range objects {
			entries = append(entries, store.Entry{
				Object: o.Seq, Label: o.Label, Version: o.Version, ID: o.ID, Type: o.Type,
				Siblings: []store.Known{{Seq: o.Seq, Version: o.Version, Label: o.Label}},
			})
		}
		if err := tx.AddCollection(&a); err != nil {
			return err
		}
		return tx.AddCollection(&b)
	})
	add := func(c *store.Collection, entries []store.Entry, want int) {
		t.Helper()
		write(t, h, func(tx *store.Tx) error {
			n, err := tx.AddMembers(c, entries)
			if n != want {
				t.Errorf("got %d added, want %d", n, want)
			}
			return err
		})
	}
	now := Start.UnixMicro()
	add(&a, entries[:3], 3)
	add(&a, append(slices.Clone(entries[2:4]), entries[3]), 1) // one is there, one is named twice
	add(&a, nil, 0)
	clk.Advance(-time.Hour)
	add(&a, entries[4:5], 1) // the clock was set back: dates rise all the same
	clk.Advance(2 * time.Hour)
	add(&a, entries[5:6], 1)
	want := []int64{now, now + 1, now + 2, now + 3, now + 4, now + time.Hour.Microseconds()}
	if d := cmp.Diff(want, dates(t, h, a.N, class)); d != "" {
		t.Errorf("dates (-want +got):\n%s", d)
	}
	if a.LastAdded != want[5] {
		t.Errorf("LastAdded: got %d, want %d", a.LastAdded, want[5])
	}
	got := ask(t, h, func(tx *store.Tx) (store.Collection, error) { return tx.Collection("a") })
	if got != a {
		t.Errorf("got %+v, want %+v", got, a)
	}
	// A collection keeps its own dates.
	add(&b, entries[:1], 1)
	if d := cmp.Diff([]int64{now + time.Hour.Microseconds()}, dates(t, h, b.N, class)); d != "" {
		t.Errorf("dates in another collection (-want +got):\n%s", d)
	}
	write(t, h, func(tx *store.Tx) error {
		n, err := tx.RemoveMembers(a.N, class, "x--5", store.Versions{All: true})
		if n != 1 {
			t.Errorf("got %d removed, want 1", n)
		}
		return err
	})
	// A date is not given out again.
	add(&a, entries[6:7], 1)
	if got := dates(t, h, a.N, class); got[len(got)-1] != want[5]+1 {
		t.Errorf("after a removal: got %d, want %d", got[len(got)-1], want[5]+1)
	}
	if got := dates(t, h, b.N, class); len(got) != 1 {
		t.Errorf("a removal from one collection reached another: %v", got)
	}
}

func testStatuses(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	drill, err := ident.Exercise("tabletop")
	if err != nil {
		t.Fatal(err)
	}
	live, play := Live(t, s), Handle(t, s, drill)
	one := store.Status{ID: "1", Account: "a", Body: []byte(`{"x":1}`)}
	write(t, live, func(tx *store.Tx) error { return tx.AddStatus(&one) })
	got := ask(t, live, func(tx *store.Tx) (store.Status, error) { return tx.Status("1", "a") })
	if d := cmp.Diff(store.Status{ID: "1", Account: "a", At: Start.UnixMicro(), Body: []byte(`{"x":1}`)}, got); d != "" {
		t.Errorf("a status reads back as written (-want +got):\n%s", d)
	}
	missing := func(h *store.Handle, id, account string) {
		t.Helper()
		refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Status(id, account); return err })
	}
	missing(live, "1", "b")
	missing(live, "2", "a")
	missing(play, "1", "a")
	clk.Advance(time.Second)
	write(t, live, func(tx *store.Tx) error {
		return tx.AddStatus(&store.Status{ID: "2", Account: "a", Body: []byte("{}")})
	})
	write(t, play, func(tx *store.Tx) error { return tx.PurgeStatuses(clk.Now().UnixMicro() + 1) }) // of the exercise only
	write(t, live, func(tx *store.Tx) error { return tx.PurgeStatuses(clk.Now().UnixMicro()) })
	missing(live, "1", "a")
	ask(t, live, func(tx *store.Tx) (store.Status, error) { return tx.Status("2", "a") })
}
