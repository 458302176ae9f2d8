package ledger

import (
	"context"
	"errors"
	"io"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

// indexBatch is how many leaves are compared with the index at a time.
const indexBatch = 1000

// VerifyHome exports the home log of h's domain and verifies the very file an
// auditor would be given, by this node's own keys.
func (l *Ledger) VerifyHome(ctx context.Context, h *store.Handle) (verify.Report, error) {
	var mine []note.Verifier
	if err := h.Read(ctx, func(tx *store.Tx) (err error) {
		mine, err = l.ring.History(tx)
		return err
	}); err != nil {
		return verify.Report{}, err
	}
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := l.ExportHome(ctx, h, w)
		done <- errors.Join(err, w.CloseWithError(err))
	}()
	report, err := verify.Verify([]io.Reader{r}, mine)
	err = errors.Join(err, r.Close())
	if exported := <-done; exported != nil && !errors.Is(exported, io.ErrClosedPipe) {
		return verify.Report{}, exported
	}
	return report, err
}

// CheckIndex compares the audit index of h's domain with the leaves it stands
// for. What differs is fault.Conflict and says where: the log is right.
func (l *Ledger) CheckIndex(ctx context.Context, h *store.Handle) error {
	return h.Read(ctx, func(tx *store.Tx) error {
		log, err := tx.Log(l.HomeOrigin(tx.Domain()))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		for from := int64(0); from < log.Size; from += indexBatch {
			if err := checkIndex(tx, log, from, min(from+indexBatch, log.Size)); err != nil {
				return err
			}
		}
		return nil
	})
}

func checkIndex(tx *store.Tx, log store.Log, from, to int64) error {
	rows := map[int64]store.AuditEntry{}
	if err := tx.AuditRange(from, to, func(e store.AuditEntry) error {
		rows[e.Ix] = e
		return nil
	}); err != nil {
		return err
	}
	if err := eachAct(tx, log, from, to, func(want store.AuditEntry) error {
		got, ok := rows[want.Ix]
		if !ok || got.At != want.At || got.Account != want.Account || got.Act != want.Act || got.Agreement != want.Agreement {
			return fault.Errorf(fault.Conflict, "the audit index does not say what leaf %d of the home log says", want.Ix)
		}
		delete(rows, want.Ix)
		return nil
	}); err != nil {
		return err
	}
	for ix := range rows {
		return fault.Errorf(fault.Conflict, "the audit index has an act at leaf %d of the home log, which is none", ix)
	}
	return nil
}

// Reindex enters into the audit index what the home log of h's domain holds
// beyond it: that of a store from before there was an index.
func (l *Ledger) Reindex(ctx context.Context, h *store.Handle) error {
	behind := func(tx *store.Tx) (log store.Log, end int64, err error) {
		log, err = tx.Log(l.HomeOrigin(tx.Domain()))
		if fault.Is(err, fault.NotFound) {
			return log, 0, nil
		}
		if err == nil {
			end, err = tx.AuditEnd()
		}
		return log, end, err
	}
	var size, end int64
	if err := h.Query(ctx, func(tx *store.Tx) error {
		log, from, err := behind(tx)
		size, end = log.Size, from
		return err
	}); err != nil || end == size {
		return err
	}
	for more := true; more; {
		if err := h.Write(ctx, func(tx *store.Tx) error {
			log, from, err := behind(tx)
			if err != nil {
				return err
			}
			from = max(from, end)
			end = min(from+indexBatch, log.Size)
			more = end < log.Size
			var rows []store.AuditEntry
			if err := eachAct(tx, log, from, end, func(e store.AuditEntry) error {
				rows = append(rows, e)
				return nil
			}); err != nil {
				return err
			}
			return tx.AddAudit(rows)
		}); err != nil {
			return err
		}
	}
	return nil
}

// eachAct calls each with what the index has to say of the acts among leaves.
func eachAct(tx *store.Tx, log store.Log, from, to int64, each func(store.AuditEntry) error) error {
	return tx.LogLeaves(log.ID, from, to, func(ix int64, leaf []byte) error {
		at, e, ok, err := ReadEntry(leaf)
		if err != nil || !ok {
			return err
		}
		return each(e.index(ix, at.UnixMicro()))
	})
}
