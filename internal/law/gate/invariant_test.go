package gate_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

// Invariant 2 of DESIGN §2: no crossing without a clause.

func few[T any](t *rapid.T, name string, from []T) []T {
	return rapid.SliceOfN(rapid.SampledFrom(from), 0, 3).Draw(t, name)
}

// anyLabel draws labels with known and unknown values in every place.
func anyLabel() *rapid.Generator[marking.Label] {
	return rapid.Custom(func(t *rapid.T) marking.Label {
		l := marking.Label{
			Kind:        rapid.SampledFrom([]string{"threat", "incident", "practice", marking.Control, "", "gossip"}).Draw(t, "kind"),
			Origin:      rapid.SampledFrom([]ident.Side{"in", "jp", "other", "gb", ""}).Draw(t, "origin"),
			Contributor: rapid.SampledFrom([]string{"", "member", "friend"}).Draw(t, "contributor"),
			Sectors:     few(t, "sectors", []string{"energy", "finance", "x"}),
			Redacted:    few(t, "redacted", []string{"contributor", "victim", "x"}),
			Approved:    rapid.IntRange(-1, 3).Draw(t, "approved"),
			Emergency:   rapid.IntRange(0, 3).Draw(t, "emergency") == 0,
			Terms: marking.Terms{
				TLP:            marking.TLP(rapid.IntRange(0, 7).Draw(t, "tlp")),
				PAP:            marking.PAP(rapid.IntRange(0, 6).Draw(t, "pap")),
				Classification: rapid.SampledFrom([]string{"", "", "IN-U", "IN-R", "XX"}).Draw(t, "class"),
				Exercise:       rapid.IntRange(0, 9).Draw(t, "exercise") == 0,
			},
		}
		if rapid.IntRange(0, 2).Draw(t, "some") == 0 {
			l.Caveats = few(t, "caveats", append(marking.CaveatCodes(), "XX"))
			l.Unknown = few(t, "unknown", []string{"a", "b"})
			l.ReleasableTo = few(t, "to", []string{"jp", "gb"})
			l.Expires = now.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "hours")) * time.Hour)
			l.NotBefore = now.Add(time.Duration(rapid.IntRange(-2, 2).Draw(t, "embargo")) * time.Hour)
			l.Areas = few(t, "areas", []string{"in-jp 1(1)", "in-jp-2022 1(7)", "in-jp-2022 ", "jp-us 1(1)"})
			l.Consent = few(t, "consent", []string{"jp", "gb"})
			l.Withheld = rapid.SampledFrom([]string{"", "", "", marking.Recalled, marking.Erroneous, "x"}).Draw(t, "withheld")
		}
		return l
	})
}

func anyRule() *rapid.Generator[gate.Rule] {
	return rapid.Custom(func(t *rapid.T) gate.Rule {
		return gate.Rule{
			ID:     rapid.StringMatching(`[a-d]`).Draw(t, "id"),
			Clause: rapid.SampledFrom([]string{"1(1)", "1(7)"}).Draw(t, "clause"),
			When: gate.When{
				Kinds:        few(t, "kinds", []string{"threat", "incident"}),
				TLPs:         few(t, "tlps", marking.TLPs()),
				Origins:      few(t, "origins", []gate.Origin{gate.Own, gate.Other}),
				Contributors: few(t, "contributors", []string{"member", "none"}),
				Sectors:      few(t, "sectors", []string{"energy"}),
			},
			Then: rapid.SampledFrom([]gate.Effect{
				{Outcome: gate.Release},
				{Outcome: gate.Release},
				{Outcome: gate.Hold, Approvals: 1},
				{Outcome: gate.Hold, Approvals: 2},
				{Outcome: gate.Redact, Redact: []string{"contributor"}},
				{Outcome: gate.Redact, Redact: []string{"victim"}},
				{Reason: "no"},
				{Reason: "never"},
				{Outcome: 7},
			}).Draw(t, "then"),
		}
	})
}

func anyTable() *rapid.Generator[*gate.Table] {
	return rapid.Custom(func(t *rapid.T) *gate.Table {
		tab := table()
		tab.Rules = rapid.SliceOfN(anyRule(), 0, 6).Draw(t, "rules")
		tab.CeilingTLP = marking.TLP(rapid.IntRange(3, 5).Draw(t, "ceiling"))
		tab.CeilingClass = rapid.SampledFrom([]string{"", "IN-C"}).Draw(t, "class")
		if rapid.IntRange(0, 3).Draw(t, "other instruments") == 0 {
			tab.Precedence = []gate.Instrument{{ID: "cert", Governs: gate.When{Kinds: []string{"incident"}}}, {ID: "gsomia", Title: "the other one", Governs: gate.When{TLPs: []marking.TLP{marking.Red}}}, {ID: "third"}}[:rapid.IntRange(1, 3).Draw(t, "instruments")]
		}
		return tab
	})
}

