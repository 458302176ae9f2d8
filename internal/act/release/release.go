// Package release decides what leaves: it runs the gate once per label,
// queues what may go, makes the redacted objects, and keeps what waits for
// officers.
//
// Invariants: nothing is queued without a decision under the agreement version
// in force (invariant 2); an approval is of exact bytes, and any change voids
// it (invariant 5); a decision is taken again when the item is about to leave,
// so a queue never outlives the rule it rested on.
package release

import (
	"context"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Taker stores the objects that redaction makes; intake.Intake is one.
type Taker interface {
	Batch(tx *store.Tx, src intake.Source, items []intake.Item) (intake.Report, []intake.Result, error)
}

// Classes says what a person may see; people.People does.
type Classes interface {
	Access(ctx context.Context, h *store.Handle, by people.Actor) (people.Access, error)
}

// Releases keeps the release lists of a node. It is safe for concurrent use.
type Releases struct {
	self      ident.Side
	accords   *accord.Accords
	ledger    *ledger.Ledger
	secret    [32]byte // makes the ids of redacted objects
	taker     Taker
	classes   Classes
	before    Before
	industry  Industry // nil before UseIndustry
	lost      Lost     // nil, or who is told whom a narrower marking leaves out
	wouldLose WouldLose
}

// Before is called in the transaction that lets a third side's object go to a
// partner, before the object joins the release list: what shows that it may
// goes ahead of it.
type Before func(tx *store.Tx, ch store.Channel, object int64) error

// SetBefore sets what is called. It is called once, before anything else.
func (r *Releases) SetBefore(fn Before) { r.before = fn }

// ahead calls Before for a version whose label is l, if it is a third side's.
func (r *Releases) ahead(tx *store.Tx, ch store.Channel, seq int64, l marking.Label) error {
	if r.before == nil || l.Origin == r.self || l.Origin == ch.Partner {
		return nil
	}
	return r.before(tx, ch, seq)
}

// aheadAll is ahead for every version of a label.
func (r *Releases) aheadAll(tx *store.Tx, ch store.Channel, label int64, l marking.Label, s span) error {
	if r.before == nil || l.Origin == r.self || l.Origin == ch.Partner {
		return nil
	}
	var seqs []int64
	if err := tx.Labelled(label, s.from, s.to, func(o store.Object) error {
		seqs = append(seqs, o.Seq)
		return nil
	}); err != nil {
		return err
	}
	for _, seq := range seqs {
		if err := r.before(tx, ch, seq); err != nil {
			return err
		}
	}
	return nil
}

// Lost is told of versions of this side that left on a channel and that the
// gate would not let go there any more, since they, or newer versions of the
// same objects, came under a narrower marking.
type Lost func(tx *store.Tx, ch store.Channel, left []store.Brief) error

// WouldLose says which ids Lost would call back of versions that left on a
// channel.
type WouldLose func(tx *store.Tx, ch store.Channel, left []store.Brief) ([]string, error)

// New returns the Releases of the node of side self. secret makes the ids of
// redacted objects and must stay the same for the life of the node. The taker
// and who says what people may see are set with Use, since they come later.
func New(self ident.Side, accords *accord.Accords, l *ledger.Ledger, secret [32]byte) *Releases {
	return &Releases{self: self, accords: accords, ledger: l, secret: secret}
}

// Use sets the taker and the classes. It is called once, before anything else.
func (r *Releases) Use(t Taker, c Classes) { r.taker, r.classes = t, c }

// OnLost has fn told, and would asked what fn would do. It is called once,
// before anything else.
func (r *Releases) OnLost(fn Lost, would WouldLose) { r.lost, r.wouldLose = fn, would }

// Self returns the side of the node.
func (r *Releases) Self() ident.Side { return r.self }

// class returns the clearance class of who asks: the node itself sees all.
func (r *Releases) class(ctx context.Context, h *store.Handle, by people.Actor) (int64, error) {
	if by.IsSystem() {
		return store.AllLabels, nil
	}
	a, err := r.classes.Access(ctx, h, by)
	return a.Class, err
}

// span is a run of object versions; again says that they were routed before.
type span struct {
	from, to int64
	again    bool
}

// Arrived routes the versions numbered from..to, whose labels are given, on
// every channel that has an agreement in force.
func (r *Releases) Arrived(tx *store.Tx, from, to int64, labels map[int64]marking.Label) error {
	return r.everywhere(tx, span{from: from, to: to}, labels)
}

func (r *Releases) everywhere(tx *store.Tx, s span, labels map[int64]marking.Label) error {
	channels, err := tx.Channels()
	if err != nil {
		return err
	}
	for _, ch := range channels {
		if err := r.route(tx, ch, s, labels); err != nil {
			return err
		}
	}
	return nil
}

// Relabelled routes everything that carries a label whose meaning changed.
func (r *Releases) Relabelled(tx *store.Tx, id int64, label marking.Label) error {
	last, err := tx.LastObject()
	if err != nil {
		return err
	}
	return r.everywhere(tx, span{1, last, true}, map[int64]marking.Label{id: label})
}

// Reconsider routes everything there is on the channel of one agreement: when
// it comes into force, and when another version does.
func (r *Releases) Reconsider(tx *store.Tx, a ident.Agreement) error {
	ch, err := tx.Channel(a)
	if err != nil {
		return err
	}
	last, err := tx.LastObject()
	if err != nil || last == 0 {
		return err
	}
	stored, err := tx.Labels()
	if err != nil {
		return err
	}
	labels := make(map[int64]marking.Label, len(stored))
	for _, l := range stored {
		if labels[l.ID], err = marking.ParseLabel(l.Resolved); err != nil {
			return err
		}
	}
	return r.route(tx, ch, span{1, last, true}, labels)
}

func (r *Releases) route(tx *store.Tx, ch store.Channel, s span, labels map[int64]marking.Label) error {
	g, err := r.Gate(tx, ch.Agreement)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
		return nil // no agreement in force: nothing leaves, and Reconsider comes with one
	}
	if err != nil {
		return err
	}
	var free, urgent, denied []int64
	for id, l := range labels {
		d := g.Decide(l)
		switch {
		case d.Outcome == gate.Deny && l.Origin == r.self && l.Withheld == "":
			denied = append(denied, id)
		case d.Outcome == gate.Release && marking.IsDesk(l.Kind):
			urgent = append(urgent, id)
		case d.Outcome == gate.Release:
			free, err = append(free, id), r.aheadAll(tx, ch, id, l, s)
		case len(d.Redact) > 0 && d.Outcome != gate.Deny:
			err = r.redact(tx, g, redaction{label: id, terms: l, names: d.Redact, span: s})
		case d.Outcome == gate.Hold:
			err = r.hold(tx, ch, id, l, d.Approvals, s)
		}
		if err != nil {
			return err
		}
	}
	if err := r.narrowed(tx, ch, s, denied); err != nil {
		return err
	}
	if err := tx.Hurry(ch.ID, s.from, s.to, urgent); err != nil {
		return err
	}
	if _, err = tx.Queue(ch.ID, s.from, s.to, free); err != nil || !s.again {
		return err
	}
	for _, id := range free {
		if err := tx.Lift(ch.ID, id); err != nil {
			return err
		}
	}
	return nil
}

