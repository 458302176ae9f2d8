package pairing

import (
	"context"
	"crypto/subtle"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Confirm makes an unconfirmed peer active: sas is what the partner's person
// read out and ours typed. A wrong string is fault.Denied and counted; after
// Tries of them the pairing is void and must begin anew.
func (p *Pairing) Confirm(ctx context.Context, by people.Actor, side ident.Side, sas string) error {
	if err := by.May(people.Exchange); err != nil {
		return err
	}
	typed := digits(sas)
	if len(typed) != digitsOfSAS {
		return fault.Errorf(fault.Invalid, "%d digits typed; what the partner reads out has %d", len(typed), digitsOfSAS)
	}
	var peer store.Peer
	right := false
	err := p.live.Write(ctx, func(tx *store.Tx) error {
		var err error
		if peer, err = p.waiting(tx, side); err != nil {
			return err
		}
		right = subtle.ConstantTimeCompare([]byte(typed), []byte(digits(peer.SAS))) == 1
		if right {
			return p.activate(tx, by, peer)
		}
		peer.Tries++
		return p.mistake(tx, by, peer)
	})
	switch {
	case err != nil || right:
		return err
	case peer.Tries >= Tries:
		return fault.Errorf(fault.Denied, "that is not what this node has, for the %d. time: the pairing with %s is void. If both of you read what your own node shows, somebody is between the nodes", peer.Tries, side)
	}
	return fault.Errorf(fault.Denied, "that is not what this node has (try %d of %d). Compare digit by digit, and type what the partner reads out", peer.Tries, Tries)
}

// waiting returns a peer that waits to be confirmed.
func (p *Pairing) waiting(tx *store.Tx, side ident.Side) (store.Peer, error) {
	peer, err := tx.Peer(side)
	switch {
	case err != nil:
		return peer, err
	case peer.State != store.PeerUnconfirmed:
		return peer, fault.Errorf(fault.Conflict, "%s is confirmed already", side)
	case p.stale(peer):
		return peer, fault.Errorf(fault.Denied, "the pairing with %s has waited too long; begin with a new invitation", side)
	}
	return peer, nil
}

// mistake keeps the count of wrong comparisons, and voids the pairing at the
// last. It is committed although the person is told of a failure.
func (p *Pairing) mistake(tx *store.Tx, by people.Actor, peer store.Peer) error {
	if err := p.record(tx, by.String(), "peer.mismatch", peer.Side); err != nil {
		return err
	}
	if peer.Tries >= Tries {
		return tx.RemovePeer(peer.Side)
	}
	return tx.SavePeer(peer)
}

func (p *Pairing) activate(tx *store.Tx, by people.Actor, peer store.Peer) error {
	v, err := note.ParseVerifier(peer.VKey)
	if err != nil {
		return err
	}
	if err := p.ring.AddPartnerKey(tx, v); err != nil {
		return err
	}
	// The string stays: the partner's person may still wait to hear it.
	peer.State, peer.Tries, peer.Changed = store.PeerActive, 0, tx.Now()
	if err := tx.SavePeer(peer); err != nil {
		return err
	}
	return p.record(tx, by.String(), "peer.confirm", peer.Side)
}
