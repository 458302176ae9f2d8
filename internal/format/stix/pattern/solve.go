package pattern

import (
	"cmp"
	"slices"

	"twoseas/internal/base/fault"
)

// pick is observations of one observed-data taken for a test.
type pick struct {
	obs, count int
	test       *cmpExpr
}

// solve returns a set of picks that satisfies p, or nil.
func (m *matcher) solve(p *plan) []pick {
	if p == nil || m.err != nil {
		return nil
	}
	if p.kind == planAny && p.window == 0 {
		for _, a := range p.args {
			if picks := m.solve(a); picks != nil || m.err != nil {
				return picks
			}
		}
		return nil
	}
	if p.kind == planLeaf && p.distinct() {
		return m.sweep(p)
	}
	if p.demand() > MaxObservations {
		m.err = fault.Errorf(fault.TooLarge, "the pattern asks for more than %d observations", MaxObservations)
		return nil
	}
	s := solver{m: m, used: make([]int, len(m.obs)), out: map[int][]edge{}}
	if s.satisfy(p, scope{}, func() bool { return true }) && m.err == nil {
		return s.picks
	}
	return nil
}

// distinct reports whether no observed-data is a candidate twice.
func (p *plan) distinct() bool {
	seen := make(map[int]struct{}, len(p.cands))
	for _, c := range p.cands {
		seen[c.obs] = struct{}{}
	}
	return len(seen) == len(p.cands)
}

// sweep solves a leaf that stands alone, in the time of a sort: it moves the
// window over the moments at which a candidate enters it.
func (m *matcher) sweep(p *plan) []pick {
	if !m.spend(len(p.cands)) {
		return nil
	}
	leave := slices.Clone(p.cands)
	slices.SortFunc(leave, func(a, b cand) int { return cmp.Compare(a.hi, b.hi) })
	have, gone := 0, 0
	for i, c := range p.cands {
		// The window that ends as c begins; without WITHIN nobody leaves.
		start := c.lo - p.window + 1
		for ; p.window > 0 && leave[gone].hi < start; gone++ {
			have -= m.obs[leave[gone].obs].Number
		}
		if have += m.obs[c.obs].Number; have < p.need {
			continue
		}
		var picks []pick
		need := p.need
		for _, c := range p.cands[:i+1] {
			if need > 0 && (p.window == 0 || c.hi >= start) {
				n := min(need, m.obs[c.obs].Number)
				picks = append(picks, pick{c.obs, n, c.test})
				need -= n
			}
		}
		return picks
	}
	return nil
}

// solver searches with backtracking. Each pick has a time variable with
// bounds; windows and FOLLOWEDBY are differences between variables, and bounds
// are propagated at once. Since no cycle of differences is negative, bounds
// that are consistent everywhere have a solution: every variable at its lower
// bound.
type solver struct {
	m      *matcher
	lo, hi []int64
	out    map[int][]edge // by either end
	log    []change       // to undo
	used   []int          // by observation
	picks  []pick
}

// edge says that variable a is at most variable b plus d.
type edge struct {
	a, b int
	d    int64
}

// change remembers the bounds of a variable.
type change struct {
	v      int
	lo, hi int64
}

// scope is the time constraints around a plan.
type scope struct {
	windows []window
	after   []int // variables that are at or before each time in the plan
	before  []int // variables that are at or after
}

// window is a WITHIN: times are from its variable to less than width later.
type window struct {
	start int
	width int64
}

// satisfy picks observations for p and then for all that then stands for.
// When it fails it leaves s as it was.
func (s *solver) satisfy(p *plan, c scope, then func() bool) bool {
	m := s.mark()
	if p.window > 0 {
		c.windows = append(slices.Clip(c.windows), window{s.variable(-forever, forever), p.window})
	}
	ok := false
	switch p.kind {
	case planLeaf:
		ok = s.pick(p, c, 0, p.need, then)
	case planAny:
		for _, a := range p.args {
			if ok = s.satisfy(a, c, then); ok || s.m.err != nil {
				break
			}
		}
	default:
		ok = s.every(s.jobs(p, c), then)
	}
	if !ok {
		s.undo(m)
	}
	return ok
}

// job is an argument of AND or FOLLOWEDBY with its scope.
type job struct {
	plan   *plan
	scope  scope
	weight int
}

// jobs puts a variable between two arguments of FOLLOWEDBY, which then can be
// solved in any order: the most constrained first.
func (s *solver) jobs(p *plan, c scope) []job {
	s.m.spend(len(p.args))
	jobs := make([]job, len(p.args))
	for i, a := range p.args {
		jobs[i] = job{a, c, a.weight()}
	}
	for i := 1; p.kind == planOrdered && i < len(jobs); i++ {
		between := s.variable(-forever, forever)
		left, right := &jobs[i-1].scope, &jobs[i].scope
		left.before = append(slices.Clip(left.before), between)
		right.after = append(slices.Clip(right.after), between)
	}
	slices.SortStableFunc(jobs, func(a, b job) int { return cmp.Compare(a.weight, b.weight) })
	return jobs
}

