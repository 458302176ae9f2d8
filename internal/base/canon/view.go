package canon

import (
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
)

// View decodes an object from bytes that Canonicalize returned, into the same
// view as Decode but several times as fast: it relies on what canonical form
// guarantees (no duplicate names, valid UTF-8, no space, bounded nesting) and
// lets all strings of the view share one copy of canonical. Other bytes give
// a fault.Invalid or a view of no meaning, never a panic.
func View(canonical []byte) (map[string]any, error) {
	v := viewer{text: string(canonical), keys: make([]string, 0, 32), vals: make([]any, 0, 48)}
	if len(v.text) == 0 || v.text[0] != '{' {
		return nil, fault.New(fault.Invalid, "JSON: want an object")
	}
	m := v.object()
	if v.bad || v.pos != len(v.text) {
		return nil, fault.New(fault.Invalid, "JSON: not in canonical form")
	}
	return m, nil
}

// viewer walks text once. After the first fault bad stays true and every
// method returns at once.
type viewer struct {
	text  string
	pos   int
	depth int
	bad   bool
	keys  []string // members of the objects being read; a stack
	vals  []any    // their values, and the elements of arrays; a stack
}

// peek returns the byte at pos, or 0 at the end.
func (v *viewer) peek() byte {
	if v.pos < len(v.text) {
		return v.text[v.pos]
	}
	return 0
}

// take moves over c, or marks the text bad.
func (v *viewer) take(c byte) {
	if v.peek() != c {
		v.bad = true
		return
	}
	v.pos++
}

func (v *viewer) value() any {
	switch v.peek() {
	case '"':
		return v.str()
	case '{':
		return v.object()
	case '[':
		return v.array()
	case 't':
		return v.literal("true", true)
	case 'f':
		return v.literal("false", false)
	case 'n':
		return v.literal("null", nil)
	}
	return v.number()
}

func (v *viewer) literal(word string, val any) any {
	if !strings.HasPrefix(v.text[v.pos:], word) {
		v.bad = true
	}
	v.pos += len(word)
	return val
}

func (v *viewer) number() any {
	start := v.pos
	for v.pos < len(v.text) && v.text[v.pos] != ',' && v.text[v.pos] != '}' && v.text[v.pos] != ']' {
		v.pos++
	}
	f, err := strconv.ParseFloat(v.text[start:v.pos], 64)
	if err != nil {
		v.bad = true
	}
	return f
}

// enter counts a level of nesting; leave it with v.depth--.
func (v *viewer) enter() {
	v.pos++
	if v.depth++; v.depth > MaxDepth {
		v.bad = true
	}
}

func (v *viewer) object() map[string]any {
	v.enter()
	k0, v0 := len(v.keys), len(v.vals)
	for !v.bad && v.peek() != '}' {
		if len(v.keys) > k0 {
			v.take(',')
		}
		v.keys = append(v.keys, v.str())
		v.take(':')
		if v.bad {
			break
		}
		val := v.value()
		v.vals = append(v.vals, val)
	}
	if v.bad {
		return nil
	}
	v.pos++
	v.depth--
	m := make(map[string]any, len(v.vals)-v0)
	for i, k := range v.keys[k0:] {
		m[k] = v.vals[v0+i]
	}
	v.keys, v.vals = v.keys[:k0], v.vals[:v0]
	return m
}

func (v *viewer) array() []any {
	v.enter()
	v0 := len(v.vals)
	for !v.bad && v.peek() != ']' {
		if len(v.vals) > v0 {
			v.take(',')
		}
		if v.bad {
			break
		}
		val := v.value()
		v.vals = append(v.vals, val)
	}
	if v.bad {
		return nil
	}
	v.pos++
	v.depth--
	list := make([]any, len(v.vals)-v0)
	copy(list, v.vals[v0:])
	v.vals = v.vals[:v0]
	return list
}

func (v *viewer) str() string {
	v.take('"')
	if v.bad {
		return ""
	}
	rest := v.text[v.pos:]
	end := strings.IndexByte(rest, '"')
	if end < 0 {
		v.bad = true
		return ""
	}
	if strings.IndexByte(rest[:end], '\\') < 0 {
		v.pos += end + 1
		return rest[:end]
	}
	return v.escaped()
}

// escaped reads a string in which canonical form had to escape a quote, a
// backslash or a control character (RFC 8785 §3.2.2.2).
func (v *viewer) escaped() string {
	var b strings.Builder
	for v.pos < len(v.text) {
		plain := strings.IndexAny(v.text[v.pos:], `"\`)
		if plain < 0 {
			break
		}
		b.WriteString(v.text[v.pos : v.pos+plain])
		v.pos += plain + 1
		if v.text[v.pos-1] == '"' {
			return b.String()
		}
		b.WriteByte(v.unescape())
	}
	v.bad = true
	return ""
}

var escapes = [256]byte{'"': '"', '\\': '\\', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape reads what follows a backslash.
func (v *viewer) unescape() byte {
	c := v.peek()
	v.pos++
	if e := escapes[c]; e != 0 {
		return e
	}
	if c != 'u' || v.pos+4 > len(v.text) {
		v.bad = true
		return 0
	}
	n, err := strconv.ParseUint(v.text[v.pos:v.pos+4], 16, 7) // only U+0000 to U+001F are written so
	if err != nil {
		v.bad = true
	}
	v.pos += 4
	return byte(n)
}
