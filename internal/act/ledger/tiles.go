package ledger

import (
	"twoseas/internal/base/fault"
	"twoseas/internal/law/merkle"
	"twoseas/internal/store"
)

// Tile returns what https://c2sp.org/tlog-tiles serves of one of the node's
// logs under path: checkpoint, tile/<L>/<N>[.p/<W>] or
// tile/entries/<N>[.p/<W>]. What the log does not have, or not yet, is
// fault.NotFound. Whether the reader may see the log of that origin is the
// caller's to decide; a home log is nobody's but this side's.
func (l *Ledger) Tile(tx *store.Tx, origin, path string) ([]byte, error) {
	log, err := tx.Log(origin)
	if err != nil {
		return nil, err
	}
	if path == "checkpoint" {
		return log.Checkpoint, nil
	}
	t, err := merkle.ParseTile(path)
	if err != nil || !t.In(log.Size) {
		return nil, fault.Errorf(fault.NotFound, "the ledger %s of %d leaves has no %.100q", origin, log.Size, path)
	}
	if t.Entries {
		return bundle(tx, log, t)
	}
	return merkle.TileData(t, log.Size, newHashes(tx, log))
}

// bundle returns an entry bundle of the log.
func bundle(tx *store.Tx, log store.Log, t merkle.Tile) ([]byte, error) {
	var out []byte
	first, end := t.Span()
	next := first
	err := tx.LogLeaves(log.ID, first, end, func(ix int64, leaf []byte) error {
		var err error
		if ix != next {
			return lost(log, next)
		}
		next++
		out, err = merkle.AppendEntry(out, leaf)
		return err
	})
	if err == nil && next != end {
		err = lost(log, next)
	}
	return out, err
}
