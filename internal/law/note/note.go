// Package note signs and opens C2SP signed notes (https://c2sp.org/signed-note)
// with Ed25519, and the cosignatures of https://c2sp.org/tlog-cosignature.
// Every signature in Twoseas is one of these.
//
// Invariants: a key is named after its side; a note has one spelling (base64
// is canonical, no key signs twice), so two notes that open to the same text
// and signers are the same bytes up to the order of their signature lines; a
// plain signature is never made over a text that could pass for a cosignature.
//
// It imports the standard library only: the auditor's tool links it.
package note

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/fault"
)

const (
	// MaxSize bounds a note: it must fit an entry bundle of
	// https://c2sp.org/tlog-tiles, whose lengths are 16 bits.
	MaxSize = 1<<16 - 1

	// MaxSignatures bounds the signature lines of a note; signed-note asks
	// for at least 16.
	MaxSignatures = 16
)

const linePrefix = "— " // U+2014 and a space, signed-note "Format"

// Note is an opened note: its text, and who signed it.
type Note struct {
	Text    []byte        // with its final newline
	Sigs    []Verifier    // the known keys that signed, in the note's order
	Cosigs  []Cosignature // the known keys that cosigned, in the note's order
	Unknown []string      // "name id" of the signature lines by keys not known
}

// Cosignature says that a key cosigned a checkpoint, and when it says it did.
type Cosignature struct {
	By Verifier
	At time.Time
}

// SignedBy reports whether v is among the note's signers.
func (n Note) SignedBy(v Verifier) bool { return slices.Contains(n.Sigs, v) }

// line is one signature line, decoded.
type line struct {
	name string
	id   uint32
	sig  []byte // what follows the key id
}

// Sign returns the note of text signed by every signer, in that order. The
// text must end in a newline; fault.Invalid says what else it must not have.
func Sign(text []byte, signers ...Signer) ([]byte, error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	if len(signers) == 0 {
		return nil, fault.New(fault.Invalid, "note: nobody to sign it")
	}
	msg := append(bytes.Clone(text), '\n')
	for _, s := range signers {
		msg = appendLine(msg, s.verifier.side, s.verifier.id, ed25519.Sign(s.key, text))
	}
	if _, _, err := split(msg); err != nil {
		return nil, err
	}
	return msg, nil
}

// Open returns the note in msg if at least one of the verifiers signed it. A
// known key whose signature does not hold refuses the whole note; signatures
// by other keys are listed and otherwise ignored. A note none of the
// verifiers signed is fault.Denied, a malformed one fault.Invalid.
func Open(msg []byte, verifiers ...Verifier) (Note, error) {
	text, lines, err := split(msg)
	if err != nil {
		return Note{}, err
	}
	n := Note{Text: text}
	for _, l := range lines {
		if err := n.check(l, verifiers); err != nil {
			return Note{}, err
		}
	}
	if len(n.Sigs) == 0 {
		return Note{}, fault.Errorf(fault.Denied, "note: none of the known keys signed it; its signatures are by %s", names(lines))
	}
	return n, nil
}

// Text returns the text of a well-formed note without looking at its
// signatures. It proves nothing.
func Text(msg []byte) ([]byte, error) {
	text, _, err := split(msg)
	return text, err
}

// check files one signature line under what it proves.
func (n *Note) check(l line, verifiers []Verifier) error {
	for _, v := range verifiers {
		switch {
		case l.name != v.side:
		case l.id == v.id:
			if !ed25519.Verify(v.key[:], n.Text, l.sig) {
				return fault.Errorf(fault.Denied, "note: the signature by %s (%08x) does not fit the text", l.name, l.id)
			}
			n.Sigs = append(n.Sigs, v)
			return nil
		case l.id == v.cosigID:
			at, ok := v.cosigned(n.Text, l.sig)
			if !ok {
				return fault.Errorf(fault.Denied, "note: the cosignature by %s (%08x) does not fit the text", l.name, l.id)
			}
			n.Cosigs = append(n.Cosigs, Cosignature{By: v, At: at})
			return nil
		}
	}
	n.Unknown = append(n.Unknown, l.String())
	return nil
}

