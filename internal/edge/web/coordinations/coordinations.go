// Package coordinations is the desk's pages of vulnerabilities that are
// disclosed together with the other side: the list, and one with the vendors of
// both sides, the draft, the instant and what was done.
//
// Invariants: silence is told and never left blank; every instant stands in UTC
// and in both capitals; a form agrees only to the very words and instant that
// were on the page; what the other side is not known to have is said.
package coordinations

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/coordination"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/coordination"
)

// Acts is what the pages ask and do.
type Acts struct {
	Coordinations *coordination.Coordinations
	Audit         *audit.Log
	Self          ident.Side
}

type pages struct {
	*page.Desk
	Acts
}

// Routes is every page and form of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	may := []people.Act{coordination.Reader}
	return []page.Route{
		{Pattern: "GET /coordinations", OneOf: may, Serve: p.list},
		{Pattern: "POST /coordinations", OneOf: may, Serve: p.open},
		{Pattern: "GET /coordinations/{coordination}", OneOf: may, Serve: p.show},
		{Pattern: "POST /coordinations/{coordination}", OneOf: may, Serve: p.step},
	}
}

// area is where the pages stand in the navigation.
const area = "requests"

// pageSize is how many a page of the list has.
const pageSize = 50

// maxForm bounds a form of these pages: a draft has up to 30,000 characters.
const maxForm = 512 << 10

type listView struct {
	*page.Request
	coordination.Listing
	Over        bool
	Agreements  []ident.Agreement
	first, next string
	form        url.Values // as typed
	Problems    []page.Problem
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	return p.showList(w, r, listView{form: url.Values{}})
}

func (p *pages) showList(w http.ResponseWriter, r *http.Request, v listView) error {
	v.Request, v.Over = page.Of(r), r.URL.Query().Get("over") != ""
	at, err := coordination.ParsePlace(r.URL.Query().Get("after"))
	if err != nil {
		return err
	}
	if v.Listing, err = p.Coordinations.List(r.Context(), v.Handle, v.Actor, v.Over, at, pageSize); err != nil {
		return err
	}
	if v.Agreements, err = p.Coordinations.Agreements(r.Context(), v.Handle, v.Actor); err != nil {
		return err
	}
	if at != (coordination.Place{}) {
		v.first = v.address("")
	}
	if next := v.Next.String(); next != "" {
		v.next = v.address(next)
	}
	if err := p.Audit.Saw(r.Context(), v.Actor, "read", "list", "coordinations"); err != nil {
		return err
	}
	head := page.Head{Title: v.T("coordinations.title"), Lead: v.T("coordinations.lead"), Area: area, Styles: []string{"object.css"}}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, listPage(v))
}

func (v listView) address(after string) string {
	q := url.Values{}
	if v.Over {
		q.Set("over", "1")
	}
	if after != "" {
		q.Set("after", after)
	}
	if len(q) == 0 {
		return "/coordinations"
	}
	return "/coordinations?" + q.Encode()
}

