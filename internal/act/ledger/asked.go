package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// What people search for may be personal data. The home log has the digest of
// it with a salt; the words stand beside it, and can be erased as objects can:
// the log goes on to verify, and nobody can guess what was asked.

// Asked is the field of an act that says what was searched for, as Entry.Asked
// has it, and digestOfAsked the one that stands for it in a leaf.
const (
	Asked         = "asked"
	digestOfAsked = "asked-sha256"
)

// saltSize is as for an item of a shipment.
const saltSize = 32

func digestAsked(salt []byte, words string) string {
	h := sha256.New()
	h.Write(salt)
	h.Write([]byte(words))
	return hex.EncodeToString(h.Sum(nil))
}

// hide replaces what was asked by its digest, and returns what is kept beside
// the leaf.
func (l *Ledger) hide(e *Entry, ix int64) (store.Searched, error) {
	s := store.Searched{Ix: ix, Salt: make([]byte, saltSize), Words: e.Asked}
	if err := l.ring.Draw(s.Salt); err != nil {
		return s, fmt.Errorf("draw a salt: %w", err)
	}
	e.Fields = append(slices.Clone(e.Fields), Field{digestOfAsked, digestAsked(s.Salt, s.Words)})
	return s, nil
}

// Reveal puts back what was asked at leaf ix into the entry that was read from
// it; once that is erased its digest stays. Returns fault.Conflict when the
// words are not those of the leaf.
func Reveal(tx *store.Tx, ix int64, e *Entry) error {
	i := slices.IndexFunc(e.Fields, func(f Field) bool { return f.Name == digestOfAsked })
	if i < 0 {
		return nil
	}
	s, found, err := tx.Searched(ix)
	if err != nil || !found {
		return err
	}
	if digestAsked(s.Salt, s.Words) != e.Fields[i].Value {
		return fault.Errorf(fault.Conflict, "what the store says was searched for is not what leaf %d of the home log says", ix)
	}
	e.Asked, e.Fields[i] = s.Words, Field{Asked, s.Words}
	return nil
}
