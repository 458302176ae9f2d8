// Package intake is the one way in: whatever the source, an object is parsed,
// validated, labelled, deduplicated, stored and indexed here, in one
// transaction per batch.
//
// Invariants: a bad item never spoils its batch and is kept in the report with
// its position, id and reason; an object that belongs to somebody else is not
// changed (invariant 1); what is not understood about an object's handling
// makes it stricter, never more open (invariant 2).
package intake

import (
	"context"
	"errors"
	"io"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Source says where objects come from and what the importer says of them.
type Source struct {
	Origin      ident.Side  // whose objects these are
	Contributor string      // marking.Member for an industry member's, else ""
	Sectors     []string    // codes of the sectors concerned
	DefaultTLP  marking.TLP // for objects without a TLP; NoTLP leaves them unreleasable
	DefaultPAP  marking.PAP // for objects without a PAP
	// Limits is added to what each object says of itself: an embargo, an
	// expiry, areas it may cross under, recipients.
	Limits marking.Terms
	// Lapse returns for a kind how long after its version time an object lapses
	// that does not say so itself; nil, or a zero time, for never.
	Lapse func(kind string, version time.Time) time.Time
	// Control admits what only nodes write: marking.IsDesk.
	Control    bool
	By         string // the account that brings them in; "" for a partner and the node itself
	Collection string // id or alias of the collection they join; "" for none
	// Ceiling is the strictest TLP that is taken; NoTLP takes everything.
	// Below a ceiling, what has no TLP or is not understood is refused too.
	Ceiling marking.TLP
	// MaySee says whether the person who writes over an edge may see a label;
	// nil is the node itself, which sees all. Stored objects that the writer
	// may not see are not spoken of.
	MaySee func(tx *store.Tx, label int64) (bool, error)
	// Speaks says that what the source says of the handling counts also for
	// objects that are stored already and that MaySee admits to.
	Speaks bool
	// Foreign says that the source speaks for nobody here: what is stored as
	// this side's own keeps its handling when it comes back from there.
	Foreign bool
	// SpecVersion lifts STIX 2.0 objects when it is "2.0"; a bundle's own
	// spec_version overrides it.
	SpecVersion string

	look   bool   // a sponsor wants to see what its member contributes
	member string // which member contributes
}

// Router is told, inside the transaction, what arrived, so that releases are
// queued with it. The release acts implement it; intake does not know them.
type Router interface {
	// Arrived routes the versions numbered from..to; labels are theirs.
	Arrived(tx *store.Tx, from, to int64, labels map[int64]marking.Label) error
	// Relabelled routes everything that carries a label whose meaning changed.
	Relabelled(tx *store.Tx, id int64, label marking.Label) error
}

// Readers says which readers may see a label; see people.Home.
type Readers interface {
	Readable(clearance string, label []byte, d ident.Domain, now time.Time) bool
}

// Lists says which values are rarely malicious; importing.Imports does.
type Lists interface {
	Lists(ctx context.Context, h *store.Handle) (*warninglist.Set, error)
}

// Intake takes objects in. It is safe for concurrent use.
type Intake struct {
	self    ident.Side
	readers Readers
	router  Router
	bound   func(*store.Tx) (string, error) // see SetBound

	lists   Lists   // nil before UseLists
	members Members // nil before SetMembers
}

// New returns an Intake for the node of side self.
func New(self ident.Side, readers Readers, router Router) *Intake {
	return &Intake{self: self, readers: readers, router: router}
}

// SetBound has nothing taken in that is classified above what bound returns, the
// highest level of each scheme that the node may hold. Without, or when it
// returns "", nothing classified is. It must be called before in is shared.
func (in *Intake) SetBound(bound func(*store.Tx) (string, error)) { in.bound = bound }

// UseLists has what comes in held up against warning lists from now on. It is
// called once, before anything comes in.
func (in *Intake) UseLists(l Lists) { in.lists = l }

// Batch sizes: enough to make a commit cheap, little enough to stay small in
// memory and to let other writers in between.
const (
	batchObjects = 2000
	batchBytes   = 8 << 20
)

// Stream takes in everything r holds: a bundle, an envelope, an array or one
// object. Each batch is one transaction; progress, which may be nil, is called
// after each. When the input breaks off, what came before it is kept and
// counted, and the error says where it broke.
func (in *Intake) Stream(ctx context.Context, h *store.Handle, src Source, r io.Reader, progress func(Report)) (Report, error) {
	return in.stream(ctx, h, src, passage{objects: canon.NewObjects(r), done: func(rep Report, _ []Item, _ []Result) {
		if progress != nil {
			progress(rep)
		}
	}})
}

// Resume is Stream from the object after the first skip of r on. inside is
// called in the transaction of each batch with the report of that batch; an
// error of it undoes the batch and ends the work. Whoever keeps there how far
// the work is can go on after any end of it, and counts nothing twice.
func (in *Intake) Resume(ctx context.Context, h *store.Handle, src Source, r io.Reader, skip int, inside func(tx *store.Tx, part Report) error) error {
	_, err := in.stream(ctx, h, src, passage{
		objects: canon.NewObjects(r), skip: skip, inside: inside, done: func(Report, []Item, []Result) {},
	})
	return err
}

// passage is how a stream of objects comes in.
type passage struct {
	objects *canon.Objects
	skip    int                            // objects at the beginning that came in before
	inside  func(*store.Tx, Report) error  // nil, or called in the transaction of each batch
	done    func(Report, []Item, []Result) // called after each batch
}

// Envelope is Stream for input that must be a TAXII envelope, or the error is
// canon.ErrNotEnvelope. each is called after every batch with what was in it
// and what became of each, both of which it must not keep.
func (in *Intake) Envelope(ctx context.Context, h *store.Handle, src Source, r io.Reader, each func([]Item, []Result)) (Report, error) {
	return in.stream(ctx, h, src, passage{
		objects: canon.NewEnvelope(r), done: func(_ Report, items []Item, results []Result) { each(items, results) },
	})
}

// Page is Stream for a page of somebody's TAXII collection, an envelope that may
// lack its objects. Once all is read it returns what stood beside them, such as
// "more". Soon after more than most objects it stops with fault.TooLarge.
func (in *Intake) Page(ctx context.Context, h *store.Handle, src Source, r io.Reader, most int) (Report, map[string][]byte, error) {
	objects := canon.NewPage(r)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	rep, err := in.stream(ctx, h, src, passage{objects: objects, done: func(rep Report, _ []Item, _ []Result) {
		if rep.Read > most {
			stop(errTooMany(most))
		}
	}})
	if err != nil && fault.Is(context.Cause(ctx), fault.TooLarge) {
		err = context.Cause(ctx)
	}
	if err != nil {
		return rep, nil, err
	}
	return rep, objects.Header, nil
}

func (in *Intake) stream(ctx context.Context, h *store.Handle, src Source, way passage) (Report, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var rep Report
	p := prepare(ctx, way.objects, src.SpecVersion, way.skip)
	batch := make([]Item, 0, batchObjects)
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		part, results, err := in.commit(ctx, h, src, batch, way.inside)
		if err != nil {
			return err
		}
		rep.Add(part)
		rep.Offset = p.offset.Load()
		way.done(rep, batch, results)
		batch, size = batch[:0], 0
		return nil
	}
	for chunk := range p.chunks {
		for _, it := range p.take(chunk) {
			batch = append(batch, it)
			if size += it.Size; len(batch) >= batchObjects || size >= batchBytes {
				if err := flush(); err != nil {
					return rep, err
				}
			}
		}
	}
	if err := flush(); err != nil {
		return rep, err
	}
	if err := p.err; err != nil && !errors.Is(err, io.EOF) {
		return rep, err
	}
	return rep, ctx.Err()
}

// Objects takes in the given raw objects in one transaction.
func (in *Intake) Objects(ctx context.Context, h *store.Handle, src Source, raws [][]byte) (Report, error) {
	rep, _, err := in.commit(ctx, h, src, prepareAll(raws, src.SpecVersion), nil)
	return rep, err
}

func (in *Intake) commit(ctx context.Context, h *store.Handle, src Source, items []Item, inside func(*store.Tx, Report) error) (rep Report, results []Result, err error) {
	if err := in.Doubt(ctx, h, src, items); err != nil {
		return rep, nil, err
	}
	err = h.Write(ctx, func(tx *store.Tx) (err error) {
		rep, results, err = in.Batch(tx, src, items)
		if err == nil && inside != nil {
			err = inside(tx, rep)
		}
		return err
	})
	return rep, results, err
}

// Elements returns the raw objects of a small input, at most limit of them.
func Elements(r io.Reader, limit int) ([][]byte, error) {
	s := canon.NewObjects(r)
	var out [][]byte
	for len(out) < limit {
		raw, err := s.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, raw)
	}
	return out, errTooMany(limit)
}
