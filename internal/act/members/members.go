// Package members keeps the lists of who belongs to the audience of a caveat,
// one's own and the partner's (ADR 0024). What carries such a caveat leaves
// only for an audience that is known, is not empty, and was confirmed within
// the agreement's interval; the gate asks each time (law/gate, act/release).
//
// Invariants: each list is signed, numbered and names the one before; both
// ledgers hold it; a removal counts at the next decision of whoever has got the
// list, and a side that hears nothing stops by itself.
package members

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/members"
	"twoseas/internal/store"
)

// listType is the type of the control object that carries a list.
const listType = "x-twoseas-members"

// Members keeps the lists of one node. It is safe for concurrent use.
type Members struct{ Config }

// Config is what Members works with.
type Config struct {
	Self     ident.Side
	Ring     *keys.Ring
	Ledger   *ledger.Ledger
	Accords  *accord.Accords
	Releases *release.Releases
	Intake   *intake.Intake
	Exchange *exchange.Exchange
	People   *people.People
	Rand     io.Reader // ids
}

// New returns the Members of a node, which hear from now on what partners say.
func New(c Config) *Members {
	m := &Members{c}
	c.Exchange.Handle(listType, m.told)
	return m
}

// Change is who joins and leaves a compartment on this side.
type Change struct {
	Agreement   ident.Agreement
	Compartment string
	Join, Leave []string
}

// Set makes the next list of this side, signs it and tells the partner. Who is
// there already and who was not there is fault.Invalid: a mistake of a name
// must not look like a removal.
func (m *Members) Set(ctx context.Context, h *store.Handle, by people.Actor, c Change) (l members.List, err error) {
	if err := by.May(people.Exchange); err != nil {
		return l, err
	}
	if c.Compartment, err = members.ParseCompartment(c.Compartment); err != nil {
		return l, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		before, err := newest(tx, c.Agreement, c.Compartment, m.Self)
		if err != nil {
			return err
		}
		list, err := c.apply(before)
		if err != nil {
			return err
		}
		if l, err = m.issue(tx, by.String(), c.Agreement, c.Compartment, before, list); err != nil {
			return err
		}
		fields := []ledger.Field{{Name: "agreement", Value: string(c.Agreement)}, {Name: "compartment", Value: c.Compartment}}
		if len(c.Join) > 0 {
			fields = append(fields, ledger.Field{Name: "joined", Value: strings.Join(c.Join, " ")})
		}
		if len(c.Leave) > 0 {
			fields = append(fields, ledger.Field{Name: "left", Value: strings.Join(c.Leave, " ")})
		}
		return m.Ledger.Record(tx, by.String(), "members.set", fields...)
	})
	if err == nil {
		m.People.Forget()
	}
	return l, err
}

// apply returns the members after the change.
func (c Change) apply(before *members.List) ([]string, error) {
	var list []string
	if before != nil {
		list = slices.Clone(before.Members)
	}
	for _, name := range c.Join {
		if _, err := members.ParseMember(name); err != nil {
			return nil, err
		}
		if slices.Contains(list, name) {
			return nil, fault.Errorf(fault.Invalid, "%s is on the list already", name)
		}
		list = append(list, name)
	}
	for _, name := range c.Leave {
		i := slices.Index(list, name)
		if i < 0 {
			return nil, fault.Errorf(fault.Invalid, "%.64q is not on the list", name)
		}
		list = slices.Delete(list, i, i+1)
	}
	if len(list) > members.Max {
		return nil, fault.Errorf(fault.TooLarge, "%d members, at most %d", len(list), members.Max)
	}
	slices.Sort(list)
	return list, nil
}

// newest returns the newest list of a side, nil when there is none.
func newest(tx *store.Tx, a ident.Agreement, compartment string, side ident.Side) (*members.List, error) {
	all, err := tx.NewestMemberLists(a)
	if err != nil {
		return nil, err
	}
	for _, l := range all {
		if l.Compartment == compartment && l.Side == side {
			list, err := members.Claimed(l.Note)
			return &list, err
		}
	}
	return nil, nil
}