// split takes a note apart at its last empty line and decodes the signature
// lines strictly.
func split(msg []byte) ([]byte, []line, error) {
	if len(msg) > MaxSize {
		return nil, nil, fault.Errorf(fault.TooLarge, "note: %d bytes, at most %d", len(msg), MaxSize)
	}
	at := bytes.LastIndex(msg, []byte("\n\n"))
	if at < 0 || msg[len(msg)-1] != '\n' || at+2 == len(msg) {
		return nil, nil, fault.New(fault.Invalid, "note: want a text, an empty line and signature lines")
	}
	text := msg[: at+1 : at+1]
	if err := checkText(text); err != nil {
		return nil, nil, err
	}
	var lines []line
	for s := range strings.Lines(string(msg[at+2:])) {
		l, err := parseLine(s)
		if err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(lines, func(m line) bool { return m.name == l.name && m.id == l.id }) {
			return nil, nil, fault.Errorf(fault.Invalid, "note: %s signs twice", l)
		}
		if lines = append(lines, l); len(lines) > MaxSignatures {
			return nil, nil, fault.Errorf(fault.Invalid, "note: more than %d signatures", MaxSignatures)
		}
	}
	return text, lines, nil
}

// parseLine reads one signature line with its newline.
func parseLine(s string) (line, error) {
	name, b64, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(s, linePrefix), "\n"), " ")
	if !ok || !strings.HasPrefix(s, linePrefix) || !strings.HasSuffix(s, "\n") || !validName(name) {
		return line{}, fault.Errorf(fault.Invalid, "note: signature line %.40q: want an em dash, a key name and base64", s)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(b64)
	if err != nil || len(raw) < 5 || strings.ContainsAny(b64, "\r\n") {
		return line{}, fault.Errorf(fault.Invalid, "note: the signature of %.40s is not base64 of a key id and a signature", name)
	}
	return line{name: name, id: binary.BigEndian.Uint32(raw), sig: raw[4:]}, nil
}

// String names the key of a line as people and vkeys do.
func (l line) String() string { return keyName(l.name, l.id) }

func appendLine(dst []byte, name string, id uint32, sig []byte) []byte {
	blob := binary.BigEndian.AppendUint32(nil, id)
	dst = append(dst, linePrefix+name+" "...)
	dst = base64.StdEncoding.AppendEncode(dst, append(blob, sig...))
	return append(dst, '\n')
}

// checkText refuses what signed-note refuses in a text, and a text that
// starts like a cosigned message, which would let one kind of signature pass
// for the other (tlog-cosignature: the header line separates the two).
func checkText(text []byte) error {
	if len(text) == 0 || text[len(text)-1] != '\n' {
		return fault.New(fault.Invalid, "note: the text does not end in a newline")
	}
	if len(text) > MaxSize {
		return fault.Errorf(fault.TooLarge, "note: a text of %d bytes, at most %d", len(text), MaxSize)
	}
	if bytes.HasPrefix(text, []byte(cosigHeader)) {
		return fault.New(fault.Invalid, "note: the text starts like a cosignature")
	}
	if !utf8.Valid(text) {
		return fault.New(fault.Invalid, "note: the text is not UTF-8")
	}
	if i := bytes.IndexFunc(text, func(r rune) bool { return r < 0x20 && r != '\n' }); i >= 0 {
		return fault.Errorf(fault.Invalid, "note: control character at byte %d", i)
	}
	return nil
}

// validName holds a key name to signed-note: no Unicode spaces, no plus.
func validName(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r == '+' || r < 0x20 || unicode.IsSpace(r)
	})
}

func names(lines []line) string {
	s := make([]string, len(lines))
	for i, l := range lines {
		s[i] = l.String()
	}
	return strings.Join(s, ", ")
}
