package db_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// schema is enough to write something: one counter, one list in its order.
var schema = fstest.MapFS{"0001_init.sql": {Data: []byte(`-- +goose Up
CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL) /* table */;
CREATE TABLE item (n BIGINT NOT NULL PRIMARY KEY, body BYTEA, text TEXT NOT NULL DEFAULT '', yes BOOLEAN NOT NULL DEFAULT FALSE) /* table */;
-- +goose Down
SELECT 1;
`)}}

// engines runs test on both engines. source makes the name of a new empty
// store, which is removed when the test ends.
func engines(t *testing.T, test func(t *testing.T, source string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "s.db")) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgres(t)) })
}

func postgres(t *testing.T) string {
	t.Helper()
	server := os.Getenv("TWOSEAS_TEST_PG")
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("TWOSEAS_TEST_PG is not set: in CI both engines are tested")
		}
		t.Skip("TWOSEAS_TEST_PG is not set: no PostgreSQL; use make test")
	}
	name := "d" + hex.EncodeToString(random(6))
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP SCHEMA " + name + " CASCADE"); err != nil { // t.Context is over
			t.Error(err)
		}
		admin.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func open(t *testing.T, source string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Migrate(t.Context(), schema); err != nil {
		t.Fatal(err)
	}
	return d
}

func add(n int64) func(*db.Tx) error {
	return func(t *db.Tx) error {
		_, err := t.Exec("INSERT INTO item (n) VALUES ($1)", n)
		return err
	}
}

