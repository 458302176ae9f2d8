package release

import (
	"context"
	"slices"
	"strconv"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Verdicts of an officer.
const (
	approve = "approve"
	refuse  = "refuse"
)

// Preview is a held item exactly as the recipient will get it, with what was
// said of it so far.
type Preview struct {
	Object    store.Object
	Label     marking.Label
	Decision  gate.Decision
	Digest    ident.Digest // what an officer approves
	Hold      store.Hold
	Approvals []store.Approval
}

// Given returns how many officers have approved these very bytes.
func (p Preview) Given() int {
	n := 0
	for _, a := range p.Approvals {
		if a.Verdict == approve && a.Digest == p.Digest {
			n++
		}
	}
	return n
}

// Waiting returns at most limit held items of an agreement, in order of
// arrival, after the object numbered after.
func (r *Releases) Waiting(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, after int64, limit int) (out []Preview, err error) {
	if err := by.May(people.Review); err != nil {
		return nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		holds, err := tx.Holds(ch.ID, store.HoldWaiting, after, limit)
		if err != nil {
			return err
		}
		for _, held := range holds {
			p, err := r.preview(tx, ch, held.Object)
			if err != nil {
				return err
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// Preview returns one held item, or fault.NotFound.
func (r *Releases) Preview(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64) (p Preview, err error) {
	if err := by.May(people.Review); err != nil {
		return Preview{}, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		p, err = r.preview(tx, ch, object)
		return err
	})
	return p, err
}

func (r *Releases) preview(tx *store.Tx, ch store.Channel, object int64) (p Preview, err error) {
	if p.Hold, err = tx.Hold(ch.ID, object); err != nil {
		return p, err
	}
	if p.Object, err = tx.Object(object); err != nil {
		return p, err
	}
	l, err := tx.Label(p.Object.Label)
	if err != nil {
		return p, err
	}
	if p.Label, err = marking.ParseLabel(l.Resolved); err != nil {
		return p, err
	}
	g, err := r.Gate(tx, ch.Agreement)
	if err != nil {
		return p, err
	}
	p.Decision = g.Decide(p.Label)
	p.Digest = Digest(l.Resolved, p.Object.Body)
	p.Approvals, err = tx.Approvals(ch.ID, object)
	return p, err
}

// Approve records that the officer has seen the held item as the recipient
// will and agrees to its release. It binds to digest: if the bytes changed
// since they were shown, nothing is recorded and the error is fault.Conflict.
// When the last needed approval is in, the item joins the recipient's queue in
// the same transaction.
func (r *Releases) Approve(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, digest ident.Digest) (Preview, error) {
	return r.say(ctx, h, by, a, object, store.Approval{Verdict: approve, Digest: digest})
}

// Refuse records that the officer keeps the held item back, and why. One
// refusal is enough.
func (r *Releases) Refuse(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, digest ident.Digest, reason string) (Preview, error) {
	if reason == "" {
		return Preview{}, fault.New(fault.Invalid, "say why it is refused")
	}
	return r.say(ctx, h, by, a, object, store.Approval{Verdict: refuse, Digest: digest, Reason: reason})
}

func (r *Releases) say(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, object int64, word store.Approval) (p Preview, err error) {
	if err := by.May(people.Approve); err != nil {
		return Preview{}, err
	}
	word.Officer = by.Name
	err = h.Write(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		if p, err = r.preview(tx, ch, object); err != nil {
			return err
		}
		if err := p.admits(word); err != nil {
			return err
		}
		if err := tx.Approve(ch.ID, object, word); err != nil {
			return err
		}
		if p.Approvals, err = tx.Approvals(ch.ID, object); err != nil {
			return err
		}
		if err := r.settle(tx, ch, &p, word.Verdict); err != nil {
			return err
		}
		return r.ledger.Record(tx, by.String(), "release."+word.Verdict, ledger.Field{Name: "agreement", Value: string(a)},
			ledger.Field{Name: "object", Value: p.Object.ID}, ledger.Field{Name: "digest", Value: word.Digest.String()},
			ledger.Field{Name: "state", Value: p.Hold.State + " " + strconv.Itoa(p.Given()) + "/" + strconv.Itoa(p.Decision.Approvals)})
	})
	return p, err
}

// admits says whether an officer's word can be taken now.
func (p *Preview) admits(word store.Approval) error {
	switch {
	case p.Hold.State != store.HoldWaiting:
		return fault.Errorf(fault.Conflict, "the item is %s already", p.Hold.State)
	case word.Digest != p.Digest:
		return fault.New(fault.Conflict, "the item changed after you opened it: look at it again")
	case word.Verdict == approve && p.Decision.Outcome == gate.Deny:
		return fault.New(fault.Denied, p.Decision.Sentence)
	}
	return nil
}

func (r *Releases) settle(tx *store.Tx, ch store.Channel, p *Preview, verdict string) error {
	p.Hold.Digest, p.Hold.Needed = p.Digest, p.Decision.Approvals
	switch {
	case verdict == refuse:
		p.Hold.State = store.HoldRefused
	case p.Given() >= p.Decision.Approvals:
		p.Hold.State = store.HoldReleased
		if err := tx.QueueOne(ch.ID, p.Object.Seq, p.Given()); err != nil {
			return err
		}
	}
	return tx.SetHold(p.Hold)
}

// Approved returns how many officers have approved exactly the bytes that
// object would leave with now: what the sending end checks at the last moment.
// None have when one has refused them.
func Approved(tx *store.Tx, channel, object int64, digest ident.Digest) (int, error) {
	words, err := tx.Approvals(channel, object)
	if slices.ContainsFunc(words, func(a store.Approval) bool { return a.Verdict == refuse && a.Digest == digest }) {
		return 0, err
	}
	return Preview{Approvals: words, Digest: digest}.Given(), err
}
