package library

import (
	"bufio"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/fault"
)

// File is what an export is written to object by object: Begin, Add for each,
// and End; or Broken in place of End, when what was written is not all, so that
// nobody takes it for whole.
type File interface {
	// Type and Name are the media type and what a browser saves it as.
	Type() string
	Name() string
	Begin() error
	Add(Row, []byte) error
	End() error
	Broken() error
}

// The formats of a File.
const (
	AsSTIX = "stix"
	AsCSV  = "csv"
)

// NewFile returns a File of a format on w. A bundle has the id; nothing is
// written before Begin. Returns fault.Invalid for another format.
func NewFile(w io.Writer, format, id string) (File, error) {
	buf := bufio.NewWriterSize(w, 64<<10)
	switch format {
	case AsSTIX:
		return &bundle{w: buf, id: id}, nil
	case AsCSV:
		return &sheet{buf, csv.NewWriter(buf)}, nil
	}
	return nil, fault.Errorf(fault.Invalid, "format %.20q: want stix or csv", format)
}

// bundle is a STIX bundle (STIX 2.1 §8) of the objects as they are stored.
type bundle struct {
	w    *bufio.Writer
	id   string
	some bool
}

func (b *bundle) Type() string { return "application/stix+json;version=2.1" }

func (b *bundle) Name() string { return "threat-data.json" }

func (b *bundle) Begin() error {
	_, err := b.w.WriteString(`{"type":"bundle","id":"` + b.id + `","objects":[`)
	return err
}

func (b *bundle) Add(_ Row, body []byte) error {
	sep := "\n"
	if b.some {
		sep = ",\n"
	}
	b.some = true
	if _, err := b.w.WriteString(sep); err != nil {
		return err
	}
	_, err := b.w.Write(body)
	return err
}

func (b *bundle) End() error {
	if _, err := b.w.WriteString("\n]}\n"); err != nil {
		return err
	}
	return b.w.Flush()
}

// Broken leaves the bundle open: no JSON is read from it.
func (b *bundle) Broken() error { return b.w.Flush() }

// sheet is the same as a table.
type sheet struct {
	buf *bufio.Writer
	w   *csv.Writer
}

func (s *sheet) Type() string { return "text/csv; charset=utf-8" }

func (s *sheet) Name() string { return "threat-data.csv" }

var sheetHead = []string{"id", "type", "name", "tlp", "pap", "origin", "creator", "created", "modified", "received", "revoked", "confidence", "kill_chain_phases", "labels", "sectors", "pattern"}

func (s *sheet) Begin() error { return s.w.Write(sheetHead) }

func (s *sheet) Add(r Row, _ []byte) error {
	cells := []string{
		r.ID, r.Type, r.Name, r.Label.TLP.Name(), r.Label.PAP.Name(), string(r.Label.Origin), r.Creator,
		r.Created.Format(time.RFC3339Nano), r.Modified.Format(time.RFC3339Nano), r.Received.Format(time.RFC3339Nano), strconv.FormatBool(r.Revoked),
		strconv.Itoa(r.Confidence), strings.Join(r.Phases, " "), strings.Join(r.Labels, " "), strings.Join(r.Sectors, " "), r.Pattern,
	}
	for i, c := range cells {
		cells[i] = inert(c)
	}
	return s.w.Write(cells)
}

// inert keeps a spreadsheet from taking a cell for a formula
// (https://owasp.org/www-community/attacks/CSV_Injection).
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

func (s *sheet) End() error {
	s.w.Flush()
	if err := s.w.Error(); err != nil {
		return err
	}
	return s.buf.Flush()
}

// Broken says so in a row of its own.
func (s *sheet) Broken() error {
	if err := s.w.Write([]string{"INCOMPLETE: the export broke off here"}); err != nil {
		return err
	}
	return s.End()
}
