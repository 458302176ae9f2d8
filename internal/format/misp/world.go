package misp

import (
	"slices"

	"twoseas/internal/base/canon"
)

// Set is a World of objects in memory, each in one version.
type Set struct {
	objects map[string]Object
	about   map[string][]string // ids of what is said, by what it is about
}

// NewSet returns the world of the given objects, of which the last of an id
// counts.
func NewSet(objects []Object) (*Set, error) {
	s := &Set{objects: map[string]Object{}, about: map[string][]string{}}
	for _, o := range objects {
		props, err := canon.View(o.Raw)
		if err != nil {
			return nil, err
		}
		id := textOf(props["id"])
		s.objects[id] = o
		for _, about := range subjects(props) {
			if !slices.Contains(s.about[about], id) {
				s.about[about] = append(s.about[about], id)
			}
		}
	}
	return s, nil
}

// subjects returns what a sighting, note, opinion or relationship is about.
func subjects(props map[string]any) []string {
	switch props["type"] {
	case "sighting":
		return []string{textOf(props["sighting_of_ref"])}
	case "relationship":
		return []string{textOf(props["source_ref"])}
	case "note", "opinion":
		return textsOf(props["object_refs"])
	}
	return nil
}

// Objects implements World.
func (s *Set) Objects(ids []string) (map[string]Object, error) {
	out := make(map[string]Object, len(ids))
	for _, id := range ids {
		if o, ok := s.objects[id]; ok {
			out[id] = o
		}
	}
	return out, nil
}

// About implements World.
func (s *Set) About(ids []string) (out []Object, err error) {
	seen := map[string]bool{}
	for _, id := range ids {
		for _, said := range s.about[id] {
			if !seen[said] {
				seen[said] = true
				out = append(out, s.objects[said])
			}
		}
	}
	return out, nil
}
