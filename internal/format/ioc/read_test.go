package ioc_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"twoseas/internal/format/feed"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/stix"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// read returns "line name" of every indicator in text, and the problems.
func read(t testing.TB, text string) (got, problems []string) {
	t.Helper()
	marks, err := ioc.Markings(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	err = ioc.Read(strings.NewReader(text), marks, noon, feed.Out{
		Object: func(n int, raw []byte) error {
			o, err := stix.Parse(raw, stix.Options{})
			if err != nil {
				t.Fatalf("line %d: %v in %s", n, err, raw)
			}
			if o.Type == "indicator" {
				got = append(got, fmt.Sprintf("%d %s %d", n, o.Props["name"], len(o.MarkingRefs)))
			}
			return nil
		},
		Problem: func(n int, _, reason string) error {
			problems = append(problems, fmt.Sprintf("%d %s", n, reason))
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return got, problems
}

func TestReadText(t *testing.T) {
	got, problems := read(t, "Seen: hxxps://evil[.]example.com/a and 198.51.100[.]7\n\nagain 198.51.100.7,\xff d41d8cd98f00b204e9800998ecf8427e\nTLP:AMBER / tlp:ambr")
	want := []string{"1 https://evil.example.com/a 2", "1 198.51.100.7 2", "3 d41d8cd98f00b204e9800998ecf8427e 2"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(problems) != 1 || !strings.HasPrefix(problems[0], "3 ") {
		t.Errorf("problems %q", problems)
	}
}

// TestEveryListOfTheSharedDataIsRead: each line of the lists is one value.
func TestEveryListOfTheSharedDataIsRead(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedData(t), "ioc", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := len(strings.Fields(string(raw)))
		if got, _ := read(t, string(raw)); len(got) != want {
			t.Errorf("%s: %d of %d values: %q", filepath.Base(name), len(got), want, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("hxxp://a[.]example\nTLP:RED")
	f.Fuzz(func(t *testing.T, text string) { read(t, text) })
}
