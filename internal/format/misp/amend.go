package misp

import (
	"maps"
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/handling"
)

// Change is what becomes of an event that stands, of which everything else
// stays as it is.
type Change struct {
	// Elements come to the event, or in another version when they are in it
	// already, by the member they stand under: Attribute, Object, EventReport.
	Elements map[string][]map[string]any
	// Tag and Untag name a tag of the event itself that says nothing of handling.
	Tag, Untag string
	// Publish says whether the event counts as published from now on.
	Publish *bool
	// At is when. What comes is later than the event was.
	At time.Time
}

// Handles reports whether a tag speaks of how something may be handled, so that
// it counts for everything in its event.
func Handles(tag string) bool {
	_, ok := handling.Of(clean(tag))
	return ok
}

// Amend returns the objects that c makes of an event that was read from MISP:
// its elements, and the next version of what stands for the event. whole is
// that, world what it names. problems say what of an element is left out or
// kept as it came.
func Amend(whole Object, world World, c Change) (raws [][]byte, problems []string, err error) {
	props, err := canon.View(whole.Raw)
	if err != nil {
		return nil, nil, err
	}
	kept := keptOf(props, "event")
	if kept == nil {
		return nil, nil, fault.New(fault.Invalid, "the event was not read from MISP")
	}
	at := later(c.At, timeOf(props["modified"]))
	w := &writer{
		event: standing(props, kept, c, at), now: at, ids: map[[16]byte]uint8{}, named: map[string]bool{}, orgs: map[string]bool{}, clusters: map[string]bool{},
		out: feed.Out{
			Object:  func(_ int, raw []byte) error { raws = append(raws, raw); return nil },
			Problem: func(_ int, _, reason string) error { problems = append(problems, reason); return nil },
		},
	}
	w.world, w.since = world, timeOf(extension(props)["handled"])
	w.links, _ = props["external_references"].([]any)
	w.unplaced, _ = kept["Galaxy"].([]any)
	if err := w.stand(world, textsOf(props["object_refs"])); err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Elements)) {
		each := w.readers()[name]
		if each == nil {
			return nil, nil, fault.Errorf(fault.Invalid, "%.40q is no part of an event", name)
		}
		for _, e := range c.Elements[name] {
			if err := each(maps.Clone(e)); err != nil {
				return nil, nil, err
			}
		}
	}
	err = w.finish()
	return raws, problems, err
}

// standing is what an event says of itself once c has come about.
func standing(props map[string]any, kept element, c Change, at time.Time) *header {
	h := &header{plain: maps.Clone(map[string]any(kept)), tags: textsOf(kept["Tag"])}
	delete(h.plain, "Tag")
	delete(h.plain, "Galaxy")
	_, uuid, _ := strings.Cut(textOf(props["id"]), "--")
	h.plain["uuid"], h.plain["timestamp"] = uuid, seconds(at)
	if c.Tag != "" && !slices.Contains(h.tags, c.Tag) {
		h.tags = append(h.tags, c.Tag)
	}
	h.tags = slices.DeleteFunc(h.tags, func(t string) bool { return t == c.Untag && c.Untag != "" })
	if c.Publish != nil {
		h.plain["published"] = *c.Publish
		if *c.Publish {
			h.plain["publish_timestamp"] = seconds(at)
		}
	}
	h.settle()
	h.changed, h.creator = at, textOf(props["created_by_ref"])
	return h
}

// stand has the writer know what the event names so far.
func (w *writer) stand(world World, refs []string) error {
	found, err := world.Objects(slices.DeleteFunc(slices.Clone(refs), func(id string) bool { return !strings.HasPrefix(id, "grouping--") }))
	if err != nil {
		return err
	}
	for _, id := range refs {
		if o, ok := found[id]; ok {
			props, err := canon.View(o.Raw)
			if err != nil {
				return err
			}
			if keptOf(props, "part") != nil {
				w.parts = append(w.parts, strings.Clone(id))
				for _, inside := range textsOf(props["object_refs"]) {
					w.know(inside)
				}
				continue
			}
		}
		w.refs = append(w.refs, strings.Clone(id))
		w.know(id)
	}
	w.before = maps.Clone(w.ids)
	return nil
}

// know notes an id that the event names.
func (w *writer) know(id string) {
	w.named[strings.Clone(id)] = true
	typ, uuid, _ := strings.Cut(id, "--")
	if u, err := ident.ParseUUID(uuid); err == nil {
		if n := numberOf(typ); n > 0 {
			w.ids[u] = n
		}
	}
}

// retire notes that an element was something else before: a value that is not to
// be looked for any more was an indicator. Nothing of it must go on as if it
// stood, so it is revoked. The event goes on to name it, and shows what has
// taken its place.
func (w *writer) retire(id string) error {
	if err := w.revoke(id); err != nil {
		return err
	}
	return w.name(id)
}

// revoke hands over the last version of an object of the event.
func (w *writer) revoke(id string) error {
	found, err := w.world.Objects([]string{id})
	if err != nil || found[id].Raw == nil {
		return err
	}
	o, err := canon.View(found[id].Raw)
	if err != nil || o["revoked"] == true {
		return err
	}
	at := w.now
	if at.IsZero() {
		at = w.event.changed
	}
	o["revoked"], o["modified"] = true, moment(later(at, timeOf(o["modified"])))
	return w.emit(o)
}

// stood has the writer know what the event was that is handed over once more.
func (w *writer) stood(from Sender) error {
	if from.Stood == nil {
		return nil
	}
	props, err := canon.View(from.Stood.Raw)
	if err != nil {
		return err
	}
	old := &writer{ids: map[[16]byte]uint8{}, named: map[string]bool{}}
	if err := old.stand(from.World, textsOf(props["object_refs"])); err != nil {
		return err
	}
	w.before, w.world, w.since = old.before, from.World, w.handledSince(props, from.At)
	return nil
}
