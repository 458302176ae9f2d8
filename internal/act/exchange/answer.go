package exchange

import (
	"strconv"

	"twoseas/internal/act/ledger"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// answer logs the shipment, signs the receipt, logs it, and moves the cursor.
func (in *arrival) answer(tx *store.Tx, ch store.Channel, r shipment.Receipt, items []store.ShippedItem) error {
	if err := in.x.ledger.Append(tx, in.agreement, in.note); err != nil {
		return err
	}
	cp, err := in.x.ledger.Checkpoint(tx, in.agreement)
	if err != nil {
		return err
	}
	r.LedgerSize, r.LedgerRoot = cp.Size, cp.Root
	signer, err := in.x.ring.Signer(tx)
	if err != nil {
		return err
	}
	if in.receipt, err = r.Sign(signer); err != nil {
		return err
	}
	if err := in.x.ledger.Append(tx, in.agreement, in.receipt); err != nil {
		return err
	}
	s := store.Shipment{
		Channel: ch.ID, Direction: store.In, Number: int64(in.header.Number), Link: in.link, Note: in.note,
		Items: items, Bytes: in.bytes, Receipt: in.receipt,
	}
	if err := tx.AddShipment(&s); err != nil {
		return err
	}
	if err := in.keepLeaves(tx, &s); err != nil {
		return err
	}
	if err := in.tell(tx, &s, r); err != nil {
		return err
	}
	ch.InNumber, ch.InLink = s.Number, s.Link
	return tx.SaveIn(ch)
}

// tell counts what came in, and what of ours it answers.
func (in *arrival) tell(tx *store.Tx, s *store.Shipment, r shipment.Receipt) error {
	if err := tx.AddFact(store.Fact{Channel: s.Channel, Direction: store.In, Number: s.Number, Items: int64(len(s.Items))}); err != nil {
		return err
	}
	if err := tx.AddTotal(store.Total{Channel: s.Channel, Direction: store.In, Bytes: s.Bytes}); err != nil {
		return err
	}
	t := newTally(tx, s.Channel)
	t.untaken(store.In, s.Number, r)
	if err := t.received(in.raw, s.Items, r); err != nil {
		return err
	}
	for i, it := range s.Items {
		if it.Object == 0 || !isAnswer(in.items[i].Object.Type) {
			continue
		}
		if err := t.answered(store.Out, in.raw[i].Object); err != nil {
			return err
		}
	}
	return t.save()
}

// keepLeaves keeps the leaf of each item that was not taken, so that the others
// can be proved all the same.
func (in *arrival) keepLeaves(tx *store.Tx, s *store.Shipment) error {
	for i, it := range s.Items {
		if it.Object != 0 {
			continue
		}
		if err := tx.AddErased(s, i, in.raw[i].Leaf()); err != nil {
			return err
		}
	}
	return nil
}

// raiseFork stops the channel and keeps the second history as evidence in the
// log that stays at home; the exchange log holds only what was agreed on.
func (in *arrival) raiseFork(tx *store.Tx, ch store.Channel, why error) error {
	if err := tx.SetChannelState(ch.ID, "fork: "+fault.Message(why)); err != nil {
		return err
	}
	if err := in.x.ledger.AppendHome(tx, in.note); err != nil {
		return err
	}
	return in.x.ledger.Record(tx, "node", "channel.stop",
		ledger.Field{Name: "agreement", Value: string(in.agreement)},
		ledger.Field{Name: "number", Value: strconv.FormatUint(in.header.Number, 10)},
		ledger.Field{Name: "reason", Value: fault.Message(why)})
}

// inbox returns the collection that what comes on a channel joins, made when
// absent.
func (x *Exchange) inbox(tx *store.Tx, ch store.Channel) (string, error) {
	alias := "from-" + string(ch.Partner) + "-" + string(ch.Agreement)
	_, err := tx.Collection(alias)
	if fault.Is(err, fault.NotFound) {
		id, e := ident.NewUUID(x.rand)
		if e != nil {
			return "", e
		}
		err = tx.AddCollection(&store.Collection{
			ID: id, Alias: alias, Title: "Received from " + string(ch.Partner),
			Description: "What " + string(ch.Partner) + " shared under " + string(ch.Agreement) + ".",
		})
	}
	return alias, err
}
