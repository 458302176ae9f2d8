package exchange

import (
	"context"
	"slices"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/shipment"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

// Subset returns some items of a shipment, sent or received, with what proves
// that the originator signed them; the other items stay unknown to whoever
// gets it. Positions count from 0; an erased item is fault.NotFound.
func (x *Exchange) Subset(ctx context.Context, h *store.Handle, a ident.Agreement, direction string, number int64, positions []int) (out verify.Subset, err error) {
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		s, err := tx.Shipment(ch.ID, direction, number)
		if err != nil {
			return err
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

// leavesOf returns the leaf of each item of a shipment, and the items at the
// positions wanted.
func leavesOf(tx *store.Tx, s store.Shipment, wanted []int) ([]ident.Digest, map[int]shipment.Item, error) {
	erased, err := tx.Erased(&s)
	if err != nil {
		return nil, nil, err
	}
	want := map[int]bool{}
	for _, p := range wanted {
		if _, gone := erased[p]; gone || p < 0 || p >= len(s.Items) {
			return nil, nil, noItem(s, p)
		}
		want[p] = true
	}
	leaves := make([]ident.Digest, len(s.Items))
	items := map[int]shipment.Item{}
	for i, it := range s.Items {
		if leaf, ok := erased[i]; ok {
			leaves[i] = leaf
			continue
		}
		item, err := itemOf(tx, it)
		if err != nil {
			return nil, nil, err
		}
		leaves[i] = item.Leaf()
		if want[i] {
			items[i] = item
		}
	}
	return leaves, items, nil
}

func itemOf(tx *store.Tx, it store.ShippedItem) (shipment.Item, error) {
	o, err := tx.Object(it.Object)
	return shipment.Item{Salt: merkle.Salt(it.Salt), Label: it.Label, Object: o.Body}, err
}

// Erase removes a stored version and the salts of every item that carried it.
// What proves the shipments stays valid; the content cannot be recovered or
// guessed from what is left.
func (x *Exchange) Erase(ctx context.Context, h *store.Handle, by people.Actor, seq int64, reason string) error {
	if err := by.May(people.Administer); err != nil {
		return err
	}
	if reason == "" {
		return fault.New(fault.Invalid, "say why it is erased")
	}
	return h.Write(ctx, func(tx *store.Tx) error { return x.EraseIn(tx, by, seq, reason) })
}

// EraseIn is Erase inside another act, which has seen to it that by may.
func (x *Exchange) EraseIn(tx *store.Tx, by people.Actor, seq int64, reason string) error {
	o, err := tx.Object(seq)
	if err != nil {
		return err
	}
	channels, err := tx.Channels()
	if err != nil {
		return err
	}
	for _, ch := range channels {
		if err := eraseOn(tx, ch, seq); err != nil {
			return err
		}
	}
	if err := tx.EraseObject(seq); err != nil {
		return err
	}
	return x.ledger.Record(tx, by.String(), "object.erase",
		ledger.Field{Name: "object", Value: o.ID}, ledger.Field{Name: "reason", Value: reason})
}

func eraseOn(tx *store.Tx, ch store.Channel, seq int64) error {
	for _, way := range []struct {
		direction string
		last      int64
	}{{store.Out, ch.OutNumber}, {store.In, ch.InNumber}} {
		var with []store.Shipment
		if err := tx.Shipments(ch.ID, way.direction, 1, way.last, func(s store.Shipment) error {
			for _, it := range s.Items {
				if it.Object == seq {
					with = append(with, s)
					break
				}
			}
			return nil
		}); err != nil {
			return err
		}
		for _, s := range with {
			if err := eraseIn(tx, s, seq); err != nil {
				return err
			}
		}
	}
	return nil
}

// eraseIn keeps the leaf hash of each item with the object and forgets its
// salt. A shipment still on its way holds the content in its body: it must be
// answered first.
func eraseIn(tx *store.Tx, s store.Shipment, seq int64) error {
	if s.Direction == store.Out && s.Receipt == nil {
		return fault.Errorf(fault.Busy, "shipment %d, which carries the object, is not answered yet: erase it after the receipt", s.Number)
	}
	for i := range s.Items {
		if s.Items[i].Object != seq {
			continue
		}
		item, err := itemOf(tx, s.Items[i])
		if err != nil {
			return err
		}
		if err := tx.AddErased(&s, i, item.Leaf()); err != nil {
			return err
		}
		s.Items[i].Salt = [16]byte{}
	}
	return tx.SaveItems(&s)
}

// Proof is one item of a shipment with what proves that its sender signed it.
type Proof struct {
	Header shipment.Header
	Subset verify.Subset
	Leaf   ident.Digest
}

// Proved proves and verifies one item of a shipment now: the sender's
// signature by a key of its own, and the item in the root that it signed. What
// does not verify is fault.Conflict and says so.
func (x *Exchange) Proved(ctx context.Context, h *store.Handle, a ident.Agreement, direction string, number int64, position int) (p Proof, err error) {
	if p.Subset, err = x.Subset(ctx, h, a, direction, number, []int{position}); err != nil {
		return p, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		known, err := x.ring.History(tx)
		if direction == store.In {
			known, err = x.ring.Partner(tx, ch.Partner)
		}
		if err != nil {
			return err
		}
		item := p.Subset.Kept[position]
		p.Leaf = item.Leaf()
		if p.Header, err = p.Subset.Verify(known...); err != nil {
			return fault.Errorf(fault.Conflict, "it does not verify: %w", err)
		}
		return nil
	})
	return p, err
}

// Place is where an object version crossed: one item of a shipment, with what
// proves that it was in it.
type Place struct {
	Number   int64
	Position int
	Note     []byte // the shipment, signed by its sender
	Leaves   []ident.Digest
	Item     shipment.Item
}

// Leaf returns the item's leaf.
func (p Place) Leaf() ident.Digest { return p.Leaves[p.Position] }

// At returns one item of a shipment; fault.NotFound when it is not there.
func (x *Exchange) At(tx *store.Tx, ch store.Channel, direction string, number int64, position int) (Place, error) {
	s, err := tx.Shipment(ch.ID, direction, number)
	if err != nil {
		return Place{}, err
	}
	leaves, items, err := leavesOf(tx, s, []int{position})
	if err != nil {
		return Place{}, err
	}
	return Place{Number: number, Position: position, Note: s.Note, Leaves: leaves, Item: items[position]}, nil
}

// Find returns where a version crossed last on a channel in a direction;
// fault.NotFound when it did not. It does not wait for what is found by object
// to catch up with what crossed.
func (x *Exchange) Find(tx *store.Tx, ch store.Channel, direction string, seq int64) (Place, error) {
	found, err := tx.Crossings(seq)
	if err != nil {
		return Place{}, err
	}
	for _, c := range slices.Backward(found) {
		if c.Channel == ch.ID && c.Direction == direction {
			return x.At(tx, ch, direction, c.Number, c.Position)
		}
	}
	last := ch.InNumber
	if direction == store.Out {
		last = ch.OutNumber
	}
	for n := last; n > 0; n-- {
		s, err := tx.Shipment(ch.ID, direction, n)
		if err != nil {
			return Place{}, err
		}
		if i := slices.IndexFunc(s.Items, func(it store.ShippedItem) bool { return it.Object == seq }); i >= 0 {
			return x.At(tx, ch, direction, n, i)
		}
	}
	return Place{}, fault.New(fault.NotFound, "it did not cross there")
}
