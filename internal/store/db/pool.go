package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5/stdlib"
)

// maxStatements bounds the prepared statements one connection keeps.
const maxStatements = 400

// pool hands out connections that keep their prepared statements. It exists
// because a *sql.Tx prepares anew in each transaction.
type pool struct {
	db   *sql.DB
	idle chan *conn // nil stands for one not opened yet
	// losses counts connections that were lost. Those opened before the newest
	// loss are replaced: whatever cut one has most likely cut them all.
	losses atomic.Int64
}

// conn belongs to whoever took it from the pool.
type conn struct {
	c          *sql.Conn
	statements map[string]*sql.Stmt
	broken     bool
	gone       bool  // known to be lost
	fresh      bool  // opened for whoever has it now
	opened     int64 // losses of the pool when it was opened
}

func newPool(db *sql.DB, size int) *pool {
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	p := &pool{db: db, idle: make(chan *conn, size)}
	for range size {
		p.idle <- nil
	}
	return p
}

func (p *pool) take(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err // select would not prefer it
	}
	select {
	case c := <-p.idle:
		if c != nil && c.opened == p.losses.Load() {
			return c, nil
		}
		if c == nil {
			c = &conn{}
		}
		if err := p.open(ctx, c); err != nil {
			p.give(c)
			return nil, err
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// open opens c, in place of what it was before.
func (p *pool) open(ctx context.Context, c *conn) error {
	c.close(true)
	*c = conn{broken: true, opened: p.losses.Load()}
	sc, err := p.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	c.c, c.statements, c.fresh, c.broken = sc, map[string]*sql.Stmt{}, true, false
	return nil
}

// renew opens c anew if it was lost while it lay idle, and reports whether it
// did.
func (p *pool) renew(ctx context.Context, c *conn) (bool, error) {
	if c.fresh || !c.lost() {
		return false, nil
	}
	p.losses.CompareAndSwap(c.opened, c.opened+1)
	err := p.open(ctx, c)
	return err == nil, err
}

// begin takes a connection and begins a transaction on it.
func (p *pool) begin(ctx context.Context, text string) (*conn, error) {
	c, err := p.take(ctx)
	if err != nil {
		return nil, err
	}
	err = c.exec(context.WithoutCancel(ctx), text)
	if err != nil {
		renewed, e := p.renew(ctx, c)
		if err = errors.Join(err, e); renewed {
			err = c.exec(context.WithoutCancel(ctx), text)
		}
	}
	if err != nil {
		c.broken = c.broken || !isBusy(err)
		p.give(c)
		return nil, err
	}
	return c, nil
}

// give puts c back; a connection that failed as such is thrown away.
func (p *pool) give(c *conn) {
	if c.gone && c.c != nil {
		p.losses.CompareAndSwap(c.opened, c.opened+1)
	}
	if c.broken || c.gone {
		c.close(true)
		p.idle <- nil
		return
	}
	c.fresh = false
	p.idle <- c
}

func (p *pool) close() error {
	for {
		select {
		case c := <-p.idle:
			if c != nil {
				c.close(false)
			}
			continue
		default:
		}
		return p.db.Close()
	}
}

// lost reports whether the connection itself is gone, for use after an error.
func (c *conn) lost() bool {
	if c.gone || c.c == nil {
		return true
	}
	c.gone = c.c.Raw(func(raw any) error {
		if pc, ok := raw.(*stdlib.Conn); ok && pc.Conn().IsClosed() {
			return driver.ErrBadConn
		}
		return nil
	}) != nil
	return c.gone
}

// close releases the connection; bad ones are taken out of the sql.DB as well.
// What fails here fails on something already given up.
func (c *conn) close(bad bool) {
	if c.c == nil {
		return
	}
	for _, s := range c.statements {
		_ = s.Close() // see above
	}
	if bad {
		_ = c.c.Raw(func(any) error { return driver.ErrBadConn }) // makes database/sql drop it
	}
	_ = c.c.Close() // see above
}

func (c *conn) exec(ctx context.Context, query string) error {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx)
	return err
}

func (c *conn) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(context.WithoutCancel(ctx), args...)
}

func (c *conn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.statements[query]; ok {
		return s, nil
	}
	if len(c.statements) >= maxStatements {
		for q, s := range c.statements {
			_ = s.Close() // only a cache entry
			delete(c.statements, q)
		}
	}
	s, err := c.c.PrepareContext(context.WithoutCancel(ctx), query)
	if err != nil {
		return nil, err
	}
	c.statements[query] = s
	return s, nil
}
