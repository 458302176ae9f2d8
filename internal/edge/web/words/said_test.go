package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"twoseas/internal/base/lang"
	"twoseas/internal/edge/web/words"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/gate"
)

// verb is a place for an argument in a format or a catalogue.
var verb = regexp.MustCompile(`%[-+#0-9.]*[a-zA-Z]|\{\d\}`)

// literals returns every text in the sources of the acts, the laws, the formats
// and the pages, with a hole for each argument.
func literals(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := filepath.WalkDir("../../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				s, err := strconv.Unquote(l.Value)
				if err != nil {
					t.Fatal(err)
				}
				out[verb.ReplaceAllString(s, "\x00")] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reference(t).Calendar {
		out[r.Text["en"]] = true
	}
	return out
}

func reference(t *testing.T) *agreement.Document {
	t.Helper()
	d, err := agreement.Parse(agreement.Reference())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestTheDatesOfTheReferenceAgreementAreSaid looks for every date rule of it in
// every language: what an agreement says of its own stays as it says it.
func TestTheDatesOfTheReferenceAgreementAreSaid(t *testing.T) {
	c := load(t)
	for _, r := range reference(t).Calendar {
		for _, tag := range lang.Tags() {
			if own, ok := c.Printer(tag).Said(r.Text["en"]); !ok || own == r.Text["en"] && tag != lang.English {
				t.Errorf("%s: %s is not said: %q", tag, r.ID, own)
			}
		}
	}
}

// TestActsStillSayIt finds texts of the catalogue that no act says any more:
// each is one text of a source, or is put together of pieces that all are.
func TestActsStillSayIt(t *testing.T) {
	all := literals(t)
	keys := slices.Collect(maps.Keys(all))
	within := func(piece string) bool {
		return slices.ContainsFunc(keys, func(s string) bool { return strings.Contains(s, piece) })
	}
	for key, text := range load(t).Texts(lang.English) {
		if !strings.HasPrefix(key, "said.") || all[verb.ReplaceAllString(text, "\x00")] {
			continue
		}
		for _, piece := range verb.Split(text, -1) {
			if piece = strings.TrimSpace(piece); len(piece) > 3 && !within(piece) {
				t.Errorf("%s: no act says %q", key, piece)
			}
		}
	}
}

func TestTheGateSaysTheSameEverywhere(t *testing.T) {
	english, phrases := load(t).Texts(lang.English), gate.Phrases()
	for key, text := range english {
		if strings.HasPrefix(key, "gate.") && phrases[key] != text {
			t.Errorf("%s: the catalogue says %q, the gate %q", key, text, phrases[key])
		}
	}
	for key := range phrases {
		if english[key] == "" {
			t.Errorf("%s is in no catalogue", key)
		}
	}
}

// TestWhatIsSaidIsFound has every text of the catalogue said with arguments of
// any kind, and looks for it by its English words.
func TestWhatIsSaidIsFound(t *testing.T) {
	c := load(t)
	english := c.Texts(lang.English)
	keys := slices.Sorted(maps.Keys(english))
	keys = slices.DeleteFunc(keys, func(k string) bool { return !strings.HasPrefix(k, "said.") })
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom(keys).Draw(t, "key")
		var args []any
		for range strings.Count(english[key], "{") {
			args = append(args, rapid.StringMatching(`"?[A-Z0-9][a-z0-9-]{1,9}"?`).Draw(t, "argument"))
		}
		said := c.Printer(lang.English).T(key, args...)
		for _, tag := range []lang.Tag{lang.Japanese, lang.Hindi} {
			own, ok := c.Printer(tag).Said(said)
			if want := c.Printer(tag).T(key, args...); !ok || own != want {
				t.Fatalf("%s: %q became %q, want %q", tag, said, own, want)
			}
		}
	})
}

func TestWhatNobodyTranslatedStaysAsItIs(t *testing.T) {
	c := load(t)
	for _, text := range []string{
		"", ".", "Nobody. Ever. Said this.", "foo and bar", "{0}", "it is raining", "said.may-not",
		"there is no such object, or it is not for you, is it", "a; b; c", "日本", strings.Repeat("x. ", 2000),
	} {
		for _, tag := range lang.Tags() {
			if own, ok := c.Printer(tag).Said(text); own != text || ok != (tag == lang.English) {
				t.Errorf("%s: %.60q became %.60q", tag, text, own)
			}
		}
	}
}

func TestSentencesOfTheGateAreFoundAgain(t *testing.T) {
	c := load(t)
	for said, want := range map[string]string{
		"Denied by rule third-party, clause 1(1): needs the originator's consent.":                          "規則 third-party（条項 1(1)）により不可：needs the originator's consent。",
		"Denied: it is TLP:RED, above the agreement's ceiling. Also: it expired.":                           "不可：TLP:RED であり、取決めの上限を超えています。ほかに：期限が切れています。",
		"Held by rule red, clause 1(1): needs 2 approvals.":                                                 "規則 red（条項 1(1)）により承認待ち：承認 2 件が必要です。",
		"Released by rule a, clause 1 and rule b, clause 2. Before it goes, who was affected is taken out.": "規則 a（条項 1）および規則 b（条項 2）により提供されます。送付前に被害者の情報が除去されます。",
		"valid_until is not a timestamp (STIX 2.1 §4.7); name is required (STIX 2.1 §4.7)":                  "valid_until は日時ではありません（STIX 2.1 §4.7）、name は必須です（STIX 2.1 §4.7）",
	} {
		if got, ok := c.Printer(lang.Japanese).Said(said); !ok || got != want {
			t.Errorf("%q became\n%q, want\n%q", said, got, want)
		}
	}
}

func BenchmarkSaid(b *testing.B) {
	c, err := words.Load()
	if err != nil {
		b.Fatal(err)
	}
	p := c.Printer(lang.Hindi)
	for b.Loop() {
		p.Said("a text of some length that nobody has translated: so every template is asked, and none of them fits it")
	}
}
