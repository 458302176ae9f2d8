package misp

import (
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/handling"
	"twoseas/internal/format/stix"
)

// header is what an event says of itself, apart from its elements.
type header struct {
	plain map[string]any // members that are no lists and no objects
	tags  []string
	org   element // Orgc, who created it

	uuid    string
	created time.Time // its date, or its timestamp when that is earlier
	changed time.Time // its timestamp
	marks   []handling.Mark
	labels  []string
	creator string // id of the identity, or ""
}

// element is a decoded MISP element.
type element map[string]any

// text returns a member as text; numbers and truths come as strings or not.
func (e element) text(name string) string {
	switch v := e[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// is reports whether a member is true.
func (e element) is(name string) bool {
	s := e.text(name)
	return s == "true" || s == "1" || s == "True"
}

// list returns the objects of a member that is a list of objects, or one.
func (e element) list(name string) (out []element) {
	switch v := e[name].(type) {
	case []any:
		for _, x := range v {
			if m, ok := x.(map[string]any); ok {
				out = append(out, m)
			}
		}
	case map[string]any:
		out = append(out, v)
	}
	return out
}

// uuid returns the element's UUID in lower case, or one made of names.
func (e element) uuid(names ...string) string {
	id := strings.ToLower(e.text("uuid"))
	if _, err := ident.ParseUUID(id); err == nil && id[14] >= '1' && id[14] <= '8' && strings.IndexByte("89ab", id[19]) >= 0 {
		return id // of RFC 9562, as STIX wants it
	}
	return named(names...)
}

// at returns a time in seconds, in a STIX form or as a day.
func (e element) at(name string) time.Time {
	s := strings.TrimSpace(e.text(name))
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n <= 0 || n > 7_000_000_000 {
			return time.Time{}
		}
		return time.Unix(n, 0).UTC()
	}
	for _, form := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999", "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(form, s); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UTC().Truncate(time.Millisecond)
		}
	}
	return time.Time{}
}

func decode(raw []byte) (element, error) {
	m, err := canon.Decode(raw)
	return m, err
}

// member takes one member of an event on the first reading.
func (h *header) member(c *canon.Cursor, name string) error {
	switch name {
	case "Tag":
		return elements(c, func(raw []byte) error {
			if e, err := decode(raw); err == nil && len(h.tags) < maxTags && !stays(e) {
				h.tags = append(h.tags, e.text("name"))
			}
			return nil
		})
	case "Orgc":
		raw, err := c.Value()
		if err != nil {
			return err
		}
		if e, err := decode(raw); err == nil {
			h.org = e
		}
		return nil
	}
	if k := c.Kind(); k == '[' || k == '{' {
		return c.Skip()
	}
	raw, err := c.Value()
	if err != nil {
		return err
	}
	var v any
	if len(raw) < maxHeader && canon.Unmarshal(raw, &v) == nil {
		if h.plain == nil {
			h.plain = map[string]any{}
		}
		h.plain[name] = v
	}
	return nil
}

// settle works out what everything in the event has in common.
func (h *header) settle() {
	e := element(h.plain)
	if e == nil {
		e = element{}
	}
	h.uuid = e.uuid("event", e.text("info"), e.text("date"), e.text("timestamp"))
	h.changed = e.at("timestamp")
	h.created = e.at("date")
	if h.changed.IsZero() {
		h.changed = h.created
	}
	if h.changed.IsZero() {
		h.changed = time.Unix(0, 0).UTC()
	}
	if h.created.IsZero() || h.created.After(h.changed) {
		h.created = h.changed
	}
	h.marks, h.labels = sortTags(h.tags)
	if name := h.org.text("name"); name != "" {
		h.creator = "identity--" + h.org.uuid("org", name)
	}
}

// given fills in what the event does not say.
func (h *header) given(from Sender) {
	if h.creator == "" && from.Org.Name != "" {
		h.org = element{"uuid": from.Org.UUID, "name": from.Org.Name}
	}
	if h.plain == nil {
		h.plain = map[string]any{}
	}
	e := element(h.plain)
	if !from.At.IsZero() && e.at("timestamp").IsZero() {
		h.plain["timestamp"] = seconds(from.At)
	}
	if !from.At.IsZero() && e.at("date").IsZero() {
		h.plain["date"] = from.At.UTC().Format(time.DateOnly)
	}
	h.marks, h.labels = nil, nil
	h.settle()
}

// sortTags parts the tags that are about handling from the others.
func sortTags(tags []string) (marks []handling.Mark, labels []string) {
	seen := map[string]bool{}
	for _, tag := range tags {
		tag = clean(tag)
		if tag == "" || seen[tag] {
			continue
		}
		seen[tag] = true
		if m, ok := handling.Of(tag); ok {
			marks = append(marks, m)
			continue
		}
		labels = append(labels, tag)
	}
	return marks, labels
}

// clean makes a text one that STIX takes: valid UTF-8 without NUL.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "�")
	return strings.TrimSpace(strings.ReplaceAll(s, "\x00", ""))
}

// since is when what MISP has no time for counts as made: organisations and
// clusters.
const since = "2022-03-19T00:00:00.000Z"

// organisation returns the identity of one who created things.
func organisation(e element) (map[string]any, bool) {
	name := clean(e.text("name"))
	if name == "" {
		return nil, false
	}
	return map[string]any{
		"type": "identity", "spec_version": "2.1", "id": "identity--" + e.uuid("org", name), "created": since, "modified": since,
		"name": name, "identity_class": "organization",
	}, true
}

// scoID returns the id of an observable.
func scoID(props map[string]any) string {
	typ, _ := props["type"].(string)
	id, err := stix.SCOID(typ, props)
	if err != nil {
		return typ + "--" + named(typ)
	}
	return id
}
