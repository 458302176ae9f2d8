package exchange

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Build makes the next shipment of the agreement from what waits on the
// release list, and records it, the new cursor and the ledger entry in one
// transaction. It returns false when nothing waits.
func (x *Exchange) Build(ctx context.Context, h *store.Handle, a ident.Agreement) (p Parcel, more bool, err error) {
	err = h.Write(ctx, func(tx *store.Tx) error {
		way, err := sending(tx, a)
		if err != nil || !way.waits() {
			return err
		}
		g, err := x.releases.Gate(tx, a)
		if err != nil {
			return err
		}
		b := &builder{x: x, tx: tx, ch: way.Channel, urgentOnly: way.paused, gate: g, labels: map[int64]outLabel{}, tally: newTally(tx, way.ID)}
		p, more, err = b.build()
		return err
	})
	return p, more, err
}

// builder makes one shipment inside one transaction.
type builder struct {
	x      *Exchange
	tx     *store.Tx
	ch     store.Channel
	gate   *release.Gate
	labels map[int64]outLabel
	items  []store.ShippedItem
	left   []leavingItem
	hurry  []int64 // versions that went before the release list
	tally  *tally
	// urgentOnly leaves the release list where it is.
	urgentOnly bool
	epochs     map[string]store.Epoch // that what is for an audience rests on
}

// leavingItem is what tally needs to know of an item.
type leavingItem struct{ n, label, observed int64 }

// outLabel is a label as it goes on the wire, and what the gate says now.
type outLabel struct {
	label    marking.Label
	sent     marking.Label // what the partner is told of it
	wire     []byte
	veiled   bool // a sector of it is not shown to the partner
	decision gate.Decision
}

// maxRounds bounds how much of a list that may no longer leave one transaction
// goes through.
const maxRounds = 8

func (b *builder) build() (Parcel, bool, error) {
	var lines bytes.Buffer
	w := shipment.NewWriter(&lines)
	full, err := b.addUrgent(w)
	if err != nil {
		return Parcel{}, false, err
	}
	for round := 0; round < maxRounds && !full && !b.urgentOnly && w.Items() < shipment.MaxItems && b.ch.Shipped < b.ch.Queued; round++ {
		entries, err := b.waiting(w)
		if err != nil {
			return Parcel{}, false, err
		}
		if full, err = b.add(w, entries); err != nil {
			return Parcel{}, false, err
		}
		if len(entries) == 0 { // what was left there was taken off
			b.ch.Shipped = b.ch.Queued
		}
	}
	if w.Items() == 0 { // everything that waited may no longer leave
		return Parcel{}, !b.urgentOnly && b.ch.Shipped < b.ch.Queued, b.tx.SaveOut(b.ch)
	}
	return b.seal(w, lines.Bytes())
}

// fact is what people ask of the shipment; one that took nothing of the
// release list is of no entry.
func (b *builder) fact(number int64) store.Fact {
	f := store.Fact{Channel: b.ch.ID, Direction: store.Out, Number: number, Items: int64(len(b.items))}
	if len(b.left) > 0 {
		f.Low, f.High = b.left[0].n, b.left[len(b.left)-1].n
	}
	return f
}

// waiting reads the next entries of the release list, about as many as fit.
func (b *builder) waiting(w *shipment.Writer) ([]store.Release, error) {
	var out []store.Release
	size := w.Bytes()
	err := b.tx.Releases(b.ch.ID, b.ch.Shipped, shipment.MaxItems-w.Items(), func(e store.Release) error {
		out = append(out, e)
		if size += len(e.Body); size > shipment.MaxBody {
			return store.Stop
		}
		return nil
	})
	return out, err
}

