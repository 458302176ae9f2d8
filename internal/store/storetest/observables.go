package storetest

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/store"
	"twoseas/internal/store/db"
)

func value(k store.Key) store.Observable { return store.Observable{Kind: k.Kind, Value: k.Value} }

// address is an IPv4-mapped address a.0.0.b, as the index keeps it.
func address(a, b byte) []byte {
	return []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, 0, 0, b}
}

// find returns what a lookup finds, in a fixed order.
func find(t *testing.T, h *store.Handle, class int64, keys ...store.Key) []store.Found {
	t.Helper()
	return sorted(ask(t, h, func(tx *store.Tx) (out []store.Found, err error) {
		err = tx.Find(keys, class, func(f store.Found) error { out = append(out, f); return nil })
		return out, err
	}))
}

// sorted leaves out Terms, which has a test of its own.
func sorted(found []store.Found) []store.Found {
	for i := range found {
		found[i].Terms = nil
	}
	slices.SortFunc(found, func(a, b store.Found) int {
		return cmp.Or(cmp.Compare(a.Object, b.Object), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
	})
	return found
}

func found(o store.Object, k store.Key, superseded bool) store.Found {
	return store.Found{Kind: k.Kind, Value: k.Value, Object: o.Seq, ID: o.ID, Type: o.Type, Version: o.Version, Label: o.Label, Revoked: o.Revoked, Superseded: superseded}
}

func wantFound(t *testing.T, got []store.Found, want ...store.Found) {
	t.Helper()
	if diff := gocmp.Diff(sorted(want), got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

func testObservables(t *testing.T, open Opener) {
	t.Run("a value finds what names it", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		revoked := object("x--2", 1, 1)
		revoked.Revoked = true
		o := stock(t, h, object("x--1", 1, 1), revoked)
		a, b, other := store.Key{Kind: "domain", Value: "a"}, store.Key{Kind: "domain", Value: "日本"}, store.Key{Kind: "url", Value: "a"}
		index(t, h, store.Indexed{Object: o[0].Seq, Observable: value(a)}, store.Indexed{Object: o[0].Seq, Observable: value(b)},
			store.Indexed{Object: o[1].Seq, Observable: value(a)}, store.Indexed{Object: o[1].Seq, Observable: value(other)})
		wantFound(t, find(t, h, store.AllLabels, a), found(o[0], a, false), found(o[1], a, false))
		wantFound(t, find(t, h, store.AllLabels, a, b, other, a), found(o[0], a, false), found(o[0], b, false), found(o[1], a, false), found(o[1], other, false))
		wantFound(t, find(t, h, store.AllLabels, store.Key{Kind: "domain", Value: "A"}))
		wantFound(t, find(t, h, store.AllLabels))
	})
	t.Run("an older version says that there is a newer, to those who may know", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		clear, red := label(t, h, "clear"), label(t, h, "red")
		low := class(t, h, "low", func(resolved []byte) bool { return string(resolved) == "clear" })
		class(t, h, "high", func([]byte) bool { return true })
		o := stock(t, h, object("x--1", 2, clear), object("x--1", 1, clear), object("x--1", 3, red))
		k := store.Key{Kind: "domain", Value: "a"}
		for i := range o {
			index(t, h, store.Indexed{Object: o[i].Seq, Observable: value(k)})
		}
		wantFound(t, find(t, h, store.AllLabels, k), found(o[0], k, true), found(o[1], k, true), found(o[2], k, false))
		wantFound(t, find(t, h, low, k), found(o[0], k, false), found(o[1], k, true))
		wantFound(t, find(t, h, low, k, store.Key{Kind: "none", Value: "b"}), found(o[0], k, false), found(o[1], k, true))
		wantFound(t, find(t, h, 0, k))
	})
	t.Run("an older version says so however the two came", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		k := store.Key{Kind: "domain", Value: "a"}
		both := stock(t, h, object("x--1", 2, 1), object("x--1", 1, 1))
		first := stock(t, h, object("x--2", 1, 1))
		then := stock(t, h, object("x--2", 2, 1))
		newer := stock(t, h, object("x--3", 2, 1))
		late := stock(t, h, object("x--3", 1, 1))
		for _, o := range slices.Concat(both, first, then, newer, late) {
			index(t, h, store.Indexed{Object: o.Seq, Observable: value(k)})
		}
		wantFound(t, find(t, h, store.AllLabels, k), found(both[0], k, false), found(both[1], k, true), found(first[0], k, true),
			found(then[0], k, false), found(newer[0], k, false), found(late[0], k, true))
	})
	t.Run("what is found comes with what its label means now", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		red := label(t, h, "red")
		o := stock(t, h, object("x--1", 1, red))
		k := store.Key{Kind: "domain", Value: "a"}
		index(t, h, store.Indexed{Object: o[0].Seq, Observable: store.Observable{Kind: k.Kind, Value: k.Value, Start: address(1, 1)}})
		for _, want := range []string{"red", "amber"} {
			if want != "red" {
				write(t, h, func(tx *store.Tx) error {
					return tx.ResolveLabel(red, []byte(want), false, func(string) bool { return true })
				})
			}
			var got []string
			say := func(f store.Found) error { got = append(got, string(f.Terms)); return nil }
			read(t, h, func(tx *store.Tx) error {
				return errors.Join(tx.Find([]store.Key{k}, store.AllLabels, say),
					tx.FindRange(address(1, 1), address(1, 1), store.AllLabels, 5, say))
			})
			if diff := gocmp.Diff([]string{want, want}, got); diff != "" {
				t.Error(diff)
			}
		}
	})
	t.Run("values whose short keys are equal are told apart", testCollision(open))
	t.Run("a range finds what begins in it", testRange(open))
	t.Run("prefix lengths are kept once, longest first", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		o := stock(t, h, object("x--1", 1, 1))[0]
		for range 2 {
			for _, n := range [][2]int64{{4, 8}, {4, 24}, {6, 64}, {4, 16}, {0, 0}} {
				index(t, h, store.Indexed{Object: o.Seq, Observable: store.Observable{Kind: "ipv4", Value: fmt.Sprint(n), Start: address(1, 1), Family: n[0], Bits: n[1]}})
			}
		}
		for family, want := range map[int64][]int64{4: {24, 16, 8}, 6: {64}, 0: nil} {
			if diff := gocmp.Diff(want, ask(t, h, func(tx *store.Tx) ([]int64, error) { return tx.PrefixLengths(family) })); diff != "" {
				t.Errorf("IPv%d: %s", family, diff)
			}
		}
	})
}

