package contact_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"twoseas/internal/act/contact"
	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	law "twoseas/internal/law/contact"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

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
