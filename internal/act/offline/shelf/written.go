package shelf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/offline"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// outDir holds the files written for partners: out/<agreement>/<number>/<part>.
const outDir = "out"

// Written is a file for the partner that can be fetched, in parts.
type Written struct {
	Number int64
	Parts  []Part
	At     time.Time
	dir    string
}

// Part is one of the files to carry.
type Part struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// MinSplit is the smallest size of parts that is taken.
const MinSplit = 64 << 10

func writingKey(a ident.Agreement) string { return "out " + string(a) }

// Write writes the next file for the partner of an agreement, in the
// background: parts of at most split bytes, one when split is 0. again
// continues the last file that the partner is known to have imported.
func (s *Shelf) Write(h *store.Handle, by people.Actor, a ident.Agreement, again bool, split int64) error {
	if err := offline.MayCarry(by); err != nil {
		return err
	}
	if split != 0 && split < MinSplit {
		return fault.Errorf(fault.Invalid, "parts of %d bytes: want at least %d", split, MinSplit)
	}
	return s.begin(h, by, Writing, writingKey(a), func(ctx context.Context, w *Work) error {
		out, err := s.write(ctx, h, by, a, again, split)
		if err == nil {
			w.Written = &out
		}
		return err
	})
}

func (s *Shelf) write(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, again bool, split int64) (out offline.Exported, err error) {
	err = s.within(h, func(root *os.Root) error {
		tmp := path.Join(outDir, string(a), s.temporary())
		if err := root.MkdirAll(tmp, 0o700); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, root.RemoveAll(tmp)) }() // gone already when all went well
		whole, err := root.OpenFile(path.Join(tmp, "whole"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		out, err = s.Offline.Export(ctx, h, by, a, again, whole)
		if err == nil {
			err = s.shelve(root, tmp, whole, out, split)
		}
		return errors.Join(err, whole.Close())
	})
	return out, err
}

// temporary names something on its way, which nobody else does.
func (s *Shelf) temporary() string { return fmt.Sprintf(".%s-%d", s.Owner, s.n.Add(1)) }

