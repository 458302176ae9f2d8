package contact_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/exchange"
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
