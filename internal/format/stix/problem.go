package stix

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
)

// Problem is one finding about an object: where, what, and the section of
// STIX 2.1 that says so.
type Problem struct {
	Path    string // "external_references[0].url"; empty means the whole object
	Text    string // continues the path: "is not after valid_from"
	Section string // "4.7"
}

// String returns, for example, "valid_until is not after valid_from (STIX 2.1 §4.7)".
func (p Problem) String() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path)
		b.WriteByte(' ')
	}
	b.WriteString(p.Text)
	if p.Section != "" {
		b.WriteString(" (STIX 2.1 §")
		b.WriteString(p.Section)
		b.WriteByte(')')
	}
	return b.String()
}

// Invalid is the error for an object that STIX 2.1 does not allow. It is a
// fault.Invalid.
type Invalid struct {
	ID       string    // as written, however it is written; empty when absent
	Problems []Problem // at least one, by path; at most maxProblems
}

// Error returns the problems after the object's identifier.
func (e *Invalid) Error() string {
	var b strings.Builder
	if e.ID == "" {
		b.WriteString("object without id")
	} else {
		b.WriteString(shown(e.ID))
	}
	for i, p := range e.Problems {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		b.WriteString(p.String())
	}
	return b.String()
}

// Unwrap makes e a fault.Invalid.
func (e *Invalid) Unwrap() error { return fault.New(fault.Invalid, e.Error()) }

// maxProblems bounds what is collected about one object, of problems and of
// warnings each.
const maxProblems = 100

// checker walks one object and collects what it finds.
type checker struct {
	obj       map[string]any // the object itself
	container map[string]any // the objects of an observed-data (§4.14) while inside them
	section   string         // of the structure being walked

	path  []step // to the value being looked at
	steps [8]step

	problems, warnings []Problem
}

// step is a property name, or an index when name is empty.
type step struct {
	name  string
	index int
}

// enter moves to a property; leave with c.leave().
func (c *checker) enter(name string) { c.path = append(c.path, step{name: name}) }
func (c *checker) item(i int)        { c.path = append(c.path, step{index: i}) }
func (c *checker) leave()            { c.path = c.path[:len(c.path)-1] }

// fail records that the value at the path is not allowed by a section.
func (c *checker) fail(section, text string) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{Path: c.where(""), Text: text, Section: section})
	}
}

// failAt is fail for a property of the structure at the path.
func (c *checker) failAt(name, section, text string) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{Path: c.where(name), Text: text, Section: section})
	}
}

// warn records that the value at the path is not as it should be.
func (c *checker) warn(section, text string) { c.warnAt("", section, text) }

func (c *checker) warnAt(name, section, text string) {
	if len(c.warnings) < maxProblems {
		c.warnings = append(c.warnings, Problem{Path: c.where(name), Text: text, Section: section})
	}
}

// where writes the path, with name after it unless that is empty.
func (c *checker) where(name string) string {
	if len(c.path) == 0 {
		return shown(name)
	}
	var b strings.Builder
	for i, s := range c.path {
		if s.name == "" {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(shown(s.name))
	}
	if name != "" {
		b.WriteByte('.')
		b.WriteString(shown(name))
	}
	return b.String()
}

// shown is a stranger's name as it may stand in a message: as it is when it
// could be a name, quoted when it holds anything that could play tricks there.
func shown(name string) string {
	name = clip(name)
	for _, r := range name {
		if !strconv.IsPrint(r) || r == ' ' || r == '"' {
			return strconv.Quote(name)
		}
	}
	return name
}

// clip shortens what a stranger wrote for use in a message.
func clip(s string) string {
	if len(s) <= 120 {
		return s
	}
	return strings.ToValidUTF8(s[:120], "") + "…"
}

// quote shows a stranger's text in a message.
func quote(s string) string { return strconv.Quote(clip(s)) }

func (c *checker) invalid() *Invalid {
	return &Invalid{ID: str(c.obj, "id"), Problems: sorted(c.problems)}
}

// sorted orders findings by path, so that one object gives one text.
func sorted(p []Problem) []Problem {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text, b.Text))
	})
	return p
}
