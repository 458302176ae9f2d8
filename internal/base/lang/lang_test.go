package lang_test

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"twoseas/internal/base/lang"
)

func catalog(t *testing.T, files map[string]string) (*lang.Catalog, error) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return lang.Load(fsys)
}

func TestAPrinterSaysThingsInItsLanguage(t *testing.T) {
	c, err := catalog(t, map[string]string{
		"a.en.json": `{"a.hello": "Hello {0}, {1} and {0}", "a.only": "English", "a.n.one": "{0} thing in {1}", "a.n.other": "{0} things in {1}"}`,
		"a.ja.json": `{"a.hello": "{1}と{0}", "a.n.other": "{1}に{0}件"}`,
		"a.hi.json": `{"a.hello": "नमस्ते {0}", "a.n.one": "{1} में {0} वस्तु", "a.n.other": "{1} में {0} वस्तुएँ"}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	en, ja, hi := c.Printer(lang.English), c.Printer(lang.Japanese), c.Printer(lang.Hindi)
	cases := []struct{ name, got, want string }{
		{"arguments, twice", en.T("a.hello", "x", "y"), "Hello x, y and x"},
		{"an argument that looks like one", en.T("a.hello", "{1}", "y"), "Hello {1}, y and {1}"},
		{"another order", ja.T("a.hello", "x", "y"), "yとx"},
		{"a text only English has", ja.T("a.only"), "English"},
		{"a text nobody has", hi.T("a.none"), "a.none"},
		{"one", en.N("a.n", 1, "z"), "1 thing in z"},
		{"none is plural in English", en.N("a.n", 0, "z"), "0 things in z"},
		{"none is singular in Hindi", hi.N("a.n", 0, "z"), "z में 0 वस्तु"},
		{"many", en.N("a.n", 1234567, "z"), "1,234,567 things in z"},
		{"lakhs, in international digits", hi.N("a.n", 1234567, "z"), "z में 12,34,567 वस्तुएँ"},
		{"Japanese has no singular", ja.N("a.n", 1, "z"), "zに1件"},
		{"the largest", en.Int(math.MaxInt64), "9,223,372,036,854,775,807"},
		{"the smallest", en.Int(math.MinInt64), "-9,223,372,036,854,775,808"},
		{"crores", hi.Int(-987654321), "-98,76,54,321"},
		{"three digits", ja.Int(-999), "-999"},
		{"four digits", ja.Int(-1000), "-1,000"},
		{"a minus", en.N("a.n", -1, "z"), "-1 thing in z"},
		{"1,000,001 is no one", en.N("a.n", 1_000_001, "z"), "1,000,001 things in z"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestACatalogueThatIsWrongIsRefused(t *testing.T) {
	cases := map[string]map[string]string{
		"an unknown language":  {"a.fr.json": `{"a.x": "x"}`},
		"no language":          {"a.json": `{"a.x": "x"}`},
		"a key of another":     {"a.en.json": `{"b.x": "x"}`},
		"a key twice in one":   {"a.en.json": `{"a.x": "x", "a.x": "y"}`},
		"no JSON":              {"a.en.json": `{"a.x": `},
		"a text that is none":  {"a.en.json": `{"a.x": 1}`},
		"something after":      {"a.en.json": `{"a.x": "x"} {}`},
		"a list and no object": {"a.en.json": `["a.x"]`},
	}
	for name, files := range cases {
		if _, err := catalog(t, files); err == nil {
			t.Errorf("%s is taken", name)
		} else if !strings.Contains(err.Error(), "catalogue a.") {
			t.Errorf("%s: the error does not name the file: %v", name, err)
		}
	}
}

func TestTheBrowsersLanguageIsMatched(t *testing.T) {
	cases := map[string]lang.Tag{
		"": lang.English, "ja-JP,ja;q=0.9,en;q=0.5": lang.Japanese, "hi": lang.Hindi, "hi-IN": lang.Hindi, "fr, hi;q=0.3": lang.Hindi,
		"de": lang.English, "en-GB": lang.English, "\x00;;q=": lang.English, strings.Repeat("ja,", 5000): lang.English,
	}
	for header, want := range cases {
		if got := lang.Match(header); got != want && len(header) < 100 {
			t.Errorf("%q: got %s, want %s", header, got, want)
		}
	}
}
