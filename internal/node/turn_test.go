package node_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

var dawn = time.Date(2027, 3, 15, 6, 0, 0, 0, time.UTC)

// timed is one indicator, valid until a time when one is given.
func timed(n int, until time.Time) string {
	more := ""
	if !until.IsZero() {
		more = fmt.Sprintf(`,"valid_until":%q`, until.Format(time.RFC3339))
	}
	return fmt.Sprintf(`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[
		{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d",
		"created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","valid_from":"2027-01-01T00:00:00Z",
		"pattern_type":"stix","pattern":"[ipv4-addr:value = '45.9.0.%d']"%s}]}`, n, n, more)
}

func take(t *testing.T, n *nodetest.Node, limits marking.Terms, bundle string) {
	t.Helper()
	rep, err := n.Intake.Stream(t.Context(), n.Live, intake.Source{DefaultTLP: marking.Green, Limits: limits}, strings.NewReader(bundle), nil)
	if err != nil || rep.New != 1 {
		t.Fatalf("%+v, %v", rep, err)
	}
}

// turn lets what is due take effect and returns how much that was.
func turn(t *testing.T, n *node.Node) int {
	t.Helper()
	done, err := n.Intake.Turn(t.Context(), n.Live)
	if err != nil {
		t.Fatal(err)
	}
	return done.Labels + done.Objects
}

// seen is how many versions a reader of everything finds on a node, by a walk
// and by a look-up of the value.
func seen(t *testing.T, n *node.Node, value string) (walk, found int) {
	t.Helper()
	reader := people.Actor{Name: "r", Roles: []people.Role{people.Analyst}, Clearance: people.Clearance{TLP: marking.Red, Unmarked: true}}
	access, err := n.People.Access(t.Context(), n.Live, reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, access.Class, func(store.Object) error { walk++; return nil })
	}); err != nil {
		t.Fatal(err)
	}
	answers, err := n.Search.Values(t.Context(), n.Live, access.Class, []string{value})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range answers {
		found += len(a.Hits)
	}
	return walk, found
}

// An embargo ends at its instant, also when the node was not running then, and
// of two processes one lets it.
func TestWhatWaitedForTheEndOfAnEmbargoLeavesAtIt(t *testing.T) {
	clk := clock.NewFake(dawn)
	in, jp := nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	end := dawn.Add(48 * time.Hour)
	take(t, in, marking.Terms{NotBefore: end}, timed(1, time.Time{}))
	nodetest.Converged(t, in, jp)
	if n := nodetest.Crossed(t, in.Node, jp.Node, 0); n != 0 {
		t.Fatalf("%d crossed under embargo", n)
	}
	clk.Advance(48*time.Hour - time.Second)
	if n := turn(t, in.Node); n != 0 {
		t.Errorf("%d turned a second early", n)
	}
	dir := in.Dir
	in.Close()
	clk.Advance(time.Second)
	in.Open(dir, clk) // looks for itself what is due
	nodetest.Eventually(t, "it is across", func() bool {
		walk, found := seen(t, jp.Node, "45.9.0.1")
		return walk == 1 && found == 1
	})
	if n := turn(t, in.Node); n != 0 {
		t.Errorf("%d turned twice", n)
	}
}

// What expires leaves reads on both sides at once, also with its owner, and
// what proves that it crossed goes on to verify.
func TestWhatExpiresLeavesReadsAndItsProofStays(t *testing.T) {
	clk := clock.NewFake(dawn)
	in, jp := nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	nodetest.Amend(t, in, jp, "targets:\n", "expiry: {threat: P75D}\n\ntargets:\n") // counted from 1 January: 17 March, a day before the term ends
	end := time.Date(2027, 3, 17, 0, 0, 0, 0, time.UTC)
	take(t, in, marking.Terms{Expires: dawn.Add(time.Hour)}, timed(1, time.Time{}))
	take(t, in, marking.Terms{}, timed(2, dawn.Add(2*time.Hour)))
	take(t, in, marking.Terms{}, timed(3, time.Time{}))
	take(t, in, marking.Terms{}, timed(4, dawn.Add(-time.Hour))) // over already: kept, shown to nobody, sent to nobody
	nodetest.Eventually(t, "all is across", func() bool {
		walk, _ := seen(t, jp.Node, "45.9.0.1")
		return walk == 3
	})
	want := func(when string, inWalk, jpWalk int, gone string) {
		t.Helper()
		turn(t, in.Node)
		turn(t, jp.Node)
		for n, walk := range map[*nodetest.Node]int{in: inWalk, jp: jpWalk} {
			got, found := seen(t, n.Node, gone)
			if got != walk || found != 0 && n.Side == "jp" {
				t.Errorf("%s %s walks over %d, want %d, and finds %s %d times", when, n.Side, got, walk, gone, found)
			}
		}
	}
	want("at first", 3, 3, "45.9.0.4")
	clk.Advance(time.Hour)
	want("after the handling expired", 2, 2, "45.9.0.1")
	clk.Advance(time.Hour)
	want("after one was not valid any more", 1, 1, "45.9.0.2")
	clk.Advance(end.Sub(clk.Now()))
	want("after the agreement's 75 days", 1, 0, "45.9.0.3")
	for number, positions := range map[int64]int{1: 1} {
		for p := range positions {
			if _, err := jp.Exchange.Proved(t.Context(), jp.Live, nodetest.InJp, store.In, number, p); err != nil {
				t.Errorf("shipment %d, item %d: %v", number, p, err)
			}
		}
	}
	nodetest.VerifyLedgers(t, in.Node, jp.Node)
	take(t, in, marking.Terms{}, timed(5, time.Time{})) // too old to be sent
	clk.Advance(time.Second)
	nodetest.Eventually(t, "nothing waits", func() bool {
		st, err := in.Exchange.State(t.Context(), in.Live, nodetest.InJp)
		return err == nil && st.Waiting == 0 && st.Unanswered == 0
	})
	if out, err := in.Exchange.Totals(t.Context(), in.Live, nodetest.InJp, store.Out); err != nil || out.Applied != 3 {
		t.Errorf("%d were sent, want the first three: %v", out.Applied, err)
	}
	if walk, _ := seen(t, jp.Node, "45.9.0.5"); walk != 0 {
		t.Errorf("%d came although they would have lapsed on arrival", walk)
	}
}
