package recall

import (
	"cmp"
	"context"
	"slices"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// Query asks for acts, newest first.
type Query struct {
	Direction string          // store.Out, store.In or "" for both
	Open      bool            // only what is open
	Agreement ident.Agreement // "" for any
	Object    string          // that name this id; "" for any
	Before    int64           // N of the last one of the page before
	Limit     int             // default and at most MaxPage
}

// MaxPage is how many lines one list has at most.
const MaxPage = 200

// Line is one act in a list.
type Line struct {
	store.RecallSum
	Partners []ident.Side
	Rung     int // how far it has climbed; 0 when nothing is open
}

// List returns acts. Returns fault.Denied unless by may Recall.
func (r *Recalls) List(ctx context.Context, h *store.Handle, by people.Actor, q Query) (out []Line, err error) {
	if err := by.May(people.Recall); err != nil {
		return nil, err
	}
	ask := store.RecallQuery{Direction: q.Direction, Open: q.Open, Object: q.Object, Before: q.Before, Limit: MaxPage}
	if q.Limit > 0 && q.Limit < MaxPage {
		ask.Limit = q.Limit
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		if q.Agreement != "" {
			ch, err := tx.Channel(q.Agreement)
			if fault.Is(err, fault.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			ask.Channel = ch.ID
		}
		found, err := tx.Recalls(ask)
		if err != nil {
			return err
		}
		for _, s := range found {
			l, err := r.line(tx, s)
			if err != nil {
				return err
			}
			out = append(out, l)
		}
		return nil
	})
	return out, err
}

func (r *Recalls) line(tx *store.Tx, s store.RecallSum) (Line, error) {
	l := Line{RecallSum: s}
	if s.Parts > 1 || s.Direction == store.In { // more than what is at home
		parts, err := r.partners(tx, s.Recall)
		if err != nil {
			return l, err
		}
		for _, p := range parts {
			l.Partners = append(l.Partners, p.Partner)
			l.Rung = max(l.Rung, p.Rung)
		}
	}
	return l, nil
}

// Partner is how an act stands on one channel.
type Partner struct {
	Agreement ident.Agreement
	Partner   ident.Side
	Items     int64
	Shipments []int64 // that took the messages, or brought them
	Sent      time.Time
	Receipt   time.Time
	Answered  time.Time // the newest answer
	Open      bool
	Due       time.Time // when it climbs next, while it is open
	Rung      int
	Outcomes  map[recall.Outcome]int
	Edges     []recall.Edge
}

// Undone are the edges at which something could not be undone, and what goes
// on at the partner.
func (p Partner) Undone() []recall.Edge {
	return slices.DeleteFunc(slices.Clone(p.Edges), func(e recall.Edge) bool { return e.State != recall.Cannot })
}

// partners adds up the messages of an act by channel.
func (r *Recalls) partners(tx *store.Tx, c store.Recall) (out []Partner, err error) {
	parts, err := tx.RecallParts(c.ID)
	if err != nil {
		return nil, err
	}
	for len(parts) > 0 {
		id := parts[0].Channel
		n := slices.IndexFunc(parts, func(p store.RecallPart) bool { return p.Channel != id })
		if n < 0 {
			n = len(parts)
		}
		if id != 0 {
			p, err := r.partner(tx, c, parts[:n])
			if err != nil {
				return nil, err
			}
			out = append(out, p)
		}
		parts = parts[n:]
	}
	return out, nil
}

func (r *Recalls) partner(tx *store.Tx, c store.Recall, parts []store.RecallPart) (p Partner, err error) {
	ch, err := channel(tx, parts[0].Channel)
	if err != nil {
		return p, err
	}
	p = Partner{Agreement: ch.Agreement, Partner: ch.Partner, Outcomes: map[recall.Outcome]int{}}
	var answers []recall.Answer
	asked := clock.At(c.At)
	for _, part := range parts {
		p.Items += part.Items
		p.Open = p.Open || part.Open
		if at := clock.At(part.Answered); at.After(p.Answered) {
			p.Answered = at
		}
		if len(part.Answer) > 0 {
			a, err := recall.ParseAnswer(part.Answer)
			if err != nil {
				return p, err
			}
			answers = append(answers, a)
			for o, ids := range a.Items {
				p.Outcomes[o] += len(ids)
			}
		}
		if err := p.crossed(tx, ch, c.Direction, part); err != nil {
			return p, err
		}
	}
	p.Edges = recall.Sum(answers)
	if p.Open {
		every, err := r.interval(tx, ch.Agreement, asked)
		if err != nil {
			return p, err
		}
		p.Rung = recall.Rung(asked, clock.At(tx.Now()), every)
		if p.Rung < recall.Agenda && every > 0 {
			p.Due = asked.Add(time.Duration(p.Rung+1) * every)
		}
	}
	return p, nil
}

// crossed notes in which shipment a message left, and when.
func (p *Partner) crossed(tx *store.Tx, ch store.Channel, direction string, part store.RecallPart) error {
	if direction != store.Out {
		p.Sent = earlier(p.Sent, clock.At(part.At))
		return nil
	}
	number, err := tx.HurriedIn(ch.ID, part.Object)
	if err != nil || number == 0 {
		return err
	}
	s, err := tx.Shipment(ch.ID, store.Out, number)
	if err != nil {
		return err
	}
	if !slices.Contains(p.Shipments, number) {
		p.Shipments = append(p.Shipments, number)
	}
	p.Sent = earlier(p.Sent, clock.At(s.At))
	if at := clock.At(s.Answered); at.After(p.Receipt) {
		p.Receipt = at
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// defaultInterval is how long a recall may be open where the agreement does not
// say.
const defaultInterval = 4 * time.Hour

// interval is the agreement's: after it an open recall climbs.
func (r *Recalls) interval(tx *store.Tx, a ident.Agreement, from time.Time) (time.Duration, error) {
	terms, err := r.accords.InForce(tx, a)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		return defaultInterval, nil
	}
	if err != nil {
		return 0, err
	}
	return cmp.Or(terms.Doc.Targets.Recall.After(from).Sub(from), defaultInterval), nil
}

// Detail is one act with all that is known of it.
type Detail struct {
	store.Recall
	Objects  int64 // ids it names
	Partners []Partner
	Detained int64 // versions in quarantine here, of what the reader might read before
	Readers  Readers
}

// Open reports whether anything is still to come.
func (d Detail) Open() bool {
	return slices.ContainsFunc(d.Partners, func(p Partner) bool { return p.Open })
}

// Rung is how far it has climbed.
func (d Detail) Rung() (n int) {
	for _, p := range d.Partners {
		n = max(n, p.Rung)
	}
	return n
}

// maxAsked bounds the ids whose readers are looked up for a page.
const maxAsked = 1000

// Show returns one act. Returns fault.Denied unless by may Recall.
func (r *Recalls) Show(ctx context.Context, h *store.Handle, by people.Actor, id string) (d Detail, err error) {
	class, err := r.class(ctx, h, by)
	if err != nil {
		return d, err
	}
	err = h.Read(ctx, func(tx *store.Tx) (err error) {
		if d.Recall, err = tx.Recall(id); err != nil {
			return err
		}
		if d.Partners, err = r.partners(tx, d.Recall); err != nil {
			return err
		}
		parts, err := tx.RecallParts(id)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if p.Channel == 0 || d.Direction == store.In {
				d.Objects += p.Items
			}
		}
		if d.Detained, err = tx.DetainedCount(id, class); err != nil {
			return err
		}
		d.Readers, err = r.readersOf(tx, parts)
		return err
	})
	return d, err
}

// readersOf looks up who read what an act names, here.
func (r *Recalls) readersOf(tx *store.Tx, parts []store.RecallPart) (Readers, error) {
	var ids []string
	for _, p := range parts {
		named, err := tx.RecallIDs(p.Message, "", maxAsked)
		if err != nil {
			return Readers{}, err
		}
		for _, n := range named {
			ids = append(ids, n.ID)
		}
		if len(ids) >= maxAsked {
			break
		}
	}
	known, err := tx.Known(ids)
	if err != nil {
		return Readers{}, err
	}
	var briefs []store.Brief
	for id, versions := range known {
		for _, k := range versions {
			briefs = append(briefs, store.Brief{Seq: k.Seq, ID: id})
		}
	}
	return r.readers(tx, briefs)
}

// IDs returns a page of the ids that an act names, in order, after one.
func (r *Recalls) IDs(ctx context.Context, h *store.Handle, by people.Actor, id, after string, limit int) (out []store.RecallID, err error) {
	if err := by.May(people.Recall); err != nil {
		return nil, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		if _, err := tx.Recall(id); err != nil {
			return err
		}
		parts, err := tx.RecallParts(id)
		if err != nil {
			return err
		}
		for _, p := range parts {
			more, err := tx.RecallIDs(p.Message, after, limit)
			if err != nil {
				return err
			}
			out = append(out, more...)
			if p.Channel == 0 { // it names them all
				break
			}
		}
		slices.SortFunc(out, func(a, b store.RecallID) int { return cmp.Compare(a.ID, b.ID) })
		out = slices.CompactFunc(out, func(a, b store.RecallID) bool { return a.ID == b.ID })
		out = out[:min(len(out), limit)]
		return nil
	})
	return out, err
}
