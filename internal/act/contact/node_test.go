package contact_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/contact"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const inJP = nodetest.InJp

type loop struct{ to *nodetest.Node }

func (l loop) Ship(ctx context.Context, _ ident.Domain, a ident.Agreement, p exchange.Parcel) ([]byte, error) {
	return l.to.Exchange.Receive(ctx, l.to.Live, a, p)
}

func (l loop) AddCheckpoint(ctx context.Context, _ ident.Domain, a ident.Agreement, body []byte) (line []byte, err error) {
	err = l.to.Live.Write(ctx, func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		line, err = l.to.Ledger.Witness(tx, ch.Partner, body)
		return err
	})
	return line, err
}

func (l loop) Holding(ctx context.Context, _ ident.Domain, a ident.Agreement, q exchange.Range) (exchange.Holding, error) {
	return l.to.Exchange.Holding(ctx, l.to.Live, a, q)
}

type world struct {
	*testing.T
	clk    *clock.Fake
	in, jp *nodetest.Node
}

func pair(t *testing.T) *world {
	t.Helper()
	clk := clock.NewFake(time.Date(2027, 3, 1, 3, 0, 0, 0, time.UTC))
	in, jp := nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	in.Halt()
	jp.Halt()
	return &world{t, clk, in, jp}
}

func (w *world) carry(from, to *nodetest.Node) {
	w.Helper()
	done, err := from.Exchange.Deliver(w.Context(), from.Live, inJP, loop{to}, nil)
	if err != nil || done.Failed+done.Refused != 0 {
		w.Fatalf("carried: %+v %v", done, err)
	}
}

// who makes an account of a node and returns who it is.
func (w *world) who(n *nodetest.Node, name string, roles ...people.Role) people.Actor {
	w.Helper()
	w.must(n.People.AddAccount(w.Context(), n.Operator(), people.Account{Name: name, Roles: roles}))
	a, err := n.People.As(w.Context(), n.Operator(), name)
	w.must(err)
	return a
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) refused(what string, kind fault.Kind, err error) {
	w.Helper()
	if !fault.Is(err, kind) {
		w.Errorf("%s: %v", what, err)
	}
}

func draft(post string) law.Contact {
	return law.Contact{
		Agency: "CERT", Post: post, Role: law.Technical, Areas: []string{"1(2)", "1(1)", "1(1)"}, Languages: []string{"en"},
		Hours:    law.Hours{Zone: "Asia/Tokyo", Days: []int{1, 2, 3, 4, 5}, From: 540, To: 1080},
		Channels: []law.Channel{{Kind: law.Email, Address: "duty@cert.example"}}, ValidFrom: "2027-03-01", Person: "A. Person",
	}
}

// set has Japan say whom to ask, and brings it over.
func (w *world) set(c law.Contact) law.Contact {
	w.Helper()
	c, err := w.jp.Contacts.Set(w.Context(), w.jp.Live, w.jp.Operator(), inJP, c)
	w.must(err)
	w.carry(w.jp, w.in)
	return c
}

// entry returns how a contact stands in a node's directory.
func (w *world) entry(n *nodetest.Node, id string) contact.Entry {
	w.Helper()
	d, err := n.Contacts.Directory(w.Context(), n.Live, n.Operator(), inJP)
	w.must(err)
	i := slices.IndexFunc(d.Entries, func(e contact.Entry) bool { return e.ID == id })
	if i < 0 {
		return contact.Entry{}
	}
	return d.Entries[i]
}

const fingerprint = "0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567"

