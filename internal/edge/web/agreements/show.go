package agreements

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/plot"
	"twoseas/internal/law/agreement"
)

// view is one version of an agreement on a page.
type view struct {
	Self      ident.Side
	Doc       *agreement.Document
	Version   accord.Status
	Versions  []accord.Status // newest first
	Originals []accord.Original
	Standing  accord.Standing
	Dates     []agreement.Entry
	Results   []agreement.Result
	Findings  []agreement.Finding
	Problem   string // why a form was not taken
}

// clause is one clause of the document and what it carries.
type clause struct {
	Ref   string
	Area  *agreement.Area // nil of a clause that is no area
	Rules []agreement.Rule
	Dates []agreement.DateRule
}

// clauses returns the document clause by clause: areas in their order, then
// clauses that only rules or dates name.
func (v view) clauses() []clause {
	var out []clause
	find := func(ref string) *clause {
		i := slices.IndexFunc(out, func(c clause) bool { return c.Ref == ref })
		if i < 0 {
			out = append(out, clause{Ref: ref})
			i = len(out) - 1
		}
		return &out[i]
	}
	for i := range v.Doc.Areas {
		find(v.Doc.Areas[i].Ref).Area = &v.Doc.Areas[i]
	}
	for _, r := range v.Doc.Rules {
		c := find(r.Clause)
		c.Rules = append(c.Rules, r)
	}
	for _, d := range v.Doc.Calendar {
		c := find(d.Ref)
		c.Dates = append(c.Dates, d)
	}
	slices.SortStableFunc(out[len(v.Doc.Areas):], func(a, b clause) int { return cmp.Compare(a.Ref, b.Ref) })
	return out
}

// show is the document clause by clause, with everything around it.
func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	id, err := subject(r)
	if err != nil {
		return err
	}
	n, err := version(r.URL.Query().Get("version"))
	if err != nil {
		return err
	}
	return p.render(w, r, id, n, "")
}

// render shows a version, the one that counts when n is 0.
func (p *pages) render(w http.ResponseWriter, r *http.Request, id ident.Agreement, n int64, problem string) error {
	q := page.Of(r)
	v, err := p.view(r.Context(), q, id, n)
	if err != nil {
		return err
	}
	v.Problem = problem
	head := page.Head{
		Title: q.Text(v.Doc.Title), Lead: q.T("agreement.lead", string(id), int64(v.Doc.Version)), Area: "agreements", Styles: []string{"plot.css"}, Mark: page.Unmarked,
		Chips: chips(q, v), Rail: page.Rail(q, why(q, v), evidence(q, v)),
	}
	if reads(q) {
		head.Action = simulateButton(q, v)
	}
	if problem != "" {
		head.Status = http.StatusConflict
	}
	return p.desk.Render(w, r, head, document(q, v))
}

func (p *pages) view(ctx context.Context, q *page.Request, id ident.Agreement, n int64) (view, error) {
	v := view{Self: p.Self}
	var err error
	if v.Versions, err = p.Accords.Versions(ctx, q.Handle, id); err != nil {
		return v, err
	}
	if n == 0 {
		n = shownVersion(v.Versions)
	}
	i := slices.IndexFunc(v.Versions, func(s accord.Status) bool { return s.Number == n })
	if i < 0 {
		return v, fault.New(fault.NotFound, "there is no such version")
	}
	v.Version = v.Versions[i]
	slices.Reverse(v.Versions)
	if v.Doc, _, err = p.Accords.Document(ctx, q.Handle, id, n); err != nil {
		return v, err
	}
	v.Results, v.Findings = v.Doc.Results(), agreement.Lint(v.Doc)
	if v.Originals, err = p.Accords.Originals(ctx, q.Handle, id, n); err != nil {
		return v, err
	}
	if v.Standing, err = p.Accords.Standing(ctx, q.Handle, id); err != nil {
		return v, err
	}
	v.Dates, err = p.Accords.Calendar(ctx, q.Handle, id)
	return v, err
}

