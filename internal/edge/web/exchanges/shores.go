package exchanges

import (
	"context"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/plot"
	"twoseas/internal/store"
)

const (
	aDay = 24 * time.Hour
	days = 7
)

// week returns what crossed on the channel in seven days, of what the reader
// may see.
func (p *pages) week(ctx context.Context, q *page.Request, a ident.Agreement) (exchange.Flow, error) {
	return p.Exchange.Flow(ctx, q.Handle, q.Access.Class, a, q.Now.UTC().Add(-days*aDay).Truncate(aDay).Add(aDay), aDay)
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
		Lanes:  []plot.Lane{lane(v.flow, v.T("exchange.shores.all"))},
		Number: func(n float64) string { return v.Int(int64(n)) },
	}
}

// lane adds up what crossed and what waits, over all areas.
func lane(f exchange.Flow, title string) plot.Lane {
	l := plot.Lane{Title: title}
	for _, c := range f.Crossings {
		st := &l.Out
		if c.Direction == store.In {
			st = &l.In
		}
		st.Crossed += max(0, c.Items-c.Refused-c.Failed)
		st.Refused += c.Refused + c.Failed
	}
	for _, w := range f.Waits {
		l.Out.Held += w.Held
	}
	return l
}
