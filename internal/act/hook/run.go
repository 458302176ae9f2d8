package hook

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/webhook"
	"twoseas/internal/store"
)

// Retries begin after firstBackOff and are at most maxBackOff apart; maxLater
// bounds what a receiver may ask for.
const (
	firstBackOff = 5 * time.Second
	maxBackOff   = time.Hour
	maxLater     = 24 * time.Hour
)

// maxRun bounds the messages of one run, so that none lasts for ever.
const maxRun = 100

// Due returns the names of the subscriptions that may have something to send
// now.
func (k *Hooks) Due(ctx context.Context, h *store.Handle) (due []string, err error) {
	err = h.Query(ctx, func(tx *store.Tx) error {
		rows, err := tx.Senders(store.SenderHook)
		for _, row := range rows {
			if !row.Paused && row.Due <= tx.Now() {
				due = append(due, row.Name)
			}
		}
		return err
	})
	return due, err
}

// Failure is what went wrong with a subscription, recorded in its health.
type Failure struct {
	Hook string
	Err  error
}

// Error says which it was and why.
func (f *Failure) Error() string { return "hook " + f.Hook + ": " + f.Err.Error() }

// Unwrap returns why.
func (f *Failure) Unwrap() error { return f.Err }

// run is one run of a subscription.
type run struct {
	k      *Hooks
	h      *store.Handle
	row    store.Sender
	s      kept
	c      cursor
	health Health
	owner  string
	now    int64
	sent   int
}

// Run sends what a subscription is to be told, if it is due, and returns how
// many messages were taken. What keeps a message from being delivered is a
// *Failure, and recorded. A subscription that another process runs, or that
// has nothing to tell, costs no write.
func (k *Hooks) Run(ctx context.Context, h *store.Handle, name string) (int, error) {
	r := &run{k: k, h: h, owner: k.Owner + "/" + strconv.FormatInt(k.runs.Add(1), 10)}
	if ready, err := r.peek(ctx, name); err != nil || !ready {
		return 0, err
	}
	if ok, err := r.begin(ctx, name); err != nil || !ok {
		return 0, err
	}
	failed := r.deliver(ctx)
	return r.sent, r.end(context.WithoutCancel(ctx), failed, ctx.Err() != nil)
}

// peek looks, without taking the right to run, whether there is anything to
// do.
func (r *run) peek(ctx context.Context, name string) (ready bool, err error) {
	err = r.h.Query(ctx, func(tx *store.Tx) error {
		row, err := tx.Sender(store.SenderHook, name)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil || row.Paused || row.Due > tx.Now() {
			return err
		}
		ready = true
		return r.read(row)
	})
	if err != nil || !ready || r.c.Pending != nil {
		return ready, err
	}
	l, err := r.look(ctx)
	if err != nil {
		return true, nil //nolint:nilerr // deliver finds the same, and records it
	}
	err = r.h.Read(ctx, func(tx *store.Tx) error {
		l.tx = tx
		p, err := l.next()
		ready = p != nil || l.moved
		return err
	})
	return ready, err
}

func (r *run) read(row store.Sender) (err error) {
	r.row = row
	if r.s, err = keptOf(row); err != nil {
		return err
	}
	if r.c, err = cursorOf(row); err != nil {
		return err
	}
	r.health, err = healthOf(row)
	return err
}

// begin takes the right to run and reads everything anew.
func (r *run) begin(ctx context.Context, name string) (ok bool, err error) {
	err = r.h.Write(ctx, func(tx *store.Tx) error {
		row, err := tx.Sender(store.SenderHook, name)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil || row.Paused || row.Due > tx.Now() {
			return err
		}
		if ok, err = tx.LeaseSender(store.SenderHook, name, r.owner, r.k.Lease.Microseconds()); err != nil || !ok {
			return err
		}
		r.now = tx.Now()
		return r.read(row)
	})
	return ok, err
}

func (r *run) look(ctx context.Context) (*look, error) {
	by, access, err := r.k.reader(ctx, r.h, r.row.Name, r.s.Settings)
	return &look{k: r.k, s: r.s.Settings, by: by, class: access.Class, c: &r.c}, err
}

