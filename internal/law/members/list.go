// Package members is the numbered, signed lists that say who belongs to the
// audience of a caveat on one side (docs/formats/members.md, ADR 0024).
//
// Invariants: lists of a side and compartment are numbered from 1 without a
// gap, and each names the one before; a list is what its side says and nobody
// else's word.
package members

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

// Title is the first line of a list.
const Title = "twoseas/members/v1"

// Max bounds the members of a list.
const Max = 500

// List is who belongs to a compartment on one side.
type List struct {
	Agreement   ident.Agreement
	Domain      ident.Domain
	Side        ident.Side
	Compartment string // code of a caveat with an audience of its own
	Number      int64
	Previous    ident.Digest // of the text of the list before; zero for the first
	At          time.Time
	Members     []string // sorted; ids of organisations
}

// Compartments returns the codes that lists are kept of.
func Compartments() []string {
	return slices.DeleteFunc(marking.CaveatCodes(), func(code string) bool {
		c, _ := marking.CaveatOf(code)
		return !c.Audience
	})
}

// Text returns the text to sign.
func (l List) Text() []byte {
	previous := "-"
	if l.Previous != (ident.Digest{}) {
		previous = l.Previous.String()
	}
	out := Title +
		"\nagreement " + string(l.Agreement) +
		"\ndomain " + l.Domain.String() +
		"\nside " + string(l.Side) +
		"\ncompartment " + l.Compartment +
		"\nnumber " + strconv.FormatInt(l.Number, 10) +
		"\nprevious " + previous +
		"\nat " + note.FormatTime(l.At) +
		"\nmembers " + strconv.Itoa(len(l.Members)) + "\n"
	text := []byte(out)
	for _, m := range l.Members {
		text = append(append(text, m...), '\n')
	}
	return text
}

// Parse reads the text strictly, or returns fault.Invalid that names the line.
func Parse(text []byte) (List, error) {
	l := note.ReadLines("list of members", Title, string(text))
	out := List{
		Agreement:   note.Field(l, "agreement", ident.ParseAgreement),
		Domain:      note.Field(l, "domain", ident.ParseDomain),
		Side:        note.Field(l, "side", ident.ParseSide),
		Compartment: note.Field(l, "compartment", ParseCompartment),
		Number:      note.Field(l, "number", number),
		Previous:    note.Field(l, "previous", previous),
		At:          note.Field(l, "at", note.ParseTime),
	}
	for range note.Field(l, "members", note.Count(0, Max)) {
		out.Members = append(out.Members, note.Line(l, ParseMember))
	}
	if err := l.End(); err != nil {
		return List{}, err
	}
	if !slices.IsSorted(out.Members) || len(slices.Compact(slices.Clone(out.Members))) != len(out.Members) {
		return List{}, fault.New(fault.Invalid, "list of members: want each once and in order")
	}
	if (out.Number == 1) != (out.Previous == ident.Digest{}) {
		return List{}, fault.New(fault.Invalid, "list of members: every list but the first names the one before")
	}
	return out, nil
}

// ParseCompartment returns s if lists are kept of it, or fault.Invalid.
func ParseCompartment(s string) (string, error) {
	if !slices.Contains(Compartments(), s) {
		return "", fault.Errorf(fault.Invalid, "compartment %.40q: want one of %s", s, strings.Join(Compartments(), ", "))
	}
	return s, nil
}

// ParseMember returns s if it can name an organisation, or fault.Invalid.
func ParseMember(s string) (string, error) {
	_, err := ident.ParseSide(s) // the same letters
	if err != nil {
		err = fault.Errorf(fault.Invalid, "member %.40q: want 1 to 64 lower-case letters, digits and inner hyphens", s)
	}
	return s, err
}

func number(s string) (int64, error) {
	n, err := note.Decimal(s)
	if err != nil || n == 0 || n > 1<<40 {
		return 0, fault.Errorf(fault.Invalid, "%.30q: want a number from 1", s)
	}
	return int64(n), nil
}

func previous(s string) (ident.Digest, error) {
	if s == "-" {
		return ident.Digest{}, nil
	}
	return ident.ParseDigest(s)
}

// Follows refuses a list that is not the next after before; nil is none.
func (l List) Follows(before *List) error {
	want := List{Number: 1}
	if before != nil {
		want.Number, want.Previous = before.Number+1, ident.Sum(before.Text())
	}
	switch {
	case l.Number != want.Number:
		return fault.Errorf(fault.Conflict, "list %d of %s does not follow on list %d", l.Number, l.Compartment, want.Number-1)
	case l.Previous != want.Previous:
		return fault.Errorf(fault.Conflict, "list %d of %s names another list before it than the one known here", l.Number, l.Compartment)
	case before != nil && l.At.Before(before.At):
		return fault.Errorf(fault.Conflict, "list %d of %s is older than the one before it", l.Number, l.Compartment)
	}
	return nil
}

// Changes returns who joined and who left between two lists.
func Changes(before, after []string) (joined, left []string) {
	for _, m := range after {
		if !slices.Contains(before, m) {
			joined = append(joined, m)
		}
	}
	for _, m := range before {
		if !slices.Contains(after, m) {
			left = append(left, m)
		}
	}
	return joined, left
}

// Open returns the list in msg if its side signed it with one of keys.
func Open(msg []byte, keys ...note.Verifier) (List, error) {
	l, err := Claimed(msg)
	if err != nil {
		return List{}, err
	}
	n, err := note.Open(msg, keys...)
	if err != nil {
		return List{}, err
	}
	if !slices.ContainsFunc(n.Sigs, func(v note.Verifier) bool { return v.Side() == l.Side }) {
		return List{}, fault.Errorf(fault.Denied, "list of members: %s did not sign it", l.Side)
	}
	return l, nil
}

// Claimed reads a list without a look at its signatures.
func Claimed(msg []byte) (List, error) {
	text, err := note.Text(msg)
	if err != nil {
		return List{}, err
	}
	return Parse(text)
}
