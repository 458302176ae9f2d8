package bundle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
)

// holdingTitle is the first line of a Statement.
const holdingTitle = "twoseas/holding/v1"

// Statement is what the maker of a bundle holds of the shipments that one side
// sent: a digest for each, made of the bytes in its store.
type Statement struct {
	Sender  ident.Side
	Last    int64          // newest shipment on record
	From    int64          // the first that Digests is about
	Digests []ident.Digest // of the shipments From, From+1, …
	Lists   []ItemList     // of those that differed, each item, by shipment
}

// ItemList is the leaf of each item of one shipment; zero for what is not
// held.
type ItemList struct {
	Shipment int64
	Leaves   []ident.Digest
}

// maxLists bounds the lists of a Statement.
const maxLists = 100

// To returns the last shipment that Digests is about.
func (s Statement) To() int64 { return s.From + int64(len(s.Digests)) - 1 }

// List returns the leaves of the items of a shipment, if the statement has
// them.
func (s Statement) List(number int64) ([]ident.Digest, bool) {
	for _, l := range s.Lists {
		if l.Shipment == number {
			return l.Leaves, true
		}
	}
	return nil, false
}

// Text returns the statement as bytes.
func (s Statement) Text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nsender %s\nlast %d\nfrom %d\ncount %d\nlists %d\n", holdingTitle, s.Sender, s.Last, s.From, len(s.Digests), len(s.Lists))
	for _, d := range s.Digests {
		b.WriteString(d.String() + "\n")
	}
	for _, l := range s.Lists {
		fmt.Fprintf(&b, "shipment %d %d\n", l.Shipment, len(l.Leaves))
		for _, d := range l.Leaves {
			b.WriteString(d.String() + "\n")
		}
	}
	return []byte(b.String())
}

// ParseStatement reads a statement strictly, or returns fault.Invalid that
// names the line.
func ParseStatement(text []byte) (Statement, error) {
	l := note.ReadLines("holding", holdingTitle, string(text))
	s := Statement{
		Sender: note.Field(l, "sender", ident.ParseSide),
		Last:   int64(note.Field(l, "last", note.Count(0, maxNumber))),
		From:   int64(note.Field(l, "from", note.Count(1, maxNumber))),
	}
	count := note.Field(l, "count", note.Count(0, MaxEntries))
	lists := note.Field(l, "lists", note.Count(0, maxLists))
	s.Digests = digests(l, count)
	for range lists {
		head := note.Field(l, "shipment", twoNumbers)
		if head[1] > shipment.MaxItems {
			return Statement{}, fault.Errorf(fault.Invalid, "holding: shipment %d with %d items, at most %d", head[0], head[1], shipment.MaxItems)
		}
		s.Lists = append(s.Lists, ItemList{Shipment: head[0], Leaves: digests(l, int(head[1]))})
	}
	if err := l.End(); err != nil {
		return Statement{}, err
	}
	if !slices.IsSortedFunc(s.Lists, func(a, b ItemList) int { return cmp.Compare(a.Shipment, b.Shipment) }) {
		return Statement{}, fault.New(fault.Invalid, "holding: the lists are not in order")
	}
	return s, nil
}

// digests reads n lines of a digest each.
func digests(l *note.Lines, n int) []ident.Digest {
	var out []ident.Digest
	for range n {
		if !l.More() {
			note.Line(l, ident.ParseDigest) // says that the text ends too early
			return nil
		}
		out = append(out, note.Line(l, ident.ParseDigest))
	}
	return out
}
