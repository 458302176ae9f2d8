package node

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/answer"
	"twoseas/internal/act/audit"
	"twoseas/internal/act/collection"
	"twoseas/internal/act/contact"
	"twoseas/internal/act/coordination"
	"twoseas/internal/act/erasure"
	"twoseas/internal/act/event"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/feed"
	"twoseas/internal/act/health"
	"twoseas/internal/act/hook"
	"twoseas/internal/act/importing"
	"twoseas/internal/act/incident"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/keys"
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
	"twoseas/internal/act/search"
	"twoseas/internal/act/session"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/fetch"
	hookedge "twoseas/internal/edge/hook"
	"twoseas/internal/edge/peer"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Node is one node, opened. Its acts may be used whether it is serving or
// not, also beside another process that serves the same data directory.
type Node struct {
	Config Config
	Dir    string
	Log    *slog.Logger
	Clock  clock.Clock

	Store    *store.Store
	Live     *store.Handle
	Ring     *keys.Ring
	Ledger   *ledger.Ledger
	Audit    *audit.Log
	People   *people.People
	Sessions *session.Sessions
	Accords  *accord.Accords
	Releases *release.Releases
	Intake   *intake.Intake
	Imports  *importing.Imports
	Search   *search.Search
	Library  *library.Library
	Answers  *answer.Answers
	Pairing  *pairing.Pairing
	Exchange *exchange.Exchange
	Recalls  *recall.Recalls
	Offline  *offline.Offline
	// Shelf keeps the files of the exchange by file that go through a browser.
	Shelf *shelf.Shelf
	// Requests are those for assistance.
	Requests *request.Requests
	// Incidents is what both sides tell each other about them.
	Incidents *incident.Incidents
	// Coordinations discloses vulnerabilities together with the other side.
	Coordinations *coordination.Coordinations
	// Onwards is passing on what belongs to others.
	Onwards *onward.Onwards
	// Members is the lists of who belongs to audiences.
	Members *members.Members
	// Contacts is the directory of points of contact.
	Contacts *contact.Contacts
	// Matchings asks and answers what both sides know.
	Matchings *matching.Matchings
	// Erasures takes personal data off the node.
	Erasures *erasure.Erasures
	// Collections is the acts on TAXII collections.
	Collections *collection.Collections
	// Events is the threat data as events of MISP.
	Events *event.Events
	// Feeds is the acts on sources outside.
	Feeds *feed.Feeds
	// Hooks is the acts on webhooks.
	Hooks *hook.Hooks
	// Notices tells people that something waits for them.
	Notices *notice.Notices
	// Outside is how sources outside are reached.
	Outside *fetch.Client
	Peers   peer.Config

	// Board is what works in the background of this process.
	Board *health.Board

	process health.Process // this one, as others know it

	stop context.CancelFunc
}

// Options changes what a node runs on. The zero value is right outside tests.
type Options struct {
	Clock clock.Clock  // default the system's
	Log   *slog.Logger // default discards
	// Lease is how long a process of this node that was lost keeps others from
	// sending; default 20 seconds.
	Lease time.Duration
}

// Open opens the node of a data directory, migrates its store, and refuses to
// go on when its ledger does not fit its checkpoints.
func Open(ctx context.Context, dir string, opt Options) (*Node, error) {
	c, err := Load(dir)
	if err != nil {
		return nil, err
	}
	return OpenWith(ctx, dir, c, opt)
}

