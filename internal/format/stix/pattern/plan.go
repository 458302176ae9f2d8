package pattern

import (
	"cmp"
	"slices"
	"time"

	"twoseas/internal/base/fault"
)

// plan is an observation expression with what is given put in: which
// observations satisfy which test, and when they can have been. START and STOP
// have become part of the candidates' times.
type plan struct {
	kind   planKind
	need   int    // planLeaf: how many observations
	cands  []cand // planLeaf: by lo
	span   int64  // planLeaf: the longest time of a candidate
	room   []int  // planLeaf: how many observations cands[i:] have
	args   []*plan
	window int64 // what WITHIN allows, 0 when there is none
}

type planKind uint8

const (
	planLeaf    planKind = iota // need observations out of cands
	planAll                     // every arg, with observations of its own
	planOrdered                 // the same, each after the one before
	planAny                     // one arg
)

// cand is an observed-data that satisfies a test, from lo to hi in
// microseconds.
type cand struct {
	obs    int
	lo, hi int64
	test   *cmpExpr
}

// limits are the START and STOP around an expression: lo <= time <= hi.
type limits struct{ lo, hi int64 }

const forever = 1 << 61

func micros(t time.Time) int64 { return min(max(t.UnixMicro(), -forever), forever) }

// plan returns the plan of e, or nil when there are not enough observations
// for it.
func (m *matcher) plan(e *obsExpr, l limits) *plan {
	for _, q := range e.qualifiers {
		if q.kind == startStop {
			l.lo = max(l.lo, micros(q.start.time))
			l.hi = min(l.hi, micros(q.stop.time)-1)
		}
	}
	var p *plan
	switch e.kind {
	case obsTest:
		p = m.leaf(e.test, l)
	case obsGroup:
		p = m.plan(e.args[0], l)
	case obsOr:
		p = m.either(e, l)
	default:
		p = m.joined(e, l)
	}
	for _, q := range e.qualifiers {
		if p == nil || m.err != nil {
			return nil
		}
		p = m.qualify(p, q)
	}
	return p
}

// leaf finds the observations that satisfy a test.
func (m *matcher) leaf(test *cmpExpr, l limits) *plan {
	var cands []cand
	for i, o := range m.obs {
		c := cand{obs: i, test: test, lo: max(l.lo, micros(o.First)), hi: min(l.hi, micros(o.Last))}
		if c.lo <= c.hi && len(m.seen(i, test, false)) > 0 {
			cands = append(cands, c)
		}
	}
	return m.newLeaf(cands)
}

func (m *matcher) newLeaf(cands []cand) *plan {
	if len(cands) == 0 {
		return nil
	}
	slices.SortStableFunc(cands, func(a, b cand) int { return cmp.Compare(a.lo, b.lo) })
	p := &plan{kind: planLeaf, need: 1, cands: cands, room: make([]int, len(cands)+1)}
	for i := len(cands) - 1; i >= 0; i-- {
		p.room[i] = min(p.room[i+1]+m.obs[cands[i].obs].Number, forever)
		p.span = max(p.span, cands[i].hi-cands[i].lo)
	}
	return p
}

// single reports whether p takes exactly one observation, whichever it is.
func (p *plan) single() bool { return p.kind == planLeaf && p.need == 1 }

// either plans OR. Alternatives of one observation each become one leaf: any
// candidate of either will do.
func (m *matcher) either(e *obsExpr, l limits) *plan {
	var cands []cand
	var rest []*plan
	for _, a := range e.args {
		switch p := m.plan(a, l); {
		case p == nil:
		case p.single():
			cands = append(cands, p.cands...)
		default:
			rest = append(rest, p)
		}
	}
	if leaf := m.newLeaf(cands); leaf != nil {
		rest = slices.Insert(rest, 0, leaf)
	}
	switch len(rest) {
	case 0:
		return nil
	case 1:
		return rest[0]
	}
	return &plan{kind: planAny, args: rest}
}

// joined plans AND and FOLLOWEDBY.
func (m *matcher) joined(e *obsExpr, l limits) *plan {
	p := &plan{kind: planAll}
	if e.kind == obsFollowedBy {
		p.kind = planOrdered
	}
	for _, a := range e.args {
		arg := m.plan(a, l)
		if arg == nil {
			return nil
		}
		p.args = append(p.args, arg)
	}
	return p
}

// qualify puts WITHIN and REPEATS on p.
func (m *matcher) qualify(p *plan, q qualifier) *plan {
	switch q.kind {
	case within:
		if p.single() {
			return p // one moment is within any window
		}
		if p.window == 0 || q.window < p.window {
			p.window = q.window
		}
	case repeats:
		if q.count == 1 {
			return p
		}
		if p.single() {
			if p.room[0] < q.count {
				return nil
			}
			p.need = q.count
			return p
		}
		if q.count*p.demand() > MaxObservations {
			m.err = fault.Errorf(fault.TooLarge, "the pattern asks for more than %d observations", MaxObservations)
			return nil
		}
		return &plan{kind: planAll, args: slices.Repeat([]*plan{p}, q.count)}
	}
	return p
}

// demand returns how many observations p takes at most, at least 1 and never
// so many that two such numbers overflow.
func (p *plan) demand() int {
	n := p.need
	for _, a := range p.args {
		if d := a.demand(); p.kind == planAny {
			n = max(n, d)
		} else {
			n += d
		}
	}
	return min(max(n, 1), 1<<31)
}

// weight orders the arguments of AND: the most constrained first.
func (p *plan) weight() int {
	if p.kind == planLeaf {
		return p.room[0] / p.need
	}
	n := 0
	for i, a := range p.args {
		w := a.weight()
		if p.kind == planAny {
			n = min(n+w, forever)
		} else if i == 0 || w < n {
			n = w
		}
	}
	return n
}
