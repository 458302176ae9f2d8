package requests

import (
	"net/http"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/request"
)

// correctView is the form by which the asker says better what it asks.
type correctView struct {
	*page.Request
	Asks        law.Asked
	Objects, By string
	Problems    []page.Problem
}

func (p *pages) correcting(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	d, err := p.Requests.Open(r.Context(), q.Handle, q.Actor, q.Access.Class, r.PathValue("assistance"))
	if err != nil {
		return err
	}
	if d.Asker != p.Self {
		return fault.New(fault.NotFound, "there is no such request, or it is not for you")
	}
	v := correctView{Request: q.Under(d.Agreement), Asks: d.Asks, Objects: strings.Join(d.Asks.Objects, "\n")}
	if !d.Asks.By.IsZero() {
		v.By = d.Asks.By.AddDate(0, 0, -1).Format(time.DateOnly) // the form names the day that ends then
	}
	return p.showCorrect(w, r, v)
}

func (p *pages) showCorrect(w http.ResponseWriter, r *http.Request, v correctView) error {
	head := page.Head{Title: v.T("requests.correct.title"), Lead: v.T("requests.correct.lead"), Area: area}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return p.Render(w, r, head, correctPage(v))
}

func (p *pages) correct(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f, err := page.Form(w, r, maxForm)
	if err != nil {
		return err
	}
	v := correctView{Request: q, Objects: f.Get("objects"), By: f.Get("asked-by"), Asks: law.Asked{
		ID: r.PathValue("assistance"), Language: f.Get("language"), Title: f.Get("title"), Text: f.Get("text"), Basis: f.Get("basis"), Done: f.Get("done"),
		Playbook: f.Get("playbook"),
	}}
	asks := v.Asks
	asks.Objects = strings.Fields(v.Objects)
	if asks.By, err = page.DayEnd(v.By); err == nil {
		err = p.Requests.Correct(r.Context(), q.Handle, q.Actor, q.Access.Class, asks)
	}
	if page.Refused(err) && !fault.Is(err, fault.NotFound) {
		v.Problems = []page.Problem{q.Wrong("title", err)}
		return p.showCorrect(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, Path(asks.ID))
}
