package signin

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"net/http"

	"github.com/pquerna/otp"

	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
)

// welcome is the page of a one-time link.
type welcome struct {
	*page.Request
	Link, Account string
}

func (a area) showLink(w http.ResponseWriter, r *http.Request) error {
	f := welcome{Request: page.Of(r), Link: r.URL.Query().Get("link")}
	var err error
	if f.Account, err = a.Auth.Sessions().LinkFor(r.Context(), f.Link); err != nil {
		return a.noLink(w, r, err)
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address is a secret
	head := page.Head{Title: f.T("signin.welcome.title", f.Account), Lead: f.T("signin.welcome.lead", a.Title), Bare: true}
	return a.Render(w, r, head, welcomePage(f))
}

// noLink says that a link is none, in the reader's language.
func (a area) noLink(w http.ResponseWriter, r *http.Request, err error) error {
	q := page.Of(r)
	list, err := problem(q, "link", q.T("signin.welcome.none"), err)
	if err != nil {
		return err
	}
	return a.page(w, r, signIn{Back: "/", Problems: list})
}

func (a area) useLink(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	secret, err := a.Auth.Sessions().UseLink(r.Context(), r.PostFormValue("link"), a.Auth.At(r))
	if err != nil {
		return a.noLink(w, r, err)
	}
	return a.in(w, r, secret, session.Enrol, "")
}

// enrol is the page on which the ways in are set up.
type enrol struct {
	*page.Request
	Account   string
	Ways      session.Ways
	OneFactor bool
	Passkeys  bool
	Generator session.Generator
	QR        string // data URL
	Problems  []page.Problem
}

// apps reports whether a code generator is to be set up: beside a password,
// where one is required or was in use.
func (f enrol) apps() bool {
	return f.Ways.Password && (!f.OneFactor || f.Ways.Generator || len(f.Ways.Passkeys) > 0)
}

func (a area) showEnrol(w http.ResponseWriter, r *http.Request) error {
	return a.enrolPage(w, r, nil)
}

func (a area) enrolPage(w http.ResponseWriter, r *http.Request, problems []page.Problem) error {
	q := page.Of(r)
	if q.Session.Stage == session.Full {
		return page.See(w, r, "/account")
	}
	if q.Session.Stage != session.Enrol {
		return page.See(w, r, page.SignIn)
	}
	f := enrol{
		Request: q, Account: q.Session.Account, OneFactor: a.Auth.Sessions().OneFactor(), Passkeys: a.Auth.PasskeysWork(r) == nil, Problems: problems,
	}
	var err error
	if f.Ways, err = a.Auth.Sessions().OwnWays(r.Context(), q.Session); err != nil {
		return err
	}
	if f.apps() {
		if f.Generator, err = a.Auth.Sessions().BeginGenerator(r.Context(), q.Session); err != nil {
			return err
		}
		if f.QR, err = QR(f.Generator.URL); err != nil {
			return err
		}
	}
	head := page.Head{Title: f.T("signin.enrol.title"), Lead: f.T("signin.enrol.lead", f.Account), Bare: true, Scripts: []string{"passkey.js"}}
	if len(problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, enrolPage(f))
}

// QR returns a code generator's address as a picture in a data URL.
func QR(address string) (string, error) {
	key, err := otp.NewKeyFromURL(address)
	if err != nil {
		return "", err
	}
	img, err := key.Image(232, 232)
	if err != nil {
		return "", err
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(buf.Bytes()), nil
}

func (a area) enrolPassword(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	if q.Session.Stage != session.Enrol {
		return page.See(w, r, page.SignIn)
	}
	password := r.PostFormValue("password")
	if password != r.PostFormValue("again") {
		return a.enrolPage(w, r, []page.Problem{{Field: "again", Text: q.T("signin.password.differs")}})
	}
	done, err := a.Auth.Sessions().SetPassword(r.Context(), q.Session, password)
	if fault.Is(err, fault.Invalid) {
		return a.enrolPage(w, r, []page.Problem{{Field: "password", Text: q.T("signin.password.unfit")}})
	}
	if err != nil {
		return err
	}
	return a.in(w, r, done.Secret, done.Stage, "/")
}

func (a area) enrolGenerator(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	if q.Session.Stage != session.Enrol {
		return page.See(w, r, page.SignIn)
	}
	done, err := a.Auth.Sessions().SetGenerator(r.Context(), q.Session, r.PostFormValue("code"), a.Auth.At(r))
	if err != nil {
		list, err := problem(q, "code", q.T("signin.code.wrong"), err)
		if err != nil {
			return err
		}
		return a.enrolPage(w, r, list)
	}
	a.Auth.Remember(w, r, done.Secret)
	return ShowCodes(a.Desk, w, r, done.Codes)
}

// ShowCodes shows new recovery codes, once.
func ShowCodes(d *page.Desk, w http.ResponseWriter, r *http.Request, codes []string) error {
	q := page.Of(r)
	head := page.Head{Title: q.T("signin.codes.title"), Lead: q.T("signin.codes.lead"), Bare: true}
	return d.Render(w, r, head, codesPage(q, codes))
}

func (a area) beginRegister(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if q.Session.ID == "" {
		return fault.New(fault.Denied, "sign in first")
	}
	ways, err := a.Auth.Sessions().OwnWays(r.Context(), q.Session)
	if err != nil {
		return err
	}
	c, err := a.Auth.BeginRegister(r, q.Session, ways.Passkeys)
	if err != nil {
		return err
	}
	return sendCeremony(w, c)
}

func (a area) register(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	q := page.Of(r)
	if q.Session.ID == "" {
		return page.See(w, r, page.SignIn)
	}
	done, err := a.Auth.FinishRegister(r, q.Session, r.PostFormValue("ceremony"), r.PostFormValue("answer"), r.PostFormValue("passkey-name"))
	if err != nil {
		list, err := problem(q, "passkey", q.T("signin.passkey.failed"), err)
		if err != nil || q.Session.Stage == session.Full {
			return err
		}
		return a.enrolPage(w, r, list)
	}
	return a.in(w, r, done.Secret, done.Stage, page.Back(r, "/"))
}
