package search_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/search"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// alone stands in for readers and routes: nothing leaves, and clearance
// "clear" sees only what is TLP:CLEAR.
type alone struct{}

func (alone) Readable(clearance string, label []byte, _ ident.Domain, _ time.Time) bool {
	l, err := marking.ParseLabel(label)
	return err == nil && (clearance == "all" || l.TLP == marking.Clear)
}
func (alone) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error { return nil }
func (alone) Relabelled(*store.Tx, int64, marking.Label) error               { return nil }

func open(tb testing.TB) *store.Handle {
	tb.Helper()
	s, err := store.Open(tb.Context(), filepath.Join(tb.TempDir(), "s.db"), clock.Func(time.Now))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	h, err := s.Domain(tb.Context(), ident.Live)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func indicator(n int, pattern string) []byte {
	return fmt.Appendf(nil, `{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d",
		"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z",
		"pattern_type":"stix","pattern":%q}`, n, pattern)
}

func take(tb testing.TB, h *store.Handle, tlp marking.TLP, raws ...[]byte) {
	tb.Helper()
	rep, err := intake.New("in", alone{}, alone{}).Objects(tb.Context(), h, intake.Source{DefaultTLP: tlp}, raws)
	if err != nil || rep.Refused != 0 {
		tb.Fatalf("%+v, %v", rep, err)
	}
}

func ask(t *testing.T, h *store.Handle, class int64, v string) search.Answer {
	t.Helper()
	out, err := search.New().Values(t.Context(), h, class, []string{v})
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func TestValues(t *testing.T) {
	h := open(t)
	take(t, h, marking.Clear,
		indicator(1, "[ipv4-addr:value = '198.51.100.7']"),
		indicator(2, "[ipv4-addr:value = '198.51.100.0/24']"),
		indicator(3, "[domain-name:value = 'Evil.Example.COM']"),
		indicator(4, "[url:value = 'http://evil.example.com/drop.php']"),
		indicator(5, "[file:hashes.'SHA-256' = 'AEC070645FE53EE3B3763059376134F058CC337247C978ADD178B6CCDFB0019F']"),
		indicator(6, "[ipv6-addr:value = '2001:db8::/32']"),
		indicator(7, "[email-addr:value = 'Lure@Evil.example.com']"),
		indicator(8, "[domain-name:value != 'good.example.org']"),
	)
	for _, tc := range []struct{ name, asked, want string }{
		{"an address is found with the network around it", "198.51.100.7", "1 exact, 2 network"},
		{"another address is found by its network", "198[.]51[.]100[.]8", "2 network"},
		{"an address elsewhere is not", "198.51.101.7", ""},
		{"a network is found with what lies inside", "198.51.100.0/24", "1 contained, 2 exact"},
		{"a wider network finds both", "198.51.0.0/16", "1 contained, 2 contained"},
		{"a defanged domain in another case", "EVIL[.]example[.]com", "3 exact"},
		{"a subdomain finds its parent", "www.evil.example.com", "3 parent"},
		{"a URL finds itself and its host", "hxxp://evil.example.com/drop.php", "3 parent, 4 exact"},
		{"a hash in lower case", strings.ToLower("AEC070645FE53EE3B3763059376134F058CC337247C978ADD178B6CCDFB0019F"), "5 exact"},
		{"an IPv6 address is found by its network", "2001:DB8:0:0::1", "6 network"},
		{"an e-mail address and its domain", "lure@evil.example.com", "3 parent, 7 exact"},
		{"what a pattern excludes is not known", "good.example.org", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			a := ask(t, h, store.AllLabels, tc.asked)
			for _, hit := range a.Hits {
				got = append(got, fmt.Sprintf("%s %s", hit.ID[len(hit.ID)-1:], hit.Relation))
			}
			slices.Sort(got)
			if s := strings.Join(got, ", "); s != tc.want || a.Problem != "" {
				t.Errorf("got %q %s, want %q", s, a.Problem, tc.want)
			}
		})
	}
}

func TestValuesShowsAReaderOnlyWhatItMaySee(t *testing.T) {
	h := open(t)
	var class int64
	if err := h.Write(t.Context(), func(tx *store.Tx) (err error) {
		class, err = tx.AddClass("clear", func(l []byte) bool { return alone{}.Readable("clear", l, ident.Live, time.Time{}) })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	take(t, h, marking.Clear, indicator(1, "[domain-name:value = 'one.example']"))
	take(t, h, marking.Red, indicator(2, "[domain-name:value = 'two.example']"))
	// A newer version above the reader's clearance leaves the older one standing.
	newer := strings.ReplaceAll(string(indicator(1, "[domain-name:value = 'three.example']")), `"modified":"2026-01`, `"modified":"2026-02`)
	take(t, h, marking.Red, []byte(newer))
	for v, want := range map[string]int{"one.example": 1, "two.example": 0, "three.example": 0} {
		if a := ask(t, h, class, v); len(a.Hits) != want {
			t.Errorf("%s: the reader got %+v, want %d hits", v, a.Hits, want)
		}
	}
	if a := ask(t, h, 0, "one.example"); len(a.Hits) != 0 {
		t.Errorf("class 0 is nobody's, got %+v", a.Hits)
	}
	for v, want := range map[string]int{"one.example": 0, "two.example": 1, "three.example": 1} {
		if a := ask(t, h, store.AllLabels, v); len(a.Hits) != want {
			t.Errorf("%s: the node got %+v, want %d hits", v, a.Hits, want)
		}
	}
}

func TestValuesKeepsABadOneApart(t *testing.T) {
	h := open(t)
	take(t, h, marking.Clear, indicator(1, "[domain-name:value = 'one.example']"))
	out, err := search.New().Values(t.Context(), h, store.AllLabels, []string{"", "one.example", "\x00"})
	if err != nil || out[0].Problem == "" || len(out[1].Hits) != 1 || out[2].Problem == "" {
		t.Errorf("got %+v, %v", out, err)
	}
	if _, err := search.New().Values(t.Context(), h, store.AllLabels, make([]string, search.MaxValues+1)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v, want fault.TooLarge", err)
	}
}
