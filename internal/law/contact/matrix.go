package contact

import (
	"slices"
	"time"

	"twoseas/internal/base/ident"
)

// Post is a contact and whose it is.
type Post struct {
	Side ident.Side
	Contact
}

// Cell is who covers one row of the matrix on one side. Without anybody it is
// a gap.
type Cell struct {
	Side     ident.Side
	Contacts []string
	Roles    []Role // of them, in the order of Roles
}

// Gap reports whether nobody is there.
func (c Cell) Gap() bool { return len(c.Contacts) == 0 }

// Row is one area or role with a cell for each side.
type Row struct {
	Area  string // "" in rows by role
	Role  Role   // "" in rows by area
	Cells []Cell // in the order of the sides
}

// Matrix is how well the contacts cover an agreement.
type Matrix struct {
	Areas []Row
	Roles []Row
	// Gaps is how many cells of Areas are empty, Covered how many are not.
	Gaps, Covered int
}

// Cover lays contacts out by areas and by roles. A contact counts from the day
// it is valid until its post is no more, while somebody holds the post or
// stands in for it.
func Cover(sides []ident.Side, areas []string, posts []Post, now time.Time) Matrix {
	var m Matrix
	all := make([]Contact, len(posts))
	for i, p := range posts {
		all[i] = p.Contact
	}
	counts := func(p Post) bool { return p.In(now) && OnDuty(p.ID, all, now).Contact != "" }
	row := func(match func(Post) bool) (cells []Cell) {
		for _, side := range sides {
			c := Cell{Side: side}
			for _, p := range posts {
				if p.Side == side && match(p) && counts(p) {
					c.Contacts = append(c.Contacts, p.ID)
				}
			}
			for _, r := range Roles() {
				if slices.ContainsFunc(posts, func(p Post) bool { return slices.Contains(c.Contacts, p.ID) && p.Role == r }) {
					c.Roles = append(c.Roles, r)
				}
			}
			cells = append(cells, c)
		}
		return cells
	}
	for _, a := range areas {
		r := Row{Area: a, Cells: row(func(p Post) bool { return slices.Contains(p.Areas, a) })}
		for _, c := range r.Cells {
			if c.Gap() {
				m.Gaps++
			} else {
				m.Covered++
			}
		}
		m.Areas = append(m.Areas, r)
	}
	for _, role := range Roles() {
		m.Roles = append(m.Roles, Row{Role: role, Cells: row(func(p Post) bool { return p.Role == role })})
	}
	return m
}

// Countdown is where now stands in the days within which contacts are meant to
// be exchanged. It reminds and blocks nothing.
type Countdown struct {
	From, To time.Time
	// Day is the day it is: 1 on the first, 0 before it, Of + 1 or more after
	// the last.
	Day, Of int
}

// CountDown counts the days from one to the other, whole days in UTC.
func CountDown(from, to, now time.Time) Countdown {
	day := func(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
	n := func(t time.Time) int { return int(day(t).Sub(day(from)) / (24 * time.Hour)) }
	return Countdown{From: from, To: to, Day: max(0, n(now)+1), Of: n(to)}
}

// Over reports whether the days are over.
func (c Countdown) Over() bool { return c.Day > c.Of }
