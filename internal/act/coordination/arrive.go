package coordination

import (
	"slices"
	"strconv"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/fault"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// arrived takes what a partner opens, or corrects.
func (x *Coordinations) arrived(tx *store.Tx, m exchange.Message) error {
	o, err := law.Parse(m.Object)
	if err != nil {
		return err
	}
	if o.Agreement != m.Channel.Agreement {
		return fault.Errorf(fault.Invalid, "the coordination is under %s and came under %s", o.Agreement, m.Channel.Agreement)
	}
	c, err := tx.Coordination(o.ID)
	if err == nil {
		return x.corrected(tx, m, c, o)
	}
	if !fault.Is(err, fault.NotFound) {
		return err
	}
	if _, err := x.permitted(tx, o.Agreement); err != nil {
		return err
	}
	c = store.Coordination{
		ID: o.ID, Agreement: o.Agreement, Opener: m.Channel.Partner, Partner: x.Self, Object: m.Seq, Opened: o.Created.UnixMicro(),
	}
	f := folded{Coordination: c, course: law.New(c.Opener, c.Partner)}
	if err := tx.SaveCoordinationStep(c.ID, store.CoordinationStep{Side: c.Opener, Object: m.Seq}); err != nil {
		return err
	}
	if err := x.save(tx, &f); err != nil {
		return err
	}
	if err := x.tell(tx, &f, "opened", f.due()); err != nil {
		return err
	}
	return x.record(tx, "node "+string(c.Opener), "received", c)
}

// corrected takes a later version of what a partner opened.
func (x *Coordinations) corrected(tx *store.Tx, m exchange.Message, c store.Coordination, o law.Opening) error {
	if c.Opener != m.Channel.Partner || c.Agreement != m.Channel.Agreement {
		return fault.New(fault.Conflict, "another coordination has this id")
	}
	before, err := opening(tx, c)
	if err != nil {
		return err
	}
	if err := o.Corrects(before); err != nil || !o.Modified.After(before.Modified) {
		return err
	}
	f, err := fold(tx, c)
	if err != nil {
		return err
	}
	f.Object = m.Seq
	if err := tx.SaveCoordinationStep(c.ID, store.CoordinationStep{Side: c.Opener, Object: m.Seq}); err != nil {
		return err
	}
	if err := x.save(tx, &f); err != nil {
		return err
	}
	return x.record(tx, "node "+string(c.Opener), "corrected", c)
}

// stepped takes a step of a partner. It is judged by the partner's own course,
// on both nodes alike.
func (x *Coordinations) stepped(tx *store.Tx, m exchange.Message) error {
	id, s, err := law.ParseStep(m.Object)
	if err != nil {
		return err
	}
	c, err := tx.Coordination(id)
	if err != nil {
		return err
	}
	if c.Agreement != m.Channel.Agreement || s.By != m.Channel.Partner {
		return errForeign
	}
	f, err := fold(tx, c)
	if err != nil {
		return err
	}
	if s.Seen > len(f.course.Steps(x.Self)) {
		return fault.Errorf(fault.Conflict, "it says to know step %d of %s, which is not there yet", s.Seen, x.Self)
	}
	grown, err := f.course.With(s)
	if err != nil || len(grown.Steps(s.By)) == len(f.course.Steps(s.By)) {
		return err
	}
	f.course = grown
	if err := x.took(tx, &f, store.CoordinationStep{Side: s.By, N: int64(s.N), Object: m.Seq}, "node "+string(s.By)); err != nil || s.Move == law.Report {
		return err
	}
	return x.tell(tx, &f, string(s.By)+" "+strconv.Itoa(s.N), f.due())
}

// delivered notes what a receipt says of steps: that they are there, or why
// not.
func (x *Coordinations) delivered(tx *store.Tx, ch store.Channel, s store.Shipment, receipt shipment.Receipt) error {
	waiting, err := tx.AwaitedCoordinationSteps(x.Self, ch.Agreement)
	if err != nil {
		return err
	}
	for _, w := range waiting {
		at := slices.IndexFunc(s.Items, func(it store.ShippedItem) bool { return it.Object == w.Object })
		if at < 0 {
			continue
		}
		if i := slices.IndexFunc(receipt.Answers, func(a shipment.Answer) bool { return a.Position == at }); i >= 0 {
			w.Refused = receipt.Answers[i].Text
		} else {
			w.Received = receipt.Received.UnixMicro()
		}
		if err := x.settled(tx, w); err != nil {
			return err
		}
	}
	return nil
}

// settled records what the other node said to a step of this side. What it did
// not take is not agreed upon.
func (x *Coordinations) settled(tx *store.Tx, w store.AwaitedCoordinationStep) error {
	if err := tx.SaveCoordinationStep(w.Coordination, w.CoordinationStep); err != nil {
		return err
	}
	c, err := tx.Coordination(w.Coordination)
	if err != nil {
		return err
	}
	f, err := fold(tx, c)
	if err != nil {
		return err
	}
	if err := x.save(tx, &f); err != nil || w.Refused == "" {
		return err
	}
	return x.tell(tx, &f, "refused "+strconv.FormatInt(w.N, 10), f.due())
}
