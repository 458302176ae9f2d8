package node

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/api"
	"twoseas/internal/edge/auth"
	"twoseas/internal/edge/feed"
	"twoseas/internal/edge/ical"
	"twoseas/internal/edge/misp"
	"twoseas/internal/edge/ops"
	"twoseas/internal/edge/peer"
	"twoseas/internal/edge/taxii"
	"twoseas/internal/edge/web"
	"twoseas/internal/edge/web/assets"
	"twoseas/internal/store"
)

// Times that bound a connection; the write timeout is per request and long,
// since a page may go to a slow reader.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	closeTimeout  = 10 * time.Second
	sweepEvery    = 10 * time.Minute
	flushEvery    = 20 * time.Second
)

// Running is a node that serves. Stop ends it.
type Running struct {
	URL     string // of the public listener
	PeerURL string // partners are told this
	Desk    *web.Site

	node    *Node
	servers []*http.Server
	stop    context.CancelFunc
	wg      sync.WaitGroup
	errs    chan error
}

// Start listens and serves until Stop, or until a listener fails, which Wait
// tells.
func (n *Node) Start(ctx context.Context) (*Running, error) {
	var l net.ListenConfig
	public, err := l.Listen(ctx, "tcp", n.Config.Listen)
	if err != nil {
		return nil, err
	}
	partners, err := l.Listen(ctx, "tcp", n.Config.PeerListen)
	if err != nil {
		return nil, errors.Join(err, public.Close())
	}
	return n.start(ctx, public, partners)
}

func (n *Node) start(ctx context.Context, public, partners net.Listener) (*Running, error) {
	scheme := "https://"
	if n.Config.HTTP {
		scheme = "http://"
	} else {
		cert, err := n.publicCertificate()
		if err != nil {
			return nil, errors.Join(err, public.Close(), partners.Close())
		}
		public = tls.NewListener(public, publicTLS(cert))
	}
	siems, err := n.siems()
	if err != nil {
		return nil, errors.Join(err, public.Close(), partners.Close())
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	site, desk, err := n.publicHandler(n.publicURL(public.Addr()), run.Done())
	if err != nil {
		stop()
		return nil, errors.Join(err, public.Close(), partners.Close())
	}
	r := &Running{Desk: desk, node: n, stop: stop, errs: make(chan error, 2), URL: scheme + public.Addr().String(), PeerURL: n.peerURL()}
	peers := n.Peers
	peers.Log = n.Log
	r.serve(public, &http.Server{Handler: site, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(n.Log.Handler(), slog.LevelWarn)})
	r.serve(tls.NewListener(partners, peers.ServerTLS()), &http.Server{
		Handler: peer.Handler(peers), ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(n.Log.Handler(), slog.LevelWarn),
	})
	r.wg.Go(func() { newCarrier(n).run(run) })
	r.wg.Go(func() { n.sweep(run) })
	r.wg.Go(func() { n.feeds(run) })
	r.wg.Go(func() { n.hooks(run) })
	r.wg.Go(func() { n.lookForNotices(run) })
	r.wg.Go(func() { n.sendNotices(run) })
	for _, target := range siems {
		r.wg.Go(func() { n.siem(run, target) })
	}
	r.wg.Go(func() { n.flush(run) })
	r.wg.Go(func() { n.index(run) })
	r.wg.Go(func() { n.imports(run) })
	r.wg.Go(func() { n.tell(run) })
	r.wg.Go(func() { n.turns(run) })
	r.wg.Go(func() { n.publications(run) })
	r.wg.Go(func() { n.matchings(run) })
	return r, nil
}

func (r *Running) serve(l net.Listener, s *http.Server) {
	r.servers = append(r.servers, s)
	r.wg.Go(func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			r.errs <- err
		}
	})
}

// Wait returns when ctx ends, or with what made a listener fail.
func (r *Running) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-r.errs:
		return err
	}
}

// Stop lets requests under way finish, for a while, and ends everything the
// node does in the background.
func (r *Running) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	r.stop()
	var errs []error
	for _, s := range r.servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, err, s.Close())
		}
	}
	r.wg.Wait()
	return errors.Join(errs...)
}

func (n *Node) publicCertificate() (tls.Certificate, error) {
	if n.Config.Certificate != "" {
		return tls.LoadX509KeyPair(n.Config.Certificate, n.Config.Key)
	}
	return ownCertificate(n.Dir)
}

