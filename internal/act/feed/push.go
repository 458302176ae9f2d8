package feed

import (
	"context"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// pushCursor is where sending goes on.
type pushCursor struct {
	Added   int64  `json:"added,omitempty"`   // date-added of the newest member that was sent, microseconds
	Pending string `json:"pending,omitempty"` // status of what was sent last and is not judged yet
}

// Bounds of an envelope that is sent, and of asking what became of it in one
// run.
const (
	envelopeBytes = 4 << 20
	maxAsked      = 30
)

// push sends what joined a collection since the last run, as far as the
// account may read it there now.
func (j *job) push(ctx context.Context) error {
	var c pushCursor
	if err := canon.Unmarshal(j.row.Cursor, &c); err != nil {
		return err
	}
	for {
		if err := j.judged(ctx, &c); err != nil {
			return err
		}
		from, err := j.reader(ctx)
		if err != nil {
			return err
		}
		e, err := j.envelope(ctx, from, c.Added, j.f.Limit)
		if err != nil || e.objects == 0 {
			return err
		}
		receipt, sent, err := j.post(ctx, from, c.Added, e)
		if err != nil {
			return err
		}
		c.Added = sent.last
		j.out.Pages++
		if receipt.Pending {
			c.Pending = receipt.ID
		} else {
			j.count(receipt)
		}
		if err := j.save(ctx, c); err != nil {
			return err
		}
	}
}

// post sends e, or less of it when that is too large for the server. An object
// that is too large alone is passed over, with a word.
func (j *job) post(ctx context.Context, from readable, after int64, e envelope) (Receipt, envelope, error) {
	for {
		r, err := j.f.Outside.Post(ctx, j.at, e.body)
		if err == nil || !fault.Is(err, fault.TooLarge) {
			return r, e, err
		}
		if e.objects == 1 {
			j.out.remark("one object is too large for the server: " + fault.Message(err))
			return Receipt{Refused: 1}, e, nil
		}
		if e, err = j.envelope(ctx, from, after, e.objects/2); err != nil {
			return Receipt{}, e, err
		}
		if e.objects == 0 { // taken out of the collection meanwhile
			return Receipt{}, envelope{last: after}, nil
		}
	}
}

// judged asks what became of what was sent last, until the server knows, or
// leaves it to the next run.
func (j *job) judged(ctx context.Context, c *pushCursor) error {
	for asked := 0; c.Pending != ""; asked++ {
		if asked == maxAsked {
			return fault.New(fault.Busy, "the server has not said yet what became of what was sent last")
		}
		r, err := j.f.Outside.Status(ctx, j.at, c.Pending)
		switch {
		case fault.Is(err, fault.NotFound): // it kept it for a while only
			j.out.remark("the server does not know any more what became of what was sent last")
			c.Pending = ""
		case err != nil:
			return err
		case !r.Pending:
			j.count(r)
			c.Pending = ""
		}
		if c.Pending == "" {
			return j.save(ctx, c)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(j.f.Wait):
		}
	}
	return nil
}

func (j *job) count(r Receipt) {
	j.out.Sent += r.Accepted
	j.out.Refused += r.Refused
	for _, reason := range r.Reasons {
		j.out.remark(reason)
	}
}

// readable is what an account may read of a collection.
type readable struct {
	collection int64
	class      int64
}

// reader looks up, before each envelope, what the account may read: nothing
// leaves on yesterday's rights.
func (j *job) reader(ctx context.Context) (r readable, err error) {
	by, err := j.f.People.As(ctx, people.System("feed "+j.name), j.s.Account)
	if err != nil {
		return r, err
	}
	access, err := j.f.People.Access(ctx, j.h, by)
	if err != nil {
		return r, err
	}
	var c store.Collection
	if err := j.h.Query(ctx, func(tx *store.Tx) (err error) {
		c, err = tx.Collection(j.s.Collection)
		return err
	}); err != nil {
		return r, err
	}
	if !access.Right(c.ID).Read {
		return r, fault.Errorf(fault.Denied, "%s may not read collection %s: nothing is sent", by, j.s.Collection)
	}
	return readable{c.N, access.Class}, nil
}

// envelope is some objects on their way out.
type envelope struct {
	body    []byte
	objects int
	last    int64 // date-added of the last of them
}

func (j *job) envelope(ctx context.Context, from readable, after int64, limit int) (envelope, error) {
	e := envelope{body: []byte(`{"objects":[`)}
	err := j.h.Query(ctx, func(tx *store.Tx) error {
		_, err := tx.Page(store.PageQuery{
			Collection: from.collection, Class: from.class, After: after, Limit: limit, MaxBytes: envelopeBytes, Types: j.s.Types, Bodies: true,
		}, func(m store.Member) error {
			if e.objects++; e.objects > 1 {
				e.body = append(e.body, ',')
			}
			e.body = append(e.body, m.Body...)
			e.last = m.Added
			return nil
		})
		return err
	})
	e.body = append(e.body, "]}"...)
	return e, err
}
