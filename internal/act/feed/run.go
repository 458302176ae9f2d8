package feed

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// How long to wait after failures: the first time, at most, and at most when a
// server says how long.
const (
	firstBackOff = time.Minute
	maxBackOff   = 6 * time.Hour
	maxLater     = 24 * time.Hour
)

// ErrLeased says that another process is running the source.
var ErrLeased = fault.New(fault.Busy, "another process is running this feed")

// Result is what one run did.
type Result struct {
	Pages   int           `json:"pages,omitempty"` // or documents, or envelopes
	Taken   intake.Report `json:"taken,omitzero"`
	Sent    int           `json:"sent,omitempty"`    // objects the server took
	Refused int           `json:"refused,omitempty"` // objects the server did not take
	Remarks []string      `json:"remarks,omitempty"`
}

// Moved reports whether the run brought or sent anything.
func (r Result) Moved() bool {
	return r.Taken.New+r.Taken.Updated+r.Taken.Refused+r.Sent+r.Refused > 0
}

// maxRemarks bounds the remarks of a result, and what is kept of refusals.
const maxRemarks = 20

func (r *Result) remark(text string) {
	if len(r.Remarks) < maxRemarks {
		r.Remarks = append(r.Remarks, clip(text))
	}
}

// maxSaid bounds what is kept of what a server said, in runes.
const maxSaid = 400

func clip(s string) string {
	if r := []rune(s); len(r) > maxSaid {
		return string(r[:maxSaid]) + "…"
	}
	return s
}

// Health is how a source is doing.
type Health struct {
	Began     time.Time `json:"began,omitzero"`     // of the last run
	Ended     time.Time `json:"ended,omitzero"`     // "
	Succeeded time.Time `json:"succeeded,omitzero"` // end of the last run that did not fail
	Brought   time.Time `json:"brought,omitzero"`   // end of the last run that moved anything
	Error     string    `json:"error,omitempty"`    // of the last run
	Last      Result    `json:"last,omitzero"`
	Runs      int64     `json:"runs,omitempty"`
	Failed    int64     `json:"failed,omitempty"`
	Objects   int64     `json:"objects,omitempty"` // new, updated or sent, in all
}

// job is one run of one source.
type job struct {
	f     *Feeds
	h     *store.Handle
	name  string
	owner string // of the lease: this run
	row   store.Feed
	s     Settings
	at    Remote
	now   int64 // when it began
	out   Result

	// Of files: what they were like, and the events of a MISP feed.
	seen   map[string]Mark
	events map[string]string
}

// RunDue runs one source that is due, if there is one that no other process is
// running, and reports whether there was. What went wrong with the source, which
// is part of its health too, is a *Failure.
func (f *Feeds) RunDue(ctx context.Context, h *store.Handle) (bool, error) {
	var due []string
	err := h.Query(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.DueFeeds(1, f.Lease.Microseconds())
		return err
	})
	if err != nil || len(due) == 0 {
		return false, err
	}
	_, err = f.run(ctx, h, due[0], true)
	if _, failed := errors.AsType[*Failure](err); failed {
		return true, err
	}
	if errors.Is(err, ErrLeased) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		return true, nil // another was quicker, or it is gone
	}
	return true, err
}

// Run runs a source now, in this process, whether it is due or not, and returns
// what it did and what went wrong.
func (f *Feeds) Run(ctx context.Context, h *store.Handle, by people.Actor, name string) (Result, error) {
	if err := mayRun(by); err != nil {
		return Result{}, err
	}
	out, err := f.run(ctx, h, name, false)
	if failed, ok := errors.AsType[*Failure](err); ok {
		return out, failed.Err
	}
	return out, err
}

// Failure is what went wrong with a source, recorded in its health.
type Failure struct {
	Feed string
	Err  error
}

// Error says which source it was and why.
func (f *Failure) Error() string { return "feed " + f.Feed + ": " + f.Err.Error() }

// Unwrap returns why.
func (f *Failure) Unwrap() error { return f.Err }

func (f *Feeds) run(ctx context.Context, h *store.Handle, name string, onlyDue bool) (Result, error) {
	j, err := f.begin(ctx, h, name, onlyDue)
	if err != nil {
		return Result{}, err
	}
	work, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	limited, cancel := context.WithTimeout(work, f.MaxTime)
	defer cancel()
	renewed := make(chan struct{})
	go j.renew(limited, stop, renewed)
	err = j.work(limited)
	switch {
	case ctx.Err() != nil: // this process is stopping: nobody's fault
		err = ctx.Err()
	case context.Cause(work) != nil:
		err = context.Cause(work)
	case err != nil && limited.Err() != nil:
		err = fault.Errorf(fault.Busy, "left after %s; it goes on from where it was", f.MaxTime)
	}
	cancel()
	<-renewed
	return j.out, j.end(context.WithoutCancel(ctx), err, ctx.Err() != nil)
}

