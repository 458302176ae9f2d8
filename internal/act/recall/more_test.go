package recall_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

func TestWhatWasCorrectedGivesWayToTheNewerVersion(t *testing.T) {
	in, jp, _ := pair(t)
	ids := take(t, in, marking.Green, 1)
	settled(t, in, jp)
	green := classOf(t, jp, marking.Green)
	in.Import(marking.Green, bundle(indicator(1, 5)))
	act := send(t, in, recall.Ask{Kind: law.Correct, Reason: "the address was wrong", IDs: ids})
	settled(t, in, jp)
	if d := state(t, in, act); outcomes(t, d)[law.Quarantined] != 1 || d.Objects != 1 {
		t.Errorf("%+v", d.Partners)
	}
	for _, n := range []*nodetest.Node{in, jp} {
		if got := visible(t, n, green, ids[0]); !strings.Contains(got, "00:00:05") {
			t.Errorf("%s reads %s", n.Side, got)
		}
		var left int
		if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
			h, err := tx.History(green, ids[0])
			left = len(h)
			return err
		}); err != nil || left != 1 {
			t.Errorf("%s still shows %d versions, %v", n.Side, left, err)
		}
	}
	now, _ := served(t, jp, fromIndia, green, 0, ids[0])
	if len(now) != 1 || !strings.Contains(now[0], "00:00:05") {
		t.Errorf("to who follows by date: %q", now)
	}
}

