package accord

import (
	"bytes"
	"context"
	"slices"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// maxAhead bounds how far ahead of the newest version here a partner may
// sign.
const maxAhead = 100

// Countersign takes the partner's signature, from the line between the nodes
// or from a file. It must be the newest key's that people have confirmed, and
// of a side of the agreement. A signature on a version that is not stored
// here yet, or on another text, is kept as evidence and binds nobody; the same
// signature once more is no change.
func (a *Accords) Countersign(ctx context.Context, h *store.Handle, from ident.Side, msg []byte) error {
	s, err := parse(msg)
	if err != nil {
		return err
	}
	s.Side = from
	return h.Write(ctx, func(tx *store.Tx) error { return a.take(tx, s, "node "+string(from)) })
}

// Bring is Countersign of a signature on an agreement that a person brought in
// a file. It returns the number of the version that is signed.
func (a *Accords) Bring(ctx context.Context, h *store.Handle, by people.Actor, id ident.Agreement, msg []byte) (int64, error) {
	if err := by.May(people.Agree); err != nil {
		return 0, err
	}
	s, err := parse(msg)
	if err != nil {
		return 0, fault.Errorf(fault.Invalid, "this is no signature on an agreement: %w", err)
	}
	if s.Agreement != id {
		return 0, fault.Errorf(fault.Invalid, "the signature is on %s, not on %s", s.Agreement, id)
	}
	return s.Version, h.Write(ctx, func(tx *store.Tx) error {
		var err error
		if s.Side, err = a.partner(tx, id); err != nil {
			return err
		}
		return a.take(tx, s, by.String())
	})
}

// take keeps a signature that is the partner's and is news.
func (a *Accords) take(tx *store.Tx, s store.AgreementSignature, by string) error {
	if err := a.fromPartner(tx, s); err != nil {
		return err
	}
	fresh, err := a.fits(tx, s)
	if err != nil || !fresh {
		return err
	}
	if err := a.keep(tx, s); err != nil {
		return err
	}
	return a.record(tx, by, "agreement.countersign", Version{ID: s.Agreement, Number: s.Version, Hash: s.Hash})
}

// parse reads what a signature is of. It proves nothing.
func parse(msg []byte) (store.AgreementSignature, error) {
	text, err := note.Text(msg)
	if err != nil {
		return store.AgreementSignature{}, err
	}
	l := note.ReadLines("agreement signature", signatureTitle, string(text))
	s := store.AgreementSignature{
		Agreement: note.Field(l, "agreement", ident.ParseAgreement),
		Version:   int64(note.Field(l, "version", note.Count(1, 1<<30))),
		Hash:      note.Field(l, "hash", ident.ParseDigest),
		Note:      msg,
	}
	return s, l.End()
}

// signatureTitle is the first line of agreement.Document.SigningText.
const signatureTitle = "twoseas/agreement/v1"

// fromPartner checks whose a signature is.
func (a *Accords) fromPartner(tx *store.Tx, s store.AgreementSignature) error {
	partner, err := a.partner(tx, s.Agreement)
	if err != nil {
		return err
	}
	if partner != s.Side {
		return fault.Errorf(fault.NotFound, "there is no agreement %s with %s", s.Agreement, s.Side)
	}
	peer, err := tx.Peer(s.Side)
	if err != nil {
		return err
	}
	if peer.State != store.PeerActive {
		return fault.Errorf(fault.Denied, "people have not confirmed %s yet", s.Side)
	}
	known, err := a.ring.Partner(tx, s.Side)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		return fault.Errorf(fault.Denied, "no key of %s is known in %s", s.Side, tx.Domain())
	}
	newest := known[len(known)-1]
	n, err := note.Open(s.Note, newest)
	if err != nil {
		if _, e := note.Open(s.Note, known...); e == nil {
			return fault.Errorf(fault.Denied, "the signature is by a key that %s has since replaced with %s; it must be signed anew", s.Side, newest.Short())
		}
		return err
	}
	if len(n.Sigs)+len(n.Cosigs)+len(n.Unknown) != 1 {
		return fault.Errorf(fault.Denied, "want the signature of %s and no other", newest.Short())
	}
	return nil
}

// fits checks a signature against what is stored of its version, and reports
// whether it is news.
func (a *Accords) fits(tx *store.Tx, s store.AgreementSignature) (bool, error) {
	sigs, err := tx.AgreementSignatures(s.Agreement, s.Version)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(sigs, func(old store.AgreementSignature) bool {
		return old.Side == s.Side && bytes.Equal(old.Note, s.Note)
	}) {
		return false, nil
	}
	list, err := a.versions(tx, s.Agreement)
	if err != nil {
		return false, err
	}
	if newest := list[len(list)-1].Version; s.Version > newest+maxAhead {
		return false, fault.Errorf(fault.Denied, "version %d of %s is too far ahead of %d, the newest here", s.Version, s.Agreement, newest)
	}
	stored, err := tx.Agreement(s.Agreement, s.Version)
	if fault.Is(err, fault.NotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	for _, old := range sigs {
		if old.Side == s.Side && old.Hash == stored.Hash && s.Hash != stored.Hash {
			return false, fault.Errorf(fault.Conflict, "%s has signed version %d of %s with the text stored here, %s; another text needs another number", s.Side, s.Version, s.Agreement, stored.Hash)
		}
	}
	if s.Hash != stored.Hash {
		return true, nil
	}
	d, err := read(stored)
	if err != nil {
		return false, err
	}
	known, err := a.ring.Partner(tx, s.Side)
	if err != nil {
		return false, err
	}
	return true, keyIn(d, s.Side, known)
}
