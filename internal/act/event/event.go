// Package event is the threat data of a node as events of MISP: which events
// there are for a reader, what belongs to each, and how events come in.
//
// Invariants: what a reader's class may not see has no trace in any event, in
// the list of events, or in a time they were changed; an object is in at least
// one event and its UUID is used in exactly one of those the reader sees; the
// same event has the same UUID for ever; what comes in passes intake like
// anything else, and MISP's words about distribution never make it more open.
package event

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/misp"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Config is what Events stand on. All of it is needed but Journal and Index.
type Config struct {
	Self    ident.Side
	Title   string // of the node, as an organisation
	Intake  *intake.Intake
	Journal people.Journal
	Clock   clock.Clock
	// Index makes everything that is stored findable.
	Index func(ctx context.Context, h *store.Handle) error
}

// Events is a node's events. It is safe for concurrent use.
type Events struct {
	c   Config
	org misp.Org

	mu    sync.Mutex
	facts map[ident.Domain]*facts // guarded by mu; each by its own lock
	marks map[string]tags         // what texts of labels say; guarded by mu
	spool chan struct{}           // one place for each event that is taken in at a time
}

// tags is a label as MISP writes it.
type tags struct {
	names  []string
	tlp    marking.TLP
	origin ident.Side
}

// atOnce is how many events are taken in at a time, since each is held in
// memory as it came, compressed.
const atOnce = 4

// New returns a node's events.
func New(c Config) *Events {
	if c.Title == "" {
		c.Title = string(c.Self)
	}
	return &Events{
		c: c, org: misp.Org{UUID: orgUUID(string(c.Self)), Name: c.Title},
		facts: map[ident.Domain]*facts{}, marks: map[string]tags{}, spool: make(chan struct{}, atOnce),
	}
}

// Org is the node as an organisation of MISP, for what names no other.
func (e *Events) Org() misp.Org { return e.org }

// space is the namespace of the UUIDs made here; it was drawn once.
var space = [16]byte{0x5f, 0x1b, 0x8e, 0x22, 0x94, 0x0d, 0x4c, 0x37, 0xa1, 0x76, 0xe9, 0x03, 0x5d, 0xc8, 0x62, 0xbb}

// maxMarks bounds the labels that are kept.
const maxMarks = 10_000

// tagsOf returns what the canonical text of a label says.
func (e *Events) tagsOf(terms []byte) (tags, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t, ok := e.marks[string(terms)]; ok {
		return t, nil
	}
	l, err := marking.ParseLabel(terms)
	if err != nil {
		return tags{}, err
	}
	t := tags{names: []string{}, tlp: l.TLP, origin: l.Origin}
	if l.TLP != marking.NoTLP {
		t.names = append(t.names, "tlp:"+l.TLP.Name())
	}
	if l.PAP != marking.NoPAP {
		t.names = append(t.names, "PAP:"+l.PAP.String()[len("PAP:"):])
	}
	if len(e.marks) >= maxMarks {
		clear(e.marks)
	}
	e.marks[string(terms)] = t
	return t, nil
}

// Entry is one event in the list of events.
type Entry struct {
	UUID      string
	Number    int64 // of the node, for clients that insist on one
	Info      string
	Date      string // a day
	Timestamp int64  // seconds; of the last change the reader may see
	Published bool
	Org       misp.Org
	Tags      []string
	Foreign   bool // read from MISP, so that MISP may change it
	Members   int  // objects
	seq       int64
}

// List returns the events that class may see, in order of arrival.
func (e *Events) List(ctx context.Context, h *store.Handle, class int64) ([]Entry, error) {
	v, err := e.view(ctx, h, class)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(v.events))
	for i, ev := range v.events {
		out[i] = ev.Entry
	}
	return out, nil
}

// Find returns one event, by its UUID or number, or fault.NotFound for what is
// not there or is not the class's to know of.
func (e *Events) Find(ctx context.Context, h *store.Handle, class int64, id string) (Entry, error) {
	v, err := e.view(ctx, h, class)
	if err != nil {
		return Entry{}, err
	}
	ev, ok := v.byName[id]
	if !ok {
		return Entry{}, errNoEvent
	}
	return ev.Entry, nil
}

