package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// queue is a channel with two labels, of which class may see only open.
type queue struct {
	h                   *store.Handle
	ch                  store.Channel
	open, closed, class int64
	objects             []store.Object
}

func newQueue(t *testing.T, h *store.Handle) *queue {
	t.Helper()
	q := &queue{h: h, ch: channel(t, h)}
	write(t, h, func(tx *store.Tx) (err error) {
		if q.class, err = tx.AddClass("class", func(label []byte) bool { return string(label) == "open" }); err != nil {
			return err
		}
		if q.open, err = tx.AddLabel(store.Label{Raw: []byte("open"), Resolved: []byte("open")}, everybody); err != nil {
			return err
		}
		q.closed, err = tx.AddLabel(store.Label{Raw: []byte("closed"), Resolved: []byte("closed")}, func(string) bool { return false })
		return err
	})
	return q
}

// hold stores objects and holds them.
func (q *queue) hold(t *testing.T, label int64, typ string, n int) []store.Object {
	t.Helper()
	var list []store.Object
	for i := range n {
		o := object(fmt.Sprintf("%s--%d-%d-%d", typ, label, len(q.objects), i), 1, label)
		o.Type = typ
		list = append(list, o)
	}
	list = stock(t, q.h, list...)
	var holds []store.Hold
	for _, o := range list {
		holds = append(holds, store.Hold{Channel: q.ch.ID, Object: o.Seq, Digest: ident.Sum(fmt.Append(nil, o.Seq)), Needed: 2})
	}
	write(t, q.h, func(tx *store.Tx) error { return tx.AddHolds(holds) })
	q.objects = append(q.objects, list...)
	return list
}

