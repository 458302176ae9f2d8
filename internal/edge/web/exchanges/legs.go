package exchanges

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/store"
)

// on does something to a channel and leads back to it.
func (p *pages) on(w http.ResponseWriter, r *http.Request, act func(context.Context, *store.Handle, people.Actor, ident.Agreement) error) error {
	q := page.Of(r)
	a, err := agreementOf(r)
	if err != nil {
		return err
	}
	if err := act(r.Context(), q.Handle, q.Actor, a); err != nil {
		return err
	}
	return page.See(w, r, at(a))
}

// legList is the shipments of one direction.
type legList struct {
	*page.Request
	On        ident.Agreement
	Partner   ident.Side
	Direction string
	Legs      []exchange.Leg
	First     string
	Next      string
}

func (p *pages) legs(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := legList{Request: q}
	var err error
	if v.On, err = agreementOf(r); err != nil {
		return err
	}
	if v.Direction, err = directionOf(r); err != nil {
		return err
	}
	before := int64(0)
	if s := r.URL.Query().Get("before"); s != "" {
		if before, err = strconv.ParseInt(s, 10, 64); err != nil || before < 1 {
			return fault.Errorf(fault.Invalid, "before %.20q: want the number of a shipment", s)
		}
		v.First = at(v.On, v.Direction)
	}
	legs, more, err := p.Exchange.Legs(r.Context(), q.Handle, q.Actor, v.On, v.Direction, before, perPage)
	if err != nil {
		return err
	}
	if v.Legs = legs; more {
		v.Next = at(v.On, v.Direction) + "?before=" + itoa(legs[len(legs)-1].Number)
	}
	v.Partner = partnerOf(q, v.On)
	return p.Render(w, r, page.Head{
		Title: q.T("exchange.legs.title."+v.Direction, q.SideName(v.Partner)), Lead: q.T("exchange.legs.lead"), Area: area,
	}, legsPage(v))
}

// untakenView is why items of a channel were not taken.
type untakenView struct {
	*page.Request
	On          ident.Agreement
	Partner     ident.Side
	Untaken     exchange.Untaken
	First, More string
}

func (p *pages) untaken(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := untakenView{Request: q}
	var err error
	if v.On, err = agreementOf(r); err != nil {
		return err
	}
	after := r.URL.Query().Get("after")
	if v.Untaken, err = p.Exchange.Untaken(r.Context(), q.Handle, q.Actor, v.On, after, perPage); err != nil {
		return err
	}
	if after != "" {
		v.First = at(v.On, untaken)
	}
	if v.Untaken.Next != "" {
		v.More = at(v.On, untaken) + "?after=" + url.QueryEscape(v.Untaken.Next)
	}
	v.Partner = partnerOf(q, v.On)
	return p.Render(w, r, page.Head{
		Title: q.T("exchange.untaken.title", q.SideName(v.Partner)), Lead: q.T("exchange.untaken.lead"), Area: area,
	}, untakenPage(v))
}

func partnerOf(q *page.Request, a ident.Agreement) ident.Side {
	for _, l := range q.Links {
		if l.Agreement == a {
			return l.Partner
		}
	}
	return ""
}
