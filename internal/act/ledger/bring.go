package ledger

import (
	"bytes"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Given returns the newest checkpoint of the partner's exchange log that this
// node cosigned, with both signatures: the answer to whatever the partner
// asked, for where no line brings it back. It is nil before the first.
func (l *Ledger) Given(tx *store.Tx, a ident.Agreement, partner ident.Side) ([]byte, error) {
	w, err := tx.Witnessed(merkle.Origin(partner, a, tx.Domain()))
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return w.Note, err
}

// GiveAnew cosigns what Given returns once more when this node's key was
// rotated since: a partner takes cosignatures by the newest key only.
func (l *Ledger) GiveAnew(tx *store.Tx, a ident.Agreement, partner ident.Side) error {
	msg, err := l.Given(tx, a, partner)
	if err != nil || msg == nil {
		return err
	}
	signer, err := l.ring.Signer(tx)
	if err != nil {
		return err
	}
	plain, lines, err := apart(msg)
	if err != nil {
		return err
	}
	if _, err := addLines(plain, lines, signer.Verifier()); err == nil {
		return nil
	}
	text, err := note.Text(plain)
	if err != nil {
		return err
	}
	c, err := merkle.ParseCheckpoint(text)
	if err != nil {
		return err
	}
	_, err = l.cosign(tx, c, plain)
	return err
}

// StoreGiven keeps a checkpoint of this node's log that the partner cosigned
// and brought back whole, and returns how many leaves it has. One that is not
// newer than what is kept changes nothing.
func (l *Ledger) StoreGiven(tx *store.Tx, a ident.Agreement, partner ident.Side, msg []byte) (int64, error) {
	log, err := l.log(tx, a)
	if err != nil {
		return 0, err
	}
	plain, lines, err := apart(msg)
	if err != nil {
		return 0, err
	}
	c, err := l.own(tx, log, plain)
	if err != nil || c.Size <= log.Cosigned {
		return c.Size, err
	}
	request := merkle.AddCheckpoint{Note: plain}.Body()
	return c.Size, l.StoreCosignature(tx, a, partner, request, lines)
}

// apart splits a cosigned checkpoint into the one its log signed, which is the
// first signature, and the lines after that.
func apart(msg []byte) (plain, lines []byte, err error) {
	text, err := note.Text(msg)
	if err != nil {
		return nil, nil, err
	}
	first, rest, _ := bytes.Cut(msg[len(text)+1:], []byte("\n"))
	plain = append(bytes.Clone(msg[:len(text)+1]), first...)
	return append(plain, '\n'), rest, nil
}

// Ask returns the add-checkpoint request that leads from the state the partner
// said it knows to the newest one, nil when they are the same.
func (l *Ledger) Ask(tx *store.Tx, a ident.Agreement, known int64) ([]byte, error) {
	log, err := l.log(tx, a)
	if fault.Is(err, fault.NotFound) || err == nil && log.Size == known {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return l.CosignRequestFrom(tx, a, known)
}