func TestTheFlowSaysWhatWasCalledBack(t *testing.T) {
	in, jp, _ := pair(t)
	ids := take(t, in, marking.Green, 1, 2, 3)
	settled(t, in, jp)
	told := func(n *nodetest.Node, role people.Role) (out [2]int64) {
		var err error
		if out[0], out[1], err = n.Recalls.Flow(t.Context(), n.Live, actor("somebody", role), inJP, start.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		return out
	}
	act := send(t, in, recall.Ask{Kind: law.Spill, Reason: "sent in error", IDs: ids[:2]})
	settled(t, in, jp)
	want := [2]int64{2, 0}
	if got := told(in, people.DutyOfficer); got != want {
		t.Errorf("at the originator: %v, want %v", got, want)
	}
	if got := told(jp, people.Analyst); got != [2]int64{0, 2} {
		t.Errorf("at the receiver: %v", got)
	}
	if got := told(in, people.Member); got != [2]int64{} {
		t.Errorf("to who may not recall: %v", got)
	}
	if err := in.Recalls.Lift(t.Context(), in.Live, actor("officer@in", people.ReleasingOfficer), act); err != nil {
		t.Fatal(err)
	}
	settled(t, in, jp)
	if told(in, people.DutyOfficer) != [2]int64{} || told(jp, people.Analyst) != [2]int64{} {
		t.Errorf("once lifted: %v, %v", told(in, people.DutyOfficer), told(jp, people.Analyst))
	}
}

func TestALiftedRecallGivesBackWhatItTook(t *testing.T) {
	in, jp, clk := pair(t)
	ids := take(t, in, marking.Green, 1, 2)
	settled(t, in, jp)
	green := classOf(t, jp, marking.Green)
	first := send(t, in, recall.Ask{Kind: law.Spill, IDs: ids})
	settled(t, in, jp)
	clk.Advance(time.Minute)
	second := send(t, in, recall.Ask{Kind: law.Wrong, IDs: ids[1:]})
	settled(t, in, jp)
	clk.Advance(time.Minute)
	if err := in.Recalls.Lift(t.Context(), in.Live, duty, first); err != nil {
		t.Fatal(err)
	}
	settled(t, in, jp)
	for _, n := range []*nodetest.Node{in, jp} {
		if visible(t, n, green, ids[0]) == "" || visible(t, n, green, ids[1]) != "" {
			t.Errorf("%s: what the other recall calls back is read, or what none does is not", n.Side)
		}
	}
	if d := state(t, in, first); d.Open() || outcomes(t, d)[law.Restored] != 1 || d.Lifted == 0 {
		t.Errorf("%+v", d.Partners)
	}
	if now, _ := served(t, jp, fromIndia, green, 0, ids[0]); len(now) != 1 || !strings.Contains(now[0], "canary1") {
		t.Errorf("served again: %q", now)
	}
	if now, _ := served(t, jp, fromIndia, green, 0, ids[1]); len(now) != 1 || !strings.Contains(now[0], "revoked") {
		t.Errorf("still revoked: %q", now)
	}
	if err := in.Recalls.Lift(t.Context(), in.Live, duty, second); err != nil {
		t.Fatal(err)
	}
	settled(t, in, jp)
	if visible(t, jp, green, ids[1]) == "" {
		t.Error("not given back by the second")
	}
}

// A recall that comes before its object, as by another way than the line, holds
// when the object comes; the receipt says so.
func TestARecallThatComesBeforeItsObjectHolds(t *testing.T) {
	in, jp, clk := pair(t)
	uuid := "00000000-0000-4000-8000-00000000000a"
	early := law.Recall{
		ID: law.Type + "--" + uuid, Act: uuid, Part: 1, Of: 1, Kind: law.Spill, Code: "spill", Until: clk.Now(), IDs: []string{indicatorID(9)}, Created: clk.Now(), Modified: clk.Now(),
	}
	raw, err := early.Encode()
	if err != nil {
		t.Fatal(err)
	}
	src := intake.Source{Control: true, DefaultTLP: marking.Green, Limits: marking.Terms{Areas: []string{marking.Area(inJP, "")}}}
	if rep, err := in.Intake.Objects(t.Context(), in.Live, src, [][]byte{raw}); err != nil || rep.New != 1 {
		t.Fatal(rep, err)
	}
	carry(t, in, jp)
	if d := state(t, jp, uuid); outcomes(t, d)[law.NeverHad] != 1 {
		t.Errorf("%+v", d.Partners)
	}
	take(t, in, marking.Green, 9)
	if d := carry(t, in, jp); d.Refused != 1 {
		t.Errorf("the receipt: %+v", d)
	}
	if visible(t, jp, classOf(t, jp, marking.Red), indicatorID(9)) != "" {
		t.Error("it is read")
	}
	if d := state(t, jp, uuid); outcomes(t, d)[law.Quarantined] != 1 || d.Detained != 1 {
		t.Errorf("%+v", d.Partners)
	}
}

// Complaint 2: a narrower marking is a recall for those who lose it.
func TestNarrowingAnAudienceIsARecallForThoseWhoLoseIt(t *testing.T) {
	for name, object := range map[string]string{"the same bytes with other words": indicator(1, 0), "a new version": indicator(1, 3)} {
		t.Run(name, func(t *testing.T) {
			in, jp, clk := pair(t)
			ids := take(t, in, marking.Green, 1)
			settled(t, in, jp)
			clk.Advance(time.Minute)
			limited := func() {
				src := intake.Source{DefaultTLP: marking.Green, Limits: marking.Terms{ReleasableTo: []string{"gb"}}}
				if _, err := in.Intake.Objects(t.Context(), in.Live, src, [][]byte{[]byte(object)}); err != nil {
					t.Fatal(err)
				}
			}
			limited()
			settled(t, in, jp)
			if got := visible(t, jp, classOf(t, jp, marking.Red), ids[0]); got != "" {
				t.Errorf("the partner still reads %s", got)
			}
			if visible(t, in, classOf(t, in, marking.Green), ids[0]) == "" {
				t.Error("it is not read at home any more")
			}
			lines, err := in.Recalls.List(t.Context(), in.Live, duty, recall.Query{})
			if err != nil || len(lines) != 1 || lines[0].Code != "narrowed" || lines[0].Account != "node" {
				t.Fatalf("%+v, %v", lines, err)
			}
			limited() // again: nothing more is called back
			if lines, err = in.Recalls.List(t.Context(), in.Live, duty, recall.Query{}); err != nil || len(lines) != 1 {
				t.Errorf("%+v, %v", lines, err)
			}
		})
	}
}

// Complaint 25: after discontinuation nothing new leaves, and what was shared
// stays protected: a recall goes and is answered.
func TestARecallGoesAfterTheAgreementHasEnded(t *testing.T) {
	in, jp, clk := pair(t)
	ids := take(t, in, marking.Green, 1)
	settled(t, in, jp)
	clk.Set(time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)) // long after the term
	take(t, in, marking.Green, 2)
	act := send(t, in, recall.Ask{Kind: law.Wrong, IDs: ids})
	for range 2 {
		carry(t, in, jp)
		carry(t, jp, in)
	}
	if d := state(t, in, act); d.Open() || outcomes(t, d)[law.Quarantined] != 1 {
		t.Errorf("%+v", d.Partners)
	}
	if visible(t, jp, classOf(t, jp, marking.Red), indicatorID(2)) != "" {
		t.Error("something new left")
	}
}

