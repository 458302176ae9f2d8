package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// The newest list of each agreement, compartment and side is found by itself,
// a number is given once, and a domain sees its own lists only.
func testMemberLists(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	h, drill := Live(t, s), ask2(s.Domain(t.Context(), must(ident.Exercise("drill"))))
	list := func(a ident.Agreement, code string, side ident.Side, n int64, text string) store.MemberList {
		return store.MemberList{Agreement: a, Compartment: code, Side: side, Number: n, Note: []byte(text), Person: "ana"}
	}
	write(t, h, func(tx *store.Tx) error {
		for _, m := range []store.MemberList{
			list("in-jp-2022", "LES", "in", 1, "a"), list("in-jp-2022", "LES", "in", 2, "b"), list("in-jp-2022", "LES", "jp", 1, "c"),
			list("in-jp-2022", "LIMDIS", "in", 1, "d"), list("in-gb-2026", "LES", "in", 1, "e"), list("in-gb-2026", "LES", "in", 10, "f"), list("in-gb-2026", "LES", "in", 9, "g"),
		} {
			if err := tx.AddMemberList(m); err != nil {
				return err
			}
		}
		return nil
	})
	if err := h.Write(t.Context(), func(tx *store.Tx) error { return tx.AddMemberList(list("in-jp-2022", "LES", "in", 2, "other")) }); err == nil {
		t.Error("a number is given twice")
	}
	notes := func(h *store.Handle, get func(tx *store.Tx) ([]store.MemberList, error)) (out string) {
		for _, m := range ask(t, h, get) {
			out += string(m.Note)
			if m.At != Start.UnixMicro() || m.Person != "ana" {
				t.Errorf("%+v", m)
			}
		}
		return out
	}
	for what, c := range map[string]struct {
		h    *store.Handle
		get  func(tx *store.Tx) ([]store.MemberList, error)
		want string
	}{
		"of an agreement, newest first": {h, func(tx *store.Tx) ([]store.MemberList, error) { return tx.MemberLists("in-jp-2022") }, "bacd"},
		"the newest of an agreement":    {h, func(tx *store.Tx) ([]store.MemberList, error) { return tx.NewestMemberLists("in-jp-2022") }, "bcd"},
		"the newest of a side":          {h, func(tx *store.Tx) ([]store.MemberList, error) { return tx.MemberListsOf("in") }, "fbd"},
		"the newest of the other side":  {h, func(tx *store.Tx) ([]store.MemberList, error) { return tx.MemberListsOf("jp") }, "c"},
		"of nobody":                     {h, func(tx *store.Tx) ([]store.MemberList, error) { return tx.MemberListsOf("gb") }, ""},
		"in another domain":             {drill, func(tx *store.Tx) ([]store.MemberList, error) { return tx.MemberListsOf("in") }, ""},
	} {
		if got := notes(c.h, c.get); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
	write(t, h, func(tx *store.Tx) error {
		for _, e := range []store.Epoch{{Number: 1, Compartment: "LES", Own: 1, Partner: 2}, {Number: 2, Compartment: "LES", Own: 2, Partner: 2}, {Number: 2, Compartment: "LES", Own: 9, Partner: 9}} {
			if err := tx.AddEpoch(7, e); err != nil {
				return err
			}
		}
		return nil
	})
	got := ask(t, h, func(tx *store.Tx) ([]store.Epoch, error) { return tx.Epochs(7, 1) })
	if d := cmp.Diff([]store.Epoch{{Number: 2, Compartment: "LES", Own: 2, Partner: 2}}, got); d != "" {
		t.Errorf("what shipments rested on (-want +got):\n%s", d)
	}
}

// ask2 returns a value, or panics with the error.
func ask2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A request to pass on is found by its state, its parent and its objects; an
// officer has one voice; what is kept back for a name is let go once.
func testOnward(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	h, drill := Live(t, s), ask2(s.Domain(t.Context(), must(ident.Exercise("drill"))))
	for i, id := range []string{"a", "b", "c"} {
		write(t, h, func(tx *store.Tx) error {
			way, state := store.OnwardAsked, store.OnwardWaiting
			if id == "b" {
				way = store.OnwardReceived
			}
			if err := tx.AddOnward(store.Onward{ID: id, Way: way, State: state, Agreement: "in-jp-2022", Audience: "gb", Asker: "in", Parent: map[string]string{"c": "b"}[id], Purpose: "a warning"}); err != nil {
				return err
			}
			return tx.AddOnwardItems(id, []store.OnwardItem{{Object: int64(10 + i), Shipment: 1, Position: int64(i), Leaf: ident.Sum([]byte(id))}, {Object: 20, Shipment: 2, Leaf: ident.Sum([]byte("x"))}})
		})
		clk.Advance(time.Second)
	}
	ids := func(get func(tx *store.Tx) ([]store.Onward, error)) (out []string) {
		for _, o := range ask(t, h, get) {
			out = append(out, o.ID)
		}
		return out
	}
	for what, c := range map[string]struct {
		get  func(tx *store.Tx) ([]store.Onward, error)
		want []string
	}{
		"newest": {func(tx *store.Tx) ([]store.Onward, error) { return tx.Onwards(2) }, []string{"c", "b"}},
		"waiting, of ours": {func(tx *store.Tx) ([]store.Onward, error) {
			return tx.OnwardsIn(store.OnwardAsked, store.OnwardWaiting, 9)
		}, []string{"a", "c"}},
		"on account of b":     {func(tx *store.Tx) ([]store.Onward, error) { return tx.OnwardsFor("b") }, []string{"c"}},
		"of one object":       {func(tx *store.Tx) ([]store.Onward, error) { return tx.OnwardsOf([]int64{11}) }, []string{"b"}},
		"of an object thrice": {func(tx *store.Tx) ([]store.Onward, error) { return tx.OnwardsOf([]int64{20, 20, 10}) }, []string{"c", "b", "a"}},
		"of no object":        {func(tx *store.Tx) ([]store.Onward, error) { return tx.OnwardsOf(nil) }, nil},
	} {
		if got := ids(c.get); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", what, got, c.want)
		}
	}
	err := drill.Query(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Onward("a")
		return err
	})
	wantFault(t, err, fault.NotFound)
	write(t, h, func(tx *store.Tx) error {
		o, err := tx.Onward("a")
		if err != nil {
			return err
		}
		o.State, o.Answer, o.Notes, o.Purpose = store.OnwardAnswered, "yes", []byte("note"), "changed"
		if err := tx.SaveOnward(o); err != nil {
			return err
		}
		for _, answer := range []string{"no", "yes"} {
			if err := tx.VoteOnward("b", store.OnwardVote{Officer: "kenji", Answer: answer}); err != nil {
				return err
			}
		}
		return tx.VoteOnward("b", store.OnwardVote{Officer: "yui", Answer: "yes"})
	})
	if o := ask(t, h, func(tx *store.Tx) (store.Onward, error) { return tx.Onward("a") }); o.Answer != "yes" || string(o.Notes) != "note" || o.Purpose != "a warning" || o.At != Start.UnixMicro() {
		t.Errorf("after the answer: %+v", o)
	}
	if v := ask(t, h, func(tx *store.Tx) ([]store.OnwardVote, error) { return tx.OnwardVotes("b") }); len(v) != 2 || v[0].Officer != "kenji" || v[0].Answer != "yes" {
		t.Errorf("votes: %+v", v)
	}
	if it := ask(t, h, func(tx *store.Tx) ([]store.OnwardItem, error) { return tx.OnwardItems("c") }); len(it) != 2 || it[0].Object != 12 || it[0].Leaf != ident.Sum([]byte("c")) || it[1].Shipment != 2 {
		t.Errorf("items: %+v", it)
	}
	keptBack(t, h)
}

