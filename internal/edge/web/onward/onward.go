// Package onward is the desk's pages of passing on what belongs to another:
// requests asked and received, the answers, what is kept back because it names
// another's, and the lists of who belongs to audiences.
//
// Invariants: an answer is asked for only of who has just proved to be there;
// of a request's items only those are shown that the reader may see.
package onward

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/members"
	"twoseas/internal/act/onward"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/marking"
	lawmembers "twoseas/internal/law/members"
	law "twoseas/internal/law/onward"
	"twoseas/internal/store"
)

// Acts is what the pages ask and do.
type Acts struct {
	Onwards *onward.Onwards
	Members *members.Members
	Audit   *audit.Log
}

type pages struct {
	*page.Desk
	Acts
}

// Routes is every page and form of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	look := []people.Act{people.Review, people.Onward}
	return []page.Route{
		{Pattern: "GET /onward", OneOf: look, Serve: p.list},
		{Pattern: "GET /onward/ask", Act: people.Onward, Serve: p.form},
		{Pattern: "POST /onward/ask", Act: people.Onward, Serve: p.ask},
		{Pattern: "GET /onward/requests/{request}", OneOf: look, Serve: p.show},
		{Pattern: "POST /onward/requests/{request}", Act: people.Approve, Fresh: true, Serve: p.answer},
		{Pattern: "GET /members/{agreement}", OneOf: []people.Act{people.Exchange, people.Review, people.Audit}, Serve: p.members},
		{Pattern: "POST /members/{agreement}", Act: people.Exchange, Fresh: true, Serve: p.change},
	}
}

const area = "releases"

// Path is the page of a request.
func Path(id string) string { return "/onward/requests/" + url.PathEscape(id) }

// maxForm bounds a form of these pages.
const maxForm = 256 << 10

// listView is all requests, and what is kept back.
type listView struct {
	*page.Request
	Requests []store.Onward
	Kept     []store.KeptBack
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) (err error) {
	v := listView{Request: page.Of(r)}
	if v.Requests, err = p.Onwards.List(r.Context(), v.Handle, v.Actor); err != nil {
		return err
	}
	if v.Kept, err = p.Onwards.KeptBack(r.Context(), v.Handle, v.Actor, v.Access.Class); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), v.Actor, "read", "list", "onward"); err != nil {
		return err
	}
	return p.Render(w, r, page.Head{Title: v.T("onward.title"), Lead: v.T("onward.lead"), Area: area}, listPage(v))
}

// askView is the form by which one asks.
type askView struct {
	*page.Request
	Objects  string
	Audience string
	Sides    []ident.Side // that something could go on to
	Purpose  string
	Redact   []string
	Until    string
	Problems []page.Problem
}

func (p *pages) form(w http.ResponseWriter, r *http.Request) error {
	return p.showForm(w, r, askView{Objects: strings.Join(r.URL.Query()["object"], "\n")})
}

func (p *pages) showForm(w http.ResponseWriter, r *http.Request, v askView) error {
	v.Request = page.Of(r)
	for _, l := range v.Links {
		if !slices.Contains(v.Sides, l.Partner) {
			v.Sides = append(v.Sides, l.Partner)
		}
	}
	head := page.Head{Title: v.T("onward.ask.title"), Lead: v.T("onward.ask.lead"), Area: area}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, askPage(v))
}

func (p *pages) ask(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	v := askView{Objects: f.Get("objects"), Audience: f.Get("audience"), Purpose: f.Get("purpose"), Redact: f["redact"], Until: f.Get("until")}
	until, err := page.DayEnd(v.Until)
	if err == nil {
		var ids []string
		ids, err = p.Onwards.Ask(r.Context(), q.Handle, q.Actor, q.Access.Class, onward.Request{
			IDs: strings.Fields(v.Objects), Audience: ident.Side(v.Audience), Purpose: v.Purpose, Redact: v.Redact, Until: until,
		})
		if err == nil && len(ids) == 1 {
			return page.See(w, r, Path(ids[0]))
		}
	}
	if page.Refused(err) {
		v.Problems = []page.Problem{q.Wrong("objects", err)}
		return p.showForm(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/onward")
}

// showView is one request.
type showView struct {
	*page.Request
	onward.Detail
	Answer   string
	Redact   []string
	Until    string
	Reason   string
	Problems []page.Problem
}

// answers reports whether the reader is asked for an answer.
func (v showView) answers() bool {
	return v.Way == store.OnwardReceived && v.State == store.OnwardWaiting && v.Actor.May(people.Approve) == nil
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.showOne(w, r, showView{})
}

func (p *pages) showOne(w http.ResponseWriter, r *http.Request, v showView) (err error) {
	v.Request = page.Of(r)
	if v.Detail, err = p.Onwards.Open(r.Context(), v.Handle, v.Actor, v.Access.Class, r.PathValue("request")); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), v.Actor, "read", "request", v.ID); err != nil {
		return err
	}
	if v.Answer == "" {
		v.Redact = onward.Names(v.Onward.Redact)
		if v.Onward.Until != 0 {
			v.Until = page.Micro(v.Onward.Until).AddDate(0, 0, -1).Format(time.DateOnly)
		}
	}
	head := page.Head{
		Title: v.T("onward.one.title", v.SideName(v.Audience)), Lead: v.T("onward.one.lead."+v.Way, v.SideName(v.other())), Area: area, Chips: stateChip(v.Request, v.Onward),
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, showPage(v))
}

