// Package pattern reads, prints and matches STIX patterns (STIX 2.1 §9).
//
// https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html#_e8slinrhxcc9
//
// Invariants: Parse(p.String()) gives the tree of p; a Pattern never changes
// and may be used by many goroutines; no input makes the parser recurse
// deeper than MaxDepth or the matcher work longer than MaxWork.
package pattern

import (
	"fmt"
	"unicode/utf8"

	"twoseas/internal/base/fault"
)

// Bounds on a pattern. The specification has none; a pattern over one of them
// is a SyntaxError.
const (
	MaxLength = 64 << 10 // bytes of source
	MaxDepth  = 100      // parentheses inside one another, of both sorts
	MaxSet    = 10_000   // constants in one IN (...)
)

// Pattern is a parsed STIX pattern. The zero Pattern matches nothing.
type Pattern struct {
	root *obsExpr
}

// SyntaxError says where and why a text is not a STIX pattern.
type SyntaxError struct {
	Column int    // where, counted in runes from 1
	Text   string // what was wanted there and what was found
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("pattern, column %d: %s", e.Column, e.Text)
}

// Parse reads a STIX 2.1 pattern. Besides the grammar it holds the pattern to
// what §9 demands in prose: one qualifier of a kind per expression (§9.5.1),
// operands of a comparison AND that one type of object can satisfy (§9.5), sets
// of one type, addresses after ISSUBSET and ISSUPERSET (§9.6.1), positive
// counts and windows.
//
// START and STOP also take the plain strings of STIX 2.0 when these are
// timestamps. The error is a *SyntaxError of kind fault.Invalid.
func Parse(src string) (*Pattern, error) {
	p := parser{src: src}
	if len(src) > MaxLength {
		p.fail(0, fmt.Sprintf("a pattern has at most %d bytes, this one has %d", MaxLength, len(src)))
	} else if !utf8.ValidString(src) {
		p.fail(invalidAt(src), "not UTF-8")
	}
	p.next()
	root := p.observations(0)
	if p.tok.kind != tokEnd {
		p.want("AND, OR, FOLLOWEDBY, WITHIN, REPEATS, START or the end of the pattern")
	}
	if p.err != nil {
		return nil, fault.Errorf(fault.Invalid, "%w", p.err)
	}
	return &Pattern{root: root}, nil
}

func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return i
			}
		}
	}
	return 0
}

// Comparison is one thing a pattern compares with.
type Comparison struct {
	ObjectType string   // "file"
	Path       string   // "hashes.'SHA-256'"; a step is in quotes only where the grammar needs them
	Op         string   // "=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"
	Negated    bool     // NOT stood before the operator
	Values     []string // strings as their text, without quotes and escapes; numbers, true and false, t'', h'' and b'' as written
}

// Observables returns the comparisons of p in the order in which they stand.
func (p *Pattern) Observables() []Comparison {
	var out []Comparison
	p.root.each(func(c *comparison) { out = append(out, c.public()) })
	return out
}

// public returns c for those outside.
func (c *comparison) public() Comparison {
	o := Comparison{ObjectType: c.objectType, Path: c.pathText(), Op: c.op.String(), Negated: c.not}
	if len(c.values) > 0 {
		o.Values = make([]string, len(c.values))
		for i, v := range c.values {
			o.Values[i] = v.plain()
		}
	}
	return o
}
