package pattern

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"time"

	"twoseas/internal/base/fault"
)

// Bounds on matching. Over one of them Match returns a fault.TooLarge instead
// of an answer.
const (
	MaxWork         = 20_000_000 // elementary steps of one call: about a second
	MaxObservations = 10_000     // observations that one pattern asks for, where order, windows or alternatives matter
	MaxRegexp       = 4096       // bytes of the expression of MATCHES
)

// Observation is an observed-data object (§4.14) with the objects it refers
// to, by id. It stands for Number observations, each at some moment from First
// to Last, both included.
type Observation struct {
	First, Last time.Time
	Number      int // number_observed, at least 1
	Objects     map[string]map[string]any
}

// Match is what one observed-data contributes to a match.
type Match struct {
	Index   int      // in the observations given
	Count   int      // how many of its Number observations are used
	Objects []string // ids of the objects that satisfied a bracketed test, sorted
}

// Match looks for observations that satisfy p together, and returns one such
// set by index, or nil when there is none. Times are compared in microseconds.
//
// The reading of §9, where it leaves room:
//   - a bracketed test holds when one object of the observation satisfies the
//     whole comparison expression;
//   - a comparison holds when a value that exists at the path satisfies it, NOT
//     included; only NOT EXISTS holds of what is absent;
//   - every bracketed test takes an observation of its own, and REPEATS n is n
//     times the expression joined by AND; number_observed is a supply of n;
//   - an observed-data that spans time may be placed at any moment of its span,
//     one choice for the whole pattern;
//   - WITHIN x: latest minus earliest is less than x. START x STOP y: x <= time < y.
//     FOLLOWEDBY: every time on the right is at or after every one on the left.
//
// An expression of MATCHES that the regular expressions of this program (RE2)
// do not have is a fault.Invalid here, not in Parse.
func (p *Pattern) Match(obs []Observation) ([]Match, error) {
	if p.root == nil {
		return nil, nil
	}
	m := &matcher{obs: obs}
	for i, o := range obs {
		if o.Number < 1 || o.Last.Before(o.First) {
			return nil, fault.Errorf(fault.Invalid, "observation %d: number_observed is at least 1 and last_observed not before first_observed", i)
		}
	}
	p.root.each(m.compile)
	root := m.plan(p.root, limits{lo: -forever, hi: forever})
	picks := m.solve(root)
	out := m.collect(picks)
	if m.err != nil {
		return nil, m.err
	}
	return out, nil
}

// matcher is the state of one call of Match. The first error sticks and ends
// every loop.
type matcher struct {
	obs     []Observation
	regexps map[*comparison]machine
	work    int
	err     error
}

// spend counts n steps of work and reports whether there may be more.
func (m *matcher) spend(n int) bool {
	if m.work += n; m.work > MaxWork && m.err == nil {
		m.err = fault.Errorf(fault.TooLarge, "matching this pattern takes more than %d steps", MaxWork)
	}
	return m.err == nil
}

// compile prepares the expression of MATCHES.
func (m *matcher) compile(c *comparison) {
	if c.op != opMatches || m.err != nil {
		return
	}
	src := normal(c.values[0].text)
	if len(src) > MaxRegexp {
		m.err = fault.Errorf(fault.TooLarge, "%s MATCHES: the expression has more than %d bytes", c.pathText(), MaxRegexp)
		return
	}
	re, size, err := compile(src)
	if err != nil {
		m.err = fault.Errorf(fault.Invalid, "%s:%s MATCHES %s: not a regular expression of RE2, which has no look-around and no back-references: %w",
			c.objectType, c.pathText(), short(c.values[0].text), err)
		return
	}
	if m.regexps == nil {
		m.regexps = map[*comparison]machine{}
	}
	m.regexps[c] = machine{re, size}
}

// machine is a compiled expression and how many instructions it has: a byte of
// input may cost that many.
type machine struct {
	*regexp.Regexp
	size int
}

func compile(src string) (*regexp.Regexp, int, error) {
	tree, err := syntax.Parse(src, syntax.Perl)
	if err != nil {
		return nil, 0, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, 0, err
	}
	re, err := regexp.Compile(src)
	return re, len(prog.Inst), err
}

// seen returns the ids of the objects of observation i that satisfy e: one of
// them when one is enough.
func (m *matcher) seen(i int, e *cmpExpr, all bool) []string {
	var ids []string
	for id, object := range m.obs[i].Objects {
		if !m.holds(e, i, object) {
			continue
		}
		ids = append(ids, id)
		if !all {
			break
		}
	}
	return ids
}

// holds evaluates e on one object.
func (m *matcher) holds(e *cmpExpr, i int, object map[string]any) bool {
	if e.kind == cmpTest {
		return m.compare(&e.test, i, object)
	}
	for _, a := range e.args {
		if m.holds(a, i, object) == (e.kind == cmpOr) {
			return e.kind == cmpOr
		}
	}
	return e.kind == cmpAnd
}

// collect turns the picks of a solution into matches, one per observed-data.
func (m *matcher) collect(picks []pick) []Match {
	slices.SortStableFunc(picks, func(a, b pick) int { return a.obs - b.obs })
	var out []Match
	for _, p := range picks {
		if len(out) == 0 || out[len(out)-1].Index != p.obs {
			out = append(out, Match{Index: p.obs})
		}
		last := &out[len(out)-1]
		last.Count += p.count
		last.Objects = append(last.Objects, m.seen(p.obs, p.test, true)...)
	}
	for i := range out {
		slices.Sort(out[i].Objects)
		out[i].Objects = slices.Compact(out[i].Objects)
	}
	return out
}
