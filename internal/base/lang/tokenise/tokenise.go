// Package tokenise takes text apart into what it is searched by: words for
// alphabets, pairs of characters for kana and kanji, pairs of syllables for
// Devanagari. Writing that means the same gives the same tokens: compatibility
// forms (NFKC), case, and accents on Latin letters are folded.
//
// Invariants: every token of Query(s) is among the tokens of Index(s), as far
// as both bounds reach; tokens are valid UTF-8, not empty and at most maxToken
// bytes; nothing panics, whatever the text.
package tokenise

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxToken bounds a token in bytes: a SHA-256 in hexadecimal fits.
const maxToken = 64

// maxText bounds the bytes looked at; what follows is not searched by.
const maxText = 16 << 10

// Index returns the tokens a text is found by, each once, in order of first
// appearance, at most limit of them.
func Index(s string, limit int) []string { return tokens(s, limit, true) }

// Query returns the tokens a text must have to match s, each once. None are
// returned when s has no letter and no digit.
func Query(s string, limit int) []string { return tokens(s, limit, false) }

func tokens(s string, limit int, index bool) []string {
	c := collector{limit: limit, index: index, seen: map[string]bool{}}
	runs(fold(s), c.run)
	return c.out
}

// collector keeps tokens, each once, up to its limit.
type collector struct {
	out   []string
	seen  map[string]bool
	limit int
	index bool
}

func (c *collector) add(t string) {
	if len(t) > maxToken {
		t = t[:maxToken]
		for !utf8.ValidString(t) {
			t = t[:len(t)-1]
		}
	}
	if t == "" || c.seen[t] || len(c.out) >= c.limit {
		return
	}
	c.seen[t] = true
	c.out = append(c.out, t)
}

// run takes one run of a script apart.
func (c *collector) run(s script, text string) {
	switch s {
	case alphabet:
		c.add(text)
	case ideograph:
		c.pairs(strings.Split(text, ""), true)
	case devanagari:
		c.pairs(syllables(text), false)
	case none:
	}
}

// pairs adds each two neighbours. A unit alone is a token itself; while
// indexing so is every unit that has meaning alone, and the first of the rest.
func (c *collector) pairs(units []string, meaning bool) {
	if len(units) == 1 {
		c.add(units[0])
		return
	}
	for i := range len(units) - 1 {
		c.add(units[i] + units[i+1])
	}
	for _, u := range units {
		r, _ := utf8.DecodeRuneInString(u)
		if c.index && (!meaning || unicode.Is(unicode.Han, r)) {
			c.add(u)
		}
	}
}

// script is how a run of text is taken apart.
type script uint8

const (
	none script = iota // what separates
	alphabet
	ideograph
	devanagari
)

func scriptOf(r rune) script {
	switch {
	case r < utf8.RuneSelf:
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return alphabet
		}
		return none
	case r >= 0x0900 && r <= 0x0963 || r >= 0x0970 && r <= 0x097F: // without danda and digits
		return devanagari
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana), r == 'ー':
		return ideograph
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return alphabet
	}
	return none
}

// runs calls fn for each run of one script in s.
func runs(s string, fn func(script, string)) {
	start, current := 0, none
	for i, r := range s {
		k := scriptOf(r)
		if k == current {
			continue
		}
		if current != none {
			fn(current, s[start:i])
		}
		start, current = i, k
	}
	if current != none {
		fn(current, s[start:])
	}
}

// fold writes s the one way it is compared in.
func fold(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	if lower, ok := foldASCII(s); ok {
		return lower
	}
	s = norm.NFKC.String(strings.ToValidUTF8(s, " "))
	s = cases.Fold().String(s)
	var b strings.Builder
	b.Grow(len(s))
	runes := []rune(s)
	for i, r := range runes {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r == 0x200C || r == 0x200D: // joiners change how it looks, not what it says
		case r == 'ँ':
			b.WriteRune('ं')
		case isNasal(runes, i):
			b.WriteRune('ं')
		case r == virama && i > 0 && isNasal(runes, i-1):
		case unicode.Is(unicode.Latin, r):
			b.WriteString(plain(r))
		default:
			b.WriteRune(r)
		}
	}
	return norm.NFKC.String(b.String())
}

func foldASCII(s string) (string, bool) {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return "", false
		}
	}
	return strings.ToLower(s), true
}

// strokes are Latin letters that Unicode does not take apart.
var strokes = map[rune]string{'ł': "l", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'æ': "ae", 'œ': "oe", 'ı': "i", 'ħ': "h", 'ŧ': "t"}

// plain returns a Latin letter without its accents.
func plain(r rune) string {
	if s, ok := strokes[r]; ok {
		return s
	}
	var b strings.Builder
	for _, d := range norm.NFD.String(string(r)) {
		if !unicode.Is(unicode.Mn, d) {
			b.WriteRune(d)
		}
	}
	return b.String()
}
