package incident

import (
	_ "embed" // the tables
	"slices"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
)

// Class is a class of the Reference Security Incident Taxonomy with its types.
type Class struct {
	Class string     `json:"class"`
	Label string     `json:"label"`
	Types []TypeName `json:"types"`
}

// TypeName is a type of the taxonomy. Every type is of one class only.
type TypeName struct {
	Type  string `json:"type"`
	Label string `json:"label"`
}

// Scheme is how somebody grades severity.
type Scheme struct {
	ID      string  `json:"id"`
	Country string  `json:"country"`
	Title   string  `json:"title"`
	Levels  []Level `json:"levels"` // the gravest first
}

// Level is a level of a scheme. Rank says which levels of other schemes are
// read beside it; it is our reading, never shown and never computed with.
type Level struct {
	Code    string `json:"code"`
	Label   string `json:"label"`
	Meaning string `json:"meaning"`
	Rank    int    `json:"rank"`
}

// SectorList is a side's own list of sectors.
type SectorList struct {
	ID      string   `json:"id"`
	Country string   `json:"country"`
	Title   string   `json:"title"`
	Sectors []Sector `json:"sectors"`
}

// Sector is an entry of a list. Its code is in no other list.
type Sector struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Native string `json:"native"`
}

// facts are the tables that come with the program.
type facts struct {
	Classes []Class      `json:"classes"`
	Schemes []Scheme     `json:"schemes"`
	Lists   []SectorList `json:"lists"`
	Pairs   []pair       `json:"pairs"`
	Clocks  []Clock      `json:"clocks"`
}

// pair is how the sectors of one list are read in another: code, code and
// relation; "-" is no counterpart.
type pair struct {
	From     string      `json:"from"`
	To       string      `json:"to"`
	Mappings [][3]string `json:"mappings"`
}

var (
	//go:embed classes.json
	classesJSON []byte
	//go:embed severity.json
	severityJSON []byte
	//go:embed sectors.json
	sectorsJSON []byte
	//go:embed clocks.json
	clocksJSON []byte
)

// known is the tables. Nothing changes them after start-up.
var known = mustRead(classesJSON, severityJSON, sectorsJSON, clocksJSON)

func mustRead(files ...[]byte) (f facts) {
	for _, raw := range files {
		if err := canon.UnmarshalStrict(raw, &f); err != nil {
			panic(err) // the files are part of the binary
		}
	}
	return f
}

// Classes returns the taxonomy.
func Classes() []Class { return known.Classes }

// ClassOf returns the class of a type of the taxonomy.
func ClassOf(typ string) (Class, bool) {
	for _, c := range known.Classes {
		if slices.ContainsFunc(c.Types, func(t TypeName) bool { return t.Type == typ }) {
			return c, true
		}
	}
	return Class{}, false
}

// Schemes returns every scheme of severity.
func Schemes() []Scheme { return known.Schemes }

// SchemeOf returns the scheme of an id.
func SchemeOf(id string) (Scheme, bool) {
	return find(known.Schemes, func(s Scheme) bool { return s.ID == id })
}

// SchemeFor returns the scheme of a side, if it has one of its own.
func SchemeFor(side ident.Side) (Scheme, bool) {
	return find(known.Schemes, func(s Scheme) bool { return s.Country == string(side) })
}

// LevelOf returns a level of a scheme.
func (s Scheme) LevelOf(code string) (Level, bool) {
	return find(s.Levels, func(l Level) bool { return l.Code == code })
}

// Beside returns the levels of another scheme that are read beside a level of
// s: those of the same rank, and none when there is none. Nothing is averaged
// and nothing in between is made up.
func (s Scheme) Beside(code string, other Scheme) (out []Level) {
	l, ok := s.LevelOf(code)
	if !ok {
		return nil
	}
	for _, o := range other.Levels {
		if o.Rank == l.Rank {
			out = append(out, o)
		}
	}
	return out
}

// SectorLists returns every list of sectors.
func SectorLists() []SectorList { return known.Lists }

// SectorsFor returns a side's own list of sectors, if it is known.
func SectorsFor(side ident.Side) (SectorList, bool) {
	return find(known.Lists, func(l SectorList) bool { return l.Country == string(side) })
}

// SectorOf returns the sector of a code and the list that it is in.
func SectorOf(code string) (Sector, SectorList, bool) {
	for _, l := range known.Lists {
		if s, ok := find(l.Sectors, func(s Sector) bool { return s.Code == code }); ok {
			return s, l, true
		}
	}
	return Sector{}, SectorList{}, false
}

// Counterpart is how one sector is read in another list: exact, close, broad
// (the counterpart is broader), narrow or related. Nobody has agreed to it: it
// is an unofficial reading.
type Counterpart struct {
	Sector
	Relation string
}

// turned is a relation read from its other end.
var turned = map[string]string{"exact": "exact", "close": "close", "related": "related", "broad": "narrow", "narrow": "broad"}

// Counterparts returns how a sector is read in another list, none when it has
// no counterpart there. Mappings are never chained.
func Counterparts(code string, list SectorList) (out []Counterpart) {
	add := func(to, relation string) {
		s, ok := find(list.Sectors, func(s Sector) bool { return s.Code == to })
		if ok && relation != "" && !slices.ContainsFunc(out, func(c Counterpart) bool { return c.Code == to }) {
			out = append(out, Counterpart{s, relation})
		}
	}
	_, own, _ := SectorOf(code)
	for _, p := range known.Pairs {
		for _, m := range p.Mappings {
			switch {
			case p.From == own.ID && p.To == list.ID && m[0] == code:
				add(m[1], m[2])
			case p.From == list.ID && p.To == own.ID && m[1] == code:
				add(m[0], turned[m[2]])
			}
		}
	}
	return out
}

func find[T any](list []T, is func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	return found, false
}
