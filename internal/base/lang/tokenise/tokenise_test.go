package tokenise_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/lang/tokenise"
)

func TestQuery(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"words", "Ransomware, hits Hospitals!", []string{"ransomware", "hits", "hospitals"}},
		{"an identifier", "CVE-2021-44228", []string{"cve", "2021", "44228"}},
		{"letters and digits stay together", "APT29", []string{"apt29"}},
		{"each once", "spam SPAM Spam", []string{"spam"}},
		{"accents", "Łódź naïve Øresund", []string{"lodz", "naive", "oresund"}},
		{"sharp s folds", "Straße", []string{"strasse"}},
		{"full width", "ＡＰＴ２９", []string{"apt29"}},
		{"cyrillic", "Вредонос", []string{"вредонос"}},
		{"kana in pairs", "サイバー", []string{"サイ", "イバ", "バー"}},
		{"half-width kana", "ｻｲﾊﾞｰ", []string{"サイ", "イバ", "バー"}},
		{"kanji in pairs", "脅威情報", []string{"脅威", "威情", "情報"}},
		{"one kanji", "脅", []string{"脅"}},
		{"mixed scripts", "APT29の攻撃", []string{"apt29", "の攻", "攻撃"}},
		{"syllables in pairs", "साइबर", []string{"साइ", "इब", "बर"}},
		{"a joined consonant is one syllable", "सुरक्षा", []string{"सुर", "रक्षा"}},
		{"anusvara for a nasal", "हिन्दी", []string{"हिंदी"}},
		{"words part at the danda", "क।ख", []string{"क", "ख"}},
		{"nothing to look for", " -- !? ", nil},
		{"empty", "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, tokenise.Query(tc.text, 100)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestFinds says which words find a text, in the three languages.
func TestFinds(t *testing.T) {
	for _, tc := range []struct {
		text, word string
		want       bool
	}{
		{"国内の重要インフラを狙うサイバー攻撃", "サイバー", true},
		{"国内の重要インフラを狙うサイバー攻撃", "インフラ", true},
		{"国内の重要インフラを狙うサイバー攻撃", "攻", true},
		{"国内の重要インフラを狙うサイバー攻撃", "防御", false},
		{"साइबर सुरक्षा समझौता", "सुरक्षा", true},
		{"साइबर सुरक्षा समझौता", "साइबर", true},
		{"साइबर सुरक्षा समझौता", "सरकार", false},
		{"हिंदी में", "हिन्दी", true},
		{"Fancy Bear", "bear", true},
		{"Fancy Bear", "bea", false},
	} {
		have := tokenise.Index(tc.text, 1000)
		got := true
		for _, q := range tokenise.Query(tc.word, 100) {
			got = got && slices.Contains(have, q)
		}
		if got != tc.want {
			t.Errorf("%q finds %q: got %v (tokens %q)", tc.word, tc.text, got, have)
		}
	}
}

func TestBounds(t *testing.T) {
	long := strings.Repeat("長", 10_000) + strings.Repeat("x", 100_000)
	for _, tok := range tokenise.Index(long, 7) {
		if len(tok) > 64 {
			t.Errorf("a token of %d bytes", len(tok))
		}
	}
	if n := len(tokenise.Index("a b c d e f g h", 5)); n != 5 {
		t.Errorf("%d tokens, want the limit of 5", n)
	}
}

func FuzzQueryIsInIndex(f *testing.F) {
	for _, s := range []string{"CVE-2021-44228", "サイバー攻撃 x", "हिन्दी सुरक्षा", "\xff\xfe", "ﬀ", "न्", "İ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		have := tokenise.Index(s, 1<<20)
		for _, tok := range tokenise.Query(s, 1<<20) {
			if !slices.Contains(have, tok) {
				t.Errorf("%q is asked for and not indexed in %q", tok, s)
			}
			if tok == "" || !utf8.ValidString(tok) {
				t.Errorf("token %q of %q", tok, s)
			}
		}
	})
}
