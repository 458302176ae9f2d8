package misp

import (
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/handling"
)

// types are those an element with a UUID of its own becomes; a number stands
// for each in writer.ids.
var types = []string{"", "indicator", "observed-data", "x-misp-attribute", "x-misp-object", "vulnerability", "campaign", "threat-actor", "note", "opinion"}

// reference is what one element says of another; it waits for the end of the
// event, since the other may come later.
type reference struct {
	source, target [16]byte
	kind           string
	element        element
	at             time.Time
}

// Bounds of what waits for the end of an event.
const (
	maxReferences = 200_000
	maxLinks      = 500
	partRefs      = 10_000 // objects one report or grouping names
)

// writer turns one event into objects.
type writer struct {
	out   feed.Out
	event *header
	place int // of the element being read, over all events

	ids        map[[16]byte]uint8 // what each UUID became, as a number of types
	references []reference
	links      []any // external references of the event
	refs       []string
	parts      []string        // groupings that hold what the report has no room for
	orgs       map[string]bool // identities handed over
	clusters   map[string]bool // galaxy clusters handed over
	after      []func() error  // reports and remarks about the event itself
	unplaced   []any           // galaxies of the event without a type in STIX

	// Of an event that stands and is changed, see Amend.
	now   time.Time       // of everything that is handed over
	named map[string]bool // what the event names already

	// Of an event that was there before in another version.
	world  World
	before map[[16]byte]uint8 // what each UUID in it was, as a number of types
	since  time.Time          // when its handling changed last: no version of anything in it is older
}

// read reads the event that is open, whose first member's name may have been
// read.
func (w *writer) read(c *canon.Cursor, first string) error {
	w.orgs, w.clusters = map[string]bool{}, map[string]bool{}
	if err := w.preamble(); err != nil {
		return err
	}
	if err := members(c, first, func(name string) error { return w.member(c, name) }); err != nil {
		return err
	}
	return w.finish()
}

// preamble hands over what everything else refers to.
func (w *writer) preamble() error {
	for _, m := range w.event.marks {
		if m.Definition == nil {
			continue
		}
		if err := w.out.Object(w.place, m.Definition); err != nil {
			return err
		}
	}
	if w.event.creator == "" {
		return nil
	}
	_, err := w.organisation(w.event.org)
	return err
}

// organisation hands an identity over, once, and returns its id.
func (w *writer) organisation(e element) (string, error) {
	o, ok := organisation(e)
	if !ok {
		return "", nil
	}
	id := o["id"].(string)
	if w.orgs[id] {
		return id, nil
	}
	w.orgs[id] = true
	w.mark(o, nil)
	o["modified"] = variant(since, textOf(o["name"]), o)
	return id, w.emit(o)
}

func (w *writer) member(c *canon.Cursor, name string) error {
	each := w.readers()[name]
	if each == nil {
		return c.Skip()
	}
	return elements(c, func(raw []byte) error {
		w.place++
		e, err := decode(raw)
		if err != nil {
			return w.problem("", name+": "+err.Error())
		}
		return each(e)
	})
}

// readers are what reads each member of an event that holds elements.
func (w *writer) readers() map[string]func(element) error {
	return map[string]func(element) error{
		"Attribute": w.attribute, "Object": w.object, "Galaxy": w.galaxy, "EventReport": w.report,
		"Note": w.eventNote, "Opinion": w.eventOpinion, "ShadowAttribute": w.proposal,
	}
}

func (w *writer) problem(id, reason string) error { return w.out.Problem(w.place, id, reason) }

// proposal tells of what others suggested and the owner has not accepted.
func (w *writer) proposal(e element) error {
	return w.problem(e.text("uuid"), "a proposal (ShadowAttribute) is left out: its event's owner has not accepted it")
}

// emit hands over one object.
func (w *writer) emit(o map[string]any) error {
	raw, err := canon.Marshal(o)
	if err != nil {
		return err
	}
	return w.out.Object(w.place, raw)
}

// base returns what every object about an element has.
func (w *writer) base(typ, uuid string, e element) map[string]any {
	changed := e.at("timestamp")
	if changed.IsZero() {
		changed = w.event.changed
	}
	if changed.Before(w.since) {
		changed = w.since
	}
	if !w.now.IsZero() {
		changed = w.now
	}
	created := w.event.created
	if created.After(changed) {
		created = changed
	}
	o := map[string]any{
		"type": typ, "spec_version": "2.1", "id": typ + "--" + uuid, "created": moment(created), "modified": moment(changed),
	}
	if w.event.creator != "" {
		o["created_by_ref"] = w.event.creator
	}
	if e.is("deleted") {
		o["revoked"] = true
	}
	return o
}

// mark gives an object the markings and labels of its event and of its own
// tags; it returns the definitions that must be handed over first.
func (w *writer) mark(o map[string]any, tags []element) (definitions [][]byte) {
	own, labels := sortTags(tagNames(tags))
	var refs []any
	seen := map[string]bool{}
	for _, m := range append(append(own[:0:0], own...), w.event.marks...) {
		if seen[m.ID] {
			continue
		}
		seen[m.ID] = true
		refs = append(refs, m.ID)
	}
	for _, m := range own {
		if m.Definition != nil {
			definitions = append(definitions, m.Definition)
		}
	}
	if len(refs) > 0 {
		o["object_marking_refs"] = refs
	}
	if len(labels) > 0 && canLabel(o) {
		o["labels"] = labels
	}
	return definitions
}

