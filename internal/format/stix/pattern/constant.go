package pattern

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"
)

// constant parses a literal at the current token (§9.2).
func (p *parser) constant() constant {
	switch p.tok.kind {
	case tokString, tokInt, tokFloat, tokBool, tokTime, tokHex, tokBinary:
	default:
		p.want("a value: a number, true, false, 'text', t'…', h'…' or b'…'")
		return constant{}
	}
	c := p.constantOf(p.tok)
	p.next()
	return c
}

// constantOf returns the value of a token that is a literal.
func (p *parser) constantOf(t token) constant {
	var c constant
	var ok bool
	var want string
	switch t.kind {
	case tokString:
		return constant{kind: constString, text: unquote(t.text)}
	case tokBool:
		return constant{kind: constBool, text: t.text}
	case tokInt:
		want = "an integer of 64 bits"
		c = constant{kind: constInt, text: strings.TrimPrefix(t.text, "+")}
		n, err := strconv.ParseInt(c.text, 10, 64)
		c.num, ok = float64(n), err == nil
	case tokFloat:
		want = "a number a double can hold"
		c = constant{kind: constFloat, text: strings.TrimPrefix(t.text, "+")}
		n, err := strconv.ParseFloat(c.text, 64)
		c.num, ok = n, err == nil && !math.IsInf(n, 0)
	case tokTime:
		want = "a timestamp such as t'2026-01-31T00:00:00Z'"
		c = constant{kind: constTime, text: bare(t.text)}
		c.time, ok = timestamp(c.text)
	case tokHex:
		want = "an even number of hexadecimal digits in h''"
		c = constant{kind: constHex, text: bare(t.text)}
		b, err := hex.DecodeString(c.text)
		c.bytes, ok = string(b), err == nil
	default:
		want = "Base64 in b''"
		c = constant{kind: constBinary, text: bare(t.text)}
		b, err := base64.StdEncoding.DecodeString(c.text)
		c.bytes, ok = string(b), err == nil && c.text != "" && !strings.ContainsAny(c.text, "\r\n")
	}
	if !ok {
		p.fail(t.start, "want "+want+", found "+short(t.text))
	}
	return c
}

// bare takes the prefix and the quotes off a literal.
func bare(literal string) string { return literal[2 : len(literal)-1] }

// unquote returns the value of a string literal, quotes included.
func unquote(literal string) string {
	s := literal[1 : len(literal)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}

// timestamp reads a STIX timestamp (§2.16): upper case, in UTC, any number of
// fractional digits, of which nine count. A leap second is the second after
// it.
func timestamp(s string) (time.Time, bool) {
	const layout = "2006-01-02T15:04:05"
	if len(s) < len(layout)+1 || s[len(s)-1] != 'Z' || s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return time.Time{}, false
	}
	whole, fraction := s[:len(layout)], s[len(layout):len(s)-1]
	if fraction != "" && (fraction[0] != '.' || len(fraction) == 1 || strings.Trim(fraction[1:], "0123456789") != "") {
		return time.Time{}, false
	}
	leap := time.Duration(0)
	if strings.HasSuffix(whole, ":60") {
		whole, leap = whole[:17]+"59", time.Second
	}
	t, err := time.Parse(layout, whole)
	if err != nil {
		return time.Time{}, false
	}
	if fraction != "" {
		digits := (fraction[1:] + "000000000")[:9]
		n, err := strconv.Atoi(digits)
		if err != nil {
			return time.Time{}, false
		}
		leap += time.Duration(n)
	}
	return t.Add(leap), true
}

// family is kind, with integers and floats as one.
func (c constant) family() constKind {
	if c.kind == constFloat {
		return constInt
	}
	return c.kind
}

// plain returns a string's text, and any other constant as it is written.
func (c constant) plain() string {
	if c.kind == constString {
		return c.text
	}
	return string(c.append(nil))
}

// typeSet is a set of object types; one is the only member while more is nil.
type typeSet struct {
	one  string
	more map[string]struct{}
}

func (t typeSet) empty() bool { return t.more != nil && len(t.more) == 0 }

func (t typeSet) union(u typeSet) typeSet {
	if t.more == nil && u.more == nil && t.one == u.one {
		return t
	}
	if t.more == nil {
		t.more = map[string]struct{}{t.one: {}}
	}
	if u.more == nil {
		t.more[u.one] = struct{}{}
	}
	for s := range u.more {
		t.more[s] = struct{}{}
	}
	return t
}

func (t typeSet) intersect(u typeSet) typeSet {
	if t.more == nil && u.more == nil && t.one == u.one {
		return t
	}
	both := map[string]struct{}{}
	if t.more == nil {
		t, u = u, t
	}
	if u.more == nil {
		u.more = map[string]struct{}{u.one: {}}
	}
	for s := range u.more {
		if _, ok := t.more[s]; ok {
			both[s] = struct{}{}
		}
	}
	return typeSet{more: both}
}
