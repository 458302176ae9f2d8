package pattern_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"twoseas/internal/format/stix/pattern"
)

// The oracle decides whether observations satisfy a pattern by trying every
// assignment of single observations to tests and, for each, whether the
// differences between their times have a solution. It shares nothing with the
// matcher but the reading of the specification.

const second = int64(1e6)

// want is one test that needs an observation: property v equal to v, not
// before lo and not after hi.
type want struct {
	v      int
	lo, hi int64
}

// diff says that time i is at most time j plus d.
type diff struct {
	i, j int
	d    int64
}

// way is one way to satisfy a pattern: all its tests, all differences.
type way struct {
	wants []want
	diffs []diff
}

func (w way) and(b way, ordered bool) way {
	out := way{slices.Concat(w.wants, b.wants), slices.Clone(w.diffs)}
	n := len(w.wants)
	for _, d := range b.diffs {
		out.diffs = append(out.diffs, diff{d.i + n, d.j + n, d.d})
	}
	for i := range w.wants {
		for j := range b.wants {
			if ordered {
				out.diffs = append(out.diffs, diff{i, n + j, 0})
			}
		}
	}
	return out
}

// product joins every way of a with every way of b. It gives the case up
// before there are more than the oracle can try.
func product(t *rapid.T, a, b []way, ordered bool) []way {
	if len(a)*len(b) > 100 || len(a[0].wants)+len(b[0].wants) > 6 {
		t.Skip("too much for the oracle")
	}
	var out []way
	for _, x := range a {
		for _, y := range b {
			out = append(out, x.and(y, ordered))
		}
	}
	return out
}

// drawPattern draws a pattern as text and the ways to satisfy it.
func drawPattern(t *rapid.T, depth int) (string, []way) {
	kind := rapid.SampledFrom([]string{"test", "test", "AND", "OR", "FOLLOWEDBY"}).Draw(t, "kind")
	var src string
	var ways []way
	if depth == 0 || kind == "test" {
		v := rapid.IntRange(0, 2).Draw(t, "v")
		src, ways = fmt.Sprintf("[x:v = %d]", v), []way{{wants: []want{{v, -1 << 60, 1 << 60}}}}
	} else {
		left, l := drawPattern(t, depth-1)
		right, r := drawPattern(t, depth-1)
		src = fmt.Sprintf("(%s %s %s)", left, kind, right)
		if ways = slices.Concat(l, r); kind != "OR" {
			ways = product(t, l, r, kind == "FOLLOWEDBY")
		}
	}
	for _, q := range rapid.SliceOfNDistinct(rapid.IntRange(0, 8), 0, 2, rapid.ID).Draw(t, "qualifiers") {
		src, ways = qualified(t, q, src, ways)
	}
	return src, ways
}

func qualified(t *rapid.T, q int, src string, ways []way) (string, []way) {
	switch q {
	case 0:
		seconds := rapid.IntRange(1, 4).Draw(t, "window")
		for k, w := range ways {
			for i := range w.wants {
				for j := range w.wants {
					ways[k].diffs = append(slices.Clip(ways[k].diffs), diff{i, j, int64(seconds)*second - 1})
				}
			}
		}
		return fmt.Sprintf("(%s) WITHIN %d SECONDS", src, seconds), ways
	case 1:
		n := rapid.IntRange(1, 3).Draw(t, "times")
		all := ways
		for range n - 1 {
			all = product(t, all, ways, false)
		}
		return fmt.Sprintf("(%s) REPEATS %d TIMES", src, n), all
	case 2:
		from := rapid.IntRange(0, 6).Draw(t, "from")
		to := from + rapid.IntRange(0, 5).Draw(t, "length")
		for k := range ways {
			ways[k].wants = slices.Clone(ways[k].wants)
			for i, w := range ways[k].wants {
				ways[k].wants[i].lo = max(w.lo, int64(from)*second)
				ways[k].wants[i].hi = min(w.hi, int64(to)*second-1)
			}
		}
		return fmt.Sprintf("(%s) START t'2026-03-19T12:00:%02dZ' STOP t'2026-03-19T12:00:%02dZ'", src, from, to), ways
	}
	return src, ways
}

// fact is an observed-data of the oracle.
type fact struct{ v, first, last, number int }

// satisfiable tries the tests of w from the n-th on.
func (w way) satisfiable(facts []fact, used []int, taken []int) bool {
	n := len(taken)
	if n == len(w.wants) {
		return w.consistent(facts, taken)
	}
	for i, f := range facts {
		if f.v != w.wants[n].v || used[i] == f.number {
			continue
		}
		used[i]++
		ok := w.satisfiable(facts, used, append(slices.Clip(taken), i))
		used[i]--
		if ok {
			return true
		}
	}
	return false
}

// consistent runs Bellman and Ford: no solution exactly where there is a
// negative cycle. The last node is the origin of time.
func (w way) consistent(facts []fact, taken []int) bool {
	n := len(taken)
	diffs := slices.Clone(w.diffs)
	for i, f := range taken {
		lo := max(w.wants[i].lo, int64(facts[f].first)*second)
		hi := min(w.wants[i].hi, int64(facts[f].last)*second)
		diffs = append(diffs, diff{i, n, hi}, diff{n, i, -lo})
	}
	dist := make([]int64, n+1)
	for round := 0; ; round++ {
		changed := false
		for _, d := range diffs {
			if dist[d.j]+d.d < dist[d.i] {
				dist[d.i], changed = dist[d.j]+d.d, true
			}
		}
		if !changed || round > n {
			return !changed
		}
	}
}

func satisfiable(ways []way, facts []fact) bool {
	return slices.ContainsFunc(ways, func(w way) bool { return w.satisfiable(facts, make([]int, len(facts)), nil) })
}

func TestMatchAgreesWithTryingEverything(t *testing.T) {
	yes, no := 0, 0
	property := func(rt *rapid.T) {
		src, ways := drawPattern(rt, 3)
		if slices.ContainsFunc(ways, func(w way) bool { return len(w.wants) > 6 }) || len(ways) > 100 {
			rt.Skip("too much for the oracle")
		}
		facts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fact {
			f := fact{v: rapid.IntRange(0, 2).Draw(t, "v"), first: rapid.IntRange(0, 8).Draw(t, "first"), number: rapid.IntRange(1, 3).Draw(t, "number")}
			f.last = f.first + rapid.SampledFrom([]int{0, 0, 1, 4}).Draw(t, "span")
			return f
		}), 0, 5).Draw(rt, "facts")
		var obs []pattern.Observation
		for _, f := range facts {
			obs = append(obs, seen(t, float64(f.first), float64(f.last), f.number, fmt.Sprintf(`{"0":{"type":"x","v":%d}}`, f.v)))
		}
		p := parse(t, src)
		got, err := p.Match(obs)
		if want := satisfiable(ways, facts); err != nil || (got != nil) != want {
			rt.Fatalf("%s on %v: got %v, %v, want %v", p, facts, got, err, want)
		}
		if got == nil {
			no++
			return
		}
		yes++
		only := make([]fact, len(facts))
		for _, m := range got {
			only[m.Index] = facts[m.Index]
			only[m.Index].number = m.Count
		}
		if !satisfiable(ways, only) {
			rt.Fatalf("%s on %v: the match %v does not satisfy it", p, facts, got)
		}
	}
	for range 20 { // a hundred cases each
		rapid.Check(t, property)
	}
	if !t.Failed() && (yes < 10 || no < 10) {
		t.Errorf("got %d matches and %d others: the property is not tested", yes, no)
	}
}
