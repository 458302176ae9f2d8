package misp

import (
	"errors"
	"strings"

	"twoseas/internal/base/ident"
)

// rules maps attribute types that hold a detection rule to STIX's name of its
// language.
var rules = map[string]string{"yara": "yara", "sigma": "sigma", "snort": "snort"}

// attribute turns one attribute of the event itself into objects.
func (w *writer) attribute(e element) error {
	typ, value := e.text("type"), clean(e.text("value"))
	uuid := e.uuid("attribute", w.event.uuid, typ, value)
	switch {
	case typ == "" || value == "":
		return w.problem(uuid, "an attribute without a type or a value is left out")
	case rules[typ] != "":
		return w.rule(e, uuid, rules[typ], value)
	case typ == "vulnerability" || typ == "campaign-name" || typ == "threat-actor":
		return w.thing(e, uuid, "attribute", strings.TrimSuffix(typ, "-name"), value)
	case typ == "link" && len(w.links) < maxLinks && strings.Contains(value, "://"):
		w.links = append(w.links, map[string]any{"source_name": "link", "url": value})
	}
	ts, err := terms(typ, value)
	if err != nil {
		if !errors.Is(err, errNone) {
			if e := w.problem(uuid, err.Error()+"; it is kept as it is"); e != nil {
				return e
			}
		}
		return w.custom(e, uuid, "attribute")
	}
	if e.is("to_ids") {
		return w.indicator(e, uuid, "attribute", "["+pattern(ts)+"]", value)
	}
	return w.observed(e, uuid, "attribute", ts)
}

// finishElement marks, keeps, names and hands over the object of an element.
func (w *writer) finishElement(o map[string]any, e element, member string) error {
	if name := clean(e.text("comment")); name != "" && o["description"] == nil && o["type"] != "observed-data" {
		o["description"] = name
	}
	for _, d := range w.mark(o, e.list("Tag")) {
		if err := w.out.Object(w.place, d); err != nil {
			return err
		}
	}
	if o["extensions"] == nil {
		keep(o, "property-extension", member, e)
	}
	if err := w.emit(o); err != nil {
		return err
	}
	id := o["id"].(string)
	typ, uuid, _ := strings.Cut(id, "--")
	if err := w.became(typ, uuid); err != nil {
		return err
	}
	return w.about(id, uuid, e)
}

// indicator is something to look for.
func (w *writer) indicator(e element, uuid, member, pattern, name string) error {
	o := w.base("indicator", uuid, e)
	o["pattern"], o["pattern_type"], o["name"] = pattern, "stix", clip(name)
	o["valid_from"] = o["created"]
	if t := e.at("first_seen"); !t.IsZero() {
		o["valid_from"] = moment(t)
	}
	if category := phase(e.text("category")); category != "" {
		o["kill_chain_phases"] = []any{map[string]any{"kill_chain_name": "misp-category", "phase_name": category}}
	}
	return w.finishElement(o, e, member)
}

// phase writes a category as a phase is named.
func phase(category string) string {
	return strings.ReplaceAll(strings.ToLower(clean(category)), " ", "-")
}

// rule is a detection rule in a language of its own.
func (w *writer) rule(e element, uuid, language, text string) error {
	o := w.base("indicator", uuid, e)
	o["pattern"], o["pattern_type"], o["valid_from"] = text, language, o["created"]
	o["name"] = language + " rule"
	return w.finishElement(o, e, "attribute")
}

// thing is an attribute that names what STIX has a type for.
func (w *writer) thing(e element, uuid, member, typ, name string) error {
	o := w.base(typ, uuid, e)
	o["name"] = name
	if typ == "vulnerability" && strings.HasPrefix(name, "CVE-") {
		o["external_references"] = []any{map[string]any{"source_name": "cve", "external_id": name}}
	}
	return w.finishElement(o, e, member)
}

// observed is something that was seen and is not to be looked for.
func (w *writer) observed(e element, uuid, member string, ts []term) error {
	seen := observables(ts)
	if len(seen) == 0 {
		return w.custom(e, uuid, member)
	}
	var refs []any
	for _, o := range seen {
		refs = append(refs, o["id"])
		for _, d := range w.mark(o, e.list("Tag")) {
			if err := w.out.Object(w.place, d); err != nil {
				return err
			}
		}
		if err := w.emit(o); err != nil {
			return err
		}
	}
	o := w.base("observed-data", uuid, e)
	from, to := e.at("first_seen"), e.at("last_seen")
	o["first_observed"], o["last_observed"], o["number_observed"] = o["created"], o["created"], 1
	if !from.IsZero() {
		o["first_observed"], o["last_observed"] = moment(from), moment(from)
	}
	if !to.IsZero() && to.After(from) {
		o["last_observed"] = moment(to)
		if from.IsZero() && o["first_observed"].(string) > moment(to) {
			o["first_observed"] = moment(to)
		}
	}
	o["object_refs"] = refs
	return w.finishElement(o, e, member)
}