// OpenWith is Open with a changed configuration, as flags do.
func OpenWith(ctx context.Context, dir string, c Config, opt Options) (*Node, error) {
	c = c.withDefaults(dir)
	if err := c.check(); err != nil {
		return nil, err
	}
	n := &Node{Config: c, Dir: dir, Log: opt.Log, Clock: opt.Clock}
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	if n.Clock == nil {
		n.Clock = clock.Func(time.Now)
	}
	n.Board = health.NewBoard(n.Clock)
	n.process = health.Process{ID: processName(), Host: hostName(), Started: n.Clock.Now().UTC()}
	seal, err := readSeal(dir)
	if err != nil {
		return nil, err
	}
	cert, err := ownCertificate(dir)
	if err != nil {
		return nil, err
	}
	if n.Store, err = store.Open(ctx, c.Store, n.Clock); err != nil {
		return nil, err
	}
	if err := n.wire(ctx, seal, cert, opt); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Node) wire(ctx context.Context, seal [32]byte, cert tls.Certificate, opt Options) (err error) {
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	n.stop = stop
	if n.Live, err = n.Store.Domain(ctx, ident.Live); err != nil {
		return err
	}
	self := n.Config.Side
	n.Ring = keys.New(derive(seal, "secrets"), self, n.Clock, rand.Reader)
	n.Ledger = ledger.New(n.Ring, n.Clock)
	n.Audit = audit.New(n.Live, n.Ledger, n.Clock)
	home := people.Home{Side: self, Codes: n.Config.Codes, Classification: n.Config.HighestLevels()}
	if n.People, err = people.New(background, n.Live, home, n.Clock, rand.Reader); err != nil {
		return err
	}
	n.People.SetJournal(n.journal)
	n.People.SetTurned(n.Audit.TurnedAway)
	n.Sessions = session.New(session.Config{
		Store: n.Live, People: n.People, Seal: derive(seal, "people"), Clock: n.Clock, Rand: rand.Reader, Journal: n.journal,
		Issuer: n.Config.Title, Idle: n.Config.SessionIdle, Absolute: n.Config.SessionLife, OneFactor: n.Config.OneFactor,
	})
	n.Accords = accord.New(n.Ring, n.Ledger, self, n.Clock)
	n.Releases = release.New(self, n.Accords, n.Ledger, derive(seal, "redaction"))
	n.Accords.OnForce(n.Releases.Reconsider)
	n.Intake = intake.New(self, home, n.Releases)
	n.Releases.Use(n.Intake, n.People)
	n.People.SetEquivalents(n.equivalents)
	n.Intake.SetBound(n.People.Bound)
	n.Intake.SetMembers(memberOf)
	n.Releases.UseIndustry(industry{})
	n.Search = search.New()
	n.Collections = collection.New(n.Intake, n.journal, rand.Reader)
	n.Events = event.New(event.Config{
		Self: n.Config.Side, Title: n.Config.Title, Intake: n.Intake, Journal: n.journal, Clock: n.Clock,
		Index: func(ctx context.Context, h *store.Handle) error { return n.Library.CatchUp(ctx, h) },
	})
	n.Exchange = exchange.New(exchange.Config{
		Self: self, Ring: n.Ring, Ledger: n.Ledger, Accords: n.Accords, Releases: n.Releases, Intake: n.Intake,
		Rand: rand.Reader, Owner: processName(), Lease: opt.Lease,
	})
	n.Onwards = onward.New(onward.Config{
		Self: self, Ring: n.Ring, Ledger: n.Ledger, Releases: n.Releases, Intake: n.Intake, Exchange: n.Exchange, Rand: rand.Reader,
	})
	n.Requests = request.New(request.Config{
		Self: self, Ledger: n.Ledger, Accords: n.Accords, Releases: n.Releases, Intake: n.Intake, Exchange: n.Exchange, Rand: rand.Reader,
	})
	n.Incidents = incident.New(incident.Config{
		Self: self, Ledger: n.Ledger, Accords: n.Accords, Releases: n.Releases, Intake: n.Intake, Rand: rand.Reader,
	})
	n.Recalls = recall.New(recall.Config{
		Self: self, Exchange: n.Exchange, Intake: n.Intake, Releases: n.Releases, Accords: n.Accords, Ledger: n.Ledger, Classes: n.People, Rand: rand.Reader,
	})
	n.Members = members.New(members.Config{
		Self: self, Ring: n.Ring, Ledger: n.Ledger, Accords: n.Accords, Releases: n.Releases, Intake: n.Intake, Exchange: n.Exchange, People: n.People, Rand: rand.Reader,
	})
	n.Contacts = contact.New(contact.Config{
		Self: self, Ring: n.Ring, Ledger: n.Ledger, Accords: n.Accords, Intake: n.Intake, Exchange: n.Exchange, People: n.People, Clock: n.Clock, Rand: rand.Reader,
	})
	n.Imports = importing.New(importing.Config{
		Intake: n.Intake, Releases: n.Releases, Journal: n.journal, Clock: n.Clock, Owner: processName(), Lease: opt.Lease, MaxBytes: n.Config.MaxUpload,
	})
	n.Intake.UseLists(n.Imports)
	n.Answers = answer.New(n.Intake, n.Ledger, rand.Reader)
	n.Library = library.New(library.Config{Self: self, Home: home, Search: n.Search, Releases: n.Releases, Exchange: n.Exchange})
	n.Outside = fetch.New(fetch.Config{Clock: n.Clock, Folders: n.folders()})
	n.Feeds = feed.New(feed.Config{
		Intake: n.Intake, People: n.People, Ring: n.Ring, Journal: n.journal, Rand: rand.Reader, Owner: processName(), Lease: opt.Lease,
		Outside: n.Outside,
	})
	n.Hooks = hook.New(hook.Config{
		People: n.People, Ring: n.Ring, Rand: rand.Reader, Owner: processName(), Lease: opt.Lease, Journal: n.journal, Reads: n.countRead,
		URL: n.DeskURL(), Private: n.Config.HookPrivate, Outside: hookedge.New(hookedge.Config{Clock: n.Clock, Private: n.Config.HookPrivate}),
	})
	n.Recalls.AddEdge(n.Hooks)
	pin, err := pinOf(cert)
	if err != nil {
		return err
	}
	n.Pairing = pairing.New(n.Live, n.Ring, n.Ledger, pairing.Identity{URL: n.peerURL(), SPKI: pin}, n.Clock, rand.Reader)
	n.Matchings = matching.New(self, n.Ring, n.Ledger, n.Releases, rand.Reader)
	n.Offline = offline.New(offline.Config{
		Self: self, Ring: n.Ring, Ledger: n.Ledger, Accords: n.Accords, Pairing: n.Pairing, Exchange: n.Exchange, Clock: n.Clock,
	})
	n.Shelf = shelf.New(shelf.Config{
		Offline: n.Offline, Ledger: n.Ledger, Clock: n.Clock, Dir: n.bundleFolder(), Owner: processName(), MaxBytes: n.Config.MaxBundles,
	})
	n.Erasures = erasure.New(erasure.Config{Exchange: n.Exchange, Recalls: n.Recalls, Files: n.Shelf, Journal: n.journal, Rand: rand.Reader})
	n.Peers = peer.Config{
		Domains: map[ident.Domain]*store.Handle{ident.Live: n.Live}, Pairing: n.Pairing, Accords: n.Accords,
		Exchange: n.Exchange, Ledger: n.Ledger, Matchings: n.Matchings, Certificate: cert, Log: n.Log,
	}
	if err := n.wireNotices(seal, opt); err != nil {
		return err
	}
	n.Coordinations = coordination.New(coordination.Config{
		Self: self, Ledger: n.Ledger, Accords: n.Accords, Intake: n.Intake, Exchange: n.Exchange, Notices: n.Notices, Rand: rand.Reader,
	})
	if err := n.Ledger.Check(ctx, n.Live); err != nil {
		return err
	}
	return n.Ledger.Reindex(ctx, n.Live)
}

