package webtest_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// fit fails the test when the page is not for everybody.
func fit(t *testing.T, tab *webtest.Tab) {
	t.Helper()
	for _, width := range []int64{1366, 360} {
		tab.Look(width, width == 360)
		for _, f := range tab.Axe() {
			t.Errorf("%s, %d px: %s", tab.Path(), width, f)
		}
	}
	tab.Look(1366, false)
}

// TestAQuestionIsAskedAndApprovedInTheBrowser: an analyst of one side asks of
// values without showing them, an officer of the other finds the question and
// approves it, the asker fetches what both know, and nobody else is shown it.
func TestAQuestionIsAskedAndApprovedInTheBrowser(t *testing.T) {
	b := webtest.Open(t)
	in, jp := nodetest.IndiaJapan(t, func(c *node.Config) { c.OneFactor = true })
	nodetest.Amend(t, in, jp, "\nrules:\n", "\nrules:\n  - {id: matching, clause: \"1(1)\", when: {kind: matching}, then: {approve: 1}}\n")
	for _, host := range []string{"known.example", "indian.example"} {
		in.Import(marking.Clear, string(stixtest.Bundle(stixtest.Indicator(stixtest.Pattern("[domain-name:value = '"+host+"']")))))
	}
	nodetest.Converged(t, in, jp)
	officer, analyst, other := signIn(t, b, in, "officer", people.ReleasingOfficer), signIn(t, b, jp, "kenji", people.Analyst), signIn(t, b, jp, "duty", people.DutyOfficer)

	analyst.Go("/threats")
	analyst.Follow("Ask the partner privately")
	fit(t, analyst)
	analyst.Set("#values", "known[.]example\n198.51.100.77\nnot a value at all ://")
	analyst.Submit("section[aria-labelledby=ask] button")
	analyst.See("no value that can be asked for")
	if got := webtest.Eval[string](analyst, "document.querySelector('#values').value"); !strings.Contains(got, "198.51.100.77") {
		t.Errorf("what was typed is lost: %q", got)
	}
	analyst.Click("input[name=leave]")
	analyst.Submit("section[aria-labelledby=ask] button")
	analyst.See("With the partner")
	question := analyst.Path()
	analyst.Submit("form[action$='/fetch'] button")
	analyst.See("waits for an officer of in")
	analyst.Go(question)

	officer.Go("/waiting")
	officer.Reload("the question among what waits", "document.body.innerText.includes('question of private matching')")
	officer.Follow("asks for 2 values")
	fit(t, officer)
	if text := officer.Text("main"); strings.Contains(text, "known.example") || strings.Contains(text, "198.51.100.77") {
		t.Errorf("the question shows what is asked: %s", text)
	}
	officer.Submit("form[action$='/approve'] button")
	officer.Until("the answer", "document.querySelector('.chips').innerText.includes('Answered') || document.querySelector('.chips').innerText.includes('Being answered')")

	analyst.Submit("form[action$='/fetch'] button")
	analyst.Until("what both know", "(e => e && e.innerText.includes('known.example'))(document.querySelector('section[aria-labelledby=both]'))")
	if text := analyst.Text("section[aria-labelledby=both]"); strings.Contains(text, "198.51.100.77") || strings.Contains(text, "indian.example") {
		t.Errorf("more than the overlap: %s", text)
	}
	fit(t, analyst)
	other.Go(question)
	if text := other.Text("main"); strings.Contains(text, "known.example") || !strings.Contains(text, "sees the values") {
		t.Errorf("who may not export is shown %s", text)
	}
	officer.Go("/matching?state=answered")
	officer.See("Answered")
	officer.Go("/matching/0000000000000000")
	officer.See("no question")
	for _, tab := range []*webtest.Tab{officer, analyst, other} {
		for _, p := range tab.Problems() {
			t.Error(p)
		}
	}
}