// mine reports whether this side's signature is on the version.
func (v view) mine() bool { return slices.Contains(v.Version.Signed, v.Self) }

// signable reports whether this side may still sign the version.
func (v view) signable() bool {
	return !v.mine() && !v.Version.InForce && v.Version.Number > v.Standing.Force
}

// twoOriginals reports whether both sides signed one text, and each signature
// holds: two originals of one agreement.
func (v view) twoOriginals() bool {
	n := 0
	for _, o := range v.Originals {
		if o.Same && o.By != "" {
			n++
		}
	}
	return n == 2
}

// colour of a state: nothing of it is danger to data.
func colour(s agreement.State) string {
	switch s {
	case agreement.Operative:
		return "green"
	case agreement.TermEnding, agreement.DiscontinueNotice, agreement.InConsultation:
		return "amber"
	case agreement.AmendmentPending, agreement.Approved, agreement.Signed:
		return "blue"
	case agreement.Drafting, agreement.Discontinued, agreement.Expired, agreement.Succeeded, agreement.WoundUp: // not yet or no longer in force
	}
	return "grey"
}

// permit is one thing a state allows or does not.
type permit struct {
	Key     string
	Allowed bool
}

func permits(p agreement.Permissions) []permit {
	return []permit{
		{"agreement.permit.exchange", p.Exchange},
		{"agreement.permit.request", p.Request},
		{"agreement.permit.exercise", p.Exercise},
		{"agreement.permit.amend", p.Amend},
		{"agreement.permit.finish", p.FinishActivities},
		{"agreement.permit.commitments", p.CloseCommitments},
		{"agreement.permit.read", p.ReadOwnCopies},
		{"agreement.permit.export", p.ExportOwnRecords},
		{"agreement.permit.handling", p.EnforceHandling},
	}
}

// termLine draws the term with what happened and what comes.
func termLine(q *page.Request, v view) plot.Spans {
	from, to := v.Doc.Dates.Signed.Time(), v.Standing.TermEnd
	if to.IsZero() {
		to = v.Doc.Dates.Term.After(from)
	}
	s := plot.Spans{
		Frame: plot.Frame{ID: "term", Title: q.T("agreement.term.title"), Desc: q.T("agreement.term.desc", string(v.Doc.Dates.Signed), to.AddDate(0, 0, -1).Format(time.DateOnly))},
		Heads: [3]string{q.T("agreement.term.what"), q.T("agreement.term.from"), q.T("agreement.term.to")},
		From:  from, To: to.AddDate(0, 6, 0), Now: q.Now, NowName: q.T("agreement.term.today"),
		Rows: []plot.Span{{Name: q.T("agreement.term.term"), Tone: "work", Start: from, End: to.AddDate(0, 0, -1)}},
	}
	window := cmp.Or(v.Doc.Dates.Renewal, "P6M").Before(to)
	s.Rows = append(s.Rows, plot.Span{Name: q.T("agreement.term.renewal"), Tone: "soon", Start: window, End: to.AddDate(0, 0, -1)})
	for _, e := range v.Standing.Events {
		if e.On.After(from) {
			s.Rows = append(s.Rows, plot.Span{Name: eventName(q, e.Name), Note: nameOf(q, v.Doc, e.By), Tone: "done", Start: e.On})
		}
	}
	return s
}

// eventName is what an event is called; the names are of the law's machine.
func eventName(q *page.Request, name string) string {
	if key := "agreement.event." + strings.ReplaceAll(name, "_", "-"); q.Has(key) {
		return q.T(key)
	}
	return name
}

func stateName(q *page.Request, s agreement.State) string {
	return q.T("agreement.state." + strings.ReplaceAll(string(s), "_", "-"))
}

// partner is the other side of the document.
func (v view) partner() ident.Side {
	for _, s := range v.Doc.Sides {
		if s.ID != string(v.Self) {
			return ident.Side(s.ID)
		}
	}
	return ""
}
