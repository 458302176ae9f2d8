// Package contacts is the desk's pages of the directory: how both sides' points
// of contact cover the agreement, one contact with its keys and checks, and the
// forms by which this side keeps its own.
//
// Invariants: what the other side says of its contacts is shown and never
// changed; hours stand in UTC and in both capitals of the agreement; a check
// that was missed is told as it is, without blame.
package contacts

import (
	"net/http"
	"net/url"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/contact"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	law "twoseas/internal/law/contact"
)

// Acts is what the pages ask and do.
type Acts struct {
	Contacts *contact.Contacts
	Audit    *audit.Log
}

type pages struct {
	*page.Desk
	Acts
}

// Routes is every page and form of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	ends := []people.Act{people.Appoint, people.Administer}
	const one = "/contacts/{contact}"
	return []page.Route{
		{Pattern: "GET /contacts", Act: people.Reach, Serve: p.list},
		{Pattern: "GET /add-contact", Act: people.Appoint, Serve: p.addForm},
		{Pattern: "POST /add-contact", Act: people.Appoint, Serve: p.add},
		{Pattern: "GET " + one, Act: people.Reach, Serve: p.show},
		{Pattern: "GET " + one + "/change", Act: people.Appoint, Serve: p.changeForm},
		{Pattern: "POST " + one + "/change", Act: people.Appoint, Serve: p.change},
		{Pattern: "POST " + one + "/holder", Act: people.Administer, Fresh: true, Serve: p.assign},
		{Pattern: "POST " + one + "/leave", OneOf: ends, Fresh: true, Serve: p.leave},
		{Pattern: "POST " + one + "/retire", Act: people.Appoint, Fresh: true, Serve: p.retire},
		{Pattern: "POST " + one + "/keys", Act: people.Appoint, Serve: p.hear},
		{Pattern: "POST " + one + "/keys/drop", Act: people.Appoint, Serve: p.drop},
		{Pattern: "POST " + one + "/checks", Act: people.Appoint, Serve: p.check},
		{Pattern: "POST " + one + "/checks/{check}/answer", Act: people.Reach, Serve: p.answer},
		{Pattern: "POST " + one + "/checks/{check}/waive", Act: people.Appoint, Serve: p.waive},
	}
}

const area = "contacts"

// Path is the page of a contact.
func Path(id string) string { return "/contacts/" + url.PathEscape(id) }

// listView is the directory under one agreement.
type listView struct {
	*page.Request
	contact.Directory
	// None says that there is no agreement in force to keep contacts under.
	None bool
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) (err error) {
	v := listView{Request: page.Of(r)}
	v.Directory, err = p.Contacts.Directory(r.Context(), v.Handle, v.Actor, v.Request.Agreement)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) && v.Actor.May(people.Reach) == nil {
		v.None, err = true, nil
	}
	if err == nil {
		err = p.Audit.Saw(r.Context(), v.Actor, "read", "list", "contacts")
	}
	if err != nil {
		return err
	}
	head := page.Head{Title: v.T("contacts.title"), Lead: v.T("contacts.lead"), Area: area, Styles: []string{"object.css"}}
	if v.Actor.May(people.Appoint) == nil && !v.None {
		head.Action = addButton(v.Request)
	}
	return p.Render(w, r, head, listPage(v))
}

// of are the entries of one side.
func (v listView) of(side ident.Side) (out []contact.Entry) {
	for _, e := range v.Entries {
		if e.Side == side {
			out = append(out, e)
		}
	}
	return out
}

// entry returns a contact of the directory by its id.
func (v listView) entry(id string) contact.Entry {
	for _, e := range v.Entries {
		if e.ID == id {
			return e
		}
	}
	return contact.Entry{}
}

// ending are the entries with a key that ends soon.
func (v listView) ending() (out []contact.Entry) {
	for _, e := range v.Entries {
		if len(e.Warnings) > 0 {
			out = append(out, e)
		}
	}
	return out
}

// absent are the roles that nobody of a cell has.
func absent(c law.Cell) (out []law.Role) {
	for _, r := range law.Roles() {
		if !has(c.Roles, r) {
			out = append(out, r)
		}
	}
	return out
}

func has[T comparable](list []T, v T) bool {
	for _, o := range list {
		if o == v {
			return true
		}
	}
	return false
}

// colour is that of a check: nobody's lateness is red.
func colour(s law.State) string {
	switch s {
	case law.Answered:
		return "green"
	case law.Sent:
		return "blue"
	case law.Scheduled, law.Late, law.Missed, law.Failed, law.Waived:
	}
	return "grey"
}

// ownNext is where the reader adds a contact, "" when that is for others.
func ownNext(v listView) string {
	if v.Actor.May(people.Appoint) != nil {
		return ""
	}
	return "/add-contact"
}
