// Package agreements is the desk's pages of the agreements: the document
// clause by clause with the rules each carries, where it is in its life, its
// dates, versions and signatures, and what the gate would say.
//
// Invariants: what is signed is what was shown, by its hash; reminders remind
// and blame nobody; a question to the gate stores nothing and sends nothing;
// figures about what is stored count only what the reader may see.
package agreements

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/audit"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/law/agreement"
)

// Deps is what the pages ask and do.
type Deps struct {
	Accords *accord.Accords
	Intake  *intake.Intake
	Audit   *audit.Log
	Self    ident.Side
}

type pages struct {
	Deps
	desk *page.Desk
}

// Routes is every page, form and file of the area. The document itself is for
// everybody with an account: whoever handles information may know its rules.
func Routes(d *page.Desk, deps Deps) []page.Route {
	p := &pages{Deps: deps, desk: d}
	return []page.Route{
		{Pattern: "GET /agreements", Any: true, Serve: p.list},
		{Pattern: "GET /agreements/add", Act: people.Agree, Serve: p.form},
		{Pattern: "POST /agreements/add", Act: people.Agree, Body: 2 * agreement.MaxSize, Serve: p.add},
		{Pattern: "GET /agreements/reference.yaml", Any: true, Serve: p.reference},
		{Pattern: "GET /agreements/{id}", Any: true, Serve: p.show},
		{Pattern: "GET /agreements/{id}/diff", Any: true, Serve: p.diff},
		{Pattern: "GET /agreements/{id}/versions/{version}/{file}", Any: true, Serve: p.file},
		{Pattern: "POST /agreements/{id}/sign", Act: people.Agree, Fresh: true, Serve: p.sign},
		{Pattern: "POST /agreements/{id}/countersign", Act: people.Agree, Body: 2 * agreement.MaxSize, Serve: p.countersign},
		{Pattern: "POST /agreements/{id}/events", Act: people.Agree, Fresh: true, Serve: p.event},
		{Pattern: "GET /agreements/{id}/simulate", Act: people.Read, Serve: p.simulate},
		{Pattern: "POST /agreements/{id}/simulate", Act: people.Read, Serve: p.simulate},
	}
}

// subject is the agreement that a request is about. One this node does not
// have is not there.
func subject(r *http.Request) (ident.Agreement, error) {
	id, err := ident.ParseAgreement(r.PathValue("id"))
	if err != nil {
		return "", fault.New(fault.NotFound, "there is nothing at this address")
	}
	return id, nil
}

// at is the address of an agreement, or of something of it.
func at(id ident.Agreement, more ...string) string {
	to := []string{"/agreements", url.PathEscape(string(id))}
	for _, m := range more {
		to = append(to, url.PathEscape(m))
	}
	return strings.Join(to, "/")
}

// with is an address with values in its query.
func with(path string, pairs ...string) string {
	u := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			u.Set(pairs[i], pairs[i+1])
		}
	}
	if len(u) == 0 {
		return path
	}
	return path + "?" + u.Encode()
}

// version reads a version number of the address, 0 when it is left out.
func version(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 1 {
		return 0, fault.New(fault.NotFound, "there is no such version")
	}
	return n, nil
}

// agrees reports whether the reader adds and signs agreements.
func agrees(q *page.Request) bool { return q.Actor.May(people.Agree) == nil }

// reads reports whether the reader may ask the gate about threat data.
func reads(q *page.Request) bool { return q.Actor.May(people.Read) == nil }

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
