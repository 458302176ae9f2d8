package webtest_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// nightInTokyo is a clock that runs from half past three in the morning there.
func nightInTokyo() clock.Clock {
	now := time.Now().UTC()
	night := time.Date(now.Year(), now.Month(), now.Day(), 18, 30, 0, 0, time.UTC)
	if night.Before(now) {
		night = night.AddDate(0, 0, 1)
	}
	ahead := night.Sub(now)
	return clock.Func(func() time.Time { return time.Now().Add(ahead) })
}

// told is what stands in a list of facts: the instant itself and its text.
func told(tab *webtest.Tab, id string) (instant, text string) {
	return webtest.Eval[string](tab, "document.querySelector('#"+id+" time')?.getAttribute('datetime') || ''"), tab.Text("#" + id)
}

// TestARequestIsAskedAtNightAndDeclinedInPart: a duty officer asks in the
// evening, the other side's is woken, sees it, acknowledges it and does a part;
// both read the same deadline, in both capitals' time.
func TestARequestIsAskedAtNightAndDeclinedInPart(t *testing.T) {
	b := webtest.Open(t)
	clk, change := nightInTokyo(), func(c *node.Config) { c.OneFactor = true }
	in, jp := nodetest.StartAt(t, "in", clk, change), nodetest.StartAt(t, "jp", clk, change)
	nodetest.Join(t, in, jp)
	in.Import(marking.Clear, string(stixtest.Bundle(stixtest.Indicator(stixtest.Pattern("[domain-name:value = 'bank.example']")))))
	nodetest.Converged(t, in, jp)
	asker, woken := signIn(t, b, in, "asha", people.Analyst), signIn(t, b, jp, "kenji", people.DutyOfficer)

	asker.Go("/requests?by=us")
	asker.See("Nothing is open here.")
	asker.Go("/ask")
	fit(t, asker)
	asker.Set("#kind", "takedown")
	asker.Set("#urgency", "urgent")
	asker.Set("#title", "Phishing pages of a bank, hosted in Osaka")
	asker.Set("#text", "Please have the two pages taken down.")
	asker.Set("#objects", "indicator--00000000-0000-4000-8000-000000000000")
	asker.Submit("form[action='/ask'] button")
	asker.See("there is no object")
	if got := webtest.Eval[string](asker, "document.querySelector('#text').value"); got != "Please have the two pages taken down." {
		t.Errorf("what was typed is lost: %q", got)
	}
	asker.Set("#objects", "")
	asker.Submit("form[action='/ask'] button")
	asker.Reload("it is delivered", "document.querySelector('#due time') !== null")
	fit(t, asker)

	woken.Look(360, true)
	woken.Go("/waiting")
	woken.Reload("the request among what waits", "document.body.innerText.includes('request for assistance')")
	woken.Go("/requests")
	fit(t, woken)
	woken.Follow("Phishing pages of a bank")
	fit(t, woken)
	for _, id := range []string{"received", "due"} {
		here, hereText := told(asker, id)
		there, thereText := told(woken, id)
		at, err := time.Parse(time.RFC3339Nano, here)
		if err != nil || here != there {
			t.Fatalf("%s: %q at the asker, %q at the asked: %v", id, here, there, err)
		}
		for _, want := range []string{
			at.Format("2006-01-02 15:04") + ":" + at.Format("05") + " UTC", at.Add(9*time.Hour).Format("2006-01-02 15:04") + " Tokyo",
			at.Add(5*time.Hour+30*time.Minute).Format("2006-01-02 15:04") + " New Delhi",
		} {
			if !strings.Contains(hereText, want) || !strings.Contains(thereText, want) {
				t.Errorf("%s: %q and %q do not say %q", id, hereText, thereText, want)
			}
		}
		if local := at.Add(9 * time.Hour).Hour(); id == "received" && (local < 3 || local > 4) {
			t.Errorf("it came at %d o'clock in Tokyo", local)
		}
	}
	woken.Submit("button[value=acknowledge]")
	woken.See("Japan acknowledged it")
	asker.Reload("the first word", "document.querySelector('#word time') !== null && document.body.innerText.includes('Japan acknowledged it')")
	woken.Set("#step-text", "One of the two; the other is not hosted here.")
	woken.Set("#reason", "not-held-here")
	woken.Submit("button[value=accept-partly]")
	woken.See("Agreed to in part")
	asker.Reload("the answer", "document.querySelector('.chips').innerText.includes('Agreed to in part')")
	asker.See("Not held here")
	asker.See("One of the two; the other is not hosted here.")
	if text := asker.Text("main"); strings.Contains(text, "kenji") {
		t.Errorf("the asker reads who of the other side it was: %s", text)
	}
	mine, _ := told(asker, "word")
	if theirs, _ := told(woken, "word"); mine != theirs || mine == "" {
		t.Errorf("the first word: %q and %q", mine, theirs)
	}
	asker.Submit("button[value=withdraw]")
	asker.See("India withdrew the request")
	woken.Reload("the end", "document.querySelector('.chips').innerText.includes('Withdrawn')")
	if woken.Has("button[name=move]") {
		t.Error("a step is offered about what was withdrawn")
	}
	for _, tab := range []*webtest.Tab{asker, woken} {
		for _, p := range tab.Problems() {
			t.Error(p)
		}
	}
}

