// Package signin is the way in: password and code, passkey, single sign-on, the
// page of a one-time link, setting up the ways in, and proving again who one is.
//
// Invariants: a wrong name and a wrong secret are answered alike; secrets
// travel in forms and cookies, a one-time link's alone in its address, and that
// is used up by a button and not by looking; nothing here leads to another host
// but the configured single sign-on.
package signin

import (
	"net/http"

	"twoseas/internal/act/session"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/auth"
	"twoseas/internal/edge/web/page"
)

// maxForm bounds what these forms take, in bytes.
const maxForm = 64 << 10

type area struct{ *page.Desk }

// Routes is the pages and forms of signing in.
func Routes(d *page.Desk) []page.Route {
	a := area{d}
	return []page.Route{
		{Pattern: "GET " + page.SignIn, Open: true, Serve: a.show},
		{Pattern: "POST " + page.SignIn, Open: true, Serve: a.password},
		{Pattern: "GET " + page.SignInCode, Open: true, Serve: a.showCode},
		{Pattern: "POST " + page.SignInCode, Open: true, Serve: a.code},
		{Pattern: "POST /sign-in/passkey/begin", Open: true, Serve: a.beginPasskey},
		{Pattern: "POST /sign-in/passkey", Open: true, Serve: a.passkey},
		{Pattern: "GET /sign-in/provider", Open: true, Serve: a.toProvider},
		{Pattern: "GET " + auth.ProviderBack, Open: true, Serve: a.fromProvider},
		{Pattern: "GET /welcome", Open: true, Serve: a.showLink},
		{Pattern: "POST /welcome", Open: true, Serve: a.useLink},
		{Pattern: "GET " + page.Enrol, Open: true, Serve: a.showEnrol},
		{Pattern: "POST /enrol/password", Open: true, Serve: a.enrolPassword},
		{Pattern: "POST /enrol/generator", Open: true, Serve: a.enrolGenerator},
		{Pattern: "POST /enrol/passkey/begin", Open: true, Serve: a.beginRegister},
		{Pattern: "POST /enrol/passkey", Open: true, Serve: a.register},
		{Pattern: "GET " + page.ConfirmPath, Any: true, Serve: a.showConfirm},
		{Pattern: "POST " + page.ConfirmPath, Any: true, Serve: a.confirm},
		{Pattern: "POST /sign-out", Open: true, Serve: a.signOut},
	}
}

// Confirm is what the frame shows before a form that wants a recent
// authentication.
func Confirm(d *page.Desk) page.Handler { return area{d}.keepForm }

// in has the browser hold its new session and go on to where the session is
// good for.
func (a area) in(w http.ResponseWriter, r *http.Request, secret string, stage session.Stage, back string) error {
	a.Auth.Remember(w, r, secret)
	switch stage {
	case session.Half:
		return page.See(w, r, withBack(page.SignInCode, back))
	case session.Enrol:
		return page.See(w, r, page.Enrol)
	case session.Full:
	}
	return page.See(w, r, back)
}

// problem says what a failed try means, in the reader's words; what is not of
// the person's doing stays an error.
func problem(q *page.Request, field, wrong string, err error) ([]page.Problem, error) {
	if soon, ok := auth.TooSoon(err); ok {
		return []page.Problem{{Field: field, Text: q.T("signin.wait", q.Took(soon.Seconds()))}}, nil
	}
	if fault.Is(err, fault.Denied) || fault.Is(err, fault.NotFound) {
		return []page.Problem{{Field: field, Text: wrong}}, nil
	}
	return nil, err
}

// signOut ends the session, wherever it stands.
func (a area) signOut(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a.Auth.Forget(w, r)
	if q.Session.ID != "" {
		if err := a.Auth.Sessions().SignOut(r.Context(), q.Actor, q.Session); err != nil {
			return err
		}
	}
	return page.See(w, r, page.SignIn)
}

// sendCeremony answers a script with what the authenticator is to be asked.
func sendCeremony(w http.ResponseWriter, c auth.Ceremony) error {
	raw, err := canon.Write(c)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(raw) //nolint:gosec // JSON, sent as JSON with nosniff
	return err
}
