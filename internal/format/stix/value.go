package stix

import (
	"math"
	"strconv"
	"strings"
)

// text is any string.
func text(c *checker, v any) {
	if _, ok := v.(string); !ok {
		c.fail(c.section, "is not a string")
	}
}

func boolean(c *checker, v any) {
	if _, ok := v.(bool); !ok {
		c.fail(c.section, "is not true or false")
	}
}

func number(c *checker, v any) {
	if _, ok := v.(float64); !ok {
		c.fail(c.section, "is not a number")
	}
}

// integer is a whole number (STIX 2.1 §2.10).
func integer(c *checker, v any) { between(math.Inf(-1), math.Inf(1))(c, v) }

// count is a whole number that is not negative.
func count(c *checker, v any) { between(0, math.Inf(1))(c, v) }

// between is a whole number from low to high.
func between(low, high float64) value {
	return func(c *checker, v any) {
		n, ok := v.(float64)
		switch {
		case !ok || n != math.Trunc(n):
			c.fail(c.section, "is not an integer")
		case n < low || n > high:
			c.fail(c.section, "is not "+span(low, high))
		}
	}
}

// degrees is a number from -limit to limit.
func degrees(limit float64) value {
	return func(c *checker, v any) {
		n, ok := v.(float64)
		if !ok {
			c.fail(c.section, "is not a number")
		} else if math.Abs(n) > limit {
			c.fail(c.section, "is not "+span(-limit, limit))
		}
	}
}

func span(low, high float64) string {
	from := strconv.FormatFloat(low, 'f', -1, 64)
	if math.IsInf(high, 1) {
		return from + " or more"
	}
	return "from " + from + " to " + strconv.FormatFloat(high, 'f', -1, 64)
}

// moment is a timestamp (STIX 2.1 §2.16).
func moment(c *checker, v any) {
	s, ok := v.(string)
	if !ok {
		c.fail(c.section, "is not a timestamp")
		return
	}
	if _, ok := timestamp(s); !ok {
		c.fail("2.16", "is not a timestamp (YYYY-MM-DDThh:mm:ss[.s…]Z)")
	}
}

// versionMoment is the timestamp of a version: to the millisecond at least.
func versionMoment(c *checker, v any) {
	moment(c, v)
	if s, ok := v.(string); ok && len(s) < len("2006-01-02T15:04:05.000Z") {
		c.warn("3.2", "is not precise to the millisecond")
	}
}

// wholeSeconds is a timestamp without a fraction.
func wholeSeconds(c *checker, v any) {
	moment(c, v)
	if s, ok := v.(string); ok && strings.Contains(s, ".") {
		c.fail(c.section, "is not to the second")
	}
}

// textLike is a string of a form that a section of its own defines.
func textLike(what, section string, is func(string) bool) value {
	return func(c *checker, v any) {
		s, ok := v.(string)
		if !ok {
			c.fail(c.section, "is not a string")
		} else if !is(s) {
			c.fail(section, "is not "+what)
		}
	}
}

var (
	hexadecimal = textLike("an even number of hexadecimal digits", "2.8", func(s string) bool { return isHex(s, 0) })
	binary      = textLike("base64", "2.1", isBase64)
)

// shouldBe is a string that draws a warning when it is not of a form. What
// the value of an observable looks like is the adversary's choice, so the
// forms of URLs, domain names and addresses of e-mail never refuse.
func shouldBe(what string, is func(string) bool) value {
	return func(c *checker, v any) {
		s, ok := v.(string)
		if !ok {
			c.fail(c.section, "is not a string")
		} else if !is(s) && c.obj["defanged"] != true {
			c.warn(c.section, "is not "+what)
		}
	}
}

// only is one of a closed vocabulary.
func only(v vocabulary) value {
	return func(c *checker, x any) {
		s, ok := x.(string)
		if !ok {
			c.fail(c.section, "is not a string")
		} else if !v.words[s] {
			c.fail(v.section, quote(s)+" is not in "+v.name)
		}
	}
}

// open is usually one of an open vocabulary.
func open(v vocabulary) value {
	return func(c *checker, x any) {
		s, ok := x.(string)
		if !ok {
			c.fail(c.section, "is not a string")
		} else if !v.words[s] {
			c.warn(v.section, quote(s)+" is not in "+v.name)
		}
	}
}

// dictionary is an object with at least one well-named key (STIX 2.1 §2.3);
// each value is checked by each, unless that is nil.
func dictionary(each value) value {
	return func(c *checker, v any) {
		m, ok := v.(map[string]any)
		if !ok {
			c.fail(c.section, "is not a dictionary")
			return
		}
		if len(m) == 0 {
			c.fail("2.3", "is an empty dictionary")
		}
		section := c.section
		for k, x := range m {
			if !isName(k) {
				c.failAt(k, "2.3", "is not a key: want 1 to 250 of a to z, A to Z, 0 to 9, - and _")
			}
			if each == nil {
				continue
			}
			c.section = section
			c.enter(k)
			each(c, x)
			c.leave()
		}
	}
}

// either takes what one of two checks finds nothing in.
func either(what string, a, b value) value {
	return func(c *checker, v any) {
		if !clean(a, v) && !clean(b, v) {
			c.fail(c.section, "is not "+what)
		}
	}
}

// clean reports whether check finds no problem in v by itself.
func clean(check value, v any) bool {
	probe := checker{obj: map[string]any{}}
	check(&probe, v)
	return len(probe.problems) == 0
}

// hashes is a dictionary of digests by the name of the algorithm (STIX 2.1
// §2.7). Names outside the vocabulary draw what unnamed says.
func hashes(unnamed func(c *checker, name string)) value {
	return func(c *checker, v any) {
		dictionary(nil)(c, v)
		m, _ := v.(map[string]any)
		for name, x := range m {
			s, ok := x.(string)
			if !ok {
				c.failAt(name, "2.7", "is not a string")
				continue
			}
			form, known := digestForms[name]
			if !known {
				unnamed(c, name)
			} else if !form.is(s) {
				c.failAt(name, "10.7", "is not "+form.what)
			}
		}
	}
}

// anyHashes leaves hash-algorithm-ov open; listedHashes does not, as external
// references ask (STIX 2.1 §2.5).
var (
	anyHashes = hashes(func(c *checker, name string) {
		c.warnAt(name, "10.7", "is not in hash-algorithm-ov")
	})
	listedHashes = hashes(func(c *checker, name string) {
		c.failAt(name, "2.5", "is not in hash-algorithm-ov")
	})
)

type digestForm struct {
	what string
	is   func(string) bool
}

func hexDigest(n int) digestForm {
	return digestForm{strconv.Itoa(n) + " hexadecimal digits", func(s string) bool { return isHex(s, n) }}
}

// digestForms are the algorithms of hash-algorithm-ov (STIX 2.1 §10.7).
var digestForms = map[string]digestForm{
	"MD5":      hexDigest(32),
	"SHA-1":    hexDigest(40),
	"SHA-256":  hexDigest(64),
	"SHA-512":  hexDigest(128),
	"SHA3-256": hexDigest(64),
	"SHA3-512": hexDigest(128),
	"SSDEEP":   {"an SSDEEP digest", isSSDEEP},
	"TLSH":     {"a TLSH digest: 70 hexadecimal digits, T1 before them or not", isTLSH},
}

func isSSDEEP(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("/+:.", c) < 0 {
			return false
		}
	}
	return len(s) > 0 && len(s) <= 150
}

func isTLSH(s string) bool {
	return isHex(strings.TrimPrefix(s, "T1"), 70)
}
