package gate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func exercise(t testing.TB) ident.Domain {
	t.Helper()
	d, err := ident.Exercise("kaiju")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func crossing() gate.Context {
	return gate.Context{From: "in", To: "jp", Domain: ident.Live, Now: now}
}

// table is a small agreement with one row of each effect.
func table() *gate.Table {
	return &gate.Table{
		Agreement:  "in-jp",
		Version:    3,
		Parties:    [2]gate.Party{{Side: "in", Codes: []string{"ind"}}, {Side: "jp", Codes: []string{"jpn"}}},
		CeilingTLP: marking.Red,
		Rules: []gate.Rule{
			{ID: "open", Clause: "1(1)", When: gate.When{Kinds: []string{"threat"}, TLPs: []marking.TLP{marking.Clear, marking.Green}}, Then: gate.Effect{Outcome: gate.Release}},
			{ID: "sensitive", Clause: "1(1)", When: gate.When{TLPs: []marking.TLP{marking.Amber, marking.AmberStrict}}, Then: gate.Effect{Outcome: gate.Hold, Approvals: 1}},
			{ID: "red", Clause: "1(1)", When: gate.When{TLPs: []marking.TLP{marking.Red}}, Then: gate.Effect{Outcome: gate.Hold, Approvals: 2}},
			{ID: "industry", Clause: "1(7)", When: gate.When{Contributors: []string{marking.Member}}, Then: gate.Effect{Outcome: gate.Redact, Redact: []string{"contributor", "victim"}}},
			{ID: "third-party", Clause: "1(1)", When: gate.When{Origins: []gate.Origin{gate.Other}}, Then: gate.Effect{Reason: "needs the originator's consent. Ask for it"}},
		},
	}
}

// label returns a TLP:CLEAR threat of in's own, changed by f.
func label(f func(*marking.Label)) marking.Label {
	l := marking.Label{Kind: marking.Threat, Origin: "in", Terms: marking.Terms{TLP: marking.Clear}}
	if f != nil {
		f(&l)
	}
	return l
}

func caveat(code string) marking.Label {
	return label(func(l *marking.Label) { l.Caveats = []string{code} })
}

// les is what one side's police keep to themselves, for areas.
func les(origin ident.Side, areas ...string) marking.Label {
	return label(func(l *marking.Label) { l.Caveats, l.Origin, l.Areas = []string{"LES"}, origin, areas })
}

func TestDecide(t *testing.T) {
	play := exercise(t)
	for _, c := range []struct {
		name  string
		label marking.Label
		table func(*gate.Table)
		ctx   func(*gate.Context)
		want  gate.Outcome
		says  string
	}{
		{"clear goes", label(nil), nil, nil, gate.Release, "Released by rule open, clause 1(1)."},
		{"amber waits for one", label(func(l *marking.Label) { l.TLP = marking.Amber }), nil, nil, gate.Hold, "Held by rule sensitive, clause 1(1): needs 1 approval."},
		{"red waits for two", label(func(l *marking.Label) { l.TLP = marking.Red }), nil, nil, gate.Hold, "Held by rule red, clause 1(1): needs 2 approvals."},
		{"a member's goes redacted", label(func(l *marking.Label) { l.Contributor = marking.Member }), nil, nil, gate.Redact, "Released by rule industry, clause 1(7). Before it goes, who contributed it and who was affected is taken out."},
		{"a member's amber waits and is redacted", label(func(l *marking.Label) { l.TLP, l.Contributor = marking.Amber, marking.Member }), nil, nil, gate.Hold, "Held by rule sensitive, clause 1(1) and rule industry, clause 1(7): needs 1 approval. Before it goes, who contributed it and who was affected is taken out."},
		{"what was redacted goes", label(func(l *marking.Label) {
			l.Contributor, l.Redacted = marking.Member, []string{"contributor", "victim"}
		}), nil, nil, gate.Release, "Released by rule industry, clause 1(7) and rule open, clause 1(1)."},
		{"a third party's stays", label(func(l *marking.Label) { l.Origin = marking.OtherSide }), nil, nil, gate.Deny, "Denied by rule third-party, clause 1(1): needs the originator's consent. Ask for it."},
		{"what no rule covers stays", label(func(l *marking.Label) { l.Kind = marking.Incident }), nil, nil, gate.Deny, "Denied: no rule of in-jp version 3 covers it."},
		{"theirs is not sent back", label(func(l *marking.Label) { l.Origin = "jp" }), nil, nil, gate.Deny, "Denied: it is theirs."},
		{"a label without origin stays", label(func(l *marking.Label) { l.Origin = "" }), nil, nil, gate.Deny, "nobody is known to own it"},
		{"a label without kind stays", label(func(l *marking.Label) { l.Kind = "" }), nil, nil, gate.Deny, "its kind is not known"},
		{"no TLP stays", label(func(l *marking.Label) { l.TLP = marking.NoTLP }), nil, nil, gate.Deny, "it has no TLP marking"},
		{"a TLP that does not exist stays", label(func(l *marking.Label) { l.TLP = 9 }), nil, nil, gate.Deny, "it has no TLP marking"},
		{"a PAP that does not exist stays", label(func(l *marking.Label) { l.PAP = 9 }), nil, nil, gate.Deny, "its PAP level is not known"},
		{"a contributor that does not exist stays", label(func(l *marking.Label) { l.Contributor = "friend" }), nil, nil, gate.Deny, "its kind of contributor is not known"},
		{"an unknown marking stays", label(func(l *marking.Label) { l.Unknown = []string{"TLP: ambr"} }), nil, nil, gate.Deny, "not understood (TLP: ambr)"},
		{"above the TLP ceiling", label(func(l *marking.Label) { l.TLP = marking.Amber }), func(t *gate.Table) { t.CeilingTLP = marking.Green }, nil, gate.Deny, "it is TLP:AMBER, above the agreement's ceiling"},
		{"at the TLP ceiling", label(func(l *marking.Label) { l.TLP = marking.Green }), func(t *gate.Table) { t.CeilingTLP = marking.Green }, nil, gate.Release, ""},
		{"classified above the ceiling", label(func(l *marking.Label) { l.Classification = "IN-R" }), nil, nil, gate.Deny, "its classification IN-R is above"},
		{"classified within the ceiling", label(func(l *marking.Label) { l.Classification = "IN-R" }), func(t *gate.Table) { t.CeilingClass = "IN-C" }, nil, gate.Release, ""},
		{"an unknown classification", label(func(l *marking.Label) { l.Classification = "XX" }), func(t *gate.Table) { t.CeilingClass = "IN-TS" }, nil, gate.Deny, "XX is above"},
		{"exercise in live", label(func(l *marking.Label) { l.Exercise = true }), nil, nil, gate.Deny, "exercise material never goes by the live channel"},
		{"live in exercise", label(nil), nil, func(c *gate.Context) { c.Domain = play }, gate.Deny, "live material never goes by an exercise channel"},
		{"exercise in exercise", label(func(l *marking.Label) { l.Exercise = true }), nil, func(c *gate.Context) { c.Domain = play }, gate.Release, ""},
		{"no domain", label(nil), nil, func(c *gate.Context) { c.Domain = ident.Domain{} }, gate.Deny, "not known whether this is live"},
		{"listed by side", label(func(l *marking.Label) { l.ReleasableTo = []string{"in", "jp"} }), nil, nil, gate.Release, ""},
		{"listed by code", label(func(l *marking.Label) { l.ReleasableTo = []string{"jpn"} }), nil, nil, gate.Release, ""},
		{"not listed", label(func(l *marking.Label) { l.ReleasableTo = []string{"in", "gb"} }), nil, nil, gate.Deny, "it may not be released to jp"},
		{"listed nobody", label(func(l *marking.Label) { l.ReleasableTo = []string{} }), nil, nil, gate.Deny, "it may not be released to jp"},
		{"NOFORN", caveat("NOFORN"), nil, nil, gate.Deny, "NOFORN: it may not be released to foreign nationals"},
		{"DISPLAY ONLY", caveat("DISPLAY ONLY"), nil, nil, gate.Deny, "shown but not handed over"},
		{"law enforcement", caveat("LES"), nil, nil, gate.Deny, "law-enforcement channel"},
		{"a third party's consent", caveat("THIRD-PARTY"), nil, nil, gate.Deny, "third party's consent"},
		{"limited distribution to nobody named", caveat("LIMDIS"), nil, nil, gate.Deny, "names no recipients"},
		{"limited distribution to the recipient", label(func(l *marking.Label) { l.Caveats, l.ReleasableTo = []string{"LIMDIS"}, []string{"jp"} }), nil, nil, gate.Release, ""},
		{"a release decision is needed", caveat("RELIDO"), nil, nil, gate.Hold, "Held by caveat RELIDO: needs 1 approval."},
		{"the Chatham House rule hides the source", caveat("CHR"), nil, nil, gate.Redact, "who contributed it is taken out"},
		{"ORCON alone goes", caveat("ORCON"), nil, nil, gate.Release, ""},
		{"no extract of ORCON without approval", label(func(l *marking.Label) { l.Caveats = []string{"CHR", "ORCON"} }), nil, nil, gate.Hold, "needs 1 approval"},
		{"an unknown caveat", caveat("NOFORM"), nil, nil, gate.Deny, "its caveat NOFORM is not known"},
		{"expired", label(func(l *marking.Label) { l.Expires = now }), nil, nil, gate.Deny, "it expired"},
		{"not yet expired", label(func(l *marking.Label) { l.Expires = now.Add(time.Second) }), nil, nil, gate.Release, ""},
		{"expires while nobody knows the time", label(func(l *marking.Label) { l.Expires = now.Add(time.Hour) }), nil, func(c *gate.Context) { c.Now = time.Time{} }, gate.Deny, "it expired"},
		{"to a third side", label(nil), nil, func(c *gate.Context) { c.To = "gb" }, gate.Deny, "not between the two sides"},
		{"from a third side", label(nil), nil, func(c *gate.Context) { c.From = "gb" }, gate.Deny, "not between the two sides"},
		{"to oneself", label(nil), nil, func(c *gate.Context) { c.To = "in" }, gate.Deny, "not between the two sides"},
		{"to nobody", label(nil), func(t *gate.Table) { t.Parties[1].Side = "" }, func(c *gate.Context) { c.To = "" }, gate.Deny, "not between the two sides"},
		{"while halted", label(nil), func(t *gate.Table) { t.Halted = "the agreement was discontinued" }, nil, gate.Deny, "Denied: the agreement was discontinued."},
		{"governed by another instrument", label(nil), func(t *gate.Table) {
			t.Precedence = []gate.Instrument{{ID: "cert", Title: "the CERT memorandum"}, {ID: "b", Governs: gate.When{Kinds: []string{"incident"}}}, {ID: "c"}}
		}, nil, gate.Deny, "it is governed by the CERT memorandum; use that channel (also spoken of by c)."},
		{"not governed by it", label(nil), func(t *gate.Table) {
			t.Precedence = []gate.Instrument{{ID: "b", Governs: gate.When{Classifications: []string{gate.AnyClass}}}}
		}, nil, gate.Release, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab, ctx := table(), crossing()
			if c.table != nil {
				c.table(tab)
			}
			if c.ctx != nil {
				c.ctx(&ctx)
			}
			d := gate.Decide(c.label, tab, ctx)
			if d.Outcome != c.want || !strings.Contains(d.Sentence, c.says) {
				t.Errorf("got %v: %s", d.Outcome, d.Sentence)
			}
			if d.Outcome != gate.Deny && !slices.ContainsFunc(d.Winners(), func(m gate.Match) bool { return m.Clause != "" || m.Standing }) {
				t.Errorf("nothing is named: %+v", d)
			}
		})
	}
}

