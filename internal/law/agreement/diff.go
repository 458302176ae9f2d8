package agreement

import (
	"fmt"
	"slices"
	"strings"

	"twoseas/internal/base/canon"
	"twoseas/internal/law/gate"
)

// Changes is what a new version changes: in words, and in the decisions that
// were recorded.
type Changes struct {
	Words []string
	// Decisions are the recorded inputs that would be decided otherwise.
	Decisions []Changed
	// Same counts the recorded inputs that would not.
	Same int
}

// Changed is one recorded input that the new version decides otherwise.
type Changed struct {
	Input         gate.Input
	Before, After gate.Decision
	// Opens says that the new decision is more open in some respect.
	Opens bool
}

// String says the change to a person.
func (c Changed) String() string {
	word := "stricter"
	if c.Opens {
		word = "more open"
	}
	return fmt.Sprintf("%s of %s: %s. Before: %s After: %s", c.Input.Label.Kind, c.Input.Label.TLP, word, c.Before.Sentence, c.After.Sentence)
}

// Diff compares two versions, and replays recorded inputs under both as if
// each were in force.
func Diff(old, next *Document, recorded []gate.Input) Changes {
	c := Changes{Words: words(old, next)}
	before, after := old.Table(), next.Table()
	for _, in := range recorded {
		was, is := gate.Decide(in.Label, before, in.Context), gate.Decide(in.Label, after, in.Context)
		if was.Within(is) && is.Within(was) && was.Outcome == is.Outcome {
			c.Same++
			continue
		}
		c.Decisions = append(c.Decisions, Changed{Input: in, Before: was, After: is, Opens: !is.Within(was)})
	}
	return c
}

// words says what is different between two documents, part by part.
func words(old, next *Document) []string {
	var out []string
	one := func(what string, a, b any) {
		if was, is := show(a), show(b); was != is {
			out = append(out, fmt.Sprintf("%s: was %s, now %s", what, was, is))
		}
	}
	one("agreement", old.Agreement, next.Agreement)
	one("version", old.Version, next.Version)
	one("previous", old.Previous, next.Previous)
	one("title", old.Title, next.Title)
	one("authoritative language", old.Authoritative, next.Authoritative)
	one("dates", old.Dates, next.Dates)
	one("sectors", old.Sectors, next.Sectors)
	one("ceilings", old.Ceilings, next.Ceilings)
	one("targets", old.Targets, next.Targets)
	one("expiry", old.Expiry, next.Expiry)
	one("industry", old.Industry, next.Industry)
	one("matching", old.Matching, next.Matching)
	out = append(out, lists("equivalence", keyed(old.Equivalence, Equivalence.name), keyed(next.Equivalence, Equivalence.name))...)
	out = append(out, lists("side", keyed(old.Sides, func(s Side) string { return s.ID }), keyed(next.Sides, func(s Side) string { return s.ID }))...)
	out = append(out, lists("area", keyed(old.Areas, func(a Area) string { return a.Ref }), keyed(next.Areas, func(a Area) string { return a.Ref }))...)
	out = append(out, lists("instrument", keyed(old.Precedence, func(i Instrument) string { return i.ID }), keyed(next.Precedence, func(i Instrument) string { return i.ID }))...)
	if a, b := order(old.Precedence), order(next.Precedence); a != b {
		out = append(out, fmt.Sprintf("precedence: was %s, now %s", a, b))
	}
	out = append(out, lists("rule", keyed(old.Rules, func(r Rule) string { return r.ID }), keyed(next.Rules, func(r Rule) string { return r.ID }))...)
	out = append(out, lists("date rule", keyed(old.Calendar, func(r DateRule) string { return r.ID }), keyed(next.Calendar, func(r DateRule) string { return r.ID }))...)
	if show(old.Tests) != show(next.Tests) {
		out = append(out, fmt.Sprintf("tests: %d, were %d", len(next.Tests), len(old.Tests)))
	}
	return out
}

func order(list []Instrument) string {
	ids := make([]string, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	if len(ids) == 0 {
		return "nothing"
	}
	return strings.Join(ids, ", then ")
}

// row is one named part of a list, shown as text.
type row struct{ id, text string }

func keyed[T any](list []T, id func(T) string) []row {
	out := make([]row, len(list))
	for i, e := range list {
		out[i] = row{id(e), show(e)}
	}
	return out
}

// lists says which parts came, went and changed. Their order means nothing.
func lists(what string, old, next []row) []string {
	var out []string
	at := func(list []row, id string) int {
		return slices.IndexFunc(list, func(r row) bool { return r.id == id })
	}
	for _, r := range old {
		switch i := at(next, r.id); {
		case i < 0:
			out = append(out, fmt.Sprintf("%s %s is gone: %s", what, r.id, r.text))
		case next[i].text != r.text:
			out = append(out, fmt.Sprintf("%s %s: was %s, now %s", what, r.id, r.text, next[i].text))
		}
	}
	for _, r := range next {
		if at(old, r.id) < 0 {
			out = append(out, fmt.Sprintf("%s %s is new: %s", what, r.id, r.text))
		}
	}
	return out
}

// show writes a part as canonical JSON, which equal parts share.
func show(v any) string {
	raw, err := canon.Marshal(v)
	switch {
	case err != nil:
		return fmt.Sprint(v)
	case string(raw) == `""`, string(raw) == "{}", string(raw) == "null":
		return "nothing"
	}
	return string(raw)
}
