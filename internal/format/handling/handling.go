// Package handling turns what foreign formats write about handling, such as
// the tag tlp:amber, into references to STIX marking definitions.
//
// Invariant: words about handling are never dropped. What is not exactly a
// level of TLP 2.0 or PAP becomes a marking definition of its own that says
// those words, and what that means is decided where labels are made: there, a
// misspelt level makes an object unreleasable.
package handling

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
)

// Mark is a reference to a marking definition; Definition holds the definition
// itself where its id is not one that everybody knows.
type Mark struct {
	ID         string
	Definition []byte
}

// known holds the definitions of TLP 2.0 (STIX 2.1 best practices) and of the
// PAP extension of OASIS.
var known = map[string]string{
	"tlp:clear":        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	"tlp:white":        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	"tlp:green":        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	"tlp:amber":        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"tlp:amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	"tlp:red":          "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
	"pap:clear":        "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92",
	"pap:white":        "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92",
	"pap:green":        "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
	"pap:amber":        "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab",
	"pap:red":          "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e",
}

// tags are the names of the levels by the ids of their definitions.
var tags = func() map[string]string {
	out := map[string]string{}
	for name, id := range known {
		if !strings.HasSuffix(name, ":white") { // what TLP 1.0 called clear
			out[id] = name
		}
	}
	return out
}()

// Tag returns the tag that says what the definition id does, such as
// tlp:amber, or false when the definition is not one that everybody knows.
func Tag(id string) (string, bool) {
	tag, ok := tags[id]
	return tag, ok
}

// about finds what may be meant as words about handling: a protocol's name, or
// a level under whatever name (TPL:RED), or a classification banner.
var about = regexp.MustCompile(`(?i)(^|[^a-z0-9])(tlp|pap)([^a-z]|$)|[:=]\s*"?(clear|white|green|amber(\+strict)?|red)"?\s*$|traffic[ -]?light|\bnoforn\b|\borcon\b|^(top )?secret|^confidential|^restricted|\brel(easable)?[ _-]to\b`)

// maxStatement bounds the words that are kept in a definition.
const maxStatement = 500

// Of returns the mark for a tag, or false when the tag is not about handling.
func Of(tag string) (Mark, bool) {
	words := strings.ToLower(strings.TrimSpace(narrow(tag)))
	if id, ok := known[words]; ok {
		return Mark{ID: id}, true
	}
	if !about.MatchString(words) {
		return Mark{}, false
	}
	return statement(tag), true
}

// Level returns the mark for what stands where a level is expected: "amber" or
// "TLP:AMBER" under the protocol "tlp". Whatever cannot be read is kept as
// words, as in Of. Nothing written is no mark.
func Level(protocol, value string) (Mark, bool) {
	words := strings.ToLower(strings.TrimSpace(narrow(value)))
	if words == "" {
		return Mark{}, false
	}
	words = strings.TrimSpace(strings.TrimPrefix(words, protocol+":"))
	if id, ok := known[protocol+":"+words]; ok {
		return Mark{ID: id}, true
	}
	return statement(protocol + ":" + words), true
}

// token finds a level in running text, as far as it could belong to one.
var token = regexp.MustCompile(`(?i)\b(?:tlp|pap)(?:\s*v?[12](?:\.0)?)?\s*[:=_-]\s*"?[\pL\pN_:+?-]+(?:\s*\+?\s*strict\b)?`)

// InText returns the marks for every mention of a level in text.
func InText(text string) []Mark {
	var out []Mark
	for _, words := range token.FindAllString(narrow(text), -1) {
		if m, ok := Of(strings.TrimRight(words, ":-_?")); ok {
			out = append(out, m)
		}
	}
	return out
}

// space is the namespace of the definitions made here; it was drawn once.
var space = [16]byte{0x0c, 0x39, 0x9f, 0xd1, 0x52, 0xe8, 0x4b, 0x64, 0x8e, 0x0f, 0x77, 0xa0, 0x1e, 0x5b, 0xc2, 0x33}

func statement(words string) Mark {
	words = strings.TrimSpace(strings.ToValidUTF8(words, "�"))
	for len(words) > maxStatement {
		_, size := utf8.DecodeLastRuneInString(words)
		words = words[:len(words)-size]
	}
	id := "marking-definition--" + ident.NamedUUID(space, words)
	raw := []byte(`{"created":"2022-03-19T00:00:00.000Z","definition":{"statement":`)
	raw = canon.AppendString(raw, words)
	raw = append(raw, `},"definition_type":"statement","id":"`+id+`","spec_version":"2.1","type":"marking-definition"}`...)
	return Mark{ID: id, Definition: raw}
}

// narrow turns full-width letters, as Japanese input methods write them, into
// their ASCII forms.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000':
			return ' '
		}
		return r
	}, s)
}
