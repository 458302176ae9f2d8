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

func testSenders(t *testing.T, open Opener) {
	clk := clock.NewFake(Start)
	s := open(t, clk)
	live, play := Live(t, s), Handle(t, s, must(ident.Exercise("tabletop")))
	lease := time.Minute.Microseconds()
	take := func(kind, name, owner string) bool {
		t.Helper()
		ok := false
		write(t, live, func(tx *store.Tx) (err error) {
			ok, err = tx.LeaseSender(kind, name, owner, lease)
			return err
		})
		return ok
	}
	one := func(kind, name string) store.Sender {
		t.Helper()
		return ask(t, live, func(tx *store.Tx) (store.Sender, error) { return tx.Sender(kind, name) })
	}
	a := store.Sender{Kind: store.SenderHook, Name: "a", Settings: []byte(`{"x":1}`), Cursor: []byte("{}"), Health: []byte("{}")}
	b := a
	b.Kind = store.SenderSIEM
	for _, x := range []*store.Sender{&a, &b} {
		write(t, live, func(tx *store.Tx) error { return tx.AddSender(x) })
	}
	if d := cmp.Diff([]store.Sender{a}, ask(t, live, func(tx *store.Tx) ([]store.Sender, error) { return tx.Senders(store.SenderHook) })); d != "" || a.Created != Start.UnixMicro() {
		t.Errorf("senders read back as written, by kind (-want +got):\n%s", d)
	}
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.AddSender(&store.Sender{Kind: store.SenderHook, Name: "a"}) })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Sender(store.SenderHook, "b"); return err })
	refused(t, live, fault.NotFound, func(tx *store.Tx) error {
		return tx.SaveSender(store.Sender{Kind: store.SenderHook, Name: "b", Settings: []byte("{}"), Cursor: []byte("{}"), Health: []byte("{}")})
	})
	refused(t, play, fault.NotFound, func(tx *store.Tx) error { return tx.RemoveSender(store.SenderHook, "a") })

	// Only who has the lease goes on, and only one has it.
	first, again := take("hook", "a", "one"), take("hook", "a", "one")
	if !first || !again || take("hook", "a", "two") || !take("siem", "a", "two") || take("hook", "c", "one") {
		t.Error("one has the lease, and only one, for each kind")
	}
	a.Cursor = []byte("1")
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.SaveSenderCursor(a, "two") })
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.EndSender(a, "two") })
	write(t, live, func(tx *store.Tx) error { return tx.SaveSenderCursor(a, "one") })
	if got := one("hook", "a"); !cmp.Equal(got, a) {
		t.Errorf("got %+v, want %+v", got, a)
	}
	clk.Advance(time.Minute + time.Microsecond)
	if !take("hook", "a", "two") {
		t.Error("a lease that ran out binds")
	}
	a.Cursor, a.Health, a.Failures, a.Failing, a.Due, a.Paused = []byte("2"), []byte("h"), 3, 7, clk.Now().Add(time.Hour).UnixMicro(), true
	write(t, live, func(tx *store.Tx) error { return tx.EndSender(a, "two") })
	if got := one("hook", "a"); !cmp.Equal(got, a) || !take("hook", "a", "one") {
		t.Errorf("got %+v, want %+v", got, a)
	}
	// What people change takes the right from a run under way.
	a.Settings, a.Paused = []byte("new"), false
	write(t, live, func(tx *store.Tx) error { return tx.SaveSender(a) })
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.SaveSenderCursor(a, "one") })
	if got := one("hook", "a"); !cmp.Equal(got, a) {
		t.Errorf("got %+v, want %+v", got, a)
	}
	if got := one("siem", "a"); !cmp.Equal(got, b) {
		t.Errorf("another kind of the same name changed: %+v", got)
	}
	write(t, live, func(tx *store.Tx) error { return tx.RemoveSender(store.SenderHook, "a") })
	refused(t, live, fault.Conflict, func(tx *store.Tx) error { return tx.EndSender(a, "one") })
}

// testTold compares what is told of a channel with what is on it.
func testTold(t *testing.T, open Opener) {
	s := newShelf(t, Live(t, open(t, clock.NewFake(Start))), 4)
	for len(s.stored) < 12 {
		s.add()
	}
	var ch store.Channel
	write(t, s.h, func(tx *store.Tx) (err error) {
		if ch, err = tx.OpenChannel(memorandum, "jp"); err != nil {
			return err
		}
		for _, o := range s.stored {
			if err := tx.QueueOne(ch.ID, o.Seq, 0); err != nil {
				return err
			}
		}
		for n := range int64(4) {
			if err := tx.AddShipment(&store.Shipment{Channel: ch.ID, Direction: store.Out, Number: n + 1, Note: []byte("n"), Body: []byte("b")}); err != nil {
				return err
			}
		}
		for _, n := range []int64{1, 2, 4} {
			if err := tx.AnswerShipment(ch.ID, n, []byte{byte(n)}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, r := range s.readers {
		var want, got []int64
		for i, o := range s.stored {
			if n := int64(i + 1); n > 2 && n <= 10 && s.sees(r, o.Label) {
				want = append(want, n)
			}
		}
		write(t, s.h, func(tx *store.Tx) error {
			return tx.Released(ch.ID, r.class, 2, 10, func(n int64, m store.Member) error {
				if o := s.stored[n-1]; m.ID != o.ID || m.Type != o.Type || m.Version != o.Version || string(m.Body) != string(o.Body) {
					t.Errorf("entry %d is %+v, want %+v", n, m, o)
				}
				got = append(got, n)
				return nil
			})
		})
		if !slices.Equal(got, want) {
			t.Errorf("reader of %q: got %v, want %v", r.labels, got, want)
		}
	}
	for after, want := range map[int64]int64{0: 1, 1: 2, 2: 4, 4: 0} {
		write(t, s.h, func(tx *store.Tx) error {
			got, ok, err := tx.NextReceipt(ch.ID, after)
			if ok != (want > 0) || ok && (got.Number != want || got.Receipt[0] != byte(want)) {
				t.Errorf("after %d: got %d, want %d", after, got.Number, want)
			}
			return err
		})
	}
}
