package gate_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

func whats(list []gate.Step) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.What+" "+s.To+" "+s.Decision.Outcome.String())
	}
	return out
}

func TestSteps(t *testing.T) {
	table := &gate.Table{
		Agreement: "in-jp-2022", Version: 1, Parties: [2]gate.Party{{Side: "in"}, {Side: "jp"}}, CeilingTLP: marking.Red,
		Rules: []gate.Rule{
			{ID: "open", Clause: "1", When: gate.When{TLPs: []marking.TLP{marking.Clear, marking.Green}, Origins: []gate.Origin{gate.Own}}, Then: gate.Effect{Outcome: gate.Release}},
			{ID: "amber", Clause: "1", When: gate.When{TLPs: []marking.TLP{marking.Amber, marking.AmberStrict}, Origins: []gate.Origin{gate.Own}}, Then: gate.Effect{Outcome: gate.Hold, Approvals: 1}},
			{ID: "red", Clause: "1", When: gate.When{TLPs: []marking.TLP{marking.Red}, Origins: []gate.Origin{gate.Own}}, Then: gate.Effect{Outcome: gate.Hold, Approvals: 2}},
			{ID: "member", Clause: "7", When: gate.When{Contributors: []string{marking.Member}}, Then: gate.Effect{Outcome: gate.Redact, Redact: []string{"contributor"}}},
			{ID: "other", Clause: "1", When: gate.When{Origins: []gate.Origin{gate.Other}}, Then: gate.Effect{Outcome: gate.Deny, Reason: "ask"}},
		},
	}
	c := gate.Context{From: "in", To: "jp", Domain: ident.Live, Now: now}
	label := func(change func(*marking.Label)) marking.Label {
		l := marking.Label{Kind: "threat", Origin: "in", Terms: marking.Terms{TLP: marking.Green}}
		change(&l)
		return l
	}
	for name, tt := range map[string]struct {
		label marking.Label
		want  []string
	}{
		"what goes needs nothing":    {label(func(*marking.Label) {}), nil},
		"red comes down in steps":    {label(func(l *marking.Label) { l.TLP = marking.Red }), []string{"tlp amber+strict hold", "tlp green release"}},
		"no TLP at all":              {label(func(l *marking.Label) { l.TLP = marking.NoTLP }), []string{"tlp red hold", "tlp amber+strict hold", "tlp green release"}},
		"a caveat":                   {label(func(l *marking.Label) { l.Caveats = []string{"NOFORN"} }), []string{"caveat  release"}},
		"two caveats, neither alone": {label(func(l *marking.Label) { l.Caveats = []string{"LES", "NOFORN"} }), nil},
		"a list without the partner": {label(func(l *marking.Label) { l.ReleasableTo = []string{"us"} }), []string{"releasable-to jp release"}},
		"a member's":                 {label(func(l *marking.Label) { l.Contributor = marking.Member }), []string{"redact  release", "contributor none release"}},
		"another's":                  {label(func(l *marking.Label) { l.Origin = marking.OtherSide }), []string{"origin in release"}},
		"a classification":           {label(func(l *marking.Label) { l.Classification = "IN-S" }), []string{"classification none release"}},
		"expired":                    {label(func(l *marking.Label) { l.Expires = c.Now.Add(-time.Hour) }), []string{"expiry  release"}},
		"not understood":             {label(func(l *marking.Label) { l.Unknown = []string{"x"} }), []string{"unknown  release"}},
	} {
		if got := whats(gate.Steps(tt.label, table, c)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
	if got := gate.Steps(label(func(l *marking.Label) { l.TLP = marking.Red }), nil, c); got != nil {
		t.Errorf("without an agreement something helps: %q", whats(got))
	}
}

// TestEveryStepOpensSomething tries arbitrary labels and tables.
func TestEveryStepOpensSomething(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, table, c := anyLabel().Draw(t, "label"), anyTable().Draw(t, "table"), crossing()
		now := gate.Decide(l, table, c)
		for _, s := range gate.Steps(l, table, c) {
			if s.Decision.Within(now) {
				t.Fatalf("%s to %q opens nothing: %s / %s", s.What, s.To, now.Sentence, s.Decision.Sentence)
			}
		}
	})
}
