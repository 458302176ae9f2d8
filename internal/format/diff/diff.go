// Package diff compares two JSON objects property by property, for people to
// read: what was taken out, what was put in, what says something else.
//
// Invariants: no row is left out: the rows of one side, put together again,
// are all of that side; Compare(a, b) is Compare(b, a) with the sides changed.
package diff

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/canon"
)

// Kind says how a property differs.
type Kind string

// The kinds.
const (
	Same    Kind = "same"
	Changed Kind = "changed"
	Removed Kind = "removed" // only on the first side
	Added   Kind = "added"   // only on the second
)

// Row is one property, or one element of a list, that holds a plain value or
// nothing. Path is such as external_references[0].url.
type Row struct {
	Path          string
	Kind          Kind
	Before, After string // as text; strings without quotes
}

// Compare returns a row for each plain value of either object, in the order of
// their paths. The bytes must be canonical.
func Compare(before, after []byte) ([]Row, error) {
	a, err := canon.View(before)
	if err != nil {
		return nil, err
	}
	b, err := canon.View(after)
	if err != nil {
		return nil, err
	}
	var c comparison
	c.objects("", a, b)
	return c.rows, nil
}

// List returns the rows of one object, all of them Same.
func List(object []byte) ([]Row, error) { return Compare(object, object) }

// Count returns how many rows are not Same.
func Count(rows []Row) int {
	n := 0
	for _, r := range rows {
		if r.Kind != Same {
			n++
		}
	}
	return n
}

type comparison struct{ rows []Row }

func (c *comparison) objects(path string, a, b map[string]any) {
	all := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(all)
	for _, name := range slices.Compact(all) {
		x, inA := a[name]
		y, inB := b[name]
		p := name
		if path != "" {
			p = path + "." + name
		}
		c.pair(p, x, inA, y, inB)
	}
}

// pair compares what stands at one path, on the sides that have it.
func (c *comparison) pair(path string, a any, inA bool, b any, inB bool) {
	switch {
	case !inB:
		c.one(path, a, Removed)
	case !inA:
		c.one(path, b, Added)
	default:
		c.both(path, a, b)
	}
}

func (c *comparison) both(path string, a, b any) {
	if x, ok := a.(map[string]any); ok {
		if y, ok := b.(map[string]any); ok && len(x) > 0 && len(y) > 0 {
			c.objects(path, x, y)
			return
		}
	}
	if x, ok := a.([]any); ok {
		if y, ok := b.([]any); ok && len(x) > 0 && len(y) > 0 {
			c.lists(path, x, y)
			return
		}
	}
	if !plain(a) || !plain(b) { // a value of another shape: all of the one goes, all of the other comes
		c.one(path, a, Removed)
		c.one(path, b, Added)
		return
	}
	row := Row{Path: path, Kind: Same, Before: text(a), After: text(b)}
	if key(a) != key(b) {
		row.Kind = Changed
	}
	c.rows = append(c.rows, row)
}

// one lists all of a value that only one side has.
func (c *comparison) one(path string, v any, kind Kind) {
	switch x := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(x)) {
			c.one(path+"."+name, x[name], kind)
		}
		if len(x) > 0 {
			return
		}
	case []any:
		for i, e := range x {
			c.one(at(path, i), e, kind)
		}
		if len(x) > 0 {
			return
		}
	}
	row := Row{Path: path, Kind: kind, Before: text(v)}
	if kind == Added {
		row.Before, row.After = "", row.Before
	}
	c.rows = append(c.rows, row)
}

// lists compares lists of one length element by element, and others by the
// longest run of elements they share.
func (c *comparison) lists(path string, a, b []any) {
	if len(a) == len(b) {
		for i := range a {
			c.both(at(path, i), a[i], b[i])
		}
		return
	}
	i, j := 0, 0
	for _, m := range shared(a, b) {
		for ; i < m[0]; i++ {
			c.one(at(path, i), a[i], Removed)
		}
		for ; j < m[1]; j++ {
			c.one(at(path, j), b[j], Added)
		}
		c.both(at(path, j), a[i], b[j])
		i, j = i+1, j+1
	}
	for ; i < len(a); i++ {
		c.one(at(path, i), a[i], Removed)
	}
	for ; j < len(b); j++ {
		c.one(at(path, j), b[j], Added)
	}
}

// maxTable bounds the work of finding what two lists share; longer ones are
// matched greedily.
const maxTable = 1 << 20

// shared returns the positions of the longest common subsequence of a and b.
func shared(a, b []any) (out [][2]int) {
	x, y := keys(a), keys(b)
	if len(x)*len(y) > maxTable {
		return greedy(x, y)
	}
	best := make([][]int, len(x)+1)
	for i := range best {
		best[i] = make([]int, len(y)+1)
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if best[i][j] = max(best[i+1][j], best[i][j+1]); x[i] == y[j] {
				best[i][j] = best[i+1][j+1] + 1
			}
		}
	}
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i] == y[j]:
			out = append(out, [2]int{i, j})
			i, j = i+1, j+1
		case best[i+1][j] >= best[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

func greedy(x, y []string) (out [][2]int) {
	j := 0
	for i := range x {
		if k := slices.Index(y[j:], x[i]); k >= 0 {
			out = append(out, [2]int{i, j + k})
			j += k + 1
		}
	}
	return out
}

func keys(list []any) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = key(v)
	}
	return out
}

// key tells any two different values apart.
func key(v any) string {
	b, err := canon.Marshal(v)
	if err != nil {
		return err.Error() // a number that JSON has not: canon.View gives none
	}
	return string(b)
}

func plain(v any) bool {
	switch x := v.(type) {
	case map[string]any:
		return len(x) == 0
	case []any:
		return len(x) == 0
	}
	return true
}

// text is a plain value as people read it.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return key(v)
}

func at(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// Top returns the property of the object that a path begins with.
func Top(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}
