package accord_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

func (n *node) record(t *testing.T, e agreement.Event) agreement.Life {
	t.Helper()
	life, err := n.Record(t.Context(), n.h, desk, inJP, e)
	if err != nil {
		t.Fatal(err)
	}
	return life
}

func threat(tlp marking.TLP, origin ident.Side) marking.Label {
	return marking.Label{Kind: "threat", Terms: marking.Terms{TLP: tlp}, Origin: origin}
}

func (n *node) explain(t *testing.T, l marking.Label) gate.Decision {
	t.Helper()
	d, err := n.Explain(t.Context(), n.h, inJP, l)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Acceptance test 25, clause 3(5).
func TestAfterDiscontinuationNothingNewLeaves(t *testing.T) {
	in, jp := pairOfNodes(t)
	agree(t, in, jp)
	green := threat(marking.Green, "in")
	in.record(t, agreement.Event{Name: agreement.DecideActivity, Subject: "tabletop"})
	life := in.record(t, agreement.Event{Name: agreement.Notify, By: "jp", Effective: "2026-12-31", Written: true})
	if life.State != agreement.DiscontinueNotice || in.explain(t, green).Outcome != gate.Release {
		t.Errorf("a notice alone ends nothing: %+v", life)
	}
	in.clk.Set(time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC))
	terms := in.mustInForce(t)
	if terms.State != agreement.Discontinued || terms.Permits.Exchange || !terms.Permits.FinishActivities || !terms.Life.MayRun("tabletop") {
		t.Errorf("discontinued: %+v", terms.Life)
	}
	if d := in.explain(t, green); d.Outcome != gate.Deny || !strings.Contains(d.Sentence, "discontinued") {
		t.Errorf("%+v", d)
	}
	v2 := in.add(t, reference(2, terms.Hash.String(), "Too late"))
	_, err := in.Sign(t.Context(), in.h, desk, v2)
	wantSays(t, err, fault.Conflict, "no amendment")
	if jp.mustInForce(t).State != agreement.TermEnding {
		t.Error("what one node recorded changed the other")
	}
}

func TestTheTermEndsByItselfAndCanBeExtended(t *testing.T) {
	in, jp := pairOfNodes(t)
	agree(t, in, jp)
	if s := in.mustInForce(t).State; s != agreement.TermEnding {
		t.Errorf("in November 2026 the agreement is %s", s)
	}
	in.clk.Set(time.Date(2027, 3, 18, 23, 59, 59, 0, time.UTC))
	if in.explain(t, threat(marking.Green, "in")).Outcome != gate.Release {
		t.Error("nothing leaves on the last full day")
	}
	in.clk.Set(time.Date(2027, 3, 19, 0, 0, 0, 0, time.UTC))
	if s := in.mustInForce(t).State; s != agreement.Expired || in.explain(t, threat(marking.Green, "in")).Outcome != gate.Deny {
		t.Errorf("after the last day the agreement is %s", s)
	}
	_, err := in.Record(t.Context(), in.h, desk, inJP, agreement.Event{Name: agreement.Extend, Until: "2032-03-18"})
	wantFault(t, err, fault.Conflict)
	for _, side := range []ident.Side{"in", "jp"} { // said in time, recorded later
		on := time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)
		in.record(t, agreement.Event{Name: agreement.Extend, By: side, On: on, Until: "2032-03-18", Written: true})
	}
	if s := in.mustInForce(t).State; s != agreement.Operative {
		t.Errorf("extended, the agreement is %s", s)
	}
	if in.forced != 2 {
		t.Errorf("told %d times that exchange may begin, want 2", in.forced)
	}
}

