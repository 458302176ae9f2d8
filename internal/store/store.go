// Package store holds every SQL statement of the product, one file per noun.
//
// Invariants: a Handle is bound to one domain when it is opened, and every
// statement on shared matter carries that domain, so no query can cross from
// exercise to live or back (invariant 7); objects are append-only; numbers are
// handed out inside the one write transaction and so are in commit order.
package store

import (
	"context"
	"errors"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store/db"
	"twoseas/internal/store/migrations"
)

// Topics that Listen tells about.
const (
	TopicConfig  = "config"  // accounts, collections, peers, agreements
	TopicRelease = "release" // something joined a release list
	TopicArrived = "arrived" // a shipment or receipt came in
	TopicImport  = "import"  // uploads and warning lists
	TopicRecall  = "recall"  // something was called back, or an answer to that
	TopicAssist  = "assist"  // a request for assistance, or a step about one

	TopicIncident = "incident" // an incident, or what belongs to one
)

// Store is one node's store. It is safe for concurrent use.
type Store struct {
	DB    *db.DB
	clock clock.Clock
}

// Open opens the store that source names (an SQLite path or a postgres://
// URL) and migrates it.
func Open(ctx context.Context, source string, clk clock.Clock) (*Store, error) {
	d, err := db.Open(ctx, source)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx, migrations.Files); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &Store{DB: d, clock: clk}, nil
}

// Close closes the store.
func (s *Store) Close() error { return s.DB.Close() }

// Listen returns a channel of topics that changed; see db.DB.Listen.
func (s *Store) Listen(ctx context.Context) <-chan string { return s.DB.Listen(ctx) }

// Told counts what Listen has told of in this process.
func (s *Store) Told() int64 { return s.DB.Told() }

// Handle is the store as one domain sees it.
type Handle struct {
	store  *Store
	domain ident.Domain
	id     int64
}

// Domain returns the handle of domain d, which is registered when new.
func (s *Store) Domain(ctx context.Context, d ident.Domain) (*Handle, error) {
	if d.IsZero() {
		return nil, fault.New(fault.Invalid, "no domain named")
	}
	h := &Handle{store: s, domain: d}
	err := s.DB.Write(ctx, func(t *db.Tx) error {
		found, err := t.Get([]any{&h.id}, "SELECT id FROM domain WHERE name = $1", d.String())
		if err != nil || found {
			return err
		}
		if h.id, err = take(t, "domain", 1); err != nil {
			return err
		}
		_, err = t.Exec("INSERT INTO domain (id, name) VALUES ($1, $2)", h.id, d.String())
		return err
	})
	return h, err
}

// Domain returns the domain h is bound to.
func (h *Handle) Domain() ident.Domain { return h.domain }

// Listen is Store.Listen.
func (h *Handle) Listen(ctx context.Context) <-chan string { return h.store.Listen(ctx) }

// Tx is a transaction bound to a domain. It belongs to the goroutine it was
// given to.
type Tx struct {
	*db.Tx
	domain int64
	name   ident.Domain
	now    int64
}

// Write runs fn in the store's one write transaction.
func (h *Handle) Write(ctx context.Context, fn func(*Tx) error) error {
	return h.store.DB.Write(ctx, func(t *db.Tx) error { return fn(h.tx(t)) })
}

// Read runs fn on one snapshot.
func (h *Handle) Read(ctx context.Context, fn func(*Tx) error) error {
	return h.store.DB.Read(ctx, func(t *db.Tx) error { return fn(h.tx(t)) })
}

// Query runs fn without a snapshot, the cheap way to ask one question.
func (h *Handle) Query(ctx context.Context, fn func(*Tx) error) error {
	return h.store.DB.Query(ctx, func(t *db.Tx) error { return fn(h.tx(t)) })
}

func (h *Handle) tx(t *db.Tx) *Tx {
	return &Tx{Tx: t, domain: h.id, name: h.domain, now: h.store.clock.Now().UnixMicro()}
}

// Now returns the time the transaction began, in microseconds.
func (t *Tx) Now() int64 { return t.now }

// Domain returns the domain the transaction is bound to.
func (t *Tx) Domain() ident.Domain { return t.name }

// take hands out n consecutive numbers of a sequence and returns the first;
// sequences begin at 1.
func take(t *db.Tx, name string, n int) (int64, error) {
	var next int64
	found, err := t.Get([]any{&next}, `
		INSERT INTO counter (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = counter.value + $2
		RETURNING value`, name, int64(n))
	if err != nil {
		return 0, err
	}
	if !found {
		return 0, errors.New("counter returned nothing")
	}
	return next - int64(n) + 1, nil
}

// Stop, returned by a callback of Each, Labelled, Releases and their like,
// ends the walk without an error.
var Stop = db.Stop
