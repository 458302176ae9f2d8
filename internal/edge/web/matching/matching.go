// Package matching is the desk's pages of private matching: asking the partner
// which of some values it knows without showing them, and answering it.
//
// Invariants: a value is shown to who asked for it, and to others only as far
// as an object names it that they may read; the partner's question tells of
// how many values, never of which.
package matching

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/matching"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/store"
)

// Acts is what the pages ask and do.
type Acts struct {
	Matchings *matching.Matchings
	Audit     *audit.Log
	Lines     matching.Lines
}

type pages struct {
	*page.Desk
	Acts
}

// Path is where the area begins.
const Path = "/matching"

const area = "threats"

// maxAsked bounds what is typed or pasted as values, in bytes.
const maxAsked = 8 << 20

// patience is how long a page waits for the partner.
const patience = 25 * time.Second

// Routes is the pages and forms of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	return []page.Route{
		{Pattern: "GET " + Path, Act: people.Review, Serve: p.list},
		{Pattern: "POST " + Path, Act: people.Export, Body: maxAsked, Serve: p.ask},
		{Pattern: "GET /matching/{matching}", Act: people.Review, Serve: p.show},
		{Pattern: "POST /matching/{matching}/fetch", Act: people.Export, Serve: p.fetch},
		{Pattern: "POST /matching/{matching}/approve", Act: people.Approve, Fresh: true, Serve: p.approve},
		{Pattern: "POST /matching/{matching}/refuse", Act: people.Approve, Fresh: true, Serve: p.refuse},
	}
}

func at(session string, more ...string) string {
	return strings.Join(append([]string{Path, url.PathEscape(session)}, more...), "/")
}

func asks(q *page.Request) bool { return q.Actor.May(people.Export) == nil }

func approves(q *page.Request) bool { return q.Actor.May(people.Approve) == nil }

// listView is the questions under the chosen agreement and the form of a new
// one, with what was typed.
type listView struct {
	*page.Request
	matching.Standing
	Questions []store.Matching
	State     string // only those in it
	Typed     string
	Leave     bool // what is no value is left out
	Offer     bool // to leave it out
	Problems  []page.Problem
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	return p.showList(w, r, listView{})
}

func (p *pages) showList(w http.ResponseWriter, r *http.Request, v listView) (err error) {
	q := page.Of(r)
	v.Request, v.State = q, r.URL.Query().Get("state")
	head := page.Head{Title: q.T("matching.title"), Lead: q.T("matching.lead"), Area: area}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	if q.Agreement == "" {
		return p.Render(w, r, head, page.Empty(q.T("matching.no-agreement"), q.T("matching.no-agreement.next"), "/agreements"))
	}
	v.Standing, err = p.Matchings.Standing(r.Context(), q.Handle, q.Actor, q.Agreement)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) && q.Actor.May(people.Review) == nil {
		v.Asks, v.Answers, err = fault.Message(err), fault.Message(err), nil
	}
	if err != nil {
		return err
	}
	all, err := p.Matchings.List(r.Context(), q.Handle, q.Actor, q.Agreement)
	if err != nil {
		return err
	}
	for _, m := range all {
		if v.State == "" || m.State == v.State {
			v.Questions = append(v.Questions, m)
		}
	}
	head.Rail = page.Rail(q, listWhy(v), nil)
	return p.Render(w, r, head, listPage(v))
}

// ask asks the partner of what was typed, one value a line.
func (p *pages) ask(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := listView{Typed: r.PostFormValue("values"), Leave: r.PostFormValue("leave") != ""}
	again := func(text string) error {
		v.Problems = []page.Problem{q.Problem("values", text)}
		if q.Actor.May(people.Review) != nil {
			return fault.New(fault.Invalid, text)
		}
		return p.showList(w, r, v)
	}
	values, not := matching.Normal(lines(v.Typed))
	if len(not) > 0 && !v.Leave {
		v.Offer = true
		return again(q.N("matching.not", int64(len(not)), first(not)))
	}
	a := ident.Agreement(r.PostFormValue("on"))
	link, done, err := p.Lines.Line(r.Context(), a)
	if err != nil {
		if fault.Is(err, fault.Unavailable) {
			return again(fault.Message(err))
		}
		return err
	}
	defer done()
	ctx, stop := context.WithTimeout(r.Context(), patience)
	defer stop()
	m, err := p.Matchings.Ask(ctx, q.Handle, q.Actor, a, values, link)
	if m.Session != "" { // it is recorded; its page says whether the partner has it
		return page.See(w, r, at(m.Session))
	}
	if err != nil && slices.Contains([]fault.Kind{fault.Invalid, fault.Denied, fault.TooLarge}, fault.KindOf(err)) {
		return again(fault.Message(err))
	}
	return err
}

