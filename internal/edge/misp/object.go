package misp

import (
	"net/http"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/misp"
)

// addObject takes an object into an event.
func (s *Server) addObject(q *request) error {
	v, err := q.json()
	if err != nil {
		return err
	}
	list, _ := members(v, "Object")
	if len(list) != 1 || list[0] == nil || word(list[0]["name"]) == "" {
		return refusal("Could not add Object", fault.New(fault.Invalid, "want one object with a name and attributes"))
	}
	in, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, q.arg())
	if err != nil {
		return err
	}
	o := list[0]
	if err := s.identify(o); err != nil {
		return err
	}
	if reason := s.elsewhere(q, word(o["uuid"]), in); reason != "" {
		return refusal("Could not add Object", fault.New(fault.Invalid, reason))
	}
	if err := s.inside(o); err != nil {
		return refusal("Could not add Object", err)
	}
	if _, err := s.Events.Amend(q.r.Context(), s.Handle, q.actor, q.access, in.UUID, misp.Change{Elements: map[string][]map[string]any{"Object": {o}}}); err != nil {
		return refusal("Could not add Object", err)
	}
	out, err := s.shown(q, word(o["uuid"]), o)
	if err != nil {
		return err
	}
	q.answer(http.StatusOK, map[string]any{"Object": out})
	return nil
}

// inside completes the attributes of an object.
func (s *Server) inside(o map[string]any) error {
	parts, _ := o["Attribute"].([]any)
	for _, x := range parts {
		a, _ := x.(map[string]any)
		if a == nil {
			return fault.New(fault.Invalid, "this is no attribute")
		}
		reason, err := s.complete(a)
		if err != nil {
			return err
		}
		if reason != "" {
			return fault.New(fault.Invalid, reason)
		}
		if a["timestamp"] == nil {
			touch(a, s)
		}
	}
	if len(parts) == 0 {
		return fault.New(fault.Invalid, "an object has attributes")
	}
	return nil
}

// editObject gives an object other attributes. Those that are there and that
// the body does not name are withdrawn, as MISP does.
func (s *Server) editObject(q *request) error {
	v, err := q.json()
	if err != nil {
		return err
	}
	list, _ := members(v, "Object")
	if len(list) != 1 || list[0] == nil {
		return fault.New(fault.Invalid, "say what of the object is to change")
	}
	to := list[0]
	p, err := s.Events.Edit(q.r.Context(), s.Handle, q.actor, q.access, q.arg(), func(element, _ map[string]any) error {
		if _, object := element["Attribute"]; !object || word(element["uuid"]) != q.arg() {
			return errNotFound
		}
		if to["Attribute"] != nil {
			if err := s.inside(to); err != nil {
				return err
			}
			merge(element, to, s)
		}
		overlay(element, to, s)
		return nil
	})
	if err != nil {
		return refusal("Could not edit Object", err)
	}
	q.answer(http.StatusOK, map[string]any{"Object": part(p)})
	return nil
}

// merge gives an object the attributes of to.
func merge(object, to map[string]any, s *Server) {
	named := map[string]bool{}
	now, _ := to["Attribute"].([]any)
	before, _ := object["Attribute"].([]any)
	for _, x := range now {
		named[word(x.(map[string]any)["uuid"])] = true
	}
	for _, x := range before {
		if a, _ := x.(map[string]any); !named[word(a["uuid"])] {
			a["deleted"] = true
			touch(a, s)
			now = append(now, a)
		}
	}
	object["Attribute"] = now
}

// addReference has an object refer to another element of its event.
func (s *Server) addReference(q *request) error {
	m, err := q.question()
	if err != nil {
		return err
	}
	if inner, ok := m["ObjectReference"].(map[string]any); ok {
		m = inner
	}
	to := strings.ToLower(first(m, "referenced_uuid", "referenced_id"))
	if to == "" {
		return refusal("Could not add Object Reference", fault.New(fault.Invalid, "say what is referred to: referenced_uuid"))
	}
	if err := s.identify(m); err != nil {
		return err
	}
	ref := map[string]any{"uuid": m["uuid"], "referenced_uuid": to, "relationship_type": word(m["relationship_type"]), "comment": word(m["comment"])}
	touch(ref, s)
	p, err := s.Events.Edit(q.r.Context(), s.Handle, q.actor, q.access, strings.ToLower(first(m, "object_uuid", "object_id")), func(element, _ map[string]any) error {
		if _, object := element["Attribute"]; !object {
			return errNotFound
		}
		refs, _ := element["ObjectReference"].([]any)
		element["ObjectReference"] = append(refs, ref)
		return nil
	})
	if err != nil {
		return refusal("Could not add Object Reference", err)
	}
	ref["object_uuid"], ref["event_id"] = p.Element["uuid"], strconv.FormatInt(p.In.Number, 10)
	q.answer(http.StatusOK, map[string]any{"ObjectReference": ref})
	return nil
}