func (q *queue) groups(t *testing.T, state string, class int64, want ...string) {
	t.Helper()
	got := ask(t, q.h, func(tx *store.Tx) (out []string, err error) {
		list, err := tx.HeldGroups(q.ch.ID, state, class)
		for _, g := range list {
			out = append(out, fmt.Sprintf("%d %s %d", g.Label-q.open, g.Type, g.Count))
		}
		return out, err
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s groups for class %d (-want +got):\n%s", state, class, diff)
	}
}

func (q *queue) set(t *testing.T, o store.Object, state string) {
	t.Helper()
	write(t, q.h, func(tx *store.Tx) error {
		return tx.SetHold(store.Hold{Channel: q.ch.ID, Object: o.Seq, State: state, Digest: ident.Sum(fmt.Append(nil, o.Seq)), Needed: 2})
	})
}

func testQueue(t *testing.T, open Opener) {
	t.Run("items are counted by label and type, as far as a class may see them", func(t *testing.T) {
		q := newQueue(t, Live(t, open(t, clock.NewFake(Start))))
		a := q.hold(t, q.open, "indicator", 3)
		q.hold(t, q.open, "malware", 1)
		c := q.hold(t, q.closed, "indicator", 2)
		q.groups(t, store.HoldWaiting, store.AllLabels, "0 indicator 3", "0 malware 1", "1 indicator 2")
		q.groups(t, store.HoldWaiting, q.class, "0 indicator 3", "0 malware 1")
		q.groups(t, store.HoldWaiting, 0)
		q.set(t, a[0], store.HoldRefused)
		q.set(t, c[0], store.HoldReleased)
		q.groups(t, store.HoldWaiting, store.AllLabels, "0 indicator 2", "0 malware 1", "1 indicator 1")
		q.groups(t, store.HoldRefused, store.AllLabels, "0 indicator 1")
		// Held again, what was decided stays decided.
		write(t, q.h, func(tx *store.Tx) error {
			return tx.AddHolds([]store.Hold{{Channel: q.ch.ID, Object: a[0].Seq, Needed: 1}, {Channel: q.ch.ID, Object: c[0].Seq, Needed: 1}})
		})
		q.groups(t, store.HoldRefused, store.AllLabels, "0 indicator 1")
		q.groups(t, store.HoldWaiting, store.AllLabels, "0 indicator 2", "0 malware 1", "1 indicator 1")
		// What is erased is gone; what is taken off the list waits again.
		write(t, q.h, func(tx *store.Tx) error { return tx.EraseObject(a[1].Seq) })
		write(t, q.h, func(tx *store.Tx) error { return tx.Unqueue(q.ch.ID, store.Release{N: 1, Object: c[0]}) })
		q.groups(t, store.HoldWaiting, store.AllLabels, "0 indicator 1", "0 malware 1", "1 indicator 2")
		write(t, q.h, func(tx *store.Tx) error { return tx.Lift(q.ch.ID, q.closed) })
		q.groups(t, store.HoldWaiting, store.AllLabels, "0 indicator 1", "0 malware 1")
		if got := ask(t, q.h, func(tx *store.Tx) (store.Hold, error) { return tx.Hold(q.ch.ID, c[1].Seq) }); got.State != store.HoldReleased {
			t.Errorf("lifted: %+v", got)
		}
	})
	t.Run("items are listed in order, by what is asked", testHeldLists(open))
	t.Run("who brought an item in is known, also of what it was redacted to", testImporter(open))
	t.Run("every word is kept, only the newest counts", testWords(open))
	t.Run("an emergency release is reviewed once", testReviews(open))
}

func testHeldLists(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		q := newQueue(t, Live(t, open(t, clock.NewFake(Start))))
		a, b := q.hold(t, q.open, "indicator", 3), q.hold(t, q.closed, "malware", 2)
		write(t, q.h, func(tx *store.Tx) error { return tx.AddCollection(&store.Collection{ID: "c"}) })
		c := ask(t, q.h, func(tx *store.Tx) (store.Collection, error) { return tx.Collection("c") })
		write(t, q.h, func(tx *store.Tx) error {
			_, err := tx.AddMembers(&c, []store.Entry{{Object: a[1].Seq, Version: 1, ID: a[1].ID, Type: "indicator", Label: q.open}, {Object: b[0].Seq, Version: 1, ID: b[0].ID, Type: "malware", Label: q.closed}})
			return err
		})
		both := []int64{q.open, q.closed}
		for name, tc := range map[string]struct {
			ask  store.HeldQuery
			want []int64
		}{
			"all":                 {store.HeldQuery{Labels: both, Class: store.AllLabels, Limit: 9}, []int64{a[0].Seq, a[1].Seq, a[2].Seq, b[0].Seq, b[1].Seq}},
			"a page":              {store.HeldQuery{Labels: both, Class: store.AllLabels, Limit: 2, After: a[1].Seq}, []int64{a[2].Seq, b[0].Seq}},
			"one label":           {store.HeldQuery{Labels: both[1:], Class: store.AllLabels, Limit: 9}, []int64{b[0].Seq, b[1].Seq}},
			"no label":            {store.HeldQuery{Class: store.AllLabels, Limit: 9}, nil},
			"a type":              {store.HeldQuery{Labels: both, Type: "malware", Class: store.AllLabels, Limit: 9}, []int64{b[0].Seq, b[1].Seq}},
			"a collection":        {store.HeldQuery{Labels: both, Collection: c.N, Class: store.AllLabels, Limit: 9}, []int64{a[1].Seq, b[0].Seq}},
			"a class":             {store.HeldQuery{Labels: both, Class: q.class, Limit: 9}, []int64{a[0].Seq, a[1].Seq, a[2].Seq}},
			"nobody":              {store.HeldQuery{Labels: both, Limit: 9}, nil},
			"a class's of a type": {store.HeldQuery{Labels: both, Type: "malware", Class: q.class, Limit: 9}, nil},
		} {
			tc.ask.Channel, tc.ask.State = q.ch.ID, store.HoldWaiting
			if diff := cmp.Diff(tc.want, ask(t, q.h, func(tx *store.Tx) ([]int64, error) { return tx.Held(tc.ask) })); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		got := ask(t, q.h, func(tx *store.Tx) ([]store.HeldCollection, error) {
			return tx.HeldCollections(q.ch.ID, store.HoldWaiting, q.class)
		})
		if diff := cmp.Diff([]store.HeldCollection{{Collection: c.N, Label: q.open, Count: 1}}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func testImporter(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		q := newQueue(t, Live(t, open(t, clock.NewFake(Start))))
		o := q.hold(t, q.open, "indicator", 6)
		write(t, q.h, func(tx *store.Tx) error {
			if err := tx.AddImport(o[1].Seq, o[2].Seq, "ravi"); err != nil {
				return err
			}
			if err := tx.AddImport(o[4].Seq, o[4].Seq, "meera"); err != nil {
				return err
			}
			return tx.AddDerived(o[1].Seq, "contributor", o[5].Seq)
		})
		for i, want := range []string{"", "ravi", "ravi", "", "meera", "ravi"} {
			if got := ask(t, q.h, func(tx *store.Tx) (string, error) { return tx.Importer(o[i].Seq) }); got != want {
				t.Errorf("item %d was brought in by %q, want %q", i, got, want)
			}
		}
		for account, want := range map[string]int64{"ravi": 2, "meera": 1, "x": 0} {
			if got := ask(t, q.h, func(tx *store.Tx) (int64, error) { return tx.HeldBrought(q.ch.ID, account, q.class) }); got != want {
				t.Errorf("%s brought %d, want %d", account, got, want)
			}
		}
	}
}

func testWords(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		clk := clock.NewFake(Start)
		q := newQueue(t, Live(t, open(t, clk)))
		o := q.hold(t, q.open, "indicator", 2)
		digest := ident.Sum(fmt.Append(nil, o[0].Seq))
		for _, verdict := range []string{"approve", "refuse", "approve"} {
			clk.Advance(time.Minute)
			a := store.Approval{Officer: "ravi", Verdict: verdict, Reason: verdict, Digest: digest}
			write(t, q.h, func(tx *store.Tx) error {
				if err := tx.Approve(q.ch.ID, o[0].Seq, a); err != nil {
					return err
				}
				return tx.AddWord(q.ch.ID, o[0].Seq, a)
			})
		}
		words := ask(t, q.h, func(tx *store.Tx) ([]store.Word, error) { return tx.Words(q.ch.ID, o[0].Seq) })
		if len(words) != 3 || words[0].N != 1 || words[1].Verdict != "refuse" || words[2].At != clk.Now().UnixMicro() || words[2].Digest != digest {
			t.Errorf("%+v", words)
		}
		signed := func(labels []int64, class int64) int64 {
			return ask(t, q.h, func(tx *store.Tx) (int64, error) { return tx.Signed(q.ch.ID, class, "ravi", labels) })
		}
		if signed([]int64{q.open}, q.class) != 1 || signed([]int64{q.open}, 0) != 0 || signed([]int64{q.closed}, q.class) != 0 || signed(nil, q.class) != 0 {
			t.Error("signed items are counted wrong")
		}
		write(t, q.h, func(tx *store.Tx) error { // other bytes: the approval is not of them
			return tx.AddHolds([]store.Hold{{Channel: q.ch.ID, Object: o[0].Seq, Digest: ident.Sum([]byte("other")), Needed: 2}})
		})
		if signed([]int64{q.open}, q.class) != 0 {
			t.Error("an approval of other bytes counts")
		}
		write(t, q.h, func(tx *store.Tx) error { return tx.ForgetApprovals(q.ch.ID, o[0].Seq) })
		if got := ask(t, q.h, func(tx *store.Tx) ([]store.Approval, error) { return tx.Approvals(q.ch.ID, o[0].Seq) }); len(got) != 0 {
			t.Errorf("%+v", got)
		}
		if got := ask(t, q.h, func(tx *store.Tx) ([]store.Word, error) { return tx.Words(q.ch.ID, o[0].Seq) }); len(got) != 3 {
			t.Errorf("words are lost: %+v", got)
		}
	}
}

func testReviews(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		clk := clock.NewFake(Start)
		q := newQueue(t, Live(t, open(t, clk)))
		a, b := q.hold(t, q.open, "indicator", 2), q.hold(t, q.closed, "indicator", 1)
		var made []store.Review
		for _, o := range append(a, b...) {
			v := store.Review{Channel: q.ch.ID, Object: o.Seq, Digest: ident.Sum(), Officer: "ravi", Reason: "r", Given: 1, Needed: 2}
			write(t, q.h, func(tx *store.Tx) error { return tx.OpenReview(&v) })
			made = append(made, v)
		}
		numbers := func(isOpen bool, class, before int64, limit int, want ...int64) {
			t.Helper()
			got := ask(t, q.h, func(tx *store.Tx) (out []int64, err error) {
				list, err := tx.Reviews(isOpen, class, before, limit)
				for _, v := range list {
					out = append(out, v.ID)
				}
				return out, err
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("reviews (-want +got):\n%s", diff)
			}
		}
		numbers(true, store.AllLabels, 1<<60, 9, made[2].ID, made[1].ID, made[0].ID)
		numbers(true, q.class, 1<<60, 9, made[1].ID, made[0].ID)
		numbers(true, q.class, made[1].ID, 9, made[0].ID)
		numbers(true, store.AllLabels, 1<<60, 1, made[2].ID)
		numbers(true, 0, 1<<60, 9)
		numbers(false, store.AllLabels, 1<<60, 9)
		refused(t, q.h, fault.NotFound, func(tx *store.Tx) error { _, err := tx.Review(made[2].ID, q.class); return err })
		for officer, want := range map[string]int64{"ravi": 0, "meera": 2} {
			if got := ask(t, q.h, func(tx *store.Tx) (int64, error) { return tx.OpenReviews(officer, q.class) }); got != want {
				t.Errorf("%d wait for %s, want %d", got, officer, want)
			}
		}
		clk.Advance(time.Hour)
		made[0].Closer, made[0].Outcome, made[0].Finding = "meera", "right", "理由"
		write(t, q.h, func(tx *store.Tx) error { return tx.CloseReview(made[0]) })
		refused(t, q.h, fault.Conflict, func(tx *store.Tx) error { return tx.CloseReview(made[0]) })
		made[0].Closed = clk.Now().UnixMicro()
		if got := ask(t, q.h, func(tx *store.Tx) (store.Review, error) { return tx.Review(made[0].ID, q.class) }); got != made[0] {
			t.Errorf("got %+v, want %+v", got, made[0])
		}
		numbers(false, q.class, 1<<60, 9, made[0].ID)
		if got := ask(t, q.h, func(tx *store.Tx) (store.Review, error) { return tx.ReviewOf(q.ch.ID, a[1].Seq) }); got.ID != made[1].ID {
			t.Errorf("%+v", got)
		}
	}
}
