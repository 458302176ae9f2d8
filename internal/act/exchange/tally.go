package exchange

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// tally adds up what one shipment or receipt tells of flow and pace, and
// writes it in a few rows.
type tally struct {
	tx    *store.Tx
	ch    int64
	flows map[flowKey]*store.Flow
	paces map[store.Pace]int64 // Items is 0 in the key

	kept   map[store.Untaken]int64 // likewise
	totals map[string]int64        // had already, by direction
}

type flowKey struct {
	direction string
	label     int64
}

func newTally(tx *store.Tx, channel int64) *tally {
	return &tally{
		tx: tx, ch: channel, flows: map[flowKey]*store.Flow{}, paces: map[store.Pace]int64{},
		kept: map[store.Untaken]int64{}, totals: map[string]int64{},
	}
}

func (t *tally) flow(direction string, label int64) *store.Flow {
	k := flowKey{direction, label}
	f, ok := t.flows[k]
	if !ok {
		f = &store.Flow{Channel: t.ch, Direction: direction, Label: label}
		t.flows[k] = f
	}
	return f
}

// pace counts an item that took from since until the transaction's time. What
// is not known, or lies ahead, is not counted.
func (t *tally) pace(direction, stage string, label int64, since, until int64) {
	if since <= 0 || since > until {
		return
	}
	d := time.Duration(until-since) * time.Microsecond
	t.paces[store.Pace{Channel: t.ch, Direction: direction, Stage: stage, Label: label, Bucket: store.Bucket(d)}]++
}

func (t *tally) save() error {
	for _, k := range slices.SortedFunc(maps.Keys(t.flows), func(a, b flowKey) int {
		return cmp.Or(cmp.Compare(a.direction, b.direction), cmp.Compare(a.label, b.label))
	}) {
		if err := t.tx.AddFlow(*t.flows[k]); err != nil {
			return err
		}
	}
	for p, n := range t.paces {
		p.Items = n
		if err := t.tx.AddPace(p); err != nil {
			return err
		}
	}
	return t.saveUntaken()
}

// sent counts what a shipment takes out: low..high are its entries of the
// release list.
func (t *tally) sent(items []leavingItem) error {
	if len(items) == 0 {
		return nil
	}
	runs, err := t.tx.Joined(t.ch, items[0].n, items[len(items)-1].n)
	if err != nil {
		return err
	}
	r := 0
	for _, it := range items {
		for r < len(runs) && runs[r].High < it.n {
			r++
		}
		if r == len(runs) || runs[r].Low > it.n {
			continue // it joined before such things were kept
		}
		t.pace(store.Out, store.StageReleased, it.label, it.observed, runs[r].At)
		t.pace(store.Out, store.StageShipped, it.label, runs[r].At, t.tx.Now())
	}
	return nil
}

// settled counts what the partner's receipt says of a shipment of ours.
func (t *tally) settled(s store.Shipment, r shipment.Receipt) error {
	seqs := make([]int64, 0, len(s.Items))
	for _, it := range s.Items {
		seqs = append(seqs, it.Object)
	}
	labels, err := t.tx.LabelsOf(seqs)
	if err != nil {
		return err
	}
	t.untaken(store.Out, s.Number, r)
	answers := outcomes(r)
	for i, it := range s.Items {
		t.count(store.Out, labels[it.Object], answers[i])
		if answers[i] == "" {
			t.pace(store.Out, store.StageReceipt, labels[it.Object], s.At, t.tx.Now())
		}
	}
	return nil
}

func (t *tally) count(direction string, label int64, outcome shipment.Outcome) {
	f := t.flow(direction, label)
	switch outcome {
	case shipment.Refused:
		f.Refused++
	case shipment.Failed:
		f.Failed++
	default:
		f.Items++
	}
}

func outcomes(r shipment.Receipt) map[int]shipment.Outcome {
	out := make(map[int]shipment.Outcome, len(r.Answers))
	for _, a := range r.Answers {
		out[a.Position] = a.Outcome
	}
	return out
}

// received counts what came in.
func (t *tally) received(raw []shipment.Item, kept []store.ShippedItem, r shipment.Receipt) error {
	seqs := make([]int64, 0, len(kept))
	for _, it := range kept {
		if it.Object != 0 {
			seqs = append(seqs, it.Object)
		}
	}
	labels, err := t.tx.LabelsOf(seqs)
	if err != nil {
		return err
	}
	answers := outcomes(r)
	for i, it := range kept {
		if it.Object == 0 {
			t.count(store.In, 0, answers[i])
			continue
		}
		t.count(store.In, labels[it.Object], "")
		t.pace(store.In, store.StageReceived, labels[it.Object], observed(raw[i].Object), t.tx.Now())
	}
	return nil
}

// answered counts the objects that an answer refers to as answered, the first
// time. direction is that in which they crossed: out when the partner answers.
func (t *tally) answered(direction string, body []byte) error {
	ids := answerTo(body)
	if len(ids) == 0 {
		return nil
	}
	known, err := t.tx.Known(ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		for _, k := range slices.Backward(known[id]) {
			at, err := t.crossed(direction, k.Seq)
			if err != nil {
				return err
			}
			if at == 0 {
				continue
			}
			first, err := t.tx.Answer(t.ch, direction, k.Seq)
			if err != nil {
				return err
			}
			if first {
				t.pace(direction, store.StageAnswered, k.Label, at, t.tx.Now())
			}
			break
		}
	}
	return nil
}

// crossed returns when a version left, or was received.
func (t *tally) crossed(direction string, seq int64) (int64, error) {
	if direction == store.Out {
		f, err := t.tx.Crossed(t.ch, seq)
		return f.At, err
	}
	o, err := t.tx.Object(seq)
	return o.Received, err
}

// isAnswer reports whether objects of a type answer others.
func isAnswer(typ string) bool { return typ == "sighting" || typ == "opinion" || typ == "note" }

// maxAnswered bounds the objects that one answer counts for.
const maxAnswered = 100

// answerTo returns the ids of what a sighting, opinion or note is about.
func answerTo(body []byte) []string {
	props, err := canon.View(body)
	if err != nil {
		return nil // it was taken as it is; nothing can be told from it
	}
	var ids []string
	if id, ok := props["sighting_of_ref"].(string); ok {
		ids = append(ids, id)
	}
	refs, ok := props["object_refs"].([]any)
	if !ok {
		return ids
	}
	for _, r := range refs[:min(len(refs), maxAnswered)] {
		if id, ok := r.(string); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// seen are the properties that say when something was observed, the closest to
// the event first.
var seen = [][]byte{[]byte(`"first_observed":"`), []byte(`"first_seen":"`), []byte(`"valid_from":"`), []byte(`"created":"`)}

// observed returns when what a canonical object tells was observed, in
// microseconds; 0 when it does not say. It looks at bytes and not at the tree,
// since it is asked for every object that crosses: a property of that name
// deeper in the object is as good.
func observed(body []byte) int64 {
	for _, name := range seen {
		i := bytes.Index(body, name)
		if i < 1 || body[i-1] != '{' && body[i-1] != ',' {
			continue
		}
		text := body[i+len(name):]
		end := bytes.IndexByte(text, '"')
		if end < 0 || end > 40 {
			continue
		}
		if at, err := time.Parse(time.RFC3339Nano, string(text[:end])); err == nil {
			return at.UnixMicro()
		}
	}
	return 0
}