func lines(s string) (out []string) {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// first is the beginning of what is no value, for the message.
func first(not []string) string {
	const most = 5
	var out []string
	for _, s := range not[:min(len(not), most)] {
		if r := []rune(s); len(r) > 60 {
			s = string(r[:60]) + "…"
		}
		out = append(out, s)
	}
	if len(not) > most {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}

// oneView is one question.
type oneView struct {
	*page.Request
	matching.Seen
	Partner  ident.Side
	Notice   string // from an act, in English
	Reason   string // typed
	Problems []page.Problem
}

func (v oneView) voted() bool {
	for _, name := range v.Approved {
		if name == v.Actor.Name {
			return true
		}
	}
	return false
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.showOne(w, r, oneView{})
}

func (p *pages) showOne(w http.ResponseWriter, r *http.Request, v oneView) (err error) {
	q := page.Of(r)
	v.Request = q
	if v.Seen, err = p.Matchings.See(r.Context(), q.Handle, q.Actor, q.Access.Class, r.PathValue("matching")); err != nil {
		return err
	}
	if len(v.Values) > 0 {
		if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "matching", "session", v.Matching.Session); err != nil {
			return err
		}
	}
	v.Partner = v.Asker
	for _, l := range q.Links {
		if v.Own && l.Agreement == v.Matching.Agreement {
			v.Partner = l.Partner
		}
	}
	title := q.N("matching.one.theirs", v.Asked, q.SideName(v.Partner))
	if v.Own {
		title = q.N("matching.one.own", v.Asked, q.SideName(v.Partner))
	}
	head := page.Head{
		Title: title, Lead: q.T("matching.state." + v.State + ".lead"), Area: area, Chips: page.Chip(colours[v.State], q.T("matching.state."+v.State)),
		Rail: page.Rail(q, oneWhy(v), oneEvidence(v)),
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, onePage(v))
}

var colours = map[string]string{
	store.MatchingAsked: "grey", store.MatchingSent: "blue", store.MatchingDone: "green", store.MatchingWaiting: "amber",
	store.MatchingApproved: "blue", store.MatchingAnswered: "green", store.MatchingRefused: "grey",
}

// states are those the list can be narrowed to.
func states() []string {
	return []string{
		store.MatchingWaiting, store.MatchingAsked, store.MatchingSent, store.MatchingDone, store.MatchingApproved, store.MatchingAnswered, store.MatchingRefused,
	}
}

// fetch asks the partner for the answer.
func (p *pages) fetch(w http.ResponseWriter, r *http.Request) error {
	q, session := page.Of(r), r.PathValue("matching")
	var a ident.Agreement
	if err := q.Handle.Query(r.Context(), func(tx *store.Tx) error {
		m, err := tx.Matching(session)
		a = m.Agreement
		return err
	}); err != nil {
		return err
	}
	link, done, err := p.Lines.Line(r.Context(), a)
	if err == nil {
		defer done()
		ctx, stop := context.WithTimeout(r.Context(), patience)
		defer stop()
		_, err = p.Matchings.Fetch(ctx, q.Handle, q.Actor, session, link)
	}
	later := slices.Contains([]fault.Kind{fault.Held, fault.Unavailable, fault.Busy}, fault.KindOf(err))
	switch {
	case err == nil:
	case later && q.Actor.May(people.Review) == nil:
		return p.showOne(w, r, oneView{Notice: fault.Message(err)})
	case fault.Is(err, fault.Denied) && p.refused(r, session): // the page says why
	default:
		return err
	}
	return page.See(w, r, at(session))
}

// refused reports whether the partner refused a question.
func (p *pages) refused(r *http.Request, session string) bool {
	q := page.Of(r)
	m, err := p.Matchings.See(r.Context(), q.Handle, q.Actor, q.Access.Class, session)
	return err == nil && m.State == store.MatchingRefused
}

func (p *pages) approve(w http.ResponseWriter, r *http.Request) error {
	q, session := page.Of(r), r.PathValue("matching")
	if _, err := p.Matchings.Approve(r.Context(), q.Handle, q.Actor, session); err != nil {
		return err
	}
	return page.See(w, r, at(session))
}

func (p *pages) refuse(w http.ResponseWriter, r *http.Request) error {
	q, session := page.Of(r), r.PathValue("matching")
	reason := r.PostFormValue("reason")
	_, err := p.Matchings.Refuse(r.Context(), q.Handle, q.Actor, session, reason)
	if fault.Is(err, fault.Invalid) {
		return p.showOne(w, r, oneView{Reason: reason, Problems: []page.Problem{page.Of(r).Wrong("reason", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, at(session))
}
