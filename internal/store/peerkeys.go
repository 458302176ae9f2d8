package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// PeerKey is a verifier key that a side, this node's own included, signs or
// once signed with.
type PeerKey struct {
	VKey  string
	Since int64 // microseconds
}

// PeerKeys returns the keys side has had in the transaction's domain, newest
// last.
func (t *Tx) PeerKeys(side ident.Side) ([]PeerKey, error) {
	return t.peerKeys("SELECT vkey, since FROM peer_key WHERE domain = $1 AND side = $2 ORDER BY n", t.domain, string(side))
}

// AllPeerKeys returns the keys every side has had in the transaction's domain,
// side by side, each side's newest last.
func (t *Tx) AllPeerKeys() ([]PeerKey, error) {
	return t.peerKeys("SELECT vkey, since FROM peer_key WHERE domain = $1 ORDER BY side, n", t.domain)
}

func (t *Tx) peerKeys(query string, args ...any) ([]PeerKey, error) {
	var keys []PeerKey
	err := t.Each(func(r *sql.Rows) error {
		var k PeerKey
		err := r.Scan(&k.VKey, &k.Since)
		keys = append(keys, k)
		return err
	}, query, args...)
	return keys, err
}

// AddPeerKey adds the newest key of side. A key that was ever used, by any
// side or in any domain, is fault.Conflict: live and exercise keys are
// different keys (DESIGN §2, invariant 7) and nobody goes back to an old one.
func (t *Tx) AddPeerKey(side ident.Side, k PeerKey) error {
	n, err := t.Exec(`
		INSERT INTO peer_key (domain, side, n, vkey, since)
		SELECT $1, $2, COUNT(*) + 1, $3, $4 FROM peer_key WHERE domain = $1 AND side = $2
		ON CONFLICT (vkey) DO NOTHING`, t.domain, string(side), k.VKey, k.Since)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Errorf(fault.Conflict, "the key %.100s was used before, by this or another side or domain", k.VKey)
	}
	return nil
}
