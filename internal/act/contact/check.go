package contact

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/contact"
	"twoseas/internal/law/shipment"
	"twoseas/internal/store"
)

// maxReason bounds why a check was waived, in characters.
const maxReason = 500

// Ask sends a communication check to a contact of the partner. Returns
// fault.Denied unless by may Appoint, fault.Conflict while another check of the
// contact waits, or while nothing may be sent; fault.NotFound, or fault.Invalid.
func (x *Contacts) Ask(ctx context.Context, h *store.Handle, by people.Actor, id string) (c contact.Check, err error) {
	if err := by.May(people.Appoint); err != nil {
		return c, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		row, at, err := open(tx, id)
		if err != nil {
			return err
		}
		if row.Side == x.Self {
			return fault.New(fault.Invalid, "the contact is of this side: the partner checks it")
		}
		if at.Revoked {
			return fault.New(fault.Conflict, "the post is no more")
		}
		terms, err := x.sends(tx, row.Agreement)
		if err != nil {
			return err
		}
		c, err = x.ask(tx, by.String(), row, terms, false)
		return err
	})
	return c, err
}

// sends returns the terms of an agreement under which contacts may cross now.
func (x *Contacts) sends(tx *store.Tx, a ident.Agreement) (accord.Terms, error) {
	terms, err := x.Accords.InForce(tx, a)
	if err != nil {
		return terms, err
	}
	if !terms.Permits.Exchange {
		return terms, fault.Errorf(fault.Conflict, "nothing is sent now: %s", terms.Permits.Why)
	}
	if terms.Doc.ClauseOf(contactKind) == "" {
		return terms, fault.New(fault.Conflict, "no rule of the agreement lets points of contact cross")
	}
	return terms, nil
}

func (x *Contacts) ask(tx *store.Tx, by string, row store.Contact, terms accord.Terms, scheduled bool) (c contact.Check, err error) {
	at := now(tx)
	last, err := tx.ContactChecks(row.ID, 1)
	if err != nil {
		return c, err
	}
	if len(last) > 0 && stateOf(last[0], at) == contact.Sent {
		return c, fault.New(fault.Conflict, "a check of this contact waits for its answer already")
	}
	if c.ID, err = x.newID(contact.CheckType); err != nil {
		return c, err
	}
	c.Contact, c.Created, c.Modified, c.Due, c.Scheduled = row.ID, at, at, terms.Doc.Targets.CheckWithin().After(at), scheduled
	raw, err := c.Encode()
	if err != nil {
		return c, err
	}
	seq, err := x.tell(tx, row.Agreement, raw)
	if err != nil {
		return c, err
	}
	if err := tx.SetContactCheck(store.ContactCheck{
		ID: c.ID, Agreement: row.Agreement, Contact: row.ID, Way: store.CheckAsked, Scheduled: scheduled,
		Sent: at.UnixMicro(), Due: c.Due.UnixMicro(), Person: by, Object: seq,
	}); err != nil {
		return c, err
	}
	return c, x.record(tx, by, "contact.check", "check", c.ID, "contact", row.ID, "agreement", string(row.Agreement))
}

// Waive takes back a check that was not answered: nobody needs to answer it any
// more. The reason stays at home. Returns fault.Denied unless by may Appoint;
// fault.NotFound; fault.Conflict when it was answered or waived; fault.Invalid.
func (x *Contacts) Waive(ctx context.Context, h *store.Handle, by people.Actor, id, reason string) error {
	if err := by.May(people.Appoint); err != nil {
		return err
	}
	reason = strings.Join(strings.Fields(reason), " ")
	if n := utf8.RuneCountInString(reason); n == 0 || n > maxReason {
		return fault.Errorf(fault.Invalid, "say why the check is waived, in at most %d characters", maxReason)
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		k, err := tx.ContactCheck(id)
		if err != nil {
			return err
		}
		if k.Way != store.CheckAsked {
			return fault.New(fault.Denied, "the other side asked: it alone waives the check")
		}
		if k.Answered != 0 || k.Waived != 0 {
			return fault.New(fault.Conflict, "the check was answered or waived already")
		}
		o, err := tx.Object(k.Object)
		if err != nil {
			return err
		}
		c, err := contact.ParseCheck(o.Body)
		if err != nil {
			return err
		}
		c.Waived, c.Modified = true, later(now(tx), c.Modified)
		raw, err := c.Encode()
		if err != nil {
			return err
		}
		if k.Object, err = x.tell(tx, k.Agreement, raw); err != nil {
			return err
		}
		k.Waived, k.Reason = tx.Now(), reason
		if err := tx.SetContactCheck(k); err != nil {
			return err
		}
		return x.record(tx, by.String(), "contact.waive", "check", id, "contact", k.Contact)
	})
}