// TestPreservationIsAskedByAWayThatThePairHas: the form offers India no way of a
// treaty that India is no party to, names what to use instead, and refuses the
// way also when a browser sends it all the same; the United States can be asked
// by it.
func TestPreservationIsAskedByAWayThatThePairHas(t *testing.T) {
	b := webtest.Open(t)
	oneFactor := func(c *node.Config) { c.OneFactor = true }
	_, jp := nodetest.IndiaJapan(t, oneFactor)
	us := nodetest.Start(t, "us", oneFactor)
	nodetest.SignJpUs(t, jp, us)
	tab := signIn(t, b, jp, "kenji", people.DutyOfficer)
	const treaty = "budapest-preservation"
	offered := "document.querySelector(\"#way option[value='" + treaty + "']\") !== null"

	tab.Go("/ask")
	if tab.Has("#way") {
		t.Error("a way of law is asked for where none is needed")
	}
	tab.Go("/ask?kind=preservation&agreement=" + string(nodetest.InJp))
	fit(t, tab)
	if webtest.Eval[bool](tab, offered) {
		t.Error("the treaty is offered between India and Japan")
	}
	for _, want := range []string{"Republic of India is not a party to it", "letters rogatory"} {
		tab.See(want)
	}
	tab.Set("#title", "Keep the log of two accounts")
	tab.Set("#text", "Please have what they hold preserved.")
	tab.Submit("form[action='/ask'] button")
	tab.See("say by which way of law it is asked")
	webtest.Eval[bool](tab, "(() => { const o = document.createElement('option'); o.value = '"+treaty+"'; const s = document.querySelector('#way'); s.append(o); s.value = o.value; return true })()")
	tab.Submit("form[action='/ask'] button")
	tab.See("is not open between")
	tab.See("Instead: Mutual legal assistance, or letters rogatory")
	fit(t, tab)
	if got := webtest.Eval[string](tab, "document.querySelector('#text').value"); got != "Please have what they hold preserved." {
		t.Errorf("what was typed is lost: %q", got)
	}
	tab.Set("#way", "mlat")
	tab.Submit("form[action='/ask'] button")
	if got := tab.Text("#way"); !strings.Contains(got, "Mutual legal assistance") {
		t.Errorf("asked by %q", got)
	}

	tab.Go("/ask?kind=preservation&agreement=" + string(nodetest.JpUs))
	if !webtest.Eval[bool](tab, offered) {
		t.Fatal("the treaty is not offered between Japan and the United States")
	}
	tab.Set("#title", "Keep the log of two accounts")
	tab.Set("#text", "Please have what they hold preserved.")
	tab.Set("#way", treaty)
	tab.Submit("form[action='/ask'] button")
	tab.See("Expedited preservation under the Budapest Convention")
	for _, p := range tab.Problems() {
		if !strings.Contains(p, "422") {
			t.Error(p)
		}
	}
}
