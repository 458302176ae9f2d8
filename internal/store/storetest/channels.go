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

func channel(t *testing.T, h *store.Handle) (c store.Channel) {
	t.Helper()
	write(t, h, func(tx *store.Tx) (err error) {
		c, err = tx.OpenChannel(memorandum, "jp")
		return err
	})
	return c
}

func testChannels(t *testing.T, open Opener) {
	t.Run("a channel is opened once and keeps what is saved", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Channel(memorandum); return err })
		c := channel(t, h)
		if c.ID == 0 || c.State != store.ChannelOpen || c.Partner != "jp" {
			t.Errorf("opened as %+v", c)
		}
		c.Shipped, c.OutNumber, c.OutLink = 5, 2, ident.Sum([]byte("out"))
		c.InNumber, c.InLink = 7, ident.Sum([]byte("in"))
		c.State, c.Converged = "stopped: because", []byte(`{"x":1}`)
		write(t, h, func(tx *store.Tx) error {
			for _, save := range []func() error{
				func() error { return tx.SaveOut(c) },
				func() error { return tx.SaveIn(c) },
				func() error { return tx.SetChannelState(c.ID, c.State) },
				func() error { return tx.SaveConverged(c.ID, c.Converged) },
			} {
				if err := save(); err != nil {
					return err
				}
			}
			return nil
		})
		if diff := cmp.Diff(c, channel(t, h)); diff != "" {
			t.Errorf("opened again (-want +got):\n%s", diff)
		}
		var other store.Channel
		write(t, h, func(tx *store.Tx) (err error) { other, err = tx.OpenChannel("in-us", "us"); return err })
		if diff := cmp.Diff([]store.Channel{c, other}, ask(t, h, (*store.Tx).Channels), emptyIsNil); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("one owner at a time has the lease", testLease(open))
}

var emptyIsNil = cmp.Transformer("text", func(b []byte) string { return string(b) })

func testLease(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		c := channel(t, h)
		const length = 30_000_000 // half a minute
		lease := func(owner string, want bool) {
			t.Helper()
			write(t, h, func(tx *store.Tx) error {
				got, err := tx.Lease(c.ID, owner, length)
				if got != want {
					t.Errorf("%s at %s: got the lease %t, want %t", owner, clk.Now().Sub(Start), got, want)
				}
				return err
			})
		}
		lease("a", true)
		lease("b", false)
		clk.Advance(20 * time.Second)
		lease("a", true) // renewed
		clk.Advance(20 * time.Second)
		lease("b", false)
		clk.Advance(10 * time.Second)
		lease("b", false) // to the last microsecond
		clk.Advance(time.Microsecond)
		lease("b", true) // ran out
		lease("a", false)
		write(t, h, func(tx *store.Tx) error { return tx.Unlease(c.ID, "a") }) // not a's to give
		lease("a", false)
		write(t, h, func(tx *store.Tx) error { return tx.Unlease(c.ID, "b") })
		lease("a", true)
		clk.Advance(-24 * time.Hour)
		lease("b", true) // the clock was set back: the old end is a day away and binds nobody
		lease("a", false)
		write(t, h, func(tx *store.Tx) error {
			got, err := tx.Lease(c.ID+1, "a", length)
			if got {
				t.Error("a channel that is not there was leased")
			}
			return err
		})
	}
}

