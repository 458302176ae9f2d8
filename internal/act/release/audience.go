package release

import (
	"slices"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/members"
	"twoseas/internal/store"
)

// roll reads who belongs to the audiences of caveats on the partner's side.
func (g *Gate) roll(tx *store.Tx) error {
	lists, err := tx.NewestMemberLists(ident.Agreement(g.Terms.Doc.Agreement))
	if err != nil {
		return err
	}
	g.context.Audiences, g.epochs = map[string]gate.Audience{}, map[string]store.Epoch{}
	for _, s := range lists {
		e := g.epochs[s.Compartment]
		e.Compartment = s.Compartment
		if s.Side == g.Terms.Self {
			e.Own = s.Number
		} else {
			e.Partner = s.Number
			l, err := members.Claimed(s.Note)
			if err != nil {
				return err
			}
			g.context.Audiences[s.Compartment] = gate.Audience{
				Members: len(l.Members), Confirmed: l.At, Ends: g.Terms.Doc.Targets.Confirmed().After(l.At),
			}
		}
		g.epochs[s.Compartment] = e
	}
	return nil
}

// Epochs returns the lists of members that a decision on l rests on.
func (g *Gate) Epochs(l marking.Label) []store.Epoch {
	var out []store.Epoch
	for _, code := range l.Caveats {
		if e, ok := g.epochs[code]; ok {
			out = append(out, e)
		}
	}
	return out
}

// Opened routes anew what is for the audience of a caveat: it is known to be
// there, and was not before.
func (r *Releases) Opened(tx *store.Tx, caveat string) error {
	all, err := tx.Labels()
	if err != nil {
		return err
	}
	for _, s := range all {
		l, err := marking.ParseLabel(s.Resolved)
		if err != nil {
			return err
		}
		if !slices.Contains(l.Caveats, caveat) {
			continue
		}
		if err := r.Relabelled(tx, s.ID, l); err != nil {
			return err
		}
	}
	return nil
}
