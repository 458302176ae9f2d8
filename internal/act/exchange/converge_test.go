package exchange_test

import (
	"testing"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/fault"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// behind changes a node's store behind its back.
func behind(t *testing.T, n *nodetest.Node, query string, args ...any) {
	t.Helper()
	if err := n.Live.Write(t.Context(), func(tx *store.Tx) error {
		changed, err := tx.Exec(query, args...)
		if err == nil && changed == 0 {
			t.Fatalf("%s changed nothing", query)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsChangedBehindTheBackIsFound(t *testing.T) {
	for name, tc := range map[string]struct {
		at    string // whose store
		query string
		why   [2]string // as in sees it, and as jp does
	}{
		"an object altered at the receiver": {"jp", "UPDATE object SET body = CAST(replace(CAST(body AS TEXT), '45.0.4', '45.0.5') AS BLOB) WHERE seq = $1", [2]string{"different bytes", "different bytes"}},
		"an object altered at the sender":   {"in", "UPDATE object SET body = CAST(replace(CAST(body AS TEXT), '45.0.4', '45.0.5') AS BLOB) WHERE seq = $1", [2]string{"different bytes", "different bytes"}},
		"an object removed at the receiver": {"jp", "DELETE FROM object WHERE seq = $1", [2]string{"the partner does not hold it", "this side does not hold it"}},
		"an object removed at the sender":   {"in", "DELETE FROM object WHERE seq = $1", [2]string{"this side does not hold it", "the partner does not hold it"}},
	} {
		t.Run(name, func(t *testing.T) {
			in, jp := pair(t, nil)
			take(t, in, 0, 1200)
			deliver(t, in, jp)
			settled(t, in, jp)
			n := map[string]*nodetest.Node{"in": in, "jp": jp}[tc.at]
			behind(t, n, tc.query, int64(1100))
			for i, side := range []*nodetest.Node{in, jp} {
				other := []*nodetest.Node{jp, in}[i]
				f := compare(t, side, other)
				if f.Converged || len(f.Missing) != 1 {
					t.Fatalf("%s found %+v", side.Side, f)
				}
				g := f.Missing[0]
				if g.Sender != "in" || g.Shipment != 2 || g.Position != 99 || !contains(g.Why, tc.why[i]) {
					t.Errorf("%s found %+v", side.Side, g)
				}
			}
		})
	}
}

func TestAShipmentForgottenAtOneSideIsFound(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 30)
	deliver(t, in, jp)
	behind(t, jp, "DELETE FROM shipment WHERE direction = 'in' AND number = 1")
	f := compare(t, in, jp)
	if f.Converged || len(f.Missing) != 1 || f.Missing[0].Position != -1 || f.Missing[0].Shipment != 1 {
		t.Errorf("%+v", f)
	}
}

func TestOnlyWhatIsNewIsComparedUnlessAllIsAsked(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 3)
	deliver(t, in, jp)
	settled(t, in, jp)
	var asked []exchange.Range
	link := listening{loop{to: jp}, &asked}
	take(t, in, 10, 3)
	if _, err := in.Exchange.Deliver(t.Context(), in.Live, inJP, link, nil); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		full bool
		from int64
	}{{false, 2}, {true, 1}} {
		asked = nil
		f, err := in.Exchange.Compare(t.Context(), in.Live, inJP, link, tc.full)
		if err != nil || !f.Converged || len(asked) == 0 || asked[0].From != tc.from {
			t.Errorf("full %v: asked %+v, found %+v, %v", tc.full, asked, f, err)
		}
	}
}

func TestARangeOfNoUseIsRefused(t *testing.T) {
	in, _ := pair(t, nil)
	for _, q := range []exchange.Range{
		{Sender: "in", From: 0, To: 1},
		{Sender: "in", From: 3, To: 1},
		{Sender: "in", From: 1, To: 1 << 40},
		{Sender: "in", From: 1, To: 2, Items: true},
		{Sender: "us", From: 1, To: 1},
	} {
		_, err := in.Exchange.Holding(t.Context(), in.Live, inJP, q)
		refused(t, err, fault.Invalid, "")
	}
}
