package recall

import (
	"slices"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/ledger"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// answer says to the partner what was done, in place of what was said before.
func (r *Recalls) answer(tx *store.Tx, ch store.Channel, part store.RecallPart, a recall.Answer) error {
	if part.Reply == "" {
		uuid, err := ident.NewUUID(r.rand)
		if err != nil {
			return err
		}
		part.Reply = recall.AnswerType + "--" + uuid
		a.Created = now(tx, time.Time{})
		a.Modified = a.Created
	} else {
		before, err := recall.ParseAnswer(part.Answer)
		if err != nil {
			return err
		}
		a.Created, a.Modified = before.Created, now(tx, before.Modified)
	}
	a.ID, a.Recall = part.Reply, part.Message
	raw, err := a.Encode()
	if err != nil {
		return err
	}
	if _, err := r.say(tx, ch.Agreement, raw); err != nil {
		return err
	}
	part.Answer, part.Answered, part.Open = raw, tx.Now(), a.Open()
	return tx.SaveRecallPart(part)
}

// answered takes the partner's answer to a recall of ours.
func (r *Recalls) answered(tx *store.Tx, m exchange.Message) error {
	a, err := recall.ParseAnswer(m.Object)
	if err != nil {
		return err
	}
	part, err := tx.RecallPart(a.Recall)
	if err != nil || part.Channel != m.Channel.ID {
		return fault.New(fault.Invalid, "it answers no recall that was sent to this partner")
	}
	c, err := tx.Recall(part.Recall)
	if err != nil {
		return err
	}
	asked, err := r.message(tx, part)
	switch {
	case err != nil:
		return err
	case c.Direction != store.Out:
		return fault.New(fault.Invalid, "it answers a recall of its own side")
	case !a.Answers(asked):
		return fault.New(fault.Invalid, "it does not answer each object of the recall once")
	}
	if len(part.Answer) > 0 {
		before, err := recall.ParseAnswer(part.Answer)
		if err != nil {
			return err
		}
		if part.Reply != a.ID || !a.Modified.After(before.Modified) {
			return fault.New(fault.Conflict, "a newer answer to this recall is here")
		}
	}
	part.Answer, part.Reply, part.Answered = m.Object, a.ID, tx.Now()
	part.Open = a.Open() || c.Lifted != 0 && !a.Lifted
	if err := tx.SaveRecallPart(part); err != nil {
		return err
	}
	if err := r.ledger.Record(tx, "node", "recall.answered", ledger.Field{Name: "recall", Value: c.ID},
		ledger.Field{Name: "agreement", Value: string(m.Channel.Agreement)}, ledger.Field{Name: "part", Value: decimal(part.Part)}); err != nil {
		return err
	}
	return r.carried(tx, c, m.Channel)
}

// message reads one of our own messages as it was stored.
func (r *Recalls) message(tx *store.Tx, part store.RecallPart) (recall.Recall, error) {
	o, err := tx.Object(part.Object)
	if err != nil {
		return recall.Recall{}, err
	}
	return recall.Parse(o.Body)
}

// finished says that what was pending at an edge for a message is done, and has
// the partner hear of it.
func (r *Recalls) finished(tx *store.Tx, message string, done recall.Edge) error {
	part, err := tx.RecallPart(message)
	if err != nil || len(part.Answer) == 0 || part.Channel == 0 {
		return err
	}
	ch, err := channel(tx, part.Channel)
	if err != nil {
		return err
	}
	a, err := recall.ParseAnswer(part.Answer)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(a.Edges, func(e recall.Edge) bool { return e.Name == done.Name && e.State == recall.Pending })
	if i < 0 {
		return nil // said already
	}
	a.Edges = slices.Clone(a.Edges)
	a.Edges[i] = done
	return r.answer(tx, ch, part, a)
}

func channel(tx *store.Tx, id int64) (store.Channel, error) {
	all, err := tx.Channels()
	if err != nil {
		return store.Channel{}, err
	}
	for _, ch := range all {
		if ch.ID == id {
			return ch, nil
		}
	}
	return store.Channel{}, fault.New(fault.NotFound, "the channel of the recall is gone")
}
