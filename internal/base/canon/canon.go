// Package canon is where JSON becomes canonical bytes (RFC 8785) and where a
// bundle is streamed apart. It is the only importer of the JSON library.
//
// Invariants: Canonicalize(Canonicalize(x)) == Canonicalize(x); an integer
// that canonical form would alter is refused; duplicate member names, invalid
// UTF-8 and nesting deeper than MaxDepth are refused.
package canon

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"twoseas/internal/base/fault"
)

// MaxDepth bounds the nesting of arrays and objects.
const MaxDepth = 100

// Canonicalize returns the RFC 8785 form of raw, which is not changed. What
// is wrong with raw is said in a fault.Invalid.
func Canonicalize(raw []byte) ([]byte, error) {
	if err := scan(raw); err != nil {
		return nil, err
	}
	v := jsontext.Value(bytes.Clone(raw))
	if err := v.Canonicalize(); err != nil {
		return nil, syntax(err)
	}
	return v, nil
}

// IsCanonical reports whether raw is already its RFC 8785 form.
func IsCanonical(raw []byte) bool {
	c, err := Canonicalize(raw)
	return err == nil && bytes.Equal(c, raw)
}

// Decode parses a JSON object into a view: map[string]any, []any, string,
// float64, bool, nil.
func Decode(raw []byte) (map[string]any, error) {
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, syntax(err)
	}
	if m == nil {
		return nil, fault.New(fault.Invalid, "JSON: want an object, got null")
	}
	return m, nil
}

// Unmarshal parses raw into v; member names match case-sensitively.
func Unmarshal(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v); err != nil {
		return syntax(err)
	}
	return nil
}

// UnmarshalStrict is Unmarshal that refuses members v does not have.
func UnmarshalStrict(raw []byte, v any) error {
	if err := json.Unmarshal(raw, v, json.RejectUnknownMembers(true)); err != nil {
		return syntax(err)
	}
	return nil
}

// Marshal returns the canonical form of v.
func Marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return Canonicalize(b)
}

// Write returns v as JSON with its members in the order of v's fields, for
// people and programs that read output; it is not canonical.
func Write(v any) ([]byte, error) { return json.Marshal(v, json.Deterministic(true)) }

// Indent returns raw laid out for reading, two spaces a level.
func Indent(raw []byte) ([]byte, error) {
	v := jsontext.Value(bytes.Clone(raw))
	if err := v.Indent(jsontext.WithIndent("  ")); err != nil {
		return nil, syntax(err)
	}
	return v, nil
}

// AppendString appends s as a canonical JSON string.
func AppendString(dst []byte, s string) []byte {
	out, err := jsontext.AppendQuote(dst, s)
	if err != nil { // invalid UTF-8: written with U+FFFD, as AppendQuote does
		return out
	}
	return out
}

// syntax turns the library's errors into fault.Invalid.
func syntax(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fault.Errorf(fault.Invalid, "JSON ends too early: %w", err)
	}
	return fault.Errorf(fault.Invalid, "JSON: %w", err)
}

// scan bounds nesting and refuses integers that a double cannot hold. It
// leaves everything else about syntax to the library.
func scan(raw []byte) error {
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			i = endOfString(raw, i)
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return fault.Errorf(fault.Invalid, "JSON: nested deeper than %d at byte %d", MaxDepth, i)
			}
		case c == '}' || c == ']':
			depth--
		case c == '-' || (c >= '0' && c <= '9'):
			end := endOfNumber(raw, i)
			if !exact(raw[i:end]) {
				return fault.Errorf(fault.Invalid, "JSON: number %.40s at byte %d is not one a double holds (RFC 7493 §2.2)", raw[i:end], i)
			}
			i = end - 1
		}
	}
	return nil
}

// endOfString returns the index of the quote that closes the string opened at
// i, or the last index of raw.
func endOfString(raw []byte, i int) int {
	for i++; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(raw) - 1
}

func endOfNumber(raw []byte, i int) int {
	for i++; i < len(raw); i++ {
		switch c := raw[i]; {
		case c >= '0' && c <= '9', c == '.', c == 'e', c == 'E', c == '+', c == '-':
		default:
			return i
		}
	}
	return i
}

// exact reports whether a number is within a double's range and, when it is
// written as an integer, the number that its double prints; fractions are
// doubles by nature.
func exact(num []byte) bool {
	fraction := bytes.ContainsAny(num, ".eE")
	if len(num) < 16 && !fraction {
		return true
	}
	f, err := strconv.ParseFloat(string(num), 64)
	if fraction {
		return err == nil
	}
	return err == nil && string(strconv.AppendFloat(nil, f, 'f', -1, 64)) == string(num)
}
