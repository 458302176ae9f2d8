// Package feed serves what a collection holds as files that tools outside take
// in by themselves: a STIX bundle, a table, lists of values to look for or to
// block, Suricata rules, a response policy zone, Atom and JSON Feed.
//
// Invariants: a reader is an account with the right to read the collection, and
// gets what its clearance admits to and no trace of the rest, in entries,
// counts, ETag and dates; a list to block holds only what its originator's PAP
// lets be used so, and what is revoked, expired or rarely malicious is not in
// it; memory grows with neither a collection nor a slow reader.
package feed

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"twoseas/internal/act/event"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/edge/auth"
	"twoseas/internal/edge/reply"
	"twoseas/internal/format/warninglist"
	"twoseas/internal/store"
)

// Prefix is the path that feeds are below.
const Prefix = "/out/"

// Config is what the server works with. Fields without a stated default are
// needed.
type Config struct {
	Handle *store.Handle // of the domain that is served
	Auth   *auth.Auth
	People *people.People
	Clock  clock.Clock
	Rand   io.Reader // draws the ids of errors
	Log    *slog.Logger
	// Lists are the values that are rarely malicious.
	Lists func(ctx context.Context, h *store.Handle) (*warninglist.Set, error)
	// Events is the threat data as events of MISP.
	Events *event.Events
	// Reads is told, before it is answered, who reads what of a collection and
	// how; an error refuses it. nil for nobody.
	Reads func(ctx context.Context, by people.Actor, act, collection string) error
	// URL is the server's public base, such as https://node.example; "" when
	// that is not known.
	URL string
	// Spool is the directory for lists under way, removed at once; default the
	// system's.
	Spool string
}

// buildsAtOnce bounds the lists that are made at the same time.
const buildsAtOnce = 2

// Server answers requests below Prefix and MISPPrefix. It is safe for concurrent use.
type Server struct {
	Config
	builds chan struct{}
	mu     sync.Mutex
	memos  map[memoKey]memo // guarded by mu
}

// New returns the server.
func New(c Config) *Server {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	return &Server{Config: c, builds: make(chan struct{}, buildsAtOnce), memos: map[memoKey]memo{}}
}

// request is one request of somebody known.
type request struct {
	w      http.ResponseWriter
	r      *http.Request
	actor  people.Actor
	access people.Access

	collection store.Collection // of a path that names one
	options    options
}

// options is what the query says.
type options struct {
	noPAP bool     // also what says nothing of PAP
	types []string // of objects
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	actor, err := s.Auth.Authenticate(r)
	if err != nil {
		s.fail(w, r, auth.Refuse(w.Header(), err), err)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.fail(w, r, http.StatusMethodNotAllowed, fault.New(fault.Invalid, "feeds are read with GET"))
		return
	}
	if err := s.serve(&request{w: w, r: r, actor: actor}); err != nil { //nolint:contextcheck // it is the request's
		s.fail(w, r, reply.Status(err), err)
	}
}

func (s *Server) serve(q *request) (err error) {
	if err := q.actor.May(people.Read); err != nil {
		return err
	}
	if q.access, err = s.People.Access(q.r.Context(), s.Handle, q.actor); err != nil {
		return err
	}
	if name, ok := strings.CutPrefix(q.r.URL.Path, MISPPrefix); ok {
		return s.mispFile(q, name)
	}
	if q.options, err = parseOptions(q.r.URL.RawQuery); err != nil {
		return err
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(q.r.URL.Path, Prefix), "/")
	if name == "" {
		return s.index(q)
	}
	if err := s.find(q, name); err != nil {
		return err
	}
	if rest == "" {
		return s.index(q)
	}
	return s.file(q, rest)
}

// errNotFound is the one answer for what is not there and what is not the
// reader's to know about.
var errNotFound = fault.New(fault.NotFound, "there is no such feed, or none that you have access to")

// find looks up the collection. Every step is taken for one that is not there
// and for one that the reader has no right on.
func (s *Server) find(q *request, name string) error {
	var c store.Collection
	err := s.Handle.Query(q.r.Context(), func(tx *store.Tx) (err error) {
		c, err = tx.Collection(name)
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && !q.access.Right(c.ID).Read {
		return errNotFound
	}
	q.collection = c
	return err
}

func (s *Server) file(q *request, name string) error {
	f, ok := fileOf(name)
	if !ok {
		return errNotFound
	}
	if q.options.noPAP && f.list == nil {
		return fault.New(fault.Invalid, "pap=none is for lists of values and rules")
	}
	if len(q.options.types) > 0 && f.list != nil {
		return fault.New(fault.Invalid, "lists of values and rules are made of indicators: they take no type")
	}
	if s.Reads != nil {
		if err := s.Reads(q.r.Context(), q.actor, f.act, q.collection.ID); err != nil {
			return err
		}
	}
	return f.serve(s, q, f)
}

// parseOptions reads the query. What is not known is fault.Invalid: a filter
// that is misspelt must not give more than was meant.
func parseOptions(raw string) (o options, err error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return o, fault.New(fault.Invalid, "the query is not well formed")
	}
	for name, v := range values {
		switch {
		case name == "pap" && len(v) == 1 && v[0] == "none":
			o.noPAP = true
		case name == "type" && len(v) == 1 && v[0] != "" && len(v[0]) < 1000:
			o.types = strings.Split(v[0], ",")
		default:
			return o, fault.Errorf(fault.Invalid, "%.40q: the query may hold pap=none, or type= with types of objects separated by commas", name)
		}
	}
	return o, nil
}

// fail answers with a line of text. Only what may be shown is; the rest goes
// into the log under the same id.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, err error) {
	id := s.errorID()
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError && r.Context().Err() == nil {
		level = slog.LevelError
	}
	s.Log.LogAttrs(r.Context(), level, "feed failed", slog.String("error_id", id), slog.Int("status", status), slog.Any("error", err))
	h := w.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Encoding", "Content-Length"} {
		h.Del(name)
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, fault.Message(err)+" ("+id+")\n") //nolint:gosec // plain text, in a media type that no browser renders; an error means that the client has gone
}

func (s *Server) errorID() string {
	var b [8]byte
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(b[:])
}

// indexed is one collection in the index.
type indexed struct {
	ID    string     `json:"id"`
	Alias string     `json:"alias,omitzero"`
	Title string     `json:"title"`
	Feeds []feedFile `json:"feeds"`
}

type feedFile struct {
	File string `json:"file"`
	What string `json:"what"`
	Type string `json:"media_type"`
	URL  string `json:"url"`
}

// index lists what the reader may have: of one collection, or of each.
func (s *Server) index(q *request) error {
	all := []store.Collection{q.collection}
	if q.collection.ID == "" {
		if err := s.Handle.Query(q.r.Context(), func(tx *store.Tx) (err error) {
			all, err = tx.Collections()
			return err
		}); err != nil {
			return err
		}
	}
	out := struct {
		Collections []indexed `json:"collections"`
	}{[]indexed{}}
	for _, c := range all {
		if !q.access.Right(c.ID).Read {
			continue
		}
		i := indexed{ID: c.ID, Alias: c.Alias, Title: c.Title}
		for _, f := range files() {
			i.Feeds = append(i.Feeds, feedFile{f.name, f.what, f.media, s.URL + Prefix + c.ID + "/" + f.name})
		}
		out.Collections = append(out.Collections, i)
	}
	raw, err := canon.Write(out)
	if err != nil {
		return err
	}
	return send(q, document{media: "application/json", head: raw})
}

// errGone says that the client left.
var errGone = errors.New("the client has gone")
