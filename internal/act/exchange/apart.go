package exchange

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
	"twoseas/internal/store"
)

// maxStated bounds the shipments of one statement; what is over comes in the
// next.
const maxStated = 200_000

// Statement says what this node holds of the shipments of one side, from a number on,
// for a partner that cannot ask. Of its own shipments only those are stated
// whose receipts have come, since without them nobody knows what the partner
// took. lists names shipments of which each item is stated.
func (x *Exchange) Statement(tx *store.Tx, a ident.Agreement, sender ident.Side, from int64, lists []int64) (bundle.Statement, error) {
	ch, err := tx.Channel(a)
	if err != nil {
		return bundle.Statement{}, err
	}
	out := bundle.Statement{Sender: sender, From: from}
	direction, last := store.In, ch.InNumber
	if sender == x.self {
		direction, last = store.Out, ch.OutNumber
	}
	out.Last = last
	for n := from; n <= min(last, from+maxStated-1); n++ {
		h, settled, err := x.stated(tx, ch, direction, n)
		if err != nil {
			return out, err
		}
		if !settled {
			break
		}
		out.Digests = append(out.Digests, h.Digest)
		if slices.Contains(lists, n) {
			out.Lists = append(out.Lists, bundle.ItemList{Shipment: n, Leaves: h.Items})
		}
	}
	return out, nil
}

// stated is what this node holds of one shipment, and whether its receipt is
// there.
func (x *Exchange) stated(tx *store.Tx, ch store.Channel, direction string, n int64) (out Holding, settled bool, err error) {
	s, err := tx.Shipment(ch.ID, direction, n)
	if err != nil || s.Receipt == nil {
		return out, false, err
	}
	return out, true, x.hold(tx, ch, direction, Range{From: n, To: n, Items: true}, &out)
}

// told is the link to a partner of which all there is is what it stated.
type told map[ident.Side]bundle.Statement

// Holding answers what the statement says; only of no range.
func (t told) Holding(_ context.Context, _ ident.Domain, _ ident.Agreement, q Range) (Holding, error) {
	return Holding{Last: t[q.Sender].Last}, nil
}

var errNoLine = fault.New(fault.Unavailable, "there is no line to the partner")

// Ship refuses: nothing crosses this way.
func (told) Ship(context.Context, ident.Domain, ident.Agreement, Parcel) ([]byte, error) {
	return nil, errNoLine
}

// AddCheckpoint refuses too.
func (told) AddCheckpoint(context.Context, ident.Domain, ident.Agreement, []byte) ([]byte, error) {
	return nil, errNoLine
}

// CompareStated is Compare with what the partner stated in a file. It counts
// as equal only what the statements reach. A partner that has received more
// than this node knows to have sent stops the channel, as it does on a line.
func (x *Exchange) CompareStated(ctx context.Context, h *store.Handle, a ident.Agreement, statements ...bundle.Statement) (Finding, error) {
	link := told{}
	for _, s := range statements {
		link[s.Sender] = s
	}
	if err := x.sameHistory(ctx, h, a, link); err != nil {
		return Finding{}, err
	}
	var f Finding
	err := h.Write(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		if f, err = x.compareStated(tx, ch, link); err != nil {
			return err
		}
		raw, err := canon.Marshal(f)
		if err != nil {
			return err
		}
		return tx.SaveConverged(ch.ID, raw)
	})
	return f, err
}

func (x *Exchange) compareStated(tx *store.Tx, ch store.Channel, link told) (f Finding, err error) {
	last, err := ReadFinding(ch)
	if err != nil {
		return f, err
	}
	if len(last.Missing) > 0 {
		last = Finding{}
	}
	f.At = time.UnixMicro(tx.Now()).UTC()
	c := &comparison{x: x}
	if f.Out, err = c.stated(tx, ch, store.Out, link[x.self], last.Out, ch.OutNumber); err != nil {
		return f, err
	}
	if f.In, err = c.stated(tx, ch, store.In, link[ch.Partner], last.In, ch.InNumber); err != nil {
		return f, err
	}
	if n := link[ch.Partner].Last; n > ch.InNumber {
		c.gaps = append(c.gaps, Gap{Sender: ch.Partner, Shipment: ch.InNumber + 1, Position: -1, Why: "not received yet"})
	}
	f.Missing = c.gaps
	f.Converged = len(f.Missing) == 0 && ch.Shipped == ch.Queued && f.Out == ch.OutNumber && f.In == ch.InNumber
	return f, nil
}

// stated compares the shipments after one that was found equal before, as far
// as the statement and this node's own record go, and returns how far that is.
func (c *comparison) stated(tx *store.Tx, ch store.Channel, direction string, s bundle.Statement, after, last int64) (int64, error) {
	if s.From == 0 || s.From > after+1 {
		return after, nil // nothing said of what comes next
	}
	n := after
	for n < min(last, s.To()) && len(c.gaps) < maxGaps {
		mine, settled, err := c.x.stated(tx, ch, direction, n+1)
		if err != nil {
			return n, err
		}
		if !settled {
			break
		}
		n++
		if mine.Digest == s.Digests[n-s.From] {
			continue
		}
		if leaves, ok := s.List(n); ok {
			c.items(Range{Sender: s.Sender, From: n}, mine, Holding{Items: leaves})
			continue
		}
		c.gaps = append(c.gaps, Gap{Sender: s.Sender, Shipment: n, Position: -1, Why: "the two sides hold different bytes"})
	}
	return n, nil
}

// Agreed returns up to which shipments, sent and received, the last comparison
// found both sides equal, and which of each differ.
func Agreed(ch store.Channel) (out, in int64, differ []Gap, err error) {
	f, err := ReadFinding(ch)
	if err != nil || len(f.Missing) > 0 {
		return 0, 0, f.Missing, err
	}
	return f.Out, f.In, nil, nil
}

// interface kept by the compiler.
var _ Link = told{}

// Lines returns the uncompressed body of a parcel, to be looked at; Receive
// takes parcels as they are.
func Lines(body []byte) ([]byte, error) { return decompress(body) }