func TestTheDirectoryIsTheSameOnBothSides(t *testing.T) {
	w := pair(t)
	c := w.set(draft("Duty officer"))
	if e := w.entry(w.in, c.ID); e.Side != "jp" || e.Own || e.Post != "Duty officer" || !slices.Equal(e.Areas, []string{"1(1)", "1(2)"}) {
		t.Fatalf("at India: %+v", e)
	}
	d, err := w.in.Contacts.Directory(t.Context(), w.in.Live, w.in.Operator(), inJP)
	w.must(err)
	if d.Clause != "2(2)" || d.Countdown == nil || d.Countdown.Of != 60 || d.Matrix.Covered != 2 || d.Matrix.Gaps != 18 {
		t.Errorf("%q %+v %d covered, %d gaps", d.Clause, d.Countdown, d.Matrix.Covered, d.Matrix.Gaps)
	}
	c.Post = "Head of the duty office"
	c = w.set(c)
	if e := w.entry(w.in, c.ID); e.Post != c.Post {
		t.Errorf("after the change: %+v", e)
	}
	_, err = w.in.Contacts.Set(t.Context(), w.in.Live, w.in.Operator(), inJP, c)
	w.refused("the other side's", fault.Denied, err)
	bad := draft("x")
	bad.Areas = []string{"9(9)"}
	_, err = w.jp.Contacts.Set(t.Context(), w.jp.Live, w.jp.Operator(), inJP, bad)
	w.refused("an area that is none", fault.Invalid, err)
	deputy := draft("Deputy")
	deputy.BackupOf = c.ID
	deputy = w.set(deputy)
	c.BackupOf = deputy.ID
	_, err = w.jp.Contacts.Set(t.Context(), w.jp.Live, w.jp.Operator(), inJP, c)
	w.refused("a circle", fault.Invalid, err)
	w.must(w.jp.Contacts.Retire(t.Context(), w.jp.Live, w.jp.Operator(), c.ID))
	w.carry(w.jp, w.in)
	if e := w.entry(w.in, c.ID); e.ID != "" {
		t.Errorf("what is no more is listed: %+v", e)
	}
	w.refused("twice", fault.Conflict, w.jp.Contacts.Retire(t.Context(), w.jp.Live, w.jp.Operator(), c.ID))
}

// TestNobodyReadsContactsAsData: not even who is cleared for everything.
func TestNobodyReadsContactsAsData(t *testing.T) {
	w := pair(t)
	c := w.set(draft("Duty officer"))
	for _, n := range []*nodetest.Node{w.in, w.jp} {
		who := w.who(n, "reader", people.Analyst)
		access, err := n.People.Access(t.Context(), n.Live, who)
		w.must(err)
		w.must(n.Live.Read(t.Context(), func(tx *store.Tx) error {
			seen, err := tx.History(access.Class, c.ID)
			if len(seen) != 0 {
				t.Errorf("%s: seen %+v", n.Side, seen)
			}
			return err
		}))
	}
	rep := w.jp.Import(0, `{"type":"`+law.Type+`","id":"`+law.Type+`--00000000-0000-4000-8000-000000000001","spec_version":"2.1","created":"2027-03-01T00:00:00Z","modified":"2027-03-01T00:00:00Z"}`)
	if rep.Refused != 1 {
		t.Errorf("written by somebody else than the node: %+v", rep)
	}
}

func TestAKeyNeedsTwoPeople(t *testing.T) {
	w := pair(t)
	c := w.set(draft("Duty officer"))
	one, two := w.who(w.jp, "one", people.DeskOfficer), w.who(w.jp, "two", people.DutyOfficer)
	hear := func(n *nodetest.Node, by people.Actor, h contact.Heard) (bool, error) {
		return n.Contacts.Hear(t.Context(), n.Live, by, c.ID, h)
	}
	h := contact.Heard{Kind: "pgp", Fingerprint: fingerprint, Expires: "2027-04-20", Means: "in-person"}
	_, err := hear(w.jp, w.jp.Operator(), h)
	w.refused("nobody in particular", fault.Denied, err)
	_, err = hear(w.jp, w.who(w.jp, "analyst", people.Analyst), h)
	w.refused("an analyst", fault.Denied, err)
	if both, err := hear(w.jp, one, h); err != nil || both {
		t.Fatal(both, err)
	}
	_, err = hear(w.jp, one, h)
	w.refused("the same person", fault.Denied, err)
	other := h
	other.Expires = "2028-04-20"
	_, err = hear(w.jp, two, other)
	w.refused("another end", fault.Conflict, err)
	if e := w.entry(w.jp, c.ID); len(e.Keys) != 0 {
		t.Fatalf("after one person: %+v", e.Keys)
	}
	tasks, err := w.jp.Contacts.Waiting(t.Context(), w.jp.Live, two)
	if err != nil || len(tasks) != 1 || tasks[0].Kind != contact.TaskKey {
		t.Errorf("waits for the second: %+v %v", tasks, err)
	}
	if both, err := hear(w.jp, two, h); err != nil || !both {
		t.Fatal(both, err)
	}
	w.carry(w.jp, w.in)
	e := w.entry(w.in, c.ID)
	if len(e.Keys) != 1 || e.Keys[0].Verified.People != 2 || e.Unverified != 1 || len(e.Warnings) != 1 || e.Warnings[0].Step != 60 {
		t.Fatalf("at India: %+v", e)
	}
	changed := draft("Duty officer")
	changed.ID, changed.Keys = c.ID, nil
	if again := w.set(changed); len(again.Keys) != 1 {
		t.Error("changing the record took the key away")
	}
	a, b := w.who(w.in, "a", people.DeskOfficer), w.who(w.in, "b", people.DeskOfficer)
	wrong := h
	wrong.Fingerprint = "F" + fingerprint[1:]
	_, err = hear(w.in, a, wrong)
	w.refused("a fingerprint that the record does not have", fault.Invalid, err)
	for _, by := range []people.Actor{a, b} {
		_, err = hear(w.in, by, h)
		w.must(err)
	}
	if e := w.entry(w.in, c.ID); e.Unverified != 0 {
		t.Errorf("verified here: %+v", e)
	}
	w.must(w.jp.Contacts.DropKey(t.Context(), w.jp.Live, one, c.ID, e.Keys[0].Fingerprint))
	w.carry(w.jp, w.in)
	if e := w.entry(w.in, c.ID); len(e.Keys) != 0 {
		t.Errorf("dropped: %+v", e.Keys)
	}
}

