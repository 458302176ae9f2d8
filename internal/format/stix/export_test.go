package stix

import (
	"maps"
	"slices"
)

// Types returns every type in the tables, sorted.
func Types() []string { return slices.Sorted(maps.Keys(shapes)) }

// Table returns the names of the properties that the table of a type has,
// each with whether it is required.
func Table(typ string) map[string]bool {
	all := map[string]bool{}
	for name := range shapes[typ].members {
		all[name] = slices.Contains(shapes[typ].required, name)
	}
	return all
}

// Kinds is how many types the standard defines, by kind.
func Kinds() map[Kind]int {
	n := map[Kind]int{}
	for _, k := range kinds {
		n[k]++
	}
	return n
}
