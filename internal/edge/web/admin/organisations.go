package admin

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/page"
)

// organisations is the list, with how many accounts each has.
type organisations struct {
	*page.Request
	Bodies []people.Organisation
	People map[string]int
}

func (a area) organisations(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	f := organisations{Request: q, People: map[string]int{}}
	var err error
	if f.Bodies, err = a.People.Organisations(r.Context(), q.Actor); err != nil {
		return err
	}
	all, err := a.People.List(r.Context(), q.Actor)
	if err != nil {
		return err
	}
	for _, x := range all {
		f.People[x.Org]++
	}
	head := page.Head{Title: q.T("people.organisations"), Lead: q.T("people.organisations.lead"), Area: navigation}
	if administers(q) {
		head.Action = addBody(q)
	}
	return a.Render(w, r, head, organisationsPage(f))
}

// bodyForm is the form of an organisation.
type bodyForm struct {
	*page.Request
	Body  people.Organisation
	New   bool
	Bound string // what the node may hold at most, in words
	// Sponsors are the organisations that may sponsor a member.
	Sponsors []people.Organisation
	Failed   string // in the act's words, which are English
}

func (a area) bodyPage(w http.ResponseWriter, r *http.Request, f bodyForm) error {
	f.Request = page.Of(r)
	f.Bound = a.bound(f.Request)
	all, err := a.People.Organisations(r.Context(), f.Actor)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.Kind.Sponsors() {
			f.Sponsors = append(f.Sponsors, o)
		}
	}
	head := page.Head{Title: f.Body.Name, Lead: f.T("people.organisation.lead"), Area: navigation}
	if f.New {
		head.Title = f.T("people.organisation.add")
	}
	if f.Failed != "" {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, bodyPage(f))
}

func (a area) newOrganisation(w http.ResponseWriter, r *http.Request) error {
	return a.bodyPage(w, r, bodyForm{New: true, Body: people.Organisation{Kind: people.Ministry, Ceiling: "TLP:GREEN"}})
}

func (a area) organisation(w http.ResponseWriter, r *http.Request) error {
	o, err := a.People.Organisation(r.Context(), page.Of(r).Actor, r.PathValue("organisation"))
	if err != nil {
		return err
	}
	return a.bodyPage(w, r, bodyForm{Body: o})
}

// typedBody returns the organisation that the form describes.
func typedBody(r *http.Request, id string) people.Organisation {
	return people.Organisation{
		ID: id, Name: r.PostFormValue("body-name"), Kind: people.Kind(r.PostFormValue("kind")), Ceiling: clearance(r, "ceiling"),
		Closed: r.PostFormValue("closed") != "", Sponsor: r.PostFormValue("sponsor"), Look: r.PostFormValue("look") != "",
		Aliases: strings.Split(r.PostFormValue("aliases"), ","),
		Sectors: strings.FieldsFunc(strings.ToLower(r.PostFormValue("sectors")), func(c rune) bool {
			return c == ',' || c == '、' || unicode.IsSpace(c)
		}),
	}
}

func (a area) addOrganisation(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	o := typedBody(r, r.PostFormValue("body-id"))
	if err := a.People.AddOrganisation(r.Context(), page.Of(r).Actor, o); err != nil {
		text, err := told(err)
		if err != nil {
			return err
		}
		return a.bodyPage(w, r, bodyForm{New: true, Body: o, Failed: text})
	}
	return page.See(w, r, bodies)
}

func (a area) changeOrganisation(w http.ResponseWriter, r *http.Request) error {
	if _, err := page.Form(w, r, maxForm); err != nil {
		return err
	}
	o := typedBody(r, r.PathValue("organisation"))
	if err := a.People.ChangeOrganisation(r.Context(), page.Of(r).Actor, o); err != nil {
		text, err := told(err)
		if err != nil {
			return err
		}
		return a.bodyPage(w, r, bodyForm{Body: o, Failed: text})
	}
	return page.See(w, r, body+url.PathEscape(o.ID))
}
