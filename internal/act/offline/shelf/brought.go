package shelf

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	"twoseas/internal/law/bundle"
	"twoseas/internal/store"
)

// inDir holds what was brought: in/<digest of the whole>/<part>of<parts>.
const inDir = "in"

// Brought is a file of a partner, of which some parts at least are here.
type Brought struct {
	File    string // its name here: the digest of the whole in hex digits
	Of      int
	Missing []int
	Size    int64
	At      time.Time
	// Preview is what is inside, once somebody has looked; it is filled in for
	// who has looked, nil otherwise.
	Preview *offline.Preview
	Work    *Work
}

// Whole reports whether all parts are here.
func (b Brought) Whole() bool { return len(b.Missing) == 0 }

// Put takes a part of a file as it comes in, and returns the file's name here.
// A part that is here already changes nothing. fault.TooLarge when more would
// lie here than may, fault.Invalid when it is not what its first line says.
func (s *Shelf) Put(ctx context.Context, h *store.Handle, by people.Actor, r io.Reader) (file string, err error) {
	if err := offline.MayCarry(by); err != nil {
		return "", err
	}
	in := bufio.NewReaderSize(r, 64<<10)
	p, err := bundle.ReadPart(in)
	if err != nil {
		return "", err
	}
	file = hex.EncodeToString(p.Whole[:])
	err = s.within(h, func(root *os.Root) error {
		dir := path.Join(inDir, file)
		name := path.Join(dir, fmt.Sprintf("%dof%d", p.Number, p.Of))
		if _, err := root.Stat(name); err == nil {
			return nil
		}
		if err := s.room(root, p); err != nil {
			return err
		}
		if err := root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := s.receive(root, dir, name, p, in); err != nil {
			_ = root.Remove(dir) // only when nothing else is in it
			return err
		}
		return s.record(ctx, h, by, "bundle.bring", ledger.Field{Name: "file", Value: file}, ledger.Field{Name: "part", Value: fmt.Sprintf("%d of %d", p.Number, p.Of)})
	})
	return file, err
}

// room refuses a part that would make the shelf too full.
func (s *Shelf) room(root *os.Root, p bundle.Part) error {
	total := p.Size
	err := fs.WalkDir(root.FS(), inDir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if total > s.MaxBytes {
		return fault.Errorf(fault.TooLarge, "with this part %d bytes of files would lie here, at most %d: take in or remove others, or import on the command line", total, s.MaxBytes)
	}
	return nil
}

// receive writes a part and puts it in its place when it is whole.
func (s *Shelf) receive(root *os.Root, dir, name string, p bundle.Part, in io.Reader) error {
	tmp := path.Join(dir, s.temporary())
	f, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = f.Write(p.Head())
	n := int64(0)
	if err == nil {
		n, err = io.Copy(io.MultiWriter(f, sum), io.LimitReader(in, p.Size+1))
	}
	if err == nil && (n != p.Size || ident.Digest(sum.Sum(nil)) != p.Digest) {
		err = fault.Errorf(fault.Invalid, "part %d of %d is damaged: its digest is not the one on its first line; copy it once more", p.Number, p.Of)
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(tmp, name)
	}
	if err != nil {
		_ = root.Remove(tmp) // the reason is told already
	}
	return err
}

// brought returns a file of that name.
func (s *Shelf) brought(root *os.Root, file string) (b Brought, sources []offline.Source, err error) {
	gone := fault.New(fault.NotFound, "that file is not on this node any more")
	if raw, err := hex.DecodeString(file); err != nil || len(raw) != len(ident.Digest{}) || strings.ToLower(file) != file {
		return b, nil, gone
	}
	dir := path.Join(inDir, file)
	entries, err := list(root, dir)
	if err != nil {
		return b, nil, err
	}
	b.File = file
	have := map[int]bool{}
	for _, e := range entries {
		if hidden(e.Name()) {
			continue
		}
		number, of, ok := partOf(e.Name())
		info, err := e.Info()
		if err != nil || !ok {
			return b, nil, errors.Join(err, fault.Errorf(fault.Internal, "%q lies among the files that were brought", e.Name()))
		}
		b.Of, b.Size, have[number] = of, b.Size+info.Size(), true
		if at := info.ModTime().UTC(); at.After(b.At) {
			b.At = at
		}
		sources = append(sources, s.source(path.Join(root.Name(), dir, e.Name())))
	}
	if b.Of == 0 {
		return b, nil, gone
	}
	for n := 1; n <= b.Of; n++ {
		if !have[n] {
			b.Missing = append(b.Missing, n)
		}
	}
	b.Work = s.at(file)
	return b, sources, nil
}

func partOf(name string) (number, of int, ok bool) {
	a, b, ok := strings.Cut(name, "of")
	number, err := strconv.Atoi(a)
	of, err2 := strconv.Atoi(b)
	return number, of, ok && err == nil && err2 == nil && number >= 1 && number <= of
}

// source opens a part; the path is one that brought has found.
func (s *Shelf) source(name string) offline.Source {
	return func() (io.ReadCloser, error) {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.NotFound, "that file is not on this node any more")
		}
		return f, err
	}
}

