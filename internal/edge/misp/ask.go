package misp

import (
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/event"
	"twoseas/internal/base/fault"
)

// The members of a question are those of MISP's restSearch. Ones that are not
// known are refused where they would narrow the answer, and ignored where they
// only ask for more than is there.
var narrowing = map[string]string{
	"sharinggroup": "sharing groups are not known here", "threat_level_id": "threat levels are not searched", "object_name": "objects are not searched",
	"threatlevel": "threat levels are not searched", "analysis": "states of analysis are not searched", "email": "people are not searched",
	"hasproposal": "proposals are not kept", "score": "decay scores are not known here",
	"first_seen": "first_seen is not searched", "last_seen": "last_seen is not searched", "attackGalaxy": "galaxies are not searched",
}

// parse reads a question. Of events, the times are those of the event.
func (s *Server) parse(m map[string]any, ofEvents bool) (event.Query, error) {
	for name, why := range narrowing {
		if v, ok := m[name]; ok && len(words(v)) > 0 && words(v)[0] != "0" {
			return event.Query{}, fault.Errorf(fault.Invalid, "%s: %s", name, why)
		}
	}
	q := event.Query{
		Values: words(m["value"]), Types: words(m["type"]), Categories: words(m["category"]), UUIDs: lower(words(m["uuid"])),
		Events: lower(append(words(m["eventid"]), words(m["event_id"])...)), Orgs: bars(words(m["org"])), Info: word(m["eventinfo"]), Tags: tags(m["tags"]),
		EventTags: tags(m["event_tags"]), Any: first(m, "searchall", "all"),
	}
	if quick := word(m["quickFilter"]); quick != "" {
		q.Any = "%" + strings.Trim(quick, "%") + "%"
	}
	if ofEvents && len(q.Values) == 0 {
		q.Values = words(m["attribute"])
	}
	if ofEvents && len(q.Tags.Or) == 0 && len(words(m["tag"])) > 0 {
		q.Tags = tags(m["tag"])
	}
	for name, to := range map[string]**bool{"to_ids": &q.ToIDs, "published": &q.Published} {
		if list := words(m[name]); len(list) == 1 {
			v := on(list[0])
			*to = &v
		}
	}
	q.Deleted = deleted(words(m["deleted"]))
	q.Said = on(m["includeSightings"])
	now := s.Clock.Now()
	var err error
	for _, t := range []struct {
		names []string
		to    *event.Span
	}{
		{[]string{"timestamp", "attribute_timestamp", "event_timestamp"}, &q.Changed}, {[]string{"last", "publish_timestamp"}, &q.Arrived},
	} {
		for _, name := range t.names {
			if list := words(m[name]); len(list) > 0 && list[0] != "0" {
				if *t.to, err = span(list, now); err != nil {
					return q, err
				}
			}
		}
	}
	for _, d := range []struct {
		names []string
		to    *string
	}{{[]string{"from", "datefrom", "date_from"}, &q.From}, {[]string{"to", "dateuntil", "date_to"}, &q.To}} {
		if text := first(m, d.names...); text != "" {
			t, err := instant(text, now)
			if err != nil {
				return q, err
			}
			*d.to = t.UTC().Format(time.DateOnly)
		}
	}
	q.Limit, q.Page = number(m["limit"], 0), number(m["page"], 1)
	return q, q.Check()
}

func first(m map[string]any, names ...string) string {
	for _, n := range names {
		if s := word(m[n]); s != "" {
			return s
		}
	}
	return ""
}

// deleted reads MISP's condition: 0, 1, "only" or several of them.
func deleted(list []string) event.Deleted {
	gone, active := false, len(list) == 0
	for _, s := range list {
		switch s {
		case "1", "only", "true":
			gone = true
		default:
			active = true
		}
	}
	switch {
	case gone && active:
		return event.Both
	case gone:
		return event.Gone
	}
	return event.Active
}

// tags reads a condition on tags: one, a list of which one must be there, "!x"
// for one that must not, or the members AND, OR and NOT.
func tags(v any) (t event.Tags) {
	if m, ok := v.(map[string]any); ok {
		return event.Tags{Or: words(m["OR"]), And: words(m["AND"]), Not: words(m["NOT"])}
	}
	for _, s := range words(v) {
		if not, ok := strings.CutPrefix(s, "!"); ok {
			t.Not = append(t.Not, not)
			continue
		}
		t.Or = append(t.Or, s)
	}
	return t
}

// word returns a text, or a number as one.
func word(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "1"
		}
		return "0"
	case []any:
		if len(v) > 0 {
			return word(v[0])
		}
	}
	return ""
}

// words returns the texts of a member: one, a list, "a&&b", or the lists of
// {"OR": …, "NOT": …}, where the latter get a "!".
func words(v any) (out []string) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if s := word(x); s != "" {
				out = append(out, s)
			}
		}
	case map[string]any:
		out = append(words(v["OR"]), words(v["AND"])...)
		for _, s := range words(v["NOT"]) {
			out = append(out, "!"+s)
		}
	default:
		for s := range strings.SplitSeq(word(v), "&&") {
			if s = strings.TrimSpace(s); s != "" {
				out = append(out, s)
			}
		}
	}
	return out
}

// bars splits a|b, as older rules write several.
func bars(list []string) (out []string) {
	for _, s := range list {
		for part := range strings.SplitSeq(s, "|") {
			if part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

func lower(list []string) []string {
	for i, s := range list {
		list[i] = strings.ToLower(s)
	}
	return list
}

// on reports whether a member is true.
func on(v any) bool {
	s := strings.ToLower(word(v))
	return s == "1" || s == "true" || s == "yes"
}

// number reads a count; what is none is otherwise.
func number(v any, otherwise int) int {
	n, err := strconv.Atoi(word(v))
	if err != nil {
		return otherwise
	}
	return n
}

// span reads "since", or from and to; each is seconds since 1970, a time of
// this form 2026-11-22 or 2026-11-22T09:00:00Z, or how long ago: 90s, 30m, 12h, 7d.
func span(list []string, now time.Time) (event.Span, error) {
	var out event.Span
	for i, to := range []*int64{&out.From, &out.To} {
		if i >= len(list) || list[i] == "" {
			continue
		}
		t, err := instant(list[i], now)
		if err != nil {
			return out, err
		}
		*to = t.UnixMicro()
	}
	if out.To != 0 && out.From > out.To { // both ends may come in either order
		out.From, out.To = out.To, out.From
	}
	return out, nil
}

// units are the lengths in which times ago are written.
var units = map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}

func instant(s string, now time.Time) (time.Time, error) {
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 0 && f < 1e11 {
		return time.UnixMicro(int64(f * 1e6)), nil
	}
	if n, err := strconv.ParseUint(s[:len(s)-1], 10, 31); err == nil {
		if u, ok := units[s[len(s)-1]]; ok && n < 40_000 {
			return now.Add(-time.Duration(n) * u), nil
		}
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(form, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fault.Errorf(fault.Invalid, "%.40q is no time: want seconds since 1970, 2026-11-22, or how long ago, such as 7d", s)
}
