// Package misp answers the calls of MISP's REST interface that PyMISP and a
// MISP instance that synchronises make, below Prefix: the gateway of the node
// for what speaks MISP.
//
// Invariants: what comes in passes intake with the rights of the token's
// account, what goes out was filtered by the labels its clearance admits, in
// SQL; distribution is never authority; what a reader is not cleared for is
// answered like what is not there; a body is bounded, unpacked too, and an
// event goes out as it is written, whatever its size.
package misp

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"twoseas/internal/act/event"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/edge/auth"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/store"
)

// Prefix is where the interface is mounted: a client's base URL ends with it.
const Prefix = "/misp/"

// Config is what the server works with. Fields without a stated default are
// needed.
type Config struct {
	Handle *store.Handle // of the domain that is served
	Auth   *auth.Auth
	People *people.People
	Events *event.Events
	// Lists says which values are rarely malicious; nil for none.
	Lists interface {
		Lists(ctx context.Context, h *store.Handle) (*warninglist.Set, error)
	}
	// Reads is told, before it is answered, who reads what; an error refuses it.
	// nil for nobody.
	Reads func(ctx context.Context, by people.Actor, act, what string) error
	Clock clock.Clock
	Rand  io.Reader
	Log   *slog.Logger
	// Version is the MISP version that is told to clients; default Version.
	Version string
	// MaxContentLength bounds a body as it is sent, MaxUnpacked what it unpacks
	// to; defaults 100 MiB and 512 MiB.
	MaxContentLength, MaxUnpacked int64
}

// Version is the version of MISP whose calls are answered.
const Version = "2.5.12"

// Server answers. It is safe for concurrent use.
type Server struct {
	Config
	calls map[string]call
	gzips sync.Pool // of *gzip.Writer
}

