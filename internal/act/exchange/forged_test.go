package exchange_test

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"

	"twoseas/internal/act/exchange"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// flip returns b with one bit of the byte at i changed.
func flip(b []byte, i int) []byte {
	out := bytes.Clone(b)
	out[i] ^= 1
	return out
}

func TestATamperedShipmentIsRefusedAndTheTrueOneStillTaken(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 20)
	p := build(t, in)
	lines := decompress(t, p.Body)
	second := lines[bytes.IndexByte(lines, '\n')+1:]
	first := lines[:len(lines)-len(second)]
	for name, bad := range map[string]exchange.Parcel{
		"a byte of the note's text":     {Note: flip(p.Note, bytes.Index(p.Note, []byte("root sha256:"))+14), Body: p.Body},
		"a byte of the signature":       {Note: flip(p.Note, len(p.Note)-8), Body: p.Body},
		"a byte of the compressed":      {Note: p.Note, Body: flip(p.Body, len(p.Body)/2)},
		"a byte of an object":           {Note: p.Note, Body: compress(t, bytes.Replace(lines, []byte("45.0.0.7"), []byte("45.0.0.8"), 1))},
		"a salt":                        {Note: p.Note, Body: compress(t, flip(lines, bytes.Index(lines, []byte(`"salt":"`))+8))},
		"a label made more open":        {Note: p.Note, Body: compress(t, bytes.Replace(lines, []byte(`"tlp":"clear"`), []byte(`"tlp":"green"`), 1))},
		"an item left out":              {Note: p.Note, Body: compress(t, second)},
		"an item added":                 {Note: p.Note, Body: compress(t, append(bytes.Clone(lines), first...))},
		"two items exchanged":           {Note: p.Note, Body: compress(t, append(bytes.Clone(second), first...))},
		"a body cut off":                {Note: p.Note, Body: compress(t, lines[:len(lines)-30])},
		"a compressed body cut off":     {Note: p.Note, Body: p.Body[:len(p.Body)-5]},
		"no body":                       {Note: p.Note},
		"a body of a gibibyte of zeros": {Note: p.Note, Body: compress(t, make([]byte, 64<<20))},
	} {
		if msg, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, bad); err == nil {
			t.Errorf("%s: got the receipt %q", name, msg)
		} else if k := fault.KindOf(err); k == fault.Internal {
			t.Errorf("%s: %v has no kind", name, err)
		}
		if ch := channel(t, jp); ch.InNumber != 0 || ch.State != store.ChannelOpen {
			t.Fatalf("%s: changed the channel to %+v", name, ch)
		}
	}
	if done := deliver(t, in, jp); done.Applied != 20 {
		t.Errorf("%+v", done)
	}
	nodetest.Crossed(t, in.Node, jp.Node, 0)
	settled(t, in, jp)
}

func TestAShipmentThatDoesNotBelongIsRefusedWithTheReason(t *testing.T) {
	in, jp := pair(t, nil)
	exercise, err := ident.Exercise("tabletop")
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := note.Generate(rand.Reader, "in")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		forge forge
		kind  fault.Kind
		says  string
	}{
		"another agreement":       {forge{header: func(h *shipment.Header) { h.Agreement = "jp-us-2024" }}, fault.Denied, "jp-us-2024"},
		"a version nobody signed": {forge{header: func(h *shipment.Header) { h.AgreementHash = ident.Sum([]byte("x")) }}, fault.Denied, "both sides have not signed"},
		"an exercise":             {forge{header: func(h *shipment.Header) { h.Domain = exercise }}, fault.Denied, "exercise/tabletop"},
		"the other direction":     {forge{header: func(h *shipment.Header) { h.From, h.To = h.To, h.From }}, fault.Denied, "wants the signature of jp"},
		"to a third side":         {forge{header: func(h *shipment.Header) { h.To = "us" }}, fault.Denied, "from in to us"},
		"a number too high":       {forge{header: func(h *shipment.Header) { h.Number, h.Previous = 3, ident.Sum([]byte("2")) }}, fault.Conflict, "2 shipments are missing"},
		"a stranger's key":        {forge{by: stranger}, fault.Denied, "in+"},
		"the receiver's own key":  {forge{by: signer(t, jp)}, fault.Denied, "jp+"},
	} {
		t.Run(name, func(t *testing.T) {
			tc.forge.items = []shipment.Item{item(1, clear("in"), "")}
			p := tc.forge.parcel(t, in, jp)
			_, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, p)
			refused(t, err, tc.kind, tc.says)
			if ch := channel(t, jp); ch.InNumber != 0 || ch.State != store.ChannelOpen {
				t.Errorf("changed the channel to %+v", ch)
			}
		})
	}
	take(t, in, 0, 3)
	deliver(t, in, jp)
	settled(t, in, jp)
}

