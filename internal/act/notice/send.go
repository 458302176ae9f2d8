package notice

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// How much is taken on at once, and how long a message is tried.
const (
	formAtOnce  = 200
	claimAtOnce = 20
	firstRetry  = time.Minute
	lastRetry   = 2 * time.Hour
	tryFor      = 4 * 24 * time.Hour
)

// How long the mail server is left alone after it could not be used.
const (
	firstRest = 15 * time.Second
	lastRest  = 15 * time.Minute
)

// Outside is the mail server.
type Outside interface {
	// Open connects to it.
	Open(ctx context.Context) (Line, error)
}

// Line is an open connection to the mail server, for one goroutine.
type Line interface {
	// Send hands a message over and reports whether it went encrypted. A
	// *Refusal is about this message; any other error is about the server, and
	// leaves it open whether the message was taken.
	Send(ctx context.Context, m Message) (sealed bool, err error)
	Close() error
}

// Refusal is the mail server's word that it does not take a message.
type Refusal struct {
	Code      int
	Text      string
	Permanent bool
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d %s", r.Code, r.Text) }

// Server is how the mail server is doing.
type Server struct {
	Failures int       `json:"failures"`
	Since    time.Time `json:"since,omitzero"`
	Due      time.Time `json:"due,omitzero"` // not tried again before
	Problem  string    `json:"problem,omitempty"`
	Took     time.Time `json:"took,omitzero"` // when it last took a message, about
}

const serverSetting = "mail server"

func serverOf(tx *store.Tx) (s Server, err error) {
	raw, err := tx.Setting(serverSetting)
	if err != nil || raw == nil {
		return s, err
	}
	return s, canon.Unmarshal(raw, &s)
}

func saveServer(tx *store.Tx, s Server) error {
	raw, err := canon.Marshal(s)
	if err != nil {
		return err
	}
	return tx.SetSetting(serverSetting, raw)
}

// Sent counts what a run of Send did.
type Sent struct{ Taken, Refused, Later, Dropped int }

// Send writes messages out of notices whose time has come and hands over those
// that are due, until none is or the mail server cannot be used.
func (n *Notices) Send(ctx context.Context, h *store.Handle) (done Sent, err error) {
	if err := n.form(ctx, h); err != nil || n.Outside == nil {
		return done, err
	}
	for ctx.Err() == nil {
		batch, err := n.claim(ctx, h)
		if err != nil || len(batch) == 0 {
			return done, err
		}
		if err := n.hand(ctx, h, batch, &done); err != nil {
			return done, err
		}
	}
	return done, ctx.Err()
}

// claim takes messages for this process, unless the server is to be left alone.
func (n *Notices) claim(ctx context.Context, h *store.Handle) (batch []store.Mail, err error) {
	idle := false
	if err := h.Query(ctx, func(tx *store.Tx) error {
		s, err := serverOf(tx)
		if err != nil {
			return err
		}
		at, err := tx.NextMail()
		idle = at == 0 || at > tx.Now() || s.Due.UnixMicro() > tx.Now()
		return err
	}); err != nil || idle {
		return nil, err
	}
	err = h.Write(ctx, func(tx *store.Tx) (err error) {
		batch, err = tx.ClaimMails(n.Owner, n.Lease.Microseconds(), claimAtOnce)
		return err
	})
	return batch, err
}

// hand hands a batch over on one connection. What is not handed over is given
// back.
func (n *Notices) hand(ctx context.Context, h *store.Handle, batch []store.Mail, done *Sent) error {
	until := n.Clock.Now().Add(n.Lease / 2) // the rest of the lease is for the one under way
	line, err := n.Outside.Open(ctx)
	if err != nil {
		return n.rest(ctx, h, batch, err)
	}
	for i, m := range batch {
		if ctx.Err() != nil || n.Clock.Now().After(until) {
			return errors.Join(n.giveBack(ctx, h, batch[i:]), line.Close())
		}
		if err := n.handOne(ctx, h, line, m, done); err != nil {
			return errors.Join(n.rest(ctx, h, batch[i:], err), line.Close())
		}
	}
	if err := n.works(ctx, h); err != nil {
		return errors.Join(err, line.Close())
	}
	_ = line.Close() // everything on it was answered
	return nil
}

// handOne hands one message over and records what became of it. An error is
// about the server or the store.
func (n *Notices) handOne(ctx context.Context, h *store.Handle, line Line, m store.Mail, done *Sent) error {
	var msg Message
	ok := false
	if err := h.Query(ctx, func(tx *store.Tx) (err error) {
		msg, ok, err = n.compose(tx, m)
		return err
	}); err != nil {
		return err
	}
	now := n.Clock.Now()
	m.Problem, m.Ended = "", now.UnixMicro()
	if !ok {
		m.State = store.MailDropped
		done.Dropped++
		return n.end(ctx, h, m)
	}
	sealed, err := line.Send(ctx, msg)
	refused, about := errors.AsType[*Refusal](err)
	switch {
	case err == nil:
		m.State, m.Sealed = store.MailSent, sealed
		done.Taken++
	case !about:
		return err
	case refused.Permanent:
		m.State, m.Problem = store.MailRefused, refused.Error()
		done.Refused++
	case now.Sub(clock.At(m.Created)) > tryFor:
		m.State, m.Problem = store.MailRefused, "not taken for days: "+refused.Error()
		done.Refused++
	default:
		m.Problem, m.Ended, m.Due = refused.Error(), 0, now.Add(backOff(m.Attempts, firstRetry, lastRetry)).UnixMicro()
		done.Later++
	}
	return n.end(ctx, h, m)
}

// end records what became of a message, also when ctx has ended. Another
// process that took the message over records it itself.
func (n *Notices) end(ctx context.Context, h *store.Handle, all ...store.Mail) error {
	return h.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		for _, m := range all {
			if err := tx.EndMail(m, n.Owner); err != nil && !fault.Is(err, fault.Conflict) {
				return err
			}
		}
		return nil
	})
}

