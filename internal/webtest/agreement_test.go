package webtest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
)

// post sends a form and wants that answer.
func (r *reader) post(path string, want int, form url.Values) string {
	r.tb.Helper()
	got, text, h := r.do(http.MethodPost, path, form)
	if got != want {
		r.tb.Errorf("%s for %s: %d, want %d: %.3000s", path, r.name, got, want, text)
	}
	return text + h.Get("Location")
}

// says checks that a text holds all of these.
func says(t testing.TB, text string, all ...string) {
	t.Helper()
	for _, s := range all {
		if !strings.Contains(text, s) {
			t.Errorf("%q is not said: %.5000s", s, text)
		}
	}
}

func TestTheAgreementIsReadClauseByClause(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	member := read(t, in, "member", people.Member)
	member.get("/agreements", "Memorandum of Cooperation in the Field of Cybersecurity", "in-jp-2022")
	text := member.get("/agreements/in-jp-2022",
		"1(1) ", "Timely sharing of information", "TLP:CLEAR or TLP:GREEN", "2 officers approve", "2027-03-18", "Two originals: both sides signed the same bytes",
		"Term ending", "third-party", "needs the originator&#39;s consent", "15 min", "telecom", "who contributed it and who was hit")
	if strings.Contains(text, "<form method=\"post\" action=\"/agreements/in-jp-2022") {
		t.Error("a member is offered to change the agreement")
	}
	doc, err := agreement.Parse(agreement.Reference())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text, "As expected"); n != 2*len(doc.Tests) {
		t.Errorf("%d results of the document's tests", n)
	}
	raw := member.get("/agreements/in-jp-2022/versions/1/canonical.json")
	sum := sha256.Sum256([]byte(raw))
	says(t, text, "sha256:"+hex.EncodeToString(sum[:]))
	says(t, member.get("/agreements/in-jp-2022/versions/1/jp.note.txt"), hex.EncodeToString(sum[:]), "— jp ")
	member.get("/agreements/in-jp-2022/versions/1/source.yaml", "agreement: in-jp-2022")
	for _, path := range []string{"/agreements/in-gb", "/agreements/..", "/agreements/in-jp-2022?version=9", "/agreements/in-jp-2022?version=x", "/agreements/in-jp-2022/versions/1/gb.note.txt", "/agreements/in-jp-2022/diff?from=1&to=9"} {
		if status, _, _ := member.do(http.MethodGet, path, nil); status != http.StatusNotFound && status != http.StatusTemporaryRedirect && status != http.StatusMovedPermanently {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, path := range []string{"/agreements/add", "/agreements/in-jp-2022/sign", "/agreements/in-jp-2022/events"} {
		member.post(path, http.StatusForbidden, url.Values{"version": {"1"}})
	}
	member.status("/agreements/add", http.StatusForbidden)
}

var hashRE = regexp.MustCompile(`name="hash" value="([^"]+)"`)

// TestAnAmendmentIsAddedComparedAndSigned does it the way of a desk officer, with
// hostile text in every place that takes text.
func TestAnAmendmentIsAddedComparedAndSigned(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	desk := cleared(t, in, "desk", "TLP:RED", people.DeskOfficer)
	says(t, desk.post("/agreements/add", http.StatusUnprocessableEntity, url.Values{"text": {"agreement: x\nrules: [\n"}}), "line ", "rules: [")
	says(t, desk.post("/agreements/add", http.StatusUnprocessableEntity, url.Values{"text": {"  "}}), "there is no text")
	desk.post("/agreements/add", http.StatusUnprocessableEntity, url.Values{"text": {strings.Replace(string(agreement.Reference()), "tlp: red, origin: own}, then: {approve: 2}", "tlp: red, origin: own}, then: {approve: 3}", 1)}})

	list, err := in.Accords.Versions(t.Context(), in.Live, nodetest.InJp)
	if err != nil {
		t.Fatal(err)
	}
	const evil = `<script>alert(1)</script><img src=x onerror=alert(2)>`
	text := strings.NewReplacer(
		"version: 1\n", "version: 2\nprevious: "+list[0].Hash.String()+"\n",
		`{en: "Memorandum of Cooperation in the Field of Cybersecurity"}`, `{en: '`+evil+`'}`,
		`{en: "Joint mechanisms to lower threats to ICT infrastructure"}`, `{en: '`+evil+`'}`,
		"needs the originator's consent. Ask for it", evil,
		"name: an own open threat goes,", "name: '"+evil+"',",
		"in_phase: [telecom, finance, energy]", "in_phase: ['"+evil+"', energy]",
		"id: sensitive,     clause: \"1(1)\", when: {kind: [threat, incident, practice, reference, feedback], tlp: [amber, amber+strict], origin: own}, then: {approve: 1}", "id: sensitive,     clause: \"1(1)\", when: {kind: [threat, incident, practice, reference, feedback], tlp: [amber, amber+strict], origin: own}, then: {approve: 2}",
		"expect: {approve: 1, rule: sensitive}", "expect: {approve: 2, rule: sensitive}",
		"expect: {approve: 1, redact: [contributor, victim], rule: sensitive}", "expect: {approve: 2, redact: [contributor, victim], rule: sensitive}",
	).Replace(string(agreement.Reference()))
	checked := desk.post("/agreements/add", http.StatusOK, url.Values{"text": {text}, "do": {"check"}})
	says(t, checked, "This is a complete document", "Add version 2")
	if list, _ = in.Accords.Versions(t.Context(), in.Live, nodetest.InJp); len(list) != 1 {
		t.Error("checking stored it")
	}
	says(t, desk.post("/agreements/add", http.StatusSeeOther, url.Values{"text": {text}, "do": {"add"}}), "/agreements/in-jp-2022?version=2")

	page := desk.get("/agreements/in-jp-2022?version=2", "Not in force", "Sign version 2")
	diff := desk.get("/agreements/in-jp-2022/diff?from=1&to=2", "rule sensitive: was", "In effect")
	sim := desk.get("/agreements/in-jp-2022/simulate?kind=threat&tlp=amber&version=2", "It waits for 2 officers", "is not in force")
	for name, html := range map[string]string{"page": page, "diff": diff, "simulator": sim, "list": desk.get("/agreements")} {
		if strings.Contains(html, "<script>alert") || strings.Contains(html, "<img src=x") {
			t.Errorf("the text of an agreement becomes an element of the %s", name)
		}
	}

	hash := hashRE.FindStringSubmatch(page)
	if hash == nil {
		t.Fatal("the page does not say which text is signed")
	}
	form := url.Values{"version": {"2"}, "hash": {list[0].Hash.String()}}
	status, _, head := desk.do(http.MethodPost, "/agreements/in-jp-2022/sign", form)
	if status == http.StatusSeeOther && strings.Contains(head.Get("Location"), "confirm") {
		return // a program's password is not shown anew: the browser test signs
	}
	if status != http.StatusConflict {
		t.Errorf("another text than the one shown is signed: %d", status)
	}
	form.Set("hash", hash[1])
	desk.post("/agreements/in-jp-2022/sign", http.StatusSeeOther, form)
	desk.get("/agreements/in-jp-2022?version=2", "Original signed by Republic of India")
	desk.post("/agreements/in-jp-2022/events", http.StatusSeeOther, url.Values{"event": {agreement.Done}, "subject": {"D1"}})
	desk.get("/agreements/in-jp-2022?version=1", "done 20")
	desk.post("/agreements/in-jp-2022/events", http.StatusConflict, url.Values{"event": {agreement.Withdraw}})
}

// TestTheSimulatorAnswersAndRevealsNothing asks about markings, stored objects
// and pasted ones.
func TestTheSimulatorAnswersAndRevealsNothing(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	amber := string(stixtest.Indicator(stixtest.ID("indicator--00000000-0000-4000-8000-00000000000a"), stixtest.TLP("amber")))
	in.Import(marking.Green, `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[`+amber+`]}`)
	nodetest.Converged(t, in, jp)
	analyst := cleared(t, in, "analyst", "TLP:RED", people.Analyst)
	low := cleared(t, in, "low", "TLP:GREEN", people.Member)
	const at = "/agreements/in-jp-2022/simulate"

	says(t, analyst.get(at+"?kind=threat&tlp=green&origin=own"), "Released by rule open, clause 1(1)", "Nothing: it goes as it is")
	says(t, analyst.get(at+"?kind=threat&tlp=red&caveat=NOFORN"), "NOFORN", "Without the caveat NOFORN", "needs 2 approvals", "Holds under every agreement")
	says(t, analyst.get(at+"?kind=threat&tlp=green&origin=partner"), "it is theirs")
	says(t, analyst.get(at+"?kind=threat&tlp=green&contributor=member"), "is taken out")
	says(t, analyst.get(at+"?kind=threat"), "it has no TLP marking")

	form := url.Values{"object": {"indicator--00000000-0000-4000-8000-00000000000a"}}
	says(t, analyst.post(at, http.StatusOK, form), "Held by rule sensitive", "&#34;tlp&#34;:&#34;amber&#34;")
	hidden := low.post(at, http.StatusUnprocessableEntity, form)
	form.Set("object", "indicator--00000000-0000-4000-8000-0000000000ff")
	none := low.post(at, http.StatusUnprocessableEntity, form)
	// The head of a printed page says when it was asked for, to the second.
	second := regexp.MustCompile(`\d{4}-\d{2}-\d{2} \d{2}:\d{2}(:\d{2})?`)
	untimed := func(s string) string { return second.ReplaceAllString(s, "then") }
	if untimed(strings.ReplaceAll(hidden, "00000000000a", "0000000000ff")) != untimed(none) {
		t.Error("what is not for the reader does not look like what is not there")
	}
	if strings.Contains(hidden, "amber&#34;") {
		t.Error("the marking of what the reader may not see is told")
	}

	says(t, analyst.post(at, http.StatusOK, url.Values{"kind": {"threat"}, "pasted": {amber}}), "Held by rule sensitive")
	bad := analyst.post(at, http.StatusUnprocessableEntity, url.Values{"kind": {"threat"}, "pasted": {`{"type":"indicator","x":"<b>"}`}})
	says(t, bad, "{&#34;type&#34;:&#34;indicator&#34;,&#34;x&#34;:&#34;&lt;b&gt;&#34;}")
	analyst.post(at, http.StatusUnprocessableEntity, url.Values{"kind": {"threat"}, "tlp": {"purple"}})
	analyst.post(at, http.StatusUnprocessableEntity, url.Values{"kind": {"threat"}, "tlp": {"green"}, "caveat": {"<i>"}})
	analyst.post(at, http.StatusUnprocessableEntity, url.Values{"kind": {"threat"}, "tlp": {"green"}, "version": {"9"}})
	before, err := in.Exchange.State(t.Context(), in.Live, nodetest.InJp)
	if err != nil || before.Out != 0 {
		t.Errorf("asking sent something: %+v, %v", before, err)
	}
	read(t, in, "admin", people.Administrator).status(at, http.StatusForbidden)
}

// TestADiffCountsWhatTheReaderMaySee replays an amendment over an amber object
// for readers of two clearances.
func TestADiffCountsWhatTheReaderMaySee(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	in.Import(marking.Green, bundleOf(stixtest.Indicator(stixtest.TLP("amber")), stixtest.Indicator(stixtest.TLP("green"))))
	list, err := in.Accords.Versions(t.Context(), in.Live, nodetest.InJp)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("version: 1\n", "version: 2\nprevious: "+list[0].Hash.String()+"\n", "approve: 1", "approve: 2").Replace(string(agreement.Reference()))
	if _, err := in.Accords.Add(t.Context(), in.Live, in.Operator(), []byte(text)); err != nil {
		t.Fatal(err)
	}
	const at = "/agreements/in-jp-2022/diff?from=1&to=2"
	cleared(t, in, "high", "TLP:RED", people.DeskOfficer).get(at, "stricter", "TLP:AMBER", "needs 2 approvals", "For 1 object nothing changes")
	low := cleared(t, in, "low", "TLP:GREEN", people.DeskOfficer).get(at, "For 1 object nothing changes", "rule sensitive: was")
	if strings.Contains(low, "stricter") || strings.Contains(low, "needs 2 approvals") {
		t.Error("what the reader may not see is counted")
	}
}
