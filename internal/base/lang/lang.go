// Package lang is what the node says to people in their own language: flat
// catalogues of texts, one reader's printer over them, and the words of a text
// for searching.
//
// Invariants: a catalogue is immutable; a text that one language lacks is said
// in English, and one that English lacks as its key, which the tests of the
// catalogues find before a reader does.
package lang

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"twoseas/internal/base/canon"
)

// Tag is a language of the interface.
type Tag string

// The languages, the authoritative one first.
const (
	English  Tag = "en"
	Japanese Tag = "ja"
	Hindi    Tag = "hi"
)

// Tags returns the languages of the interface, the authoritative one first.
func Tags() []Tag { return []Tag{English, Japanese, Hindi} }

// Name is what speakers of the language call it.
func (t Tag) Name() string {
	switch t {
	case Japanese:
		return "日本語"
	case Hindi:
		return "हिन्दी"
	case English:
	}
	return "English"
}

// ParseTag returns s as a language of the interface.
func ParseTag(s string) (Tag, bool) {
	t := Tag(s)
	return t, slices.Contains(Tags(), t)
}

var matcher = language.NewMatcher([]language.Tag{language.English, language.Japanese, language.Hindi})

// Match returns the language that suits the Accept-Language header of RFC 9110
// §12.5.4 best; English when none does.
func Match(accept string) Tag {
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return English
	}
	_, i, _ := matcher.Match(wanted...)
	return Tags()[i]
}

// Catalog is the texts of every language.
type Catalog struct {
	texts map[Tag]map[string]string
	book  phrasebook
}

// Load reads every file <area>.<language>.json of fsys: flat objects from a key,
// which begins with the area and a dot, to a text. An unknown language, a key of
// another area and a key that is there twice are errors.
func Load(fsys fs.FS) (*Catalog, error) {
	c := &Catalog{texts: map[Tag]map[string]string{}}
	for _, t := range Tags() {
		c.texts[t] = map[string]string{}
	}
	files, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		if err := c.add(fsys, name); err != nil {
			return nil, fmt.Errorf("catalogue %s: %w", name, err)
		}
	}
	c.book = newPhrasebook(c.texts[English])
	return c, nil
}

func (c *Catalog) add(fsys fs.FS, name string) error {
	area, code, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".json"), ".")
	tag, ok := ParseTag(code)
	if !ok {
		return fmt.Errorf("unknown language %q", code)
	}
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	var texts map[string]string
	if err := canon.UnmarshalStrict(raw, &texts); err != nil {
		return err
	}
	for key, text := range texts {
		if !strings.HasPrefix(key, area+".") {
			return fmt.Errorf("key %q does not begin with %q", key, area+".")
		}
		if _, twice := c.texts[tag][key]; twice {
			return fmt.Errorf("key %q is there twice", key)
		}
		c.texts[tag][key] = text
	}
	return nil
}

// Texts returns the texts of one language by key. It must not be changed.
func (c *Catalog) Texts(t Tag) map[string]string { return c.texts[t] }

// Printer returns the catalogue as a reader of t sees it.
func (c *Catalog) Printer(t Tag) *Printer {
	tag := language.Make(string(t))
	return &Printer{Tag: t, own: c.texts[t], english: c.texts[English], tag: tag, book: c.book}
}

// Printer says things to one reader. It is safe for concurrent use.
type Printer struct {
	Tag Tag

	own, english map[string]string
	tag          language.Tag
	book         phrasebook
}

// Has reports whether there is a text for key.
func (p *Printer) Has(key string) bool {
	_, ok := p.english[key]
	return ok
}

// T returns the text of key; {0}, {1} … become the arguments, whole numbers
// with the separators of the language.
func (p *Printer) T(key string, args ...any) string {
	text, ok := p.own[key]
	if !ok {
		if text, ok = p.english[key]; !ok {
			return key
		}
	}
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i)+"}", p.show(a))
	}
	return strings.NewReplacer(pairs...).Replace(text) // in one pass: an argument may hold {1} itself
}

// N returns the text for a count: key.one or key.other, as the language counts.
// {0} is n, the arguments follow.
func (p *Printer) N(key string, n int64, args ...any) string {
	form := key + ".other"
	if one := key + ".one"; p.one(n) && p.own[one] != "" {
		form = one
	}
	return p.T(form, append([]any{n}, args...)...)
}

const million = 1_000_000

func (p *Printer) one(n int64) bool {
	if n < 0 {
		n = -n
	}
	if n >= million { // the rules look at the last digits only
		n = million + n%million
	}
	return plural.Cardinal.MatchPlural(p.tag, int(n), 0, 0, 0, 0) == plural.One
}

// Int writes a whole number with the separators of the language: thousands, and
// in Hindi lakhs and crores, in international digits.
func (p *Printer) Int(n int64) string {
	digits := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i, group := len(digits)-3, 3; i > first; i -= group {
		digits = digits[:i] + "," + digits[i:]
		if p.Tag == Hindi {
			group = 2
		}
	}
	return digits
}

func (p *Printer) show(a any) string {
	switch v := a.(type) {
	case int:
		return p.Int(int64(v))
	case int64:
		return p.Int(v)
	case string:
		return v
	}
	return fmt.Sprint(a)
}
