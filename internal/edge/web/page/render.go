package page

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
)

// Head is what the frame says about a page.
type Head struct {
	Title string // the one h1, already in the reader's language
	Lead  string // what this is, in one line
	Area  string // Name of the Area that is marked in the left column
	// Chips are states beside the title; Action is at most one primary button or
	// form; Rail answers Why and Evidence beside the page. Each may be nil.
	Chips, Action, Rail templ.Component
	Scripts             []string // modules of assets/src besides desk.js
	Styles              []string // sheets besides desk.css
	Status              int      // 200 when left out
	Bare                bool     // without the bars: signing in
	// Mark is the highest level of TLP that the page shows, for the sheets it is
	// printed on; the reader's clearance when left out.
	Mark string
}

// Render sends the page. Nothing is sent when a component fails.
func (d *Desk) Render(w http.ResponseWriter, r *http.Request, head Head, body templ.Component) error {
	var buf bytes.Buffer
	if err := d.layout(Of(r), head, body).Render(r.Context(), &buf); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if head.Status != 0 {
		w.WriteHeader(head.Status)
	}
	_, err := buf.WriteTo(w)
	if err != nil {
		d.Log.DebugContext(r.Context(), "a reader went away", slog.String("error", err.Error()))
	}
	return nil
}

// See sends the reader on after a form (303), so that a reload sends nothing
// twice.
func See(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // a path the caller made or Back admitted, or the provider of the configuration
	return nil
}

// turnAway answers a request that admit has refused: the way to sign in, or
// why not.
func (d *Desk) turnAway(w http.ResponseWriter, r *http.Request, q *Request, err error) {
	if !errors.Is(err, errSignIn) {
		d.fail(w, r, q, err)
		return
	}
	to := url.Values{}
	if r.Method == http.MethodGet && q.Path != "/" {
		to.Set("back", q.Path)
	}
	where := SignIn
	switch q.Session.Stage {
	case session.Half:
		where = SignInCode
	case session.Enrol:
		where = Enrol
	case session.Full:
	}
	if len(to) > 0 {
		where += "?" + to.Encode()
	}
	http.Redirect(w, r, where, http.StatusSeeOther)
}

// SignIn is where one who has not signed in is sent, with the path to come
// back to as "back".
const SignIn = "/sign-in"

// SignInCode is where the second factor is shown, Enrol where ways in are set
// up, ConfirmPath where a person proves again who it is.
const (
	SignInCode  = "/sign-in/code"
	Enrol       = "/enrol"
	ConfirmPath = "/confirm"
)

// ask has a person prove again who it is before a route that wants that: a page
// is come back to, a form is kept in the page that asks.
func (d *Desk) ask(w http.ResponseWriter, r *http.Request, q *Request) {
	switch {
	case q.Session.ID == "" || d.Confirm == nil:
		d.fail(w, r, q, fault.New(fault.Denied, "this needs a password or a passkey shown a short while ago, not a token"))
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		http.Redirect(w, r, ConfirmPath+"?"+url.Values{"back": {q.Path}}.Encode(), http.StatusSeeOther)
	default:
		if err := d.Confirm(w, r); err != nil {
			d.fail(w, r, q, err)
		}
	}
}

var statuses = map[fault.Kind]int{
	fault.NotFound: http.StatusNotFound, fault.Invalid: http.StatusUnprocessableEntity, fault.Denied: http.StatusForbidden,
	fault.Conflict: http.StatusConflict, fault.Held: http.StatusConflict, fault.Busy: http.StatusServiceUnavailable,
	fault.Unavailable: http.StatusServiceUnavailable, fault.TooLarge: http.StatusRequestEntityTooLarge,
}

// fail shows what went wrong: a failure that people may see in its words, any
// other as an id under which the log has it.
func (d *Desk) fail(w http.ResponseWriter, r *http.Request, q *Request, err error) {
	if r.Context().Err() != nil {
		return // the reader has gone
	}
	if q == nil {
		q = &Request{Printer: d.Texts.Printer("en")}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = fault.New(fault.TooLarge, "what was sent is larger than this form takes")
	}
	id := ""
	status, ok := statuses[fault.KindOf(err)]
	if !ok {
		status, id = http.StatusInternalServerError, d.note(r, err)
	}
	kind := strings.ReplaceAll(fault.KindOf(err).String(), " ", "-")
	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
	head := Head{Title: q.T("page.failed." + kind), Status: status, Bare: !q.SignedIn()}
	if err := d.Render(w, r, head, failed(q, kind, fault.Message(err), id)); err != nil {
		http.Error(w, "the page could not be shown; reference "+id, http.StatusInternalServerError)
	}
}

// note logs a failure that is nobody's business but the operator's, and
// returns the id under which it stands.
func (d *Desk) note(r *http.Request, err error) string {
	id := rand.Text()[:12]
	d.Log.ErrorContext(r.Context(), "a page failed", slog.String("id", id),
		slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("error", err.Error()))
	return id
}

// NotFound is the page of an address that leads nowhere, or nowhere for the
// one who asks.
func NotFound(http.ResponseWriter, *http.Request) error {
	return fault.New(fault.NotFound, "there is nothing at this address")
}

// short is a digest as pages show it: cut in the middle.
func short(s string) string {
	if len(s) <= 20 {
		return s
	}
	return s[:10] + "…" + s[len(s)-6:]
}
