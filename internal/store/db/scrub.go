package db

import "context"

// Scrub gives up the places where deleted rows still stand. SQLite writes its
// file anew and empties its log. PostgreSQL vacuums, after which rows are
// overwritten as others need their room; its archived log is the operator's.
func (d *DB) Scrub(ctx context.Context) error {
	c, err := d.writer.take(ctx)
	if err != nil {
		return translate(err)
	}
	defer d.writer.give(c)
	statements := []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"}
	if d.engine == Postgres {
		statements = statements[:1]
	}
	for _, s := range statements {
		if _, err := c.c.ExecContext(context.WithoutCancel(ctx), s); err != nil {
			c.broken = true
			return translate(err)
		}
	}
	return nil
}
