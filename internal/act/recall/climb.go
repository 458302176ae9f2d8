package recall

import (
	"context"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// Climbing is an act that is open on a channel, and how far it has climbed.
type Climbing struct {
	Recall    string
	Direction string
	Agreement ident.Agreement
	Partner   ident.Side
	Items     int64
	Asked     time.Time
	Rung      int
	Next      time.Time // when it climbs on; zero at the top
}

// maxOpen bounds the list of what is open.
const maxOpen = 500

// Watchers are the acts of which any lets a person see what is open: those who
// recall from the first moment, the nodal ministry from its rung on.
func Watchers() []people.Act { return []people.Act{people.Recall, people.Agree} }

// Waiting returns what is open and waits for by: everything past its first
// interval for who may Recall, what has climbed to the nodal ministry for who
// may Agree.
func (r *Recalls) Waiting(ctx context.Context, h *store.Handle, by people.Actor) (out []Climbing, err error) {
	from := recall.Agenda + 1
	if by.May(people.Agree) == nil {
		from = recall.Nodal
	}
	if by.May(people.Recall) == nil {
		from = recall.Contact
	}
	if from > recall.Agenda {
		return nil, nil
	}
	all, err := r.Open(ctx, h)
	for _, c := range all {
		if c.Rung >= from {
			out = append(out, c)
		}
	}
	return out, err
}

// Open returns every act that is open, on each channel, oldest first: numbers
// and times, and nothing of what it names.
func (r *Recalls) Open(ctx context.Context, h *store.Handle) (out []Climbing, err error) {
	err = h.Read(ctx, func(tx *store.Tx) error {
		out, err = r.Climbing(tx)
		return err
	})
	return out, err
}

// Climbing returns what Open does, in a transaction of the caller's.
func (r *Recalls) Climbing(tx *store.Tx) (out []Climbing, err error) {
	open, err := tx.OpenRecalls(maxOpen)
	if err != nil || len(open) == 0 {
		return nil, err
	}
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	for _, o := range open {
		c := Climbing{Recall: o.Recall, Direction: o.Direction, Items: o.Items, Asked: clock.At(o.Asked)}
		for _, ch := range channels {
			if ch.ID == o.Channel {
				c.Agreement, c.Partner = ch.Agreement, ch.Partner
			}
		}
		every, err := r.interval(tx, c.Agreement, c.Asked)
		if err != nil {
			return nil, err
		}
		c.Rung = recall.Rung(c.Asked, clock.At(tx.Now()), every)
		if c.Rung < recall.Agenda {
			c.Next = c.Asked.Add(time.Duration(c.Rung+1) * every)
		}
		out = append(out, c)
	}
	return out, nil
}

// Flow is how many ids were called back in one direction since a time: the
// thin lines against the stream. Whoever may not recall is told of none.
func (r *Recalls) Flow(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, since time.Time) (out, in int64, err error) {
	if by.May(people.Recall) != nil {
		return 0, 0, nil //nolint:nilerr // none to tell
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		out, in, err = tx.RecallFlow(ch.ID, since.UnixMicro())
		return err
	})
	return out, in, err
}
