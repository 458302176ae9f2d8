package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// object returns a version that is told apart by its body.
func object(id string, version, label int64) store.Object {
	typ, _, _ := strings.Cut(id, "--")
	body := fmt.Appendf(nil, `{"id":%q,"l":%d,"v":%d}`, id, label, version)
	return store.Object{ID: id, Type: typ, Version: version, Label: label, Body: body, Digest: ident.Sum(body)}
}

// stock stores objects and returns them as they are stored.
func stock(t *testing.T, h *store.Handle, objects ...store.Object) []store.Object {
	t.Helper()
	ids := make([]string, len(objects))
	for i := range objects {
		ids[i] = objects[i].ID
	}
	write(t, h, func(tx *store.Tx) error {
		known, err := tx.Known(ids)
		if err != nil {
			return err
		}
		return tx.AddObjects(objects, known)
	})
	return objects
}

// label interns a label that the classes with one of terms may see.
func label(t *testing.T, h *store.Handle, raw string, terms ...string) (id int64) {
	t.Helper()
	write(t, h, func(tx *store.Tx) (err error) {
		id, err = tx.AddLabel(store.Label{Raw: []byte(raw), Resolved: []byte(raw)}, oneOf(terms))
		return err
	})
	return id
}

func class(t *testing.T, h *store.Handle, terms string, may func([]byte) bool) (id int64) {
	t.Helper()
	write(t, h, func(tx *store.Tx) (err error) {
		id, err = tx.AddClass(terms, may)
		return err
	})
	return id
}

func oneOf(terms []string) func(string) bool {
	return func(s string) bool { return strings.Contains(" "+strings.Join(terms, " ")+" ", " "+s+" ") }
}

func testLabels(t *testing.T, open Opener) {
	t.Run("a label comes back as it was interned", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		want := store.Label{Raw: []byte("\x00raw"), Resolved: []byte("means"), Pending: true}
		write(t, h, func(tx *store.Tx) (err error) {
			want.ID, err = tx.AddLabel(store.Label{Raw: want.Raw, Resolved: want.Resolved, Pending: true, Objects: 9, Bytes: 9}, oneOf(nil))
			return err
		})
		for _, find := range []func(*store.Tx) (store.Label, error){
			func(tx *store.Tx) (store.Label, error) { return tx.Label(want.ID) },
			func(tx *store.Tx) (store.Label, error) { return tx.LabelByRaw(want.Raw) },
		} {
			if diff := cmp.Diff(want, ask(t, h, find)); diff != "" {
				t.Error(diff)
			}
		}
		refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Label(want.ID + 1); return err })
		refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.LabelByRaw([]byte("raw")); return err })
		if err := h.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.AddLabel(want, oneOf(nil)); return err }); err == nil {
			t.Error("one combination was interned twice")
		}
	})
	t.Run("counts add up", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		a, b := label(t, h, "a"), label(t, h, "b")
		for range 2 {
			write(t, h, func(tx *store.Tx) error { return tx.CountLabel(a, 3, 1000) })
		}
		labels := ask(t, h, (*store.Tx).Labels)
		if len(labels) != 2 || labels[0].ID != a || labels[0].Objects != 6 || labels[0].Bytes != 2000 || labels[1].ID != b || labels[1].Objects != 0 {
			t.Errorf("labels %+v", labels)
		}
	})
	t.Run("a resolved label waits no more and is permitted anew", testResolve(open))
	t.Run("a class sees the labels before and after it", testClasses(open))
	t.Run("the first definition of a marking stands, per origin", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		for _, m := range []struct {
			origin ident.Side
			body   string
			added  bool
		}{{"in", "first", true}, {"in", "second", false}, {"jp", "theirs", true}} {
			write(t, h, func(tx *store.Tx) error {
				added, err := tx.SetMarking("m", m.origin, []byte(m.body))
				if added != m.added {
					t.Errorf("%v: added %t", m, added)
				}
				return err
			})
		}
		for origin, want := range map[ident.Side]string{"in": "first", "jp": "theirs", "us": ""} {
			read(t, h, func(tx *store.Tx) error {
				body, known, err := tx.Marking("m", origin)
				if string(body) != want || known != (want != "") {
					t.Errorf("%s: %q, known %t", origin, body, known)
				}
				return err
			})
		}
	})
}

