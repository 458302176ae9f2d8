package agreements

import (
	"net/http"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
)

// summary is one agreement in the list.
type summary struct {
	ID       ident.Agreement
	Title    string
	Partner  ident.Side
	Name     string // of the partner
	Standing accord.Standing
	Next     *agreement.Entry // the date that comes next, if one is ahead
	Versions int
}

// list is every agreement of the node, each with its state and next date.
func (p *pages) list(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	ids, err := p.Accords.Agreements(r.Context(), q.Handle)
	if err != nil {
		return err
	}
	var all []summary
	for _, id := range ids {
		s, err := p.summary(r, id)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	head := page.Head{Title: q.T("agreement.list.title"), Lead: q.T("agreement.list.lead"), Area: "agreements"}
	if agrees(q) {
		head.Action = addButton(q)
	}
	return p.desk.Render(w, r, head, listBody(q, all))
}

func (p *pages) summary(r *http.Request, id ident.Agreement) (summary, error) {
	q, s := page.Of(r), summary{ID: id}
	versions, err := p.Accords.Versions(r.Context(), q.Handle, id)
	if err != nil {
		return s, err
	}
	s.Versions = len(versions)
	d, _, err := p.Accords.Document(r.Context(), q.Handle, id, shownVersion(versions))
	if err != nil {
		return s, err
	}
	s.Title = q.Text(d.Title)
	if s.Partner, err = d.OtherSide(p.Self); err != nil {
		return s, err
	}
	s.Name = nameOf(q, d, s.Partner)
	if s.Standing, err = p.Accords.Standing(r.Context(), q.Handle, id); err != nil {
		return s, err
	}
	dates, err := p.Accords.Calendar(r.Context(), q.Handle, id)
	s.Next = next(dates)
	return s, err
}

// shownVersion is the version in force, or the newest before there is one.
func shownVersion(list []accord.Status) int64 {
	for _, v := range list {
		if v.InForce {
			return v.Number
		}
	}
	return list[len(list)-1].Number
}

// next returns the entry whose date comes next.
func next(dates []agreement.Entry) *agreement.Entry {
	var first *agreement.Entry
	for i := range dates {
		e := &dates[i]
		if (e.When == "ahead" || e.When == "today") && (first == nil || e.Date < first.Date) {
			first = e
		}
	}
	return first
}

// nameOf is what the document calls a side, in the reader's language.
func nameOf(q *page.Request, d *agreement.Document, side ident.Side) string {
	for _, s := range d.Sides {
		if s.ID == string(side) {
			return q.Text(s.Name)
		}
	}
	return string(side)
}