// publicURL is the base clients are told, "" when it cannot be known: behind a
// proxy, or when listening on every address.
func (n *Node) publicURL(listens net.Addr) string {
	if n.Config.PublicURL != "" {
		return strings.TrimRight(n.Config.PublicURL, "/")
	}
	a, ok := listens.(*net.TCPAddr)
	if !ok || n.Config.HTTP || n.Config.BehindProxy || a.IP.IsUnspecified() {
		return ""
	}
	return "https://" + a.String()
}

// publicHandler is the site of people and their tools. Lines that stay open end
// when stop is closed.
func (n *Node) publicHandler(url string, stop <-chan struct{}) (http.Handler, *web.Site, error) {
	o := ops.New(n, n.Clock, n.Log)
	door, err := n.door()
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	o.Mount(mux, n.operators(door))
	own := http.NewServeMux()
	files, err := assets.Load()
	if err != nil {
		return nil, nil, err
	}
	api.Mount(own, api.Config{
		Handle: n.Live, Self: n.Config.Side, Clock: n.Clock, People: n.People, Auth: door, Audit: n.Audit, Search: n.Search,
		Accords: n.Accords, Releases: n.Releases, Exchange: n.Exchange, Ledger: n.Ledger, Intake: n.Intake, Library: n.Library,
		Answers: n.Answers, Imports: n.Imports, Erasures: n.Erasures, Sessions: n.Sessions,
		Collections: n.Collections, Pairing: n.Pairing, Partners: partners{n}, Health: n, Log: n.Log, Rand: rand.Reader, Stylesheet: files.URL("desk.css"),
		Feeds: n.Feeds, Hooks: n.Hooks, Matchings: n.Matchings, Onwards: n.Onwards, Requests: n.Requests, Incidents: n.Incidents, Coordinations: n.Coordinations, Members: n.Members, Contacts: n.Contacts, Offline: n.Offline, Recalls: n.Recalls,
		Shelf: n.Shelf, Lines: partners{n},
	})
	mux.Handle(api.Prefix+"/", o.Watch("api", own))
	exchange := o.Watch("taxii", taxii.New(taxii.Config{
		Handle: n.Live, Auth: door, People: n.People, Intake: n.Intake, Journal: n.journal, Reads: n.countRead, Rand: rand.Reader, Log: n.Log,
		Title: n.Config.Title, Description: "Threat information of one node of Twoseas.", Contact: n.Config.Contact, URL: url,
		MaxContentLength: n.Config.MaxContentLength,
	}))
	mux.Handle(taxii.Discovery, exchange)
	mux.Handle(taxii.Root, exchange)
	outgoing := o.Watch("feed", feed.New(feed.Config{
		Handle: n.Live, Auth: door, People: n.People, Clock: n.Clock, Rand: rand.Reader, Log: n.Log, Lists: n.Imports.Lists, Events: n.Events, Reads: n.countRead, URL: url, Spool: n.Dir,
	}))
	mux.Handle(feed.Prefix, outgoing)
	mux.Handle(feed.MISPPrefix, outgoing)
	mux.Handle(misp.Prefix, o.Watch("misp", misp.New(misp.Config{
		Handle: n.Live, Auth: door, People: n.People, Events: n.Events, Lists: n.Imports, Reads: n.countRead, Clock: n.Clock, Rand: rand.Reader, Log: n.Log,
		Version: n.Config.MISPVersion, MaxContentLength: n.Config.MaxContentLength,
	})))
	mux.Handle(ical.Prefix, o.WatchSecret("calendar", ical.New(ical.Config{Handle: n.Live, Notices: n.Notices, URL: n.DeskURL(), Host: n.noticeHost(), Log: n.Log})))
	desk, err := web.New(web.Config{
		Store: n.Store, Handle: n.Live, Self: n.Config.Side, Title: n.Config.Title, Clock: n.Clock, Log: n.Log, Stop: stop,
		Auth: door, People: n.People, Accords: n.Accords, Exchange: n.Exchange, Library: n.Library, Releases: n.Releases, Ledger: n.Ledger, Audit: n.Audit,
		Intake: n.Intake, Answers: n.Answers, Pairing: n.Pairing, Collections: n.Collections, Imports: n.Imports, Erasures: n.Erasures, Health: n, Partners: partners{n}, Notices: n.Notices,
		Feeds: n.Feeds, Hooks: n.Hooks, Offline: n.Offline, Shelf: n.Shelf, Matchings: n.Matchings, Lines: partners{n}, Onwards: n.Onwards, Requests: n.Requests, Incidents: n.Incidents, Coordinations: n.Coordinations, Members: n.Members, Contacts: n.Contacts, Recalls: n.Recalls,
	})
	if err != nil {
		return nil, nil, err
	}
	mux.Handle("/", o.Watch("web", desk))
	guarded, err := door.SameOrigin(mux)
	if err != nil {
		return nil, nil, err
	}
	return door.SecurityHeaders(guarded), desk, nil
}

