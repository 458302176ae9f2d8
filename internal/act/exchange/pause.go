package exchange

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// maxReason bounds what a person writes, in characters.
const maxReason = 1000

// Pause stops sending on the channel of an agreement until Resume. What the
// partner sends is taken in and answered as before; what is on the way arrives,
// and what protects what has crossed, recalls and the answers to them, goes on.
// It holds for every process of the node, and through restarts.
func (x *Exchange) Pause(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, reason string) error {
	reason = strings.Join(strings.FieldsFunc(reason, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	switch n := utf8.RuneCountInString(reason); {
	case n == 0:
		return fault.New(fault.Invalid, "say why nothing is to be sent")
	case n > maxReason || !utf8.ValidString(reason):
		return fault.Errorf(fault.Invalid, "the reason: want text of at most %d characters", maxReason)
	}
	return x.manage(ctx, h, by, a, func(tx *store.Tx, ch store.Channel) error {
		if err := tx.SetPause(ch.ID, by.Name, reason); err != nil {
			return err
		}
		return x.ledger.Record(tx, by.String(), "channel.pause", ledger.Field{Name: "agreement", Value: string(a)}, ledger.Field{Name: "reason", Value: reason})
	})
}

// Resume ends a Pause; fault.Conflict when there is none.
func (x *Exchange) Resume(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement) error {
	return x.manage(ctx, h, by, a, func(tx *store.Tx, ch store.Channel) error {
		paused, err := tx.EndPause(ch.ID)
		if err != nil {
			return err
		}
		if !paused {
			return fault.New(fault.Conflict, "the channel is not paused")
		}
		return x.ledger.Record(tx, by.String(), "channel.resume", ledger.Field{Name: "agreement", Value: string(a)})
	})
}

// TryNow has the process that carries try at once, also when it waits after a
// failure.
func (x *Exchange) TryNow(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement) error {
	return x.manage(ctx, h, by, a, func(tx *store.Tx, ch store.Channel) error {
		tx.Notify(store.TopicCarry)
		c, err := tx.Carriage(ch.ID)
		if err != nil {
			return err
		}
		c.Next = tx.Now()
		if err := tx.SaveCarriage(c); err != nil {
			return err
		}
		return x.ledger.Record(tx, by.String(), "channel.try", ledger.Field{Name: "agreement", Value: string(a)})
	})
}

func (x *Exchange) manage(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, fn func(*store.Tx, store.Channel) error) error {
	if err := by.May(people.Exchange); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		return fn(tx, ch)
	})
}

// Attempt is how one attempt to carry went, as the carrier of the node tells
// it.
type Attempt struct {
	Err  error
	Next int64 // when it is tried again, in microseconds; 0 without Err
}

// Attempted records how an attempt went, for every process to show. An
// agreement without a channel has nothing to record.
func (x *Exchange) Attempted(ctx context.Context, h *store.Handle, a ident.Agreement, t Attempt) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		c, err := tx.Carriage(ch.ID)
		if err != nil {
			return err
		}
		c.Tried, c.Next, c.Problem = tx.Now(), t.Next, ""
		if t.Err == nil {
			c.Done, c.Failures = tx.Now(), 0
		} else {
			c.Failures++
			c.Problem = fault.Message(t.Err)
		}
		return tx.SaveCarriage(c)
	})
}

// notTaken records why a shipment of the partner was not taken as a whole: a
// gap, a signature that does not verify.
func (x *Exchange) notTaken(ctx context.Context, h *store.Handle, a ident.Agreement, why error) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		c, err := tx.Carriage(ch.ID)
		if err != nil {
			return err
		}
		c.Refused, c.RefusedAt = fault.Message(why), tx.Now()
		return tx.SaveCarriage(c)
	})
}
