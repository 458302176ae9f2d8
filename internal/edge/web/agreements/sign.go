package agreements

import (
	"net/http"
	"slices"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
)

// sign puts this side's signature under the text that was shown.
func (p *pages) sign(w http.ResponseWriter, r *http.Request) error {
	id, err := subject(r)
	if err != nil {
		return err
	}
	n, err := version(r.FormValue("version"))
	if err != nil {
		return err
	}
	hash, err := ident.ParseDigest(r.FormValue("hash"))
	if err != nil {
		return err
	}
	q := page.Of(r)
	_, err = p.Accords.Sign(r.Context(), q.Handle, q.Actor, accord.Version{ID: id, Number: n, Hash: hash})
	if fault.Is(err, fault.Conflict) {
		return p.render(w, r, id, n, fault.Message(err))
	}
	if err != nil {
		return err
	}
	return page.See(w, r, with(at(id), "version", r.FormValue("version"))+"#signatures")
}

// countersign takes the partner's signature from a file that somebody brought.
func (p *pages) countersign(w http.ResponseWriter, r *http.Request) error {
	id, err := subject(r)
	if err != nil {
		return err
	}
	text, err := uploaded(r)
	if err != nil {
		return err
	}
	q := page.Of(r)
	n, err := p.Accords.Bring(r.Context(), q.Handle, q.Actor, id, []byte(text))
	if slices.Contains([]fault.Kind{fault.Invalid, fault.Conflict, fault.Denied}, fault.KindOf(err)) {
		return p.render(w, r, id, 0, fault.Message(err))
	}
	if err != nil {
		return err
	}
	return page.See(w, r, with(at(id), "version", itoa(n))+"#signatures")
}

// event records what a side said or did about the agreement.
func (p *pages) event(w http.ResponseWriter, r *http.Request) error {
	id, err := subject(r)
	if err != nil {
		return err
	}
	e := agreement.Event{
		Name: r.FormValue("event"), By: ident.Side(r.FormValue("by")), Place: r.FormValue("place"),
		Effective: agreement.Date(r.FormValue("effective")), Until: agreement.Date(r.FormValue("until")),
		Written: r.FormValue("written") != "", Subject: r.FormValue("subject"),
	}
	if on := r.FormValue("on"); on != "" {
		if e.On, err = time.Parse(time.DateOnly, on); err != nil {
			return p.render(w, r, id, 0, "when it happened is a date, such as 2026-11-22")
		}
	}
	q := page.Of(r)
	_, err = p.Accords.Record(r.Context(), q.Handle, q.Actor, id, e)
	if k := fault.KindOf(err); err != nil && (k == fault.Conflict || k == fault.Invalid) {
		return p.render(w, r, id, 0, fault.Message(err))
	}
	if err != nil {
		return err
	}
	return page.See(w, r, at(id)+"#life")
}

// recordable are the events that the form offers, in the order of life.
func recordable() []string {
	return []string{
		agreement.RaiseDifference, agreement.Settle, agreement.Drop, agreement.Extend, agreement.Notify, agreement.Withdraw,
		agreement.Succeed, agreement.DecideActivity, agreement.CloseActivity, agreement.CloseLast,
	}
}
