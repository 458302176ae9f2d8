package exchange

import (
	"context"
	"math"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Standing is everything a channel's page says of it.
type Standing struct {
	State
	Pause    store.Pause // At is 0 when it is not paused
	Carriage store.Carriage
	Oldest   time.Time // when what waits longest was released; zero when nothing waits
	Sent     Totals    // as the receipts say
	Received Totals
	Peer     store.Peer // Side is empty when the partner's node is not known
}

// Lag is how long what waits longest has been waiting.
func (s Standing) Lag(now time.Time) time.Duration {
	if s.Oldest.IsZero() || now.Before(s.Oldest) {
		return 0
	}
	return now.Sub(s.Oldest)
}

// mayLook is for who manages channels, and for who sees what is released on
// them.
func mayLook(by people.Actor) error {
	if by.May(people.Review) == nil {
		return nil
	}
	return by.May(people.Exchange)
}

// Standing returns how the channel of an agreement stands. Its numbers are
// those of the signed receipts, which the ledger shows to everybody.
func (x *Exchange) Standing(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement) (s Standing, err error) {
	if err := mayLook(by); err != nil {
		return s, err
	}
	if s.State, err = x.State(ctx, h, a); err != nil {
		return s, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		if s.Pause, err = tx.Paused(ch.ID); err != nil {
			return err
		}
		if s.Carriage, err = tx.Carriage(ch.ID); err != nil {
			return err
		}
		if s.Peer, err = tx.Peer(ch.Partner); err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if s.Waiting > 0 {
			at, err := tx.OldestQueued(ch.ID, ch.Shipped)
			if err != nil {
				return err
			}
			if at > 0 {
				s.Oldest = time.UnixMicro(at).UTC()
			}
		}
		return s.add(tx, ch)
	})
	return s, err
}

// add adds the totals up from what was counted as receipts came and went.
func (s *Standing) add(tx *store.Tx, ch store.Channel) error {
	flows, err := tx.Flows(ch.ID, store.AllLabels, 0, math.MaxInt32)
	if err != nil {
		return err
	}
	for _, f := range flows {
		t := &s.Sent
		if f.Direction == store.In {
			t = &s.Received
		}
		t.Applied += f.Items
		t.Refused += f.Refused
		t.Failed += f.Failed
	}
	for direction, t := range map[string]*Totals{store.Out: &s.Sent, store.In: &s.Received} {
		sum, err := tx.Total(ch.ID, direction)
		if err != nil {
			return err
		}
		t.Bytes, t.Already = sum.Bytes, sum.Already
		t.Applied -= sum.Already // what was taken is either
	}
	s.Sent.Shipments, s.Sent.Receipts = ch.OutNumber, ch.OutNumber-int64(s.Unanswered)
	s.Received.Shipments, s.Received.Receipts = ch.InNumber, ch.InNumber
	return nil
}

// Leg is one shipment as a list shows it.
type Leg struct {
	Direction string
	Number    int64
	Header    shipment.Header
	Link      ident.Digest // the shipment's digest, which the next one names
	Bytes     int64
	At        time.Time
	Answered  time.Time         // zero without a receipt
	Receipt   *shipment.Receipt // nil without one
	// Note and Answer are the signed texts of shipment and receipt.
	Note, Answer []byte
}

func legOf(s store.Shipment) (l Leg, err error) {
	l = Leg{Direction: s.Direction, Number: s.Number, Link: s.Link, Bytes: s.Bytes, At: time.UnixMicro(s.At).UTC(), Note: s.Note, Answer: s.Receipt}
	text, err := textOf(s.Note)
	if err != nil {
		return l, err
	}
	if l.Header, err = shipment.ParseHeader(text); err != nil || s.Receipt == nil {
		return l, err
	}
	l.Answered = time.UnixMicro(s.Answered).UTC()
	if text, err = textOf(s.Receipt); err != nil {
		return l, err
	}
	r, err := shipment.ParseReceipt(text)
	l.Receipt = &r
	return l, err
}

// Legs returns at most limit shipments of one direction with numbers below
// before (0 begins), newest first, and whether there are more.
func (x *Exchange) Legs(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, direction string, before int64, limit int) (out []Leg, more bool, err error) {
	if err := mayLook(by); err != nil {
		return nil, false, err
	}
	if direction != store.In && direction != store.Out {
		return nil, false, fault.Errorf(fault.Invalid, "direction %.10q: want in or out", direction)
	}
	if before == 0 {
		before = math.MaxInt64
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		list, err := tx.ShipmentHeads(ch.ID, direction, before, limit+1)
		if err != nil {
			return err
		}
		if more = len(list) > limit; more {
			list = list[:limit]
		}
		for _, s := range list {
			l, err := legOf(s)
			if err != nil {
				return err
			}
			out = append(out, l)
		}
		return nil
	})
	return out, more, err
}

// Kept is one item of a shipment that its receiver did not take.
type Kept struct {
	shipment.Answer
	Object store.Object // Seq is 0 when the reader may not see it, or this side has not got it
}

// Leg returns one shipment and the items that were not taken, with the objects
// that a reader of a clearance class may see.
func (x *Exchange) Leg(ctx context.Context, h *store.Handle, by people.Actor, class int64, a ident.Agreement, direction string, number int64) (l Leg, kept []Kept, err error) {
	if err := mayLook(by); err != nil {
		return l, nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		s, err := tx.Shipment(ch.ID, direction, number)
		if err != nil {
			return err
		}
		if l, err = legOf(s); err != nil || l.Receipt == nil {
			return err
		}
		for _, answer := range l.Receipt.Answers {
			k := Kept{Answer: answer}
			if answer.Position < len(s.Items) && by.May(people.Read) == nil {
				if k.Object, err = visible(tx, class, s.Items[answer.Position].Object); err != nil {
					return err
				}
			}
			kept = append(kept, k)
		}
		return nil
	})
	return l, kept, err
}

// visible returns a version that class may see, or a zero one.
func visible(tx *store.Tx, class, seq int64) (store.Object, error) {
	if seq == 0 {
		return store.Object{}, nil
	}
	o, err := tx.Object(seq)
	if err != nil {
		return o, err
	}
	may, err := tx.Permits(class, o.Label)
	if err != nil || !may {
		return store.Object{}, err
	}
	return o, nil
}
