package misp

import (
	"maps"
	"net/http"
	"strconv"
	"strings"

	"twoseas/internal/act/event"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/misp"
)

// members returns the elements of a body: one, a list of them, or either below
// the name of what they are.
func members(v any, name string) (list []map[string]any, several bool) {
	if m, ok := v.(map[string]any); ok {
		if inner, ok := m["request"].(map[string]any); ok {
			m, v = inner, inner
		}
		if inner, ok := m[name]; ok {
			if _, many := inner.([]any); many || name != "Attribute" || m["type"] == nil {
				v = inner
			}
		}
	}
	switch v := v.(type) {
	case map[string]any:
		return []map[string]any{v}, false
	case []any:
		for _, x := range v {
			m, _ := x.(map[string]any)
			if inner, ok := m[name].(map[string]any); ok {
				m = inner
			}
			list = append(list, m)
		}
		return list, true
	}
	return nil, false
}

// refusal is a failure in the words of MISP: what was not done, and why.
func refusal(what string, err error) error {
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied) || fault.Is(err, fault.Conflict) {
		return failure{http.StatusForbidden, what + ": " + fault.Message(err)}
	}
	return err
}

// complete gives an attribute what MISP gives one that lacks it, or says why it
// cannot be taken.
func (s *Server) complete(a map[string]any) (string, error) {
	typ := word(a["type"])
	if typ == "" || word(a["value"]) == "" {
		return "an attribute has a type and a value", nil
	}
	if err := s.identify(a); err != nil {
		return "", err
	}
	if t, ok := typeNamed(typ); ok {
		if word(a["category"]) == "" {
			a["category"] = t.Category
		}
		if a["to_ids"] == nil {
			a["to_ids"] = t.ToIDs
		}
	}
	return "", nil
}

// identify gives an element a UUID that has none.
func (s *Server) identify(e map[string]any) error {
	id := strings.ToLower(word(e["uuid"]))
	if _, err := ident.ParseUUID(id); err == nil {
		e["uuid"] = id
		return nil
	}
	fresh, err := ident.NewUUID(s.Rand)
	e["uuid"] = fresh
	return err
}

// elsewhere says in which other event an element is already.
func (s *Server) elsewhere(q *request, uuid string, in event.Entry) string {
	p, err := s.Events.Part(q.r.Context(), s.Handle, q.access.Class, uuid)
	if err == nil && p.In.UUID != in.UUID {
		return "the UUID is in use, in event " + p.In.UUID
	}
	return ""
}

// addAttributes takes one attribute, or a list of them, into an event. Of a list
// the ones that can be read are taken, and "errors" names the others.
func (s *Server) addAttributes(q *request) error {
	v, err := q.json()
	if err != nil {
		return err
	}
	list, several := members(v, "Attribute")
	in, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, q.arg())
	if err != nil {
		return err
	}
	var good []map[string]any
	wrong := map[string]any{}
	for i, a := range list {
		reason := "this is no attribute"
		if a != nil {
			if reason, err = s.complete(a); err != nil {
				return err
			}
			if reason == "" {
				reason = s.elsewhere(q, word(a["uuid"]), in)
			}
		}
		if reason != "" {
			wrong["attribute_"+strconv.Itoa(i)] = map[string]any{"value": []string{reason}}
			continue
		}
		good = append(good, a)
	}
	if len(good) == 0 {
		return refusal("Could not add Attribute", fault.Errorf(fault.Invalid, "%s", firstOf(wrong)))
	}
	if _, err := s.Events.Amend(q.r.Context(), s.Handle, q.actor, q.access, in.UUID, misp.Change{Elements: map[string][]map[string]any{"Attribute": good}}); err != nil {
		return refusal("Could not add Attribute", err)
	}
	out := make([]any, len(good))
	for i, a := range good {
		if out[i], err = s.shown(q, word(a["uuid"]), a); err != nil {
			return err
		}
	}
	answer := map[string]any{"Attribute": out}
	if !several || len(list) == 1 {
		answer["Attribute"] = out[0]
	}
	if len(wrong) > 0 {
		answer["errors"] = wrong
	}
	q.answer(http.StatusOK, answer)
	return nil
}

func firstOf(wrong map[string]any) string {
	for _, w := range wrong {
		reasons, _ := w.(map[string]any)["value"].([]string)
		return reasons[0]
	}
	return "there is none"
}

