package members_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/members"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
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

// limited is an indicator for the audience of LIMDIS in Japan.
func limited(n int) string {
	return fmt.Sprintf(`[{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","valid_from":"2027-01-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'limdis%d.example']","object_marking_refs":["marking-definition--00000000-0000-4000-8000-0000000000d1"]},
{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--00000000-0000-4000-8000-0000000000d1","created":"2027-01-01T00:00:00Z","definition_type":"statement","definition":{"statement":"LIMDIS//REL TO JPN"}}]`, n, n)
}

type world struct {
	*testing.T
	clk    *clock.Fake
	in, jp *nodetest.Node
}

func pair(t *testing.T) *world {
	clk := clock.NewFake(time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))
	in, jp := nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	in.Halt()
	jp.Halt()
	return &world{t, clk, in, jp}
}

func (w *world) carry(from, to *nodetest.Node) exchange.Delivered {
	w.Helper()
	done, err := from.Exchange.Deliver(w.Context(), from.Live, inJP, loop{to}, nil)
	if err != nil {
		w.Fatal(err)
	}
	return done
}

// says has Japan tell India who belongs to its audience.
func (w *world) says(c members.Change) {
	w.Helper()
	c.Agreement, c.Compartment = inJP, "LIMDIS"
	if _, err := w.jp.Members.Set(w.Context(), w.jp.Live, w.jp.Operator(), c); err != nil {
		w.Fatal(err)
	}
	if done := w.carry(w.jp, w.in); done.Failed+done.Refused != 0 {
		w.Fatalf("the list was not taken: %+v", done)
	}
}

// sends has India put an indicator in, and says whether it is in Japan then.
func (w *world) sends(n int) bool {
	w.Helper()
	w.in.Import(marking.Green, limited(n))
	w.carry(w.in, w.jp)
	return w.arrived(n)
}

func (w *world) arrived(n int) bool {
	w.Helper()
	found := false
	if err := w.jp.Live.Read(w.Context(), func(tx *store.Tx) error {
		return tx.Versions(fmt.Sprintf("indicator--00000000-0000-4000-8000-%012d", n), func(store.Object) error {
			found = true
			return nil
		})
	}); err != nil {
		w.Fatal(err)
	}
	return found
}

// why says what India's gate has to say of what is for the audience.
func (w *world) why() string {
	w.Helper()
	var d gate.Decision
	if err := w.in.Live.Read(w.Context(), func(tx *store.Tx) error {
		g, err := w.in.Releases.Gate(tx, inJP)
		if err != nil {
			return err
		}
		d = g.Decide(marking.Label{Kind: marking.Threat, Origin: "in", Terms: marking.Terms{TLP: marking.Green, Caveats: []string{"LIMDIS"}, ReleasableTo: []string{"jp"}}})
		return nil
	}); err != nil {
		w.Fatal(err)
	}
	return d.Sentence
}

func TestNothingLeavesForAnAudienceThatIsNotKnownToBeThere(t *testing.T) {
	w := pair(t)
	if w.sends(1) {
		t.Error("it left although no list is known")
	}
	if got, want := w.why(), "Denied: no list of who belongs to LIMDIS there is known."; got != want {
		t.Errorf("%q", got)
	}
	w.says(members.Change{Join: []string{"jpcert"}})
	w.carry(w.in, w.jp)
	if !w.arrived(1) {
		t.Error("it stayed although the audience is known now")
	}
	w.says(members.Change{Leave: []string{"jpcert"}}) // the audience is empty
	if w.sends(2) {
		t.Error("it left although nobody belongs to the audience")
	}
	if got, want := w.why(), "Denied: nobody belongs to LIMDIS there."; got != want {
		t.Errorf("%q", got)
	}
	w.says(members.Change{Join: []string{"nisc"}})
	if !w.sends(3) || !w.arrived(2) {
		t.Error("it stayed although somebody belongs to the audience again")
	}
}

