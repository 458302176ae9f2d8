// Package accord keeps the agreements of a node: drafts, signatures of both
// sides, the version in force, and what happens in an agreement's life.
//
// Invariants: what is in force is the newest version that both sides have
// signed, byte for byte as it is stored here, so a text signed by one side
// changes nothing; a version number never stands for two texts that were
// signed here; a signature counts only by the key that is its side's newest
// when it arrives, and under a document that names a key of that side; every
// signature and event is a leaf of the agreement's exchange log.
package accord

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Accords is the agreements of one node. It is safe for concurrent use once
// OnForce has been called.
type Accords struct {
	ring    *keys.Ring
	ledger  *ledger.Ledger
	self    ident.Side
	clock   clock.Clock
	onForce func(*store.Tx, ident.Agreement) error

	mu       sync.Mutex
	compiled map[place]*compiled // guarded by mu
}

// New returns the agreements of the node of side self. The clock says what
// has happened by itself in an agreement's life.
func New(ring *keys.Ring, l *ledger.Ledger, self ident.Side, clk clock.Clock) *Accords {
	return &Accords{
		ring: ring, ledger: l, self: self, clock: clk, compiled: map[place]*compiled{},
		onForce: func(*store.Tx, ident.Agreement) error { return nil },
	}
}

// OnForce sets what is done in the very transaction in which another version
// comes into force, or an event begins or ends what exchange the agreement
// permits. It must be called
// before the first act.
func (a *Accords) OnForce(fn func(*store.Tx, ident.Agreement) error) { a.onForce = fn }

// Version names one version by what it says, not only by its number.
type Version struct {
	ID     ident.Agreement
	Number int64
	Hash   ident.Digest
}

// Status is where one version stands.
type Status struct {
	Version
	Added   int64        // microseconds
	Signed  []ident.Side // whose signature on this very text is here
	Other   []ident.Side // who signed another text under this number
	InForce bool
}

// Agreements returns the names of the agreements of h's domain, in order.
func (a *Accords) Agreements(ctx context.Context, h *store.Handle) ([]ident.Agreement, error) {
	var ids []ident.Agreement
	err := h.Query(ctx, func(tx *store.Tx) error {
		var err error
		ids, err = tx.Agreements()
		return err
	})
	return ids, err
}

// Versions returns every version of an agreement, oldest first; fault.NotFound
// when there is none.
func (a *Accords) Versions(ctx context.Context, h *store.Handle, id ident.Agreement) ([]Status, error) {
	var list []Status
	err := h.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = a.statuses(tx, id)
		return err
	})
	return list, err
}

func (a *Accords) statuses(tx *store.Tx, id ident.Agreement) ([]Status, error) {
	stored, err := a.versions(tx, id)
	if err != nil {
		return nil, err
	}
	force, err := a.inForceNumber(tx, id)
	if err != nil {
		return nil, err
	}
	var list []Status
	for _, v := range stored {
		s := Status{Version: name(v), Added: v.Added, InForce: v.Version == force}
		sigs, err := tx.AgreementSignatures(id, v.Version)
		if err != nil {
			return nil, err
		}
		for _, sig := range sigs {
			if sig.Hash == v.Hash {
				s.Signed = append(s.Signed, sig.Side)
			} else {
				s.Other = append(s.Other, sig.Side)
			}
		}
		list = append(list, s)
	}
	return list, nil
}

// Unsigned returns the versions of an agreement that this side has not signed
// and that are newer than the one in force, oldest first.
func (a *Accords) Unsigned(tx *store.Tx, id ident.Agreement) ([]Status, error) {
	list, err := a.statuses(tx, id)
	for i, s := range slices.Backward(list) {
		if s.InForce {
			list = list[i+1:]
			break
		}
	}
	return slices.DeleteFunc(list, func(s Status) bool { return slices.Contains(s.Signed, a.self) }), err
}