// New returns the server.
func New(c Config) *Server {
	if c.Version == "" {
		c.Version = Version
	}
	if c.MaxContentLength <= 0 {
		c.MaxContentLength = 100 << 20
	}
	if c.MaxUnpacked <= 0 {
		c.MaxUnpacked = 512 << 20
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{Config: c, calls: map[string]call{}}
	for _, k := range calls() {
		s.calls[k.name] = k
	}
	return s
}

// call is one call of the interface.
type call struct {
	name    string // controller/action, in lower case and without underscores
	methods string
	acts    []people.Act // any of them opens it; nil any account
	reads   string       // for the audit log, "" when no content is read
	takes   string       // what its path names, for the walk over all routes
	serve   func(*Server, *request) error
}

var (
	reader  = []people.Act{people.Read}
	writer  = []people.Act{people.Write}
	replier = []people.Act{people.Respond}
)

// calls is every call that is answered. Whatever else is asked for is not
// found.
func calls() []call {
	return []call{
		{"servers/getversion", "GET", nil, "", "", (*Server).getVersion},
		{"servers/getpymispversion", "GET", nil, "", "", (*Server).getPyMISPVersion},
		{"servers/posttest", "POST", nil, "", "", (*Server).postTest},
		{"servers/getavailablesyncfilteringrules", "GET", nil, "", "", (*Server).filteringRules},
		{"users/view", "GET", nil, "", "me", (*Server).me},
		{"attributes/describetypes", "GET POST", nil, "", "", (*Server).types},

		{"events/index", "GET POST", reader, "misp.index", "", (*Server).index},
		{"events/view", "GET HEAD POST", reader, "misp.event", "event", (*Server).view},
		{"events/restsearch", "GET POST", reader, "misp.search", "", (*Server).searchEvents},
		{"attributes/restsearch", "GET POST", reader, "misp.search", "", (*Server).searchAttributes},
		{"attributes/view", "GET HEAD", reader, "misp.attribute", "attribute", viewPart(false)},
		{"attributes/index", "GET POST", reader, "misp.search", "", (*Server).attributes},
		{"objects/view", "GET HEAD", reader, "misp.attribute", "object", viewPart(true)},
		{"objects/restsearch", "GET POST", reader, "misp.search", "", (*Server).searchObjects},
		{"events/filtereventidsforpush", "POST", reader, "misp.index", "", (*Server).wanted},
		{"events/add", "POST", writer, "", "", (*Server).add},
		{"events/edit", "POST PUT", writer, "", "event", (*Server).edit},

		{"events/publish", "POST", writer, "", "event", (*Server).publish},
		{"events/alert", "POST", writer, "", "event", (*Server).publish},
		{"events/unpublish", "POST", writer, "", "event", (*Server).unpublish},
		{"events/delete", "POST DELETE", writer, "", "event", (*Server).deleteEvent},
		{"attributes/add", "POST", writer, "", "event", (*Server).addAttributes},
		{"attributes/edit", "POST PUT", writer, "", "attribute", (*Server).editAttribute},
		{"attributes/delete", "POST DELETE", writer, "", "attribute", deletePart("Attribute")},
		{"attributes/restore", "POST", writer, "", "attribute", (*Server).restore},
		{"objects/add", "POST", writer, "", "event", (*Server).addObject},
		{"objects/edit", "POST PUT", writer, "", "object", (*Server).editObject},
		{"objects/delete", "POST DELETE", writer, "", "object", deletePart("Object")},
		{"objectreferences/add", "POST", writer, "", "", (*Server).addReference},
		{"eventreports/add", "POST", writer, "", "event", (*Server).addReport},
		{"tags/attachtagtoobject", "POST", writer, "", "", (*Server).attach},
		{"tags/removetagfromobject", "POST", writer, "", "", (*Server).detach},

		{"tags/index", "GET", reader, "misp.index", "", (*Server).tagsIndex},
		{"organisations/index", "GET", reader, "misp.index", "", (*Server).organisations},
		{"organisations/view", "GET", reader, "misp.index", "organisation", (*Server).organisations},
		{"warninglists/index", "GET", reader, "", "", (*Server).warningLists},
		{"warninglists/checkvalue", "POST", reader, "", "", (*Server).checkValues},
		{"sharinggroups/index", "GET", reader, "", "", (*Server).empty},
		{"taxonomies/index", "GET", reader, "", "", (*Server).empty},

		{"sightings/listsightings", "POST", reader, "misp.sightings", "", (*Server).listSightings},
		{"sightings/restsearch", "GET POST", reader, "misp.sightings", "", (*Server).sightings},
		{"sightings/filtersightinguuidsforpush", "POST", reader, "misp.sightings", "event", (*Server).knownSightings},
		{"sightings/bulksavesightings", "POST", replier, "", "event", (*Server).bulkSightings},
		{"sightings/add", "POST", replier, "", "", (*Server).addSighting},

		{"shadowattributes/index", "GET POST", reader, "", "", (*Server).empty},
		{"galaxyclusters/restsearch", "POST", reader, "", "", (*Server).noClusters},
		{"galaxies/pushcluster", "POST", writer, "", "", (*Server).noCluster},
		{"analystdata/index", "GET", reader, "", "", (*Server).empty},
		{"analystdata/indexminimal", "POST", reader, "", "", (*Server).emptyObject},
		{"analystdata/filteranalystdataforpush", "POST", reader, "", "", (*Server).emptyObject},
	}
}

// Route is one call as a walk over all routes needs it.
type Route struct {
	Method, Path string
	Acts         []people.Act
}

// Routes returns every call by every method; {event} and its like stand for
// what a path names.
func Routes() (out []Route) {
	for _, c := range calls() {
		path := Prefix + c.name
		switch c.takes {
		case "":
		case "me":
			path += "/me"
		default:
			path += "/{" + c.takes + "}"
		}
		for method := range strings.FieldsSeq(c.methods) {
			out = append(out, Route{method, path, c.acts})
		}
	}
	return out
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{w: w, r: r, s: s}
	actor, err := s.Auth.Key(r)
	if err != nil {
		s.drain(r)
		q.fail(r, auth.Refuse(w.Header(), err), err)
		return
	}
	q.actor = actor
	if err := s.serve(r, q); err != nil {
		s.drain(r)
		q.fail(r, statusOf(err), err)
	}
}

// serve finds the call and checks who makes it before anything else is done.
func (s *Server) serve(r *http.Request, q *request) error {
	name := q.route()
	c, ok := s.calls[name]
	if !ok {
		return errNotFound
	}
	if !slices.Contains(strings.Fields(c.methods), q.r.Method) {
		q.w.Header().Set("Allow", strings.ReplaceAll(c.methods, " ", ", "))
		return failure{http.StatusMethodNotAllowed, "You have tried to call this with " + q.r.Method + "; it answers " + c.methods}
	}
	if err := mayAny(q.actor, c.acts); err != nil {
		return err
	}
	var err error
	if q.access, err = s.People.Access(r.Context(), s.Handle, q.actor); err != nil {
		return err
	}
	if c.reads != "" && s.Reads != nil {
		if err := s.Reads(r.Context(), q.actor, c.reads, "misp"); err != nil {
			return err
		}
	}
	return c.serve(s, q)
}

// mayAny returns nil when by may do one of acts.
func mayAny(by people.Actor, acts []people.Act) error {
	for i, act := range acts {
		err := by.May(act)
		if err == nil {
			return nil
		}
		if i == len(acts)-1 {
			return err
		}
	}
	return nil
}
