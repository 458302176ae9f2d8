package exchange

import (
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Message is an object of a kind of the desk (marking.IsDesk) that came from
// the partner.
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

// Handle has h act on objects of a type that is of the desk. All calls come before the
// first shipment does.
func (x *Exchange) Handle(objectType string, h Handler) {
	if x.handlers == nil {
		x.handlers = map[string]Handler{}
	}
	x.handlers[objectType] = h
}

// Fresh is a version that a shipment brought.
type Fresh struct {
	Position int
	Seq      int64
	ID, Type string
	Version  time.Time // zero for what has none
}

// Arrivals looks at what a shipment brought, inside the transaction that takes
// it in, and returns the positions that the receipt refuses, with why: they are
// stored, and it has seen to it that nobody reads them.
type Arrivals func(tx *store.Tx, ch store.Channel, fresh []Fresh) (map[int]string, error)

// OnArrival has a look at everything that comes in. It is called before the
// first shipment does.
func (x *Exchange) OnArrival(a Arrivals) { x.arrivals = a }

// Settled is told of each receipt that comes for a shipment of this node, in the
// transaction that takes it.
type Settled func(tx *store.Tx, ch store.Channel, s store.Shipment, r shipment.Receipt) error

// OnSettled has s told of receipts. All calls come before the first shipment
// leaves.
func (x *Exchange) OnSettled(s Settled) { x.settled = append(x.settled, s) }

func (x *Exchange) tellSettled(tx *store.Tx, ch store.Channel, s store.Shipment, r shipment.Receipt) error {
	for _, tell := range x.settled {
		if err := tell(tx, ch, s, r); err != nil {
			return err
		}
	}
	return nil
}

// Say stores an object of this node that is for the partner of a, which puts it
// on its way, and returns where it is stored. What would not leave at once is
// not stored: who says it is told now, and not when the other side has waited.
// What names the thing in the errors.
func (x *Exchange) Say(tx *store.Tx, a ident.Agreement, what string, src intake.Source, raw []byte) (int64, error) {
	src.Control = true
	_, results, err := x.intake.Batch(tx, src, []intake.Item{intake.Prepare(0, raw, "")})
	if err != nil {
		return 0, err
	}
	if o := results[0].Outcome; o != intake.Added && o != intake.Updated {
		return 0, fault.Errorf(fault.Conflict, "the %s was not taken: %s", what, results[0].Reason)
	}
	obj, err := tx.Object(results[0].Seq)
	if err != nil {
		return 0, err
	}
	stored, err := tx.Label(obj.Label)
	if err != nil {
		return 0, err
	}
	l, err := marking.ParseLabel(stored.Resolved)
	if err != nil {
		return 0, err
	}
	g, err := x.releases.Gate(tx, a)
	if err != nil {
		return 0, err
	}
	if d := g.Decide(l); d.Outcome != gate.Release {
		return 0, fault.Errorf(fault.Denied, "it would not reach the other side. %s", d.Sentence)
	}
	return obj.Seq, nil
}

// codeRecalled is the receipt's word for what was called back before it came.
const codeRecalled = "recalled"

// arrived returns the positions of what came and is not to be had.
func (in *arrival) arrived(tx *store.Tx, ch store.Channel, results []intake.Result) (map[int]string, error) {
	if in.x.arrivals == nil {
		return nil, nil
	}
	fresh := make([]Fresh, 0, len(results))
	for i, res := range results {
		if !marking.IsDesk(in.labels[i].Kind) && (res.Outcome == intake.Added || res.Outcome == intake.Updated) {
			o := &in.items[i].Object
			fresh = append(fresh, Fresh{Position: i, Seq: res.Seq, ID: res.ID, Type: o.Type, Version: o.Version()})
		}
	}
	if len(fresh) == 0 {
		return nil, nil
	}
	return in.x.arrivals(tx, ch, fresh)
}

// control acts on what the partner's node says about what was shared.
func (in *arrival) control(tx *store.Tx, ch store.Channel, results []intake.Result) error {
	in.undone = map[int]error{}
	for i, res := range results {
		if !marking.IsDesk(in.labels[i].Kind) || res.Outcome != intake.Added && res.Outcome != intake.Updated {
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