// add writes entries until the shipment is full, and moves the cursor.
func (b *builder) add(w *shipment.Writer, entries []store.Release) (full bool, err error) {
	salts := make([]byte, 16*len(entries))
	if _, err := io.ReadFull(b.x.rand, salts); err != nil {
		return false, err
	}
	named, err := b.names(entries)
	if err != nil {
		return false, err
	}
	followed, err := b.follow(entries)
	if err != nil {
		return false, err
	}
	says, err := b.says(entries)
	if err != nil {
		return false, err
	}
	along, err := b.along(entries)
	if err != nil {
		return false, err
	}
	for i, e := range entries {
		wire, may, err := b.leaving(e)
		if err != nil {
			return false, err
		}
		if may && named[e.Seq] != "" {
			if err := b.tx.KeepBack(b.ch.ID, e.Seq, named[e.Seq]); err != nil {
				return false, err
			}
			may = false
		}
		kept := false
		if said, ok := says[e.Seq]; ok && may && !followed[e.Seq] {
			if kept, err = b.keep(e, said); err != nil {
				return false, err
			}
		}
		if !may || kept || followed[e.Seq] {
			if err := b.tx.Unqueue(b.ch.ID, e); err != nil {
				return false, err
			}
			b.ch.Shipped = e.N
			continue
		}
		it := shipment.Item{Salt: [16]byte(salts[16*i:]), Label: wire, Object: e.Body}
		if fits, err := b.together(w, along[e.Seq], it); !fits || err != nil {
			return true, err
		}
		if err := w.Add(it); err != nil {
			return false, err
		}
		b.rests(e.Label)
		b.items = append(b.items, store.ShippedItem{Object: e.Seq, Salt: it.Salt, Label: wire})
		b.left = append(b.left, leavingItem{n: e.N, label: e.Label, observed: observed(e.Body)})
		if isAnswer(e.Type) {
			if err := b.tally.answered(store.In, e.Body); err != nil {
				return false, err
			}
		}
		b.ch.Shipped = e.N
	}
	return false, nil
}

// rests notes the lists of members that the decision on a label rests on.
func (b *builder) rests(label int64) {
	for _, e := range b.gate.Epochs(b.labels[label].label) {
		if b.epochs == nil {
			b.epochs = map[string]store.Epoch{}
		}
		b.epochs[e.Compartment] = e
	}
}

func (b *builder) saveEpochs(number int64) error {
	for _, e := range b.epochs {
		e.Number = number
		if err := b.tx.AddEpoch(b.ch.ID, e); err != nil {
			return err
		}
	}
	return nil
}

// leaving decides once more, at the last moment, whether an entry may leave,
// and returns its label as it goes on the wire.
func (b *builder) leaving(e store.Release) ([]byte, bool, error) {
	if e.Type == "erased" {
		return nil, false, nil
	}
	l, err := b.label(e.Label)
	if err != nil {
		return nil, false, err
	}
	if b.lapsed(e, l.label.Kind) {
		return nil, false, nil // it would lapse on arrival
	}
	if l.veiled && bytes.Contains(e.Body, []byte(`"sectors":`)) {
		return nil, false, nil // made while more members shared its sector
	}
	switch {
	case l.decision.Outcome == gate.Release:
		return l.wire, true, nil
	case l.decision.Outcome == gate.Hold && len(l.decision.Redact) == 0:
		n, emergency, err := release.Approved(b.tx, b.ch.ID, e.Seq, release.Digest(l.label.Canonical(), e.Body))
		if err != nil || n < l.decision.Approvals && !emergency {
			return nil, false, err
		}
		approved := l.sent
		approved.Approved, approved.Emergency = n, n < l.decision.Approvals
		return approved.Canonical(), true, nil
	}
	return nil, false, nil
}

// lapsed reports whether an entry is older than the agreement wants its kind to
// get. Cyber-observables have no time of their own.
func (b *builder) lapsed(e store.Release, kind string) bool {
	if stix.KindOf(e.Type) == stix.SCO {
		return false
	}
	t := b.gate.Terms.Doc.Expiry.Lapses(kind, time.UnixMicro(e.Version))
	return !t.IsZero() && t.UnixMicro() <= b.tx.Now()
}

func (b *builder) label(id int64) (outLabel, error) {
	if l, ok := b.labels[id]; ok {
		return l, nil
	}
	s, err := b.tx.Label(id)
	if err != nil {
		return outLabel{}, err
	}
	m, err := marking.ParseLabel(s.Resolved)
	if err != nil {
		return outLabel{}, err
	}
	l := outLabel{label: m, decision: b.gate.Decide(m)}
	if m, err = b.x.releases.Shown(b.tx, b.gate, m); err != nil {
		return outLabel{}, err
	}
	l.veiled = len(m.Sectors) < len(l.label.Sectors)
	m.Approved, m.Emergency = 0, false // approvals of an earlier crossing are not ours to pass on
	l.sent = m.For(b.ch.Partner, b.ch.Agreement)
	l.wire = l.sent.Canonical()
	b.labels[id] = l
	return l, nil
}

