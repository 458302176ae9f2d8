package shipment

import (
	"bytes"
	"encoding/base64"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
)

// maxDepth bounds the nesting of an item's values.
const maxDepth = 128

// Item is one thing that crosses. Label and Object are JSON objects in
// canonical form (RFC 8785): whoever makes an item sees to it, and whoever
// receives one checks it.
type Item struct {
	Salt   merkle.Salt
	Label  []byte
	Object []byte
}

// The fixed parts of an item's line. Between the values they are those of the
// canonical form, since "label" < "object" < "salt".
var (
	beforeLabel  = []byte(`{"label":`)
	beforeObject = []byte(`,"object":`)
	beforeSalt   = []byte(`,"salt":"`)
	afterSalt    = []byte("\"}\n")
	closing      = []byte(`}`)
)

// saltChars is the length of a salt in base64.
var saltChars = base64.StdEncoding.EncodedLen(len(merkle.Salt{}))

// Leaf returns the item's leaf: merkle.Leaf of the salt and of
// {"label":<label>,"object":<object>}.
func (it Item) Leaf() ident.Digest {
	return merkle.Leaf(it.Salt, beforeLabel, it.Label, beforeObject, it.Object, closing)
}

// Canonical returns {"label":<label>,"object":<object>}: the bytes that are
// salted and hashed.
func (it Item) Canonical() []byte {
	return bytes.Join([][]byte{beforeLabel, it.Label, beforeObject, it.Object, closing}, nil)
}

// LineSize returns the length of the item's line with its newline.
func (it Item) LineSize() int {
	return len(beforeLabel) + len(it.Label) + len(beforeObject) + len(it.Object) + len(beforeSalt) + saltChars + len(afterSalt)
}

// AppendLine appends the item's line of the body, with its newline.
func AppendLine(dst []byte, it Item) []byte {
	dst = append(append(dst, beforeLabel...), it.Label...)
	dst = append(append(dst, beforeObject...), it.Object...)
	dst = append(dst, beforeSalt...)
	dst = base64.StdEncoding.AppendEncode(dst, it.Salt[:])
	return append(dst, afterSalt...)
}

// ParseLine takes a line of the body apart, newline included, or returns
// fault.Invalid. The item's values share the line's memory. It finds where
// each value ends and that both are objects; that they are well-formed and
// canonical is the caller's to check.
func ParseLine(line []byte) (Item, error) {
	rest, ok := bytes.CutPrefix(line, beforeLabel)
	if !ok {
		return Item{}, fault.Errorf(fault.Invalid, "item: does not start with %s", beforeLabel)
	}
	label, rest, err := cutObject(rest)
	if err != nil {
		return Item{}, fault.Errorf(fault.Invalid, "item: label: %w", err)
	}
	rest, ok = bytes.CutPrefix(rest, beforeObject)
	if !ok {
		return Item{}, fault.Errorf(fault.Invalid, "item: the label is not followed by %s", beforeObject)
	}
	object, rest, err := cutObject(rest)
	if err != nil {
		return Item{}, fault.Errorf(fault.Invalid, "item: object: %w", err)
	}
	salt, err := parseSalt(rest)
	return Item{Salt: salt, Label: label, Object: object}, err
}

// parseSalt reads the end of a line.
func parseSalt(rest []byte) (merkle.Salt, error) {
	var salt merkle.Salt
	b64, ok := bytes.CutPrefix(rest, beforeSalt)
	b64, ok2 := bytes.CutSuffix(b64, afterSalt)
	if !ok || !ok2 || len(b64) != saltChars {
		return salt, fault.New(fault.Invalid, "item: does not end with a salt and a newline")
	}
	raw, err := base64.StdEncoding.Strict().AppendDecode(nil, b64)
	if err != nil || len(raw) != len(salt) {
		return salt, fault.New(fault.Invalid, "item: the salt is not 16 bytes in base64")
	}
	return merkle.Salt(raw), nil
}

// cutObject cuts the JSON object at the start of b from what follows it, by
// matching brackets and skipping strings.
func cutObject(b []byte) ([]byte, []byte, error) {
	if len(b) == 0 || b[0] != '{' {
		return nil, nil, fault.New(fault.Invalid, "not an object")
	}
	var room [maxDepth]byte
	open := room[:0] // the closing brackets awaited, the innermost last
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			if i = endOfString(b, i); i < 0 {
				return nil, nil, fault.New(fault.Invalid, "a string that does not end, or holds a control character")
			}
		case c == '{' || c == '[':
			if len(open) == maxDepth {
				return nil, nil, fault.Errorf(fault.Invalid, "nested deeper than %d", maxDepth)
			}
			open = append(open, c+2) // ASCII: '{'+2 is '}' and '['+2 is ']'
		case c == '}' || c == ']':
			if len(open) == 0 || c != open[len(open)-1] {
				return nil, nil, fault.Errorf(fault.Invalid, "brackets do not match at byte %d", i)
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return b[: i+1 : i+1], b[i+1:], nil
			}
		case c <= ' ':
			return nil, nil, fault.Errorf(fault.Invalid, "white space outside a string at byte %d", i)
		}
	}
	return nil, nil, fault.New(fault.Invalid, "does not end")
}

// endOfString returns the index of the quote that closes the string opened at
// i, or -1.
func endOfString(b []byte, i int) int {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\':
			i++
		case c == '"':
			return i
		case c < ' ':
			return -1
		}
	}
	return -1
}
