// Package request asks the other side for assistance and answers when it asks
// (memorandum 1(2) and 1(4); law/request says what may follow on what).
//
// Invariants: what is asked and every step about it is a signed object of the
// side that made it, stored, logged at home and put on its way in one
// transaction; both nodes fold the same course from the same objects, and the
// lists are no more than a view of it; a request of the law-enforcement channel
// is there only for who may handle those; nothing new is asked where the state
// of the agreement does not permit it, and what was asked before goes on; no
// compartment reads what the other has but what was passed to it, with the
// originator's consent and on a legal basis.
package request

import (
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
	"twoseas/internal/law/request"
	"twoseas/internal/store"
)

// Requests asks and answers for one node. It is safe for concurrent use.
type Requests struct{ Config }

// Config is what Requests works with.
type Config struct {
	Self     ident.Side
	Ledger   *ledger.Ledger
	Accords  *accord.Accords
	Releases *release.Releases
	Intake   *intake.Intake
	Exchange *exchange.Exchange
	Rand     io.Reader // ids
}

// New returns the Requests of a node, which hear from now on what partners ask
// and do.
func New(c Config) *Requests {
	r := &Requests{c}
	c.Exchange.Handle(request.Type, r.arrived)
	c.Exchange.Handle(request.StepType, r.stepped)
	c.Exchange.Handle(request.CustodyType, r.kept)
	c.Exchange.Handle(request.PassageType, r.passed)
	c.Exchange.Handle(request.ConsentType, r.agreed)
	c.Exchange.OnSettled(r.delivered)
	return r
}

// Readers are the acts of which any lets a person see requests, each those of
// its channel.
func Readers() []people.Act { return []people.Act{people.Assist, people.Liaise} }

// Watchers are the acts of which any may leave a request waiting for a person:
// those who handle them, and the nodal ministry once a reminder reaches it.
func Watchers() []people.Act { return []people.Act{people.Assist, people.Liaise, people.Agree} }

// act is what a person must be able to do to deal with a channel.
func act(police bool) people.Act {
	if police {
		return people.Liaise
	}
	return people.Assist
}

// mayRead returns nil for who may see requests of any channel.
func mayRead(by people.Actor) error {
	if by.May(people.Liaise) == nil {
		return nil
	}
	return by.May(people.Assist)
}

// find returns a request that by may handle; another's is not there.
func find(tx *store.Tx, by people.Actor, id string) (store.Assistance, error) {
	a, err := tx.Assistance(id)
	if err == nil && by.May(act(a.Police)) != nil {
		return store.Assistance{}, errNone
	}
	return a, err
}

var errNone = fault.New(fault.NotFound, "there is no such request, or it is not for you")

// limits is how objects about a request are marked.
func limits(a ident.Agreement, police bool) marking.Terms {
	t := marking.Terms{Areas: []string{marking.Area(a, "")}}
	if police {
		t.Caveats = []string{"LES"}
	}
	return t
}

// say stores an object of this node, which puts it on its way.
func (r *Requests) say(tx *store.Tx, a ident.Agreement, police bool, raw []byte) (int64, error) {
	return r.Exchange.Say(tx, a, "request", intake.Source{DefaultTLP: marking.Green, Limits: limits(a, police)}, raw)
}

// put stores an object of this node under terms.
func (r *Requests) put(tx *store.Tx, terms marking.Terms, raw []byte) (int64, error) {
	src := intake.Source{Control: true, DefaultTLP: marking.Green, Limits: terms}
	_, results, err := r.Intake.Batch(tx, src, []intake.Item{intake.Prepare(0, raw, "")})
	if err != nil {
		return 0, err
	}
	if o := results[0].Outcome; o != intake.Added && o != intake.Updated {
		return 0, fault.Errorf(fault.Conflict, "the request was not taken: %s", results[0].Reason)
	}
	return results[0].Seq, nil
}

func (r *Requests) record(tx *store.Tx, by, what string, fields ...string) error {
	list := make([]ledger.Field, 0, len(fields)/2)
	for i := 0; i+1 < len(fields); i += 2 {
		list = append(list, ledger.Field{Name: fields[i], Value: fields[i+1]})
	}
	return r.Ledger.Record(tx, by, what, list...)
}

func (r *Requests) newID(typ string) (string, error) {
	u, err := ident.NewUUID(r.Rand)
	return typ + "--" + u, err
}

func now(tx *store.Tx) time.Time { return time.UnixMicro(tx.Now()).UTC() }
