package collection

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/store"
)

// Add takes the objects of an envelope into a collection and returns what
// became of each. It returns fault.Denied unless by may write there,
// canon.ErrNotEnvelope, or fault.Invalid when there is nothing in it.
//
// When the envelope breaks off, what came before in whole batches, and what
// could still be read, is kept, and the error is a *Broken with the status so
// far. A batch is stored whole or not at all.
func (c *Collections) Add(ctx context.Context, h *store.Handle, by people.Actor, access people.Access, to store.Collection, envelope io.Reader) (Status, error) {
	if err := MayWrite(by, access, to); err != nil {
		return Status{}, err
	}
	src, err := Source(by, to)
	if err != nil {
		return Status{}, err
	}
	if !by.IsSystem() {
		src.MaySee = func(tx *store.Tx, label int64) (bool, error) { return tx.Permits(access.Class, label) }
	}
	s, err := c.newStatus()
	if err != nil {
		return Status{}, err
	}
	begun := false
	_, err = c.intake.Envelope(ctx, h, src, envelope, func(items []intake.Item, results []intake.Result) {
		begun = true
		for i := range results {
			s.count(&items[i], results[i])
		}
	})
	switch {
	case err != nil && !begun:
		return Status{}, err
	case err != nil:
		// What was stored is recorded, even if the client has gone.
		if e := c.keep(context.WithoutCancel(ctx), h, by, to, &s); e != nil {
			return Status{}, e
		}
		return Status{}, &Broken{Status: s, Err: err}
	case !begun:
		return Status{}, errEmpty
	}
	return s, c.keep(ctx, h, by, to, &s)
}

// Broken says that an envelope was not taken in to its end.
type Broken struct {
	Status Status
	Err    error
}

// Error says why, and what was kept.
func (b *Broken) Error() string { return b.Err.Error() + "; " + b.Kept() }

// Kept says what was kept.
func (b *Broken) Kept() string {
	return fmt.Sprintf("before that %d objects were taken in and %d refused: see status %s",
		b.Status.Succeeded, b.Status.Failed, b.Status.ID)
}

// Unwrap returns why.
func (b *Broken) Unwrap() error { return b.Err }

// keep stores s and journals what was added, and drops statuses whose time is
// over.
func (c *Collections) keep(ctx context.Context, h *store.Handle, by people.Actor, to store.Collection, s *Status) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.PurgeStatuses(tx.Now() - StatusLife.Microseconds()); err != nil {
			return err
		}
		s.finish(tx.Now())
		body, err := canon.Marshal(s)
		if err != nil {
			return err
		}
		if err := tx.AddStatus(&store.Status{ID: s.ID, Account: by.Name, Body: body}); err != nil {
			return err
		}
		return c.note(tx, by, "collection.add", "collection", to.ID, "status", s.ID,
			"added", strconv.Itoa(s.Succeeded), "refused", strconv.Itoa(s.Failed))
	})
}