func TestWhoLeavesAPostLosesEverythingAtOnce(t *testing.T) {
	w := pair(t)
	ctx, n := t.Context(), w.jp
	chief := w.set(draft("Duty officer"))
	deputy := draft("Deputy")
	deputy.BackupOf = chief.ID
	deputy = w.set(deputy)
	desk := w.who(n, "desk", people.DeskOfficer)
	holder := w.who(n, "holder", people.DutyOfficer, people.Analyst)
	w.must(n.People.SetPassword(ctx, n.Operator(), "holder", "a long enough password"))
	w.refused("assigned by the desk", fault.Denied, n.Contacts.Assign(ctx, n.Live, desk, chief.ID, "holder", nil))
	w.refused("a role it does not have", fault.Invalid, n.Contacts.Assign(ctx, n.Live, n.Operator(), chief.ID, "holder", []people.Role{people.Auditor}))
	w.must(n.Contacts.Assign(ctx, n.Live, n.Operator(), chief.ID, "holder", []people.Role{people.DutyOfficer}))
	w.must(n.Contacts.Assign(ctx, n.Live, n.Operator(), deputy.ID, "desk", nil))
	w.refused("two holders", fault.Conflict, n.Contacts.Assign(ctx, n.Live, n.Operator(), chief.ID, "desk", nil))
	token, err := n.People.IssueToken(ctx, n.Operator(), "holder", "laptop", time.Hour)
	w.must(err)
	if _, err := n.People.LoginToken(ctx, token); err != nil {
		t.Fatal(err)
	}
	w.refused("one's own post", fault.Denied, n.Contacts.Leave(ctx, n.Live, holder, chief.ID))

	w.must(n.Contacts.Leave(ctx, n.Live, desk, chief.ID))
	_, err = n.People.LoginToken(ctx, token)
	w.refused("the token", fault.Denied, err)
	rest, err := n.People.As(ctx, n.Operator(), "holder")
	if err != nil || !slices.Equal(rest.Roles, []people.Role{people.Analyst}) {
		t.Errorf("roles left: %v %v", rest.Roles, err)
	}
	w.carry(w.jp, w.in)
	for _, at := range []*nodetest.Node{w.in, w.jp} {
		if e := w.entry(at, chief.ID); !e.Vacant || e.Person != "" || e.Duty.Contact != deputy.ID {
			t.Errorf("at %s: %+v", at.Side, e)
		}
	}
	// The rest goes with another post, and the account with it.
	w.clk.Advance(time.Second)
	w.must(n.Contacts.Assign(ctx, n.Live, n.Operator(), chief.ID, "holder", nil))
	if e := w.entry(n, chief.ID); e.Vacant || e.Holder != "holder" {
		t.Errorf("held again: %+v", e)
	}
	w.must(n.Contacts.Retire(ctx, n.Live, desk, chief.ID))
	_, err = n.People.As(ctx, n.Operator(), "holder")
	w.refused("a closed account", fault.Denied, err)
	_, err = n.People.Login(ctx, "holder", "a long enough password", "")
	w.refused("its password", fault.Denied, err)
	w.must(n.People.Enable(ctx, n.Operator(), "holder"))
	_, err = n.People.Login(ctx, "holder", "a long enough password", "")
	w.refused("its password, once it is open again", fault.Denied, err)
}

