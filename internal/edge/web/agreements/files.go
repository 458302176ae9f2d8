package agreements

import (
	"net/http"

	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
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
	name := r.PathValue("file")
	raw, err := p.Accords.File(r.Context(), page.Of(r).Handle, id, n, name)
	if err != nil {
		return err
	}
	return send(w, raw, name)
}

// reference sends the reference agreement, to begin from.
func (p *pages) reference(w http.ResponseWriter, _ *http.Request) error {
	return send(w, agreement.Reference(), "reference.yaml")
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
