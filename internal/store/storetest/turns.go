package storetest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func testTurns(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	h := Live(t, s)
	at := func(d time.Duration) int64 { return Start.Add(d).UnixMicro() }
	next := func() int64 { return ask(t, h, func(tx *store.Tx) (int64, error) { return tx.NextTurn() }) }
	take := func(h *store.Handle) (out []store.Turn) {
		write(t, h, func(tx *store.Tx) (err error) {
			out, err = tx.TakeTurns()
			return err
		})
		return out
	}
	if n := next(); n != 0 {
		t.Errorf("an empty store turns at %d", n)
	}
	write(t, h, func(tx *store.Tx) error {
		return tx.AddTurns(1, []int64{at(-time.Hour), at(2 * time.Hour), at(time.Hour)})
	})
	write(t, h, func(tx *store.Tx) error { return tx.AddTurns(1, []int64{at(time.Hour)}) }) // once more
	write(t, h, func(tx *store.Tx) error {
		return tx.AddLapses([]store.Lapse{{At: at(30 * time.Minute), Object: 7}, {At: at(time.Minute), Object: 8}, {At: at(time.Minute), Object: 8}})
	})
	if n := next(); n != at(time.Minute) {
		t.Errorf("next at %d, want that of the lapse", n)
	}
	other := Handle(t, s, drill(t))
	if got := ask(t, other, func(tx *store.Tx) (int64, error) { return tx.NextTurn() }); got != 0 {
		t.Errorf("an exercise has the turn %d of live", got)
	}
	if got := take(h); got != nil {
		t.Errorf("before the time: %v", got)
	}
	clk.Advance(time.Hour)
	if got, want := take(h), []store.Turn{{At: at(time.Hour), Label: 1}}; !slices.Equal(got, want) {
		t.Errorf("at the time: %v, want %v", got, want)
	}
	if got := take(h); got != nil {
		t.Errorf("a second process has %v to do", got)
	}
	due := ask(t, h, func(tx *store.Tx) ([]store.Lapse, error) { return tx.Lapsing(1) })
	if !slices.Equal(due, []store.Lapse{{At: at(time.Minute), Object: 8}}) {
		t.Errorf("lapsing: %v", due)
	}
	write(t, h, func(tx *store.Tx) error { return tx.DropLapse(due[0]) })
	if n := next(); n != at(30*time.Minute) {
		t.Errorf("next at %d", n)
	}
}

func drill(t *testing.T) ident.Domain {
	t.Helper()
	d, err := ident.ParseDomain("exercise/turns")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Versions that move to other labels are found, counted and served under these
// alone, and those they had replaced stand where a reader may need them.
func testMoves(t *testing.T, open Opener) {
	l := newLibrary(t, open(t, clock.NewFake(Start)))
	labels := l.sees[store.AllLabels]
	dice := rand.New(rand.NewPCG(3, 4))
	sum := func() (objects, bytes int64) {
		for _, x := range ask(t, l.h, func(tx *store.Tx) ([]store.Label, error) { return tx.Labels() }) {
			objects, bytes = objects+x.Objects, bytes+x.Bytes
		}
		return objects, bytes
	}
	n, size := sum()
	for range 60 {
		o := &l.objects[dice.IntN(len(l.objects))]
		to := labels[dice.IntN(len(labels))]
		write(t, l.h, func(tx *store.Tx) error { return tx.Move(o.Seq, to) })
		o.Label = to
	}
	if m, s := sum(); m != n || s != size {
		t.Errorf("the labels count %d objects of %d bytes, before the moves %d of %d", m, s, n, size)
	}
	for i, q := range l.questions() {
		q.Limit, q.CountTo = 1000, 1000
		got := match(t, l.h, q)
		if want := l.answer(q); !slices.Equal(got.Seqs, want) || got.Count != len(want) {
			t.Fatalf("question %d %+v: %v, counted %d, want %v", i, q, got.Seqs, got.Count, want)
		}
	}
}
