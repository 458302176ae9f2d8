package ledgers

import (
	"bytes"
	"fmt"
	"net/http"

	"twoseas/internal/act/ledger"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
)

// single is one leaf on a page.
type single struct {
	Log   string
	Leaf  ledger.Leaf
	Proof verify.Entry
	State verify.State // the state the proof leads to, checked by this node
	Keys  []note.Verifier
	File  string // the proof as it is downloaded
}

// entry is one leaf with its proof.
func (p *pages) entry(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	index, err := number(r, "index")
	if err != nil {
		return err
	}
	s := single{Log: name(r)}
	if err := p.saw(r, s.Log, fmt.Sprintf("entry %d", index)); err != nil {
		return err
	}
	if s.Leaf, s.Proof, err = p.Ledger.Entry(r.Context(), q.Handle, s.Log, index); err != nil {
		return err
	}
	if s.Keys, err = p.Ledger.Keys(r.Context(), q.Handle, s.Log, partner(q, s.Log)); err != nil {
		return err
	}
	if s.State, err = s.Proof.Verify(s.Keys...); err != nil {
		return err
	}
	var b bytes.Buffer
	if err := s.Proof.Write(&b); err != nil {
		return err
	}
	s.File = b.String()
	head := page.Head{
		Title: q.T("ledger.entry.title", index), Lead: sentence(q, s.Leaf), Area: "ledger", Scripts: []string{"verify.js"},
		Chips: entryChips(q, s), Action: download(q, s), Rail: page.Rail(q, entryWhy(q, s), entryEvidence(q, s)),
	}
	return p.desk.Render(w, r, head, entryBody(q, s))
}

// origin is the name of the log the leaf is in.
func (s single) origin() string { return s.State.Origin }

// path is the hashes of the proof as people compare them.
func (s single) path() []string {
	lines := bytes.Fields(s.Proof.Proof.AppendText(nil))
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = string(l)
	}
	return out
}