func (s *solver) every(jobs []job, then func() bool) bool {
	if len(jobs) == 0 {
		return then()
	}
	return s.satisfy(jobs[0].plan, jobs[0].scope, func() bool { return s.every(jobs[1:], then) })
}

// pick takes need observations out of the candidates from the first on, in
// their order.
func (s *solver) pick(p *plan, c scope, first, need int, then func() bool) bool {
	if need == 0 {
		return then()
	}
	lo, hi := s.reach(c)
	start, _ := slices.BinarySearchFunc(p.cands, lo-p.span, func(c cand, lo int64) int { return cmp.Compare(c.lo, lo) })
	for i := max(first, start); i < len(p.cands) && p.cands[i].lo <= hi && p.room[i] >= need; i++ {
		cand := p.cands[i]
		if !s.m.spend(1) {
			return false
		}
		if cand.hi < lo {
			continue
		}
		for n := min(s.m.obs[cand.obs].Number-s.used[cand.obs], need); n > 0 && s.m.spend(1); n-- {
			m := s.mark()
			if s.place(c, cand, n) && s.pick(p, c, i+1, need-n, then) {
				return true
			}
			s.undo(m)
		}
	}
	return false
}

// reach returns the bounds that a scope puts on a time.
func (s *solver) reach(c scope) (lo, hi int64) {
	lo, hi = -forever, forever
	for _, w := range c.windows {
		lo, hi = max(lo, s.lo[w.start]), min(hi, s.hi[w.start]+w.width-1)
	}
	for _, v := range c.after {
		lo = max(lo, s.lo[v])
	}
	for _, v := range c.before {
		hi = min(hi, s.hi[v])
	}
	return lo, hi
}

// place adds a pick, its time and its differences. It reports whether the
// bounds are still consistent.
func (s *solver) place(c scope, of cand, count int) bool {
	s.used[of.obs] += count
	s.picks = append(s.picks, pick{of.obs, count, of.test})
	t := s.variable(of.lo, of.hi)
	for _, w := range c.windows {
		s.link(edge{w.start, t, 0})
		s.link(edge{t, w.start, w.width - 1})
	}
	for _, v := range c.after {
		s.link(edge{v, t, 0})
	}
	for _, v := range c.before {
		s.link(edge{t, v, 0})
	}
	return s.propagate(t)
}

func (s *solver) variable(lo, hi int64) int {
	s.lo, s.hi = append(s.lo, lo), append(s.hi, hi)
	return len(s.lo) - 1
}

func (s *solver) link(e edge) {
	s.out[e.a] = append(s.out[e.a], e)
	s.out[e.b] = append(s.out[e.b], e)
}

// propagate narrows bounds along the edges, from variable v on, until nothing
// changes. It reports whether every variable still has a value.
func (s *solver) propagate(v int) bool {
	queue := []int{v}
	for len(queue) > 0 {
		v, queue = queue[0], queue[1:]
		for _, e := range s.out[v] {
			if !s.m.spend(1) {
				return false
			}
			if hi := s.hi[e.b] + e.d; hi < s.hi[e.a] {
				s.narrow(e.a, s.lo[e.a], hi)
				queue = append(queue, e.a)
			}
			if lo := s.lo[e.a] - e.d; lo > s.lo[e.b] {
				s.narrow(e.b, lo, s.hi[e.b])
				queue = append(queue, e.b)
			}
			if s.lo[e.a] > s.hi[e.a] || s.lo[e.b] > s.hi[e.b] {
				return false
			}
		}
	}
	return true
}

func (s *solver) narrow(v int, lo, hi int64) {
	s.log = append(s.log, change{v, s.lo[v], s.hi[v]})
	s.lo[v], s.hi[v] = lo, hi
}

// mark is a state of the solver to return to.
type mark struct{ variables, log, picks int }

func (s *solver) mark() mark { return mark{len(s.lo), len(s.log), len(s.picks)} }

func (s *solver) undo(m mark) {
	for i := len(s.log) - 1; i >= m.log; i-- {
		c := s.log[i]
		s.lo[c.v], s.hi[c.v] = c.lo, c.hi
	}
	for v := len(s.lo) - 1; v >= m.variables; v-- {
		// The newest variable's edges are the last of their other ends.
		for i := len(s.out[v]) - 1; i >= 0; i-- {
			other := s.out[v][i].a + s.out[v][i].b - v
			s.out[other] = s.out[other][:len(s.out[other])-1]
		}
		delete(s.out, v)
	}
	for _, p := range s.picks[m.picks:] {
		s.used[p.obs] -= p.count
	}
	s.log, s.picks = s.log[:m.log], s.picks[:m.picks]
	s.lo, s.hi = s.lo[:m.variables], s.hi[:m.variables]
}