// Close closes the node. It must not be serving any more.
func (n *Node) Close() error {
	if n.stop != nil {
		n.stop()
	}
	var err error
	if n.Shelf != nil {
		n.Shelf.Close()
	}
	if n.Audit != nil {
		err = n.Audit.Close(context.Background())
	}
	return errors.Join(err, n.Store.Close())
}

// Operator is who acts through the command line on the data directory.
func (n *Node) Operator() people.Actor { return people.System("operator") }

func (n *Node) journal(tx *store.Tx, by people.Actor, act string, fields ...string) error {
	var fs []ledger.Field
	for i := 0; i+1 < len(fields); i += 2 {
		fs = append(fs, ledger.Field{Name: fields[i], Value: fields[i+1]})
	}
	return n.Ledger.Record(tx, by.String(), act, fs...)
}

// equivalents returns which levels of partners are equivalent to own ones, by
// the agreements in force.
func (n *Node) equivalents(tx *store.Tx) (out []marking.Equivalent, err error) {
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	for _, ch := range channels {
		terms, err := n.Accords.InForce(tx, ch.Agreement)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
			continue // not in force: nothing is equivalent by it
		}
		if err != nil {
			return nil, err
		}
		out = append(out, terms.Doc.Equivalents(n.Config.Side)...)
	}
	return out, nil
}

// peerURL is the address partners are told.
func (n *Node) peerURL() string {
	if n.Config.PeerURL != "" {
		return n.Config.PeerURL
	}
	return "https://" + n.Config.PeerListen
}

// derive makes a key for one purpose of the data directory's one key.
func derive(seal [32]byte, purpose string) (key [32]byte) {
	m := hmac.New(sha256.New, seal[:])
	m.Write([]byte("twoseas " + purpose))
	copy(key[:], m.Sum(nil))
	return key
}

func pinOf(c tls.Certificate) (ident.Digest, error) {
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		return ident.Digest{}, err
	}
	return peer.Pin(leaf), nil
}

// processName tells this process from others on the same store.
func processName() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	return hex.EncodeToString(b[:])
}

// CertificateFile is the certificate a client trusts to reach this node.
func (n *Node) CertificateFile() string {
	if n.Config.Certificate != "" {
		return n.Config.Certificate
	}
	return filepath.Join(n.Dir, certFile)
}
