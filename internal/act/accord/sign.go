package accord

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Sign puts this side's signature under exactly the text that v names, and
// returns the signed note. If the text changed since it was shown, nothing is
// signed and the error is fault.Conflict. The version is in force from then on
// if the partner has signed it already. Signing again gives the same note,
// unless this side's key was rotated in between.
func (a *Accords) Sign(ctx context.Context, h *store.Handle, by people.Actor, v Version) ([]byte, error) {
	if err := by.May(people.Agree); err != nil {
		return nil, err
	}
	var msg []byte
	err := h.Write(ctx, func(tx *store.Tx) error {
		stored, err := tx.Agreement(v.ID, v.Number)
		if err != nil {
			return err
		}
		if stored.Hash != v.Hash {
			return fault.Errorf(fault.Conflict, "the text of version %d changed after you read it; its hash is now %s", v.Number, stored.Hash)
		}
		d, err := read(stored)
		if err != nil {
			return err
		}
		signed, current, err := a.ours(tx, d)
		if err != nil || current {
			msg = signed
			return err
		}
		if signed == nil {
			if err := a.maySign(tx, d); err != nil {
				return err
			}
		}
		if msg, err = a.sign(tx, d); err != nil {
			return err
		}
		return a.record(tx, by.String(), "agreement.sign", v)
	})
	return msg, err
}

// ours returns this side's signature on d, nil when there is none, and whether
// it is by the newest key.
func (a *Accords) ours(tx *store.Tx, d *agreement.Document) ([]byte, bool, error) {
	sigs, err := tx.AgreementSignatures(d.ID(), int64(d.Version))
	if err != nil {
		return nil, false, err
	}
	signer, err := a.ring.Signer(tx)
	if err != nil {
		return nil, false, err
	}
	for _, s := range sigs {
		if s.Side == a.self && s.Hash == d.Hash() {
			_, err := note.Open(s.Note, signer.Verifier())
			return s.Note, err == nil, nil
		}
	}
	return nil, false, nil
}

// maySign refuses what would bind nobody, or the wrong ones.
func (a *Accords) maySign(tx *store.Tx, d *agreement.Document) error {
	if err := a.follows(tx, d); err != nil {
		return err
	}
	if _, err := d.SigningText(); err != nil {
		return err
	}
	terms, err := a.InForce(tx, d.ID())
	if err == nil && !terms.Permits.Amend {
		return fault.Errorf(fault.Conflict, "no amendment: %s", terms.Permits.Why)
	}
	if err != nil && !fault.Is(err, fault.Denied) {
		return err
	}
	for _, side := range d.SideIDs() {
		known, err := a.known(tx, side)
		if err != nil {
			return err
		}
		if side != a.self && len(known) == 0 {
			continue // not paired yet: its own signature will have to fit
		}
		if err := keyIn(d, side, known); err != nil {
			return err
		}
	}
	return nil
}

// sign makes, stores and logs this side's signature.
func (a *Accords) sign(tx *store.Tx, d *agreement.Document) ([]byte, error) {
	text, err := d.SigningText()
	if err != nil {
		return nil, err
	}
	signer, err := a.ring.Signer(tx)
	if err != nil {
		return nil, err
	}
	msg, err := signer.Sign([]byte(text))
	if err != nil {
		return nil, err
	}
	return msg, a.keep(tx, store.AgreementSignature{
		Agreement: d.ID(), Version: int64(d.Version), Side: a.self, Hash: d.Hash(), Note: msg,
	})
}

// keep stores and logs a signature that was checked, and does what follows
// from it.
func (a *Accords) keep(tx *store.Tx, s store.AgreementSignature) error {
	before, err := a.inForceNumber(tx, s.Agreement)
	if err != nil {
		return err
	}
	if err := tx.SignAgreement(s); err != nil {
		return err
	}
	if err := a.ledger.Append(tx, s.Agreement, s.Note); err != nil {
		return err
	}
	if before > 0 && s.Version > before {
		if err := a.proposed(tx, s.Agreement, s.Side); err != nil {
			return err
		}
	}
	return a.settle(tx, s.Agreement, before)
}
