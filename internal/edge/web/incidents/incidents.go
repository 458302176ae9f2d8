// Package incidents is the desk's pages of incidents: the list, the short form
// of a notification, and one incident with what both sides contributed beside
// what is this side's only.
//
// Invariants: what crosses and what never does stand in different boxes, and
// each form says in a sentence who will read what is typed; severity is shown
// as its sender graded it; every instant stands in UTC and in both capitals.
package incidents

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/incident"
	"twoseas/internal/act/people"
	"twoseas/internal/act/request"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
)

// Acts is what the pages ask and do.
type Acts struct {
	Incidents *incident.Incidents
	Requests  *request.Requests // under which agreements something can be sent
	Audit     *audit.Log
	Self      ident.Side
}

type pages struct {
	*page.Desk
	Acts
}

// Routes is every page and form of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	read, write := []people.Act{people.Read}, []people.Act{people.Incidents}
	return []page.Route{
		{Pattern: "GET /incidents", OneOf: read, Serve: p.list},
		{Pattern: "GET /notify", OneOf: write, Serve: p.form},
		{Pattern: "POST /notify", OneOf: write, Serve: p.notify},
		{Pattern: "GET /incidents/{incident}", OneOf: read, Serve: p.show},
		{Pattern: "POST /incidents/{incident}", OneOf: write, Serve: p.contribute},
		{Pattern: "GET /incidents/{incident}/correct", OneOf: write, Serve: p.correctForm},
		{Pattern: "POST /incidents/{incident}/correct", OneOf: write, Serve: p.correct},
		{Pattern: "POST /incidents/{incident}/own", OneOf: write, Serve: p.own},
		{Pattern: "POST /incidents/{incident}/wordings", OneOf: write, Serve: p.word},
		{Pattern: "POST /incidents/{incident}/approve", OneOf: []people.Act{people.Approve}, Serve: p.approve},
	}
}

const area = "incidents"

// Path is the page of an incident.
func Path(id string) string { return "/incidents/" + url.PathEscape(id) }

// maxForm bounds a form of these pages.
const maxForm = 256 << 10

type listView struct {
	*page.Request
	Lines       []incident.Line
	first, next string
	self        ident.Side
}

const pageSize = 50

func (p *pages) list(w http.ResponseWriter, r *http.Request) (err error) {
	v := listView{Request: page.Of(r), self: p.Self}
	before := int64(0)
	if s := r.URL.Query().Get("before"); s != "" {
		if before, err = strconv.ParseInt(s, 10, 64); err != nil || before < 0 {
			return fault.New(fault.Invalid, "this is no place in the list: begin at its start")
		}
		v.first = "/incidents"
	}
	var next int64
	if v.Lines, next, err = p.Incidents.List(r.Context(), v.Handle, v.Actor, v.Access.Class, before, pageSize); err != nil {
		return err
	}
	if next != 0 {
		v.next = "/incidents?before=" + strconv.FormatInt(next, 10)
	}
	if err := p.Audit.Saw(r.Context(), v.Actor, "read", "list", "incidents"); err != nil {
		return err
	}
	head := page.Head{Title: v.T("incidents.title"), Lead: v.T("incidents.lead"), Area: area, Styles: []string{"object.css"}}
	if v.Actor.May(people.Incidents) == nil {
		head.Action = notifyButton(v.Request)
	}
	return p.Render(w, r, head, listPage(v))
}

// formView is the form of a notification, new or corrected.
type formView struct {
	*page.Request
	law.Notification
	TLP        string
	Assets     string // one a line, as Objects
	Objects    string
	Severity   string // scheme and level
	At         map[string]string
	Agreements []ident.Agreement
	Correcting bool
	Problems   []page.Problem
	self       ident.Side
}

func (p *pages) form(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := formView{TLP: marking.Green.Name(), Objects: strings.Join(r.URL.Query()["object"], "\n"), At: map[string]string{"noticed": p.now()}}
	v.Notification.Agreement, v.Language, v.Noticed.Precision, v.Began.Precision = q.Agreement, string(q.Tag), law.Minute, law.Hour
	return p.showForm(w, r, v)
}

// now is the time as a field of a form has it.
func (p *pages) now() string { return p.Clock.Now().UTC().Format(page.TimeField) }

