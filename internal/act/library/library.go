// Package library is where threat data is read: searching, one object with
// everything that is known of it, and the index both rest on.
//
// Invariants: a reader is shown nothing, neither a row nor a number nor an
// order, that rests on what its class may not see; what is not there and what
// is not the reader's to know about are one answer, fault.NotFound; the index
// follows behind intake and says how far it has come.
package library

import (
	"sync"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/act/search"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
)

// Config is what a Library stands on.
type Config struct {
	Self     ident.Side
	Home     people.Home
	Search   *search.Search
	Releases *release.Releases
	Exchange *exchange.Exchange
}

// Library reads a node's threat data. It is safe for concurrent use.
type Library struct {
	c Config

	// labels keeps what texts of labels say: a text always says the same.
	mu     sync.Mutex
	labels map[string]marking.Label // guarded by mu
}

// New returns a Library.
func New(c Config) *Library { return &Library{c: c, labels: map[string]marking.Label{}} }

const maxLabels = 10_000

// label returns what the canonical text of a label says.
func (l *Library) label(terms []byte) (marking.Label, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m, ok := l.labels[string(terms)]; ok {
		return m, nil
	}
	m, err := marking.ParseLabel(terms)
	if err != nil {
		return m, err
	}
	if len(l.labels) >= maxLabels {
		clear(l.labels)
	}
	l.labels[string(terms)] = m
	return m, nil
}
