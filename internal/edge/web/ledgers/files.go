package ledgers

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"twoseas/internal/act/ledger"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
)

// text sends bytes as they are; file, when given, is what a browser saves them
// as.
func text(w http.ResponseWriter, b []byte, file string) error {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	if file != "" {
		h.Set("Content-Disposition", `attachment; filename="`+file+`"`)
	}
	if _, err := w.Write(b); err != nil {
		return nil //nolint:nilerr // the reader has gone
	}
	return nil
}

// fileName is a name for a file of a log: names of agreements are plain.
func fileName(log string, more ...any) string {
	return log + strings.TrimSuffix(fmt.Sprintln(append([]any{""}, more...)...), "\n") + ".txt"
}

// checkpoint sends the newest state as the signed note it is.
func (p *pages) checkpoint(w http.ResponseWriter, r *http.Request) error {
	s, err := p.Ledger.States(r.Context(), page.Of(r).Handle, name(r), 0)
	if err != nil {
		return err
	}
	return text(w, s.Newest.Note, "")
}

// keys sends the public keys of the sides of the log, one a line.
func (p *pages) keys(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	keys, err := p.Ledger.Keys(r.Context(), q.Handle, name(r), partner(q, name(r)))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for _, k := range keys {
		b.WriteString(k.String() + "\n")
	}
	return text(w, b.Bytes(), "")
}

// since sends what shows that the newest state continues a remembered one.
func (p *pages) since(w http.ResponseWriter, r *http.Request) error {
	size, err := number(r, "size")
	if err != nil {
		return err
	}
	body, err := p.Ledger.Since(r.Context(), page.Of(r).Handle, name(r), size)
	if err != nil {
		return err
	}
	return text(w, body, "")
}

// proof sends one leaf with its proof, to keep.
func (p *pages) proof(w http.ResponseWriter, r *http.Request) error {
	index, err := number(r, "index")
	if err != nil {
		return err
	}
	log := name(r)
	if err := p.saw(r, log, fmt.Sprintf("the proof of entry %d", index)); err != nil {
		return err
	}
	_, e, err := p.Ledger.Entry(r.Context(), page.Of(r).Handle, log, index)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := e.Write(&b); err != nil {
		return err
	}
	return text(w, b.Bytes(), fileName(log, "entry", index))
}

// growth sends two states and the proof that one continues the other, to keep.
func (p *pages) growth(w http.ResponseWriter, r *http.Request) error {
	from, err := query(r, "from")
	if err != nil {
		return err
	}
	to, err := query(r, "to")
	if err != nil {
		return err
	}
	g, err := p.Ledger.Growth(r.Context(), page.Of(r).Handle, name(r), from, to)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := g.Write(&b); err != nil {
		return err
	}
	return text(w, b.Bytes(), fileName(name(r), "from", from, "to", to))
}

// file sends the whole exchange ledger as twoseas-verify reads it. The home log
// is exported on its own page, where that is recorded.
func (p *pages) file(w http.ResponseWriter, r *http.Request) error {
	q, log := page.Of(r), name(r)
	other := partner(q, log)
	if log == ledger.HomeName || other == "" {
		return fault.New(fault.NotFound, "there is nothing at this address")
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "export a ledger", "agreement", log); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := p.Ledger.Export(r.Context(), q.Handle, ident.Agreement(log), other, &b); err != nil {
		return err
	}
	return text(w, b.Bytes(), log+".ledger.txt")
}
