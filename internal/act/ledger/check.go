package ledger

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// Check compares the right edge of every log of h's domain with its signed
// checkpoint, and every state cosigned for a partner with its record: what a
// node does before it serves. It reads O(log n) rows a log. What does not hold
// is fault.Conflict: the store was altered, damaged, or pieced together.
func (l *Ledger) Check(ctx context.Context, h *store.Handle) error {
	return h.Read(ctx, l.check)
}

func (l *Ledger) check(tx *store.Tx) error {
	logs, err := tx.Logs()
	if err != nil {
		return err
	}
	for _, log := range logs {
		if err := l.checkEdge(tx, log); err != nil {
			return fmt.Errorf("check ledger %s: %w", log.Origin, err)
		}
	}
	return l.checkWitnessed(tx)
}

// checkEdge holds a log's row, checkpoint, newest leaf, right edge and newest
// cosigned state together.
func (l *Ledger) checkEdge(tx *store.Tx, log store.Log) error {
	if log.Size == 0 {
		return checkEnd(tx, log)
	}
	mine, err := l.ring.History(tx)
	if err != nil {
		return err
	}
	if err := checkState(log.Checkpoint, log.Origin, log.Size, log.Root, mine); err != nil {
		return err
	}
	if err := checkEnd(tx, log); err != nil {
		return err
	}
	h := newHashes(tx, log)
	if err := h.sound(log); err != nil {
		return err
	}
	if err := checkLast(tx, log, h); err != nil {
		return err
	}
	return checkCosigned(tx, log, h, mine)
}

// checkState checks that msg is a checkpoint of that state, signed with one of
// the keys.
func checkState(msg []byte, origin string, size int64, root ident.Digest, keys []note.Verifier) error {
	c, _, err := merkle.OpenCheckpoint(msg, origin, keys...)
	if err != nil {
		return fault.Errorf(fault.Conflict, "the checkpoint of %d leaves in the store does not hold: %w", size, err)
	}
	if c.Size != size || c.Root != root {
		return fault.Errorf(fault.Conflict, "the store says %d leaves and %s, the checkpoint %d and %s", size, root, c.Size, c.Root)
	}
	return nil
}

// checkEnd checks that there is neither less nor more than the log's size.
func checkEnd(tx *store.Tx, log store.Log) error {
	leaves, stored, err := tx.LogEnd(log.ID)
	if err != nil {
		return err
	}
	if leaves != log.Size || stored != tlog.StoredHashCount(log.Size) {
		return fault.Errorf(fault.Conflict, "a log of %d leaves and %d hashes is stored with %d and %d", log.Size, tlog.StoredHashCount(log.Size), leaves, stored)
	}
	return nil
}

// checkLast compares the newest leaf with its hash.
func checkLast(tx *store.Tx, log store.Log, h *hashes) error {
	want, err := h.ReadHashes([]int64{tlog.StoredHashIndex(0, log.Size-1)})
	if err != nil {
		return err
	}
	return tx.LogLeaves(log.ID, log.Size-1, log.Size, func(ix int64, leaf []byte) error {
		if tlog.RecordHash(leaf) != want[0] {
			return fault.Errorf(fault.Conflict, "leaf %d does not have the hash that was stored with it", ix)
		}
		return nil
	})
}

// checkCosigned checks the newest cosigned state.
func checkCosigned(tx *store.Tx, log store.Log, h *hashes, mine []note.Verifier) error {
	if log.Cosigned == 0 {
		return nil
	}
	var newest []byte
	if err := tx.Cosigned(log.ID, log.Cosigned-1, log.Cosigned, func(_ int64, msg []byte) error {
		newest = bytes.Clone(msg)
		return nil
	}); err != nil {
		return err
	}
	if newest == nil {
		return fault.Errorf(fault.Conflict, "the checkpoint of %d leaves that the partner cosigned is missing", log.Cosigned)
	}
	root, err := merkle.TreeRoot(log.Cosigned, h)
	if err != nil {
		return err
	}
	return checkState(newest, log.Origin, log.Cosigned, root, mine)
}

// checkWitnessed checks that what this node remembers of its partners' logs is
// what it cosigned.
func (l *Ledger) checkWitnessed(tx *store.Tx) error {
	mine, err := l.ring.History(tx)
	if err != nil {
		return err
	}
	all, err := tx.AllWitnessed()
	if err != nil {
		return err
	}
	for _, w := range all {
		side, _, _, err := merkle.ParseOrigin(w.Origin)
		if err != nil {
			return err
		}
		theirs, err := l.ring.Partner(tx, side)
		if err != nil {
			return err
		}
		if err := checkState(w.Note, w.Origin, w.Size, w.Root, theirs); err != nil {
			return fmt.Errorf("check what was cosigned of %s: %w", w.Origin, err)
		}
		if !cosignedByAny(w.Note, mine) {
			return fault.Errorf(fault.Conflict, "the store says that this node cosigned %d leaves of %s, but its cosignature is not there", w.Size, w.Origin)
		}
	}
	return nil
}

func cosignedByAny(msg []byte, keys []note.Verifier) bool {
	for _, v := range keys {
		if _, err := note.VerifyCosignature(msg, v); err == nil {
			return true
		}
	}
	return false
}
