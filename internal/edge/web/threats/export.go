package threats

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"twoseas/internal/act/library"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
)

// maxChosen bounds what is exported or answered at once by marking rows.
const maxChosen = 1000

// writer writes a file object by object.
type writer interface {
	begin() error
	add(library.Row, []byte) error
	end() error
	broken() error // in place of end: what was written is not all
}

// export streams everything a search finds.
func (p *pages) export(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a := parse(r.URL.Query())
	f, problems := a.filter(q)
	if len(problems) > 0 {
		return fault.New(fault.Invalid, problems[0].Text)
	}
	out, err := newWriter(w, r.URL.Query().Get("format"), q.Handle.Domain(), a.encode())
	if err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "export", "format", r.URL.Query().Get("format"), "asked", cmp.Or(a.encode(), "everything")); err != nil {
		return err
	}
	if err := out.begin(); err != nil {
		return err
	}
	return p.finish(r, out, p.Library.Export(r.Context(), q.Handle, q.Actor, q.Access.Class, f, out.add))
}

// exportChosen sends the objects somebody marked.
func (p *pages) exportChosen(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := r.ParseForm(); err != nil {
		return fault.Errorf(fault.Invalid, "form: %w", err)
	}
	ids := r.PostForm["id"]
	switch {
	case len(ids) == 0:
		return fault.New(fault.Invalid, "mark at least one object")
	case len(ids) > maxChosen:
		return fault.Errorf(fault.TooLarge, "%d objects are marked, at most %d go at once", len(ids), maxChosen)
	}
	out, err := newWriter(w, r.PostFormValue("format"), q.Handle.Domain(), strings.Join(ids, " "))
	if err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "export", "format", r.PostFormValue("format"), "objects", strconv.Itoa(len(ids)), "asked", strings.Join(ids, " ")); err != nil {
		return err
	}
	if err := out.begin(); err != nil {
		return err
	}
	return p.finish(r, out, p.Library.Chosen(r.Context(), q.Handle, q.Actor, q.Access.Class, ids, out.add))
}

// finish ends a file. Of one that broke off some is sent already: it is left
// so that nobody takes it for whole.
func (p *pages) finish(r *http.Request, out writer, err error) error {
	if err == nil {
		return out.end()
	}
	p.Log.ErrorContext(r.Context(), "an export broke off", slog.String("error", err.Error()))
	return out.broken()
}

// newWriter returns the writer of a format; what names the bundle, so that the
// same question gives the same id.
func newWriter(w http.ResponseWriter, format string, d ident.Domain, what string) (writer, error) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	buf := bufio.NewWriterSize(w, 64<<10)
	switch format {
	case "stix":
		h.Set("Content-Type", "application/stix+json;version=2.1")
		h.Set("Content-Disposition", `attachment; filename="threat-data.json"`)
		sum := ident.Sum([]byte(d.String()), []byte{0}, []byte(what))
		return &bundle{w: buf, id: "bundle--" + ident.FormatUUID([16]byte(sum[:16]))}, nil
	case "csv":
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="threat-data.csv"`)
		return &sheet{buf, csv.NewWriter(buf)}, nil
	}
	return nil, fault.New(fault.Invalid, "format: want stix or csv")
}

// bundle is a STIX bundle (STIX 2.1 §8) of the objects as they are stored.
type bundle struct {
	w    *bufio.Writer
	id   string
	some bool
}

func (b *bundle) begin() error {
	_, err := b.w.WriteString(`{"type":"bundle","id":"` + b.id + `","objects":[`)
	return err
}

func (b *bundle) add(_ library.Row, body []byte) error {
	if b.some {
		if err := b.w.WriteByte(','); err != nil {
			return err
		}
	}
	b.some = true
	_, err := b.w.Write(body)
	return err
}

func (b *bundle) end() error {
	if _, err := b.w.WriteString("]}\n"); err != nil {
		return err
	}
	return b.w.Flush()
}

// broken leaves the bundle open: no JSON is read from it.
func (b *bundle) broken() error { return b.w.Flush() }

// sheet is the same as a table.
type sheet struct {
	buf *bufio.Writer
	w   *csv.Writer
}

var sheetHead = []string{"id", "type", "name", "tlp", "pap", "origin", "creator", "created", "modified", "received", "revoked", "confidence", "kill_chain_phases", "labels", "sectors", "pattern"}

func (s *sheet) begin() error { return s.w.Write(sheetHead) }

func (s *sheet) add(r library.Row, _ []byte) error {
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

func (s *sheet) end() error {
	s.w.Flush()
	if err := s.w.Error(); err != nil {
		return err
	}
	return s.buf.Flush()
}

func (s *sheet) broken() error {
	if err := s.w.Write([]string{"INCOMPLETE: the export broke off here"}); err != nil {
		return err
	}
	return s.end()
}
