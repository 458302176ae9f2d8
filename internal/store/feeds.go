package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// TopicFeed tells that a feed may be due earlier than was known, TopicFed that
// a run has ended.
const (
	TopicFeed = "feed"
	TopicFed  = "fed"
)

// Feed is a source outside that a node takes from, or sends to, on a schedule.
// Settings, Cursor and Health belong to the act that keeps them.
type Feed struct {
	Name     string
	Paused   bool
	Settings []byte
	Created  int64 // microseconds, set by AddFeed
	Due      int64 // microseconds
	Failures int64 // runs that failed since the last that did not
	Cursor   []byte
	Health   []byte
}

const feedColumns = "name, paused, settings, created, due, failures, cursor, health"

func scanFeed(r *sql.Rows) (f Feed, err error) {
	err = r.Scan(&f.Name, &f.Paused, &f.Settings, &f.Created, &f.Due, &f.Failures, &f.Cursor, &f.Health)
	return f, err
}

// AddFeed adds f, due at once. A taken name is fault.Conflict.
func (t *Tx) AddFeed(f *Feed) error {
	if _, err := t.Feed(f.Name); !fault.Is(err, fault.NotFound) {
		if err == nil {
			err = fault.Errorf(fault.Conflict, "feed %q exists", f.Name)
		}
		return err
	}
	f.Created, f.Due = t.now, t.now
	t.Notify(TopicFeed)
	_, err := t.Exec("INSERT INTO feed (domain, "+feedColumns+", lease_owner, lease_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', 0)",
		t.domain, f.Name, f.Paused, f.Settings, f.Created, f.Due, f.Failures, f.Cursor, f.Health)
	return err
}

// Feed returns the feed of that name, or fault.NotFound.
func (t *Tx) Feed(name string) (f Feed, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) (err error) {
		found = true
		f, err = scanFeed(r)
		return err
	}, "SELECT "+feedColumns+" FROM feed WHERE domain = $1 AND name = $2", t.domain, name)
	if err == nil && !found {
		err = fault.Errorf(fault.NotFound, "no feed %q", name)
	}
	return f, err
}

// Feeds returns the feeds of the domain by name.
func (t *Tx) Feeds() (out []Feed, err error) {
	err = t.Each(func(r *sql.Rows) error {
		f, err := scanFeed(r)
		out = append(out, f)
		return err
	}, "SELECT "+feedColumns+" FROM feed WHERE domain = $1 ORDER BY name", t.domain)
	return out, err
}

// DueFeeds returns the names of at most limit feeds that are due and that no
// process is running, longest due first. length is that of leases; see Lease
// for clocks set back.
func (t *Tx) DueFeeds(limit int, length int64) (names []string, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		names = append(names, name)
		return err
	}, `SELECT name FROM feed WHERE domain = $1 AND due <= $2 AND NOT paused
		AND (lease_owner = '' OR lease_until < $2 OR lease_until > $3) ORDER BY due, name LIMIT $4 + 0`,
		t.domain, t.now, t.now+2*length, int64(limit))
	return names, err
}

// SaveFeed records what people changed of f: its settings, whether it is
// paused, when it is due, its failures and its cursor. A run under way loses its
// right to go on.
func (t *Tx) SaveFeed(f Feed) error {
	t.Notify(TopicFeed)
	n, err := t.Exec("UPDATE feed SET paused = $3, settings = $4, due = $5, failures = $6, cursor = $7, lease_owner = '', lease_until = 0 WHERE domain = $1 AND name = $2",
		t.domain, f.Name, f.Paused, f.Settings, f.Due, f.Failures, f.Cursor)
	if err == nil && n == 0 {
		err = fault.Errorf(fault.NotFound, "no feed %q", f.Name)
	}
	return err
}

// HastenFeed makes a feed due now, or again if it is running, or returns
// fault.NotFound.
func (t *Tx) HastenFeed(name string) error {
	t.Notify(TopicFeed)
	n, err := t.Exec("UPDATE feed SET due = $3 WHERE domain = $1 AND name = $2", t.domain, name, t.now)
	if err == nil && n == 0 {
		err = fault.Errorf(fault.NotFound, "no feed %q", name)
	}
	return err
}

// RemoveFeed removes a feed, or returns fault.NotFound.
func (t *Tx) RemoveFeed(name string) error {
	n, err := t.Exec("DELETE FROM feed WHERE domain = $1 AND name = $2", t.domain, name)
	if err == nil && n == 0 {
		err = fault.Errorf(fault.NotFound, "no feed %q", name)
	}
	return err
}

// LeaseFeed takes or renews the right to run a feed for owner, for so many
// microseconds, and reports whether owner has it; see Lease.
func (t *Tx) LeaseFeed(name, owner string, length int64) (bool, error) {
	n, err := t.Exec(`UPDATE feed SET lease_owner = $3, lease_until = $4
		WHERE domain = $1 AND name = $2 AND (lease_owner = $3 OR lease_owner = '' OR lease_until < $5 OR lease_until > $6)`,
		t.domain, name, owner, t.now+length, t.now, t.now+2*length)
	return n == 1, err
}

// SaveFeedCursor records where the next run of a feed goes on, as long as
// owner has the right to run it; otherwise the error is fault.Conflict.
func (t *Tx) SaveFeedCursor(name, owner string, cursor []byte) error {
	n, err := t.Exec("UPDATE feed SET cursor = $4 WHERE domain = $1 AND name = $2 AND lease_owner = $3", t.domain, name, owner, cursor)
	return t.leased(n, err, name)
}

// EndFeed records what a run of f found and gives the right to run it back, as
// SaveFeedCursor does. was is when it was due as it began: a feed that was
// hastened meanwhile stays so.
func (t *Tx) EndFeed(f Feed, owner string, was int64) error {
	t.Notify(TopicFed)
	n, err := t.Exec(`UPDATE feed SET due = CASE WHEN due <> $4 THEN due ELSE $5 END, failures = $6, health = $7, lease_owner = '', lease_until = 0
		WHERE domain = $1 AND name = $2 AND lease_owner = $3`, t.domain, f.Name, owner, was, f.Due, f.Failures, f.Health)
	return t.leased(n, err, f.Name)
}

func (t *Tx) leased(n int64, err error, name string) error {
	if err == nil && n == 0 {
		err = fault.Errorf(fault.Conflict, "feed %q was removed or changed, or another process took it over, while it ran", name)
	}
	return err
}
