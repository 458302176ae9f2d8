// Package taxii is the TAXII 2.1 server (OASIS Standard, 10 June 2021): it
// serves collections to their readers and takes objects in from their writers.
//
// Invariants: every answer, an error too, is a TAXII resource in the TAXII
// media type; what a reader is not cleared for has no trace in objects,
// counts, headers, "more" or errors, and a collection one may neither read nor
// write is answered like one that does not exist; stored bytes are served as
// they are; date-added is unique and increasing per collection, so a page by
// date alone misses nothing and repeats nothing; memory grows neither with a
// page nor with a collection.
package taxii

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"twoseas/internal/act/collection"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/edge/auth"
	"twoseas/internal/store"
)

// Config is what the server works with. Fields without a stated default are
// needed.
type Config struct {
	Handle *store.Handle // of the domain that is served
	Auth   *auth.Auth
	People *people.People
	Intake *intake.Intake
	// Journal is told who added and removed what; nil for nobody.
	Journal people.Journal
	// Reads is told, before it is answered, who reads what of a collection and
	// how; an error refuses it. nil for nobody.
	Reads func(ctx context.Context, by people.Actor, act, collection string) error
	// Rand draws the ids of statuses and errors.
	Rand io.Reader
	Log  *slog.Logger

	Title, Description, Contact string // told to clients; Title must not be empty
	// URL is the server's public base, such as https://node.example; with ""
	// the API root is told as a relative URL (TAXII 2.1 §4.1.1).
	URL string
	// APIRoot is the path of the one API root, with a slash at both ends;
	// default /api1/.
	APIRoot string
	// MaxContentLength bounds what is posted, in bytes; default 100 MiB.
	MaxContentLength int64
	// PageDefault is how many objects a page has when the client names no
	// limit, and PageMax how many it has at most; defaults 1,000 and 10,000.
	PageDefault, PageMax int
}

// Root is the default APIRoot, Discovery the path the standard fixes.
const (
	Root      = "/api1/"
	Discovery = "/taxii2/"
)

// Server answers TAXII requests. It is safe for concurrent use.
type Server struct {
	Config
	acts      *collection.Collections
	mux       *http.ServeMux
	catalogue catalogue
	discovery []byte
	apiRoot   []byte

	buffers sync.Pool    // of *[]byte, for pages
	inUse   atomic.Int64 // bytes of pages being made or sent
	gzips   sync.Pool    // of *gzip.Writer
}

// New returns the server for Discovery and c.APIRoot.
func New(c Config) *Server {
	if c.APIRoot == "" {
		c.APIRoot = Root
	}
	if c.MaxContentLength <= 0 {
		c.MaxContentLength = 100 << 20
	}
	if c.PageDefault <= 0 {
		c.PageDefault = 1000
	}
	if c.PageMax <= 0 {
		c.PageMax = 10_000
	}
	c.PageDefault = min(c.PageDefault, c.PageMax)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		Config: c, acts: collection.New(c.Intake, c.Journal, c.Rand), mux: http.NewServeMux(),
		catalogue: catalogue{handle: c.Handle},
	}
	s.describe()
	s.mount()
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// route is one endpoint. Nothing is served without a need. reads names the
// read for the audit log, "" when no content is read.
type route struct {
	method, path string
	need         need
	serve        func(*Server, *request) error
	reads        string
}

// routes is every endpoint of the standard (TAXII 2.1 §3.1), each with what
// it needs.
func routes(root string) []route {
	in := root + "collections/{collection}/"
	return []route{
		{"GET", Discovery, account, (*Server).getDiscovery, ""},
		{"GET", root, account, (*Server).getAPIRoot, ""},
		{"GET", root + "status/{status}/", account, (*Server).getStatus, ""},
		{"GET", root + "collections/", account, (*Server).getCollections, ""},
		{"GET", in, readerOrWriter, (*Server).getCollection, ""},
		{"GET", in + "manifest/", reader, (*Server).getManifest, "taxii.manifest"},
		{"GET", in + "objects/", reader, (*Server).getObjects, "taxii.objects"},
		{"POST", in + "objects/", writer, (*Server).postObjects, ""},
		{"GET", in + "objects/{object}/", reader, (*Server).getObject, "taxii.object"},
		{"DELETE", in + "objects/{object}/", readerAndWriter, (*Server).deleteObject, ""},
		{"GET", in + "objects/{object}/versions/", reader, (*Server).getVersions, "taxii.versions"},
	}
}

// Route is one endpoint, as a walk over all of them needs it.
type Route struct {
	Method, Path string
	Need         int
}

// Routes is every endpoint with its API root at root.
func Routes(root string) (out []Route) {
	for _, r := range routes(root) {
		out = append(out, Route{r.method, r.path, int(r.need)})
	}
	return out
}

// mount registers the routes, each with its closing slash and without, and
// answers for what is none of them.
func (s *Server) mount() {
	allowed := map[string][]string{}
	for _, rt := range routes(s.APIRoot) {
		h := s.handler(rt.need, rt.serve, rt.reads)
		s.mux.Handle(rt.method+" "+rt.path+"{$}", h)
		s.mux.Handle(rt.method+" "+strings.TrimSuffix(rt.path, "/"), h)
		allowed[rt.path] = append(allowed[rt.path], rt.method)
	}
	for path, methods := range allowed {
		h := s.handler(account, func(_ *Server, q *request) error {
			q.w.Header().Set("Allow", strings.Join(methods, ", "))
			return failure{http.StatusMethodNotAllowed, "this resource answers " + strings.Join(methods, " and ") + " only"}
		}, "")
		s.mux.Handle(path+"{$}", h)
		s.mux.Handle(strings.TrimSuffix(path, "/"), h)
	}
	s.mux.Handle("/", s.handler(account, func(*Server, *request) error { return errNotFound }, ""))
}

// describe writes the resources that are the same for everybody.
func (s *Server) describe() {
	url := canon.AppendString(nil, strings.TrimSuffix(s.URL, "/")+s.APIRoot)
	b := appendText([]byte{'{'}, "title", s.Title)
	b = appendText(b, "description", s.Description)
	b = appendText(b, "contact", s.Contact)
	b = append(append(b, `"default":`...), url...)
	b = append(append(b, `,"api_roots":[`...), url...)
	s.discovery = append(b, "]}"...)

	b = appendText([]byte{'{'}, "title", s.Title)
	b = appendText(b, "description", s.Description)
	b = append(b, `"versions":["`+mediaType+`"],"max_content_length":`...)
	s.apiRoot = append(appendInt(b, s.MaxContentLength), '}')
}
