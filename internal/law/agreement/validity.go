package agreement

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
)

// Expiry is, by kind of object, how long after its version time an object
// lapses that does not say itself until when it is valid.
type Expiry map[string]Period

// Lapses returns when an object of a kind lapses whose version is of the given
// time; zero is never.
func (e Expiry) Lapses(kind string, version time.Time) time.Time {
	p, ok := e[kind]
	if !ok || version.IsZero() {
		return time.Time{}
	}
	return p.After(version.UTC())
}

func (c *checker) expiry() {
	for _, kind := range slices.Sorted(maps.Keys(c.d.Expiry)) {
		at := "/expiry/" + kind
		c.words(at, List{kind}, slices.DeleteFunc(marking.Kinds(), marking.IsDesk))
		if p := c.d.Expiry[kind]; !p.Valid() || !p.After(time.Time{}).After(time.Time{}) {
			c.bad(at, "%.40q: want an ISO 8601 duration such as P180D", p)
		}
	}
}

// Equivalence says of one level of each side, by the sides' ids, that each
// protects what the other does.
type Equivalence map[string]string

func (e Equivalence) name() string {
	out := ""
	for _, side := range slices.Sorted(maps.Keys(e)) {
		if out != "" {
			out += " = "
		}
		out += e[side]
	}
	return out
}

// equivalences wants of each row one level of each side, every pair once, and
// no order turned round: what ranks higher on one side does not rank lower on
// the other.
func (c *checker) equivalences() {
	if len(c.d.Sides) != 2 {
		return
	}
	var rows [][2]marking.Level
	names := make([]string, len(c.d.Equivalence))
	for i, e := range c.d.Equivalence {
		at := "/equivalence/" + strconv.Itoa(i)
		names[i] = e.name()
		row, ok := e.levels(c.d.SideIDs())
		if !ok {
			c.bad(at, "want one level of each side, such as {%s: …, %s: …}", c.d.Sides[0].ID, c.d.Sides[1].ID)
			continue
		}
		if row[0].Rank == 0 || row[1].Rank == 0 {
			c.bad(at, "a level that needs no protection is not equivalent to anything")
		}
		if row[0].Scheme == row[1].Scheme {
			c.bad(at, "%s and %s are of one scheme, which orders them already", row[0].Code, row[1].Code)
		}
		for _, other := range rows {
			if other[0].Scheme == row[0].Scheme && other[1].Scheme == row[1].Scheme && turned(other, row) {
				c.bad(at, "%s and %s contradict %s and %s", row[0].Code, row[1].Code, other[0].Code, other[1].Code)
			}
		}
		rows = append(rows, row)
	}
	c.unique("/equivalence", names)
}

// levels returns the row's levels in the order of sides.
func (e Equivalence) levels(sides [2]ident.Side) (row [2]marking.Level, ok bool) {
	for i, s := range sides {
		l, known := marking.LevelOf(e[string(s)])
		if !known {
			return row, false
		}
		row[i] = l
	}
	return row, len(e) == len(sides)
}

// turned reports whether two rows of the same schemes order their levels
// differently, or give one level two of the other scheme.
func turned(a, b [2]marking.Level) bool {
	return sign(a[0].Rank-b[0].Rank) != sign(a[1].Rank-b[1].Rank)
}

func sign(n int) int { return max(-1, min(1, n)) }

// Equivalents returns the table of levels as readers of side s need it.
func (d *Document) Equivalents(s ident.Side) []marking.Equivalent {
	other, err := d.OtherSide(s)
	if err != nil {
		return nil
	}
	var out []marking.Equivalent
	for _, e := range d.Equivalence {
		out = append(out, marking.Equivalent{Own: e[string(s)], Theirs: e[string(other)]})
	}
	return out
}

// equivalence doubts rows that change nothing.
func (c *linter) equivalence() {
	if len(c.d.Equivalence) > 0 && c.d.Table().CeilingClass == "" {
		c.find("/equivalence", "levels are equivalent and nothing classified may cross: the ceiling is none")
	}
}
