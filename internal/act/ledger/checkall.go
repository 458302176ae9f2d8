package ledger

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

// batch is how many leaves CheckAll holds in memory.
const batch = 256

// CheckAll is Check, and hashes every leaf of every log of h's domain anew: it
// compares each stored hash, and each state the partner ever cosigned. It
// reads everything and holds little.
func (l *Ledger) CheckAll(ctx context.Context, h *store.Handle) error {
	return h.Read(ctx, func(tx *store.Tx) error {
		if err := l.check(tx); err != nil {
			return err
		}
		mine, err := l.ring.History(tx)
		if err != nil {
			return err
		}
		logs, err := tx.Logs()
		if err != nil {
			return err
		}
		for _, log := range logs {
			if err := rehash(tx, log, mine); err != nil {
				return fmt.Errorf("check all of ledger %s: %w", log.Origin, err)
			}
		}
		return nil
	})
}

// rehash walks one log, whose right edge was checked, from its first leaf.
func rehash(tx *store.Tx, log store.Log, mine []note.Verifier) error {
	e := edge{}
	for from := int64(0); from < log.Size; from += batch {
		to := min(from+batch, log.Size)
		cosigned, err := cosignedStates(tx, log, from, to)
		if err != nil {
			return err
		}
		made, err := e.walk(tx, log, from, to, func(size int64) error {
			msg, ok := cosigned[size]
			if !ok {
				return nil
			}
			root, err := merkle.TreeRoot(size, e)
			if err != nil {
				return err
			}
			return checkState(msg, log.Origin, size, root, mine)
		})
		if err != nil {
			return err
		}
		if err := compare(tx, log, tlog.StoredHashCount(from), made); err != nil {
			return err
		}
	}
	return nil
}

func cosignedStates(tx *store.Tx, log store.Log, after, upTo int64) (map[int64][]byte, error) {
	states := map[int64][]byte{}
	err := tx.Cosigned(log.ID, after, upTo, func(size int64, msg []byte) error {
		states[size] = msg
		return nil
	})
	return states, err
}

// compare checks stored hashes, from index first on, against those made anew.
func compare(tx *store.Tx, log store.Log, first int64, made []tlog.Hash) error {
	next := 0
	var bad error
	err := tx.LogHashRange(log.ID, first, first+int64(len(made)), func(ix int64, d ident.Digest) {
		if bad == nil && (ix != first+int64(next) || tlog.Hash(d) != made[next]) {
			level, n := tlog.SplitStoredHashIndex(first + int64(next))
			bad = fault.Errorf(fault.Conflict, "stored hash %d of level %d is not what the leaves give", n, level)
		}
		next++
	})
	if err == nil && bad == nil && next != len(made) {
		bad = fault.Errorf(fault.Conflict, "%d stored hashes from %d on are missing", len(made)-next, first)
	}
	if err != nil {
		return err
	}
	return bad
}

// edge is the hashes of a tree's right edge, all that is needed to go on and
// to know the root: at most log2(size) of them. It is a merkle.HashReader.
type edge map[int64]tlog.Hash

// ReadHashes returns hashes of the edge.
func (e edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, ix := range indexes {
		h, ok := e[ix]
		if !ok {
			return nil, fmt.Errorf("hash %d is not on the right edge", ix)
		}
		out[i] = h
	}
	return out, nil
}

// walk adds the log's leaves from index from to before to, calls at with the
// size after each of them, and returns the hashes that belong to them.
func (e edge) walk(tx *store.Tx, log store.Log, from, to int64, at func(size int64) error) ([]tlog.Hash, error) {
	var made []tlog.Hash
	next := from
	err := tx.LogLeaves(log.ID, from, to, func(ix int64, leaf []byte) error {
		if ix != next {
			return lost(log, next)
		}
		next++
		fresh, err := merkle.Grow(ix, leaf, e)
		if err != nil {
			return err
		}
		made = append(made, fresh...)
		e.add(ix, fresh)
		return at(next)
	})
	if err == nil && next != to {
		err = lost(log, next)
	}
	return made, err
}

// add puts the hashes that came with leaf n on the edge, and takes off those
// that went into a node above them.
func (e edge) add(n int64, fresh []tlog.Hash) {
	top := len(fresh) - 1
	for level := range top {
		delete(e, tlog.StoredHashIndex(level, n>>level-1))
	}
	e[tlog.StoredHashIndex(top, n>>top)] = fresh[top]
}