func TestWithoutAnAgreementNothingGoes(t *testing.T) {
	for name, tab := range map[string]*gate.Table{"none": nil, "zero": {}} {
		if d := gate.Decide(label(nil), tab, crossing()); d.Outcome != gate.Deny || d.Sentence == "" {
			t.Errorf("%s: %v %q", name, d.Outcome, d.Sentence)
		}
	}
	if d := gate.Decide(label(nil), nil, crossing()); !strings.Contains(d.Sentence, "no agreement in force") {
		t.Errorf("got %q", d.Sentence)
	}
}

func TestEveryMatchIsReturnedAndTheWinnersAreMarked(t *testing.T) {
	l := label(func(l *marking.Label) {
		l.Origin, l.Contributor, l.TLP = marking.OtherSide, marking.Member, marking.Red
	})
	d := gate.Decide(l, table(), crossing())
	var all, won []string
	for _, m := range d.Matches {
		all = append(all, m.Rule)
		if m.Wins {
			won = append(won, m.Rule)
		}
	}
	if !slices.Equal(all, []string{"third-party", "onward", "red", "industry"}) || !slices.Equal(won, []string{"third-party", "onward"}) {
		t.Errorf("matched %v, won %v", all, won)
	}
	if d.Approvals != 0 || d.Redact != nil {
		t.Errorf("a denial asks for %d approvals and %v", d.Approvals, d.Redact)
	}
}

