package pattern

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEnd     tokenKind = iota
	tokName              // an identifier without a hyphen
	tokHyphen            // an identifier with one: a type, never a step of a path
	tokKeyword           // in capitals
	tokSymbol
	tokString
	tokInt
	tokFloat
	tokBool
	tokTime
	tokHex
	tokBinary
)

// token is a piece of the source; text is what it spans.
type token struct {
	kind  tokenKind
	start int
	text  string
}

// isKeyword reports whether the grammar reserves word. Keywords are case
// sensitive (§9.2, §9.5).
func isKeyword(word string) bool {
	switch word {
	case "AND", "OR", "NOT", "FOLLOWEDBY", "LIKE", "MATCHES", "ISSUPERSET", "ISSUBSET", "EXISTS",
		"LAST", "IN", "START", "STOP", "SECONDS", "WITHIN", "REPEATS", "TIMES":
		return true
	}
	return false
}

// next reads one token. After an error every token is the end, so that loops
// of the parser stop.
func (p *parser) next() {
	if p.err != nil {
		return
	}
	p.skip()
	p.tok = token{kind: tokEnd, start: p.pos}
	if p.pos == len(p.src) {
		return
	}
	switch c := p.src[p.pos]; {
	case isLetter(c):
		p.word()
	case c == '\'':
		p.quoted(tokString)
	case isDigit(c), c == '+', c == '-', c == '.' && p.pos+1 < len(p.src) && isDigit(p.src[p.pos+1]):
		p.number()
	default:
		p.symbol()
	}
}

// take ends the current token at p.pos.
func (p *parser) take(kind tokenKind) {
	p.tok.kind, p.tok.text = kind, p.src[p.tok.start:p.pos]
}

func (p *parser) word() {
	kind := tokName
	for p.pos < len(p.src) && (isLetter(p.src[p.pos]) || isDigit(p.src[p.pos]) || p.src[p.pos] == '-') {
		if p.src[p.pos] == '-' {
			kind = tokHyphen
		}
		p.pos++
	}
	p.take(kind)
	if p.pos < len(p.src) && p.src[p.pos] == '\'' {
		switch p.tok.text {
		case "t":
			p.quoted(tokTime)
			return
		case "h":
			p.quoted(tokHex)
			return
		case "b":
			p.quoted(tokBinary)
			return
		}
	}
	switch {
	case p.tok.text == "true" || p.tok.text == "false":
		p.tok.kind = tokBool
	case isKeyword(p.tok.text):
		p.tok.kind = tokKeyword
	}
}

// quoted reads up to the closing apostrophe. Only \' and \\ are escapes
// (§9.2).
func (p *parser) quoted(kind tokenKind) {
	for i := p.pos + 1; i < len(p.src); i++ {
		switch p.src[i] {
		case '\'':
			p.pos = i + 1
			p.take(kind)
			return
		case '\\':
			if i++; i < len(p.src) && p.src[i] != '\'' && p.src[i] != '\\' {
				p.fail(i-1, `a backslash in a string is written \\`)
				return
			}
		}
	}
	p.fail(p.tok.start, "the string that begins here has no closing '")
}

func (p *parser) number() {
	if c := p.src[p.pos]; c == '+' || c == '-' {
		p.pos++
	}
	whole := p.digits()
	kind := tokInt
	if p.pos < len(p.src) && p.src[p.pos] == '.' {
		p.pos++
		kind = tokFloat
		if p.digits() == 0 {
			p.fail(p.tok.start, "a number needs digits after its point")
			return
		}
	}
	p.take(kind)
	digits := strings.TrimLeft(p.tok.text, "+-")
	switch {
	case kind == tokInt && whole == 0:
		p.fail(p.tok.start, fmt.Sprintf("want digits after %q", p.tok.text))
	case kind == tokInt && whole > 1 && digits[0] == '0':
		p.fail(p.tok.start, "an integer has no leading zeros")
	}
}

func (p *parser) digits() int {
	from := p.pos
	for p.pos < len(p.src) && isDigit(p.src[p.pos]) {
		p.pos++
	}
	return p.pos - from
}

func (p *parser) symbol() {
	rest := p.src[p.pos:]
	for _, two := range [...]string{"==", "!=", "<>", "<=", ">="} {
		if strings.HasPrefix(rest, two) {
			p.pos += 2
			p.take(tokSymbol)
			return
		}
	}
	if strings.IndexByte("[](),:.*=<>", rest[0]) < 0 {
		r, _ := utf8.DecodeRuneInString(rest)
		p.fail(p.pos, fmt.Sprintf("%q has no place in a pattern outside a string", r))
		return
	}
	p.pos++
	p.take(tokSymbol)
}

// skip passes white space and comments, as the published grammar defines
// them.
func (p *parser) skip() {
	for p.pos < len(p.src) {
		rest := p.src[p.pos:]
		switch {
		case rest[0] == ' ':
			p.pos++
		case strings.HasPrefix(rest, "//"):
			end := strings.IndexAny(rest, "\r\n")
			if end < 0 {
				end = len(rest)
			}
			p.pos += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				p.fail(p.pos, "the comment that begins here has no closing */")
				return
			}
			p.pos += end + 4
		default:
			r, n := utf8.DecodeRuneInString(rest)
			if !isSpace(r) {
				return
			}
			p.pos += n
		}
	}
}

func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\r', '\n', 0x0b, 0x0c, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
