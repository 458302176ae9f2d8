// Package page is the frame around every page of the desk: who asks, in which
// language and domain, what stands in the bars at the top and on the left, and
// how a failure is shown. The areas, one package each, hand it their routes.
//
// Invariants: a route without an act is served to nobody but where it says
// Open; "not there" and "not yours" are the same page; nothing is sent before
// it is whole, so that a failure never follows half a page.
package page

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/base/lang"
	"twoseas/internal/edge/auth"
	"twoseas/internal/edge/web/assets"
	"twoseas/internal/store"
)

// Config is what the frame works with.
type Config struct {
	Handle *store.Handle
	People *people.People
	Auth   *auth.Auth
	Clock  clock.Clock
	Log    *slog.Logger
	Texts  *lang.Catalog
	Assets *assets.Assets
	// Title names the node and Side the side that it serves.
	Title string
	Side  ident.Side
	// Links returns the agreements of the node and how the exchange under each
	// stands. It is asked for every page and must be quick.
	Links func(context.Context) ([]Link, error)
	// Waiting returns how many things wait for the actor. It may be nil.
	Waiting func(context.Context, people.Actor) (int64, error)
	// Seen names how far the node's changes went when a page was made, for the
	// stream that tells of what came after. It may be nil.
	Seen func() string
}

// Link is one agreement as the top bar shows it.
type Link struct {
	Agreement ident.Agreement
	Title     map[string]string // by language
	Partner   ident.Side
	Own       Place
	Far       Place
	Sides     map[ident.Side]map[string]string // the names of both, by language
	// State is "converged", "behind", "differs", "stopped" or "never"; Since is when
	// it was found out, Waiting how many objects wait to be sent.
	State   string
	Since   time.Time
	Waiting int64
}

// Place is a capital and its clock.
type Place struct {
	Name map[string]string // by language
	Zone *time.Location
}

// Handler serves one route. A failure it returns becomes a page.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Route is one page or form of an area.
type Route struct {
	Pattern string       // of net/http.ServeMux, with the method
	Act     people.Act   // what the caller must be allowed to do
	OneOf   []people.Act // any of these will do; Act is empty
	Any     bool         // any account will do; Act is empty
	Open    bool         // also who has not signed in; Act is empty
	Fresh   bool         // only shortly after proving who one is
	Body    int64        // bound of what may be sent, in bytes; maxBody when left out
	Serve   Handler
}

// maxBody bounds what is sent to a route that does not say otherwise, in bytes:
// whoever it is, and whether the route looks at it or not.
const maxBody = 1 << 20

// Desk is the frame. It is safe for concurrent use.
type Desk struct {
	Config
	nav []Area
	// Confirm asks the person to prove again who it is, and then has the
	// browser send the same form once more. It is set before the first request.
	Confirm Handler
}

// New returns a frame with these areas in its left column.
func New(c Config, nav []Area) *Desk { return &Desk{Config: c, nav: nav} }

// Area is one desk of the left column.
type Area struct {
	Name string // key of the text is nav.<Name>
	Path string
	Icon string
	Acts []people.Act // any of them shows it; none: everybody
}

// Mount adds routes to mux.
func (d *Desk) Mount(mux *http.ServeMux, routes []Route) {
	for _, route := range routes {
		mux.Handle(route.Pattern, d.serve(route))
	}
}

// policy is what a browser may do with a page: nothing that does not come from
// this node.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"

func (d *Desk) serve(route Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "same-origin")
		r.Body = http.MaxBytesReader(w, r.Body, cmp.Or(route.Body, maxBody))
		seen := ""
		if d.Seen != nil {
			seen = d.Seen() // before anything of the page is read
		}
		q, err := d.request(r)
		if err != nil {
			d.fail(w, r, q, err)
			return
		}
		if q.SignedIn() && seen != "" {
			h.Set("Server-Timing", `seen;desc="`+seen+`"`) // which scripts may read, unlike other headers
		}
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
		if err := d.admit(route, q); err != nil {
			d.turnAway(w, r, q, err)
			return
		}
		if route.Fresh && !q.Recent {
			d.ask(w, r, q)
			return
		}
		if err := route.Serve(w, r); err != nil {
			d.fail(w, r, q, err)
		}
	})
}

// admit returns nil when the route is for the one who asks.
func (d *Desk) admit(route Route, q *Request) error {
	switch {
	case route.Open:
		return nil
	case !q.SignedIn():
		return errSignIn
	case route.Any:
		return nil
	case len(route.OneOf) > 0:
		return oneOf(q.Actor, route.OneOf)
	case route.Act == "":
		return fault.New(fault.NotFound, "there is nothing at this address")
	}
	return q.Actor.May(route.Act)
}

func oneOf(by people.Actor, acts []people.Act) error {
	var err error
	for _, act := range acts {
		if err = by.May(act); err == nil {
			return nil
		}
	}
	return err
}

// SideName is what a side of the chosen agreement is called in the reader's
// language, and its id when it is another's.
func (q *Request) SideName(s ident.Side) string {
	l, _ := q.Link()
	if names := l.Sides[s]; len(names) > 0 {
		return q.Text(names)
	}
	return string(s)
}

// Under returns q as if a had been chosen in the top bar, so that instants are
// told in its capitals and sides have their names; q itself for no agreement.
func (q *Request) Under(a ident.Agreement) *Request {
	if a == "" {
		return q
	}
	own := *q
	own.Agreement = a
	return &own
}

// Link returns the agreement of the request among those of the node.
func (q *Request) Link() (Link, bool) {
	i := slices.IndexFunc(q.Links, func(l Link) bool { return l.Agreement == q.Agreement })
	if i < 0 {
		return Link{}, false
	}
	return q.Links[i], true
}

// Shows reports whether the left column shows the area to the one who asks.
func (q *Request) Shows(a Area) bool {
	return len(a.Acts) == 0 || slices.ContainsFunc(a.Acts, func(act people.Act) bool { return q.Actor.May(act) == nil })
}

// Text picks the reader's language of a text in several, English before any
// other when it is not there.
func (q *Request) Text(texts map[string]string) string {
	for _, t := range []string{string(q.Tag), string(lang.English)} {
		if s := texts[t]; s != "" {
			return s
		}
	}
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range texts {
			if !yield(k) {
				return
			}
		}
	}) {
		return texts[k]
	}
	return ""
}

// Back returns the path of this node that the form field or query parameter
// "back" names, or otherwise. It never leads to another host.
func Back(r *http.Request, otherwise string) string {
	to := r.FormValue("back")
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return otherwise
	}
	return to
}
