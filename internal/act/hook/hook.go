// Package hook tells programs outside what happens on this node: it sends each
// subscriber signed messages about what its account may know of.
//
// Invariants: what a message says is what the account may see at the moment it
// is sent, and without content unless that was asked for; where a subscription
// goes on moves only after the receiver said that it took the message, and a
// message that is sent again has its id again, so that it counts once; no
// subscription waits for another; one that cannot be delivered for days stops
// where it is, says so, and goes on from there when somebody resumes it.
package hook

import (
	"context"
	"io"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/act/keys"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Event is something that happens and is told.
type Event string

// The events.
const (
	Arrived  Event = "object.arrived"   // objects joined the collection
	Released Event = "object.released"  // objects joined a release list
	Recalled Event = "object.recalled"  // objects were called back, and nobody here reads them any more
	Receipt  Event = "receipt.received" // the partner answered a shipment
	Waiting  Event = "hold.waiting"     // more items wait for officers than before
	Failing  Event = "feed.failing"     // a source outside cannot be asked any more
	Test     Event = "hook.test"        // somebody asked for a message
)

// Events returns the events that can be subscribed to.
func Events() []Event { return []Event{Arrived, Recalled, Released, Receipt, Waiting, Failing} }

// needs says what an account must be able to do to hear of an event: any one
// of these.
var needs = map[Event][]people.Act{
	Arrived: {people.Read}, Recalled: {people.Read}, Released: {people.Review}, Receipt: {people.Review, people.Exchange}, Waiting: {people.Review},
	Failing: {people.Import, people.Administer}, Test: people.Acts(),
}

func mayHear(by people.Actor, e Event) bool {
	return slices.ContainsFunc(needs[e], func(a people.Act) bool { return by.May(a) == nil })
}

// Settings is what people say of a subscription.
type Settings struct {
	// URL is where messages go: https, and plain http to this machine where
	// the node's configuration admits to private addresses.
	URL string `json:"url"`
	// CA is a PEM file's text that the receiver's certificate must come from.
	CA string `json:"ca,omitempty"`
	// Account is whose eyes decide what is told.
	Account string `json:"account"`
	// Events are those that are told.
	Events []Event `json:"events"`
	// Collection is that of object.arrived, by id.
	Collection string `json:"collection,omitempty"`
	// Content has objects sent whole instead of their ids alone.
	Content bool `json:"content,omitempty"`
}

// Target is where a message goes.
type Target struct {
	URL, CA string
}

// Message is one message, signed.
type Message struct {
	ID, Timestamp, Signature string
	Body                     []byte
}

// Outside is the network, which acts do not reach.
type Outside interface {
	// Send delivers a message and returns nil when the receiver took it. An
	// error that says when to come again is *Later; one of kind
	// fault.NotFound says that nobody wants messages there any more.
	Send(ctx context.Context, to Target, m Message) error
}

// Later is an error of a receiver that said when to come again.
type Later struct {
	After time.Duration
	Err   error
}

// Error says why.
func (l *Later) Error() string { return l.Err.Error() }

// Unwrap returns why.
func (l *Later) Unwrap() error { return l.Err }

// Config is what Hooks works with; every field without a default is needed.
type Config struct {
	People  *people.People
	Ring    *keys.Ring
	Outside Outside
	Rand    io.Reader      // draws secrets and ids, spreads retries
	Owner   string         // this process among those that share the store
	Journal people.Journal // nil for none
	// Reads is told, before a message goes out, who is told what; an error
	// keeps it back. nil for nobody.
	Reads func(ctx context.Context, by people.Actor, act, place string) error
	// URL is the node's public base, for links; "" for none.
	URL string
	// Private admits receivers at addresses of private networks, and at this
	// machine also over plain HTTP.
	Private bool
	// Lease is how long a process that was lost keeps others from sending;
	// default a minute.
	Lease time.Duration
	// GiveUp is how long a subscription may fail before it stops; default five
	// days.
	GiveUp time.Duration
	// Overlap is how long the old secret signs beside a new one; default a day.
	Overlap time.Duration
}

// Hooks is the acts on subscriptions. It is safe for concurrent use.
type Hooks struct {
	Config
	runs atomic.Int64 // begun in this process
	mu   sync.Mutex   // guards Rand
}

// New returns the acts.
func New(c Config) *Hooks {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&c.Lease, time.Minute)
	set(&c.GiveUp, 5*24*time.Hour)
	set(&c.Overlap, 24*time.Hour)
	c.URL = strings.TrimSuffix(c.URL, "/")
	return &Hooks{Config: c}
}

