package importing

import (
	"context"
	"errors"
	"io"
	"strconv"
	"sync/atomic"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/release"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// examineBatch is how many objects are looked at together.
const examineBatch = 500

// Work does one piece of work that waits, if any, and reports whether there
// was one. What a person did wrong is in the job; an error is the node's own
// trouble, and the job says that it failed.
func (m *Imports) Work(ctx context.Context, h *store.Handle) (bool, error) {
	waits := false
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		waits, err = tx.UploadWaits(m.Lease.Microseconds())
		return err
	}); err != nil || !waits {
		return false, err
	}
	var u store.Upload
	err := h.Write(ctx, func(tx *store.Tx) (err error) {
		u, err = tx.TakeUpload(m.Owner, m.Lease.Microseconds())
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if u.State == store.UploadExamine {
		err = m.examine(ctx, h, u)
	} else {
		err = m.run(ctx, h, u)
	}
	return true, m.settle(ctx, h, u, err)
}

// settle records how work ended that ended with an error, and returns what
// the node's log is to have of it.
func (m *Imports) settle(ctx context.Context, h *store.Handle, u store.Upload, err error) error {
	if err == nil || fault.Is(err, fault.Conflict) { // it is somebody else's now, or nobody's
		return nil
	}
	after := context.WithoutCancel(ctx)
	stopped := ctx.Err() != nil
	e := h.Write(after, func(tx *store.Tx) error {
		now, e := tx.Upload(u.ID)
		if e != nil {
			return e
		}
		now.State = u.State
		if e := tx.AdvanceUpload(now, m.Owner, m.Lease.Microseconds()); e != nil {
			return e // not ours any more
		}
		if !stopped { // a node that stops leaves the work to the next one
			now.State, now.Failure = store.UploadFailed, fault.Message(err)
		}
		return tx.SaveUpload(now)
	})
	if stopped || fault.Is(e, fault.Conflict) || fault.Is(e, fault.NotFound) {
		e = nil
	}
	if stopped || fault.KindOf(err) != fault.Internal {
		err = nil
	}
	return errors.Join(err, e)
}

// examine looks at an upload and stores what it found.
func (m *Imports) examine(ctx context.Context, h *store.Handle, u store.Upload) error {
	j, err := job(u)
	if err != nil {
		return err
	}
	lists, faults, err := m.set(ctx, h)
	if err != nil {
		return err
	}
	src, err := m.sourceOf(u, j.Options)
	if err != nil {
		return err
	}
	var count atomic.Int64
	conv, err := Convert(m.open(ctx, h, u, &count), j.Options, j.Created, lists)
	if err != nil {
		return err
	}
	defer func() { _ = conv.Close() }() // only read
	s := newSurvey(conv, lists)
	s.f.ListFault = faults
	if err := m.look(ctx, h, u, s, src, &count); err != nil {
		if fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.TooLarge {
			return err
		}
		s.f.Broken = fault.Message(err)
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.AdvanceUpload(u, m.Owner, m.Lease.Microseconds()); err != nil {
			return err
		}
		if err := s.finish(tx, m.Releases, u.Account); err != nil {
			return err
		}
		u.State, u.Done = store.UploadReady, 0
		if u.Finding, err = canon.Marshal(s.f); err != nil {
			return err
		}
		return tx.SaveUpload(u)
	})
}

