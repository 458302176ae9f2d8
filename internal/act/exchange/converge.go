package exchange

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Range asks what both sides hold of the shipments numbered From..To that
// Sender sent.
type Range struct {
	Sender ident.Side `json:"sender"`
	From   int64      `json:"from"`
	To     int64      `json:"to"`
	Items  bool       `json:"items"` // of one shipment: each item's digest too
}

// Holding is one side's answer: a digest over what it holds in its store, not
// over what its records say it should.
type Holding struct {
	Last    int64          `json:"last"` // number of the newest shipment on record, whatever the range
	Digest  ident.Digest   `json:"digest"`
	Objects int64          `json:"objects"`
	Items   []ident.Digest `json:"items"` // zero for what is not held
}

// maxRange bounds the shipments of one Range.
const maxRange = 1 << 20

// Holding returns what this node holds of a range of shipments, either way.
func (x *Exchange) Holding(ctx context.Context, h *store.Handle, a ident.Agreement, q Range) (out Holding, err error) {
	if q.From < 1 || q.To < q.From-1 || q.To-q.From > maxRange || q.Items && q.From != q.To {
		return out, fault.New(fault.Invalid, "want a range of shipments from 1 up, a single one for items")
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		direction := store.In
		switch q.Sender {
		case x.self:
			direction, out.Last = store.Out, ch.OutNumber
		case ch.Partner:
			out.Last = ch.InNumber
		default:
			return fault.Errorf(fault.Invalid, "%q is not a side of %s", q.Sender, a)
		}
		return x.hold(tx, ch, direction, q, &out)
	})
	return out, err
}

// hold reads a shipment at a time, so that memory stays that of one.
func (x *Exchange) hold(tx *store.Tx, ch store.Channel, direction string, q Range, out *Holding) error {
	all := make([]byte, 0, 64)
	for n := q.From; n <= q.To; n++ {
		s, err := tx.Shipment(ch.ID, direction, n)
		if fault.Is(err, fault.NotFound) {
			break // one side is ahead: what it has beyond makes the digests differ
		}
		if err != nil {
			return err
		}
		items, err := held(tx, s)
		if err != nil {
			return err
		}
		for _, d := range items {
			if !d.IsZero() {
				out.Objects++
			}
			all = append(all, d[:]...)
		}
		out.Digest = ident.Sum(out.Digest[:], binary.BigEndian.AppendUint64(nil, uint64(n)), all)
		all = all[:0]
		if q.Items {
			out.Items = items
		}
	}
	return nil
}

// held returns the leaf of each item of a shipment that the receiver has, made
// of the bytes as they are stored now; zero for what it has not, or for what is
// not there any more. Of an erased item it is the leaf that was kept.
func held(tx *store.Tx, s store.Shipment) ([]ident.Digest, error) {
	seqs := make([]int64, len(s.Items))
	for i, it := range s.Items {
		seqs[i] = it.Object
	}
	if s.Direction == store.Out {
		if err := dropRefused(s, seqs); err != nil {
			return nil, err
		}
	}
	bodies, err := tx.Bodies(seqs)
	if err != nil {
		return nil, err
	}
	erased, err := tx.Erased(&s)
	if err != nil {
		return nil, err
	}
	out := make([]ident.Digest, len(seqs))
	for i, it := range s.Items {
		leaf, gone := erased[i]
		switch {
		case seqs[i] == 0:
		case gone:
			out[i] = leaf
		case bodies[i] != nil:
			out[i] = shipment.Item{Salt: it.Salt, Label: it.Label, Object: bodies[i]}.Leaf()
		}
	}
	return out, nil
}

// dropRefused leaves out what the receipt says the receiver did not take.
func dropRefused(s store.Shipment, seqs []int64) error {
	if s.Receipt == nil {
		clear(seqs)
		return nil
	}
	text, err := textOf(s.Receipt)
	if err != nil {
		return err
	}
	r, err := shipment.ParseReceipt(text)
	if err != nil {
		return fmt.Errorf("stored receipt of shipment %d: %w", s.Number, err)
	}
	for _, a := range r.Answers {
		if a.Position < len(seqs) {
			seqs[a.Position] = 0
		}
	}
	return nil
}

// Finding is what the last comparison of both sides found.
type Finding struct {
	At        time.Time `json:"at"`
	Converged bool      `json:"converged"`
	Out       int64     `json:"out"` // shipments sent that were compared and agree
	In        int64     `json:"in"`  // shipments received that were compared and agree
	Missing   []Gap     `json:"missing,omitempty"`
}

// Gap is one difference between the sides.
type Gap struct {
	Sender   ident.Side `json:"sender"`
	Shipment int64      `json:"shipment"`
	Position int        `json:"position"` // -1 for the whole shipment
	Why      string     `json:"why"`
}

// String says the difference to a person.
func (g Gap) String() string {
	if g.Position < 0 {
		return fmt.Sprintf("shipment %d of %s: %s", g.Shipment, g.Sender, g.Why)
	}
	return fmt.Sprintf("shipment %d of %s, item %d: %s", g.Shipment, g.Sender, g.Position, g.Why)
}

// maxGaps bounds the differences a finding lists.
const maxGaps = 100

