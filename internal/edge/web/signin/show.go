package signin

import (
	"net/http"
	"net/url"

	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
)

// form of the sign-in page, as it is shown and shown again.
type signIn struct {
	*page.Request
	Name, Back string
	Provider   string // name of the single sign-on, "" without
	Passkeys   bool   // whether they work at this address
	Problems   []page.Problem
}

func withBack(path, back string) string {
	if back == "" || back == "/" {
		return path
	}
	return path + "?" + url.Values{"back": {back}}.Encode()
}

func (a area) show(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if q.SignedIn() {
		return page.See(w, r, page.Back(r, "/"))
	}
	return a.page(w, r, signIn{Back: page.Back(r, "/")})
}

func (a area) page(w http.ResponseWriter, r *http.Request, f signIn) error {
	f.Request = page.Of(r)
	f.Passkeys = a.Auth.PasskeysWork(r) == nil
	if p := a.Auth.Provider(); p != nil {
		f.Provider = p.Name()
	}
	head := page.Head{Title: f.T("signin.title"), Lead: f.T("signin.lead", a.Title), Bare: true, Scripts: []string{"passkey.js"}}
	if len(f.Problems) > 0 {
		head.Status = http.StatusForbidden
	}
	return a.Render(w, r, head, signInPage(f))
}

func (a area) password(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	name, back := r.PostFormValue("name"), page.Back(r, "/")
	secret, stage, err := a.Auth.Sessions().Password(r.Context(), name, r.PostFormValue("password"), a.Auth.At(r))
	if err != nil {
		q := page.Of(r)
		list, err := problem(q, "name", q.T("signin.wrong"), err)
		if err != nil {
			return err
		}
		return a.page(w, r, signIn{Name: name, Back: back, Problems: list})
	}
	return a.in(w, r, secret, stage, back)
}

// codeForm is the page of the second factor.
type codeForm struct {
	*page.Request
	Back     string
	Passkeys bool
	Problems []page.Problem
}

func (a area) showCode(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if q.Session.Stage != session.Half {
		return page.See(w, r, withBack(page.SignIn, page.Back(r, "/")))
	}
	return a.codePage(w, r, nil)
}

func (a area) codePage(w http.ResponseWriter, r *http.Request, problems []page.Problem) error {
	f := codeForm{Request: page.Of(r), Back: page.Back(r, "/"), Passkeys: a.Auth.PasskeysWork(r) == nil, Problems: problems}
	head := page.Head{Title: f.T("signin.code.title"), Lead: f.T("signin.code.lead"), Bare: true, Scripts: []string{"passkey.js"}}
	if len(problems) > 0 {
		head.Status = http.StatusForbidden
	}
	return a.Render(w, r, head, codePage(f))
}

func (a area) code(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	if q.Session.Stage != session.Half {
		return page.See(w, r, withBack(page.SignIn, page.Back(r, "/")))
	}
	secret, err := a.Auth.Sessions().Second(r.Context(), q.Session, r.PostFormValue("code"), a.Auth.At(r))
	if err != nil {
		list, err := problem(q, "code", q.T("signin.code.wrong"), err)
		if err != nil {
			return err
		}
		return a.codePage(w, r, list)
	}
	return a.in(w, r, secret, session.Full, page.Back(r, "/"))
}

func (a area) beginPasskey(w http.ResponseWriter, r *http.Request) error {
	c, err := a.Auth.BeginPasskey(r)
	if err != nil {
		return err
	}
	return sendCeremony(w, c)
}

// passkey takes the answer of an authenticator: to sign in, or, half way in, as
// the second factor.
func (a area) passkey(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	again := session.Session{}
	if q.Session.Stage == session.Half {
		again = q.Session
	}
	secret, err := a.Auth.FinishPasskey(r, r.PostFormValue("ceremony"), r.PostFormValue("answer"), again)
	if err != nil {
		list, err := problem(q, "passkey", q.T("signin.passkey.wrong"), err)
		if err != nil {
			return err
		}
		return a.page(w, r, signIn{Back: page.Back(r, "/"), Problems: list})
	}
	return a.in(w, r, secret, session.Full, page.Back(r, "/"))
}

// toProvider leads to the single sign-on. It is a link and no form: a form may
// not lead to another host.
func (a area) toProvider(w http.ResponseWriter, r *http.Request) error {
	again := session.Session{}
	if q := page.Of(r); q.SignedIn() && r.FormValue("again") != "" {
		again = q.Session
	}
	to, err := a.Auth.ToProvider(w, r, page.Back(r, "/"), again)
	if err != nil {
		return err
	}
	return page.See(w, r, to)
}

func (a area) fromProvider(w http.ResponseWriter, r *http.Request) error {
	secret, back, err := a.Auth.FromProvider(w, r, page.Of(r).Session)
	if fault.Is(err, fault.Denied) {
		return a.page(w, r, signIn{Back: "/", Problems: []page.Problem{page.Of(r).Wrong("provider", err)}})
	}
	if err != nil {
		return err
	}
	return a.in(w, r, secret, session.Full, back)
}
