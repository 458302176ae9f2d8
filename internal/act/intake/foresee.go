package intake

import (
	"twoseas/internal/base/canon"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Foresight looks ahead at what would become of objects, batch after batch of
// one input, and stores nothing. It belongs to one goroutine.
type Foresight struct {
	in    *Intake
	src   Source
	terms map[string]marking.Terms // of definitions that came in earlier batches
}

// Foresee returns a Foresight for a source.
func (in *Intake) Foresee(src Source) *Foresight {
	src.Origin = src.side(in.self)
	return &Foresight{in: in, src: src, terms: map[string]marking.Terms{}}
}

// Foreseen is what would become of one object.
type Foreseen struct {
	Result
	Label marking.Label // zero when it would be refused
	// Changes says that it is another version of what is stored, or gives that
	// another label.
	Changes bool
}

// Batch says what would become of items now. What would be new twice in two
// batches is said to be so twice, and a definition counts from its batch on.
func (f *Foresight) Batch(tx *store.Tx, items []Item) ([]Foreseen, error) {
	src := f.src
	if err := f.in.belongs(tx, &src, items); err != nil {
		return nil, err
	}
	labels := newLabeller(tx, f.in.self, f.in.readers)
	labels.dry = true
	for key, t := range f.terms {
		labels.terms[key] = t
	}
	b := &batch{in: f.in, tx: tx, src: src, items: items, results: make([]Result, len(items)), labels: labels, permits: map[int64]bool{}, foretold: map[*Item]marking.Label{}}
	for _, step := range []func() error{b.lookUp, func() error { return f.define(b) }, b.judge} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	out := make([]Foreseen, len(items))
	fresh := map[int]int64{}
	for at, i := range b.from {
		fresh[i] = b.fresh[at].Label
	}
	for i := range out {
		out[i].Result = b.results[i]
		if out[i].Outcome == Refused {
			continue
		}
		out[i].Changes = out[i].Outcome == Updated
		if l, ok := b.foretold[&items[i]]; ok {
			out[i].Label, out[i].Changes = l, true
			continue
		}
		id, ok := fresh[i]
		if !ok {
			var err error
			if id, err = b.kept(i); err != nil {
				return nil, err
			}
		}
		l, err := labels.meaning(id)
		if err != nil {
			return nil, err
		}
		out[i].Label = l
	}
	return out, nil
}

// kept returns the label under which the bytes of item i are known already.
func (b *batch) kept(i int) (int64, error) {
	seq := b.results[i].Seq
	if seq < 0 { // earlier in this batch
		return b.fresh[-1-seq].Label, nil
	}
	for _, k := range b.known[b.items[i].Object.ID] {
		if k.Seq == seq {
			return k.Label, nil
		}
	}
	return b.labels.of(b.src, &b.items[i])
}

// define notes what the definitions among the items mean, as far as none is
// stored under their ids.
func (f *Foresight) define(b *batch) error {
	for i := range b.items {
		it := &b.items[i]
		if it.Err != nil || it.Object.Type != "marking-definition" {
			continue
		}
		if _, ok := marking.WellKnown(it.Object.ID); ok {
			continue
		}
		_, known, err := b.tx.Marking(it.Object.ID, it.origin(b.src))
		if err != nil || known {
			if err != nil {
				return err
			}
			continue
		}
		props, err := canon.Decode(it.Object.Raw)
		if err != nil {
			return err
		}
		key := string(it.origin(b.src)) + " " + it.Object.ID
		f.terms[key] = marking.Definition(props)
		b.labels.terms[key] = f.terms[key]
	}
	return nil
}
