// Package coordination discloses a vulnerability together with the other side
// (memorandum 1(6); law/coordination says what may follow on what, ADR 0039 why
// each side may publish by itself).
//
// Invariants: what is coordinated and every step about it is a signed object of
// the side that made it, stored, logged at home and put on its way in one
// transaction; both nodes fold the same course from the same objects, and the
// lists are no more than a view of it; nothing of a draft is readable outside
// these acts before it is published; a node publishes when it holds both sides'
// agreement to the draft's bytes and to the instant, and the instant has come,
// once, and the log says when; no text of it is in a log or a notice.
package coordination

import (
	"io"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/coordination"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Coordinations opens, answers and publishes for one node. It is safe for
// concurrent use.
type Coordinations struct{ Config }

// Config is what Coordinations works with.
type Config struct {
	Self     ident.Side
	Ledger   *ledger.Ledger
	Accords  *accord.Accords
	Intake   *intake.Intake
	Exchange *exchange.Exchange
	Notices  *notice.Notices
	Rand     io.Reader // ids
}

// New returns the Coordinations of a node, which hear from now on what partners
// open and do.
func New(c Config) *Coordinations {
	x := &Coordinations{c}
	c.Exchange.Handle(law.Type, x.arrived)
	c.Exchange.Handle(law.StepType, x.stepped)
	c.Exchange.OnSettled(x.delivered)
	return x
}

// Reader is the act that lets a person see and move coordinations.
const Reader = people.Assist

// Path is the page of a coordination.
func Path(id string) string { return "/coordinations/" + id }

// say stores an object of this node, which puts it on its way.
func (x *Coordinations) say(tx *store.Tx, a ident.Agreement, raw []byte) (int64, error) {
	src := intake.Source{DefaultTLP: marking.Amber, Limits: marking.Terms{Areas: []string{marking.Area(a, "")}}}
	return x.Exchange.Say(tx, a, "coordination", src, raw)
}

func (x *Coordinations) record(tx *store.Tx, by, what string, c store.Coordination) error {
	return x.Ledger.Record(tx, by, "coordination."+what,
		ledger.Field{Name: "coordination", Value: c.ID}, ledger.Field{Name: "agreement", Value: string(c.Agreement)})
}

func (x *Coordinations) newID(typ string) (string, error) {
	u, err := ident.NewUUID(x.Rand)
	return typ + "--" + u, err
}

// permitted returns the partner under an agreement that admits something new.
func (x *Coordinations) permitted(tx *store.Tx, a ident.Agreement) (ident.Side, error) {
	terms, err := x.Accords.InForce(tx, a)
	if err != nil {
		return "", err
	}
	if !terms.Permits.Request {
		return "", fault.Errorf(fault.Denied, "nothing new is coordinated under %s: %s", a, terms.Permits.Why)
	}
	return terms.Partner, nil
}

func now(tx *store.Tx) time.Time { return time.UnixMicro(tx.Now()).UTC() }

// after is the transaction's time, but after a time before.
func after(tx *store.Tx, before time.Time) time.Time {
	if t := now(tx); t.After(before) {
		return t
	}
	return before.Add(time.Microsecond)
}
