package exchange

import (
	"io"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// way is a channel that something may be sent on.
type way struct {
	store.Channel
	urgent int64 // versions that go before the release list
	// paused says that a person has stopped everything but those: what protects
	// what has crossed goes on.
	paused bool
}

func (w way) waits() bool { return w.urgent > 0 || !w.paused && w.Shipped < w.Queued }

// sending returns a channel that something may be sent on. A paused one with
// nothing urgent is fault.Held.
func sending(tx *store.Tx, a ident.Agreement) (w way, err error) {
	if w.Channel, err = open(tx, a); err != nil {
		return w, err
	}
	p, err := tx.Paused(w.ID)
	if err != nil {
		return w, err
	}
	w.paused = p.At != 0
	if w.urgent, err = tx.UrgentWaiting(w.ID); err != nil {
		return w, err
	}
	if w.paused && w.urgent == 0 {
		err = fault.Errorf(fault.Held, "sending under %s is paused by %s: %s", a, p.Who, p.Reason)
	}
	return w, err
}

// addUrgent writes what goes before the release list.
func (b *builder) addUrgent(w *shipment.Writer) (full bool, err error) {
	objects, err := b.tx.Urgent(b.ch.ID, shipment.MaxItems)
	if err != nil || len(objects) == 0 {
		return false, err
	}
	for _, o := range objects {
		wire, may, err := b.leaving(store.Release{Object: o})
		if err != nil {
			return false, err
		}
		if !may {
			if err := b.tx.Unhurry(b.ch.ID, o.Seq); err != nil {
				return false, err
			}
			continue
		}
		it := shipment.Item{Label: wire, Object: o.Body}
		if _, err := io.ReadFull(b.x.rand, it.Salt[:]); err != nil {
			return false, err
		}
		if !w.Fits(it) {
			return true, nil
		}
		if err := w.Add(it); err != nil {
			return false, err
		}
		b.items = append(b.items, store.ShippedItem{Object: o.Seq, Salt: it.Salt, Label: wire})
		b.hurry = append(b.hurry, o.Seq)
	}
	return w.Items() >= shipment.MaxItems, nil
}
