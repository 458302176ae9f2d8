package event

import (
	"context"
	"slices"
	"strings"

	"twoseas/internal/act/library"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/misp"
	"twoseas/internal/store"
)

// Query asks for attributes. Conditions that are there must all hold; of the
// texts of one condition, one must.
type Query struct {
	Values     []string // a % stands for anything
	Types      []string
	Categories []string
	UUIDs      []string // of attributes, objects or events
	Events     []string // UUIDs or numbers
	Orgs       []string // names or UUIDs
	Tags       Tags     // of the attribute or its event
	EventTags  Tags     // of the event
	Info       string   // of the event; a % stands for anything
	Any        string   // in the value, the comment or a tag of the attribute, or in the title of its event; a % stands for anything
	From, To   string   // days of the event's date; "" leaves an end open
	ToIDs      *bool
	Deleted    Deleted
	Changed    Span // when the attribute was changed
	Arrived    Span // when it came here
	Published  *bool
	Said       bool // with what others said
	Limit      int  // 0 for no limit
	Page       int  // from 1
}

// Tags is a condition on tags: one of Or, all of And, none of Not.
type Tags struct{ Or, And, Not []string }

// Span is from a time to a time, in microseconds; 0 leaves an end open.
type Span struct{ From, To int64 }

// Deleted says whether what was withdrawn is asked for.
type Deleted uint8

// What is asked for.
const (
	Active Deleted = iota // what stands
	Gone                  // what was withdrawn
	Both
)

// Found is an attribute that fits, with its event.
type Found struct {
	misp.Attribute
	In Entry
}

// candidates are the types that attributes are made of.
var candidates = []string{"indicator", "observed-data", "x-misp-attribute", "x-misp-object", "vulnerability", "campaign", "threat-actor"}

// unindexed are those of them whose values the index of values does not hold.
var unindexed = []string{"x-misp-attribute", "x-misp-object", "vulnerability", "campaign", "threat-actor"}

// searchPage is how many objects are looked at together.
const searchPage = 2000

// Attributes calls fn for the attributes that fit q, in order of arrival.
func (e *Events) Attributes(ctx context.Context, h *store.Handle, class int64, q Query, fn func(Found) error) error {
	if err := e.index(ctx, h); err != nil {
		return err
	}
	v, err := e.view(ctx, h, class)
	if err != nil {
		return err
	}
	s := &search{e: e, v: v, q: q, skip: max(0, q.Page-1) * q.Limit, fn: fn, world: &world{ctx: ctx, h: h, class: class, events: e}}
	sought, err := s.sought(ctx, h)
	if err != nil {
		return err
	}
	for {
		next, err := s.page(ctx, h, sought)
		if err != nil || s.full || next.IsZero() {
			return err
		}
		sought.After = next
	}
}

// search is the work of one question.
type search struct {
	e     *Events
	v     *view
	q     Query
	world *world
	fn    func(Found) error
	skip  int
	given int
	full  bool
}

// sought narrows down what has to be looked at.
func (s *search) sought(ctx context.Context, h *store.Handle) (q store.Sought, err error) {
	q = store.Sought{Class: s.v.class, Order: store.Received, Oldest: true, Limit: searchPage}
	all := store.Group{}
	for _, t := range candidates {
		all.Terms = append(all.Terms, library.TypeTerm(t))
	}
	q.Groups = append(q.Groups, all)
	for name, span := range map[string]Span{store.Modified: s.q.Changed, store.Received: s.q.Arrived} {
		if span != (Span{}) {
			q.Spans = append(q.Spans, store.Span{Name: name, From: span.From, To: span.To})
		}
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		for _, narrow := range []func(*store.Tx) (store.Group, bool, error){s.values, s.uuids} {
			g, ok, err := narrow(tx)
			if err != nil {
				return err
			}
			if ok {
				q.Groups = append(q.Groups, g)
			}
		}
		return nil
	})
	return q, err
}

// values returns the group of what may have one of the values; ok is false
// when the index cannot tell.
func (s *search) values(tx *store.Tx) (g store.Group, ok bool, err error) {
	if len(s.q.Values) == 0 {
		return g, false, nil
	}
	var keys []store.Key
	for _, v := range s.q.Values {
		if strings.Contains(v, "%") {
			return g, false, nil
		}
		for _, part := range append(strings.Split(v, "|"), v) {
			if k, err := ioc.Guess(part); err == nil {
				keys = append(keys, store.Key{Kind: k.Kind.String(), Value: k.Text})
			}
		}
	}
	for _, t := range unindexed {
		g.Terms = append(g.Terms, library.TypeTerm(t))
	}
	if len(keys) == 0 {
		return g, true, nil
	}
	err = tx.Find(keys, s.v.class, func(f store.Found) error {
		g.Objects = append(g.Objects, f.Object)
		return nil
	})
	return g, true, s.observed(tx, &g, err)
}

// observed adds the observed-data that refer to the observables found.
func (s *search) observed(tx *store.Tx, g *store.Group, err error) error {
	if err != nil || len(g.Objects) == 0 {
		return err
	}
	for part := range slices.Chunk(slices.Clone(g.Objects), searchPage) {
		ids, err := tx.IDs(s.v.class, part)
		if err != nil {
			return err
		}
		for _, id := range ids {
			g.Terms = append(g.Terms, library.RefTerm(id))
		}
	}
	return nil
}

