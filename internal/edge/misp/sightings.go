package misp

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"twoseas/internal/act/event"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// sightings answers {"response": [{"Sighting": …}]}: those of the events, or
// of the attribute, that are named.
func (s *Server) sightings(q *request) error {
	m, err := q.question()
	if err != nil {
		return err
	}
	ids := lower(append(words(m["uuid"]), words(m["id"])...))
	ask := event.Query{Deleted: event.Both, Said: true}
	if len(q.args) > 0 && q.args[0] == "attribute" {
		ask.UUIDs = ids
	} else {
		ask.Events = ids
	}
	open, end := shape(m)
	return s.sighted(q, ids, ask, open, end)
}

// listSightings answers with the bare list of those of one event or attribute.
func (s *Server) listSightings(q *request) error {
	m, err := q.question()
	if err != nil {
		return err
	}
	ids := lower(append(words(m["id"]), q.args...))
	ask := event.Query{Deleted: event.Both, Said: true, Events: ids}
	if word(m["context"]) == "attribute" {
		ask.Events, ask.UUIDs = nil, ids
	}
	return s.sighted(q, ids, ask, "", "")
}

func (s *Server) sighted(q *request, ids []string, ask event.Query, open, end string) error {
	if len(ids) == 0 {
		return fault.New(fault.Invalid, "say of which events, or of which attribute: uuid")
	}
	return q.stream("application/json", func(w io.Writer) error {
		if _, err := io.WriteString(w, open+"["); err != nil {
			return err
		}
		first := true
		if err := s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, ask, func(f event.Found) error {
			list, _ := f.Element["Sighting"].([]any)
			for _, v := range list {
				one, _ := v.(map[string]any)
				one["attribute_uuid"], one["event_uuid"] = f.Text("uuid"), f.In.UUID
				raw, err := canon.Write(map[string]any{"Sighting": one})
				if err != nil {
					return err
				}
				if !first {
					raw = append([]byte{','}, raw...)
				}
				first = false
				if _, err := w.Write(raw); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		_, err := io.WriteString(w, "]"+end)
		return err
	})
}

// knownSightings answers which of the offered sightings are here already.
func (s *Server) knownSightings(q *request) error {
	v, err := q.json()
	if err != nil {
		return err
	}
	if _, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, q.arg()); err != nil {
		return err
	}
	known, err := s.Events.Known(q.r.Context(), s.Handle, q.access.Class, lower(words(v)))
	if err != nil {
		return err
	}
	if known == nil {
		known = []string{}
	}
	q.answer(http.StatusOK, known)
	return nil
}

// bulkSightings takes in what another MISP has seen of one event.
func (s *Server) bulkSightings(q *request) error {
	v, err := q.json()
	if err != nil {
		return err
	}
	if _, err := s.Events.Find(q.r.Context(), s.Handle, q.access.Class, q.arg()); err != nil {
		return err
	}
	all, _ := v.([]any)
	var list []event.Sighting
	for _, x := range all {
		m, _ := x.(map[string]any)
		if inner, ok := m["Sighting"].(map[string]any); ok {
			m = inner
		}
		if id := strings.ToLower(word(m["attribute_uuid"])); id != "" {
			list = append(list, event.Sighting{Attribute: id, Element: m})
		}
	}
	n, err := s.Events.Sight(q.r.Context(), s.Handle, q.actor, q.access, list)
	if err != nil {
		return err
	}
	q.answer(http.StatusOK, map[string]any{"saved": true, "success": true, "name": fmt.Sprintf("%d sighting(s) added.", n), "message": fmt.Sprintf("%d sighting(s) added.", n), "url": q.r.URL.Path})
	return nil
}

// maxSighted bounds the attributes that one value is a sighting of.
const maxSighted = 1000

// addSighting takes one sighting in: of an attribute, or of whatever has one
// of the values.
func (s *Server) addSighting(q *request) error {
	m, err := q.question()
	if err != nil {
		return err
	}
	ask := event.Query{UUIDs: lower(append(words(m["uuid"]), words(m["id"])...)), Values: append(words(m["values"]), words(m["value"])...), Limit: maxSighted, Page: 1}
	if q.arg() != "" {
		ask.UUIDs = []string{q.arg()}
	}
	if len(ask.UUIDs) > 0 {
		ask.Values = nil
	}
	if len(ask.UUIDs)+len(ask.Values) == 0 {
		return fault.New(fault.Invalid, "say what was seen: the UUID of an attribute, or values")
	}
	var list []event.Sighting
	var last map[string]any
	err = s.Events.Attributes(q.r.Context(), s.Handle, q.access.Class, ask, func(f event.Found) error {
		id, err := ident.NewUUID(s.Rand)
		if err != nil {
			return err
		}
		kind := word(m["type"])
		if kind == "" {
			kind = "0"
		}
		last = map[string]any{"uuid": id, "type": kind, "source": word(m["source"]), "date_sighting": first(m, "timestamp", "date_sighting")}
		list = append(list, event.Sighting{Attribute: f.Text("uuid"), Element: last})
		return nil
	})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return failure{http.StatusNotFound, "Invalid attribute"}
	}
	if _, err := s.Events.Sight(q.r.Context(), s.Handle, q.actor, q.access, list); err != nil {
		return err
	}
	last["attribute_uuid"] = list[len(list)-1].Attribute
	q.answer(http.StatusOK, map[string]any{"Sighting": last, "saved": len(list)})
	return nil
}
