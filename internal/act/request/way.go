package request

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// Ways is how one kind of request can be asked of law enforcement between the
// two sides of an agreement.
type Ways struct {
	Agreement ident.Agreement
	Sides     [2]ident.Side
	Options   []request.Option
}

// Ways returns every way of law that carries a kind, for each agreement under
// which by may ask something now.
func (r *Requests) Ways(ctx context.Context, h *store.Handle, by people.Actor, k request.Kind) (out []Ways, err error) {
	under, err := r.Agreements(ctx, h, by)
	if err != nil {
		return nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		for _, a := range under {
			terms, err := r.Accords.InForce(tx, a)
			if err != nil {
				return err
			}
			w := Ways{Agreement: a, Sides: terms.Doc.SideIDs()}
			if w.Options, err = pairOf(terms.Doc).Options(k); err != nil {
				return err
			}
			out = append(out, w)
		}
		return nil
	})
	return out, err
}

// pairOf is the two sides of a document as the table of ways knows them.
func pairOf(d *agreement.Document) (p request.Pair) {
	for i := range min(len(d.Sides), len(p)) {
		s := d.Sides[i]
		p[i] = request.Country{ID: s.ID, Name: s.Name.In("en", d.Authoritative), Codes: s.Codes}
	}
	return p
}

// passable returns nil when a request may be asked by the way it names, on
// both nodes alike.
func passable(d *agreement.Document, q request.Asked) error {
	if request.NeedsWay(q.Kind, q.Channel) && q.Way == "" {
		return fault.New(fault.Invalid, "say by which way of law it is asked")
	}
	return pairOf(d).CheckWay(q)
}
