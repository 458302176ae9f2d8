package db

import (
	"context"
	"fmt"
	"strings"
)

// Column is one column of a bulk insert. Its type is a PostgreSQL type name;
// values are int64, string, []byte or bool accordingly (a nil []byte is NULL).
type Column struct{ Name, Type string }

// Bulk describes inserts of many rows into one table. It is immutable and
// made once per table, as a package variable.
type Bulk struct {
	columns        []Column
	single, unnest string
}

// MustBulk returns a Bulk for table. A column is written "name type"; conflict
// is "" or a clause such as "ON CONFLICT DO NOTHING".
func MustBulk(table, conflict string, columns ...string) *Bulk {
	b := &Bulk{}
	var names, marks, arrays []string
	for i, c := range columns {
		name, typ, ok := strings.Cut(c, " ")
		if !ok {
			panic("db: column without a type: " + c) // package variables only
		}
		b.columns = append(b.columns, Column{name, typ})
		names = append(names, name)
		marks = append(marks, fmt.Sprintf("$%d", i+1))
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+1, typ))
	}
	into := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") "
	b.single = into + "VALUES (" + strings.Join(marks, ", ") + ") " + conflict
	b.unnest = into + "SELECT * FROM unnest(" + strings.Join(arrays, ", ") + ") " + conflict
	return b
}

// Insert inserts n rows; row fills args, one value a column, for row i. On
// SQLite that is one prepared statement run n times, on PostgreSQL one
// statement over arrays; both are what was measured fastest.
func (t *Tx) Insert(b *Bulk, n int, row func(i int, args []any)) error {
	if n == 0 {
		return nil
	}
	if t.db.engine == Postgres {
		return t.insertArrays(b, n, row)
	}
	if err := t.ready(); err != nil {
		return err
	}
	s, err := t.c.prepare(t.ctx, b.single)
	if err != nil {
		return t.fail(err, b.single)
	}
	ctx := context.WithoutCancel(t.ctx)
	args := make([]any, len(b.columns))
	for i := range n {
		row(i, args)
		if _, err := s.ExecContext(ctx, args...); err != nil {
			return t.fail(err, b.single)
		}
	}
	return t.ctx.Err()
}

func (t *Tx) insertArrays(b *Bulk, n int, row func(i int, args []any)) error {
	arrays := make([]any, len(b.columns))
	for c, col := range b.columns {
		switch col.Type {
		case "bigint":
			arrays[c] = make([]int64, n)
		case "text":
			arrays[c] = make([]string, n)
		case "bytea":
			arrays[c] = make([][]byte, n)
		case "boolean":
			arrays[c] = make([]bool, n)
		default:
			return fmt.Errorf("bulk insert of type %s", col.Type)
		}
	}
	args := make([]any, len(b.columns))
	for i := range n {
		row(i, args)
		for c, v := range args {
			switch v := v.(type) {
			case int64:
				arrays[c].([]int64)[i] = v
			case string:
				arrays[c].([]string)[i] = v
			case []byte:
				arrays[c].([][]byte)[i] = v
			case bool:
				arrays[c].([]bool)[i] = v
			default:
				return fmt.Errorf("bulk insert of a %T", v)
			}
		}
	}
	_, err := t.Exec(b.unnest, arrays...)
	return err
}

// In returns "IN ($from, $from+1, …)" for n values.
func In(from, n int) string {
	var b strings.Builder
	b.WriteString("IN (")
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", from+i)
	}
	b.WriteString(")")
	return b.String()
}