func TestRolesOfAnotherPostStay(t *testing.T) {
	w := pair(t)
	ctx, n := t.Context(), w.jp
	one, two := w.set(draft("One")), w.set(draft("Two"))
	w.who(n, "holder", people.DutyOfficer)
	w.must(n.Contacts.Assign(ctx, n.Live, n.Operator(), one.ID, "holder", nil))
	w.must(n.Contacts.Assign(ctx, n.Live, n.Operator(), two.ID, "holder", nil))
	w.must(n.Contacts.Leave(ctx, n.Live, n.Operator(), one.ID))
	if a, err := n.People.As(ctx, n.Operator(), "holder"); err != nil || len(a.Roles) != 1 {
		t.Errorf("the second post's role: %v %v", a.Roles, err)
	}
	w.must(n.Contacts.Leave(ctx, n.Live, n.Operator(), two.ID))
	_, err := n.People.As(ctx, n.Operator(), "holder")
	w.refused("after the last post", fault.Denied, err)
	admin := w.who(n, "admin", people.Administrator)
	w.clk.Advance(time.Second)
	w.must(n.Contacts.Assign(ctx, n.Live, n.Operator(), one.ID, "admin", nil))
	w.refused("an administrator, by the desk", fault.Denied, n.Contacts.Leave(ctx, n.Live, w.who(n, "desk", people.DeskOfficer), one.ID))
	w.refused("an administrator, by itself", fault.Denied, n.Contacts.Leave(ctx, n.Live, admin, one.ID))
}

// TestWhoIsDisabledHoldsNoPost: the deputy takes over at once, on both sides,
// and enabling the account gives no post back.
func TestWhoIsDisabledHoldsNoPost(t *testing.T) {
	w := pair(t)
	ctx, n := t.Context(), w.jp
	chief, other := w.set(draft("Duty officer")), w.set(draft("Another post"))
	deputy := draft("Deputy")
	deputy.BackupOf = chief.ID
	deputy = w.set(deputy)
	holder := w.who(n, "holder", people.DutyOfficer)
	for _, c := range []law.Contact{chief, other} {
		w.must(n.Contacts.Assign(ctx, n.Live, n.Operator(), c.ID, "holder", nil))
	}
	secret, err := n.Notices.MakeAddress(ctx, n.Live, holder)
	w.must(err)
	_, err = n.Notices.Read(ctx, n.Live, secret)
	w.must(err)

	w.must(n.People.Disable(ctx, n.Operator(), "holder"))
	w.carry(w.jp, w.in)
	for _, at := range []*nodetest.Node{w.in, w.jp} {
		if e := w.entry(at, chief.ID); !e.Vacant || e.Person != "" || e.Holder != "" || e.Duty.Contact != deputy.ID {
			t.Errorf("at %s: %+v", at.Side, e)
		}
		if e := w.entry(at, other.ID); !e.Vacant || e.Duty.Contact != "" {
			t.Errorf("at %s, the other post: %+v", at.Side, e)
		}
	}
	_, err = n.Notices.Read(ctx, n.Live, secret)
	w.refused("the calendar", fault.NotFound, err)
	w.must(n.People.Disable(ctx, n.Operator(), "holder")) // once more changes nothing
	w.must(n.People.Enable(ctx, n.Operator(), "holder"))
	if e := w.entry(n, chief.ID); !e.Vacant {
		t.Errorf("enabled: %+v", e)
	}
}

// TestWhoLeavesAPostLosesTheCalendar: its address opens nothing any more, also
// where the account keeps another role.
func TestWhoLeavesAPostLosesTheCalendar(t *testing.T) {
	w := pair(t)
	ctx, n := t.Context(), w.jp
	c := w.set(draft("Duty officer"))
	holder := w.who(n, "holder", people.DutyOfficer, people.Analyst)
	w.must(n.Contacts.Assign(ctx, n.Live, n.Operator(), c.ID, "holder", []people.Role{people.DutyOfficer}))
	secret, err := n.Notices.MakeAddress(ctx, n.Live, holder)
	w.must(err)
	w.must(n.Contacts.Leave(ctx, n.Live, n.Operator(), c.ID))
	_, err = n.Notices.Read(ctx, n.Live, secret)
	w.refused("the calendar", fault.NotFound, err)
	if a, err := n.People.As(ctx, n.Operator(), "holder"); err != nil || len(a.Roles) != 1 {
		t.Errorf("the account: %v %v", a.Roles, err)
	}
}

