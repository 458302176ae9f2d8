// Package audit writes what people see into the home log, beside what they
// change, and lets an auditor search, export and verify it.
//
// Invariants: nothing is shown before the entry that says so is committed; an
// entry that cannot be written refuses what it would have recorded; entries
// name ids and what was asked, never what objects say and never a secret; what
// programs read over their tokens is counted per minute, and the first of each
// minute is an entry of its own (ADR 0017).
package audit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Bounds of the queue: how many entries wait at most, how many one
// transaction takes, and how long a value may be, in characters.
const (
	maxWaiting = 4096
	maxBatch   = 256
	maxValue   = 200
)

// Log is the audit log of one domain. It is safe for concurrent use.
type Log struct {
	handle *store.Handle
	ledger *ledger.Ledger
	clock  clock.Clock

	mu       sync.Mutex
	queue    []*waiting // guarded by mu
	count    int        // entries in queue, guarded by mu
	leading  bool       // a goroutine commits what is queued, guarded by mu
	tallies  map[reader]*tally
	overdue  []*tally // their minute is over and they are not written yet
	turned   map[knock]*turned
	away     []*turned // likewise
	starting sync.WaitGroup
}

// waiting is what one caller waits for to be committed.
type waiting struct {
	entries []ledger.Entry
	done    chan error
}

// New returns the audit log of h's domain.
func New(h *store.Handle, l *ledger.Ledger, clk clock.Clock) *Log {
	return &Log{handle: h, ledger: l, clock: clk, tallies: map[reader]*tally{}, turned: map[knock]*turned{}}
}

// Saw records that by did act before it is done, and returns when that is
// committed. fields are names and values in turn; names as
// ledger.Field has them, values are cut to one line of 200 characters, and
// one without a value is left out; what was asked can be erased. Many callers share one transaction. An
// error means that nothing may be shown: fault.Busy when too many wait.
func (l *Log) Saw(ctx context.Context, by people.Actor, act string, fields ...string) error {
	e, err := entryOf(by, act, fields)
	if err != nil {
		return err
	}
	return l.commit(ctx, e)
}

// Searched is Saw for a search: the number of what was found is known only
// afterwards and not part of it.
func (l *Log) Searched(ctx context.Context, by people.Actor, where, asked string) error {
	return l.Saw(ctx, by, "search", "where", where, "asked", asked)
}

// entryOf makes an entry that the home log takes.
func entryOf(by people.Actor, act string, fields []string) (ledger.Entry, error) {
	e := ledger.Entry{By: by.String(), Act: act}
	for i := 0; i+1 < len(fields); i += 2 {
		v := oneLine(fields[i+1])
		if fields[i] == ledger.Asked {
			e.Asked = v
		} else if v != "" {
			e.Fields = append(e.Fields, ledger.Field{Name: fields[i], Value: v})
		}
	}
	if _, err := ledger.HomeEntry(time.Time{}, e.By, e.Act, e.Fields...); err != nil {
		return e, fmt.Errorf("record %q: %w", act, err)
	}
	return e, nil
}

// oneLine returns s as one line of at most maxValue characters.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	}), " ")
	if runes := []rune(s); len(runes) > maxValue {
		return string(runes[:maxValue-1]) + "…"
	}
	return s
}

// commit writes entries, with whatever else waits, and returns when they are
// durable.
func (l *Log) commit(ctx context.Context, entries ...ledger.Entry) error {
	w := &waiting{entries: entries, done: make(chan error, 1)}
	l.mu.Lock()
	if l.count+len(entries) > maxWaiting && len(l.queue) > 0 {
		l.mu.Unlock()
		return fault.New(fault.Busy, "the audit log is busy: nothing is shown unrecorded; try again")
	}
	l.queue = append(l.queue, w)
	l.count += len(entries)
	if !l.leading {
		l.leading = true
		l.starting.Go(l.lead)
	}
	l.mu.Unlock()
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lead commits what is queued until nothing is. While one transaction is
// under way the next batch gathers.
func (l *Log) lead() {
	for {
		batch := l.take()
		if len(batch) == 0 {
			return
		}
		var entries []ledger.Entry
		for _, w := range batch {
			entries = append(entries, w.entries...)
		}
		// No caller's context: one that leaves must not undo the others'.
		err := l.handle.Write(context.Background(), func(tx *store.Tx) error { return l.ledger.RecordAll(tx, entries) })
		if err != nil {
			err = fmt.Errorf("record in the home log: %w", err)
		}
		for _, w := range batch {
			w.done <- err
		}
	}
}

// take returns the next batch, and ends the leading when there is none.
func (l *Log) take() []*waiting {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, entries := 0, 0
	for n < len(l.queue) && (n == 0 || entries+len(l.queue[n].entries) <= maxBatch) {
		entries += len(l.queue[n].entries)
		n++
	}
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	l.count -= entries
	l.leading = n > 0
	return batch
}
