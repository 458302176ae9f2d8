package misp

import (
	"strings"
	"time"
)

// from returns the moment that stands for the version number n.
func (element) from(n int64) time.Time {
	return time.Date(2022, 3, 19, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
}

// eventID is the id of the report or grouping that stands for the event: a
// report once it was published.
func (w *writer) eventID() string {
	typ := "grouping"
	if element(w.event.plain).is("published") {
		typ = "report"
	}
	return typ + "--" + w.event.uuid
}

// finish hands over what had to wait for the end of the event.
func (w *writer) finish() error {
	for _, r := range w.references {
		from, ok := w.idOf(r.source)
		to, known := w.idOf(r.target)
		if !ok || !known {
			if err := w.problem(uuidText(r.source), "its reference to "+uuidText(r.target)+" leads to nothing in the event"); err != nil {
				return err
			}
			continue
		}
		if err := w.relate(from, to, r.kind, r.element); err != nil {
			return err
		}
	}
	if err := w.whole(); err != nil {
		return err
	}
	for _, later := range w.after {
		if err := later(); err != nil {
			return err
		}
	}
	return nil
}

// relate hands over a relationship.
func (w *writer) relate(from, to, kind string, e element) error {
	o := w.base("relationship", e.uuid("reference", from, to, kind), e)
	o["source_ref"], o["target_ref"], o["relationship_type"] = from, to, relation(kind)
	if c := clean(e.text("comment")); c != "" {
		o["description"] = c
	}
	w.mark(o, nil)
	if err := w.emit(o); err != nil {
		return err
	}
	return w.name(o["id"].(string))
}

// relation writes the type of a relationship in the letters STIX has for it
// (STIX 2.1 §5.1).
func relation(kind string) string {
	out := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(kind)), "-")
	if out == "" {
		return "related-to"
	}
	return out
}

// whole hands over what stands for the event as a whole.
func (w *writer) whole() error {
	e := element(w.event.plain)
	refs := append(w.parts, w.refs...)
	if len(refs) == 0 {
		if w.event.creator == "" {
			return w.problem(w.event.uuid, "the event is empty")
		}
		refs = []string{w.event.creator}
	}
	typ, _, _ := strings.Cut(w.eventID(), "--")
	o := w.base(typ, w.event.uuid, e)
	delete(o, "revoked")
	o["object_refs"] = refs
	o["name"] = clean(e.text("info"))
	if o["name"] == "" {
		o["name"] = "MISP event " + w.event.uuid
	}
	if typ == "report" {
		o["published"] = o["modified"]
		if t := e.at("publish_timestamp"); !t.IsZero() {
			o["published"] = moment(t)
		}
	} else {
		o["context"] = "suspicious-activity"
	}
	if len(w.links) > 0 {
		o["external_references"] = w.links
	}
	w.mark(o, nil)
	if len(w.event.labels) > 0 {
		o["labels"] = w.event.labels
	}
	kept := trimmed(e)
	tags := make([]any, len(w.event.tags))
	for i, t := range w.event.tags {
		tags[i] = clean(t)
	}
	if len(tags) > 0 {
		kept["Tag"] = tags
	}
	if len(w.unplaced) > 0 {
		kept["Galaxy"] = w.unplaced
	}
	ours := map[string]any{"extension_type": "property-extension", "event": kept}
	if !w.since.IsZero() {
		ours["handled"] = moment(w.since)
	}
	o["extensions"] = map[string]any{Extension: ours}
	return w.emit(o)
}
