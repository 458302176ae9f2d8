package coordination

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/store"
)

// MaxPage bounds a page of a list.
const MaxPage = 200

// Place is where a list goes on; the zero Place is the beginning.
type Place struct {
	Changed int64
	ID      string
}

// String writes a place for an address; "" is the beginning.
func (p Place) String() string {
	if p == (Place{}) {
		return ""
	}
	return strconv.FormatInt(p.Changed, 36) + "." + p.ID
}

// ParsePlace reads what String writes, or returns fault.Invalid.
func ParsePlace(s string) (p Place, err error) {
	if s == "" {
		return p, nil
	}
	at, id, ok := strings.Cut(s, ".")
	if p.Changed, err = strconv.ParseInt(at, 36, 64); err != nil || !ok || p.Changed <= 0 {
		return Place{}, fault.New(fault.Invalid, "this is no place in the list: begin at its start")
	}
	p.ID = id
	return p, nil
}

// Entry is one coordination of a list.
type Entry struct {
	store.Coordination
	Opening law.Opening
}

// Listing is a page of a list.
type Listing struct {
	Entries []Entry
	Next    Place // zero when there is no more
}

// List returns coordinations in which somebody may still do something, or those
// that are over, what changed last first.
func (x *Coordinations) List(ctx context.Context, h *store.Handle, by people.Actor, over bool, at Place, limit int) (l Listing, err error) {
	if err := by.May(Reader); err != nil {
		return l, err
	}
	limit = min(cmp.Or(max(limit, 0), MaxPage), MaxPage)
	err = h.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.Coordinations(!over, at.Changed, at.ID, int64(limit)+1)
		if err != nil {
			return err
		}
		if len(found) > limit {
			found = found[:limit]
			l.Next = Place{found[limit-1].Changed, found[limit-1].ID}
		}
		for _, c := range found {
			o, err := opening(tx, c)
			if err != nil {
				return err
			}
			l.Entries = append(l.Entries, Entry{c, o})
		}
		return nil
	})
	return l, err
}

// Event is one step as both sides' timeline shows it.
type Event struct {
	law.Step
	Person   string // who of this side made it; "" for the other side's
	Object   int64  // where the step is stored
	Received time.Time
	Refused  string // why the other node did not take it
}

// Detail is one coordination with all that was done about it.
type Detail struct {
	store.Coordination
	Opening  law.Opening
	Course   law.Course
	Other    ident.Side
	Timeline []Event // by when each side says it did it
	// Refused is why the other node did not take something of this side.
	Refused string
	// Unknown are the steps of this side that weigh for publication and that the
	// other side is not known to have.
	Unknown []Event
	Now     time.Time
	// May is what this side may do next, and Known how much there is to know.
	May   []law.Move
	Known Known
}

// Show returns one coordination.
func (x *Coordinations) Show(ctx context.Context, h *store.Handle, by people.Actor, id string) (d Detail, err error) {
	if err := by.May(Reader); err != nil {
		return d, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		f, err := x.find(tx, by, id)
		if err != nil {
			return err
		}
		if d.Opening, err = opening(tx, f.Coordination); err != nil {
			return err
		}
		d.Coordination, d.Course, d.Other, d.Refused, d.Now = f.Coordination, f.course, f.other(x.Self), f.refused(), now(tx)
		d.Timeline, d.May = f.timeline(), f.may(x.Self)
		d.Known = Known{len(f.course.Steps(x.Self)), len(f.course.Steps(d.Other))}
		for _, e := range d.Timeline {
			if e.By == x.Self && e.Move.Weighs() && e.Received.IsZero() {
				d.Unknown = append(d.Unknown, e)
			}
		}
		return nil
	})
	return d, err
}

// timeline is what both sides did, in the order of their own clocks.
func (f folded) timeline() (out []Event) {
	for _, side := range []ident.Side{f.Opener, f.Partner} {
		for _, s := range f.course.Steps(side) {
			e := Event{Step: s}
			for _, k := range f.steps {
				if k.Side == side && k.N == int64(s.N) {
					e.Person, e.Object, e.Refused = k.Person, k.Object, k.Refused
					if k.Received != 0 {
						e.Received = time.UnixMicro(k.Received).UTC()
					}
				}
			}
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int { return a.On.Compare(b.On) })
	return out
}

// due is the instant that both sides stand by, zero without one.
func (f folded) due() time.Time {
	at, _ := f.course.Date()
	return at
}

// Agreements are those under which by may open something now.
func (x *Coordinations) Agreements(ctx context.Context, h *store.Handle, by people.Actor) (out []ident.Agreement, err error) {
	if err := by.May(Reader); err != nil {
		return nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		channels, err := tx.Channels()
		if err != nil {
			return err
		}
		for _, ch := range channels {
			switch _, err := x.permitted(tx, ch.Agreement); {
			case err == nil:
				out = append(out, ch.Agreement)
			case !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Denied):
				return err
			}
		}
		return nil
	})
	return out, err
}
