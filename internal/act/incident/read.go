package incident

import (
	"cmp"
	"context"
	"slices"
	"time"

	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// MaxPage bounds a page of the list.
const MaxPage = 200

// Line is one incident of a list.
type Line struct {
	incident.Notification
	Seq    int64
	Origin ident.Side
	TLP    marking.TLP
	Shared bool // notified under an agreement
}

// List returns incidents that class may see, what changed last first, those
// numbered below before; next is where the list goes on, 0 at its end.
func (i *Incidents) List(ctx context.Context, h *store.Handle, by people.Actor, class, before int64, limit int) (out []Line, next int64, err error) {
	if err := by.May(people.Read); err != nil {
		return nil, 0, err
	}
	limit = min(cmp.Or(max(limit, 0), MaxPage), MaxPage)
	err = h.Read(ctx, func(tx *store.Tx) error {
		seqs, err := tx.Incidents(class, before, limit+1)
		if err != nil {
			return err
		}
		if len(seqs) > limit {
			seqs, next = seqs[:limit], seqs[limit-1]
		}
		shown, err := tx.Shown(class, seqs)
		if err != nil {
			return err
		}
		for _, s := range shown {
			hd, err := headOf(s)
			if err != nil {
				return err
			}
			if hd.label.Origin == i.Self && len(hd.label.Redacted) > 0 {
				continue // made of another for the partner
			}
			out = append(out, Line{hd.Notification, s.Seq, hd.label.Origin, hd.label.TLP, hd.ours})
		}
		return nil
	})
	return out, next, err
}

// Fate is what becomes, or became, of an object of this side.
type Fate string

// The fates, in the order of an object's way.
const (
	Stays   Fate = "stays" // the gate does not let it go; Why says it
	Waits   Fate = "waits" // for officers
	Leaving Fate = "leaving"
	Sent    Fate = "sent"
	Arrived Fate = "arrived" // the partner's receipt is here
	Came    Fate = "came"    // it is the partner's
)

// Part is one object of an incident.
type Part struct {
	ID, Type string
	Seq      int64
	Origin   ident.Side
	TLP      marking.TLP
	Received time.Time
	Fate     Fate
	Why      string
	Crossed  []library.Crossing
}

// Contribution is an entry of either side.
type Contribution struct {
	Part
	incident.Entry
}

// Job is a task with what was said of it, by the side whose it is.
type Job struct {
	Contribution
	Answers []Contribution
}

// Said is a wording of either side for both or for everybody.
type Said struct {
	Part
	incident.Wording
	Replaced bool // the same side has worded it anew since
}

// Detail is one incident with what both sides contributed.
type Detail struct {
	incident.Notification
	Part
	Shared   bool
	Partner  ident.Side // "" when it was notified under no agreement
	Versions int
	Events   []Contribution // by when they happened
	Notes    []Contribution
	Finds    []Contribution
	Jobs     []Job
	Said     []Said
	Agreed   string // the public wording of both sides, once it is the same
	Other    []Part // what cannot be read here
	// Own is for this side only; empty for who does not handle incidents.
	Own Own
}

// Own is what never crosses.
type Own struct {
	Notes     []incident.OwnNote
	Proposals []Proposal
	Clocks    []Running
}

// Open returns one incident. class is the reader's; what is one's own is shown
// to those who handle incidents, and proposals also to those who approve.
func (i *Incidents) Open(ctx context.Context, h *store.Handle, by people.Actor, class int64, id string) (d Detail, err error) {
	if err := by.May(people.Read); err != nil {
		return d, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		d, err = i.open(tx, by, class, id)
		return err
	})
	return d, err
}

func (i *Incidents) open(tx *store.Tx, by people.Actor, class int64, id string) (d Detail, err error) {
	hd, err := i.head(tx, class, id)
	if err != nil {
		return d, err
	}
	r := reader{i: i, tx: tx}
	if hd.ours {
		if r.gate, err = i.Releases.Gate(tx, hd.Agreement); err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Denied) {
			return d, err
		}
		ch, err := tx.Channel(hd.Agreement)
		if err == nil {
			d.Partner = ch.Partner
		} else if !fault.Is(err, fault.NotFound) {
			return d, err
		}
	}
	d.Notification, d.Shared = hd.Notification, hd.ours
	if d.Part, err = r.part(hd.Shown); err != nil {
		return d, err
	}
	if err := r.gather(class, id, &d); err != nil {
		return d, err
	}
	d.order()
	d.Own, err = i.own(tx, by, id)
	return d, err
}

// reader reads the objects of one incident.
type reader struct {
	i    *Incidents
	tx   *store.Tx
	gate *release.Gate // nil where no agreement is in force
}

