package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/store"
)

// testAccompany: what leaves with another version is not urgent, whatever is
// asked for it before and after, is found by that version on its channel, and
// goes once.
func testAccompany(t *testing.T, open Opener) {
	h := Live(t, open(t, clock.NewFake(Start)))
	q := newQueue(t, h)
	o := stock(t, h, object("x--1", 1, q.open), object("x--2", 1, q.open), object("x--3", 1, q.open), object("x--4", 1, q.open))
	hurry := func(tx *store.Tx) error { return tx.Hurry(q.ch.ID, o[0].Seq, o[1].Seq, []int64{q.open}) }
	along := func(channel int64, what string, want map[int64][]string) {
		t.Helper()
		got := ask(t, h, func(tx *store.Tx) (map[int64][]string, error) {
			found, err := tx.Accompanying(channel, []int64{o[2].Seq, o[3].Seq})
			out := map[int64][]string{}
			for with, list := range found {
				for _, x := range list {
					out[with] = append(out[with], x.ID)
				}
			}
			return out, err
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	write(t, h, hurry)
	for _, i := range []int{0, 1, 1} {
		write(t, h, func(tx *store.Tx) error { return tx.Accompany(q.ch.ID, o[i].Seq, o[3].Seq) })
	}
	write(t, h, hurry)
	if n := ask(t, h, func(tx *store.Tx) (int64, error) { return tx.UrgentWaiting(q.ch.ID) }); n != 0 {
		t.Errorf("%d are urgent", n)
	}
	if n := ask(t, h, func(tx *store.Tx) (int64, error) { return tx.HurriedIn(q.ch.ID, o[0].Seq) }); n != 0 {
		t.Errorf("what has not left is said to be in shipment %d", n)
	}
	along(q.ch.ID, "both wait", map[int64][]string{o[3].Seq: {"x--1", "x--2"}})
	along(q.ch.ID+1, "another channel", map[int64][]string{})
	write(t, h, func(tx *store.Tx) error { return tx.Hurried(q.ch.ID, 7, []int64{o[0].Seq}) })
	write(t, h, func(tx *store.Tx) error { return tx.Accompany(q.ch.ID, o[0].Seq, o[2].Seq) })
	along(q.ch.ID, "one has left and stays so", map[int64][]string{o[3].Seq: {"x--2"}})
	if n := ask(t, h, func(tx *store.Tx) (int64, error) { return tx.HurriedIn(q.ch.ID, o[0].Seq) }); n != 7 {
		t.Errorf("it left in shipment %d, want 7", n)
	}
}
