package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/clock"
	"twoseas/internal/store"
)

func testFlow(t *testing.T, open Opener) {
	t.Run("a bucket is right within a tenth and in order", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			d := time.Duration(rapid.Int64Range(int64(time.Second), int64(20*365*24*time.Hour)).Draw(t, "duration"))
			b := store.Bucket(d)
			if got := store.BucketTime(b).Seconds() / d.Seconds(); d > 2*time.Second && (got < 0.9 || got > 1.1) {
				t.Fatalf("%s is in bucket %d, %s", d, b, store.BucketTime(b))
			}
			if store.Bucket(d+time.Second) < b {
				t.Fatalf("buckets are not in order at %s", d)
			}
		})
		if store.Bucket(-time.Second) != 0 || store.Bucket(0) != 0 {
			t.Error("what took no time is not in the first bucket")
		}
	})
	t.Run("what crossed is added up by hour and label, for a class", func(t *testing.T) {
		clk := clock.NewFake(Start)
		q := newQueue(t, Live(t, open(t, clk)))
		add := func(label, items int64) {
			t.Helper()
			write(t, q.h, func(tx *store.Tx) error {
				if err := tx.AddPace(store.Pace{Channel: q.ch.ID, Direction: store.Out, Stage: store.StageShipped, Label: label, Bucket: 3, Items: items}); err != nil {
					return err
				}
				return tx.AddFlow(store.Flow{Channel: q.ch.ID, Direction: store.Out, Label: label, Items: items, Refused: 1, Failed: 2})
			})
		}
		first := store.Hour(Start.UnixMicro())
		add(q.open, 5)
		add(q.open, 7)
		add(q.closed, 100)
		add(0, 9)
		clk.Advance(time.Hour)
		add(q.open, 1)
		flows := func(class, since, step int64) []store.Flow {
			return ask(t, q.h, func(tx *store.Tx) ([]store.Flow, error) { return tx.Flows(q.ch.ID, class, since, step) })
		}
		row := func(hour, label, items, times int64) store.Flow {
			return store.Flow{Channel: q.ch.ID, Direction: store.Out, Hour: hour, Label: label, Items: items, Refused: times, Failed: 2 * times}
		}
		for name, tc := range map[string]struct{ got, want []store.Flow }{
			"for a class":         {flows(q.class, first, 1), []store.Flow{row(first, q.open, 12, 2), row(first+1, q.open, 1, 1)}},
			"since":               {flows(q.class, first+1, 1), []store.Flow{row(first+1, q.open, 1, 1)}},
			"for nobody":          {flows(0, first, 1), nil},
			"for the node itself": {flows(store.AllLabels, first+1, 1), []store.Flow{row(first+1, q.open, 1, 1)}},
		} {
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		all := int64(0)
		for _, f := range flows(store.AllLabels, 0, 24) {
			all += f.Items
		}
		if all != 5+7+100+9+1 {
			t.Errorf("all together %d", all)
		}
		paces := ask(t, q.h, func(tx *store.Tx) ([]store.Pace, error) { return tx.Paces(q.ch.ID, q.class, first) })
		if diff := cmp.Diff([]store.Pace{{Channel: q.ch.ID, Direction: store.Out, Stage: store.StageShipped, Label: q.open, Bucket: 3, Items: 13}}, paces); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("the shipment that took an object out is found, and when it joined", testCrossed(open))
	t.Run("carrying and pausing are on record", testCarriage(open))
}

func testCrossed(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		clk := clock.NewFake(Start)
		q := newQueue(t, Live(t, open(t, clk)))
		o := stock(t, q.h, object("x--1", 1, q.open), object("x--2", 1, q.open), object("x--3", 1, q.closed), object("x--4", 1, q.closed))
		write(t, q.h, func(tx *store.Tx) error { _, err := tx.Queue(q.ch.ID, o[0].Seq, o[1].Seq, []int64{q.open}); return err })
		clk.Advance(time.Minute)
		write(t, q.h, func(tx *store.Tx) error { return tx.QueueOne(q.ch.ID, o[2].Seq, 1) })
		write(t, q.h, func(tx *store.Tx) error { return tx.QueueOne(q.ch.ID, o[2].Seq, 1) }) // is there
		clk.Advance(time.Minute)
		write(t, q.h, func(tx *store.Tx) error {
			return tx.AddFact(store.Fact{Channel: q.ch.ID, Direction: store.Out, Number: 1, Items: 2, Low: 1, High: 2})
		})
		for i, want := range []int64{1, 1, 0, 0} {
			f := ask(t, q.h, func(tx *store.Tx) (store.Fact, error) { return tx.Crossed(q.ch.ID, o[i].Seq) })
			if f.Number != want || want != 0 && f.At != clk.Now().UnixMicro() {
				t.Errorf("object %d left in %+v, want shipment %d", i, f, want)
			}
		}
		joined := ask(t, q.h, func(tx *store.Tx) ([]store.Fact, error) { return tx.Joined(q.ch.ID, 2, 3) })
		if len(joined) != 2 || joined[0].Low != 1 || joined[0].High != 2 || joined[0].At != Start.UnixMicro() || joined[1].Low != 3 || joined[1].At != Start.Add(time.Minute).UnixMicro() {
			t.Errorf("%+v", joined)
		}
		for after, want := range map[int64]int64{0: Start.UnixMicro(), 2: Start.Add(time.Minute).UnixMicro(), 3: 0} {
			if got := ask(t, q.h, func(tx *store.Tx) (int64, error) { return tx.OldestQueued(q.ch.ID, after) }); got != want {
				t.Errorf("after %d the oldest joined at %d, want %d", after, got, want)
			}
		}
		write(t, q.h, func(tx *store.Tx) error {
			for i, want := range []bool{true, false} {
				if first, err := tx.Answer(q.ch.ID, store.Out, o[0].Seq); err != nil || first != want {
					t.Errorf("answer %d is the first: %v, %v", i, first, err)
				}
			}
			first, err := tx.Answer(q.ch.ID, store.In, o[0].Seq)
			if !first {
				t.Error("the two directions are one")
			}
			return err
		})
		labels := ask(t, q.h, func(tx *store.Tx) (map[int64]int64, error) { return tx.LabelsOf([]int64{o[0].Seq, o[2].Seq, 99}) })
		if diff := cmp.Diff(map[int64]int64{o[0].Seq: q.open, o[2].Seq: q.closed}, labels); diff != "" {
			t.Error(diff)
		}
	}
}

func testCarriage(open Opener) func(t *testing.T) {
	return func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		c := channel(t, h)
		get := func() store.Carriage {
			return ask(t, h, func(tx *store.Tx) (store.Carriage, error) { return tx.Carriage(c.ID) })
		}
		if got := get(); got != (store.Carriage{Channel: c.ID}) {
			t.Errorf("before the first attempt: %+v", got)
		}
		for _, want := range []store.Carriage{
			{Channel: c.ID, Tried: 1, Failures: 2, Next: 3, Problem: "理由", Refused: "gap", RefusedAt: 4}, {Channel: c.ID, Tried: 5, Done: 5},
		} {
			write(t, h, func(tx *store.Tx) error { return tx.SaveCarriage(want) })
			if got := get(); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		paused := func(want store.Pause) {
			t.Helper()
			if got := ask(t, h, func(tx *store.Tx) (store.Pause, error) { return tx.Paused(c.ID) }); got != want {
				t.Errorf("pause %+v, want %+v", got, want)
			}
		}
		paused(store.Pause{})
		write(t, h, func(tx *store.Tx) error { return tx.SetPause(c.ID, "ravi", "a") })
		clk.Advance(time.Hour)
		write(t, h, func(tx *store.Tx) error { return tx.SetPause(c.ID, "meera", "b") })
		paused(store.Pause{Who: "meera", Reason: "b", At: clk.Now().UnixMicro()})
		for i, want := range []bool{true, false} {
			write(t, h, func(tx *store.Tx) error {
				was, err := tx.EndPause(c.ID)
				if was != want {
					t.Errorf("resume %d: was paused %v", i, was)
				}
				return err
			})
		}
		paused(store.Pause{})
	}
}
