package exchange

import (
	"context"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// State is how a channel stands, in the numbers people ask for.
type State struct {
	Agreement  ident.Agreement `json:"agreement"`
	Partner    ident.Side      `json:"partner"`
	Status     string          `json:"status"`     // open, or why it is stopped
	Waiting    int64           `json:"waiting"`    // objects released and not yet in a shipment
	Unanswered int             `json:"unanswered"` // shipments without a receipt
	Out        int64           `json:"out"`        // shipments sent
	In         int64           `json:"in"`         // shipments received
	Finding    Finding         `json:"comparison"`
}

// Compared reports whether the last comparison is of the shipments there are
// now, and found both sides equal.
func (s State) Compared() bool {
	return s.Status == store.ChannelOpen && s.Finding.Converged && s.Finding.Out == s.Out && s.Finding.In == s.In && s.Waiting == 0 && s.Unanswered == 0
}

// State returns how the channel of an agreement stands.
func (x *Exchange) State(ctx context.Context, h *store.Handle, a ident.Agreement) (s State, err error) {
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		open, err := tx.Unanswered(ch.ID)
		if err != nil {
			return err
		}
		urgent, err := tx.UrgentWaiting(ch.ID)
		if err != nil {
			return err
		}
		s = State{
			Agreement: a, Partner: ch.Partner, Status: ch.State, Waiting: ch.Queued - ch.Shipped + urgent,
			Unanswered: len(open), Out: ch.OutNumber, In: ch.InNumber,
		}
		s.Finding, err = ReadFinding(ch)
		return err
	})
	return s, err
}

// Totals adds up what the receipts of one direction say. The four numbers are
// never one.
type Totals struct {
	Shipments int64 `json:"shipments"`
	Receipts  int64 `json:"receipts"`
	Bytes     int64 `json:"bytes"`
	Applied   int64 `json:"applied"`
	Already   int64 `json:"already"`
	Refused   int64 `json:"refused"`
	Failed    int64 `json:"failed"`
}

// Totals returns the totals of what was sent (store.Out) or received
// (store.In).
func (x *Exchange) Totals(ctx context.Context, h *store.Handle, a ident.Agreement, direction string) (t Totals, err error) {
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		return tx.Shipments(ch.ID, direction, 1, max(ch.OutNumber, ch.InNumber), func(s store.Shipment) error {
			t.Shipments++
			t.Bytes += s.Bytes
			if s.Receipt == nil {
				return nil
			}
			text, err := textOf(s.Receipt)
			if err != nil {
				return err
			}
			r, err := shipment.ParseReceipt(text)
			if err != nil {
				return err
			}
			t.Receipts++
			t.Applied += int64(r.Applied)
			t.Already += int64(r.Already)
			t.Refused += int64(r.Refused())
			t.Failed += int64(r.Failed())
			return nil
		})
	})
	return t, err
}
