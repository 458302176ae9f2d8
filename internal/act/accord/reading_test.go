package accord_test

import (
	"slices"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

func TestStandingFollowsTheSignatures(t *testing.T) {
	in, jp := pairOfNodes(t)
	if _, err := in.Standing(t.Context(), in.h, inJP); !fault.Is(err, fault.NotFound) {
		t.Errorf("of nothing: %v", err)
	}
	v := in.add(t, reference(1, "", ""))
	jp.add(t, reference(1, "", ""))
	s, err := in.Standing(t.Context(), in.h, inJP)
	if err != nil || s.State != agreement.Drafting || s.Force != 0 || s.Permits.Exchange || s.Permits.Why == "" {
		t.Errorf("a draft: %+v, %v", s, err)
	}
	jp.countersign(t, "in", in.sign(t, v))
	if s, err = in.Standing(t.Context(), in.h, inJP); err != nil || s.State != agreement.Approved || s.Permits.Exchange {
		t.Errorf("signed by one: %+v, %v", s, err)
	}
	in.countersign(t, "jp", jp.sign(t, v))
	in.record(t, agreement.Event{Name: agreement.Done, Subject: "D9"})
	if s, err = in.Standing(t.Context(), in.h, inJP); err != nil || s.State != agreement.TermEnding || s.Force != 1 || !s.Permits.Exchange || len(s.Events) < 5 {
		t.Errorf("in force: %+v, %v", s, err)
	}
}

func TestOriginalsAreTheSameTextOnBothNodes(t *testing.T) {
	in, jp := pairOfNodes(t)
	v := agree(t, in, jp)
	for _, n := range []*node{in, jp} {
		list, err := n.Originals(t.Context(), n.h, inJP, v.Number)
		if err != nil || len(list) != 2 {
			t.Fatal(list, err)
		}
		for _, o := range list {
			if o.Hash != v.Hash || !o.Same || o.By == "" {
				t.Errorf("%s at %s: %+v", o.Side, n.h.Domain(), o)
			}
		}
	}
	if _, err := in.Originals(t.Context(), in.h, inJP, 9); !fault.Is(err, fault.NotFound) {
		t.Errorf("of a version that is not there: %v", err)
	}
}

func TestAskAnswersForTheVersionInForceOrAnother(t *testing.T) {
	in, jp := pairOfNodes(t)
	if _, err := in.Ask(t.Context(), in.h, inJP, 0, threat(marking.Green, "in")); !fault.Is(err, fault.NotFound) {
		t.Errorf("of nothing: %v", err)
	}
	v1 := agree(t, in, jp)
	green := threat(marking.Green, "in")
	a, err := in.Ask(t.Context(), in.h, inJP, 0, green)
	if err != nil || a.Decision.Outcome != gate.Release || !a.InForce || a.Version.Hash != v1.Hash || a.Steps != nil {
		t.Errorf("green: %+v, %v", a, err)
	}
	a, err = in.Ask(t.Context(), in.h, inJP, 0, threat(marking.Red, "in"))
	if err != nil || a.Decision.Approvals != 2 || !slices.ContainsFunc(a.Steps, func(s gate.Step) bool { return s.What == gate.StepTLP && s.To == "green" }) {
		t.Errorf("red: %+v, %v", a, err)
	}
	// What the partner owns is not sent back, from whichever side one asks.
	if a, err = jp.Ask(t.Context(), jp.h, inJP, 0, green); err != nil || a.Decision.Outcome != gate.Deny {
		t.Errorf("theirs: %+v, %v", a, err)
	}
	v2 := in.add(t, stricter(2, v1))
	a, err = in.Ask(t.Context(), in.h, inJP, 2, threat(marking.Amber, "in"))
	if err != nil || a.InForce || a.Version.Hash != v2.Hash || a.Decision.Approvals != 2 {
		t.Errorf("under the amendment: %+v, %v", a, err)
	}
	if _, err = in.Ask(t.Context(), in.h, inJP, 7, green); !fault.Is(err, fault.NotFound) {
		t.Errorf("under a version that is not there: %v", err)
	}
	in.record(t, agreement.Event{Name: agreement.Notify, By: "jp", Written: true, Effective: "2026-11-22"})
	if a, err = in.Ask(t.Context(), in.h, inJP, 0, green); err != nil || a.Decision.Outcome != gate.Deny {
		t.Errorf("after discontinuation: %+v, %v", a, err)
	}
}