// uuids returns the group of what may have one of the UUIDs.
func (s *search) uuids(tx *store.Tx) (g store.Group, ok bool, err error) {
	if len(s.q.UUIDs) == 0 {
		return g, false, nil
	}
	var ids []string
	for _, u := range s.q.UUIDs {
		if s.v.byName[u] != nil {
			return g, false, nil // an event's: all that is in it
		}
		ids = append(ids, misp.Holders(u)...)
		g.Terms = append(g.Terms, library.RefTerm("attribute--"+u))
	}
	known, err := tx.Known(ids)
	for _, versions := range known {
		for _, k := range versions {
			g.Objects = append(g.Objects, k.Seq)
		}
	}
	return g, true, err
}

// page looks at the next objects.
func (s *search) page(ctx context.Context, h *store.Handle, q store.Sought) (next store.Place, err error) {
	var ids []string
	homes := map[string]*seen{}
	have := map[string]misp.Object{}
	err = h.Query(ctx, func(tx *store.Tx) error {
		m, err := tx.Match(q)
		if err != nil {
			return err
		}
		next = m.Next
		shown, err := tx.Shown(s.v.class, m.Seqs)
		for _, o := range shown {
			home := s.v.home(store.IDHash(o.ID), o.Seq, o.Label, o.Received)
			if home == nil || !s.wants(&home.Entry) {
				continue
			}
			t, err := s.e.tagsOf(o.Terms)
			if err != nil {
				return err
			}
			have[o.ID], homes[o.ID] = misp.Object{Raw: o.Body, Marks: t.names}, home
			ids = append(ids, o.ID)
		}
		return err
	})
	if err != nil || len(ids) == 0 {
		return next, err
	}
	found, err := misp.Attributes(ahead{s.world, have}, ids, func(id string) (string, bool) { return homes[id].UUID, true }, s.q.Said)
	if err != nil {
		return next, err
	}
	for _, a := range found {
		in := &homes[a.Source].Entry
		if !s.fits(a, in) {
			continue
		}
		if s.skip > 0 {
			s.skip--
			continue
		}
		if err := s.fn(Found{a, *in}); err != nil {
			return next, err
		}
		if s.given++; s.q.Limit > 0 && s.given >= s.q.Limit {
			s.full = true
			return next, nil
		}
	}
	return next, nil
}

// ahead is a world some of whose objects have been read.
type ahead struct {
	*world
	have map[string]misp.Object
}

// Objects implements misp.World.
func (a ahead) Objects(ids []string) (map[string]misp.Object, error) {
	out := make(map[string]misp.Object, len(ids))
	for _, id := range ids {
		o, ok := a.have[id]
		if !ok {
			return a.world.Objects(ids)
		}
		out[id] = o
	}
	return out, nil
}

// OfAttributes reports whether q says anything of attributes, rather than of
// events only.
func (q Query) OfAttributes() bool {
	return len(q.Values)+len(q.Types)+len(q.Categories) > 0 || q.ToIDs != nil || q.Any != ""
}

// Events returns the events that fit q: with an attribute that does, where q
// asks for some. Limit and Page count events.
func (e *Events) Events(ctx context.Context, h *store.Handle, class int64, q Query) (out []Entry, err error) {
	v, err := e.view(ctx, h, class)
	if err != nil {
		return nil, err
	}
	s := &search{e: e, v: v, q: q}
	inside := map[string]bool{}
	of := q.OfAttributes() || slices.ContainsFunc(q.UUIDs, func(u string) bool { return v.byName[u] == nil })
	if of {
		part := q
		part.Limit, part.Page, part.Changed, part.Arrived, part.Said = 0, 0, Span{}, Span{}, false
		if err := e.Attributes(ctx, h, class, part, func(f Found) error {
			inside[f.In.UUID] = true
			return nil
		}); err != nil {
			return nil, err
		}
	}
	for _, ev := range v.events {
		in := &ev.Entry
		if of && !inside[in.UUID] && (q.Any == "" || !q.anyOf(in)) || !of && len(q.UUIDs) > 0 && !slices.Contains(q.UUIDs, in.UUID) || !s.wants(in) ||
			!of && !q.Tags.fit(in.Tags) || !q.Changed.holds(in.Timestamp) || !q.Arrived.holds(in.Timestamp) {
			continue
		}
		out = append(out, *in)
	}
	if q.Limit > 0 {
		from := min(len(out), max(0, q.Page-1)*q.Limit)
		out = out[from:min(len(out), from+q.Limit)]
	}
	return out, nil
}

// holds reports whether a time in seconds lies in the span.
func (s Span) holds(seconds int64) bool {
	return (s.From == 0 || seconds >= s.From/1e6) && (s.To == 0 || seconds <= s.To/1e6)
}

// Check returns fault.Invalid for a question that makes no sense.
func (q Query) Check() error {
	if q.Limit < 0 || q.Page < 0 {
		return fault.New(fault.Invalid, "limit and page are not negative")
	}
	return nil
}
