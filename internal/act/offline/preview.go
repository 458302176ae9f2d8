package offline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Preview is what is inside a bundle, for a person to decide on.
type Preview struct {
	bundle.Manifest
	Link       ident.Digest
	Counts     []Count
	Receipts   Receipts
	Keys       int
	Signatures int
	// Obstacle says why the bundle cannot be imported now; "" when it can.
	Obstacle string
	// Confirmed names who wants it imported.
	Confirmed []string
}

// Count is how many items of one kind and TLP a bundle has.
type Count struct {
	Kind  string
	TLP   marking.TLP
	Items int
}

// Receipts adds up the receipts in a bundle.
type Receipts struct {
	Span                              bundle.Span
	Applied, Already, Refused, Failed int
}

// Look opens a bundle, verifies all of it, and returns what is inside. That
// the person has looked is kept: nobody confirms what they have not seen.
func (o *Offline) Look(ctx context.Context, h *store.Handle, by people.Actor, src Source) (Preview, error) {
	if err := MayCarry(by); err != nil && !by.IsSystem() {
		return Preview{}, err
	}
	p, err := o.scan(ctx, h, src)
	if err != nil {
		return Preview{}, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error { return o.looked(tx, by, &p) })
	return p, err
}

// Looked records that a person was shown what Look found in a file before.
func (o *Offline) Looked(ctx context.Context, h *store.Handle, by people.Actor, p Preview) error {
	if err := named(by); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error { return o.looked(tx, by, &p) })
}

// looked fills in how a bundle stands, and keeps that a person has seen it
// when it can be imported.
func (o *Offline) looked(tx *store.Tx, by people.Actor, p *Preview) (err error) {
	if err := obstruct(tx, p); err != nil {
		return err
	}
	if !by.IsSystem() && p.Obstacle == "" {
		if err := tx.LookBundle(p.Link, by.Name); err != nil {
			return err
		}
	}
	p.Confirmed, err = confirmed(tx, p.Link)
	return err
}

// obstruct says why the bundle cannot be imported now.
func obstruct(tx *store.Tx, p *Preview) error {
	p.Obstacle = ""
	err := standing(tx, p.Manifest)
	if fault.Is(err, fault.Conflict) {
		p.Obstacle = fault.Message(err)
		return nil
	}
	return err
}

// Standing returns what Look found in a file before as it stands now, and
// whether the person may be shown it without looking: because of having
// looked, or because it cannot be imported anyway.
func (o *Offline) Standing(ctx context.Context, h *store.Handle, by people.Actor, p Preview) (now Preview, looked bool, err error) {
	if err := MayCarry(by); err != nil {
		return p, false, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		if err := obstruct(tx, &p); err != nil {
			return err
		}
		looks, err := tx.BundleLooks(p.Link)
		p.Confirmed = nil
		for _, l := range looks {
			looked = looked || l.Person == by.Name
			if l.Confirmed > 0 {
				p.Confirmed = append(p.Confirmed, l.Person)
			}
		}
		looked = looked || p.Obstacle != ""
		return err
	})
	return p, looked, err
}

func confirmed(tx *store.Tx, link ident.Digest) (names []string, err error) {
	looks, err := tx.BundleLooks(link)
	for _, l := range looks {
		if l.Confirmed > 0 {
			names = append(names, l.Person)
		}
	}
	return names, err
}

// scan reads a whole bundle and applies nothing.
func (o *Offline) scan(ctx context.Context, h *store.Handle, src Source) (p Preview, err error) {
	b, err := o.open(ctx, h, src)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, b.close.Close()) }()
	s := &scanner{b: b, counts: map[Count]int{}}
	s.p = Preview{Manifest: b.Manifest, Link: b.link, Keys: len(b.keys)}
	for {
		e, raw, err := b.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = s.entry(e, raw)
		}
		if err != nil {
			return p, err
		}
	}
	return s.end()
}

type scanner struct {
	b      *opened
	p      Preview
	counts map[Count]int // Items zero
	items  int64
	header shipment.Header
	before ident.Digest // link of the shipment before
}

func (s *scanner) entry(e bundle.Entry, raw []byte) error {
	switch e.Kind {
	case bundle.Signature:
		s.p.Signatures++
	case bundle.Receipt:
		return s.receipt(e, raw)
	case bundle.Shipment:
		return s.shipment(e, raw)
	case bundle.Body:
		return s.body(raw)
	case bundle.Holding:
		_, err := bundle.ParseStatement(raw)
		return err
	case bundle.Key, bundle.Checkpoint, bundle.Cosigned:
	}
	return nil
}

func (s *scanner) receipt(e bundle.Entry, raw []byte) error {
	text, err := note.Text(raw)
	if err != nil {
		return err
	}
	r, err := shipment.ParseReceipt(text)
	if err != nil {
		return err
	}
	sum := &s.p.Receipts
	if sum.Span.First == 0 {
		sum.Span.First = e.Number
	}
	sum.Span.Last = e.Number
	sum.Applied += r.Applied
	sum.Already += r.Already
	sum.Refused += r.Refused()
	sum.Failed += r.Failed()
	return nil
}

func (s *scanner) shipment(e bundle.Entry, raw []byte) (err error) {
	var link ident.Digest
	if s.header, link, _, err = shipment.Open(raw, s.b.known...); err != nil {
		return err
	}
	switch {
	case s.header.Number != uint64(e.Number): //nolint:gosec // from 1: ParseInventory refuses others
		return fault.Errorf(fault.Invalid, "shipment %d is listed as shipment %d", s.header.Number, e.Number)
	case !s.before.IsZero() && s.header.Previous != s.before:
		return fault.Errorf(fault.Invalid, "shipment %d does not follow on the one before it in the file", e.Number)
	}
	s.before = link
	return nil
}

func (s *scanner) body(raw []byte) error {
	lines, err := exchange.Lines(raw)
	if err != nil {
		return err
	}
	for r := shipment.NewReader(bytes.NewReader(lines), s.header); ; s.items++ {
		it, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.counts[countOf(it)]++
	}
}

// countOf says under which kind and TLP an item counts: the kind of the object
// itself and the TLP its label claims.
func countOf(it shipment.Item) Count {
	c := Count{Kind: "unreadable"}
	if view, err := canon.View(it.Object); err == nil {
		typ, _ := view["type"].(string)
		c.Kind = marking.KindOf(typ)
	}
	if l, err := marking.ParseLabel(it.Label); err == nil {
		c.TLP = l.TLP
	}
	return c
}

func (s *scanner) end() (Preview, error) {
	if s.items != s.p.Items {
		return Preview{}, fault.Errorf(fault.Invalid, "the file has %d items, its manifest says %d", s.items, s.p.Items)
	}
	for c, n := range s.counts {
		c.Items = n
		s.p.Counts = append(s.p.Counts, c)
	}
	slices.SortFunc(s.p.Counts, func(a, b Count) int {
		if a.Kind != b.Kind {
			return strings.Compare(a.Kind, b.Kind)
		}
		return int(a.TLP) - int(b.TLP)
	})
	return s.p, nil
}
