// Package api is the node's own interface for programs, /api/v1: everything
// the pages do, with the same rights. Its description is made from this code
// and served as OpenAPI 3.1, and as a page for people.
//
// Invariants: every operation names the act it needs, and a test walks them
// with every role; a reader is answered from the labels it is cleared for and
// learns nothing of others; what is read is in the audit log before it is
// answered; a write with an idempotency key happens once.
package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

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
	"twoseas/internal/act/offline"
	"twoseas/internal/act/offline/shelf"
	"twoseas/internal/act/onward"
	"twoseas/internal/act/pairing"
	"twoseas/internal/act/people"
	"twoseas/internal/act/recall"
	"twoseas/internal/act/release"
	"twoseas/internal/act/request"
	"twoseas/internal/act/search"
	"twoseas/internal/act/session"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/auth"
	"twoseas/internal/edge/reply"
	"twoseas/internal/store"
)

// Config is what the interface works with.
type Config struct {
	Handle      *store.Handle
	Self        ident.Side
	Clock       clock.Clock
	People      *people.People
	Auth        *auth.Auth
	Audit       *audit.Log
	Search      *search.Search
	Accords     *accord.Accords
	Releases    *release.Releases
	Erasures    *erasure.Erasures
	Exchange    *exchange.Exchange
	Ledger      *ledger.Ledger
	Intake      *intake.Intake
	Library     *library.Library
	Answers     *answer.Answers
	Imports     *importing.Imports
	Sessions    *session.Sessions
	Collections *collection.Collections
	Pairing     *pairing.Pairing
	Feeds       *feed.Feeds
	Hooks       *hook.Hooks
	Matchings   *matching.Matchings
	Recalls     *recall.Recalls
	Onwards     *onward.Onwards
	Requests    *request.Requests
	// Coordinations discloses vulnerabilities together with the partner.
	Coordinations *coordination.Coordinations
	Incidents     *incident.Incidents
	Members       *members.Members
	Contacts      *contact.Contacts
	Offline       *offline.Offline
	Shelf         *shelf.Shelf
	Lines         matching.Lines
	Partners      Partners
	Health        health.Source
	Log           *slog.Logger
	Rand          io.Reader
	Stylesheet    string // of the description as a page; "" leaves it plain
}

// Partners is what the interface has done with partners' nodes over the
// network.
type Partners interface {
	// Accept greets the node of an invitation, by somebody who may exchange.
	Accept(ctx context.Context, by people.Actor, code string) (store.Peer, error)
	// Check calls a partner's node and compares what both sides hold.
	Check(ctx context.Context, by people.Actor, side ident.Side, full bool) (sound bool, lines []string, err error)
}

// Prefix is where the interface is mounted.
const Prefix = "/api/v1"

// maxBody bounds a request that is not an import: ten thousand long URLs and a
// little. maxImport bounds an import.
const (
	maxBody   = 32 << 20
	maxImport = 256 << 20
)

type api struct {
	Config
	huma huma.API
}

// Mount adds the interface to mux.
func Mount(mux *http.ServeMux, c Config) { mount(mux, c) }

// Describe returns the description of the interface; what it mounts on mux
// serves the description alone.
func Describe(mux *http.ServeMux) *huma.OpenAPI { return mount(mux, Config{}).huma.OpenAPI() }

func mount(mux *http.ServeMux, c Config) *api {
	a := &api{Config: c}
	config := huma.DefaultConfig("Twoseas", "1")
	config.Info.Description = description
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = Prefix+"/openapi", "", ""
	config.CreateHooks = nil // no $schema member and no Link header in answers
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"basic": {Type: "http", Scheme: "basic"}, "bearer": {Type: "http", Scheme: "bearer"},
	}
	config.Security = []map[string][]string{{"basic": {}}, {"bearer": {}}}
	config.Tags = tags()
	a.huma = humago.New(mux, config)
	a.routes()
	mux.HandleFunc("GET "+Prefix+"/docs", a.docs)
	return a
}

// schemaName names a type in the description: ours without what tells it is a
// body, those of acts with their package.
func schemaName(t reflect.Type, hint string) string {
	name := strings.ReplaceAll(huma.DefaultSchemaNamer(t, hint), "Body", "")
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if pkg := path.Base(t.PkgPath()); t.Name() != "" && pkg != "api" && strings.HasPrefix(t.PkgPath(), "twoseas/") {
		name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	return name
}

const description = `What the pages of this node do, for programs: with the same rights, one operation for each act.

Send HTTP Basic credentials or an API token as a bearer token. Each operation names the act it needs; an account may do it when one of its roles may. What one may not see is answered like what is not there.

Errors are problem documents (RFC 9457). Lists come in pages: follow "next" until there is none. Send an Idempotency-Key with a write to repeat it safely: for a day the same key gets the first answer again. Decisions of a person (approving, signing) take the person's password and no token.`

// routes is every operation, each with the act it needs.
func (a *api) routes() {
	a.lookups()
	a.objects()
	a.around()
	a.keeping()
	a.imports()
	a.uploads()
	a.meetings()
	a.erasures()
	a.agreements()
	a.holds()
	a.contributions()
	a.queues()
	a.recalls()
	a.requests()
	a.coordinations()
	a.incidents()
	a.overview()
	a.contacts()
	a.channels()
	a.byFile()
	a.shelf()
	a.questions()
	a.feeds()
	a.hooks()
	a.ledgers()
	a.accounts()
	a.organisations()
	a.collections()
	a.peers()
	a.audits()
	a.operating()
}

// tags are the groups of operations in the description.
func tags() []*huma.Tag {
	var out []*huma.Tag
	for _, t := range [][2]string{
		{"threats", "Look values up, read objects and where they come from, export"},
		{"imports", "Take threat data in"},
		{"feeds", "Sources outside on a schedule, and collections sent out"},
		{"agreements", "The memorandum as a document: versions, signatures, dates, what it says"},
		{"releases", "What waits for an officer before it may leave"},
		{"recalls", "Calling back what was sent, and what a partner calls back"},
		{"incidents", "Incidents that either side notified, with what both contributed"},
		{"requests", "Requests for assistance, asked of the partner and by it"},
		{"coordinations", "Vulnerabilities disclosed together with the partner, at one instant"},
		{"exchange", "Channels, shipments and receipts"},
		{"contacts", "Points of contact of both sides, and whether they answer"},
		{"ledger", "Checkpoints, entries and their proofs"},
		{"people", "Accounts, organisations, sessions and tokens"},
		{"collections", "TAXII collections and who reads and writes them"},
		{"partners", "Getting to know the partner's node"},
		{"audit", "What people of this side did"},
		{"operation", "How the node is and what it was started with"},
	} {
		out = append(out, &huma.Tag{Name: t[0], Description: t[1]})
	}
	return out
}

// problemOf turns a failure into a problem document (RFC 9457).
func problemOf(err error) error {
	if err == nil {
		return nil
	}
	if fault.Is(err, fault.Invalid) { // understood, and not possible (RFC 9110 §15.5.21)
		return huma.Error422UnprocessableEntity(fault.Message(err))
	}
	return huma.NewError(reply.Status(err), fault.Message(err))
}
