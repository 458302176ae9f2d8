package bundle

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Kind is what an entry is.
type Kind string

// The kinds, in the order in which entries stand and are applied.
const (
	Key        Kind = "key"        // signed note about the maker's keys
	Signature  Kind = "signature"  // the maker's signature of an agreement
	Receipt    Kind = "receipt"    // of the reader's shipment of that number
	Shipment   Kind = "shipment"   // note of the maker's shipment of that number
	Body       Kind = "body"       // and its compressed lines, right after it
	Checkpoint Kind = "checkpoint" // the maker asks for a cosignature (tlog-witness)
	Cosigned   Kind = "cosigned"   // newest checkpoint of the reader that the maker cosigned
	Holding    Kind = "holding"    // what the maker holds, a side's shipments each
)

// rank orders kinds; a shipment and its body stand together.
var rank = map[Kind]int{Key: 1, Signature: 2, Receipt: 3, Shipment: 4, Body: 4, Checkpoint: 5, Cosigned: 6, Holding: 7}

// single bounds the entries of kinds of which there are few.
var single = map[Kind]int64{Key: 1000, Signature: 1000, Checkpoint: 1, Cosigned: 1, Holding: 2}

// Entry is one thing in a bundle.
type Entry struct {
	Kind   Kind
	Number int64 // of the shipment; counted from 1 for the other kinds
	Size   int64
	Digest ident.Digest
}

// NewEntry returns the entry that content makes.
func NewEntry(k Kind, number int64, content []byte) Entry {
	return Entry{Kind: k, Number: number, Size: int64(len(content)), Digest: ident.Sum(content)}
}

// Inventory returns the lines that list the entries of a bundle.
func Inventory(entries []Entry) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		fmt.Fprintf(&b, "%s %d %d %s\n", e.Kind, e.Number, e.Size, e.Digest)
	}
	return b.Bytes()
}

// ParseInventory reads the lines strictly, or returns fault.Invalid that names
// one.
func ParseInventory(text []byte) ([]Entry, error) {
	if bytes.Count(text, []byte("\n")) > MaxEntries {
		return nil, fault.Errorf(fault.TooLarge, "bundle: more than %d entries", MaxEntries)
	}
	var out []Entry
	for line := range strings.Lines(string(text)) {
		e, err := parseEntry(line)
		if err == nil && !follows(out, e) {
			err = fault.Errorf(fault.Invalid, "%s %d is not in its place", e.Kind, e.Number)
		}
		if err != nil {
			return nil, fault.Errorf(fault.Invalid, "bundle: entry %d: %w", len(out)+1, err)
		}
		out = append(out, e)
	}
	if n := len(out); n > 0 && out[n-1].Kind == Shipment {
		return nil, fault.Errorf(fault.Invalid, "bundle: entry %d: a shipment without its body", n)
	}
	return out, nil
}

func parseEntry(line string) (Entry, error) {
	f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
	if len(f) != 4 || !strings.HasSuffix(line, "\n") || rank[Kind(f[0])] == 0 {
		return Entry{}, fault.New(fault.Invalid, "want a kind, a number, a size and a digest")
	}
	n, err := parseNumber(f[1])
	if err != nil || n == 0 {
		return Entry{}, fault.Errorf(fault.Invalid, "number %.30s: want one from 1 to %d", strconv.Quote(f[1]), maxNumber)
	}
	size, err := parseNumber(f[2])
	if err != nil || size > MaxEntry {
		return Entry{}, fault.Errorf(fault.Invalid, "size %.30s: want one up to %d", strconv.Quote(f[2]), MaxEntry)
	}
	d, err := ident.ParseDigest(f[3])
	return Entry{Kind: Kind(f[0]), Number: n, Size: size, Digest: d}, err
}

// follows reports whether e may stand after the entries before it.
func follows(before []Entry, e Entry) bool {
	if most, ok := single[e.Kind]; ok && e.Number > most {
		return false
	}
	if len(before) == 0 {
		return e.Kind != Body
	}
	last := before[len(before)-1]
	switch {
	case last.Kind == Shipment || e.Kind == Body:
		return last.Kind == Shipment && e.Kind == Body && last.Number == e.Number
	case rank[last.Kind] == rank[e.Kind]:
		return e.Number > last.Number
	}
	return rank[last.Kind] < rank[e.Kind]
}

// fits holds the entries to what the manifest says of them.
func (m Manifest) fits(entries []Entry) error {
	var size int64
	var span Span
	for _, e := range entries {
		size += e.Size
		if e.Kind != Shipment {
			continue
		}
		if span.First == 0 {
			span.First = e.Number
		}
		span.Last = e.Number
	}
	if len(entries) != m.Entries || size != m.Bytes || span != m.Shipments {
		return fault.Errorf(fault.Invalid, "bundle: %d entries of %d bytes with the shipments %d to %d; the manifest says %d, %d, %d to %d",
			len(entries), size, span.First, span.Last, m.Entries, m.Bytes, m.Shipments.First, m.Shipments.Last)
	}
	return nil
}

// Complete fills what the manifest says of its entries.
func (m Manifest) Complete(entries []Entry) Manifest {
	m.Entries, m.Bytes, m.Shipments, m.Inventory = len(entries), 0, Span{}, ident.Sum(Inventory(entries))
	for _, e := range entries {
		m.Bytes += e.Size
		if e.Kind != Shipment {
			continue
		}
		if m.Shipments.First == 0 {
			m.Shipments.First = e.Number
		}
		m.Shipments.Last = e.Number
	}
	return m
}