func TestWhatComesTwiceOrOutOfOrderIsAppliedOnceAndInOrder(t *testing.T) {
	in, jp := pair(t, nil)
	var parcels []exchange.Parcel
	for i := range 3 {
		take(t, in, 10*i, 10)
		parcels = append(parcels, build(t, in))
	}
	_, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, parcels[1])
	refused(t, err, fault.Conflict, "1 shipment is missing")
	var receipts [][]byte
	for _, p := range parcels {
		msg, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, p)
		if err != nil {
			t.Fatal(err)
		}
		receipts = append(receipts, msg)
		for n, old := range parcels[:len(receipts)] { // every earlier one again, with any body
			again, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, exchange.Parcel{Note: old.Note})
			if err != nil || !bytes.Equal(again, receipts[n]) {
				t.Errorf("shipment %d again: %q, %v", n+1, again, err)
			}
		}
	}
	for _, n := range []int{2, 0, 1, 1} { // and the answers in any order
		settle(t, in, receipts[n])
	}
	if n := nodetest.Crossed(t, in.Node, jp.Node, 0); n != 30 {
		t.Errorf("%d crossed", n)
	}
	settled(t, in, jp)
}

func TestTwoHistoriesStopTheChannelAndAreKept(t *testing.T) {
	for name, tc := range map[string]struct {
		header func(*shipment.Header)
		before int // shipments delivered before
		body   bool
	}{
		"another shipment under a number that was taken":         {func(h *shipment.Header) { h.Number, h.Previous = 1, ident.Digest{} }, 2, true},
		"the same without its body: the note is evidence enough": {func(h *shipment.Header) { h.Number, h.Previous = 1, ident.Digest{} }, 2, false},
		"the next one on another past":                           {func(h *shipment.Header) { h.Previous = ident.Sum([]byte("another")) }, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			in, jp := pair(t, nil)
			for i := range tc.before {
				take(t, in, 10*i, 10)
				deliver(t, in, jp)
			}
			p := forge{header: tc.header, items: []shipment.Item{item(99, clear("in"), "")}}.parcel(t, in, jp)
			if !tc.body {
				p.Body = nil
			}
			_, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, p)
			if !fault.Is(err, fault.Conflict) {
				t.Fatalf("got %v", err)
			}
			ch := channel(t, jp)
			if !strings.HasPrefix(ch.State, "fork: ") || ch.InNumber != int64(tc.before) {
				t.Errorf("the channel is %+v", ch)
			}
			take(t, in, 500, 1)
			_, err = in.Exchange.Deliver(t.Context(), in.Live, inJP, loop{to: jp}, nil)
			refused(t, err, fault.Unavailable, "stopped")
			if !homeHas(t, jp, p.Note) {
				t.Error("the second history is not kept")
			}
			nodetest.VerifyLedgers(t, in.Node, jp.Node)
		})
	}
}

// homeHas reports whether a note is a leaf of the node's home log.
func homeHas(t *testing.T, n *nodetest.Node, msg []byte) bool {
	t.Helper()
	found := false
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		log, err := tx.Log(n.Ledger.HomeOrigin(ident.Live))
		if err != nil {
			return err
		}
		return tx.LogLeaves(log.ID, 0, log.Size, func(_ int64, leaf []byte) error {
			found = found || bytes.Equal(leaf, msg)
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAReceiptThatDoesNotAnswerChangesNothing(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 5)
	p := build(t, in)
	true1, err := jp.Exchange.Receive(t.Context(), jp.Live, inJP, p)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := note.Generate(rand.Reader, "jp")
	if err != nil {
		t.Fatal(err)
	}
	r := receiptOf(t, true1)
	sign := func(by note.Signer, change func(*shipment.Receipt)) []byte {
		r := r
		change(&r)
		msg, err := by.Sign(r.Text())
		if err != nil {
			t.Fatal(err)
		}
		return msg
	}
	theirs := signer(t, jp)
	for name, tc := range map[string]struct {
		msg  []byte
		kind fault.Kind
		says string
	}{
		"a changed byte":            {flip(true1, bytes.Index(true1, []byte("applied 5"))+8), fault.Denied, "signature"},
		"a stranger's key":          {sign(stranger, func(*shipment.Receipt) {}), fault.Denied, "jp+"},
		"the sender's own key":      {sign(signer(t, in), func(*shipment.Receipt) {}), fault.Denied, "in+"},
		"of another shipment":       {sign(theirs, func(r *shipment.Receipt) { r.Shipment = ident.Sum([]byte("x")) }), fault.Conflict, "another one"},
		"of a number never sent":    {sign(theirs, func(r *shipment.Receipt) { r.Number = 9 }), fault.NotFound, "9"},
		"for more items than sent":  {sign(theirs, func(r *shipment.Receipt) { r.Applied = 6 }), fault.Conflict, "6 items of 5"},
		"for fewer items than sent": {sign(theirs, func(r *shipment.Receipt) { r.Applied = 4 }), fault.Conflict, "4 items of 5"},
		"under another agreement":   {sign(theirs, func(r *shipment.Receipt) { r.Agreement = "jp-us-2024" }), fault.Conflict, "jp-us-2024"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := in.Exchange.Settle(t.Context(), in.Live, inJP, tc.msg)
			refused(t, err, tc.kind, tc.says)
			if st, err := in.Exchange.State(t.Context(), in.Live, inJP); err != nil || st.Unanswered != 1 {
				t.Errorf("%+v, %v", st, err)
			}
		})
	}
	settle(t, in, true1)
	settle(t, in, true1)
	_, err = in.Exchange.Settle(t.Context(), in.Live, inJP, sign(theirs, func(r *shipment.Receipt) { r.Applied, r.Already = 4, 1 }))
	refused(t, err, fault.Conflict, "another receipt")
	settled(t, in, jp)
}
