package warninglist_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/warninglist"
)

func value(t testing.TB, s string) ioc.Value {
	t.Helper()
	v, err := ioc.Guess(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestHits(t *testing.T) {
	lists := append(warninglist.BuiltIn(),
		warninglist.List{Name: "exact", Type: "string", Entries: []string{"Big.Example.NET", "D41D8CD98F00B204E9800998ECF8427E", "https://big.example.net/"}},
		warninglist.List{Name: "domains only", Type: "string", Matching: []string{"domain|ip"}, Entries: []string{"https://big.example.net/", "only.shop"}},
		warninglist.List{Name: "hosts", Type: "hostname", Entries: []string{".vendor.com", "blog.vendor.org"}},
		warninglist.List{Name: "nets", Type: "cidr", Entries: []string{"8.8.8.8", "2400::/12", "8.0.0.0/9"}},
		warninglist.List{Name: "part", Type: "substring", Entries: []string{"/Wiki/"}},
		warninglist.List{Name: "re", Type: "regex", Entries: []string{`/^adm\/?in.*$/i`, `/x(?<=y)/`, "[", `.*\.gov\.in$`}},
	)
	s, problems := warninglist.Compile(lists)
	if len(problems) != 2 {
		t.Errorf("problems %q", problems)
	}
	for in, want := range map[string]string{
		"big.example.net":                  "exact, Names for examples (RFC 2606, RFC 6761)",
		"d41d8cd98f00b204e9800998ecf8427e": "exact",
		"https://big.example.net/":         "exact, Names for examples (RFC 2606, RFC 6761)",
		"only.shop":                        "domains only",
		"not.only.shop":                    "",
		"https://docs.vendor.com:8443/x":   "hosts",
		"me@mail.vendor.com":               "hosts",
		"xvendor.com":                      "",
		"vendor.org":                       "",
		"8.8.8.8":                          "nets",
		"8.8.8.0/24":                       "nets",
		"0.0.0.0/1":                        "",
		"2400:cb00::1":                     "nets",
		"192.168.7.0/24":                   "Reserved addresses (IANA)",
		"http://a.shop/wiki/x":             "part",
		"cert.gov.in":                      "re",
		"mx.cert.gov.in":                   "re",
		"cert.gov.in.shop":                 "",
	} {
		var got []string
		for _, h := range s.Hits(value(t, in)) {
			got = append(got, h.List)
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: on %q, want %q", in, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"no JSON":       "x",
		"an array":      "[]",
		"no name":       `{"type":"string","list":["a"]}`,
		"two lines":     `{"name":"a\nb","type":"string","list":["a"]}`,
		"another type":  `{"name":"a","type":"fuzzy","list":["a"]}`,
		"nothing":       `{"name":"a","type":"string","list":[]}`,
		"no texts":      `{"name":"a","type":"string","list":[1]}`,
		"too many slow": `{"name":"a","type":"regex","list":[` + strings.Repeat(`"a",`, 20_000) + `"a"]}`,
	} {
		if l, err := warninglist.Parse([]byte(in)); fault.KindOf(err) == fault.Internal {
			t.Errorf("%s: %v %v", name, l, err)
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

func all(tb testing.TB) (out []warninglist.List) {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(shared(tb, "warninglists"), "*.json"))
	if err != nil || len(files) == 0 {
		tb.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		l, err := warninglist.Parse(raw)
		if err != nil {
			tb.Errorf("%s: %v", filepath.Base(name), err)
		}
		out = append(out, l)
	}
	return out
}

func TestTheListsOfTheSharedDataNameWhatTheyHold(t *testing.T) {
	lists := all(t)
	s, problems := warninglist.Compile(lists)
	if len(problems) > 0 {
		t.Errorf("problems %q", problems)
	}
	for _, l := range lists {
		missed := 0
		for _, entry := range l.Entries[:min(500, len(l.Entries))] {
			v, err := ioc.Guess(entry)
			if err != nil {
				continue // a top-level domain, or such
			}
			found := false
			for _, h := range s.Hits(v) {
				found = found || h.List == l.Name
			}
			if !found {
				missed++
			}
		}
		if missed > 5 { // a few entries are of kinds that the list says it is not about
			t.Errorf("%s does not name %d of its own entries", l.Name, missed)
		}
	}
}

// BenchmarkTenThousandValues: the preview of a large upload does not wait for
// the lists.
func BenchmarkTenThousandValues(b *testing.B) {
	s, _ := warninglist.Compile(append(all(b), warninglist.BuiltIn()...))
	values := make([]ioc.Value, 0, 10_000)
	for i := range 2500 {
		values = append(values,
			value(b, fmt.Sprintf("%d.%d.%d.1", 1+i%200, i%256, i/256)), value(b, fmt.Sprintf("https://a%d.b.example.org/x?y=%d", i, i)),
			value(b, fmt.Sprintf("www.host%d.co.jp", i)), value(b, fmt.Sprintf("%064x", i)))
	}
	for b.Loop() {
		hits := 0
		for _, v := range values {
			hits += len(s.Hits(v))
		}
		if hits < 2500 {
			b.Fatalf("%d hits", hits)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"name":"a","type":"regex","list":["/a/i"]}`), "a.example")
	f.Add([]byte(`{"name":"a","type":"cidr","list":["::/0"]}`), "1.2.3.4")
	f.Fuzz(func(_ *testing.T, raw []byte, in string) {
		l, err := warninglist.Parse(raw)
		v, bad := ioc.Guess(in)
		if err != nil || bad != nil {
			return
		}
		s, _ := warninglist.Compile([]warninglist.List{l})
		s.Hits(v)
	})
}