func errNo(what string) error { return fault.New(fault.NotFound, what) }

var errNoEvent = errNo("Invalid event")

// Want says what of an event is wanted.
type Want struct{ Metadata, Deleted, NoGalaxies, NoSightings bool }

// Write writes one event as class sees it, or returns what Find does.
func (e *Events) Write(ctx context.Context, h *store.Handle, class int64, w io.Writer, id string, want Want) error {
	if !want.Metadata { // what is said of an event is found by the index
		if err := e.index(ctx, h); err != nil {
			return err
		}
	}
	v, err := e.view(ctx, h, class)
	if err != nil {
		return err
	}
	ev, ok := v.byName[id]
	if !ok {
		return errNoEvent
	}
	return e.write(ctx, h, w, v, ev, want)
}

func (e *Events) write(ctx context.Context, h *store.Handle, w io.Writer, v *view, ev *seen, want Want) error {
	world := &world{ctx: ctx, h: h, class: v.class, events: e}
	out := misp.Event{
		Number: ev.Number, UUID: ev.UUID, Info: ev.Info, Date: day(ev.Date), Changed: moment(ev.Timestamp), Org: e.org,
		Metadata: want.Metadata, Deleted: want.Deleted, NoGalaxies: want.NoGalaxies, NoSightings: want.NoSightings,
	}
	if ev.whole != nil {
		out.Own = func(id string) bool { return v.owner[store.IDHash(id)] == ev }
		found, err := world.Objects([]string{ev.whole.id})
		if err != nil {
			return err
		}
		o, ok := found[ev.whole.id]
		if !ok {
			return errNoEvent
		}
		out.Whole = &o
		return misp.Write(w, out, world)
	}
	err := h.Query(ctx, func(tx *store.Tx) error {
		ids, err := tx.IDs(v.class, ev.seqs)
		if err != nil {
			return err
		}
		err = stoodIn(tx, v.class, ev.seqs, ids)
		for _, seq := range ev.seqs {
			if id, ok := ids[seq]; ok {
				out.Members = append(out.Members, id)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	out.Marks = ev.Tags
	return misp.Write(w, out, world)
}

// etag names a list of events: the same name, the same list.
func etag(list []Entry) string {
	h := sha256.New()
	for _, x := range list {
		io.WriteString(h, x.UUID+" "+moment(x.Timestamp).String()+"\n") //nolint:errcheck // a hash does not fail
	}
	return hex.EncodeToString(h.Sum(nil)[:20])
}

// Tag returns the name of a list of events for a client that keeps it.
func Tag(list []Entry) string { return etag(list) }

// TagOfValues returns the name of the values that class may see: the same name,
// the same values. ok is false while the index is behind, when there is none.
func (e *Events) TagOfValues(ctx context.Context, h *store.Handle, class int64) (tag string, ok bool, err error) {
	if err := e.index(ctx, h); err != nil {
		return "", false, err
	}
	v, err := e.view(ctx, h, class)
	if err != nil {
		return "", false, err
	}
	sum := sha256.New()
	for _, ev := range v.events {
		fmt.Fprintf(sum, "%s %d\n", ev.UUID, ev.Timestamp) //nolint:errcheck // a hash does not fail
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		last, err := tx.LastObject()
		if err != nil {
			return err
		}
		upTo, err := tx.Indexed()
		if ok = err == nil && upTo >= last; !ok {
			return err
		}
		labels, err := tx.Labels()
		for _, l := range labels { // what leaves an event moves no time of it
			if v.labels[l.ID] {
				fmt.Fprintf(sum, "%d %d\n", l.ID, l.Objects) //nolint:errcheck // a hash does not fail
			}
		}
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:20]), ok, err
}

// orgUUID is that of an organisation of the node.
func orgUUID(id string) string { return ident.NamedUUID(space, "organisation\x00"+id) }
