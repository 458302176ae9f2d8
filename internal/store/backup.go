package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"twoseas/internal/store/db"
	"twoseas/internal/store/migrations"
)

// The logical form of a store (ADR 0010), the same for both engines:
//
//	"twoseas/store/v1\n", then per table
//	'T' name, number of columns, (name, type) each, then per row 'R' and values,
//	'E' and the SHA-256 of everything before it.
//
// Numbers and lengths are varints; a value is a type byte and its bytes.
const dumpTitle = "twoseas/store/v1\n"

// Record marks and value types of a dump.
const (
	markTable, markRow, markEnd   = 'T', 'R', 'E'
	isNull, isInt, isText, isBlob = 'n', 'i', 's', 'b'
	isTrue, isFalse               = '1', '0'
)

// maxValue bounds one value of a dump, against a file that is not one.
const maxValue = 64 << 20

// table is what the schema says of one table.
type table struct {
	name    string
	columns []db.Column
	key     []string // its primary key
}

// tables reads the schema's own text: every table, its columns and its primary
// key, in order.
func tables() ([]table, error) {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return nil, err
	}
	var raw []byte
	for _, name := range names {
		text, err := migrations.Files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		raw = append(raw, text...)
	}
	var out []table
	in := false
	for line := range strings.Lines(string(raw)) {
		f := strings.Fields(line)
		switch {
		case len(f) >= 4 && f[0] == "CREATE" && f[1] == "TABLE":
			out, in = append(out, table{name: f[2]}), true
		case strings.HasPrefix(line, ")"):
			in = false
		case in && len(f) >= 2 && f[0] == "PRIMARY":
			_, list, _ := strings.Cut(line, "(")
			list, _, _ = strings.Cut(list, ")")
			out[len(out)-1].key = strings.Split(list, ", ")
		case in && len(f) >= 2 && f[0] != "--":
			t := &out[len(out)-1]
			t.columns = append(t.columns, db.Column{Name: f[0], Type: strings.ToLower(strings.TrimSuffix(f[1], ","))})
			if strings.Contains(line, "PRIMARY KEY") {
				t.key = f[:1]
			}
		}
	}
	return out, nil
}

// Dump writes everything in the store to w, from one snapshot, while others go
// on reading and writing. Secrets in it stay sealed.
func (s *Store) Dump(ctx context.Context, w io.Writer) error {
	all, err := tables()
	if err != nil {
		return err
	}
	sum := sha256.New()
	e := &dumper{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 256<<10)}
	e.bytes([]byte(dumpTitle))
	if err := s.DB.Read(ctx, func(t *db.Tx) error {
		for _, tab := range all {
			if err := e.table(t, tab); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	e.bytes([]byte{markEnd})
	if err := errors.Join(e.err, e.w.Flush()); err != nil {
		return err
	}
	_, err = w.Write(sum.Sum(nil))
	return err
}

type dumper struct {
	w   *bufio.Writer
	err error
}

func (e *dumper) bytes(b []byte) {
	if e.err == nil {
		_, e.err = e.w.Write(b)
	}
}

func (e *dumper) number(n int64) { e.bytes(binary.AppendVarint(nil, n)) }

func (e *dumper) text(s string) {
	e.number(int64(len(s)))
	e.bytes([]byte(s))
}

func (e *dumper) table(t *db.Tx, tab table) error {
	e.bytes([]byte{markTable})
	e.text(tab.name)
	e.number(int64(len(tab.columns)))
	names := make([]string, len(tab.columns))
	for i, c := range tab.columns {
		names[i] = c.Name
		e.text(c.Name)
		e.text(c.Type)
	}
	values := make([]any, len(names))
	dest := make([]any, len(names))
	for i := range values {
		dest[i] = &values[i]
	}
	// Names come from the schema's own text, never from outside. The order is
	// that of the keys' bytes, so that equal stores give equal dumps.
	return t.Each(func(r *sql.Rows) error {
		if err := r.Scan(dest...); err != nil {
			return err
		}
		e.bytes([]byte{markRow})
		for i, v := range values {
			if err := e.value(tab.columns[i].Type, v); err != nil {
				return fmt.Errorf("%s.%s: %w", tab.name, names[i], err)
			}
		}
		return e.err
	}, "SELECT "+strings.Join(names, ", ")+" FROM "+tab.name+" ORDER BY "+tab.order(t.Engine()))
}

func (tab table) order(e db.Engine) string {
	terms := slices.Clone(tab.key)
	for i, name := range terms {
		if e == db.Postgres && has(tab.columns, db.Column{Name: name, Type: "text"}) {
			terms[i] += ` COLLATE "C"`
		}
	}
	return strings.Join(terms, ", ")
}

func (e *dumper) value(typ string, v any) error {
	switch v := v.(type) {
	case nil:
		e.bytes([]byte{isNull})
	case bool:
		e.boolean(v)
	case int64:
		if typ == "boolean" {
			e.boolean(v != 0)
			return nil
		}
		e.bytes([]byte{isInt})
		e.number(v)
	case string:
		e.bytes([]byte{isText})
		e.text(v)
	case []byte:
		e.bytes([]byte{isBlob})
		e.number(int64(len(v)))
		e.bytes(v)
	default:
		return fmt.Errorf("a %T cannot be dumped", v)
	}
	return nil
}

func (e *dumper) boolean(b bool) {
	mark := byte(isFalse)
	if b {
		mark = isTrue
	}
	e.bytes([]byte{mark})
}
