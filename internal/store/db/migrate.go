package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"twoseas/internal/base/fault"
)

// sums holds the SHA-256 of each applied migration, so that a store whose
// schema came from other files is noticed.
const sums = `CREATE TABLE IF NOT EXISTS schema_sum (version BIGINT PRIMARY KEY, sum TEXT NOT NULL)`

// Migrate brings the schema up to the newest of files (*.sql, goose format,
// PostgreSQL types), each in a transaction of its own. It refuses a store that
// is newer than files or was made from altered ones; a migration that fails
// leaves the version before it usable. Several processes may do so at once.
func (d *DB) Migrate(ctx context.Context, files fs.FS) error {
	files, digests, err := d.dialectFiles(files)
	if err != nil {
		return err
	}
	dialect := goose.DialectSQLite3
	if d.engine == Postgres {
		dialect = goose.DialectPostgres
	}
	// goose takes connections of its own from the writer's sql.DB, which has
	// only as many as the pool: give it room for the time being.
	d.writer.db.SetMaxOpenConns(4)
	defer d.writer.db.SetMaxOpenConns(cap(d.writer.idle))
	if err := d.upgrade(ctx, dialect, files, digests); err != nil {
		return err
	}
	if err := d.recordSums(ctx, digests); err != nil {
		return err
	}
	return d.checkSums(ctx, digests) // another process may have been the one to migrate
}

// upgrade runs what is missing. When another process did the same meanwhile,
// one of the two fails on what the other has made, and looks again.
func (d *DB) upgrade(ctx context.Context, dialect goose.Dialect, files fs.FS, digests map[int64]string) error {
	p, err := goose.NewProvider(dialect, d.writer.db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	for {
		before, err := d.checkSchema(ctx, p, digests)
		if err != nil {
			return err
		}
		_, failed := p.Up(ctx)
		if failed == nil {
			return nil
		}
		if after, err := p.GetDBVersion(ctx); err != nil || after == before {
			return fault.Errorf(fault.Unavailable, "a migration of the store failed and was undone; the version before still works: %w", failed)
		}
	}
}

// checkSchema returns the schema's version and refuses what this program
// cannot be sure about.
func (d *DB) checkSchema(ctx context.Context, p *goose.Provider, digests map[int64]string) (int64, error) {
	version, err := p.GetDBVersion(ctx)
	if err != nil {
		return 0, translate(fmt.Errorf("read schema version: %w", err))
	}
	newest := slices.Max(slices.Collect(maps.Keys(digests)))
	if version > newest {
		return 0, fault.Errorf(fault.Conflict, "the store has schema %d, this program knows up to %d: use a newer twoseas", version, newest)
	}
	return version, d.checkSums(ctx, digests)
}

func (d *DB) checkSums(ctx context.Context, digests map[int64]string) error {
	return d.Query(ctx, func(t *Tx) error {
		if there, err := t.hasTable("schema_sum"); err != nil || !there {
			return err
		}
		return t.Each(func(r *sql.Rows) error {
			var v int64
			var sum string
			if err := r.Scan(&v, &sum); err != nil {
				return err
			}
			if want, ok := digests[v]; ok && want != sum {
				return fault.Errorf(fault.Conflict, "schema %d of the store came from another file (%.12s, here %.12s): restore a backup or use the program that made it", v, sum, want)
			}
			return nil
		}, "SELECT version, sum FROM schema_sum")
	})
}

func (t *Tx) hasTable(name string) (bool, error) {
	var n int64
	query := "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = $1"
	if t.db.engine == Postgres {
		query = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = $1"
	}
	_, err := t.Get([]any{&n}, query, name)
	return n > 0, err
}

func (d *DB) recordSums(ctx context.Context, digests map[int64]string) error {
	return d.Write(ctx, func(t *Tx) error {
		if _, err := t.Exec(sums); err != nil {
			return err
		}
		for v, sum := range digests {
			if _, err := t.Exec("INSERT INTO schema_sum (version, sum) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING", v, sum); err != nil {
				return err
			}
		}
		return nil
	})
}

// toSQLite turns the portable DDL into SQLite's strictly typed dialect. A
// table whose definition ends in "CLUSTERED" is stored in its primary key's
// order, which PostgreSQL has no word for.
var toSQLite = strings.NewReplacer(
	"BYTEA", "BLOB", "BIGINT", "INTEGER", "BOOLEAN", "INTEGER", "DOUBLE PRECISION", "REAL",
	") /* clustered */;", ") STRICT, WITHOUT ROWID;", ") /* table */;", ") STRICT;",
)

// dialectFiles returns the migrations in the engine's own words, and the sum
// of each as it was written.
func (d *DB) dialectFiles(files fs.FS) (fs.FS, map[int64]string, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, nil, err
	}
	if len(names) == 0 {
		return nil, nil, errors.New("no migrations")
	}
	out, digests := texts{}, map[int64]string{}
	for _, name := range names {
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, nil, err
		}
		v, err := goose.NumericComponent(name)
		if err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(raw)
		digests[v] = hex.EncodeToString(sum[:])
		text := string(raw)
		if d.engine == SQLite {
			text = toSQLite.Replace(text)
		}
		out[name] = text
	}
	return out, digests, nil
}
