package library

import (
	"maps"
	"slices"
	"strconv"

	"twoseas/internal/base/canon"
)

// Change is one property that differs between two versions; what is not there
// is "".
type Change struct{ Path, Before, After string }

// maxChanges bounds the changes told of one version, and maxShown what is told
// of a value, in characters.
const (
	maxChanges = 100
	maxShown   = 400
)

// Changes returns what differs between two versions of an object, in order of
// path, but for the time of the version itself.
func Changes(before, after []byte) ([]Change, error) {
	a, err := canon.View(before)
	if err != nil {
		return nil, err
	}
	b, err := canon.View(after)
	if err != nil {
		return nil, err
	}
	delete(a, "modified")
	delete(b, "modified")
	var out []Change
	compare("", a, b, &out)
	return out, nil
}

func compare(path string, a, b any, out *[]Change) {
	if len(*out) >= maxChanges {
		return
	}
	am, ok1 := a.(map[string]any)
	bm, ok2 := b.(map[string]any)
	if ok1 && ok2 {
		names := slices.Collect(maps.Keys(am))
		names = slices.AppendSeq(names, maps.Keys(bm))
		slices.Sort(names)
		for _, n := range slices.Compact(names) {
			compare(join(path, n), am[n], bm[n], out)
		}
		return
	}
	al, ok1 := a.([]any)
	bl, ok2 := b.([]any)
	if ok1 && ok2 && len(al) == len(bl) {
		for i := range al {
			compare(path+"["+strconv.Itoa(i)+"]", al[i], bl[i], out)
		}
		return
	}
	if x, y := Shown(a), Shown(b); x != y {
		*out = append(*out, Change{path, cut(x), cut(y)})
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// Shown writes a value of an object for a person: texts as they are, anything
// else as JSON, nothing as "".
func Shown(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	b, err := canon.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(b)
}

func cut(s string) string {
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown-1]) + "…"
	}
	return s
}
