package exchange

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Receive takes a shipment of the partner in and returns the signed receipt.
// A shipment that was applied before is answered with the receipt it got then.
// What does not verify, or does not follow on what came before, is refused as
// a whole with a fault that says why, and changes nothing; a fork also stops
// the channel and is kept as evidence.
func (x *Exchange) Receive(ctx context.Context, h *store.Handle, a ident.Agreement, p Parcel) ([]byte, error) {
	receipt, err := x.receive(ctx, h, a, p)
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied) || fault.Is(err, fault.TooLarge) {
		return receipt, errors.Join(err, x.notTaken(ctx, h, a, err))
	}
	return receipt, err
}

func (x *Exchange) receive(ctx context.Context, h *store.Handle, a ident.Agreement, p Parcel) ([]byte, error) {
	in := &arrival{x: x, agreement: a, note: p.Note}
	if err := h.Query(ctx, in.open); err != nil {
		return nil, err
	}
	if in.receipt != nil { // seen before: no need to unpack it
		return in.receipt, nil
	}
	if !in.forked { // the note alone is the evidence, whatever came with it
		if err := in.unpack(p.Body); err != nil {
			return nil, err
		}
	}
	var alarm error
	err := h.Write(ctx, func(tx *store.Tx) (err error) {
		alarm, err = in.apply(tx)
		return err
	})
	return in.receipt, errors.Join(err, alarm)
}

// arrival is one shipment on its way in.
type arrival struct {
	x         *Exchange
	agreement ident.Agreement
	note      []byte
	header    shipment.Header
	link      ident.Digest
	by        note.Verifier
	bytes     int64
	forked    bool
	raw       []shipment.Item
	items     []intake.Item
	labels    []marking.Label // of each item, as the sender wrote it
	undone    map[int]error   // control items that were taken in and could not be acted on
	receipt   []byte
}

// open verifies the note, and finds the receipt of a shipment seen before.
func (in *arrival) open(tx *store.Tx) error {
	ch, err := open(tx, in.agreement)
	if err != nil {
		return err
	}
	keys, err := in.x.keysOf(tx, ch.Partner)
	if err != nil {
		return err
	}
	if in.header, in.link, in.by, err = shipment.Open(in.note, keys...); err != nil {
		return err
	}
	v, stored, err := in.verdict(tx, ch)
	if v == shipment.Duplicate {
		in.receipt = stored.Receipt
		return nil
	}
	if v == shipment.Fork {
		in.forked = true
		return nil // the transaction that applies raises the alarm
	}
	return err
}

// verdict says what the shipment means to the channel now.
func (in *arrival) verdict(tx *store.Tx, ch store.Channel) (shipment.Verdict, store.Shipment, error) {
	chain, err := in.x.inChain(tx, ch)
	if err != nil {
		return shipment.Unclear, store.Shipment{}, err
	}
	var stored store.Shipment
	if in.header.Number < chain.Next && in.header.Agreement == in.agreement && in.header.Domain == tx.Domain() {
		if stored, err = tx.Shipment(ch.ID, store.In, int64(in.header.Number)); err != nil {
			return shipment.Unclear, stored, err
		}
	}
	v, err := chain.Accept(in.header, stored.Link)
	if v == shipment.Next {
		err = in.freshKey(tx, ch)
	}
	return v, stored, err
}

// freshKey refuses a shipment signed with an older key of the partner than the
// shipment before: nobody goes back, and a ledger that said so would not hold.
func (in *arrival) freshKey(tx *store.Tx, ch store.Channel) error {
	keys, err := in.x.keysOf(tx, ch.Partner)
	if err != nil || len(keys) < 2 || ch.InNumber == 0 {
		return err
	}
	last, err := tx.Shipment(ch.ID, store.In, ch.InNumber)
	if err != nil {
		return err
	}
	return notOlder(keys, in.by, last.Note)
}

// notOlder refuses a signature by an older key than that of an earlier note of
// the same kind. Keys are in order of age.
func notOlder(keys []note.Verifier, by note.Verifier, earlier []byte) error {
	n, err := note.Open(earlier, keys...)
	if err != nil {
		return err
	}
	if slices.Index(keys, by) < slices.Index(keys, n.Sigs[0]) {
		return fault.Errorf(fault.Denied, "it is signed with %s, which %s had given up for %s before", by.Short(), by.Side(), n.Sigs[0].Short())
	}
	return nil
}

// unpack reads the body, holds it to the header, and makes the items ready.
func (in *arrival) unpack(body []byte) error {
	lines, err := decompress(body)
	if err != nil {
		return err
	}
	in.bytes = int64(len(lines))
	r := shipment.NewReader(bytes.NewReader(lines), in.header)
	for {
		it, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		in.raw = append(in.raw, it)
	}
	in.items = make([]intake.Item, len(in.raw))
	in.labels = make([]marking.Label, len(in.raw))
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(in.raw); i += workers {
				in.items[i], in.labels[i] = ready(i, in.raw[i])
			}
		})
	}
	wg.Wait()
	return nil
}

