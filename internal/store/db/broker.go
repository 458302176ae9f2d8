package db

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Everything is the topic a subscriber gets when it may have missed some:
// after a reconnection, or when another process wrote to the SQLite file.
const Everything = "*"

// pollInterval is how soon a change by another process to an SQLite file is
// noticed.
const pollInterval = 250 * time.Millisecond

// broker tells subscribers in this process which topics changed, whichever
// process changed them.
type broker struct {
	mu   sync.Mutex
	subs map[chan string]struct{} // guarded by mu
	told int64                    // guarded by mu
	wg   sync.WaitGroup
}

// Listen returns a channel of topics that changed after the call; it is closed
// when ctx ends. A subscriber that does not keep up gets Everything once.
func (d *DB) Listen(ctx context.Context) <-chan string {
	ch := make(chan string, 64)
	b := &d.broker
	b.mu.Lock()
	b.subs[ch] = struct{}{}
	b.mu.Unlock()
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, ch)
		close(ch)
	})
	return ch
}

// Told returns how often this process has told its subscribers that something
// changed. Who finds, once it listens, the number that it found before it read,
// has missed nothing in between.
func (d *DB) Told() int64 {
	d.broker.mu.Lock()
	defer d.broker.mu.Unlock()
	return d.broker.told
}

func (b *broker) publish(topics []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told++
	for ch := range b.subs {
		for _, t := range topics {
			select {
			case ch <- t:
			default: // full, and Everything says what it holds
				for len(ch) > 0 {
					select {
					case <-ch:
					default: // the subscriber was faster
					}
				}
				ch <- Everything // only publish sends, and there is room
			}
		}
	}
}

// publishLocal tells this process's subscribers without waiting for the
// engine to bring the news back.
func (b *broker) publishLocal(topics []string) {
	if len(topics) > 0 {
		b.publish(topics)
	}
}

func (b *broker) start(ctx context.Context, d *DB) error {
	b.subs = map[chan string]struct{}{}
	if d.engine == Postgres {
		b.wg.Go(func() { b.followPostgres(ctx, d) })
		return nil
	}
	now, err := d.look(ctx)
	if err != nil {
		return err
	}
	b.wg.Go(func() { b.pollSQLite(ctx, d, now) })
	return nil
}

func (b *broker) wait() { b.wg.Wait() }

// followPostgres holds one connection that listens. Once it does, first or
// again, those who subscribed before are told Everything.
func (b *broker) followPostgres(ctx context.Context, d *DB) {
	for ctx.Err() == nil {
		err := b.listenOnce(ctx, d)
		if err != nil && ctx.Err() == nil {
			sleep(ctx, time.Second)
		}
	}
}

func (b *broker) listenOnce(ctx context.Context, d *DB) error {
	sqlDB, err := sql.Open("pgx", d.source)
	if err != nil {
		return err
	}
	defer func() { _ = sqlDB.Close() }() // only listened
	c, err := sqlDB.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Raw(func(raw any) error {
		pc, ok := raw.(*stdlib.Conn)
		if !ok {
			return errors.New("not a pgx connection")
		}
		return b.follow(ctx, pc.Conn())
	})
}

func (b *broker) follow(ctx context.Context, pc *pgx.Conn) error {
	var schema string
	if err := pc.QueryRow(ctx, "SELECT current_schema()").Scan(&schema); err != nil {
		return err
	}
	if _, err := pc.Exec(ctx, "LISTEN twoseas"); err != nil {
		return err
	}
	b.publish([]string{Everything})
	for {
		n, err := pc.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if topic, ok := strings.CutPrefix(n.Payload, schema+" "); ok {
			b.publish([]string{topic})
		}
	}
}

// seen is what one connection said the file's version was.
type seen struct {
	by      *sql.Conn
	version int64
}

// look asks the writer's connection, for which only the commits of others
// count. A connection opened since may have missed some.
func (d *DB) look(ctx context.Context) (seen, error) {
	c, err := d.writer.take(ctx)
	if err != nil {
		return seen{}, err
	}
	defer d.writer.give(c)
	s := seen{by: c.c}
	err = c.c.QueryRowContext(ctx, "PRAGMA data_version").Scan(&s.version)
	return s, err
}

// pollSQLite tells Everything when another process has written.
func (b *broker) pollSQLite(ctx context.Context, d *DB, last seen) {
	for sleep(ctx, pollInterval) {
		now, err := d.look(ctx)
		if err != nil {
			continue // busy, or closing; the next look will tell
		}
		if now != last {
			b.publish([]string{Everything})
		}
		last = now
	}
}

// sleep waits for d and reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
