package request

import (
	"fmt"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// begun is the course of a request before anybody did anything about it.
func begun(a store.Assistance) request.Course {
	c := request.New(a.Asker, a.Asked, clock.At(a.Sent))
	c.DeliveredOn, c.Preserves = clock.At(a.Received), a.Kind == string(request.Preservation)
	return c
}

// course folds a request from the stored objects.
func course(tx *store.Tx, a store.Assistance) (request.Course, []store.AssistanceStep, error) {
	c := begun(a)
	steps, err := tx.AssistanceSteps(a.ID)
	if err != nil {
		return c, nil, err
	}
	for _, s := range steps {
		obj, err := tx.Object(s.Object)
		if err != nil {
			return c, nil, err
		}
		_, step, err := request.ParseStep(obj.Body)
		if err != nil {
			return c, nil, err
		}
		if c, err = c.With(step); err != nil {
			return c, nil, fmt.Errorf("fold %s: %w", a.ID, err)
		}
	}
	return c, steps, nil
}

// asked returns what is asked, as its newest version says.
func asked(tx *store.Tx, a store.Assistance) (request.Asked, error) {
	obj, err := tx.Object(a.Object)
	if err != nil {
		return request.Asked{}, err
	}
	return request.Parse(obj.Body)
}

// save brings the view of a request up to its course.
func (r *Requests) save(tx *store.Tx, a store.Assistance, c request.Course) error {
	c.DeliveredOn = clock.At(a.Received)
	state := c.State()
	a.State, a.Open, a.Changed = string(state), state.Open() && a.Refused == "", tx.Now()
	word, _ := c.Word()
	a.Word = clock.Micro(word)
	a.Kept, a.Renewal = clock.Micro(c.KeptUntil()), clock.Micro(c.RenewalAsked())
	a.Rank = r.rank(a, c)
	return tx.SaveAssistance(a)
}

// rank is the place of a request in lists: what waits for somebody comes by
// when that is due, everything else after it, what changed last first.
func (r *Requests) rank(a store.Assistance, c request.Course) int64 {
	steps := c.Steps(a.Asked)
	switch {
	case !a.Open:
	case a.Word == 0 && a.Due != 0:
		return a.Due
	case a.Word == 0 && a.Received != 0:
		return a.Received
	case a.Word == 0:
		return a.Sent
	case a.State == string(request.Done) && a.Asker == r.Self:
		return a.Changed
	case a.Renewal != 0 && a.Asked == r.Self:
		return a.Changed
	case a.Kept != 0:
		return a.Kept - request.KeepWarnings()[0].Microseconds()
	case a.State == string(request.Postponed) && a.Asked == r.Self && !steps[len(steps)-1].Until.IsZero():
		return clock.Micro(steps[len(steps)-1].Until)
	}
	return store.AssistanceIdle + store.AssistanceIdle/2 - a.Changed
}

// received says when the other node took a request in, which is the time of its
// receipt on both, and by when the asked side means to say a first word.
func (r *Requests) received(tx *store.Tx, a *store.Assistance, at time.Time) error {
	at = at.UTC().Truncate(time.Second) // as receipts have it
	a.Received = clock.Micro(at)
	terms, err := r.Accords.InForce(tx, a.Agreement)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		return nil // nobody says how soon
	}
	if err != nil {
		return err
	}
	target := terms.Doc.Targets.FirstWord(at).Of(request.Urgency(a.Urgency))
	if target <= 0 {
		return nil
	}
	var when request.Calendar
	if request.Urgency(a.Urgency) != request.Urgent { // which is for who is on duty at any hour
		if when, err = terms.Doc.WorkingTime(a.Asked); err != nil {
			return err
		}
	}
	a.Target, a.Due = target.Microseconds(), clock.Micro(request.Due(at, target, when))
	return nil
}

// Level is whom a reminder about a request without a first word goes to now.
func Level(a store.Assistance, at time.Time) request.Level {
	if a.Word != 0 || !a.Open || a.Due == 0 {
		return request.Nobody
	}
	return request.Climb(clock.At(a.Due), time.Duration(a.Target)*time.Microsecond, at)
}

// partner is the other side of a request, seen from this one.
func (r *Requests) partner(a store.Assistance) ident.Side {
	if a.Asker == r.Self {
		return a.Asked
	}
	return a.Asker
}
