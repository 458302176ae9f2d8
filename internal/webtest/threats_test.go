package webtest_test

import (
	"strings"
	"testing"

	"twoseas/internal/webtest"
)

// TestThreatDataByKeyboard walks the list without a mouse: down and up, mark,
// open; the bar for what is marked shows only then.
func TestThreatDataByKeyboard(t *testing.T) {
	w := newWorld(t)
	tab := w.as(t, "in", "analyst")
	tab.Go("/threats?type=indicator")
	if webtest.Eval[bool](tab, `!document.querySelector("[data-bulk]").hidden`) {
		t.Error("the bar shows with nothing marked")
	}
	row := `[...document.querySelectorAll("[data-row]")].findIndex(r => r.contains(document.activeElement))`
	for _, step := range []struct {
		key string
		row int
	}{{"j", 0}, {"j", 1}, {"k", 0}, {"k", 0}, {"j", 1}} {
		tab.Keys(step.key)
		if got := webtest.Eval[int](tab, row); got != step.row {
			t.Errorf("after %s the focus is in row %d, want %d", step.key, got, step.row)
		}
	}
	tab.Keys("x")
	tab.Until("the second row is marked", `document.querySelectorAll("[data-row]")[1].getAttribute("aria-selected") === "true" && !document.querySelector("[data-bulk]").hidden`)
	name := webtest.Eval[string](tab, "document.activeElement.textContent")
	tab.Keys("\r")
	tab.Until("the object is open", `location.pathname.startsWith("/objects/") && document.readyState === "complete"`)
	if h1 := tab.Text("h1"); !strings.Contains(h1, name) {
		t.Errorf("opened %q, want %q", h1, name)
	}
	tab.Keys("/")
	tab.Until("/ leads to the search", `document.activeElement.id === "top-find"`)
	for _, p := range tab.Problems() {
		t.Error(p)
	}
}
