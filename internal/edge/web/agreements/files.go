package agreements

import (
	"net/http"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
)

// file sends a version as it was added, as it is hashed, or a signature on it.
func (p *pages) file(w http.ResponseWriter, r *http.Request) error {
	id, err := subject(r)
	if err != nil {
		return err
	}
	n, err := version(r.PathValue("version"))
	if err != nil {
		return err
	}
	q, name := page.Of(r), r.PathValue("file")
	d, source, err := p.Accords.Document(r.Context(), q.Handle, id, n)
	if err != nil {
		return err
	}
	switch name {
	case "source.yaml":
		return send(w, source, name)
	case "canonical.json":
		raw, err := d.Canonical()
		if err != nil {
			return err
		}
		return send(w, raw, name)
	}
	list, err := p.Accords.Originals(r.Context(), q.Handle, id, n)
	if err != nil {
		return err
	}
	for _, o := range list {
		if strings.TrimSuffix(name, ".note.txt") == string(o.Side) {
			return send(w, o.Note, name)
		}
	}
	return fault.New(fault.NotFound, "there is nothing at this address")
}

func send(w http.ResponseWriter, b []byte, name string) error {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	if _, err := w.Write(b); err != nil { //nolint:gosec // a file of plain text to save, with nosniff
		return nil //nolint:nilerr // the reader has gone
	}
	return nil
}