func testResolve(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		low, high := class(t, h, "low", func([]byte) bool { return false }), class(t, h, "high", func([]byte) bool { return false })
		var waits int64
		write(t, h, func(tx *store.Tx) (err error) {
			waits, err = tx.AddLabel(store.Label{Raw: []byte("r"), Resolved: []byte("?"), Pending: true}, oneOf([]string{"low"}))
			return err
		})
		label(t, h, "other", "low", "high")
		if got := ask(t, h, (*store.Tx).PendingLabels); len(got) != 1 || got[0].ID != waits {
			t.Errorf("pending %+v", got)
		}
		o := stock(t, h, object("x--1", 1, waits))[0]
		wantSeen(t, h, low, o.Seq)
		wantSeen(t, h, high)
		write(t, h, func(tx *store.Tx) error {
			return tx.ResolveLabel(waits, []byte("strict"), false, oneOf([]string{"high"}))
		})
		wantSeen(t, h, low) // what it was allowed to see is taken away
		wantSeen(t, h, high, o.Seq)
		got := ask(t, h, func(tx *store.Tx) (store.Label, error) { return tx.Label(waits) })
		if string(got.Resolved) != "strict" || got.Pending || string(got.Raw) != "r" {
			t.Errorf("resolved to %+v", got)
		}
		if got := ask(t, h, (*store.Tx).PendingLabels); len(got) != 0 {
			t.Errorf("still pending %+v", got)
		}
	}
}

func testClasses(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		clear, red := label(t, h, "clear"), label(t, h, "red")
		both := stock(t, h, object("x--1", 1, clear), object("x--2", 1, red))
		low := class(t, h, "low", func(resolved []byte) bool { return string(resolved) == "clear" })
		if again := class(t, h, "low", func([]byte) bool { t.Error("asked again"); return true }); again != low || low == 0 {
			t.Errorf("class %d, then %d", low, again)
		}
		if got := ask(t, h, func(tx *store.Tx) (int64, error) { return tx.Class("high") }); got != 0 {
			t.Errorf("a class that is not there is %d", got)
		}
		wantSeen(t, h, low, both[0].Seq)
		later := stock(t, h, object("x--3", 1, label(t, h, "green", "low")), object("x--4", 1, label(t, h, "amber", "high")))
		wantSeen(t, h, low, both[0].Seq, later[0].Seq)
		wantSeen(t, h, store.AllLabels, both[0].Seq, both[1].Seq, later[0].Seq, later[1].Seq)
		wantSeen(t, h, 0)
	}
}

