package library

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Why says, for one agreement, whether the partner may see an object.
type Why struct {
	Agreement ident.Agreement
	Partner   ident.Side
	// Theirs says that the object is the partner's own: Decision is then that
	// of this side's gate when it came.
	Theirs bool
	// None says why there is no decision, in words; "" when there is one.
	None     string
	Decision gate.Decision
	// Hold and Approvals are what officers have said; State of Hold is "" when
	// it never waited.
	Hold      store.Hold
	Approvals []store.Approval
	Out       release.Outgoing
}

// Reader says whether people with a clearance may read an object here.
type Reader struct {
	Clearance people.Clearance
	May       bool
	Reason    gate.Phrase // why not
}

// Reasons returns who may see a version and why: the partner of each
// agreement, and people here by clearance.
func (l *Library) Reasons(ctx context.Context, h *store.Handle, by people.Actor, class int64, id string, seq int64) (whys []Why, readers []Reader, err error) {
	if err := by.May(people.Read); err != nil {
		return nil, nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		versions, err := tx.History(class, id)
		if err != nil {
			return err
		}
		o, err := l.object(versions, seq)
		if err != nil {
			return err
		}
		channels, err := tx.Channels()
		if err != nil {
			return err
		}
		stored, err := tx.Object(o.Seq)
		if err != nil {
			return err
		}
		for _, ch := range channels {
			w, err := l.why(tx, ch, stored, o.Label)
			if err != nil {
				return err
			}
			whys = append(whys, w)
		}
		readers = l.readers(tx, o.Label)
		return nil
	})
	return whys, readers, err
}

func (l *Library) why(tx *store.Tx, ch store.Channel, o store.Object, m marking.Label) (Why, error) {
	w := Why{Agreement: ch.Agreement, Partner: ch.Partner, Theirs: m.Origin == ch.Partner}
	g, err := l.c.Releases.Gate(tx, ch.Agreement)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		w.None = fault.Message(err)
		return w, nil
	}
	if err != nil {
		return w, err
	}
	if w.Theirs {
		w.Decision = g.Accept(m)
		return w, nil
	}
	if w.Out, err = l.c.Releases.Outgoing(tx, g, ch.ID, o, m); err != nil {
		return w, err
	}
	w.Decision = w.Out.Decision
	if w.Hold, err = tx.Hold(ch.ID, o.Seq); err != nil {
		if fault.Is(err, fault.NotFound) {
			return w, nil
		}
		return w, err
	}
	w.Approvals, err = tx.Approvals(ch.ID, o.Seq)
	return w, err
}

// readers says of each clearance whether it admits to a label.
func (l *Library) readers(tx *store.Tx, m marking.Label) (out []Reader) {
	var all []people.Clearance
	for _, t := range marking.TLPs() {
		all = append(all, people.Clearance{TLP: t})
	}
	all = append(all, people.Clearance{TLP: marking.Red, Unmarked: true})
	for _, c := range all {
		r := Reader{Clearance: c}
		r.May, r.Reason = gate.Readable(m, gate.Clearance{
			Side: l.c.Home.Side, Codes: l.c.Home.Codes, TLP: c.TLP, Unmarked: c.Unmarked, Domain: tx.Domain(), Now: instant(tx.Now()),
		})
		out = append(out, r)
	}
	return out
}
