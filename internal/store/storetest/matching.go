package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

func testMatching(t *testing.T, open Opener) {
	t.Run("a question comes back as recorded, and its data until it is dropped", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		m := store.Matching{
			Session: "s1", Agreement: "in-jp-2022", Asker: "jp", State: store.MatchingWaiting, Asked: 100, Needed: 2,
			Request: []byte("note"), Known: -1, Person: "kenji",
		}
		write(t, h, func(tx *store.Tx) error { return tx.AddMatching(m) })
		write(t, h, func(tx *store.Tx) error { return tx.SetMatchingData("s1", "blinded", []byte{1, 2}) })
		m.State, m.Answer, m.Known, m.Why = store.MatchingAnswered, []byte("answer"), 7, "because"
		write(t, h, func(tx *store.Tx) error { return tx.SaveMatching(m) })
		m.At = Start.UnixMicro()
		read(t, h, func(tx *store.Tx) error {
			got, err := tx.Matching("s1")
			if d := cmp.Diff(m, got); d != "" {
				t.Error(d)
			}
			if b, err := tx.MatchingData("s1", "blinded"); err != nil || string(b) != "\x01\x02" {
				t.Errorf("%v %v", b, err)
			}
			_, missing := tx.Matching("s2")
			wantFault(t, missing, fault.NotFound)
			return err
		})
		write(t, h, func(tx *store.Tx) error { return tx.DropMatchingData("s1", "blinded") })
		read(t, h, func(tx *store.Tx) error {
			_, err := tx.MatchingData("s1", "blinded")
			wantFault(t, err, fault.NotFound)
			return nil
		})
	})
	t.Run("a question waits for officers who have not approved it", func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		for session, state := range map[string]string{"w": store.MatchingWaiting, "a": store.MatchingApproved} {
			write(t, h, func(tx *store.Tx) error {
				return tx.AddMatching(store.Matching{Session: session, Agreement: "in-jp-2022", Asker: "jp", State: state, Asked: 1, Needed: 2})
			})
		}
		write(t, h, func(tx *store.Tx) error {
			_, err := tx.VoteMatching("w", "asha")
			return err
		})
		read(t, h, func(tx *store.Tx) error {
			for officer, n := range map[string]int{"asha": 0, "ravi": 1} {
				list, err := tx.MatchingsFor(officer, 10)
				if err != nil || len(list) != n || n == 1 && list[0].Session != "w" {
					t.Errorf("for %s: %+v %v", officer, list, err)
				}
			}
			votes, err := tx.MatchingVotes("w")
			if d := cmp.Diff([]string{"asha"}, votes); d != "" || err != nil {
				t.Errorf("%s %v", d, err)
			}
			list, err := tx.MatchingsIn(store.MatchingApproved, 10)
			if err != nil || len(list) != 1 || list[0].Session != "a" {
				t.Errorf("%+v %v", list, err)
			}
			return nil
		})
	})
	t.Run("values are counted by asker and day, refused ones not", func(t *testing.T) {
		clk := clock.NewFake(Start)
		h := Live(t, open(t, clk))
		add := func(session, state string, n int64) {
			write(t, h, func(tx *store.Tx) error {
				return tx.AddMatching(store.Matching{Session: session, Agreement: "in-jp-2022", Asker: "jp", State: state, Asked: n})
			})
		}
		add("a", store.MatchingDone, 1000)
		clk.Advance(24 * time.Hour)
		add("b", store.MatchingWaiting, 10)
		add("c", store.MatchingRefused, 100)
		add("d", store.MatchingAnswered, 5)
		read(t, h, func(tx *store.Tx) error {
			n, err := tx.MatchingSince("in-jp-2022", "jp", Start.Add(time.Hour).UnixMicro())
			if n != 15 {
				t.Errorf("%d values", n)
			}
			if n, err := tx.MatchingSince("in-jp-2022", "in", 0); n != 0 || err != nil {
				t.Errorf("of the other side: %d %v", n, err)
			}
			list, e := tx.Matchings("in-jp-2022", 2)
			if e != nil || len(list) != 2 || list[0].Session != "b" {
				t.Errorf("%+v %v", list, e)
			}
			return err
		})
	})
	t.Run("an officer counts once", func(t *testing.T) {
		h := Live(t, open(t, clock.NewFake(Start)))
		for i, name := range []string{"asha", "asha", "ravi"} {
			write(t, h, func(tx *store.Tx) error {
				n, err := tx.VoteMatching("s", name)
				if want := []int64{1, 1, 2}[i]; n != want {
					t.Errorf("%d approvals, want %d", n, want)
				}
				return err
			})
		}
	})
}
