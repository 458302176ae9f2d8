package onward

import (
	"context"
	"strings"

	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/onward"
	"twoseas/internal/store"
)

// Answer records what a releasing officer says to a partner's request. One no
// is enough; a yes needs as many officers as r.Needed says, each the same. The
// answer is signed and sent once they are there and everybody who is asked on
// account of it has answered too; the strictest holds.
func (o *Onwards) Answer(ctx context.Context, h *store.Handle, by people.Actor, class int64, id string, a onward.Answer, reason string) (r store.Onward, err error) {
	if err := by.May(people.Approve); err != nil {
		return r, err
	}
	if by.Token != "" || by.IsSystem() {
		return r, fault.New(fault.Denied, "consent is given by a person who is there, with a password or a passkey and not with a token")
	}
	if a.Redact, err = names(a.Redact); err != nil {
		return r, err
	}
	if err := a.Check(); err != nil {
		return r, err
	}
	if reason = strings.TrimSpace(reason); reason != "" || a.Word == onward.No {
		if reason, err = line("reason", reason); err != nil {
			return r, err
		}
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		if r, err = o.answerable(tx, class, id, a); err != nil {
			return err
		}
		enough, err := o.vote(tx, by, r, a, reason)
		if err != nil {
			return err
		}
		if err := o.record(tx, by.String(), "onward.answer", "request", id, "answer", string(a.Word), "audience", string(r.Audience)); err != nil || !enough {
			return err
		}
		return o.decide(tx, by, &r, a, reason)
	})
	return r, err
}

// answerable returns a request that an answer can be taken to now.
func (o *Onwards) answerable(tx *store.Tx, class int64, id string, a onward.Answer) (store.Onward, error) {
	r, err := tx.Onward(id)
	if err != nil {
		return r, err
	}
	if r.Way != store.OnwardReceived || r.State != store.OnwardWaiting {
		return r, fault.New(fault.Conflict, "the request does not wait for anybody here")
	}
	if !a.Until.IsZero() && !a.Until.After(now(tx)) {
		return r, fault.New(fault.Invalid, "the consent would end before it began")
	}
	items, err := tx.OnwardItems(id)
	if err != nil {
		return r, err
	}
	for _, it := range items {
		obj, err := tx.Object(it.Object)
		if err != nil {
			return r, err
		}
		may, err := tx.Permits(class, obj.Label)
		if err != nil {
			return r, err
		}
		if !may {
			return r, fault.New(fault.Denied, "the request is about something you may not see: another officer answers it")
		}
	}
	return r, nil
}

// vote records one officer's word and reports whether it decides.
func (o *Onwards) vote(tx *store.Tx, by people.Actor, r store.Onward, a onward.Answer, reason string) (bool, error) {
	had, err := tx.OnwardVotes(r.ID)
	if err != nil {
		return false, err
	}
	v := store.OnwardVote{Officer: by.Name, Answer: string(a.Word), Redact: strings.Join(a.Redact, ","), Until: micro(a.Until), Reason: reason}
	given := int64(1)
	for _, w := range had {
		if w.Officer == by.Name {
			continue
		}
		if a.Word != onward.No && (w.Answer != v.Answer || w.Redact != v.Redact || w.Until != v.Until) {
			return false, fault.Errorf(fault.Conflict, "%s has answered otherwise: say the same, or no", w.Officer)
		}
		given++
	}
	return a.Word == onward.No || given >= r.Needed, tx.VoteOnward(r.ID, v)
}

// decide signs what this side says, and sends it when nobody else has to.
func (o *Onwards) decide(tx *store.Tx, by people.Actor, r *store.Onward, a onward.Answer, reason string) error {
	items, err := tx.OnwardItems(r.ID)
	if err != nil {
		return err
	}
	leaves := make([]ident.Digest, len(items))
	for i, it := range items {
		leaves[i] = it.Leaf
	}
	partner, err := o.partnerOf(tx, r.Agreement)
	if err != nil {
		return err
	}
	signer, err := o.Ring.Signer(tx)
	if err != nil {
		return err
	}
	c := onward.Consent{
		Agreement: r.Agreement, Domain: tx.Domain(), From: o.Self, To: partner, Request: r.ID, Audience: r.Audience, Answer: a, At: now(tx), Leaves: leaves,
	}
	msg, err := note.Sign(c.Text(), signer)
	if err != nil {
		return err
	}
	if r.Notes, err = canon.Marshal([]string{string(msg)}); err != nil {
		return err
	}
	r.Person, r.Reason, r.State = by.String(), reason, store.OnwardUpstream
	if err := tx.SaveOnward(*r); err != nil {
		return err
	}
	if err := o.complete(tx, r.ID); err != nil {
		return err
	}
	*r, err = tx.Onward(r.ID)
	return err
}

func (o *Onwards) partnerOf(tx *store.Tx, a ident.Agreement) (ident.Side, error) {
	ch, err := tx.Channel(a)
	return ch.Partner, err
}

// complete sends the answer to a partner's request once this side and all that
// it asks on account of it have said their word, or one of them no.
func (o *Onwards) complete(tx *store.Tx, id string) error {
	r, err := tx.Onward(id)
	if err != nil || r.State != store.OnwardUpstream {
		return err // an officer of this side has not answered yet, or all is said
	}
	notes, err := noteList(r.Notes)
	if err != nil {
		return err
	}
	own := notes[len(notes)-1]
	c, err := onward.Claimed([]byte(own))
	if err != nil {
		return err
	}
	all, pending, notes := c.Answer, false, nil
	children, err := tx.OnwardsFor(id)
	if err != nil {
		return err
	}
	for _, child := range children {
		if child.State != store.OnwardAnswered {
			pending = true
			continue
		}
		said, err := noteList(child.Notes)
		if err != nil {
			return err
		}
		notes = append(notes, said...)
		all = onward.Combine(all, answerOf(child))
	}
	if pending && all.Word != onward.No {
		return nil
	}
	return o.send(tx, r, all, append(notes, own))
}

// send sends the answer with every note in the chain, this side's last.
func (o *Onwards) send(tx *store.Tx, r store.Onward, all onward.Answer, notes []string) (err error) {
	if r.Notes, err = canon.Marshal(notes); err != nil {
		return err
	}
	settle(tx, &r, all)
	if err := tx.SaveOnward(r); err != nil {
		return err
	}
	id, err := o.newID(answerType)
	if err != nil {
		return err
	}
	list := make([]any, len(notes))
	for i, n := range notes {
		list[i] = n
	}
	props := map[string]any{"type": answerType, "id": id, "request": r.ID, "notes": list}
	if r.Reason != "" {
		props["text"] = r.Reason
	}
	if err := o.Ledger.Append(tx, r.Agreement, []byte(notes[len(notes)-1])); err != nil {
		return err
	}
	return o.say(tx, r.Agreement, props, now(tx))
}

func noteList(raw []byte) (out []string, err error) {
	if len(raw) == 0 {
		return nil, nil
	}
	return out, canon.UnmarshalStrict(raw, &out)
}

// answerOf is what a settled request says.
func answerOf(r store.Onward) onward.Answer {
	return onward.Answer{Word: onward.Word(r.Answer), Redact: split(r.AnswerRedact), Until: clock.At(r.AnswerUntil)}
}
