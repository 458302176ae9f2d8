package misp

import (
	"net/http"
	"slices"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/misp"
)

// publish and unpublish say whether an event counts as published. A MISP that
// pulls takes published ones; releases to the partner do not depend on it.
func (s *Server) publish(q *request) error { return s.standing(q, true, "Job queued") }

func (s *Server) unpublish(q *request) error { return s.standing(q, false, "Event unpublished.") }

func (s *Server) standing(q *request, published bool, text string) error {
	in, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, q.arg())
	if err != nil {
		return err
	}
	if in.Published == published && in.Foreign {
		q.done(text)
		return nil
	}
	if _, err := s.Events.Amend(q.r.Context(), s.Handle, q.actor, q.access, in.UUID, misp.Change{Publish: &published}); err != nil {
		return refusal("Could not change Event", err)
	}
	q.done(text)
	return nil
}

// deleteEvent is refused: what was handed on is called back by a person, who
// says why.
func (s *Server) deleteEvent(q *request) error {
	if _, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, q.arg()); err != nil {
		return err
	}
	return failure{http.StatusForbidden, "An event is not deleted here, since others may have it: withdraw its attributes and objects (attributes/delete, objects/delete), or call it back at the desk"}
}

// attach puts a tag on an event, an attribute or an object.
func (s *Server) attach(q *request) error {
	m, name, err := tagging(q)
	if err != nil {
		return err
	}
	if on(m["local"]) && !misp.Handles(name) {
		return failure{http.StatusForbidden, "A local tag stays on the instance where it is set: set it on your own"}
	}
	err = s.tagging(q, m, misp.Change{Tag: name}, func(e map[string]any) { tag(e, name) })
	if err != nil {
		return refusal("Could not attach the tag", err)
	}
	q.done("Global tag " + name + " successfully attached.")
	return nil
}

// detach takes a tag off. One that makes an element stricter than its event can
// be taken off by who may write it.
func (s *Server) detach(q *request) error {
	m, name, err := tagging(q)
	if err != nil {
		return err
	}
	err = s.tagging(q, m, misp.Change{Untag: name}, func(e map[string]any) {
		tags, _ := e["Tag"].([]any)
		e["Tag"] = slices.DeleteFunc(tags, func(t any) bool { return named(t, name) })
	})
	if err != nil {
		return refusal("Could not detach the tag", err)
	}
	q.done("Tag " + name + " successfully removed.")
	return nil
}

func tagging(q *request) (m map[string]any, name string, err error) {
	if m, err = q.question(); err != nil {
		return m, "", err
	}
	if name = strings.TrimSpace(word(m["tag"])); name == "" || word(m["uuid"]) == "" {
		err = fault.New(fault.Invalid, "say which tag, and of what: tag and uuid")
	}
	return m, name, err
}

// tagging changes the tags of an event, or else of an element.
func (s *Server) tagging(q *request, m map[string]any, c misp.Change, change func(e map[string]any)) error {
	uuid := strings.ToLower(word(m["uuid"]))
	in, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, uuid)
	if fault.Is(err, fault.NotFound) {
		_, err = s.Events.Edit(q.r.Context(), s.Handle, q.actor, q.access, uuid, func(element, inside map[string]any) error {
			if _, object := inside["Attribute"]; !object {
				change(inside)
				return nil
			}
			parts, _ := element["Attribute"].([]any) // an object has its tags on its attributes
			for _, x := range parts {
				change(x.(map[string]any))
			}
			return nil
		})
		return err
	}
	if err != nil {
		return err
	}
	if misp.Handles(c.Tag + c.Untag) {
		return s.Events.Handle(q.r.Context(), s.Handle, q.actor, q.access, in.UUID, c.Tag, c.Untag)
	}
	_, err = s.Events.Amend(q.r.Context(), s.Handle, q.actor, q.access, in.UUID, c)
	return err
}

// tag adds a tag to an element.
func tag(e map[string]any, name string) {
	tags, _ := e["Tag"].([]any)
	if name != "" && !slices.ContainsFunc(tags, func(t any) bool { return named(t, name) }) {
		e["Tag"] = append(tags, map[string]any{"name": name})
	}
}

func named(t any, name string) bool {
	m, _ := t.(map[string]any)
	return word(m["name"]) == name
}
