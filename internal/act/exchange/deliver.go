package exchange

import (
	"context"
	"errors"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Link is the way to the partner's node. edge/peer is one over mutual TLS; it
// is declared here to keep the network out of the acts.
type Link interface {
	// Ship hands a parcel over and returns the partner's receipt.
	Ship(ctx context.Context, d ident.Domain, a ident.Agreement, p Parcel) ([]byte, error)
	// AddCheckpoint asks the partner to cosign (c2sp.org/tlog-witness). A
	// *ledger.Behind says from which size to ask.
	AddCheckpoint(ctx context.Context, d ident.Domain, a ident.Agreement, body []byte) ([]byte, error)
	// Holding asks what the partner holds.
	Holding(ctx context.Context, d ident.Domain, a ident.Agreement, q Range) (Holding, error)
}

// window is how many shipments are built ahead of the one being sent.
const window = 3

// Delivered is what one run of Deliver did.
type Delivered struct {
	Shipments, Applied, Already, Refused, Failed int
}

// Add counts a receipt.
func (d *Delivered) add(r shipment.Receipt) {
	d.Shipments++
	d.Applied += r.Applied
	d.Already += r.Already
	d.Refused += r.Refused()
	d.Failed += r.Failed()
}

// ErrLeased says that another process sends on the channel now.
var ErrLeased = fault.New(fault.Busy, "another process of this node sends on the channel")

// Deliver sends what waits on a channel until nothing does: first what was
// built and not answered, the same bytes again, then new shipments, built
// while the one before is under way. It holds the channel's lease meanwhile.
// progress may be nil.
func (x *Exchange) Deliver(ctx context.Context, h *store.Handle, a ident.Agreement, link Link, progress func(Delivered)) (done Delivered, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	release, err := x.lease(ctx, h, a, stop)
	if err != nil {
		return done, err
	}
	defer release()
	if err := x.sameHistory(ctx, h, a, link); err != nil {
		return done, err
	}
	parcels := make(chan Parcel, window)
	room := make(chan struct{}, window)
	for range window {
		room <- struct{}{}
	}
	built := make(chan error, 1)
	go func() {
		defer close(parcels)
		built <- x.feed(ctx, h, a, parcels, room)
	}()
	for p := range parcels {
		r, err := x.send(ctx, h, a, link, p)
		if err != nil {
			stop(err)
			for range parcels { // let feed see that it is over
			}
			<-built                         //nolint:errcheck // what it says follows from having been stopped
			return done, context.Cause(ctx) // err, or why the lease was lost before
		}
		room <- struct{}{}
		done.add(r)
		if progress != nil {
			progress(done)
		}
	}
	if err := <-built; err != nil {
		return done, errors.Join(err, context.Cause(ctx))
	}
	return done, nil
}

// feed puts parcels on the channel: the unanswered, then new ones, each when
// there is room. Room comes back with a receipt, so a partner that is away for
// long finds a window of built shipments and no more.
func (x *Exchange) feed(ctx context.Context, h *store.Handle, a ident.Agreement, parcels chan<- Parcel, room <-chan struct{}) error {
	for after := int64(0); ; {
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
		p, err := x.next(ctx, h, a, after)
		if err != nil || p.Note == nil {
			return err
		}
		after = p.Number
		parcels <- p // room was left for it
	}
}

// next returns the first unanswered shipment after a number, else one built
// now; without a note when nothing waits.
func (x *Exchange) next(ctx context.Context, h *store.Handle, a ident.Agreement, after int64) (Parcel, error) {
	old, err := x.Unanswered(ctx, h, a, after, 1)
	if err != nil || len(old) > 0 {
		return first(old), err
	}
	for {
		p, more, err := x.Build(ctx, h, a)
		if err != nil || !more || p.Note != nil {
			return p, err
		} // else all that waited there may no longer leave: look further
	}
}

func first(p []Parcel) Parcel {
	if len(p) == 0 {
		return Parcel{}
	}
	return p[0]
}

func (x *Exchange) send(ctx context.Context, h *store.Handle, a ident.Agreement, link Link, p Parcel) (shipment.Receipt, error) {
	msg, err := link.Ship(ctx, h.Domain(), a, p)
	if err != nil {
		return shipment.Receipt{}, err
	}
	return x.Settle(ctx, h, a, msg)
}

// lease takes the right to send on the channel and keeps it until release is
// called. When it is lost, the context is stopped.
func (x *Exchange) lease(ctx context.Context, h *store.Handle, a ident.Agreement, stop context.CancelCauseFunc) (release func(), err error) {
	var id int64
	renew := func(ctx context.Context) error {
		return h.Write(ctx, func(tx *store.Tx) error {
			ch, err := open(tx, a) // also when it is paused: what is on its way goes on
			if err != nil {
				return err
			}
			id = ch.ID
			ok, err := tx.Lease(ch.ID, x.owner, x.leaseFor.Microseconds())
			if err == nil && !ok {
				err = ErrLeased
			}
			return err
		})
	}
	if err := renew(ctx); err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(x.leaseFor / 3)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := renew(ctx); err != nil && ctx.Err() == nil {
					stop(err)
					return
				}
			}
		}
	}()
	return func() {
		end()
		<-ended
		_ = h.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.Unlease(id, x.owner) }) // else it runs out by itself
	}, nil
}

// Cosign asks the partner to cosign the newest checkpoint of the exchange log,
// if it has not yet. A partner that knows the log at another size says so, and
// is asked again from there.
func (x *Exchange) Cosign(ctx context.Context, h *store.Handle, a ident.Agreement, link Link) error {
	var body []byte
	var needed bool
	var partner ident.Side
	if err := h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		partner = ch.Partner
		body, needed, err = x.ledger.CosignRequest(tx, a)
		return err
	}); err != nil || !needed {
		return err
	}
	answer, err := link.AddCheckpoint(ctx, h.Domain(), a, body)
	if behind, ok := errors.AsType[*ledger.Behind](err); ok {
		if err := h.Read(ctx, func(tx *store.Tx) (err error) {
			body, err = x.ledger.CosignRequestFrom(tx, a, behind.Size)
			return err
		}); err != nil {
			return err
		}
		answer, err = link.AddCheckpoint(ctx, h.Domain(), a, body)
	}
	if err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error { return x.ledger.StoreCosignature(tx, a, partner, body, answer) })
}

// textOf returns the signed text of a note.
func textOf(msg []byte) ([]byte, error) { return note.Text(msg) }

// Unanswered returns the shipments after a number that were built and have no
// receipt yet, exactly as they were built; at most limit of them, in order.
func (x *Exchange) Unanswered(ctx context.Context, h *store.Handle, a ident.Agreement, after int64, limit int) (out []Parcel, err error) {
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		numbers, err := tx.Unanswered(ch.ID)
		if err != nil {
			return err
		}
		for _, n := range numbers {
			if n <= after {
				continue
			}
			if len(out) == limit {
				return nil
			}
			s, err := tx.Shipment(ch.ID, store.Out, n)
			if err != nil {
				return err
			}
			out = append(out, Parcel{Number: n, Note: s.Note, Body: s.Body})
		}
		return nil
	})
	return out, err
}