func TestARuleThatMakesNoSenseDenies(t *testing.T) {
	for name, e := range map[string]gate.Effect{
		"an unknown outcome":      {Outcome: 9},
		"a hold for nobody":       {Outcome: gate.Hold},
		"a redaction of nothing":  {Outcome: gate.Redact},
		"an unknown redaction":    {Outcome: gate.Redact, Redact: []string{"everything"}},
		"a release with approval": {Outcome: gate.Release, Approvals: 1},
		"a release that redacts":  {Outcome: gate.Release, Redact: []string{"victim"}},
		"a negative hold":         {Outcome: gate.Hold, Approvals: -1},
	} {
		tab := table()
		tab.Rules = append(tab.Rules, gate.Rule{ID: "odd", Clause: "1(1)", Then: e})
		if d := gate.Decide(label(nil), tab, crossing()); d.Outcome != gate.Deny || !strings.Contains(d.Sentence, "not understood") {
			t.Errorf("%s: %v %s", name, d.Outcome, d.Sentence)
		}
	}
}

func TestEveryConditionCounts(t *testing.T) {
	full := label(func(l *marking.Label) {
		l.PAP, l.Classification, l.Contributor = marking.PAPGreen, "IN-R", marking.Member
		l.Sectors, l.Caveats = []string{"energy", "finance"}, []string{"ORCON"}
	})
	fits := gate.When{
		Kinds: []string{"threat"}, TLPs: []marking.TLP{marking.Clear}, PAPs: []marking.PAP{marking.PAPGreen},
		Classifications: []string{"IN-R"}, Origins: []gate.Origin{gate.Own}, Contributors: []string{marking.Member},
		Sectors: []string{"finance", "telecom"}, Caveats: []string{"ORCON"},
	}
	if !fits.Matches(full, crossing()) {
		t.Fatal("a row that fits does not match")
	}
	for name, spoil := range map[string]func(*gate.When){
		"kind":           func(w *gate.When) { w.Kinds = []string{"incident"} },
		"tlp":            func(w *gate.When) { w.TLPs = []marking.TLP{marking.Red} },
		"pap":            func(w *gate.When) { w.PAPs = []marking.PAP{marking.NoPAP} },
		"classification": func(w *gate.When) { w.Classifications = []string{gate.NoClass, "IN-C"} },
		"origin":         func(w *gate.When) { w.Origins = []gate.Origin{gate.Partner, gate.Other} },
		"contributor":    func(w *gate.When) { w.Contributors = []string{gate.NoContributor} },
		"sector":         func(w *gate.When) { w.Sectors = []string{"telecom"} },
		"caveat":         func(w *gate.When) { w.Caveats = []string{"CHR"} },
	} {
		w := fits
		spoil(&w)
		if w.Matches(full, crossing()) {
			t.Errorf("%s is not looked at", name)
		}
	}
	for class, want := range map[string]bool{"IN-R": true, "": false, "IN-U": false, "XX": true} {
		l := label(func(l *marking.Label) { l.Classification = class })
		if got := (gate.When{Classifications: []string{gate.AnyClass}}).Matches(l, crossing()); got != want {
			t.Errorf("any matches %q: %v", class, got)
		}
		if got := (gate.When{Classifications: []string{gate.NoClass}}).Matches(l, crossing()); got == want {
			t.Errorf("none matches %q: %v", class, got)
		}
	}
}

