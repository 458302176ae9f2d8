// Package api is the node's own interface for programs, /api/v1: lookups, the
// state of agreements and channels, what the gate says. Its description is
// served as OpenAPI 3.1.
//
// Invariants: every operation names the act it needs; a reader is answered
// from the labels it is cleared for and learns nothing of others.
package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/act/search"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/auth"
	"twoseas/internal/store"
)

// Config is what the interface works with.
type Config struct {
	Handle   *store.Handle
	People   *people.People
	Auth     *auth.Auth
	Search   *search.Search
	Accords  *accord.Accords
	Releases *release.Releases
	Exchange *exchange.Exchange
}

// Prefix is where the interface is mounted.
const Prefix = "/api/v1"

// maxBody bounds a request: ten thousand long URLs and a little.
const maxBody = 32 << 20

type api struct{ Config }

// Mount adds the interface to mux.
func Mount(mux *http.ServeMux, c Config) {
	a := &api{c}
	config := huma.DefaultConfig("Twoseas", "1")
	config.Info.Description = "Lookups, agreements and channels of one node."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = Prefix+"/openapi", "", ""
	config.CreateHooks = nil // no $schema member and no Link header in answers
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"basic": {Type: "http", Scheme: "basic"}, "bearer": {Type: "http", Scheme: "bearer"},
	}
	config.Security = []map[string][]string{{"basic": {}}, {"bearer": {}}}
	h := humago.New(mux, config)
	a.routes(h)
}

// routes is every operation, each with the act it needs.
func (a *api) routes(h huma.API) {
	huma.Register(h, a.operation(h, http.MethodGet, "/lookup", "lookup", "Look one value up", people.Read), a.lookupOne)
	huma.Register(h, a.operation(h, http.MethodPost, "/lookup", "lookup-many", "Look up to 10,000 values up", people.Read), a.lookupMany)
	huma.Register(h, a.operation(h, http.MethodGet, "/agreements", "agreements", "The agreements of this node and their state", people.Read), a.agreements)
	huma.Register(h, a.operation(h, http.MethodGet, "/agreements/{agreement}/summary", "summary", "What the gate says of what this node holds", people.Review), a.summary)
	huma.Register(h, a.operation(h, http.MethodGet, "/agreements/{agreement}/channel", "channel", "How the exchange with the partner stands", people.Review), a.channel)
}

func (a *api) operation(h huma.API, method, path, id, summary string, act people.Act) huma.Operation {
	return huma.Operation{
		OperationID: id, Method: method, Path: Prefix + path, Summary: summary, MaxBodyBytes: maxBody,
		Middlewares: huma.Middlewares{a.admit(h, act)},
		Errors:      []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests},
	}
}

// who is the key of the caller in a request's context.
type who struct{}

// admit lets a caller through that may do act.
func (a *api) admit(h huma.API, act people.Act) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		r, _ := humago.Unwrap(c)
		actor, err := a.Auth.Authenticate(r)
		if err != nil {
			head := http.Header{}
			status := auth.Refuse(head, err)
			for name, values := range head {
				for _, v := range values {
					c.AppendHeader(name, v)
				}
			}
			_ = huma.WriteErr(h, c, status, fault.Message(err)) // the caller has gone, if anything
			return
		}
		if err := actor.May(act); err != nil {
			_ = huma.WriteErr(h, c, http.StatusForbidden, fault.Message(err)) // see above
			return
		}
		next(huma.WithValue(c, who{}, actor))
	}
}

// class returns the clearance class of the caller.
func (a *api) class(ctx context.Context) (int64, error) {
	actor, ok := ctx.Value(who{}).(people.Actor)
	if !ok {
		return 0, fault.New(fault.Denied, "log in first")
	}
	access, err := a.People.Access(ctx, a.Handle, actor)
	return access.Class, err
}

// answer turns a failure into a problem document (RFC 9457).
func answer(err error) error {
	if err == nil {
		return nil
	}
	switch fault.KindOf(err) {
	case fault.NotFound:
		return huma.Error404NotFound(fault.Message(err))
	case fault.Invalid:
		return huma.Error422UnprocessableEntity(fault.Message(err))
	case fault.TooLarge:
		return huma.NewError(http.StatusRequestEntityTooLarge, fault.Message(err))
	case fault.Denied:
		return huma.Error403Forbidden(fault.Message(err))
	case fault.Conflict, fault.Held:
		return huma.Error409Conflict(fault.Message(err))
	case fault.Busy, fault.Unavailable:
		return huma.Error503ServiceUnavailable(fault.Message(err))
	case fault.Internal:
	}
	return huma.Error500InternalServerError(fault.Message(err))
}
