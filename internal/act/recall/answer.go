package recall

import (
	"context"
	"slices"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/ledger"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// versionless reports whether objects of a type have no version of their own.
func versionless(typ string) bool { return stix.KindOf(typ) == stix.SCO }

// Names of the edges that every node has.
const (
	edgeSearch  = "search"
	edgeTAXII   = "taxii"
	edgeReaders = "people"
	edgeExports = "exports"
	edgeThird   = "third-side"
)

// tellEdges has every way out of this node hear of versions that nobody may
// read any more. What reads by label, as pages, search and the interface of
// programs do, has no more to do.
func (r *Recalls) tellEdges(tx *store.Tx, message string, versions []store.Brief, done withheld) ([]recall.Edge, error) {
	out := []recall.Edge{{Name: edgeSearch, State: recall.Done, Count: len(versions), Note: recall.NoteRemoved}}
	if done.revoked > 0 {
		out = append(out, recall.Edge{Name: edgeTAXII, State: recall.Done, Count: done.revoked, Note: recall.NoteRevoked})
	}
	if done.removed > 0 {
		out = append(out, recall.Edge{Name: edgeTAXII, State: recall.Done, Count: done.removed, Note: recall.NoteRemoved})
	}
	if len(versions) == 0 {
		return out, nil
	}
	for _, e := range r.edges {
		said, err := e.Recalled(tx, message, versions)
		if err != nil {
			return nil, err
		}
		out = append(out, said...)
	}
	return out, nil
}

// Readers are the people of one's own side who read or exported something, by
// the home log. It stays at home: a partner is told how many there are.
type Readers struct {
	People []store.Reader
	// Exporters took lists away since it came, which may hold it.
	Exporters []string
}

// readers looks up who read or took away versions that are here.
func (r *Recalls) readers(tx *store.Tx, versions []store.Brief) (out Readers, err error) {
	if len(versions) == 0 {
		return out, nil
	}
	ids := make([]string, 0, len(versions))
	seqs := make([]int64, 0, len(versions))
	for _, v := range versions {
		ids, seqs = append(ids, v.ID), append(seqs, v.Seq)
	}
	slices.Sort(ids)
	all, err := tx.Readers(slices.Compact(ids))
	if err != nil {
		return out, err
	}
	out.People = slices.DeleteFunc(all, func(x store.Reader) bool { return !reads[x.Act] })
	first, err := tx.Object(slices.Min(seqs))
	if err != nil {
		return out, err
	}
	out.Exporters, err = tx.ActedSince("export", first.Received-first.Received%1_000_000)
	return out, err
}

// reads are the acts of the home log that show an object to somebody.
var reads = map[string]bool{"read": true, "export": true, "answer.sighting": true, "answer.opinion": true, "answer.note": true}

// edges are what the partner is told of them: numbers.
func (x Readers) edges() []recall.Edge {
	people := map[string]bool{}
	for _, p := range x.People {
		people[p.Account] = true
	}
	var out []recall.Edge
	if len(people) > 0 {
		out = append(out, recall.Edge{Name: edgeReaders, State: recall.Cannot, Count: len(people), Note: recall.NoteReads})
	}
	if len(x.Exporters) > 0 {
		out = append(out, recall.Edge{Name: edgeExports, State: recall.Cannot, Count: len(x.Exporters), Note: recall.NoteExports})
	}
	return out
}

// answer says to the partner what was done, in place of what was said before.
func (r *Recalls) answer(tx *store.Tx, ch store.Channel, part store.RecallPart, a recall.Answer) error {
	if part.Reply == "" {
		uuid, err := ident.NewUUID(r.rand)
		if err != nil {
			return err
		}
		part.Reply = recall.AnswerType + "--" + uuid
		a.Created = now(tx, micro(0))
		a.Modified = a.Created
	} else {
		before, err := recall.ParseAnswer(part.Answer)
		if err != nil {
			return err
		}
		a.Created, a.Modified = before.Created, now(tx, before.Modified)
	}
	a.ID, a.Recall = part.Reply, part.Message
	raw, err := a.Encode()
	if err != nil {
		return err
	}
	if _, err := r.say(tx, ch.Agreement, raw); err != nil {
		return err
	}
	part.Answer, part.Answered, part.Open = raw, tx.Now(), a.Open()
	return tx.SaveRecallPart(part)
}

// answered takes the partner's answer to a recall of ours.
func (r *Recalls) answered(tx *store.Tx, m exchange.Message) error {
	a, err := recall.ParseAnswer(m.Object)
	if err != nil {
		return err
	}
	part, err := tx.RecallPart(a.Recall)
	if err != nil || part.Channel != m.Channel.ID {
		return fault.New(fault.Invalid, "it answers no recall that was sent to this partner")
	}
	c, err := tx.Recall(part.Recall)
	if err != nil {
		return err
	}
	asked, err := r.message(tx, part)
	switch {
	case err != nil:
		return err
	case c.Direction != store.Out:
		return fault.New(fault.Invalid, "it answers a recall of its own side")
	case !a.Answers(asked):
		return fault.New(fault.Invalid, "it does not answer each object of the recall once")
	}
	if len(part.Answer) > 0 {
		before, err := recall.ParseAnswer(part.Answer)
		if err != nil {
			return err
		}
		if part.Reply != a.ID || !a.Modified.After(before.Modified) {
			return fault.New(fault.Conflict, "a newer answer to this recall is here")
		}
	}
	part.Answer, part.Reply, part.Answered = m.Object, a.ID, tx.Now()
	part.Open = a.Open() || c.Lifted != 0 && !a.Lifted
	if err := tx.SaveRecallPart(part); err != nil {
		return err
	}
	if err := r.ledger.Record(tx, "node", "recall.answered", ledger.Field{Name: "recall", Value: c.ID},
		ledger.Field{Name: "agreement", Value: string(m.Channel.Agreement)}, ledger.Field{Name: "part", Value: decimal(part.Part)}); err != nil {
		return err
	}
	return r.carried(tx, c, m.Channel)
}

// message reads one of our own messages as it was stored.
func (r *Recalls) message(tx *store.Tx, part store.RecallPart) (recall.Recall, error) {
	o, err := tx.Object(part.Object)
	if err != nil {
		return recall.Recall{}, err
	}
	return recall.Parse(o.Body)
}

// Finished tells that an edge that was pending for a message is done, or cannot
// be, and has the partner hear of it.
func (r *Recalls) Finished(ctx context.Context, h *store.Handle, message string, done recall.Edge) error {
	return h.Write(ctx, func(tx *store.Tx) error { return r.finished(tx, message, done) })
}

func (r *Recalls) finished(tx *store.Tx, message string, done recall.Edge) error {
	part, err := tx.RecallPart(message)
	if err != nil || len(part.Answer) == 0 || part.Channel == 0 {
		return err
	}
	ch, err := channel(tx, part.Channel)
	if err != nil {
		return err
	}
	a, err := recall.ParseAnswer(part.Answer)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(a.Edges, func(e recall.Edge) bool { return e.Name == done.Name && e.State == recall.Pending })
	if i < 0 {
		return nil // said already
	}
	a.Edges = slices.Clone(a.Edges)
	a.Edges[i] = done
	return r.answer(tx, ch, part, a)
}

func channel(tx *store.Tx, id int64) (store.Channel, error) {
	all, err := tx.Channels()
	if err != nil {
		return store.Channel{}, err
	}
	for _, ch := range all {
		if ch.ID == id {
			return ch, nil
		}
	}
	return store.Channel{}, fault.New(fault.NotFound, "the channel of the recall is gone")
}