func TestAccept(t *testing.T) {
	for _, c := range []struct {
		name  string
		label marking.Label
		want  gate.Outcome
		says  string
	}{
		{"what goes is taken", label(nil), gate.Release, "Released"},
		{"amber with its approval", label(func(l *marking.Label) { l.TLP, l.Approved = marking.Amber, 1 }), gate.Release, "Accepted: 1 approval recorded, 1 approval needed by rule sensitive, clause 1(1)."},
		{"amber without", label(func(l *marking.Label) { l.TLP = marking.Amber }), gate.Hold, "Refused: 0 approvals recorded, 1 approval needed by rule sensitive, clause 1(1)."},
		{"red with one of two", label(func(l *marking.Label) { l.TLP, l.Approved = marking.Red, 1 }), gate.Hold, "Refused: 1 approval recorded, 2 approvals needed"},
		{"red with one of two in an emergency", label(func(l *marking.Label) { l.TLP, l.Approved, l.Emergency = marking.Red, 1, true }), gate.Release, "Accepted as an emergency release: 1 approval recorded, 2 approvals needed by rule red"},
		{"red in an emergency nobody approved", label(func(l *marking.Label) { l.TLP, l.Emergency = marking.Red, true }), gate.Hold, "Refused: 0 approvals recorded"},
		{"a third party's in an emergency", label(func(l *marking.Label) { l.Origin, l.Approved, l.Emergency = "gb", 1, true }), gate.Deny, "consent"},
		{"a member's in an emergency that was not redacted", label(func(l *marking.Label) {
			l.Contributor, l.TLP, l.Approved, l.Emergency = marking.Member, marking.Red, 1, true
		}), gate.Hold, "It still says"},
		{"red with more than enough", label(func(l *marking.Label) { l.TLP, l.Approved = marking.Red, 3 }), gate.Release, "Accepted"},
		{"a member's that was not redacted", label(func(l *marking.Label) { l.Contributor, l.Approved = marking.Member, 5 }), gate.Redact, "Refused by rule industry, clause 1(7). It still says who contributed it and who was affected, which the sender had to take out."},
		{"approved but not redacted", label(func(l *marking.Label) { l.Contributor, l.TLP, l.Approved = marking.Member, marking.Amber, 5 }), gate.Hold, "It still says"},
		{"our own coming back", label(func(l *marking.Label) { l.Origin = "jp" }), gate.Deny, "it is theirs"},
		{"a third party's, approved or not", label(func(l *marking.Label) { l.Origin, l.Approved = "gb", 9 }), gate.Deny, "consent"},
	} {
		d := gate.Accept(c.label, table(), crossing())
		if d.Outcome != c.want || !strings.Contains(d.Sentence, c.says) {
			t.Errorf("%s: %v %s", c.name, d.Outcome, d.Sentence)
		}
	}
}

