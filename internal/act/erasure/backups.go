package erasure

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// BackedUp records that a backup was written to a place, and until when it is
// kept there; a zero time is not known. Returns fault.Denied unless by may
// Administer.
func (e *Erasures) BackedUp(ctx context.Context, h *store.Handle, by people.Actor, place string, until time.Time) error {
	if err := by.May(people.Administer); err != nil {
		return err
	}
	var raw [4]byte
	if _, err := io.ReadFull(e.c.Rand, raw[:]); err != nil {
		return fmt.Errorf("draw a name: %w", err)
	}
	b := store.BackupMade{ID: hex.EncodeToString(raw[:]), Place: place}
	if !until.IsZero() {
		b.Until = until.UnixMicro()
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if b.Until != 0 && b.Until <= tx.Now() {
			return fault.New(fault.Invalid, "the backup would be kept until a time that is over")
		}
		if err := tx.AddBackup(b); err != nil {
			return err
		}
		return e.c.Journal(tx, by, "backup", "backup", b.ID, "place", place)
	})
}

// Backups returns the backups that may still be there, the oldest first.
// Returns fault.Denied unless by may Administer.
func (e *Erasures) Backups(ctx context.Context, h *store.Handle, by people.Actor) (out []Backup, err error) {
	if err := by.May(people.Administer); err != nil {
		return nil, err
	}
	err = h.Query(ctx, func(tx *store.Tx) (err error) {
		out, err = held(tx, 0)
		return err
	})
	return out, err
}

// Gone records that a backup was destroyed. Returns fault.Denied unless by may
// Administer; fault.NotFound.
func (e *Erasures) Gone(ctx context.Context, h *store.Handle, by people.Actor, id string) error {
	if err := by.May(people.Administer); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.BackupGone(id); err != nil {
			return err
		}
		return e.c.Journal(tx, by, "backup.gone", "backup", id)
	})
}