// checks returns the newest check of a contact as a node shows it.
func (w *world) check(n *nodetest.Node, id string) contact.Check {
	w.Helper()
	e := w.entry(n, id)
	if e.Latest == nil {
		w.Fatalf("%s knows of no check of %s", n.Side, id)
	}
	return *e.Latest
}

// entries returns the kinds and starts of what stands in calendars of a node
// for an account, those that were cancelled marked.
func (w *world) entries(n *nodetest.Node, reader string) (out []string) {
	w.Helper()
	w.must(n.Live.Query(w.Context(), func(tx *store.Tx) error {
		all, err := tx.CalendarEntries(0)
		for _, e := range all {
			if e.Reader == reader {
				text := fmt.Sprintf("%s %s %d", e.Kind, time.UnixMicro(e.Starts).UTC().Format("01-02 15:04"), e.Sequence)
				if e.Cancelled {
					text += " cancelled"
				}
				out = append(out, text)
			}
		}
		return err
	}))
	return out
}

// TestContactsAreToldOfWhatWaits: who may answer a check is told of it once and
// finds its end in the calendar, from where it goes when it was answered; the
// end of a key is told at each step to who keeps it and who holds the post.
func TestContactsAreToldOfWhatWaits(t *testing.T) {
	w := pair(t)
	ctx, n := t.Context(), w.jp
	c := w.set(draft("Duty officer"))
	mail := func(name string, role people.Role) people.Actor {
		w.must(n.People.AddAccount(ctx, n.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Email: name + "@cert.example"}))
		a, err := n.People.As(ctx, n.Operator(), name)
		w.must(err)
		return a
	}
	holder, desk, other := mail("holder", people.Analyst), mail("desk", people.DeskOfficer), mail("other", people.Analyst)
	w.must(n.Contacts.Assign(ctx, n.Live, n.Operator(), c.ID, "holder", nil))
	_, err := w.in.Contacts.Ask(ctx, w.in.Live, w.in.Operator(), c.ID)
	w.must(err)
	w.carry(w.in, w.jp)
	told := func(who people.Actor) (out []string) {
		t.Helper()
		o, err := n.Notices.Mine(ctx, n.Live, who)
		w.must(err)
		for _, x := range o.Told {
			if x.Kind == string(notice.Check) || x.Kind == string(notice.ContactKey) {
				out = append(out, x.Kind+" "+x.Step)
			}
		}
		slices.Sort(out)
		return out
	}
	look := func() {
		t.Helper()
		w.must(n.Notices.Look(ctx, n.Live))
		w.must(n.Notices.Look(ctx, n.Live)) // once more tells nothing more
		_, err := n.Notices.Send(ctx, n.Live)
		w.must(err)
	}
	look()
	if got := told(holder); !slices.Equal(got, []string{"check answer"}) {
		t.Errorf("the holder is told of %v", got)
	}
	if got := told(other); len(got) != 0 {
		t.Errorf("another is told of %v", got)
	}
	if got := w.entries(n, "account holder"); !slices.Equal(got, []string{"check 03-02 03:00 0"}) {
		t.Errorf("in the holder's calendar: %v", got)
	}
	w.must(w.in.Notices.Look(ctx, w.in.Live))
	if got := w.entries(w.in, "may "+string(people.Appoint)); len(got) != 1 {
		t.Errorf("the next check in the asker's calendar: %v", got)
	}
	checks, err := n.Contacts.Waiting(ctx, n.Live, holder)
	w.must(err)
	_, err = n.Contacts.Answer(ctx, n.Live, holder, checks[0].Check)
	w.must(err)
	look()
	if got := w.entries(n, "account holder"); !slices.Equal(got, []string{"check 03-02 03:00 1 cancelled"}) {
		t.Errorf("once it is answered: %v", got)
	}
	h := contact.Heard{Kind: "pgp", Fingerprint: fingerprint, Expires: "2027-05-15", Means: "in-person"}
	second := mail("second", people.DutyOfficer)
	_, err = n.Contacts.Hear(ctx, n.Live, desk, c.ID, h)
	w.must(err)
	look()
	if got := told(second); !slices.Equal(got, []string{"contact-key second"}) {
		t.Errorf("the second person is told of %v", got)
	}
	_, err = n.Contacts.Hear(ctx, n.Live, second, c.ID, h)
	w.must(err)
	for range 10 { // from 75 days before its end on
		look()
		w.clk.Advance(8 * 24 * time.Hour)
	}
	want := []string{"contact-key ends 0", "contact-key ends 30", "contact-key ends 60", "contact-key ends 7"}
	if got := told(desk); !slices.Equal(got, want[1:]) && !slices.Equal(got, want) {
		t.Errorf("who keeps it is told of %v", got)
	}
	if got := told(holder); len(got) < 4 || got[0] != "check answer" {
		t.Errorf("who holds the post is told of %v", got)
	}
	if got := told(other); len(got) != 0 {
		t.Errorf("another is told of %v", got)
	}
}

