package webtest_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/law/coordination"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// TestAVulnerabilityIsDisclosedByBothSidesAtOneInstant: one side opens, the other
// takes part; who of the vendors is silent is told on both; both agree to the
// same words and instant, and each node publishes by itself.
func TestAVulnerabilityIsDisclosedByBothSidesAtOneInstant(t *testing.T) {
	b := webtest.Open(t)
	var ahead atomic.Int64
	night, change := nightInTokyo(), func(c *node.Config) { c.OneFactor = true }
	clk := clock.Func(func() time.Time { return night.Now().Add(time.Duration(ahead.Load())) })
	in, jp := nodetest.StartAt(t, "in", clk, change), nodetest.StartAt(t, "jp", clk, change)
	nodetest.Join(t, in, jp)
	opener, other := signIn(t, b, in, "asha", people.DutyOfficer), signIn(t, b, jp, "kenji", people.DutyOfficer)
	at := clk.Now().Add(12 * time.Minute).Truncate(time.Minute)

	opener.Go("/requests")
	opener.Follow("Vulnerabilities disclosed together")
	opener.See("There are none here.")
	opener.Set("#title", "Example router")
	opener.Set("#names", "CVE-2026-1234")
	opener.Set("#at", at.Format("2006-01-02T15:04"))
	fit(t, opener)
	opener.Submit("form[action='/coordinations'] button")
	opener.See("Proposed by Republic of India:")

	other.Look(360, true)
	other.Go("/coordinations")
	other.Reload("the coordination", "document.body.innerText.includes('Example router')")
	other.Follow("Example router")
	other.Submit("#move-join button")
	vendor(other, "Maker", "to-notify", time.Time{})
	other.See("Not contacted")
	fit(t, other)
	vendor(opener, "Seller", "notified", clk.Now().Add(-73*time.Hour))
	opener.See("No answer for 3 days")

	opener.Reload("the other side's vendor", "document.body.innerText.includes('Maker')")
	opener.Click("details:has(#move-draft) summary")
	for id, text := range map[string]string{"title": "Example router: remote access", "names": "CVE-2026-1234", "products": "Firmware", "text": "Change the password."} {
		opener.Set("#draft-"+id, text)
	}
	opener.Submit("#move-draft button")
	opener.See("Nothing is published before both sides agree")

	other.Reload("the draft", "document.body.innerText.includes('Change the password.')")
	other.See("No answer for 3 days")
	other.Submit("#move-agree-draft button")
	other.Submit("#move-agree-date button")
	other.See("Both sides have agreed")
	instant := other.Text("#instant")
	for _, place := range []string{"UTC", "New Delhi", "Tokyo"} {
		if !strings.Contains(instant, place) {
			t.Errorf("the instant is not told for %s: %s", place, instant)
		}
	}
	opener.Reload("the agreement", "document.body.innerText.includes('Both sides have agreed')")

	ahead.Store(int64(13 * time.Minute)) // nobody is signed out by it
	for _, side := range []struct {
		n   *nodetest.Node
		tab *webtest.Tab
	}{{in, opener}, {jp, other}} {
		if _, err := side.n.Coordinations.Publish(t.Context(), side.n.Live); err != nil {
			t.Fatal(err)
		}
		side.tab.Reload("what this node published", "document.body.innerText.includes('This node published at')")
		side.tab.Follow("What was published")
		side.tab.See("Change the password.")
		for _, p := range side.tab.Problems() {
			t.Error(p)
		}
	}
}

// vendor reports on a vendor; the zero time leaves out since when.
func vendor(tab *webtest.Tab, name, status string, since time.Time) {
	tab.Reload("the form", "document.querySelector('#move-vendor') !== null")
	tab.Click("details:has(#move-vendor) summary")
	tab.Set("#vendor-name", name)
	tab.Set("#status", status)
	if !since.IsZero() {
		tab.Set("#on", since.UTC().Format("2006-01-02T15:04"))
	}
	tab.Submit("#move-vendor button")
}

// coordinate opens one for the walk over all pages.
func (w *world) coordinate(t *testing.T) {
	t.Helper()
	n := w.In
	if _, err := n.Coordinations.Open(t.Context(), n.Live, n.Operator(), coordination.Opening{
		Agreement: nodetest.InJp, Language: "en", Title: "Example router", Vulnerabilities: []string{"CVE-2026-1234"},
	}, n.Clock.Now().Add(90*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
}
