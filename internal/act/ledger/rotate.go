package ledger

import "twoseas/internal/store"

// Rotate replaces the node's signing key in the transaction's domain and
// appends the note that says so to every log of the domain: from that leaf on
// checkpoints are signed with the new key, which is what a verifier expects.
// It returns the note, which partners need to follow (keys.AcceptRotation).
func (l *Ledger) Rotate(tx *store.Tx) ([]byte, error) {
	msg, err := l.ring.Rotate(tx)
	if err != nil {
		return nil, err
	}
	logs, err := tx.Logs()
	if err != nil {
		return nil, err
	}
	for _, log := range logs {
		if err := l.grow(tx, log.Origin, [][]byte{msg}); err != nil {
			return nil, err
		}
	}
	return msg, nil
}
