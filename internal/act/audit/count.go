package audit

import (
	"context"
	"strconv"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/law/note"
)

// window is how long reads of one kind are counted into one entry.
const window = time.Minute

// reader is who reads what: a program by its token, or a person by password.
type reader struct{ account, token, act, place string }

// tally counts the reads of one reader within a minute.
type tally struct {
	by       people.Actor
	key      reader
	from     time.Time
	requests int64 // after the first, which has an entry of its own
	objects  int64 // of all

	opened chan struct{} // closed once err is known
	err    error         // why the first entry could not be written
}

// Counted records that by read objects (0 when they are not counted) at a
// place, such as a collection, in a minute in which it may do so ten thousand
// times a second. The first read of
// a reader, act and place in a minute is committed before Counted returns;
// those after it are added up, and their number is written when the minute is
// over. Should the node be lost, at most the numbers of the last minute are
// lost with it, never who read where. When an entry cannot be written, this
// and all further reads fail until it can.
func (l *Log) Counted(ctx context.Context, by people.Actor, act, place string, objects int64) error {
	key, now := reader{by.Name, by.Token, act, place}, l.clock.Now()
	l.mu.Lock()
	t, ok := l.tallies[key]
	if ok && now.Sub(t.from) < window && !now.Before(t.from) {
		select {
		case <-t.opened:
		default: // the first is still being written
			l.mu.Unlock()
			select {
			case <-t.opened:
			case <-ctx.Done():
				return ctx.Err()
			}
			l.mu.Lock()
		}
		if t.err == nil {
			t.requests++
			t.objects += objects
		}
		l.mu.Unlock()
		return t.err
	}
	if ok {
		l.overdue = append(l.overdue, t)
	}
	t = &tally{by: by, key: key, from: now, objects: objects, opened: make(chan struct{})}
	l.tallies[key] = t
	l.mu.Unlock()
	return l.open(ctx, t)
}

// open writes the first entry of a tally, and what is overdue with it.
func (l *Log) open(ctx context.Context, t *tally) error {
	first, err := entryOf(t.by, t.key.act, []string{"collection", t.key.place})
	if err == nil {
		err = l.settle(ctx, first)
	}
	l.mu.Lock()
	t.err = err
	if err != nil && l.tallies[t.key] == t {
		delete(l.tallies, t.key) // the next one tries again
	}
	l.mu.Unlock()
	close(t.opened)
	return err
}

// settle commits entries together with the tallies that are overdue; these
// stay overdue when it fails.
func (l *Log) settle(ctx context.Context, entries ...ledger.Entry) error {
	l.mu.Lock()
	due := l.overdue
	l.overdue = nil
	var all []ledger.Entry
	for _, t := range due {
		if t.requests > 0 {
			all = append(all, t.entry())
		}
	}
	l.mu.Unlock()
	all = append(all, entries...)
	if len(all) == 0 {
		return nil
	}
	// A client that leaves must not lose the numbers.
	err := l.commit(context.WithoutCancel(ctx), all...)
	if err != nil {
		l.mu.Lock()
		l.overdue = append(due, l.overdue...)
		l.mu.Unlock()
	}
	return err
}

// entry says how many more reads there were in the minute.
func (t *tally) entry() ledger.Entry {
	var fields []ledger.Field
	if place := oneLine(t.key.place); place != "" { // what is read nowhere, such as a message that is a test
		fields = append(fields, ledger.Field{Name: "collection", Value: place})
	}
	fields = append(fields, ledger.Field{Name: "more", Value: strconv.FormatInt(t.requests, 10)}, ledger.Field{Name: "since", Value: note.FormatTime(t.from)})
	if t.objects > 0 {
		fields = append(fields, ledger.Field{Name: "objects", Value: strconv.FormatInt(t.objects, 10)})
	}
	return ledger.Entry{By: t.by.String(), Act: t.key.act, Fields: fields}
}

// Flush writes the numbers of the minutes that are over. The node calls it
// now and then.
func (l *Log) Flush(ctx context.Context) error { return l.flush(ctx, false) }

// Close writes the numbers of the minutes under way too, and waits until
// everything that was recorded is committed. Nothing may be recorded any more.
func (l *Log) Close(ctx context.Context) error {
	err := l.flush(ctx, true)
	l.starting.Wait()
	return err
}

func (l *Log) flush(ctx context.Context, all bool) error {
	now := l.clock.Now()
	l.mu.Lock()
	for key, t := range l.tallies {
		select {
		case <-t.opened:
		default:
			continue // its first entry is being written
		}
		if all || now.Sub(t.from) >= window || now.Before(t.from) {
			l.overdue = append(l.overdue, t)
			delete(l.tallies, key)
		}
	}
	l.mu.Unlock()
	if err := l.settle(ctx); err != nil {
		return err
	}
	return l.settleTurned(ctx, all)
}
