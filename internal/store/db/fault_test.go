package db_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// kill ends the connection that tx is on, as a restart of the server would.
func kill(t *testing.T, tx *db.Tx) {
	t.Helper()
	var pid int64
	if _, err := tx.Get([]any{&pid}, "SELECT pg_backend_pid()"); err != nil {
		t.Fatal(err)
	}
	killPID(t, pid)
}

func killPID(t *testing.T, pid int64) {
	t.Helper()
	admin, err := sql.Open("pgx", os.Getenv("TWOSEAS_TEST_PG"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.ExecContext(t.Context(), "SELECT pg_terminate_backend($1, 5000)", pid); err != nil {
		t.Fatal(err)
	}
}

func TestALostConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	d := open(t, postgres(t))
	ask := func(tx *db.Tx) error { _, err := list(tx); return err }
	for name, run := range map[string]func(context.Context, func(*db.Tx) error) error{"Write": d.Write, "Read": d.Read, "Query": d.Query} {
		t.Run(name+" in the middle of use", func(t *testing.T) {
			err := run(t.Context(), func(tx *db.Tx) error {
				kill(t, tx)
				_, err := tx.Exec("SELECT 1")
				return err
			})
			wantKind(t, err, fault.Unavailable)
			if err := run(t.Context(), ask); err != nil {
				t.Errorf("the next use: %v", err)
			}
		})
		t.Run(name+" while idle", func(t *testing.T) {
			var pids []int64
			var nest func(n int) error
			nest = func(n int) error { // as many at once as the pool has
				return run(t.Context(), func(tx *db.Tx) error {
					var pid int64
					_, err := tx.Get([]any{&pid}, "SELECT pg_backend_pid()")
					pids = append(pids, pid)
					if err == nil && n > 1 {
						err = nest(n - 1)
					}
					return err
				})
			}
			n := 12
			if name == "Write" {
				n = 1
			}
			if err := nest(n); err != nil {
				t.Fatal(err)
			}
			for _, pid := range pids {
				killPID(t, pid)
			}
			for range 15 {
				if err := run(t.Context(), ask); err != nil {
					t.Fatalf("a use after all idle connections were cut: %v", err)
				}
			}
		})
	}
	want(t, d)
}

func TestADatabaseThatGoesAwayIsUnavailableUntilItIsBack(t *testing.T) {
	t.Parallel()
	source := postgres(t)
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	socket := q.Get("host")
	if !filepath.IsAbs(socket) {
		t.Skip("TWOSEAS_TEST_PG is not reached over a socket in a folder, which this test takes away")
	}
	door := filepath.Join(t.TempDir(), "s")
	q.Set("host", door)
	u.RawQuery = q.Encode()
	if err := os.Symlink(socket, door); err != nil {
		t.Fatal(err)
	}
	d := open(t, u.String())
	if err := os.Remove(door); err != nil {
		t.Fatal(err)
	}
	for _, run := range []func(context.Context, func(*db.Tx) error) error{d.Write, d.Read, d.Query} {
		for range 2 { // in use; and then with nothing to begin on
			wantKind(t, run(t.Context(), func(tx *db.Tx) error {
				kill(t, tx)
				_, err := list(tx)
				return err
			}), fault.Unavailable)
		}
	}
	if err := os.Symlink(socket, door); err != nil {
		t.Fatal(err)
	}
	write(t, d, add(1))
	want(t, d, 1)
}

func TestADatabaseThatIsNotThereIsUnavailable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := db.Open(t.Context(), "postgres:///x?host="+url.QueryEscape(dir)+"&sslmode=disable&connect_timeout=2")
	wantKind(t, err, fault.Unavailable)
	_, err = db.Open(t.Context(), filepath.Join(dir, "no", "such", "folder", "s.db"))
	wantKind(t, err, fault.Unavailable)
}

func TestAFileThatIsNoDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.db")
	text := []byte("somebody's diary, longer than the hundred bytes that the header of an SQLite database takes up, and then some more")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Open(t.Context(), path); err == nil {
		t.Error("opened")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != string(text) {
		t.Errorf("the file changed: %v", err)
	}
}

func TestWritingWhileAnotherProcessWritesIsBusyInTheEnd(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, source string) {
		a, b := open(t, source), open(t, source)
		write(t, a, func(tx *db.Tx) error {
			if err := add(1)(tx); err != nil {
				return err
			}
			setBusyTimeout(t, b)
			began := time.Now()
			wantKind(t, b.Write(t.Context(), add(2)), fault.Busy)
			if waited := time.Since(began); waited < 100*time.Millisecond {
				t.Errorf("gave up after %s", waited)
			}
			want(t, b) // readers are not held up
			return nil
		})
		write(t, b, add(2))
		want(t, a, 1, 2)
	})
}

// setBusyTimeout makes the writer of d wait for 200 ms only. It does so
// without the store's lock, which another has.
func setBusyTimeout(t *testing.T, d *db.DB) {
	t.Helper()
	if err := d.SetBusyTimeout(t.Context(), 200); err != nil {
		t.Fatal(err)
	}
}

func TestWaitingForAnotherProcessEndsWithTheContext(t *testing.T) {
	t.Parallel()
	source := postgres(t) // SQLite sleeps in the engine, for busyTimeout at most
	a, b := open(t, source), open(t, source)
	write(t, a, func(tx *db.Tx) error {
		ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer stop()
		began := time.Now()
		if err := b.Write(ctx, add(2)); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		return add(1)(tx)
	})
	write(t, b, add(2))
	want(t, a, 1, 2)
}

func TestAFullDiskIsUnavailableAndPassesAway(t *testing.T) {
	t.Parallel()
	d := open(t, filepath.Join(t.TempDir(), "s.db"))
	write(t, d, add(1))
	if err := d.Limit(t.Context(), 40); err != nil {
		t.Fatal(err)
	}
	fill := func(tx *db.Tx) error {
		if err := add(2)(tx); err != nil {
			return err
		}
		return tx.Insert(items, 100, func(i int, a []any) { a[0], a[1], a[2], a[3] = int64(i)+10, make([]byte, 8000), "", false })
	}
	for range 3 { // the limit belongs to the connection, which must survive it
		wantKind(t, d.Write(t.Context(), fill), fault.Unavailable)
		want(t, d, 1)
		if err := d.Limit(t.Context(), 40); err != nil {
			t.Fatal(err)
		}
	}
	write(t, d, add(3)) // a little still fits
	if err := d.Limit(t.Context(), 1<<30); err != nil {
		t.Fatal(err)
	}
	write(t, d, fill)
	if got := numbers(t, d); len(got) != 103 {
		t.Errorf("%d rows", len(got))
	}
}
