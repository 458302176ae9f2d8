package accord

import (
	"context"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Explain returns what the version in force says of an object labelled l on
// its way to the partner, or from the partner when it is the partner's.
func (a *Accords) Explain(ctx context.Context, h *store.Handle, id ident.Agreement, l marking.Label) (gate.Decision, error) {
	var d gate.Decision
	err := h.Read(ctx, func(tx *store.Tx) error {
		terms, err := a.InForce(tx, id)
		if err != nil {
			return err
		}
		c := a.crossing(tx, l, terms.Partner)
		if c.From == a.self {
			d = gate.Decide(l, terms.Table, c)
		} else {
			d = gate.Accept(l, terms.Table, c)
		}
		return nil
	})
	return d, err
}

// crossing is the way an object of the label's origin goes.
func (a *Accords) crossing(tx *store.Tx, l marking.Label, partner ident.Side) gate.Context {
	c := gate.Context{From: a.self, To: partner, Domain: tx.Domain(), Now: a.clock.Now()}
	if l.Origin == partner {
		c.From, c.To = partner, a.self
	}
	return c
}

// Recorded returns what the node has decided, one input a label with the way
// its objects go, and how many objects carry it: to replay under another
// version.
func (a *Accords) Recorded(ctx context.Context, h *store.Handle, id ident.Agreement) ([]gate.Input, []int64, error) {
	var inputs []gate.Input
	var objects []int64
	err := h.Read(ctx, func(tx *store.Tx) error {
		partner, err := a.partner(tx, id)
		if err != nil {
			return err
		}
		inputs, objects, err = a.recorded(tx, everyClass, partner)
		return err
	})
	return inputs, objects, err
}

// everyClass stands for the node itself, which sees every label.
const everyClass = -1

// recorded returns the labels that a clearance class may see, as questions to
// the gate, and how many objects carry each.
func (a *Accords) recorded(tx *store.Tx, class int64, partner ident.Side) ([]gate.Input, []int64, error) {
	stored, err := tx.Labels()
	if err != nil {
		return nil, nil, err
	}
	var inputs []gate.Input
	var objects []int64
	at := map[string]int{} // two stored labels may have come to mean the same
	for _, s := range stored {
		if seen, err := mayCount(tx, class, s.ID); err != nil || !seen {
			if err != nil {
				return nil, nil, err
			}
			continue
		}
		l, err := marking.ParseLabel(s.Resolved)
		if err != nil {
			return nil, nil, fault.Errorf(fault.Conflict, "label %d: %w", s.ID, err)
		}
		i, ok := at[string(l.Canonical())]
		switch {
		case s.Objects == 0:
		case ok:
			objects[i] += s.Objects
		default:
			at[string(l.Canonical())] = len(inputs)
			inputs = append(inputs, gate.Input{Label: l, Context: a.crossing(tx, l, partner)})
			objects = append(objects, s.Objects)
		}
	}
	return inputs, objects, nil
}

func mayCount(tx *store.Tx, class, label int64) (bool, error) {
	if class == everyClass {
		return true, nil
	}
	return tx.Permits(class, label)
}

// Preview is what another version would change for what is stored here.
type Preview struct {
	agreement.Changes
	// Objects holds, for each of Decisions, how many stored objects carry its
	// label; SameObjects counts those nothing changes for.
	Objects     []int64
	SameObjects int64
}

// Diff replays the labels of the store under version from and version to; from
// 0 stands for the version in force, or the one before to when none is.
func (a *Accords) Diff(ctx context.Context, h *store.Handle, id ident.Agreement, from, to int) (Preview, error) {
	return a.DiffFor(ctx, h, everyClass, id, from, to)
}

// DiffFor is Diff of what a clearance class may see.
func (a *Accords) DiffFor(ctx context.Context, h *store.Handle, class int64, id ident.Agreement, from, to int) (Preview, error) {
	var p Preview
	err := h.Read(ctx, func(tx *store.Tx) error {
		force, err := a.inForceNumber(tx, id)
		if err != nil {
			return err
		}
		if from == 0 {
			from = int(force)
		}
		if from == 0 {
			from = to - 1
		}
		p, err = a.diff(tx, class, id, from, to)
		return err
	})
	return p, err
}

func (a *Accords) diff(tx *store.Tx, class int64, id ident.Agreement, from, to int) (Preview, error) {
	var docs [2]*agreement.Document
	for i, n := range []int{from, to} {
		v, err := tx.Agreement(id, int64(n))
		if err != nil {
			return Preview{}, err
		}
		if docs[i], err = read(v); err != nil {
			return Preview{}, err
		}
	}
	partner, err := docs[1].OtherSide(a.self)
	if err != nil {
		return Preview{}, err
	}
	inputs, objects, err := a.recorded(tx, class, partner)
	if err != nil {
		return Preview{}, err
	}
	p := Preview{Changes: agreement.Diff(docs[0], docs[1], inputs)}
	carried := map[string]int64{}
	for i, in := range inputs {
		carried[string(in.Label.Canonical())] = objects[i]
		p.SameObjects += objects[i]
	}
	for _, c := range p.Decisions {
		n := carried[string(c.Input.Label.Canonical())]
		p.Objects = append(p.Objects, n)
		p.SameObjects -= n
	}
	return p, nil
}
