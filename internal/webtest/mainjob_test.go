package webtest_test

import (
	"fmt"
	"strings"
	"testing"

	"twoseas/internal/webtest"
)

const (
	redID     = "indicator--3f0b4a55-7d0e-4c8b-9a3e-52f0c7c1d2aa"
	redBundle = `{"type":"bundle","id":"bundle--6c1d9d52-3a0b-4b63-9d2e-0e3b1c6f7a10","objects":[{
	"type":"indicator","spec_version":"2.1","id":"` + redID + `","created":"2026-11-21T10:00:00.000Z","modified":"2026-11-21T10:00:00.000Z",
	"name":"Command server of the harbour case","indicator_types":["malicious-activity"],"pattern":"[domain-name:value = 'quay.harbour.example']","pattern_type":"stix",
	"valid_from":"2026-11-21T10:00:00Z","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]}]}`
)

// TestTheMainJobInTheBrowser is the memorandum carried out by hand: an analyst
// of one side pastes what must not go without two officers, two approve its
// exact bytes, the other side's analyst reads it and answers, the answer comes
// back, and the ledger verifies in the browser.
func TestTheMainJobInTheBrowser(t *testing.T) {
	w := newWorld(t)
	analyst := w.as(t, "in", "analyst")

	analyst.Go("/imports")
	analyst.Set("#text", redBundle)
	analyst.Submit("form.import-drop button[type=submit]")
	analyst.Until("what the import would do", "!!document.querySelector('form[action$=\"/confirm\"] button')")
	if text := analyst.Text("main"); !strings.Contains(text, "TLP:RED") || !strings.Contains(text, "two") && !strings.Contains(text, "2") {
		t.Errorf("the preview does not say what holds it: %s", text)
	}
	analyst.Submit("form[action$=\"/confirm\"] button")
	job := analyst.Path()
	analyst.Until("the import to end", "!document.querySelector('#state progress') && document.querySelector('#state').innerText.includes('1')")
	analyst.Go(job) // and a reload says the same
	analyst.See("1")

	w.approve(t, "in", "officer", "Command server of the harbour case", "quay.harbour.example")
	if jp := w.as(t, "jp", "analyst"); w.knows(jp) {
		t.Fatal("it crossed with one approval of two")
	}
	officer := w.as(t, "in", "officer")
	w.hold(officer, "Command server of the harbour case")
	if officer.Has("form[action$=\"/approve\"] button") {
		t.Error("who has approved is asked again")
	}
	w.approve(t, "in", "officer2", "Command server of the harbour case", "quay.harbour.example")

	jp := w.as(t, "jp", "analyst")
	jp.Go("/objects/" + redID)
	jp.Reload("the object at the partner", "document.querySelector('h1').innerText.includes('harbour case')")
	if text := jp.Text("main"); !strings.Contains(text, "TLP:RED") || !strings.Contains(text, "quay.harbour.example") {
		t.Errorf("the partner reads %s", text)
	}
	webtest.Eval[bool](jp, "document.querySelectorAll('.answer-forms details').forEach(d => d.open = true) || true")
	jp.Submit("form[action$=\"/sighting\"] button")
	jp.See("sighting")
	// What is said about it is as red as it is, so two officers release that too.
	w.approve(t, "jp", "officer", "sighting", redID)
	w.approve(t, "jp", "officer2", "sighting", redID)

	analyst.Go("/objects/" + redID)
	analyst.Reload("the partner's sighting", "(e => e && e.innerText.includes('Japan'))(document.querySelector('#answers'))")

	desk := w.as(t, "in", "desk")
	desk.Go("/ledger/in-jp-2022")
	desk.Click("#verify button")
	desk.Until("the verification", "document.querySelectorAll('#verify li').length > 3 && !document.querySelector('#verify button').disabled")
	if bad := webtest.Eval[[]string](desk, "[...document.querySelectorAll('#verify .chip-red')].map(e => e.closest('li').innerText)"); len(bad) > 0 {
		t.Errorf("it does not verify: %q", bad)
	}
	for _, tab := range w.tabs {
		for _, p := range tab.Problems() {
			t.Error(p)
		}
	}
}

// knows reports whether the tab's node shows the object.
func (w *world) knows(t *webtest.Tab) bool {
	t.Go("/objects/" + redID)
	return strings.Contains(t.Text("h1"), "harbour case")
}

// hold opens the item of that name as an officer finds it: in the queue.
func (w *world) hold(t *webtest.Tab, name string) {
	t.Go("/releases/items?agreement=in-jp-2022")
	t.Reload("the item in the queue", fmt.Sprintf("[...document.querySelectorAll('main a')].some(a => a.innerText.includes(%q))", name))
	t.Follow(name)
}

// approve has an officer sign the exact bytes, which hold text, that the page
// shows.
func (w *world) approve(tb testing.TB, side, account, name, text string) {
	tb.Helper()
	t := w.as(tb, side, account)
	w.hold(t, name)
	shown := webtest.Eval[string](t, "document.querySelector('input[name=digest]').value")
	if !strings.Contains(t.Text("main"), text) || len(shown) < 64 {
		tb.Fatalf("the page does not show what would leave: %s", t.Text("main"))
	}
	t.Submit("form[action$=\"/approve\"] button")
	w.confirm(side, t)
	if text := t.Text("main"); !strings.Contains(text, account) {
		tb.Errorf("the page does not say who approved: %.400s", text)
	}
}
