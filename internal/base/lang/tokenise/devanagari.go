package tokenise

import "unicode"

const virama = '्'

// nasals maps the five nasal consonants to the first and last consonant of
// their row: before one of these they may be written as the dot anusvara
// (हिन्दी, हिंदी).
var nasals = map[rune][2]rune{'ङ': {'क', 'ङ'}, 'ञ': {'च', 'ञ'}, 'ण': {'ट', 'ण'}, 'न': {'त', 'न'}, 'म': {'प', 'म'}}

// isNasal reports whether the consonant at i is one that may be written as
// anusvara.
func isNasal(runes []rune, i int) bool {
	row, ok := nasals[runes[i]]
	return ok && i+2 < len(runes) && runes[i+1] == virama && runes[i+2] != runes[i] && runes[i+2] >= row[0] && runes[i+2] <= row[1]
}

// syllables takes a run of Devanagari apart: a consonant with those joined to
// it by virama, its vowel sign and what is written on them.
func syllables(s string) []string {
	var out []string
	start, joined := 0, false
	for i, r := range s {
		if i > start && !joined && !unicode.IsMark(r) {
			out = append(out, s[start:i])
			start = i
		}
		joined = r == virama
	}
	return append(out, s[start:])
}