func TestApprovalsOfAnotherCrossingDoNotCountOnTheWayOut(t *testing.T) {
	l := label(func(l *marking.Label) { l.TLP, l.Approved = marking.Red, 9 })
	if d := gate.Decide(l, table(), crossing()); d.Outcome != gate.Hold || d.Approvals != 2 {
		t.Errorf("got %v, %d approvals", d.Outcome, d.Approvals)
	}
}

// on puts a reader on lists of LES, each under an agreement with a partner.
func on(all bool, partners ...ident.Side) func(*gate.Clearance) {
	return func(c *gate.Clearance) {
		c.Compartments = []gate.Compartment{{Caveat: "LES"}}
		for _, p := range partners {
			c.Compartments = append(c.Compartments, gate.Compartment{Caveat: "LES", Partner: p}, gate.Compartment{Caveat: "LES", Agreement: ident.Agreement("jp-" + p + "-2022")})
		}
		if all {
			c.Compartments = append(c.Compartments, gate.Compartment{Caveat: "LES", All: true})
		}
	}
}

func TestReadable(t *testing.T) {
	cleared := gate.Clearance{Side: "jp", Codes: []string{"jpn"}, TLP: marking.Amber, Domain: ident.Live, Now: now}
	for _, c := range []struct {
		name  string
		label marking.Label
		who   func(*gate.Clearance)
		want  bool
	}{
		{"within the level", label(func(l *marking.Label) { l.TLP = marking.Amber }), nil, true},
		{"above the level", label(func(l *marking.Label) { l.TLP = marking.AmberStrict }), nil, false},
		{"a reader without clearance sees nothing", label(nil), func(c *gate.Clearance) { *c = gate.Clearance{} }, false},
		{"a reader without level sees nothing", label(nil), func(c *gate.Clearance) { c.TLP = marking.NoTLP }, false},
		{"no TLP", label(func(l *marking.Label) { l.TLP = 0 }), nil, false},
		{"no TLP for who may", label(func(l *marking.Label) { l.TLP = 0 }), func(c *gate.Clearance) { c.Unmarked = true }, true},
		{"unknown", label(func(l *marking.Label) { l.Unknown = []string{"x"} }), nil, false},
		{"unknown for who may", label(func(l *marking.Label) { l.Unknown = []string{"x"} }), func(c *gate.Clearance) { c.Unmarked = true }, true},
		{"unmarked does not lift the level", label(func(l *marking.Label) { l.TLP = marking.Red }), func(c *gate.Clearance) { c.Unmarked = true }, false},
		{"classified", label(func(l *marking.Label) { l.Classification = "JP-SDS" }), nil, false},
		{"classified for who is cleared", label(func(l *marking.Label) { l.Classification = "JP-SDS" }), func(c *gate.Clearance) { c.Classification = "JP-SDS" }, true},
		{"exercise in live", label(func(l *marking.Label) { l.Exercise = true }), nil, false},
		{"exercise in exercise", label(func(l *marking.Label) { l.Exercise = true }), func(c *gate.Clearance) { c.Domain = exercise(t) }, true},
		{"released to others", label(func(l *marking.Label) { l.ReleasableTo = []string{"gb"} }), nil, false},
		{"released to others but one's own", label(func(l *marking.Label) { l.ReleasableTo, l.Origin = []string{"gb"}, "jp" }), nil, true},
		{"released to us by code", label(func(l *marking.Label) { l.ReleasableTo = []string{"jpn"} }), nil, true},
		{"expired", label(func(l *marking.Label) { l.Expires = now }), nil, false},
		{"expired, also one's own", label(func(l *marking.Label) { l.Expires, l.Origin = now, "jp" }), nil, false},
		{"lapsed", label(func(l *marking.Label) { l.Withheld, l.Origin = marking.Lapsed, "jp" }), func(c *gate.Clearance) { c.Unmarked = true }, false},
		{"for an audience", caveat("LES"), nil, false},
		{"for one's audience", caveat("LES"), on(false, "in"), true},
		{"for the audience of another caveat", caveat("LIMDIS"), on(true, "in"), false},
		{"a partner's, under an agreement with another", caveat("LES"), on(false, "gb"), false},
		{"a partner's, under all agreements", caveat("LES"), on(true), true},
		{"one's own, under any", les("jp"), on(false, "gb"), true},
		{"one's own, meant for an agreement", les("jp", "jp-gb-2022:1(1)"), on(false, "gb"), true},
		{"one's own, meant for another agreement", les("jp", "jp-in-2022:1(1)"), on(false, "gb"), false},
		{"one's own, meant for two", les("jp", "jp-in-2022:1(1)", "jp-gb-2022:1(1)"), on(false, "gb"), false},
		{"one's own, meant for two, under both", les("jp", "jp-in-2022:1(1)", "jp-gb-2022:1(1)"), on(false, "gb", "in"), true},
		{"a third side's, under one of several", les("us"), on(false, "gb"), false},
		{"a third side's, under all", les("us"), on(true, "gb"), true},
		{"for two audiences, and in one", label(func(l *marking.Label) { l.Caveats = []string{"LES", "PROPIN"} }), on(true, "in"), false},
		{"a copy of display only", caveat("DISPLAY ONLY"), nil, false},
		{"display only on a screen", caveat("DISPLAY ONLY"), func(c *gate.Clearance) { c.ScreenOnly = true }, true},
		{"another nation's eyes only", caveat("NOFORN"), nil, false},
		{"one's own nation's eyes only", label(func(l *marking.Label) { l.Caveats, l.Origin = []string{"NOFORN"}, "jp" }), nil, true},
		{"an unknown caveat", caveat("XX"), nil, false},
		{"ORCON limits spread, not reading", caveat("ORCON"), nil, true},
	} {
		who := cleared
		if c.who != nil {
			c.who(&who)
		}
		if got, why := gate.Readable(c.label, who); got != c.want || (why.Key == "") != c.want {
			t.Errorf("%s: %v %q", c.name, got, why.In(gate.English))
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	tab, ctx := table(), crossing()
	for name, l := range map[string]marking.Label{
		"release": label(nil),
		"hold":    label(func(l *marking.Label) { l.TLP, l.Contributor = marking.Amber, marking.Member }),
		"deny":    label(func(l *marking.Label) { l.Origin = marking.OtherSide }),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				gate.Decide(l, tab, ctx)
			}
		})
	}
}

