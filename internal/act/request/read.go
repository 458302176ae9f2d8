package request

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// MaxPage bounds a page of a list.
const MaxPage = 200

// Filter says which requests a list shows. An empty text shows all.
type Filter struct {
	Closed  bool // those that ended, or else those that are open
	Ours    bool // only those this side asks
	Theirs  bool // only those this side is asked
	Kind    request.Kind
	Urgency request.Urgency
	State   request.State
	After   Place // goes on after this one
	Limit   int   // MaxPage when 0
}

// Place is where a list goes on; the zero Place is the beginning.
type Place struct {
	Rank int64
	ID   string
}

// String writes a place for an address; "" is the beginning.
func (p Place) String() string {
	if p == (Place{}) {
		return ""
	}
	return strconv.FormatInt(p.Rank, 36) + "." + p.ID
}

// ParsePlace reads what String writes, or returns fault.Invalid.
func ParsePlace(s string) (p Place, err error) {
	if s == "" {
		return p, nil
	}
	rank, id, ok := strings.Cut(s, ".")
	if p.Rank, err = strconv.ParseInt(rank, 36, 64); err != nil || !ok || p.Rank < 0 {
		return Place{}, fault.New(fault.Invalid, "this is no place in the list: begin at its start")
	}
	p.ID = id
	return p, nil
}

// Entry is one request of a list.
type Entry struct {
	store.Assistance
	Title, Language string
	Level           request.Level
}

// Listing is a page of a list.
type Listing struct {
	Entries []Entry
	Next    Place // zero when there is no more
}

// List returns requests that by may handle: what waits by when it is due, and
// then what does not, newest first.
func (r *Requests) List(ctx context.Context, h *store.Handle, by people.Actor, f Filter) (l Listing, err error) {
	if err := mayRead(by); err != nil {
		return l, err
	}
	q := r.query(by, f)
	err = h.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.Assistances(q)
		if err != nil {
			return err
		}
		if len(found) > int(q.Limit)-1 {
			found = found[:q.Limit-1]
			l.Next = Place{found[len(found)-1].Rank, found[len(found)-1].ID}
		}
		l.Entries, err = entries(tx, found)
		return err
	})
	return l, err
}

func (r *Requests) query(by people.Actor, f Filter) store.AssistanceQuery {
	q := store.AssistanceQuery{
		Open: !f.Closed, Technical: by.May(people.Assist) == nil, Police: by.May(people.Liaise) == nil,
		Kind: string(f.Kind), Urgency: string(f.Urgency), State: string(f.State), AfterRank: f.After.Rank, AfterID: f.After.ID,
		Limit: int64(min(cmp.Or(max(f.Limit, 0), MaxPage), MaxPage)) + 1,
	}
	if f.Ours {
		q.Asker = r.Self
	}
	if f.Theirs {
		q.Asked = r.Self
	}
	return q
}

func entries(tx *store.Tx, found []store.Assistance) ([]Entry, error) {
	out := make([]Entry, 0, len(found))
	for _, a := range found {
		q, err := asked(tx, a)
		if err != nil {
			return nil, err
		}
		out = append(out, Entry{a, q.Title, q.Language, Level(a, now(tx))})
	}
	return out, nil
}

// Event is one step of a request as both sides' timeline shows it.
type Event struct {
	request.Step
	Person string // who of this side made it; "" for the other side's
	Object int64  // where the step is stored
}

// Attached is an object that a request is about.
type Attached struct {
	ID   string
	Here bool // it is here, and the reader may see it
}

// Detail is one request with all that was done about it.
type Detail struct {
	store.Assistance
	Asks     request.Asked
	Course   request.Course
	Timeline []Event // by when each side says it did it
	Attached []Attached
	Custody  []Held   // by when it was done
	Passages []Passed // of which the reader may know
	Level    request.Level
	Partner  ident.Side
	// May is what this side may do next, and Steps how many it has made.
	May   []request.Move
	Steps int
}

