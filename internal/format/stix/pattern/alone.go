package pattern

import "strings"

// Alone returns the comparisons of p each of which, when it holds of one
// observation, makes the whole pattern match: what may be looked for, or
// blocked, by itself. What holds only together with something else, a number of
// times, within a window or in a span of time is not among them, and neither
// is what is negated. In a conjunction about one file, its digests stand for
// the rest: what has the digest is the file.
func (p *Pattern) Alone() []Comparison {
	var out []Comparison
	if p.root != nil {
		p.root.alone(func(c *comparison) { out = append(out, c.public()) })
	}
	return out
}

func (e *obsExpr) alone(f func(*comparison)) {
	if len(e.qualifiers) > 0 {
		return
	}
	switch e.kind {
	case obsTest:
		e.test.alone(f)
	case obsOr, obsGroup:
		for _, a := range e.args {
			a.alone(f)
		}
	case obsFollowedBy, obsAnd:
	}
}

func (e *cmpExpr) alone(f func(*comparison)) {
	switch e.kind {
	case cmpTest:
		if e.test.positive() {
			f(&e.test)
		}
	case cmpOr:
		for _, a := range e.args {
			a.alone(f)
		}
	case cmpAnd:
		for _, a := range e.args {
			if a.kind == cmpTest && a.test.positive() && a.test.digest() && e.about("file") {
				f(&a.test)
			}
		}
	}
}

// positive reports whether the comparison asks for a value.
func (c *comparison) positive() bool {
	return !c.not && (c.op == opEqual || c.op == opIn || c.op == opIsSubset)
}

// digest reports whether the comparison is of a digest of its object itself.
func (c *comparison) digest() bool {
	if len(c.path) != 2 || c.path[0].name != "hashes" {
		return false
	}
	name := strings.ToUpper(c.path[1].name)
	return name == "MD5" || strings.HasPrefix(name, "SHA")
}

// about reports whether every comparison below e is of one type of object, and
// none is negated.
func (e *cmpExpr) about(objectType string) bool {
	ok := true
	e.each(func(c *comparison) { ok = ok && c.objectType == objectType && !c.not })
	return ok
}