func write(t *testing.T, d *db.DB, fn func(*db.Tx) error) {
	t.Helper()
	if err := d.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// numbers returns what is in the table item.
func numbers(t *testing.T, d *db.DB) (out []int64) {
	t.Helper()
	if err := d.Query(t.Context(), func(tx *db.Tx) (err error) {
		out, err = list(tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func list(tx *db.Tx) (out []int64, err error) {
	err = tx.Each(func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		out = append(out, n)
		return err
	}, "SELECT n FROM item ORDER BY n")
	return out, err
}

func want(t *testing.T, d *db.DB, ns ...int64) {
	t.Helper()
	if got := numbers(t, d); !slices.Equal(got, ns) {
		t.Errorf("stored %v, want %v", got, ns)
	}
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("error %v (%s), want one of kind %s", err, fault.KindOf(err), kind)
	}
}

func TestNumbersAreInTheOrderOfCommits(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		handles := []*db.DB{open(t, source), open(t, source)} // as two processes
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var writers, watchers sync.WaitGroup
		for i := range 6 {
			writers.Go(func() {
				for range 15 {
					if err := handles[i%2].Write(t.Context(), next); err != nil {
						t.Error(err)
					}
				}
			})
		}
		// Whoever looks sees 1, 2, …, n and never a gap that is filled later.
		for _, d := range handles {
			watchers.Go(func() {
				for ctx.Err() == nil {
					if err := d.Read(t.Context(), gapless); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		writers.Wait()
		stop()
		watchers.Wait()
		if got := numbers(t, handles[0]); len(got) != 90 || got[89] != 90 {
			t.Errorf("%d numbers, the last %d", len(got), got[len(got)-1])
		}
	})
}

// next looks, hands out a number and uses it a little later.
func next(tx *db.Tx) error {
	var n int64
	if _, err := tx.Get([]any{&n}, "SELECT COUNT(*) FROM item"); err != nil {
		return err
	}
	if _, err := tx.Get([]any{&n}, `INSERT INTO counter (name, value) VALUES ('n', 1)
		ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value`); err != nil {
		return err
	}
	time.Sleep(time.Duration(n%3) * time.Millisecond)
	return add(n)(tx)
}

func gapless(tx *db.Tx) error {
	first, err := list(tx)
	if err != nil {
		return err
	}
	for i, n := range first {
		if n != int64(i)+1 {
			return fmt.Errorf("%d numbers are there, and the %dth is %d", len(first), i+1, n)
		}
	}
	again, err := list(tx) // one snapshot
	if err == nil && len(again) != len(first) {
		err = fmt.Errorf("a snapshot of %d rows has %d a moment later", len(first), len(again))
	}
	return err
}

func TestWhatDoesNotCommitLeavesNothing(t *testing.T) {
	t.Parallel()
	cases := map[string]func(t *testing.T, d *db.DB){
		"an error of the function is given back as it was": func(t *testing.T, d *db.DB) {
			mine := errors.New("mine")
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return errors.Join(add(1)(tx), mine) }); !errors.Is(err, mine) {
				t.Errorf("error %v", err)
			}
		},
		"a panic goes on": func(t *testing.T, d *db.DB) {
			defer func() {
				if recover() != "mine" {
					t.Error("the panic was lost")
				}
			}()
			_ = d.Write(t.Context(), func(tx *db.Tx) error {
				_ = add(1)(tx) // the panic is what is looked at
				panic("mine")
			})
		},
		"a panic inside rows goes on": func(t *testing.T, d *db.DB) {
			defer func() {
				if recover() != "mine" {
					t.Error("the panic was lost")
				}
			}()
			_ = d.Write(t.Context(), func(tx *db.Tx) error {
				_ = add(1)(tx) // the panic is what is looked at
				return tx.Each(func(*sql.Rows) error { panic("mine") }, "SELECT n FROM item")
			})
		},
		"a failed statement that the function swallows": func(t *testing.T, d *db.DB) {
			if err := d.Write(t.Context(), func(tx *db.Tx) error {
				err := add(1)(tx)
				_ = add(1)(tx) // swallowed: a key that is taken
				return err
			}); err == nil {
				t.Error("no error, and the engines do not agree what that means")
			}
		},
		"a failed bulk insert that the function swallows": func(t *testing.T, d *db.DB) {
			if err := d.Write(t.Context(), func(tx *db.Tx) error {
				err := add(1)(tx)
				_ = tx.Insert(items, 1, func(_ int, a []any) { a[0], a[1], a[2], a[3] = int64(1), []byte{}, "", false })
				return err
			}); err == nil {
				t.Error("no error, and the engines do not agree what that means")
			}
		},
		"a context that ends in the middle": func(t *testing.T, d *db.DB) {
			ctx, stop := context.WithCancel(t.Context())
			if err := d.Write(ctx, func(tx *db.Tx) error {
				err := add(1)(tx)
				stop()
				return errors.Join(err, add(2)(tx))
			}); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		},
		"a context that ended before": func(t *testing.T, d *db.DB) {
			ctx, stop := context.WithCancel(t.Context())
			stop()
			if err := d.Write(ctx, add(1)); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		},
		"a context that ends between two rows": func(t *testing.T, d *db.DB) {
			ctx, stop := context.WithCancel(t.Context())
			n := 0
			if err := d.Write(ctx, func(tx *db.Tx) error {
				err := tx.Insert(items, 600, func(i int, a []any) { a[0], a[1], a[2], a[3] = int64(i), []byte{}, "", false })
				return errors.Join(err, tx.Each(func(*sql.Rows) error { n++; stop(); return nil }, "SELECT n FROM item"))
			}); !errors.Is(err, context.Canceled) || n >= 600 {
				t.Errorf("error %v after %d rows", err, n)
			}
		},
	}
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		for name, fail := range cases {
			t.Run(name, func(t *testing.T) {
				fail(t, d)
				want(t, d)
				write(t, d, add(1))
				want(t, d, 1)
				write(t, d, func(tx *db.Tx) error { _, err := tx.Exec("DELETE FROM item"); return err })
			})
		}
	})
}

var items = db.MustBulk("item", "", "n bigint", "body bytea", "text text", "yes boolean")

func TestAStatementInsideRowsIsRefusedOnBothEngines(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		write(t, d, add(1))
		for name, inner := range map[string]func(tx *db.Tx) error{
			"Each": func(tx *db.Tx) error { _, err := list(tx); return err },
			"Exec": add(2),
			"Insert": func(tx *db.Tx) error {
				return tx.Insert(items, 1, func(_ int, a []any) { a[0], a[1], a[2], a[3] = int64(2), []byte{}, "", false })
			},
		} {
			if err := d.Write(t.Context(), func(tx *db.Tx) error {
				return tx.Each(func(*sql.Rows) error { return inner(tx) }, "SELECT n FROM item")
			}); err == nil || !strings.Contains(err.Error(), "inside the rows") {
				t.Errorf("%s: error %v", name, err)
			}
		}
		want(t, d, 1)
	})
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		for name, run := range map[string]func(context.Context, func(*db.Tx) error) error{"Read": d.Read, "Query": d.Query} {
			if run(t.Context(), add(1)) == nil {
				t.Errorf("%s wrote", name)
			}
		}
		want(t, d)
	})
}

func TestGetReadsAtMostOneRow(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		var n int64
		get := func(tx *db.Tx) (bool, error) { return tx.Get([]any{&n}, "SELECT n FROM item") }
		write(t, d, func(tx *db.Tx) error {
			if found, err := get(tx); found || err != nil {
				t.Errorf("of none: %v %v", found, err)
			}
			if err := add(7)(tx); err != nil {
				return err
			}
			if found, err := get(tx); !found || err != nil || n != 7 {
				t.Errorf("of one: %v %v %d", found, err, n)
			}
			if err := add(8)(tx); err != nil {
				return err
			}
			if _, err := get(tx); err == nil {
				t.Error("of two: no error")
			}
			return nil
		})
	})
}

func TestStopEndsRowsWithoutAnError(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		write(t, d, func(tx *db.Tx) error { return errors.Join(add(1)(tx), add(2)(tx)) })
		n := 0
		if err := d.Query(t.Context(), func(tx *db.Tx) error {
			return tx.Each(func(*sql.Rows) error { n++; return fmt.Errorf("enough: %w", db.Stop) }, "SELECT n FROM item")
		}); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}
