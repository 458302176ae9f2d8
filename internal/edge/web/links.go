package web

import (
	"context"
	"sync"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/store"
)

// link reads one agreement as the top bar shows it.
func (s *Site) link(ctx context.Context, id ident.Agreement) (page.Link, error) {
	l := page.Link{Agreement: id, State: "never"}
	versions, err := s.Accords.Versions(ctx, s.Handle, id)
	if err != nil || len(versions) == 0 {
		return l, err
	}
	number := versions[len(versions)-1].Number
	for _, v := range versions {
		if v.InForce {
			number = v.Number
		}
	}
	doc, _, err := s.Accords.Document(ctx, s.Handle, id, number)
	if err != nil {
		return l, err
	}
	l.Title, l.Sides = doc.Title, map[ident.Side]map[string]string{}
	for _, side := range doc.Sides {
		l.Sides[ident.Side(side.ID)] = side.Name
		place := page.Place{Name: side.Capital}
		if zone, err := time.LoadLocation(side.Zone); err == nil && side.Zone != "" {
			place.Zone = zone
		}
		if ident.Side(side.ID) == s.Self {
			l.Own = place
		} else {
			l.Far, l.Partner = place, ident.Side(side.ID)
		}
	}
	return l, s.standing(ctx, &l)
}

// standing fills in how the exchange stands; an agreement that has no channel
// yet has never been compared.
func (s *Site) standing(ctx context.Context, l *page.Link) error {
	st, err := s.Exchange.State(ctx, s.Handle, l.Agreement)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	l.Waiting, l.Since = st.Waiting, st.Finding.At
	switch {
	case st.Status != store.ChannelOpen:
		l.State = "stopped"
	case st.Finding.At.IsZero():
		l.State = "never"
	case st.Waiting > 0 || st.Unanswered > 0:
		l.State = "behind"
	case len(st.Finding.Missing) > 0:
		l.State = "differs"
	case st.Finding.Converged:
		l.State = "converged"
	}
	return nil
}

// cached returns ask with its answer kept for a while: every page has it, and
// nobody needs it to the second.
func cached[T any](clk clock.Clock, keep time.Duration, ask func(context.Context) (T, error)) func(context.Context) (T, error) {
	var mu sync.Mutex
	var value T
	var until time.Time
	return func(ctx context.Context) (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if now := clk.Now(); now.After(until) || now.Add(keep).Before(until) {
			v, err := ask(ctx)
			if err != nil {
				return v, err
			}
			value, until = v, now.Add(keep)
		}
		return value, nil
	}
}