func TestAListThatIsNotConfirmedCountsNoMore(t *testing.T) {
	w := pair(t)
	w.says(members.Change{Join: []string{"jpcert"}})
	w.in.Import(marking.Green, limited(1)) // queued while the list counts
	w.clk.Advance(8 * 24 * time.Hour)
	w.carry(w.in, w.jp)
	if w.arrived(1) {
		t.Error("it left on a list of eight days ago")
	}
	if got, want := w.why(), "Denied: the list of who belongs to LIMDIS there was not confirmed since 2027-03-01T09:00Z."; got != want {
		t.Errorf("%q", got)
	}
	if err := w.jp.Members.Renew(t.Context(), w.jp.Live, inJP); err != nil {
		t.Fatal(err)
	}
	w.carry(w.jp, w.in) // control goes on all the time
	w.carry(w.in, w.jp)
	if !w.arrived(1) {
		t.Error("it stayed although the list was confirmed")
	}
	if err := w.jp.Members.Renew(t.Context(), w.jp.Live, inJP); err != nil {
		t.Fatal(err)
	}
	if b := w.book(w.jp); len(b.Rolls[0].Lists) != 2 {
		t.Errorf("%d lists: a list of today is not confirmed again", len(b.Rolls[0].Lists))
	}
}

func (w *world) book(n *nodetest.Node) members.Book {
	w.Helper()
	b, err := n.Members.Lists(w.Context(), n.Live, n.Operator(), inJP)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

func TestBothSidesHoldTheListsAndWhatRestedOnThem(t *testing.T) {
	w := pair(t)
	w.says(members.Change{Join: []string{"jpcert", "nisc"}})
	w.clk.Advance(time.Hour)
	w.says(members.Change{Leave: []string{"nisc"}, Join: []string{"ipa"}})
	if !w.sends(1) {
		t.Fatal("it did not leave")
	}
	for _, n := range []*nodetest.Node{w.in, w.jp} {
		b := w.book(n)
		if len(b.Rolls) != 1 || len(b.Rolls[0].Lists) != 2 || b.Rolls[0].Own != (n == w.jp) {
			t.Fatalf("%s: %+v", n.Side, b)
		}
		l := b.Rolls[0].Lists[0]
		if l.Number != 2 || !slices.Equal(l.Members, []string{"ipa", "jpcert"}) || !slices.Equal(l.Joined, []string{"ipa"}) || !slices.Equal(l.Left, []string{"nisc"}) {
			t.Errorf("%s: the newest list is %+v", n.Side, l)
		}
	}
	if b := w.book(w.in); len(b.Epochs) != 1 || b.Epochs[0].Partner != 2 || b.Epochs[0].Compartment != "LIMDIS" {
		t.Errorf("what left rested on %+v", b.Epochs)
	}
	nodetest.VerifyLedgers(t, w.in.Node, w.jp.Node)
}

func TestWhoMayChangeAListAndHow(t *testing.T) {
	w := pair(t)
	set := func(by people.Actor, c members.Change) error {
		_, err := w.jp.Members.Set(t.Context(), w.jp.Live, by, c)
		return err
	}
	good := members.Change{Agreement: inJP, Compartment: "LIMDIS", Join: []string{"jpcert"}}
	if err := set(people.Actor{Name: "a", Roles: []people.Role{people.Analyst}}, good); !fault.Is(err, fault.Denied) {
		t.Error(err)
	}
	for what, c := range map[string]members.Change{
		"no compartment":  {Agreement: inJP, Compartment: "ORCON", Join: []string{"jpcert"}},
		"not there":       {Agreement: inJP, Compartment: "LIMDIS", Leave: []string{"jpcert"}},
		"twice":           {Agreement: inJP, Compartment: "LIMDIS", Join: []string{"jpcert", "jpcert"}},
		"a name of lines": {Agreement: inJP, Compartment: "LIMDIS", Join: []string{"jpcert\nnisc"}},
	} {
		if err := set(w.jp.Operator(), c); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := set(w.jp.Operator(), good); err != nil {
		t.Error(err)
	}
}

// What waits was let go for an audience of then; it leaves for that of now.
func TestWhoIsTakenOffWhileItemsWaitDoesNotGetThem(t *testing.T) {
	w := pair(t)
	w.says(members.Change{Join: []string{"jpcert"}})
	w.in.Import(marking.Green, limited(1)) // queued for the audience
	w.says(members.Change{Leave: []string{"jpcert"}})
	w.carry(w.in, w.jp)
	if w.arrived(1) {
		t.Error("it left for an audience of nobody")
	}
	w.in.Reopen(w.clk) // a list counts through a restart
	w.in.Halt()
	if w.sends(2) {
		t.Error("it left after the restart")
	}
	w.says(members.Change{Join: []string{"nisc"}})
	if !w.sends(3) || !w.arrived(1) || !w.arrived(2) {
		t.Error("it stayed although somebody belongs to the audience again")
	}
}
