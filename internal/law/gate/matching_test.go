package gate_test

import (
	"strings"
	"testing"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

func TestMatchingNeedsARuleThatNamesIt(t *testing.T) {
	release, hold := gate.Effect{Outcome: gate.Release}, gate.Effect{Outcome: gate.Hold, Approvals: 2}
	rule := func(then gate.Effect, kinds ...string) gate.Rule {
		return gate.Rule{ID: "r", Clause: "1(1)", When: gate.When{Kinds: kinds}, Then: then}
	}
	narrow := func(then gate.Effect) gate.Rule {
		r := rule(then, gate.Matching)
		r.When.TLPs = []marking.TLP{marking.Clear}
		return r
	}
	for name, c := range map[string]struct {
		rules  []gate.Rule
		halted string
		want   gate.Outcome
		says   string
	}{
		"no rule":                          {nil, "", gate.Deny, "no rule of"},
		"a rule for everything":            {[]gate.Rule{rule(release)}, "", gate.Deny, "no rule of"},
		"a rule for threats":               {[]gate.Rule{rule(release, marking.Threat)}, "", gate.Deny, "no rule of"},
		"a rule for matching":              {[]gate.Rule{rule(release, gate.Matching)}, "", gate.Release, "rule r, clause 1(1)"},
		"with approvals":                   {[]gate.Rule{rule(release, gate.Matching), rule(hold, gate.Matching)}, "", gate.Hold, "2 approvals"},
		"the strictest wins":               {[]gate.Rule{rule(hold, gate.Matching), rule(gate.Effect{Reason: "not yet"}, gate.Matching, marking.Threat)}, "", gate.Deny, "not yet"},
		"an effect that means nothing":     {[]gate.Rule{rule(gate.Effect{Outcome: gate.Redact, Redact: []string{"victim"}}, gate.Matching)}, "", gate.Deny, "means nothing"},
		"a permission with a condition":    {[]gate.Rule{narrow(release)}, "", gate.Deny, "no rule of"},
		"a refusal with a condition":       {[]gate.Rule{rule(release, gate.Matching), narrow(gate.Effect{Reason: "no"})}, "", gate.Deny, "no"},
		"an agreement that is not current": {[]gate.Rule{rule(release, gate.Matching)}, "it has ended", gate.Deny, "it has ended"},
	} {
		table := &gate.Table{
			Agreement: "in-jp-2022", Version: 1, Rules: c.rules, Halted: c.halted,
			Parties: [2]gate.Party{{Side: "in"}, {Side: "jp"}}, CeilingTLP: marking.Red,
		}
		d := gate.DecideMatching(table, gate.Context{From: "in", To: "jp", Domain: ident.Live})
		if d.Outcome != c.want || !strings.Contains(d.Sentence, c.says) {
			t.Errorf("%s: %v %q", name, d.Outcome, d.Sentence)
		}
		if d := gate.DecideMatching(table, gate.Context{From: "in", To: "uk", Domain: ident.Live}); d.Outcome != gate.Deny {
			t.Errorf("%s: a third side: %v", name, d.Outcome)
		}
	}
	if d := gate.DecideMatching(nil, gate.Context{From: "in", To: "jp"}); d.Outcome != gate.Deny {
		t.Error(d)
	}
}
