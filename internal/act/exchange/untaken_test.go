package exchange_test

import (
	"testing"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/shipment"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// reasons walks the pages of what was not taken.
func reasons(t *testing.T, n *nodetest.Node, size int) (out []store.Untaken) {
	t.Helper()
	for after := ""; ; {
		u, err := n.Exchange.Untaken(t.Context(), n.Live, n.Operator(), inJP, after, size)
		if err != nil {
			t.Fatal(err)
		}
		if u.Uncounted != 0 {
			t.Errorf("%d not counted", u.Uncounted)
		}
		out = append(out, u.Reasons...)
		if after = u.Next; after == "" {
			return out
		}
		if len(u.Reasons) != size {
			t.Fatalf("a page of %d, want %d", len(u.Reasons), size)
		}
	}
}

// TestTheNumbersOfAChannelAreThoseOfItsReceipts: what the page adds up from
// counters is what all receipts and shipments say, on both sides, and every
// reason is told, also of shipments long ago.
func TestTheNumbersOfAChannelAreThoseOfItsReceipts(t *testing.T) {
	in, jp := pair(t, nil)
	for i := range 5 { // theirs under ids of ours: each is kept out for a reason that names it
		if rep := jp.Import(marking.Amber, string(indicator(i*10, `"description":"theirs",`))); rep.New != 1 {
			t.Fatalf("%+v", rep)
		}
	}
	for i := range 5 {
		take(t, in, i*10, 3)
		deliver(t, in, jp)
	}
	for _, side := range []struct {
		n         *nodetest.Node
		direction string
	}{{in, store.Out}, {jp, store.In}} {
		want, err := side.n.Exchange.Totals(t.Context(), side.n.Live, inJP, side.direction)
		if err != nil {
			t.Fatal(err)
		}
		s, err := side.n.Exchange.Standing(t.Context(), side.n.Live, side.n.Operator(), inJP)
		if err != nil {
			t.Fatal(err)
		}
		if got := map[string]exchange.Totals{store.Out: s.Sent, store.In: s.Received}[side.direction]; got != want || got.Bytes == 0 || got.Refused == 0 {
			t.Errorf("%s: %+v, want %+v", side.direction, got, want)
		}
		all := reasons(t, side.n, 100)
		sum, seen := int64(0), map[string]bool{}
		for _, u := range reasons(t, side.n, 1) {
			sum += u.Items
			if u.Direction != side.direction || u.Outcome != string(shipment.Refused) || u.Code == "" {
				t.Errorf("%+v", u)
			}
			seen[u.ID.String()] = true
		}
		if sum != want.Refused+want.Failed || len(seen) != len(all) {
			t.Errorf("%s: %d items in %d reasons, want %d in %d", side.direction, sum, len(seen), want.Refused, len(all))
		}
	}
	for _, after := range []string{"x", "1", "0.", "-1.sha256:00"} {
		if _, err := in.Exchange.Untaken(t.Context(), in.Live, in.Operator(), inJP, after, 10); !fault.Is(err, fault.Invalid) {
			t.Errorf("place %q: %v", after, err)
		}
	}
	if _, err := in.Exchange.Untaken(t.Context(), in.Live, people.Actor{Name: "m", Roles: []people.Role{people.Member}}, inJP, "", 10); !fault.Is(err, fault.Denied) {
		t.Errorf("a member is told why: %v", err)
	}
}

// TestWhatWasNotCountedIsSaid: a node that was brought up to date knows the
// number of what was not taken before, and not the reasons.
func TestWhatWasNotCountedIsSaid(t *testing.T) {
	in, jp := pair(t, nil)
	if rep := jp.Import(marking.Amber, string(indicator(1, `"description":"theirs",`))); rep.New != 1 {
		t.Fatalf("%+v", rep)
	}
	take(t, in, 1, 2)
	deliver(t, in, jp)
	if err := in.Live.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec("DELETE FROM untaken")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	u, err := in.Exchange.Untaken(t.Context(), in.Live, in.Operator(), inJP, "", 10)
	if err != nil || u.Uncounted != 1 || len(u.Reasons) != 0 {
		t.Errorf("%+v, %v", u, err)
	}
}
