package agreements

import (
	"net/http"
	"strconv"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
)

// change is two versions side by side, in words and in effect.
type change struct {
	ID       ident.Agreement
	From, To int64
	Preview  accord.Preview
}

// diff is what another version changes: in words, and for what is stored here
// as far as the reader may see it.
func (p *pages) diff(w http.ResponseWriter, r *http.Request) error {
	id, err := subject(r)
	if err != nil {
		return err
	}
	c := change{ID: id}
	if c.From, err = version(r.URL.Query().Get("from")); err != nil {
		return err
	}
	if c.To, err = version(r.URL.Query().Get("to")); err != nil {
		return err
	}
	q := page.Of(r)
	if c.Preview, err = p.Accords.DiffFor(r.Context(), q.Handle, q.Access.Class, id, int(c.From), int(c.To)); err != nil {
		return err
	}
	head := page.Head{
		Title: q.T("agreement.diff.title", strconv.FormatInt(c.From, 10), strconv.FormatInt(c.To, 10)),
		Lead:  q.T("agreement.diff.lead"), Area: "agreements",
	}
	return p.desk.Render(w, r, head, diffBody(q, c))
}
