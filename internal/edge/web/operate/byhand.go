package operate

import (
	"net/http"
	"slices"
	"strings"

	"twoseas/internal/act/pairing"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
)

// What two nodes without a line tell each other in files that people carry.

// save sends a file for the browser to keep.
func save(w http.ResponseWriter, name string, raw []byte) error {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, err := w.Write(raw) //nolint:gosec // plain text to be saved, never shown as a page
	if err != nil {
		return nil //nolint:nilerr // the reader has gone
	}
	return nil
}

// saveMessage sends a message of the pairing.
func saveMessage(w http.ResponseWriter, name string, v any) error {
	raw, err := canon.Marshal(v)
	if err != nil {
		return err
	}
	return save(w, name, append(raw, '\n'))
}

// byHand is a form of the pairing by hand that was not taken: id of the field,
// what was typed, and why.
func (p *pages) byHand(w http.ResponseWriter, r *http.Request, field, typed string, err error) error {
	if slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.NotFound}, fault.KindOf(err)) {
		return p.showPartners(w, r, partnersView{byHand: map[string]string{field: typed}, problems: []page.Problem{page.Of(r).Wrong(field, err)}})
	}
	return err
}

// hello makes from an invitation what a line would carry to its maker.
func (p *pages) hello(w http.ResponseWriter, r *http.Request) error {
	code := strings.TrimSpace(r.FormValue("text"))
	call, err := p.Pairing.Accept(r.Context(), page.Of(r).Actor, code)
	if err != nil {
		return p.byHand(w, r, "hello", code, err)
	}
	return saveMessage(w, "hello-"+string(call.Hello.Guest.Side)+".json", call.Hello)
}

// answer answers a hello; the partner is in the list then, to be compared.
func (p *pages) answer(w http.ResponseWriter, r *http.Request) error {
	text := r.FormValue("text")
	hello, err := pairing.ParseHello([]byte(text))
	if err != nil {
		return p.byHand(w, r, "answer", text, err)
	}
	answer, err := p.Pairing.AnswerByHand(r.Context(), page.Of(r).Actor, hello)
	if err != nil {
		return p.byHand(w, r, "answer", text, err)
	}
	return saveMessage(w, "answer-"+string(p.Side)+".json", answer)
}

// finish takes the answer and leads to the digits.
func (p *pages) finish(w http.ResponseWriter, r *http.Request) error {
	text := r.FormValue("text")
	answer, err := pairing.ParseAnswer([]byte(text))
	if err != nil {
		return p.byHand(w, r, "finish", text, err)
	}
	peer, err := p.Pairing.Finish(r.Context(), answer)
	if err != nil {
		return p.byHand(w, r, "finish", text, err)
	}
	return page.See(w, r, partnerPath(peer.Side))
}

// recipient makes the note that says to what files for this node are
// encrypted.
func (p *pages) recipient(w http.ResponseWriter, r *http.Request) error {
	msg, err := p.Pairing.AnnounceRecipient(r.Context(), page.Of(r).Actor, r.FormValue("new") != "")
	if err != nil {
		return err
	}
	return save(w, "recipient-"+string(p.Side)+".txt", msg)
}

// hear takes the partner's note over.
func (p *pages) hear(w http.ResponseWriter, r *http.Request) error {
	side, err := sideOf(r)
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n")
	err = p.Pairing.Hear(r.Context(), side, []byte(strings.TrimLeft(text, "\n")))
	if err != nil && slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.Denied}, fault.KindOf(err)) {
		return p.showPartner(w, r, partnerView{note: text, problems: []page.Problem{page.Of(r).Wrong("note", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, partnerPath(side)+"#by-file")
}
