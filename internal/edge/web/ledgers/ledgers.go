// Package ledgers is the desk's pages of the ledgers: what both sides can prove
// to each other and to anybody. A reader sees each state with who signed and
// cosigned it, each leaf with its proof as a file, and has the browser check
// all of it against the public keys.
//
// Invariants: the node's own word is never what proves: every page shows bytes
// that twoseas-verify and the browser check alone; the home log is for those
// who audit, and looking at it is itself an entry of it.
package ledgers

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
)

// Deps is what the pages ask.
type Deps struct {
	Ledger *ledger.Ledger
	Audit  *audit.Log
}

// Readers are the acts of which any admits to the exchange ledgers: they count
// what crossed, of every marking, so industry members do not read them.
func Readers() []people.Act {
	return []people.Act{people.Review, people.Agree, people.Audit, people.Exchange, people.Administer}
}

type pages struct {
	Deps
	desk *page.Desk
}

// Routes is every page and file of the area.
func Routes(d *page.Desk, deps Deps) []page.Route {
	p := &pages{Deps: deps, desk: d}
	routes := []page.Route{
		{Pattern: "GET /ledger", OneOf: Readers(), Serve: p.chosen},
		{Pattern: "GET " + verifyingPath, OneOf: Readers(), Serve: p.verifying},
	}
	for path, serve := range map[string]page.Handler{
		"":                       p.show,
		"/entries/{index}":       p.entry,
		"/entries/{index}/proof": p.proof,
		"/checkpoint":            p.checkpoint,
		"/keys":                  p.keys,
		"/since/{size}":          p.since,
		"/growth":                p.growth,
		"/file":                  p.file,
	} {
		routes = append(routes,
			page.Route{Pattern: "GET /ledger/{log}" + path, OneOf: Readers(), Serve: exchangeOnly(serve)},
			page.Route{Pattern: "GET /ledger/" + ledger.HomeName + path, Act: people.Audit, Serve: serve})
	}
	return routes
}

// exchangeOnly keeps the routes of the exchange ledgers from ever answering
// for the home log, however its name is written.
func exchangeOnly(serve page.Handler) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		log, err := ident.ParseAgreement(r.PathValue("log"))
		if err != nil || string(log) == ledger.HomeName {
			return page.NotFound(w, r)
		}
		return serve(w, r)
	}
}

// name is the log a request is about.
func name(r *http.Request) string {
	if log := r.PathValue("log"); log != "" {
		return log
	}
	return ledger.HomeName
}

// partner is the other side of the log's agreement, "" of the home log.
func partner(q *page.Request, log string) ident.Side {
	for _, l := range q.Links {
		if string(l.Agreement) == log {
			return l.Partner
		}
	}
	return ""
}

// chosen leads to the ledger of the agreement chosen in the top bar.
func (p *pages) chosen(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if q.Agreement != "" {
		return page.See(w, r, at(string(q.Agreement)))
	}
	return p.desk.Render(w, r, p.head(q, "", ledger.States{}), none(q))
}

// at is the address of a log, or of something in it.
func at(log string, more ...string) string {
	to := []string{"/ledger", url.PathEscape(log)}
	for _, m := range more {
		to = append(to, url.PathEscape(m))
	}
	return strings.Join(to, "/")
}

// saw records that somebody looked at the home log; an exchange log is made to
// be read by both sides.
func (p *pages) saw(r *http.Request, log, what string) error {
	if log != ledger.HomeName {
		return nil
	}
	return p.Audit.Saw(r.Context(), page.Of(r).Actor, "read the audit log", "what", what)
}

// number reads a path value as a count.
func number(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || n < 0 {
		return 0, fault.New(fault.NotFound, "there is nothing at this address")
	}
	return n, nil
}

// query reads a number of the address, 0 when it is left out.
func query(r *http.Request, name string) (int64, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, fault.Errorf(fault.Invalid, "%s %.40q: want a number", name, s)
	}
	return n, nil
}
