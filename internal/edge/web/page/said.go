package page

import (
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/gate"
)

// say is the catalogue of the reader as the gate asks for it. Arguments that an
// act has said in English, such as why an agreement rests, are translated too.
func (q *Request) say(key string, args ...string) string {
	out := make([]any, len(args))
	for i, a := range args {
		out[i], _ = q.Said(a)
	}
	return q.T(key, out...)
}

// Decision says a decision of the gate in the reader's language.
func (q *Request) Decision(d gate.Decision) string { return d.In(q.say) }

// Denial says why a row of a decision denies, "" when it does not.
func (q *Request) Denial(m gate.Match) string {
	if m.Effect.Outcome != gate.Deny {
		return ""
	}
	return m.Reason(q.say)
}

// Wrong is what an act found wrong with what was typed into a field.
func (q *Request) Wrong(field string, err error) Problem { return q.Problem(field, fault.Message(err)) }

// Problem is Wrong with what the act said, in its words.
func (q *Request) Problem(field, english string) Problem {
	text, own := q.Said(english)
	return Problem{Field: field, Text: text, English: !own}
}

// Phrase says a reason of the gate in the reader's language.
func (q *Request) Phrase(p gate.Phrase) string { return p.In(q.say) }

// ActWord is the key of the catalogue under which the name of an act is said.
func ActWord(act string) string { return "act." + strings.ReplaceAll(act, " ", "-") }

// ActName is the name of an act of the home log in the reader's language; one
// that is not known keeps its name.
func (q *Request) ActName(act string) string {
	if key := ActWord(act); q.Has(key) {
		return q.T(key)
	}
	return act
}
