package verify

import (
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
)

// keyring is the keys of one side, in the order in which a ledger learned of
// them. Each but the first was introduced by a note that the one before it
// signed too.
type keyring struct {
	epochs []epoch
}

type epoch struct {
	key  note.Verifier
	leaf int64 // of the rotation note; -1 for the first
}

func newKeyring(first note.Verifier) *keyring {
	return &keyring{epochs: []epoch{{key: first, leaf: -1}}}
}

// rotate opens a rotation note found at leaf and follows it.
func (k *keyring) rotate(msg []byte, leaf int64) error {
	last := k.epochs[len(k.epochs)-1]
	r, err := note.OpenRotation(msg, last.key)
	if err != nil {
		return err
	}
	if k.index(r.New) >= 0 {
		return fault.Errorf(fault.Denied, "key rotation: back to %s, which was given up before", r.New.Short())
	}
	k.epochs = append(k.epochs, epoch{key: r.New, leaf: leaf})
	return nil
}

// index returns the place of v among the side's keys, or -1.
func (k *keyring) index(v note.Verifier) int {
	return slices.IndexFunc(k.epochs, func(e epoch) bool { return e.key == v })
}

// keys returns all keys, the first first.
func (k *keyring) keys() []note.Verifier {
	out := make([]note.Verifier, len(k.epochs))
	for i, e := range k.epochs {
		out[i] = e.key
	}
	return out
}

// at returns the key that signs a checkpoint of size leaves: the newest whose
// rotation note is among them.
func (k *keyring) at(size int64) note.Verifier {
	key := k.epochs[0].key
	for _, e := range k.epochs[1:] {
		if e.leaf < size {
			key = e.key
		}
	}
	return key
}

// mayCosign reports whether the side may cosign a checkpoint of size leaves
// with v. A ledger that holds a rotation note was told of it by the side, so
// the side cosigns what covers that note with the new key; it may have the new
// key before the note arrives. Clocks are not asked: they may be wrong, and
// whoever had stolen an old key would write any time.
func (k *keyring) mayCosign(v note.Verifier, size int64) bool {
	return k.index(v) >= k.index(k.at(size))
}
