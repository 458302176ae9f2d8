// Package account is the page on which a person looks after the own account:
// ways in, sessions, API tokens, and what the roles admit to.
//
// Invariants: nobody reaches another's account here, whatever a form names; a
// way in is changed only shortly after proving who one is; a token is shown
// once, in the answer to the form that made it.
package account

import (
	"net/http"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/edge/web/signin"
)

const home = "/account"

// maxForm bounds what these forms take, in bytes.
const maxForm = 64 << 10

type area struct{ *page.Desk }

// Routes is the pages and forms of the own account.
func Routes(d *page.Desk) []page.Route {
	a := area{d}
	return []page.Route{
		{Pattern: "GET " + home, Any: true, Serve: a.show},
		{Pattern: "POST /account/password", Any: true, Serve: a.password},
		{Pattern: "GET /account/generator", Any: true, Fresh: true, Serve: a.generator},
		{Pattern: "POST /account/generator", Any: true, Fresh: true, Serve: a.setGenerator},
		{Pattern: "POST /account/generator/remove", Any: true, Fresh: true, Serve: a.removeGenerator},
		{Pattern: "GET /account/passkey", Any: true, Fresh: true, Serve: a.passkey},
		{Pattern: "POST /account/passkey/remove", Any: true, Fresh: true, Serve: a.removePasskey},
		{Pattern: "POST /account/sessions/end", Any: true, Serve: a.endSession},
		{Pattern: "POST /account/sessions/end-others", Any: true, Serve: a.endOthers},
		{Pattern: "POST /account/tokens", Any: true, Fresh: true, Serve: a.issue},
		{Pattern: "POST /account/tokens/revoke", Any: true, Serve: a.revoke},
	}
}

// own is everything the page shows.
type own struct {
	*page.Request
	Account   people.Account
	Body      people.Organisation // zero without one
	Ways      session.Ways
	OneFactor bool
	Sessions  []session.Session
	Tokens    []people.Token
	Token     string // a new one, shown once
	Passkeys  bool   // whether they work at this address
	Problems  []page.Problem
}

func (a area) show(w http.ResponseWriter, r *http.Request) error { return a.page(w, r, own{}) }

func (a area) page(w http.ResponseWriter, r *http.Request, o own) error {
	o.Request = page.Of(r)
	if err := a.fill(r, &o); err != nil {
		return err
	}
	head := page.Head{Title: o.T("account.title"), Lead: o.T("account.lead", o.Actor.Name)}
	if len(o.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, ownPage(o))
}

func (a area) fill(r *http.Request, o *own) error {
	ctx, by := r.Context(), o.Actor
	var err error
	if o.Account, err = a.People.Get(ctx, by, by.Name); err != nil {
		return err
	}
	if o.Account.Org != "" {
		if o.Body, err = a.People.Organisation(ctx, by, o.Account.Org); err != nil {
			return err
		}
	}
	ways := a.Auth.Sessions()
	o.OneFactor, o.Passkeys = ways.OneFactor(), a.Auth.PasskeysWork(r) == nil
	if o.Ways, err = ways.Ways(ctx, by, by.Name); err != nil {
		return err
	}
	if o.Sessions, err = ways.List(ctx, by, by.Name); err != nil {
		return err
	}
	o.Tokens, err = a.People.Tokens(ctx, by, by.Name)
	return err
}

func (a area) password(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q, again := page.Of(r), r.PostFormValue("password")
	if again != r.PostFormValue("again") {
		return a.page(w, r, own{Problems: []page.Problem{{Field: "again", Text: q.T("signin.password.differs")}}})
	}
	err := a.People.ChangePassword(r.Context(), q.Actor.Name, r.PostFormValue("old"), again, a.Auth.Remote(r), q.Session.ID)
	switch {
	case fault.Is(err, fault.Denied):
		return a.page(w, r, own{Problems: []page.Problem{{Field: "old", Text: q.T("account.password.wrong")}}})
	case fault.Is(err, fault.Invalid):
		return a.page(w, r, own{Problems: []page.Problem{{Field: "password", Text: q.T("signin.password.unfit")}}})
	case err != nil:
		return err
	}
	return page.See(w, r, home)
}

// setUp is the page on which a code generator is set up.
type setUp struct {
	*page.Request
	Generator session.Generator
	QR        string
	Problems  []page.Problem
}

func (a area) generator(w http.ResponseWriter, r *http.Request) error {
	return a.generatorPage(w, r, nil)
}

func (a area) generatorPage(w http.ResponseWriter, r *http.Request, problems []page.Problem) error {
	f := setUp{Request: page.Of(r), Problems: problems}
	var err error
	if f.Generator, err = a.Auth.Sessions().BeginGenerator(r.Context(), f.Session); err != nil {
		return err
	}
	if f.QR, err = signin.QR(f.Generator.URL); err != nil {
		return err
	}
	head := page.Head{Title: f.T("account.generator.title"), Lead: f.T("account.generator.lead")}
	if len(problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, generatorPage(f))
}

func (a area) setGenerator(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	done, err := a.Auth.Sessions().SetGenerator(r.Context(), q.Session, r.PostFormValue("code"), a.Auth.At(r))
	if fault.Is(err, fault.Denied) {
		return a.generatorPage(w, r, []page.Problem{{Field: "code", Text: q.T("signin.code.wrong")}})
	}
	if err != nil {
		return err
	}
	a.Auth.Remember(w, r, done.Secret)
	return signin.ShowCodes(a.Desk, w, r, done.Codes)
}

func (a area) removeGenerator(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := a.Auth.Sessions().RemoveGenerator(r.Context(), q.Actor, q.Session); err != nil {
		return err
	}
	return page.See(w, r, home)
}

func (a area) passkey(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	head := page.Head{Title: q.T("account.passkey.title"), Lead: q.T("signin.enrol.passkey.text"), Scripts: []string{"passkey.js"}}
	return a.Render(w, r, head, passkeyPage(q, a.Auth.PasskeysWork(r) == nil))
}

func (a area) removePasskey(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	if err := a.Auth.Sessions().RemovePasskey(r.Context(), q.Actor, q.Session, r.PostFormValue("passkey")); err != nil {
		return err
	}
	return page.See(w, r, home)
}

func (a area) endSession(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	if err := a.Auth.Sessions().End(r.Context(), q.Actor, q.Actor.Name, r.PostFormValue("session")); err != nil {
		return err
	}
	return page.See(w, r, home)
}

func (a area) endOthers(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if _, err := a.Auth.Sessions().EndAll(r.Context(), q.Actor, q.Actor.Name); err != nil {
		return err
	}
	return page.See(w, r, home)
}

// Lives are the lives of a token that forms offer, in days.
func Lives() []string { return []string{"30", "90", "365"} }

// Life reads one of Lives.
func Life(days string) (time.Duration, error) {
	for i, l := range Lives() {
		if l == days {
			return []time.Duration{30, 90, 365}[i] * 24 * time.Hour, nil
		}
	}
	return 0, fault.Errorf(fault.Invalid, "a token's life of %.20q days is not offered", days)
}

func (a area) issue(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	life, err := Life(r.PostFormValue("life"))
	if err != nil {
		return err
	}
	token, err := a.People.IssueToken(r.Context(), q.Actor, q.Actor.Name, r.PostFormValue("note"), life)
	if err != nil {
		return err
	}
	return a.page(w, r, own{Token: token})
}

func (a area) revoke(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	if err := a.People.RevokeOwnToken(r.Context(), q.Actor, r.PostFormValue("token")); err != nil {
		return err
	}
	return page.See(w, r, home)
}
