package exchanges

import (
	"context"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/ident"
	front "twoseas/internal/edge/web/overview"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/plot"
)

const (
	aDay = 24 * time.Hour
	days = 7
)

// week returns what crossed on the channel in seven days, of what the reader
// may see.
func (p *pages) week(ctx context.Context, q *page.Request, a ident.Agreement) (plot.Lane, error) {
	since := q.Now.UTC().Add(-days * aDay).Truncate(aDay).Add(aDay)
	flow, err := p.Exchange.Flow(ctx, q.Handle, q.Access.Class, a, since, aDay)
	if err != nil {
		return plot.Lane{}, err
	}
	l := front.Lane(flow, exchange.AllAreas, q.T("exchange.shores.all"))
	l.Out.Recalled, l.In.Recalled, err = p.Recalls.Flow(ctx, q.Handle, q.Actor, a, since)
	return l, err
}

// shores is the picture of the overview with one lane for all areas.
func shores(v channel) plot.Shores {
	return plot.Shores{
		Frame: plot.Frame{ID: "shores-small", Title: v.T("exchange.shores.title"), Desc: v.T("overview.shores.desc.week")},
		Own:   v.SideName(v.self), Partner: v.SideName(v.Partner),
		Words: plot.ShoreWords{
			Area: v.T("overview.area"), Direction: v.T("overview.direction"), Crossed: v.T("overview.crossed"),
			Held: v.T("overview.held"), Refused: v.T("overview.refused"), Recalled: v.T("overview.recalled"),
		},
		Lanes:  []plot.Lane{v.week},
		Number: func(n float64) string { return v.Int(int64(n)) },
	}
}
