package table

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/handling"
	"twoseas/internal/format/ioc"
)

// row is what one record says besides its values.
type row struct {
	first             time.Time
	name, description string
	labels            []string
	marks             []handling.Mark
	values            []ioc.Value
}

// maxText bounds what is kept of one cell of text.
const maxText = 8 << 10

// Read makes an indicator of every value in the table r; at is when they were
// read. A record that cannot be understood is told and passed over.
func Read(r io.Reader, l Layout, at time.Time, out feed.Out) error {
	if err := l.Check(); err != nil {
		return err
	}
	c, budget := l.reader(r)
	told := map[string]bool{} // marking definitions that were handed over
	for n := 1; ; n++ {
		budget.Left = feed.MaxLine
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			if err := out.Problem(bad.StartLine, "", "the record is not well formed: "+bad.Err.Error()); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if n == 1 && l.Header {
			continue
		}
		line, _ := c.FieldPos(0)
		if err := l.record(rec, line, at, told, out); err != nil {
			return err
		}
	}
}

func (l Layout) record(rec []string, line int, at time.Time, told map[string]bool, out feed.Out) error {
	if len(rec) == 1 && strings.TrimSpace(rec[0]) == "" || strings.HasPrefix(rec[0], "#") {
		return nil
	}
	row, problems := l.row(rec)
	for _, p := range problems {
		if err := out.Problem(line, "", p); err != nil {
			return err
		}
	}
	var refs []string
	for _, m := range row.marks {
		refs = append(refs, m.ID)
		if m.Definition == nil || told[m.ID] {
			continue
		}
		told[m.ID] = len(told) < 10_000
		if err := out.Object(line, m.Definition); err != nil {
			return err
		}
	}
	for _, v := range row.values {
		raw, err := ioc.Indicator{
			Value: v, Name: row.name, Description: row.description, Labels: row.labels, First: row.first, Markings: refs,
		}.STIX(at)
		if err != nil {
			return err
		}
		if err := out.Object(line, raw); err != nil {
			return err
		}
	}
	return nil
}

// row reads a record by the roles of its columns.
func (l Layout) row(rec []string) (r row, problems []string) {
	for i, cell := range rec[:min(len(rec), len(l.Roles))] {
		cell = clean(cell)
		if cell == "" || l.Roles[i] == Ignore {
			continue
		}
		if p := r.cell(l, l.Roles[i], cell); p != "" {
			problems = append(problems, fmt.Sprintf("column %s: %s", l.column(i), p))
		}
	}
	if len(r.values) == 0 && len(problems) == 0 {
		problems = append(problems, "no value in the record")
	}
	slices.Sort(r.labels)
	r.labels = slices.Compact(r.labels)
	return r, problems
}

func (l Layout) column(i int) string {
	if i < len(l.Columns) {
		return strconv.Quote(l.Columns[i])
	}
	return strconv.Itoa(i + 1)
}

// cell takes one cell and says what is wrong with it, if anything.
func (r *row) cell(l Layout, role, cell string) string {
	switch role {
	case FirstSeen:
		t, ok := moment(cell, l.Zone)
		if !ok {
			return fmt.Sprintf("%q is not a time", clip(cell))
		}
		r.first = t
	case Name:
		r.name = cell
	case Description:
		r.description = cell
	case Tags:
		r.tags(cell)
	case TLP, PAP:
		if m, ok := handling.Level(role, cell); ok {
			r.mark(m)
		}
	default:
		v, err := valueOf(role, cell)
		if err != nil {
			return fault.Message(err)
		}
		if !slices.Contains(r.values, v) {
			r.values = append(r.values, v)
		}
	}
	return ""
}

// tags takes a list of tags, of which those about handling are marks.
func (r *row) tags(cell string) {
	for tag := range strings.FieldsFuncSeq(cell, func(c rune) bool { return strings.ContainsRune(",;|", c) }) {
		tag = strings.TrimSpace(tag)
		if tag == "" {
			continue
		}
		if m, ok := handling.Of(tag); ok {
			r.mark(m)
			continue
		}
		r.labels = append(r.labels, tag)
	}
}

func (r *row) mark(m handling.Mark) {
	if !slices.ContainsFunc(r.marks, func(have handling.Mark) bool { return have.ID == m.ID }) {
		r.marks = append(r.marks, m)
	}
}

// valueOf reads a cell as a value of the kind that its column holds.
func valueOf(role, cell string) (ioc.Value, error) {
	v, err := ioc.Guess(cell)
	if role == Value {
		return v, err
	}
	kind, bad := ioc.ParseKind(role)
	if bad != nil {
		return ioc.Value{}, bad
	}
	if err == nil && v.Kind == kind {
		return v, nil
	}
	plain := ioc.Refang(cell)
	if v, ok := ioc.Normalise(kind, plain); ok {
		return v, nil
	}
	return ioc.Value{}, fault.Errorf(fault.Invalid, "%q is not of the kind %s", clip(cell), kind)
}

// clean makes a cell one text of valid UTF-8 and bounded length.
func clean(cell string) string {
	cell = strings.TrimSpace(strings.ToValidUTF8(cell, "�"))
	cell = strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			return -1
		}
		return c
	}, cell)
	if len(cell) > maxText {
		cell = strings.ToValidUTF8(cell[:maxText], "") + "…"
	}
	return cell
}

// forms are the ways times are written in lists.
var forms = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04",
	"2006/01/02 15:04:05", "2006/1/2 15:04:05", "2006/1/2 15:04", "2006-01-02", "2006/01/02", "2006/1/2", "20060102", "02 Jan 2006", "2 January 2006",
	"2006年1月2日", "2006年1月2日 15:04", "02.01.2006", "02.01.2006 15:04", time.RFC1123, time.RFC1123Z,
}

// moment reads a time. Days that could be months (3/4/2026) are refused.
func moment(s string, zone int) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if len(s) < 8 || len(s) > 40 {
		return time.Time{}, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) >= 10 && len(s) <= 13 {
		if len(s) == 13 {
			return time.UnixMilli(n).UTC(), true
		}
		return time.Unix(n, 0).UTC(), len(s) == 10
	}
	place := time.FixedZone("", zone*60)
	for _, form := range forms {
		if t, err := time.ParseInLocation(form, s, place); err == nil && t.Year() >= 1970 && t.Year() < 2200 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