// TestTheWindowBeginsWhenTheCheckArrives: what never left the asker's shore was
// missed by nobody, and what comes after two days gives its whole window, the
// same on both nodes.
func TestTheWindowBeginsWhenTheCheckArrives(t *testing.T) {
	w := pair(t)
	ctx := t.Context()
	c := w.set(draft("Duty officer"))
	holder := w.who(w.jp, "holder", people.DutyOfficer)
	w.must(w.jp.Contacts.Assign(ctx, w.jp.Live, w.jp.Operator(), c.ID, "holder", nil))
	asked, err := w.in.Contacts.Ask(ctx, w.in.Live, w.in.Operator(), c.ID)
	w.must(err)
	w.clk.Advance(48*time.Hour + 1234*time.Microsecond) // the line is down
	if k := w.check(w.in, c.ID); k.State != law.Failed {
		t.Errorf("not delivered: %s", k.State)
	}
	w.carry(w.in, w.jp)
	here, there := w.check(w.in, c.ID), w.check(w.jp, c.ID)
	if here.State != law.Sent || there.State != law.Sent || !here.Due.Equal(there.Due) || here.Due.Sub(asked.Created) < 71*time.Hour {
		t.Errorf("delivered: %s until %s here, %s until %s there", here.State, here.Due, there.State, there.Due)
	}
	w.clk.Advance(23 * time.Hour)
	state, err := w.jp.Contacts.Answer(ctx, w.jp.Live, holder, asked.ID)
	if err != nil || state != law.Answered {
		t.Errorf("within the window: %s %v", state, err)
	}
	w.carry(w.jp, w.in)
	if k := w.check(w.in, c.ID); k.State != law.Answered {
		t.Errorf("at the asker: %s", k.State)
	}
	// One that is waived before it arrives is waived there too.
	again, err := w.in.Contacts.Ask(ctx, w.in.Live, w.in.Operator(), c.ID)
	w.must(err)
	w.must(w.in.Contacts.Waive(ctx, w.in.Live, w.in.Operator(), again.ID, "a holiday"))
	w.carry(w.in, w.jp)
	w.clk.Advance(25 * time.Hour)
	for _, n := range []*nodetest.Node{w.in, w.jp} {
		if k := w.check(n, c.ID); k.State != law.Waived {
			t.Errorf("%s, waived: %s", n.Side, k.State)
		}
	}
}

