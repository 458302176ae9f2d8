package db

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"twoseas/internal/base/fault"
)

// Read connections. SQLite gains nothing from more than the machine has cores
// and each has a page cache of its own; PostgreSQL waits on the network.
const (
	sqliteReaders   = 4
	postgresReaders = 12
	writerCacheKiB  = 24 << 10
	readerCacheKiB  = 8 << 10
)

func (d *DB) openSQLite() error {
	// SQLite gives its log files the mode of the database: nobody else's.
	f, err := os.OpenFile(d.source, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Errorf(fault.Unavailable, "open SQLite store: %w", err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	w, err := sql.Open("sqlite", d.sqliteDSN(writerCacheKiB, false))
	if err != nil {
		return fmt.Errorf("open SQLite: %w", err)
	}
	d.writer = newPool(w, 1)
	r, err := sql.Open("sqlite", d.sqliteDSN(readerCacheKiB, true))
	if err != nil {
		return errors.Join(fmt.Errorf("open SQLite: %w", err), w.Close())
	}
	d.readers = newPool(r, sqliteReaders)
	return nil
}

// sqliteDSN sets what LIBRARIES.md measured: 8 KiB pages and a long
// checkpoint interval. synchronous=FULL is for the ledger: what was
// acknowledged survives a loss of power.
func (d *DB) sqliteDSN(cacheKiB int, readOnly bool) string {
	q := url.Values{}
	for _, p := range []string{
		"page_size(8192)", "journal_mode(WAL)", "synchronous(FULL)",
		"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")",
		"foreign_keys(1)", "wal_autocheckpoint(16000)", "temp_store(MEMORY)",
		"cache_size(-" + strconv.Itoa(cacheKiB) + ")",
	} {
		q.Add("_pragma", p)
	}
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	}
	return "file:" + (&url.URL{Path: d.source}).EscapedPath() + "?" + q.Encode()
}

func (d *DB) openPostgres() error {
	// Joins are written in the order they are to be made: a new store has no
	// statistics to find it by.
	d.source = with(d.source, "join_collapse_limit", "1")
	write, err := sql.Open("pgx", with(d.source, "lock_timeout", strconv.FormatInt(busyTimeout.Milliseconds(), 10)))
	if err != nil {
		return fmt.Errorf("open PostgreSQL: %w", err)
	}
	d.writer = newPool(write, 2)
	read, err := sql.Open("pgx", with(d.source, "default_transaction_read_only", "on"))
	if err != nil {
		return errors.Join(fmt.Errorf("open PostgreSQL: %w", err), write.Close())
	}
	d.readers = newPool(read, postgresReaders)
	return nil
}

// with adds a run-time parameter to a PostgreSQL URL that does not say it.
func with(source, name, value string) string {
	u, err := url.Parse(source)
	if err != nil {
		return source // pgx says what is wrong with it
	}
	q := u.Query()
	if !q.Has(name) {
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// The classes of failure that translate knows. Codes of PostgreSQL are in its
// manual, appendix A.

func isFull(err error) bool {
	return hasCode(err, func(c int) bool { return c == sqlite3.SQLITE_FULL }, "53100")
}

func isBroken(err error) bool {
	return hasCode(err, func(c int) bool {
		return c == sqlite3.SQLITE_IOERR || c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB
	}, "58030")
}

func isBusy(err error) bool {
	return hasCode(err, func(c int) bool { return c == sqlite3.SQLITE_BUSY || c == sqlite3.SQLITE_LOCKED }, "55P03", "40P01", "40001")
}

// isAway: cannot connect, shut down or too many connections.
func isAway(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	return hasCode(err, func(c int) bool { return c == sqlite3.SQLITE_CANTOPEN }, "57P01", "57P02", "57P03", "53300")
}

func hasCode(err error, sqliteCode func(int) bool, postgres ...string) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteCode(e.Code() & 0xff)
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains(postgres, e.Code)
}

// IsWrong reports whether err says that the engine does not take a value or a
// row: a constraint, a type or an encoding (PostgreSQL's classes 22 and 23).
func IsWrong(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		c := e.Code() & 0xff
		return c == sqlite3.SQLITE_CONSTRAINT || c == sqlite3.SQLITE_MISMATCH || c == sqlite3.SQLITE_TOOBIG
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (strings.HasPrefix(e.Code, "22") || strings.HasPrefix(e.Code, "23"))
}

// IsUnique reports whether err says that a key was taken already.
func IsUnique(err error) bool {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "23505"
}