// ready parses one item. Values that are not canonical are not the bytes that
// both sides would hash, so the item fails.
func ready(i int, raw shipment.Item) (intake.Item, marking.Label) {
	it := intake.Prepare(i, raw.Object, "")
	if it.Err == nil && !bytes.Equal(it.Object.Raw, raw.Object) {
		it.Err = fault.New(fault.Invalid, "the object is not in canonical form (RFC 8785)")
	}
	l, err := marking.ParseLabel(raw.Label)
	if err != nil && it.Err == nil {
		it.Err = err
	}
	if l.Withheld != "" && it.Err == nil {
		it.Err = fault.New(fault.Invalid, "the label says that it is withheld, and such an object does not cross")
	}
	it.Wire, it.Origin = raw.Label, l.Origin
	l.Kind = marking.KindOf(it.Object.Type)
	return it, l
}

// apply takes the items in and answers, in one transaction. The alarm, when
// there is one, is to be reported although the transaction stands.
func (in *arrival) apply(tx *store.Tx) (alarm, err error) {
	ch, err := open(tx, in.agreement)
	if err != nil {
		return nil, err
	}
	v, stored, err := in.verdict(tx, ch)
	switch v { //nolint:exhaustive // the others come with an error, see default
	case shipment.Duplicate:
		in.receipt = stored.Receipt
		return nil, nil
	case shipment.Fork:
		return err, in.raiseFork(tx, ch, err)
	case shipment.Next:
		if err != nil {
			return nil, err
		}
	default:
		return nil, err
	}
	r := shipment.Receipt{
		Agreement: in.agreement, Domain: tx.Domain(), From: ch.Partner, To: in.x.self, Number: in.header.Number,
		Shipment: in.link, Received: time.UnixMicro(tx.Now()).UTC(),
	}
	items, err := in.take(tx, ch, &r)
	if err != nil {
		return nil, err
	}
	return nil, in.answer(tx, ch, r, items)
}

// take runs this node's own gate over the items and takes in those it admits.
func (in *arrival) take(tx *store.Tx, ch store.Channel, r *shipment.Receipt) ([]store.ShippedItem, error) {
	g, err := in.x.releases.Gate(tx, in.agreement)
	if err != nil {
		return nil, err
	}
	if err := in.gateItems(tx, ch, g, r); err != nil {
		return nil, err
	}
	inbox, err := in.x.inbox(tx, ch)
	if err != nil {
		return nil, err
	}
	_, results, err := in.x.intake.Batch(tx, intake.Source{
		Origin: ch.Partner, Collection: inbox, Control: true, Lapse: g.Terms.Doc.Expiry.Lapses,
	}, in.items)
	if err != nil {
		return nil, err
	}
	late, err := in.arrived(tx, ch, results)
	if err != nil {
		return nil, err
	}
	if err := in.control(tx, ch, results); err != nil {
		return nil, err
	}
	quiet, err := in.theirs(tx, ch, results)
	if err != nil {
		return nil, err
	}
	kept := make([]store.ShippedItem, len(results))
	for i, res := range results {
		kept[i] = store.ShippedItem{Object: res.Seq, Label: in.raw[i].Label}
		if res.Seq != 0 {
			kept[i].Salt = in.raw[i].Salt
		}
		if why, ok := late[i]; ok {
			kept[i].Object, kept[i].Salt = 0, [16]byte{}
			r.Add(shipment.Answer{Position: i, Outcome: shipment.Refused, Code: codeRecalled, Text: why})
			continue
		}
		if in.undone[i] != nil {
			r.Add(shipment.Answer{Position: i, Outcome: shipment.Failed, Code: "control", Text: fault.Message(in.undone[i])})
			continue
		}
		switch res.Outcome {
		case intake.Added, intake.Updated:
			r.Applied++
		case intake.Same:
			if quiet[res.Seq] {
				r.Applied++
				continue
			}
			r.Already++
		case intake.Refused:
			if in.items[i].Err == nil {
				r.Add(shipment.Answer{Position: i, Outcome: shipment.Refused, Code: "conflict", Text: res.Reason})
			} else if !errors.Is(in.items[i].Err, errRefused) {
				r.Add(shipment.Answer{Position: i, Outcome: shipment.Failed, Code: "invalid", Text: res.Reason})
			}
		}
	}
	return kept, nil
}

// errRefused marks the items that the gate has answered for already.
var errRefused = fault.New(fault.Denied, "refused by this node's gate")

// gateItems answers for the items that this node's own gate keeps out. It does
// not take the sender's label on trust: what the object is, and what its own
// markings say, holds where it is stricter.
func (in *arrival) gateItems(tx *store.Tx, ch store.Channel, g *release.Gate, r *shipment.Receipt) error {
	says := in.x.intake.Says(tx)
	decisions := map[string]gate.Decision{}
	for i := range in.items {
		if in.items[i].Err != nil {
			continue
		}
		refs := in.items[i].Object.MarkingRefs
		l := in.labels[i]
		key := l.Kind + " " + string(in.raw[i].Label) + strings.Join(refs, " ")
		d, ok := decisions[key]
		if !ok {
			own, err := says(l.Origin, refs)
			if err != nil {
				return err
			}
			l.Terms = marking.Combine(l.Terms, own)
			d = g.Accept(l)
			decisions[key] = d
		}
		if d.Outcome == gate.Release {
			if err := in.vouched(tx, ch, i, r); err != nil {
				return err
			}
			continue
		}
		a := shipment.Answer{Position: i, Outcome: shipment.Refused, Code: "no-rule", Text: d.Sentence}
		if w := d.Winners(); len(w) > 0 {
			a.Clause, a.Code = w[0].Clause, w[0].Rule
		}
		r.Add(a)
		in.items[i].Err = errRefused
	}
	return nil
}
