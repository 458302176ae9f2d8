package stix_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"twoseas/internal/base/canon"
)

// shared returns the path of a file or folder of the shared data, and skips
// the test where there is none.
func shared(tb testing.TB, name string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			tb.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(dir, "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("CI needs the shared data: %v", err)
		}
		tb.Skipf("SKIPPED, real data not tested: %v", err)
	}
	return path
}

// elements returns the objects of a file, raw.
func elements(tb testing.TB, path string) [][]byte {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var all [][]byte
	for in := canon.NewObjects(f); ; {
		raw, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatalf("%s: %v", path, err)
		}
		all = append(all, raw)
	}
}