// Asked returns the events of an agreement's life that take both sides, that
// the partner has recorded and this side has not.
func (a *Accords) Asked(tx *store.Tx, id ident.Agreement) ([]string, error) {
	terms, err := a.InForce(tx, id)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		return nil, nil // nothing is in force, so nothing can have been said of it
	}
	var out []string
	for event, sides := range terms.Life.Waiting {
		if !slices.Contains(sides, a.self) {
			out = append(out, event)
		}
	}
	slices.Sort(out)
	return out, err
}

// Document returns one version as a document, and the text it was added as.
func (a *Accords) Document(ctx context.Context, h *store.Handle, id ident.Agreement, number int64) (*agreement.Document, []byte, error) {
	var v store.AgreementVersion
	err := h.Query(ctx, func(tx *store.Tx) error {
		var err error
		v, err = tx.Agreement(id, number)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	d, err := read(v)
	return d, v.Source, err
}

// Partner returns the other side of an agreement, which all its versions
// share; fault.NotFound when no version is stored.
func (a *Accords) Partner(ctx context.Context, h *store.Handle, id ident.Agreement) (ident.Side, error) {
	var partner ident.Side
	err := h.Query(ctx, func(tx *store.Tx) error {
		var err error
		partner, err = a.partner(tx, id)
		return err
	})
	return partner, err
}

func (a *Accords) partner(tx *store.Tx, id ident.Agreement) (ident.Side, error) {
	d, err := a.newest(tx, id)
	if err != nil {
		return "", err
	}
	return d.OtherSide(a.self)
}

// newest returns the newest version, signed or not.
func (a *Accords) newest(tx *store.Tx, id ident.Agreement) (*agreement.Document, error) {
	list, err := a.versions(tx, id)
	if err != nil {
		return nil, err
	}
	return read(list[len(list)-1])
}

// versions returns the stored versions, of which there is at least one.
func (a *Accords) versions(tx *store.Tx, id ident.Agreement) ([]store.AgreementVersion, error) {
	list, err := tx.AgreementVersions(id)
	if err == nil && len(list) == 0 {
		err = fault.Errorf(fault.NotFound, "there is no agreement %s in %s", id, tx.Domain())
	}
	return list, err
}

func name(v store.AgreementVersion) Version {
	return Version{ID: v.ID, Number: v.Version, Hash: v.Hash}
}

// read returns the document of a stored version, and refuses one that is not
// what its hash says.
func read(v store.AgreementVersion) (*agreement.Document, error) {
	if ident.Sum(v.Document) != v.Hash {
		return nil, fault.Errorf(fault.Conflict, "the stored text of %s, version %d, is not the one its hash was made of", v.ID, v.Version)
	}
	d, err := agreement.FromCanonical(v.Document)
	if err != nil {
		return nil, err
	}
	if d.ID() != v.ID || int64(d.Version) != v.Version {
		return nil, fault.Errorf(fault.Conflict, "%s, version %d, is stored as %s, version %d", d.ID(), d.Version, v.ID, v.Version)
	}
	return d, nil
}

// keyIn returns the key that a document names for a side, and refuses one
// that is not among those the side is known to have or to have had.
func keyIn(d *agreement.Document, side ident.Side, known []note.Verifier) error {
	for _, s := range d.Sides {
		if s.ID != string(side) {
			continue
		}
		v, err := note.ParseVerifier(s.Key)
		if err != nil {
			return err
		}
		if !slices.Contains(known, v) {
			return fault.Errorf(fault.Denied, "the document names the key %s, which this node does not know as a key of %s", v.Short(), side)
		}
		return nil
	}
	return fault.Errorf(fault.NotFound, "%s is not a side of %s", side, d.Agreement)
}

// record writes an act on a version into the home log.
func (a *Accords) record(tx *store.Tx, by, act string, v Version) error {
	return a.ledger.Record(tx, by, act,
		ledger.Field{Name: "agreement", Value: string(v.ID)},
		ledger.Field{Name: "version", Value: strconv.FormatInt(v.Number, 10)},
		ledger.Field{Name: "hash", Value: v.Hash.String()})
}