func keptBack(t *testing.T, h *store.Handle) {
	t.Helper()
	write(t, h, func(tx *store.Tx) error {
		for _, object := range []int64{2, 1} {
			if err := tx.KeepBack(1, object, "malware--1"); err != nil {
				return err
			}
		}
		if err := tx.KeepBack(1, 2, "malware--2"); err != nil { // names another now
			return err
		}
		return tx.SaveOnwardEvidence(store.OnwardEvidence{ID: "e", Agreement: "in-gb-2026", Object: "malware--1", Body: []byte("b"), Origin: "jp"})
	})
	let := func(names string) (out []store.KeptBack) {
		write(t, h, func(tx *store.Tx) (err error) {
			out, err = tx.LetGo(names)
			return err
		})
		return out
	}
	if got := let("malware--1"); len(got) != 1 || got[0].Object != 1 {
		t.Errorf("let go: %+v", got)
	}
	if got := let("malware--1"); len(got) != 0 {
		t.Errorf("let go twice: %+v", got)
	}
	write(t, h, func(tx *store.Tx) error {
		return tx.SaveOnwardEvidence(store.OnwardEvidence{ID: "e", Object: "malware--9", Body: []byte("other"), Origin: "jp", Verified: "jp", Whole: true, Until: 5})
	})
	got := ask(t, h, func(tx *store.Tx) ([]store.OnwardEvidence, error) { return tx.OnwardEvidence("malware--1") })
	if len(got) != 1 || string(got[0].Body) != "b" || got[0].Verified != "jp" || !got[0].Whole || got[0].Until != 5 {
		t.Errorf("what was found of the evidence: %+v", got)
	}
}
