package people

import (
	"container/list"
	"sync"
)

// cache keeps the max most recently used values. It is safe for concurrent
// use.
type cache[K comparable, V any] struct {
	max int

	mu    sync.Mutex          // guards what follows, held for a few map operations
	order *list.List          // of *slot[K, V], most recently used first
	slots map[K]*list.Element // one per element of order
}

type slot[K comparable, V any] struct {
	key   K
	value V
}

func newCache[K comparable, V any](limit int) *cache[K, V] {
	return &cache[K, V]{max: limit, order: list.New(), slots: map[K]*list.Element{}}
}

// get returns the value of key, which then is the most recently used.
func (c *cache[K, V]) get(key K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.slots[key]
	if !ok {
		var none V
		return none, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*slot[K, V]).value, true // nothing else is put in
}

// put sets the value of key and drops the least recently used one when there
// are too many.
func (c *cache[K, V]) put(key K, value V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(key)
	c.slots[key] = c.order.PushFront(&slot[K, V]{key, value})
	if last := c.order.Back(); len(c.slots) > c.max {
		c.remove(last.Value.(*slot[K, V]).key) // nothing else is put in
	}
}

// drop forgets key.
func (c *cache[K, V]) drop(key K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(key)
}

// remove forgets key; c.mu is held.
func (c *cache[K, V]) remove(key K) {
	if e, ok := c.slots[key]; ok {
		c.order.Remove(e)
		delete(c.slots, key)
	}
}
