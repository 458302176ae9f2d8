// Package keys holds the node's signing keys and knows its partners'.
//
// Invariants: a signing key is in the store only sealed under a key that is
// not in the store; live and each exercise sign with keys of their own
// (DESIGN §2, invariant 7); a side's keys are only ever added to, the newest
// signs, the older ones verify what they signed; a partner's key follows on
// another only by a note that both signed, or by people pairing anew.
package keys

import (
	"bytes"
	"io"
	"sync"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// signing names the secret that is the domain's signing key.
const signing = "signing-key"

// Ring is the keys of one node. It is safe for concurrent use, also by several
// processes on one store.
type Ring struct {
	seal  [32]byte
	side  ident.Side
	clock clock.Clock
	rand  io.Reader

	mu   sync.Mutex
	open map[ident.Domain]opened // guarded by mu
}

// opened is a signer and the sealed bytes it was opened from: the store is
// asked for those each time, so that a rotation by another process, or one
// that was rolled back, is noticed.
type opened struct {
	sealed []byte
	signer note.Signer
}

// New returns the ring of the node of a side. seal is the key that seals its
// secrets; rand yields new signing keys.
func New(seal [32]byte, side ident.Side, clk clock.Clock, rand io.Reader) *Ring {
	return &Ring{seal: seal, side: side, clock: clk, rand: rand, open: map[ident.Domain]opened{}}
}

// Draw fills b with random bytes.
func (r *Ring) Draw(b []byte) error {
	_, err := io.ReadFull(r.rand, b)
	return err
}

// Side returns the side whose keys these are.
func (r *Ring) Side() ident.Side { return r.side }

// Signer returns the node's signing key in the transaction's domain. There is
// none before the first call inside a Write, which makes it.
func (r *Ring) Signer(tx *store.Tx) (note.Signer, error) {
	sealed, err := tx.Secret(signing)
	if fault.Is(err, fault.NotFound) {
		return r.first(tx)
	}
	if err != nil {
		return note.Signer{}, err
	}
	if s, ok := r.cached(tx.Domain(), sealed); ok {
		return s, nil
	}
	s, err := r.unseal(tx, sealed)
	if err != nil {
		return note.Signer{}, err
	}
	r.remember(tx.Domain(), sealed, s)
	return s, nil
}

// Verifier returns the public half of Signer, or fault.NotFound before Signer
// has made the key.
func (r *Ring) Verifier(tx *store.Tx) (note.Verifier, error) {
	all, err := r.History(tx)
	if err != nil {
		return note.Verifier{}, err
	}
	if len(all) == 0 {
		return note.Verifier{}, fault.Errorf(fault.NotFound, "%s has no signing key in %s yet", r.side, tx.Domain())
	}
	return all[len(all)-1], nil
}

// History returns every key the node has signed with in the transaction's
// domain, newest last.
func (r *Ring) History(tx *store.Tx) ([]note.Verifier, error) { return verifiers(tx, r.side) }

// Rotate replaces the node's signing key in the transaction's domain and
// returns the note by which the old key hands over to the new one. The caller
// appends it to every ledger of the domain in the same transaction, and sends
// it.
func (r *Ring) Rotate(tx *store.Tx) ([]byte, error) {
	old, err := r.Signer(tx)
	if err != nil {
		return nil, err
	}
	next, err := note.Generate(r.rand, r.side)
	if err != nil {
		return nil, err
	}
	from := r.clock.Now()
	msg, err := note.Rotate(old, next, from)
	if err != nil {
		return nil, err
	}
	return msg, r.keep(tx, next, from.UnixMicro())
}

// first makes the domain's first key.
func (r *Ring) first(tx *store.Tx) (note.Signer, error) {
	if had, err := r.History(tx); err != nil || len(had) > 0 {
		if err == nil {
			err = fault.Errorf(fault.Conflict, "the signing key of %s in %s is missing from the store, which knows that there was one", r.side, tx.Domain())
		}
		return note.Signer{}, err
	}
	s, err := note.Generate(r.rand, r.side)
	if err != nil {
		return note.Signer{}, err
	}
	return s, r.keep(tx, s, tx.Now())
}

// keep makes s the domain's signing key.
func (r *Ring) keep(tx *store.Tx, s note.Signer, since int64) error {
	sealed, err := sealSecret(r.seal, tx.Domain(), signing, []byte(s.Secret()))
	if err != nil {
		return err
	}
	if err := tx.SetSecret(signing, sealed); err != nil {
		return err
	}
	return tx.AddPeerKey(r.side, store.PeerKey{VKey: s.Verifier().String(), Since: since})
}

// unseal opens the signing key and refuses one that is not the newest of this
// side: a store pieced together from two backups.
func (r *Ring) unseal(tx *store.Tx, sealed []byte) (note.Signer, error) {
	secret, err := openSecret(r.seal, tx.Domain(), signing, sealed)
	if err != nil {
		return note.Signer{}, err
	}
	s, err := note.ParseSigner(string(secret))
	if err != nil {
		return note.Signer{}, err
	}
	newest, err := r.Verifier(tx)
	if err != nil {
		return note.Signer{}, err
	}
	if s.Verifier() != newest {
		return note.Signer{}, fault.Errorf(fault.Conflict, "the signing key in the store is %s, the newest known of %s in %s is %s",
			s.Verifier().Short(), r.side, tx.Domain(), newest.Short())
	}
	return s, nil
}

func (r *Ring) cached(d ident.Domain, sealed []byte) (note.Signer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o, ok := r.open[d]
	return o.signer, ok && bytes.Equal(o.sealed, sealed)
}

func (r *Ring) remember(d ident.Domain, sealed []byte, s note.Signer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[d] = opened{sealed: sealed, signer: s}
}

func verifiers(tx *store.Tx, side ident.Side) ([]note.Verifier, error) {
	keys, err := tx.PeerKeys(side)
	if err != nil {
		return nil, err
	}
	all := make([]note.Verifier, len(keys))
	for i, k := range keys {
		if all[i], err = note.ParseVerifier(k.VKey); err != nil {
			return nil, err
		}
		if all[i].Side() != side {
			return nil, fault.Errorf(fault.Conflict, "the store has the key %s under %s", all[i].Short(), side)
		}
	}
	return all, nil
}

// All returns every key that this node and its partners have had in the
// transaction's domain, side by side, each side's newest last: for reading
// what was signed once, never for taking what is signed anew.
func (r *Ring) All(tx *store.Tx) ([]note.Verifier, error) {
	keys, err := tx.AllPeerKeys()
	if err != nil {
		return nil, err
	}
	all := make([]note.Verifier, len(keys))
	for i, k := range keys {
		if all[i], err = note.ParseVerifier(k.VKey); err != nil {
			return nil, err
		}
	}
	return all, nil
}
