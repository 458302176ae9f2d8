// Package audit is the page on which an auditor looks at what people of this
// side did: searched by filters that stand in the address, entry by entry,
// exported as a file, verified now.
package audit

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/verify"
)

type pages struct {
	*page.Desk
	log *audit.Log
}

// Routes is the pages and forms of the area.
func Routes(d *page.Desk, log *audit.Log) []page.Route {
	p := &pages{d, log}
	return []page.Route{
		{Pattern: "GET /audit", Act: people.Audit, Serve: p.search},
		{Pattern: "GET /audit/{entry}", Act: people.Audit, Serve: p.entry},
		{Pattern: "GET /audit/export", Act: people.Audit, Serve: p.export},
		{Pattern: "POST /audit/verify", Act: people.Audit, Serve: p.verify},
	}
}

const (
	path     = "/audit"
	pageSize = 50
	dayForm  = "2006-01-02"
)

// asked is the filter as it stands in the address.
type asked struct{ who, what, about, agreement, from, until, after string }

func parse(v url.Values) asked {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	return asked{get("who"), get("what"), get("about"), get("agreement"), get("from"), get("until"), get("after")}
}

func (a asked) empty() bool { return a == asked{after: a.after} }

// address is the page with this filter, from after on.
func (a asked) address(after string) string {
	v := url.Values{}
	for name, value := range map[string]string{
		"who": a.who, "what": a.what, "about": a.about, "agreement": a.agreement, "from": a.from, "until": a.until, "after": after,
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// query reads the filter; a last day includes the whole of it.
func (a asked) query(q *page.Request) (audit.Query, []page.Problem) {
	out := audit.Query{Account: a.who, Act: a.what, About: a.about, Agreement: a.agreement, Limit: pageSize, After: a.after}
	var problems []page.Problem
	day := func(field, s string, add int) time.Time {
		if s == "" {
			return time.Time{}
		}
		t, err := time.Parse(dayForm, s)
		if err != nil {
			problems = append(problems, page.Problem{Field: field, Text: q.T("audit.day.problem", s)})
			return time.Time{}
		}
		return t.AddDate(0, 0, add)
	}
	out.From, out.Until = day("f-from", a.from, 0), day("f-until", a.until, 1)
	return out, problems
}

// found is one page of a search.
type found struct {
	asked
	audit.Page
	acts     []string
	problems []page.Problem
}

func (p *pages) search(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f := found{asked: parse(r.URL.Query())}
	query, problems := f.query(q)
	f.problems = problems
	var err error
	if f.acts, err = p.log.Acts(r.Context(), q.Actor); err != nil {
		return err
	}
	status := http.StatusUnprocessableEntity
	if len(problems) == 0 {
		status = http.StatusOK
		if f.Page, err = p.log.Search(r.Context(), q.Actor, query); err != nil {
			return err
		}
	}
	head := page.Head{Title: q.T("audit.title"), Lead: q.T("audit.lead"), Area: "audit", Action: verifyButton(q), Rail: page.Rail(q, why(q), evidence(q)), Status: status}
	return p.Render(w, r, head, searchPage(q, f))
}

func (p *pages) entry(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	ix, err := strconv.ParseInt(r.PathValue("entry"), 10, 64)
	if err != nil {
		return fault.New(fault.NotFound, "there is nothing at this address")
	}
	e, leaf, err := p.log.Entry(r.Context(), q.Actor, ix)
	if err != nil {
		return err
	}
	head := page.Head{Title: q.T("audit.entry.title", strconv.FormatInt(ix, 10)), Lead: q.T("audit.entry.lead"), Area: "audit", Rail: page.Rail(q, why(q), evidence(q))}
	return p.Render(w, r, head, entryPage(q, e, string(leaf)))
}

func (p *pages) export(w http.ResponseWriter, r *http.Request) error {
	var b bytes.Buffer
	if err := p.log.Export(r.Context(), page.Of(r).Actor, &b); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+string(p.Side)+`-home.log"`)
	if _, err := b.WriteTo(w); err != nil {
		p.Log.DebugContext(r.Context(), "a reader went away", slog.String("error", err.Error()))
	}
	return nil
}

func (p *pages) verify(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	report, err := p.log.Verify(r.Context(), q.Actor)
	if err != nil {
		return err
	}
	head := page.Head{Title: q.T("audit.verified.title"), Lead: q.T("audit.verified.lead"), Area: "audit", Action: verifyButton(q), Rail: page.Rail(q, why(q), evidence(q))}
	return p.Render(w, r, head, verifiedPage(q, report))
}

// root is the root of the log that was verified.
func root(r verify.Report) ident.Digest {
	if len(r.Logs) == 0 {
		return ident.Digest{}
	}
	return r.Logs[0].Root
}

// link leads from what an entry names to everything else about it.
func link(name, value string) string {
	switch name {
	case "object", "account", "agreement", "collection", "organisation", "peer", "token", "item", "shipment", "channel":
		return asked{about: value}.address("")
	}
	return ""
}

// account returns who acted without the token it acted by.
func account(by string) string {
	name, _, _ := strings.Cut(by, " (")
	return name
}

// FieldWord is the key of the catalogue under which the name of what an entry
// names is said.
func FieldWord(name string) string { return "audit.field." + name }

// field is the name of what an entry names in the reader's language; one that
// is not known keeps its name.
func field(q *page.Request, name string) string {
	if key := FieldWord(name); q.Has(key) {
		return q.T(key)
	}
	return name
}
