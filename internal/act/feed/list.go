package feed

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/misp"
	"twoseas/internal/format/table"
	"twoseas/internal/store"
)

// sampleBytes is how much of a table is looked at to find its layout.
const sampleBytes = 64 << 10

// table takes in the values of a table.
func (j *job) table(ctx context.Context, src intake.Source, d Document) error {
	layout := j.s.Layout
	if layout == nil {
		sample := make([]byte, sampleBytes)
		n, err := io.ReadFull(d.Body, sample)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		found, ok := table.Detect(sample[:n])
		if !ok {
			return fault.New(fault.Invalid, "no table that holds values was recognised: say what its columns hold")
		}
		layout = &found
		if _, err := d.Body.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	return j.values(ctx, &list{j: j, ctx: ctx, src: src, first: true}, func(at time.Time, out feed.Out) error {
		return table.Read(d.Body, *layout, at, out)
	})
}

// text takes in the values that stand in a text. What it says of its handling,
// wherever it stands, holds for all of them.
func (j *job) text(ctx context.Context, src intake.Source, d Document) error {
	marks, err := ioc.Markings(d.Body)
	if err != nil {
		return err
	}
	if _, err := d.Body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return j.values(ctx, &list{j: j, ctx: ctx, src: src, first: true}, func(at time.Time, out feed.Out) error {
		return ioc.Read(d.Body, marks, at, out)
	})
}

// misp takes in the events of a MISP file.
func (j *job) misp(ctx context.Context, src intake.Source, d Document) error {
	open := func() (io.ReadCloser, error) {
		_, err := d.Body.Seek(0, io.SeekStart)
		return io.NopCloser(d.Body), err
	}
	return j.values(ctx, &list{j: j, ctx: ctx, src: src}, func(_ time.Time, out feed.Out) error { return misp.Read(open, out) })
}

func (j *job) values(ctx context.Context, l *list, read func(time.Time, feed.Out) error) error {
	err := read(time.UnixMicro(j.now).UTC(), feed.Out{Object: l.object, Problem: l.problem})
	if err != nil && ctx.Err() != nil {
		return err
	}
	return errors.Join(err, l.flush()) // what came before a break is kept, as by Stream
}

// listBatch is how many objects of a list go in at a time.
const listBatch = 1000

// list is the objects of a file on their way in. With first, a value that was
// listed before, here or elsewhere, in the same words stays the object that it
// was: it is not made anew with the time of each look.
type list struct {
	j     *job
	ctx   context.Context //nolint:containedctx // of the run, which the list is part of
	src   intake.Source
	first bool // the first object made of a value stays
	raws  [][]byte
	ids   []string
}

func (l *list) object(_ int, raw []byte) error {
	var o struct {
		ID string `json:"id"`
	}
	if err := canon.Unmarshal(raw, &o); err != nil {
		return err
	}
	l.raws, l.ids = append(l.raws, raw), append(l.ids, o.ID)
	if len(l.raws) < listBatch {
		return nil
	}
	return l.flush()
}

// maxProblems bounds what may be wrong with a list before it is taken for
// something else.
const maxProblems = 100_000

func (l *list) problem(place int, id, reason string) error {
	t := &l.j.out.Taken
	t.Add(intake.Report{Read: 1, Refused: 1, Refusals: []intake.Refusal{{Position: place, ID: id, Reason: reason}}})
	if t.Refused > maxProblems {
		return fault.Errorf(fault.Invalid, "more than %d lines make no sense: is this a list?", maxProblems)
	}
	return nil
}

// flush takes in what was gathered: of what is stored, the newest version, so
// that it joins the collection of the source as it is.
func (l *list) flush() error {
	if len(l.raws) == 0 {
		return nil
	}
	if l.first {
		if err := l.j.h.Query(l.ctx, l.stored); err != nil {
			return err
		}
	}
	rep, err := l.j.f.Intake.Objects(l.ctx, l.j.h, l.src, l.raws)
	l.j.out.Taken.Add(rep)
	l.raws, l.ids = nil, nil
	return err
}

func (l *list) stored(tx *store.Tx) error {
	known, err := tx.Known(l.ids)
	if err != nil || len(known) == 0 {
		return err
	}
	var seqs []int64
	var places []int
	for i, id := range l.ids {
		newest := int64(-1)
		var seq int64
		for _, k := range known[id] {
			if k.Version >= newest {
				newest, seq = k.Version, k.Seq
			}
		}
		if newest >= 0 {
			seqs, places = append(seqs, seq), append(places, i)
		}
	}
	bodies, err := tx.Bodies(seqs)
	if err != nil {
		return err
	}
	for i, body := range bodies {
		if l.raws[places[i]] = body; string(body) == "{}" { // erased: it does not come back this way
			l.raws[places[i]] = nil
		}
	}
	l.raws = slices.DeleteFunc(l.raws, func(raw []byte) bool { return raw == nil })
	return nil
}
