package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// Load fills an empty store from a dump, in one transaction: all or nothing. A
// dump that is cut short or was changed is fault.Invalid, and a store that
// holds something fault.Conflict.
func (s *Store) Load(ctx context.Context, r io.Reader) error {
	all, err := tables()
	if err != nil {
		return err
	}
	known := map[string]table{}
	for _, t := range all {
		known[t.name] = t
	}
	sum := sha256.New()
	l := &loader{raw: bufio.NewReaderSize(r, 256<<10), sum: sum, known: known}
	if err := l.title(); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(t *db.Tx) error {
		for _, tab := range all {
			var one int64
			found, err := t.Get([]any{&one}, "SELECT 1 FROM "+tab.name+" LIMIT 1")
			if err != nil {
				return err
			}
			if found {
				return fault.Errorf(fault.Conflict, "the store is not empty: %s has rows", tab.name)
			}
		}
		return l.load(t)
	})
}

type loader struct {
	raw   *bufio.Reader
	sum   hash.Hash
	known map[string]table
	tab   table
	bulk  *db.Bulk
	rows  [][]any
	size  int
}

func badDump(format string, a ...any) error {
	return fault.Errorf(fault.Invalid, "not a sound backup: "+format, a...)
}

func (l *loader) title() error {
	b, err := l.take(len(dumpTitle))
	if err != nil || string(b) != dumpTitle {
		return badDump("it does not begin like one")
	}
	return nil
}

func (l *loader) take(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(l.raw, b); err != nil {
		return nil, badDump("it ends too early")
	}
	l.sum.Write(b)
	return b, nil
}

// ReadByte makes the loader a source of varints.
func (l *loader) ReadByte() (byte, error) {
	c, err := l.raw.ReadByte()
	if err == nil {
		l.sum.Write([]byte{c})
	}
	return c, err
}

func (l *loader) number() (int64, error) {
	n, err := binary.ReadVarint(l)
	if err != nil {
		return 0, badDump("it ends too early")
	}
	return n, nil
}

func (l *loader) blob() ([]byte, error) {
	n, err := l.number()
	if err != nil {
		return nil, err
	}
	if n < 0 || n > maxValue {
		return nil, badDump("a value of %d bytes", n)
	}
	return l.take(int(n))
}

func (l *loader) load(t *db.Tx) error {
	for {
		mark, err := l.ReadByte()
		if err != nil {
			return badDump("it ends too early")
		}
		switch mark {
		case markTable:
			if err := errors.Join(l.flush(t), l.begin()); err != nil {
				return err
			}
		case markRow:
			if err := l.row(t); err != nil {
				return err
			}
		case markEnd:
			return errors.Join(l.flush(t), l.end())
		default:
			return badDump("an unknown record %q", mark)
		}
	}
}

func (l *loader) end() error {
	want := l.sum.Sum(nil)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(l.raw, got); err != nil || string(got) != string(want) {
		return badDump("its digest does not fit")
	}
	if _, err := l.raw.ReadByte(); !errors.Is(err, io.EOF) {
		return badDump("something follows it")
	}
	return nil
}

func (l *loader) begin() error {
	name, err := l.blob()
	if err != nil {
		return err
	}
	tab, ok := l.known[string(name)]
	if !ok {
		return badDump("an unknown table %.40q: use the version of twoseas that made it, or a newer one", name)
	}
	n, err := l.number()
	if err != nil || n < 1 || n > int64(len(tab.columns)) {
		return badDump("table %s with %d columns", tab.name, n)
	}
	l.tab = table{name: tab.name}
	var spec []string
	for range n {
		column, err := l.blob()
		if err != nil {
			return err
		}
		typ, err := l.blob()
		if err != nil {
			return err
		}
		c := db.Column{Name: string(column), Type: string(typ)}
		if !has(tab.columns, c) {
			return badDump("an unknown column %s.%.40s", tab.name, column)
		}
		l.tab.columns = append(l.tab.columns, c)
		spec = append(spec, c.Name+" "+c.Type)
	}
	l.bulk = db.MustBulk(tab.name, "", spec...)
	return nil
}

func has(columns []db.Column, c db.Column) bool {
	for _, x := range columns {
		if x == c {
			return true
		}
	}
	return false
}

func (l *loader) row(t *db.Tx) error {
	if l.bulk == nil {
		return badDump("a row before any table")
	}
	row := make([]any, len(l.tab.columns))
	for i, c := range l.tab.columns {
		v, err := l.value(c.Type)
		if err != nil {
			return err
		}
		if b, ok := v.([]byte); ok {
			l.size += len(b)
		}
		row[i] = v
	}
	if l.rows = append(l.rows, row); len(l.rows) >= 1000 || l.size > 8<<20 {
		return l.flush(t)
	}
	return nil
}

func (l *loader) flush(t *db.Tx) error {
	rows := l.rows
	l.rows, l.size = nil, 0
	if len(rows) == 0 {
		return nil
	}
	err := t.Insert(l.bulk, len(rows), func(i int, args []any) { copy(args, rows[i]) })
	if db.IsWrong(err) {
		return badDump("rows of %s do not fit the schema: %w", l.tab.name, err)
	}
	return err
}

func (l *loader) value(typ string) (any, error) {
	mark, err := l.ReadByte()
	if err != nil {
		return nil, badDump("it ends too early")
	}
	switch {
	case mark == isNull && typ == "bytea":
		return []byte(nil), nil
	case mark == isInt && typ == "bigint":
		n, err := l.number()
		return n, err
	case mark == isText && typ == "text":
		b, err := l.blob()
		return string(b), err
	case mark == isBlob && typ == "bytea":
		b, err := l.blob()
		if b == nil {
			b = []byte{}
		}
		return b, err
	case (mark == isTrue || mark == isFalse) && typ == "boolean":
		return mark == isTrue, nil
	}
	return nil, badDump("a value %q in a column of type %s", mark, typ)
}
