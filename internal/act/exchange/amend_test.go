package exchange_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
)

const (
	openRule = `{id: open,          clause: "1(1)", when: {kind: threat, tlp: [clear, green], origin: own}, then: release}`
	needsOne = `{id: open,          clause: "1(1)", when: {kind: threat, tlp: [clear, green], origin: own}, then: {approve: 1}}`
	amberOne = `{id: sensitive,     clause: "1(1)", when: {kind: [threat, incident, practice, reference, feedback], tlp: [amber, amber+strict], origin: own}, then: {approve: 1}}`
	amberTwo = `{id: sensitive,     clause: "1(1)", when: {kind: [threat, incident, practice, reference, feedback], tlp: [amber, amber+strict], origin: own}, then: {approve: 2}}`
	amberNo  = `{id: sensitive,     clause: "1(1)", when: {kind: [threat, incident, practice, reference, feedback], tlp: [amber, amber+strict], origin: own}, then: {deny: not any more}}`
)

// dropTests takes out of the reference agreement the tests that an amendment
// makes wrong.
func dropTests(replace ...string) []string {
	text := string(agreement.Reference())
	_, tests, _ := strings.Cut(text, "\ntests:\n")
	return append(replace, tests, "  - {name: without a TLP nothing goes, item: {kind: threat}, expect: deny}\n")
}

func TestATightenedRuleKeepsWhatIsQueuedFromLeaving(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 1500)
	first := build(t, in) // a thousand are in a shipment on its way, 500 wait
	nodetest.Amend(t, in, jp, dropTests(openRule, needsOne)...)
	if p, more, err := in.Exchange.Build(t.Context(), in.Live, inJP); err != nil || more || p.Note != nil {
		t.Fatalf("built a shipment under the rule that was tightened: %v, %v", p.Number, err)
	}
	// What was signed before is not taken back; the receiver decides by what is
	// in force now, and says so.
	r := receive(t, jp, first)
	if r.Applied != 0 || r.Refused() != 1000 || r.Answers[0].Clause != "1(1)" {
		t.Errorf("applied %d, refused %d", r.Applied, r.Refused())
	}
	// Nothing is lost: the 500 wait for officers, and leave once approved.
	waiting, err := in.Releases.Waiting(t.Context(), in.Live, officer("o"), inJP, 1000, 1000)
	if err != nil || len(waiting) != 500 {
		t.Fatalf("%d wait: %v", len(waiting), err)
	}
	for _, p := range waiting[:20] {
		if _, err := in.Releases.Approve(t.Context(), in.Live, officer("o"), inJP, p.Object.Seq, p.Digest); err != nil {
			t.Fatal(err)
		}
	}
	if d := deliver(t, in, jp); d.Applied != 20 || d.Refused != 1000 {
		t.Errorf("%+v", d)
	}
	settled(t, in, jp)
}

func TestMoreApprovalsThanBeforeAreNeededOfWhatIsQueued(t *testing.T) {
	in, jp := pair(t, nil)
	in.Import(marking.Amber, bundle(indicator(0, ""), indicator(1, "")))
	approveAll(t, in, "first")
	nodetest.Amend(t, in, jp, dropTests(amberOne, amberTwo)...)
	if d := deliver(t, in, jp); d.Shipments != 0 {
		t.Fatalf("left with one approval of two: %+v", d)
	}
	approveAll(t, in, "first") // the same officer twice is one
	if d := deliver(t, in, jp); d.Shipments != 0 {
		t.Fatalf("left with one officer of two: %+v", d)
	}
	approveAll(t, in, "second")
	if d := deliver(t, in, jp); d.Applied != 2 {
		t.Errorf("%+v", d)
	}
	settled(t, in, jp)
}

