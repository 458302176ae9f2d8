package onward_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/onward"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/onward"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const (
	inJP = nodetest.InJp
	inGB = nodetest.InGb
)

// loop is a link to a node in the same process, without a network.
type loop struct{ to *nodetest.Node }

func (l loop) Ship(ctx context.Context, _ ident.Domain, a ident.Agreement, p exchange.Parcel) ([]byte, error) {
	return l.to.Exchange.Receive(ctx, l.to.Live, a, p)
}

func (l loop) AddCheckpoint(ctx context.Context, _ ident.Domain, a ident.Agreement, body []byte) ([]byte, error) {
	var line []byte
	err := l.to.Live.Write(ctx, func(tx *store.Tx) error {
		partner, err := l.to.Accords.Partner(ctx, l.to.Live, a)
		if err != nil {
			return err
		}
		line, err = l.to.Ledger.Witness(tx, partner, body)
		return err
	})
	return line, err
}

func (l loop) Holding(ctx context.Context, _ ident.Domain, a ident.Agreement, q exchange.Range) (exchange.Holding, error) {
	return l.to.Exchange.Holding(ctx, l.to.Live, a, q)
}

// world is three nodes that do nothing by themselves: each test carries by
// hand.
type world struct {
	*testing.T
	clk        *clock.Fake
	in, jp, gb *nodetest.Node
}

func three(t *testing.T, closed bool) *world {
	t.Helper()
	clk := clock.NewFake(time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))
	in, jp, gb := nodetest.Three(t, clk, closed, nil)
	for _, n := range []*nodetest.Node{in, jp, gb} {
		n.Halt()
	}
	return &world{t, clk, in, jp, gb}
}

func (w *world) carry(from, to *nodetest.Node, a ident.Agreement) exchange.Delivered {
	w.Helper()
	done, err := from.Exchange.Deliver(w.Context(), from.Live, a, loop{to}, nil)
	if err != nil {
		w.Fatal(err)
	}
	return done
}

// officer makes an account on a node and returns who it is and its class.
func (w *world) officer(n *nodetest.Node, name string, roles ...people.Role) (people.Actor, int64) {
	w.Helper()
	if err := n.People.AddAccount(w.Context(), n.Operator(), people.Account{
		Name: name, Roles: roles, Clearance: "TLP:RED",
	}); err != nil {
		w.Fatal(err)
	}
	by, err := n.People.As(w.Context(), n.Operator(), name)
	if err != nil {
		w.Fatal(err)
	}
	access, err := n.People.Access(w.Context(), n.Live, by)
	if err != nil {
		w.Fatal(err)
	}
	return by, access.Class
}

func indicator(n int, more string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","valid_from":"2027-01-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'canary%d.example']","description":"CANARY%d of Japan"%s}`, n, n, n, more)
}

func id(n int) string { return fmt.Sprintf("indicator--00000000-0000-4000-8000-%012d", n) }

func bundle(objects ...string) string {
	return `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-0000000000b1","objects":[` + strings.Join(objects, ",") + `]}`
}

// waits returns what waits for officers of a node on a channel.
func (w *world) waits(n *nodetest.Node, a ident.Agreement) (out []store.Hold) {
	w.Helper()
	if err := n.Live.Read(w.Context(), func(tx *store.Tx) error {
		ch, err := tx.Channel(a)
		if err != nil {
			return err
		}
		out, err = tx.Holds(ch.ID, store.HoldWaiting, 0, 100)
		return err
	}); err != nil {
		w.Fatal(err)
	}
	return out
}

// approve lets everything go that waits on a channel.
func (w *world) approve(n *nodetest.Node, by people.Actor, a ident.Agreement) {
	w.Helper()
	for _, h := range w.waits(n, a) {
		p, err := n.Releases.Preview(w.Context(), n.Live, by, a, h.Object)
		if err != nil {
			w.Fatal(err)
		}
		if _, err := n.Releases.Approve(w.Context(), n.Live, by, a, h.Object, p.Digest); err != nil {
			w.Fatal(err)
		}
	}
}

// ask has India ask Japan, and brings the request there.
func (w *world) ask(by people.Actor, q onward.Request) string {
	w.Helper()
	ids, err := w.in.Onwards.Ask(w.Context(), w.in.Live, by, store.AllLabels, q)
	if err != nil {
		w.Fatal(err)
	}
	w.carry(w.in, w.jp, inJP)
	return ids[0]
}

