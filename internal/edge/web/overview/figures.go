package overview

import (
	"slices"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/format/plot"
	"twoseas/internal/store"
)

// shores is the signature picture: a lane for every area of the agreement, and
// one for what no area names when there was any.
func shores(q *page.Request, self ident.Side, v view) plot.Shores {
	s := plot.Shores{
		Frame: plot.Frame{ID: "shores", Title: q.T("overview.shores.title"), Desc: q.T("overview.shores.desc." + v.Period.Name)},
		Own:   q.SideName(self), Partner: q.SideName(v.Partner),
		Words: plot.ShoreWords{
			Area: q.T("overview.area"), Direction: q.T("overview.direction"), Crossed: q.T("overview.crossed"),
			Held: q.T("overview.held"), Refused: q.T("overview.refused"), Recalled: q.T("overview.recalled"),
		},
		Number: number(q),
	}
	for _, a := range v.Doc.Areas {
		s.Lanes = append(s.Lanes, Lane(v.Flow, a.Ref, q.Text(a.Title)))
	}
	rest := Lane(v.Flow, "", q.T("overview.noarea"))
	rest.Out.Recalled, rest.In.Recalled = v.recalledOut, v.recalledIn // a recall is under no area
	if rest.Out != (plot.Stream{}) || rest.In != (plot.Stream{}) {
		s.Lanes = append(s.Lanes, rest)
	}
	return s
}

// Lane adds up what crossed and what waits of one area, or of
// exchange.AllAreas together.
func Lane(f exchange.Flow, ref, title string) plot.Lane {
	l := plot.Lane{Title: title}
	if ref != exchange.AllAreas {
		l.Ref = ref
	}
	of := func(area string) bool { return ref == exchange.AllAreas || area == ref }
	for _, c := range f.Crossings {
		if !of(c.Area) {
			continue
		}
		st := &l.Out
		if c.Direction == store.In {
			st = &l.In
		}
		st.Crossed += max(0, c.Items-c.Refused-c.Failed)
		st.Refused += c.Refused + c.Failed
	}
	for _, w := range f.Waits {
		if of(w.Area) {
			l.Out.Held += w.Held
		}
	}
	return l
}

func number(q *page.Request) plot.Number {
	return func(v float64) string { return q.Int(int64(v)) }
}

// total is what crossed in one direction, over all areas.
func total(f exchange.Flow, direction string) (n int64) {
	for _, c := range f.Crossings {
		if c.Direction == direction {
			n += max(0, c.Items-c.Refused-c.Failed)
		}
	}
	return n
}

// slots are the steps of the period, the first first.
func slots(q *page.Request, v view) []time.Time {
	var out []time.Time
	for at := v.since(q); !at.After(q.Now); at = at.Add(v.Period.Step) {
		out = append(out, at)
	}
	return out
}

// counts adds up one direction by slot; "" is both.
func counts(f exchange.Flow, direction string, slots []time.Time) []float64 {
	out := make([]float64, len(slots))
	for _, c := range f.Crossings {
		if direction != "" && c.Direction != direction {
			continue
		}
		i, found := slices.BinarySearchFunc(slots, c.At, time.Time.Compare)
		if !found {
			i-- // a slot of the store may begin before ours
		}
		if i = max(i, 0); i < len(out) {
			out[i] += float64(max(0, c.Items-c.Refused-c.Failed))
		}
	}
	return out
}

// bars is what crossed step by step, both directions.
func bars(q *page.Request, self ident.Side, v view) plot.Bar {
	at := slots(q, v)
	own, far := q.SideName(self), q.SideName(v.Partner)
	b := plot.Bar{
		Frame: plot.Frame{ID: "steps", Title: q.T("overview.steps.title"), Desc: q.T("overview.shores.desc." + v.Period.Name)},
		Axis:  q.T("overview.time"),
		Series: []plot.Series{
			{Name: own + " → " + far, Tone: "own", Values: counts(v.Flow, store.Out, at)},
			{Name: far + " → " + own, Tone: "partner", Values: counts(v.Flow, store.In, at)},
		},
		Number: number(q),
	}
	for _, t := range at {
		b.X = append(b.X, stepName(v.Period, t))
	}
	return b
}

func stepName(p period, t time.Time) string {
	if p.Step < aDay {
		return t.Format("15:04")
	}
	return t.Format("01-02")
}

// heat is the quarter as a calendar.
func heat(q *page.Request, v view) plot.Heat {
	at := slots(q, v)
	return plot.Heat{
		Frame: plot.Frame{ID: "calendar", Title: q.T("overview.calendar.title"), Desc: q.T("overview.shores.desc.quarter")},
		Day:   q.T("overview.time"), Value: q.T("overview.crossed"), From: at[0], Values: counts(v.Flow, "", at),
		Month: func(t time.Time) string { return t.Format("2006-01") }, Number: number(q),
	}
}

// stage is one line of timeliness.
type stage struct {
	Key  string
	Pace exchange.Pace
}

// stages are the steps of the way, in the order in which they happen.
func stages(v view) []stage {
	order := []struct{ direction, stage string }{
		{store.Out, store.StageReleased},
		{store.Out, store.StageShipped},
		{store.Out, store.StageReceipt},
		{store.Out, store.StageAnswered},
		{store.In, store.StageReceived},
		{store.In, store.StageAnswered},
	}
	var out []stage
	for _, o := range order {
		for _, p := range v.Flow.Paces {
			if p.Direction == o.direction && p.Stage == o.stage && p.Area == exchange.AllAreas {
				out = append(out, stage{"overview.stage." + o.direction + "." + o.stage, p})
			}
		}
	}
	return out
}

// byArea are the same lines area by area.
func byArea(v view) []stage {
	var out []stage
	for _, p := range v.Flow.Paces {
		if p.Area != exchange.AllAreas {
			out = append(out, stage{"overview.stage." + p.Direction + "." + p.Stage, p})
		}
	}
	slices.SortStableFunc(out, func(a, b stage) int {
		if a.Pace.Area < b.Pace.Area {
			return -1
		}
		if a.Pace.Area > b.Pace.Area {
			return 1
		}
		return 0
	})
	return out
}