// Compare asks the partner what it holds and finds the differences, in ranges
// that are halved until they are single shipments. It begins after what the
// last comparison found equal, or at the start when full is set.
func (x *Exchange) Compare(ctx context.Context, h *store.Handle, a ident.Agreement, link Link, full bool) (Finding, error) {
	var ch store.Channel
	var now int64
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		ch, err = tx.Channel(a)
		now = tx.Now()
		return err
	}); err != nil {
		return Finding{}, err
	}
	last, err := ReadFinding(ch)
	if err != nil {
		return Finding{}, err
	}
	if full || len(last.Missing) > 0 {
		last = Finding{}
	}
	c := &comparison{x: x, ctx: ctx, h: h, a: a, link: link}
	f := Finding{At: time.UnixMicro(now).UTC(), Out: ch.OutNumber, In: ch.InNumber}
	for _, r := range []Range{{Sender: x.self, From: last.Out + 1, To: ch.OutNumber}, {Sender: ch.Partner, From: last.In + 1, To: ch.InNumber}} {
		if err := c.compare(r); err != nil {
			return Finding{}, err
		}
		if err := c.beyond(r.Sender, r.To); err != nil {
			return Finding{}, err
		}
	}
	f.Missing = c.gaps
	f.Converged = len(f.Missing) == 0 && ch.Shipped == ch.Queued
	raw, err := canon.Marshal(f)
	if err != nil {
		return f, err
	}
	return f, h.Write(ctx, func(tx *store.Tx) error { return tx.SaveConverged(ch.ID, raw) })
}

// ReadFinding returns the last finding of a channel, the zero one when it was
// never compared.
func ReadFinding(ch store.Channel) (f Finding, err error) {
	if len(ch.Converged) > 0 {
		err = canon.Unmarshal(ch.Converged, &f)
	}
	return f, err
}

type comparison struct {
	x    *Exchange
	ctx  context.Context
	h    *store.Handle
	a    ident.Agreement
	link Link
	gaps []Gap
}

func (c *comparison) compare(r Range) error {
	if r.To < r.From || len(c.gaps) >= maxGaps {
		return nil
	}
	r.Items = r.From == r.To
	mine, err := c.x.Holding(c.ctx, c.h, c.a, r)
	if err != nil {
		return err
	}
	theirs, err := c.link.Holding(c.ctx, c.h.Domain(), c.a, r)
	if err != nil {
		return err
	}
	if mine.Digest == theirs.Digest {
		return nil
	}
	if r.Items {
		c.items(r, mine, theirs)
		return nil
	}
	middle := r.From + (r.To-r.From)/2
	if err := c.compare(Range{Sender: r.Sender, From: r.From, To: middle}); err != nil {
		return err
	}
	return c.compare(Range{Sender: r.Sender, From: middle + 1, To: r.To})
}

// beyond looks for shipments that the partner has on record and this node has
// not.
func (c *comparison) beyond(sender ident.Side, last int64) error {
	theirs, err := c.link.Holding(c.ctx, c.h.Domain(), c.a, Range{Sender: sender, From: 1, To: 0})
	if err != nil || theirs.Last <= last || len(c.gaps) >= maxGaps {
		return err
	}
	why := "not received yet"
	if sender == c.x.self {
		why = setBack(theirs.Last, last)
	}
	c.gaps = append(c.gaps, Gap{Sender: sender, Shipment: last + 1, Position: -1, Why: why})
	return nil
}

func setBack(theirs, ours int64) string {
	return fmt.Sprintf("the partner holds %d shipments of this side, this node knows of %d: its store was set back to an earlier state", theirs, ours)
}

// sameHistory refuses to send on a channel whose partner has received more
// than this node knows to have sent: the next shipment would be a second
// history. The channel stops, and says why.
func (x *Exchange) sameHistory(ctx context.Context, h *store.Handle, a ident.Agreement, link Link) error {
	theirs, err := link.Holding(ctx, h.Domain(), a, Range{Sender: x.self, From: 1, To: 0})
	if err != nil {
		return err
	}
	var refused error
	err = h.Write(ctx, func(tx *store.Tx) error {
		ch, err := open(tx, a)
		if err != nil || theirs.Last <= ch.OutNumber {
			return err
		}
		why := setBack(theirs.Last, ch.OutNumber)
		refused = fault.New(fault.Conflict, why)
		if err := tx.SetChannelState(ch.ID, why); err != nil {
			return err
		}
		return x.ledger.Record(tx, "node", "channel.stop", ledger.Field{Name: "agreement", Value: string(a)}, ledger.Field{Name: "reason", Value: why})
	})
	return errors.Join(err, refused)
}

func (c *comparison) items(r Range, mine, theirs Holding) {
	if len(mine.Items) != len(theirs.Items) {
		why := "not received yet"
		if len(theirs.Items) > 0 {
			why = "this side has no record of it"
		}
		c.gaps = append(c.gaps, Gap{Sender: r.Sender, Shipment: r.From, Position: -1, Why: why})
		return
	}
	for i := range mine.Items {
		a, b := mine.Items[i], theirs.Items[i]
		if a == b || len(c.gaps) >= maxGaps {
			continue
		}
		why := "the two sides hold different bytes"
		switch {
		case b.IsZero():
			why = "the partner does not hold it"
		case a.IsZero():
			why = "this side does not hold it"
		}
		c.gaps = append(c.gaps, Gap{Sender: r.Sender, Shipment: r.From, Position: i, Why: why})
	}
}