// other is the partner that is asked, or that asks.
func (v showView) other() ident.Side {
	for _, l := range v.Links {
		if l.Agreement == v.Onward.Agreement {
			return l.Partner
		}
	}
	return v.Asker
}

func (p *pages) answer(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	id := r.PathValue("request")
	v := showView{Answer: f.Get("answer"), Redact: f["redact"], Until: f.Get("until"), Reason: f.Get("reason")}
	a := law.Answer{Word: law.Word(v.Answer)}
	if a.Word == law.Redacted {
		a.Redact = v.Redact
	}
	if a.Word != law.No {
		a.Until, err = page.DayEnd(v.Until)
	}
	if err == nil {
		_, err = p.Onwards.Answer(r.Context(), q.Handle, q.Actor, q.Access.Class, id, a, v.Reason)
	}
	if page.Refused(err) && !fault.Is(err, fault.NotFound) {
		v.Problems = []page.Problem{q.Wrong("answer-reason", err)}
		return p.showOne(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, Path(id))
}

// membersView is the lists under an agreement.
type membersView struct {
	*page.Request
	On       ident.Agreement
	Partner  ident.Side
	Book     members.Book
	Form     members.Change
	Problems []page.Problem
}

func (p *pages) members(w http.ResponseWriter, r *http.Request) error {
	return p.showMembers(w, r, membersView{})
}

func (p *pages) showMembers(w http.ResponseWriter, r *http.Request, v membersView) (err error) {
	v.Request = page.Of(r)
	if v.On, err = ident.ParseAgreement(r.PathValue("agreement")); err != nil {
		return fault.New(fault.NotFound, "there is nothing at this address")
	}
	if v.Book, err = p.Members.Lists(r.Context(), v.Handle, v.Actor, v.On); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), v.Actor, "read", "members", string(v.On)); err != nil {
		return err
	}
	for _, l := range v.Links {
		if l.Agreement == v.On {
			v.Partner = l.Partner
		}
	}
	head := page.Head{Title: v.T("onward.members.title", v.SideName(v.Partner)), Lead: v.T("onward.members.lead"), Area: "exchange"}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, membersPage(v))
}

func (p *pages) change(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	c := members.Change{
		Agreement: ident.Agreement(r.PathValue("agreement")), Compartment: f.Get("compartment"),
		Join: strings.Fields(f.Get("join")), Leave: strings.Fields(f.Get("leave")),
	}
	_, err = p.Members.Set(r.Context(), q.Handle, q.Actor, c)
	if page.Refused(err) && !fault.Is(err, fault.NotFound) {
		return p.showMembers(w, r, membersView{Form: c, Problems: []page.Problem{q.Wrong("join", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/members/"+url.PathEscape(string(c.Agreement)))
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func redactions() []string { return marking.RedactionNames() }

func compartments() []page.Choice {
	var out []page.Choice
	for _, c := range lawmembers.Compartments() {
		out = append(out, page.Choice{Value: c, Text: c})
	}
	return out
}

func has(list []string, s string) bool { return slices.Contains(list, s) }

// redactName says what a redaction takes out.
func redactName(q *page.Request, name string) string { return q.T("agreement.redact." + name) }

func redactText(q *page.Request, list []string) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = redactName(q, n)
	}
	return strings.Join(out, ", ")
}

// sideChoices is the sides that something could go on to.
func sideChoices(v askView) []page.Choice {
	var out []page.Choice
	for _, s := range v.Sides {
		out = append(out, page.Choice{Value: string(s), Text: v.SideName(s)})
	}
	return out
}

// changes reports whether the reader may change a list.
func changes(q *page.Request) bool { return q.Actor.May(people.Exchange) == nil }
