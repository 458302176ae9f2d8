package agreements

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
)

// draft is what stands in the form of a new version.
type draft struct {
	Text     string
	Problem  string // why it is no document, with the line
	Doc      *agreement.Document
	Findings []agreement.Finding
	Results  []agreement.Result
}

// checked reads the text as a document and looks at it as a drafter would.
func checked(text string) draft {
	d := draft{Text: text}
	if strings.TrimSpace(text) == "" {
		d.Problem = "there is no text"
		return d
	}
	doc, err := agreement.Parse([]byte(text))
	if err != nil {
		d.Problem = fault.Message(err)
		return d
	}
	d.Doc, d.Findings, d.Results = doc, agreement.Lint(doc), doc.Results()
	return d
}

// form is the form of a new version: empty, or with the reference agreement to
// begin from.
func (p *pages) form(w http.ResponseWriter, r *http.Request) error {
	d := draft{}
	if r.URL.Query().Get("from") == "reference" {
		d.Text = string(agreement.Reference())
	}
	return p.showDraft(w, r, d, http.StatusOK)
}

func (p *pages) showDraft(w http.ResponseWriter, r *http.Request, d draft, status int) error {
	q := page.Of(r)
	head := page.Head{Title: q.T("agreement.add.title"), Lead: q.T("agreement.add.lead"), Area: "agreements", Status: status}
	return p.desk.Render(w, r, head, addBody(q, d))
}

// add checks a document, and stores it when the reader says so after having
// seen what the check says.
func (p *pages) add(w http.ResponseWriter, r *http.Request) error {
	text, err := uploaded(r)
	if err != nil {
		return err
	}
	d := checked(text)
	if d.Problem != "" {
		return p.showDraft(w, r, d, http.StatusUnprocessableEntity)
	}
	if r.FormValue("do") != "add" {
		return p.showDraft(w, r, d, http.StatusOK)
	}
	q := page.Of(r)
	v, err := p.Accords.Add(r.Context(), q.Handle, q.Actor, []byte(text))
	if k := fault.KindOf(err); err != nil && (k == fault.Conflict || k == fault.Invalid) {
		d.Problem = fault.Message(err)
		return p.showDraft(w, r, d, http.StatusConflict)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, with(at(v.ID), "version", itoa(v.Number))+"#signatures")
}

// uploaded returns the file of the form, or the text that was pasted.
func uploaded(r *http.Request) (string, error) {
	f, _, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n"), nil
	}
	if err != nil {
		return "", err
	}
	raw, err := io.ReadAll(io.LimitReader(f, agreement.MaxSize+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if len(raw) == 0 {
		return strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n"), nil
	}
	return string(raw), nil
}