// A refusal stands although fewer approvals are needed later, and although the
// item was queued before any was needed.
func TestARefusedItemDoesNotLeaveUnderALooserRule(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 1)
	needsTwo := strings.Replace(needsOne, "approve: 1", "approve: 2", 1)
	nodetest.Amend(t, in, jp, dropTests(openRule, needsTwo)...)
	approveAll(t, in, "first")
	waiting, err := in.Releases.Waiting(t.Context(), in.Live, officer("second"), inJP, 0, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d wait: %v", len(waiting), err)
	}
	if _, err := in.Releases.Refuse(t.Context(), in.Live, officer("second"), inJP, waiting[0].Object.Seq, waiting[0].Digest, "not this one"); err != nil {
		t.Fatal(err)
	}
	nodetest.Amend(t, in, jp, dropTests(openRule, needsOne)...)
	if d := deliver(t, in, jp); d.Shipments != 0 {
		t.Errorf("left although it was refused: %+v", d)
	}
	settled(t, in, jp)
}

func TestWhatMayNotLeaveForAWhileLeavesWhenItMayAgain(t *testing.T) {
	in, jp := pair(t, nil)
	in.Import(marking.Amber, bundle(indicator(0, "")))
	approveAll(t, in, "first")
	nodetest.Amend(t, in, jp, dropTests(amberOne, amberNo)...)
	if d := deliver(t, in, jp); d.Shipments != 0 {
		t.Fatalf("%+v", d)
	}
	if _, err := in.Releases.Waiting(t.Context(), in.Live, officer("o"), inJP, 0, 10); err != nil {
		t.Fatal(err)
	}
	approveDenied(t, in)
	take(t, in, 100, 3) // an open thing behind it is not held up
	if d := deliver(t, in, jp); d.Applied != 3 {
		t.Errorf("%+v", d)
	}
	settled(t, in, jp)
}

// approveDenied wants an approval of what a rule denies to be refused with the
// rule's words.
func approveDenied(t *testing.T, n *nodetest.Node) {
	t.Helper()
	waiting, err := n.Releases.Waiting(t.Context(), n.Live, officer("o"), inJP, 0, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d wait: %v", len(waiting), err)
	}
	_, err = n.Releases.Approve(t.Context(), n.Live, officer("o"), inJP, waiting[0].Object.Seq, waiting[0].Digest)
	refused(t, err, fault.Denied, "not any more")
}

// After a discontinuation nothing new leaves; what was on its way is still
// answered, and the answers still settle.
func TestAfterDiscontinuationNothingNewLeavesAndReceiptsStillSettle(t *testing.T) {
	clk := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	in, jp := pair(t, clk)
	take(t, in, 0, 1005)
	p := build(t, in) // a thousand on their way, five wait
	clk.Advance(time.Hour)
	for _, n := range []*nodetest.Node{in, jp} {
		if _, err := n.Accords.Record(t.Context(), n.Live, n.Operator(), inJP, agreement.Event{Name: agreement.Notify, By: "in", Written: true, Effective: "2026-11-23"}); err != nil {
			t.Fatal(err)
		}
	}
	msg, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, p) // in time
	if err != nil {
		t.Fatal(err)
	}
	clk.Advance(48 * time.Hour)
	settle(t, in, msg)
	take(t, in, 5000, 10)
	if d := deliver(t, in, jp); d.Shipments != 0 {
		t.Errorf("left after the end: %+v", d)
	}
	if again, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, p); err != nil || string(again) != string(msg) {
		t.Errorf("asked again after the end: %v", err)
	}
	if n := len(arrivedIDs(t, jp)); n != 1000 {
		t.Errorf("%d arrived", n)
	}
	settled(t, in, jp)
}

func TestWhatArrivesAfterTheEndIsRefusedWithTheReason(t *testing.T) {
	clk := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	in, jp := pair(t, clk)
	take(t, in, 0, 3)
	p := build(t, in)
	clk.Set(time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)) // the term ended on 18 March
	r := receive(t, jp, p)
	if r.Applied != 0 || r.Refused() != 3 || !strings.Contains(r.Answers[0].Text, "term ended") {
		t.Errorf("%+v", r)
	}
	if d := deliver(t, in, jp); d.Refused != 3 {
		t.Errorf("%+v", d)
	}
	settled(t, in, jp)
}

func arrivedIDs(t *testing.T, n *nodetest.Node) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, o := range receivedObjects(t, n) {
		out[o.ID] = true
	}
	return out
}
