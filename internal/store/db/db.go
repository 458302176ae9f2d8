// Package db opens one of two engines, SQLite or PostgreSQL, behind one
// handle. It is the only importer of the drivers.
//
// Invariants: at most one write transaction is open per store, whatever the
// number of processes (SQLite's one writer; on PostgreSQL an advisory lock
// taken first), so that numbers handed out inside one are strictly ordered by
// commit; a read transaction sees one snapshot; statements are prepared once
// per connection.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"twoseas/internal/base/fault"
)

// Engine says which database is behind a handle.
type Engine uint8

// The two engines.
const (
	SQLite Engine = iota + 1
	Postgres
)

// String returns the engine's name.
func (e Engine) String() string {
	if e == Postgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

// DB is an open store. It is safe for concurrent use.
type DB struct {
	engine  Engine
	source  string
	writer  *pool
	readers *pool
	broker  broker
	stop    context.CancelFunc
}

// Open opens the database that source names: a postgres:// URL, or the path of
// an SQLite file, which is made when absent. Migrations are not run.
func Open(ctx context.Context, source string) (*DB, error) {
	d := &DB{source: source, engine: SQLite}
	var err error
	if strings.HasPrefix(source, "postgres://") || strings.HasPrefix(source, "postgresql://") {
		d.engine = Postgres
		err = d.openPostgres()
	} else {
		err = d.openSQLite()
	}
	if err != nil {
		return nil, err
	}
	if err := d.ping(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	if err := d.broker.start(background, d); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *DB) ping(ctx context.Context) error {
	for _, p := range []*pool{d.writer, d.readers} {
		c, err := p.take(ctx)
		if err != nil {
			return fault.Errorf(fault.Unavailable, "open %s store: %w", d.engine, err)
		}
		p.give(c)
	}
	return nil
}

// Engine returns which engine is behind d.
func (d *DB) Engine() Engine { return d.engine }

// Close closes the store. On SQLite it waits for the write transaction under
// way; reads still open fail.
func (d *DB) Close() error {
	if d.stop != nil {
		d.stop()
		d.broker.wait()
	}
	err := d.readers.close()
	if d.engine == SQLite {
		// Fold the write-ahead log in, so that the next start has none to read.
		if c, e := d.writer.take(context.Background()); e == nil {
			_, e = c.c.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
			c.broken = e != nil
			d.writer.give(c)
		}
	}
	return errors.Join(err, d.writer.close())
}

// Read runs fn in a read-only transaction that sees one snapshot.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	begin := "BEGIN"
	if d.engine == Postgres {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	return d.run(ctx, d.readers, begin, fn)
}

// Query runs fn outside a transaction: each statement in it sees the newest
// state. It is the cheap way to ask one question; it cannot write.
func (d *DB) Query(ctx context.Context, fn func(*Tx) error) (err error) {
	c, err := d.readers.take(ctx)
	if err != nil {
		return translate(err)
	}
	t := &Tx{ctx: ctx, c: c, db: d, loose: true}
	defer func() { d.readers.give(t.c) }()
	return t.end(fn(t))
}

// Write runs fn in the store's one write transaction and commits it unless fn
// fails. Topics that fn has notified are told after the commit.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	begin := "BEGIN IMMEDIATE"
	if d.engine == Postgres {
		begin = "BEGIN"
	}
	return d.run(ctx, d.writer, begin, fn)
}

func (d *DB) run(ctx context.Context, p *pool, begin string, fn func(*Tx) error) error {
	c, err := p.begin(ctx, begin)
	if err != nil {
		return translate(err)
	}
	t := &Tx{ctx: ctx, c: c, db: d}
	done := false
	defer func() {
		if !done { // fn failed or panicked
			if e := c.exec(context.WithoutCancel(ctx), "ROLLBACK"); e != nil {
				c.broken = true
			}
		}
		p.give(c)
	}()
	if p == d.writer && d.engine == Postgres {
		if err := t.lock(); err != nil {
			return t.end(err)
		}
	}
	if err := fn(t); err != nil {
		return t.end(err)
	}
	if err := errors.Join(t.failed, t.sendTopics()); err != nil {
		return t.end(err)
	}
	if err := c.exec(context.WithoutCancel(ctx), "COMMIT"); err != nil {
		return t.end(err)
	}
	done = true
	d.broker.publishLocal(t.topics)
	return nil
}

// lock waits until no other process writes. To give up waiting costs the
// connection, on which nothing has been done yet.
func (t *Tx) lock() error {
	s, err := t.c.prepare(t.ctx, "SELECT pg_advisory_xact_lock(hashtext(current_schema()))")
	if err != nil {
		return err
	}
	if _, err = s.ExecContext(t.ctx); err != nil && t.ctx.Err() != nil {
		return t.ctx.Err() // what the driver makes of it is of no use
	}
	return err
}

// Tx is a transaction, or a single connection inside Query. It belongs to the
// goroutine that got it and ends when the function it was given to returns.
type Tx struct {
	ctx    context.Context
	c      *conn
	db     *DB
	topics []string
	loose  bool  // no transaction: a lost connection may be replaced between statements
	rows   bool  // a callback of Each is running, and the connection is taken
	failed error // the first statement that failed: nothing is committed after one
}

var errNested = errors.New("a statement inside the rows of another; collect them first")

// ready says whether a statement can run now.
func (t *Tx) ready() error {
	if t.rows {
		return errNested
	}
	return t.ctx.Err()
}

// fail notes that a statement failed. PostgreSQL commits nothing after one,
// without saying so; run sees to it that both engines do the same aloud.
func (t *Tx) fail(err error, query string) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%w in %s", err, head(query))
	if t.failed == nil {
		t.failed = err
	}
	return err
}

