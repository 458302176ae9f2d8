// Package pairing is how two nodes get to know each other's keys (ADR 0011).
//
// The inviter gives the guest a code, by any means; the guest says hello, the
// inviter answers, and both nodes hold the same short authentication string,
// which two people read to each other. The code commits the inviter to a nonce
// that it opens only after the guest's, so whoever changes messages in between
// cannot steer the two strings towards each other and has one guess in 10^16
// per invitation (the hash commitment of RFC 6189 §4.4.1.1, ZRTP).
//
// Invariants: a peer is active only after a person of this side has typed
// what the partner read out; until then it is served nothing but this
// exchange; an active peer's keys change only by notes it has signed with the
// newest of them; an invitation is good for one guest; the same message again
// gives the same answer, so either side may try again after a crash.
package pairing

import (
	"context"
	"fmt"
	"io"
	"time"

	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

const (
	// Patience is how long an invitation stands, and how long nodes that have
	// exchanged keys wait for people to compare them.
	Patience = 7 * 24 * time.Hour

	// Tries is how many wrong comparisons void a pairing.
	Tries = 3
)

// Identity is what this node tells of itself besides its keys.
type Identity struct {
	URL  string       // where its peer listener answers
	SPKI ident.Digest // digest of its TLS key (RFC 7469 §2.4)
}

// Pairing pairs one node. It is safe for concurrent use: its state is in the
// store.
type Pairing struct {
	live     *store.Handle
	ring     *keys.Ring
	ledger   *ledger.Ledger
	identity Identity
	clock    clock.Clock
	rand     io.Reader
}

// New returns the pairing of the node whose keys ring has. Nodes pair in the
// live domain: its keys are the ones they are known by.
func New(live *store.Handle, ring *keys.Ring, l *ledger.Ledger, self Identity, clk clock.Clock, rand io.Reader) *Pairing {
	return &Pairing{live: live, ring: ring, ledger: l, identity: self, clock: clk, rand: rand}
}

// Peers returns every peer in the order of their sides.
func (p *Pairing) Peers(ctx context.Context) ([]store.Peer, error) {
	var list []store.Peer
	err := p.live.Query(ctx, func(tx *store.Tx) error {
		var err error
		list, err = tx.Peers()
		return err
	})
	return list, err
}

// ByPin returns the peer whose TLS key has this digest, in whatever state it
// is, or fault.NotFound. Only an active one may be served more than Answer. A
// key the peer has announced counts as its own from then on, and the first
// call that names it retires the key before.
func (p *Pairing) ByPin(ctx context.Context, pin ident.Digest) (store.Peer, error) {
	var peer store.Peer
	err := p.live.Query(ctx, func(tx *store.Tx) error {
		var err error
		peer, err = tx.PeerByPin(pin)
		return err
	})
	if err != nil || peer.SPKI == pin {
		return peer, err
	}
	return p.promote(ctx, pin)
}

// Remove forgets a peer, active or not. Its old notes go on verifying; it can
// be paired again.
func (p *Pairing) Remove(ctx context.Context, by people.Actor, side ident.Side) error {
	if err := by.May(people.Exchange); err != nil {
		return err
	}
	return p.live.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RemovePeer(side); err != nil {
			return err
		}
		return p.record(tx, by.String(), "peer.remove", side)
	})
}

// Move records that a peer answers at another address. Its keys stay.
func (p *Pairing) Move(ctx context.Context, by people.Actor, side ident.Side, url string) error {
	if err := by.May(people.Exchange); err != nil {
		return err
	}
	if err := checkURL(url); err != nil {
		return err
	}
	return p.live.Write(ctx, func(tx *store.Tx) error {
		peer, err := tx.Peer(side)
		if err != nil {
			return err
		}
		peer.URL = url
		if err := tx.SavePeer(peer); err != nil {
			return err
		}
		return p.record(tx, by.String(), "peer.move", side, ledger.Field{Name: "url", Value: url})
	})
}

// card returns how this node introduces itself; url in place of the usual
// address when it is not empty.
func (p *Pairing) card(tx *store.Tx, url string) (Card, error) {
	signer, err := p.ring.Signer(tx)
	if err != nil {
		return Card{}, err
	}
	if url == "" {
		url = p.identity.URL
	}
	c := Card{Side: p.ring.Side(), URL: url, SPKI: p.identity.SPKI.String(), VKey: signer.Verifier().String()}
	return c, c.check()
}

// current refuses a card of ours whose keys were rotated since it was given
// away.
func (p *Pairing) current(tx *store.Tx, c Card) error {
	now, err := p.card(tx, c.URL)
	if err == nil && now != c {
		err = fault.New(fault.Conflict, "this node's keys have changed since the pairing began; begin with a new invitation")
	}
	return err
}

// meet keeps the other node of a finished exchange as an unconfirmed peer.
// m is seen from either side; other is the card that is not ours.
func (p *Pairing) meet(tx *store.Tx, m meeting, other Card) (store.Peer, error) {
	if err := p.free(tx, other); err != nil {
		return store.Peer{}, err
	}
	pin, err := other.pin()
	if err != nil {
		return store.Peer{}, err
	}
	sas, err := m.sas()
	if err != nil {
		return store.Peer{}, err
	}
	told, err := tx.KeyNotes(0)
	if err != nil {
		return store.Peer{}, err
	}
	peer := store.Peer{
		Side: other.Side, State: store.PeerUnconfirmed, URL: other.URL,
		SPKI: pin, VKey: other.VKey, SAS: sas, Told: int64(len(told)), Changed: tx.Now(),
	}
	return peer, tx.SavePeer(peer)
}

// free refuses a card that would take the place of a peer people have
// confirmed, or are still comparing, or that has another peer's TLS key.
func (p *Pairing) free(tx *store.Tx, c Card) error {
	if c.Side == p.ring.Side() {
		return fault.Errorf(fault.Invalid, "%s is this node's own side", c.Side)
	}
	pin, err := c.pin()
	if err != nil {
		return err
	}
	if pin == p.identity.SPKI {
		return fault.New(fault.Denied, "that is this node's own TLS key")
	}
	known, err := tx.Peer(c.Side)
	switch {
	case err == nil && known.State == store.PeerActive:
		return fault.Errorf(fault.Conflict, "%s is a peer of this node already; remove it first", c.Side)
	case err == nil && !p.stale(known):
		return fault.Errorf(fault.Conflict, "a pairing with %s waits to be confirmed; confirm or remove it first", c.Side)
	case err != nil && !fault.Is(err, fault.NotFound):
		return err
	}
	twin, err := tx.PeerByPin(pin)
	if err == nil && twin.Side != c.Side {
		return fault.Errorf(fault.Denied, "the TLS key of %s is the one of %s", c.Side, twin.Side)
	}
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// stale reports whether people have let an unconfirmed peer wait too long.
func (p *Pairing) stale(peer store.Peer) bool {
	return peer.State == store.PeerUnconfirmed && !p.clock.Now().Before(time.UnixMicro(peer.Changed).Add(Patience))
}

// record writes an act on a peer into the home log.
func (p *Pairing) record(tx *store.Tx, by, act string, side ident.Side, more ...ledger.Field) error {
	return p.ledger.Record(tx, by, act, append([]ledger.Field{{Name: "peer", Value: string(side)}}, more...)...)
}

// random returns n bytes that nobody can guess.
func (p *Pairing) random(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(p.rand, b); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return b, nil
}