func (k *Hooks) note(tx *store.Tx, by people.Actor, act string, fields ...string) error {
	if k.Journal == nil {
		return nil
	}
	return k.Journal(tx, by, act, fields...)
}

// draw reads random bytes.
func (k *Hooks) draw(b []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, err := io.ReadFull(k.Rand, b)
	return err
}

var names = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$`)

// maxText bounds an address, maxCA a certificate, in bytes.
const (
	maxText = 2000
	maxCA   = 200 << 10
)

// check returns fault.Invalid for settings that make no sense.
func (s Settings) check(private bool) error {
	if len(s.Events) == 0 {
		return fault.New(fault.Invalid, "say which events are told")
	}
	for i, e := range s.Events {
		if !slices.Contains(Events(), e) || slices.Contains(s.Events[:i], e) {
			return fault.Errorf(fault.Invalid, "event %.40q: want each of some of %s once", e, strings.Join(eventNames(), ", "))
		}
	}
	if slices.Contains(s.Events, Arrived) != (s.Collection != "") {
		return fault.Errorf(fault.Invalid, "%s is about a collection, and a collection is for %s", Arrived, Arrived)
	}
	for _, text := range []string{s.URL, s.Account, s.Collection} {
		if len(text) > maxText || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return fault.Errorf(fault.Invalid, "%.60q: want one line of at most %d bytes", text, maxText)
		}
	}
	if len(s.CA) > maxCA {
		return fault.Errorf(fault.TooLarge, "certificates of more than %d KiB", maxCA>>10)
	}
	return checkURL(s.URL, private)
}

func eventNames() []string {
	out := make([]string, 0, len(Events()))
	for _, e := range Events() {
		out = append(out, string(e))
	}
	return out
}

func checkURL(text string, private bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return fault.Errorf(fault.Invalid, "address %.200q: want https://…", text)
	case u.User != nil || u.Fragment != "":
		return fault.New(fault.Invalid, "an address holds no password and no #")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && private && loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return fault.New(fault.Invalid, "messages go over https; over plain http to this machine alone, and only where hook_private in node.yaml says so")
	}
	return fault.Errorf(fault.Invalid, "address %.200q: want https://…", text)
}

// loopback reports whether a host is this machine by its own words: an address,
// or the one name that means it everywhere.
func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback() || host == "localhost"
}

// kept is what is stored of a subscription's settings.
type kept struct {
	Settings
	// Rotated is when the secret was replaced, microseconds; 0 for never.
	Rotated int64 `json:"rotated,omitempty"`
}

func keptOf(row store.Sender) (s kept, err error) {
	return s, canon.UnmarshalStrict(row.Settings, &s)
}

// Health is how a subscription is doing.
type Health struct {
	Delivered int64     `json:"delivered"` // messages that were taken
	Succeeded time.Time `json:"succeeded,omitzero"`
	Error     string    `json:"error,omitempty"` // of the last attempt, if it failed
	// Stopped is when it stopped because nothing could be delivered for days,
	// or because nobody wants messages there any more.
	Stopped time.Time `json:"stopped,omitzero"`
	// Attempts are the last ones, the newest first.
	Attempts []Attempt `json:"attempts,omitempty"`
}

// Attempt is one message that went out, or could not.
type Attempt struct {
	At    time.Time `json:"at"`
	ID    string    `json:"id"`
	Event Event     `json:"event"`
	Error string    `json:"error,omitempty"`
}

// maxAttempts bounds the attempts that are kept.
const maxAttempts = 20

// Hook is one subscription as people see it. It holds no secret.
type Hook struct {
	Name     string
	Settings Settings
	Paused   bool
	Added    time.Time
	Due      time.Time
	Failures int       // attempts that failed since the last that did not
	Failing  time.Time // since when; zero for not
	Pending  bool      // a message is under way
	Rotated  time.Time // until when the old secret signs too; zero for none
	Health   Health
}

// State says in a word how it is: paused, stopped, failing, new or well.
func (h Hook) State() string {
	switch {
	case !h.Health.Stopped.IsZero():
		return "stopped"
	case h.Paused:
		return "paused"
	case h.Failures > 0:
		return "failing"
	case h.Health.Delivered == 0:
		return "new"
	}
	return "well"
}
