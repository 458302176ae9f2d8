package storetest

import (
	"errors"
	"fmt"
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
	"twoseas/internal/store/db"
)

// many is more rows than the first level of an index keeps.
const many = 9000

// testLevels is about the indexes in two levels: nothing but their size shows
// that there are two.
func testLevels(t *testing.T, open Opener) {
	t.Run("what moved on is found beside what came since", testMoved(open))
	t.Run("one domain's rows do not move because of another's", func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		name, err := ident.Exercise("sea")
		if err != nil {
			t.Fatal(err)
		}
		live, drill := Live(t, s), Handle(t, s, name)
		crowd(t, drill, 0, 5)
		crowd(t, live, 0, many)
		wantLevels(t, s, drill, 5, 0, "object_key", "observable_key", "observable_start")
		wantLevels(t, s, live, 0, many, "object_key", "observable_key", "observable_start")
	})
	t.Run("what is rolled back does not count", func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		h := Live(t, s)
		if err := h.Write(t.Context(), func(tx *store.Tx) error {
			if err := tx.AddObjects([]store.Object{object("x--1", 1, 1)}, nil); err != nil {
				return err
			}
			return errDeliberate
		}); !errors.Is(err, errDeliberate) {
			t.Fatal(err)
		}
		crowd(t, h, 0, 3)
		wantLevels(t, s, h, 3, 0)
	})
}

var errDeliberate = errors.New("deliberate")

func testMoved(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		h := Live(t, s)
		crowd(t, h, 0, many)
		wantLevels(t, s, h, 0, many)
		recent := crowd(t, h, many, many+3)
		wantLevels(t, s, h, 3, many)
		for _, i := range []int{0, 4711, many - 1, many, many + 2} {
			id, k := fmt.Sprintf("x--%d", i), crowdKey(i)
			known := ask(t, h, func(tx *store.Tx) (map[string][]store.Known, error) { return tx.Known([]string{id, "x--none"}) })
			if len(known) != 1 || len(known[id]) != 1 {
				t.Errorf("%s: known %+v", id, known)
			}
			if got := find(t, h, store.AllLabels, k); len(got) != 1 || got[0].ID != id || got[0].Superseded {
				t.Errorf("%s: found %+v", id, got)
			}
		}
		wantRange(t, h, many-2, many+1, 10, "x--8998", "x--8999", "x--9000", "x--9001")
		wantRange(t, h, many-5, many+2, 3)

		newer := object("x--4711", 2, 1)
		stock(t, h, newer)
		if got := find(t, h, store.AllLabels, crowdKey(4711)); len(got) != 1 || !got[0].Superseded {
			t.Errorf("the newer version in the other level was not seen: %+v", got)
		}
		versions := 0
		read(t, h, func(tx *store.Tx) error {
			return tx.Versions("x--4711", func(store.Object) error { versions++; return nil })
		})
		if versions != 2 {
			t.Errorf("%d versions", versions)
		}
		for i, o := range []store.Object{recent[1], {Seq: recent[0].Seq - 1}} { // one of each level
			write(t, h, func(tx *store.Tx) error { return tx.EraseObject(o.Seq) })
			at := many + 1 - 2*i
			if got := find(t, h, store.AllLabels, crowdKey(at)); len(got) != 0 {
				t.Errorf("found after it was erased: %+v", got)
			}
			wantRange(t, h, at-1, at+1, 10, fmt.Sprintf("x--%d", at-1), fmt.Sprintf("x--%d", at+1))
		}
		crowd(t, h, 2*many, 3*many)
		wantLevels(t, s, h, 0, 2*many+1) // of the observables; erased ones are gone
	}
}

// moveOn moves some rows on as if there were enough of them.
func moveOn(t *testing.T, s *store.Store) {
	t.Helper()
	if err := s.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec("UPDATE object_key SET level = 1 WHERE object % 3 <> 0")
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// crowd stores objects numbered from..to-1, each with an address of its own.
func crowd(t *testing.T, h *store.Handle, from, to int) (objects []store.Object) {
	t.Helper()
	var rows []store.Indexed
	for i := from; i < to; i++ {
		objects = append(objects, object(fmt.Sprintf("x--%d", i), 1, 1))
	}
	stock(t, h, objects...)
	for i := range objects {
		k := crowdKey(from + i)
		rows = append(rows, store.Indexed{Object: objects[i].Seq, Observable: store.Observable{Kind: k.Kind, Value: k.Value, Start: crowdStart(from + i)}})
	}
	index(t, h, rows...)
	return objects
}

func crowdKey(i int) store.Key { return store.Key{Kind: "ipv4", Value: fmt.Sprint(i)} }

func crowdStart(i int) []byte {
	a := address(10, 0)
	a[13], a[14], a[15] = byte(i>>16), byte(i>>8), byte(i)
	return a
}

// wantRange checks what a range finds: want in any order, or without it any
// limit of those there are.
func wantRange(t *testing.T, h *store.Handle, from, to, limit int, want ...string) {
	t.Helper()
	var got []string
	read(t, h, func(tx *store.Tx) error {
		return tx.FindRange(crowdStart(from), crowdStart(to), store.AllLabels, limit, func(f store.Found) error {
			got = append(got, f.ID)
			return nil
		})
	})
	if n := min(limit, to-from+1); want == nil && len(got) != n {
		t.Errorf("%d found, want any %d: %v", len(got), n, got)
	}
	seen := map[string]bool{}
	for _, id := range got {
		seen[id] = true
	}
	for _, id := range want {
		if !seen[id] {
			t.Errorf("%s is missing in %v", id, got)
		}
	}
	if want != nil && len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// wantLevels checks how many rows each level has of the indexes named, or of
// both of the observables'.
func wantLevels(t *testing.T, s *store.Store, h *store.Handle, fresh, settled int64, tables ...string) {
	t.Helper()
	if tables == nil {
		tables = []string{"observable_key", "observable_start"}
	}
	for _, table := range tables {
		for level, want := range []int64{fresh, settled} {
			var got int64
			if err := s.DB.Query(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Get([]any{&got}, "SELECT COUNT(*) FROM "+table+" k, domain d WHERE k.domain = d.id AND d.name = $1 AND k.level = $2",
					h.Domain().String(), int64(level))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("level %d of %s has %d rows, want %d", level, table, got, want)
			}
		}
	}
}
