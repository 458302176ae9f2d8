package contact

import (
	"cmp"
	"context"
	"slices"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/contact"
	"twoseas/internal/store"
)

// Check is one communication check as a page shows it. Of the partner's
// contacts there is only what became of it.
type Check struct {
	ID        string
	Scheduled bool
	State     contact.State
	Sent, Due time.Time
	Answered  time.Time
	Person    string // who asked, or who answered: of this side
	Reason    string // why it was waived
	Note      []byte // the signed answer
	Received  bool   // of a contact of this side
}

// Entry is one contact in the directory.
type Entry struct {
	contact.Contact
	Side ident.Side
	Own  bool
	// Duty is whom to ask now.
	Duty     contact.Duty
	Warnings []contact.Warning
	// Unverified is how many keys of the record two people here have not heard.
	Unverified int
	Latest     *Check    // nil when there was none
	Next       time.Time // when the partner's contact is checked next by the calendar
	Holder     string    // account that holds the post of this side, "" for none
}

// Directory is the contacts of both sides under an agreement.
type Directory struct {
	Agreement ident.Agreement
	Sides     []ident.Side // this one first
	Entries   []Entry      // by side, then by post; those that are no more are left out
	Matrix    contact.Matrix
	// Areas are the areas of the agreement, which the rows of Matrix name.
	Areas []agreement.Area
	// Clause is what exchanging contacts rests on; "" when no rule lets them
	// cross, and nothing is told to the partner.
	Clause string
	// Countdown is nil where the text names no time.
	Countdown *contact.Countdown
}

// Directory returns the contacts under an agreement. Returns fault.Denied unless
// by may Reach.
func (x *Contacts) Directory(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement) (d Directory, err error) {
	if err := by.May(people.Reach); err != nil {
		return d, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		d = Directory{Agreement: a}
		terms, err := x.Accords.InForce(tx, a)
		if err != nil {
			return err
		}
		posts, err := all(tx, a)
		if err != nil {
			return err
		}
		if d.Entries, err = x.entries(tx, terms, posts); err != nil {
			return err
		}
		areas := make([]string, 0, len(terms.Doc.Areas))
		for _, area := range terms.Doc.Areas {
			areas = append(areas, area.Ref)
		}
		d.Sides, d.Areas = []ident.Side{terms.Self, terms.Partner}, terms.Doc.Areas
		d.Matrix = contact.Cover(d.Sides, areas, posts, now(tx))
		d.Clause = terms.Doc.ClauseOf(contactKind)
		if from, to, ok := terms.Doc.Within(d.Clause, terms.Life); ok {
			c := contact.CountDown(from, to, now(tx))
			d.Countdown = &c
		}
		return nil
	})
	return d, err
}

