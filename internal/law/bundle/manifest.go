// Package bundle is what two nodes that meet by file carry between them, as
// bytes: the signed manifest, the inventory under it, the entries, the parts a
// file is split into, and the code that says over the telephone that one has
// arrived (docs/formats/offline.md).
//
// Invariants: every text has one spelling, so parse(print(x)) == x and
// print(parse(t)) == t; a manifest that verifies fixes every byte of every
// entry through its inventory; nothing here reads more than the bounds it
// states. Encryption is the caller's: this package sees plain content.
package bundle

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

// Title is the first line of a manifest.
const Title = "twoseas/bundle/v1"

// Mark names one bundle of one direction; the zero Mark names none.
type Mark struct {
	Number int64
	Link   ident.Digest
}

// Span is the shipments First..Last; the zero Span is none.
type Span struct{ First, Last int64 }

// Count returns how many shipments the span has.
func (s Span) Count() int64 {
	if s.First == 0 {
		return 0
	}
	return s.Last - s.First + 1
}

// Manifest is what the maker of a bundle signs.
type Manifest struct {
	Agreement ident.Agreement
	Domain    ident.Domain
	From, To  ident.Side
	Number    int64 // from 1 per agreement, domain and direction
	// Follows is the bundle this one continues: whoever has imported it, or a
	// later one, misses nothing before this one. It is the bundle before, or
	// an older one when later ones may have been lost.
	Follows Mark
	// Seen is the newest bundle of To that From has imported.
	Seen Mark
	Made time.Time // whole seconds, UTC
	// AgreedOut and AgreedIn are the shipments of From and of To up to which
	// From's last comparison found both sides equal.
	AgreedOut, AgreedIn int64
	Shipments           Span
	Items               int64 // in all shipments
	Entries             int
	Bytes               int64 // of all entries
	Inventory           ident.Digest
}

// Bounds of a bundle.
const (
	// MaxEntries bounds the entries of a bundle.
	MaxEntries = 1 << 18
	// MaxEntry bounds one entry, in bytes.
	MaxEntry = 16 << 20
	maxBytes = 1 << 42
	maxItems = 1 << 40
	// maxNumber bounds what is counted from 1 over the life of a channel.
	maxNumber = 1 << 40
)

// Text returns the text to sign.
func (m Manifest) Text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nagreement %s\ndomain %s\nfrom %s\nto %s\nnumber %d\n", Title, m.Agreement, m.Domain, m.From, m.To, m.Number)
	fmt.Fprintf(&b, "follows %s\nseen %s\nmade %s\nagreed %d %d\n", m.Follows, m.Seen, note.FormatTime(m.Made), m.AgreedOut, m.AgreedIn)
	fmt.Fprintf(&b, "shipments %d %d\nitems %d\nentries %d\nbytes %d\ninventory %s\n",
		m.Shipments.First, m.Shipments.Last, m.Items, m.Entries, m.Bytes, m.Inventory)
	return []byte(b.String())
}

// String returns the mark as a manifest has it.
func (m Mark) String() string { return strconv.FormatInt(m.Number, 10) + " " + m.Link.String() }

// ParseManifest reads a manifest strictly, or returns fault.Invalid that names
// the line.
func ParseManifest(text []byte) (Manifest, error) {
	l := note.ReadLines("bundle", Title, string(text))
	m := Manifest{
		Agreement: note.Field(l, "agreement", ident.ParseAgreement),
		Domain:    note.Field(l, "domain", ident.ParseDomain),
		From:      note.Field(l, "from", ident.ParseSide),
		To:        note.Field(l, "to", ident.ParseSide),
		Number:    int64(note.Field(l, "number", note.Count(1, maxNumber))),
		Follows:   note.Field(l, "follows", parseMark),
		Seen:      note.Field(l, "seen", parseMark),
		Made:      note.Field(l, "made", note.ParseTime),
	}
	agreed := note.Field(l, "agreed", twoNumbers)
	m.AgreedOut, m.AgreedIn = agreed[0], agreed[1]
	m.Shipments = note.Field(l, "shipments", parseSpan)
	m.Items = int64(note.Field(l, "items", note.Count(0, maxItems)))
	m.Entries = note.Field(l, "entries", note.Count(0, MaxEntries))
	m.Bytes = int64(note.Field(l, "bytes", note.Count(0, maxBytes)))
	m.Inventory = note.Field(l, "inventory", ident.ParseDigest)
	if err := l.End(); err != nil {
		return Manifest{}, err
	}
	return m, m.check()
}

