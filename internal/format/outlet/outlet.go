// Package outlet writes what tools outside take in: lists of values to look
// for or to block, Suricata rules, response policy zones, tables, Atom and JSON
// Feed.
//
// Invariants: what an object says never changes the form of a document: a value
// that a form cannot say is left out, and whatever people wrote is data there; a
// document made twice of the same entries has the same bytes; each says what it
// is, the strictest marking that may be in it, and how much of what its reader
// may see it holds.
package outlet

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"twoseas/internal/format/ioc"
)

// Head is what a document says of itself.
type Head struct {
	Title      string // of the collection
	Collection string // its id
	What       string // "IPv4 addresses of indicators", "Suricata rules"
	URL        string // where it is asked for; "" when that is not known
	Marking    string // TLP:AMBER: nothing in it is marked stricter
	Updated    time.Time
	Count      int      // entries
	Left       int      // values that this form cannot say
	Notes      []string // further lines
	Serial     uint32   // of a zone
}

// Block is one value to look for or to block, and why.
type Block struct {
	ioc.Value
	ID  string // of the indicator
	TLP string // TLP:GREEN, "" for none
	PAP string // PAP:GREEN, "" for none
	// Confidence is of that indicator, 0 when it says none; Sources is how many
	// indicators that the reader may see name the value.
	Confidence, Sources int
}

// Form is a way to write blocks. Begin writes what stands before the entries
// and End what stands behind them. Entry appends one entry, or nothing when
// the form cannot say it; it is called for each value once.
type Form interface {
	Type() string // media type
	Begin(h Head) []byte
	Entry(dst []byte, b Block) []byte
	End() []byte
}

// lines returns what every text says of itself, one line each.
func (h Head) lines() []string {
	out := []string{
		h.What + ": " + h.Title,
		"Collection: " + h.Collection,
		"Marking: nothing in here is stricter than " + h.Marking + "; handle the whole as " + h.Marking,
	}
	if !h.Updated.IsZero() {
		out = append(out, "Updated: "+h.Updated.UTC().Format(time.RFC3339))
	}
	out = append(out, "Entries: "+strconv.Itoa(h.Count)+" of what you may read")
	if h.Left > 0 {
		out = append(out, "Left out, since this form cannot say them: "+strconv.Itoa(h.Left))
	}
	return append(out, h.Notes...)
}

// comments writes the lines of h behind a mark.
func comments(mark string, h Head) []byte {
	var b []byte
	for _, l := range h.lines() {
		b = append(b, mark...)
		b = append(b, ' ')
		b = append(b, oneLine(l)...)
		b = append(b, '\n')
	}
	return b
}

// maxLine bounds a line of text that people wrote, in characters.
const maxLine = 300

// oneLine makes s one line that shows as it is.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return clip(strings.TrimSpace(s), maxLine)
}

// clip shortens s to so many characters.
func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// Plain writes one value a line, for values of one kind.
type Plain struct{}

// Type implements Form.
func (Plain) Type() string { return "text/plain; charset=utf-8" }

// Begin implements Form.
func (Plain) Begin(h Head) []byte { return comments("#", h) }

// Entry implements Form. A value with a line break or another control in it,
// or one that would be read as a comment, cannot be said.
func (Plain) Entry(dst []byte, b Block) []byte {
	if b.Text == "" || strings.ContainsAny(b.Text[:1], "#; \t") || strings.ContainsFunc(b.Text, unsafe) {
		return dst
	}
	return append(append(dst, b.Text...), '\n')
}

// End implements Form.
func (Plain) End() []byte { return nil }

// unsafe reports whether a letter ends a line somewhere or hides.
func unsafe(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar || unicode.Is(unicode.Bidi_Control, r)
}
