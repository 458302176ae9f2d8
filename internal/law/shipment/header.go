// Package shipment holds what crosses between two nodes as bytes: the
// shipment, its items, the receipt, and the chain that makes a gap, a replay
// and a fork visible (docs/formats/shipment.md, docs/formats/receipt.md).
//
// Invariants: every text has one spelling, so parse(print(x)) == x and
// print(parse(t)) == t; a header that verifies fixes every byte of the body
// through its root; nothing here reads more than MaxItems items or MaxBody
// bytes.
//
// It imports the standard library, note and merkle only: the auditor's tool
// links it.
package shipment

import (
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

const (
	// MaxItems bounds the items of a shipment.
	MaxItems = 1000
	// MaxBody bounds a shipment's body, uncompressed, in bytes.
	MaxBody = 8 << 20
)

// Title is the first line of a shipment's text.
const Title = "twoseas/shipment/v1"

// Header is what the originator signs of a shipment.
type Header struct {
	Agreement     ident.Agreement
	AgreementHash ident.Digest // of the version of the agreement it rests on
	Domain        ident.Domain
	From, To      ident.Side
	Number        uint64       // from 1, without gaps per agreement, domain and direction
	Previous      ident.Digest // Link of the shipment before; zero for number 1
	Items         int          // 1 to MaxItems
	Root          ident.Digest // merkle.Root over the items' leaves
}

// Text returns the text to sign.
func (h Header) Text() []byte {
	var b strings.Builder
	b.WriteString(Title)
	b.WriteString("\nagreement " + string(h.Agreement) + " " + h.AgreementHash.String())
	b.WriteString("\ndomain " + h.Domain.String())
	b.WriteString("\nfrom " + string(h.From))
	b.WriteString("\nto " + string(h.To))
	b.WriteString("\nnumber " + strconv.FormatUint(h.Number, 10))
	b.WriteString("\nprevious " + h.Previous.String())
	b.WriteString("\nitems " + strconv.Itoa(h.Items))
	b.WriteString("\nroot " + h.Root.String() + "\n")
	return []byte(b.String())
}

// ParseHeader reads a shipment's text strictly, or returns fault.Invalid that
// names the line.
func ParseHeader(text []byte) (Header, error) {
	l := note.ReadLines("shipment", Title, string(text))
	agreement := note.Field(l, "agreement", parseAgreement)
	h := Header{
		Agreement:     agreement.name,
		AgreementHash: agreement.hash,
		Domain:        note.Field(l, "domain", ident.ParseDomain),
		From:          note.Field(l, "from", ident.ParseSide),
		To:            note.Field(l, "to", ident.ParseSide),
		Number:        note.Field(l, "number", parseNumber),
		Previous:      note.Field(l, "previous", ident.ParseDigest),
		Items:         note.Field(l, "items", note.Count(1, MaxItems)),
		Root:          note.Field(l, "root", ident.ParseDigest),
	}
	if err := l.End(); err != nil {
		return Header{}, err
	}
	if h.From == h.To {
		return Header{}, fault.Errorf(fault.Invalid, "shipment: line 5: from %s to itself", h.From)
	}
	if (h.Number == 1) != h.Previous.IsZero() {
		return Header{}, fault.New(fault.Invalid, "shipment: line 7: previous is zero for number 1 and for no other")
	}
	return h, nil
}

// Sign checks the header as a reader will and returns its note, signed by the
// originator.
func (h Header) Sign(s note.Signer) ([]byte, error) {
	text := h.Text()
	if _, err := ParseHeader(text); err != nil {
		return nil, err
	}
	if s.Side() != h.From {
		return nil, fault.Errorf(fault.Denied, "shipment: from %s, not for %s to sign", h.From, s.Side())
	}
	return s.Sign(text)
}

// Open returns the header of a shipment's note, its link, and the key that
// signed it, which must be one of keys and the originator's. Signatures by
// anyone else are refused.
func Open(msg []byte, keys ...note.Verifier) (Header, ident.Digest, note.Verifier, error) {
	n, err := note.Open(msg, keys...)
	if err != nil {
		return Header{}, ident.Digest{}, note.Verifier{}, err
	}
	h, err := ParseHeader(n.Text)
	if err != nil {
		return Header{}, ident.Digest{}, note.Verifier{}, err
	}
	by, err := soleSigner(n, h.From)
	if err != nil {
		return Header{}, ident.Digest{}, note.Verifier{}, fault.Errorf(fault.Denied, "shipment %d: %w", h.Number, err)
	}
	return h, Link(n.Text), by, nil
}

// Link returns the digest by which the next shipment and the receipt refer to
// the shipment of that text: SHA-256 of the signed text without signatures.
func Link(text []byte) ident.Digest { return ident.Sum(text) }

// soleSigner wants exactly one signature, by a key of side.
func soleSigner(n note.Note, side ident.Side) (note.Verifier, error) {
	if len(n.Sigs) != 1 || len(n.Cosigs)+len(n.Unknown) != 0 || n.Sigs[0].Side() != side {
		return note.Verifier{}, fault.Errorf(fault.Denied, "wants the signature of %s and no other", side)
	}
	return n.Sigs[0], nil
}

type agreementLine struct {
	name ident.Agreement
	hash ident.Digest
}

func parseAgreement(s string) (agreementLine, error) {
	name, hash, _ := strings.Cut(s, " ")
	a, err := ident.ParseAgreement(name)
	if err != nil {
		return agreementLine{}, err
	}
	d, err := ident.ParseDigest(hash)
	return agreementLine{a, d}, err
}

func parseNumber(s string) (uint64, error) {
	n, err := note.Decimal(s)
	if err == nil && n == 0 {
		err = fault.New(fault.Invalid, "counts from 1")
	}
	return n, err
}
