package requests

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"twoseas/internal/act/request"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/request"
	"twoseas/internal/store"
)

// custodyInput is an entry of a chain of custody as typed into the form.
type custodyInput struct {
	Handling, Item, Digest, Holder, To, On string
}

// passInput is a passage as typed into the form.
type passInput struct{ Basis, Purpose string }

func (in custodyInput) evidence() (e request.Evidence, err error) {
	e = request.Evidence{Handling: law.Handling(in.Handling), Item: in.Item, Holder: in.Holder, To: in.To}
	digest := strings.ToLower(strings.TrimSpace(in.Digest))
	if !strings.HasPrefix(digest, "sha256:") {
		digest = "sha256:" + digest
	}
	if e.Digest, err = ident.ParseDigest(digest); err != nil {
		return e, fault.New(fault.Invalid, "evidence is named by its SHA-256 digest")
	}
	if in.On != "" {
		if e.On, err = time.Parse(page.TimeField, in.On); err != nil {
			return e, fault.Errorf(fault.Invalid, "%.20q: want a time such as 2027-03-18T10:00", in.On)
		}
	}
	return e, nil
}

func (p *pages) custody(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	v := showView{custody: custodyInput{f.Get("handling"), f.Get("item"), f.Get("digest"), f.Get("holder"), f.Get("to"), f.Get("on")}}
	e, err := v.custody.evidence()
	if err == nil {
		err = p.Requests.Enter(r.Context(), q.Handle, q.Actor, r.PathValue("assistance"), e)
	}
	return p.did(w, r, v, "custody-item", err, Path(r.PathValue("assistance")))
}

// did shows what was done, or the request again with what was typed.
func (p *pages) did(w http.ResponseWriter, r *http.Request, v showView, field string, err error, to string) error {
	if page.Refused(err) && !fault.Is(err, fault.NotFound) {
		v.Problems = []page.Problem{page.Of(r).Wrong(field, err)}
		return p.showOne(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, to)
}

func (p *pages) pass(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	v := showView{pass: passInput{f.Get("basis"), f.Get("purpose")}}
	id, err := p.Requests.Pass(r.Context(), q.Handle, q.Actor, r.PathValue("assistance"), v.pass.Basis, v.pass.Purpose)
	return p.did(w, r, v, "pass-basis", err, passagePath(id))
}

func passagePath(id string) string { return "/passages/" + url.PathEscape(id) }

// passageView is one passage.
type passageView struct {
	*page.Request
	request.Passed
	Text     string
	Problems []page.Problem
}

func (p *pages) passage(w http.ResponseWriter, r *http.Request) error {
	return p.showPassage(w, r, passageView{})
}

func (p *pages) showPassage(w http.ResponseWriter, r *http.Request, v passageView) (err error) {
	q := page.Of(r)
	if v.Passed, err = p.Requests.OpenPassage(r.Context(), q.Handle, q.Actor, r.PathValue("passage")); err != nil {
		return err
	}
	v.Request = q.Under(v.Row.Agreement)
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "passage", v.Row.ID); err != nil {
		return err
	}
	head := page.Head{Title: v.T("requests.passage.title"), Lead: direction(v.Request, v.Passed), Area: area, Styles: []string{"object.css"}}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, passagePage(v))
}

// direction says in words between which compartments of which side it passes.
func direction(q *page.Request, p request.Passed) string {
	key := "requests.passage.to-police"
	if p.Row.Police {
		key = "requests.passage.to-technical"
	}
	return q.Under(p.Row.Agreement).T(key, q.Under(p.Row.Agreement).SideName(p.Row.Side))
}

// answered says in words what the originator said.
func answered(q *page.Request, p request.Passed) string {
	side := q.Under(p.Row.Agreement).SideName(p.Said.Originator)
	switch {
	case p.Said.Originator == p.Row.Side:
		return q.T("requests.passage.own")
	case p.Row.Answer == store.PassageGiven:
		return q.T("requests.passage.given", side)
	case p.Row.Answer == store.PassageRefused:
		return q.T("requests.passage.refused", side)
	}
	return q.T("requests.passage.waits", side)
}

func (p *pages) consent(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	id, said := r.PathValue("passage"), f.Get("consent")
	v := passageView{Text: f.Get("text")}
	if said != "yes" && said != "no" {
		err = fault.New(fault.Invalid, "the form is not whole: open the request again")
	} else {
		err = p.Requests.Consent(r.Context(), q.Handle, q.Actor, id, said == "yes", v.Text)
	}
	if page.Refused(err) && !fault.Is(err, fault.NotFound) {
		v.Problems = []page.Problem{q.Wrong("consent-text", err)}
		return p.showPassage(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, passagePath(id))
}

// compartmentView is the law-enforcement compartment.
type compartmentView struct {
	*page.Request
	request.Compartment
}

func (p *pages) compartment(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	c, err := p.Requests.Compartment(r.Context(), q.Handle, q.Actor)
	if err != nil {
		return err
	}
	if err := p.Audit.Saw(r.Context(), q.Actor, "read", "list", "compartment"); err != nil {
		return err
	}
	head := page.Head{Title: q.T("requests.compartment.title"), Lead: q.T("requests.compartment.lead"), Area: area, Action: askButton(q), Styles: []string{"object.css"}}
	return p.Render(w, r, head, compartmentPage(compartmentView{q, c}))
}

// typed reports whether a form comes back with what was typed.
func (in custodyInput) typed() bool { return in != custodyInput{} }
func (in passInput) typed() bool    { return in != passInput{} }
