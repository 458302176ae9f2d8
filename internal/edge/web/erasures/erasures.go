// Package erasures is the page on which people ask for and decide on the erasure
// of personal data.
package erasures

import (
	"net/http"

	"twoseas/internal/act/erasure"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
)

const home = "/erasures"

type area struct {
	*page.Desk
	erasures *erasure.Erasures
}

// Readers are the acts of which any opens the page.
func Readers() []people.Act { return []people.Act{people.Recall, people.Administer} }

// Routes is the page and its forms.
func Routes(d *page.Desk, e *erasure.Erasures) []page.Route {
	a := area{d, e}
	return []page.Route{
		{Pattern: "GET " + home, OneOf: Readers(), Serve: a.show},
		{Pattern: "POST " + home, Act: people.Recall, Fresh: true, Serve: a.ask},
		{Pattern: "POST /erasures/{erasure}/confirm", Act: people.Administer, Fresh: true, Serve: a.decide(true)},
		{Pattern: "POST /erasures/{erasure}/refuse", Act: people.Administer, Fresh: true, Serve: a.decide(false)},
	}
}

type view struct {
	*page.Request
	List           []erasure.Request
	Object, Reason string
	Problems       []page.Problem
}

// Asks and Decides say which forms the reader gets.
func (v view) Asks() bool { return v.Actor.May(people.Recall) == nil }

// Decides reports whether the reader may decide on a request.
func (v view) Decides(r erasure.Request) bool {
	return r.State == "asked" && r.Asker != v.Actor.Name && v.Actor.May(people.Administer) == nil
}

func (a area) show(w http.ResponseWriter, r *http.Request) error {
	return a.page(w, r, view{Object: r.URL.Query().Get("object")})
}

func (a area) page(w http.ResponseWriter, r *http.Request, v view) error {
	v.Request = page.Of(r)
	var err error
	if v.List, err = a.erasures.List(r.Context(), v.Handle, v.Actor); err != nil {
		return err
	}
	head := page.Head{Title: v.T("erasures.title"), Lead: v.T("erasures.lead")}
	if len(v.Problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, erasuresPage(v))
}

func (a area) ask(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	v := view{Object: r.PostFormValue("object"), Reason: r.PostFormValue("reason")}
	_, err := a.erasures.Ask(r.Context(), q.Handle, q.Actor, q.Access.Class, v.Object, v.Reason)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
		v.Problems = []page.Problem{page.Of(r).Wrong("object", err)}
		return a.page(w, r, v)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, home)
}

func (a area) decide(erase bool) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		q := page.Of(r)
		if _, err := a.erasures.Decide(r.Context(), q.Handle, q.Actor, r.PathValue("erasure"), erase); err != nil {
			return err
		}
		return page.See(w, r, home)
	}
}