// wantSeen checks what a class sees.
func wantSeen(t *testing.T, h *store.Handle, class int64, want ...int64) {
	t.Helper()
	got := ask(t, h, func(tx *store.Tx) (seqs []int64, err error) {
		err = tx.Objects(0, class, func(o store.Object) error { seqs = append(seqs, o.Seq); return nil })
		return seqs, err
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("class %d sees (-want +got):\n%s", class, diff)
	}
}

func testObjects(t *testing.T, open Opener) {
	t.Run("a version comes back byte for byte", func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		in := []store.Object{object("x--1", 5, 1), object("x--1", 3, 1), {ID: "y--1", Type: "y", Revoked: true, Body: []byte("\x00\xff"), Digest: ident.Sum()}}
		objects := stock(t, h, in...)
		clk.Advance(time.Second)
		objects = append(objects, stock(t, h, object("x--1", 4, 1))...)
		for i, o := range objects {
			if i > 0 && o.Seq <= objects[i-1].Seq {
				t.Errorf("number %d after %d", o.Seq, objects[i-1].Seq)
			}
			got := ask(t, h, func(tx *store.Tx) (store.Object, error) { return tx.Object(o.Seq) })
			if diff := cmp.Diff(o, got); diff != "" {
				t.Error(diff)
			}
		}
		if objects[0].Received != Start.UnixMicro() || objects[3].Received != Start.Add(time.Second).UnixMicro() {
			t.Errorf("received %d and %d", objects[0].Received, objects[3].Received)
		}
		refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Object(objects[3].Seq + 1); return err })
		if last := ask(t, h, (*store.Tx).LastObject); last != objects[3].Seq {
			t.Errorf("the last is %d, want %d", last, objects[3].Seq)
		}
		var order []int64
		read(t, h, func(tx *store.Tx) error {
			return tx.Versions("x--1", func(o store.Object) error { order = append(order, o.Version); return nil })
		})
		if diff := cmp.Diff([]int64{5, 3, 4}, order); diff != "" { // of arrival
			t.Error(diff)
		}
	})
	t.Run("what is known of an id is sorted by version, then arrival", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		o := stock(t, h, object("x--1", 5, 1), object("x--1", 3, 2), object("x--2", 1, 3), object("x--1", 5, 4), object("x--3", -1, 1))
		known := func(i int) store.Known {
			return store.Known{Seq: o[i].Seq, Version: o[i].Version, Label: o[i].Label, Digest: o[i].Digest}
		}
		got := ask(t, h, func(tx *store.Tx) (map[string][]store.Known, error) {
			return tx.Known([]string{"x--1", "x--2", "x--2", "x--9"})
		})
		want := map[string][]store.Known{"x--1": {known(1), known(0), known(3)}, "x--2": {known(2)}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if got := ask(t, h, func(tx *store.Tx) (map[string][]store.Known, error) { return tx.Known(nil) }); len(got) != 0 {
			t.Errorf("of no ids: %v", got)
		}
	})
	t.Run("bodies come in the order asked for", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		o := stock(t, h, object("x--1", 1, 1), object("x--2", 1, 1))
		got := ask(t, h, func(tx *store.Tx) ([][]byte, error) { return tx.Bodies([]int64{o[1].Seq, 999, o[0].Seq, o[1].Seq}) })
		if diff := cmp.Diff([][]byte{o[1].Body, nil, o[0].Body, o[1].Body}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("labelled versions come in order, from and to included", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		o := stock(t, h, object("x--1", 1, 7), object("x--2", 1, 8), object("x--3", 1, 7), object("x--4", 1, 7), object("x--5", 1, 7))
		got := ask(t, h, func(tx *store.Tx) (ids []string, err error) {
			err = tx.Labelled(7, o[0].Seq, o[3].Seq, func(o store.Object) error { ids = append(ids, o.ID); return nil })
			return ids, err
		})
		if diff := cmp.Diff([]string{"x--1", "x--3", "x--4"}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("what is erased leaves its place and nothing else", testErase(open))
}

func testErase(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		l := label(t, h, "l", "all")
		all := class(t, h, "all", func([]byte) bool { return true })
		o := stock(t, h, object("x--1", 1, l), object("x--2", 1, l))
		c := store.Collection{ID: "c"}
		key := store.Key{Kind: "domain", Value: "evil.example"}
		write(t, h, func(tx *store.Tx) error {
			if err := tx.AddCollection(&c); err != nil {
				return err
			}
			if _, err := tx.AddMembers(&c, []store.Entry{{Object: o[0].Seq, Label: l, ID: o[0].ID, Type: "x"}, {Object: o[1].Seq, Label: l, ID: o[1].ID, Type: "x"}}); err != nil {
				return err
			}
			return tx.AddObservables([]store.Indexed{{Object: o[0].Seq, Observable: value(key)}, {Object: o[1].Seq, Observable: value(key)}})
		})
		write(t, h, func(tx *store.Tx) error { return tx.EraseObject(o[0].Seq) })
		refused(t, h, fault.NotFound, func(tx *store.Tx) error { return tx.EraseObject(999) })
		wantSeen(t, h, store.AllLabels, o[1].Seq)
		if got := dates(t, h, c.N, all); len(got) != 1 {
			t.Errorf("%d members", len(got))
		}
		if got := find(t, h, store.AllLabels, key); len(got) != 1 || got[0].Object != o[1].Seq {
			t.Errorf("found %+v", got)
		}
		got := ask(t, h, func(tx *store.Tx) (store.Object, error) { return tx.Object(o[0].Seq) })
		if string(got.Body) != "{}" || !got.Digest.IsZero() || got.ID != "x--1" {
			t.Errorf("left: %+v", got)
		}
		if err := h.Read(t.Context(), func(tx *store.Tx) error {
			return tx.Labelled(l, 0, 1<<40, func(got store.Object) error {
				if got.Seq != o[1].Seq {
					t.Errorf("labelled: %+v", got)
				}
				return nil
			})
		}); err != nil {
			t.Error(err)
		}
	}
}
