package importing

import (
	"context"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// note writes into the home log, when there is one.
func (m *Imports) note(tx *store.Tx, account, act string, fields ...string) error {
	if m.Journal == nil {
		return nil
	}
	return m.Journal(tx, people.Actor{Name: account}, act, fields...)
}

// change runs fn on an upload of by's account in one transaction.
func (m *Imports) change(ctx context.Context, h *store.Handle, by people.Actor, id string, fn func(tx *store.Tx, u *store.Upload) error) (j Job, err error) {
	if err := May(by); err != nil {
		return j, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		u, err := own(tx, by, id)
		if err != nil {
			return err
		}
		if err := fn(tx, &u); err != nil {
			return err
		}
		if err := tx.SaveUpload(u); err != nil {
			return err
		}
		j, err = job(u)
		return err
	})
	return j, err
}

// Correct says what an upload is and what to say of its objects, and has it
// looked at again. What a table's columns hold is remembered for the next one
// with the same columns. Returns fault.Invalid for options that make no sense,
// fault.Denied for another side's data of who brings its own only,
// fault.NotFound for a collection that access does not let write to,
// fault.Conflict for an import that was started or is over.
func (m *Imports) Correct(ctx context.Context, h *store.Handle, by people.Actor, access people.Access, id string, opt Options) (Job, error) {
	if err := opt.Check(); err != nil {
		return Job{}, err
	}
	if err := OwnSide(by, m.Releases.Self(), ident.Side(opt.Origin)); err != nil {
		return Job{}, err
	}
	return m.change(ctx, h, by, id, func(tx *store.Tx, u *store.Upload) error {
		switch u.State {
		case store.UploadReady, store.UploadExamine, store.UploadFailed:
		default:
			return fault.New(fault.Conflict, "the import was started already, or is over")
		}
		if len(u.Report) > 0 {
			return fault.New(fault.Conflict, "a part of it was imported already: go on with it, or upload it anew")
		}
		if opt.Kind == CSV {
			if err := remember(tx, by, opt.Layout); err != nil {
				return err
			}
		}
		if opt.Collection != "" {
			c, err := tx.Collection(opt.Collection)
			if err != nil {
				return err
			}
			if !access.Right(c.ID).Write {
				return fault.New(fault.NotFound, "no such collection")
			}
		}
		raw, err := canon.Marshal(opt)
		u.Options, u.State, u.Failure, u.Finding, u.Done = raw, store.UploadExamine, "", nil, 0
		return err
	})
}

// Detect returns the layout that a staged upload has when it is read as a
// table; a plain one when it does not look like a table.
func (m *Imports) Detect(ctx context.Context, h *store.Handle, by people.Actor, id string) (Options, error) {
	var u store.Upload
	if err := May(by); err != nil {
		return Options{}, err
	}
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		u, err = own(tx, by, id)
		return err
	}); err != nil {
		return Options{}, err
	}
	sample, err := m.sample(ctx, h, u)
	if err != nil {
		return Options{}, err
	}
	return Recognise(sample), nil
}

// Confirm starts the import of an upload that was looked at. class is the
// clearance class of by now. Returns fault.Conflict in any other state, and
// fault.Denied for another side's data of who brings its own only.
func (m *Imports) Confirm(ctx context.Context, h *store.Handle, by people.Actor, class int64, id string) (Job, error) {
	return m.change(ctx, h, by, id, func(tx *store.Tx, u *store.Upload) error {
		if u.State != store.UploadReady {
			return fault.New(fault.Conflict, "what was uploaded is not looked at to its end yet, or was started already")
		}
		j, err := job(*u)
		if err != nil {
			return err
		}
		if err := OwnSide(by, m.Releases.Self(), ident.Side(j.Options.Origin)); err != nil {
			return err
		}
		u.State, u.Class, u.Done = store.UploadImport, class, 0
		return m.note(tx, by.Name, "import.start", "import", u.ID)
	})
}

// Cancel gives an import up. What was stored of it stays. Returns
// fault.Conflict when it is over.
func (m *Imports) Cancel(ctx context.Context, h *store.Handle, by people.Actor, id string) (Job, error) {
	return m.change(ctx, h, by, id, func(tx *store.Tx, u *store.Upload) error {
		switch u.State {
		case store.UploadDone, store.UploadCancelled:
			return fault.New(fault.Conflict, "the import is over")
		}
		u.State = store.UploadCancelled
		if err := tx.DropChunks(u.ID); err != nil {
			return err
		}
		return m.note(tx, by.Name, "import.cancel", "import", u.ID)
	})
}

// Retry takes up an import that failed where it was left. Returns
// fault.Conflict when it did not fail.
func (m *Imports) Retry(ctx context.Context, h *store.Handle, by people.Actor, id string) (Job, error) {
	return m.change(ctx, h, by, id, func(_ *store.Tx, u *store.Upload) error {
		if u.State != store.UploadFailed {
			return fault.New(fault.Conflict, "the import did not fail")
		}
		u.Failure, u.State = "", store.UploadExamine
		if len(u.Report) > 0 || len(u.Finding) > 0 {
			u.State = store.UploadImport
		}
		return nil
	})
}

// Remove takes an import that is over, or was not started, off the list.
func (m *Imports) Remove(ctx context.Context, h *store.Handle, by people.Actor, id string) error {
	if err := May(by); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		u, err := own(tx, by, id)
		if err != nil {
			return err
		}
		if u.State == store.UploadImport {
			return fault.New(fault.Conflict, "the import runs: cancel it first")
		}
		return tx.RemoveUpload(id)
	})
}

// KeptFor is how long an upload stays that nothing happens to.
const KeptFor = 14 * 24 * time.Hour

// Sweep removes uploads whose time is over.
func (m *Imports) Sweep(ctx context.Context, h *store.Handle) error {
	before := m.Clock.Now().Add(-KeptFor).UnixMicro()
	var stale []string
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		stale, err = tx.StaleUploads(before)
		return err
	}); err != nil || len(stale) == 0 {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		for _, id := range stale {
			if err := tx.RemoveUpload(id); err != nil && !fault.Is(err, fault.NotFound) {
				return err
			}
		}
		return nil
	})
}
