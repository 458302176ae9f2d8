// Package contact keeps the directory of points of contact: this side's
// records, which the partner gets, the partner's, who holds this side's posts,
// and the checks whether both sides' contacts answer (memorandum 2(2)).
//
// Invariants: a record is changed by its own side only, each change crosses as
// a new version; no key fingerprint enters a record, or counts as verified
// here, that two people have not heard out of band; who leaves a post loses,
// in the transaction that says so, everything that went with it.
package contact

import (
	"cmp"
	"io"
	"slices"
	"sync"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/contact"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// Config is what Contacts works with.
type Config struct {
	Self     ident.Side
	Ring     *keys.Ring
	Ledger   *ledger.Ledger
	Accords  *accord.Accords
	Intake   *intake.Intake
	Exchange *exchange.Exchange
	People   *people.People
	Clock    clock.Clock
	Rand     io.Reader // ids
}

// Contacts keeps the directory of one node. It is safe for concurrent use.
type Contacts struct {
	Config

	mu     sync.Mutex
	looked map[place]time.Time // guarded by mu: see Schedule
}

// New returns the Contacts of a node, which hear from now on what partners say.
func New(c Config) *Contacts {
	x := &Contacts{Config: c, looked: map[place]time.Time{}}
	c.Exchange.Handle(contact.Type, x.told)
	c.Exchange.Handle(contact.CheckType, x.asked)
	c.Exchange.Handle(contact.AnswerType, x.answered)
	c.Exchange.OnSettled(x.delivered)
	c.People.WhenDisabled(x.disabled)
	return x
}

func now(tx *store.Tx) time.Time { return time.UnixMicro(tx.Now()).UTC() }

// person returns who by is, or fault.Denied for what is nobody in particular.
func person(by people.Actor) (string, error) {
	if by.IsSystem() || by.Name == "" {
		return "", fault.New(fault.Denied, "this is for a person to do under his or her own name")
	}
	return by.Name, nil
}

func (x *Contacts) record(tx *store.Tx, by, act string, fields ...string) error {
	list := make([]ledger.Field, 0, len(fields)/2)
	for i := 0; i+1 < len(fields); i += 2 {
		if fields[i+1] != "" {
			list = append(list, ledger.Field{Name: fields[i], Value: fields[i+1]})
		}
	}
	return x.Ledger.Record(tx, by, act, list...)
}

func (x *Contacts) newID(kind string) (string, error) {
	u, err := ident.NewUUID(x.Rand)
	return kind + "--" + u, err
}

// tell stores an object of this side, which goes to the partner of one
// agreement, and returns its number.
func (x *Contacts) tell(tx *store.Tx, a ident.Agreement, raw []byte) (int64, error) {
	src := intake.Source{Control: true, DefaultTLP: marking.Green, Limits: marking.Terms{Areas: []string{marking.Area(a, "")}}}
	_, results, err := x.Intake.Batch(tx, src, []intake.Item{intake.Prepare(0, raw, "")})
	if err != nil {
		return 0, err
	}
	if results[0].Outcome == intake.Refused {
		return 0, fault.Errorf(fault.Invalid, "the object was not taken: %s", results[0].Reason)
	}
	return results[0].Seq, nil
}

// own returns the record of a contact of this side, or fault.NotFound.
func (x *Contacts) own(tx *store.Tx, id string) (store.Contact, contact.Contact, error) {
	row, c, err := open(tx, id)
	if err == nil && row.Side != x.Self {
		err = fault.New(fault.Denied, "the contact is the other side's, which alone changes it")
	}
	if err == nil && c.Revoked {
		err = fault.New(fault.Conflict, "the post is no more")
	}
	return row, c, err
}

// open returns the record of a contact, or fault.NotFound.
func open(tx *store.Tx, id string) (store.Contact, contact.Contact, error) {
	row, err := tx.Contact(id)
	if err != nil {
		return row, contact.Contact{}, err
	}
	if row.Body == nil {
		return row, contact.Contact{}, fault.New(fault.NotFound, "there is no such contact")
	}
	c, err := contact.Parse(row.Body)
	return row, c, err
}

// all returns the records under an agreement, both sides', without those that
// were erased.
func all(tx *store.Tx, a ident.Agreement) ([]contact.Post, error) {
	rows, err := tx.Contacts(a)
	if err != nil {
		return nil, err
	}
	var out []contact.Post
	for _, row := range rows {
		if row.Body == nil {
			continue
		}
		c, err := contact.Parse(row.Body)
		if err != nil {
			return nil, err
		}
		out = append(out, contact.Post{Side: row.Side, Contact: c})
	}
	return out, nil
}

// ofSide returns the records of one side.
func ofSide(posts []contact.Post, side ident.Side) (out []contact.Contact) {
	for _, p := range posts {
		if p.Side == side {
			out = append(out, p.Contact)
		}
	}
	return out
}

// save stores the next version of a record of this side.
func (x *Contacts) save(tx *store.Tx, a ident.Agreement, c contact.Contact) (contact.Contact, error) {
	at := now(tx)
	if c.Created.IsZero() {
		c.Created = at
	}
	if !at.After(c.Modified) { // two changes in one instant, or a clock that was put back
		at = c.Modified.Add(time.Microsecond)
	}
	c.Modified = at
	raw, err := c.Encode()
	if err != nil {
		return c, err
	}
	seq, err := x.tell(tx, a, raw)
	if err != nil {
		return c, err
	}
	return c, tx.SetContact(store.Contact{ID: c.ID, Agreement: a, Side: x.Self, Object: seq, Version: at.UnixMicro()})
}

// told takes a record of the partner.
func (x *Contacts) told(tx *store.Tx, m exchange.Message) error {
	c, err := contact.Parse(m.Object)
	if err != nil {
		return err
	}
	if err := x.theirs(tx, m); err != nil {
		return err
	}
	before, err := tx.Contact(c.ID)
	if err == nil && (before.Side != m.Channel.Partner || before.Agreement != m.Channel.Agreement) {
		return fault.New(fault.Conflict, "the contact is of another side or agreement")
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if err := tx.SetContact(store.Contact{
		ID: c.ID, Agreement: m.Channel.Agreement, Side: m.Channel.Partner, Object: m.Seq, Version: c.Modified.UnixMicro(),
	}); err != nil {
		return err
	}
	return x.record(tx, "node "+string(m.Channel.Partner), "contact.told", "contact", c.ID, "agreement", string(m.Channel.Agreement))
}

// theirs refuses what is not the partner's own word.
func (x *Contacts) theirs(tx *store.Tx, m exchange.Message) error {
	o, err := tx.Object(m.Seq)
	if err != nil {
		return err
	}
	row, err := tx.Label(o.Label)
	if err != nil {
		return err
	}
	l, err := marking.ParseLabel(row.Resolved)
	if err == nil && l.Origin != m.Channel.Partner {
		err = fault.Errorf(fault.Denied, "%s speaks for its own contacts only", m.Channel.Partner)
	}
	return err
}

// sorted returns a list in order, each once, without blanks.
func sorted[T cmp.Ordered](list []T) []T {
	var none T
	out := slices.DeleteFunc(slices.Clone(list), func(v T) bool { return v == none })
	slices.Sort(out)
	return slices.Compact(out)
}
