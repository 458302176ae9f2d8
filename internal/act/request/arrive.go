package request

import (
	"slices"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/request"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// arrived takes what a partner asks, or corrects.
func (r *Requests) arrived(tx *store.Tx, m exchange.Message) error {
	q, err := request.Parse(m.Object)
	if err != nil {
		return err
	}
	if err := playable(q); err != nil {
		return err
	}
	if q.Agreement != m.Channel.Agreement {
		return fault.Errorf(fault.Invalid, "the request is under %s and came under %s", q.Agreement, m.Channel.Agreement)
	}
	a, err := tx.Assistance(q.ID)
	if err == nil {
		return r.corrected(tx, m, a, q)
	}
	if !fault.Is(err, fault.NotFound) {
		return err
	}
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
	a = of(q, m.Seq)
	a.Asker, a.Asked = m.Channel.Partner, r.Self
	if err := r.received(tx, &a, now(tx)); err != nil {
		return err
	}
	if err := r.save(tx, a, begun(a)); err != nil {
		return err
	}
	return r.record(tx, "node "+string(a.Asker), "request.received", "request", a.ID, "agreement", string(a.Agreement), "kind", a.Kind, "urgency", a.Urgency)
}

// of is the view of a request whose object is stored at seq.
func of(q request.Asked, seq int64) store.Assistance {
	return store.Assistance{
		ID: q.ID, Agreement: q.Agreement, Police: q.Channel == request.LawEnforcement, Kind: string(q.Kind), Urgency: string(q.Urgency),
		Object: seq, Sent: clock.Micro(q.Created),
	}
}

// corrected takes a later version of what a partner asked.
func (r *Requests) corrected(tx *store.Tx, m exchange.Message, a store.Assistance, q request.Asked) error {
	if a.Asker != m.Channel.Partner || a.Agreement != m.Channel.Agreement {
		return fault.New(fault.Conflict, "another request has this id")
	}
	before, err := asked(tx, a)
	if err != nil {
		return err
	}
	if err := q.Corrects(before); err != nil || !q.Modified.After(before.Modified) {
		return err
	}
	return r.correct(tx, "node "+string(a.Asker), a, m.Seq)
}

// correct records that another version of a request holds.
func (r *Requests) correct(tx *store.Tx, by string, a store.Assistance, seq int64) error {
	c, _, err := course(tx, a)
	if err != nil {
		return err
	}
	a.Object = seq
	if err := r.save(tx, a, c); err != nil {
		return err
	}
	return r.record(tx, by, "request.corrected", "request", a.ID, "agreement", string(a.Agreement))
}

// stepped takes a step of a partner. It is judged by the partner's own course,
// on both nodes alike.
func (r *Requests) stepped(tx *store.Tx, m exchange.Message) error {
	id, s, err := request.ParseStep(m.Object)
	if err != nil {
		return err
	}
	a, err := tx.Assistance(id)
	if err != nil {
		return err
	}
	if a.Agreement != m.Channel.Agreement || s.By != m.Channel.Partner {
		return fault.New(fault.Denied, "it is a step of another side, or about a request under another agreement")
	}
	c, _, err := course(tx, a)
	if err != nil {
		return err
	}
	grown, err := c.With(s)
	if err != nil || len(grown.Steps(s.By)) == len(c.Steps(s.By)) {
		return err
	}
	return r.took(tx, a, grown, store.AssistanceStep{Side: s.By, N: int64(s.N), Object: m.Seq}, "node "+string(s.By))
}

// took records a step that is stored.
func (r *Requests) took(tx *store.Tx, a store.Assistance, c request.Course, s store.AssistanceStep, by string) error {
	if err := tx.AddAssistanceStep(a.ID, s); err != nil {
		return err
	}
	if err := r.save(tx, a, c); err != nil {
		return err
	}
	steps := c.Steps(s.Side)
	return r.record(tx, by, "request."+string(steps[len(steps)-1].Move), "request", a.ID, "agreement", string(a.Agreement))
}

// delivered notes what a receipt says of requests: that they are there, or why
// not.
func (r *Requests) delivered(tx *store.Tx, ch store.Channel, s store.Shipment, receipt shipment.Receipt) error {
	waiting, err := tx.Undelivered(r.Self, ch.Agreement)
	if err != nil || len(waiting) == 0 {
		return err
	}
	ids := make([]string, len(waiting))
	for i, a := range waiting {
		ids[i] = a.ID
	}
	versions, err := tx.Known(ids)
	if err != nil {
		return err
	}
	for _, a := range waiting {
		at := slices.IndexFunc(s.Items, func(it store.ShippedItem) bool {
			return slices.ContainsFunc(versions[a.ID], func(k store.Known) bool { return k.Seq == it.Object })
		})
		if at < 0 {
			continue
		}
		if i := slices.IndexFunc(receipt.Answers, func(w shipment.Answer) bool { return w.Position == at }); i >= 0 {
			a.Refused = receipt.Answers[i].Text
		} else if err := r.received(tx, &a, receipt.Received); err != nil {
			return err
		}
		c, _, err := course(tx, a)
		if err != nil {
			return err
		}
		if err := r.save(tx, a, c); err != nil {
			return err
		}
	}
	return nil
}
