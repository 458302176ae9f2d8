package exchange

import (
	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Message is a control object (marking.Control) that came from the partner.
type Message struct {
	Channel store.Channel
	Seq     int64 // of the stored version
	ID      string
	Object  []byte // canonical
}

// Handler acts on a message inside the transaction that takes its shipment in,
// so that the receipt says what was done. It looks at everything before it
// writes anything: an error other than fault.Internal fails the one item, with
// its message in the receipt, and undoes nothing. The same message comes once.
type Handler func(tx *store.Tx, m Message) error

// Handle has h act on control objects of a type. All calls come before the
// first shipment does.
func (x *Exchange) Handle(objectType string, h Handler) {
	if x.handlers == nil {
		x.handlers = map[string]Handler{}
	}
	x.handlers[objectType] = h
}

// control acts on what the partner's node says about what was shared.
func (in *arrival) control(tx *store.Tx, ch store.Channel, results []intake.Result) error {
	in.undone = map[int]error{}
	for i, res := range results {
		if in.labels[i].Kind != marking.Control || res.Outcome != intake.Added && res.Outcome != intake.Updated {
			continue
		}
		h, ok := in.x.handlers[in.items[i].Object.Type]
		if !ok {
			in.undone[i] = fault.Errorf(fault.Invalid, "objects of type %s are not understood here", in.items[i].Object.Type)
			continue
		}
		err := h(tx, Message{Channel: ch, Seq: res.Seq, ID: res.ID, Object: in.items[i].Object.Raw})
		if fault.KindOf(err) == fault.Internal && err != nil {
			return err
		}
		if err != nil {
			in.undone[i] = err
		}
	}
	return nil
}