// Brought returns what was brought and not yet taken in, the newest first.
func (s *Shelf) Brought(ctx context.Context, h *store.Handle, by people.Actor) (out []Brought, err error) {
	if err := offline.MayCarry(by); err != nil {
		return nil, err
	}
	err = s.within(h, func(root *os.Root) error {
		entries, err := list(root, inDir)
		for _, e := range entries {
			b, _, err := s.brought(root, e.Name())
			if fault.Is(err, fault.NotFound) { // the first part is on its way
				continue
			}
			if err == nil {
				err = s.fill(ctx, h, by, &b)
			}
			if err != nil {
				return err
			}
			out = append(out, b)
		}
		return err
	})
	slices.SortFunc(out, func(a, b Brought) int { return b.At.Compare(a.At) })
	return out, err
}

// One returns one of them. What was taken in is not here any more: its Work
// says what came of it while this process remembers.
func (s *Shelf) One(ctx context.Context, h *store.Handle, by people.Actor, file string) (b Brought, err error) {
	if err := offline.MayCarry(by); err != nil {
		return b, err
	}
	err = s.within(h, func(root *os.Root) error {
		if b, _, err = s.brought(root, file); err != nil {
			return err
		}
		return s.fill(ctx, h, by, &b)
	})
	if w := s.at(file); fault.Is(err, fault.NotFound) && w != nil && w.Taken != nil {
		return Brought{File: file, Work: w}, nil
	}
	return b, err
}

// fill adds what is inside, for who has looked, as it stands now.
func (s *Shelf) fill(ctx context.Context, h *store.Handle, by people.Actor, b *Brought) error {
	s.mu.Lock()
	found := s.looks[b.File]
	s.mu.Unlock()
	if found == nil {
		return nil
	}
	p, looked, err := s.Offline.Standing(ctx, h, by, *found)
	if err == nil && looked {
		b.Preview = &p
	}
	return err
}

// Look opens a file that is whole and verifies it, in the background; the
// next who looks is shown what was found.
func (s *Shelf) Look(ctx context.Context, h *store.Handle, by people.Actor, file string) error {
	if err := offline.MayCarry(by); err != nil {
		return err
	}
	src, err := s.joined(h, file)
	if err != nil {
		return err
	}
	s.mu.Lock()
	found := s.looks[file]
	s.mu.Unlock()
	if found != nil {
		return s.Offline.Looked(ctx, h, by, *found)
	}
	return s.begin(h, by, Looking, file, func(ctx context.Context, _ *Work) error { //nolint:contextcheck // it outlives the request
		p, err := s.Offline.Look(ctx, h, by, src)
		if err == nil {
			s.mu.Lock()
			s.looks[file] = &p
			s.mu.Unlock()
		}
		return err
	})
}

// joined is the file as one source; fault.NotFound names the parts that are
// missing.
func (s *Shelf) joined(h *store.Handle, file string) (src offline.Source, err error) {
	err = s.within(h, func(root *os.Root) error {
		_, sources, err := s.brought(root, file)
		if err == nil {
			src, err = offline.Join(sources)
		}
		return err
	})
	return src, err
}

// Confirm records that an officer who has looked wants a file taken in, and
// takes it in when that officer is the second, in the background. What was
// taken in leaves the shelf.
func (s *Shelf) Confirm(h *store.Handle, by people.Actor, file string) error {
	if err := offline.MayCarry(by); err != nil {
		return err
	}
	src, err := s.joined(h, file)
	if err != nil {
		return err
	}
	return s.begin(h, by, Taking, file, func(ctx context.Context, w *Work) error {
		got, err := s.Offline.Import(ctx, h, by, src)
		if err != nil {
			return err
		}
		if w.Taken = &got; !got.Applied {
			return nil
		}
		s.mu.Lock()
		delete(s.looks, file) // brought again it is looked into again
		s.mu.Unlock()
		return s.within(h, func(root *os.Root) error { return root.RemoveAll(path.Join(inDir, file)) })
	})
}

// Remove takes a file from the shelf that is not to be taken in.
func (s *Shelf) Remove(ctx context.Context, h *store.Handle, by people.Actor, file string) error {
	if err := offline.MayCarry(by); err != nil {
		return err
	}
	return s.within(h, func(root *os.Root) error {
		b, _, err := s.brought(root, file)
		if err != nil {
			return err
		}
		if b.Work != nil && b.Work.Running {
			return fault.Errorf(fault.Conflict, "%s is at it", b.Work.By)
		}
		if err := s.record(ctx, h, by, "bundle.remove", ledger.Field{Name: "file", Value: file}); err != nil {
			return err
		}
		s.mu.Lock()
		found := s.looks[file]
		s.mu.Unlock()
		if found != nil { // nobody waits for a second officer any more
			if err := h.Write(ctx, func(tx *store.Tx) error { return tx.ForgetBundleLooks(found.Link) }); err != nil {
				return err
			}
		}
		s.forget(file)
		return root.RemoveAll(path.Join(inDir, file))
	})
}

// AwaitFile waits until nothing is done with a file, for a while at most.
func (s *Shelf) AwaitFile(ctx context.Context, file string, most time.Duration) {
	s.wait(ctx, file, most)
}
