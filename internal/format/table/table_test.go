package table_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/stix"
	"twoseas/internal/format/table"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

type result struct {
	objects  []stix.Object
	lines    []int
	problems []string
}

func read(t testing.TB, in string, l table.Layout) (result, error) {
	t.Helper()
	var r result
	err := table.Read(strings.NewReader(in), l, noon, feed.Out{
		Object: func(n int, raw []byte) error {
			o, err := stix.Parse(raw, stix.Options{})
			if err != nil {
				t.Fatalf("line %d: %v in %s", n, err, raw)
			}
			r.objects, r.lines = append(r.objects, o), append(r.lines, n)
			return nil
		},
		Problem: func(n int, _, reason string) error {
			r.problems = append(r.problems, fmt.Sprintf("%d %s", n, reason))
			return nil
		},
	})
	return r, err
}

// detected reads a table by the layout it is found to have.
func detected(t *testing.T, in string) (table.Layout, result) {
	t.Helper()
	l, ok := table.Detect([]byte(in))
	if !ok {
		t.Fatalf("not seen as a table: %q", in)
	}
	r, err := read(t, in, l)
	if err != nil {
		t.Fatal(err)
	}
	return l, r
}

func TestDetect(t *testing.T) {
	for name, c := range map[string]struct {
		in      string
		comma   string
		header  bool
		roles   string
		objects int
	}{
		"comma, known header": {"date,URL,description\n2025/08/01 10:21:00,https://a.example.com/,x\n", ",", true, "first-seen value description", 1},
		"semicolon, quotes":   {"\"ip\";\"comment\"\n\"192.0.2.1\";\"a;b\"\n\"192.0.2.2\";\"c\n d\"\n", ";", true, "value description", 2},
		"tabulator":           {"md5\tTags\nd41d8cd98f00b204e9800998ecf8427e\ta,b\n", "\t", true, "value tags", 1},
		"bar, no header":      {"example.com|2026-01-01\nexample.org|2026-01-02\n", "|", false, "value first-seen", 2},
		"unknown header":      {"foo,bar\n203.0.113.1,hello there\n203.0.113.2,you\n", ",", true, "value ", 2},
		"header that lies":    {"url,who\nnothing at all,evil.example.com\nnothing,evil.example.org\n", ",", true, " value", 2},
		"byte order mark":     {"\ufeffURL,note\nhttp://x.example.com,y\n", ",", true, "value description", 1},
		"two values a row":    {"domain,ip\nx.example.com,192.0.2.9\n", ",", true, "value value", 2},
	} {
		l, r := detected(t, c.in)
		if l.Comma != c.comma || l.Header != c.header || strings.Join(l.Roles, " ") != c.roles || len(r.objects) != c.objects || len(r.problems) > 0 {
			t.Errorf("%s: %+v, %d objects, problems %q", name, l, len(r.objects), r.problems)
		}
	}
}

func TestWhatIsNoTable(t *testing.T) {
	for _, in := range []string{"", "example.com\nexample.org\n", "just some, words that\nhave a comma, sometimes\n", `{"type":"bundle"}`, "a,b\nc,d\n", "\x00\x01,\xff\n"} {
		if l, ok := table.Detect([]byte(in)); ok {
			t.Errorf("%q is seen as a table: %+v", in, l)
		}
	}
}

func TestShiftJISAndZone(t *testing.T) {
	sjis, err := japanese.ShiftJIS.NewEncoder().String("日時,URL,備考\n2025/08/01 09:00,https://evil.example.com/,マネックス証券\n")
	if err != nil {
		t.Fatal(err)
	}
	l, ok := table.Detect([]byte(sjis))
	if !ok || l.Charset != "shift_jis" || l.Columns[2] != "備考" {
		t.Fatalf("%v %+v", ok, l)
	}
	l.Zone = 9 * 60
	r, err := read(t, sjis, l)
	if err != nil || len(r.objects) != 1 {
		t.Fatalf("%v %q", err, r.problems)
	}
	if p := r.objects[0].Props; p["valid_from"] != "2025-08-01T00:00:00.000Z" || p["description"] != "マネックス証券" {
		t.Errorf("%v", p)
	}
}

func TestRolesAndMarks(t *testing.T) {
	l := table.Layout{Comma: ",", Roles: []string{"value", "tags", "tlp", "name", "md5"}}
	r, err := read(t, strings.Join([]string{
		"a.example.com,\"x;tlp:red;y\",amber,n,",
		"b.example.com,,ambr,,",
		"c.example.com,,ambr,,zz",
		",,,,",
		"# a comment, with commas",
	}, "\n"), l)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.objects) != 4 || r.objects[1].Type != "marking-definition" { // one definition for both rows
		t.Fatalf("%d objects, %q", len(r.objects), r.problems)
	}
	if o := r.objects[0]; len(o.MarkingRefs) != 2 || len(o.Props["labels"].([]any)) != 2 || o.Props["name"] != "n" {
		t.Errorf("%s", o.Raw)
	}
	if !slices.Equal(r.objects[2].MarkingRefs, r.objects[3].MarkingRefs) || r.objects[2].MarkingRefs[0] != r.objects[1].ID {
		t.Errorf("%s %s", r.objects[2].Raw, r.objects[3].Raw)
	}
	want := []string{`3 column 5: "zz" is not of the kind md5`, "4 no value in the record"}
	if !slices.Equal(r.problems, want) {
		t.Errorf("problems %q", r.problems)
	}
}

func TestOneEndlessLineIsRefused(t *testing.T) {
	l := table.Layout{Comma: ",", Roles: []string{"value"}}
	if _, err := read(t, "\""+strings.Repeat("a,", 3<<20), l); !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestLayoutsAreChecked(t *testing.T) {
	for name, l := range map[string]table.Layout{
		"no separator": {}, "two": {Comma: ",;"}, "a letter": {Comma: "a"}, "a quote": {Comma: `"`}, "a role": {Comma: ",", Roles: []string{"x"}},
		"a zone": {Comma: ",", Zone: 10_000}, "a charset": {Comma: ",", Charset: "ebcdic"}, "columns": {Comma: ",", Roles: make([]string, 300)},
	} {
		if err := l.Check(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func shared(tb testing.TB, name string) string {
	tb.Helper()
	path := filepath.Join("..", "..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("CI needs the shared data: %v", err)
		}
		tb.Skipf("SKIPPED, real data not tested: %v", err)
	}
	return path
}

func TestTheTablesOfTheSharedData(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "csv"), "*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		l, r := detected(t, string(raw))
		rows := bytes.Count(raw, []byte("\n")) - 1
		if strings.Join(l.Roles, " ") != "first-seen value description" || len(r.objects) < rows*99/100 {
			t.Errorf("%s: %d rows, %+v, %d objects, %d problems: %.3q", filepath.Base(name), rows, l, len(r.objects), len(r.problems), r.problems)
		}
		if len(r.objects)+len(r.problems) < rows {
			t.Errorf("%s: %d rows, but %d objects and %d problems", filepath.Base(name), rows, len(r.objects), len(r.problems))
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("date,URL,description\n2025/08/01 10:21:00,https://a.example.com/,x\n")
	f.Add("a;b\n\"1.2.3.4\";\"\"\"")
	f.Fuzz(func(t *testing.T, in string) {
		l, ok := table.Detect([]byte(in))
		if !ok {
			l = table.Layout{Comma: ",", Roles: []string{"value", "tags", "tlp", "first-seen", "domain"}}
		}
		if _, err := read(t, in, l); err != nil && !fault.Is(err, fault.TooLarge) {
			t.Fatal(err)
		}
	})
}
