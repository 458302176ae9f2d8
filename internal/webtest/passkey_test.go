package webtest_test

import (
	"net/url"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/clock"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

// TestAPasskeyFromTheLinkToTheConfirmation walks the life of a passkey with a
// real browser: made from a one-time link, signed in with, asked again.
func TestAPasskeyFromTheLinkToTheConfirmation(t *testing.T) {
	b := webtest.Open(t)
	clk := clock.NewFake(time.Now())
	n := nodetest.StartAt(t, "in", clk, nil)
	if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: "boss", Roles: []people.Role{people.Administrator}}); err != nil {
		t.Fatal(err)
	}
	secret, err := n.Sessions.Link(t.Context(), n.Operator(), "boss")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(n.LinkURL(secret))
	if err != nil {
		t.Fatal(err)
	}
	tab := b.Tab(t, "https://"+u.Host)
	tab.Authenticator()
	tab.Go(u.RequestURI())
	if !webtest.Eval[bool](tab, "!!document.querySelector('script[src]')") {
		t.Skip("the scripts are not built: make assets")
	}
	fit := func(what string) {
		t.Helper()
		for _, f := range tab.Axe() {
			t.Errorf("%s: %s", what, f)
		}
	}
	fit("the page of the link")
	tab.Submit("main form button")
	tab.See("Set up how you sign in")
	fit("setting up")
	tab.Type("#password", "correct horse battery")
	tab.Type("#again", "correct horse battery")
	tab.Submit("form[action='/enrol/password'] button")
	tab.See("Scan the picture")
	fit("setting up an app")
	tab.Type("#passkey-name", "virtual")
	tab.Submit("#passkey")
	tab.Go("/account")
	tab.See("virtual")

	tab.Submit("form[action='/account/sessions/end-others'] button")
	tab.Go("/account")
	tab.Click(".person summary")
	tab.Submit("form[action='/sign-out'] button")
	tab.See("Sign in with a passkey")
	tab.Submit("#passkey")
	tab.Go("/account")
	tab.See("this one")

	clk.Advance(session.DefaultRecent)
	tab.Go("/people/add")
	tab.Type("#name", "kept")
	tab.Click("#role-analyst")
	tab.Submit("form[action='/people/add'] button")
	tab.See("Is it you?")
	fit("confirming")
	tab.Submit("form[data-passkey] button")
	tab.See("No way in yet")
	if got := tab.Path(); got != "/people/account/kept" {
		t.Errorf("the browser is at %s", got)
	}
	if p := tab.Problems(); len(p) > 0 {
		t.Errorf("the pages complain: %q", p)
	}
}
