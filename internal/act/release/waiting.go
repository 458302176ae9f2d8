package release

import (
	"context"
	"slices"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// Counts is how much waits for one person.
type Counts struct {
	Holds       int64 // held items to approve or refuse
	Reviews     int64 // emergency releases of others to review
	Signatures  int64 // agreement versions to sign
	Invitations int64 // partners to confirm
	Questions   int64 // questions of private matching to answer, at most maxQuestions
}

// maxQuestions bounds the questions of private matching that are counted and
// listed.
const maxQuestions = 100

// Total adds everything up.
func (c Counts) Total() int64 {
	return c.Holds + c.Reviews + c.Signatures + c.Invitations + c.Questions
}

// Task is what waits for one person, with its lists but for the items.
type Task struct {
	Counts
	Queues    []Queue
	Unsigned  []Unsigned
	Unproven  []store.Peer // partners whose code was not compared yet
	Emergency []ReviewItem // the newest open reviews
	Asked     []store.Matching
}

// Queue is how many items of one agreement wait for one person.
type Queue struct {
	Agreement ident.Agreement
	Partner   ident.Side
	Count     int64
	Oldest    int64 // number of the item that waits longest
}

// Unsigned is a version of an agreement that this side has not signed, or an
// event of its life that the partner has recorded and this side has not.
type Unsigned struct {
	Agreement ident.Agreement
	Version   int64
	Partner   bool   // the partner has signed it
	Event     string // "" for a version
}

// Count returns how much waits for by. It is cheap: a page asks for it each
// time.
func (r *Releases) Count(ctx context.Context, h *store.Handle, by people.Actor) (Counts, error) {
	t, err := r.waits(ctx, h, by, 0)
	return t.Counts, err
}

// Mine returns what waits for by.
func (r *Releases) Mine(ctx context.Context, h *store.Handle, by people.Actor) (Task, error) {
	return r.waits(ctx, h, by, 20)
}

func (r *Releases) waits(ctx context.Context, h *store.Handle, by people.Actor, reviews int) (t Task, err error) {
	class, err := r.class(ctx, h, by)
	if err != nil {
		return t, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		if by.May(people.Approve) == nil {
			if err := r.officers(tx, by, class, reviews, &t); err != nil {
				return err
			}
			if t.Asked, err = tx.MatchingsFor(by.Name, maxQuestions); err != nil {
				return err
			}
			t.Questions = int64(len(t.Asked))
		}
		if by.May(people.Agree) == nil {
			if err := r.unsigned(tx, &t); err != nil {
				return err
			}
		}
		if by.May(people.Exchange) == nil && h.Domain() == ident.Live {
			return t.unproven(tx)
		}
		return nil
	})
	return t, err
}

// unproven is what waits for whoever keeps the channels.
func (t *Task) unproven(tx *store.Tx) error {
	peers, err := tx.Peers()
	t.Unproven = slices.DeleteFunc(peers, func(p store.Peer) bool { return p.State != store.PeerUnconfirmed })
	t.Invitations = int64(len(t.Unproven))
	return err
}

// officers is what waits for a releasing officer.
func (r *Releases) officers(tx *store.Tx, by people.Actor, class int64, reviews int, t *Task) error {
	channels, err := tx.Channels()
	if err != nil {
		return err
	}
	for _, ch := range channels {
		q, err := r.forOfficer(tx, ch, by, class)
		if err != nil {
			return err
		}
		if q.Count > 0 {
			t.Queues = append(t.Queues, q)
			t.Holds += q.Count
		}
	}
	if t.Reviews, err = tx.OpenReviews(by.Name, class); err != nil || reviews == 0 || t.Reviews == 0 {
		return err
	}
	list, err := tx.Reviews(true, class, 1<<62, reviews)
	if err != nil {
		return err
	}
	for _, v := range list {
		if v.Officer == by.Name {
			continue
		}
		item, err := reviewItem(tx, v)
		if err != nil {
			return err
		}
		t.Emergency = append(t.Emergency, item)
	}
	return nil
}

// forOfficer counts the items of a channel that by may approve and has not.
func (r *Releases) forOfficer(tx *store.Tx, ch store.Channel, by people.Actor, class int64) (Queue, error) {
	out := Queue{Agreement: ch.Agreement, Partner: ch.Partner}
	q, rows, err := r.queue(tx, ch.Agreement, class, store.HoldWaiting)
	if err != nil || len(rows) == 0 {
		return out, notInForce(err)
	}
	var shared []int64 // labels that take two officers: of no other does an approved item wait
	for _, row := range rows {
		d := q.labels[row.Label].decision
		if d.Approvals > 1 && !slices.Contains(shared, row.Label) {
			shared = append(shared, row.Label)
		}
		if d.Outcome == gate.Deny || len(d.Redact) > 0 {
			continue
		}
		if out.Count == 0 || row.Oldest < out.Oldest {
			out.Oldest = row.Oldest
		}
		out.Count += row.Count
	}
	done := int64(0)
	if len(shared) > 0 {
		if done, err = tx.Signed(ch.ID, class, by.Name, shared); err != nil {
			return out, err
		}
	}
	brought := int64(0)
	if by.May(people.Import) == nil || by.May(people.Write) == nil {
		if brought, err = tx.HeldBrought(ch.ID, by.Name, class); err != nil {
			return out, err
		}
	}
	out.Count = max(0, out.Count-done-brought)
	return out, nil
}

func (r *Releases) unsigned(tx *store.Tx, t *Task) error {
	ids, err := tx.Agreements()
	if err != nil {
		return err
	}
	for _, id := range ids {
		u, err := r.accords.Unsigned(tx, id)
		if err != nil {
			return err
		}
		for _, v := range u {
			t.Unsigned = append(t.Unsigned, Unsigned{Agreement: id, Version: v.Number, Partner: len(v.Signed) > 0})
		}
		asked, err := r.accords.Asked(tx, id)
		if err != nil {
			return err
		}
		for _, event := range asked {
			t.Unsigned = append(t.Unsigned, Unsigned{Agreement: id, Event: event, Partner: true})
		}
	}
	t.Signatures = int64(len(t.Unsigned))
	return nil
}

// notInForce makes nothing of an agreement that is not in force: what waited
// under it cannot be decided on.
func notInForce(err error) error {
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		return nil
	}
	return err
}
