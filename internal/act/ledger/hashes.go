package ledger

import (
	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/store"
)

// hashes reads the stored hashes of one log inside one transaction, and those
// that an append is about to store. It is a merkle.HashReader.
type hashes struct {
	tx    *store.Tx
	log   int64
	old   map[int64]tlog.Hash // read from the store
	first int64               // index of fresh[0]: how many are stored
	fresh []ident.Digest
}

func newHashes(tx *store.Tx, log store.Log) *hashes {
	return &hashes{tx: tx, log: log.ID, old: map[int64]tlog.Hash{}, first: tlog.StoredHashCount(log.Size)}
}

// sound refuses to build on a log whose right edge is not what its checkpoint
// says. The hashes it reads are those that growing needs.
func (h *hashes) sound(log store.Log) error {
	root, err := merkle.TreeRoot(log.Size, h)
	if err != nil {
		return err
	}
	if root != log.Root {
		return fault.Errorf(fault.Conflict, "the stored hashes of the ledger %s at %d leaves give the root %s, its checkpoint says %s", log.Origin, log.Size, root, log.Root)
	}
	return nil
}

func (h *hashes) add(fresh []tlog.Hash) {
	for _, x := range fresh {
		h.fresh = append(h.fresh, ident.Digest(x))
	}
}

// ReadHashes returns the hashes at the given indexes; one the store has lost
// is fault.Conflict.
func (h *hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var missing []int64
	for _, ix := range indexes {
		if _, ok := h.old[ix]; !ok && ix < h.first {
			missing = append(missing, ix)
		}
	}
	err := h.tx.LogHashes(h.log, missing, func(ix int64, d ident.Digest) { h.old[ix] = tlog.Hash(d) })
	if err != nil {
		return nil, err
	}
	out := make([]tlog.Hash, len(indexes))
	for i, ix := range indexes {
		if ix >= h.first && ix-h.first < int64(len(h.fresh)) {
			out[i] = tlog.Hash(h.fresh[ix-h.first])
			continue
		}
		x, ok := h.old[ix]
		if !ok {
			return nil, fault.Errorf(fault.Conflict, "the store has lost hash %d of ledger %d", ix, h.log)
		}
		out[i] = x
	}
	return out, nil
}
