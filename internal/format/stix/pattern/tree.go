package pattern

import "time"

// obsExpr is an observation expression (§9.5). A bracketed test has test;
// the joined ones have two args or more; a group has one and stands for
// parentheses that separate two lists of qualifiers.
type obsExpr struct {
	kind       obsKind
	test       *cmpExpr
	args       []*obsExpr
	qualifiers []qualifier
}

type obsKind uint8

// The kinds up to obsAnd are in the order of precedence, weakest first, as in
// the grammar of STIX 2.1.
const (
	obsFollowedBy obsKind = iota
	obsOr
	obsAnd
	obsTest
	obsGroup
)

var obsWords = [...]string{obsFollowedBy: "FOLLOWEDBY", obsOr: "OR", obsAnd: "AND"}

// qualifier is an observation expression qualifier (§9.5.1).
type qualifier struct {
	kind        qualifierKind
	count       int    // REPEATS
	seconds     string // WITHIN, as written
	window      int64  // WITHIN, in microseconds, at least 1
	start, stop constant
}

type qualifierKind uint8

const (
	within qualifierKind = iota
	repeats
	startStop
)

var qualifierWords = [...]string{within: "WITHIN", repeats: "REPEATS", startStop: "START"}

// cmpExpr is a comparison expression (§9.6): one comparison, or several
// joined.
type cmpExpr struct {
	kind cmpKind
	test comparison
	args []*cmpExpr
}

type cmpKind uint8

// In the order of precedence, weakest first.
const (
	cmpOr cmpKind = iota
	cmpAnd
	cmpTest
)

var cmpWords = [...]string{cmpOr: "OR", cmpAnd: "AND"}

// comparison is one property test. IN has any number of values, EXISTS none,
// every other operator one.
type comparison struct {
	objectType string
	path       []step
	op         operator
	not        bool
	values     []constant
}

type operator uint8

const (
	opEqual operator = iota
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opIn
	opLike
	opMatches
	opIsSubset
	opIsSuperset
	opExists
)

var opWords = [...]string{"=", "!=", "<", "<=", ">", ">=", "IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET", "EXISTS"}

func (o operator) String() string { return opWords[o] }

// step is one step of an object path (§9.7): a property, or an element of a
// list.
type step struct {
	kind  stepKind
	name  string // stepName
	index int    // stepIndex
}

type stepKind uint8

const (
	stepName stepKind = iota
	stepIndex
	stepAny // [*]
)

// constant is a literal (§9.2).
type constant struct {
	kind  constKind
	text  string    // a string's value; otherwise the literal without prefix and quotes
	num   float64   // constInt, constFloat
	time  time.Time // constTime
	bytes string    // constHex, constBinary: decoded
}

type constKind uint8

const (
	constString constKind = iota
	constInt
	constFloat
	constBool
	constTime
	constHex
	constBinary
)

// each calls f with every comparison below e, in the order of the source.
func (e *obsExpr) each(f func(*comparison)) {
	if e == nil {
		return
	}
	if e.test != nil {
		e.test.each(f)
	}
	for _, a := range e.args {
		a.each(f)
	}
}

func (e *cmpExpr) each(f func(*comparison)) {
	if e.kind == cmpTest {
		f(&e.test)
	}
	for _, a := range e.args {
		a.each(f)
	}
}
