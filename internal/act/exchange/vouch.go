package exchange

import (
	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// Foreign is an object that belongs to neither end of the channel it came on.
type Foreign struct {
	Channel store.Channel
	ID      string
	Object  []byte // canonical
	Label   marking.Label
	// Control holds the control objects of the same shipment.
	Control [][]byte
}

// Voucher says why a foreign object is not taken in: fault.Denied or
// fault.Invalid. Other errors undo the shipment.
type Voucher func(tx *store.Tx, f Foreign) error

// SetVoucher sets who vouches for what belongs to third sides; without one,
// nothing of theirs is taken in. It is called before the first shipment comes.
func (x *Exchange) SetVoucher(v Voucher) { x.voucher = v }

// vouched answers for an item of a third side that nothing vouches for.
func (in *arrival) vouched(tx *store.Tx, ch store.Channel, i int, r *shipment.Receipt) error {
	if !in.x.third(ch, in.labels[i].Origin) {
		return nil
	}
	why := fault.New(fault.Denied, "nothing shows that its originator agreed")
	if in.x.voucher != nil {
		err := in.x.voucher(tx, Foreign{Channel: ch, ID: in.items[i].Object.ID, Object: in.items[i].Object.Raw, Label: in.labels[i], Control: in.controls()})
		if err == nil {
			return nil
		}
		if fault.KindOf(err) == fault.Internal {
			return err
		}
		why = err
	}
	r.Add(shipment.Answer{Position: i, Outcome: shipment.Refused, Code: "no-evidence", Text: fault.Message(why)})
	in.items[i].Err = errRefused
	return nil
}

func (in *arrival) controls() (out [][]byte) {
	for i := range in.items {
		if in.items[i].Err == nil && in.labels[i].Kind == marking.Control {
			out = append(out, in.items[i].Object.Raw)
		}
	}
	return out
}

// theirs returns the stored versions among the results that belong to a third
// side: the partner is not told that they were here before it sent them.
func (in *arrival) theirs(tx *store.Tx, ch store.Channel, results []intake.Result) (map[int64]bool, error) {
	var seqs []int64
	for _, res := range results {
		if res.Outcome == intake.Same {
			seqs = append(seqs, res.Seq)
		}
	}
	if len(seqs) == 0 {
		return nil, nil
	}
	labels, err := tx.LabelsOf(seqs)
	if err != nil {
		return nil, err
	}
	origins, out := map[int64]ident.Side{}, map[int64]bool{}
	for seq, id := range labels {
		if _, ok := origins[id]; !ok {
			l, err := tx.Label(id)
			if err != nil {
				return nil, err
			}
			m, err := marking.ParseLabel(l.Resolved)
			if err != nil {
				return nil, err
			}
			origins[id] = m.Origin
		}
		out[seq] = in.x.third(ch, origins[id])
	}
	return out, nil
}