// shelve makes the parts of what was written and puts them where they are
// found. What was written counts: when this fails the file is lost, and is
// made up for by writing again.
func (s *Shelf) shelve(root *os.Root, tmp string, whole *os.File, out offline.Exported, split int64) error {
	parts := path.Join(tmp, "parts")
	if err := root.Mkdir(parts, 0o700); err != nil {
		return err
	}
	if _, err := whole.Seek(0, io.SeekStart); err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s-%d.bundle", out.Agreement, out.From, out.Number)
	err := offline.Split(whole, split, func(part, of int) (io.WriteCloser, error) {
		file := name
		if of > 1 {
			file = fmt.Sprintf("%s.%0*dof%d", name, len(strconv.Itoa(of)), part, of)
		}
		return root.OpenFile(path.Join(parts, file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	})
	if err == nil {
		err = root.Rename(parts, path.Join(outDir, string(out.Agreement), strconv.FormatInt(out.Number, 10)))
	}
	if err != nil {
		return fmt.Errorf("file %d is written and could not be kept; write again what was in it: %w", out.Number, err)
	}
	return nil
}

// written returns the files of an agreement that lie on the shelf, by number.
func written(root *os.Root, a ident.Agreement) (map[int64]Written, error) {
	dir := path.Join(outDir, string(a))
	entries, err := list(root, dir)
	if err != nil {
		return nil, err
	}
	out := map[int64]Written{}
	for _, e := range entries {
		n, err := strconv.ParseInt(e.Name(), 10, 64)
		if err != nil || !e.IsDir() {
			continue // on its way
		}
		f := Written{Number: n, dir: path.Join(dir, e.Name())}
		parts, err := list(root, f.dir)
		if err != nil {
			return nil, err
		}
		for _, p := range parts {
			info, err := p.Info()
			if err != nil {
				return nil, err
			}
			f.At = info.ModTime().UTC()
			f.Parts = append(f.Parts, Part{p.Name(), info.Size()})
		}
		out[n] = f
	}
	return out, nil
}

// Files returns what can be fetched for the partner of an agreement, the
// newest first, and what is being written or how that ended, nil for nothing.
func (s *Shelf) Files(h *store.Handle, by people.Actor, a ident.Agreement) (out []Written, w *Work, err error) {
	if err := by.May(people.Review); err != nil {
		return nil, nil, err
	}
	err = s.within(h, func(root *os.Root) error {
		files, err := written(root, a)
		for _, n := range numbers(files) {
			out = append(out, files[n])
		}
		return err
	})
	return out, s.at(writingKey(a)), err
}

// Fetch opens a part of a file to be carried, counted from 1. That it was
// fetched is recorded.
func (s *Shelf) Fetch(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, number int64, part int) (f *os.File, p Part, err error) {
	if err := offline.MayCarry(by); err != nil {
		return nil, p, err
	}
	err = s.within(h, func(root *os.Root) error {
		files, err := written(root, a)
		if err != nil {
			return err
		}
		have, ok := files[number]
		if !ok || part < 1 || part > len(have.Parts) {
			return fault.New(fault.NotFound, "that file is not on this node any more")
		}
		p = have.Parts[part-1]
		if err := s.record(ctx, h, by, "bundle.fetch", ledger.Field{Name: "agreement", Value: string(a)}, ledger.Field{Name: "file", Value: p.Name}); err != nil {
			return err
		}
		f, err = root.Open(path.Join(have.dir, p.Name))
		return err
	})
	return f, p, err
}

// Drop removes a written file from the shelf. That it was written stays.
func (s *Shelf) Drop(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, number int64) error {
	if err := offline.MayCarry(by); err != nil {
		return err
	}
	return s.within(h, func(root *os.Root) error {
		files, err := written(root, a)
		if err != nil {
			return err
		}
		have, ok := files[number]
		if !ok {
			return fault.New(fault.NotFound, "that file is not on this node any more")
		}
		if err := s.record(ctx, h, by, "bundle.drop", ledger.Field{Name: "agreement", Value: string(a)}, ledger.Field{Name: "number", Value: strconv.FormatInt(number, 10)}); err != nil {
			return err
		}
		return root.RemoveAll(have.dir)
	})
}

// DropCarrying removes the written files that carry shipments, named by
// agreement, in the transaction that erases what was in them: the partner has
// them already, or is written another file.
func (s *Shelf) DropCarrying(tx *store.Tx, by string, shipments map[ident.Agreement][]int64) (err error) {
	dir := path.Join(s.Dir, tx.Domain().String())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	for _, a := range slices.Sorted(maps.Keys(shipments)) {
		if err := s.dropCarrying(tx, root, by, a, shipments[a]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Shelf) dropCarrying(tx *store.Tx, root *os.Root, by string, a ident.Agreement, shipments []int64) error {
	files, err := written(root, a)
	if err != nil {
		return err
	}
	for _, n := range numbers(files) {
		b, err := tx.Bundle(a, store.Out, n)
		if err != nil {
			return err
		}
		before := store.Bundle{}
		if b.Follows > 0 {
			if before, err = tx.Bundle(a, store.Out, b.Follows); err != nil {
				return err
			}
		}
		if !slices.ContainsFunc(shipments, func(n int64) bool { return before.Shipments < n && n <= b.Shipments }) {
			continue
		}
		tx.Notify(store.TopicFile)
		if err := s.Ledger.Record(tx, by, "bundle.drop", ledger.Field{Name: "agreement", Value: string(a)}, ledger.Field{Name: "number", Value: strconv.FormatInt(n, 10)}); err != nil {
			return err
		}
		if err := root.RemoveAll(files[n].dir); err != nil {
			return err
		}
	}
	return nil
}

// AwaitWriting waits until a file is written, for a while at most.
func (s *Shelf) AwaitWriting(ctx context.Context, a ident.Agreement, most time.Duration) {
	s.wait(ctx, writingKey(a), most)
}

// hidden reports whether a name is of something on its way.
func hidden(name string) bool { return strings.HasPrefix(name, ".") }