func (w *world) answer(n *nodetest.Node, by people.Actor, class int64, id string, a law.Answer) store.Onward {
	w.Helper()
	reason := ""
	if a.Word == law.No {
		reason = "not yet"
	}
	r, err := n.Onwards.Answer(w.Context(), n.Live, by, class, id, a, reason)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// held returns the versions of an id that a node has.
func (w *world) held(n *nodetest.Node, id string) (out []store.Object) {
	w.Helper()
	if err := n.Live.Read(w.Context(), func(tx *store.Tx) error {
		return tx.Versions(id, func(o store.Object) error {
			out = append(out, o)
			return nil
		})
	}); err != nil {
		w.Fatal(err)
	}
	return out
}

func TestWhatIsAnothersGoesOnWithConsentOnly(t *testing.T) {
	w := three(t, true)
	asker, _ := w.officer(w.in, "asha", people.ReleasingOfficer)
	keeper, class := w.officer(w.jp, "kenji", people.ReleasingOfficer)
	w.jp.Import(marking.Green, bundle(indicator(1, ""), indicator(2, "")))
	w.carry(w.jp, w.in, inJP)
	w.carry(w.in, w.gb, inGB)
	if len(w.waits(w.in, inGB)) != 0 || len(w.held(w.gb, id(1))) != 0 {
		t.Fatal("it waits or is there without consent")
	}
	until := w.clk.Now().Add(24 * time.Hour)
	req := w.ask(asker, onward.Request{IDs: []string{id(1)}, Audience: "gb", Purpose: "to warn the operators there", Until: until})
	list, err := w.jp.Onwards.Waiting(t.Context(), w.jp.Live, keeper)
	if err != nil || len(list) != 1 || list[0].ID != req || list[0].Audience != "gb" || list[0].Purpose != "to warn the operators there" {
		t.Fatalf("what waits in Japan: %+v, %v", list, err)
	}
	if r := w.answer(w.jp, keeper, class, req, law.Answer{Word: law.Yes}); r.State != store.OnwardAnswered {
		t.Fatalf("after the answer: %+v", r)
	}
	w.carry(w.jp, w.in, inJP)
	if n := len(w.waits(w.in, inGB)); n != 1 {
		t.Fatalf("%d wait for an officer of India, want the one consented to", n)
	}
	w.approve(w.in, asker, inGB)
	done := w.carry(w.in, w.gb, inGB)
	if done.Refused+done.Failed != 0 {
		t.Fatalf("delivered %+v", done)
	}
	got := w.held(w.gb, id(1))
	if len(got) != 1 || len(w.held(w.gb, id(2))) != 0 {
		t.Fatalf("the United Kingdom has %d of the first and %d of the second", len(got), len(w.held(w.gb, id(2))))
	}
	checkArrived(w, got[0], until)
	went(w)
}

// checkArrived looks at what the United Kingdom knows of Japan's object.
func checkArrived(w *world, o store.Object, until time.Time) {
	w.Helper()
	s, err := w.gb.Onwards.Of(w.Context(), w.gb.Live, w.gb.Operator(), store.AllLabels, o.Seq)
	if err != nil || len(s.Evidence) != 1 {
		w.Fatalf("evidence: %+v, %v", s.Evidence, err)
	}
	e := s.Evidence[0]
	if e.Origin != "jp" || e.Verified != "jp" || !e.Whole {
		w.Errorf("the evidence shows %+v", e)
	}
	if err := w.gb.Live.Read(w.Context(), func(tx *store.Tx) error {
		l, err := tx.Label(o.Label)
		if err != nil {
			return err
		}
		m, err := marking.ParseLabel(l.Resolved)
		if err != nil {
			return err
		}
		if m.Origin != "jp" || !slices.Equal(m.Consent, []string{marking.Consenting("gb", until)}) || m.Approved != 1 {
			w.Errorf("the label there: %s", l.Resolved)
		}
		return nil
	}); err != nil {
		w.Fatal(err)
	}
}

// went looks at what India says of where it went on.
func went(w *world) {
	w.Helper()
	o := w.held(w.in, id(1))[0]
	s, err := w.in.Onwards.Of(w.Context(), w.in.Live, w.in.Operator(), store.AllLabels, o.Seq)
	if err != nil || len(s.Passed) != 1 || s.Passed[0].Partner != "gb" || len(s.Requests) != 1 || !slices.Equal(s.Audiences, []ident.Side{"gb"}) {
		w.Errorf("in India it stands %+v, %v", s, err)
	}
}
