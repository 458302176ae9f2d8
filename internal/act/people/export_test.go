package people

import (
	"context"
	"time"

	"twoseas/internal/store"
)

// Wait is standing.wait of counts whose newest failures are age old.
func Wait(remote, pair, account int64, age time.Duration) time.Duration {
	now := time.UnixMicro(1e15)
	f := func(n int64) store.Failures { return store.Failures{Count: n, Last: now.Add(-age).UnixMicro()} }
	return standing{remote: f(remote), pair: f(pair), account: f(account)}.wait(now)
}

// HoldHashing takes every slot for hashes until the returned function is
// called.
func (p *People) HoldHashing(ctx context.Context) (func(), error) {
	for range hashesAtOnce {
		if _, err := p.hashing.take(ctx); err != nil {
			return nil, err
		}
	}
	return func() {
		for range hashesAtOnce {
			<-p.hashing.free
		}
	}, nil
}

// Waiting is how many wait for a slot; MaxWaiting how many may.
func (p *People) Waiting() int64 { return p.hashing.waiting.Load() }

const MaxWaiting = maxWaiting

// Rehash reads a PHC string and writes it again.
func Rehash(phc string) (string, error) {
	h, err := parseHash(phc)
	return h.String(), err
}

// Matches reports whether phc is a hash of password.
func Matches(phc, password string) bool {
	return opens(store.Account{Password: phc}, password)
}

// NewHash returns a hash of password.
func NewHash(password string, salt []byte) string { return newHash(password, salt).String() }

// Cache is a cache of numbers.
type Cache struct{ c *cache[int, int] }

func NewCache(limit int) Cache             { return Cache{newCache[int, int](limit)} }
func (c Cache) Get(k int) (int, bool)      { return c.c.get(k) }
func (c Cache) Put(k, v int)               { c.c.put(k, v) }
func (c Cache) Drop(k int)                 { c.c.drop(k) }
func (c Cache) Len() int                   { return len(c.c.slots) + c.c.order.Len() }
func (p *People) Deaf() bool               { return p.deaf.Load() }
func RemoteSubject(name, at string) string { return subjectsOf(name, at).remote }

// News is what follow does with a topic.
func (p *People) News() { p.epoch.Add(1) }
