package misp

import (
	"strconv"
	"strings"
)

// about hands over what others said of the element that became id, and notes
// what it refers to.
func (w *writer) about(id, uuid string, e element) error {
	for _, s := range e.list("Sighting") {
		if err := w.sighting(id, uuid, s); err != nil {
			return err
		}
	}
	for _, n := range e.list("Note") {
		if err := w.note(id, n); err != nil {
			return err
		}
	}
	for _, o := range e.list("Opinion") {
		if err := w.opinion(id, o); err != nil {
			return err
		}
	}
	for _, g := range e.list("Galaxy") {
		if err := w.galaxyOf(id, g); err != nil {
			return err
		}
	}
	for _, a := range e.list("Attribute") { // of an object: what was said of its parts is said of it
		for _, s := range a.list("Sighting") {
			s["attribute_uuid"] = a.text("uuid")
		}
		for _, n := range append(a.list("Note"), a.list("Opinion")...) {
			n["object_uuid"] = a.text("uuid")
		}
		if err := w.about(id, uuid, a); err != nil {
			return err
		}
	}
	return w.refer(uuid, e)
}

// said returns an object that somebody else than the event's owner made.
func (w *writer) said(typ string, e element, whose string) (map[string]any, error) {
	var org element
	for _, name := range []string{"Organisation", "Orgc", "Org"} {
		if list := e.list(name); len(list) > 0 && org == nil {
			org = list[0]
		}
	}
	o := w.base(typ, e.uuid(typ, whose, e.text("date_sighting"), e.text("note"), e.text("opinion"), e.text("source")), nil)
	for name, from := range map[string][]string{"created": {"date_sighting", "created", "timestamp"}, "modified": {"date_sighting", "modified", "created", "timestamp"}} {
		for _, f := range from {
			if t := e.at(f); !t.IsZero() {
				o[name] = moment(t)
				break
			}
		}
	}
	if o["modified"].(string) < o["created"].(string) {
		o["modified"] = o["created"]
	}
	delete(o, "created_by_ref")
	creator, err := w.organisation(org)
	if creator != "" {
		o["created_by_ref"] = creator
	}
	w.mark(o, nil)
	return o, err
}

// sighting is one of MISP's three: seen, false positive, expired.
func (w *writer) sighting(id, whose string, e element) error {
	switch e.text("type") {
	case "", "0":
		o, err := w.said("sighting", e, whose)
		if err != nil {
			return err
		}
		o["sighting_of_ref"], o["count"] = id, 1
		if t := e.at("date_sighting"); !t.IsZero() {
			o["first_seen"], o["last_seen"] = moment(t), moment(t)
		}
		keep(o, "property-extension", "sighting", e)
		return w.emit(o)
	case "1":
		e["opinion"], e["comment"] = "0", "false positive"
		return w.opinion(id, e)
	}
	e["note"] = "expired"
	return w.note(id, e)
}

func (w *writer) note(id string, e element) error {
	text := clean(e.text("note"))
	if text == "" {
		return w.problem(e.text("uuid"), "a note without a text is left out")
	}
	o, err := w.said("note", e, id)
	if err != nil {
		return err
	}
	o["content"], o["object_refs"] = text, []any{id}
	if a := clean(e.text("authors")); a != "" {
		o["authors"] = []any{a}
	}
	if lang := clean(e.text("language")); lang != "" && len(lang) < 20 {
		o["lang"] = lang
	}
	keep(o, "property-extension", "note", e)
	return w.emit(o)
}

// opinion is a number from 0, which disagrees most, to 100.
func (w *writer) opinion(id string, e element) error {
	n, err := strconv.ParseFloat(e.text("opinion"), 64)
	if err != nil || n < 0 || n > 100 {
		return w.problem(e.text("uuid"), "an opinion that is no number from 0 to 100 is left out")
	}
	o, err := w.said("opinion", e, id)
	if err != nil {
		return err
	}
	words := []string{"strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"}
	o["opinion"], o["object_refs"] = words[min(int(n/20), 4)], []any{id}
	if c := clean(e.text("comment")); c != "" {
		o["explanation"] = c
	}
	if a := clean(e.text("authors")); a != "" {
		o["authors"] = []any{a}
	}
	keep(o, "property-extension", "opinion", e)
	return w.emit(o)
}

// eventNote and eventOpinion are about the event, which comes last.
func (w *writer) eventNote(e element) error {
	w.after = append(w.after, func() error { return w.note(w.eventID(), e) })
	return nil
}

func (w *writer) eventOpinion(e element) error {
	w.after = append(w.after, func() error { return w.opinion(w.eventID(), e) })
	return nil
}

// report is a text that belongs to the event.
func (w *writer) report(e element) error {
	if e.is("deleted") || clean(e.text("content")) == "" {
		return w.problem(e.text("uuid"), "a report that was deleted, or is empty, is left out")
	}
	place := w.place
	w.after = append(w.after, func() error {
		w.place = place
		o := w.base("note", e.uuid("report", w.event.uuid, e.text("name")), e)
		o["content"], o["object_refs"] = clean(e.text("content")), []any{w.eventID()}
		if name := clean(e.text("name")); name != "" {
			o["abstract"] = name
		}
		w.mark(o, nil)
		keep(o, "property-extension", "report", element{"uuid": e.text("uuid"), "distribution": e.text("distribution"), "timestamp": e.text("timestamp")})
		return w.emit(o)
	})
	return nil
}

