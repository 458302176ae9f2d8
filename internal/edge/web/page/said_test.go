package page_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/base/lang"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/edge/web/words"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

func some(t *rapid.T, name string, from ...string) []string {
	return rapid.SliceOfN(rapid.SampledFrom(from), 0, 2).Draw(t, name)
}

// anyDecision is of labels and tables that bar, hold, redact and release for
// every reason there is.
func anyDecision(t *rapid.T) gate.Decision {
	l := marking.Label{Kind: rapid.SampledFrom([]string{"threat", "threat", "incident", "gossip"}).Draw(t, "kind")}
	l.Origin = rapid.SampledFrom([]ident.Side{"in", "in", "in", "jp", "other", ""}).Draw(t, "origin")
	l.TLP = marking.TLP(rapid.IntRange(0, 6).Draw(t, "tlp"))
	l.Contributor = rapid.SampledFrom([]string{"", "member", "friend"}).Draw(t, "contributor")
	l.Approved, l.Emergency = rapid.IntRange(0, 2).Draw(t, "approved"), rapid.Bool().Draw(t, "emergency")
	if rapid.Bool().Draw(t, "odd") {
		l.Caveats, l.Unknown = some(t, "caveats", append(marking.CaveatCodes(), "XX")...), some(t, "unknown", "FOO", "a {0} b")
		l.ReleasableTo, l.Exercise = some(t, "to", "jp", "gb"), rapid.Bool().Draw(t, "exercise")
		l.Classification = rapid.SampledFrom([]string{"", "IN-R", "XX"}).Draw(t, "class")
		l.Expires = start.AddDate(0, 0, rapid.IntRange(-1, 1).Draw(t, "days"))
	}
	tab := &gate.Table{
		Agreement: "in-jp", Version: 3, CeilingTLP: marking.AmberStrict,
		Parties: [2]gate.Party{{Side: "in"}, {Side: "jp"}},
		Halted:  rapid.SampledFrom([]string{"", "", "", "the agreement is still being drafted", "nobody knows"}).Draw(t, "halted"),
	}
	for _, then := range rapid.SliceOfN(rapid.SampledFrom([]gate.Effect{
		{Outcome: gate.Release},
		{Outcome: gate.Hold, Approvals: 1},
		{Outcome: gate.Hold, Approvals: 2},
		{Outcome: 9},
		{Reason: "no. Ask {1} for it."},
		{},
		{Outcome: gate.Redact, Redact: []string{"victim"}},
		{Outcome: gate.Redact, Redact: []string{"contributor", "victim"}},
	}), 0, 3).Draw(t, "rules") {
		tab.Rules = append(tab.Rules, gate.Rule{ID: "r", Clause: "1(1)", Then: then})
	}
	if rapid.IntRange(0, 3).Draw(t, "instruments") == 0 {
		tab.Precedence = []gate.Instrument{{ID: "a", Title: "An agreement"}, {ID: "b"}, {ID: "c"}}[:rapid.IntRange(1, 3).Draw(t, "many")]
	}
	c := gate.Context{From: "in", To: "jp", Domain: ident.Live, Now: start}
	if rapid.Bool().Draw(t, "here") {
		return gate.Accept(l, tab, c)
	}
	return gate.Decide(l, tab, c)
}

// leftover is what no sentence holds: a key, or a place that was not filled.
var leftover = regexp.MustCompile(`(gate|said)\.[a-z]|\{[2-9]\}`)

func TestADecisionIsSaidInEveryLanguage(t *testing.T) {
	texts, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		d := anyDecision(t)
		said := map[lang.Tag]string{}
		for _, tag := range lang.Tags() {
			said[tag] = (&page.Request{Printer: texts.Printer(tag)}).Decision(d)
			if bad := leftover.FindString(said[tag]); bad != "" || strings.TrimSpace(said[tag]) != said[tag] {
				t.Fatalf("%s: %q has %q in it", tag, said[tag], bad)
			}
			for _, m := range d.Winners() {
				if !m.Standing && !strings.Contains(said[tag], m.Rule) && d.Outcome != gate.Deny {
					t.Fatalf("%s: %q does not name the rule", tag, said[tag])
				}
				if own := strings.TrimRight(m.Effect.Reason, ". "); m.Why.Key == "" && !strings.Contains(said[tag], own) {
					t.Fatalf("%s: %q does not have the agreement's own reason %q", tag, said[tag], own)
				}
			}
		}
		if said[lang.English] != d.Sentence {
			t.Fatalf("the page says %q, the gate %q", said[lang.English], d.Sentence)
		}
		if said[lang.Japanese] == d.Sentence || said[lang.Hindi] == d.Sentence {
			t.Fatalf("%q is not translated", d.Sentence)
		}
	})
}

func TestAFailureIsToldInTheReadersLanguage(t *testing.T) {
	fail := func(text string) page.Handler {
		return func(http.ResponseWriter, *http.Request) error { return fault.New(fault.Conflict, text) }
	}
	d := open(t,
		page.Route{Pattern: "GET /known", Any: true, Serve: fail("the item changed after you opened it: look at it again")},
		page.Route{Pattern: "GET /unknown", Any: true, Serve: fail("nobody <has> ever said this")})
	for path, want := range map[string]string{
		"/known":   "開いた後に対象が変わりました。もう一度確認してください",
		"/unknown": `<span lang="en">nobody &lt;has&gt; ever said this</span>`,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Header.Set("Accept-Language", "ja")
		if body := d.ask(r, people.Analyst).Body.String(); !strings.Contains(body, want) || !strings.Contains(body, "その間に変更されました") {
			t.Errorf("%s: no %q in\n%s", path, want, body)
		}
	}
}