func TestAnOpenRecallClimbs(t *testing.T) {
	in, jp, clk := pair(t)
	ids := take(t, in, marking.Green, 1)
	settled(t, in, jp)
	act := send(t, in, recall.Ask{Kind: law.Wrong, IDs: ids})
	desk := actor("desk@in", people.DeskOfficer)
	for rung, want := range []struct{ duty, desk int }{{0, 0}, {1, 0}, {1, 1}, {1, 1}} {
		for who, n := range map[string]int{"duty": want.duty, "desk": want.desk} {
			by := map[string]people.Actor{"duty": duty, "desk": desk}[who]
			got, err := in.Recalls.Waiting(t.Context(), in.Live, by)
			if err != nil || len(got) != n || n > 0 && got[0].Rung != rung {
				t.Errorf("rung %d, %s: %+v, %v", rung, who, got, err)
			}
		}
		if d := state(t, in, act); d.Rung() != rung {
			t.Errorf("rung %d, want %d", d.Rung(), rung)
		}
		clk.Advance(4 * time.Hour)
	}
	settled(t, in, jp)
	if got, err := in.Recalls.Waiting(t.Context(), in.Live, duty); err != nil || len(got) != 0 {
		t.Errorf("answered: %+v, %v", got, err)
	}
}

func TestWhatIsInQuarantineIsLookedAtOnlyOnPurpose(t *testing.T) {
	in, jp, _ := pair(t)
	ids := take(t, in, marking.Amber, 1)
	approveAll(t, in)
	settled(t, in, jp)
	act := send(t, in, recall.Ask{Kind: law.Spill, IDs: ids})
	settled(t, in, jp)
	cleared, green := actor("duty@jp", people.DutyOfficer), actor("green@jp", people.DutyOfficer)
	green.Clearance.TLP = marking.Green
	list, err := jp.Recalls.Quarantine(t.Context(), jp.Live, cleared, act, 0, 10)
	if err != nil || len(list) != 1 || list[0].Body != nil || list[0].ID != ids[0] {
		t.Fatalf("%+v, %v", list, err)
	}
	if list, err := jp.Recalls.Quarantine(t.Context(), jp.Live, green, act, 0, 10); err != nil || len(list) != 0 {
		t.Errorf("to who is not cleared: %+v, %v", list, err)
	}
	if _, err := jp.Recalls.Inspect(t.Context(), jp.Live, green, list[0].Seq, "curious"); err == nil {
		t.Error("looked at by who is not cleared")
	}
	if _, err := jp.Recalls.Inspect(t.Context(), jp.Live, cleared, list[0].Seq, " "); err == nil {
		t.Error("looked at for no reason")
	}
	d, err := jp.Recalls.Inspect(t.Context(), jp.Live, cleared, list[0].Seq, "to tell our own people what to undo")
	if err != nil || !strings.Contains(string(d.Body), "canary1") {
		t.Fatalf("%s, %v", d.Body, err)
	}
	if err := jp.Recalls.Erase(t.Context(), jp.Live, cleared, list[0].Seq, "asked to"); err != nil {
		t.Fatal(err)
	}
	settled(t, in, jp)
	if got := state(t, in, act); outcomes(t, got)[law.Erased] != 1 {
		t.Errorf("%+v", got.Partners)
	}
}

