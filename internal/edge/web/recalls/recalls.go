// Package recalls is the desk's pages of calling back: what this side called
// back and a partner calls back here, the act with what it will do, and what is
// in quarantine.
//
// Invariants: the form that calls back carries the digest of what was shown, and
// the act takes no other; what is in quarantine is shown to nobody who does not
// say why, and says so to the home log first.
package recalls

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// Acts is what the pages ask and do.
type Acts struct {
	Recalls *recall.Recalls
	Audit   *audit.Log
}

type pages struct {
	*page.Desk
	Acts
}

const (
	area    = "exchange"
	act     = people.Recall
	perPage = 50
)

// Routes is every page and form of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	return append(p.spillRoutes(), []page.Route{
		{Pattern: "GET /recalls", Act: people.Recall, Serve: p.list},
		{Pattern: "GET /call-back", Act: people.Recall, Serve: p.form},
		{Pattern: "POST /call-back", Act: people.Recall, Serve: p.preview},
		{Pattern: "POST /recalls", Act: people.Recall, Fresh: true, Serve: p.send},
		{Pattern: "GET /recalls/{recall}", Act: people.Recall, Serve: p.one},
		{Pattern: "POST /recalls/{recall}/lift", Act: people.Recall, Fresh: true, Serve: p.lift},
		{Pattern: "GET /recalls/{recall}/quarantine", Act: people.Recall, Serve: p.quarantine},
		{Pattern: "POST /recalls/{recall}/quarantine/{item}/inspect", Act: people.Recall, Fresh: true, Serve: p.inspect},
		{Pattern: "POST /recalls/{recall}/quarantine/{item}/erase", Act: people.Recall, Fresh: true, Serve: p.erase},
	}...)
}

// listing is the list of acts.
type listing struct {
	*page.Request
	Open   bool
	Object string
	Lines  []recall.Line
	Next   string
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := listing{Request: q, Open: r.URL.Query().Get("state") == "open", Object: r.URL.Query().Get("object")}
	before, err := strconv.ParseInt("0"+r.URL.Query().Get("before"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "before: want the number of a recall")
	}
	if v.Lines, err = p.Recalls.List(r.Context(), q.Handle, q.Actor, recall.Query{Open: v.Open, Object: v.Object, Before: before, Limit: perPage + 1}); err != nil {
		return err
	}
	if len(v.Lines) > perPage {
		v.Lines = v.Lines[:perPage]
		next := url.Values{"before": {strconv.FormatInt(v.Lines[perPage-1].N, 10)}}
		if v.Open {
			next.Set("state", "open")
		}
		if v.Object != "" {
			next.Set("object", v.Object)
		}
		v.Next = "/recalls?" + next.Encode()
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "recalls"); err != nil {
		return err
	}
	return p.Render(w, r, page.Head{Title: q.T("recalls.title"), Lead: q.T("recalls.lead"), Area: area, Action: newAction(q)}, listPage(v))
}

// asked is the form that calls back, and what it would do.
type asked struct {
	*page.Request
	Ask       recall.Ask
	IDs, By   string // as typed
	Agreement string // of the shipment
	Shipment  string
	Plan      *recall.Plan // nil before it was looked at
	Problems  []page.Problem
}

func (p *pages) form(w http.ResponseWriter, r *http.Request) error {
	a := askedOf(page.Of(r), r.URL.Query())
	return p.showForm(w, r, a)
}

// askedOf reads a form.
func askedOf(q *page.Request, f url.Values) asked {
	a := asked{Request: q, IDs: strings.Join(f["ids"], "\n"), By: f.Get("by"), Agreement: f.Get("agreement"), Shipment: f.Get("shipment")}
	a.Ask = recall.Ask{
		Kind: law.Kind(f.Get("kind")), Code: f.Get("code"), Reason: f.Get("reason"), IDs: strings.Fields(a.IDs), Keep: f.Get("keep") == "yes", Spill: f.Get("spill") == "yes",
	}
	if a.Ask.Kind == "" {
		a.Ask.Kind = law.Spill
	}
	if !slices.Contains(law.Codes(a.Ask.Kind), a.Ask.Code) {
		a.Ask.Code = ""
	}
	if by := strings.TrimSpace(a.By); by != "" && len(a.Ask.IDs) > 0 {
		a.Ask.By = map[string]string{a.Ask.IDs[0]: by}
	}
	if n, err := strconv.ParseInt(a.Shipment, 10, 64); err == nil && n > 0 {
		a.Ask.Shipments = []recall.Shipped{{Agreement: ident.Agreement(a.Agreement), Number: n}}
	}
	if only := f.Get("only"); only != "" {
		a.Ask.Agreements = []ident.Agreement{ident.Agreement(only)}
	}
	return a
}

func (p *pages) showForm(w http.ResponseWriter, r *http.Request, a asked) error {
	head := page.Head{Title: a.T("recalls.new.title"), Lead: a.T("recalls.new.lead"), Area: area}
	if len(a.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, formPage(a))
}

func (p *pages) preview(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	a := askedOf(page.Of(r), r.PostForm)
	plan, err := p.Recalls.Preview(r.Context(), a.Handle, a.Actor, a.Ask)
	if stated(err) {
		a.Problems = []page.Problem{page.Of(r).Wrong("ids", err)}
		return p.showForm(w, r, a)
	}
	if err != nil {
		return err
	}
	a.Plan = &plan
	return p.showForm(w, r, a)
}

