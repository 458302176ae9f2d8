package outlet

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/format/ioc"
)

// Row is one object, or one of the values it names, in a table.
type Row struct {
	ID, Type, Name              string
	Value                       ioc.Value // zero for an object that names none
	Pattern                     string
	Created, Modified           string // as the object has them
	ValidFrom, ValidUntil       string
	Revoked                     bool
	Confidence, Labels, Creator string
	TLP, PAP                    string
	Added                       time.Time
}

// SheetType is the media type of a Sheet.
const SheetType = "text/csv; charset=utf-8; header=present"

var sheetHead = []string{
	"id", "type", "name", "kind", "value", "pattern", "created", "modified", "valid_from", "valid_until", "revoked", "confidence", "labels", "created_by", "tlp", "pap", "added",
}

// Sheet writes a table as RFC 4180 wants it, in UTF-8. The form has no
// comments: markings are columns.
type Sheet struct {
	buf bytes.Buffer
	w   *csv.Writer
}

// NewSheet returns a Sheet.
func NewSheet() *Sheet {
	s := &Sheet{}
	s.w = csv.NewWriter(&s.buf)
	s.w.UseCRLF = true
	return s
}

// Values writes one value a line as a table. The form has no comments: markings
// are columns.
type Values struct{ *Sheet }

// NewValues returns a Values.
func NewValues() Values { return Values{NewSheet()} }

// Type implements Form.
func (Values) Type() string { return SheetType }

// Begin implements Form.
func (v Values) Begin(Head) []byte {
	return v.record(nil, []string{"kind", "value", "tlp", "pap", "confidence", "sources", "indicator"})
}

// Entry implements Form.
func (v Values) Entry(dst []byte, b Block) []byte {
	confidence := ""
	if b.Confidence > 0 {
		confidence = strconv.Itoa(b.Confidence)
	}
	return v.record(dst, []string{b.Kind.String(), b.Text, b.TLP, b.PAP, confidence, strconv.Itoa(b.Sources), b.ID})
}

// End implements Form.
func (Values) End() []byte { return nil }

// Head appends the names of the columns.
func (s *Sheet) Head(dst []byte) []byte { return s.record(dst, sheetHead) }

// Row appends one row.
func (s *Sheet) Row(dst []byte, r Row) []byte {
	revoked := "false"
	if r.Revoked {
		revoked = "true"
	}
	return s.record(dst, []string{
		r.ID, r.Type, r.Name, r.Value.Kind.String(), r.Value.Text, r.Pattern, r.Created, r.Modified, r.ValidFrom, r.ValidUntil, revoked,
		r.Confidence, r.Labels, r.Creator, r.TLP, r.PAP, r.Added.UTC().Format(time.RFC3339Nano),
	})
}

func (s *Sheet) record(dst []byte, cells []string) []byte {
	for i, c := range cells {
		cells[i] = cell(c)
	}
	s.buf.Reset()
	_ = s.w.Write(cells) // a buffer takes all
	s.w.Flush()
	return append(dst, s.buf.Bytes()...)
}

// cell keeps a program that opens the table from taking text for a formula
// (https://owasp.org/www-community/attacks/CSV_Injection): an apostrophe
// stands before what would begin one.
func cell(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	if s != "" && strings.ContainsAny(firstLetter(s), "=+-@\t\r\n＝＋－＠") {
		return "'" + s
	}
	return s
}

// firstLetter returns the first letter after spaces, which programs skip, or
// the control that stands first.
func firstLetter(s string) string {
	if strings.ContainsAny(s[:1], "\t\r\n") {
		return s[:1]
	}
	for _, r := range strings.TrimLeft(s, " \u00a0\u3000\ufeff") {
		return string(r)
	}
	return ""
}