// After a recall was answered no read of the receiver shows the object to any
// class, whatever was called back, lifted and called back again.
func TestWhatWasCalledBackIsReadByNobody(t *testing.T) {
	nodetest.Checks(t, 6)
	in, jp, clk := pair(t)
	next := 0
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(r, "objects")
		var numbers []int
		for range n {
			next++
			numbers = append(numbers, next)
		}
		ids := take(t, in, rapid.SampledFrom([]marking.TLP{marking.Clear, marking.Green}).Draw(r, "tlp"), numbers...)
		settled(t, in, jp)
		if rapid.Bool().Draw(r, "indexed") {
			index(t, jp)
		}
		kind := rapid.SampledFrom([]law.Kind{law.Spill, law.Wrong, law.Expire}).Draw(r, "kind")
		act := send(t, in, recall.Ask{Kind: kind, IDs: ids})
		clk.Advance(time.Second)
		if rapid.Bool().Draw(r, "lifted in between") {
			settled(t, in, jp)
			if err := in.Recalls.Lift(t.Context(), in.Live, duty, act); err != nil {
				t.Fatal(err)
			}
			settled(t, in, jp)
			clk.Advance(time.Second)
			send(t, in, recall.Ask{Kind: kind, IDs: ids})
		}
		settled(t, in, jp)
		index(t, jp)
		for _, tlp := range marking.TLPs() {
			nobody(t, r, jp, classOf(t, jp, tlp), numbers, ids)
		}
	})
}

func index(t *testing.T, n *nodetest.Node) {
	t.Helper()
	if err := n.Library.CatchUp(t.Context(), n.Live); err != nil {
		t.Fatal(err)
	}
}

// nobody looks at every way that readers of a class have.
func nobody(t *testing.T, r *rapid.T, n *nodetest.Node, class int64, numbers []int, ids []string) {
	t.Helper()
	by := actor("reader@jp", people.Analyst)
	for i, id := range ids {
		if visible(t, n, class, id) != "" {
			r.Fatalf("%s: shown", id)
		}
		if _, err := n.Library.Object(t.Context(), n.Live, by, class, id, 0); err == nil {
			r.Fatalf("%s: has a page", id)
		}
		page, err := n.Library.Search(t.Context(), n.Live, by, class, library.Filter{Text: fmt.Sprintf("canary%d", numbers[i])}, store.Place{}, 10)
		if err != nil || len(page.Rows) != 0 || page.Count != 0 {
			r.Fatalf("%s: found %d, counted %d, %v", id, len(page.Rows), page.Count, err)
		}
		hits, err := n.Search.Values(t.Context(), n.Live, class, []string{fmt.Sprintf("10.%d.%d.%d", numbers[i]>>16&255, numbers[i]>>8&255, numbers[i]&255)})
		if err != nil || len(hits[0].Hits) != 0 {
			r.Fatalf("%s: looked up %+v, %v", id, hits, err)
		}
		bodies, _ := served(t, n, fromIndia, class, 0, id)
		for _, b := range bodies {
			if !strings.Contains(b, `"revoked":true`) || strings.Contains(b, "canary") {
				r.Fatalf("%s: served %s", id, b)
			}
		}
	}
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, class, func(o store.Object) error { // an export
			for _, id := range ids {
				if o.ID == id {
					r.Fatalf("%s: exported", id)
				}
			}
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
}
