// Package admin is the administration of people: accounts, organisations, and
// the table of what each role may do.
//
// Invariants: an organisation's own administrator sees and changes only the
// accounts of that organisation that hold no role of the whole node; roles and
// ways in are changed only shortly after proving who one is; a link and a token
// are shown once, in the answer to the form that made them.
package admin

import (
	"net/http"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/web/page"
)

// Paths of the area.
const (
	list       = "/people"
	one        = "/people/account/"
	bodies     = "/people/organisations"
	body       = "/people/organisation/"
	navigation = "people" // Name of the page.Area
)

// maxForm bounds what these forms take, in bytes.
const maxForm = 64 << 10

type area struct{ *page.Desk }

// Routes is the pages and forms of administering people.
func Routes(d *page.Desk) []page.Route {
	a := area{d}
	return []page.Route{
		{Pattern: "GET " + list, Act: people.Manage, Serve: a.list},
		{Pattern: "GET /people/roles", Any: true, Serve: a.roles},
		{Pattern: "GET /people/add", Act: people.Manage, Serve: a.newAccount},
		{Pattern: "POST /people/add", Act: people.Manage, Fresh: true, Serve: a.addAccount},
		{Pattern: "GET " + one + "{account}", Act: people.Manage, Serve: a.account},
		{Pattern: "POST " + one + "{account}", Act: people.Manage, Fresh: true, Serve: a.changeAccount},
		{Pattern: "POST " + one + "{account}/link", Act: people.Manage, Fresh: true, Serve: a.link},
		{Pattern: "POST " + one + "{account}/disable", Act: people.Manage, Fresh: true, Serve: a.disable},
		{Pattern: "POST " + one + "{account}/enable", Act: people.Manage, Fresh: true, Serve: a.enable},
		{Pattern: "POST " + one + "{account}/sessions/end", Act: people.Manage, Serve: a.endSession},
		{Pattern: "POST " + one + "{account}/sessions/end-all", Act: people.Manage, Serve: a.endSessions},
		{Pattern: "POST " + one + "{account}/tokens", Act: people.Manage, Fresh: true, Serve: a.issue},
		{Pattern: "POST " + one + "{account}/tokens/revoke", Act: people.Manage, Serve: a.revoke},
		{Pattern: "GET " + bodies, Act: people.Manage, Serve: a.organisations},
		{Pattern: "GET /people/add-organisation", Act: people.Administer, Serve: a.newOrganisation},
		{Pattern: "POST /people/add-organisation", Act: people.Administer, Fresh: true, Serve: a.addOrganisation},
		{Pattern: "GET " + body + "{organisation}", Act: people.Manage, Serve: a.organisation},
		{Pattern: "POST " + body + "{organisation}", Act: people.Administer, Fresh: true, Serve: a.changeOrganisation},
	}
}

// told returns the words of a failure that the person who typed can do
// something about, and any other failure.
func told(err error) (string, error) {
	switch fault.KindOf(err) {
	case fault.Invalid, fault.Conflict, fault.Denied:
		return fault.Message(err), nil
	case fault.Internal, fault.NotFound, fault.Held, fault.Busy, fault.Unavailable, fault.TooLarge:
	}
	return "", err
}

// administers reports whether the one who asks administers the whole node.
func administers(q *page.Request) bool { return q.Actor.May(people.Administer) == nil }

// roles is the table of what each role may do.
func (a area) roles(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	head := page.Head{Title: q.T("people.roles.title"), Lead: q.T("people.roles.lead"), Area: navigation}
	return a.Render(w, r, head, rolesPage(q))
}
