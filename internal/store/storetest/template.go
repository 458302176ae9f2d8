package storetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/store"
)

// template is an empty store of SQLite with every migration, as bytes: most of
// what it costs to open a new store is to make it.
var template = sync.OnceValues(func() (raw []byte, err error) {
	dir, err := os.MkdirTemp("", "twoseas-template")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "s.db")
	s, err := store.Open(context.Background(), path, clock.NewFake(time.Unix(0, 0)))
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Migrated puts an empty store with every migration at path, where nothing is
// yet, so that opening it need not make it.
func Migrated(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	raw, err := template()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}