// hold puts the versions of a label in front of the officers.
func (r *Releases) hold(tx *store.Tx, ch store.Channel, label int64, l marking.Label, needed int, s span) error {
	wire := l.Canonical()
	var holds []store.Hold
	if err := tx.Labelled(label, s.from, s.to, func(o store.Object) error {
		holds = append(holds, store.Hold{Channel: ch.ID, Object: o.Seq, Digest: Digest(wire, o.Body), Needed: needed})
		return nil
	}); err != nil {
		return err
	}
	return tx.AddHolds(holds)
}

// Digest is what an officer signs: the label and the bytes that leave.
func Digest(label, body []byte) ident.Digest {
	return ident.Sum([]byte("twoseas/release/v1\n"), label, []byte("\n"), body)
}

// Gate is the gate of one agreement version for what this node sends, at one
// moment. It belongs to one transaction.
type Gate struct {
	Terms   accord.Terms
	context gate.Context
	epochs  map[string]store.Epoch // by caveat
}

// Gate returns the gate of the version of a in force. There is none before
// both sides have signed: fault.NotFound or fault.Denied.
func (r *Releases) Gate(tx *store.Tx, a ident.Agreement) (*Gate, error) {
	terms, err := r.accords.InForce(tx, a)
	if err != nil {
		return nil, err
	}
	g := &Gate{Terms: terms, context: gate.Context{
		From: terms.Self, To: terms.Partner, Domain: tx.Domain(), Now: time.UnixMicro(tx.Now()).UTC(),
	}}
	return g, g.roll(tx)
}

// sent returns a label's bytes as the partner gets them.
func (g *Gate) sent(l marking.Label) []byte {
	return l.For(g.Terms.Partner, ident.Agreement(g.Terms.Doc.Agreement)).Canonical()
}

// Decide says what may become of an object labelled l on its way out.
func (g *Gate) Decide(l marking.Label) gate.Decision {
	return gate.Decide(l, g.Terms.Table, g.context)
}

// Accept says whether an object labelled l may come in from the partner.
func (g *Gate) Accept(l marking.Label) gate.Decision {
	c := g.context
	c.From, c.To = c.To, c.From
	c.Audiences = nil // who belongs to them here is known best here
	return gate.Accept(l, g.Terms.Table, c)
}