// clusterTypes maps the endings of galaxy types to types of STIX; the first
// that fits counts.
var clusterTypes = []struct{ ending, typ string }{
	{"attack-pattern", "attack-pattern"},
	{"course-of-action", "course-of-action"},
	{"intrusion-set", "intrusion-set"},
	{"threat-actor", "threat-actor"},
	{"microsoft-activity-group", "threat-actor"},
	{"ransomware", "malware"},
	{"malware", "malware"},
	{"malpedia", "malware"},
	{"rat", "malware"},
	{"backdoor", "malware"},
	{"banker", "malware"},
	{"botnet", "malware"},
	{"stealer", "malware"},
	{"cryptominers", "malware"},
	{"exploit-kit", "malware"},
	{"tool", "tool"},
	{"sector", "identity"},
	{"campaign", "campaign"},
}

func clusterType(galaxy string) string {
	for _, c := range clusterTypes {
		if galaxy == c.ending || strings.HasSuffix(galaxy, "-"+c.ending) {
			return c.typ
		}
	}
	return ""
}

// galaxy hands over the clusters an event belongs to.
func (w *writer) galaxy(e element) error {
	if kept := unplaced(e); kept != nil {
		w.unplaced = append(w.unplaced, kept)
	}
	for _, c := range e.list("GalaxyCluster") {
		id, err := w.cluster(e, c)
		if err != nil {
			return err
		}
		if id == "" {
			continue
		}
		if err := w.name(id); err != nil {
			return err
		}
	}
	return nil
}

// galaxyOf says which clusters one element belongs to.
func (w *writer) galaxyOf(id string, e element) error {
	for _, c := range e.list("GalaxyCluster") {
		to, err := w.cluster(e, c)
		if err != nil {
			return err
		}
		if to != "" {
			if err := w.relate(id, to, "related-to", element{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// cluster hands a galaxy cluster over, once, and returns its id; "" when STIX
// has no type for it, and the tag that names it has to do. Its id is made of
// the cluster's UUID and is not that UUID, which for ATT&CK is the id of
// MITRE's own object: nobody but MITRE makes versions of that (invariant 1).
func (w *writer) cluster(galaxy, e element) (string, error) {
	typ, value := placed(galaxy, e), clean(e.text("value"))
	if typ == "" || e.is("deleted") {
		return "", nil
	}
	id := typ + "--" + named("cluster", e.uuid("cluster", e.text("type"), value))
	if w.clusters[id] {
		return id, nil
	}
	w.clusters[id] = true
	o := map[string]any{
		"type": typ, "spec_version": "2.1", "id": id, "created": "2022-03-19T00:00:00.000Z", "modified": clusterVersion(e), "name": value,
	}
	if d := clean(e.text("description")); d != "" {
		o["description"] = d
	}
	switch typ {
	case "malware":
		o["is_family"] = true
	case "identity":
		o["identity_class"] = "class"
	}
	meta := e.list("meta")
	if len(meta) > 0 {
		external(o, meta[0])
	}
	w.mark(o, nil)
	o["extensions"] = map[string]any{Extension: map[string]any{
		"extension_type": "property-extension", "cluster": trimmed(e), "galaxy": trimmed(galaxy),
	}}
	return id, w.emit(o)
}

// unplaced returns the clusters of a galaxy that have no type in STIX, with
// the galaxy around them; nil when there are none.
func unplaced(g element) map[string]any {
	var kept []any
	for _, c := range g.list("GalaxyCluster") {
		if placed(g, c) == "" && !c.is("deleted") {
			kept = append(kept, trimmed(c))
		}
	}
	if kept == nil {
		return nil
	}
	out := trimmed(g)
	out["GalaxyCluster"] = kept
	return out
}

// placed returns the type of STIX that a cluster of a galaxy becomes.
func placed(galaxy, e element) string {
	if clean(e.text("value")) == "" {
		return ""
	}
	if typ := clusterType(e.text("type")); typ != "" {
		return typ
	}
	return clusterType(galaxy.text("type"))
}

// clusterVersion makes a version number a moment, since clusters have no other:
// a higher number is later.
func clusterVersion(e element) string {
	n, err := strconv.ParseUint(e.text("version"), 10, 31)
	if err != nil {
		n = 0
	}
	return moment(e.from(int64(n)))
}

// external takes the catalogue numbers and other names out of a cluster's meta.
func external(o map[string]any, meta element) {
	texts := func(name string) (out []any) {
		switch v := meta[name].(type) {
		case string:
			out = append(out, clean(v))
		case []any:
			for _, x := range v {
				if s, ok := x.(string); ok && clean(s) != "" {
					out = append(out, clean(s))
				}
			}
		}
		return out
	}
	var refs []any
	for _, id := range texts("external_id") {
		source := "misp-galaxy"
		if s := id.(string); strings.HasPrefix(s, "T1") || strings.HasPrefix(s, "G0") || strings.HasPrefix(s, "S0") {
			source = "mitre-attack"
		}
		refs = append(refs, map[string]any{"source_name": source, "external_id": id})
	}
	if len(refs) > 0 {
		o["external_references"] = refs
	}
	switch o["type"] {
	case "threat-actor", "malware", "tool", "intrusion-set", "campaign", "attack-pattern":
		if names := texts("synonyms"); len(names) > 0 {
			o["aliases"] = names
		}
	}
}
