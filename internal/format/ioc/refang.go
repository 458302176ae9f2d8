package ioc

import (
	"bytes"
	"strings"
)

// Refang undoes what people do to addresses so that nobody clicks on them:
// hxxp, [.], (dot), {at}, [:]//, example[.com] and the like; spaces around a
// bracketed word go with it. Invisible characters go too.
func Refang(s string) string { return refang(s, false) }

// refanged marks, for Extract, a dot that was written otherwise. It is a
// private-use character.
const refanged = "\ue000"

var inBrackets = map[string]string{
	".": ".", "dot": ".", "d0t": ".", "punkt": ".", "at": "@", "@": "@", ":": ":", "://": "://", "/": "/", "//": "//",
}

// invisible characters that are neither part of a name nor of a word. The
// joiners U+200C and U+200D stay: Hindi domains have them.
var invisible = strings.NewReplacer("\u200b", "", "\u2060", "", "\ufeff", "", "\u00ad", "")

// refang does the work of Refang, and marks dots when mark is set.
func refang(s string, mark bool) string {
	if strings.ContainsAny(s, "\u200b\u2060\ufeff\u00ad") {
		s = invisible.Replace(s)
	}
	if mark {
		s = strings.ReplaceAll(s, refanged, "")
	}
	if strings.ContainsAny(s, "])}") {
		s = unbracket(s, mark)
	}
	if strings.Contains(s, "://") {
		s = schemes(s)
	}
	return s
}

// unbracket looks back from each closing bracket, so that brackets in brackets
// are undone from the inside and one pass is enough.
func unbracket(s string, mark bool) string {
	const longest = 24 // from bracket to bracket
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		var open byte
		switch s[i] {
		case ']':
			open = '['
		case ')':
			open = '('
		case '}':
			open = '{'
		}
		if open == 0 {
			out = append(out, s[i])
			continue
		}
		from := max(0, len(out)-longest)
		at := bytes.LastIndexByte(out[from:], open)
		if at < 0 {
			out = append(out, s[i])
			continue
		}
		plain, ok := meaning(string(out[from+at+1:]))
		if !ok {
			out = append(out, s[i])
			continue
		}
		out = out[:from+at]
		if n := len(out); n > 0 && out[n-1] == ' ' && i+1 < len(s) && s[i+1] == ' ' {
			out = out[:n-1]
			i++
		}
		if mark && strings.HasPrefix(plain, ".") {
			out = append(out, refanged...)
		}
		out = append(out, plain...)
	}
	return string(out)
}

// meaning returns what the text between brackets stands for.
func meaning(inner string) (string, bool) {
	inner = strings.ReplaceAll(strings.TrimSpace(inner), refanged, "")
	if plain, ok := inBrackets[strings.ToLower(inner)]; ok {
		return plain, true
	}
	if len(inner) < 3 || inner[0] != '.' { // example[.com]
		return "", false
	}
	for i := 1; i < len(inner); i++ {
		if c := inner[i] | 0x20; c < 'a' || c > 'z' {
			return "", false
		}
	}
	return inner, true
}

var fanged = map[string]string{
	"hxxp": "http", "hxxps": "https", "hxtp": "http", "hxtps": "https", "htxp": "http", "htxps": "https",
	"h**p": "http", "h**ps": "https", "hxxx": "http", "hxxxs": "https", "fxp": "ftp", "fxps": "ftps", "meow": "http", "meows": "https",
}

// schemes restores the word before each "://".
func schemes(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "://")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		from := i
		for from > 0 && (isAlnum(s[from-1]) || s[from-1] == '*') {
			from--
		}
		word := s[from:i]
		if plain, ok := fanged[strings.ToLower(word)]; ok {
			word = plain
		}
		b.WriteString(s[:from])
		b.WriteString(word)
		b.WriteString("://")
		s = s[i+3:]
	}
}

func isAlnum(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' }
