package recall

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/ledger"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// received acts on a recall of the partner, or on its being lifted, and
// answers, in the transaction of the receipt.
func (r *Recalls) received(tx *store.Tx, m exchange.Message) error {
	msg, err := recall.Parse(m.Object)
	if err != nil {
		return err
	}
	part, err := r.sameAct(tx, m, msg)
	if err != nil {
		return err
	}
	c := store.Recall{
		ID: msg.Act, Direction: store.In, Kind: string(msg.Kind), Code: msg.Code, Reason: msg.Reason, Until: msg.Until.UnixMicro(),
	}
	if err := tx.AddRecall(&c); err != nil {
		return err
	}
	part.Object = m.Seq
	if err := tx.SaveRecallPart(part); err != nil {
		return err
	}
	if err := tx.AddRecallIDs(msg.ID, msg.IDs, msg.By); err != nil {
		return err
	}
	if msg.Lifted {
		return r.lifted(tx, m, msg, part)
	}
	return r.comply(tx, m, msg, part)
}

// sameAct returns the message's row, and refuses one that says it belongs to
// an act of somebody else, or that changes what it said before.
func (r *Recalls) sameAct(tx *store.Tx, m exchange.Message, msg recall.Recall) (store.RecallPart, error) {
	fresh := store.RecallPart{Message: msg.ID, Recall: msg.Act, Channel: m.Channel.ID, Part: int64(msg.Part), Items: int64(len(msg.IDs))}
	c, err := tx.Recall(msg.Act)
	if fault.Is(err, fault.NotFound) {
		return fresh, nil
	}
	if err != nil {
		return fresh, err
	}
	parts, err := tx.RecallParts(msg.Act)
	if err != nil {
		return fresh, err
	}
	foreign := slices.ContainsFunc(parts, func(p store.RecallPart) bool { return p.Channel != m.Channel.ID })
	if c.Direction != store.In || foreign || c.Kind != string(msg.Kind) || c.Until != msg.Until.UnixMicro() {
		return fresh, fault.New(fault.Conflict, "another act of recalling has this number")
	}
	for _, p := range parts {
		if p.Message != msg.ID {
			continue
		}
		ids, err := tx.RecallIDs(msg.ID, "", recall.MaxIDs+1)
		if err != nil {
			return fresh, err
		}
		same := slices.EqualFunc(ids, slices.Sorted(slices.Values(msg.IDs)), func(a store.RecallID, b string) bool { return a.ID == b })
		if !same {
			return fresh, fault.New(fault.Conflict, "a recall names what it named at first")
		}
		return p, nil
	}
	return fresh, nil
}

// holding is what this node has of ids that a partner calls back.
type holding struct {
	covered []store.Brief // versions that are called back
	made    []store.Brief // what this node made of them
	outcome map[string]recall.Outcome
	stays   map[string]bool
}

// comply withholds what is here and says so.
func (r *Recalls) comply(tx *store.Tx, m exchange.Message, msg recall.Recall, part store.RecallPart) error {
	have, err := r.holding(tx, m.Channel, msg)
	if err != nil {
		return err
	}
	versions := slices.Concat(have.covered, have.made)
	readers, err := r.readers(tx, have.covered)
	if err != nil {
		return err
	}
	done, err := r.withhold(tx, withholding{message: msg.ID, kind: msg.Kind, until: msg.Until, versions: versions, stays: have.stays})
	if err != nil {
		return err
	}
	edges, err := r.tellEdges(tx, msg.ID, versions, done)
	if err != nil {
		return err
	}
	third, err := r.carryOn(tx, m.Channel, msg, versions)
	if err != nil {
		return err
	}
	a := recall.Answer{Recall: msg.ID, Items: map[recall.Outcome][]string{}, Edges: slices.Concat(edges, readers.edges(), third)}
	for _, id := range msg.IDs {
		a.Items[have.outcome[id]] = append(a.Items[have.outcome[id]], id)
	}
	if err := r.ledger.Record(tx, "node", "recall.received", heard(m, msg, a)...); err != nil {
		return err
	}
	return r.answer(tx, m.Channel, part, a)
}

// heard is what the home log says of a recall that came.
func heard(m exchange.Message, msg recall.Recall, a recall.Answer) []ledger.Field {
	out := []ledger.Field{
		{Name: "recall", Value: msg.Act},
		{Name: "agreement", Value: string(m.Channel.Agreement)},
		{Name: "kind", Value: string(msg.Kind)},
		{Name: "part", Value: strconv.Itoa(msg.Part)},
	}
	for _, o := range recall.Outcomes() {
		if n := len(a.Items[o]); n > 0 {
			out = append(out, ledger.Field{Name: string(o), Value: strconv.Itoa(n)})
		}
	}
	return out
}

// holding works out what of the ids is here, whose it is and what becomes of
// it.
func (r *Recalls) holding(tx *store.Tx, ch store.Channel, msg recall.Recall) (h holding, err error) {
	h = holding{outcome: make(map[string]recall.Outcome, len(msg.IDs)), stays: map[string]bool{}}
	known, err := tx.Known(msg.IDs)
	if err != nil {
		return h, err
	}
	var seqs []int64
	for _, id := range msg.IDs {
		h.outcome[id] = recall.NeverHad
		if len(known[id]) > 0 {
			h.outcome[id] = recall.Erased // until something that is not is found
		}
		for _, k := range known[id] {
			seqs = append(seqs, k.Seq)
		}
	}
	theirs, others, err := r.belonging(tx, ch, seqs)
	if err != nil {
		return h, err
	}
	for _, b := range others {
		h.outcome[b.ID] = recall.Own
	}
	for _, b := range theirs {
		if covers(msg, b) {
			h.covered = append(h.covered, b)
			h.outcome[b.ID] = recall.Quarantined
		}
	}
	for _, b := range theirs {
		if covers(msg, b) {
			continue
		}
		h.stays[b.ID] = true
		if h.outcome[b.ID] != recall.Quarantined {
			h.outcome[b.ID] = recall.Replaced
		}
	}
	h.made, err = r.madeOf(tx, h.covered)
	return h, err
}

