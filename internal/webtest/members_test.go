package webtest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// TestAMemberContributesAndSeesWhatBecameOfIt: an operator's engineer drops a
// table, reads what will happen and sends it; the sponsor's officer releases it;
// the partner's analyst saw it too and found it useful; the engineer reads so,
// and the partner never reads who it was.
func TestAMemberContributesAndSeesWhatBecameOfIt(t *testing.T) {
	b := webtest.Open(t)
	in, jp := nodetest.IndiaJapan(t, func(c *node.Config) { c.OneFactor = true })
	for _, o := range []people.Organisation{
		{ID: "power", Name: "Ministry of Power", Kind: people.Ministry, Ceiling: "TLP:RED"},
		{ID: "grid", Name: "Eastern Grid", Kind: people.Operator, Sponsor: "power", Look: true, Sectors: []string{"energy"}, Ceiling: "TLP:AMBER"},
	} {
		if err := in.People.AddOrganisation(t.Context(), in.Operator(), o); err != nil {
			t.Fatal(err)
		}
	}
	member, officer := signInOf(t, b, in, "mira", "grid", people.Member), signInOf(t, b, in, "omar", "power", people.ReleasingOfficer)
	analyst := signIn(t, b, jp, "kenji", people.Analyst)
	file := filepath.Join(t.TempDir(), "seen.csv")
	if err := os.WriteFile(file, []byte("first seen,domain\n2026-11-20 03:04,quay-thief.tokyo\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	member.Go("/imports")
	fit(t, member)
	member.Upload("#file", file)
	member.Submit("form.import-drop button[type=submit]")
	member.See("Waits for you")
	member.Set("#tlp", "green")
	member.Submit("form[action$='/options'] button[type=submit]")
	member.See("An officer of Ministry of Power looks at it first")
	member.See("Your organisation is not named")
	fit(t, member)
	member.Submit("form[action$='/confirm'] button[type=submit]")
	member.Until("it is in", "document.querySelector('#state').textContent.includes('Result')")
	member.Go("/contributions")
	member.Reload("it waits", "document.querySelector('main').innerText.includes('Waits')")

	officer.Go("/releases/items")
	officer.Reload("it waits for the officer", "!!document.querySelector('main tbody th a')")
	officer.Go(webtest.Eval[string](officer, "new URL(document.querySelector('main tbody th a').href).pathname"))
	if text := officer.Text("main"); !strings.Contains(text, "quay-thief.tokyo") {
		t.Errorf("the officer is shown %s", text)
	}
	officer.Submit("form[action$=\"/approve\"] button")

	analyst.Go("/threats?q=quay-thief.tokyo")
	analyst.Reload("it is in Japan", "!!document.querySelector('.results tbody a')")
	analyst.Go(webtest.Eval[string](analyst, "new URL(document.querySelector('.results tbody a').href).pathname"))
	if text := analyst.Text("body"); strings.Contains(text, "Grid") || strings.Contains(text, "mira") || strings.Contains(text, "energy") {
		t.Errorf("the partner reads who contributed: %s", text)
	}
	here := analyst.Path()
	for _, answer := range []string{"sighting", "opinion"} {
		analyst.Go(here)
		webtest.Eval[bool](analyst, "document.querySelectorAll('.answer-forms details').forEach(d => d.open = true) || true")
		webtest.Eval[bool](analyst, "document.querySelector('input[name=verdict][value=useful]').checked = true")
		analyst.Submit("form[action$=\"/" + answer + "\"] button")
		analyst.See(answer)
	}

	member.Go("/contributions")
	member.Reload("what became of it", "(t => t.includes('useful 1') && t.includes('Released'))(document.querySelector('main tbody').innerText.replace(/\\s+/g, ' '))")
	if text := member.Text("main tbody"); !strings.Contains(text, "Released") || strings.Contains(text, "omar") || strings.Contains(text, "kenji") {
		t.Errorf("the member reads %s", text)
	}
	fit(t, member)
	for _, tab := range []*webtest.Tab{member, officer, analyst} {
		for _, p := range tab.Problems() {
			t.Error(p)
		}
	}
}
