package arch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// complaints is how many the field has.
const complaints = 25

var namedTest = regexp.MustCompile("`([a-z0-9/-]+)\\.(Test[A-Za-z0-9]+)`")

// TestEveryComplaintHasItsTests holds docs/acceptance.md to what there is: each
// complaint once and in order, with tests that exist or the capability it comes
// with.
func TestEveryComplaintHasItsTests(t *testing.T) {
	raw, err := os.ReadFile("../../docs/acceptance.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(raw)) {
		cells := strings.Split(line, " | ")
		number, err := strconv.Atoi(strings.TrimPrefix(cells[0], "| "))
		if err != nil {
			continue
		}
		n++
		if number != n || len(cells) != 3 {
			t.Errorf("row %d is %q", n, line)
			continue
		}
		tests := namedTest.FindAllStringSubmatch(cells[2], -1)
		if len(tests) == 0 && !strings.HasPrefix(cells[2], "later: ") {
			t.Errorf("complaint %d names no test", n)
		}
		for _, name := range tests {
			if !declared(t, name[1], name[2]) {
				t.Errorf("complaint %d: there is no test %s in internal/%s", n, name[2], name[1])
			}
		}
	}
	if n != complaints {
		t.Errorf("%d complaints, want %d", n, complaints)
	}
}

// declared reports whether a package below internal has a test.
func declared(t *testing.T, dir, test string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(raw), "\nfunc "+test+"(t *testing.T) {") {
			return true
		}
	}
	return false
}
