package db

import (
	"context"
	"strconv"
)

// MaxStatements is how many statements a connection keeps.
const MaxStatements = maxStatements

// Statements returns how many statements the connection behind t keeps.
func (t *Tx) Statements() int { return len(t.c.statements) }

// SetBusyTimeout makes the writer wait for another process so many
// milliseconds.
func (d *DB) SetBusyTimeout(ctx context.Context, ms int) error {
	if d.engine == Postgres {
		return d.onWriter(ctx, "SET lock_timeout = "+strconv.Itoa(ms))
	}
	return d.onWriter(ctx, "PRAGMA busy_timeout = "+strconv.Itoa(ms))
}

// Limit makes an SQLite file full at so many pages.
func (d *DB) Limit(ctx context.Context, pages int) error {
	return d.onWriter(ctx, "PRAGMA max_page_count = "+strconv.Itoa(pages))
}

// onWriter runs a statement on each connection of the writer, outside any
// transaction.
func (d *DB) onWriter(ctx context.Context, text string) error {
	var all []*conn
	defer func() {
		for _, c := range all {
			d.writer.give(c)
		}
	}()
	for range cap(d.writer.idle) {
		c, err := d.writer.take(ctx)
		if err != nil {
			return err
		}
		all = append(all, c)
		if _, err := c.c.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}
