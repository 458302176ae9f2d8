package webtest_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	law "twoseas/internal/law/contact"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// post is a contact that the tests name.
func post(name, zone string) law.Contact {
	return law.Contact{
		Agency: "CERT", Post: name, Role: law.Technical, Areas: []string{"1(1)", "1(2)"}, Languages: []string{"en"},
		Hours:    law.Hours{Zone: zone, Days: []int{1, 2, 3, 4, 5}, From: 540, To: 1080, Holidays: []string{"2027-03-22"}},
		Channels: []law.Channel{{Kind: law.PhoneAlways, Address: "+00 0 0000 0000"}, {Kind: law.Email, Address: "duty@cert.example"}}, ValidFrom: "2022-03-19",
	}
}

// name puts contacts of both sides into the directories of the demonstration: a
// post that is held, its deputy, a key that two people heard and one that one
// did, and checks that were answered and wait.
func (w *world) name(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	own, err := w.In.Contacts.Set(ctx, w.In.Live, w.In.Operator(), nodetest.InJp, post("Duty officer", "Asia/Kolkata"))
	must(t, err)
	deputy := post("Deputy", "Asia/Kolkata")
	deputy.BackupOf = own.ID
	_, err = w.In.Contacts.Set(ctx, w.In.Live, w.In.Operator(), nodetest.InJp, deputy)
	must(t, err)
	must(t, w.In.Contacts.Assign(ctx, w.In.Live, w.In.Operator(), own.ID, "duty", []people.Role{people.DutyOfficer}))
	theirs, err := w.Jp.Contacts.Set(ctx, w.Jp.Live, w.Jp.Operator(), nodetest.InJp, post("Watch officer", "Asia/Tokyo"))
	must(t, err)
	for _, name := range []string{"duty", "desk"} {
		by, err := w.Jp.People.As(ctx, w.Jp.Operator(), name)
		must(t, err)
		_, err = w.Jp.Contacts.Hear(ctx, w.Jp.Live, by, theirs.ID, contact.Heard{
			Kind: "pgp", Fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567", Expires: "2026-12-20", Means: "in-person",
		})
		must(t, err)
	}
	nodetest.Eventually(t, "the other side's contact is here with its key", func() bool {
		d, err := w.In.Contacts.Contact(ctx, w.In.Live, w.In.Operator(), theirs.ID)
		return err == nil && len(d.Keys) == 1
	})
	by, err := w.In.People.As(ctx, w.In.Operator(), "duty")
	must(t, err)
	_, err = w.In.Contacts.Hear(ctx, w.In.Live, by, theirs.ID, contact.Heard{
		Kind: "pgp", Fingerprint: "0123456789ABCDEF0123456789ABCDEF01234567", Expires: "2026-12-20", Means: "telephone",
	})
	must(t, err)
	_, err = w.In.Contacts.Ask(ctx, w.In.Live, w.In.Operator(), theirs.ID)
	must(t, err)
	nodetest.Eventually(t, "this side's contact is there", func() bool {
		_, err := w.Jp.Contacts.Ask(ctx, w.Jp.Live, w.Jp.Operator(), own.ID)
		return err == nil
	})
	nodetest.Eventually(t, "the check is here", func() bool {
		d, err := w.In.Contacts.Contact(ctx, w.In.Live, w.In.Operator(), own.ID)
		return err == nil && len(d.Checks) == 1
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// startedAt is a clock that runs from an instant.
func startedAt(at time.Time) clock.Clock {
	began := time.Now()
	return clock.Func(func() time.Time { return at.Add(time.Since(began)) })
}

// TestTheSixtyDayMatrixFillsUp: on the twelfth day after signing both sides see
// how many days are left and where nobody is named; one names a contact, with a
// key that two people heard, the other finds it with its hours in both capitals
// and checks whether it answers.
func TestTheSixtyDayMatrixFillsUp(t *testing.T) {
	b := webtest.Open(t)
	clk, change := startedAt(time.Date(2022, 3, 30, 6, 0, 0, 0, time.UTC)), func(c *node.Config) { c.OneFactor = true }
	in, jp := nodetest.StartAt(t, "in", clk, change), nodetest.StartAt(t, "jp", clk, change)
	nodetest.Join(t, in, jp)
	asha, kiku, ren := signIn(t, b, in, "asha", people.DutyOfficer), signIn(t, b, jp, "kiku", people.DeskOfficer), signIn(t, b, jp, "ren", people.DutyOfficer)
	for _, tab := range []*webtest.Tab{asha, kiku} {
		tab.Go("/contacts")
		tab.See("Day 12 of 60 for exchanging contacts (clause 2(2))")
		tab.See("20 of 20 (area and side)")
	}
	fit(t, asha)

	kiku.Go("/add-contact")
	kiku.Set("#post", "Watch officer")
	kiku.Set("#agency", "JPCERT/CC")
	kiku.Click("#area-1\\(1\\)")
	kiku.Submit("form[action='/add-contact'] button")
	kiku.See("at least one way to reach the post")
	if got := webtest.Eval[string](kiku, "document.querySelector('#post').value"); got != "Watch officer" {
		t.Errorf("what was typed is lost: %q", got)
	}
	fit(t, kiku)
	kiku.Set("#phone-24x7", "+00 0 0000 0000")
	kiku.Submit("form[action='/add-contact'] button")
	kiku.See("Point of contact at JPCERT/CC, Japan")
	one := kiku.Path()
	for _, tab := range []*webtest.Tab{kiku, ren} {
		tab.Go(one)
		tab.Click("#keys ~ details summary")
		tab.Set("#fingerprint", "0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567")
		tab.Set("#means", "telephone")
		tab.Submit("form[action$='/keys'] button")
	}
	ren.See("Verified by two people")

	asha.Look(360, true)
	asha.Go("/contacts")
	asha.Reload("the contact is here", "document.querySelector('#gaps').innerText.startsWith('19 of 20')")
	asha.Follow("Watch officer")
	fit(t, asha)
	for _, want := range []string{"00:00–09:00", "05:30–14:30", "09:00–18:00"} {
		if text := asha.Text("#hours"); !strings.Contains(text, want) {
			t.Errorf("the hours in both capitals: %q without %q", text, want)
		}
	}
	asha.Reload("its key", "document.body.innerText.includes('0123 4567 89AB CDEF')")
	asha.See("Nobody here has heard it")
	if asha.Has("a[href$='/change']") || asha.Has("#leave") {
		t.Error("the other side's contact is offered to be changed")
	}
	asha.Submit("form[action$='/checks'] button")
	asha.See("waits for an answer")

	must(t, jp.Contacts.Assign(t.Context(), jp.Live, jp.Operator(), strings.TrimPrefix(one, "/contacts/"), "ren", nil))
	ren.Go("/waiting")
	ren.Reload("the check among what waits", "document.body.innerText.includes('a check waits for an answer until')")
	ren.Follow("Watch officer")
	fit(t, ren)
	ren.Submit("form[action$='/answer'] button")
	ren.See("answered")
	asha.Reload("the answer", "document.querySelector('#checks ~ .scroll .chip-green') !== null")
	if text := asha.Text("main"); strings.Contains(text, "ren\n") || strings.Contains(text, "kiku") {
		t.Errorf("the asker reads who of the other side it was: %s", text)
	}
	for _, tab := range []*webtest.Tab{asha, kiku, ren} {
		for _, p := range tab.Problems() {
			t.Error(p)
		}
	}
}

// TestAContactLeavesAndCanNoLongerSeeAnything: the moment a desk officer says
// so, the page that is open, a token and the calendar show nothing any more, the
// other side asks the deputy, and the deputy has the check that waits.
func TestAContactLeavesAndCanNoLongerSeeAnything(t *testing.T) {
	b := webtest.Open(t)
	in, jp := nodetest.Start(t, "in", func(c *node.Config) { c.OneFactor = true }), nodetest.Start(t, "jp", func(c *node.Config) { c.OneFactor = true })
	nodetest.Join(t, in, jp)
	asha := signIn(t, b, in, "asha", people.DutyOfficer)
	kenji, ren, kiku := signIn(t, b, jp, "kenji", people.DutyOfficer), signIn(t, b, jp, "ren", people.DutyOfficer), signIn(t, b, jp, "kiku", people.DeskOfficer)
	chief, err := jp.Contacts.Set(t.Context(), jp.Live, jp.Operator(), nodetest.InJp, post("Watch officer", "Asia/Tokyo"))
	must(t, err)
	second := post("Second watch", "Asia/Tokyo")
	second.BackupOf = chief.ID
	second, err = jp.Contacts.Set(t.Context(), jp.Live, jp.Operator(), nodetest.InJp, second)
	must(t, err)
	for id, name := range map[string]string{chief.ID: "kenji", second.ID: "ren"} {
		must(t, jp.Contacts.Assign(t.Context(), jp.Live, jp.Operator(), id, name, nil))
	}
	token, err := jp.People.IssueToken(t.Context(), jp.Operator(), "kenji", "laptop", time.Hour)
	must(t, err)
	who, err := jp.People.As(t.Context(), jp.Operator(), "kenji")
	must(t, err)
	calendar, err := jp.Notices.MakeAddress(t.Context(), jp.Live, who)
	must(t, err)
	opens := map[string]func() int{
		"the token":    func() int { return status(t, jp, "/api/v1/agreements/"+string(nodetest.InJp)+"/contacts", token) },
		"the calendar": func() int { return status(t, jp, "/calendar/"+calendar+".ics", "") },
	}
	for what, ask := range opens {
		if got := ask(); got != http.StatusOK {
			t.Fatalf("%s, before: %d", what, got)
		}
	}
	kenji.Go("/contacts/" + chief.ID)
	kenji.See("Watch officer")
	asha.Go("/contacts")
	asha.Reload("the contacts are here", "document.body.innerText.includes('Second watch')")
	asha.Go("/contacts/" + chief.ID)
	asha.Submit("form[action$='/checks'] button")
	asha.See("waits for an answer")

	kiku.Go("/contacts/" + chief.ID)
	kiku.Click("#holders ~ details summary")
	kiku.See("the deputy takes over")
	fit(t, kiku)
	kiku.Submit("#leave")
	kiku.See("Vacant")
	kenji.Go("/contacts/" + chief.ID)
	if !strings.HasPrefix(kenji.Path(), "/sign-in") {
		t.Errorf("who left still reads %s", kenji.Path())
	}
	for what, ask := range opens {
		if got := ask(); got != http.StatusUnauthorized && got != http.StatusNotFound {
			t.Errorf("%s, after: %d", what, got)
		}
	}
	kenji.Type("#name", "kenji")
	kenji.Type("#password", filesPassword)
	kenji.Submit("main form button[type=submit]")
	if kenji.Has(".person summary") {
		t.Error("who left signs in again")
	}
	asha.Go("/contacts/" + chief.ID)
	asha.Reload("the deputy", "document.querySelector('#duty').innerText.includes('Second watch')")
	asha.See("Vacant")
	fit(t, asha)
	ren.Go("/waiting")
	ren.Reload("the check waits for the deputy", "document.body.innerText.includes('a check waits for an answer until')")
	ren.Follow("Watch officer")
	ren.Submit("form[action$='/answer'] button")
	asha.Reload("the deputy's answer", "document.querySelector('#checks ~ .scroll .chip-green') !== null")
	for _, tab := range []*webtest.Tab{asha, ren, kiku} {
		for _, p := range tab.Problems() {
			t.Error(p)
		}
	}
}

// status is how a node answers a program, with a token or without.
func status(t *testing.T, n *nodetest.Node, path, token string) int {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // the node of the test
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.Run.URL+path, nil)
	must(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.StatusCode
}
