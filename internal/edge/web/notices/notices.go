// Package notices is the page of what a person was told, the page on which a
// person says how to be told, and the administrator's page of mail.
//
// Invariants: nobody reaches another's notices, wishes, key or calendar here;
// the secret of a calendar's address is shown once, in the answer to the form
// that made it.
package notices

import (
	"net/http"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/lang"
	"twoseas/internal/edge/web/page"
)

const settingsPath = "/notices/settings"

// Acts is what the pages do.
type Acts struct {
	Notices *notice.Notices
	Audit   *audit.Log
}

type area struct {
	*page.Desk
	Acts
}

// Routes is the pages and forms of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	a := &area{d, acts}
	return []page.Route{
		{Pattern: "GET /notices", Any: true, Serve: a.list},
		{Pattern: "GET " + settingsPath, Any: true, Serve: a.settings},
		{Pattern: "POST " + settingsPath, Any: true, Serve: a.setWish},
		{Pattern: "POST /notices/key", Any: true, Fresh: true, Serve: a.setKey},
		{Pattern: "POST /notices/key/verify", Any: true, Serve: a.verifyKey},
		{Pattern: "POST /notices/key/remove", Any: true, Fresh: true, Serve: a.removeKey},
		{Pattern: "POST /notices/calendar", Any: true, Fresh: true, Serve: a.makeAddress},
		{Pattern: "POST /notices/calendar/revoke", Any: true, Serve: a.revokeAddress},
		{Pattern: "GET /operate/mail", Act: people.Administer, Serve: a.mail},
		{Pattern: "POST /operate/mail", Act: people.Administer, Serve: a.try},
	}
}

// own is what both pages of a person show.
type own struct {
	*page.Request
	notice.Own
	kinds    *lang.Printer
	secret   string // of a new calendar address, shown once
	typed    notice.Wish
	problems []page.Problem
}

func (a *area) fill(r *http.Request, o *own) error {
	o.Request = page.Of(r)
	texts, err := notice.Texts()
	if err != nil {
		return err
	}
	o.kinds = texts.Printer(o.Tag)
	o.Own, err = a.Notices.Mine(r.Context(), o.Handle, o.Actor)
	if len(o.problems) == 0 {
		o.typed = o.Wish
	}
	return err
}

func (a *area) list(w http.ResponseWriter, r *http.Request) error {
	var o own
	if err := a.fill(r, &o); err != nil {
		return err
	}
	return a.Render(w, r, page.Head{Title: o.T("notices.title"), Lead: o.T("notices.lead")}, listPage(o))
}

func (a *area) settings(w http.ResponseWriter, r *http.Request) error { return a.show(w, r, own{}) }

func (a *area) show(w http.ResponseWriter, r *http.Request, o own) error {
	if err := a.fill(r, &o); err != nil {
		return err
	}
	head := page.Head{Title: o.T("notices.settings"), Lead: o.T("notices.settings.lead")}
	if len(o.problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, settingsPage(o))
}

// done goes back to the settings, or shows them with what was wrong with a
// field.
func (a *area) done(w http.ResponseWriter, r *http.Request, field string, err error) error {
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied) || fault.Is(err, fault.Unavailable) || fault.Is(err, fault.TooLarge) {
		q := page.Of(r)
		return a.show(w, r, own{problems: []page.Problem{q.Wrong(field, err)}, typed: typed(r)})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, settingsPath)
}

func typed(r *http.Request) notice.Wish {
	return notice.Wish{
		Mail: r.PostFormValue("mail") != "", Language: r.PostFormValue("language"), Zone: r.PostFormValue("zone"), Digest: r.PostFormValue("digest"),
		QuietFrom: r.PostFormValue("quiet_from"), QuietTo: r.PostFormValue("quiet_to"),
	}
}

func (a *area) setWish(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	return a.done(w, r, "zone", a.Notices.SetWish(r.Context(), q.Handle, q.Actor, typed(r)))
}

func (a *area) setKey(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	_, err := a.Notices.SetKey(r.Context(), q.Handle, q.Actor, r.PostFormValue("key"))
	return a.done(w, r, "key", err)
}

func (a *area) verifyKey(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	return a.done(w, r, "code", a.Notices.VerifyKey(r.Context(), q.Handle, q.Actor, r.PostFormValue("code")))
}

func (a *area) removeKey(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	return a.done(w, r, "key", a.Notices.RemoveKey(r.Context(), q.Handle, q.Actor))
}

func (a *area) makeAddress(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	secret, err := a.Notices.MakeAddress(r.Context(), q.Handle, q.Actor)
	if err != nil {
		return err
	}
	return a.show(w, r, own{secret: a.Notices.URL + "/calendar/" + secret + ".ics"})
}

func (a *area) revokeAddress(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	return a.done(w, r, "calendar", a.Notices.RevokeAddress(r.Context(), q.Handle, q.Actor))
}

// mailView is the administrator's page.
type mailView struct {
	*page.Request
	mail     notice.Status
	address  string
	asked    bool
	problems []page.Problem
}

func (a *area) mail(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	return a.showMail(w, r, mailView{asked: q.Path == "/operate/mail?asked=yes"})
}

func (a *area) showMail(w http.ResponseWriter, r *http.Request, v mailView) (err error) {
	v.Request = page.Of(r)
	if err := a.Audit.Saw(r.Context(), v.Actor, "read", "where", "operate", "page", "mail"); err != nil {
		return err
	}
	if v.mail, err = a.Notices.Status(r.Context(), v.Handle, v.Actor); err != nil {
		return err
	}
	head := page.Head{Title: v.T("notices.mail"), Lead: v.T("notices.mail.lead"), Area: "operate"}
	if len(v.problems) > 0 {
		head.Status = http.StatusUnprocessableEntity
	}
	return a.Render(w, r, head, mailPage(v))
}

func (a *area) try(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	address := r.PostFormValue("address")
	err := a.Notices.Try(r.Context(), q.Handle, q.Actor, address)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Unavailable) {
		return a.showMail(w, r, mailView{address: address, problems: []page.Problem{q.Wrong("address", err)}})
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/operate/mail?asked=yes")
}