// begin takes the right to run the source and reads what is said of it.
func (f *Feeds) begin(ctx context.Context, h *store.Handle, name string, onlyDue bool) (*job, error) {
	j := &job{f: f, h: h, name: name, owner: f.Owner + "/" + strconv.FormatInt(f.runs.Add(1), 10)}
	err := h.Write(ctx, func(tx *store.Tx) (err error) {
		if j.row, err = tx.Feed(name); err != nil {
			return err
		}
		if j.row.Paused {
			return errPaused(name)
		}
		if onlyDue && j.row.Due > tx.Now() {
			return ErrLeased // it was done meanwhile
		}
		j.now = tx.Now()
		if ok, err := tx.LeaseFeed(name, j.owner, f.Lease.Microseconds()); err != nil {
			return err
		} else if !ok {
			return ErrLeased
		}
		if j.s, err = settingsOf(j.row); err != nil {
			return err
		}
		j.at = Remote{URL: j.s.URL, Collection: j.s.Remote, User: j.s.User, CA: j.s.CA, Private: j.s.Private}
		secret, err := f.Ring.Reveal(tx, secretPlace(name))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		j.at.Secret = string(secret)
		return err
	})
	return j, err
}

// renew keeps the right to run the source until ctx ends, and stops the run
// when it is lost.
func (j *job) renew(ctx context.Context, stop context.CancelCauseFunc, done chan<- struct{}) {
	defer close(done)
	tick := time.NewTicker(j.f.Lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := j.h.Write(ctx, func(tx *store.Tx) error {
			row, err := tx.Feed(j.name)
			if err == nil && row.Paused {
				return errPaused(j.name)
			}
			if err != nil {
				return err
			}
			ok, err := tx.LeaseFeed(j.name, j.owner, j.f.Lease.Microseconds())
			if err == nil && !ok {
				err = ErrLeased
			}
			return err
		})
		if err != nil && ctx.Err() == nil {
			stop(err)
			return
		}
	}
}

func (j *job) work(ctx context.Context) error {
	switch j.s.Kind {
	case TAXII:
		return j.pull(ctx)
	case Push:
		return j.push(ctx)
	case STIX, CSV, Text, MISP:
	}
	return j.documents(ctx)
}

// save records where the next run goes on.
func (j *job) save(ctx context.Context, cursor any) error {
	raw, err := canon.Marshal(cursor)
	if err != nil {
		return err
	}
	return j.h.Write(ctx, func(tx *store.Tx) error { return tx.SaveFeedCursor(j.name, j.owner, raw) })
}

// end records what the run did and when the next is. cut says that the process
// is stopping, which counts neither for nor against the source.
func (j *job) end(ctx context.Context, failed error, cut bool) error {
	err := j.h.Write(ctx, func(tx *store.Tx) error {
		var health Health
		was := j.row.Due
		if err := canon.Unmarshal(j.row.Health, &health); err != nil {
			return err
		}
		j.settle(&health, failed, time.UnixMicro(tx.Now()).UTC(), cut)
		var err error
		if j.row.Health, err = canon.Marshal(health); err != nil {
			return err
		}
		if err := tx.EndFeed(j.row, j.owner, was); err != nil {
			return err
		}
		if !j.out.Moved() {
			return nil
		}
		return j.f.note(tx, people.System("feeds"), "feed.run", j.told()...)
	})
	if err == nil && failed != nil {
		return &Failure{j.name, failed}
	}
	return err
}

// settle works out health and the time of the next run.
func (j *job) settle(health *Health, failed error, now time.Time, cut bool) {
	health.Began, health.Ended = time.UnixMicro(j.now).UTC(), now
	health.Last, health.Error = j.out.short(), ""
	health.Objects += int64(j.out.Taken.New + j.out.Taken.Updated + j.out.Sent)
	if j.out.Moved() {
		health.Brought = now
	}
	if cut {
		j.row.Due = now.UnixMicro()
		return
	}
	health.Runs++
	if failed == nil {
		health.Succeeded = now
		j.row.Failures = 0
		j.row.Due = now.Add(j.s.every()).UnixMicro()
		return
	}
	health.Failed++
	health.Error = clip(fault.Message(failed))
	j.row.Failures++
	j.row.Due = now.Add(j.f.backOff(j.row.Failures, failed)).UnixMicro()
}

// short leaves out what health need not keep.
func (r Result) short() Result {
	r.Taken.Remarks = nil
	r.Taken.Refusals = r.Taken.Refusals[:min(len(r.Taken.Refusals), maxRemarks)]
	return r
}

// told returns what the journal gets to know of a run.
func (j *job) told() []string {
	t := j.out.Taken
	fields := []string{"feed", j.name}
	for _, n := range []struct {
		name string
		n    int
	}{{"new", t.New}, {"updated", t.Updated}, {"not-taken", t.Refused}, {"sent", j.out.Sent}, {"not-taken-there", j.out.Refused}} {
		if n.n > 0 {
			fields = append(fields, n.name, strconv.Itoa(n.n))
		}
	}
	return fields
}

// backOff returns how long to leave a source alone that failed so many times
// in a row: twice as long each time, spread, and as long as it said at least.
func (f *Feeds) backOff(failures int64, err error) time.Duration {
	wait := min(maxBackOff, firstBackOff<<min(failures-1, 20))
	wait = wait/2 + time.Duration(f.random()%uint64(wait/2+1)) //nolint:gosec // below the back-off
	if later, ok := errors.AsType[*Later](err); ok {
		wait = max(wait, min(later.After, maxLater))
	}
	return wait
}

func (f *Feeds) random() uint64 {
	var b [8]byte
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := io.ReadFull(f.Rand, b[:]); err != nil {
		return 0 // retries are not spread, that is all
	}
	return binary.BigEndian.Uint64(b[:]) >> 1
}