// operators admits to the metrics: programs on this machine, unless a proxy
// makes everybody look like one, and accounts that audit or administer.
func (n *Node) operators(door *auth.Auth) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !n.Config.HTTP && !n.Config.BehindProxy && isLoopback(r.RemoteAddr) {
				next.ServeHTTP(w, r)
				return
			}
			by, err := door.Authenticate(r)
			if err != nil {
				w.WriteHeader(auth.Refuse(w.Header(), err))
				return
			}
			if by.May(people.Audit) != nil && by.May(people.Administer) != nil {
				http.Error(w, "metrics are for accounts that audit or administer", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// Ready returns nil when the store answers.
func (n *Node) Ready(ctx context.Context) error {
	return n.Live.Query(ctx, func(tx *store.Tx) error {
		_, err := tx.Channels()
		return err
	})
}

// Channels returns how each channel stands, for the metrics.
func (n *Node) Channels(ctx context.Context) ([]ops.Channel, error) {
	ids, err := n.Accords.Agreements(ctx, n.Live)
	if err != nil {
		return nil, err
	}
	var out []ops.Channel
	for _, a := range ids {
		st, err := n.Exchange.State(ctx, n.Live, a)
		if err != nil {
			continue // not in force yet
		}
		out = append(out, ops.Channel{
			Agreement: string(a), Waiting: st.Waiting, Unanswered: int64(st.Unanswered),
			Open: st.Status == store.ChannelOpen, Converged: st.Compared(),
		})
	}
	return out, nil
}

// Objects returns how many versions the live domain holds, and their bytes,
// added up from the labels.
func (n *Node) Objects(ctx context.Context) (objects, bytes int64, err error) {
	err = n.Live.Query(ctx, func(tx *store.Tx) error {
		labels, err := tx.Labels()
		for _, l := range labels {
			objects += l.Objects
			bytes += l.Bytes
		}
		return err
	})
	return objects, bytes, err
}

// countRead tells the audit log what a program reads of a collection.
func (n *Node) countRead(ctx context.Context, by people.Actor, act, collection string) error {
	return n.Audit.Counted(ctx, by, act, collection, 0)
}

// flush writes the numbers of the audit log whose minute is over.
func (n *Node) flush(ctx context.Context) {
	for rest(ctx, flushEvery) {
		n.Board.Begin("audit", "")
		err := n.Audit.Flush(ctx)
		n.Board.End("audit", "", err, flushEvery)
		if err != nil {
			n.Log.ErrorContext(ctx, "the audit log takes no entries: reads are refused", slog.String("error", err.Error()))
		}
	}
}

// sweep removes what has had its time.
func (n *Node) sweep(ctx context.Context) {
	for rest(ctx, sweepEvery) {
		n.Board.Begin("sweep", "")
		err := n.Sweep(ctx)
		n.Board.End("sweep", "", err, sweepEvery)
		if err != nil && ctx.Err() == nil {
			n.Log.ErrorContext(ctx, "sweeping failed", slog.String("error", err.Error()))
		}
	}
}

// Sweep removes TAXII status resources of more than a day ago, and lets what is
// due take effect.
func (n *Node) Sweep(ctx context.Context) error {
	if _, err := n.Intake.Turn(ctx, n.Live); err != nil {
		return err
	}
	if err := n.Sessions.Sweep(ctx); err != nil {
		return err
	}
	if err := n.Imports.Sweep(ctx, n.Live); err != nil {
		return err
	}
	if err := n.Shelf.Sweep(ctx, n.Live); err != nil {
		return err
	}
	if err := n.Notices.Sweep(ctx, n.Live); err != nil {
		return err
	}
	return n.Live.Write(ctx, func(tx *store.Tx) error {
		dayAgo := n.Clock.Now().Add(-24 * time.Hour).UnixMicro()
		if err := tx.PurgeAnswered(dayAgo); err != nil {
			return err
		}
		return tx.PurgeStatuses(dayAgo)
	})
}
