package keys

import (
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Partner returns every key a partner has had in the transaction's domain,
// newest last; none is not an error.
func (r *Ring) Partner(tx *store.Tx, side ident.Side) ([]note.Verifier, error) {
	if err := r.other(side); err != nil {
		return nil, err
	}
	return verifiers(tx, side)
}

// PartnerKey returns the key a partner signs with now, or fault.NotFound. What
// is signed anew must be signed with it: an older key may have been stolen,
// which is one reason to rotate.
func (r *Ring) PartnerKey(tx *store.Tx, side ident.Side) (note.Verifier, error) {
	all, err := r.Partner(tx, side)
	if err != nil {
		return note.Verifier{}, err
	}
	if len(all) == 0 {
		return note.Verifier{}, fault.Errorf(fault.NotFound, "no key of %s is known in %s", side, tx.Domain())
	}
	return all[len(all)-1], nil
}

// AddPartnerKey records the key that people have confirmed to be a partner's,
// since the transaction's time. The newest key again is no change; a key used
// before, by any side or in another domain, is fault.Conflict.
func (r *Ring) AddPartnerKey(tx *store.Tx, v note.Verifier) error {
	if v.IsZero() {
		return fault.New(fault.Invalid, "no key to add")
	}
	all, err := r.Partner(tx, v.Side())
	if err != nil {
		return err
	}
	if len(all) > 0 && all[len(all)-1] == v {
		return nil
	}
	return tx.AddPeerKey(v.Side(), store.PeerKey{VKey: v.String(), Since: tx.Now()})
}

// AcceptRotation takes a partner's rotation note over: the newest key known of
// it must hand over to the new one. It reports whether that was news; the
// newest rotation once more is not, and not an error. What does not follow on
// what is known is fault.Denied, and nothing is recorded. The caller appends
// news to its ledgers with the partner.
func (r *Ring) AcceptRotation(tx *store.Tx, msg []byte) (note.Rotation, bool, error) {
	claimed, err := claim(msg)
	if err != nil {
		return note.Rotation{}, false, err
	}
	all, err := r.Partner(tx, claimed.Side)
	if err != nil {
		return note.Rotation{}, false, err
	}
	n := len(all)
	if n == 0 {
		return note.Rotation{}, false, fault.Errorf(fault.Denied, "key rotation: no key of %s is known in %s", claimed.Side, tx.Domain())
	}
	if n > 1 && claimed.New == all[n-1] && claimed.Old == all[n-2] {
		again, err := note.OpenRotation(msg, all[n-2])
		return again, false, err
	}
	rotation, err := note.OpenRotation(msg, all[n-1])
	if err != nil {
		return note.Rotation{}, false, err
	}
	err = tx.AddPeerKey(rotation.Side, store.PeerKey{VKey: rotation.New.String(), Since: rotation.From.UnixMicro()})
	return rotation, err == nil, err
}

// claim reads what a rotation note says, unproved.
func claim(msg []byte) (note.Rotation, error) {
	text, err := note.Text(msg)
	if err != nil {
		return note.Rotation{}, err
	}
	return note.ParseRotation(text)
}

// other refuses the node's own side as a partner.
func (r *Ring) other(side ident.Side) error {
	if side == r.side {
		return fault.Errorf(fault.Invalid, "%s is this node's own side, not a partner", side)
	}
	return nil
}