func (x *Contacts) entries(tx *store.Tx, terms accord.Terms, posts []contact.Post) ([]Entry, error) {
	latest, err := latestOf(tx, terms.Doc.ID())
	if err != nil {
		return nil, err
	}
	heard, err := tx.HeardKeys("")
	if err != nil {
		return nil, err
	}
	out := []Entry{}
	for _, p := range posts {
		if p.Revoked {
			continue
		}
		e, err := x.entry(tx, terms, p, posts)
		if err != nil {
			return nil, err
		}
		k, had := latest[p.ID]
		if had {
			c := x.check(k, now(tx))
			e.Latest = &c
		}
		if !e.Own {
			e.Next, e.Unverified = nextCheck(terms, p.Contact, k), unverified(p.Contact, heard)
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b Entry) int {
		if a.Own != b.Own {
			if a.Own {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Post, b.Post), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

func (x *Contacts) entry(tx *store.Tx, terms accord.Terms, p contact.Post, posts []contact.Post) (Entry, error) {
	e := Entry{Contact: p.Contact, Side: p.Side, Own: p.Side == terms.Self}
	e.Duty = contact.OnDuty(p.ID, ofSide(posts, p.Side), now(tx))
	e.Warnings = p.Warnings(now(tx))
	if !e.Own {
		return e, nil
	}
	held, err := holder(tx, p.ID)
	e.Holder = held.Account
	return e, err
}

// unverified counts the keys of a record that two people here have not heard.
func unverified(c contact.Contact, heard []store.HeardKey) (n int) {
	for _, k := range c.Keys {
		if !slices.ContainsFunc(heard, func(h store.HeardKey) bool {
			return h.Contact == c.ID && h.Fingerprint == k.Fingerprint && h.Second != ""
		}) {
			n++
		}
	}
	return n
}

// check returns k as it is shown here.
func (x *Contacts) check(k store.ContactCheck, at time.Time) Check {
	return Check{
		ID: k.ID, Scheduled: k.Scheduled, State: stateOf(k, at), Sent: clock.At(k.Sent), Due: clock.At(k.Due), Answered: clock.At(k.Answered),
		Person: k.Person, Reason: k.Reason, Note: k.Note, Received: k.Way == store.CheckReceived,
	}
}

// Detail is one contact with all that is known of it here.
type Detail struct {
	Entry
	Agreement ident.Agreement
	Zone      *time.Location // of its hours
	// Heard is what people here heard of its keys, also of such as are not in
	// the record yet.
	Heard    []store.HeardKey
	Checks   []Check        // newest first
	Holders  []store.Holder // of this side's post, newest first
	Deputies []contact.Contact
	StandsIn *contact.Contact // whom this one stands in for
	OnDuty   *contact.Contact // who is to be asked now, when it is another
	// Answers says that the reader may answer a check of this contact.
	Answers bool
	Areas   []string // of the agreement, for the form
}

// maxChecks bounds the history that is shown.
const maxChecks = 50

// Contact returns one contact, also one that is no more. Returns fault.Denied
// unless by may Reach, or fault.NotFound.
func (x *Contacts) Contact(ctx context.Context, h *store.Handle, by people.Actor, id string) (d Detail, err error) {
	if err := by.May(people.Reach); err != nil {
		return d, err
	}
	err = h.Read(ctx, func(tx *store.Tx) error {
		d, err = x.detail(tx, by, id)
		return err
	})
	return d, err
}

func (x *Contacts) detail(tx *store.Tx, by people.Actor, id string) (d Detail, err error) {
	row, c, err := open(tx, id)
	if err != nil {
		return d, err
	}
	terms, err := x.Accords.InForce(tx, row.Agreement)
	if err != nil {
		return d, err
	}
	posts, err := all(tx, row.Agreement)
	if err != nil {
		return d, err
	}
	d.Agreement = row.Agreement
	if d.Entry, err = x.entry(tx, terms, contact.Post{Side: row.Side, Contact: c}, posts); err != nil {
		return d, err
	}
	if d.Heard, err = tx.HeardKeys(id); err != nil {
		return d, err
	}
	rows, err := tx.ContactChecks(id, maxChecks)
	if err != nil {
		return d, err
	}
	for _, k := range rows {
		d.Checks = append(d.Checks, x.check(k, now(tx)))
	}
	if !d.Own {
		d.Unverified = unverified(c, d.Heard)
		var last store.ContactCheck
		if len(rows) > 0 {
			last = rows[0]
		}
		d.Next = nextCheck(terms, c, last)
	} else if d.Holders, err = tx.Holders(id); err != nil {
		return d, err
	}
	d.place(ofSide(posts, row.Side))
	if len(rows) > 0 && d.Own && !by.IsSystem() {
		d.Answers, err = x.answers(tx, by.Name, rows[0])
	}
	for _, a := range terms.Doc.Areas {
		d.Areas = append(d.Areas, a.Ref)
	}
	return d, err
}

// place finds who stands in for whom.
func (d *Detail) place(side []contact.Contact) {
	for _, c := range side {
		if c.BackupOf == d.ID && !c.Revoked {
			d.Deputies = append(d.Deputies, c)
		}
		if c.ID == d.BackupOf {
			d.StandsIn = &c
		}
		if c.ID == d.Duty.Contact && c.ID != d.ID {
			d.OnDuty = &c
		}
	}
	if loc, err := time.LoadLocation(d.Hours.Zone); err == nil {
		d.Zone = loc
	}
}

// Task is something that waits for a person in the directory.
type Task struct {
	Kind    string // answer, key or expiry
	Contact string
	Post    string
	Check   string        // for answer
	Key     contact.Key   // for key and expiry
	At      time.Time     // since when
	Due     time.Time     // for answer; zero otherwise
	Days    int           // left, for expiry
	Step    int           // days before the end that were reached last, for expiry
	State   contact.State // for answer
}

// The kinds of task.
const (
	TaskAnswer = "answer"
	TaskKey    = "key"
	TaskExpiry = "expiry"
)

// Waiting returns what waits for by: checks to answer, fingerprints that
// another person has heard, and keys of this side that end soon, those of the
// own posts for whoever holds them.
func (x *Contacts) Waiting(ctx context.Context, h *store.Handle, by people.Actor) (out []Task, err error) {
	if by.May(people.Reach) != nil || by.IsSystem() {
		return nil, nil
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		if out, err = x.toAnswer(tx, by.Name); err != nil {
			return err
		}
		var keys []Task
		if by.May(people.Appoint) == nil {
			if keys, err = x.toHear(tx, by.Name); err != nil {
				return err
			}
		}
		ending, err := x.ending(tx, by)
		out = slices.Concat(out, keys, ending)
		return err
	})
	return out, err
}

func (x *Contacts) toAnswer(tx *store.Tx, name string) (out []Task, err error) {
	list, err := tx.OpenChecks()
	if err != nil {
		return nil, err
	}
	for _, k := range list {
		may, err := x.answers(tx, name, k)
		if err != nil {
			return nil, err
		}
		_, c, err := open(tx, k.Contact)
		if fault.Is(err, fault.NotFound) || err == nil && !may {
			continue // it was erased, or is another's to answer
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Task{Kind: TaskAnswer, Contact: k.Contact, Post: c.Post, Check: k.ID, At: clock.At(k.Sent), Due: clock.At(k.Due), State: stateOf(k, now(tx))})
	}
	return out, nil
}

func (x *Contacts) toHear(tx *store.Tx, name string) (out []Task, err error) {
	heard, err := tx.HeardKeys("")
	if err != nil {
		return nil, err
	}
	for _, k := range heard {
		if k.Second != "" || k.First == name {
			continue
		}
		_, c, err := open(tx, k.Contact)
		if fault.Is(err, fault.NotFound) || c.Revoked {
			continue // it is no more
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Task{Kind: TaskKey, Contact: k.Contact, Post: c.Post, Key: contact.Key{Kind: contact.KeyKind(k.Kind), Fingerprint: k.Fingerprint}, At: clock.At(k.FirstAt)})
	}
	return out, nil
}

// ending returns the keys of this side that end soon: all for who may Appoint,
// those of the own posts for others.
func (x *Contacts) ending(tx *store.Tx, by people.Actor) (out []Task, err error) {
	channels, err := tx.Channels()
	if err != nil {
		return nil, err
	}
	held, err := tx.PostsOf(by.Name)
	if err != nil {
		return nil, err
	}
	concerns := func(id string) bool {
		return by.May(people.Appoint) == nil || slices.ContainsFunc(held, func(h store.Holder) bool { return h.Contact == id })
	}
	for _, ch := range channels {
		posts, err := all(tx, ch.Agreement)
		if err != nil {
			return nil, err
		}
		for _, c := range ofSide(posts, x.Self) {
			if c.Revoked || !concerns(c.ID) {
				continue
			}
			for _, w := range c.Warnings(now(tx)) {
				out = append(out, Task{Kind: TaskExpiry, Contact: c.ID, Post: c.Post, Key: w.Key, At: c.Modified, Days: w.Days, Step: w.Step})
			}
		}
	}
	return out, nil
}
