package marking

import (
	_ "embed" // the table of levels
	"maps"
	"slices"
	"strings"

	"twoseas/internal/base/canon"
)

// Level is one level of a national classification scheme. A rank orders the
// levels of one scheme and says nothing about another's.
type Level struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Scheme string `json:"scheme"`
	Rank   int    `json:"rank"`
}

//go:embed levels.json
var levelsJSON []byte

// levels is the table, by code. Nothing changes it after start-up.
var levels = mustLevels(levelsJSON)

func mustLevels(raw []byte) map[string]Level {
	var list []Level
	if err := canon.UnmarshalStrict(raw, &list); err != nil {
		panic(err) // the file is part of the binary
	}
	m := make(map[string]Level, len(list))
	for _, l := range list {
		m[l.Code] = l
	}
	return m
}

// LevelOf returns the level a code such as IN-C names.
func LevelOf(code string) (Level, bool) {
	l, ok := levels[code]
	return l, ok
}

// Levels splits a Terms.Classification into its levels. A code that is not in
// the table makes ok false: nothing can be said about such a classification.
func Levels(classification string) (list []Level, ok bool) {
	if classification == "" {
		return nil, true
	}
	for code := range strings.SplitSeq(classification, "+") {
		l, found := levels[code]
		if !found {
			return nil, false
		}
		list = append(list, l)
	}
	return list, true
}

// WithinLevel reports whether classification needs no more protection than
// ceiling. Rank 0 (unclassified) is within any ceiling, and so is nothing at
// all; a level is within another only inside one scheme; an unknown code is
// within nothing. A ceiling of several codes covers several schemes.
func WithinLevel(classification, ceiling string) bool {
	list, ok := Levels(classification)
	if !ok {
		return false
	}
	limits, ok := Levels(ceiling)
	if !ok {
		return false
	}
	for _, l := range list {
		covered := slices.ContainsFunc(limits, func(c Level) bool { return c.Scheme == l.Scheme && l.Rank <= c.Rank })
		if l.Rank > 0 && !covered {
			return false
		}
	}
	return true
}

// Equivalent is a level of one's own scheme and a foreign one that protects
// alike, by an agreement.
type Equivalent struct{ Own, Theirs string }

// WithEquivalents returns a classification ceiling together with the foreign
// levels that a table says are equivalent to what it covers. Only levels that
// stood in the ceiling lead to others: nothing is equivalent by a detour.
func WithEquivalents(ceiling string, table []Equivalent) string {
	out := ceiling
	for _, e := range table {
		if l, ok := levels[e.Own]; ok && l.Rank > 0 && WithinLevel(e.Own, ceiling) {
			out = combineLevels(out, e.Theirs)
		}
	}
	return out
}

// MeetLevels returns what two ceilings both cover: of each scheme in both the
// lower level.
func MeetLevels(a, b string) string {
	first, ok := Levels(a)
	second, also := Levels(b)
	if !ok || !also {
		return ""
	}
	var out []string
	for _, x := range first {
		for _, y := range second {
			if x.Scheme != y.Scheme {
				continue
			}
			if higher(x, y) {
				x = y
			}
			out = append(out, x.Code)
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "+")
}

// combineLevels keeps the highest level of each scheme. A code that is not in
// the table is kept as it is, as a scheme of its own.
func combineLevels(a, b string) string {
	if a == b {
		return a
	}
	best := map[string]Level{}
	for code := range strings.SplitSeq(a+"+"+b, "+") {
		if code == "" {
			continue
		}
		l, ok := levels[code]
		if !ok {
			l = Level{Code: code, Scheme: "?" + code}
		}
		if old, seen := best[l.Scheme]; !seen || higher(l, old) {
			best[l.Scheme] = l
		}
	}
	codes := make([]string, 0, len(best))
	for _, l := range best {
		codes = append(codes, l.Code)
	}
	slices.Sort(codes)
	return strings.Join(codes, "+")
}

// higher orders the levels of one scheme totally, also those of equal rank.
func higher(a, b Level) bool {
	if a.Rank != b.Rank {
		return a.Rank > b.Rank
	}
	return a.Code > b.Code
}

// levelNamed returns the terms of a level given by its code or by a name such
// as SECRET, which several schemes share: the code is then not known, and
// unless each of them ranks lowest, neither is the level.
func levelNamed(s string) (Terms, bool) {
	if _, ok := levels[s]; ok {
		return Terms{Classification: s}, true
	}
	found, open := false, true
	for _, l := range levels {
		if strings.EqualFold(l.Name, s) {
			found, open = true, open && l.Rank == 0
		}
	}
	switch {
	case !found:
		return Terms{}, false
	case open:
		return Terms{}, true
	}
	return unknownTerms("classification without its scheme", s), true
}

// levelCodes is the code of every level, sorted.
var levelCodes = slices.Sorted(maps.Keys(levels))

// LevelCodes returns the code of every level, sorted.
func LevelCodes() []string { return slices.Clone(levelCodes) }
