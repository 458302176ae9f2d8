package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// PeerState is how far two nodes have got to know each other.
type PeerState string

// The states of a peer. A peer that was removed has no row.
const (
	PeerUnconfirmed PeerState = "unconfirmed" // keys exchanged, not compared by people yet
	PeerActive      PeerState = "active"      // compared: served, and sent to
)

// Peer is a partner's node: the keys it is known by, and where it answers.
// Peers belong to the node, not to a domain.
type Peer struct {
	Side  ident.Side
	State PeerState
	URL   string
	SPKI  ident.Digest // SHA-256 of its TLS key (RFC 7469 §2.4)
	Next  ident.Digest // the TLS key it has announced; zero when none
	// Pinned is when it announced a TLS key last by its own clock, in
	// microseconds: an older announcement is a replay.
	Pinned int64
	VKey   string // its newest verifier key
	SAS    string // what people compare
	Tries  int64  // wrong comparisons
	Told   int64  // the last of our key notes that it knows
	// Changed is when the state or a key changed last, in microseconds; who
	// changes them sets it.
	Changed int64
}

const peerColumns = "side, state, url, spki, next_spki, pinned, vkey, sas, tries, told, changed"

func scanPeer(r *sql.Rows) (Peer, error) {
	var p Peer
	var spki, next []byte
	err := r.Scan(&p.Side, &p.State, &p.URL, &spki, &next, &p.Pinned, &p.VKey, &p.SAS, &p.Tries, &p.Told, &p.Changed)
	if err != nil {
		return Peer{}, err
	}
	if p.SPKI, err = ident.DigestOf(spki); err != nil || len(next) == 0 {
		return p, err
	}
	p.Next, err = ident.DigestOf(next)
	return p, err
}

func (t *Tx) peers(query string, args ...any) ([]Peer, error) {
	var list []Peer
	err := t.Each(func(r *sql.Rows) error {
		p, err := scanPeer(r)
		list = append(list, p)
		return err
	}, query, args...)
	return list, err
}

// Peers returns every peer, in the order of their sides.
func (t *Tx) Peers() ([]Peer, error) {
	return t.peers("SELECT " + peerColumns + " FROM peer ORDER BY side")
}

// Peer returns the peer of a side, or fault.NotFound.
func (t *Tx) Peer(side ident.Side) (Peer, error) {
	list, err := t.peers("SELECT "+peerColumns+" FROM peer WHERE side = $1", string(side))
	if err != nil {
		return Peer{}, err
	}
	if len(list) == 0 {
		return Peer{}, fault.Errorf(fault.NotFound, "%s is not a peer of this node", side)
	}
	return list[0], nil
}

// PeerByPin returns the peer that has or has announced the TLS key with this
// digest, or fault.NotFound. A key in use wins over one announced.
func (t *Tx) PeerByPin(pin ident.Digest) (Peer, error) {
	list, err := t.peers("SELECT "+peerColumns+" FROM peer WHERE spki = $1 OR next_spki = $1", pin[:])
	if err != nil {
		return Peer{}, err
	}
	for _, p := range list {
		if p.SPKI == pin {
			return p, nil
		}
	}
	if len(list) != 1 { // two that have announced one key: neither is believed
		return Peer{}, fault.New(fault.NotFound, "no peer of this node has that TLS key")
	}
	return list[0], nil
}

// SavePeer writes p in place of what was known of its side, and tells
// TopicConfig.
func (t *Tx) SavePeer(p Peer) error {
	next := []byte{}
	if !p.Next.IsZero() {
		next = p.Next[:]
	}
	t.Notify(TopicConfig)
	_, err := t.Exec(`
		INSERT INTO peer (side, state, url, spki, next_spki, pinned, vkey, sas, tries, told, changed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (side) DO UPDATE SET state = $2, url = $3, spki = $4, next_spki = $5, pinned = $6,
			vkey = $7, sas = $8, tries = $9, told = $10, changed = $11`,
		string(p.Side), string(p.State), p.URL, p.SPKI[:], next, p.Pinned, p.VKey, p.SAS, p.Tries, p.Told, p.Changed)
	return err
}

// RemovePeer forgets the peer of a side, or returns fault.NotFound. The keys
// it has signed with are kept: its old notes go on proving what they proved.
func (t *Tx) RemovePeer(side ident.Side) error {
	n, err := t.Exec("DELETE FROM peer WHERE side = $1", string(side))
	if err == nil && n == 0 {
		err = fault.Errorf(fault.NotFound, "%s is not a peer of this node", side)
	}
	t.Notify(TopicConfig)
	return err
}

// InvitationState says whose invitation it is and whether it still stands.
type InvitationState string

// The states of an invitation.
const (
	InvitationOpen     InvitationState = "open"     // ours, nobody has answered yet
	InvitationUsed     InvitationState = "used"     // ours, answered
	InvitationAccepted InvitationState = "accepted" // theirs, we wait for their answer
	InvitationFinished InvitationState = "finished" // theirs, answered
)

// Invitation is a pairing under way, as one of its two sides keeps it.
type Invitation struct {
	ID      string
	State   InvitationState
	Secret  []byte
	Used    []byte // digest of the message that used it up
	Expires int64  // microseconds
}

// Invitation returns the invitation with this id, or fault.NotFound.
func (t *Tx) Invitation(id string) (Invitation, error) {
	v := Invitation{ID: id}
	found, err := t.Get([]any{&v.State, &v.Secret, &v.Used, &v.Expires},
		"SELECT state, secret, used, expires FROM invitation WHERE id = $1", id)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "there is no such invitation; it may have expired")
	}
	return v, err
}

// SaveInvitation writes v in place of what was stored under its id.
func (t *Tx) SaveInvitation(v Invitation) error {
	_, err := t.Exec(`
		INSERT INTO invitation (id, secret, used, expires, state) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET secret = $2, used = $3, expires = $4, state = $5`,
		v.ID, notNil(v.Secret), notNil(v.Used), v.Expires, string(v.State))
	return err
}

// DropInvitations forgets the invitations that expired before the time of the
// transaction and returns how many.
func (t *Tx) DropInvitations() (int64, error) {
	return t.Exec("DELETE FROM invitation WHERE expires <= $1", t.now)
}

// notNil is b, or what both engines store as an empty value.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// AddKeyNote keeps a signed note about this node's own keys in the
// transaction's domain, for partners to hear of.
func (t *Tx) AddKeyNote(note []byte) error {
	_, err := t.Exec(`INSERT INTO key_note (domain, n, note)
		SELECT $1, COUNT(*) + 1, $2 FROM key_note WHERE domain = $1`, t.domain, note)
	return err
}

// KeyNotes returns the notes about this node's own keys that came after the
// first n, in order.
func (t *Tx) KeyNotes(n int64) ([][]byte, error) {
	var notes [][]byte
	err := t.Each(func(r *sql.Rows) error {
		var note []byte
		err := r.Scan(&note)
		notes = append(notes, note)
		return err
	}, "SELECT note FROM key_note WHERE domain = $1 AND n > $2 ORDER BY n", t.domain, n)
	return notes, err
}
