// Package recall calls back what was sent, answers when the partner does, and
// looks after what is in quarantine meanwhile (DESIGN §8, invariant 6).
//
// Invariants: what is called back leaves every read in the transaction that
// says so, at home and at the receiver, whose receipt covers it; a recall is
// answered in that same transaction, whatever it finds; only who sent an object
// calls it back; the same message changes nothing twice, and a recall that
// comes before its object holds when the object does (ADR 0026).
package recall

import (
	"context"
	"io"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/recall"
	"twoseas/internal/store"
)

// Classes says what a person may see; people.People does.
type Classes interface {
	Access(ctx context.Context, h *store.Handle, by people.Actor) (people.Access, error)
}

// Edge is a way out of this node that must hear of what is called back. It is
// told inside the transaction that withholds; what it says is pending then is
// asked for again until it is not.
type Edge interface {
	Name() string
	// Recalled is told which versions nobody may read any more.
	Recalled(tx *store.Tx, message string, versions []store.Brief) ([]recall.Edge, error)
	// Stands says how far it is with what was pending.
	Stands(tx *store.Tx, message string) ([]recall.Edge, error)
}

// Recalls calls back and answers. It is safe for concurrent use.
type Recalls struct {
	self     ident.Side
	exchange *exchange.Exchange
	intake   *intake.Intake
	releases *release.Releases
	accords  *accord.Accords
	ledger   *ledger.Ledger
	classes  Classes
	rand     io.Reader
	edges    []Edge
}

// Config is what Recalls work with.
type Config struct {
	Self     ident.Side
	Exchange *exchange.Exchange
	Intake   *intake.Intake
	Releases *release.Releases
	Accords  *accord.Accords
	Ledger   *ledger.Ledger
	Classes  Classes
	Rand     io.Reader
}

// New returns the Recalls of a node, which hear from now on what the exchange
// brings and whom releases are lost to.
func New(c Config) *Recalls {
	r := &Recalls{
		self: c.Self, exchange: c.Exchange, intake: c.Intake, releases: c.Releases, accords: c.Accords,
		ledger: c.Ledger, classes: c.Classes, rand: c.Rand,
	}
	c.Exchange.Handle(recall.Type, r.received)
	c.Exchange.Handle(recall.AnswerType, r.answered)
	c.Exchange.OnArrival(r.arrived)
	c.Releases.OnLost(r.lost, r.wouldLose)
	return r
}

// AddEdge has an edge hear of every recall. All calls come before the first
// recall does.
func (r *Recalls) AddEdge(e Edge) { r.edges = append(r.edges, e) }

// class returns what by may see.
func (r *Recalls) class(ctx context.Context, h *store.Handle, by people.Actor) (int64, error) {
	if err := by.May(people.Recall); err != nil {
		return 0, err
	}
	if by.IsSystem() {
		return store.AllLabels, nil
	}
	a, err := r.classes.Access(ctx, h, by)
	return a.Class, err
}

// labels reads the meaning of labels once in a transaction.
type labels struct {
	r     *Recalls
	tx    *store.Tx
	means map[int64]marking.Label
	to    map[string]int64
}

func (r *Recalls) labels(tx *store.Tx) *labels {
	return &labels{r: r, tx: tx, means: map[int64]marking.Label{}, to: map[string]int64{}}
}

func (l *labels) of(id int64) (marking.Label, error) {
	if m, ok := l.means[id]; ok {
		return m, nil
	}
	s, err := l.tx.Label(id)
	if err != nil {
		return marking.Label{}, err
	}
	m, err := marking.ParseLabel(s.Resolved)
	l.means[id] = m
	return m, err
}

// changed returns the number of the label that id becomes with a change.
func (l *labels) changed(id int64, key string, change func(*marking.Label)) (int64, error) {
	k := key + " " + decimal(id)
	if to, ok := l.to[k]; ok {
		return to, nil
	}
	m, err := l.of(id)
	if err != nil {
		return 0, err
	}
	was := string(m.Canonical())
	change(&m)
	to := id
	if string(m.Canonical()) != was {
		if to, err = l.r.intake.Intern(l.tx, m); err != nil {
			return 0, err
		}
	}
	l.to[k] = to
	return to, nil
}

// withheld returns the number of the label that id becomes when it is called
// back.
func (l *labels) withheld(id int64, why string) (int64, error) {
	return l.changed(id, "withheld "+why, func(m *marking.Label) {
		if m.Withheld != marking.Recalled { // the graver word stands
			m.Withheld = why
		}
	})
}

// control is how a message comes in: from the node itself, for one channel.
func control(a ident.Agreement) intake.Source {
	return intake.Source{Control: true, DefaultTLP: marking.Green, Limits: marking.Terms{Areas: []string{marking.Area(a, "")}}}
}

// say stores a message of this node, which puts it on its way, and returns
// where it is stored.
func (r *Recalls) say(tx *store.Tx, a ident.Agreement, raw []byte) (int64, error) {
	_, results, err := r.intake.Batch(tx, control(a), []intake.Item{intake.Prepare(0, raw, "")})
	if err != nil {
		return 0, err
	}
	if o := results[0].Outcome; o != intake.Added && o != intake.Updated {
		return 0, fault.Errorf(fault.Conflict, "the message was not taken: %s", results[0].Reason)
	}
	return results[0].Seq, nil
}

// now is the transaction's time, later than a time before.
func now(tx *store.Tx, after time.Time) time.Time {
	t := time.UnixMicro(tx.Now()).UTC()
	if !t.After(after) {
		t = after.Add(time.Microsecond)
	}
	return t
}
