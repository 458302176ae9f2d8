package importing

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// Area is an area of cooperation that something may be brought in for.
type Area struct {
	Agreement ident.Agreement
	Ref       string
	Title     agreement.Text
}

// Value is the area as Options.Areas holds it.
func (a Area) Value() string { return string(a.Agreement) + ":" + a.Ref }

// Areas returns the areas of the agreements in force under which something may
// cross. Returns fault.Denied unless by May.
func (m *Imports) Areas(ctx context.Context, h *store.Handle, by people.Actor) (out []Area, err error) {
	if err := May(by); err != nil {
		return nil, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		channels, err := tx.Channels()
		if err != nil {
			return err
		}
		for _, ch := range channels {
			g, err := m.Releases.Gate(tx, ch.Agreement)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
				continue // not in force
			}
			if err != nil {
				return err
			}
			for _, a := range g.Terms.Doc.Areas {
				if opens(g.Terms.Table, a.Ref) {
					out = append(out, Area{ch.Agreement, a.Ref, a.Title})
				}
			}
		}
		return nil
	})
	return out, err
}

// opens reports whether a rule lets anything go under an area.
func opens(t *gate.Table, ref string) bool {
	for _, r := range t.Rules {
		if r.Clause == ref && r.Then.Outcome != gate.Deny {
			return true
		}
	}
	return false
}
