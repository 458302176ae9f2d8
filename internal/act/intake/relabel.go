package intake

import (
	"bytes"

	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Relabel gives stored versions the label that change makes of the one they
// have, and routes them anew. What officers approved of them is void, since a
// label is part of what was approved. change must not widen what an object says
// of itself: markings on it go on to hold.
func (in *Intake) Relabel(tx *store.Tx, seqs []int64, change func(marking.Label) marking.Label) error {
	b := &batch{in: in, tx: tx, labels: newLabeller(tx, in.self, in.readers)}
	for _, seq := range seqs {
		o, err := tx.Object(seq)
		if err != nil {
			return err
		}
		now, err := b.labels.meaning(o.Label)
		if err != nil {
			return err
		}
		next := change(now)
		if o.Type == "erased" || bytes.Equal(next.Canonical(), now.Canonical()) {
			continue
		}
		it := Prepare(0, o.Body, "")
		if it.Err != nil {
			return it.Err
		}
		if err := b.relabel(&it, store.Known{Seq: seq, Label: o.Label}, next); err != nil {
			return err
		}
	}
	return nil
}

// Intern returns the number of the label that means exactly l, whatever the
// markings of an object say: for acts that give stored versions another label.
func (in *Intake) Intern(tx *store.Tx, l marking.Label) (int64, error) {
	return newLabeller(tx, in.self, in.readers).intern(combination{Kind: l.Kind, Origin: string(l.Origin), Wire: string(l.Canonical())})
}
