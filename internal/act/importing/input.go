package importing

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/misp"
	"twoseas/internal/format/observe"
	"twoseas/internal/format/stix"
	"twoseas/internal/format/table"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/store"
)

// Open returns an input from its beginning. It is asked for more than once:
// some formats say at their end what holds for all of it.
type Open func() (io.ReadCloser, error)

// staged reads the chunks of an upload.
type staged struct {
	ctx   context.Context
	h     *store.Handle
	u     store.Upload
	next  int64
	rest  []byte
	count *atomic.Int64 // bytes read, of all readers that share it
}

func (s *staged) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		if s.next >= s.u.Chunks {
			return 0, io.EOF
		}
		if err := s.h.Query(s.ctx, func(tx *store.Tx) (err error) {
			s.rest, err = tx.Chunk(s.u.ID, s.next)
			return err
		}); err != nil {
			return 0, err
		}
		s.next++
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	if s.count != nil {
		s.count.Add(int64(n))
	}
	return n, nil
}

// open returns the bytes of an upload, unpacked.
func (m *Imports) open(ctx context.Context, h *store.Handle, u store.Upload, count *atomic.Int64) Open {
	return func() (io.ReadCloser, error) {
		return Unpack(&staged{ctx: ctx, h: h, u: u, count: count}, unpacked*m.MaxBytes)
	}
}

// unpacked is how many times as large as an upload its unpacked form may be.
const unpacked = 4

// Unpack returns r, unpacked when it is gzip; more than limit bytes of that
// are fault.TooLarge.
func Unpack(r io.Reader, limit int64) (io.ReadCloser, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	magic, err := in.Peek(2)
	if err != nil || magic[0] != 0x1f || magic[1] != 0x8b {
		if fault.KindOf(err) != fault.Internal {
			return nil, err
		}
		return io.NopCloser(in), nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fault.Errorf(fault.Invalid, "not gzip after all: %w", err)
	}
	return io.NopCloser(&bounded{r: z, left: limit}), nil
}

// bounded says what a reader that gives too much is.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fault.New(fault.TooLarge, "the compressed file is too large when it is unpacked")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = fault.Errorf(fault.Invalid, "the compressed file breaks off or is damaged: %w", err)
	}
	return n, err
}

func (m *Imports) sample(ctx context.Context, h *store.Handle, u store.Upload) ([]byte, error) {
	in, err := m.open(ctx, h, u, nil)()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }() // only read
	return Sample(in)
}

// Sample returns the first bytes of an input, for Recognise.
func Sample(in io.Reader) ([]byte, error) {
	buf := make([]byte, sampleSize)
	n, err := io.ReadFull(in, buf)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		err = nil
	}
	return buf[:n], err
}

// Conversion is an input as a JSON array of STIX objects. Read it to its end
// or close it; Problems is complete then.
type Conversion struct {
	r     io.ReadCloser
	mu    sync.Mutex
	found Report  // Problems, Faults and LeftOut; guarded by mu
	place []int32 // where each object comes from; guarded by mu; nil for STIX
}

// maxProblems bounds the problems that are kept in words.
const maxProblems = 500

// maxPlaces bounds the objects whose places are kept.
const maxPlaces = 4 << 20

// Convert returns an input of the given kind as STIX objects. at is the time
// of reading; lists, which may be nil, name what is left out.
func Convert(open Open, opt Options, at time.Time, lists *warninglist.Set) (*Conversion, error) {
	if !opt.SkipListed {
		lists = nil
	}
	if opt.Kind == STIX && lists == nil {
		in, err := open()
		if err != nil {
			return nil, err
		}
		return &Conversion{r: in}, nil
	}
	r, w := io.Pipe()
	c := &Conversion{r: r, place: []int32{}}
	go func() {
		p := &printer{c: c, w: bufio.NewWriterSize(w, 64<<10), lists: lists}
		err := p.all(open, opt, at)
		if e := p.w.Flush(); err == nil {
			err = e
		}
		w.CloseWithError(err)
	}()
	return c, nil
}

// Read implements io.Reader.
func (c *Conversion) Read(p []byte) (int, error) { return c.r.Read(p) }

// Close ends the conversion.
func (c *Conversion) Close() error { return c.r.Close() }

// Found returns what could not be understood, so far.
func (c *Conversion) Found() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Report{Problems: append([]intake.Refusal(nil), c.found.Problems...), Faults: c.found.Faults, LeftOut: c.found.LeftOut}
}

// Place returns where in the input the object at a position of the array comes
// from: the line or the element, counted from 1, and the position itself where
// the input is STIX.
func (c *Conversion) Place(position int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if position < len(c.place) {
		return int(c.place[position])
	}
	return position
}

// printer writes what a reader hands over as an array.
type printer struct {
	c     *Conversion
	w     *bufio.Writer
	lists *warninglist.Set
	n     int
}

func (p *printer) all(open Open, opt Options, at time.Time) error {
	if err := p.w.WriteByte('['); err != nil {
		return err
	}
	if err := read(open, opt, at, feed.Out{Object: p.object, Problem: p.problem}); err != nil {
		return err
	}
	return p.w.WriteByte(']')
}

func read(open Open, opt Options, at time.Time, out feed.Out) error {
	if opt.Kind == MISP {
		return misp.Read(misp.Open(open), out)
	}
	in, err := open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read
	switch opt.Kind {
	case CSV:
		return table.Read(in, opt.Layout, at, out)
	case STIX:
		return readSTIX(in, out)
	case MISP, Text: // MISP is read above
	}
	marks, err := ioc.Markings(in)
	if err != nil {
		return err
	}
	again, err := open()
	if err != nil {
		return err
	}
	defer func() { _ = again.Close() }() // only read
	return ioc.Read(again, marks, at, out)
}

// readSTIX hands over the objects of a bundle as they are.
func readSTIX(in io.Reader, out feed.Out) error {
	s := canon.NewObjects(in)
	for n := 0; ; n++ {
		raw, err := s.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := out.Object(n, raw); err != nil {
			return err
		}
	}
}

func (p *printer) object(place int, raw []byte) error {
	if p.lists != nil && p.listed(raw) {
		p.c.mu.Lock()
		p.c.found.LeftOut++
		p.c.mu.Unlock()
		return nil
	}
	p.c.mu.Lock()
	if len(p.c.place) < maxPlaces {
		p.c.place = append(p.c.place, int32(min(place, 1<<30))) //nolint:gosec // bounded
	}
	p.c.mu.Unlock()
	if p.n > 0 {
		if err := p.w.WriteByte(','); err != nil {
			return err
		}
	}
	p.n++
	_, err := p.w.Write(raw)
	return err
}

// listed reports whether a warning list names what an object is about.
func (p *printer) listed(raw []byte) bool {
	o, err := stix.Parse(raw, stix.Options{})
	if err != nil {
		return false // intake says what is wrong with it
	}
	for _, v := range observe.Values(&o) {
		if len(p.lists.Hits(v)) > 0 {
			return true
		}
	}
	return false
}

func (p *printer) problem(place int, id, reason string) error {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.c.found.Faults++
	if len(p.c.found.Problems) < maxProblems {
		p.c.found.Problems = append(p.c.found.Problems, intake.Refusal{Position: place, ID: id, Reason: reason})
	}
	return nil
}
