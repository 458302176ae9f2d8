package recall

import (
	"context"
	"errors"

	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// Quarantine returns versions that are withheld because of an act, after the
// one numbered after: without their content, and only what by might read
// before.
func (r *Recalls) Quarantine(ctx context.Context, h *store.Handle, by people.Actor, id string, after int64, limit int) (out []store.Detained, err error) {
	class, err := r.class(ctx, h, by)
	if err != nil {
		return nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) (err error) {
		if _, err := tx.Recall(id); err != nil {
			return err
		}
		out, err = tx.Detained(id, class, after, limit)
		for i := range out {
			out[i].Body = nil
		}
		return err
	})
	return out, err
}

// Inspect shows one version in quarantine to by, who says why, after the home
// log has it. Returns fault.Denied unless by may Recall; fault.NotFound when it
// is not there for by.
func (r *Recalls) Inspect(ctx context.Context, h *store.Handle, by people.Actor, object int64, why string) (d store.Detained, err error) {
	class, err := r.class(ctx, h, by)
	if err != nil {
		return d, err
	}
	why, err = reason(why)
	if err != nil {
		return d, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		if d, err = tx.DetainedOne(object, class); err != nil {
			return err
		}
		return r.ledger.Record(tx, by.String(), "recall.inspect", ledger.Field{Name: "object", Value: d.ID},
			ledger.Field{Name: "recall", Value: d.Recall}, ledger.Field{Name: "reason", Value: why})
	})
	return d, err
}

func reason(why string) (string, error) {
	why, err := recall.Reason(why)
	if err == nil && why == "" {
		err = fault.New(fault.Invalid, "say why")
	}
	return why, err
}

// Erase removes the content of one version that a partner has called back for
// good, and has the partner hear of it. Returns fault.Denied unless by may
// Recall, or when it is this side's own: that is erased by whoever may.
func (r *Recalls) Erase(ctx context.Context, h *store.Handle, by people.Actor, object int64, why string) error {
	class, err := r.class(ctx, h, by)
	if err != nil {
		return err
	}
	if why, err = reason(why); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		d, err := tx.DetainedOne(object, class)
		if err != nil {
			return err
		}
		c, err := tx.Recall(d.Recall)
		if err != nil {
			return err
		}
		if c.Direction != store.In {
			return fault.New(fault.Denied, "it belongs to this side: it is erased as personal data is, not here")
		}
		rows, err := tx.RecalledOf([]int64{object})
		if err != nil {
			return err
		}
		if err := r.exchange.EraseIn(tx, by, object, why); err != nil {
			return err
		}
		if err := tx.EraseRecalled(object); err != nil {
			return err
		}
		for _, row := range rows {
			err = errors.Join(err, r.sayErased(tx, row.Message, d.ID))
		}
		return err
	})
}

// sayErased answers anew once nothing of an id is left.
func (r *Recalls) sayErased(tx *store.Tx, message, id string) error {
	part, err := tx.RecallPart(message)
	if err != nil || part.Channel == 0 || len(part.Answer) == 0 {
		return err
	}
	known, err := tx.Known([]string{id})
	if err != nil {
		return err
	}
	var seqs []int64
	for _, k := range known[id] {
		seqs = append(seqs, k.Seq)
	}
	left, err := tx.Briefs(seqs)
	if err != nil {
		return err
	}
	stood, err := standIns(tx, seqs)
	if err != nil {
		return err
	}
	for _, b := range left {
		if !stood[b.Seq] {
			return nil
		}
	}
	ch, err := channel(tx, part.Channel)
	if err != nil {
		return err
	}
	a, err := recall.ParseAnswer(part.Answer)
	if err != nil {
		return err
	}
	return r.answer(tx, ch, part, moved(a, id, recall.Erased))
}