// lines are the lines of a text that say something.
func lines(s string) (out []string) {
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// instant reads an instant of a form; "" is the zero time.
func instant(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(page.TimeField, s)
	if err != nil {
		return t, fault.Errorf(fault.Invalid, "%.40q is not a day and time", s)
	}
	return t, nil
}

func (p *pages) open(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	o := law.Opening{Agreement: ident.Agreement(f.Get("agreement")), Language: f.Get("language"), Title: f.Get("title"), Vulnerabilities: lines(f.Get("names"))}
	field := "at"
	at, err := instant(f.Get("at"))
	var id string
	if err == nil {
		field = "title"
		id, err = p.Coordinations.Open(r.Context(), q.Handle, q.Actor, o, at)
	}
	if page.Refused(err) {
		return p.showList(w, r, listView{form: f, Problems: []page.Problem{q.Wrong(field, err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, coordination.Path(id))
}

// showView is one coordination.
type showView struct {
	*page.Request
	coordination.Detail
	// Written is the draft that waits for this side's word, or the newest one;
	// Digest is its digest, "" without one.
	Written  law.Step
	Digest   string
	Offered  bool       // the draft waits for this side's word
	Proposed law.Step   // the instant that waits for it, if At is set
	form     url.Values // as typed
	Problems []page.Problem
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	return p.showOne(w, r, showView{form: url.Values{}})
}

func (p *pages) showOne(w http.ResponseWriter, r *http.Request, v showView) (err error) {
	q := page.Of(r)
	if v.Detail, err = p.Coordinations.Show(r.Context(), q.Handle, q.Actor, r.PathValue("coordination")); err != nil {
		return err
	}
	v.Request = q.Under(v.Detail.Agreement)
	if err := v.offers(p.Self); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "coordination", v.ID); err != nil {
		return err
	}
	head := page.Head{
		Title: v.Opening.Title, Lead: v.T("coordinations.one.lead", v.SideName(v.Opener), v.SideName(v.Partner)), Area: area,
		Chips: stateChip(v.Request, v.State), Styles: []string{"object.css"},
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, showPage(v))
}

// offers finds what waits for this side's word.
func (v *showView) offers(self ident.Side) error {
	v.Proposed, _ = v.Course.Offer(self, law.ProposeDate)
	var ok bool
	if v.Written, v.Offered = v.Course.Offer(self, law.Write); !v.Offered {
		if v.Written, ok = v.Course.Newest(law.Write); !ok {
			return nil
		}
	}
	sum, err := v.Written.Draft.Digest()
	v.Digest = sum.String()
	return err
}

// may reports whether this side may make a move now.
func (v showView) may(m law.Move) bool { return slices.Contains(v.May, m) }

func (p *pages) step(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	known, err := seen(f)
	if err != nil {
		return err
	}
	s, err := stepOf(f)
	if s.Move == law.Report { // each side reports on its own vendors, whatever the other does
		known.Theirs = -1
	}
	if err == nil {
		err = p.Coordinations.Step(r.Context(), q.Handle, q.Actor, r.PathValue("coordination"), s, known)
	}
	if page.Refused(err) && !fault.Is(err, fault.NotFound) {
		return p.showOne(w, r, showView{form: f, Problems: []page.Problem{q.Wrong("move-"+f.Get("move"), err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, coordination.Path(r.PathValue("coordination")))
}

// seen is how much of what was done the form's page showed.
func seen(f url.Values) (k coordination.Known, err error) {
	if k.Ours, err = strconv.Atoi(f.Get("ours")); err == nil {
		k.Theirs, err = strconv.Atoi(f.Get("theirs"))
	}
	if err != nil || k.Ours < 0 || k.Theirs < 0 {
		return k, fault.New(fault.Invalid, "the form is not whole: open the coordination again")
	}
	return k, nil
}

// stepOf is the step that a form describes.
func stepOf(f url.Values) (s law.Step, err error) {
	s = law.Step{Move: law.Move(f.Get("move")), Text: f.Get("text")}
	switch s.Move { //nolint:exhaustive // the others say no more than why
	case law.ProposeDate:
		s.At, err = instant(f.Get("at"))
	case law.AgreeDate:
		if s.At, err = time.Parse(time.RFC3339Nano, f.Get("instant")); err != nil {
			err = fault.New(fault.Invalid, "the form is not whole: open the coordination again")
		}
	case law.Report:
		s.Vendor = law.Vendor{Name: f.Get("name"), Products: lines(f.Get("products")), Status: law.Status(f.Get("status"))}
		s.Vendor.On, err = instant(f.Get("on"))
	case law.Write:
		s.Draft = law.Draft{
			Title: f.Get("title"), Language: f.Get("language"), Text: f.Get("draft"), Products: lines(f.Get("products")), Vulnerabilities: lines(f.Get("names")),
		}
	case law.AgreeDraft:
		s.Digest, err = ident.ParseDigest(f.Get("digest"))
	}
	return s, err
}
