package recall

import (
	"context"
	"maps"
	"slices"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// Lift takes a recall of this side back: here and at every partner what it
// called back is read again, but for what was erased, or another recall still
// calls back. Returns fault.Denied unless by may Recall; fault.Conflict when it
// is lifted already.
func (r *Recalls) Lift(ctx context.Context, h *store.Handle, by people.Actor, id string) error {
	if _, err := r.class(ctx, h, by); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		c, err := tx.Recall(id)
		switch {
		case err != nil:
			return err
		case c.Direction != store.Out || c.Carries != "":
			return fault.New(fault.Denied, "only who called it back lifts a recall")
		case c.Lifted != 0:
			return fault.New(fault.Conflict, "the recall is lifted already")
		}
		if err := r.ledger.Record(tx, by.String(), "recall.lift", ledger.Field{Name: "recall", Value: id}); err != nil {
			return err
		}
		return r.lift(tx, c)
	})
}

// lift restores at home and tells the partners.
func (r *Recalls) lift(tx *store.Tx, c store.Recall) error {
	if err := tx.LiftRecall(c.ID); err != nil {
		return err
	}
	parts, err := tx.RecallParts(c.ID)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if part.Channel == 0 {
			if _, err := r.restore(tx, part.Message); err != nil {
				return err
			}
			continue
		}
		if err := r.tellLifted(tx, part); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recalls) tellLifted(tx *store.Tx, part store.RecallPart) error {
	ch, err := channel(tx, part.Channel)
	if err != nil {
		return err
	}
	m, err := r.message(tx, part)
	if err != nil {
		return err
	}
	m.Lifted, m.Modified = true, now(tx, m.Modified)
	raw, err := m.Encode()
	if err != nil {
		return err
	}
	if part.Object, err = r.say(tx, ch.Agreement, raw); err != nil {
		return err
	}
	part.Open = true
	return tx.SaveRecallPart(part)
}

// lifted restores what a partner does not call back any more, has third sides
// hear of it and answers.
func (r *Recalls) lifted(tx *store.Tx, m exchange.Message, msg recall.Recall, part store.RecallPart) error {
	if err := tx.LiftRecall(msg.Act); err != nil {
		return err
	}
	ids, err := r.restore(tx, msg.ID)
	if err != nil {
		return err
	}
	a := recall.Answer{Lifted: true, Items: map[recall.Outcome][]string{}, Edges: []recall.Edge{{Name: recall.EdgeSearch, State: recall.Done, Count: len(ids)}}}
	if len(part.Answer) > 0 {
		before, err := recall.ParseAnswer(part.Answer)
		if err != nil {
			return err
		}
		a.Items = before.Items
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		a = moved(a, id, recall.Restored)
	}
	if len(a.Items) == 0 { // lifted before it ever came
		a.Items[recall.NeverHad] = msg.IDs
	}
	if err := r.liftCarried(tx, msg.ID); err != nil {
		return err
	}
	if err := r.ledger.Record(tx, "node", "recall.lifted", heard(m, msg, a)...); err != nil {
		return err
	}
	return r.answer(tx, m.Channel, part, a)
}

// liftCarried lifts what this node carried on because of a message.
func (r *Recalls) liftCarried(tx *store.Tx, message string) error {
	all, err := tx.Carrying(message)
	if err != nil {
		return err
	}
	for _, c := range all {
		if c.Lifted == 0 {
			if err := r.lift(tx, c); err != nil {
				return err
			}
		}
	}
	return nil
}
