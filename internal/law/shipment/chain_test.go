package shipment_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/shipment"
)

func newChain() shipment.Chain {
	return shipment.Chain{Agreement: "in-jp-2022", Versions: []ident.Digest{hash}, Domain: ident.Live, From: "jp", To: "in", Next: 1}
}

// history returns n headers that follow each other, and the chain after them.
func history(n int) ([]shipment.Header, shipment.Chain) {
	c := newChain()
	var hs []shipment.Header
	for i := range n {
		h := c.Header(hash, i+1, ident.Sum([]byte{byte(i)}))
		hs = append(hs, h)
		c = c.After(h)
	}
	return hs, c
}

func TestTheChainTellsWhatAShipmentIs(t *testing.T) {
	hs, c := history(5)
	next := c.Header(hash, 9, ident.Sum([]byte("six")))
	change := func(h shipment.Header, f func(*shipment.Header)) shipment.Header { f(&h); return h }
	play, err := ident.Exercise("x")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		header shipment.Header
		stored ident.Digest
		want   shipment.Verdict
		says   string
	}{
		{"the next one", next, ident.Digest{}, shipment.Next, ""},
		{"the last one again", hs[4], shipment.Link(hs[4].Text()), shipment.Duplicate, ""},
		{"an old one again", hs[1], shipment.Link(hs[1].Text()), shipment.Duplicate, ""},
		{"one too far", change(next, func(h *shipment.Header) { h.Number = 7 }), ident.Digest{}, shipment.Gap, "shipment 7 of jp came while 6 is awaited: 1 shipment is missing"},
		{"two too far", change(next, func(h *shipment.Header) { h.Number = 8 }), ident.Digest{}, shipment.Gap, "2 shipments are missing"},
		{"the next one after another history", change(next, func(h *shipment.Header) { h.Previous[0]++ }), ident.Digest{}, shipment.Fork, "follows another shipment 5"},
		{"an old number with other items", change(hs[2], func(h *shipment.Header) { h.Items++ }), shipment.Link(hs[2].Text()), shipment.Fork, "jp signed two different shipments 3"},
		{"an old number nobody looked up", hs[1], ident.Digest{}, shipment.Unclear, "is needed"},
		{"one of another agreement", change(next, func(h *shipment.Header) { h.Agreement = "in-uk-2026" }), ident.Digest{}, shipment.WrongAgreement, "under in-uk-2026 came on the channel of in-jp-2022"},
		{"one of a version not signed", change(next, func(h *shipment.Header) { h.AgreementHash[0]++ }), ident.Digest{}, shipment.WrongAgreement, "have not signed"},
		{"one of an exercise", change(next, func(h *shipment.Header) { h.Domain = play }), ident.Digest{}, shipment.WrongDomain, "of the domain exercise/x came on the channel of live"},
		{"our own, reflected", change(next, func(h *shipment.Header) { h.From, h.To = h.To, h.From }), ident.Digest{}, shipment.WrongDirection, "from in to jp"},
	}
	kinds := map[shipment.Verdict]fault.Kind{
		shipment.Gap: fault.Conflict, shipment.Fork: fault.Conflict, shipment.WrongAgreement: fault.Denied,
		shipment.WrongDomain: fault.Denied, shipment.WrongDirection: fault.Denied, shipment.Unclear: fault.Internal,
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			got, err := c.Accept(tc.header, tc.stored)
			if got != tc.want || got.String() == "" {
				t.Errorf("verdict %v, want %v", got, tc.want)
			}
			if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
				t.Errorf("says %v, want %q", err, tc.says)
			}
			if k, ok := kinds[got]; ok {
				wantKind(t, err, k)
			}
		})
	}
	if shipment.Verdict(99).String() != "unclear" {
		t.Error("a verdict without a name")
	}
}

func TestOnlyOneShipmentIsEverTheNext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hs, _ := history(rapid.IntRange(1, 8).Draw(t, "length"))
		c := newChain()
		stored := map[uint64]ident.Digest{}
		for range rapid.IntRange(1, 40).Draw(t, "arrivals") {
			h := rapid.SampledFrom(hs).Draw(t, "shipment")
			want := shipment.Gap
			switch {
			case h.Number == c.Next:
				want = shipment.Next
			case h.Number < c.Next:
				want = shipment.Duplicate
			}
			got, _ := c.Accept(h, stored[h.Number])
			if got != want {
				t.Fatalf("shipment %d while %d is awaited: %v, want %v", h.Number, c.Next, got, want)
			}
			if got == shipment.Next {
				c = c.After(h)
				stored[h.Number] = shipment.Link(h.Text())
			}
		}
	})
}
