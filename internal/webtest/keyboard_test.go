package webtest_test

import (
	"testing"

	"twoseas/internal/webtest"
)

// TestEverythingIsReachedByKeyboard goes through pages by the tabulator alone:
// whatever can be pressed or typed in is come to, in the order of the page, and
// shows that it has the focus.
func TestEverythingIsReachedByKeyboard(t *testing.T) {
	w := newWorld(t)
	w.stage(t)
	for _, v := range []view{
		{"threats", "in", "analyst", "/threats?type=malware"},
		{"release-queue", "in", "officer", "/releases"},
		{"release-item", "in", "officer", "/releases/items main tbody th a"},
		{"exchange", "in", "duty", "/exchange"},
		{"ledger", "in", "desk", "/ledger"},
		{"ledger-entry", "in", "desk", "/ledger/in-jp-2022/entries/0"},
	} {
		t.Run(v.name, func(t *testing.T) {
			tab := w.open(t, v)
			webtest.Eval[bool](tab, `(() => {
				const shown = (el) => el.checkVisibility({visibilityProperty: true}) && !el.closest("[inert]");
				window.awaited = new Set([...document.querySelectorAll("a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary")]
					.filter((el) => shown(el) && el.tabIndex >= 0 && (el.type !== "radio" || el.checked)));
				window.dark = [];
				document.addEventListener("focusin", (e) => {
					window.awaited.delete(e.target);
					const s = getComputedStyle(e.target);
					if (e.target.matches(":focus-visible") && s.outlineStyle === "none" && s.boxShadow === "none" && !e.target.closest("svg")) window.dark.push(e.target.outerHTML.slice(0, 120));
				});
				document.activeElement.blur();
				return true;
			})()`)
			for left := webtest.Eval[int](tab, "window.awaited.size") + 60; left > 0 && webtest.Eval[int](tab, "window.awaited.size") > 0; left-- {
				tab.Keys("\t")
			}
			for _, el := range webtest.Eval[[]string](tab, "[...window.awaited].map((el) => el.outerHTML.slice(0, 160))") {
				t.Errorf("not reached: %s", el)
			}
			for _, el := range webtest.Eval[[]string](tab, "window.dark") {
				t.Errorf("does not show its focus: %s", el)
			}
		})
	}
}