// seal signs the shipment and records it.
func (b *builder) seal(w *shipment.Writer, lines []byte) (Parcel, bool, error) {
	root, err := w.Root()
	if err != nil {
		return Parcel{}, false, err
	}
	signer, err := b.x.ring.Signer(b.tx)
	if err != nil {
		return Parcel{}, false, err
	}
	header := b.x.outChain(b.tx, b.ch).Header(b.gate.Terms.Hash, w.Items(), root)
	msg, err := header.Sign(signer)
	if err != nil {
		return Parcel{}, false, err
	}
	s := store.Shipment{
		Channel: b.ch.ID, Direction: store.Out, Number: int64(header.Number), Link: shipment.Link(header.Text()),
		Note: msg, Items: b.items, Body: encoder.EncodeAll(lines, nil), Bytes: int64(len(lines)),
	}
	b.ch.OutNumber, b.ch.OutLink = s.Number, s.Link
	for _, step := range []func() error{
		func() error { return b.tx.AddShipment(&s) },
		func() error { return b.tx.SaveOut(b.ch) },
		func() error { return b.saveEpochs(s.Number) },
		func() error { return b.x.ledger.Append(b.tx, b.ch.Agreement, msg) },
		func() error {
			return b.tx.AddTotal(store.Total{Channel: b.ch.ID, Direction: store.Out, Bytes: s.Bytes})
		},
		func() error { return b.tx.AddFact(b.fact(s.Number)) },
		func() error { return b.tx.Hurried(b.ch.ID, s.Number, b.hurry) },
		func() error { return b.tally.sent(b.left) },
		b.tally.save,
	} {
		if err := step(); err != nil {
			return Parcel{}, false, err
		}
	}
	return Parcel{Number: s.Number, Note: msg, Body: s.Body}, true, nil
}

// Settle takes the partner's receipt for a shipment of ours and logs it. A
// second copy of the same receipt changes nothing.
func (x *Exchange) Settle(ctx context.Context, h *store.Handle, a ident.Agreement, msg []byte) (r shipment.Receipt, err error) {
	err = h.Write(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		keys, err := x.keysOf(tx, ch.Partner)
		if err != nil {
			return err
		}
		var by note.Verifier
		if r, by, err = shipment.OpenReceipt(msg, keys...); err != nil {
			return err
		}
		s, err := tx.Shipment(ch.ID, store.Out, int64(r.Number))
		if err != nil {
			return err
		}
		if s.Receipt != nil {
			if bytes.Equal(s.Receipt, msg) {
				return nil
			}
			return fault.Errorf(fault.Conflict, "shipment %d was answered with another receipt", r.Number)
		}
		own, err := x.ring.History(tx)
		if err != nil {
			return err
		}
		header, _, _, err := shipment.Open(s.Note, own...)
		if err != nil {
			return err
		}
		if err := r.Fits(header); err != nil {
			return err
		}
		if err := x.freshReceipt(tx, ch, s.Number, keys, by); err != nil {
			return err
		}
		if err := tx.AnswerShipment(ch.ID, s.Number, msg); err != nil {
			return err
		}
		t := newTally(tx, ch.ID)
		if err := errors.Join(t.settled(s, r), t.save(), x.tellSettled(tx, ch, s, r)); err != nil {
			return err
		}
		return x.ledger.Append(tx, a, msg)
	})
	return r, err
}

// freshReceipt refuses a receipt signed with an older key of the partner than
// the receipt before.
func (x *Exchange) freshReceipt(tx *store.Tx, ch store.Channel, number int64, keys []note.Verifier, by note.Verifier) error {
	if len(keys) < 2 || number == 1 {
		return nil
	}
	before, err := tx.Shipment(ch.ID, store.Out, number-1)
	if err != nil || before.Receipt == nil {
		return err
	}
	return notOlder(keys, by, before.Receipt)
}