func index(t *testing.T, h *store.Handle, rows ...store.Indexed) {
	t.Helper()
	write(t, h, func(tx *store.Tx) error { return tx.AddObservables(rows) })
}

// testCollision gives a row the short key of another text: that is what a
// collision of the hash looks like to the index.
func testCollision(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		h := Live(t, s)
		o := stock(t, h, object("x--1", 1, 1), object("x--2", 1, 1))
		a, b := store.Key{Kind: "domain", Value: "a"}, store.Key{Kind: "domain", Value: "b"}
		index(t, h, store.Indexed{Object: o[0].Seq, Observable: value(a)}, store.Indexed{Object: o[1].Seq, Observable: value(b)})
		if err := s.DB.Write(t.Context(), func(tx *db.Tx) error {
			for _, c := range []struct {
				query string
				args  []any
			}{
				{"UPDATE observable SET keyhash = $1 WHERE value = 'b'", []any{short("domain\x00a")}},
				{"UPDATE observable_key SET hash = $1 WHERE hash = $2", []any{short("domain\x00a"), short("domain\x00b")}},
				{"UPDATE object SET idhash = $1 WHERE id = 'x--2'", []any{short("x--1")}},
				{"UPDATE object_key SET hash = $1 WHERE hash = $2", []any{short("x--1"), short("x--2")}},
			} {
				n, err := tx.Exec(c.query, c.args...)
				if err != nil {
					return err
				}
				if n != 1 {
					t.Errorf("%d rows: %s", n, c.query)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		wantFound(t, find(t, h, store.AllLabels, a), found(o[0], a, false))
		wantFound(t, find(t, h, store.AllLabels, a, store.Key{Kind: "url", Value: "c"}), found(o[0], a, false))
		known := ask(t, h, func(tx *store.Tx) (map[string][]store.Known, error) { return tx.Known([]string{"x--1"}) })
		if len(known) != 1 || len(known["x--1"]) != 1 {
			t.Errorf("known %+v", known)
		}
		read(t, h, func(tx *store.Tx) error {
			return tx.Versions("x--1", func(v store.Object) error {
				if v.ID != "x--1" {
					t.Errorf("a version of %s", v.ID)
				}
				return nil
			})
		})
	}
}

// short is how the index shortens a text.
func short(s string) int64 {
	d := sha256.Sum256([]byte(s))
	return int64(binary.BigEndian.Uint64(d[:8]))
}

func testRange(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		s := open(t, clock.NewFake(Start))
		h := Live(t, s)
		clear, red := label(t, h, "clear"), label(t, h, "red")
		low := class(t, h, "low", func(resolved []byte) bool { return string(resolved) == "clear" })
		o := stock(t, h, object("x--1", 1, clear), object("x--2", 1, red))
		for i := range byte(5) {
			index(t, h, store.Indexed{Object: o[i%2].Seq, Observable: store.Observable{Kind: "ipv4", Value: fmt.Sprint(i), Start: address(10, i)}})
		}
		index(t, h, store.Indexed{Object: o[0].Seq, Observable: value(store.Key{Kind: "domain", Value: "no address"})})
		if err := s.DB.Write(t.Context(), func(tx *db.Tx) error { // as many rows would make it
			_, err := tx.Exec("UPDATE observable_start SET level = 1")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		index(t, h, store.Indexed{Object: o[0].Seq, Observable: store.Observable{Kind: "ipv4", Value: "5", Start: address(11, 0)}})
		calls := 0
		read(t, h, func(tx *store.Tx) error {
			return tx.FindRange(address(10, 0), address(12, 0), store.AllLabels, 10, func(store.Found) error { calls++; return store.Stop })
		})
		if calls != 1 {
			t.Errorf("called %d times after Stop", calls)
		}
		for _, c := range []struct {
			from, to byte
			class    int64
			limit    int
			want     []string
		}{
			{1, 3, store.AllLabels, 10, []string{"1", "2", "3"}},
			{0, 255, store.AllLabels, 10, []string{"0", "1", "2", "3", "4"}},
			{0, 255, store.AllLabels, 2, []string{"0", "1"}},
			{0, 255, low, 10, []string{"0", "2", "4"}},
			{0, 255, low, 2, []string{"0", "2"}},
			{0, 255, 0, 10, nil},
			{5, 255, store.AllLabels, 10, nil},
			{3, 1, store.AllLabels, 10, nil},
		} {
			got := ask(t, h, func(tx *store.Tx) (values []string, err error) {
				err = tx.FindRange(address(10, c.from), address(10, c.to), c.class, c.limit, func(f store.Found) error {
					values = append(values, f.Value)
					return nil
				})
				return values, err
			})
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("%+v (-want +got):\n%s", c, diff)
			}
		}
	}
}
