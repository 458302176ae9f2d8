// Package web is the desk: the pages that people work in all day. The frame is
// web/page, each area a package of its own; this package puts them together.
//
// Invariants: every route names the act it needs and a test walks the list; an
// unsafe request from another site is refused before anything is looked at; no
// page asks anything of another host.
package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/answer"
	"twoseas/internal/act/audit"
	"twoseas/internal/act/collection"
	"twoseas/internal/act/contact"
	"twoseas/internal/act/coordination"
	"twoseas/internal/act/erasure"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/feed"
	"twoseas/internal/act/health"
	"twoseas/internal/act/hook"
	"twoseas/internal/act/importing"
	"twoseas/internal/act/incident"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/library"
	"twoseas/internal/act/matching"
	"twoseas/internal/act/members"
	"twoseas/internal/act/notice"
	"twoseas/internal/act/offline"
	"twoseas/internal/act/offline/shelf"
	"twoseas/internal/act/onward"
	"twoseas/internal/act/pairing"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/act/release"
	"twoseas/internal/act/request"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/auth"
	"twoseas/internal/edge/web/account"
	"twoseas/internal/edge/web/admin"
	"twoseas/internal/edge/web/agreements"
	"twoseas/internal/edge/web/assets"
	auditpages "twoseas/internal/edge/web/audit"
	contactpages "twoseas/internal/edge/web/contacts"
	"twoseas/internal/edge/web/coordinations"
	"twoseas/internal/edge/web/erasures"
	"twoseas/internal/edge/web/exchanges"
	"twoseas/internal/edge/web/feeds"
	"twoseas/internal/edge/web/hooks"
	"twoseas/internal/edge/web/imports"
	"twoseas/internal/edge/web/incidents"
	"twoseas/internal/edge/web/ledgers"
	matchpages "twoseas/internal/edge/web/matching"
	"twoseas/internal/edge/web/meeting"
	"twoseas/internal/edge/web/notices"
	"twoseas/internal/edge/web/object"
	onwardpages "twoseas/internal/edge/web/onward"
	"twoseas/internal/edge/web/operate"
	"twoseas/internal/edge/web/overview"
	"twoseas/internal/edge/web/page"
	recallpages "twoseas/internal/edge/web/recalls"
	"twoseas/internal/edge/web/releases"
	requestpages "twoseas/internal/edge/web/requests"
	"twoseas/internal/edge/web/signin"
	"twoseas/internal/edge/web/threats"
	"twoseas/internal/edge/web/waiting"
	"twoseas/internal/edge/web/words"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// Config is what the pages work with.
type Config struct {
	Store     *store.Store
	Handle    *store.Handle
	Self      ident.Side
	Title     string
	Clock     clock.Clock
	Log       *slog.Logger
	Stop      <-chan struct{} // closed when the node stops serving
	Auth      *auth.Auth
	People    *people.People
	Accords   *accord.Accords
	Exchange  *exchange.Exchange
	Library   *library.Library
	Releases  *release.Releases
	Ledger    *ledger.Ledger
	Answers   *answer.Answers
	Intake    *intake.Intake
	Audit     *audit.Log
	Onwards   *onward.Onwards
	Requests  *request.Requests
	Incidents *incident.Incidents
	// Coordinations discloses vulnerabilities together with the other side.
	Coordinations *coordination.Coordinations
	Members       *members.Members
	Contacts      *contact.Contacts

	Pairing     *pairing.Pairing
	Collections *collection.Collections
	Feeds       *feed.Feeds
	Hooks       *hook.Hooks
	Offline     *offline.Offline
	Shelf       *shelf.Shelf
	Matchings   *matching.Matchings
	Recalls     *recall.Recalls
	Notices     *notice.Notices
	Lines       matching.Lines
	Imports     *importing.Imports
	Erasures    *erasure.Erasures
	Health      health.Source
	Partners    operate.Partners
}

// Site is the desk as one handler of every path that no other edge has.
type Site struct {
	Config
	desk    *page.Desk
	handler http.Handler
	streams streams
	name    string // of this process among those that share the store
}

// ServeHTTP serves a page, a form or a file of the desk.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// areas are the desks of the left column in the order of the day.
func areas() []page.Area {
	return []page.Area{
		{Name: "overview", Path: "/", Icon: "overview"},
		{Name: "waiting", Path: "/waiting", Icon: "waiting", Acts: waiting.Readers()},
		{Name: "threats", Path: "/threats", Icon: "threats", Acts: []people.Act{people.Read}},
		{Name: "imports", Path: "/imports", Icon: "imports", Acts: importing.Bringers()},
		{Name: "releases", Path: "/releases", Icon: "releases", Acts: []people.Act{people.Review}},
		{Name: "exchange", Path: "/exchange", Icon: "exchange", Acts: exchanges.Readers()},
		{Name: "incidents", Path: "/incidents", Icon: "incidents", Acts: []people.Act{people.Read}},
		{Name: "requests", Path: "/requests", Icon: "requests", Acts: request.Readers()},
		{Name: "contacts", Path: "/contacts", Icon: "contacts", Acts: []people.Act{people.Reach}},
		{Name: "agreements", Path: "/agreements", Icon: "agreements"},
		{Name: "ledger", Path: "/ledger", Icon: "ledger", Acts: ledgers.Readers()},
		{Name: "audit", Path: "/audit", Icon: "audit", Acts: []people.Act{people.Audit}},
		{Name: "people", Path: "/people", Icon: "people", Acts: []people.Act{people.Manage}},
		{Name: "operate", Path: "/operate", Icon: "operate", Acts: []people.Act{people.Administer, people.Exchange}},
	}
}

