package pairing

import (
	"bytes"
	"context"
	"time"

	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// PinTitle is the first line of the note by which a node announces the TLS
// key it will show next:
//
//	twoseas/pin/v1
//	side jp
//	spki sha256:…
//	from 2026-11-22T09:00:00Z
const PinTitle = "twoseas/pin/v1"

// pinNote is the text of such a note.
type pinNote struct {
	side ident.Side
	spki ident.Digest
	from time.Time
}

func (n pinNote) text() []byte {
	return []byte(PinTitle + "\nside " + string(n.side) + "\nspki " + n.spki.String() + "\nfrom " + note.FormatTime(n.from) + "\n")
}

func parsePinNote(text []byte) (pinNote, error) {
	l := note.ReadLines("TLS key announcement", PinTitle, string(text))
	n := pinNote{
		side: note.Field(l, "side", ident.ParseSide),
		spki: note.Field(l, "spki", ident.ParseDigest),
		from: note.Field(l, "from", note.ParseTime),
	}
	return n, l.End()
}

// Rotate gives this node a new signing key and returns the note by which the
// old one hands over to it, which is logged in every log of the node and waits
// in News for each partner.
func (p *Pairing) Rotate(ctx context.Context, by people.Actor) ([]byte, error) {
	if err := by.May(people.Exchange); err != nil {
		return nil, err
	}
	var msg []byte
	err := p.live.Write(ctx, func(tx *store.Tx) error {
		var err error
		if msg, err = p.ledger.Rotate(tx); err != nil {
			return err
		}
		v, err := p.ring.Verifier(tx)
		if err != nil {
			return err
		}
		if err := tx.AddKeyNote(msg); err != nil {
			return err
		}
		return p.ledger.Record(tx, by.String(), "key.rotate", ledger.Field{Name: "key", Value: v.Short()})
	})
	return msg, err
}

// Announce tells partners of the TLS key this node will show from some later
// time on. They accept both until they have seen the new one. Switch when
// News is empty for every active peer.
func (p *Pairing) Announce(ctx context.Context, by people.Actor, spki ident.Digest) ([]byte, error) {
	if err := by.May(people.Exchange); err != nil {
		return nil, err
	}
	var msg []byte
	err := p.live.Write(ctx, func(tx *store.Tx) error {
		signer, err := p.ring.Signer(tx)
		if err != nil {
			return err
		}
		n := pinNote{side: p.ring.Side(), spki: spki, from: p.clock.Now()}
		if msg, err = signer.Sign(n.text()); err != nil {
			return err
		}
		if err := tx.AddKeyNote(msg); err != nil {
			return err
		}
		return p.ledger.Record(tx, by.String(), "pin.announce", ledger.Field{Name: "spki", Value: spki.String()})
	})
	return msg, err
}

// News is the notes about this node's keys that a partner has not taken over
// yet, oldest first. UpTo is what to pass to Told once it has taken them all.
type News struct {
	Notes [][]byte
	UpTo  int64
}

// News returns what to send to an active peer.
func (p *Pairing) News(ctx context.Context, side ident.Side) (News, error) {
	var n News
	err := p.live.Read(ctx, func(tx *store.Tx) error {
		peer, err := p.active(tx, side)
		if err != nil {
			return err
		}
		n.Notes, err = tx.KeyNotes(peer.Told)
		n.UpTo = peer.Told + int64(len(n.Notes))
		return err
	})
	return n, err
}

// Told records that a peer has taken our key notes over, up to News.UpTo.
func (p *Pairing) Told(ctx context.Context, side ident.Side, upTo int64) error {
	return p.live.Write(ctx, func(tx *store.Tx) error {
		peer, err := p.active(tx, side)
		if err != nil || upTo <= peer.Told {
			return err
		}
		peer.Told = upTo
		return tx.SavePeer(peer)
	})
}

// Hear takes over a note of an active peer about its own keys: a rotation of
// its signing key, the TLS key it will show, or to what files for it are
// encrypted. It must be signed with the
// newest key known. A note that was heard before changes nothing.
func (p *Pairing) Hear(ctx context.Context, from ident.Side, msg []byte) error {
	text, err := note.Text(msg)
	if err != nil {
		return err
	}
	return p.live.Write(ctx, func(tx *store.Tx) error {
		peer, err := p.active(tx, from)
		if err != nil {
			return err
		}
		if bytes.HasPrefix(text, []byte(keys.RecipientTitle+"\n")) {
			return p.hearRecipient(tx, peer.Side, msg)
		}
		if !bytes.HasPrefix(text, []byte(PinTitle+"\n")) {
			return p.hearRotation(tx, peer, msg)
		}
		n, err := parsePinNote(text)
		if err != nil {
			return err
		}
		return p.hearPin(tx, peer, n, msg)
	})
}

func (p *Pairing) active(tx *store.Tx, side ident.Side) (store.Peer, error) {
	peer, err := tx.Peer(side)
	if err == nil && peer.State != store.PeerActive {
		err = fault.Errorf(fault.Denied, "people have not confirmed %s yet", side)
	}
	return peer, err
}

func (p *Pairing) hearRotation(tx *store.Tx, peer store.Peer, msg []byte) error {
	r, news, err := p.ring.AcceptRotation(tx, msg)
	if err != nil {
		return err
	}
	if r.Side != peer.Side {
		return fault.Errorf(fault.Denied, "%s sent a key rotation of %s", peer.Side, r.Side)
	}
	if !news {
		return nil
	}
	peer.VKey, peer.Changed = r.New.String(), tx.Now()
	if err := tx.SavePeer(peer); err != nil {
		return err
	}
	if err := p.publish(tx, peer.Side, msg); err != nil {
		return err
	}
	return p.record(tx, "node "+string(peer.Side), "key.rotated", peer.Side, ledger.Field{Name: "key", Value: r.New.Short()})
}

func (p *Pairing) hearPin(tx *store.Tx, peer store.Peer, n pinNote, msg []byte) error {
	key, err := p.ring.PartnerKey(tx, peer.Side)
	if err != nil {
		return err
	}
	if _, err := note.Open(msg, key); err != nil {
		return err
	}
	if n.side != peer.Side {
		return fault.Errorf(fault.Denied, "%s sent a TLS key announcement of %s", peer.Side, n.side)
	}
	if n.from.UnixMicro() <= peer.Pinned || n.spki == peer.SPKI {
		return nil // heard before, or overtaken by a newer one
	}
	if twin, err := tx.PeerByPin(n.spki); !fault.Is(err, fault.NotFound) {
		if err == nil {
			err = fault.Errorf(fault.Denied, "the TLS key that %s announces is one of %s", peer.Side, twin.Side)
		}
		return err
	}
	peer.Next, peer.Pinned, peer.Changed = n.spki, n.from.UnixMicro(), tx.Now()
	if err := tx.SavePeer(peer); err != nil {
		return err
	}
	return p.record(tx, "node "+string(peer.Side), "pin.announced", peer.Side, ledger.Field{Name: "spki", Value: n.spki.String()})
}

// promote makes the TLS key a peer announced and now shows the one it has.
func (p *Pairing) promote(ctx context.Context, pin ident.Digest) (store.Peer, error) {
	var peer store.Peer
	err := p.live.Write(ctx, func(tx *store.Tx) error {
		var err error
		if peer, err = tx.PeerByPin(pin); err != nil || peer.SPKI == pin {
			return err
		}
		peer.SPKI, peer.Next, peer.Changed = pin, ident.Digest{}, tx.Now()
		if err := tx.SavePeer(peer); err != nil {
			return err
		}
		return p.record(tx, "node "+string(peer.Side), "pin.changed", peer.Side, ledger.Field{Name: "spki", Value: pin.String()})
	})
	return peer, err
}

// publish appends a rotation of side's key to every exchange log that side
// has signed in, so that what it signs later verifies from the log alone.
func (p *Pairing) publish(tx *store.Tx, side ident.Side, msg []byte) error {
	ids, err := tx.AgreementsSignedBy(side)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := p.ledger.Append(tx, id, msg); err != nil {
			return err
		}
	}
	return nil
}
