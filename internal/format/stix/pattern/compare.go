package pattern

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// octets is a value of type binary or hex, decoded.
type octets string

// compare evaluates one comparison on one object of observation i.
func (m *matcher) compare(c *comparison, i int, object map[string]any) bool {
	if t, ok := object["type"].(string); !m.spend(1) || !ok || t != c.objectType {
		return false
	}
	w := walk{m: m, objects: m.obs[i].Objects}
	if c.op == opExists {
		return w.at(object, c.path, "", func(any) bool { return true }) != c.not
	}
	return w.at(object, c.path, "", func(v any) bool { return m.test(c, v) != c.not })
}

// walk follows object paths (§9.7) within one observation.
type walk struct {
	m       *matcher
	objects map[string]map[string]any
}

// at reports whether f holds of a value at path below v. property is the
// last one stepped through: when its name ends in _ref or _refs, a string is
// the id of the object to go on from (§9.7.4); when it ends in _bin or _hex,
// the value is binary.
func (w walk) at(v any, path []step, property string, f func(any) bool) bool {
	if !w.m.spend(1) || v == nil {
		return false
	}
	if len(path) == 0 {
		return f(decoded(v, property))
	}
	s := path[0]
	if s.kind == stepName {
		object, ok := v.(map[string]any)
		if id, is := v.(string); is && (strings.HasSuffix(property, "_ref") || strings.HasSuffix(property, "_refs")) {
			object, ok = w.objects[id]
		}
		return ok && w.at(object[s.name], path[1:], s.name, f)
	}
	list, _ := v.([]any)
	if s.kind == stepIndex {
		return s.index >= 0 && s.index < len(list) && w.at(list[s.index], path[1:], property, f)
	}
	for _, element := range list {
		if w.at(element, path[1:], property, f) {
			return true
		}
	}
	return false
}

// decoded returns the octets of a property that holds binary data in text.
func decoded(v any, property string) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	switch {
	case strings.HasSuffix(property, "_hex"):
		if b, err := hex.DecodeString(s); err == nil {
			return octets(b)
		}
	case strings.HasSuffix(property, "_bin"):
		if b, err := base64.StdEncoding.DecodeString(s); err == nil {
			return octets(b)
		}
	}
	return v
}

// test applies the operator of c, without its NOT, to a value. Where the types
// cannot be compared, != holds and every other operator does not (§9.6).
func (m *matcher) test(c *comparison, v any) bool {
	switch c.op {
	case opIn:
		for i := range c.values {
			if !m.spend(1) {
				return false
			}
			if n, ok := order(v, &c.values[i]); ok && n == 0 {
				return true
			}
		}
		return false
	case opLike, opMatches:
		s, ok := text(v)
		if !ok {
			return false
		}
		if c.op == opMatches {
			re, ok := m.regexps[c]
			return ok && m.spend(len(s)*re.size/64) && re.MatchString(s)
		}
		return m.spend((len(s)+len(c.values[0].text))/16) && m.like(s, normal(c.values[0].text))
	case opIsSubset, opIsSuperset:
		return contains(c, v)
	}
	n, ok := order(v, &c.values[0])
	switch c.op {
	case opNotEqual:
		return !ok || n != 0
	case opEqual:
		return ok && n == 0
	}
	if !ok {
		return false
	}
	switch c.op {
	case opLess:
		return n < 0
	case opLessEqual:
		return n <= 0
	case opGreater:
		return n > 0
	default:
		return n >= 0
	}
}

// order compares a value of JSON with a constant; ok is false when their types
// are not comparable. Strings are compared by code point, without
// normalisation (§9.6.2); binary values as unsigned octets (§9.6.3), with
// strings whose code points are all below 256.
func order(v any, c *constant) (n int, ok bool) {
	switch v := v.(type) {
	case string:
		switch c.kind {
		case constString:
			return strings.Compare(v, c.text), true
		case constHex, constBinary:
			b, ok := latin1(v)
			return strings.Compare(b, c.bytes), ok
		case constTime:
			t, ok := timestamp(v)
			return t.Compare(c.time), ok
		}
	case octets:
		switch c.kind {
		case constHex, constBinary:
			return strings.Compare(string(v), c.bytes), true
		case constString:
			b, ok := latin1(c.text)
			return strings.Compare(string(v), b), ok
		}
	case bool:
		if c.kind == constBool && v == (c.text == "true") {
			return 0, true
		}
		return 1, c.kind == constBool
	case time.Time:
		return v.Compare(c.time), c.kind == constTime
	case float64:
		return cmp.Compare(v, c.num), c.family() == constInt
	case int:
		return cmp.Compare(float64(v), c.num), c.family() == constInt
	case int64:
		return cmp.Compare(float64(v), c.num), c.family() == constInt
	}
	return 0, false
}

// latin1 turns a string into octets, one for each code point.
func latin1(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return "", false
		}
		b = append(b, byte(r)) //nolint:gosec // no more than 0xff, see above
	}
	return string(b), true
}

// text returns what LIKE and MATCHES look at: a string in NFC (§9.6.2), or one
// code point for each octet of a binary value.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return normal(v), true
	case octets:
		r := make([]rune, len(v))
		for i := range len(v) {
			r[i] = rune(v[i])
		}
		return string(r), true
	}
	return "", false
}

func normal(s string) string { return norm.NFC.String(s) }

// like matches the whole of s against a pattern in which % stands for any text
// and _ for one code point (§9.6.1).
func (m *matcher) like(s, pattern string) bool {
	in, want := []rune(s), []rune(pattern)
	star, resume := -1, 0
	j := 0
	for i := 0; i < len(in); {
		if !m.spend(1) {
			return false
		}
		switch {
		case j < len(want) && want[j] == '%':
			star, resume = j, i
			j++
		case j < len(want) && (want[j] == '_' || want[j] == in[i]):
			i++
			j++
		case star >= 0:
			resume++
			i, j = resume, star+1
		default:
			return false
		}
	}
	return strings.Trim(string(want[j:]), "%") == ""
}

// contains evaluates ISSUBSET and ISSUPERSET: an address or network in
// another, or equal to it.
func contains(c *comparison, v any) bool {
	s, ok := v.(string)
	if !ok {
		return false
	}
	value, ok := network(s)
	given, _ := network(c.values[0].text) // checked by the parser
	if !ok {
		return false
	}
	if c.op == opIsSuperset {
		value, given = given, value
	}
	return given.Bits() <= value.Bits() && given.Contains(value.Addr())
}
