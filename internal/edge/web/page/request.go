package page

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/base/lang"
	"twoseas/internal/store"
)

// Request is what a page knows of the one who asks. It is made once for each
// request and not changed.
type Request struct {
	*lang.Printer
	Actor people.Actor // the zero Actor when nobody has signed in
	// Session is the browser's, zero without one. It may be good for nothing
	// yet: then there is no Actor, and its Stage says what is missing.
	Session session.Session
	Recent  bool // whoever it is has shown a password or a passkey a short while ago
	Access  people.Access
	Handle  *store.Handle
	Now     time.Time
	// Agreement is the one chosen in the top bar, "" when the node has none.
	Agreement ident.Agreement
	Links     []Link
	Waiting   int64
	Theme     string // "light", "dark" or "" for what the reader's system says
	Path      string // of the request with its query, to come back to
}

type requestKey struct{}

// Of returns what is known of the one who asks. It is for handlers of routes
// and panics anywhere else.
func Of(r *http.Request) *Request { return r.Context().Value(requestKey{}).(*Request) }

// SignedIn reports whether the one who asks is known.
func (q *Request) SignedIn() bool { return q.Actor.Name != "" }

// Counts reports whether the one who asks may be told how much crossed or waits
// under any marking: people whose work the channel is, but no members.
func (q *Request) Counts() bool {
	return slices.ContainsFunc([]people.Act{people.Review, people.Agree, people.Audit, people.Exchange, people.Administer},
		func(act people.Act) bool { return q.Actor.May(act) == nil })
}

// InRoom names who else sees the page while a meeting is on.
func (q *Request) InRoom() string {
	r := q.Actor.Room()
	if r == nil {
		return ""
	}
	names := slices.Clone(r.Accounts)
	if r.Guests != nil {
		guests := []string{q.T("page.meeting.guests")}
		for _, p := range r.Guests.Sides {
			guests = append(guests, "("+q.SideName(p.Side)+")")
		}
		names = append(names, strings.Join(guests, " "))
	}
	return strings.Join(names, ", ")
}

var errSignIn = fault.New(fault.Denied, "sign in first")

// Cookies that hold a reader's choices; no secrets.
const (
	langCookie      = "lang"
	themeCookie     = "theme"
	agreementCookie = "agreement"
)

// request finds out who asks. A failure to tell who it is leaves a request
// with nobody in it, fit for showing an error.
func (d *Desk) request(r *http.Request) (*Request, error) {
	q := &Request{
		Printer: d.Texts.Printer(tagOf(r)), Handle: d.Handle, Now: d.Clock.Now(), Theme: cookie(r, themeCookie), Path: r.URL.RequestURI(),
	}
	who, err := d.Auth.Who(r)
	q.Session, q.Recent = who.Session, who.Recent
	if errors.Is(err, context.Canceled) {
		return q, err
	}
	if err != nil {
		if fault.KindOf(err) == fault.Denied { // nobody, or somebody who is wrong
			return q, nil
		}
		return q, err
	}
	return q, d.fill(r, q, who.Actor)
}

func (d *Desk) fill(r *http.Request, q *Request, actor people.Actor) error {
	var err error
	q.Actor = actor
	if q.Access, err = d.People.Access(r.Context(), d.Handle, actor); err != nil {
		return err
	}
	if q.Links, err = d.Links(r.Context()); err != nil {
		return err
	}
	if !q.Counts() {
		q.Links = slices.Clone(q.Links)
		for i := range q.Links {
			q.Links[i].Waiting = 0
		}
	}
	q.Agreement = chosen(q.Links, r.URL.Query().Get("agreement"), cookie(r, agreementCookie))
	if d.Waiting != nil {
		q.Waiting, err = d.Waiting(r.Context(), actor)
	}
	return err
}

// chosen returns the first of wanted that is an agreement of this node, and
// the first agreement otherwise.
func chosen(links []Link, wanted ...string) ident.Agreement {
	for _, w := range wanted {
		for _, l := range links {
			if string(l.Agreement) == w {
				return l.Agreement
			}
		}
	}
	if len(links) == 0 {
		return ""
	}
	return links[0].Agreement
}

func tagOf(r *http.Request) lang.Tag {
	if t, ok := lang.ParseTag(cookie(r, langCookie)); ok {
		return t
	}
	return lang.Match(r.Header.Get("Accept-Language"))
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

// choices are what a reader may set in the top bar, by cookie, with the values
// that are taken; nil takes the agreements of the node.
var choices = map[string][]string{
	langCookie: {"en", "ja", "hi"}, themeCookie: {"light", "dark", "auto"}, agreementCookie: nil,
}

// Choose is the route that keeps a reader's choice of language, colours or
// agreement.
func (d *Desk) Choose() Route {
	return Route{Pattern: "POST /choose", Open: true, Serve: func(w http.ResponseWriter, r *http.Request) error {
		q := Of(r)
		for name, values := range choices {
			v := r.FormValue(name)
			if v == "" {
				continue
			}
			if !offered(q, v, values) {
				return fault.Errorf(fault.Invalid, "%s %.40q is not offered", name, v)
			}
			http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure wherever the reader comes over TLS
				Name: name, Value: v, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: d.Auth.Secure(r),
			})
		}
		return See(w, r, Back(r, "/"))
	}}
}

func offered(q *Request, v string, values []string) bool {
	for _, o := range values {
		if o == v {
			return true
		}
	}
	for _, l := range q.Links {
		if values == nil && string(l.Agreement) == v {
			return true
		}
	}
	return false
}

// Exercise returns the id of the exercise that the request is in, "" when it
// is live.
func (q *Request) Exercise() string {
	if q.Handle == nil || q.Handle.Domain() == ident.Live {
		return ""
	}
	return q.Handle.Domain().String()
}