// look reads the objects batch by batch.
func (m *Imports) look(ctx context.Context, h *store.Handle, u store.Upload, s *survey, src intake.Source, count *atomic.Int64) error {
	objects := canon.NewObjects(s.conv)
	foresight := m.Intake.Foresee(src)
	var items []intake.Item
	version := ""
	flush := func() error {
		if len(items) == 0 {
			return nil
		}
		if err := m.Intake.Doubt(ctx, h, src, items); err != nil {
			return err
		}
		var seen []intake.Foreseen
		var lost []release.Loss
		if err := h.Read(ctx, func(tx *store.Tx) (err error) {
			if seen, err = foresight.Batch(tx, items); err != nil {
				return err
			}
			lost, err = m.Releases.Losses(tx, changes(seen))
			return err
		}); err != nil {
			return err
		}
		s.loses(lost)
		for i := range items {
			s.take(&items[i], seen[i])
		}
		items = items[:0]
		u.Done = count.Load()
		return h.Write(ctx, func(tx *store.Tx) error { return tx.AdvanceUpload(u, m.Owner, m.Lease.Microseconds()) })
	}
	for n := 0; ; n++ {
		raw, err := objects.Next()
		if v, ok := objects.Header["spec_version"]; ok && version == "" {
			if canon.Unmarshal(v, &version) != nil {
				return fault.New(fault.Invalid, "the bundle's spec_version is not a string")
			}
		}
		if err != nil {
			if e := flush(); e != nil {
				return e
			}
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		items = append(items, intake.Prepare(n, raw, version))
		if len(items) >= examineBatch {
			if err := flush(); err != nil {
				return err
			}
		}
	}
}

// sourceOf returns what intake is told of an upload's objects.
func (m *Imports) sourceOf(u store.Upload, opt Options) (intake.Source, error) {
	src, err := opt.Source()
	src.By, src.Speaks = u.Account, true
	src.MaySee = func(tx *store.Tx, label int64) (bool, error) { return tx.Permits(u.Class, label) }
	return src, err
}

// run imports an upload from where it was left.
func (m *Imports) run(ctx context.Context, h *store.Handle, u store.Upload) error {
	j, err := job(u)
	if err != nil {
		return err
	}
	src, err := m.sourceOf(u, j.Options)
	if err != nil {
		return err
	}
	lists, _, err := m.set(ctx, h)
	if err != nil {
		return err
	}
	var count atomic.Int64
	conv, err := Convert(m.open(ctx, h, u, &count), j.Options, j.Created, lists)
	if err != nil {
		return err
	}
	defer func() { _ = conv.Close() }() // only read
	rep := j.Report
	err = m.Intake.Resume(ctx, h, src, conv, rep.Read, func(tx *store.Tx, part intake.Report) error {
		placed(part.Refusals, conv)
		placed(part.Remarks, conv)
		rep.Add(part)
		u.Done = count.Load()
		var err error
		if u.Report, err = canon.Marshal(rep); err != nil {
			return err
		}
		return tx.AdvanceUpload(u, m.Owner, m.Lease.Microseconds())
	})
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) { // of the input, which ends here; its person has seen that
		u.Failure, err = fault.Message(err), nil
	}
	if err != nil {
		return err
	}
	return m.done(ctx, h, u, rep, conv)
}

// placed says of refusals where in the input they are.
func placed(list []intake.Refusal, conv *Conversion) {
	for i := range list {
		list[i].Position = conv.Place(list[i].Position)
	}
}

// done records that an import is over.
func (m *Imports) done(ctx context.Context, h *store.Handle, u store.Upload, rep Report, conv *Conversion) error {
	found := conv.Found()
	rep.Problems, rep.Faults, rep.LeftOut = found.Problems, found.Faults, found.LeftOut
	return h.Write(ctx, func(tx *store.Tx) (err error) {
		if u.Report, err = canon.Marshal(rep); err != nil {
			return err
		}
		if err := tx.AdvanceUpload(u, m.Owner, m.Lease.Microseconds()); err != nil {
			return err
		}
		u.State, u.Done = store.UploadDone, u.Size
		if err := tx.DropChunks(u.ID); err != nil {
			return err
		}
		if err := tx.SaveUpload(u); err != nil {
			return err
		}
		return m.note(tx, u.Account, "import.done", "import", u.ID, "new", strconv.Itoa(rep.New), "same", strconv.Itoa(rep.Same),
			"updated", strconv.Itoa(rep.Updated), "refused", strconv.Itoa(rep.Refused))
	})
}
