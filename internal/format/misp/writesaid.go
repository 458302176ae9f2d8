package misp

import (
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/canon"
)

// annotate finds what others said of parts.
func annotate(world World, parts []*part, g *galaxies) error {
	if len(parts) == 0 {
		return nil
	}
	by := make(map[string]*part, len(parts))
	ids := make([]string, len(parts))
	for i, p := range parts {
		by[p.id], ids[i] = p, p.id
	}
	found, err := world.About(ids)
	if err != nil {
		return err
	}
	return gather(world, by, found, g)
}

// gather gives each of found to the part it is about.
func gather(world World, by map[string]*part, found []Object, g *galaxies) error {
	views := make([]map[string]any, len(found))
	var more []string
	for i, o := range found {
		props, err := canon.View(o.Raw)
		if err != nil {
			return err
		}
		views[i] = props
		for _, name := range []string{"created_by_ref", "target_ref"} {
			if id := textOf(props[name]); id != "" && (name != "target_ref" || g.at[id] == nil) {
				more = append(more, id)
			}
		}
	}
	slices.Sort(more)
	others := map[string]Object{}
	if len(more) > 0 {
		var err error
		if others, err = world.Objects(slices.Compact(more)); err != nil {
			return err
		}
	}
	for _, props := range views {
		if props["revoked"] == true {
			continue
		}
		if err := give(by, props, others, g); err != nil {
			return err
		}
	}
	return nil
}

// give adds one remark to whom it is about.
func give(by map[string]*part, props map[string]any, others map[string]Object, g *galaxies) error {
	switch props["type"] {
	case "sighting":
		if p := by[textOf(props["sighting_of_ref"])]; p != nil {
			p.said.sightings = append(p.said.sightings, sightingOf(props, others))
		}
	case "note", "opinion":
		for _, id := range textsOf(props["object_refs"]) {
			if p := by[id]; p != nil {
				p.remark(props, others)
			}
		}
	case "relationship":
		p, target := by[textOf(props["source_ref"])], textOf(props["target_ref"])
		if p == nil {
			return nil
		}
		if o, ok := others[target]; ok && g.at[target] == nil {
			view, err := canon.View(o.Raw)
			if err != nil {
				return err
			}
			g.know(target, view)
		}
		if g.at[target] != nil {
			p.said.clusters = append(p.said.clusters, target)
			return nil
		}
		p.relates(props, target)
	}
	return nil
}

// remark adds a note or an opinion; some are sightings in MISP.
func (p *part) remark(props map[string]any, others map[string]Object) {
	typ := textOf(props["type"])
	kept := keptOf(props, typ)
	if t := kept.text("type"); t == "1" || t == "2" {
		s := sightingOf(props, others)
		s["type"] = t
		p.said.sightings = append(p.said.sightings, s)
		return
	}
	_, uuid, _ := strings.Cut(textOf(props["id"]), "--")
	n := map[string]any{"distribution": "5"}
	for name, v := range kept {
		n[name] = v
	}
	if kept == nil {
		n["created"], n["modified"] = day(props["created"]), day(props["modified"])
		n["authors"] = strings.Join(textsOf(props["authors"]), ", ")
		n["object_uuid"], n["object_type"] = p.element.text("uuid"), p.named()
		if lang := textOf(props["lang"]); lang != "" {
			n["language"] = lang
		}
	}
	n["uuid"] = uuid
	if o, ok := orgOf(textOf(props["created_by_ref"]), others); ok {
		n["orgc_uuid"], n["Orgc"] = o["uuid"], o
	}
	if typ == "note" {
		n["note"] = textOf(props["content"])
		p.said.notes = append(p.said.notes, n)
		return
	}
	if kept == nil {
		n["opinion"], n["comment"] = strconv.Itoa(opinions[textOf(props["opinion"])]), textOf(props["explanation"])
	}
	p.said.opinions = append(p.said.opinions, n)
}

// opinions are STIX's five as numbers from 0 to 100.
var opinions = map[string]int{"strongly-disagree": 0, "disagree": 25, "neutral": 50, "agree": 75, "strongly-agree": 100}

// day writes a time as MISP's analyst data has it.
func day(v any) string { return timeOf(v).Format("2006-01-02 15:04:05") }

// named is what MISP calls the element of a part.
func (p *part) named() string {
	switch p.shape {
	case shapeObject:
		return "Object"
	case shapeAttribute:
		return "Attribute"
	case shapeNone, shapeCluster, shapeSilent:
	}
	return "Event"
}

