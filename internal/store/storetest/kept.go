package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func testKept(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	h := Live(t, s)
	keep := func(account, kind, name, value string) {
		write(t, h, func(tx *store.Tx) error {
			return tx.Keep(account, store.Kept{Kind: kind, Name: name, Value: value})
		})
	}
	kept := func(h *store.Handle, account, kind string) []store.Kept {
		return ask(t, h, func(tx *store.Tx) ([]store.Kept, error) { return tx.Kept(account, kind) })
	}
	keep("ana", "search", "b", "1")
	keep("ana", "search", "a", "2")
	keep("ana", "columns", "a", "3")
	keep("bob", "search", "a", "4")
	keep("ana", "search", "b", "5") // in place of the first
	want := []store.Kept{{Kind: "search", Name: "a", Value: "2"}, {Kind: "search", Name: "b", Value: "5"}}
	if diff := cmp.Diff(want, kept(h, "ana", "search"), cmpopts.IgnoreFields(store.Kept{}, "At")); diff != "" {
		t.Error(diff)
	}
	write(t, h, func(tx *store.Tx) error { return tx.Forget("ana", "search", "a") })
	if got := kept(h, "ana", "search"); len(got) != 1 || got[0].Name != "b" {
		t.Errorf("after forgetting: %+v", got)
	}
	if got := kept(h, "bob", "search"); len(got) != 1 {
		t.Errorf("another's: %+v", got)
	}
	exercise, err := ident.ParseDomain("exercise/sango-2027")
	if err != nil {
		t.Fatal(err)
	}
	if got := kept(Handle(t, s, exercise), "ana", "search"); len(got) != 0 {
		t.Errorf("in another domain: %+v", got)
	}
}

func testCrossings(t *testing.T, open Opener) {
	h := Live(t, open(t, clock.NewFake(Start)))
	c := channel(t, h)
	for _, s := range []store.Shipment{
		{Channel: c.ID, Direction: store.Out, Number: 1, Items: []store.ShippedItem{{Object: 7}, {Object: 9}}},
		{Channel: c.ID, Direction: store.In, Number: 4, Items: []store.ShippedItem{{Object: 0}, {Object: 9}}},
		{Channel: c.ID, Direction: store.In, Number: 4, Items: []store.ShippedItem{{Object: 0}, {Object: 9}}}, // followed twice
	} {
		write(t, h, func(tx *store.Tx) error { return tx.AddCrossings(s) })
	}
	want := []store.Crossing{{Channel: c.ID, Direction: store.In, Number: 4, Position: 1}, {Channel: c.ID, Direction: store.Out, Number: 1, Position: 1}}
	if diff := cmp.Diff(want, ask(t, h, func(tx *store.Tx) ([]store.Crossing, error) { return tx.Crossings(9) })); diff != "" {
		t.Error(diff)
	}
	if got := ask(t, h, func(tx *store.Tx) ([]store.Crossing, error) { return tx.Crossings(0) }); len(got) != 0 {
		t.Errorf("what was refused crossed: %+v", got)
	}
}