// deliver sends one message after the other until there is none, or one
// cannot be delivered.
func (r *run) deliver(ctx context.Context) error {
	for range maxRun {
		l, err := r.look(ctx)
		if err != nil {
			return err
		}
		if r.c.Pending == nil {
			if err := r.h.Read(ctx, func(tx *store.Tx) (err error) {
				l.tx = tx
				r.c.Pending, err = l.next()
				return err
			}); err != nil {
				return err
			}
			if r.c.Pending == nil && !l.moved {
				return nil
			}
			// Before it goes out for the first time, so that it has its id and
			// its extent again should this process be lost.
			if err := r.save(ctx); err != nil || r.c.Pending == nil {
				return err
			}
		}
		if err := r.one(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// one delivers the message that is under way, or drops it when nobody may
// hear of it any more.
func (r *run) one(ctx context.Context, l *look) error {
	p := *r.c.Pending
	var data []byte
	var secrets [][]byte
	if err := r.h.Read(ctx, func(tx *store.Tx) (err error) {
		l.tx, r.now = tx, tx.Now()
		if data, err = l.tell(p); err != nil {
			return err
		}
		secrets, err = r.secrets(tx)
		return err
	}); err != nil {
		return err
	}
	if data != nil {
		if r.k.Reads != nil {
			if err := r.k.Reads(ctx, l.by, "hook."+string(p.Event), p.Place); err != nil {
				return err
			}
		}
		err := r.k.Outside.Send(ctx, Target{r.s.URL, r.s.CA}, r.message(p, data, secrets))
		r.attempted(p, err)
		if err != nil {
			return err
		}
		r.sent++
		r.health.Delivered++
		r.health.Succeeded = time.UnixMicro(r.now).UTC()
	}
	if p.Event != Test {
		r.c.Marks[p.mark()] = p.To
	}
	r.c.Pending = nil
	return r.save(ctx)
}

// secrets returns what messages are signed with: the secret, and for a while
// the one before it.
func (r *run) secrets(tx *store.Tx) ([][]byte, error) {
	secret, err := r.k.Ring.Reveal(tx, secretPlace(r.row.Name))
	if err != nil {
		return nil, err
	}
	out := [][]byte{secret}
	if since := tx.Now() - r.s.Rotated; r.s.Rotated == 0 || since < 0 || since >= r.k.Overlap.Microseconds() {
		return out, nil
	}
	old, err := r.k.Ring.Reveal(tx, oldPlace(r.row.Name))
	if fault.Is(err, fault.NotFound) {
		return out, nil
	}
	return append(out, old), err
}

// message writes and signs a message. Its envelope says what it is, when it
// was noticed and in which domain; its signature is of now.
func (r *run) message(p pending, data []byte, secrets [][]byte) Message {
	at := time.UnixMicro(r.now)
	b := []byte(`{"type":`)
	b = canon.AppendString(b, string(p.Event))
	b = append(b, `,"timestamp":"`...)
	b = time.UnixMicro(p.At).UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `","domain":`...)
	b = canon.AppendString(b, r.h.Domain().String())
	b = append(b, `,"hook":`...)
	b = canon.AppendString(b, r.row.Name)
	b = append(b, `,"data":`...)
	b = append(append(b, data...), '}')
	return Message{ID: p.ID, Timestamp: strconv.FormatInt(at.Unix(), 10), Signature: webhook.Sign(p.ID, at, b, secrets...), Body: b}
}

func (r *run) attempted(p pending, err error) {
	a := Attempt{At: time.UnixMicro(r.now).UTC(), ID: p.ID, Event: p.Event}
	if err != nil {
		a.Error = clip(fault.Message(err))
	}
	r.health.Attempts = slices.Insert(r.health.Attempts, 0, a)
	r.health.Attempts = r.health.Attempts[:min(len(r.health.Attempts), maxAttempts)]
}

// save records where the subscription goes on and keeps the right to run it.
func (r *run) save(ctx context.Context) (err error) {
	if r.row.Cursor, err = canon.Marshal(r.c); err != nil {
		return err
	}
	return r.h.Write(ctx, func(tx *store.Tx) error {
		if err := tx.SaveSenderCursor(r.row, r.owner); err != nil {
			return err
		}
		_, err := tx.LeaseSender(store.SenderHook, r.row.Name, r.owner, r.k.Lease.Microseconds())
		return err
	})
}

// end records what the run found and gives the right to run back. cut says
// that the process is stopping, which counts neither for nor against.
func (r *run) end(ctx context.Context, failed error, cut bool) error {
	if fault.Is(failed, fault.Conflict) { // somebody changed it: what they said holds
		return nil
	}
	err := r.h.Write(ctx, func(tx *store.Tx) error {
		stopped := r.settle(failed, tx.Now(), cut)
		var err error
		if r.row.Cursor, err = canon.Marshal(r.c); err != nil {
			return err
		}
		if r.row.Health, err = canon.Marshal(r.health); err != nil {
			return err
		}
		if err := tx.EndSender(r.row, r.owner); fault.Is(err, fault.Conflict) {
			return nil
		} else if err != nil || !stopped {
			return err
		}
		return r.k.note(tx, people.System("hooks"), "hook.stop", "hook", r.row.Name)
	})
	if err == nil && failed != nil && !cut {
		return &Failure{r.row.Name, failed}
	}
	return err
}

// settle works out health and the time of the next attempt, and reports
// whether the subscription stops.
func (r *run) settle(failed error, now int64, cut bool) (stopped bool) {
	if cut {
		return false
	}
	if failed == nil {
		r.row.Due, r.row.Failures, r.row.Failing, r.health.Error = now, 0, 0, ""
		return false
	}
	if r.sent > 0 { // it works, or did until now
		r.row.Failures, r.row.Failing = 0, 0
	}
	r.row.Failures++
	if r.row.Failing == 0 || r.row.Failing > now {
		r.row.Failing = now
	}
	r.health.Error = clip(fault.Message(failed))
	r.row.Due = now + r.k.backOff(r.row.Failures, failed).Microseconds()
	if fault.Is(failed, fault.NotFound) || now-r.row.Failing >= r.k.GiveUp.Microseconds() {
		r.row.Paused, r.health.Stopped = true, time.UnixMicro(now).UTC()
		return true
	}
	return false
}

// backOff returns how long to leave a receiver alone: twice as long each time,
// spread, and as long as it said at least.
func (k *Hooks) backOff(failures int64, err error) time.Duration {
	wait := min(maxBackOff, firstBackOff<<min(failures-1, 20))
	var b [8]byte
	if k.draw(b[:]) == nil { // else retries are not spread, that is all
		wait = wait/2 + time.Duration(binary.BigEndian.Uint64(b[:])>>1%uint64(wait/2+1)) //nolint:gosec // below the back-off
	}
	if later, ok := errors.AsType[*Later](err); ok {
		wait = max(wait, min(later.After, maxLater))
	}
	return wait
}

// maxSaid bounds what is kept of an error, in characters.
const maxSaid = 300

func clip(s string) string {
	if r := []rune(s); len(r) > maxSaid {
		return string(r[:maxSaid]) + "…"
	}
	return s
}