// later returns t, or the first instant after before when t is not after it.
func later(t, before time.Time) time.Time {
	if t.After(before) {
		return t
	}
	return before.Add(time.Microsecond)
}

// asked takes a check of the partner, or that it waived one.
func (x *Contacts) asked(tx *store.Tx, m exchange.Message) error {
	c, err := contact.ParseCheck(m.Object)
	if err != nil {
		return err
	}
	if err := x.theirs(tx, m); err != nil {
		return err
	}
	row, err := tx.Contact(c.Contact)
	if err != nil {
		return err
	}
	if row.Side != x.Self || row.Agreement != m.Channel.Agreement {
		return fault.New(fault.NotFound, "there is no such contact")
	}
	k, err := tx.ContactCheck(c.ID)
	switch {
	case fault.Is(err, fault.NotFound):
		k = store.ContactCheck{
			ID: c.ID, Agreement: row.Agreement, Contact: row.ID, Way: store.CheckReceived, Scheduled: c.Scheduled,
			Sent: c.Created.UnixMicro(), Object: m.Seq,
		}
		begin(&k, now(tx), c.Window())
	case err != nil:
		return err
	case k.Way != store.CheckReceived || k.Contact != c.Contact || k.Due-k.Delivered != c.Window().Microseconds() || !c.Waived:
		return fault.New(fault.Conflict, "the check is another one already")
	}
	if c.Waived {
		k.Waived, k.Object = c.Modified.UnixMicro(), m.Seq
	}
	if err := tx.SetContactCheck(k); err != nil {
		return err
	}
	return x.record(tx, "node "+string(m.Channel.Partner), "contact.checked", "check", c.ID, "contact", c.Contact)
}

// Answer answers a check of the partner: this node signs that the contact's
// person was there. Returns fault.Denied unless by is who holds the post, or one
// that stands in for it; fault.NotFound; fault.Conflict when it was answered or
// waived.
func (x *Contacts) Answer(ctx context.Context, h *store.Handle, by people.Actor, id string) (contact.State, error) {
	if err := by.May(people.Reach); err != nil {
		return "", err
	}
	name, err := person(by)
	if err != nil {
		return "", err
	}
	var k store.ContactCheck
	err = h.Write(ctx, func(tx *store.Tx) error {
		if k, err = tx.ContactCheck(id); err != nil {
			return err
		}
		if k.Way != store.CheckReceived {
			return fault.New(fault.Denied, "this side asked: the other side answers")
		}
		if k.Answered != 0 || k.Waived != 0 {
			return fault.New(fault.Conflict, "the check was answered or waived already")
		}
		may, err := x.answers(tx, name, k)
		if err != nil {
			return err
		}
		if !may {
			return fault.New(fault.Denied, "a check is answered by who holds the post, or stands in for it")
		}
		if err := x.answer(tx, &k, name); err != nil {
			return err
		}
		return x.record(tx, by.String(), "contact.answer", "check", id, "contact", k.Contact)
	})
	if err != nil {
		return "", err
	}
	return stateOf(k, clock.At(k.Answered)), nil
}

// answers reports whether account holds the post that a check is of, or one
// that stands in for it.
func (x *Contacts) answers(tx *store.Tx, account string, k store.ContactCheck) (bool, error) {
	posts, err := all(tx, k.Agreement)
	if err != nil {
		return false, err
	}
	for _, id := range contact.Succession(k.Contact, ofSide(posts, x.Self)) {
		held, err := holder(tx, id)
		if err != nil || held.Account == account {
			return err == nil, err
		}
	}
	return false, nil
}

