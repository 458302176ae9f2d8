package misp

import (
	"strconv"
	"time"
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
		if element(w.event.plain).is("published") { // it names the report then, which is another content
			o["modified"] = moment(timeOf(o["modified"]).Add(time.Millisecond))
		}
		if name := clean(e.text("name")); name != "" {
			o["abstract"] = name
		}
		w.mark(o, nil)
		keep(o, "property-extension", "report", element{"uuid": e.text("uuid"), "distribution": e.text("distribution"), "timestamp": e.text("timestamp")})
		return w.emit(o)
	})
	return nil
}