// New returns the desk.
func New(c Config) (*Site, error) {
	texts, err := words.Load()
	if err != nil {
		return nil, err
	}
	files, err := assets.Load()
	if err != nil {
		return nil, err
	}
	s := &Site{Config: c, streams: streams{open: map[string]int{}}}
	s.name = rand.Text()[:8]
	s.desk = page.New(page.Config{
		Handle: c.Handle, People: c.People, Auth: c.Auth, Clock: c.Clock, Log: c.Log, Texts: texts, Assets: files,
		Title: c.Title, Side: c.Self, Links: cached(c.Clock, 2*time.Second, s.links), Waiting: s.waiting, Seen: s.seen,
	}, areas())
	s.desk.Confirm = signin.Confirm(s.desk)
	mux := http.NewServeMux()
	mux.Handle("GET "+assets.Prefix, files)
	s.desk.Mount(mux, s.Routes())
	s.handler, err = c.Auth.SameOrigin(mux)
	return s, err
}

// Routes is every page and form of the desk, area by area.
func (s *Site) Routes() []page.Route {
	data := object.Acts{Library: s.Library, Answers: s.Answers, Audit: s.Audit, Onwards: s.Onwards, Imports: s.Imports}
	return slices.Concat(
		[]page.Route{
			{Pattern: "/", Open: true, Serve: page.NotFound},
			s.desk.Choose(),
			s.liveRoute(),
		},
		threats.Routes(s.desk, data),
		signin.Routes(s.desk), account.Routes(s.desk), admin.Routes(s.desk),
		notices.Routes(s.desk, notices.Acts{Notices: s.Notices, Audit: s.Audit}),
		overview.Routes(s.desk, overview.Deps{Requests: s.Requests, Accords: s.Accords, Releases: s.Releases, Exchange: s.Exchange, Recalls: s.Recalls, Self: s.Self}),
		agreements.Routes(s.desk, agreements.Deps{Accords: s.Accords, Intake: s.Intake, Audit: s.Audit, Self: s.Self}),
		imports.Routes(s.desk, s.Imports, s.Audit),
		incidents.Routes(s.desk, incidents.Acts{Incidents: s.Incidents, Requests: s.Requests, Audit: s.Audit, Self: s.Self}),
		meeting.Routes(s.desk, s.parties),
		erasures.Routes(s.desk, s.Erasures),
		feeds.Routes(s.desk, feeds.Acts{Feeds: s.Feeds, People: s.People, Audit: s.Audit, Self: s.Self}),
		hooks.Routes(s.desk, hooks.Acts{Hooks: s.Hooks, People: s.People, Audit: s.Audit}),
		matchpages.Routes(s.desk, matchpages.Acts{Matchings: s.Matchings, Audit: s.Audit, Lines: s.Lines}),
		ledgers.Routes(s.desk, ledgers.Deps{Ledger: s.Ledger, Audit: s.Audit}),
		auditpages.Routes(s.desk, s.Audit),
		exchanges.Routes(s.desk, exchanges.Acts{Exchange: s.Exchange, Recalls: s.Recalls, Audit: s.Audit, Offline: s.Offline, Shelf: s.Shelf}),
		onwardpages.Routes(s.desk, onwardpages.Acts{Onwards: s.Onwards, Members: s.Members, Audit: s.Audit}),
		coordinations.Routes(s.desk, coordinations.Acts{Coordinations: s.Coordinations, Audit: s.Audit, Self: s.Self}),
		requestpages.Routes(s.desk, requestpages.Acts{Requests: s.Requests, Audit: s.Audit, Self: s.Self}),
		contactpages.Routes(s.desk, contactpages.Acts{Contacts: s.Contacts, Audit: s.Audit}),
		recallpages.Routes(s.desk, recallpages.Acts{Recalls: s.Recalls, Audit: s.Audit}),
		releases.Routes(s.desk, releases.Acts{Releases: s.Releases, Accords: s.Accords, Audit: s.Audit, Imports: s.Imports}),
		waiting.Routes(s.desk, waiting.Acts{Releases: s.Releases, Onwards: s.Onwards, Recalls: s.Recalls, Requests: s.Requests, Contacts: s.Contacts, Offline: s.Offline}),
		operate.Routes(s.desk, operate.Acts{
			People: s.People, Pairing: s.Pairing, Collections: s.Collections, Audit: s.Audit, Health: s.Health, Partners: s.Partners,
		}),
		object.Routes(s.desk, data),
	)
}

// parties are the sides of the agreements in force, with their other names.
func (s *Site) parties(r *http.Request) ([]gate.Party, error) {
	return s.Releases.Parties(r.Context(), s.Handle)
}

// waiting is how many things wait for by.
func (s *Site) waiting(ctx context.Context, by people.Actor) (int64, error) {
	c, err := s.Releases.Count(ctx, s.Handle, by)
	if err != nil {
		return 0, err
	}
	asked, err := s.Onwards.Waiting(ctx, s.Handle, by)
	if err != nil {
		return 0, err
	}
	open, err := s.Recalls.Waiting(ctx, s.Handle, by)
	if err != nil {
		return 0, err
	}
	help, err := s.Requests.Waiting(ctx, s.Handle, by)
	if err != nil {
		return 0, err
	}
	posts, err := s.Contacts.Waiting(ctx, s.Handle, by)
	if err != nil {
		return 0, err
	}
	files, err := s.Offline.Waiting(ctx, s.Handle, by)
	return c.Total() + int64(len(asked)+len(open)+len(help)+len(posts)) + files, err
}

// links is how the exchange under each agreement of the node stands.
func (s *Site) links(ctx context.Context) ([]page.Link, error) {
	ids, err := s.Accords.Agreements(ctx, s.Handle)
	if err != nil {
		return nil, err
	}
	out := make([]page.Link, 0, len(ids))
	for _, id := range ids {
		l, err := s.link(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	return out, nil
}