// stated reports whether an error is for the form to show.
func stated(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) || fault.Is(err, fault.TooLarge)
}

func (p *pages) send(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	a := askedOf(page.Of(r), r.PostForm)
	digest, err := ident.ParseDigest(r.PostForm.Get("digest"))
	if err != nil {
		return err
	}
	if digest == (ident.Digest{}) { // the act itself takes this for a caller who has looked at nothing
		return fault.New(fault.Invalid, "look at what will happen first")
	}
	id, err := p.Recalls.Send(r.Context(), a.Handle, a.Actor, a.Ask, digest)
	if stated(err) {
		a.Problems = []page.Problem{page.Of(r).Wrong("ids", err)}
		return p.showForm(w, r, a)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, path(id, ""))
}

func path(id, more string) string { return "/recalls/" + url.PathEscape(id) + more }

// detail is one act.
type detail struct {
	*page.Request
	recall.Detail
	IDs []store.RecallID
}

// maxIDs is how many ids the page of an act lists.
const maxIDs = 100

func (p *pages) one(w http.ResponseWriter, r *http.Request) (err error) {
	q := page.Of(r)
	v := detail{Request: q}
	if v.Detail, err = p.Recalls.Show(r.Context(), q.Handle, q.Actor, r.PathValue("recall")); err != nil {
		return err
	}
	if v.IDs, err = p.Recalls.IDs(r.Context(), q.Handle, q.Actor, v.ID, "", maxIDs); err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "where", "recall", "recall", v.ID); err != nil {
		return err
	}
	return p.Render(w, r, page.Head{
		Title: q.N("recalls.one."+v.Direction, v.Objects), Lead: q.T("recalls.kind." + v.Kind), Area: area, Chips: chips(v),
	}, onePage(v))
}

func (p *pages) lift(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	id := r.PathValue("recall")
	if err := p.Recalls.Lift(r.Context(), q.Handle, q.Actor, id); err != nil {
		return err
	}
	return page.See(w, r, path(id, ""))
}

// kept is what is in quarantine because of an act.
type kept struct {
	*page.Request
	recall.Detail
	Items    []store.Detained
	Next     string
	Shown    *store.Detained // looked at on purpose
	Pretty   string
	Problems []page.Problem
}

func (p *pages) quarantine(w http.ResponseWriter, r *http.Request) error {
	return p.showKept(w, r, kept{})
}

func (p *pages) showKept(w http.ResponseWriter, r *http.Request, v kept) (err error) {
	v.Request = page.Of(r)
	if v.Detail, err = p.Recalls.Show(r.Context(), v.Handle, v.Actor, r.PathValue("recall")); err != nil {
		return err
	}
	after, err := strconv.ParseInt("0"+r.URL.Query().Get("after"), 10, 64)
	if err != nil {
		return fault.New(fault.Invalid, "after: want the number of a version")
	}
	if v.Items, err = p.Recalls.Quarantine(r.Context(), v.Handle, v.Actor, v.ID, after, perPage+1); err != nil {
		return err
	}
	if len(v.Items) > perPage {
		v.Items = v.Items[:perPage]
		v.Next = path(v.ID, "/quarantine?after="+strconv.FormatInt(v.Items[perPage-1].Seq, 10))
	}
	if err := p.Audit.Saw(r.Context(), v.Actor, "read", "where", "quarantine", "recall", v.ID); err != nil {
		return err
	}
	head := page.Head{Title: v.T("recalls.quarantine"), Lead: v.T("recalls.quarantine.lead"), Area: area}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, keptPage(v))
}

// item is the version in the path, and why it is asked for.
func item(r *http.Request) (object int64, why string, err error) {
	if err := r.ParseForm(); err != nil {
		return 0, "", fault.Errorf(fault.Invalid, "the form cannot be read: %w", err)
	}
	object, err = strconv.ParseInt(r.PathValue("item"), 10, 64)
	if err != nil || object < 1 {
		return 0, "", fault.New(fault.NotFound, "there is nothing at this address")
	}
	return object, r.PostForm.Get("reason"), nil
}

func (p *pages) inspect(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	object, why, err := item(r)
	if err != nil {
		return err
	}
	d, err := p.Recalls.Inspect(r.Context(), q.Handle, q.Actor, object, why)
	if fault.Is(err, fault.Invalid) {
		return p.showKept(w, r, kept{Problems: []page.Problem{page.Of(r).Wrong("reason-"+strconv.FormatInt(object, 10), err)}})
	}
	if err != nil {
		return err
	}
	raw, err := canon.Indent(d.Body)
	if err != nil {
		return err
	}
	return p.showKept(w, r, kept{Shown: &d, Pretty: string(raw)})
}

func (p *pages) erase(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	object, why, err := item(r)
	if err != nil {
		return err
	}
	err = p.Recalls.Erase(r.Context(), q.Handle, q.Actor, object, why)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Busy) || fault.Is(err, fault.Denied) {
		return p.showKept(w, r, kept{Problems: []page.Problem{page.Of(r).Wrong("reason-"+strconv.FormatInt(object, 10), err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, path(r.PathValue("recall"), "/quarantine"))
}
