// Package shelf keeps the files of the exchange by file between a browser and
// the medium they travel on: those written for a partner until they are
// fetched, those brought here until two officers have taken them in. What takes
// long is done in the background and looked at meanwhile.
//
// Invariants: everything on the shelf is encrypted, to the partner or to this
// node; what is brought is streamed to the disk and counts only when it is the
// part its first line says it is; nothing is remembered beside the files that
// the store does not know, but how work under way is getting on, so a process
// that is lost costs a look into a file and no more.
package shelf

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/offline"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

// Config is what a Shelf works with.
type Config struct {
	Offline *offline.Offline
	Ledger  *ledger.Ledger
	Clock   clock.Clock
	// Dir is the folder; it is made on first use. Processes that share a store
	// share it.
	Dir string
	// Owner tells this process from others.
	Owner string
	// MaxBytes bounds what is brought and not yet taken in; default 16 GiB.
	MaxBytes int64
}

// Shelf is the acts on the files. It is safe for concurrent use.
type Shelf struct {
	Config
	ctx  context.Context // of the work in the background; ends with Close
	stop context.CancelFunc
	wg   sync.WaitGroup
	n    atomic.Int64 // names of files on their way

	mu    sync.Mutex
	work  map[string]*Work            // guarded by mu; by what is worked at
	looks map[string]*offline.Preview // guarded by mu; what was found in files brought
}

// New returns a shelf. It is closed before the store is.
func New(c Config) *Shelf {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 16 << 30
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Shelf{Config: c, ctx: ctx, stop: stop, work: map[string]*Work{}, looks: map[string]*offline.Preview{}}
}

// Close ends what is done in the background; an import that is cut off is
// begun anew by confirming it again.
func (s *Shelf) Close() {
	s.stop()
	s.wg.Wait()
}

// What may be worked at.
const (
	Writing = "writing"
	Looking = "looking"
	Taking  = "taking"
)

// Work is something long that is under way, or how it ended.
type Work struct {
	What    string
	By      string
	Began   time.Time
	Running bool
	// Problem says why it did not do; "" when it did.
	Problem string
	// Written or Taken is what came of it.
	Written *offline.Exported
	Taken   *offline.Imported
}

// begin starts work at something, unless somebody is at it. do fills in what
// came of it.
func (s *Shelf) begin(h *store.Handle, by people.Actor, what, key string, do func(ctx context.Context, w *Work) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return fault.New(fault.Unavailable, "the node is stopping")
	}
	if w := s.work[key]; w != nil && w.Running {
		return fault.Errorf(fault.Conflict, "%s is at it already", w.By)
	}
	w := &Work{What: what, By: by.Name, Began: s.Clock.Now().UTC(), Running: true}
	s.work[key] = w
	done := *w
	s.wg.Go(func() {
		if err := do(s.ctx, &done); err != nil {
			done.Problem = problem(err)
		}
		done.Running = false
		s.mu.Lock()
		s.work[key] = &done
		s.mu.Unlock()
		_ = h.Write(context.WithoutCancel(s.ctx), tell) // a page that is not told says so when it is loaded again
	})
	return nil
}

// tell has pages look again.
func tell(tx *store.Tx) error {
	tx.Notify(store.TopicFile)
	return nil
}

// problem is what a failure says to people.
func problem(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return "the node was stopped meanwhile; begin again"
	case errors.Is(err, syscall.ENOSPC):
		return "the disk of the node is full"
	}
	return fault.Message(err)
}

// at returns what is worked at, or nil.
func (s *Shelf) at(key string) *Work {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w := s.work[key]; w != nil {
		return new(*w)
	}
	return nil
}

// Wait waits until nothing is worked at key any more, for a while at most.
func (s *Shelf) wait(ctx context.Context, key string, most time.Duration) {
	const step = 25 * time.Millisecond
	for range most / step {
		if w := s.at(key); w == nil || !w.Running {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(step):
		}
	}
}

// root opens the folder of a domain, and makes it.
func (s *Shelf) root(h *store.Handle) (*os.Root, error) {
	dir := path.Join(s.Dir, h.Domain().String())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenRoot(dir)
}

// within opens the folder of a domain for fn.
func (s *Shelf) within(h *store.Handle, fn func(*os.Root) error) error {
	root, err := s.root(h)
	if err != nil {
		return err
	}
	return errors.Join(fn(root), root.Close())
}

// list returns the entries of a folder by name, none when it is not there.
func list(root *os.Root, dir string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

func (s *Shelf) record(ctx context.Context, h *store.Handle, by people.Actor, act string, fields ...ledger.Field) error {
	return h.Write(ctx, func(tx *store.Tx) error {
		tx.Notify(store.TopicFile)
		return s.Ledger.Record(tx, by.String(), act, fields...)
	})
}

// keep is how long a file stays on the shelf.
const keep = 30 * 24 * time.Hour

// Sweep removes what has lain on the shelf for thirty days, and written files
// that the partner is known to have imported.
func (s *Shelf) Sweep(ctx context.Context, h *store.Handle) error {
	return s.within(h, func(root *os.Root) error {
		return errors.Join(s.sweepWritten(ctx, h, root), s.sweepBrought(root))
	})
}

func (s *Shelf) sweepBrought(root *os.Root) error {
	entries, err := list(root, inDir)
	for _, e := range entries {
		info, statErr := e.Info()
		if statErr == nil && s.Clock.Now().Sub(info.ModTime()) > keep {
			err = errors.Join(err, root.RemoveAll(path.Join(inDir, e.Name())))
			s.forget(e.Name())
		}
	}
	return err
}

func (s *Shelf) sweepWritten(ctx context.Context, h *store.Handle, root *os.Root) error {
	agreements, err := list(root, outDir)
	if err != nil {
		return err
	}
	for _, a := range agreements {
		files, err := written(root, ident.Agreement(a.Name()))
		if err != nil {
			return err
		}
		for n, f := range files {
			gone, err := s.arrived(ctx, h, ident.Agreement(a.Name()), n)
			if err != nil {
				return err
			}
			if gone || s.Clock.Now().Sub(f.At) > keep {
				if err := root.RemoveAll(f.dir); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// arrived reports whether the partner is known to have imported a file.
func (s *Shelf) arrived(ctx context.Context, h *store.Handle, a ident.Agreement, number int64) (seen bool, err error) {
	err = h.Query(ctx, func(tx *store.Tx) error {
		b, err := tx.Bundle(a, store.Out, number)
		seen = b.Seen > 0
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	return seen, err
}

// forget drops what is remembered of a file that is gone.
func (s *Shelf) forget(file string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.looks, file)
	if w := s.work[file]; w != nil && !w.Running && w.Taken == nil {
		delete(s.work, file)
	}
}

// numbers returns the keys of files, the newest first.
func numbers(files map[int64]Written) []int64 {
	out := slices.Sorted(maps.Keys(files))
	slices.Reverse(out)
	return out
}
