// Package operate is the pages of administration that are not about people:
// partners' nodes, collections and their readers, background work, the health
// of the node and its settings.
package operate

import (
	"context"
	"net/http"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/collection"
	"twoseas/internal/act/health"
	"twoseas/internal/act/pairing"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/web/page"
	"twoseas/internal/store"
)

// Acts is what the pages do.
type Acts struct {
	People      *people.People
	Pairing     *pairing.Pairing
	Collections *collection.Collections
	Audit       *audit.Log
	Health      health.Source
	Partners    Partners
}

// Partners is what the pages have done with partners' nodes over the network.
type Partners interface {
	// Accept greets the node of an invitation.
	Accept(ctx context.Context, by people.Actor, code string) (store.Peer, error)
	// Check calls a partner's node and compares what both sides hold.
	Check(ctx context.Context, by people.Actor, side ident.Side, full bool) (sound bool, lines []string, err error)
}

type pages struct {
	*page.Desk
	Acts
}

// Routes is the pages and forms of the area.
func Routes(d *page.Desk, acts Acts) []page.Route {
	p := &pages{d, acts}
	either := []people.Act{people.Administer, people.Exchange}
	return []page.Route{
		{Pattern: "GET /operate", OneOf: either, Serve: p.health},
		{Pattern: "GET /operate/work", OneOf: either, Serve: p.work},
		{Pattern: "GET /operate/settings", Act: people.Administer, Serve: p.settings},
		{Pattern: "GET /operate/partners", Act: people.Exchange, Serve: p.partners},
		{Pattern: "POST /operate/partners/invite", Act: people.Exchange, Serve: p.invite},
		{Pattern: "POST /operate/partners/accept", Act: people.Exchange, Serve: p.accept},
		{Pattern: "POST /operate/partners/hello", Act: people.Exchange, Serve: p.hello},
		{Pattern: "POST /operate/partners/answer", Act: people.Exchange, Serve: p.answer},
		{Pattern: "POST /operate/partners/finish", Act: people.Exchange, Serve: p.finish},
		{Pattern: "POST /operate/partners/{side}/recipient", Act: people.Exchange, Fresh: true, Serve: p.hear},
		{Pattern: "POST /operate/recipient", Act: people.Exchange, Serve: p.recipient},
		{Pattern: "GET /operate/partners/{side}", Act: people.Exchange, Serve: p.partner},
		{Pattern: "POST /operate/partners/{side}/confirm", Act: people.Exchange, Fresh: true, Serve: p.confirm},
		{Pattern: "POST /operate/partners/{side}/move", Act: people.Exchange, Fresh: true, Serve: p.move},
		{Pattern: "POST /operate/partners/{side}/check", Act: people.Exchange, Serve: p.check},
		{Pattern: "POST /operate/partners/{side}/remove", Act: people.Exchange, Fresh: true, Serve: p.remove},
		{Pattern: "POST /operate/rotate", Act: people.Exchange, Fresh: true, Serve: p.rotate},
		{Pattern: "GET /operate/collections", Act: people.Administer, Serve: p.collections},
		{Pattern: "POST /operate/collections", Act: people.Administer, Serve: p.addCollection},
		{Pattern: "GET /operate/collections/{collection}", Act: people.Administer, Serve: p.collection},
		{Pattern: "POST /operate/collections/{collection}/grant", Act: people.Administer, Fresh: true, Serve: p.grant},
		{Pattern: "POST /operate/collections/{collection}/revoke", Act: people.Administer, Serve: p.revoke},
	}
}

// tab is one page of the area in the row of tabs.
type tab struct {
	name, path string
	acts       []people.Act
}

var tabs = []tab{
	{"health", "/operate", nil},
	{"partners", "/operate/partners", []people.Act{people.Exchange}},
	{"collections", "/operate/collections", []people.Act{people.Administer}},
	{"feeds", "/feeds", []people.Act{people.Administer}},
	{"hooks", "/hooks", []people.Act{people.Administer}},
	{"work", "/operate/work", nil},
	{"settings", "/operate/settings", []people.Act{people.Administer}},
}

// head is what the frame says about a page of the area.
func head(q *page.Request, name string) page.Head {
	return page.Head{Title: q.T("operate." + name), Lead: q.T("operate." + name + ".lead"), Area: "operate", Styles: []string{"operate.css"}}
}

// saw records that a page of the area was read.
func (p *pages) saw(r *http.Request, what string, fields ...string) error {
	return p.Audit.Saw(r.Context(), page.Of(r).Actor, "read", append([]string{"where", "operate", "page", what}, fields...)...)
}

func (p *pages) health(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.saw(r, "health"); err != nil {
		return err
	}
	report, err := p.Health.Health(r.Context())
	if err != nil {
		return err
	}
	h := head(q, "health")
	h.Chips = stateChip(q, report.State)
	return p.Render(w, r, h, healthPage(q, report))
}

func (p *pages) work(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.saw(r, "work"); err != nil {
		return err
	}
	list, err := p.Health.Processes(r.Context())
	if err != nil {
		return err
	}
	return p.Render(w, r, head(q, "work"), workPage(q, list))
}

func (p *pages) settings(w http.ResponseWriter, r *http.Request) error {
	q := page.Of(r)
	if err := p.saw(r, "settings"); err != nil {
		return err
	}
	return p.Render(w, r, head(q, "settings"), settingsPage(q, p.Health.Settings()))
}
