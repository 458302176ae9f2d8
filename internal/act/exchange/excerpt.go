package exchange

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

// Carried is one item of a shipment that a reader may see.
type Carried struct {
	Position int
	Object   store.Object
}

// Carried returns at most limit items of a shipment, from a position on, that a
// reader of a clearance class may see, and where the next ones begin: 0 when
// there are no more. Items that the reader may not see, that were not taken
// here or that were erased are left out.
func (x *Exchange) Carried(ctx context.Context, h *store.Handle, by people.Actor, class int64, a ident.Agreement, direction string, number int64, from, limit int) (out []Carried, next int, err error) {
	if err := mayTake(by); err != nil {
		return nil, 0, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		s, erased, err := shipped(tx, a, direction, number)
		if err != nil {
			return err
		}
		for i := max(0, from); i < len(s.Items); i++ {
			if _, gone := erased[i]; gone {
				continue
			}
			o, err := visible(tx, class, s.Items[i].Object)
			if err != nil {
				return err
			}
			if o.Seq == 0 {
				continue
			}
			if len(out) == limit {
				next = i
				return nil
			}
			out = append(out, Carried{i, o})
		}
		return nil
	})
	return out, next, err
}

// Excerpt is Subset of items that a reader of a clearance class may see; one
// the reader may not is fault.NotFound like one that is not there.
func (x *Exchange) Excerpt(ctx context.Context, h *store.Handle, by people.Actor, class int64, a ident.Agreement, direction string, number int64, positions []int) (out verify.Subset, err error) {
	if err := mayTake(by); err != nil {
		return out, err
	}
	if len(positions) == 0 {
		return out, fault.New(fault.Invalid, "choose the items first")
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		s, _, err := shipped(tx, a, direction, number)
		if err != nil {
			return err
		}
		for _, p := range positions {
			if p < 0 || p >= len(s.Items) {
				return noItem(s, p)
			}
			o, err := visible(tx, class, s.Items[p].Object)
			if err != nil {
				return err
			}
			if o.Seq == 0 {
				return noItem(s, p)
			}
		}
		leaves, items, err := leavesOf(tx, s, positions)
		if err != nil {
			return err
		}
		out, err = verify.NewSubset(s.Note, leaves, items)
		return err
	})
	return out, err
}

// mayTake admits who looks at what crossed and reads threat data.
func mayTake(by people.Actor) error {
	if err := mayLook(by); err != nil {
		return err
	}
	return by.May(people.Read)
}

func noItem(s store.Shipment, position int) error {
	return fault.Errorf(fault.NotFound, "shipment %d has no item %d", s.Number, position)
}

// shipped returns a shipment and the leaves of its erased items.
func shipped(tx *store.Tx, a ident.Agreement, direction string, number int64) (s store.Shipment, erased map[int]ident.Digest, err error) {
	ch, err := tx.Channel(a)
	if err != nil {
		return s, nil, err
	}
	if s, err = tx.Shipment(ch.ID, direction, number); err != nil {
		return s, nil, err
	}
	erased, err = tx.Erased(&s)
	return s, erased, err
}