// custom keeps what STIX has no place for, under the type and the names that
// the MISP project's own converter uses.
func (w *writer) custom(e element, uuid, member string) error {
	typ := "x-misp-" + member
	o := w.base(typ, uuid, e)
	if member == "attribute" {
		o["x_misp_type"], o["x_misp_category"], o["x_misp_value"] = clean(e.text("type")), clean(e.text("category")), clean(e.text("value"))
	} else {
		o["x_misp_name"], o["x_misp_meta_category"] = clean(e.text("name")), clean(e.text("meta-category"))
	}
	if e.text("data") != "" {
		if err := w.problem(uuid, "the file that is attached is left out; its name and hashes are kept"); err != nil {
			return err
		}
	}
	keep(o, "new-sdo", member, e)
	return w.finishElement(o, e, member)
}

// object turns one MISP object into objects of STIX.
func (w *writer) object(e element) error {
	name := e.text("name")
	uuid := e.uuid("object", w.event.uuid, name, e.text("comment"))
	var all []term
	var looks []string
	tags := e.list("Tag")
	title := name
	parts := e.list("Attribute")
	for _, a := range parts {
		tags = append(tags, a.list("Tag")...) // an object is as strict as its strictest part
		if a.is("deleted") {
			continue
		}
		ts, err := terms(a.text("type"), clean(a.text("value")))
		if err != nil {
			if errors.Is(err, errNone) {
				continue
			}
			if err := w.problem(a.text("uuid"), err.Error()+"; it is kept as it is"); err != nil {
				return err
			}
			continue
		}
		if len(all) == 0 {
			title = clean(a.text("value"))
		}
		all = append(all, ts...)
		if a.is("to_ids") {
			looks = append(looks, "["+pattern(ts)+"]")
		}
	}
	e["Tag"] = asAny(tags)
	switch {
	case name == "vulnerability" && first(parts, "vulnerability") != "":
		return w.thing(e, uuid, "object", "vulnerability", first(parts, "vulnerability"))
	case len(looks) > 0:
		return w.indicator(e, uuid, "object", strings.Join(unique(looks), " OR "), title)
	case len(all) > 0 && !repeats(all):
		return w.observed(e, uuid, "object", all)
	}
	return w.custom(e, uuid, "object")
}

// first returns the value of the first attribute of a type.
func first(parts []element, typ string) string {
	for _, a := range parts {
		if a.text("type") == typ {
			return clean(a.text("value"))
		}
	}
	return ""
}

func unique(in []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range in {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func asAny(tags []element) []any {
	out := make([]any, len(tags))
	for i, t := range tags {
		out[i] = map[string]any(t)
	}
	return out
}

// repeats reports whether two terms say different things of one property, so
// that they cannot be one observable.
func repeats(ts []term) bool {
	seen := map[string]string{}
	for _, t := range ts {
		key := t.object + ":" + t.property
		if have, ok := seen[key]; ok && have != t.value {
			return true
		}
		seen[key] = t.value
	}
	return false
}

// trimmedObject is trimmed for an object, with its attributes.
func trimmedObject(e element) map[string]any {
	out := trimmed(e)
	delete(out, "Tag") // those of its attributes
	var parts []any
	for _, a := range e.list("Attribute") {
		parts = append(parts, trimmed(a))
	}
	if len(parts) > 0 {
		out["Attribute"] = parts
	}
	return out
}

// keptLists copies what an element says of others: the relationships made of
// it say only what leads to something in the event.
func keptLists(out map[string]any, e element) {
	for _, name := range []string{"ObjectReference", "Relationship"} {
		var kept []any
		for _, r := range e.list(name) {
			kept = append(kept, trimmed(r))
		}
		if len(kept) > 0 {
			out[name] = kept
		}
	}
}

// refer notes what an element says of others.
func (w *writer) refer(uuid string, e element) error {
	source, err := ident.ParseUUID(uuid)
	if err != nil {
		return err
	}
	for _, name := range []string{"ObjectReference", "Relationship"} {
		for _, r := range e.list(name) {
			target := r.text("referenced_uuid")
			if target == "" {
				target = r.text("related_object_uuid")
			}
			to, err := ident.ParseUUID(target)
			if err != nil || r.is("deleted") || len(w.references) >= maxReferences {
				continue
			}
			w.references = append(w.references, reference{source, to, r.text("relationship_type"), r, r.at("timestamp")})
		}
	}
	return nil
}