// end gives err its kind and notices when the connection is what failed.
func (t *Tx) end(err error) error {
	if err == nil {
		return nil
	}
	if fault.KindOf(err) == fault.Internal && t.ctx.Err() == nil && t.c.lost() {
		return away(err)
	}
	return translate(err)
}

// Context returns the context the transaction runs under.
func (t *Tx) Context() context.Context { return t.ctx }

// Engine returns the engine behind t.
func (t *Tx) Engine() Engine { return t.db.engine }

// Exec runs a statement and returns the number of rows it changed.
func (t *Tx) Exec(query string, args ...any) (int64, error) {
	if err := t.ready(); err != nil {
		return 0, err
	}
	s, err := t.c.prepare(t.ctx, query)
	if err != nil {
		return 0, t.fail(err, query)
	}
	res, err := s.ExecContext(context.WithoutCancel(t.ctx), args...)
	if err != nil {
		return 0, t.fail(err, query)
	}
	return res.RowsAffected()
}

// Get scans the one row of query into dest and reports whether there was one.
func (t *Tx) Get(dest []any, query string, args ...any) (found bool, err error) {
	err = t.Each(func(r *sql.Rows) error {
		if found {
			return fmt.Errorf("more than one row in %s", head(query))
		}
		found = true
		return r.Scan(dest...)
	}, query, args...)
	return found, err
}

// Each calls scan for each row of query, in order. Bytes scanned into
// sql.RawBytes are valid until scan returns. The connection is taken until
// then: no other statement runs inside scan.
func (t *Tx) Each(scan func(*sql.Rows) error, query string, args ...any) (err error) {
	if err := t.ready(); err != nil {
		return err
	}
	rows, err := t.query(query, args)
	if err != nil {
		return t.fail(err, query)
	}
	t.rows = true
	defer func() {
		t.rows = false
		err = errors.Join(err, rows.Close())
	}()
	for n := 0; rows.Next(); n++ {
		if n%256 == 255 && t.ctx.Err() != nil {
			return t.ctx.Err()
		}
		if err := scan(rows); err != nil {
			if errors.Is(err, Stop) {
				return nil
			}
			return err
		}
	}
	return t.fail(rows.Err(), query)
}

// query begins a query. Outside a transaction it does so once more when the
// connection was lost while it lay idle.
func (t *Tx) query(query string, args []any) (*sql.Rows, error) {
	rows, err := t.c.query(t.ctx, query, args)
	if err == nil || !t.loose {
		return rows, err
	}
	if renewed, e := t.db.readers.renew(t.ctx, t.c); !renewed {
		return nil, errors.Join(err, e)
	}
	return t.c.query(t.ctx, query, args)
}

// Stop, returned by a scan function, ends Each without an error.
var Stop = errors.New("stop")

// Notify tells all processes on this store, after the commit, that something
// about topic changed.
func (t *Tx) Notify(topic string) {
	for _, have := range t.topics {
		if have == topic {
			return
		}
	}
	t.topics = append(t.topics, topic)
}

func (t *Tx) sendTopics() error {
	if t.db.engine != Postgres {
		return nil
	}
	for _, topic := range t.topics {
		if _, err := t.Exec("SELECT pg_notify('twoseas', current_schema() || ' ' || $1)", topic); err != nil {
			return err
		}
	}
	return nil
}

func head(query string) string {
	q := strings.Join(strings.Fields(query), " ")
	if len(q) > 60 {
		q = q[:60] + "…"
	}
	return q
}

// translate gives the failures a person can act on their kind.
func translate(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	switch {
	case isFull(err):
		return fault.Errorf(fault.Unavailable, "the disk of this node is full: %w", err)
	case isBroken(err):
		return fault.Errorf(fault.Unavailable, "the store's file cannot be read or written: %w", err)
	case isBusy(err):
		return fault.Errorf(fault.Busy, "the store is in use by another process; try again: %w", err)
	case isAway(err):
		return away(err)
	}
	return err
}

func away(err error) error {
	return fault.Errorf(fault.Unavailable, "the database of this node does not answer: %w", err)
}

// busyTimeout is how long a writer waits for the writer of another process.
const busyTimeout = 15 * time.Second