func BenchmarkReadable(b *testing.B) {
	l, c := label(nil), gate.Clearance{Side: "jp", TLP: marking.Amber, Domain: ident.Live}
	b.ReportAllocs()
	for b.Loop() {
		gate.Readable(l, c)
	}
}

// TestWhatALabelKeepsBack goes through what a label itself says about where
// and when it may go, whatever the rules allow.
func TestWhatALabelKeepsBack(t *testing.T) {
	area := func(list ...string) func(*marking.Label) { return func(l *marking.Label) { l.Areas = list } }
	third := func(consent ...string) func(*marking.Label) {
		return func(l *marking.Label) { l.Origin, l.Consent, l.Kind = "gb", consent, "practice" }
	}
	tab := table()
	tab.Rules = append(tab.Rules, gate.Rule{ID: "any", Clause: "1(10)", When: gate.When{Kinds: []string{"practice"}}, Then: gate.Effect{Outcome: gate.Release}})
	tab.Rules = slices.DeleteFunc(tab.Rules, func(r gate.Rule) bool { return r.ID == "third-party" })
	for name, c := range map[string]struct {
		change func(*marking.Label)
		want   gate.Outcome
		says   string
	}{
		"no limit":            {nil, gate.Release, ""},
		"the area of a rule":  {area("in-jp 1(1)"), gate.Release, ""},
		"any area of it":      {area("in-jp "), gate.Release, ""},
		"another area":        {area("in-jp 1(6)"), gate.Deny, "no rule of"},
		"1(10) is not 1(1)":   {area("in-jp 1(10)"), gate.Deny, "no rule of"},
		"a member's":          {func(l *marking.Label) { l.Contributor, l.Areas = marking.Member, []string{"in-jp 1(1)"} }, gate.Redact, "is taken out"},
		"another agreement":   {area("jp-us 1(1)"), gate.Deny, "another area of cooperation"},
		"no area":             {func(l *marking.Label) { l.Areas = []string{} }, gate.Deny, "another area of cooperation"},
		"embargo":             {func(l *marking.Label) { l.NotBefore = now.Add(time.Second) }, gate.Deny, "under embargo"},
		"embargo that ended":  {func(l *marking.Label) { l.NotBefore = now }, gate.Release, ""},
		"recalled":            {func(l *marking.Label) { l.Withheld = marking.Recalled }, gate.Deny, "called it back"},
		"wrong":               {func(l *marking.Label) { l.Withheld = marking.Erroneous }, gate.Deny, "withdrawn it as wrong"},
		"withheld somehow":    {func(l *marking.Label) { l.Withheld = "x" }, gate.Deny, "withheld"},
		"a third party's":     {third(), gate.Deny, "no consent"},
		"consent for another": {third("us"), gate.Deny, "no consent"},
		"consent":             {third("us", "jp"), gate.Release, ""},
	} {
		d := gate.Decide(label(c.change), tab, crossing())
		if d.Outcome != c.want || !strings.Contains(d.Sentence, c.says) {
			t.Errorf("%s: %v: %s", name, d.Outcome, d.Sentence)
		}
	}
}

