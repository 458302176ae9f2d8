package pattern

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"unicode/utf8"
)

// parser is a recursive descent over the grammar. The first error sticks:
// after it all tokens are the end.
type parser struct {
	src   string
	pos   int
	tok   token
	depth int
	err   *SyntaxError
}

// fail records an error at a byte of the source, unless there is one already.
func (p *parser) fail(at int, text string) {
	if p.err == nil {
		p.err = &SyntaxError{Column: utf8.RuneCountInString(p.src[:at]) + 1, Text: text}
		p.tok = token{kind: tokEnd, start: at}
	}
}

// want fails at the current token.
func (p *parser) want(what string) {
	found := "the pattern ends"
	if p.tok.kind != tokEnd {
		found = "found " + short(p.tok.text)
	}
	p.fail(p.tok.start, "want "+what+", "+found)
}

func short(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

func (p *parser) at(kind tokenKind, text string) bool {
	return p.tok.kind == kind && p.tok.text == text
}

func (p *parser) accept(kind tokenKind, text string) bool {
	if !p.at(kind, text) {
		return false
	}
	p.next()
	return true
}

func (p *parser) expect(kind tokenKind, text, what string) {
	if !p.accept(kind, text) {
		p.want(what)
	}
}

// enter counts a parenthesis that opens at the current token.
func (p *parser) enter() {
	if p.depth++; p.depth > MaxDepth {
		p.fail(p.tok.start, fmt.Sprintf("parentheses are nested deeper than %d", MaxDepth))
	}
}

// observations parses the operators of one level of precedence (§9.5.3).
func (p *parser) observations(level obsKind) *obsExpr {
	if level == obsTest {
		return p.observation()
	}
	first := p.observations(level + 1)
	word := obsWords[level]
	if !p.at(tokKeyword, word) {
		return first
	}
	e := &obsExpr{kind: level, args: []*obsExpr{first}}
	for p.accept(tokKeyword, word) {
		e.args = append(e.args, p.observations(level+1))
	}
	return e
}

// observation parses a bracketed test or a parenthesised expression, and its
// qualifiers.
func (p *parser) observation() *obsExpr {
	e := &obsExpr{kind: obsTest}
	switch {
	case p.accept(tokSymbol, "["):
		e.test, _ = p.comparisons(cmpOr)
		p.expect(tokSymbol, "]", "AND, OR or ]")
	case p.at(tokSymbol, "("):
		p.enter()
		p.next()
		e = p.observations(0)
		p.expect(tokSymbol, ")", "AND, OR, FOLLOWEDBY or )")
		p.depth--
	default:
		p.want("[ or ( to begin an observation expression")
	}
	if p.err != nil || !p.atQualifier() {
		return e
	}
	if len(e.qualifiers) > 0 {
		e = &obsExpr{kind: obsGroup, args: []*obsExpr{e}}
	}
	for p.atQualifier() {
		at := p.tok
		q := p.qualifier()
		if slices.ContainsFunc(e.qualifiers, func(o qualifier) bool { return o.kind == q.kind }) {
			p.fail(at.start, "an expression has one "+at.text+" at most; use parentheses for a second")
		}
		e.qualifiers = append(e.qualifiers, q)
	}
	return e
}

func (p *parser) atQualifier() bool {
	return p.tok.kind == tokKeyword && slices.Contains(qualifierWords[:], p.tok.text)
}

// qualifier parses one qualifier (§9.5.1).
func (p *parser) qualifier() qualifier {
	switch {
	case p.accept(tokKeyword, qualifierWords[within]):
		return p.within()
	case p.accept(tokKeyword, qualifierWords[repeats]):
		n, err := strconv.Atoi(p.tok.text)
		if p.tok.kind != tokInt || err != nil || n < 1 || n > math.MaxInt32 {
			p.want("a whole number of times, at least 1")
		}
		p.next()
		p.expect(tokKeyword, "TIMES", "TIMES")
		return qualifier{kind: repeats, count: n}
	}
	p.next() // START
	q := qualifier{kind: startStop, start: p.moment()}
	p.expect(tokKeyword, "STOP", "STOP")
	q.stop = p.moment()
	return q
}

func (p *parser) within() qualifier {
	const longest = 1 << 40 // seconds; longer windows hold everything
	q := qualifier{kind: within, seconds: p.seconds().text}
	seconds, err := strconv.ParseFloat(q.seconds, 64)
	if p.err == nil && (err != nil || seconds <= 0) {
		p.want("a number of seconds above 0")
	}
	p.next()
	p.expect(tokKeyword, "SECONDS", "SECONDS")
	q.window = max(1, int64(min(seconds, longest)*1e6))
	return q
}

func (p *parser) seconds() constant {
	if p.tok.kind != tokInt && p.tok.kind != tokFloat {
		p.want("a number of seconds above 0")
		return constant{}
	}
	return p.constantOf(p.tok)
}

// moment parses a timestamp, also in the form of a plain string that STIX 2.0
// had here.
func (p *parser) moment() constant {
	t := p.tok
	switch t.kind {
	case tokString:
		t.kind, t.text = tokTime, "t"+t.text
	case tokTime:
	default:
		p.want("a timestamp such as t'2026-01-31T00:00:00Z'")
		return constant{}
	}
	c := p.constantOf(t)
	p.next()
	return c
}

// comparisons parses the operators of one level of precedence and returns the
// types of object that can satisfy the result.
func (p *parser) comparisons(level cmpKind) (*cmpExpr, typeSet) {
	if level == cmpTest {
		return p.comparison()
	}
	first, types := p.comparisons(level + 1)
	word := cmpWords[level]
	if !p.at(tokKeyword, word) {
		return first, types
	}
	e := &cmpExpr{kind: level, args: []*cmpExpr{first}}
	for p.at(tokKeyword, word) {
		joint := p.tok.start
		p.next()
		arg, more := p.comparisons(level + 1)
		e.args = append(e.args, arg)
		if level == cmpOr {
			types = types.union(more)
			continue
		}
		if types = types.intersect(more); p.err == nil && types.empty() {
			p.fail(joint, "no one type of object can satisfy both sides of AND (STIX 2.1 §9.5); join two observations: [...] AND [...]")
		}
	}
	return e, types
}

// comparison parses one property test, or an expression in parentheses.
func (p *parser) comparison() (*cmpExpr, typeSet) {
	if p.at(tokSymbol, "(") {
		p.enter()
		p.next()
		e, types := p.comparisons(cmpOr)
		p.expect(tokSymbol, ")", "AND, OR or )")
		p.depth--
		return e, types
	}
	e := &cmpExpr{kind: cmpTest}
	c := &e.test
	c.not = p.accept(tokKeyword, "NOT")
	if c.not || p.at(tokKeyword, "EXISTS") {
		c.op = opExists
		p.expect(tokKeyword, "EXISTS", "EXISTS")
		p.objectPath(c)
	} else {
		p.objectPath(c)
		c.not = p.accept(tokKeyword, "NOT")
		c.op = p.operator()
		c.values = p.operand(c.op)
	}
	return e, typeSet{one: c.objectType}
}

func (p *parser) operator() operator {
	op := -1
	switch p.tok.kind {
	case tokSymbol:
		text := p.tok.text
		switch text {
		case "==":
			text = "="
		case "<>":
			text = "!="
		}
		op = slices.Index(opWords[:opIn], text)
	case tokKeyword:
		if op = slices.Index(opWords[opIn:opExists], p.tok.text); op >= 0 {
			op += int(opIn)
		}
	}
	if op < 0 {
		p.want("a step of the path or a comparison operator (= != < <= > >= IN LIKE MATCHES ISSUBSET ISSUPERSET)")
		return opEqual
	}
	p.next()
	return operator(op)
}

// operand parses what an operator compares with.
func (p *parser) operand(op operator) []constant {
	switch op {
	case opIn:
		return p.set()
	case opLike, opMatches, opIsSubset, opIsSuperset:
		if p.tok.kind != tokString {
			p.want("a string after " + op.String())
			return nil
		}
	case opLess, opLessEqual, opGreater, opGreaterEqual:
		if p.tok.kind == tokBool {
			p.want("a value that has an order")
		}
	}
	at := p.tok.start
	c := p.constant()
	if op == opIsSubset || op == opIsSuperset {
		if _, ok := network(c.text); !ok && p.err == nil {
			p.fail(at, "want an IPv4 or IPv6 address or network after "+op.String()+", found "+short(c.text))
		}
	}
	return []constant{c}
}

// set parses the set of IN: constants of one type (§9.6.1), where integers
// and floats are both numbers; it may be empty.
func (p *parser) set() []constant {
	p.expect(tokSymbol, "(", "( to begin a set")
	if p.accept(tokSymbol, ")") {
		return nil
	}
	var out []constant
	for p.err == nil {
		at := p.tok.start
		out = append(out, p.constant())
		switch {
		case len(out) > MaxSet:
			p.fail(at, fmt.Sprintf("a set has at most %d values", MaxSet))
		case p.err == nil && out[0].family() != out[len(out)-1].family():
			p.fail(at, "the values of a set are of one type")
		}
		if p.accept(tokSymbol, ")") {
			return out
		}
		p.expect(tokSymbol, ",", ", or )")
	}
	return nil
}

// objectPath parses an object path (§9.7).
func (p *parser) objectPath(c *comparison) {
	if p.tok.kind != tokName && p.tok.kind != tokHyphen {
		p.want("an object path such as file:name")
		return
	}
	c.objectType = p.tok.text
	p.next()
	p.expect(tokSymbol, ":", ": and a property after the object type")
	c.path = append(make([]step, 0, 2), p.name())
	for {
		switch {
		case p.accept(tokSymbol, "."):
			c.path = append(c.path, p.name())
		case p.accept(tokSymbol, "["):
			c.path = append(c.path, p.index())
		default:
			return
		}
	}
}

func (p *parser) name() step {
	s := step{kind: stepName, name: p.tok.text}
	switch p.tok.kind {
	case tokName:
	case tokString:
		s.name = unquote(p.tok.text)
	case tokHyphen:
		p.want("a property; one with a hyphen is in quotes: '" + short(p.tok.text) + "'")
	case tokKeyword, tokBool:
		p.want("a property; a reserved word is in quotes: '" + p.tok.text + "'")
	default:
		p.want("a property")
	}
	p.next()
	return s
}

func (p *parser) index() step {
	s := step{kind: stepAny}
	if !p.accept(tokSymbol, "*") {
		n, err := strconv.ParseInt(p.tok.text, 10, 32)
		if p.tok.kind != tokInt || err != nil {
			p.want("an index or *")
		}
		s = step{kind: stepIndex, index: int(n)}
		p.next()
	}
	p.expect(tokSymbol, "]", "]")
	return s
}

// network reads an address or a network in CIDR notation.
func network(s string) (netip.Prefix, bool) {
	if n, err := netip.ParsePrefix(s); err == nil {
		return n.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}