// shown is an element that has just come in, as its event shows it; as it came
// where it is not for who brought it.
func (s *Server) shown(q *request, uuid string, came map[string]any) (map[string]any, error) {
	p, err := s.Events.Part(q.r.Context(), s.Handle, q.access.Class, uuid)
	if fault.Is(err, fault.NotFound) {
		return came, nil
	}
	return part(p), err
}

// part is an attribute or object as an answer of its own holds it.
func part(p event.Part) map[string]any {
	e := maps.Clone(p.Element)
	if p.Inside != nil {
		e = maps.Clone(p.Inside)
		e["object_uuid"] = p.Element["uuid"]
	}
	e["event_id"], e["event_uuid"] = strconv.FormatInt(p.In.Number, 10), p.In.UUID
	return e
}

// editAttribute gives an attribute other values; what the body does not name
// stays as it is.
func (s *Server) editAttribute(q *request) error {
	v, err := q.json()
	if err != nil {
		return err
	}
	list, _ := members(v, "Attribute")
	if len(list) != 1 || list[0] == nil {
		return fault.New(fault.Invalid, "say what of the attribute is to change")
	}
	p, err := s.Events.Edit(q.r.Context(), s.Handle, q.actor, q.access, q.arg(), func(element, inside map[string]any) error {
		if _, object := element["Attribute"]; object && word(element["uuid"]) == q.arg() {
			return errNotFound
		}
		overlay(inside, list[0], s)
		return nil
	})
	if err != nil {
		return refusal("Could not edit Attribute", err)
	}
	q.answer(http.StatusOK, map[string]any{"Attribute": part(p)})
	return nil
}

// kept names what an edit does not touch.
var kept = map[string]bool{
	"uuid": true, "id": true, "event_id": true, "object_id": true, "timestamp": true, "Tag": true, "Galaxy": true, "Sighting": true, "Attribute": true, "Event": true,
}

// overlay writes the members of to into e. Tags are added.
func overlay(e, to map[string]any, s *Server) {
	for name, v := range to {
		if !kept[name] && v != nil {
			e[name] = v
		}
	}
	tags, _ := to["Tag"].([]any)
	for _, t := range tags {
		m, _ := t.(map[string]any)
		tag(e, word(m["name"]))
	}
	touch(e, s)
}

// touch says that an element changed now.
func touch(e map[string]any, s *Server) { e["timestamp"] = strconv.FormatInt(s.Clock.Now().Unix(), 10) }

// deletePart withdraws an attribute or an object.
func deletePart(what string) func(*Server, *request) error {
	return func(s *Server, q *request) error {
		_, err := s.Events.Edit(q.r.Context(), s.Handle, q.actor, q.access, q.arg(), func(_, inside map[string]any) error {
			inside["deleted"] = true
			touch(inside, s)
			return nil
		})
		if err != nil {
			return refusal("Could not delete "+what, err)
		}
		q.done(what + " deleted")
		return nil
	}
}

// done answers that something was done.
func (q *request) done(text string) {
	q.answer(http.StatusOK, map[string]any{"saved": true, "success": text, "name": text, "message": text, "url": q.r.URL.Path})
}

// restore is refused: what was withdrawn has been called back from everybody.
func (s *Server) restore(*request) error {
	return failure{http.StatusForbidden, "What was withdrawn is called back from everybody who has it and does not come back: add it anew"}
}

// addReport takes a text into an event.
func (s *Server) addReport(q *request) error {
	v, err := q.json()
	if err != nil {
		return err
	}
	list, _ := members(v, "EventReport")
	if len(list) != 1 || list[0] == nil || word(list[0]["name"]) == "" || word(list[0]["content"]) == "" {
		return refusal("Could not add Event Report", fault.New(fault.Invalid, "a report has a name and a content"))
	}
	r := list[0]
	if err := s.identify(r); err != nil {
		return err
	}
	touch(r, s)
	if _, err := s.Events.Amend(q.r.Context(), s.Handle, q.actor, q.access, q.arg(), misp.Change{Elements: map[string][]map[string]any{"EventReport": {r}}}); err != nil {
		return refusal("Could not add Event Report", err)
	}
	r["distribution"], r["sharing_group_id"], r["deleted"] = "5", "0", false
	q.answer(http.StatusOK, map[string]any{"EventReport": r})
	return nil
}
