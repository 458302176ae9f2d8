package stix

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// identifier is any identifier (STIX 2.1 §2.9).
func identifier(c *checker, v any) {
	s, ok := v.(string)
	if !ok {
		c.fail(c.section, "is not an identifier")
		return
	}
	if _, _, ok := splitID(s); !ok {
		c.fail("2.9", "is not an identifier (type--UUID)")
	}
}

// target says which types a reference may lead to.
type target struct {
	what string
	is   func(typ string) bool
}

// to is a target of the listed types only.
func to(types ...string) target {
	return target{strings.Join(types, ", "), func(t string) bool { return slices.Contains(types, t) }}
}

// Targets that the standard describes by class. A custom type may be of any
// class, so it is always allowed.
var (
	anything   = target{"an object", func(t string) bool { return t != "bundle" }}
	described  = target{"an object that language-content can describe", func(t string) bool { return t != "bundle" && t != "language-content" }}
	related    = ofKinds("a domain object or observable", SDO, SCO)
	domain     = ofKinds("a domain object", SDO)
	observable = ofKinds("an observable", SCO)
	observed   = ofKinds("an observable or relationship", SCO, SRO)
)

func ofKinds(what string, kinds ...Kind) target {
	return target{what, func(t string) bool {
		k := KindOf(t)
		return t != "bundle" && (k == Custom || slices.Contains(kinds, k))
	}}
}

// ref is an identifier of an object of t's types. Inside the container of an
// observed-data it may be the key of another object there (STIX 2.1 §4.14).
func ref(t target) value {
	return func(c *checker, v any) {
		s, ok := v.(string)
		if !ok {
			c.fail(c.section, "is not an identifier")
			return
		}
		typ, uuid, _ := strings.Cut(s, "--")
		if c.container != nil {
			if inner, ok := c.container[s].(map[string]any); ok {
				typ = str(inner, "type")
				uuid = ""
			}
		}
		if uuid != "" || c.container == nil {
			if !isType(typ) || !isUUID(uuid) {
				c.fail("2.9", "is not an identifier (type--UUID)")
				return
			}
		}
		if !t.is(typ) {
			c.fail(c.section, "leads to "+quote(typ)+"; want "+t.what)
		}
	}
}

// References returns every reference in the object: the path of each property
// that ends in _ref or _refs, and the identifier there, ordered by path. The
// keys that stand for objects inside an observed-data's container are not
// identifiers and are left out.
func References(o *Object) iter.Seq2[string, string] {
	return func(yield func(path, id string) bool) {
		references(o.Props, "", yield)
	}
}

// references walks v, which is reached by path, and reports whether to go on.
func references(v any, path string, yield func(path, id string) bool) bool {
	switch v := v.(type) {
	case []any:
		for i, x := range v {
			if !references(x, path+"["+strconv.Itoa(i)+"]", yield) {
				return false
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			at := name
			if path != "" {
				at = path + "." + name
			}
			if !named(name, v[name], at, yield) {
				return false
			}
		}
	}
	return true
}

// named yields what a property named as a reference holds, and walks any other.
func named(name string, v any, path string, yield func(path, id string) bool) bool {
	if s, ok := v.(string); ok {
		return !strings.HasSuffix(name, "_ref") || !isID(s) || yield(path, s)
	}
	items, ok := v.([]any)
	if !ok || !strings.HasSuffix(name, "_refs") {
		return references(v, path, yield)
	}
	for i, x := range items {
		if s, ok := x.(string); ok && isID(s) && !yield(path+"["+strconv.Itoa(i)+"]", s) {
			return false
		}
	}
	return true
}

func isID(s string) bool {
	_, _, ok := splitID(s)
	return ok
}

// ValidID reports whether s has the form of an object's id (STIX 2.1 §2.9).
func ValidID(s string) bool { return isID(s) }
