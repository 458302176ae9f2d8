// Package ledger keeps the node's Merkle logs: one exchange log per agreement
// and domain, which the partner cosigns, and one home log per domain, which
// stays at home (DESIGN §7). Leaves are signed notes and name no content.
//
// Invariants: a leaf is appended in the transaction of the act it records, or
// neither happens; a log only grows, and what it grows from is compared with
// its own checkpoint first; every committed state has a checkpoint signed by
// this node (https://c2sp.org/tlog-checkpoint); as a witness, this node never
// cosigns a state that does not continue the one it cosigned before
// (https://c2sp.org/tlog-witness).
package ledger

import (
	"bytes"
	"fmt"

	"twoseas/internal/act/keys"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

// home stands where an exchange log's origin names its agreement.
const home = verify.HomeAgreement

// noteTitle begins the title line of every note of ours.
const noteTitle = "twoseas/"

// Ledger appends to a node's logs, proves them, and witnesses its partners'.
// It is safe for concurrent use: all its state is in the store.
type Ledger struct {
	ring  *keys.Ring
	clock clock.Clock
}

// New returns the ledger of the node that has the keys of ring. The clock
// dates cosignatures.
func New(ring *keys.Ring, clk clock.Clock) *Ledger {
	return &Ledger{ring: ring, clock: clk}
}

// Checkpoint is a state of one of the node's logs.
type Checkpoint struct {
	Size int64
	Root ident.Digest
	Note []byte // signed by this node; cosigned too, once the partner has
}

// Origin returns the first line of the checkpoints of the exchange log that
// this node keeps of an agreement in a domain.
func (l *Ledger) Origin(a ident.Agreement, d ident.Domain) string {
	return merkle.Origin(l.ring.Side(), a, d)
}

// HomeOrigin is Origin of the home log.
func (l *Ledger) HomeOrigin(d ident.Domain) string { return merkle.Origin(l.ring.Side(), home, d) }

// Append appends leaves, in their order, to the exchange log of an agreement
// in the transaction's domain; the log is made when there is none. Leaves are
// signed notes of Twoseas; their signatures are the caller's to have checked.
// One that could not be exported later is fault.Invalid or fault.TooLarge.
func (l *Ledger) Append(tx *store.Tx, a ident.Agreement, leaves ...[]byte) error {
	origin, err := l.exchange(tx, a)
	if err != nil {
		return err
	}
	return l.grow(tx, origin, leaves)
}

// AppendHome is Append for the home log of the transaction's domain.
func (l *Ledger) AppendHome(tx *store.Tx, leaves ...[]byte) error {
	return l.grow(tx, l.HomeOrigin(tx.Domain()), leaves)
}

// Checkpoint returns the newest state of an exchange log, inside a Write also
// the one just appended to; fault.NotFound when the log has no leaf.
func (l *Ledger) Checkpoint(tx *store.Tx, a ident.Agreement) (Checkpoint, error) {
	origin, err := l.exchange(tx, a)
	if err != nil {
		return Checkpoint{}, err
	}
	log, err := tx.Log(origin)
	return Checkpoint{Size: log.Size, Root: log.Root, Note: log.Checkpoint}, err
}

// exchange returns the origin of an exchange log. An agreement that is called
// like the home log has none: its partner would be shown what stays at home.
func (l *Ledger) exchange(tx *store.Tx, a ident.Agreement) (string, error) {
	if _, err := ident.ParseAgreement(string(a)); err != nil {
		return "", err
	}
	if a == home {
		return "", fault.Errorf(fault.Invalid, "an agreement cannot be called %q: that names the log that stays at home", a)
	}
	return l.Origin(a, tx.Domain()), nil
}

// grow appends leaves to a log and signs its new state. It reads one row and
// at most log2(size) hashes, whatever the number of leaves.
func (l *Ledger) grow(tx *store.Tx, origin string, leaves [][]byte) error {
	if len(leaves) == 0 {
		return nil
	}
	if err := checkLeaves(leaves); err != nil {
		return err
	}
	log, err := tx.OpenLog(origin)
	if err != nil {
		return err
	}
	h := newHashes(tx, log)
	if err := h.sound(log); err != nil {
		return err
	}
	for i, leaf := range leaves {
		fresh, err := merkle.Grow(log.Size+int64(i), leaf, h)
		if err != nil {
			return fmt.Errorf("append to %s: %w", origin, err)
		}
		h.add(fresh)
	}
	cp := merkle.Checkpoint{Origin: origin, Size: log.Size + int64(len(leaves))}
	if cp.Root, err = merkle.TreeRoot(cp.Size, h); err != nil {
		return err
	}
	signer, err := l.ring.Signer(tx)
	if err != nil {
		return err
	}
	msg, err := signer.Sign(cp.Text())
	if err != nil {
		return err
	}
	return tx.GrowLog(log, store.Growth{Leaves: leaves, FirstHash: h.first, Hashes: h.fresh, Root: cp.Root, Checkpoint: msg})
}

// checkLeaves refuses what would make the log unreadable for ever.
func checkLeaves(leaves [][]byte) error {
	for i, leaf := range leaves {
		if err := merkle.CheckLeaf(leaf); err != nil {
			return err
		}
		text, err := note.Text(leaf)
		if err != nil {
			return fmt.Errorf("leaf %d of %d: %w", i+1, len(leaves), err)
		}
		if !bytes.HasPrefix(text, []byte(noteTitle)) {
			return fault.Errorf(fault.Invalid, "leaf %d of %d: the note %.40q is not one of Twoseas", i+1, len(leaves), text)
		}
	}
	return nil
}
