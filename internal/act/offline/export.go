package offline

import (
	"context"
	"errors"
	"io"
	"strconv"

	"filippo.io/age"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
	"twoseas/internal/store"
)

// Exported is what one export wrote.
type Exported struct {
	bundle.Manifest
	Link     ident.Digest
	Receipts int
}

// Export writes the next bundle for the partner of an agreement to w,
// encrypted: signatures, receipts, what waits on the release list, requests and
// answers about the ledger, and what this node holds. It continues the bundle
// before; with again it continues the last one that the partner is known to
// have imported, and so holds also what may have been lost since.
//
// The export counts only when Export returns without an error: what was
// written until then is to be thrown away.
func (o *Offline) Export(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, again bool, w io.Writer) (Exported, error) {
	if err := MayCarry(by); err != nil && !by.IsSystem() {
		return Exported{}, err
	}
	partner, to, err := o.recipient(ctx, h, a)
	if err != nil {
		return Exported{}, err
	}
	if err := o.build(ctx, h, a); err != nil {
		return Exported{}, err
	}
	if err := h.Write(ctx, func(tx *store.Tx) error { return o.Ledger.GiveAnew(tx, a, partner) }); err != nil {
		return Exported{}, err
	}
	p, err := o.plan(ctx, h, a, partner, again)
	if err != nil {
		return Exported{}, err
	}
	if err := o.write(ctx, h, p, to, w); err != nil {
		return Exported{}, err
	}
	out := Exported{Manifest: p.manifest, Link: p.manifest.Link()}
	for _, e := range p.entries {
		if e.Kind == bundle.Receipt {
			out.Receipts++
		}
	}
	return out, h.Write(ctx, func(tx *store.Tx) error { return o.wrote(tx, by, p) })
}

// recipient returns the partner and to what files for it are encrypted.
func (o *Offline) recipient(ctx context.Context, h *store.Handle, a ident.Agreement) (partner ident.Side, to age.Recipient, err error) {
	if partner, err = o.Accords.Partner(ctx, h, a); err != nil {
		return "", nil, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		to, err = o.Ring.PartnerRecipient(tx, partner)
		return err
	})
	return partner, to, err
}

// build makes shipments of what waits on the release list.
func (o *Offline) build(ctx context.Context, h *store.Handle, a ident.Agreement) error {
	for range maxShipments {
		p, more, err := o.Exchange.Build(ctx, h, a)
		if fault.Is(err, fault.NotFound) { // not in force: there is no channel yet
			return nil
		}
		if err != nil || !more && p.Note == nil {
			return err
		}
	}
	return nil
}

// write writes a plan, encrypted.
func (o *Offline) write(ctx context.Context, h *store.Handle, p *plan, to age.Recipient, w io.Writer) error {
	var msg []byte
	if err := h.Query(ctx, func(tx *store.Tx) error {
		signer, err := o.Ring.Signer(tx)
		if err != nil {
			return err
		}
		msg, err = p.manifest.Sign(signer)
		return err
	}); err != nil {
		return err
	}
	sealed, err := age.Encrypt(w, to)
	if err != nil {
		return err
	}
	if err := bundle.WriteHead(sealed, msg, p.entries); err != nil {
		return err
	}
	return errors.Join(p.contents(ctx, h, sealed), sealed.Close())
}

// contents writes the entries one after another.
func (p *plan) contents(ctx context.Context, h *store.Handle, w io.Writer) error {
	var s store.Shipment
	for i, e := range p.entries {
		raw, ok := p.small[i]
		switch {
		case ok:
		case e.Kind == bundle.Shipment:
			if err := h.Query(ctx, func(tx *store.Tx) (err error) {
				s, err = tx.Shipment(p.channel, store.Out, e.Number)
				return err
			}); err != nil {
				return err
			}
			raw = s.Note
		default:
			raw = s.Body
		}
		if bundle.NewEntry(e.Kind, e.Number, raw) != e {
			return fault.Errorf(fault.Conflict, "shipment %d was answered while it was written; export again", e.Number)
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
	}
	return nil
}

// wrote records the bundle.
func (o *Offline) wrote(tx *store.Tx, by people.Actor, p *plan) error {
	last, _, err := mark(tx.LastBundle(p.row.Agreement, store.Out))
	if err != nil {
		return err
	}
	if last.Number != p.last {
		return fault.Errorf(fault.Conflict, "file %d was written by somebody else meanwhile; export again", last.Number)
	}
	p.row.Link, p.row.People = p.manifest.Link(), by.String()
	if err := tx.AddBundle(p.row); err != nil {
		return err
	}
	return o.Ledger.Record(tx, by.String(), "bundle.export",
		ledger.Field{Name: "agreement", Value: string(p.row.Agreement)},
		ledger.Field{Name: "number", Value: strconv.FormatInt(p.row.Number, 10)},
		ledger.Field{Name: "bundle", Value: p.row.Link.String()},
		ledger.Field{Name: "items", Value: strconv.FormatInt(p.row.Items, 10)})
}
