package request

import (
	"context"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// Send asks the partner of q.Agreement, as q says but for its id and times, and
// returns the request's id. What the asker may not see is not attached
// (fault.NotFound), nor what the partner could not get (fault.Denied). class is
// the asker's.
func (r *Requests) Send(ctx context.Context, h *store.Handle, by people.Actor, class int64, q request.Asked) (id string, err error) {
	police := q.Channel == request.LawEnforcement
	if err := by.May(act(police)); err != nil {
		return "", err
	}
	tidy(&q)
	err = h.Write(ctx, func(tx *store.Tx) error {
		terms, err := r.Accords.InForce(tx, q.Agreement)
		if err != nil {
			return err
		}
		if !terms.Permits.Request {
			return fault.Errorf(fault.Denied, "nothing new is asked under %s: %s", q.Agreement, terms.Permits.Why)
		}
		if err := passable(terms.Doc, q); err != nil {
			return err
		}
		if q.ID, err = r.newID(request.Type); err != nil {
			return err
		}
		q.Created = now(tx)
		q.Modified = q.Created
		if !q.By.IsZero() && !q.By.After(q.Created) {
			return fault.New(fault.Invalid, "the day until which it is hoped for has passed")
		}
		seq, err := r.store(tx, class, q)
		if err != nil {
			return err
		}
		a := of(q, seq)
		a.Asker, a.Asked = r.Self, terms.Partner
		if err := r.save(tx, a, begun(a)); err != nil {
			return err
		}
		return r.record(tx, by.String(), "request.send", "request", q.ID, "agreement", string(q.Agreement), "kind", a.Kind, "urgency", a.Urgency)
	})
	return q.ID, err
}

// Correct sends another version of what is asked: its texts, its date and what
// is attached.
func (r *Requests) Correct(ctx context.Context, h *store.Handle, by people.Actor, class int64, q request.Asked) error {
	tidy(&q)
	return h.Write(ctx, func(tx *store.Tx) error {
		a, err := find(tx, by, q.ID)
		if err != nil {
			return err
		}
		c, _, err := course(tx, a)
		if err != nil {
			return err
		}
		if a.Asker != r.Self || !slices.Contains(c.May(r.Self), request.Withdraw) {
			return fault.New(fault.Conflict, "only what this side asks, and has not ended, is corrected")
		}
		before, err := asked(tx, a)
		if err != nil {
			return err
		}
		before.Title, before.Text, before.Basis, before.Done, before.Language = q.Title, q.Text, q.Basis, q.Done, q.Language
		before.Playbook = q.Playbook
		before.By, before.Objects, before.Modified = q.By, q.Objects, later(tx, before.Modified)
		seq, err := r.store(tx, class, before)
		if err != nil {
			return err
		}
		return r.correct(tx, by.String(), a, seq)
	})
}

// store checks and stores what is asked.
func (r *Requests) store(tx *store.Tx, class int64, q request.Asked) (int64, error) {
	raw, err := q.Encode()
	if err != nil {
		return 0, err
	}
	if err := playable(q); err != nil {
		return 0, err
	}
	if err := r.Releases.Nameable(tx, q.Agreement, class, q.Objects); err != nil {
		return 0, err
	}
	return r.say(tx, q.Agreement, q.Channel == request.LawEnforcement, raw)
}

// later is the transaction's time, after a time before.
func later(tx *store.Tx, before time.Time) time.Time {
	t := now(tx)
	if !t.After(before) {
		t = before.Add(time.Microsecond)
	}
	return t
}

// tidy takes what nobody meant to write out of texts.
func tidy(q *request.Asked) {
	q.Title = strings.Join(strings.Fields(q.Title), " ")
	for _, s := range []*string{&q.Text, &q.Basis, &q.Done, &q.Playbook} {
		*s = strings.TrimSpace(strings.ReplaceAll(*s, "\r\n", "\n"))
	}
	q.By = q.By.UTC().Truncate(time.Microsecond)
	slices.Sort(q.Objects)
	q.Objects = slices.Compact(q.Objects)
}

// Move is what a person does about a request.
type Move struct {
	Move   request.Move
	Reason request.Reason
	Until  time.Time
	Text   string
	// After is how many steps of this side the person had seen: when there are
	// others meanwhile, nothing is done and the error is fault.Conflict. A
	// negative number does not look.
	After int
}

// Step makes the next step of this side, whichever it is in the request.
func (r *Requests) Step(ctx context.Context, h *store.Handle, by people.Actor, id string, m Move) error {
	m.Text = strings.TrimSpace(strings.ReplaceAll(m.Text, "\r\n", "\n"))
	return h.Write(ctx, func(tx *store.Tx) error {
		a, err := find(tx, by, id)
		if err != nil {
			return err
		}
		return r.step(tx, by, a, m)
	})
}

func (r *Requests) step(tx *store.Tx, by people.Actor, a store.Assistance, m Move) error {
	c, _, err := course(tx, a)
	if err != nil {
		return err
	}
	own := c.Steps(r.Self)
	if m.After >= 0 && m.After != len(own) {
		return fault.New(fault.Conflict, "somebody here did something about the request after you opened it")
	}
	if !slices.Contains(c.May(r.Self), m.Move) {
		return fault.Errorf(fault.Conflict, "%.40s is not possible while the request is %s", string(m.Move), c.State())
	}
	s := request.Step{
		By: r.Self, N: len(own) + 1, Move: m.Move, On: now(tx), Reason: m.Reason, Until: m.Until.UTC().Truncate(time.Microsecond), Text: m.Text,
	}
	if s.Until.IsZero() && (m.Move == request.Preserve || m.Move == request.Renew) {
		s.Until = c.KeepDefault(m.Move, s.On).Truncate(time.Microsecond)
	}
	if m.Move == request.Verify {
		s.Of = len(c.Steps(a.Asked))
	}
	if c, err = c.With(s); err != nil {
		return err
	}
	objectID, err := r.newID(request.StepType)
	if err != nil {
		return err
	}
	raw, err := request.EncodeStep(objectID, a.ID, s)
	if err != nil {
		return err
	}
	seq, err := r.say(tx, a.Agreement, a.Police, raw)
	if err != nil {
		return err
	}
	return r.took(tx, a, c, store.AssistanceStep{Side: r.Self, N: int64(s.N), Object: seq, Person: by.String()}, by.String())
}

// Seen says to the partner that somebody who deals with its request has opened
// it. It does nothing when that was said, or something more.
func (r *Requests) Seen(ctx context.Context, h *store.Handle, by people.Actor, id string) error {
	unseen := false
	if err := h.Read(ctx, func(tx *store.Tx) error {
		a, err := find(tx, by, id)
		unseen = err == nil && a.Asked == r.Self && a.State == string(request.Delivered)
		return err
	}); err != nil || !unseen {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		a, err := find(tx, by, id)
		if err != nil || a.State != string(request.Delivered) {
			return err
		}
		return r.step(tx, by, a, Move{Move: request.See, After: -1})
	})
}
