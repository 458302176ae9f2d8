package exchange_test

import (
	"testing"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/shipment"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// rotate gives n a new signing key; tell brings the news to the other.
func rotate(t *testing.T, n *nodetest.Node) []byte {
	t.Helper()
	msg, err := n.Pairing.Rotate(t.Context(), n.Operator())
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func tell(t *testing.T, from, to *nodetest.Node, msg []byte) {
	t.Helper()
	if err := to.Pairing.Hear(t.Context(), from.Side, msg); err != nil {
		t.Fatal(err)
	}
}

func TestBothSidesChangeKeysInTheMiddleOfATransfer(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 10)
	take(t, jp, 900, 10)
	one := build(t, in) // signed with the first key, on its way
	theirs := build(t, jp)
	news := rotate(t, in)
	take(t, in, 10, 10)
	two := build(t, in) // signed with the second
	r1, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, one)
	if err != nil {
		t.Fatal(err)
	}
	_, err = jp.Exchange.Receive(t.Context(), jp.Live, inJP, two)
	refused(t, err, fault.Denied, "in+") // jp has not heard yet
	tell(t, in, jp, news)
	answer := rotate(t, jp)
	r2, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, two)
	if err != nil {
		t.Fatal(err)
	}
	settle(t, in, r1)
	if _, err := in.Exchange.Settle(t.Context(), in.Live, inJP, r2); !fault.Is(err, fault.Denied) {
		t.Errorf("a receipt by a key not heard of: %v", err)
	}
	tell(t, jp, in, answer)
	settle(t, in, r2)
	msg, err := in.Exchange.Receive(t.Context(), in.Live, inJP, theirs) // by jp's first key, after it was given up
	if err != nil {
		t.Fatal(err)
	}
	settle(t, jp, msg)
	nodetest.Crossed(t, in.Node, jp.Node, 0)
	nodetest.Crossed(t, jp.Node, in.Node, 0)
	settled(t, in, jp)
	take(t, in, 20, 10)
	deliver(t, in, jp)
	settled(t, in, jp)
}

// An old key may have been stolen: once a side has gone over to a new one, it
// does not go back.
func TestNobodyGoesBackToAnOldKey(t *testing.T) {
	in, jp := pair(t, nil)
	old, oldTheirs := signer(t, in), signer(t, jp)
	take(t, in, 0, 5)
	deliver(t, in, jp)
	tell(t, in, jp, rotate(t, in))
	tell(t, jp, in, rotate(t, jp))
	take(t, in, 5, 5)
	deliver(t, in, jp) // both have used their new keys
	p := forge{by: old, items: []shipment.Item{item(666, clear("in"), "")}}.parcel(t, in, jp)
	_, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, p)
	refused(t, err, fault.Denied, "given up")
	take(t, in, 10, 5)
	p = build(t, in)
	msg, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, p)
	if err != nil {
		t.Fatal(err)
	}
	stale, err := oldTheirs.Sign(receiptOf(t, msg).Text())
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.Exchange.Settle(t.Context(), in.Live, inJP, stale)
	refused(t, err, fault.Denied, "given up")
	settle(t, in, msg)
	settled(t, in, jp)
}

// A clock that is years off changes no number, no chain and no signature. Only
// what the agreement's own dates say is decided by it, on each side.
func TestAPartnersClockMayBeWrong(t *testing.T) {
	right := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		theirs  time.Time
		refused bool
	}{
		"three years slow, within the term": {right.AddDate(-3, 0, 0), false},
		"a month fast":                      {right.AddDate(0, 1, 0), false},
		"ten years fast":                    {right.AddDate(10, 0, 0), true},
		"ten years slow":                    {right.AddDate(-10, 0, 0), true},
		"never set":                         {time.Unix(120, 0), true},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := clock.NewFake(right), clock.NewFake(right)
			in, jp := nodetest.StartAt(t, "in", ours, nil), nodetest.StartAt(t, "jp", theirs, nil)
			nodetest.Join(t, in, jp)
			in.Halt()
			jp.Halt()
			take(t, jp, 500, 5)
			theirs.Set(tc.theirs)
			take(t, in, 0, 5)
			d := deliver(t, in, jp)
			if (d.Refused == 5) != tc.refused || d.Applied+d.Refused != 5 {
				t.Errorf("in to jp: %+v", d)
			}
			if back := deliver(t, jp, in); (back.Shipments == 0) != tc.refused {
				t.Errorf("jp to in: %+v", back)
			}
			settled(t, in, jp)
			theirs.Set(right.Add(time.Hour)) // put right
			take(t, in, 10, 5)
			if d := deliver(t, in, jp); d.Applied != 5 {
				t.Errorf("after the clock was put right: %+v", d)
			}
			settled(t, in, jp)
		})
	}
}

// A lease taken by a clock that was ahead binds nobody once it is put right.
func TestALeaseOfAClockThatWasAheadDoesNotStopTheChannel(t *testing.T) {
	clk := clock.NewFake(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	in, jp := pair(t, clk)
	ch := channel(t, in)
	if err := in.Live.Write(t.Context(), func(tx *store.Tx) error {
		ok, err := tx.Lease(ch.ID, "a process that was lost", (20 * time.Second).Microseconds())
		if !ok {
			t.Error("no lease")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	take(t, in, 0, 1)
	_, err := in.Exchange.Deliver(t.Context(), in.Live, inJP, loop{to: jp}, nil)
	refused(t, err, fault.Busy, "another process")
	clk.Set(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if d := deliver(t, in, jp); d.Applied != 1 {
		t.Errorf("%+v", d)
	}
}
