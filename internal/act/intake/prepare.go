package intake

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/observe"
	"twoseas/internal/format/stix"
)

// Item is one object made ready outside the transaction: parsed, validated
// and with its observables found; or why that could not be done.
type Item struct {
	Position int
	Size     int // bytes as they came
	Object   stix.Object
	Digest   ident.Digest
	Values   []ioc.Value
	// Listed says that a warning list names one of Values.
	Listed bool
	// Named says that an industry member brought it and a text of it seems to
	// name one.
	Named bool
	Err   error
	// Wire is the label, canonical, that an object brings along: the
	// sender's for one that came in a shipment, the source's for one that a
	// redaction made; nil otherwise. Origin is then whose object it is.
	Wire   []byte
	Origin ident.Side
}

// Prepare makes one raw object ready. It is pure and safe to run in parallel.
func Prepare(position int, raw []byte, specVersion string) Item {
	it := Item{Position: position, Size: len(raw)}
	it.Object, it.Err = stix.Parse(raw, stix.Options{SpecVersion: specVersion})
	if it.Err != nil {
		it.Object = guess(raw)
		return it
	}
	it.Digest = ident.Sum(it.Object.Raw)
	it.Values = observe.Values(&it.Object)
	it.detach()
	return it
}

// detach lets go of the parsed view, which is several times the size of the
// bytes, and of its copy of them, which every text taken from it would keep.
func (it *Item) detach() {
	o := &it.Object
	o.Props = nil
	for _, s := range []*string{&o.ID, &o.Type, &o.CreatedByRef, &o.SpecVersion} {
		*s = strings.Clone(*s)
	}
	for i, ref := range o.MarkingRefs {
		o.MarkingRefs[i] = strings.Clone(ref)
	}
	for i, v := range it.Values {
		it.Values[i].Text = strings.Clone(v.Text)
	}
	for i, w := range o.Warnings {
		o.Warnings[i].Path = strings.Clone(w.Path)
	}
}

func prepareAll(raws [][]byte, specVersion string) []Item {
	items := make([]Item, len(raws))
	var wg sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), len(raws)/64+1)
	var next atomic.Int64
	for range workers {
		wg.Go(func() {
			for {
				from := int(next.Add(64)) - 64
				if from >= len(raws) {
					return
				}
				for i := from; i < min(from+64, len(raws)); i++ {
					items[i] = Prepare(i, raws[i], specVersion)
				}
			}
		})
	}
	wg.Wait()
	return items
}

// guess finds the id and version of an object that did not parse, for the
// report.
func guess(raw []byte) (o stix.Object) {
	var v struct {
		ID       string `json:"id"`
		Modified string `json:"modified"`
		Created  string `json:"created"`
	}
	if err := canon.Unmarshal(raw, &v); err != nil || len(v.ID) > 200 {
		return o
	}
	o.ID = v.ID
	if t, err := stix.ParseTimestamp(v.Modified); err == nil {
		o.Modified = t
	}
	if t, err := stix.ParseTimestamp(v.Created); err == nil {
		o.Created = t
	}
	return o
}

// What one worker makes ready at a time: so many objects, or what comes to so
// many bytes; and how many bytes are under way before the writer has them.
const (
	chunkObjects = 128
	chunkBytes   = 1 << 20
	aheadBytes   = 8 << 20
)

// chunk is a run of objects that a worker makes ready.
type chunk struct {
	items chan []Item
	bytes int64
}

// pipeline reads and prepares ahead of the writer, in order, with bounded
// memory. err and the header are set before chunks is closed.
type pipeline struct {
	chunks chan chunk
	ahead  *semaphore.Weighted
	offset atomic.Int64
	err    error
}

func prepare(ctx context.Context, objects *canon.Objects, specVersion string, skip int) *pipeline {
	p := &pipeline{chunks: make(chan chunk, 2*runtime.GOMAXPROCS(0)+2), ahead: semaphore.NewWeighted(aheadBytes)}
	go p.read(ctx, objects, specVersion, skip)
	return p
}

// take waits for the items of a chunk, which are the caller's to account for
// from then on.
func (p *pipeline) take(c chunk) []Item {
	items := <-c.items
	p.ahead.Release(c.bytes)
	return items
}

func (p *pipeline) read(ctx context.Context, s *canon.Objects, specVersion string, skip int) {
	defer close(p.chunks)
	for range skip {
		if _, p.err = s.Next(); p.err != nil {
			return
		}
	}
	for position := skip; p.err == nil; {
		raws, bytes := p.some(s)
		p.offset.Store(s.Offset())
		if v, ok := s.Header["spec_version"]; ok && canon.Unmarshal(v, &specVersion) != nil {
			p.err = fault.New(fault.Invalid, "the bundle's spec_version is not a string") // not joined to an io.EOF, which is no error
			return
		}
		if len(raws) == 0 {
			continue
		}
		if err := p.send(ctx, raws, bytes, position, specVersion); err != nil {
			p.err = err
			return
		}
		position += len(raws)
	}
}

// some reads the objects of one chunk; an error is left in p.err.
func (p *pipeline) some(s *canon.Objects) (raws [][]byte, bytes int64) {
	for len(raws) < chunkObjects && bytes < chunkBytes {
		raw, err := s.Next()
		if err != nil {
			p.err = err
			break
		}
		raws = append(raws, raw)
		bytes += int64(len(raw))
	}
	return raws, min(bytes, aheadBytes)
}

// send has a worker prepare raws, once there is room.
func (p *pipeline) send(ctx context.Context, raws [][]byte, bytes int64, first int, specVersion string) error {
	if err := p.ahead.Acquire(ctx, bytes); err != nil {
		return err
	}
	c := chunk{make(chan []Item, 1), bytes}
	select {
	case p.chunks <- c:
	case <-ctx.Done():
		return ctx.Err()
	}
	go func() {
		items := make([]Item, len(raws))
		for i, raw := range raws {
			items[i] = Prepare(first+i, raw, specVersion)
			raws[i] = nil
		}
		c.items <- items
	}()
	return nil
}

// reason turns what Prepare found into the words of a report; the id stands
// beside it already.
func (it *Item) reason() string {
	return strings.TrimPrefix(fault.Message(it.Err), it.Object.ID+": ")
}
