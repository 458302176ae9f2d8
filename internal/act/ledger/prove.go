package ledger

import (
	"bytes"
	"context"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

// Entry returns one leaf of a log as people read it, and the proof that it is
// there (docs/formats/ledger.md): in the newest state that the partner
// cosigned, or in the newest state when that does not hold the leaf yet.
func (l *Ledger) Entry(ctx context.Context, h *store.Handle, name string, index int64) (Leaf, verify.Entry, error) {
	var leaf Leaf
	var entry verify.Entry
	err := h.Read(ctx, func(tx *store.Tx) error {
		log, err := l.named(tx, name)
		if err != nil {
			return err
		}
		if index < 0 || index >= log.Size {
			return fault.Errorf(fault.NotFound, "the ledger %s of %d leaves has no leaf %d", log.Origin, log.Size, index)
		}
		keys, err := l.ring.All(tx)
		if err != nil {
			return err
		}
		if leaf, err = one(tx, log, index); err != nil {
			return err
		}
		if leaf, err = open(leaf, keys); err != nil {
			return err
		}
		entry, err = prove(tx, log, leaf)
		return err
	})
	return leaf, entry, err
}

func one(tx *store.Tx, log store.Log, index int64) (Leaf, error) {
	leaf := Leaf{Index: -1}
	err := tx.LogLeaves(log.ID, index, index+1, func(ix int64, msg []byte) error {
		leaf = Leaf{Index: ix, Note: msg}
		return nil
	})
	if err == nil && leaf.Index != index {
		err = lost(log, index)
	}
	return leaf, err
}

func prove(tx *store.Tx, log store.Log, leaf Leaf) (verify.Entry, error) {
	size, msg := log.Size, log.Checkpoint
	if log.Cosigned > leaf.Index {
		var err error
		if size, msg, err = stateOf(tx, log, log.Cosigned); err != nil {
			return verify.Entry{}, err
		}
	}
	proof, err := merkle.ProveInclusion(size, leaf.Index, newHashes(tx, log))
	return verify.Entry{Leaf: leaf.Note, Index: leaf.Index, Proof: proof, Checkpoint: msg}, err
}

// stateOf returns the checkpoint of a size: the newest one, or one that the
// partner cosigned. Others were never kept.
func stateOf(tx *store.Tx, log store.Log, size int64) (int64, []byte, error) {
	if size == log.Size {
		return size, log.Checkpoint, nil
	}
	var msg []byte
	err := tx.Cosigned(log.ID, size-1, size, func(_ int64, n []byte) error {
		msg = bytes.Clone(n)
		return nil
	})
	if err == nil && msg == nil {
		err = fault.Errorf(fault.NotFound, "no checkpoint of %d leaves of the ledger %s was kept: those that the partner cosigned are", size, log.Origin)
	}
	return size, msg, err
}

// Growth returns two kept states of a log and the proof that the later one
// continues the earlier (docs/formats/ledger.md). A later size of 0 stands for
// the newest state.
func (l *Ledger) Growth(ctx context.Context, h *store.Handle, name string, from, to int64) (verify.Growth, error) {
	var g verify.Growth
	err := h.Read(ctx, func(tx *store.Tx) error {
		log, err := l.named(tx, name)
		if err != nil {
			return err
		}
		if to == 0 {
			to = log.Size
		}
		if from < 1 || from > to || to > log.Size {
			return fault.Errorf(fault.Invalid, "want two sizes of the ledger %s, the earlier first, from 1 to %d", log.Origin, log.Size)
		}
		if _, g.Old, err = stateOf(tx, log, from); err != nil {
			return err
		}
		if _, g.New, err = stateOf(tx, log, to); err != nil {
			return err
		}
		g.Proof, err = merkle.ProveConsistency(from, to, newHashes(tx, log))
		return err
	})
	return g, err
}

// Since returns what tlog-witness calls an add-checkpoint request: the proof
// that a log's newest state continues the one of so many leaves, and that
// newest state. A verifier that remembers the earlier one needs no more. More
// leaves than there are is fault.Conflict: the store was set back.
func (l *Ledger) Since(ctx context.Context, h *store.Handle, name string, known int64) ([]byte, error) {
	var body []byte
	err := h.Read(ctx, func(tx *store.Tx) error {
		log, err := l.named(tx, name)
		if err != nil {
			return err
		}
		if known < 0 || known > log.Size {
			return fault.Errorf(fault.Conflict, "the ledger %s has %d leaves and never had %d: it was set back to an earlier state, or the number is wrong", log.Origin, log.Size, known)
		}
		body, err = l.request(tx, log, known)
		return err
	})
	return body, err
}

// Keys returns the public keys that the sides of a log have had, this node's
// first, each side's newest last. The home log has this side's alone.
func (l *Ledger) Keys(ctx context.Context, h *store.Handle, name string, partner ident.Side) ([]note.Verifier, error) {
	var keys []note.Verifier
	err := h.Query(ctx, func(tx *store.Tx) error {
		var err error
		if keys, err = l.ring.History(tx); err != nil || name == HomeName || partner == "" {
			return err
		}
		theirs, err := l.ring.Partner(tx, partner)
		keys = append(keys, theirs...)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return keys, err
}