func TestWhatAWarningListNamesWaitsForAnOfficer(t *testing.T) {
	for _, c := range []struct {
		tlp  marking.TLP
		want int
	}{{marking.Clear, 1}, {marking.Red, 2}} {
		l := label(func(l *marking.Label) { l.TLP, l.Listed = c.tlp, true })
		d := gate.Decide(l, table(), crossing())
		if d.Outcome != gate.Hold || d.Approvals != c.want {
			t.Errorf("%s: %s", c.tlp, d.Sentence)
		}
		l.Approved = c.want
		if d := gate.Accept(l, table(), crossing()); d.Outcome != gate.Release {
			t.Errorf("%s with %d approvals: %s", c.tlp, c.want, d.Sentence)
		}
	}
	if d := gate.Decide(label(func(l *marking.Label) { l.Listed = true }), nil, crossing()); d.Outcome != gate.Deny {
		t.Errorf("a list lets it go: %s", d.Sentence)
	}
}

// TestProtectionGoesOn: after the agreement's life nothing new leaves, but what
// protects the old does (memorandum, section 3(5)).
func TestProtectionGoesOn(t *testing.T) {
	tab := table()
	tab.Rules = append(tab.Rules, gate.Rule{ID: "control", Clause: "3(5)", When: gate.When{Kinds: []string{marking.Control}}, Then: gate.Effect{Outcome: gate.Release}})
	recall := label(func(l *marking.Label) { l.Kind = marking.Control })
	for _, c := range []struct {
		halted   string
		protects bool
		l        marking.Label
		want     gate.Outcome
	}{
		{"", false, recall, gate.Release},
		{"over", false, recall, gate.Deny},
		{"over", true, recall, gate.Release},
		{"over", true, label(nil), gate.Deny},
	} {
		tab.Halted, tab.Protects = c.halted, c.protects
		if d := gate.Decide(c.l, tab, crossing()); d.Outcome != c.want {
			t.Errorf("%+v: %s", c, d.Sentence)
		}
	}
}
