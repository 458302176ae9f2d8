// Package feed takes from sources outside on a schedule and sends collections
// of this node to others' TAXII servers.
//
// Invariants: where a source goes on moves only after what came before was
// committed, and never past what was not asked for to its end, so a server that
// stops, repeats or reorders costs time and no object; one process at a time
// runs a source; whatever comes in passes intake; whatever is sent is what a
// named account may read in that collection at that moment, and nothing else; a
// server that never ends is left after a bound, with words.
package feed

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/people"
	"twoseas/internal/store"
)

// Remote is a place outside and how to show oneself there.
type Remote struct {
	URL        string
	Collection string // id, alias or title of the collection, where URL is that of a server or an API root
	User       string // with a Secret: HTTP Basic; without: Secret is a bearer token
	Secret     string
	CA         string // PEM; what the server's certificate must come from, default the system's authorities
	Private    bool   // whether it may be at a private address
}

// Ask is what is asked of a collection (TAXII 2.1 §5.4).
type Ask struct {
	After time.Time // added_after; zero for everything
	Next  string
	Types []string
	Limit int
}

// Page is one answer of a collection. Its Body is read once and closed.
type Page struct {
	Body io.ReadCloser
	Last time.Time // X-TAXII-Date-Added-Last; zero when the server does not say
}

// Mark tells one state of a document from another. Equal marks mean that there
// is nothing new.
type Mark struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
	Digest   string `json:"digest,omitempty"`
}

// Document is a file that is new since it was marked. Body is valid until take
// returns.
type Document struct {
	Name string // "" for the one at a URL
	Mark Mark
	Size int64
	Body io.ReadSeeker
}

// Receipt is the status resource of what was posted (TAXII 2.1 §4.3).
type Receipt struct {
	ID       string
	Pending  bool
	Accepted int
	Refused  int
	Reasons  []string // of some that were refused
}

// Outside is the network and the folders of this machine, which acts do not
// reach. Errors that say when to come again are *Later.
type Outside interface {
	// Page asks for a page of a collection.
	Page(ctx context.Context, r Remote, a Ask) (Page, error)
	// Documents calls take for each file at r that is not as seen says, and
	// returns the marks of all that are there. A document that take fails on
	// keeps the mark it had.
	Documents(ctx context.Context, r Remote, seen map[string]Mark, take func(Document) error) (map[string]Mark, error)
	// Post sends an envelope to a collection; Status asks what became of it.
	Post(ctx context.Context, r Remote, envelope []byte) (Receipt, error)
	Status(ctx context.Context, r Remote, id string) (Receipt, error)
	// Offers asks a server what collections it has for us.
	Offers(ctx context.Context, r Remote) ([]Offer, error)
}

// Offer is one collection of a TAXII server.
type Offer struct {
	URL   string `json:"url"`
	Title string `json:"title"`
	Read  bool   `json:"read"`
	Write bool   `json:"write"`
}

// Later is an error of a server that said when to come again.
type Later struct {
	After time.Duration
	Err   error
}

// Error says why.
func (l *Later) Error() string { return l.Err.Error() }

// Unwrap returns why.
func (l *Later) Unwrap() error { return l.Err }

// Config is what Feeds works with; every field without a default is needed.
type Config struct {
	Intake  *intake.Intake
	People  *people.People
	Ring    *keys.Ring
	Outside Outside
	Journal people.Journal // nil for none
	Rand    io.Reader      // spreads retries
	Owner   string         // this process among those that share the store
	// Lease is how long a process that was lost keeps others from running a
	// source; default a minute.
	Lease time.Duration
	// Limits of one run; defaults 10,000 pages and 30 minutes.
	MaxPages int
	MaxTime  time.Duration
	// Wait is how long between asking what became of what was sent; default a
	// second.
	Wait time.Duration
	// Limit is how many objects are asked for at a time; default 1,000.
	Limit int
}

// Feeds is the acts on sources. It is safe for concurrent use.
type Feeds struct {
	Config
	runs atomic.Int64 // begun in this process
	mu   sync.Mutex   // guards Rand
}

// New returns the acts.
func New(c Config) *Feeds {
	if c.Lease <= 0 {
		c.Lease = time.Minute
	}
	if c.MaxPages <= 0 {
		c.MaxPages = 10_000
	}
	if c.MaxTime <= 0 {
		c.MaxTime = 30 * time.Minute
	}
	if c.Wait <= 0 {
		c.Wait = time.Second
	}
	if c.Limit <= 0 {
		c.Limit = 1000
	}
	return &Feeds{Config: c}
}

func (f *Feeds) note(tx *store.Tx, by people.Actor, act string, fields ...string) error {
	if f.Journal == nil {
		return nil
	}
	return f.Journal(tx, by, act, fields...)
}
