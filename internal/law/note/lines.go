package note

import (
	"strconv"
	"strings"
	"time"

	"twoseas/internal/base/fault"
)

// Lines reads the grammar that the texts of all our notes share: a title
// line, then lines of a name, one space and a value, in a fixed order, each
// ending in a newline. The first deviation is kept, names its line, and makes
// everything read after it a zero value.
type Lines struct {
	what string // for messages: "shipment", "receipt"
	rest string
	n    int
	err  error
}

// ReadLines starts reading text, whose first line must be title; what names
// it in messages.
func ReadLines(what, title, text string) *Lines {
	l := &Lines{what: what, rest: text}
	if got := l.next(); l.err == nil && got != title {
		l.fail("want %q", title)
	}
	return l
}

// Value returns the value of the next line, whose name must be as given.
func (l *Lines) Value(name string) string {
	s := l.next()
	v, ok := strings.CutPrefix(s, name+" ")
	if l.err == nil && (!ok || v == "") {
		l.fail("want %q and a value", name)
	}
	if l.err != nil {
		return ""
	}
	return v
}

// Field parses the value of the next line, whose name must be as given.
func Field[T any](l *Lines, name string, parse func(string) (T, error)) T {
	var zero T
	s := l.Value(name)
	if l.err != nil {
		return zero
	}
	v, err := parse(s)
	if err != nil {
		l.fail("%s: %w", name, err)
		return zero
	}
	return v
}

// Line parses the whole next line.
func Line[T any](l *Lines, parse func(string) (T, error)) T {
	var zero T
	s := l.next()
	if l.err != nil {
		return zero
	}
	v, err := parse(s)
	if err != nil {
		l.fail("%w", err)
		return zero
	}
	return v
}

// More reports whether there is another line to read.
func (l *Lines) More() bool { return l.err == nil && l.rest != "" }

// Err returns the first deviation, or nil.
func (l *Lines) Err() error { return l.err }

// End returns the first deviation; text that is left over is one.
func (l *Lines) End() error {
	if l.err == nil && l.rest != "" {
		l.n++
		l.fail("text after the end")
	}
	return l.err
}

func (l *Lines) next() string {
	if l.err != nil {
		return ""
	}
	l.n++
	s, rest, ok := strings.Cut(l.rest, "\n")
	if !ok {
		l.fail("the text ends too early")
		return ""
	}
	l.rest = rest
	return s
}

func (l *Lines) fail(format string, a ...any) {
	l.err = fault.Errorf(fault.Invalid, l.what+": line %d: "+format, append([]any{l.n}, a...)...)
}

// Decimal reads a number that has one spelling: digits, no leading zero.
func Decimal(s string) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || strconv.FormatUint(n, 10) != s {
		return 0, fault.Errorf(fault.Invalid, "%.30q: want a decimal number", s)
	}
	return n, nil
}

// Count returns a parser of decimal numbers from lo to hi.
func Count(lo, hi int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || strconv.Itoa(n) != s || n < lo || n > hi {
			return 0, fault.Errorf(fault.Invalid, "%.30q: want a number from %d to %d", s, lo, hi)
		}
		return n, nil
	}
}

// FormatTime writes t as our notes do: RFC 3339, UTC, whole seconds.
func FormatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

const timeLayout = "2006-01-02T15:04:05Z"

// ParseTime reads what FormatTime writes and nothing else.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(timeLayout, s)
	if err != nil || FormatTime(t) != s {
		return time.Time{}, fault.Errorf(fault.Invalid, "%.40q: want a time such as 2022-03-19T00:00:00Z", s)
	}
	return t, nil
}