// issue signs, logs and sends the list after before.
func (m *Members) issue(tx *store.Tx, by string, a ident.Agreement, compartment string, before *members.List, list []string) (members.List, error) {
	at := time.UnixMicro(tx.Now()).UTC().Truncate(time.Second)
	l := members.List{Agreement: a, Domain: tx.Domain(), Side: m.Self, Compartment: compartment, Number: 1, At: at, Members: list}
	if before != nil {
		l.Number, l.Previous = before.Number+1, ident.Sum(before.Text())
	}
	if _, err := tx.Channel(a); err != nil {
		return l, err
	}
	signer, err := m.Ring.Signer(tx)
	if err != nil {
		return l, err
	}
	msg, err := signer.Sign(l.Text())
	if err != nil {
		return l, err
	}
	if err := tx.AddMemberList(store.MemberList{Agreement: a, Compartment: compartment, Side: m.Self, Number: l.Number, Note: msg, Person: by}); err != nil {
		return l, err
	}
	if err := m.Ledger.Append(tx, a, msg); err != nil {
		return l, err
	}
	return l, m.tell(tx, a, msg)
}

// tell sends a list to the partner.
func (m *Members) tell(tx *store.Tx, a ident.Agreement, msg []byte) error {
	u, err := ident.NewUUID(m.Rand)
	if err != nil {
		return err
	}
	at := time.UnixMicro(tx.Now()).UTC().Format("2006-01-02T15:04:05.000Z")
	raw, err := canon.Marshal(map[string]any{
		"type": listType, "spec_version": "2.1", "id": listType + "--" + u, "created": at, "modified": at, "note": string(msg),
	})
	if err != nil {
		return err
	}
	src := intake.Source{Control: true, DefaultTLP: marking.Green, Limits: marking.Terms{Areas: []string{marking.Area(a, "")}}}
	_, results, err := m.Intake.Batch(tx, src, []intake.Item{intake.Prepare(0, raw, "")})
	if err == nil && results[0].Outcome != intake.Added {
		err = fault.Errorf(fault.Invalid, "the list was not taken: %s", results[0].Reason)
	}
	return err
}

// told takes a list of the partner.
func (m *Members) told(tx *store.Tx, msg exchange.Message) error {
	var b struct {
		Note string `json:"note"`
	}
	if err := canon.Unmarshal(msg.Object, &b); err != nil {
		return fault.Errorf(fault.Invalid, "list of members: %w", err)
	}
	known, err := m.Ring.Partner(tx, msg.Channel.Partner)
	if err != nil {
		return err
	}
	l, err := members.Open([]byte(b.Note), known...)
	if err != nil {
		return err
	}
	if l.Agreement != msg.Channel.Agreement || l.Domain != tx.Domain() || l.Side != msg.Channel.Partner {
		return fault.New(fault.Invalid, "the list is of another side, agreement or domain")
	}
	before, err := newest(tx, l.Agreement, l.Compartment, l.Side)
	if err != nil {
		return err
	}
	if err := l.Follows(before); err != nil {
		return err
	}
	if err := tx.AddMemberList(store.MemberList{
		Agreement: l.Agreement, Compartment: l.Compartment, Side: l.Side, Number: l.Number, Note: []byte(b.Note),
	}); err != nil {
		return err
	}
	if err := m.Ledger.Append(tx, l.Agreement, []byte(b.Note)); err != nil || len(l.Members) == 0 {
		return err
	}
	return m.opened(tx, l, before)
}

// opened routes what is for the audience when it could not leave before.
func (m *Members) opened(tx *store.Tx, l members.List, before *members.List) error {
	terms, err := m.Accords.InForce(tx, l.Agreement)
	if err != nil {
		return err
	}
	now := time.UnixMicro(tx.Now()).UTC()
	if before != nil && len(before.Members) > 0 && now.Before(terms.Doc.Targets.Confirmed().After(before.At)) {
		return nil
	}
	return m.Releases.Opened(tx, l.Compartment)
}

