package audit

import (
	"context"
	"strconv"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Bounds of sending the log on: entries at a time, how long a process that
// was lost keeps others from it, and the time between attempts.
const (
	followBatch  = 500
	followLease  = time.Minute
	followFirst  = 5 * time.Second
	followAtMost = 10 * time.Minute
)

// followed is where the log is sent on from, by index of the leaf.
type followed struct {
	Next int64 `json:"next"`
}

// Following says how sending the log to one target goes.
type Following struct {
	Target   string
	Sent     int64     // index of the next entry to send: all before it were taken
	Behind   int64     // entries of the log from there
	Failures int64     // attempts that failed since the last that did not
	Failing  time.Time // since when; zero for not
	Error    string    // of the last attempt, if it failed
}

type followHealth struct {
	Error string `json:"error,omitempty"`
}

// Follow sends what the log holds and a target does not have yet, in order,
// and returns how many entries the target took. Where it goes on moves only
// after send has returned nil, so a target has each entry at least once; its
// index tells one that is there twice. When it failed, nothing is tried until
// some time has passed. owner is this process among those that share the store;
// one of them sends at a time.
func (l *Log) Follow(ctx context.Context, target, owner string, send func(context.Context, []Entry) error) (n int, err error) {
	row, c, ok, err := l.follow(ctx, target, owner)
	if err != nil || !ok {
		return 0, err
	}
	var failed error
	for failed == nil && ctx.Err() == nil {
		var batch []Entry
		var next int64
		if batch, next, failed = l.batch(ctx, c.Next); failed != nil || next == c.Next {
			break
		}
		if len(batch) > 0 {
			if failed = send(ctx, batch); failed != nil {
				break
			}
		}
		n, c.Next = n+len(batch), next
		if row.Cursor, failed = canon.Marshal(c); failed == nil {
			failed = l.handle.Write(ctx, func(tx *store.Tx) error {
				if err := tx.SaveSenderCursor(row, owner); err != nil {
					return err
				}
				_, err := tx.LeaseSender(row.Kind, row.Name, owner, followLease.Microseconds())
				return err
			})
		}
	}
	return n, l.followed(context.WithoutCancel(ctx), row, owner, n, failed, ctx.Err() != nil)
}

// follow takes the right to send to a target, when there is anything to send
// and it may be tried.
func (l *Log) follow(ctx context.Context, target, owner string) (row store.Sender, c followed, ok bool, err error) {
	if err := l.handle.Query(ctx, func(tx *store.Tx) error {
		log, err := tx.Log(l.ledger.HomeOrigin(tx.Domain()))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		row, err = tx.Sender(store.SenderSIEM, target)
		if fault.Is(err, fault.NotFound) {
			ok = log.Size > 0
			return nil
		}
		if err != nil {
			return err
		}
		err = canon.Unmarshal(row.Cursor, &c)
		ok = row.Due <= tx.Now() && c.Next < log.Size
		return err
	}); err != nil || !ok {
		return row, c, false, err
	}
	err = l.handle.Write(ctx, func(tx *store.Tx) error {
		row, err = tx.Sender(store.SenderSIEM, target)
		if fault.Is(err, fault.NotFound) {
			row = store.Sender{Kind: store.SenderSIEM, Name: target, Settings: []byte("{}"), Cursor: []byte(`{"next":0}`), Health: []byte("{}")}
			err = tx.AddSender(&row)
		}
		if err != nil {
			return err
		}
		if err := canon.Unmarshal(row.Cursor, &c); err != nil {
			return err
		}
		if row.Due > tx.Now() {
			ok = false
			return nil
		}
		ok, err = tx.LeaseSender(row.Kind, row.Name, owner, followLease.Microseconds())
		return err
	})
	return row, c, ok, err
}

// batch reads the acts among the next leaves; next is the index after them.
func (l *Log) batch(ctx context.Context, from int64) (out []Entry, next int64, err error) {
	next = from
	err = l.handle.Read(ctx, func(tx *store.Tx) error {
		log, err := tx.Log(l.ledger.HomeOrigin(tx.Domain()))
		if err != nil {
			return err
		}
		next = min(log.Size, from+followBatch)
		if err := tx.LogLeaves(log.ID, from, next, func(ix int64, leaf []byte) error {
			e, ok, err := entryAt(ix, leaf)
			if ok {
				out = append(out, e)
			}
			return err
		}); err != nil {
			return err
		}
		for i := range out {
			said := ledger.Entry{Fields: out[i].Fields}
			if err := ledger.Reveal(tx, out[i].Index, &said); err != nil {
				return err
			}
		}
		return nil
	})
	return out, next, err
}

// entryAt reads a leaf; ok is false when it is no act.
func entryAt(ix int64, leaf []byte) (e Entry, ok bool, err error) {
	at, said, ok, err := ledger.ReadEntry(leaf)
	return Entry{Index: ix, At: at, By: said.By, Act: said.Act, Fields: said.Fields}, ok, err
}

// followed records how it went and gives the right to send back. cut says that
// the process is stopping, which counts neither for nor against the target.
func (l *Log) followed(ctx context.Context, row store.Sender, owner string, n int, failed error, cut bool) error {
	err := l.handle.Write(ctx, func(tx *store.Tx) (err error) {
		if n > 0 || failed == nil {
			row.Failures, row.Failing = 0, 0
		}
		health := followHealth{}
		if failed != nil && !cut {
			row.Failures++
			if row.Failing == 0 {
				row.Failing = tx.Now()
			}
			row.Due = tx.Now() + min(followAtMost, followFirst<<min(row.Failures-1, 20)).Microseconds()
			health.Error = oneLine(fault.Message(failed))
		}
		if row.Health, err = canon.Marshal(health); err != nil {
			return err
		}
		return tx.EndSender(row, owner)
	})
	if err != nil || cut {
		return err
	}
	return failed
}

// Followed says how sending the log on goes, for targets that have been tried.
func (l *Log) Followed(ctx context.Context) (out []Following, err error) {
	err = l.handle.Query(ctx, func(tx *store.Tx) error {
		rows, err := tx.Senders(store.SenderSIEM)
		if err != nil || len(rows) == 0 {
			return err
		}
		log, err := tx.Log(l.ledger.HomeOrigin(tx.Domain()))
		if err != nil {
			return err
		}
		for _, row := range rows {
			var c followed
			var health followHealth
			if err := canon.Unmarshal(row.Cursor, &c); err != nil {
				return err
			}
			if err := canon.Unmarshal(row.Health, &health); err != nil {
				return err
			}
			f := Following{Target: row.Name, Sent: c.Next, Behind: log.Size - c.Next, Failures: row.Failures, Error: health.Error}
			if row.Failing != 0 {
				f.Failing = time.UnixMicro(row.Failing).UTC()
			}
			out = append(out, f)
		}
		return nil
	})
	return out, err
}

// String says it in a line.
func (f Following) String() string {
	s := f.Target + ": " + strconv.FormatInt(f.Behind, 10) + " entries behind"
	if f.Error != "" {
		s += ", failing since " + f.Failing.Format(time.RFC3339) + ": " + f.Error
	}
	return s
}
