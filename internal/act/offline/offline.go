// Package offline is the exchange between two nodes that meet by file: what a
// line would carry, numbered, encrypted to the partner, brought by hand.
//
// Invariants: what is in a file has passed the gate as what goes on a line
// has, and arrives through the same Receive; a file is imported only after two
// named officers have each looked into it and confirmed the same digest; a
// file that would leave something out, or that was imported before, is
// refused; every step of an import is a transaction that may be done again, and
// the last one records the import, so that an import that broke off is begun
// anew without harm.
package offline

import (
	"context"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/pairing"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
	"twoseas/internal/store"
)

// Offline writes and imports the files of one node. It is safe for concurrent
// use: its state is in the store.
type Offline struct{ Config }

// Config is what an Offline works with.
type Config struct {
	Self     ident.Side
	Ring     *keys.Ring
	Ledger   *ledger.Ledger
	Accords  *accord.Accords
	Pairing  *pairing.Pairing
	Exchange *exchange.Exchange
	Clock    clock.Clock
}

// New returns the Offline of a node.
func New(c Config) *Offline { return &Offline{c} }

// officers is how many people import a file.
const officers = 2

// MayCarry admits the officers who see the release queue and either release or
// keep the channels: releasing and duty officers.
func MayCarry(by people.Actor) error {
	if err := by.May(people.Review); err != nil {
		return err
	}
	if by.May(people.Approve) == nil {
		return nil
	}
	return by.May(people.Exchange)
}

// waitsFor is how long a file that one officer wants imported counts as waiting
// for the second: who forgets it that long looks into it anew.
const waitsFor = 30 * 24 * time.Hour

// Waiting counts the files that another officer wants imported and that wait
// for a second one, such as by; none for who carries no files.
func (o *Offline) Waiting(ctx context.Context, h *store.Handle, by people.Actor) (n int64, err error) {
	if MayCarry(by) != nil || by.IsSystem() {
		return 0, nil
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		n, err = tx.BundlesAwaiting(by.Name, tx.Now()-waitsFor.Microseconds())
		return err
	})
	return n, err
}

// named refuses the node itself where a person is wanted.
func named(by people.Actor) error {
	if by.IsSystem() || by.Name == "" {
		return fault.New(fault.Denied, "importing a file is a decision of two named officers")
	}
	return MayCarry(by)
}

// mark returns what names the newest bundle of one direction, the zero Mark
// when there is none.
func mark(b store.Bundle, err error) (store.Bundle, bundle.Mark, error) {
	if fault.Is(err, fault.NotFound) {
		return store.Bundle{}, bundle.Mark{}, nil
	}
	return b, bundle.Mark{Number: b.Number, Link: b.Link}, err
}

// Readiness is what a pair needs before files can cross.
type Readiness struct {
	Partner ident.Side
	// Theirs is since when it is known to what files for the partner are
	// encrypted, zero when it is not; Ours whether this node has said it of
	// itself.
	Theirs time.Time
	Ours   bool
}

// Ready returns what is there for an agreement, for who sees its files.
func (o *Offline) Ready(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement) (r Readiness, err error) {
	if err := by.May(people.Review); err != nil {
		return r, err
	}
	if r.Partner, err = o.Accords.Partner(ctx, h, a); err != nil {
		return r, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		to, err := tx.Recipient(r.Partner)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			r.Theirs = time.UnixMicro(to.Since).UTC()
		}
		_, err = o.Ring.Identities(tx)
		r.Ours = err == nil
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return r, err
}

// One returns one file that was written or imported.
func (o *Offline) One(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, direction string, number int64) (b store.Bundle, err error) {
	if err := by.May(people.Review); err != nil {
		return b, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		b, err = tx.Bundle(a, direction, number)
		return err
	})
	return b, err
}

// List returns the newest files written and imported, newest first.
func (o *Offline) List(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, limit int64) (out, in []store.Bundle, err error) {
	if err := by.May(people.Review); err != nil {
		return nil, nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		if out, err = tx.Bundles(a, store.Out, limit); err != nil {
			return err
		}
		in, err = tx.Bundles(a, store.In, limit)
		return err
	})
	return out, in, err
}
