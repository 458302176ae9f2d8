package accord

import (
	"context"
	"slices"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Pending returns this side's signatures that the partner is not known to
// have, oldest version first. Those by a key that was rotated out since are
// signed anew first: the partner would refuse them.
func (a *Accords) Pending(ctx context.Context, h *store.Handle, id ident.Agreement) ([]store.AgreementSignature, error) {
	list, stale, err := a.untold(ctx, h, id)
	if err != nil || !stale {
		return list, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		for _, s := range list {
			v, err := tx.Agreement(id, s.Version)
			if err != nil {
				return err
			}
			d, err := read(v)
			if err != nil {
				return err
			}
			if _, current, err := a.ours(tx, d); err != nil || current {
				if err != nil {
					return err
				}
				continue
			}
			if _, err := a.sign(tx, d); err != nil {
				return err
			}
			if err := a.record(tx, "node", "agreement.sign", name(v)); err != nil {
				return err
			}
		}
		list, err = tx.UntoldSignatures(id, a.self)
		return err
	})
	return list, err
}

// untold returns what waits for the partner and whether any of it is by a key
// that was rotated out.
func (a *Accords) untold(ctx context.Context, h *store.Handle, id ident.Agreement) ([]store.AgreementSignature, bool, error) {
	var list []store.AgreementSignature
	stale := false
	err := h.Read(ctx, func(tx *store.Tx) error {
		var err error
		if list, err = tx.UntoldSignatures(id, a.self); err != nil || len(list) == 0 {
			return err
		}
		key, err := a.ring.Verifier(tx)
		if err != nil {
			return err
		}
		stale = slices.ContainsFunc(list, func(s store.AgreementSignature) bool {
			_, err := note.Open(s.Note, key)
			return err != nil
		})
		return nil
	})
	return list, stale, err
}

// Told records that the partner has taken a signature of Pending.
func (a *Accords) Told(ctx context.Context, h *store.Handle, s store.AgreementSignature) error {
	return h.Write(ctx, func(tx *store.Tx) error { return tx.SignatureTold(s) })
}
