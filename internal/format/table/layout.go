// Package table reads indicators from tables of values separated by commas,
// semicolons, tabulators or bars, whatever their columns are called.
//
// Invariants: memory is bounded by one record, which is bounded; no cell is
// taken for more than text; what a cell says of handling is never dropped.
package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/ioc"
)

// The roles a column may have beside those of Kinds.
const (
	Ignore      = ""
	Value       = "value" // of whatever kind it looks like
	FirstSeen   = "first-seen"
	Name        = "name"
	Description = "description"
	Tags        = "tags"
	TLP         = "tlp"
	PAP         = "pap"
)

// Roles returns every role, in the order they are offered.
func Roles() []string {
	out := []string{Ignore, Value, FirstSeen, Name, Description, Tags, TLP, PAP}
	for _, k := range ioc.Kinds() {
		out = append(out, k.String())
	}
	return out
}

// Layout says how a table is written and what its columns hold.
type Layout struct {
	Comma   string   `json:"comma"`             // one of , ; | and the tabulator
	Header  bool     `json:"header"`            // the first record names the columns
	Charset string   `json:"charset,omitempty"` // "", utf-16 or shift_jis
	Columns []string `json:"columns"`           // their names, or their numbers
	Roles   []string `json:"roles"`             // by column
	// Zone is how far the times of the table are ahead of UTC, in minutes,
	// where they do not say so themselves.
	Zone int `json:"zone,omitempty"`
}

// MaxColumns bounds the columns that are looked at.
const MaxColumns = 200

// Check returns fault.Invalid for a layout that cannot be read by.
func (l Layout) Check() error {
	if !strings.Contains(",;|\t", l.Comma) || len(l.Comma) != 1 {
		return fault.Errorf(fault.Invalid, "separator %.5q: want a comma, a semicolon, a bar or a tabulator", l.Comma)
	}
	if l.Charset != "" && l.Charset != "utf-16" && l.Charset != "shift_jis" {
		return fault.Errorf(fault.Invalid, "character set %.20q: want utf-8, utf-16 or shift_jis", l.Charset)
	}
	if l.Zone < -14*60 || l.Zone > 14*60 {
		return fault.Errorf(fault.Invalid, "a time zone is at most 14 hours from UTC, not %d minutes", l.Zone)
	}
	if len(l.Roles) > MaxColumns {
		return fault.Errorf(fault.Invalid, "%d columns, at most %d", len(l.Roles), MaxColumns)
	}
	for _, r := range l.Roles {
		if !isRole(r) {
			return fault.Errorf(fault.Invalid, "%.40q is nothing a column can hold", r)
		}
	}
	return nil
}

func isRole(s string) bool {
	for _, r := range Roles() {
		if r == s {
			return true
		}
	}
	return false
}

// HasValue reports whether any column holds values to look up.
func (l Layout) HasValue() bool {
	for _, r := range l.Roles {
		if holdsValue(r) {
			return true
		}
	}
	return false
}

func holdsValue(role string) bool {
	if role == Value {
		return true
	}
	_, err := ioc.ParseKind(role)
	return role != Ignore && err == nil
}

// decode returns r as UTF-8 without a byte order mark.
func decode(r io.Reader, charset string) io.Reader {
	switch charset {
	case "utf-16":
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder())
	case "shift_jis":
		return transform.NewReader(r, japanese.ShiftJIS.NewDecoder())
	}
	return transform.NewReader(r, unicode.BOMOverride(transform.Nop))
}

func (l Layout) reader(r io.Reader) (*csv.Reader, *feed.Budget) {
	b := &feed.Budget{R: decode(r, l.Charset), Left: feed.MaxLine}
	c := csv.NewReader(b)
	c.Comma, c.FieldsPerRecord, c.LazyQuotes, c.ReuseRecord = rune(l.Comma[0]), -1, true, true
	return c, b
}

// sampleRecords is how many records Detect looks at.
const sampleRecords = 200

// Detect guesses the layout of a table from its first bytes. It is false when
// they do not look like a table that holds values.
func Detect(sample []byte) (Layout, bool) {
	l := Layout{Charset: charset(sample)}
	best := 0
	var records [][]string
	for _, comma := range []string{",", ";", "\t", "|"} {
		try := l
		try.Comma = comma
		if got := try.some(sample); regular(got) > best {
			best, records, l.Comma = regular(got), got, comma
		}
	}
	if best == 0 {
		return Layout{}, false
	}
	l.Header = isHeader(records)
	l.name(records)
	l.guess(records)
	return l, l.HasValue()
}

// charset tells the character set of a sample that may end within a letter.
func charset(sample []byte) string {
	if bytes.HasPrefix(sample, []byte{0xff, 0xfe}) || bytes.HasPrefix(sample, []byte{0xfe, 0xff}) {
		return "utf-16"
	}
	cut := sample
	for n := 0; n < utf8.UTFMax-1 && len(cut) > 0 && !utf8.Valid(cut); n++ {
		cut = cut[:len(cut)-1]
	}
	if utf8.Valid(cut) {
		return ""
	}
	text, err := japanese.ShiftJIS.NewDecoder().Bytes(cut)
	if err == nil && !bytes.ContainsRune(text, utf8.RuneError) {
		return "shift_jis"
	}
	return ""
}

// some returns the first records of a sample; the last one may have been cut.
func (l Layout) some(sample []byte) (out [][]string) {
	c, b := l.reader(bytes.NewReader(sample))
	c.ReuseRecord = false
	for len(out) < sampleRecords {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out
		}
		b.Left = feed.MaxLine
		out = append(out, rec[:min(len(rec), MaxColumns)])
	}
	if len(out) > 2 && len(sample) > 0 && sample[len(sample)-1] != '\n' {
		out = out[:len(out)-1]
	}
	return out
}

// regular says how much records look like a table: the more columns in the
// more of them, the more. It is 0 for what has one column.
func regular(records [][]string) int {
	counts := map[int]int{}
	for _, r := range records {
		counts[len(r)]++
	}
	columns, rows := 0, 0
	for n, k := range counts {
		if k > rows || k == rows && n > columns {
			columns, rows = n, k
		}
	}
	if columns < 2 || rows*10 < len(records)*8 {
		return 0
	}
	return rows*1000/len(records)*100 + min(columns, 99)
}
