package accord

import (
	"context"
	"slices"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/store"
)

// Add parses a document, runs its tests, and stores it: as version 1, or as
// an amendment, which names by its hash the version it amends. Sides without a
// key get the one this node knows of them. It binds nobody before both sides
// have signed it. A draft nobody has signed may be replaced; the same text
// once more is no change.
func (a *Accords) Add(ctx context.Context, h *store.Handle, by people.Actor, yaml []byte) (Version, error) {
	if err := by.May(people.Agree); err != nil {
		return Version{}, err
	}
	d, err := agreement.Parse(yaml)
	if err != nil {
		return Version{}, err
	}
	if _, err := d.OtherSide(a.self); err != nil {
		return Version{}, fault.Errorf(fault.Invalid, "this node serves %s, which is not a side of %s", a.self, d.Agreement)
	}
	var v Version
	err = h.Write(ctx, func(tx *store.Tx) error {
		d, err := a.withKeys(tx, d)
		if err != nil {
			return err
		}
		v = Version{ID: d.ID(), Number: int64(d.Version), Hash: d.Hash()}
		old, err := tx.Agreement(v.ID, v.Number)
		if err == nil && old.Hash == v.Hash {
			return nil
		}
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err := a.follows(tx, d); err != nil {
			return err
		}
		raw, err := d.Canonical()
		if err != nil {
			return err
		}
		row := store.AgreementVersion{ID: v.ID, Version: v.Number, Hash: v.Hash, Document: raw, Source: yaml}
		if err := tx.SaveAgreement(row); err != nil {
			return err
		}
		return a.record(tx, by.String(), "agreement.add", v)
	})
	return v, err
}

// withKeys fills in the keys of sides that have none in the document, as far
// as this node knows them.
func (a *Accords) withKeys(tx *store.Tx, d *agreement.Document) (*agreement.Document, error) {
	if _, err := a.ring.Signer(tx); err != nil { // makes our key, if there is none
		return nil, err
	}
	missing := map[ident.Side]string{}
	for _, s := range d.Sides {
		known, err := a.known(tx, ident.Side(s.ID))
		if err != nil {
			return nil, err
		}
		if s.Key == "" && len(known) > 0 {
			missing[ident.Side(s.ID)] = known[len(known)-1].String()
		}
	}
	if len(missing) == 0 {
		return d, nil
	}
	return d.WithKeys(missing)
}

// follows checks that a document can come next: that it amends what is in
// force, or, while nothing is, what both sides may still sign.
func (a *Accords) follows(tx *store.Tx, d *agreement.Document) error {
	list, err := tx.AgreementVersions(d.ID())
	if err != nil {
		return err
	}
	force, err := a.inForceNumber(tx, d.ID())
	if err != nil {
		return err
	}
	number := int64(d.Version)
	if number <= force {
		return fault.Errorf(fault.Conflict, "version %d of %s is in force; an amendment has a higher number than %d", force, d.Agreement, number)
	}
	if number == 1 {
		return nil
	}
	amended := slices.IndexFunc(list, func(v store.AgreementVersion) bool {
		return v.Hash.String() == d.Previous && v.Version < number
	})
	switch {
	case amended < 0:
		return fault.Errorf(fault.Conflict, "version %d of %s amends a text that this node does not have, %s", number, d.Agreement, d.Previous)
	case force > 0 && list[amended].Version != force:
		return fault.Errorf(fault.Conflict, "version %d of %s amends version %d, but version %d is in force", number, d.Agreement, list[amended].Version, force)
	}
	old, err := read(list[amended])
	if err != nil {
		return err
	}
	if old.SideIDs() != d.SideIDs() {
		return fault.Errorf(fault.Conflict, "an amendment is between the same sides, %v", old.SideIDs())
	}
	return nil
}
