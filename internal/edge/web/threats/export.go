package threats

import (
	"cmp"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"twoseas/internal/act/library"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
)

// maxChosen bounds what is exported or answered at once by marking rows.
const maxChosen = 1000

// export streams everything a search finds.
func (p *pages) export(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	a := parse(r.URL.Query())
	f, problems := a.filter(q)
	if len(problems) > 0 {
		return fault.New(fault.Invalid, problems[0].Text)
	}
	out, err := newFile(w, r.URL.Query().Get("format"), q.Handle.Domain(), a.encode())
	if err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "export", "format", r.URL.Query().Get("format"), "asked", cmp.Or(a.encode(), "everything")); err != nil {
		return err
	}
	if err := out.Begin(); err != nil {
		return err
	}
	return p.finish(r, out, p.Library.Export(r.Context(), q.Handle, q.Actor, q.Access.Class, f, out.Add))
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
	out, err := newFile(w, r.PostFormValue("format"), q.Handle.Domain(), strings.Join(ids, " "))
	if err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "export", "format", r.PostFormValue("format"), "objects", strconv.Itoa(len(ids)), "asked", strings.Join(ids, " ")); err != nil {
		return err
	}
	if err := out.Begin(); err != nil {
		return err
	}
	return p.finish(r, out, p.Library.Chosen(r.Context(), q.Handle, q.Actor, q.Access.Class, ids, out.Add))
}

// finish ends a file. Of one that broke off some is sent already: it is left
// so that nobody takes it for whole.
func (p *pages) finish(r *http.Request, out library.File, err error) error {
	if err == nil {
		return out.End()
	}
	p.Log.ErrorContext(r.Context(), "an export broke off", slog.String("error", err.Error()))
	return out.Broken()
}

// newFile begins the answer in a format; what names the bundle, so that the
// same question gives the same id.
func newFile(w http.ResponseWriter, format string, d ident.Domain, what string) (library.File, error) {
	sum := ident.Sum([]byte(d.String()), []byte{0}, []byte(what))
	f, err := library.NewFile(w, format, "bundle--"+ident.FormatUUID([16]byte(sum[:16])))
	if err != nil {
		return nil, err
	}
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Type", f.Type())
	h.Set("Content-Disposition", `attachment; filename="`+f.Name()+`"`)
	return f, nil
}
