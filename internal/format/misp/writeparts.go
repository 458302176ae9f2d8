package misp

import (
	"slices"
	"strings"

	"twoseas/internal/base/canon"
)

// shape is what a STIX object is in MISP.
type shape uint8

const (
	shapeNone      shape = iota // no place of its own
	shapeAttribute              // an attribute of the event
	shapeObject                 // an object with attributes
	shapeCluster                // a galaxy cluster
	shapeSilent                 // said by what it belongs to
)

// part is one member of an event with what belongs to it.
type part struct {
	id      string
	props   map[string]any
	marks   []string
	event   string
	own     bool // the event its UUID is used in
	derived bool // not read from MISP
	element element
	shape   shape
	said    remarks
}

// remarks is what others said of one element.
type remarks struct {
	sightings, notes, opinions, relationships []any
	clusters                                  []string // ids
}

func (w *eventWriter) text(s string) {
	if w.err == nil {
		_, w.err = w.w.WriteString(s)
	}
}

// value writes one element of a list.
func (w *eventWriter) value(v any, first *bool) error {
	raw, err := canon.Write(v)
	if err != nil {
		return err
	}
	if !*first {
		w.text(",")
	}
	*first = false
	if w.err == nil {
		_, w.err = w.w.Write(raw)
	}
	return w.err
}

// list writes a member that is a list.
func (w *eventWriter) list(name string, list []any) error {
	w.text(`,"` + name + `":[`)
	first := true
	for _, v := range list {
		if err := w.value(v, &first); err != nil {
			return err
		}
	}
	w.text("]")
	return w.err
}

func (w *eventWriter) told(id, reason string) error {
	if w.e.Told == nil {
		return nil
	}
	return w.e.Told(id, reason)
}

// each calls fn with ids, a batch at a time.
func (w *eventWriter) each(ids []string, fn func([]*part, *bool) error) error {
	first := true
	for batch := range slices.Chunk(ids, outBatch) {
		parts, err := convert(w.world, batch, w.place)
		if err != nil {
			return err
		}
		if err := fn(parts, &first); err != nil {
			return err
		}
	}
	return w.err
}

// attributes writes those of parts that are attributes, and remembers the
// others.
func (w *eventWriter) attributes(parts []*part, first *bool) error {
	var now []*part
	for _, p := range parts {
		switch p.shape {
		case shapeAttribute:
			now = append(now, p)
		case shapeObject:
			w.later = append(w.later, p.id)
		case shapeCluster:
			w.galaxies.add(p.id, p.props)
		case shapeNone:
			if err := w.told(p.id, "MISP has no place for this type"); err != nil {
				return err
			}
		case shapeSilent:
		}
	}
	return w.elements(now, first)
}

// objects writes parts that are objects.
func (w *eventWriter) objects(parts []*part, first *bool) error { return w.elements(parts, first) }

func (w *eventWriter) elements(parts []*part, first *bool) error {
	if err := annotate(w.world, parts, w.galaxies); err != nil {
		return err
	}
	for _, p := range parts {
		e := element(p.finished(w.marks, w.galaxies))
		if e.is("deleted") && (!w.e.Deleted || w.replaced(p.id)) {
			continue
		}
		w.left(e)
		if list, ok := e["Attribute"].([]any); ok {
			w.count += len(list)
		} else {
			w.count++
		}
		if err := w.value(e, first); err != nil {
			return err
		}
	}
	return nil
}

// replaced reports whether another member has taken the place of one that is
// gone.
func (w *eventWriter) replaced(id string) bool {
	_, uuid, _ := strings.Cut(id, "--")
	return w.twice[uuid]
}

// left takes out of an element what is not asked for.
func (w *eventWriter) left(e element) {
	if w.e.NoGalaxies {
		delete(e, "Galaxy")
	}
	if w.e.NoSightings {
		delete(e, "Sighting")
	}
	parts := e.list("Attribute")
	if len(parts) == 0 {
		return
	}
	kept := make([]any, 0, len(parts))
	for _, a := range parts {
		if a.is("deleted") && !w.e.Deleted {
			continue
		}
		w.left(a)
		kept = append(kept, map[string]any(a))
	}
	e["Attribute"] = kept
}

