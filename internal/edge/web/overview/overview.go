// Package overview is the desk's first page: the two shores and what crossed
// between them, how long it took, what waits for the reader, how each partner
// stands, and the dates of the agreements that come near.
//
// Invariants: every number counts only what the reader's clearance admits to;
// the figure and its table say the same; dates remind and blame nobody.
package overview

import (
	"context"
	"net/http"
	"slices"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/recall"
	"twoseas/internal/act/release"
	"twoseas/internal/act/request"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
)

// Deps is what the page asks.
type Deps struct {
	Accords  *accord.Accords
	Releases *release.Releases
	Exchange *exchange.Exchange
	Recalls  *recall.Recalls
	Requests *request.Requests
	Self     ident.Side
}

type pages struct {
	Deps
	desk *page.Desk
}

// Routes is the page.
func Routes(d *page.Desk, deps Deps) []page.Route {
	p := &pages{Deps: deps, desk: d}
	return []page.Route{{Pattern: "GET /{$}", Any: true, Serve: p.show}}
}

// period is how far back the page looks, and in which steps.
type period struct {
	Name string
	Back time.Duration
	Step time.Duration
}

const aDay = 24 * time.Hour

// periods are the choices; the first is taken when none is named.
func periods() []period {
	return []period{{"day", aDay, time.Hour}, {"week", 7 * aDay, aDay}, {"quarter", 91 * aDay, aDay}}
}

func chosen(name string) period {
	all := periods()
	for _, p := range all {
		if p.Name == name {
			return p
		}
	}
	return all[1]
}

// nearDate is a date of an agreement that comes near.
type nearDate struct {
	Agreement ident.Agreement
	Entry     agreement.Entry
}

// near is how far ahead a date is near.
const near = 180

// view is everything on the page.
type view struct {
	Period    period
	Agreement ident.Agreement
	Partner   ident.Side
	Doc       *agreement.Document // nil before a version is stored
	Flow      exchange.Flow
	State     exchange.State
	Flows     bool // there is a channel, so there may be a flow
	Mine      release.Task
	Dates     []nearDate
	Help      []request.Reminder // requests for assistance that wait

	recalledOut, recalledIn int64
}

func (p *pages) show(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := view{Period: chosen(r.URL.Query().Get("period")), Agreement: q.Agreement}
	var err error
	if v.Mine, err = p.Releases.Mine(r.Context(), q.Handle, q.Actor); err != nil {
		return err
	}
	if v.Agreement != "" {
		if err := p.exchange(r.Context(), q, &v); err != nil {
			return err
		}
	}
	if v.Help, err = p.Requests.Waiting(r.Context(), q.Handle, q.Actor); err != nil {
		return err
	}
	if v.Dates, err = p.dates(r.Context(), q); err != nil {
		return err
	}
	head := page.Head{Title: q.T("overview.title"), Lead: q.T("overview.lead"), Area: "overview", Styles: []string{"plot.css"}, Rail: rail(q, v)}
	return p.desk.Render(w, r, head, body(q, p.Self, v))
}

// exchange reads what crossed under the chosen agreement.
func (p *pages) exchange(ctx context.Context, q *page.Request, v *view) error {
	versions, err := p.Accords.Versions(ctx, q.Handle, v.Agreement)
	if err != nil {
		return err
	}
	number := versions[len(versions)-1].Number
	for _, s := range versions {
		if s.InForce {
			number = s.Number
		}
	}
	if v.Doc, _, err = p.Accords.Document(ctx, q.Handle, v.Agreement, number); err != nil {
		return err
	}
	if v.Partner, err = v.Doc.OtherSide(p.Self); err != nil {
		return err
	}
	v.State, err = p.Exchange.State(ctx, q.Handle, v.Agreement)
	if fault.Is(err, fault.NotFound) {
		return nil // no version is in force yet, so there is no channel
	}
	if err != nil {
		return err
	}
	v.Flow, err = p.Exchange.Flow(ctx, q.Handle, q.Access.Class, v.Agreement, v.since(q), v.Period.Step)
	if err != nil {
		return err
	}
	v.Flows = true
	v.recalledOut, v.recalledIn, err = p.Recalls.Flow(ctx, q.Handle, q.Actor, v.Agreement, v.since(q))
	return err
}

// since is the first moment of the period: whole days unless it is one day.
func (v view) since(q *page.Request) time.Time {
	return q.Now.UTC().Add(-v.Period.Back).Truncate(v.Period.Step).Add(v.Period.Step)
}

// dates returns the dates of every agreement that come near, soonest first.
func (p *pages) dates(ctx context.Context, q *page.Request) ([]nearDate, error) {
	var out []nearDate
	for _, l := range q.Links {
		list, err := p.Accords.Calendar(ctx, q.Handle, l.Agreement)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			if (e.When == "ahead" || e.When == "today") && e.Days <= near {
				out = append(out, nearDate{l.Agreement, e})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b nearDate) int { return a.Entry.Days - b.Entry.Days })
	return out, nil
}
