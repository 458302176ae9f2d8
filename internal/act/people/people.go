package people

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"twoseas/internal/base/clock"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
	"twoseas/internal/store/db"
)

// Bounds of the caches, in entries of a few hundred bytes.
const (
	maxLogins = 10_000
	maxAccess = 2_000
)

// People is the accounts of one node. It is safe for concurrent use.
type People struct {
	store *store.Handle // of the live domain; accounts themselves belong to no domain
	home  Home
	clock clock.Clock
	rand  io.Reader
	macs  sync.Pool // of hash.Hash, see proof; their key is drawn by New and never stored

	journal Journal // set before use, or nil
	// equivalents is set before use, or nil: nothing is equivalent.
	equivalents func(*store.Tx) ([]marking.Equivalent, error)
	turned      Turned                                          // likewise
	shutting    func(tx *store.Tx, by Actor, name string) error // likewise
	hashing     slots

	// epoch counts the times an account, token or right may have changed, in
	// this process or another. What was cached under an older epoch is looked
	// up again before it is used.
	epoch atomic.Uint64
	// deaf says that no news arrives any more: the caches are not used.
	deaf   atomic.Bool
	logins *cache[loginKey, login]
	access *cache[accessKey, cachedAccess]
}

// Journal writes an entry on what by did into the home log, within the
// transaction that does it.
type Journal func(tx *store.Tx, by Actor, act string, fields ...string) error

// New returns the accounts kept in the store behind live, the handle of the
// live domain. Until ctx ends it listens for changes made by other processes;
// afterwards it works without caches.
func New(ctx context.Context, live *store.Handle, home Home, clk clock.Clock, rand io.Reader) (*People, error) {
	p := &People{
		store: live, home: home, clock: clk, rand: rand,
		hashing: slots{free: make(chan struct{}, hashesAtOnce)},
		logins:  newCache[loginKey, login](maxLogins),
		access:  newCache[accessKey, cachedAccess](maxAccess),
	}
	key := make([]byte, sha256.Size)
	if _, err := io.ReadFull(rand, key); err != nil {
		return nil, fmt.Errorf("draw a key: %w", err)
	}
	p.macs.New = func() any { return hmac.New(sha256.New, key) }
	topics := live.Listen(ctx)
	go p.follow(topics)
	return p, nil
}

// SetJournal has each change from now on written into a home log. It must be
// called before p is shared.
func (p *People) SetJournal(j Journal) { p.journal = j }

// Turned is told that somebody at an address failed to get into account by one
// way, such as a password; account is "" where none of this node was meant.
type Turned func(account, way, address string)

// SetTurned has every failure to sign in told from now on. It must be called
// before p is shared.
func (p *People) SetTurned(t Turned) { p.turned = t }

// TurnAway tells that somebody failed to get in, for ways in that are not
// guessed at.
func (p *People) TurnAway(account, way, address string) {
	if p.turned != nil {
		p.turned(account, way, address)
	}
}

// SetEquivalents has the levels of other sides count that equivalents says are
// equivalent to own ones, by the agreements in force. It must be called before
// p is shared.
func (p *People) SetEquivalents(equivalents func(*store.Tx) ([]marking.Equivalent, error)) {
	p.equivalents = equivalents
}

func (p *People) follow(topics <-chan string) {
	for topic := range topics {
		if topic == store.TopicConfig || topic == db.Everything {
			p.epoch.Add(1)
		}
	}
	p.deaf.Store(true)
}

// change runs fn in a write transaction on h, journals what was done and tells
// everybody that accounts changed.
func (p *People) change(ctx context.Context, h *store.Handle, e entry, fn func(*store.Tx) error) error {
	err := h.Write(ctx, func(tx *store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		tx.Notify(store.TopicConfig)
		if p.journal == nil {
			return nil
		}
		return p.journal(tx, e.by, e.act, e.fields...)
	})
	if err == nil {
		p.epoch.Add(1)
	}
	return err
}

// entry is what the journal gets to know.
type entry struct {
	by     Actor
	act    string
	fields []string // name, value, ...; never a secret
}

// WhenDisabled has fn called in the transaction that disables an account: what
// the person held elsewhere ends with it. It is set before use.
func (p *People) WhenDisabled(fn func(tx *store.Tx, by Actor, name string) error) { p.shutting = fn }

// Forget has everything that is cached looked up again before it is used: an
// account was changed by another act.
func (p *People) Forget() { p.epoch.Add(1) }