// remarks writes what was said of the event itself.
func (w *eventWriter) remarks() error {
	whole := &part{id: w.id, props: w.props, element: element{"uuid": w.uuid()}}
	var reports []any
	if w.id != "" {
		ids := []string{"grouping--" + w.uuid(), "report--" + w.uuid()} // before it was published, and since
		found, err := w.world.About(ids)
		if err != nil {
			return err
		}
		found, reports, err = takeReports(found, ids)
		if err != nil {
			return err
		}
		if err := gather(w.world, map[string]*part{ids[0]: whole, ids[1]: whole}, found, w.galaxies); err != nil {
			return err
		}
		if d := textOf(w.props["description"]); d != "" && w.kept == nil {
			reports = append(reports, map[string]any{
				"uuid": named("description", w.uuid()), "name": textOf(w.props["name"]), "content": d, "timestamp": seconds(w.changed),
				"distribution": "5", "sharing_group_id": "0", "deleted": false,
			})
		}
	}
	if err := w.list("EventReport", reports); err != nil {
		return err
	}
	for _, l := range []struct {
		name string
		list []any
	}{{"Note", whole.said.notes}, {"Opinion", whole.said.opinions}, {"Relationship", whole.said.relationships}} {
		if len(l.list) == 0 {
			continue
		}
		if err := w.list(l.name, l.list); err != nil {
			return err
		}
	}
	return nil
}

// takeReports parts the reports of an event from what else is said of it.
func takeReports(found []Object, ids []string) (rest []Object, reports []any, err error) {
	for _, o := range found {
		props, err := canon.View(o.Raw)
		if err != nil {
			return nil, nil, err
		}
		kept := keptOf(props, "report")
		if kept == nil || !slices.ContainsFunc(textsOf(props["object_refs"]), func(ref string) bool { return slices.Contains(ids, ref) }) {
			rest = append(rest, o)
			continue
		}
		_, uuid, _ := strings.Cut(textOf(props["id"]), "--")
		r := map[string]any{
			"uuid": uuid, "name": textOf(props["abstract"]), "content": textOf(props["content"]), "timestamp": seconds(timeOf(props["modified"])),
			"distribution": "5", "sharing_group_id": "0", "deleted": props["revoked"] == true,
		}
		reports = append(reports, r)
	}
	return rest, reports, nil
}

// place says that a member is in this event, and whether its UUID is used
// here.
func (w *eventWriter) place(id string) (event string, own bool) {
	return w.uuid(), w.e.Own == nil || w.e.Own(id)
}

// convert returns what each of ids is in MISP, in order; what is not there is
// left out. place says for which event.
func convert(world World, ids []string, place func(id string) (event string, own bool)) ([]*part, error) {
	found, err := world.Objects(ids)
	if err != nil {
		return nil, err
	}
	var parts []*part
	var seen []string // observables that observed-data refers to
	for _, id := range ids {
		o, ok := found[id]
		if !ok {
			continue
		}
		props, err := canon.View(o.Raw)
		if err != nil {
			return nil, err
		}
		p := &part{id: id, props: props, marks: o.marks(props)}
		p.event, p.own = place(id)
		parts = append(parts, p)
		if p.fromMISP() {
			continue
		}
		if p.props["type"] == "observed-data" {
			seen = append(seen, textsOf(props["object_refs"])...)
		}
	}
	observables := map[string]map[string]any{}
	if len(seen) > 0 {
		found, err := world.Objects(seen)
		if err != nil {
			return nil, err
		}
		for id, o := range found {
			if observables[id], err = canon.View(o.Raw); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range parts {
		if p.shape == shapeNone && p.element == nil {
			p.derive(observables)
		}
	}
	return parts, nil
}

// fromMISP takes the element from the extension, and reports whether it was
// there.
func (p *part) fromMISP() bool {
	for member, s := range map[string]shape{"attribute": shapeAttribute, "object": shapeObject, "cluster": shapeCluster} {
		kept := keptOf(p.props, member)
		if kept == nil {
			continue
		}
		p.element, p.shape = element{}, s
		for name, v := range kept {
			p.element[name] = v
		}
		if s == shapeCluster {
			return true
		}
		_, uuid, _ := strings.Cut(p.id, "--")
		p.element["uuid"] = p.uuid(uuid)
		p.element["timestamp"] = seconds(timeOf(p.props["modified"]))
		if p.props["revoked"] == true {
			p.element["deleted"] = true
		}
		return true
	}
	return false
}

// uuid is the one that the element of the object with UUID own has in its
// event.
func (p *part) uuid(own string) string {
	if p.own {
		return own
	}
	return named("again", p.event, own)
}