func covers(msg recall.Recall, b store.Brief) bool {
	return recall.Covers(msg.Kind, msg.Until, msg.By[b.ID], versionOf(b.Type, b.Version))
}

// versionOf is the version of what has one: observables have the time they
// came, which says nothing.
func versionOf(typ string, version int64) time.Time {
	if versionless(typ) {
		return time.Time{}
	}
	return clock.At(version)
}

// belonging parts versions into those that the partner may call back, since
// they are its own or came from it alone, and those of this side. What only
// stands in for others is neither.
func (r *Recalls) belonging(tx *store.Tx, ch store.Channel, seqs []int64) (theirs, own []store.Brief, err error) {
	briefs, err := tx.Briefs(seqs)
	if err != nil || len(briefs) == 0 {
		return nil, nil, err
	}
	stood, err := standIns(tx, seqs)
	if err != nil {
		return nil, nil, err
	}
	l := r.labels(tx)
	var third []int64
	var maybe []store.Brief
	for _, b := range briefs {
		m, err := l.of(b.Label)
		if err != nil {
			return nil, nil, err
		}
		switch {
		case stood[b.Seq] || marking.IsDesk(m.Kind):
		case m.Origin == ch.Partner:
			theirs = append(theirs, b)
		case m.Origin == r.self:
			own = append(own, b)
		default:
			third, maybe = append(third, b.Seq), append(maybe, b)
		}
	}
	if len(third) == 0 {
		return theirs, own, nil
	}
	followed, err := tx.Followed("shipments in " + decimal(ch.ID))
	if err != nil {
		return nil, nil, err
	}
	came, err := tx.CameIn(ch.ID, followed, ch.InNumber, third)
	for _, b := range maybe {
		if came[b.Seq] {
			theirs = append(theirs, b)
		} else {
			own = append(own, b) // had from elsewhere: not theirs to call back
		}
	}
	return theirs, own, err
}

// madeOf returns what this node made of versions, for others, by redaction.
func (r *Recalls) madeOf(tx *store.Tx, of []store.Brief) ([]store.Brief, error) {
	seqs := make([]int64, len(of))
	for i, b := range of {
		seqs[i] = b.Seq
	}
	family, err := tx.Family(seqs)
	if err != nil {
		return nil, err
	}
	return tx.Briefs(slices.DeleteFunc(family, func(s int64) bool { return slices.Contains(seqs, s) }))
}

// arrived quarantines what comes after it was called back, and answers anew.
func (r *Recalls) arrived(tx *store.Tx, ch store.Channel, fresh []exchange.Fresh) (map[int]string, error) {
	some, err := tx.AnyRecallOn(ch.ID, store.In)
	if err != nil || !some {
		return nil, err
	}
	ids := make([]string, len(fresh))
	for i, f := range fresh {
		ids[i] = f.ID
	}
	standing, err := tx.RecallsOn(ch.ID, store.In, ids)
	if err != nil || len(standing) == 0 {
		return nil, err
	}
	held := map[int]string{}
	late := map[string][]exchange.Fresh{}
	for _, f := range fresh {
		for _, s := range standing[f.ID] {
			version := f.Version
			if versionless(f.Type) {
				version = time.Time{}
			}
			if recall.Covers(recall.Kind(s.Kind), clock.At(s.Until), s.By, version) {
				held[f.Position] = "its originator had called it back (" + s.Kind + "); it is in quarantine"
				late[s.Message] = append(late[s.Message], f)
				break
			}
		}
	}
	for _, message := range slices.Sorted(maps.Keys(late)) {
		if err := r.cameLate(tx, ch, message, late[message]); err != nil {
			return nil, err
		}
	}
	return held, nil
}

func (r *Recalls) cameLate(tx *store.Tx, ch store.Channel, message string, fresh []exchange.Fresh) error {
	part, err := tx.RecallPart(message)
	if err != nil {
		return err
	}
	c, err := tx.Recall(part.Recall)
	if err != nil {
		return err
	}
	seqs := make([]int64, len(fresh))
	for i, f := range fresh {
		seqs[i] = f.Seq
	}
	briefs, err := tx.Briefs(seqs)
	if err != nil {
		return err
	}
	if _, err := r.withhold(tx, withholding{message: message, kind: recall.Kind(c.Kind), until: clock.At(c.Until), versions: briefs}); err != nil {
		return err
	}
	a, err := recall.ParseAnswer(part.Answer)
	if err != nil {
		return err
	}
	for _, f := range fresh {
		a = moved(a, f.ID, recall.Quarantined)
	}
	if err := r.ledger.Record(tx, "node", "recall.late", ledger.Field{Name: "recall", Value: c.ID},
		ledger.Field{Name: "agreement", Value: string(ch.Agreement)}, ledger.Field{Name: "objects", Value: strconv.Itoa(len(fresh))}); err != nil {
		return err
	}
	return r.answer(tx, ch, part, a)
}

// moved returns a with another outcome for one id.
func moved(a recall.Answer, id string, to recall.Outcome) recall.Answer {
	items := map[recall.Outcome][]string{}
	for o, ids := range a.Items {
		items[o] = slices.DeleteFunc(slices.Clone(ids), func(s string) bool { return s == id })
	}
	items[to] = append(items[to], id)
	a.Items = items
	return a
}