func TestAddingARuleNeverOpensMoreThanTheRuleItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, tab, extra, c := anyLabel().Draw(t, "label"), anyTable().Draw(t, "table"), anyRule().Draw(t, "rule"), crossing()
		before := gate.Decide(l, tab, c)
		alone, more := *tab, *tab
		alone.Rules = []gate.Rule{extra}
		more.Rules = append(append([]gate.Rule{}, tab.Rules...), extra)
		after := gate.Decide(l, &more, c)
		if !extra.When.Matches(l, c) {
			if !reflect.DeepEqual(before, after) {
				t.Fatalf("a rule that does not match changed %q to %q", before.Sentence, after.Sentence)
			}
			return
		}
		if !after.Within(gate.Decide(l, &alone, c)) {
			t.Fatalf("more open than the rule alone: %q", after.Sentence)
		}
		if len(before.Matches) > 0 && before.Outcome != gate.Deny && !after.Within(before) {
			t.Fatalf("a further rule opened %q to %q", before.Sentence, after.Sentence)
		}
	})
}

func TestTheOrderOfRulesDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, tab := anyLabel().Draw(t, "label"), anyTable().Draw(t, "table")
		shuffled := *tab
		shuffled.Rules = rapid.Permutation(tab.Rules).Draw(t, "order")
		a, b := gate.Decide(l, tab, crossing()), gate.Decide(l, &shuffled, crossing())
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v\n%+v", a, b)
		}
	})
}

func TestAnUnknownValueDenies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, tab := anyLabel().Draw(t, "label"), anyTable().Draw(t, "table")
		odd := !marking.IsKind(l.Kind) || l.Origin == "" || l.TLP == 0 || l.TLP > marking.Red || l.PAP > marking.PAPRed ||
			len(l.Unknown) > 0 || l.Contributor == "friend" || l.Classification == "XX" || strings.Contains(strings.Join(l.Caveats, " "), "XX")
		for name, d := range map[string]gate.Decision{"decide": gate.Decide(l, tab, crossing()), "accept": gate.Accept(l, tab, crossing())} {
			if odd && d.Outcome != gate.Deny {
				t.Fatalf("%s: %v for %+v", name, d.Outcome, l)
			}
		}
	})
}

func TestEveryDecisionIsExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, tab := anyLabel().Draw(t, "label"), anyTable().Draw(t, "table")
		for _, d := range []gate.Decision{gate.Decide(l, tab, crossing()), gate.Accept(l, tab, crossing())} {
			if len(d.Sentence) < 8 || !strings.HasSuffix(d.Sentence, ".") {
				t.Fatalf("sentence %q", d.Sentence)
			}
			for _, word := range []string{"breach", "violation", "non-compliance", "%!"} {
				if strings.Contains(strings.ToLower(d.Sentence), word) {
					t.Fatalf("sentence %q", d.Sentence)
				}
			}
			cites := false
			for _, m := range d.Winners() {
				cites = cites || m.Clause != ""
			}
			if d.Outcome != gate.Deny && !cites {
				rulePermits := false
				for _, m := range d.Matches {
					rulePermits = rulePermits || m.Clause != ""
				}
				if !rulePermits {
					t.Fatalf("released without a clause: %+v", d)
				}
			}
			if (d.Outcome == gate.Hold) != (d.Approvals > 0) || (d.Outcome == gate.Redact && len(d.Redact) == 0) {
				t.Fatalf("inconsistent: %+v", d)
			}
		}
	})
}

func TestAcceptTakesNothingThatDecideWouldNotLetGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, tab, c := anyLabel().Draw(t, "label"), anyTable().Draw(t, "table"), crossing()
		out, in := gate.Decide(l, tab, c), gate.Accept(l, tab, c)
		wire := l
		wire.Approved, wire.Redacted = out.Approvals, append(wire.Redacted, out.Redact...)
		ready := gate.Accept(wire, tab, c)
		if in.Outcome == gate.Release && out.Outcome != gate.Release && l.Approved < out.Approvals && (!l.Emergency || l.Approved < 1 || out.Outcome != gate.Hold) {
			t.Fatalf("accepted %+v", l)
		}
		if (ready.Outcome == gate.Release) != (out.Outcome != gate.Deny) {
			t.Fatalf("%q, once done, is answered %q", out.Sentence, ready.Sentence)
		}
	})
}

func TestAReaderIsNeverShownMoreThanTheLevel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLabel().Draw(t, "label")
		c := gate.Clearance{Side: "jp", TLP: marking.TLP(rapid.IntRange(0, 5).Draw(t, "level")), Domain: ident.Live, Now: now}
		ok, why := gate.Readable(l, c)
		if ok == (why.Key != "") {
			t.Fatalf("%v but %q", ok, why)
		}
		if ok && (l.TLP == 0 || l.TLP > c.TLP || len(l.Unknown) > 0 || l.Exercise) {
			t.Fatalf("shown %+v to %+v", l, c)
		}
		if ok {
			c.TLP = marking.Red
			if still, _ := gate.Readable(l, c); !still {
				t.Fatalf("a higher clearance sees less: %+v", l)
			}
		}
	})
}
