package storetest

import (
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func testCoordinations(t *testing.T, open Opener) {
	s := open(t, clock.NewFake(Start))
	h, other := Live(t, s), Handle(t, s, drill(t))
	save := func(c store.Coordination) {
		t.Helper()
		write(t, h, func(tx *store.Tx) error { return tx.SaveCoordination(c) })
	}
	c := store.Coordination{ID: "a", Agreement: memorandum, Opener: "in", Partner: "jp", Object: 3, Opened: 5, State: "asked", Live: true, Changed: 10}
	save(c)
	if got := ask(t, h, func(tx *store.Tx) (store.Coordination, error) { return tx.Coordination("a") }); got != c {
		t.Errorf("%+v", got)
	}
	c.Object, c.State, c.Instant, c.Changed = 4, "agreed", 100, 30
	save(c)
	if got := ask(t, h, func(tx *store.Tx) (store.Coordination, error) { return tx.Coordination("a") }); got != c {
		t.Errorf("saved again: %+v", got)
	}
	if err := other.Read(t.Context(), func(tx *store.Tx) error { _, err := tx.Coordination("a"); return err }); !fault.Is(err, fault.NotFound) {
		t.Errorf("an exercise has it: %v", err)
	}
	save(store.Coordination{ID: "b", Agreement: "in-gb-2021", Opener: "gb", Partner: "in", Live: true, Instant: 50, Changed: 30})
	save(store.Coordination{ID: "c", Agreement: memorandum, Opener: "jp", Partner: "in", Live: true, Changed: 20})
	save(store.Coordination{ID: "d", Agreement: memorandum, Opener: "jp", Partner: "in", Instant: 70, Published: 71, Changed: 40})
	page := func(live bool, before int64, id string, limit int64) (out string) {
		for _, x := range ask(t, h, func(tx *store.Tx) ([]store.Coordination, error) { return tx.Coordinations(live, before, id, limit) }) {
			out += x.ID
		}
		return out
	}
	for want, got := range map[string]string{"bac": page(true, 0, "", 9), "b": page(true, 0, "", 1), "ac": page(true, 30, "b", 9), "d": page(false, 0, "", 9), "": page(true, 20, "c", 9)} {
		if got != want {
			t.Errorf("a page has %q, want %q", got, want)
		}
	}
	next := func(h *store.Handle) string {
		x, found, err := store.Coordination{}, false, error(nil)
		if err := h.Read(t.Context(), func(tx *store.Tx) error { x, found, err = tx.NextPublication(); return err }); err != nil || found != (x.ID != "") {
			t.Errorf("%v %v", found, err)
		}
		return x.ID
	}
	if got := next(h); got != "b" {
		t.Errorf("next is %q", got)
	}
	save(store.Coordination{ID: "b", Agreement: "in-gb-2021", Opener: "gb", Partner: "in", Live: true, Instant: 50, Published: 60, Report: "r", Changed: 30})
	if a, b := next(h), next(other); a != "a" || b != "" {
		t.Errorf("next is %q, and in an exercise %q", a, b)
	}
	step := store.CoordinationStep{Side: "in", N: 1, Object: 7, Person: "asha"}
	for _, x := range []store.CoordinationStep{step, {Side: "in", N: 0, Object: 4}, {Side: "jp", N: 1, Object: 8}} {
		write(t, h, func(tx *store.Tx) error { return tx.SaveCoordinationStep("a", x) })
	}
	awaited := func(h *store.Handle, a ident.Agreement) int {
		return len(ask(t, h, func(tx *store.Tx) ([]store.AwaitedCoordinationStep, error) {
			return tx.AwaitedCoordinationSteps("in", a)
		}))
	}
	if n := awaited(h, memorandum); n != 2 {
		t.Errorf("%d steps wait for a receipt", n)
	}
	step.Received = 9
	write(t, h, func(tx *store.Tx) error { return tx.SaveCoordinationStep("a", step) })
	write(t, h, func(tx *store.Tx) error {
		return tx.SaveCoordinationStep("a", store.CoordinationStep{Side: "in", N: 0, Object: 5, Refused: "no"})
	})
	if n, m, k := awaited(h, memorandum), awaited(h, "in-gb-2021"), awaited(other, memorandum); n+m+k != 0 {
		t.Errorf("%d, %d and %d steps wait after they were answered for", n, m, k)
	}
	steps := ask(t, h, func(tx *store.Tx) ([]store.CoordinationStep, error) { return tx.CoordinationSteps("a") })
	if len(steps) != 3 || steps[0].Object != 5 || steps[0].Refused != "no" || steps[1] != step || steps[2].Side != "jp" {
		t.Errorf("%+v", steps)
	}
}
