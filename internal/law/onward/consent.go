// Package onward is what sides say to each other about passing on what is
// another's: the signed answer of an originator, and the evidence that goes
// with an object to a third side (docs/formats/onward.md).
//
// Invariants: a consent names the exact items, by the leaves of the shipment
// they came in, one audience, and who may pass them on; of several answers the
// strictest holds; what is not said is no.
package onward

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
)

// ConsentTitle is the first line of an originator's answer.
const ConsentTitle = "twoseas/onward/v1"

// MaxItems bounds the items of one request.
const MaxItems = 500

// Word is an originator's answer in a word.
type Word string

// The answers, from closed to open.
const (
	No       Word = "no"
	Redacted Word = "redacted" // yes, if what it names is taken out
	Yes      Word = "yes"
)

var openness = []Word{No, Redacted, Yes}

// ParseWord returns s as a Word, or fault.Invalid.
func ParseWord(s string) (Word, error) {
	if !slices.Contains(openness, Word(s)) {
		return No, fault.Errorf(fault.Invalid, "answer %.20q: want yes, redacted or no", s)
	}
	return Word(s), nil
}

// Answer is what one originator, or all in a chain, say. The zero Answer is no
// answer at all.
type Answer struct {
	Word   Word
	Redact []string  // for Redacted: names of marking.Redaction, sorted
	Until  time.Time // the end of the consent; zero is without an end
}

// Check refuses an answer that does not mean what a reader would think.
func (a Answer) Check() error {
	if _, err := ParseWord(string(a.Word)); err != nil {
		return err
	}
	if (a.Word == Redacted) != (len(a.Redact) > 0) {
		return fault.New(fault.Invalid, "name what is to be taken out with the answer redacted, and with no other")
	}
	for _, r := range a.Redact {
		if _, ok := marking.RedactionOf(r); !ok {
			return fault.Errorf(fault.Invalid, "redaction %.40q is not known", r)
		}
	}
	if a.Word == No && !a.Until.IsZero() {
		return fault.New(fault.Invalid, "a refusal has no end")
	}
	return nil
}

// Combine returns what several originators say together: the strictest.
func Combine(a, b Answer) Answer {
	out := Answer{Word: openness[min(slices.Index(openness, a.Word), slices.Index(openness, b.Word))], Until: a.Until}
	if out.Word == No {
		return Answer{Word: No}
	}
	out.Redact = slices.Concat(a.Redact, b.Redact)
	slices.Sort(out.Redact)
	out.Redact = slices.Compact(out.Redact)
	if a.Until.IsZero() || !b.Until.IsZero() && b.Until.Before(a.Until) {
		out.Until = b.Until
	}
	return out
}

// Consent is an answer as its originator signs it.
type Consent struct {
	Agreement ident.Agreement
	Domain    ident.Domain
	From, To  ident.Side // who answers, and who asked
	Request   string     // id of the request
	Audience  ident.Side
	Answer
	At     time.Time
	Leaves []ident.Digest // of the shipment from From to To that each item came in
}

// Text returns the text to sign.
func (c Consent) Text() []byte {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + " " + value + "\n") }
	b.WriteString(ConsentTitle + "\n")
	line("agreement", string(c.Agreement))
	line("domain", c.Domain.String())
	line("from", string(c.From))
	line("to", string(c.To))
	line("request", c.Request)
	line("audience", string(c.Audience))
	line("answer", string(c.Word))
	line("redact", dash(strings.Join(c.Redact, ",")))
	until := "-"
	if !c.Until.IsZero() {
		until = note.FormatTime(c.Until)
	}
	line("until", until)
	line("at", note.FormatTime(c.At))
	line("items", strconv.Itoa(len(c.Leaves)))
	for _, l := range c.Leaves {
		b.WriteString(l.String() + "\n")
	}
	return []byte(b.String())
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// ParseConsent reads the text strictly, or returns fault.Invalid that names
// the line.
func ParseConsent(text []byte) (Consent, error) {
	l := note.ReadLines("onward answer", ConsentTitle, string(text))
	c := Consent{
		Agreement: note.Field(l, "agreement", ident.ParseAgreement),
		Domain:    note.Field(l, "domain", ident.ParseDomain),
		From:      note.Field(l, "from", ident.ParseSide),
		To:        note.Field(l, "to", ident.ParseSide),
		Request:   l.Value("request"),
		Audience:  note.Field(l, "audience", ident.ParseSide),
		Answer: Answer{
			Word:   note.Field(l, "answer", ParseWord),
			Redact: note.Field(l, "redact", parseRedact),
			Until:  note.Field(l, "until", parseUntil),
		},
		At: note.Field(l, "at", note.ParseTime),
	}
	for range note.Field(l, "items", note.Count(1, MaxItems)) {
		c.Leaves = append(c.Leaves, note.Line(l, ident.ParseDigest))
	}
	if err := l.End(); err != nil {
		return Consent{}, err
	}
	return c, c.Check()
}

func parseRedact(s string) ([]string, error) {
	if s == "-" {
		return nil, nil
	}
	list := strings.Split(s, ",")
	if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		return nil, fault.New(fault.Invalid, "want each redaction once and in order")
	}
	return list, nil
}

func parseUntil(s string) (time.Time, error) {
	if s == "-" {
		return time.Time{}, nil
	}
	return note.ParseTime(s)
}

// Open returns the consent in msg if the side it is from signed it with one of
// keys.
func Open(msg []byte, keys ...note.Verifier) (Consent, error) {
	c, err := Claimed(msg)
	if err != nil {
		return Consent{}, err
	}
	n, err := note.Open(msg, keys...)
	if err != nil {
		return Consent{}, err
	}
	if !slices.ContainsFunc(n.Sigs, func(v note.Verifier) bool { return v.Side() == c.From }) {
		return Consent{}, fault.Errorf(fault.Denied, "onward answer: %s did not sign it", c.From)
	}
	return c, nil
}

// Claimed reads what a consent says, unproved.
func Claimed(msg []byte) (Consent, error) {
	text, err := note.Text(msg)
	if err != nil {
		return Consent{}, err
	}
	return ParseConsent(text)
}

// Covers reports whether c lets an item go on to a side at a time.
func (c Consent) Covers(leaf ident.Digest, to ident.Side, now time.Time) bool {
	return c.Word != No && c.Audience == to && slices.Contains(c.Leaves, leaf) && (c.Until.IsZero() || now.Before(c.Until))
}
