package stix

import (
	"slices"
	"strings"
)

// value checks one value at the checker's path.
type value func(c *checker, v any)

// rule checks what holds between the properties of one structure.
type rule func(c *checker, m map[string]any)

// shape is what the standard says of one structure: an object type, or a
// structure inside one.
type shape struct {
	section  string
	kind     Kind // of an object type
	foreign  bool // a type that the standard does not define
	members  map[string]member
	required []string
	rules    []rule
}

// member is one property of a shape.
type member struct {
	check   value
	section string // of the structure that defines it
}

// property is one row of a table.
type property struct {
	name     string
	check    value
	required bool
}

// need is a required property, may an optional one.
func need(name string, v value) property { return property{name, v, true} }
func may(name string, v value) property  { return property{name, v, false} }

// structure makes a shape of rows.
func structure(section string, rows ...property) *shape {
	s := &shape{section: section, members: make(map[string]member, len(rows))}
	return s.add(section, rows)
}

func (s *shape) add(section string, rows []property) *shape {
	for _, p := range rows {
		s.members[p.name] = member{p.check, section}
		if p.required {
			s.required = append(s.required, p.name)
		}
	}
	return s
}

// where adds rules to a shape.
func (s *shape) where(rules ...rule) *shape {
	s.rules = append(s.rules, rules...)
	return s
}

// notEmpty asks for at least one of the properties that the shape defines.
func (s *shape) notEmpty() *shape {
	return s.where(func(c *checker, m map[string]any) {
		for name := range m {
			if _, ok := s.members[name]; ok {
				return
			}
		}
		c.fail(s.section, "needs at least one property")
	})
}

// check walks the structure m.
func (s *shape) check(c *checker, m map[string]any) {
	outer := c.section
	for _, name := range s.required {
		if _, ok := m[name]; !ok && (c.container == nil || name != "id") {
			c.failAt(name, s.members[name].section, "is required")
		}
	}
	for name, v := range m {
		p, ok := s.members[name]
		if !ok {
			s.unknown(c, name)
			continue
		}
		c.section = p.section
		c.enter(name)
		p.check(c, v)
		c.leave()
	}
	c.section = s.section
	for _, r := range s.rules {
		r(c, m)
	}
	c.section = outer
}

// unknown says that a property is not the standard's. Properties named x_ are
// meant to be unknown, and so are those of a type that is not the standard's
// or that a top-level extension brought (STIX 2.1 §7.3, §11.1).
func (s *shape) unknown(c *checker, name string) {
	if strings.HasPrefix(name, "x_") || s.foreign || len(c.path) == 0 && extendsTopLevel(c.obj) {
		return
	}
	if reserved[name] {
		c.warnAt(name, "3.8", "is a reserved name")
		return
	}
	c.warnAt(name, s.section, "is not a property the standard defines here; it is kept")
}

// reserved are the names that later versions of the standard keep for
// themselves (STIX 2.1 §3.8).
var reserved = map[string]bool{"severity": true, "username": true, "phone_numbers": true, "action": true}

// of checks an embedded structure.
func of(s *shape) value {
	return func(c *checker, v any) {
		if m, ok := v.(map[string]any); ok {
			s.check(c, m)
			return
		}
		c.fail(c.section, "is not an object")
	}
}

// list checks each element; a list is never empty (STIX 2.1 §2.12).
func list(each value) value {
	return func(c *checker, v any) {
		items, ok := v.([]any)
		if !ok {
			c.fail(c.section, "is not a list")
			return
		}
		if len(items) == 0 {
			c.fail("2.12", "is an empty list")
		}
		section := c.section
		for i, it := range items {
			c.section = section
			c.item(i)
			each(c, it)
			c.leave()
		}
	}
}

// object checks the whole of c.obj.
func (c *checker) object() {
	typ, ok := c.obj["type"].(string)
	if !ok {
		c.failAt("type", "3.2", "is required and is a string")
		return
	}
	if typ == "bundle" {
		c.fail("8", "is a bundle; want one of its objects")
		return
	}
	s, ok := shapes[typ]
	if !ok {
		s = customShape
	}
	s.check(c, c.obj)
	if !isType(typ) {
		c.failAt("type", "3.1", "is not a type name: want 3 to 250 of a to z, 0 to 9 and single hyphens, a letter first")
	}
	c.identity(typ, s.kind)
}

// identity checks that the identifier is of the object's type and, for a
// version 5 UUID of a cyber-observable, that it is the one its properties
// give (STIX 2.1 §2.9).
func (c *checker) identity(typ string, kind Kind) {
	id, ok := c.obj["id"].(string)
	if !ok {
		return // said already
	}
	prefix, uuid, ok := splitID(id)
	if !ok {
		return // said already
	}
	if prefix != typ {
		c.failAt("id", "2.9", "is not of type "+shown(typ))
		return
	}
	if strings.ToLower(uuid) != uuid {
		c.warnAt("id", "2.9", "has upper-case digits; it is compared as written")
	}
	if uuid[14] > '5' {
		c.warnAt("id", "2.9", "has a UUID of a version later than RFC 4122")
	}
	if kind != SCO || uuid[14] != '5' {
		return
	}
	want, err := SCOID(typ, c.obj)
	if err == nil && want != id {
		c.warnAt("id", "2.9", "is not the identifier its properties give, "+want)
	}
}

// hasAny reports whether any of names is in m.
func hasAny(m map[string]any, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return m[n] != nil })
}

// atLeastOne asks for one of several properties.
func atLeastOne(names ...string) rule {
	text := "needs at least one of " + strings.Join(names, ", ")
	return func(c *checker, m map[string]any) {
		if !hasAny(m, names) {
			c.fail(c.section, text)
		}
	}
}

// exactlyOne asks for one of two properties and not both.
func exactlyOne(a, b string) rule {
	return func(c *checker, m map[string]any) {
		_, hasA := m[a]
		_, hasB := m[b]
		if hasA == hasB {
			c.fail(c.section, "needs either "+a+" or "+b)
		}
	}
}

// with asks that name comes together with all of others.
func with(name string, others ...string) rule {
	return func(c *checker, m map[string]any) {
		if _, ok := m[name]; !ok {
			return
		}
		for _, o := range others {
			if _, ok := m[o]; !ok {
				c.failAt(name, c.section, "needs "+o+" beside it")
			}
		}
	}
}

// after asks that the timestamp late, when both are there, is later than early.
func after(late, early string) rule {
	return func(c *checker, m map[string]any) {
		l, okL := instant(m, late)
		e, okE := instant(m, early)
		if okL && okE && !l.After(e) {
			c.failAt(late, c.section, "is not after "+early)
		}
	}
}

// notBefore is after that allows the same instant.
func notBefore(late, early string) rule {
	return func(c *checker, m map[string]any) {
		l, okL := instant(m, late)
		e, okE := instant(m, early)
		if okL && okE && l.Before(e) {
			c.failAt(late, c.section, "is before "+early)
		}
	}
}
