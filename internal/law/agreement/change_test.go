package agreement_test

import (
	"fmt"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
)

func amend(t *testing.T, before *agreement.Document, edits ...string) *agreement.Document {
	t.Helper()
	v := fmt.Sprintf("version: %d\nprevious: \"%s\"\nauthoritative: en", before.Version+1, before.Hash())
	return must(t, append(edits, "authoritative: en", v)...)
}

func TestWhatBothSignedIsInForce(t *testing.T) {
	v1 := must(t)
	v2 := amend(t, v1, "place: X", "place: Y")
	v3 := amend(t, v2, "place: X", "place: Z")
	rival := amend(t, v1, "place: X", "place: W")
	stray := amend(t, v3)
	stray.Version = 2
	all := []*agreement.Document{v3, v1, v2}
	both := []ident.Side{"a", "b"}
	for _, c := range []struct {
		name   string
		docs   []*agreement.Document
		signed map[ident.Digest][]ident.Side
		want   *agreement.Document
	}{
		{"nobody signed", all, nil, nil},
		{"one side signed", all, map[ident.Digest][]ident.Side{v1.Hash(): {"a", "a"}}, nil},
		{"a stranger and one side", all, map[ident.Digest][]ident.Side{v1.Hash(): {"a", "c"}}, nil},
		{"both signed the first", all, map[ident.Digest][]ident.Side{v1.Hash(): both, v2.Hash(): {"b"}}, v1},
		{"both signed the second", all, map[ident.Digest][]ident.Side{v1.Hash(): both, v2.Hash(): both}, v2},
		{"the third cannot skip the second", all, map[ident.Digest][]ident.Side{v1.Hash(): both, v3.Hash(): both}, v1},
		{"all three", all, map[ident.Digest][]ident.Side{v1.Hash(): both, v2.Hash(): both, v3.Hash(): both}, v3},
		{"an amendment of nothing", []*agreement.Document{v2}, map[ident.Digest][]ident.Side{v2.Hash(): both}, nil},
		{"one that follows another hash", []*agreement.Document{v1, stray}, map[ident.Digest][]ident.Side{v1.Hash(): both, stray.Hash(): both}, v1},
	} {
		got, err := agreement.InForce(c.docs, c.signed)
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	signed := map[ident.Digest][]ident.Side{v1.Hash(): both, v2.Hash(): both, rival.Hash(): both}
	if _, err := agreement.InForce([]*agreement.Document{v1, v2, rival}, signed); !fault.Is(err, fault.Conflict) {
		t.Errorf("two second versions: %v", err)
	}
	if got, err := agreement.InForce([]*agreement.Document{v1, v2, v2}, signed); err != nil || got.Hash() != v2.Hash() {
		t.Errorf("the same version twice: %v", err)
	}
}

func TestLint(t *testing.T) {
	rule := func(s string) []string { return []string{"tests:", "  - " + s + "\ntests:"} }
	for _, c := range []struct {
		name  string
		edits []string
		says  string
	}{
		{"a side without key", nil, "line 5: sides[0]: side a has no key"},
		{"a rule a denial always beats", rule(`{id: never, clause: "1", when: {tlp: green}, then: {deny: "no"}}` + "\n  - " + `{id: lost, clause: "1", when: {tlp: green, kind: threat}, then: release}`), "rule lost never decides"},
		{"a rule above the ceiling", append(rule(`{id: high, clause: "1", when: {tlp: red, kind: threat}, then: release}`), "tlp: red}", "tlp: amber}"), "rule high never decides"},
		{"a rule for classified matters under no ceiling", rule(`{id: secret, clause: "1", when: {classification: any, kind: threat}, then: release}`), "rule secret never decides"},
		{"a rule called as one of the gate's own", rule(`{id: class-ceiling, clause: "1", when: {classification: any, kind: threat}, then: release}`), "rule class-ceiling never decides"},
		{"a rule for theirs", rule(`{id: back, clause: "1", when: {origin: partner, kind: threat}, then: release}`), "rule back never decides"},
		{"a rule another instrument takes", append(rule(`{id: inc, clause: "1", when: {kind: incident}, then: release}`), "rules:", "precedence: [{id: x, title: {en: X}, governs: {kind: incident}}]\nrules:"), "rule inc never decides"},
		{"a clause that is no area", []string{"clause: \"1\"", "clause: \"9\""}, "clause 9 is not an area"},
		{"an area nobody cites", []string{"clause: \"1\"", "clause: \"9\""}, "areas[0]: area 1 lists kinds of object and no rule cites it"},
		{"a kind outside the area", rule(`{id: p, clause: "1", when: {kind: practice}, then: release}`), "rule p lets go kind practice, which area 1 does not list"},
		{"a rule without test", rule(`{id: p, clause: "1", when: {tlp: green}, then: release}`), "no test expects rule p"},
		{"a ceiling nothing reaches", nil, "the ceiling is TLP:RED and no rule lets go more than TLP:CLEAR"},
		{"no tests", []string{"tests:\n  - {item: {kind: threat, tlp: clear}, expect: {release: true, rule: open}}\n", ""}, "the document has no tests"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all []string
			for _, f := range agreement.Lint(must(t, c.edits...)) {
				all = append(all, f.String())
			}
			if got := strings.Join(all, "\n"); !strings.Contains(got, c.says) {
				t.Errorf("got:\n%s", got)
			}
		})
	}
	for _, f := range agreement.Lint(must(t)) {
		if strings.Contains(f.Text, "never decides") {
			t.Errorf("a rule that decides: %s", f)
		}
	}
}

func TestTheReferenceHasNoFindings(t *testing.T) {
	for _, f := range agreement.Lint(reference(t)) {
		t.Error(f)
	}
}

func TestDiffSaysWhatChangesAndReplaysWhatWasDecided(t *testing.T) {
	old := must(t)
	next := amend(t, old, "then: release", "then: {approve: 2}", "expect: {release: true, rule: open}", "expect: {approve: 2, rule: open}",
		"tests:", "  - {id: green, clause: \"1\", when: {tlp: green}, then: release}\ntests:", "nodal: fb", "nodal: fc")
	input := func(tlp marking.TLP) gate.Input {
		l := marking.Label{Kind: "threat", Origin: "a", Terms: marking.Terms{TLP: tlp}}
		return gate.Input{Label: l, Context: gate.Context{From: "a", To: "b", Domain: ident.Live}}
	}
	c := agreement.Diff(old, next, []gate.Input{input(marking.Clear), input(marking.Green), input(marking.Amber)})
	text := strings.Join(c.Words, "\n")
	for _, want := range []string{"version: was 1, now 2", `rule open: was {"clause":"1"`, `"then":{"approve":2}`, "rule green is new", "side b: was", `"nodal":"fc"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "area") || strings.Contains(text, "side a") || c.Same != 1 || len(c.Decisions) != 2 {
		t.Errorf("same %d, changed %d, words:\n%s", c.Same, len(c.Decisions), text)
	}
	if c.Decisions[0].Opens || !c.Decisions[1].Opens || !strings.Contains(c.Decisions[1].String(), "more open. Before: Denied") {
		t.Errorf("got %s / %s", c.Decisions[0], c.Decisions[1])
	}
	if back := agreement.Diff(next, old, nil); !strings.Contains(strings.Join(back.Words, "\n"), "rule green is gone") {
		t.Errorf("got %v", back.Words)
	}
	if none := agreement.Diff(old, old, []gate.Input{input(marking.Clear)}); len(none.Words)+len(none.Decisions) != 0 || none.Same != 1 {
		t.Errorf("a document differs from itself: %+v", none)
	}
}
