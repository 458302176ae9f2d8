package pattern_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix/pattern"
)

// sharedData returns the folder of public data beside the checkout.
func sharedData(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(data); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("SKIPPED, NOT TESTED: the public data is not there: %v", err)
	}
	return data
}

// indicators returns the patterns of the bundle in a file.
func indicators(t testing.TB, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for objects := canon.NewObjects(bytes.NewReader(raw)); ; {
		raw, err := objects.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var o struct {
			Type        string `json:"type"`
			Pattern     string `json:"pattern"`
			PatternType string `json:"pattern_type"`
		}
		if err := canon.Unmarshal(raw, &o); err == nil && o.Type == "indicator" && (o.PatternType == "stix" || o.PatternType == "") {
			out = append(out, o.Pattern)
		}
	}
}

func TestPublishedPatternsSurvivePrinting(t *testing.T) {
	data := sharedData(t)
	files := []string{filepath.Join(data, "stix", "pegasus.stix2.json")}
	err := filepath.WalkDir(filepath.Join(data, "stix-schemas", "examples"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".json") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	count := map[bool]int{}
	for i, file := range files {
		for _, src := range indicators(t, file) {
			p := parse(t, src)
			if again := parse(t, p.String()); !reflect.DeepEqual(p, again) {
				t.Errorf("%s: %s prints as %s, which is another tree", file, src, p)
			}
			if len(p.Observables()) == 0 {
				t.Errorf("%s: %s: no observables", file, src)
			}
			count[i == 0]++
		}
	}
	if count[true] != 1549 || count[false] < 40 {
		t.Errorf("got %d patterns of Pegasus and %d of the examples, want 1549 and at least 40", count[true], count[false])
	}
}

// The valid patterns among the published test cases of OASIS that use
// something the others do not, shortened.
var seeds = []string{
	"[file:hashes.'SHA-256' = 'bf07' OR file:hashes.MD5 = 'cead'] AND [file:hashes.'SHA-256' = 'aec0']",
	"([file:hashes.MD5 = '7905'] FOLLOWEDBY [windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\foo\\\\bar']) WITHIN 300 SECONDS",
	"[artifact:payload_bin MATCHES '\\\\xd4\\\\xc3']",
	"[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0]",
	"[file:mime_type = 'image/bmp' AND file:magic_number_hex = h'ffd8']",
	"[a:b = 1] REPEATS 5 TIMES WITHIN 1800 SECONDS START t'2016-06-01T01:30:00.123Z' STOP t'2016-06-01T02:20:00.123Z'",
	"[(file:name = 'pdf.exe' OR file:size = '371712') AND file:created = t'2014-01-13T07:03:17Z']",
	"[process:command_line MATCHES'^.+>-add$'] FOLLOWEDBY [NOT EXISTS process:cwd] OR ([x:'y z'[*] NOT IN (b'AQ==', h'') ] WITHIN .5 SECONDS) WITHIN 2 SECONDS",
	"[ipv4-addr:value ISSUBSET '10.0.0.0/8' OR ipv6-addr:value ISSUPERSET '::1'] // end",
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		p, err := pattern.Parse(src)
		if err != nil {
			if e, ok := errors.AsType[*pattern.SyntaxError](err); !ok || e.Column < 1 {
				t.Fatalf("%q: got %v, want a SyntaxError with a column", src, err)
			}
			return
		}
		again, err := pattern.Parse(p.String())
		if len(p.String()) > pattern.MaxLength {
			return
		}
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Fatalf("%q prints as %q, which gives %v, %v", src, p, again, err)
		}
		if len(p.Observables()) == 0 {
			t.Fatalf("%q compares with nothing", src)
		}
	})
}

func FuzzMatch(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	obs := []pattern.Observation{
		seen(f, 0, 10, 2, host),
		seen(f, 5, 5, 1, `{"0":{"type":"file","name":"pdf.exe","size":1,"hashes":{"MD5":"7905"}},"1":{"type":"a","b":1},"2":{"type":"process","command_line":"x>-add"}}`),
		seen(f, 8, 20, 1, `{"0":{"type":"a","b":1},"1":{"type":"ipv4-addr","value":"10.1.2.3"}}`),
	}
	f.Fuzz(func(t *testing.T, src string) {
		p, err := pattern.Parse(src)
		if err != nil {
			return
		}
		got, err := p.Match(obs)
		if err != nil && got != nil {
			t.Fatalf("%q: an answer and an error: %v, %v", src, got, err)
		}
		for _, m := range got {
			if m.Count < 1 || m.Count > obs[m.Index].Number || len(m.Objects) == 0 {
				t.Fatalf("%q: uses %+v", src, m)
			}
		}
	})
}