func testReleases(t *testing.T, open Opener) {
	t.Run("a release list is in order of arrival, each object once", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		c := channel(t, h)
		o := stock(t, h, object("x--1", 1, 7), object("x--2", 1, 8), object("x--3", 1, 9), object("x--4", 1, 7), object("x--5", 1, 7))
		queue := func(from, to int, want int64, labels ...int64) {
			t.Helper()
			write(t, h, func(tx *store.Tx) error {
				n, err := tx.Queue(c.ID, o[from].Seq, o[to].Seq, labels)
				if n != want {
					t.Errorf("%d joined, want %d", n, want)
				}
				return err
			})
		}
		queue(0, 4, 0)
		queue(4, 0, 0, 7)
		queue(2, 4, 2, 7)
		queue(0, 4, 2, 7, 8) // x--4 and x--5 are there
		write(t, h, func(tx *store.Tx) error { return tx.QueueOne(c.ID, o[2].Seq, 2) })
		write(t, h, func(tx *store.Tx) error { return tx.QueueOne(c.ID, o[2].Seq, 1) }) // is there
		wantReleases(t, h, c.ID, 0, 10, "1 x--4 0", "2 x--5 0", "3 x--1 0", "4 x--2 0", "5 x--3 2")
		wantReleases(t, h, c.ID, 2, 2, "3 x--1 0", "4 x--2 0")
		wantReleases(t, h, c.ID, 5, 2)
		if got := channel(t, h).Queued; got != 5 {
			t.Errorf("queued %d", got)
		}
		// What is taken off joins again at the end.
		write(t, h, func(tx *store.Tx) error { return tx.Unqueue(c.ID, store.Release{N: 2, Object: o[4]}) })
		queue(0, 4, 1, 7)
		wantReleases(t, h, c.ID, 4, 10, "5 x--3 2", "6 x--5 0")
	})
	t.Run("what is erased is not released", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		c := channel(t, h)
		o := stock(t, h, object("x--1", 1, 7), object("x--2", 1, 7))
		write(t, h, func(tx *store.Tx) error { return tx.EraseObject(o[0].Seq) })
		write(t, h, func(tx *store.Tx) error { _, err := tx.Queue(c.ID, 0, 1<<40, []int64{7}); return err })
		wantReleases(t, h, c.ID, 0, 10, "1 x--2 0")
	})
	t.Run("a list longer than one statement writes has no gap", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		c := channel(t, h)
		objects := make([]store.Object, 1<<15+10)
		for i := range objects {
			objects[i] = object(fmt.Sprintf("x--%d", i), 1, 7)
		}
		stock(t, h, objects...)
		var n int64
		write(t, h, func(tx *store.Tx) (err error) {
			n, err = tx.Queue(c.ID, 1, 1<<40, []int64{7})
			return err
		})
		if n != int64(len(objects)) || channel(t, h).Queued != n {
			t.Errorf("%d joined, the last is %d, want %d", n, channel(t, h).Queued, len(objects))
		}
		next := 0
		read(t, h, func(tx *store.Tx) error {
			return tx.Releases(c.ID, 0, len(objects)+1, func(r store.Release) error {
				if r.N != int64(next+1) || r.Seq != objects[next].Seq {
					t.Errorf("release %d is object %d, want %d, %d", r.N, r.Seq, next+1, objects[next].Seq)
					return store.Stop
				}
				next++
				return nil
			})
		})
		if next != len(objects) {
			t.Errorf("%d on the list", next)
		}
	})
	t.Run("a held item keeps its digest and what officers said", testHolds(open))
	t.Run("a redaction is made once", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		write(t, h, func(tx *store.Tx) error { return tx.AddDerived(1, "victim", 2) })
		for source, want := range map[string]int64{"1 victim": 2, "1 contributor": 0, "2 victim": 0} {
			var seq int64
			var redaction string
			if _, err := fmt.Sscan(source, &seq, &redaction); err != nil {
				t.Fatal(err)
			}
			if got := ask(t, h, func(tx *store.Tx) (int64, error) { return tx.Derived(seq, redaction) }); got != want {
				t.Errorf("%s: %d, want %d", source, got, want)
			}
		}
		if h.Write(t.Context(), func(tx *store.Tx) error { return tx.AddDerived(1, "victim", 3) }) == nil {
			t.Error("made twice")
		}
	})
	t.Run("what was taken out is remembered beside its objects", testCuts(open))
}

func testCuts(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		if ask(t, h, (*store.Tx).AnyCut) {
			t.Error("something is taken out of nothing")
		}
		write(t, h, func(tx *store.Tx) error {
			return tx.AddCuts(7, []string{"note--1", "note--2"}, []string{"Tanaka", "Sato"})
		})
		write(t, h, func(tx *store.Tx) error { return tx.AddCuts(8, []string{"note--2"}, []string{"Kanaria"}) })
		words := func(ids ...string) (out []string) {
			for _, c := range ask(t, h, func(tx *store.Tx) ([]store.Cut, error) { return tx.Cuts(ids) }) {
				out = append(out, c.ID+" "+c.Word)
			}
			slices.Sort(out)
			return out
		}
		for _, c := range []struct{ ids, want []string }{
			{nil, nil},
			{[]string{"note--3"}, nil},
			{[]string{"note--1", "note--3"}, []string{"note--1 Sato", "note--1 Tanaka"}},
			{[]string{"note--2"}, []string{"note--2 Kanaria", "note--2 Sato", "note--2 Tanaka"}},
		} {
			if got := words(c.ids...); !slices.Equal(got, c.want) {
				t.Errorf("%q: %q, want %q", c.ids, got, c.want)
			}
		}
		write(t, h, func(tx *store.Tx) error { return tx.ForgetTraces(7) })
		if got := words("note--1", "note--2"); !slices.Equal(got, []string{"note--2 Kanaria"}) {
			t.Errorf("after its source was erased: %q", got)
		}
		write(t, h, func(tx *store.Tx) error { _, err := tx.ForgetMentions([]string{"Kanaria"}); return err })
		if ask(t, h, (*store.Tx).AnyCut) {
			t.Error("what mentions what was erased is kept")
		}
	}
}

