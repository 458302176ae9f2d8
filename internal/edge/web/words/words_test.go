package words_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/base/lang"
	"twoseas/internal/edge/web/words"
)

func load(t *testing.T) *lang.Catalog {
	t.Helper()
	c, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var placeholder = regexp.MustCompile(`\{\d\}`)

func TestEveryLanguageSaysEverything(t *testing.T) {
	c := load(t)
	english := c.Texts(lang.English)
	for _, tag := range lang.Tags() {
		for _, f := range gaps(english, c.Texts(tag), tag) {
			t.Errorf("%s: %s", tag, f)
		}
	}
}

// gaps says where own differs from English: in keys, in arguments, in nothing
// to read. Japanese has no singular.
func gaps(english, own map[string]string, tag lang.Tag) (faults []string) {
	for key, text := range english {
		said, ok := own[key]
		switch {
		case !ok && tag == lang.Japanese && strings.HasSuffix(key, ".one"):
		case !ok:
			faults = append(faults, key+" is missing")
		case strings.TrimSpace(said) == "" || said != strings.TrimSpace(said):
			faults = append(faults, key+" is empty or has white space around it")
		case !slices.Equal(arguments(text), arguments(said)) && !strings.HasSuffix(key, ".one"):
			faults = append(faults, key+" does not have the arguments "+strings.Join(arguments(text), " "))
		}
	}
	for key := range own {
		if _, ok := english[key]; !ok {
			faults = append(faults, key+" is not there in English")
		}
	}
	slices.Sort(faults)
	return faults
}

func arguments(s string) []string {
	all := placeholder.FindAllString(s, -1)
	slices.Sort(all)
	return slices.Compact(all)
}

func TestGapsAreFound(t *testing.T) {
	english := map[string]string{"a.x": "x {0}", "a.y.one": "{0} y", "a.y.other": "{0} y"}
	cases := []struct {
		name string
		tag  lang.Tag
		own  map[string]string
		want int
	}{
		{"nothing missing", lang.Hindi, maps.Clone(english), 0},
		{"no singular in Japanese", lang.Japanese, map[string]string{"a.x": "{0}", "a.y.other": "{0}"}, 0},
		{"no singular in Hindi", lang.Hindi, map[string]string{"a.x": "{0}", "a.y.other": "{0}"}, 1},
		{"an argument is lost", lang.Hindi, map[string]string{"a.x": "x", "a.y.one": "y", "a.y.other": "{0} y"}, 1},
		{"a key too many", lang.Hindi, map[string]string{"a.x": "{0}", "a.y.one": "y", "a.y.other": "{0} y", "a.z": "z"}, 1},
		{"an empty text", lang.Hindi, map[string]string{"a.x": " ", "a.y.one": "y", "a.y.other": "{0} y"}, 1},
	}
	for _, c := range cases {
		if got := gaps(english, c.own, c.tag); len(got) != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// literal is any string of the sources of the pages; asked is one that is
// handed to T or N.
var (
	literal = regexp.MustCompile("[\"`]([a-z][a-z0-9+-]*(?:\\.[a-z0-9+-]+)*\\.?)[\"`]")
	asked   = regexp.MustCompile(`\.[TN]\("([^"]*)"`)
)

// sources returns the text of the pages: Go and templates, no tests, nothing
// generated.
func sources(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		page := strings.HasSuffix(path, ".templ") ||
			strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.HasSuffix(path, "_templ.go")
		if !page {
			return nil
		}
		raw, err := os.ReadFile(path)
		out[path] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("only %d sources found", len(out))
	}
	return out
}

func plain(key string) string {
	return strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
}

func TestNoKeyIsMissing(t *testing.T) {
	keys := load(t).Texts(lang.English)
	known := func(key string) bool {
		for k := range keys {
			if k == key || plain(k) == key || strings.HasSuffix(key, ".") && strings.HasPrefix(k, key) {
				return true
			}
		}
		return false
	}
	for path, text := range sources(t) {
		for _, m := range asked.FindAllStringSubmatch(text, -1) {
			if !known(m[1]) {
				t.Errorf("%s asks for %q, which no catalogue has", path, m[1])
			}
		}
	}
}

func TestNoKeyIsUnused(t *testing.T) {
	used, prefixes := map[string]bool{}, []string{}
	for _, text := range sources(t) {
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
			if strings.HasSuffix(m[1], ".") {
				prefixes = append(prefixes, m[1])
			}
		}
	}
	slices.Sort(prefixes)
	prefixes = slices.Compact(prefixes)
	for key := range load(t).Texts(lang.English) {
		if lang.Spoken(key) || used[key] || used[plain(key)] || slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			continue
		}
		t.Errorf("no page says %q", key)
	}
}

// house is what the interface never says, in any language: a memorandum speaks
// of intention.
var house = regexp.MustCompile(`(?i)breach|violat|non-?complian|違反|उल्लंघन`)

func TestTheInterfaceBlamesNobody(t *testing.T) {
	c := load(t)
	for _, tag := range lang.Tags() {
		for key, text := range c.Texts(tag) {
			if house.MatchString(text) {
				t.Errorf("%s %s: %q", tag, key, text)
			}
		}
	}
	for path, text := range sources(t) {
		if m := house.FindString(text); m != "" {
			t.Errorf("%s says %q", path, m)
		}
	}
}

// marks are labels that stay as they are in every language.
var marks = regexp.MustCompile(`\b(TLP|PAP|STIX|TAXII|MISP|CSV|UTC|JSON|TLP:[A-Z+]+|PAP:[A-Z]+)\b`)

func TestLabelsAreNotTranslated(t *testing.T) {
	c := load(t)
	for key, text := range c.Texts(lang.English) {
		want := marks.FindAllString(text, -1)
		slices.Sort(want)
		for _, tag := range lang.Tags() {
			for _, mark := range slices.Compact(want) {
				if said, ok := c.Texts(tag)[key]; ok && !strings.Contains(said, mark) {
					t.Errorf("%s %s: %q has lost %s", tag, key, said, mark)
				}
			}
		}
	}
}
