package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// TopicSender tells that something outgoing changed.
const TopicSender = "sender"

// Kinds of senders.
const (
	SenderHook = "hook" // a webhook
	SenderSIEM = "siem" // the home log
)

// Sender is something this node sends on to a program outside. Settings,
// Cursor and Health belong to the act that keeps them.
type Sender struct {
	Kind, Name string
	Paused     bool
	Settings   []byte
	Created    int64 // microseconds, set by AddSender
	Due        int64 // microseconds; not to be tried before
	Failures   int64 // attempts that failed since the last that did not
	Failing    int64 // microseconds; since when, 0 for not
	Cursor     []byte
	Health     []byte
}

const senderColumns = "kind, name, paused, settings, created, due, failures, failing, cursor, health"

func scanSender(r *sql.Rows) (s Sender, err error) {
	err = r.Scan(&s.Kind, &s.Name, &s.Paused, &s.Settings, &s.Created, &s.Due, &s.Failures, &s.Failing, &s.Cursor, &s.Health)
	return s, err
}

// AddSender adds s. A taken name is fault.Conflict.
func (t *Tx) AddSender(s *Sender) error {
	if _, err := t.Sender(s.Kind, s.Name); !fault.Is(err, fault.NotFound) {
		if err == nil {
			err = fault.Errorf(fault.Conflict, "%s %q exists", s.Kind, s.Name)
		}
		return err
	}
	s.Created, s.Due = t.now, t.now
	t.Notify(TopicSender)
	_, err := t.Exec("INSERT INTO sender (domain, "+senderColumns+", lease_owner, lease_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', 0)",
		t.domain, s.Kind, s.Name, s.Paused, s.Settings, s.Created, s.Due, s.Failures, s.Failing, s.Cursor, s.Health)
	return err
}

// Sender returns the sender of that kind and name, or fault.NotFound.
func (t *Tx) Sender(kind, name string) (s Sender, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) (err error) {
		found = true
		s, err = scanSender(r)
		return err
	}, "SELECT "+senderColumns+" FROM sender WHERE domain = $1 AND kind = $2 AND name = $3", t.domain, kind, name)
	if err == nil && !found {
		err = fault.Errorf(fault.NotFound, "no %s %q", kind, name)
	}
	return s, err
}

// Senders returns the senders of a kind by name.
func (t *Tx) Senders(kind string) (out []Sender, err error) {
	err = t.Each(func(r *sql.Rows) error {
		s, err := scanSender(r)
		out = append(out, s)
		return err
	}, "SELECT "+senderColumns+" FROM sender WHERE domain = $1 AND kind = $2 ORDER BY name", t.domain, kind)
	return out, err
}

// SaveSender records what people changed of s. A run under way loses its right
// to go on.
func (t *Tx) SaveSender(s Sender) error {
	t.Notify(TopicSender)
	n, err := t.Exec(`UPDATE sender SET paused = $4, settings = $5, due = $6, failures = $7, failing = $8, cursor = $9, health = $10, lease_owner = '', lease_until = 0
		WHERE domain = $1 AND kind = $2 AND name = $3`,
		t.domain, s.Kind, s.Name, s.Paused, s.Settings, s.Due, s.Failures, s.Failing, s.Cursor, s.Health)
	if err == nil && n == 0 {
		err = fault.Errorf(fault.NotFound, "no %s %q", s.Kind, s.Name)
	}
	return err
}

// RemoveSender removes a sender, or returns fault.NotFound.
func (t *Tx) RemoveSender(kind, name string) error {
	t.Notify(TopicSender)
	n, err := t.Exec("DELETE FROM sender WHERE domain = $1 AND kind = $2 AND name = $3", t.domain, kind, name)
	if err == nil && n == 0 {
		err = fault.Errorf(fault.NotFound, "no %s %q", kind, name)
	}
	return err
}

// LeaseSender takes or renews the right to run a sender for owner, for so many
// microseconds, and reports whether owner has it; see Lease.
func (t *Tx) LeaseSender(kind, name, owner string, length int64) (bool, error) {
	n, err := t.Exec(`UPDATE sender SET lease_owner = $4, lease_until = $5
		WHERE domain = $1 AND kind = $2 AND name = $3 AND (lease_owner = $4 OR lease_owner = '' OR lease_until < $6 OR lease_until > $7)`,
		t.domain, kind, name, owner, t.now+length, t.now, t.now+2*length)
	return n == 1, err
}

// SaveSenderCursor records where s goes on, as long as owner has the right to
// run it; otherwise the error is fault.Conflict.
func (t *Tx) SaveSenderCursor(s Sender, owner string) error {
	n, err := t.Exec("UPDATE sender SET cursor = $5 WHERE domain = $1 AND kind = $2 AND name = $3 AND lease_owner = $4", t.domain, s.Kind, s.Name, owner, s.Cursor)
	return lostSender(n, err, s)
}

// EndSender records what a run of s found and gives the right to run it back,
// as SaveSenderCursor does.
func (t *Tx) EndSender(s Sender, owner string) error {
	n, err := t.Exec(`UPDATE sender SET paused = $5, due = $6, failures = $7, failing = $8, cursor = $9, health = $10, lease_owner = '', lease_until = 0
		WHERE domain = $1 AND kind = $2 AND name = $3 AND lease_owner = $4`,
		t.domain, s.Kind, s.Name, owner, s.Paused, s.Due, s.Failures, s.Failing, s.Cursor, s.Health)
	return lostSender(n, err, s)
}

func lostSender(n int64, err error, s Sender) error {
	if err == nil && n == 0 {
		err = fault.Errorf(fault.Conflict, "%s %q was removed or changed, or another process took it over, while it ran", s.Kind, s.Name)
	}
	return err
}

// Released calls fn for the entries of a channel's release list after n, up to
// and with to, that class may see, in order.
func (t *Tx) Released(channel, class, n, to int64, fn func(n int64, m Member) error) error {
	return t.Each(func(r *sql.Rows) error {
		var at int64
		var m Member
		if err := r.Scan(&at, &m.ID, &m.Type, &m.Version, &m.Body); err != nil {
			return err
		}
		return fn(at, m)
	}, `SELECT r.n, o.id, o.type, o.version, o.body FROM release r CROSS JOIN object o
		WHERE r.domain = $1 AND r.channel = $3 AND r.n > $4 AND r.n <= $5 AND o.domain = $1 AND o.seq = r.object AND o.type <> 'erased' AND `+mayFind+`
		ORDER BY r.n`, t.domain, class, channel, n, to)
}

// NextReceipt returns the first outgoing shipment after number whose receipt
// is there, without items and body; ok is false when there is none.
func (t *Tx) NextReceipt(channel, number int64) (s Shipment, ok bool, err error) {
	ok, err = t.Get([]any{&s.Number, &s.Receipt, &s.Answered}, `SELECT number, receipt, answered FROM shipment
		WHERE domain = $1 AND channel = $2 AND direction = 'out' AND number > $3 AND receipt IS NOT NULL ORDER BY number LIMIT 1`, t.domain, channel, number)
	return s, ok, err
}
