package offline

import (
	"context"
	"errors"
	"strings"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
	"twoseas/internal/store"
)

// Imported is what one call of Import did.
type Imported struct {
	bundle.Manifest
	Link ident.Digest
	// Confirmed names who wants it imported; with one name alone nothing was.
	Confirmed []string
	Applied   bool
	Delivered exchange.Delivered // of the shipments in it
	Settled   int                // receipts in it
	Finding   exchange.Finding   // of the comparison after it
	// Code is read to the partner over the telephone.
	Code string
	// Notes say what was not taken over, and why.
	Notes []string
}

// Import records that an officer who has looked into a bundle wants it
// imported, and imports it when that officer is the second. It verifies the
// whole file before anything of it is applied.
func (o *Offline) Import(ctx context.Context, h *store.Handle, by people.Actor, src Source) (Imported, error) {
	if err := named(by); err != nil {
		return Imported{}, err
	}
	p, err := o.scan(ctx, h, src)
	if err != nil {
		return Imported{}, err
	}
	out := Imported{Manifest: p.Manifest, Link: p.Link}
	if err := h.Write(ctx, func(tx *store.Tx) error { return o.confirm(tx, by, &out) }); err != nil {
		return Imported{}, err
	}
	if len(out.Confirmed) < officers {
		return out, nil
	}
	return o.carryOut(ctx, h, by, src, out)
}

// confirm records the officer's wish.
func (o *Offline) confirm(tx *store.Tx, by people.Actor, out *Imported) error {
	if err := standing(tx, out.Manifest); err != nil {
		return err
	}
	if err := tx.ConfirmBundle(out.Link, by.Name); err != nil {
		return err
	}
	var err error
	if out.Confirmed, err = confirmed(tx, out.Link); err != nil {
		return err
	}
	return o.record(tx, by, "bundle.confirm", out.Manifest)
}

func (o *Offline) record(tx *store.Tx, by people.Actor, act string, m bundle.Manifest) error {
	return o.Ledger.Record(tx, by.String(), act,
		ledger.Field{Name: "agreement", Value: string(m.Agreement)},
		ledger.Field{Name: "from", Value: string(m.From)},
		ledger.Field{Name: "bundle", Value: m.Mark().String()})
}

// carryOut applies a bundle that two officers have confirmed.
func (o *Offline) carryOut(ctx context.Context, h *store.Handle, by people.Actor, src Source, out Imported) (Imported, error) {
	b, err := o.open(ctx, h, src)
	if err != nil {
		return out, err
	}
	if b.link != out.Link {
		return out, errors.Join(fault.New(fault.Conflict, "the file changed after it was confirmed"), b.close.Close())
	}
	c := &carrying{o: o, ctx: ctx, h: h, b: b, m: b.Manifest, out: &out}
	if err := errors.Join(c.all(), b.close.Close()); err != nil {
		return out, err
	}
	kept := int64(out.Delivered.Refused + out.Delivered.Failed)
	out.Code = bundle.Code(out.Link, out.Items-kept, kept)
	out.Applied = true
	return out, h.Write(ctx, func(tx *store.Tx) error {
		if err := standing(tx, out.Manifest); err != nil { // somebody imported it meanwhile
			return err
		}
		if err := tx.AddBundle(store.Bundle{
			Agreement: out.Agreement, Direction: store.In, Number: out.Number, Link: out.Link, Follows: out.Follows.Number,
			Items: out.Items, Taken: out.Items - kept, Witnessed: c.witnessed, AgreedOut: out.AgreedOut, AgreedIn: out.AgreedIn,
			Made: out.Made.UnixMicro(), People: strings.Join(out.Confirmed, " and "),
		}); err != nil {
			return err
		}
		return o.record(tx, by, "bundle.import", out.Manifest)
	})
}

// Heard takes a receipt code that the partner's officer read out. It returns
// the bundle it is of and how many items the partner kept out, and records
// that the partner has imported it; fault.NotFound when it is of none that was
// written and not yet acknowledged, nor of the last hundred.
func (o *Offline) Heard(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, code string) (b store.Bundle, kept int64, err error) {
	if err := MayCarry(by); err != nil && !by.IsSystem() {
		return b, 0, err
	}
	if _, err := bundle.ParseCode(code); err != nil {
		return b, 0, err
	}
	var list []store.Bundle
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.Bundles(a, store.Out, 100)
		return err
	}); err != nil {
		return b, 0, err
	}
	for _, b = range list {
		kept, err = bundle.FindCode(code, b.Link, b.Items)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return b, 0, err
		}
		return b, kept, h.Write(ctx, func(tx *store.Tx) error {
			if err := tx.BundleSeen(a, b.Number, b.Items-kept); err != nil {
				return err
			}
			return o.Ledger.Record(tx, by.String(), "bundle.heard",
				ledger.Field{Name: "agreement", Value: string(a)}, ledger.Field{Name: "bundle", Value: b.Link.String()})
		})
	}
	return store.Bundle{}, 0, fault.Errorf(fault.NotFound, "the code is of none of the last %d files written for %s", len(list), a)
}