// giveBack lets others have messages that were not tried.
func (n *Notices) giveBack(ctx context.Context, h *store.Handle, rest []store.Mail) error {
	for i := range rest {
		rest[i].Attempts--
	}
	return n.end(ctx, h, rest...)
}

// rest gives messages back and leaves the server alone for a while; it returns
// the trouble.
func (n *Notices) rest(ctx context.Context, h *store.Handle, rest []store.Mail, trouble error) error {
	if err := n.giveBack(ctx, h, rest); err != nil || ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	err := h.Write(ctx, func(tx *store.Tx) error {
		s, err := serverOf(tx)
		if err != nil {
			return err
		}
		now := n.Clock.Now()
		if s.Failures++; s.Since.IsZero() {
			s.Since = now
		}
		s.Due, s.Problem = now.Add(backOff(int64(s.Failures), firstRest, lastRest)), fault.Message(trouble)
		tx.Notify(store.TopicNotice)
		return saveServer(tx, s)
	})
	return errors.Join(trouble, err)
}

// works records that the server took messages; that it still does, now and then
// only.
func (n *Notices) works(ctx context.Context, h *store.Handle) error {
	now := n.Clock.Now()
	quiet := false
	if err := h.Query(ctx, func(tx *store.Tx) error {
		s, err := serverOf(tx)
		quiet = s.Failures == 0 && now.Sub(s.Took).Abs() < time.Minute
		return err
	}); err != nil || quiet {
		return err
	}
	return h.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return saveServer(tx, Server{Took: now}) })
}

func backOff(attempt int64, first, last time.Duration) time.Duration {
	d := first
	for range min(attempt-1, 20) {
		d = min(2*d, last)
	}
	return d
}

// name makes the left part of a Message-ID of what the message tells, so that
// the same is never told under two.
func (n *Notices) name(to store.Addressee, list []store.Notice) string {
	m := hmac.New(sha256.New, n.Secret[:])
	write := func(s string) { m.Write([]byte(s + "\x00")) }
	write("mail")
	write(to.Person)
	write(to.Address)
	for _, x := range list {
		write(x.Cause)
		write(x.Step)
	}
	return hex.EncodeToString(m.Sum(nil)[:16])
}