// Renew confirms this side's lists that are older than half the agreement's
// interval: the next number with the same members.
func (m *Members) Renew(ctx context.Context, h *store.Handle, a ident.Agreement) error {
	var due []members.List
	look := func(tx *store.Tx) error {
		due = due[:0]
		terms, err := m.Accords.InForce(tx, a)
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Denied) {
			return nil
		}
		if err != nil {
			return err
		}
		all, err := tx.NewestMemberLists(a)
		if err != nil {
			return err
		}
		now := time.UnixMicro(tx.Now()).UTC()
		for _, s := range all {
			l, err := members.Claimed(s.Note)
			if err != nil {
				return err
			}
			if end := terms.Doc.Targets.Confirmed().After(l.At); s.Side == m.Self && now.Sub(l.At) > end.Sub(l.At)/2 {
				due = append(due, l)
			}
		}
		return nil
	}
	if err := h.Query(ctx, look); err != nil || len(due) == 0 {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		if err := look(tx); err != nil { // another process may have been first
			return err
		}
		for _, l := range due {
			if _, err := m.issue(tx, "node", a, l.Compartment, &l, l.Members); err != nil {
				return err
			}
		}
		return nil
	})
}

// Entry is one list as a page shows it.
type Entry struct {
	members.List
	Joined, Left []string
	Person       string
	Seen         time.Time // when it was made here, or came
	Note         []byte
}

// Roll is the lists of one compartment on one side, newest first.
type Roll struct {
	Compartment string
	Side        ident.Side
	Own         bool
	Lists       []Entry
	// Ends is when what is known of the members counts no more.
	Ends time.Time
}

// Book is everything known of the lists under an agreement.
type Book struct {
	Rolls  []Roll
	Epochs []store.Epoch // what shipments to compartments rested on, newest first
	Every  time.Duration // how often lists are confirmed, about
}

// Lists returns the lists under an agreement, for who manages channels, who
// sees what is released, and who audits.
func (m *Members) Lists(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement) (b Book, err error) {
	if by.May(people.Exchange) != nil && by.May(people.Review) != nil && by.May(people.Audit) != nil {
		return b, by.May(people.Exchange)
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		terms, err := m.Accords.InForce(tx, a)
		if err != nil {
			return err
		}
		all, err := tx.MemberLists(a)
		if err != nil {
			return err
		}
		now := time.UnixMicro(tx.Now()).UTC()
		b.Every = terms.Doc.Targets.Confirmed().After(now).Sub(now)
		if b.Epochs, err = tx.Epochs(ch.ID, 100); err != nil {
			return err
		}
		for _, s := range all {
			if err := b.add(s, m.Self); err != nil {
				return err
			}
		}
		for i := range b.Rolls {
			b.Rolls[i].Ends = terms.Doc.Targets.Confirmed().After(b.Rolls[i].Lists[0].At)
		}
		return nil
	})
	slices.SortStableFunc(b.Rolls, func(x, y Roll) int { return cmp.Compare(x.Compartment, y.Compartment) })
	return b, err
}

// add adds a list; lists of a roll come newest first.
func (b *Book) add(s store.MemberList, self ident.Side) error {
	l, err := members.Claimed(s.Note)
	if err != nil {
		return err
	}
	n := len(b.Rolls)
	if n == 0 || b.Rolls[n-1].Compartment != s.Compartment || b.Rolls[n-1].Side != s.Side {
		b.Rolls = append(b.Rolls, Roll{Compartment: s.Compartment, Side: s.Side, Own: s.Side == self})
		n++
	}
	roll := &b.Rolls[n-1]
	if k := len(roll.Lists); k > 0 {
		roll.Lists[k-1].Joined, roll.Lists[k-1].Left = members.Changes(l.Members, roll.Lists[k-1].Members)
	}
	roll.Lists = append(roll.Lists, Entry{List: l, Joined: l.Members, Person: s.Person, Seen: time.UnixMicro(s.At).UTC(), Note: s.Note})
	return nil
}