func TestWhatTheLifeDoesNotAllowIsNotRecorded(t *testing.T) {
	in, jp := pairOfNodes(t)
	_, err := in.Record(t.Context(), in.h, desk, inJP, agreement.Event{Name: agreement.RaiseDifference})
	wantFault(t, err, fault.NotFound)
	agree(t, in, jp)
	before := len(in.leaves(t))
	for name, c := range map[string]struct {
		e    agreement.Event
		kind fault.Kind
	}{
		"an event that does not exist":        {agreement.Event{Name: "celebrate"}, fault.Conflict},
		"one of the system":                   {agreement.Event{Name: agreement.EndTerm}, fault.Denied},
		"one of a third side":                 {agreement.Event{Name: agreement.RaiseDifference, By: "us"}, fault.Denied},
		"one that has not happened":           {agreement.Event{Name: agreement.RaiseDifference, On: in.clk.Now().Add(time.Second)}, fault.Invalid},
		"one before its cause":                {agreement.Event{Name: agreement.Withdraw}, fault.Conflict},
		"one before the agreement was signed": {agreement.Event{Name: agreement.RaiseDifference, On: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}, fault.Conflict},
	} {
		_, err := in.Record(t.Context(), in.h, desk, inJP, c.e)
		if !fault.Is(err, c.kind) {
			t.Errorf("%s: %v, want %s", name, err, c.kind)
		}
	}
	in.write(t, func(tx *store.Tx) error {
		rows, err := tx.AgreementEvents(inJP)
		if len(rows) != 0 {
			t.Errorf("recorded %v", rows)
		}
		return err
	})
	if n := len(in.leaves(t)); n != before {
		t.Errorf("%d leaves more", n-before)
	}
	if in.mustInForce(t).State != agreement.TermEnding {
		t.Error("the state changed")
	}
}

func TestAnEventIsALeafOfTheExchangeLog(t *testing.T) {
	in, jp := pairOfNodes(t)
	agree(t, in, jp)
	in.record(t, agreement.Event{Name: agreement.RaiseDifference, Written: true})
	list := in.leaves(t)
	want := "twoseas/event/v1\nagreement in-jp-2022\nevent difference.raise\nby in\non 2026-11-22T09:00:00Z\ndetail {\"written\":true}\n"
	if last := list[len(list)-1]; !strings.HasPrefix(last, want) {
		t.Errorf("leaf:\n%s\nwant:\n%s", last, want)
	}
	if life := in.mustInForce(t).Life; !life.Consultation || !life.Permits().Exchange {
		t.Errorf("a difference stops cooperation: %+v", life)
	}
}

func TestCalendarOfTheReferenceAgreement(t *testing.T) {
	in, jp := pairOfNodes(t)
	want := map[string]agreement.Date{"D1": "2022-05-18", "D2": "2027-03-19", "D2-window": "2026-09-19", "D3": "2022-06-17"}
	check := func() {
		t.Helper()
		list, err := in.Calendar(t.Context(), in.h, inJP)
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, e := range list {
			if d, ok := want[e.ID]; ok {
				seen++
				if e.Date != d {
					t.Errorf("%s on %s, want %s", e.ID, e.Date, d)
				}
			}
		}
		if seen != len(want) {
			t.Errorf("%d of the dates, want %d", seen, len(want))
		}
	}
	_, err := in.Calendar(t.Context(), in.h, inJP)
	wantFault(t, err, fault.NotFound)
	in.add(t, reference(1, "", ""))
	check() // of the draft
	agree(t, in, jp)
	check()
	in.record(t, agreement.Event{Name: agreement.Done, Subject: "D1"})
	list, err := in.Calendar(t.Context(), in.h, inJP)
	if err != nil || list[0].DoneOn != "2026-11-22" {
		t.Errorf("%+v, %v", list[0], err)
	}
}

func TestExplainLooksBothWays(t *testing.T) {
	in, jp := pairOfNodes(t)
	_, err := in.Explain(t.Context(), in.h, inJP, threat(marking.Green, "in"))
	wantFault(t, err, fault.NotFound)
	agree(t, in, jp)
	for name, c := range map[string]struct {
		label marking.Label
		want  gate.Outcome
	}{
		"ours, going":             {threat(marking.Green, "in"), gate.Release},
		"ours, for an officer":    {threat(marking.Amber, "in"), gate.Hold},
		"theirs, coming":          {threat(marking.Green, "jp"), gate.Release},
		"a third side's, staying": {threat(marking.Green, "other"), gate.Deny},
	} {
		if d := in.explain(t, c.label); d.Outcome != c.want {
			t.Errorf("%s: %s, want %s: %s", name, d.Outcome, c.want, d.Sentence)
		}
	}
}