func (r *reader) gather(class int64, id string, d *Detail) error {
	parts, err := r.tx.IncidentParts(id)
	if err != nil {
		return err
	}
	var seqs []int64
	for _, p := range parts {
		seqs = append(seqs, p.Object)
	}
	shown, err := r.tx.Shown(class, seqs)
	if err != nil {
		return err
	}
	var answers []Contribution
	for _, s := range shown {
		if s.Type == incident.Type {
			d.Versions++
			continue
		}
		if marking.IsDesk(marking.KindOf(s.Type)) {
			continue // one's own, which the node itself may see
		}
		part, err := r.part(s)
		if err != nil {
			return err
		}
		if err := d.add(part, s, &answers); err != nil {
			return err
		}
	}
	for n := range d.Jobs {
		for _, a := range answers {
			if a.Task == d.Jobs[n].Entry.ID && a.Origin == d.Jobs[n].For {
				d.Jobs[n].Answers = append(d.Jobs[n].Answers, a)
			}
		}
	}
	return nil
}

// add puts an object in its place; what cannot be read is told of.
func (d *Detail) add(part Part, s store.Shown, answers *[]Contribution) error {
	if s.Type == incident.WordingType {
		w, err := incident.ParseWording(s.Body)
		if err != nil {
			d.Other = append(d.Other, part)
			return nil //nolint:nilerr // a later edition wrote it
		}
		d.Said = append(d.Said, Said{Part: part, Wording: w})
		return nil
	}
	e, err := incident.ParseEntry(s.Body)
	if err != nil {
		d.Other = append(d.Other, part)
		return nil //nolint:nilerr // a later edition wrote it
	}
	c := Contribution{part, e}
	switch e.Kind {
	case incident.Event:
		d.Events = append(d.Events, c)
	case incident.Note:
		d.Notes = append(d.Notes, c)
	case incident.Finds:
		d.Finds = append(d.Finds, c)
	case incident.Task:
		d.Jobs = append(d.Jobs, Job{Contribution: c})
	case incident.Answer:
		*answers = append(*answers, c)
	}
	return nil
}

// order sorts what happened by when it did, and finds which wordings hold.
func (d *Detail) order() {
	slices.SortStableFunc(d.Events, func(a, b Contribution) int { return a.When.At.Compare(b.When.At) })
	holds := map[ident.Side]string{}
	for n := range d.Said {
		s := &d.Said[n]
		for k := range n {
			if o := &d.Said[k]; o.Origin == s.Origin && o.Audience == s.Audience {
				o.Replaced = true
			}
		}
		if s.Audience == incident.Public {
			holds[s.Origin] = s.Text
		}
	}
	if len(holds) == 2 {
		said := map[string]bool{}
		for _, text := range holds {
			said[text], d.Agreed = true, text
		}
		if len(said) > 1 {
			d.Agreed = ""
		}
	}
}

func (r *reader) part(s store.Shown) (Part, error) {
	l, err := marking.ParseLabel(s.Terms)
	if err != nil {
		return Part{}, err
	}
	p := Part{ID: s.ID, Type: s.Type, Seq: s.Seq, Origin: l.Origin, TLP: l.TLP, Received: instant(s.Received), Fate: Came}
	family, err := r.tx.Family([]int64{s.Seq})
	if err != nil {
		return p, err
	}
	for _, seq := range family {
		crossed, err := library.Crossings(r.tx, seq)
		if err != nil {
			return p, err
		}
		p.Crossed = append(p.Crossed, crossed...)
	}
	if l.Origin != r.i.Self {
		return p, nil
	}
	p.Fate, p.Why = r.fate(l, p.Crossed)
	return p, nil
}

func (r *reader) fate(l marking.Label, crossed []library.Crossing) (Fate, string) {
	out := slices.DeleteFunc(slices.Clone(crossed), func(c library.Crossing) bool { return !c.Out })
	switch {
	case slices.ContainsFunc(out, func(c library.Crossing) bool { return !c.Answered.IsZero() }):
		return Arrived, ""
	case len(out) > 0:
		return Sent, ""
	case r.gate == nil:
		return Stays, ""
	}
	d := r.gate.Decide(l)
	switch d.Outcome { //nolint:exhaustive // released, with or without redaction
	case gate.Deny:
		return Stays, d.Sentence
	case gate.Hold:
		return Waits, d.Sentence
	}
	return Leaving, ""
}

func (i *Incidents) own(tx *store.Tx, by people.Actor, id string) (o Own, err error) {
	handles := by.May(people.Incidents) == nil
	if handles || by.May(people.Approve) == nil {
		if o.Proposals, err = i.proposals(tx, id); err != nil {
			return o, err
		}
	}
	if !handles {
		return o, nil
	}
	if o.Clocks, err = runningAll(tx, id); err != nil {
		return o, err
	}
	parts, err := tx.IncidentParts(id)
	if err != nil {
		return o, err
	}
	for _, p := range parts {
		if p.Type != incident.OwnNoteType {
			continue
		}
		obj, err := tx.Object(p.Object)
		if err != nil {
			return o, err
		}
		if obj.Type == "erased" {
			continue
		}
		n, err := incident.ParseOwnNote(obj.Body)
		if err != nil {
			return o, err
		}
		o.Notes = append(o.Notes, n)
	}
	return o, nil
}