// Open returns one request. class is the reader's, for what is attached.
func (r *Requests) Open(ctx context.Context, h *store.Handle, by people.Actor, class int64, id string) (d Detail, err error) {
	if err := mayRead(by); err != nil {
		return d, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		if d.Assistance, err = find(tx, by, id); err != nil {
			return err
		}
		if d.Asks, err = asked(tx, d.Assistance); err != nil {
			return err
		}
		var stored []store.AssistanceStep
		if d.Course, stored, err = course(tx, d.Assistance); err != nil {
			return err
		}
		d.Timeline = timeline(d.Course, stored)
		d.Partner, d.Level = r.partner(d.Assistance), Level(d.Assistance, now(tx))
		d.May, d.Steps = d.Course.May(r.Self), len(d.Course.Steps(r.Self))
		if d.Refused != "" {
			d.May = nil // the other side does not know of it
		}
		if d.Custody, err = custody(tx, id); err != nil {
			return err
		}
		if d.Passages, err = r.passages(tx, by, id); err != nil {
			return err
		}
		for _, ref := range d.Asks.Objects {
			_, here, err := release.Newest(tx, class, ref)
			if err != nil {
				return err
			}
			d.Attached = append(d.Attached, Attached{ref, here})
		}
		return nil
	})
	return d, err
}

// timeline is what both sides did, in the order of their own clocks.
func timeline(c request.Course, stored []store.AssistanceStep) []Event {
	var out []Event
	for _, side := range []ident.Side{c.Asker, c.Asked} {
		for _, s := range c.Steps(side) {
			e := Event{Step: s}
			for _, k := range stored {
				if k.Side == side && k.N == int64(s.N) {
					e.Person, e.Object = k.Person, k.Object
				}
			}
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Event) int { return a.On.Compare(b.On) })
	return out
}

// Reminder is a request that waits for a person.
type Reminder struct {
	Entry
	Partner ident.Side
	Ours    bool // this side asks
}

// maxWaiting bounds the list of what waits.
const maxWaiting = 100

// Waiting returns what waits for by. Who handles requests is told of those that
// this side is asked and has said no word to, or is asked to preserve longer, of
// those it asks that are done and to be verified or could not be delivered, of
// data that is soon preserved no more, and of those that a reminder has
// climbed over; the nodal ministry of those whose reminder has reached it,
// without what they are about.
func (r *Requests) Waiting(ctx context.Context, h *store.Handle, by people.Actor) (out []Reminder, err error) {
	handles, ministry := mayRead(by) == nil, by.May(people.Agree) == nil
	if !handles && !ministry {
		return nil, nil
	}
	q := r.query(by, Filter{})
	q.Before, q.Limit = store.AssistanceIdle, maxWaiting
	if ministry {
		q.Technical = true
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		found, err := tx.Assistances(q)
		if err != nil {
			return err
		}
		for _, a := range found {
			w := Reminder{Entry: Entry{Assistance: a, Level: Level(a, now(tx))}, Partner: r.partner(a), Ours: a.Asker == r.Self}
			if !w.waits(by.May(act(a.Police)) == nil, now(tx)) {
				continue
			}
			if by.May(act(a.Police)) == nil {
				asks, err := asked(tx, a)
				if err != nil {
					return err
				}
				w.Title, w.Language = asks.Title, asks.Language
			}
			out = append(out, w)
		}
		return nil
	})
	return out, err
}

// waits reports whether a request waits for somebody who handles it, or else for
// the nodal ministry.
func (w Reminder) waits(handles bool, at time.Time) bool {
	switch {
	case !handles:
		return w.Level >= request.Ministry
	case w.Kept != 0 && request.KeepWarning(clock.At(w.Kept), at) > 0 && (w.Renewal == 0 || !w.Ours):
		return true
	case !w.Ours:
		return w.Renewal != 0 || w.Word == 0 || w.State == string(request.Postponed) && w.Rank <= at.UnixMicro()
	}
	return w.State == string(request.Done) || w.Level >= request.Deputy
}

// Agreements are those under which by may ask something now.
func (r *Requests) Agreements(ctx context.Context, h *store.Handle, by people.Actor) (out []ident.Agreement, err error) {
	if err := mayRead(by); err != nil {
		return nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		channels, err := tx.Channels()
		if err != nil {
			return err
		}
		for _, ch := range channels {
			terms, err := r.Accords.InForce(tx, ch.Agreement)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
				continue
			}
			if err != nil {
				return err
			}
			if terms.Permits.Request {
				out = append(out, ch.Agreement)
			}
		}
		return nil
	})
	return out, err
}
