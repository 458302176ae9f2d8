package db_test

import (
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// and returns schema with one more file.
func and(name, up string) fstest.MapFS {
	files := maps.Clone(schema)
	files[name] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + up + "\n-- +goose Down\nSELECT 1;\n")}
	return files
}

func TestAMigrationThatFailsIsUndone(t *testing.T) {
	t.Parallel()
	bad := and("0002_bad.sql", "CREATE TABLE more (n BIGINT NOT NULL PRIMARY KEY) /* table */;\nINSERT INTO item (n) VALUES (2);\nINSERT INTO nowhere (n) VALUES (1);")
	good := and("0002_bad.sql", "CREATE TABLE more (n BIGINT NOT NULL PRIMARY KEY) /* table */;\nINSERT INTO more (n) SELECT n FROM item;")
	engines(t, func(t *testing.T, source string) {
		old := open(t, source)
		write(t, old, add(1))
		d, err := db.Open(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		wantKind(t, d.Migrate(t.Context(), bad), fault.Unavailable)
		want(t, old, 1) // the version before works,
		write(t, old, add(3))
		if err := d.Migrate(t.Context(), schema); err != nil { // for who opens it anew as well,
			t.Error(err)
		}
		if err := d.Migrate(t.Context(), good); err != nil { // and goes up once the file is mended
			t.Fatal(err)
		}
		write(t, d, func(tx *db.Tx) error {
			n, err := tx.Exec("DELETE FROM more")
			if n != 2 {
				t.Errorf("%d rows went along", n)
			}
			return err
		})
		wantKind(t, old.Migrate(t.Context(), schema), fault.Conflict) // newer than the program
	})
}

func TestASchemaFromAnAlteredFileIsRefused(t *testing.T) {
	t.Parallel()
	altered := fstest.MapFS{"0001_init.sql": {Data: append([]byte("-- a word more\n"), schema["0001_init.sql"].Data...)}}
	engines(t, func(t *testing.T, source string) {
		d := open(t, source)
		write(t, d, add(1))
		err := d.Migrate(t.Context(), altered)
		wantKind(t, err, fault.Conflict)
		if err != nil && !strings.Contains(err.Error(), "schema 1 ") {
			t.Errorf("error %v", err)
		}
		if err := d.Migrate(t.Context(), schema); err != nil {
			t.Error(err)
		}
		want(t, d, 1)
	})
}

func TestProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	files := and("0002_more.sql", "INSERT INTO item (n) VALUES (1);")
	engines(t, func(t *testing.T, source string) {
		var together sync.WaitGroup
		start := make(chan struct{})
		for range 4 {
			together.Go(func() {
				<-start
				d, err := db.Open(t.Context(), source)
				if err != nil {
					t.Error(err)
					return
				}
				defer d.Close()
				if err := d.Migrate(t.Context(), files); err != nil {
					t.Error(err)
				}
				want(t, d, 1)
			})
		}
		close(start)
		together.Wait()
	})
}

func TestThereMustBeMigrations(t *testing.T) {
	t.Parallel()
	d := open(t, filepath.Join(t.TempDir(), "s.db"))
	if d.Migrate(t.Context(), fstest.MapFS{}) == nil {
		t.Error("no error without files")
	}
	if d.Migrate(t.Context(), fstest.MapFS{"init.sql": {Data: []byte("SELECT 1;")}}) == nil {
		t.Error("no error for a file without a number")
	}
}
