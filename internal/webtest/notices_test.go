package webtest_test

import (
	"testing"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/people"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// watched stands in for the permission that a person gives in the browser's own
// window, which no page can press, and keeps what the browser was asked to show.
const watched = `(() => {
	window.shown = [];
	window.Notification = class { constructor(title, options) { window.shown.push(title + " " + options.body); } static permission = "granted"; static async requestPermission() { return "granted"; } };
	Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
	return "ok";
})()`

// TestABrowserSaysThatSomethingWaits: who asked for it is told by the browser
// while the page is not looked at, without content; who did not is not.
func TestABrowserSaysThatSomethingWaits(t *testing.T) {
	b := webtest.Open(t)
	in, jp := nodetest.Start(t, "in", func(c *node.Config) { c.OneFactor = true }), nodetest.Start(t, "jp", nil)
	nodetest.Join(t, in, jp)
	asha, ben := signIn(t, b, in, "asha", people.DutyOfficer), signIn(t, b, in, "ben", people.DutyOfficer)
	ben.Go("/waiting")
	webtest.Eval[string](ben, watched)
	webtest.Eval[string](ben, "localStorage.setItem('notify', 'off') || 'ok'")
	own, err := in.Contacts.Set(t.Context(), in.Live, in.Operator(), nodetest.InJp, post("Duty officer", "Asia/Kolkata"))
	must(t, err)
	hear := func(name, fingerprint string) {
		t.Helper()
		by, err := in.People.As(t.Context(), in.Operator(), name)
		must(t, err)
		_, err = in.Contacts.Hear(t.Context(), in.Live, by, own.ID, contact.Heard{Kind: "pgp", Fingerprint: fingerprint, Means: "paper"})
		must(t, err)
	}
	hear("asha", "0123456789ABCDEF0123456789ABCDEF01234567")
	ben.Until("the title of ben's page counts", "document.title.startsWith('(1) ')")
	if n := webtest.Eval[int](ben, "window.shown.length"); n != 0 {
		t.Errorf("%d shown to who did not ask for it", n)
	}

	asha.Go("/notices/settings")
	fit(t, asha)
	asha.Go("/waiting")
	webtest.Eval[string](asha, watched)
	webtest.Eval[string](asha, "localStorage.setItem('notify', 'on') || 'ok'")
	hear("ben", "1123456789ABCDEF0123456789ABCDEF01234567")
	asha.Until("the browser shows it", "window.shown.length > 0")
	if got := webtest.Eval[string](asha, "window.shown.join('|')"); got != "Twoseas Something waits for you." {
		t.Errorf("shown: %q", got)
	}
	for _, tab := range []*webtest.Tab{asha, ben} {
		for _, p := range tab.Problems() {
			t.Error(p)
		}
	}
}