// canLabel reports whether an object's type has labels: observables have none.
func canLabel(o map[string]any) bool {
	_, versioned := o["created"]
	return versioned
}

// keep puts the element into the extension.
func keep(o map[string]any, extensionType, member string, e element) {
	kept := trimmed(e)
	if member == "object" {
		kept = trimmedObject(e)
	}
	o["extensions"] = map[string]any{Extension: map[string]any{"extension_type": extensionType, member: kept}}
}

// local names what only the instance knew that exported the event.
var local = map[string]bool{
	"id": true, "event_id": true, "object_id": true, "org_id": true, "orgc_id": true, "Org": true, "Orgc": true, "event_creator_email": true,
	"Galaxy": true, "SharingGroup": true, "sharing_group_id": true, "RelatedEvent": true, "user_id": true, "event_uuid": true, "data": true,
	"Sighting": true, "Note": true, "Opinion": true, "Relationship": true, "Feed": true, "Server": true, "Attribute": true, "ObjectReference": true,
	"Object": true, "Organisation": true, "attribute_id": true, "referenced_id": true, "tag_id": true, "galaxy_id": true, "galaxy_cluster_id": true, "event_tag_id": true,
	"attribute_tag_id": true, "referenced_galaxy_cluster_id": true, "GalaxyClusterRelation": true, "TargetingClusterRelation": true, "GalaxyCluster": true,
}

// trimmed copies an element without what is empty, local to an instance, or
// expressed by objects of its own.
func trimmed(e element) map[string]any {
	out := make(map[string]any, len(e))
	for name, v := range e {
		if local[name] || v == nil || v == "" {
			continue
		}
		if list, ok := v.([]any); ok && len(list) == 0 {
			continue
		}
		if name == "Tag" {
			names := []any{}
			for _, t := range tagNames(e.list("Tag")) {
				names = append(names, t)
			}
			v = names
		}
		out[name] = v
	}
	keptLists(out, e)
	var galaxies []any
	for _, g := range e.list("Galaxy") {
		if kept := unplaced(g); kept != nil {
			galaxies = append(galaxies, kept)
		}
	}
	if galaxies != nil {
		out["Galaxy"] = galaxies
	}
	return out
}

// tagNames returns the names of tags. A tag that is local to an instance stays
// there (its distribution ends with it), unless it speaks of handling.
func tagNames(tags []element) (names []string) {
	for _, t := range tags {
		if name := t.text("name"); !stays(t) {
			names = append(names, name)
		}
	}
	return names
}

// stays reports whether a tag does not leave the instance that set it.
func stays(tag element) bool {
	_, handled := handling.Of(clean(tag.text("name")))
	return tag.is("local") && !handled
}

// became notes what a UUID became, for references, and has the report name it.
func (w *writer) became(typ, uuid string) error {
	u, err := ident.ParseUUID(uuid)
	if n := numberOf(typ); n > 0 && err == nil {
		w.ids[u] = n
		if was := w.before[u]; was != 0 && was != n {
			if err := w.retire(types[was] + "--" + uuid); err != nil {
				return err
			}
		}
	}
	return w.name(typ + "--" + uuid)
}

// numberOf returns the number of a type, 0 when it is none of types.
func numberOf(typ string) uint8 {
	for n := uint8(1); int(n) < len(types); n++ {
		if types[n] == typ {
			return n
		}
	}
	return 0
}

// idOf returns the id of what a UUID became.
func (w *writer) idOf(u [16]byte) (string, bool) {
	i, ok := w.ids[u]
	if !ok {
		return "", false
	}
	return types[i] + "--" + uuidText(u), true
}

func uuidText(u [16]byte) string {
	const hex = "0123456789abcdef"
	var b strings.Builder
	for i, x := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b.WriteByte('-')
		}
		b.WriteByte(hex[x>>4])
		b.WriteByte(hex[x&15])
	}
	return b.String()
}

// name has the report refer to id; every ten thousand of them go into a
// grouping, which the report refers to.
func (w *writer) name(id string) error {
	if w.named[id] {
		return nil
	}
	w.refs = append(w.refs, id)
	if len(w.refs) < partRefs {
		return nil
	}
	o := w.base("grouping", named("part", w.event.uuid, w.refs[0]), nil)
	o["name"], o["context"], o["object_refs"] = clean(element(w.event.plain).text("info")), "unspecified", w.refs
	if o["name"] == "" {
		delete(o, "name")
	}
	o["extensions"] = map[string]any{Extension: map[string]any{"extension_type": "property-extension", "part": map[string]any{"uuid": w.event.uuid}}}
	w.mark(o, nil)
	w.parts = append(w.parts, o["id"].(string))
	if err := w.emit(o); err != nil {
		return err
	}
	w.refs = nil
	return nil
}