func (p *pages) showForm(w http.ResponseWriter, r *http.Request, v formView) (err error) {
	v.Request, v.self = page.Of(r), p.Self
	if v.Agreements, err = p.Requests.Agreements(r.Context(), v.Handle, v.Actor); err != nil {
		return err
	}
	head := page.Head{Title: v.T("incidents.notify.title"), Lead: v.T("incidents.notify.lead"), Area: area}
	if v.Correcting {
		head.Title, head.Lead = v.T("incidents.correct.title"), v.T("incidents.correct.lead")
	}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, formPage(v))
}

// typed reads what was typed into the form of a notification.
func typed(f url.Values) (v formView, n law.Notification, tlp marking.TLP, err error) {
	v = formView{TLP: f.Get("tlp"), Assets: f.Get("assets"), Objects: f.Get("objects"), Severity: f.Get("severity"), At: map[string]string{"began": f.Get("began"), "noticed": f.Get("noticed")}}
	v.Notification = law.Notification{
		Agreement: ident.Agreement(f.Get("agreement")), Title: f.Get("title"), Text: f.Get("text"), Language: f.Get("language"), Kind: f.Get("type"),
		Sectors: f["sector"], State: law.State(f.Get("state")),
	}
	v.Began.Precision, v.Noticed.Precision = law.Precision(f.Get("began-precision")), law.Precision(f.Get("noticed-precision"))
	n = v.Notification
	n.Assets, n.Objects = strings.Split(v.Assets, "\n"), strings.Fields(v.Objects)
	if scheme, level, ok := strings.Cut(v.Severity, "/"); ok {
		n.Severity = law.Severity{Scheme: scheme, Level: level}
	}
	if n.Began, err = when(v.At["began"], v.Began.Precision); err != nil {
		return v, n, tlp, err
	}
	if n.Noticed, err = when(v.At["noticed"], v.Noticed.Precision); err != nil {
		return v, n, tlp, err
	}
	if v.TLP != "" {
		tlp, err = marking.ParseTLP(v.TLP)
	}
	return v, n, tlp, err
}

// when reads a time of a form in UTC; "" is none.
func when(s string, to law.Precision) (law.Instant, error) {
	t, err := marking.ParseInstant(s)
	if err != nil || t.IsZero() {
		return law.Instant{}, err
	}
	return law.Instant{At: t, Precision: to}, nil
}

func (p *pages) notify(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	v, n, tlp, err := typed(f)
	if err == nil {
		var id string
		if id, err = p.Incidents.Notify(r.Context(), q.Handle, q.Actor, q.Access.Class, tlp, n); err == nil {
			return page.See(w, r, Path(id))
		}
	}
	if page.Refused(err) {
		v.Problems = []page.Problem{q.Wrong("title", err)}
		return p.showForm(w, r, v)
	}
	return err
}

func (p *pages) correctForm(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	d, err := p.Incidents.Open(r.Context(), q.Handle, q.Actor, q.Access.Class, r.PathValue("incident"))
	if err != nil {
		return err
	}
	v := formView{
		Notification: d.Notification, TLP: d.TLP.Name(), Assets: strings.Join(d.Assets, "\n"), Objects: strings.Join(d.Objects, "\n"),
		Correcting: true, At: map[string]string{"began": field(d.Began.At), "noticed": field(d.Noticed.At)},
	}
	if d.Severity != (law.Severity{}) {
		v.Severity = d.Severity.Scheme + "/" + d.Severity.Level
	}
	return p.showForm(w, r, v)
}

// field writes a time as a field of a form has it.
func field(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(page.TimeField)
}

func (p *pages) correct(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	id := r.PathValue("incident")
	v, n, tlp, err := typed(f)
	n.ID = id
	if err == nil {
		if err = p.Incidents.Correct(r.Context(), q.Handle, q.Actor, q.Access.Class, tlp, n); err == nil {
			return page.See(w, r, Path(id))
		}
	}
	if page.Refused(err) && !fault.Is(err, fault.NotFound) {
		v.ID, v.Correcting, v.Problems = id, true, []page.Problem{q.Wrong("title", err)}
		return p.showForm(w, r, v)
	}
	return err
}
