package ledger

import (
	"context"
	"fmt"
	"io"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
)

// maxEarlier bounds the earlier cosigned checkpoints in one exported file, the
// newest of them. What an older one proves follows from a newer: the partner
// cosigns only what continues it.
const maxEarlier = 10_000

// Export writes the exchange log of an agreement with a partner as a ledger
// file (docs/formats/ledger.md), from one snapshot of the store. It returns
// fault.NotFound when there is no such log or no key of the partner; a file
// whose export failed half-way does not verify.
func (l *Ledger) Export(ctx context.Context, h *store.Handle, a ident.Agreement, partner ident.Side, w io.Writer) error {
	return h.Read(ctx, func(tx *store.Tx) error {
		log, err := l.log(tx, a)
		if err != nil {
			return err
		}
		head, err := l.head(tx, log, a, partner)
		if err != nil {
			return err
		}
		if err := writeLeaves(tx, log, head, w); err != nil {
			return fmt.Errorf("export %s: %w", log.Origin, err)
		}
		return nil
	})
}

// ExportHome writes the home log of h's domain as a home log file
// (docs/formats/ledger.md), from one snapshot of the store. It returns
// fault.NotFound when nothing was recorded yet.
func (l *Ledger) ExportHome(ctx context.Context, h *store.Handle, w io.Writer) error {
	return h.Read(ctx, func(tx *store.Tx) error {
		log, err := tx.Log(l.HomeOrigin(tx.Domain()))
		if err != nil {
			return err
		}
		mine, err := l.ring.Verifier(tx)
		if err != nil {
			return err
		}
		first, err := firstKeys(tx, log, mine)
		if err != nil {
			return err
		}
		head := verify.Ledger{
			Agreement: verify.HomeAgreement, Domain: tx.Domain(), Owner: mine.Side(),
			OwnerKey: first[mine.Side()], Checkpoint: log.Checkpoint,
		}
		if err := writeLeaves(tx, log, head, w); err != nil {
			return fmt.Errorf("export %s: %w", log.Origin, err)
		}
		return nil
	})
}

// head returns what stands before the leaves in the file.
func (l *Ledger) head(tx *store.Tx, log store.Log, a ident.Agreement, partner ident.Side) (verify.Ledger, error) {
	mine, err := l.ring.Verifier(tx)
	if err != nil {
		return verify.Ledger{}, err
	}
	theirs, err := l.ring.PartnerKey(tx, partner)
	if err != nil {
		return verify.Ledger{}, err
	}
	first, err := firstKeys(tx, log, mine, theirs)
	if err != nil {
		return verify.Ledger{}, err
	}
	earlier, err := tx.CosignedBefore(log.ID, log.Size, maxEarlier)
	return verify.Ledger{
		Agreement: a, Domain: tx.Domain(), Owner: mine.Side(), Partner: partner,
		OwnerKey: first[mine.Side()], PartnerKey: first[partner],
		Checkpoint: log.Checkpoint, Earlier: earlier,
	}, err
}

// firstKeys returns the key each side had when the log began: the one that its
// first rotation in the log gave up, or the newest if it never rotated since.
func firstKeys(tx *store.Tx, log store.Log, newest ...note.Verifier) (map[ident.Side]note.Verifier, error) {
	first := map[ident.Side]note.Verifier{}
	err := tx.LogLeavesLike(log.ID, note.RotationTitle+"\n", func(ix int64, leaf []byte) error {
		text, err := note.Text(leaf)
		if err != nil {
			return err
		}
		r, err := note.ParseRotation(text)
		if err != nil {
			return fmt.Errorf("leaf %d: %w", ix, err)
		}
		if _, ok := first[r.Side]; !ok {
			first[r.Side] = r.Old
		}
		return nil
	})
	for _, v := range newest {
		if _, ok := first[v.Side()]; !ok {
			first[v.Side()] = v
		}
	}
	return first, err
}

func writeLeaves(tx *store.Tx, log store.Log, head verify.Ledger, w io.Writer) error {
	out, err := verify.NewWriter(w, head)
	if err != nil {
		return err
	}
	next := int64(0)
	err = tx.LogLeaves(log.ID, 0, log.Size, func(ix int64, leaf []byte) error {
		if ix != next {
			return lost(log, next)
		}
		next++
		return out.Leaf(leaf)
	})
	if err != nil {
		return err
	}
	if next != log.Size {
		return lost(log, next)
	}
	return out.Close()
}

func lost(log store.Log, ix int64) error {
	return fault.Errorf(fault.Conflict, "the store has lost leaf %d of the ledger %s", ix, log.Origin)
}