func TestDiffReplaysWhatIsStored(t *testing.T) {
	in, jp := pairOfNodes(t)
	v1 := agree(t, in, jp)
	in.add(t, stricter(2, v1))
	in.write(t, func(tx *store.Tx) error {
		for _, l := range []struct {
			raw     string
			label   marking.Label
			objects int64
		}{
			{"a", threat(marking.Amber, "in"), 5},
			{"b", threat(marking.Amber, "in"), 7}, // written otherwise, means the same
			{"c", threat(marking.Green, "in"), 100},
			{"d", threat(marking.Amber, "jp"), 3},
			{"e", threat(marking.Red, "in"), 0}, // nothing carries it
		} {
			id, err := tx.AddLabel(store.Label{Raw: []byte(l.raw), Resolved: l.label.Canonical()}, func(string) bool { return false })
			if err != nil {
				return err
			}
			if err := tx.CountLabel(id, l.objects, 1); err != nil {
				return err
			}
		}
		return nil
	})
	p, err := in.Diff(t.Context(), in.h, inJP, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Decisions) != 2 || p.Objects[0] != 12 || p.Objects[1] != 3 || p.SameObjects != 100 || p.Same != 1 {
		t.Errorf("%d decisions on %v objects, %d same", len(p.Decisions), p.Objects, p.SameObjects)
	}
	for _, d := range p.Decisions {
		if d.Opens || d.Before.Approvals != 1 || d.After.Approvals != 2 {
			t.Errorf("%s", d)
		}
	}
	back, err := in.Diff(t.Context(), in.h, inJP, 2, 1)
	if err != nil || !back.Decisions[0].Opens {
		t.Errorf("the other way it opens: %+v, %v", back.Decisions, err)
	}
	_, err = in.Diff(t.Context(), in.h, inJP, 0, 3)
	wantFault(t, err, fault.NotFound)
	inputs, objects, err := in.Recorded(t.Context(), in.h, inJP)
	if err != nil || len(inputs) != 3 || len(objects) != 3 {
		t.Errorf("recorded %d, %d, %v", len(inputs), len(objects), err)
	}
}

func TestAStoreThatWasAlteredIsNotBelieved(t *testing.T) {
	for name, change := range map[string]string{
		"another text":      "UPDATE agreement SET document = $1",
		"another signature": "UPDATE agreement_signature SET note = $1 WHERE side = 'jp'",
		"our signature":     "UPDATE agreement_signature SET note = $1 WHERE side = 'in'",
		"the wrong key":     "UPDATE peer_key SET side = 'us' WHERE side = 'jp' AND $1 <> ''",
	} {
		t.Run(name, func(t *testing.T) {
			in, jp := pairOfNodes(t)
			agree(t, in, jp)
			in.mustInForce(t)
			in.write(t, func(tx *store.Tx) error {
				_, err := tx.Exec(change, []byte("x"))
				return err
			})
			in.restart()
			_, err := in.inForce(t)
			wantFault(t, err, fault.Conflict)
		})
	}
}

func TestASignatureOnAnotherTextIsNotBelieved(t *testing.T) {
	in, jp := pairOfNodes(t)
	v := agree(t, in, jp)
	other := strings.Replace(signingText(t, jp, v), "version 1", "version 2", 1)
	in.write(t, func(tx *store.Tx) error {
		return tx.SignAgreement(store.AgreementSignature{
			Agreement: inJP, Version: 1, Side: "jp", Hash: v.Hash, Note: must(jp.key(t).Sign([]byte(other))),
		})
	})
	in.restart()
	_, err := in.inForce(t)
	wantFault(t, err, fault.Conflict)
}

func TestARolledBackSignatureIsNotInForce(t *testing.T) {
	in, jp := pairOfNodes(t)
	v := in.add(t, reference(1, "", ""))
	jp.add(t, reference(1, "", ""))
	in.countersign(t, "jp", jp.sign(t, v))
	in.OnForce(func(tx *store.Tx, _ ident.Agreement) error {
		if _, err := in.InForce(tx, inJP); err != nil { // fills the cache
			return err
		}
		return fault.New(fault.Unavailable, "the disk is full")
	})
	_, err := in.Sign(t.Context(), in.h, desk, v)
	wantFault(t, err, fault.Unavailable)
	_, err = in.inForce(t)
	wantFault(t, err, fault.Denied)
	if n := len(in.leaves(t)); n != 1 {
		t.Errorf("%d leaves, want the partner's", n)
	}
}

func BenchmarkInForce(b *testing.B) {
	in, jp, end := openNodes(b)
	defer end()
	v := in.add(b, reference(1, "", ""))
	jp.add(b, reference(1, "", ""))
	signBoth(b, in, jp, v)
	b.ReportAllocs()
	for b.Loop() {
		var terms accord.Terms
		err := in.h.Query(b.Context(), func(tx *store.Tx) error {
			var err error
			terms, err = in.InForce(tx, inJP)
			return err
		})
		if err != nil || terms.Table == nil {
			b.Fatal(err)
		}
	}
}
