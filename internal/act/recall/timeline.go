package recall

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// What happened, in the time of an act.
const (
	Left     = "left"     // objects left to a partner, in a shipment
	Came     = "came"     // the first of them came here
	Read     = "read"     // somebody of this side read or took it, for the last time
	Asked    = "asked"    // it was called back
	Sent     = "sent"     // the recall left, or came
	Receipt  = "receipt"  // the partner has the recall
	Answered = "answered" // the partner said, or was told, what was done
	Lifted   = "lifted"
)

// Moment is one thing that happened.
type Moment struct {
	At        time.Time
	What      string
	Agreement ident.Agreement // of what crossed
	Partner   ident.Side
	Shipment  int64
	Account   string // who read or asked
	Act       string // what a reader did, as the home log has it
	Count     int64  // objects, or times
	Open      bool   // of an answer: something is still to come
	Outcomes  map[recall.Outcome]int
}

// Timeline returns what happened to what an act names, in order: when it left,
// who of this side read it since, when it was called back, each answer. Of long
// acts it looks at the first thousand objects. Returns fault.Denied unless by
// may Recall.
func (r *Recalls) Timeline(ctx context.Context, h *store.Handle, by people.Actor, id string) (out []Moment, err error) {
	if err := by.May(people.Recall); err != nil {
		return nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		c, err := tx.Recall(id)
		if err != nil {
			return err
		}
		out = []Moment{{At: clock.At(c.At), What: Asked, Account: c.Account}}
		if c.Lifted != 0 {
			out = append(out, Moment{At: clock.At(c.Lifted), What: Lifted})
		}
		parts, err := tx.RecallParts(id)
		if err != nil {
			return err
		}
		for _, find := range []func(*store.Tx, store.Recall, []store.RecallPart) ([]Moment, error){r.crossings, r.saw, r.answers} {
			more, err := find(tx, c, parts)
			if err != nil {
				return err
			}
			out = append(out, more...)
		}
		return nil
	})
	slices.SortStableFunc(out, func(a, b Moment) int { return a.At.Compare(b.At) })
	return out, err
}

// named returns the versions here of the first thousand ids of messages.
func (r *Recalls) named(tx *store.Tx, parts []store.RecallPart) (seqs []int64, err error) {
	var ids []string
	for _, p := range parts {
		more, err := tx.RecallIDs(p.Message, "", maxAsked)
		if err != nil {
			return nil, err
		}
		for _, n := range more {
			ids = append(ids, n.ID)
		}
		if len(ids) >= maxAsked {
			break
		}
	}
	known, err := tx.Known(ids)
	for _, versions := range known {
		for _, k := range versions {
			seqs = append(seqs, k.Seq)
		}
	}
	slices.Sort(seqs)
	return seqs, err
}

// left returns the shipments that took what messages name to one channel, or to
// any when that is 0.
func (r *Recalls) left(tx *store.Tx, parts []store.RecallPart, channelID int64) (out []Moment, err error) {
	seqs, err := r.named(tx, parts)
	if err != nil || len(seqs) == 0 {
		return nil, err
	}
	left, err := tx.LeftWith(seqs)
	if err != nil {
		return nil, err
	}
	for _, l := range left {
		if channelID != 0 && l.Channel != channelID {
			continue
		}
		ch, err := channel(tx, l.Channel)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(out, func(m Moment) bool { return m.Agreement == ch.Agreement && m.Shipment == l.Number })
		if i < 0 {
			m := Moment{What: Left, Agreement: ch.Agreement, Partner: ch.Partner, Shipment: l.Number}
			if l.Number > 0 {
				s, err := tx.Shipment(ch.ID, store.Out, l.Number)
				if err != nil {
					return nil, err
				}
				m.At = clock.At(s.At)
			}
			i, out = len(out), append(out, m)
		}
		out[i].Count++
	}
	return out, nil
}

// crossings are when the objects left or came, and the recall itself.
func (r *Recalls) crossings(tx *store.Tx, c store.Recall, parts []store.RecallPart) (out []Moment, err error) {
	if c.Direction == store.Out {
		if out, err = r.left(tx, parts, 0); err != nil {
			return nil, err
		}
	} else if seqs, err := r.named(tx, parts); err != nil {
		return nil, err
	} else if len(seqs) > 0 {
		first, err := tx.Object(seqs[0])
		if err != nil {
			return nil, err
		}
		out = append(out, Moment{At: clock.At(first.Received), What: Came, Count: int64(len(seqs))})
	}
	for _, p := range parts {
		if p.Channel == 0 {
			continue
		}
		more, err := messages(tx, c, p)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	slices.SortStableFunc(out, func(a, b Moment) int { return a.At.Compare(b.At) })
	return out, nil
}

// messages are when each version of a message crossed: the recall, and its
// being lifted.
func messages(tx *store.Tx, c store.Recall, p store.RecallPart) (out []Moment, err error) {
	ch, err := channel(tx, p.Channel)
	if err != nil {
		return nil, err
	}
	known, err := tx.Known([]string{p.Message})
	if err != nil {
		return nil, err
	}
	for _, k := range known[p.Message] {
		m := Moment{What: Sent, Agreement: ch.Agreement, Partner: ch.Partner, Count: p.Items}
		if c.Direction == store.In {
			o, err := tx.Object(k.Seq)
			if err != nil {
				return nil, err
			}
			m.At = clock.At(o.Received)
			out = append(out, m)
			continue
		}
		number, err := tx.HurriedIn(ch.ID, k.Seq)
		if err != nil {
			return nil, err
		}
		if number == 0 {
			continue // it waits
		}
		s, err := tx.Shipment(ch.ID, store.Out, number)
		if err != nil {
			return nil, err
		}
		m.At = clock.At(s.At)
		if out = append(out, m); s.Answered != 0 {
			m.What, m.At = Receipt, clock.At(s.Answered)
			out = append(out, m)
		}
	}
	return out, nil
}

// saw are the people of this side who read what is named.
func (r *Recalls) saw(tx *store.Tx, _ store.Recall, parts []store.RecallPart) (out []Moment, err error) {
	readers, err := r.readersOf(tx, parts)
	for _, p := range readers.People {
		out = append(out, Moment{At: clock.At(p.Last), What: Read, Account: p.Account, Act: p.Act, Count: p.Times})
	}
	return out, err
}

// answers are what was answered to each message, each time: all versions of the
// answer are kept.
func (r *Recalls) answers(tx *store.Tx, _ store.Recall, parts []store.RecallPart) (out []Moment, err error) {
	for _, part := range parts {
		if part.Channel == 0 || part.Reply == "" {
			continue
		}
		ch, err := channel(tx, part.Channel)
		if err != nil {
			return nil, err
		}
		known, err := tx.Known([]string{part.Reply})
		if err != nil {
			return nil, err
		}
		for _, k := range known[part.Reply] {
			o, err := tx.Object(k.Seq)
			if err != nil {
				return nil, err
			}
			a, err := recall.ParseAnswer(o.Body)
			if err != nil {
				return nil, err
			}
			m := Moment{At: clock.At(o.Received), What: Answered, Agreement: ch.Agreement, Partner: ch.Partner, Open: a.Open(), Outcomes: map[recall.Outcome]int{}}
			for outcome, ids := range a.Items {
				m.Outcomes[outcome] += len(ids)
				m.Count += int64(len(ids))
			}
			out = append(out, m)
		}
	}
	return out, nil
}