func wantReleases(t *testing.T, h *store.Handle, channel, after int64, limit int, want ...string) {
	t.Helper()
	got := ask(t, h, func(tx *store.Tx) (lines []string, err error) {
		err = tx.Releases(channel, after, limit, func(r store.Release) error {
			lines = append(lines, fmt.Sprint(r.N, " ", r.ID, " ", r.Approved))
			return nil
		})
		return lines, err
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("releases (-want +got):\n%s", diff)
	}
}

func testHolds(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		c := channel(t, h)
		one := store.Hold{Channel: c.ID, Object: 5, Digest: ident.Sum([]byte("5")), Needed: 2, State: store.HoldWaiting, At: Start.UnixMicro()}
		two := store.Hold{Channel: c.ID, Object: 6, Digest: ident.Sum([]byte("6")), Needed: 1, State: store.HoldWaiting, At: Start.UnixMicro()}
		write(t, h, func(tx *store.Tx) error { return tx.AddHolds([]store.Hold{one, two}) })
		clk.Advance(time.Minute)
		again := one
		again.Needed = 1
		write(t, h, func(tx *store.Tx) error { return tx.AddHolds([]store.Hold{again}) }) // goes on waiting, as it is now
		one.Needed = 1
		holds := func(state string, after int64, limit int, want ...store.Hold) {
			t.Helper()
			got := ask(t, h, func(tx *store.Tx) ([]store.Hold, error) { return tx.Holds(c.ID, state, after, limit) })
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("holds (-want +got):\n%s", diff)
			}
		}
		holds(store.HoldWaiting, 0, 10, one, two)
		holds(store.HoldWaiting, 5, 10, two)
		holds(store.HoldWaiting, 0, 1, one)
		one.State, one.Digest, one.Needed = store.HoldReleased, ident.Sum([]byte("new")), 3
		write(t, h, func(tx *store.Tx) error { return tx.SetHold(one) })
		holds(store.HoldWaiting, 0, 10, two)
		holds(store.HoldReleased, 0, 10, one)
		if got := ask(t, h, func(tx *store.Tx) (store.Hold, error) { return tx.Hold(c.ID, 5) }); got != one {
			t.Errorf("got %+v", got)
		}
		refused(t, h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Hold(c.ID, 7); return err })
		write(t, h, func(tx *store.Tx) error { return tx.Unqueue(c.ID, store.Release{N: 1, Object: store.Object{Seq: 5}}) })
		if got := ask(t, h, func(tx *store.Tx) (store.Hold, error) { return tx.Hold(c.ID, 5) }); got.State != store.HoldWaiting {
			t.Errorf("taken off the list: %+v", got)
		}
		testApprovals(t, h, clk, c.ID)
	}
}

func testApprovals(t *testing.T, h *store.Handle, clk *clock.Fake, channel int64) {
	t.Helper()
	word := func(officer, verdict string) store.Approval {
		return store.Approval{Officer: officer, Verdict: verdict, Reason: "理由", Digest: ident.Sum([]byte(verdict)), At: clk.Now().UnixMicro()}
	}
	zen := word("zen", "approve")
	write(t, h, func(tx *store.Tx) error { return tx.Approve(channel, 6, zen) })
	clk.Advance(time.Minute)
	write(t, h, func(tx *store.Tx) error { return tx.Approve(channel, 6, word("ann", "approve")) })
	clk.Advance(time.Minute)
	ann := word("ann", "refuse") // replaces her earlier word
	write(t, h, func(tx *store.Tx) error { return tx.Approve(channel, 6, ann) })
	got := ask(t, h, func(tx *store.Tx) ([]store.Approval, error) { return tx.Approvals(channel, 6) })
	if diff := cmp.Diff([]store.Approval{zen, ann}, got); diff != "" {
		t.Errorf("approvals (-want +got):\n%s", diff)
	}
	if got := ask(t, h, func(tx *store.Tx) ([]store.Approval, error) { return tx.Approvals(channel, 5) }); len(got) != 0 {
		t.Errorf("of another item: %+v", got)
	}
}