// sightingOf returns a sighting as MISP has it.
func sightingOf(props map[string]any, others map[string]Object) map[string]any {
	s := map[string]any{"type": "0", "source": ""}
	at := timeOf(props["last_seen"])
	if at.IsZero() {
		at = timeOf(props["created"])
	}
	s["date_sighting"] = seconds(at)
	for _, member := range []string{"sighting", "opinion", "note"} {
		for name, v := range keptOf(props, member) {
			s[name] = v
		}
	}
	if s["type"] == "1" || s["type"] == "2" { // what they became in STIX
		delete(s, "opinion")
		delete(s, "note")
		delete(s, "comment")
	}
	_, s["uuid"], _ = strings.Cut(textOf(props["id"]), "--")
	if o, ok := orgOf(textOf(props["created_by_ref"]), others); ok {
		s["Organisation"] = o
	}
	return s
}

// relates adds what an element says of another one, unless the element was
// read from MISP and says so itself.
func (p *part) relates(props map[string]any, target string) {
	_, uuid, _ := strings.Cut(textOf(props["id"]), "--")
	typ, to, _ := strings.Cut(target, "--")
	for _, name := range []string{"ObjectReference", "Relationship"} {
		for _, r := range p.element.list(name) {
			other := r.text("referenced_uuid") + r.text("related_object_uuid")
			if r.text("uuid") == uuid || other == to && relation(r.text("relationship_type")) == textOf(props["relationship_type"]) {
				return
			}
		}
	}
	kind, comment := textOf(props["relationship_type"]), textOf(props["description"])
	if p.shape == shapeObject {
		references, _ := p.element["ObjectReference"].([]any)
		p.element["ObjectReference"] = append(references, map[string]any{
			"uuid": uuid, "object_uuid": p.element.text("uuid"), "referenced_uuid": to, "relationship_type": kind, "comment": comment,
			"timestamp": seconds(timeOf(props["modified"])), "deleted": false,
		})
		return
	}
	related := "Attribute"
	if typ == "x-misp-object" {
		related = "Object"
	}
	p.said.relationships = append(p.said.relationships, map[string]any{
		"uuid": uuid, "object_uuid": p.element.text("uuid"), "object_type": p.named(), "related_object_uuid": to, "related_object_type": related,
		"relationship_type": kind, "distribution": "5", "created": day(props["created"]), "modified": day(props["modified"]),
	})
}

// finished returns the element of a part as it is written: tags, distribution
// and what was said of it.
func (p *part) finished(event []string, g *galaxies) map[string]any {
	e := p.element
	var handled []string // beyond what the event says
	for _, m := range p.marks {
		if !slices.Contains(event, m) {
			handled = append(handled, m)
		}
	}
	said := slices.Concat(p.marks, event)
	fill(e, p.marks, event)
	tags := tagList(e["Tag"], p.labels(), handled, said)
	for _, id := range p.said.clusters {
		tags = withTag(tags, g.at[id].text("tag_name"))
	}
	e["Tag"] = tags
	parts := e.list("Attribute")
	for _, a := range parts {
		fill(a, p.marks, event)
		a["Tag"] = tagList(a["Tag"], nil, nil, said)
		g.onto(a, nil)
		a["object_relation"] = a.text("object_relation")
	}
	g.onto(e, p.said.clusters)
	for name, list := range map[string][]any{"Sighting": p.said.sightings, "Note": p.said.notes, "Opinion": p.said.opinions} {
		settle(e, parts, name, list)
	}
	if len(p.said.relationships) > 0 {
		had, _ := e["Relationship"].([]any)
		e["Relationship"] = append(had, p.said.relationships...)
	}
	if p.shape == shapeObject {
		delete(e, "Tag") // objects have none
		if len(parts) > 0 && len(tags) > 0 {
			spread(parts, tags)
		}
		if e["ObjectReference"] == nil {
			e["ObjectReference"] = []any{}
		}
	}
	return e
}

// labels returns the labels of an object that was not read from MISP, which
// keeps its tags elsewhere.
func (p *part) labels() []string {
	if p.derived {
		return textsOf(p.props["labels"])
	}
	return nil
}

// settle gives remarks to the element, or to the part of it they name.
func settle(e element, parts []element, name string, list []any) {
	for _, v := range list {
		said := element(v.(map[string]any))
		to := e
		for _, a := range parts {
			if id := a.text("uuid"); id != "" && (id == said.text("attribute_uuid") || id == said.text("object_uuid")) {
				to = a
			}
		}
		had, _ := to[name].([]any)
		to[name] = append(had, v)
	}
}

// fill fills in what MISP has on every element, with the distribution that
// its handling admits to.
func fill(e element, marks, event []string) {
	d := e.text("distribution")
	switch d {
	case "", "5":
		d = "5"
		if !slices.Equal(marks, event) && reach(marks) < reach(event) {
			d = strconv.Itoa(reach(marks))
		}
	default:
		d = tighter(d, marks)
	}
	e["distribution"], e["sharing_group_id"] = d, "0"
	for name, v := range map[string]any{"comment": "", "deleted": false} {
		if _, ok := e[name]; !ok {
			e[name] = v
		}
	}
}
