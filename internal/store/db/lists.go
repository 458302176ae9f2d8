package db

import (
	"strconv"

	"twoseas/internal/base/canon"
)

// AnyInt returns the condition that column is one of the numbers bound to
// parameter n with Ints. It is one of the four places where the engines'
// words differ.
func (t *Tx) AnyInt(column string, n int) string {
	p := "$" + strconv.Itoa(n)
	if t.db.engine == Postgres {
		return column + " = ANY(" + p + "::bigint[])"
	}
	return column + " IN (SELECT value FROM json_each(" + p + "))"
}

// Ints binds numbers for AnyInt.
func (t *Tx) Ints(ns []int64) any {
	if t.db.engine == Postgres {
		return ns
	}
	b := make([]byte, 0, len(ns)*20+2)
	b = append(b, '[')
	for i, n := range ns {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return string(append(b, ']'))
}

// AnyText is AnyInt for texts bound with Texts.
func (t *Tx) AnyText(column string, n int) string {
	p := "$" + strconv.Itoa(n)
	if t.db.engine == Postgres {
		return column + " = ANY(" + p + "::text[])"
	}
	return column + " IN (SELECT value FROM json_each(" + p + "))"
}

// Texts binds texts for AnyText. They must be valid UTF-8 without NUL, which
// PostgreSQL does not take.
func (t *Tx) Texts(texts []string) any {
	if t.db.engine == Postgres {
		return texts
	}
	b := []byte{'['}
	for i, s := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = canon.AppendString(b, s)
	}
	return string(append(b, ']'))
}
