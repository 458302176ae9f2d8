package webtest_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// TestAnIncidentIsNotifiedAtNightAndBothSidesContribute: a duty officer in Tokyo
// notifies with one line; the other side's reads the severity beside none of its
// own, and the sectors in its own list; what each keeps to itself the other does
// not see.
func TestAnIncidentIsNotifiedAtNightAndBothSidesContribute(t *testing.T) {
	b := webtest.Open(t)
	clk, change := nightInTokyo(), func(c *node.Config) { c.OneFactor = true }
	in, jp := nodetest.StartAt(t, "in", clk, change), nodetest.StartAt(t, "jp", clk, change)
	nodetest.Join(t, in, jp)
	woken, reader := signIn(t, b, jp, "kenji", people.DutyOfficer), signIn(t, b, in, "asha", people.DutyOfficer)

	woken.Go("/incidents")
	woken.See("No incident is known here")
	woken.Go("/notify")
	fit(t, woken)
	woken.Set("#title", "Ransomware at a power company")
	woken.Set("#type", "system-compromise")
	woken.Set("#severity", "jp-severity-2018/2")
	webtest.Eval[bool](woken, "document.querySelector('input[value=jp-ele]').click() || true")
	woken.Submit("form[action='/notify'] button")
	woken.See("Ransomware at a power company")
	fit(t, woken)

	reader.Look(360, true)
	reader.Go("/incidents")
	reader.Reload("the incident", "document.body.innerText.includes('Ransomware at a power company')")
	reader.Follow("Ransomware at a power company")
	fit(t, reader)
	for _, want := range []string{"Medium (中)", "Electric power supply", "Power and energy", "broader", "From the partner"} {
		reader.See(want)
	}
	reader.Set("#clock", "in-certin")
	reader.Submit("button[value=start]")
	reader.See("Initial report")
	reader.Set("#own-text", "Ask the minister.")
	reader.Submit("button[value=note]")
	reader.See("Ask the minister.")
	reader.Set("#add-kind", "task")
	reader.Set("#add-for", "jp")
	reader.Set("#add-text", "Please send the ransom note.")
	reader.Submit("section[aria-labelledby=add] button")
	reader.See("No answer yet")

	woken.Reload("the task", "document.body.innerText.includes('Please send the ransom note.')")
	woken.Submit("article form button")
	woken.See("Taken on")
	if text := woken.Text("main"); strings.Contains(text, "minister") || strings.Contains(text, "CERT-In") {
		t.Errorf("what is the other side's only: %s", text)
	}
	reader.Reload("the answer", "document.body.innerText.includes('Taken on')")
	due := webtest.Eval[string](reader, "document.querySelector('#own-only article').innerText")
	if !strings.Contains(due, "UTC") || !strings.Contains(due, "Tokyo") || !strings.Contains(due, "New Delhi") {
		t.Errorf("the clock: %s", due)
	}
	for _, tab := range []*webtest.Tab{woken, reader} {
		for _, p := range tab.Problems() {
			t.Error(p)
		}
	}
}
