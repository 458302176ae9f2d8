package event

import (
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/format/misp"
)

// wants reports whether attributes of an event can be asked for.
func (s *search) wants(in *Entry) bool {
	q := &s.q
	if len(q.Events) > 0 && !slices.Contains(q.Events, in.UUID) && !slices.Contains(q.Events, strconv.FormatInt(in.Number, 10)) {
		return false
	}
	if !ofOrg(in, q.Orgs) || q.From != "" && in.Date < q.From || q.To != "" && in.Date > q.To || !q.EventTags.fit(in.Tags) {
		return false
	}
	if q.Published != nil && *q.Published != in.Published {
		return false
	}
	return q.Info == "" || like(in.Info, q.Info)
}

// ofOrg reports whether an event is of one of the organisations, in which "!x"
// is any but x.
func ofOrg(in *Entry, list []string) bool {
	plain := false
	for _, o := range list {
		name, not := strings.CutPrefix(o, "!")
		is := name == in.Org.UUID || strings.EqualFold(name, in.Org.Name)
		if is {
			return !not
		}
		plain = plain || !not
	}
	return !plain
}

// fits reports whether an attribute is what is asked for.
func (s *search) fits(a misp.Attribute, in *Entry) bool {
	q := &s.q
	gone := a.Is("deleted")
	switch {
	case q.Deleted == Active && gone, q.Deleted == Gone && !gone,
		len(q.Types) > 0 && !oneOf(a.Text("type"), q.Types),
		len(q.Categories) > 0 && !oneOf(a.Text("category"), q.Categories),
		q.ToIDs != nil && *q.ToIDs != a.Is("to_ids"),
		len(q.UUIDs) > 0 && !slices.Contains(q.UUIDs, a.Text("uuid")) && !slices.Contains(q.UUIDs, a.Object) && !slices.Contains(q.UUIDs, in.UUID):
		return false
	}
	if len(q.Values) > 0 && !slices.ContainsFunc(q.Values, func(v string) bool { return sameValue(a.Text("value"), v) }) {
		return false
	}
	if q.Any != "" && !q.anyOf(in) && !like(a.Text("value"), q.Any) && !like(a.Text("comment"), q.Any) && !(Tags{Or: []string{q.Any}}).fit(a.Tags()) {
		return false
	}
	return q.Tags.fit(append(a.Tags(), in.Tags...))
}

// anyOf reports whether an event itself says what is looked for anywhere.
func (q *Query) anyOf(in *Entry) bool {
	return like(in.Info, q.Any) || Tags{Or: []string{q.Any}}.fit(in.Tags)
}

// oneOf reports whether s is one of list, in which "!x" is anything but x.
func oneOf(s string, list []string) bool {
	plain := false
	for _, l := range list {
		if not, ok := strings.CutPrefix(l, "!"); ok {
			if like(s, not) {
				return false
			}
			continue
		}
		plain = true
		if like(s, l) {
			return true
		}
	}
	return !plain
}

// sameValue reports whether a value is the one asked for, or a part of a
// composite one is.
func sameValue(value, asked string) bool {
	if like(value, asked) {
		return true
	}
	left, right, ok := strings.Cut(value, "|")
	return ok && (like(left, asked) || like(right, asked))
}

// like compares without regard to case; a % in pattern stands for anything.
func like(s, pattern string) bool {
	s, pattern = strings.ToLower(s), strings.ToLower(pattern)
	parts := strings.Split(pattern, "%")
	if len(parts) == 1 {
		return s == pattern
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}

// fit reports whether tags meet the condition.
func (t Tags) fit(tags []string) bool {
	has := func(want string) bool {
		return slices.ContainsFunc(tags, func(tag string) bool { return like(tag, want) })
	}
	if len(t.Or) > 0 && !slices.ContainsFunc(t.Or, has) || slices.ContainsFunc(t.Not, has) {
		return false
	}
	for _, want := range t.And {
		if !has(want) {
			return false
		}
	}
	return true
}