// answer signs, logs and sends the answer to k.
func (x *Contacts) answer(tx *store.Tx, k *store.ContactCheck, name string) error {
	at := now(tx).Truncate(time.Second)
	signer, err := x.Ring.Signer(tx)
	if err != nil {
		return err
	}
	msg, err := signer.Sign(contact.Answer{
		Agreement: k.Agreement, Domain: tx.Domain(), Side: x.Self, Check: k.ID, Contact: k.Contact, At: at,
	}.Text())
	if err != nil {
		return err
	}
	id, err := x.newID(contact.AnswerType)
	if err != nil {
		return err
	}
	stamp := now(tx).Format("2006-01-02T15:04:05.000Z")
	raw, err := canon.Marshal(map[string]any{
		"type": contact.AnswerType, "spec_version": "2.1", "id": id, "created": stamp, "modified": stamp, "note": string(msg),
	})
	if err != nil {
		return err
	}
	if _, err := x.tell(tx, k.Agreement, raw); err != nil {
		return err
	}
	k.Answered, k.Person, k.Note = at.UnixMicro(), name, msg
	if err := tx.SetContactCheck(*k); err != nil {
		return err
	}
	return x.Ledger.Append(tx, k.Agreement, msg)
}

// answered takes the partner's answer to a check of this side. An answer to
// what was waived meanwhile counts: it was given.
func (x *Contacts) answered(tx *store.Tx, m exchange.Message) error {
	var b struct {
		Note string `json:"note"`
	}
	if err := canon.Unmarshal(m.Object, &b); err != nil {
		return fault.Errorf(fault.Invalid, "answer of a contact: %w", err)
	}
	known, err := x.Ring.Partner(tx, m.Channel.Partner)
	if err != nil {
		return err
	}
	a, err := contact.OpenAnswer([]byte(b.Note), known...)
	if err != nil {
		return err
	}
	k, err := tx.ContactCheck(a.Check)
	if err != nil {
		return err
	}
	switch {
	case a.Agreement != m.Channel.Agreement || a.Domain != tx.Domain() || a.Side != m.Channel.Partner:
		return fault.New(fault.Invalid, "the answer is of another side, agreement or domain")
	case k.Way != store.CheckAsked || k.Agreement != a.Agreement || k.Contact != a.Contact:
		return fault.New(fault.Invalid, "the answer is not to a check of this side")
	case k.Answered != 0:
		return fault.New(fault.Conflict, "the check was answered already")
	}
	k.Answered, k.Note = a.At.UnixMicro(), []byte(b.Note)
	if err := tx.SetContactCheck(k); err != nil {
		return err
	}
	if err := x.Ledger.Append(tx, k.Agreement, k.Note); err != nil {
		return err
	}
	return x.record(tx, "node "+string(m.Channel.Partner), "contact.answered", "check", k.ID, "contact", k.Contact)
}

// begin says when the other side's node took a check in, which is the time of
// its receipt on both: from then on the window runs.
func begin(k *store.ContactCheck, at time.Time, window time.Duration) {
	at = at.UTC().Truncate(time.Second) // as receipts have it
	k.Delivered, k.Due = at.UnixMicro(), at.Add(window).UnixMicro()
}

// delivered notes what a receipt says of checks: that they are there. What it
// refuses did not arrive.
func (x *Contacts) delivered(tx *store.Tx, ch store.Channel, s store.Shipment, r shipment.Receipt) error {
	waiting, err := tx.UndeliveredChecks(ch.Agreement)
	if err != nil {
		return err
	}
	for _, k := range waiting {
		at := slices.IndexFunc(s.Items, func(it store.ShippedItem) bool { return it.Object == k.Object })
		if at < 0 || slices.ContainsFunc(r.Answers, func(a shipment.Answer) bool { return a.Position == at }) {
			continue
		}
		begin(&k, r.Received, time.Duration(k.Due-k.Sent)*time.Microsecond)
		if err := tx.SetContactCheck(k); err != nil {
			return err
		}
	}
	return nil
}

// stateOf returns where a check is.
func stateOf(k store.ContactCheck, at time.Time) contact.State {
	return contact.Course{Due: clock.At(k.Due), Delivered: clock.At(k.Delivered), Answered: clock.At(k.Answered), Waived: k.Waived != 0}.At(at)
}