func TestAChecksAnswerIsSignedByWhoHoldsThePost(t *testing.T) {
	w := pair(t)
	ctx := t.Context()
	c := w.set(draft("Duty officer"))
	deputy := draft("Deputy")
	deputy.BackupOf = c.ID
	deputy = w.set(deputy)
	holder, stand, other := w.who(w.jp, "holder", people.DutyOfficer), w.who(w.jp, "stand", people.DutyOfficer), w.who(w.jp, "other", people.DutyOfficer)
	w.must(w.jp.Contacts.Assign(ctx, w.jp.Live, w.jp.Operator(), c.ID, "holder", nil))
	w.must(w.jp.Contacts.Assign(ctx, w.jp.Live, w.jp.Operator(), deputy.ID, "stand", nil))
	ask := func() string {
		t.Helper()
		k, err := w.in.Contacts.Ask(ctx, w.in.Live, w.in.Operator(), c.ID)
		w.must(err)
		w.carry(w.in, w.jp)
		return k.ID
	}
	id := ask()
	_, err := w.in.Contacts.Ask(ctx, w.in.Live, w.in.Operator(), c.ID)
	w.refused("while one waits", fault.Conflict, err)
	_, err = w.jp.Contacts.Ask(ctx, w.jp.Live, w.jp.Operator(), c.ID)
	w.refused("one's own contact", fault.Invalid, err)
	_, err = w.jp.Contacts.Answer(ctx, w.jp.Live, other, id)
	w.refused("by another officer", fault.Denied, err)
	_, err = w.jp.Contacts.Answer(ctx, w.jp.Live, w.jp.Operator(), id)
	w.refused("by nobody in particular", fault.Denied, err)
	if tasks, err := w.jp.Contacts.Waiting(ctx, w.jp.Live, holder); err != nil || len(tasks) != 1 || tasks[0].Check != id {
		t.Errorf("waits for the holder: %+v %v", tasks, err)
	}
	w.clk.Advance(time.Hour)
	state, err := w.jp.Contacts.Answer(ctx, w.jp.Live, holder, id)
	if err != nil || state != law.Answered {
		t.Fatal(state, err)
	}
	_, err = w.jp.Contacts.Answer(ctx, w.jp.Live, stand, id)
	w.refused("twice", fault.Conflict, err)
	w.carry(w.jp, w.in)
	if k := w.check(w.in, c.ID); k.State != law.Answered || k.Person != "operator" || len(k.Note) == 0 {
		t.Errorf("at India: %+v", k)
	}
	if k := w.check(w.jp, c.ID); k.State != law.Answered || k.Person != "holder" {
		t.Errorf("at home: %+v", k)
	}

	id = ask()
	w.clk.Advance(25 * time.Hour)
	if k := w.check(w.in, c.ID); k.State != law.Missed {
		t.Errorf("no answer in the window: %s", k.State)
	}
	if state, err = w.jp.Contacts.Answer(ctx, w.jp.Live, stand, id); err != nil || state != law.Late {
		t.Errorf("by who stands in: %s %v", state, err)
	}
	w.carry(w.jp, w.in)
	if k := w.check(w.in, c.ID); k.State != law.Late {
		t.Errorf("an answer that came late: %s", k.State)
	}

	id = ask()
	w.refused("without a reason", fault.Invalid, w.in.Contacts.Waive(ctx, w.in.Live, w.in.Operator(), id, " "))
	w.refused("by who was asked", fault.Denied, w.jp.Contacts.Waive(ctx, w.jp.Live, w.jp.Operator(), id, "holiday"))
	w.must(w.in.Contacts.Waive(ctx, w.in.Live, w.in.Operator(), id, "their national holiday"))
	w.carry(w.in, w.jp)
	_, err = w.jp.Contacts.Answer(ctx, w.jp.Live, holder, id)
	w.refused("what was waived", fault.Conflict, err)
	if k := w.check(w.jp, c.ID); k.State != law.Waived || k.Reason != "" {
		t.Errorf("at Japan: %+v", k)
	}
}

func TestChecksComeByTheCalendar(t *testing.T) {
	w := pair(t)
	c := w.set(draft("Duty officer"))
	look := func() (sent int) {
		t.Helper()
		w.must(w.in.Contacts.Schedule(t.Context(), w.in.Live, inJP))
		d, err := w.in.Contacts.Contact(t.Context(), w.in.Live, w.in.Operator(), c.ID)
		w.must(err)
		return len(d.Checks)
	}
	if n := look(); n != 0 {
		t.Fatalf("%d at once", n)
	}
	w.jumpAmended()
	w.clk.Advance(6 * 24 * time.Hour)
	if n := look(); n != 0 {
		t.Fatalf("%d before the week is over", n)
	}
	w.clk.Advance(24 * time.Hour)
	if n := look(); n != 1 {
		t.Fatalf("%d after a week", n)
	}
	w.clk.Advance(2 * time.Minute)
	if n := look(); n != 1 {
		t.Fatalf("%d while it waits", n)
	}
	w.carry(w.in, w.jp)
	if k := w.check(w.jp, c.ID); !k.Scheduled || k.State != law.Sent || k.Due.Sub(k.Sent) != 2*time.Hour+2*time.Minute {
		t.Errorf("at Japan: %+v", k)
	}
}

// jumpAmended has the agreement ask for a check a week, to be answered in two
// hours.
func (w *world) jumpAmended() {
	w.Helper()
	nodetest.Amend(w, w.in, w.jp, "  receipt: PT15M\n", "  receipt: PT15M\n  contacts: {every: P7D, answer: PT2H}\n")
}
