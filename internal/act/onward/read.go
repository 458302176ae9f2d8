package onward

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/onward"
	"twoseas/internal/store"
)

// maxList bounds a list of requests.
const maxList = 200

// List returns the newest requests, both sides'. They name no object.
func (o *Onwards) List(ctx context.Context, h *store.Handle, by people.Actor) (out []store.Onward, err error) {
	err = o.read(ctx, h, by, func(tx *store.Tx) error {
		out, err = tx.Onwards(maxList)
		return err
	})
	return out, err
}

// Waiting returns the partners' requests that wait for by, oldest first.
func (o *Onwards) Waiting(ctx context.Context, h *store.Handle, by people.Actor) (out []store.Onward, err error) {
	if by.May(people.Approve) != nil {
		return nil, nil //nolint:nilerr // nothing waits for who may not answer
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.OnwardsIn(store.OnwardReceived, store.OnwardWaiting, maxList)
		if err != nil {
			return err
		}
		for _, r := range all {
			votes, err := tx.OnwardVotes(r.ID)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(votes, func(v store.OnwardVote) bool { return v.Officer == by.Name }) {
				out = append(out, r)
			}
		}
		return nil
	})
	return out, err
}

// Item is one thing that a request is about. Object is zero for who may not
// see it.
type Item struct {
	store.OnwardItem
	Object store.Object
	Label  marking.Label
}

// Detail is a request with all there is to it.
type Detail struct {
	store.Onward
	Items []Item
	// Hidden counts the items that the reader may not see.
	Hidden int
	Votes  []store.OnwardVote
	// Said holds what each side in the chain has signed, the first originator's
	// first, as far as it is known here.
	Said     []onward.Consent
	Children []store.Onward
}

// Ended reports whether a consent was given and has ended.
func Ended(r store.Onward, at time.Time) bool {
	until := Until(r)
	return r.Answer != "" && r.Answer != string(onward.No) && !until.IsZero() && !at.Before(until)
}

// Until is when a consent ends; zero is without an end.
func Until(r store.Onward) time.Time {
	if r.Way == store.OnwardAsked {
		return earlier(clock.At(r.AnswerUntil), clock.At(r.Until))
	}
	return clock.At(r.AnswerUntil)
}

// Open returns one request.
func (o *Onwards) Open(ctx context.Context, h *store.Handle, by people.Actor, class int64, id string) (d Detail, err error) {
	err = o.read(ctx, h, by, func(tx *store.Tx) error {
		if d.Onward, err = tx.Onward(id); err != nil {
			return err
		}
		if d.Votes, err = tx.OnwardVotes(id); err != nil {
			return err
		}
		if d.Children, err = tx.OnwardsFor(id); err != nil {
			return err
		}
		list, err := noteList(d.Notes)
		if err != nil {
			return err
		}
		for _, n := range list {
			c, err := onward.Claimed([]byte(n))
			if err != nil {
				return err
			}
			d.Said = append(d.Said, c)
		}
		return d.items(tx, class)
	})
	return d, err
}

func (d *Detail) items(tx *store.Tx, class int64) error {
	items, err := tx.OnwardItems(d.ID)
	if err != nil {
		return err
	}
	for _, it := range items {
		obj, err := tx.Object(it.Object)
		if err != nil {
			return err
		}
		may, err := tx.Permits(class, obj.Label)
		if err != nil {
			return err
		}
		if !may {
			d.Hidden++
			continue
		}
		l, err := labelOf(tx, obj.Label)
		if err != nil {
			return err
		}
		d.Items = append(d.Items, Item{it, obj, l})
	}
	return nil
}

// Passed is a third side that has something from here which belongs to another.
type Passed struct {
	Agreement ident.Agreement
	Partner   ident.Side
	Number    int64 // of the shipment
	Object    int64 // the version that went: the one asked about, or what was made of it
}

// Went returns to whom a version went on, itself or what redaction made of it.
func (o *Onwards) Went(tx *store.Tx, seq int64) ([]Passed, error) {
	made, err := tx.DerivedFrom(seq)
	if err != nil {
		return nil, err
	}
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	var out []Passed
	for _, s := range append([]int64{seq}, made...) {
		for _, ch := range channels {
			sent, err := tx.Crossed(ch.ID, s)
			if err != nil {
				return nil, err
			}
			if sent.Number != 0 {
				out = append(out, Passed{ch.Agreement, ch.Partner, sent.Number, s})
			}
		}
	}
	return out, nil
}

// Standing is what an object's page says of its passing on.
type Standing struct {
	Requests []store.Onward
	Evidence []store.OnwardEvidence
	Passed   []Passed
	// Audiences holds the sides it could be asked for.
	Audiences []ident.Side
}

// Of returns how a version that class may see stands. Without the right to ask
// or to see the release queue it is empty, but for the evidence.
func (o *Onwards) Of(ctx context.Context, h *store.Handle, by people.Actor, class, seq int64) (s Standing, err error) {
	err = h.Read(ctx, func(tx *store.Tx) error {
		obj, err := tx.Object(seq)
		if err != nil {
			return err
		}
		may, err := tx.Permits(class, obj.Label)
		if err != nil {
			return err
		}
		if !may {
			return fault.New(fault.NotFound, "there is no such object, or it is not for you")
		}
		if s.Evidence, err = tx.OnwardEvidence(obj.ID); err != nil || MayLook(by) != nil {
			return err
		}
		if s.Requests, err = tx.OnwardsOf([]int64{seq}); err != nil {
			return err
		}
		if s.Passed, err = o.thirds(tx, obj); err != nil || by.May(people.Onward) != nil {
			return err
		}
		s.Audiences, err = o.audiences(tx, obj)
		return err
	})
	return s, err
}

// thirds is Went for what belongs to another side.
func (o *Onwards) thirds(tx *store.Tx, obj store.Object) ([]Passed, error) {
	l, err := labelOf(tx, obj.Label)
	if err != nil || l.Origin == o.Self {
		return nil, err
	}
	return o.Went(tx, obj.Seq)
}

// audiences returns the partners that a third side's object could go on to.
func (o *Onwards) audiences(tx *store.Tx, obj store.Object) ([]ident.Side, error) {
	l, err := labelOf(tx, obj.Label)
	if err != nil || l.Origin == o.Self || l.Origin == "" {
		return nil, err
	}
	from, _, err := o.origin(tx, obj.Seq)
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.NotFound) {
		return nil, nil // nobody can be asked
	}
	if err != nil {
		return nil, err
	}
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	var out []ident.Side
	for _, ch := range channels {
		if ch.Partner != l.Origin && ch.Partner != from.Partner && !slices.Contains(out, ch.Partner) {
			out = append(out, ch.Partner)
		}
	}
	return out, nil
}

// KeptBack returns the own objects that stay because they name a third side's,
// as far as class may see them.
func (o *Onwards) KeptBack(ctx context.Context, h *store.Handle, by people.Actor, class int64) (out []store.KeptBack, err error) {
	err = o.read(ctx, h, by, func(tx *store.Tx) error {
		out, err = tx.KeptBackNow(class, maxList)
		return err
	})
	return out, err
}
