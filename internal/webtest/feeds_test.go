package webtest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"twoseas/internal/act/feed"
	"twoseas/internal/act/hook"
)

// list serves a text with one indicator.
func list(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("seen today: hxxps://evil[.]shop/a\n")) // the client has gone, if anything
	}))
	t.Cleanup(s.Close)
	return s.URL + "/list.txt"
}

// feed adds a feed at the first side and waits until it was asked.
func (w *world) feed(t *testing.T) {
	t.Helper()
	n := w.In
	s := feed.Settings{Kind: feed.Text, URL: list(t), Every: 3600, TLP: "green", Private: true}
	if err := n.Feeds.Add(t.Context(), n.Live, n.Operator(), "evil-shops", s, ""); err != nil {
		t.Fatal(err)
	}
}

// hook adds a webhook at the first side that is told nothing.
func (w *world) hook(t *testing.T) {
	t.Helper()
	n := w.In
	s := hook.Settings{URL: "https://soc.example/in", Account: "officer", Events: []hook.Event{hook.Failing, hook.Waiting}}
	if _, err := n.Hooks.Add(t.Context(), n.Live, n.Operator(), "soc", s); err != nil {
		t.Fatal(err)
	}
}

// TestAFeedIsAddedAndFollowed: an administrator adds a source and the page says
// by itself, without a reload, what it brought; an analyst asks it again.
func TestAFeedIsAddedAndFollowed(t *testing.T) {
	w := newWorld(t)
	adm := w.as(t, "in", "administrator")
	adm.Go("/feeds")
	adm.Follow("Add a feed")
	adm.Type("#name", "evil-shops")
	adm.Set("#kind", "text")
	adm.Type("#url", list(t))
	adm.Set("#tlp", "green")
	adm.Click("details:has(#private) summary, details:has(input[name=private]) summary")
	adm.Click("input[name=private]")
	adm.Submit("main form button.btn-primary")
	w.confirm("in", adm)
	adm.Until("what it brought", "(e => e && e.innerText.includes('New') && e.innerText.includes('1'))(document.querySelector('#health section[aria-labelledby=last]'))")
	ana := w.as(t, "in", "analyst")
	ana.Go("/imports")
	ana.Follow("Feeds")
	ana.Follow("evil-shops")
	ana.Submit("form[action$='/hasten'] button")
	ana.Until("nothing new the second time", "document.querySelector('#health').innerText.includes('There was nothing new')")
	for _, tab := range w.tabs {
		for _, p := range tab.Problems() {
			t.Error(p)
		}
	}
}
