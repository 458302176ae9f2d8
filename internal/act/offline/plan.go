package offline

import (
	"context"
	"slices"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// plan is a bundle as it will be written: everything but the shipments, which
// are read again one at a time.
type plan struct {
	manifest bundle.Manifest
	entries  []bundle.Entry
	small    map[int][]byte // content by index, of all but shipments and bodies
	channel  int64
	row      store.Bundle
	last     int64 // number of the bundle written before
}

// add appends an entry whose content is kept.
func (p *plan) add(k bundle.Kind, number int64, content []byte) {
	p.small[len(p.entries)] = content
	p.entries = append(p.entries, bundle.NewEntry(k, number, content))
}

// news is what waits for the partner besides what is in the exchange.
type news struct {
	keys       [][]byte
	keysUpTo   int64
	signatures []store.AgreementSignature
}

// planner makes a plan inside one snapshot.
type planner struct {
	o       *Offline
	tx      *store.Tx
	a       ident.Agreement
	partner ident.Side
	p       *plan
	base    store.Bundle // what the new bundle follows
	heard   store.Bundle // the newest imported from the partner
}

func (o *Offline) plan(ctx context.Context, h *store.Handle, a ident.Agreement, partner ident.Side, again bool) (*plan, error) {
	n, err := o.news(ctx, h, a, partner)
	if err != nil {
		return nil, err
	}
	var p *plan
	err = h.Read(ctx, func(tx *store.Tx) error {
		m := &planner{o: o, tx: tx, a: a, partner: partner, p: &plan{small: map[int][]byte{}}}
		if err := m.begin(again); err != nil {
			return err
		}
		for i, msg := range n.keys {
			m.p.add(bundle.Key, int64(i+1), msg)
		}
		for i, s := range n.signatures {
			m.p.add(bundle.Signature, int64(i+1), s.Note)
		}
		m.p.row.Keys = n.keysUpTo
		if err := m.exchanged(); err != nil {
			return err
		}
		p = m.p
		p.manifest = p.manifest.Complete(p.entries)
		p.row.Items = p.manifest.Items
		return nil
	})
	return p, err
}

func (o *Offline) news(ctx context.Context, h *store.Handle, a ident.Agreement, partner ident.Side) (n news, err error) {
	told, err := o.Pairing.News(ctx, partner)
	if err != nil {
		return n, err
	}
	n.keys, n.keysUpTo = told.Notes, told.UpTo
	n.signatures, err = o.Accords.Pending(ctx, h, a)
	return n, err
}

// begin says what the bundle follows and acknowledges.
func (m *planner) begin(again bool) error {
	before, last, err := mark(m.tx.LastBundle(m.a, store.Out))
	if err != nil {
		return err
	}
	m.base = before
	follows := last
	if again {
		if m.base, follows, err = mark(m.tx.SeenBundle(m.a)); err != nil {
			return err
		}
	}
	var seen bundle.Mark
	if m.heard, seen, err = mark(m.tx.LastBundle(m.a, store.In)); err != nil {
		return err
	}
	m.p.last = before.Number
	m.p.manifest = bundle.Manifest{
		Agreement: m.a, Domain: m.tx.Domain(), From: m.o.Self, To: m.partner,
		Number: last.Number + 1, Follows: follows, Seen: seen, Made: m.o.Clock.Now().UTC().Truncate(1e9),
	}
	m.p.row = store.Bundle{
		Agreement: m.a, Direction: store.Out, Number: last.Number + 1, Follows: follows.Number,
		Shipments: m.base.Shipments, Receipts: m.base.Receipts, Taken: -1, Made: m.p.manifest.Made.UnixMicro(),
	}
	return nil
}

// exchanged adds what the exchange has; nothing before the agreement is in
// force.
func (m *planner) exchanged() error {
	ch, err := m.tx.Channel(m.a)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	m.p.channel = ch.ID
	for _, step := range []func(store.Channel) error{m.receipts, m.shipments, m.cosigning, m.holdings} {
		if err := step(ch); err != nil {
			return err
		}
	}
	return nil
}

func (m *planner) receipts(ch store.Channel) error {
	if ch.InNumber <= m.base.Receipts {
		return nil
	}
	m.p.row.Receipts = ch.InNumber
	return m.tx.Shipments(ch.ID, store.In, m.base.Receipts+1, ch.InNumber, func(s store.Shipment) error {
		m.p.add(bundle.Receipt, s.Number, s.Receipt)
		return nil
	})
}

// maxShipments leaves room in a bundle for the other entries.
const maxShipments = bundle.MaxEntries/2 - 10_000

func (m *planner) shipments(ch store.Channel) error {
	open, err := m.tx.Unanswered(ch.ID)
	if err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(n int64) bool { return n <= m.base.Shipments })
	for _, n := range open[:min(len(open), maxShipments)] {
		s, err := m.tx.Shipment(ch.ID, store.Out, n)
		if err != nil {
			return err
		}
		text, err := note.Text(s.Note)
		if err != nil {
			return err
		}
		header, err := shipment.ParseHeader(text)
		if err != nil {
			return err
		}
		m.p.manifest.Items += int64(header.Items)
		m.p.entries = append(m.p.entries, bundle.NewEntry(bundle.Shipment, n, s.Note), bundle.NewEntry(bundle.Body, n, s.Body))
		m.p.row.Shipments = n
	}
	return nil
}

// cosigning asks for a cosignature from the state the partner said it knows,
// and brings what was cosigned for it.
func (m *planner) cosigning(store.Channel) error {
	ask, err := m.o.Ledger.Ask(m.tx, m.a, m.heard.Witnessed)
	if err != nil {
		return err
	}
	if ask != nil {
		m.p.add(bundle.Checkpoint, 1, ask)
	}
	given, err := m.o.Ledger.Given(m.tx, m.a, m.partner)
	if err == nil && given != nil {
		m.p.add(bundle.Cosigned, 1, given)
	}
	return err
}

// holdings states what this node holds, from where the partner's own last
// comparison ended.
func (m *planner) holdings(ch store.Channel) error {
	out, in, differ, err := exchange.Agreed(ch)
	if err != nil {
		return err
	}
	m.p.manifest.AgreedOut, m.p.manifest.AgreedIn = out, in
	from := map[ident.Side]int64{m.o.Self: m.heard.AgreedIn + 1, m.partner: m.heard.AgreedOut + 1}
	for i, side := range []ident.Side{m.o.Self, m.partner} {
		var lists []int64
		for _, g := range differ {
			if g.Sender == side && !slices.Contains(lists, g.Shipment) && g.Shipment > 0 {
				lists = append(lists, g.Shipment)
			}
		}
		s, err := m.o.Exchange.Statement(m.tx, m.a, side, from[side], lists)
		if err != nil {
			return err
		}
		m.p.add(bundle.Holding, int64(i+1), s.Text())
	}
	return nil
}