func (m Manifest) check() error {
	switch {
	case m.From == m.To:
		return fault.Errorf(fault.Invalid, "bundle: line 5: from %s to itself", m.From)
	case m.Follows.Number >= m.Number:
		return fault.Errorf(fault.Invalid, "bundle: line 7: number %d cannot follow number %d", m.Number, m.Follows.Number)
	case (m.Shipments.First == 0) != (m.Items == 0):
		return fault.Errorf(fault.Invalid, "bundle: line 12: %d items in %d shipments", m.Items, m.Shipments.Count())
	}
	return nil
}

// Sign checks the manifest as a reader will and returns its note, signed by
// the maker of the bundle.
func (m Manifest) Sign(s note.Signer) ([]byte, error) {
	text := m.Text()
	if _, err := ParseManifest(text); err != nil {
		return nil, err
	}
	if s.Side() != m.From {
		return nil, fault.Errorf(fault.Denied, "bundle: from %s, not for %s to sign", m.From, s.Side())
	}
	return s.Sign(text)
}

// Link returns the digest by which later bundles refer to the one with that
// manifest: SHA-256 of the signed text without signatures.
func (m Manifest) Link() ident.Digest { return ident.Sum(m.Text()) }

// Mark returns what names the bundle.
func (m Manifest) Mark() Mark { return Mark{Number: m.Number, Link: m.Link()} }

// openManifest returns the manifest in a note signed by the maker with key and
// nobody else.
func openManifest(msg []byte, key note.Verifier) (Manifest, error) {
	n, err := note.Open(msg, key)
	if err != nil {
		return Manifest{}, err
	}
	m, err := ParseManifest(n.Text)
	if err != nil {
		return Manifest{}, err
	}
	if len(n.Sigs) != 1 || len(n.Cosigs)+len(n.Unknown) != 0 || n.Sigs[0].Side() != m.From {
		return Manifest{}, fault.Errorf(fault.Denied, "bundle: wants the signature of %s and no other", m.From)
	}
	return m, nil
}

func parseMark(s string) (Mark, error) {
	number, link, _ := strings.Cut(s, " ")
	n, err := parseNumber(number)
	if err != nil {
		return Mark{}, err
	}
	d, err := ident.ParseDigest(link)
	if err == nil && (n == 0) != d.IsZero() {
		err = fault.New(fault.Invalid, "number 0 goes with the digest of zeros and with no other")
	}
	return Mark{Number: n, Link: d}, err
}

func parseSpan(s string) (Span, error) {
	n, err := twoNumbers(s)
	if err == nil && ((n[0] == 0) != (n[1] == 0) || n[1] < n[0] || n[1]-n[0] >= MaxEntries) {
		err = fault.Errorf(fault.Invalid, "%.50q: want the first and the last shipment, or 0 0", s)
	}
	return Span{First: n[0], Last: n[1]}, err
}

func twoNumbers(s string) ([2]int64, error) {
	a, b, _ := strings.Cut(s, " ")
	x, err := parseNumber(a)
	if err != nil {
		return [2]int64{}, err
	}
	y, err := parseNumber(b)
	return [2]int64{x, y}, err
}

// parseNumber reads a number as all in this package are: none is larger than
// maxNumber.
func parseNumber(s string) (int64, error) {
	n, err := note.Count(0, maxNumber)(s)
	return int64(n), err
}
