package recall_test

import (
	"bytes"
	"testing"
	"time"

	"twoseas/internal/act/audit"
	"twoseas/internal/act/exchange"
	"twoseas/internal/act/recall"
	"twoseas/internal/law/marking"
	law "twoseas/internal/law/recall"
	"twoseas/internal/nodetest"
)

// build makes the next shipment of a node, or that which is not answered.
func build(t *testing.T, n *nodetest.Node) exchange.Parcel {
	t.Helper()
	p, some, err := n.Exchange.Build(t.Context(), n.Live, inJP)
	if err != nil || !some {
		t.Fatalf("%s has nothing to send: %v", n.Side, err)
	}
	return p
}

// arrives has a shipment taken in, whose receipt is then lost.
func arrives(t *testing.T, at *nodetest.Node, p exchange.Parcel) []byte {
	t.Helper()
	receipt, err := at.Exchange.Receive(t.Context(), at.Live, inJP, p)
	if err != nil {
		t.Fatal(err)
	}
	return receipt
}

// Both nodes stop at each step of a recall's crossing: nothing but what was
// committed is left. Afterwards it has one effect and one answer, and the
// shipment that brought it changes nothing when it comes again, also once the
// recall was lifted.
func TestARecallHasOneEffectWhereverItsCrossingStops(t *testing.T) {
	in, jp, clk := pair(t)
	steps := []struct {
		name string
		do   func() exchange.Parcel // that brings the recall
	}{
		{"before it left", func() exchange.Parcel { return exchange.Parcel{} }},
		{"built and not sent", func() exchange.Parcel { return build(t, in) }},
		{"taken in, and the receipt was lost", func() exchange.Parcel {
			p := build(t, in)
			arrives(t, jp, p)
			return p
		}},
		{"receipted, and the answer not built", func() exchange.Parcel {
			p := build(t, in)
			if err := ship(t, in, jp, p); err != nil {
				t.Fatal(err)
			}
			return p
		}},
		{"the answer taken in, and its receipt was lost", func() exchange.Parcel {
			p := build(t, in)
			if err := ship(t, in, jp, p); err != nil {
				t.Fatal(err)
			}
			arrives(t, in, build(t, jp))
			return p
		}},
	}
	green := classOf(t, jp, marking.Green)
	for i, step := range steps {
		ids := take(t, in, marking.Green, 10*i+1, 10*i+2)
		settled(t, in, jp)
		clk.Advance(time.Minute)
		act := send(t, in, recall.Ask{Kind: law.Spill, IDs: ids})
		brought := step.do()
		for _, n := range []*nodetest.Node{in, jp} {
			n.Reopen(clk)
			n.Halt()
		}
		settled(t, in, jp)
		if d := state(t, in, act); d.Open() || outcomes(t, d)[law.Quarantined] != 2 || d.Partners[0].Items != 2 {
			t.Errorf("%s: %+v", step.name, d.Partners)
		}
		once(t, step.name, in, jp, i+1)
		if brought.Note == nil {
			continue
		}
		before := state(t, jp, act).Partners[0].Answered
		first := arrives(t, jp, brought)
		if second := arrives(t, jp, brought); !bytes.Equal(first, second) {
			t.Errorf("%s: it is receipted anew when it comes again", step.name)
		}
		if after := state(t, jp, act).Partners[0].Answered; !after.Equal(before) {
			t.Errorf("%s: it is answered anew when it comes again", step.name)
		}
		if err := in.Recalls.Lift(t.Context(), in.Live, duty, act); err != nil {
			t.Fatal(err)
		}
		settled(t, in, jp)
		arrives(t, jp, brought)
		if visible(t, jp, green, ids[0]) == "" {
			t.Errorf("%s: an old shipment calls back again what was lifted", step.name)
		}
		once(t, step.name, in, jp, i+1)
	}
	settled(t, in, jp)
}

// once wants as many acts to have been made, complied with and answered.
func once(t *testing.T, when string, in, jp *nodetest.Node, acts int) {
	t.Helper()
	for act, n := range map[string]*nodetest.Node{"recall.send": in, "recall.received": jp} {
		p, err := n.Audit.Search(t.Context(), n.Operator(), audit.Query{Act: act})
		if err != nil || len(p.Entries) != acts {
			t.Errorf("%s: the home log of %s has %d %s, want %d: %v", when, n.Side, len(p.Entries), act, acts, err)
		}
	}
}
