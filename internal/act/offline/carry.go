package offline

import (
	"context"
	"errors"
	"io"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/ledger"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/bundle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// carrying applies the entries of one bundle, each as the line would.
type carrying struct {
	o   *Offline
	ctx context.Context
	h   *store.Handle
	b   *opened
	m   bundle.Manifest
	out *Imported

	shipment   []byte // note of the shipment whose body comes next
	statements []bundle.Statement
	witnessed  int64
}

func (c *carrying) all() error {
	for _, msg := range c.b.keys {
		if err := c.o.Pairing.Hear(c.ctx, c.m.From, msg); err != nil {
			return err
		}
	}
	if err := c.acknowledge(); err != nil {
		return err
	}
	for {
		e, raw, err := c.b.Next()
		if errors.Is(err, io.EOF) {
			return c.compare()
		}
		if err == nil {
			err = c.entry(e, raw)
		}
		if err != nil {
			return err
		}
	}
}

func (c *carrying) entry(e bundle.Entry, raw []byte) (err error) {
	switch e.Kind {
	case bundle.Signature:
		return c.o.Accords.Countersign(c.ctx, c.h, c.m.From, raw)
	case bundle.Receipt:
		_, err = c.o.Exchange.Settle(c.ctx, c.h, c.m.Agreement, raw)
		c.out.Settled++
	case bundle.Shipment:
		c.shipment = raw
	case bundle.Body:
		return c.receive(e, raw)
	case bundle.Checkpoint:
		return c.witness(raw)
	case bundle.Cosigned:
		return c.cosigned(raw)
	case bundle.Holding:
		s, err := bundle.ParseStatement(raw)
		c.statements = append(c.statements, s)
		return err
	case bundle.Key: // heard already
	}
	return err
}

func (c *carrying) receive(e bundle.Entry, body []byte) error {
	msg, err := c.o.Exchange.Receive(c.ctx, c.h, c.m.Agreement, exchange.Parcel{Number: e.Number, Note: c.shipment, Body: body})
	if err != nil {
		return err
	}
	text, err := note.Text(msg)
	if err != nil {
		return err
	}
	r, err := shipment.ParseReceipt(text)
	if err != nil {
		return err
	}
	d := &c.out.Delivered
	d.Shipments++
	d.Applied += r.Applied
	d.Already += r.Already
	d.Refused += r.Refused()
	d.Failed += r.Failed()
	return nil
}

// acknowledge takes over that the partner has imported a bundle of ours, and
// what was in it.
func (c *carrying) acknowledge() error {
	if c.m.Seen.Number == 0 {
		return nil
	}
	var ours store.Bundle
	if err := c.h.Write(c.ctx, func(tx *store.Tx) (err error) {
		if ours, err = tx.Bundle(c.m.Agreement, store.Out, c.m.Seen.Number); err != nil {
			return err
		}
		return tx.BundleSeen(c.m.Agreement, ours.Number, -1)
	}); err != nil {
		return err
	}
	if err := c.o.Pairing.Told(c.ctx, c.m.From, ours.Keys); err != nil {
		return err
	}
	pending, err := c.o.Accords.Pending(c.ctx, c.h, c.m.Agreement)
	if err != nil {
		return err
	}
	for _, s := range pending {
		if s.At >= ours.Made { // signed after that bundle was made
			continue
		}
		if err := c.o.Accords.Told(c.ctx, c.h, s); err != nil {
			return err
		}
	}
	return nil
}

// witness cosigns the partner's ledger; the cosignature goes with the next
// bundle. A request that starts from another state than this node cosigned
// last is not answered: the next bundle tells the partner which that is.
func (c *carrying) witness(body []byte) error {
	err := c.h.Write(c.ctx, func(tx *store.Tx) error {
		_, err := c.o.Ledger.Witness(tx, c.m.From, body)
		return err
	})
	if _, ok := errors.AsType[*ledger.Behind](err); ok {
		return nil
	}
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) {
		c.out.Notes = append(c.out.Notes, "the ledger of "+string(c.m.From)+" was not cosigned: "+fault.Message(err))
		return nil
	}
	return err
}

// cosigned keeps the partner's cosignature.
func (c *carrying) cosigned(msg []byte) error {
	err := c.h.Write(c.ctx, func(tx *store.Tx) (err error) {
		c.witnessed, err = c.o.Ledger.StoreGiven(tx, c.m.Agreement, c.m.From, msg)
		return err
	})
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) {
		c.out.Notes = append(c.out.Notes, "the cosignature of "+string(c.m.From)+" was not kept: "+fault.Message(err))
		return nil
	}
	return err
}

// compare finds what the two sides hold differently, once there is a channel.
func (c *carrying) compare() error {
	if len(c.statements) == 0 {
		return nil
	}
	f, err := c.o.Exchange.CompareStated(c.ctx, c.h, c.m.Agreement, c.statements...)
	c.out.Finding = f
	return err
}
