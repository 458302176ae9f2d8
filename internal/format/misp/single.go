package misp

import (
	"slices"
	"strings"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/handling"
)

// Attribute is one attribute out of its event, as searches find it.
type Attribute struct {
	Element map[string]any
	Source  string // id of the STIX object
	Event   string // UUID of the event it is in
	// Of an attribute that is part of an object.
	Object, ObjectName, ObjectCategory string
}

// Text returns a member of the attribute as text.
func (a Attribute) Text(name string) string { return element(a.Element).text(name) }

// Is reports whether a member of the attribute is true.
func (a Attribute) Is(name string) bool { return element(a.Element).is(name) }

// Tags returns the names of the attribute's own tags.
func (a Attribute) Tags() (names []string) {
	for _, t := range element(a.Element).list("Tag") {
		names = append(names, t.text("name"))
	}
	return names
}

// Attributes returns the attributes that the objects ids are or hold, in
// order. place says in which event each object is, and whether its UUID is the
// one used there; said asks for what others said of them too.
func Attributes(world World, ids []string, place func(id string) (event string, own bool), said bool) (out []Attribute, err error) {
	parts, err := convert(world, ids, place)
	if err != nil {
		return nil, err
	}
	parts = slices.DeleteFunc(parts, func(p *part) bool { return p.shape != shapeAttribute && p.shape != shapeObject })
	g := newGalaxies()
	if said {
		if err := annotate(world, parts, g); err != nil {
			return nil, err
		}
	}
	for _, p := range parts {
		e := element(p.finished(nil, g))
		if p.shape == shapeAttribute {
			out = append(out, Attribute{Element: e, Source: p.id, Event: p.event})
			continue
		}
		for _, a := range e.list("Attribute") {
			out = append(out, Attribute{
				Element: a, Source: p.id, Event: p.event, Object: e.text("uuid"), ObjectName: e.text("name"), ObjectCategory: e.text("meta-category"),
			})
		}
	}
	return out, nil
}

// Whole returns the element that one STIX object is in MISP, an object with its
// attributes; nil for what is neither that nor an attribute.
func Whole(world World, id string, place func(id string) (event string, own bool)) (map[string]any, error) {
	parts, err := convert(world, []string{id}, place)
	if err != nil || len(parts) == 0 || parts[0].shape != shapeAttribute && parts[0].shape != shapeObject {
		return nil, err
	}
	g := newGalaxies()
	if err := annotate(world, parts, g); err != nil {
		return nil, err
	}
	return parts[0].finished(nil, g), nil
}

// Kept returns the element that an object was read from, as it can be handed to
// Amend again; object says that it is one with attributes. nil for what was not
// read from MISP.
func Kept(raw []byte) (e map[string]any, object bool, err error) {
	props, err := canon.View(raw)
	if err != nil {
		return nil, false, err
	}
	kept := keptOf(props, "attribute")
	if kept == nil {
		if kept = keptOf(props, "object"); kept == nil {
			return nil, false, nil
		}
		object = true
	}
	_, kept["uuid"], _ = strings.Cut(textOf(props["id"]), "--")
	for _, part := range append(kept.list("Attribute"), kept) {
		if part["Tag"] != nil {
			part["Tag"] = tagsOf(textsOf(part["Tag"]))
		}
	}
	return kept, object, nil
}

// tagsOf returns the elements of tags.
func tagsOf(names []string) []any {
	out := make([]any, len(names))
	for i, n := range names {
		out[i] = map[string]any{"name": n}
	}
	return out
}

// Head is what an event says of itself.
type Head struct {
	UUID, Info   string
	Timestamp    int64 // seconds
	Distribution string
	Published    bool
}

// Heads returns what the events of an input say of themselves, also when it
// breaks off.
func Heads(open Open) ([]Head, error) {
	headers, _, err := scan(open)
	if err != nil {
		return nil, err
	}
	out := make([]Head, len(headers))
	for i, h := range headers {
		e := element(h.plain)
		out[i] = Head{UUID: h.uuid, Info: e.text("info"), Timestamp: h.changed.Unix(), Distribution: e.text("distribution"), Published: e.is("published")}
	}
	return out, nil
}

// Standing says of a report or a grouping whether it counts as published, and
// whether it was read from MISP.
func Standing(props map[string]any) (published, foreign bool) {
	kept := keptOf(props, "event")
	return kept == nil || kept.is("published"), kept != nil
}

// DayOf returns the day of the event that a report or grouping was read from,
// "" for any other.
func DayOf(props map[string]any) string { return keptOf(props, "event").text("date") }

// DistributionOf returns the distribution that the event had which a report or
// grouping was read from.
func DistributionOf(raw []byte) string {
	props, err := canon.View(raw)
	if err != nil {
		return ""
	}
	return keptOf(props, "event").text("distribution")
}

// OrgOf returns the organisation that an identity stands for.
func OrgOf(id string, raw []byte) (Org, bool) {
	o, ok := orgOf(id, map[string]Object{id: {Raw: raw}})
	return Org{UUID: element(o).text("uuid"), Name: element(o).text("name")}, ok
}

// Inside returns the UUIDs of the attributes that an object read from MISP
// holds, which have no id of their own in STIX.
func Inside(props map[string]any) (uuids []string) {
	for _, a := range keptOf(props, "object").list("Attribute") {
		if id := a.text("uuid"); id != "" {
			uuids = append(uuids, id)
		}
	}
	return uuids
}

// Holders returns the ids that the object with an attribute's or an object's
// UUID may have.
func Holders(uuid string) []string {
	out := make([]string, 0, len(types))
	for _, typ := range types[1:] {
		out = append(out, typ+"--"+uuid)
	}
	return out
}

// SightingOf turns a sighting of one attribute into objects: the sighting, with
// the markings of the object it is of, and who says so. target is that object,
// attribute the UUID of the attribute.
func SightingOf(s map[string]any, target []byte, attribute string, from Sender) (raws [][]byte, err error) {
	props, err := canon.View(target)
	if err != nil {
		return nil, err
	}
	e := element{"attribute_uuid": attribute}
	for name, v := range s {
		e[name] = v
	}
	if len(e.list("Organisation")) == 0 {
		e["Organisation"] = map[string]any{"uuid": from.Org.UUID, "name": from.Org.Name}
	}
	if e.at("date_sighting").IsZero() {
		e["date_sighting"] = seconds(from.At)
	}
	h := &header{changed: from.At, created: from.At}
	for _, ref := range textsOf(props["object_marking_refs"]) {
		h.marks = append(h.marks, handling.Mark{ID: ref})
	}
	w := &writer{event: h, orgs: map[string]bool{}, out: feed.Out{
		Object:  func(_ int, raw []byte) error { raws = append(raws, raw); return nil },
		Problem: func(_ int, _, reason string) error { return fault.New(fault.Invalid, reason) },
	}}
	err = w.sighting(textOf(props["id"]), attribute, e)
	return raws, err
}
