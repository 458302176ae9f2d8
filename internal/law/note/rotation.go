package note

import (
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// RotationTitle is the first line of a key rotation note.
const RotationTitle = "twoseas/key/v1"

// Rotation says that a side signs with another key from a moment on. Its note
// is signed by both keys: the old one hands over, the new one takes over, so
// whoever trusts either can trust the other.
type Rotation struct {
	Side     ident.Side
	Old, New Verifier
	From     time.Time // whole seconds, UTC; for people, no check depends on it
}

// Text returns the text to sign.
func (r Rotation) Text() []byte {
	return []byte(RotationTitle +
		"\nside " + string(r.Side) +
		"\nold " + r.Old.String() +
		"\nnew " + r.New.String() +
		"\nfrom " + FormatTime(r.From) + "\n")
}

// ParseRotation reads a rotation's text strictly, or returns fault.Invalid
// that names the line.
func ParseRotation(text []byte) (Rotation, error) {
	l := ReadLines("key rotation", RotationTitle, string(text))
	r := Rotation{
		Side: Field(l, "side", ident.ParseSide),
		Old:  Field(l, "old", ParseVerifier),
		New:  Field(l, "new", ParseVerifier),
		From: Field(l, "from", ParseTime),
	}
	if err := l.End(); err != nil {
		return Rotation{}, err
	}
	return r, r.check()
}

// Rotate returns the note by which a side goes over from one key to another.
func Rotate(old, next Signer, from time.Time) ([]byte, error) {
	r := Rotation{Side: old.Side(), Old: old.Verifier(), New: next.Verifier(), From: from}
	if err := r.check(); err != nil {
		return nil, err
	}
	return Sign(r.Text(), old, next)
}

// OpenRotation returns the rotation in msg if it hands over from the key
// known and both keys signed it, and nobody else. Anything else is
// fault.Denied or fault.Invalid.
func OpenRotation(msg []byte, known Verifier) (Rotation, error) {
	text, err := Text(msg)
	if err != nil {
		return Rotation{}, err
	}
	r, err := ParseRotation(text)
	if err != nil {
		return Rotation{}, err
	}
	if r.Old != known {
		return Rotation{}, fault.Errorf(fault.Denied, "key rotation: hands over from %s, the key known is %s", r.Old.Short(), known.Short())
	}
	n, err := Open(msg, r.Old, r.New)
	if err != nil {
		return Rotation{}, err
	}
	if len(n.Sigs) != 2 || len(n.Cosigs)+len(n.Unknown) != 0 {
		return Rotation{}, fault.Errorf(fault.Denied, "key rotation: wants the signatures of %s and %s and no other", r.Old.Short(), r.New.Short())
	}
	return r, nil
}

func (r Rotation) check() error {
	if r.Old.Side() != r.Side || r.New.Side() != r.Side {
		return fault.Errorf(fault.Invalid, "key rotation: %s and %s are not both keys of %s", r.Old.Short(), r.New.Short(), r.Side)
	}
	if r.Old == r.New {
		return fault.New(fault.Invalid, "key rotation: the new key is the old one")
	}
	return nil
}
