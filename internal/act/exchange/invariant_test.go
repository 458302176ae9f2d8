package exchange_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/shipment"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// tlpRed is the id of the TLP 2.0 marking TLP:RED.
const tlpRed = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"

// DESIGN §2, invariant 2: nothing leaves without a decision that names its
// clause, and the receiver decides again.

// drawn is an object with everything a decision depends on.
func drawn(t *rapid.T, i int) (intake.Source, []byte) {
	src := intake.Source{
		DefaultTLP:  rapid.SampledFrom([]marking.TLP{marking.NoTLP, marking.Clear, marking.Green, marking.Amber, marking.AmberStrict, marking.Red}).Draw(t, "tlp"),
		Origin:      rapid.SampledFrom([]ident.Side{"", "", "", "us", "jp"}).Draw(t, "origin"),
		Contributor: rapid.SampledFrom([]string{"", "", marking.Member}).Draw(t, "contributor"),
	}
	more := rapid.SampledFrom([]string{
		"", "", `"object_marking_refs":["` + tlpRed + `"],`,
		`"object_marking_refs":["marking-definition--00000000-0000-4000-8000-00000000dead"],`,
	}).Draw(t, "markings")
	return src, indicator(i, more)
}

func TestNothingCrossesThatTheTableInForceDoesNotLetGo(t *testing.T) {
	in, jp := pair(t, nil)
	next := 0
	nodetest.Checks(t, 40)
	rapid.Check(t, func(rt *rapid.T) {
		for range rapid.IntRange(1, 6).Draw(rt, "objects") {
			src, raw := drawn(rt, next)
			next++
			if _, err := in.Intake.Objects(t.Context(), in.Live, src, [][]byte{raw}); err != nil {
				rt.Fatal(err)
			}
		}
		officers := rapid.IntRange(0, 2).Draw(rt, "officers")
		for i := range officers {
			approveAll(t, in, fmt.Sprintf("officer-%d", i))
		}
		if d := deliver(t, in, jp); d.Refused+d.Failed != 0 {
			rt.Fatalf("the receiver's gate refused what the sender's let go: %+v", d)
		}
	})
	crossed := nodetest.Crossed(t, in.Node, jp.Node, 0)
	if left := everyCrossedItemHad(t, in, jp); left != crossed || crossed == 0 {
		t.Errorf("%d crossed, %d of them with a decision", crossed, left)
	}
	settled(t, in, jp)
}

// everyCrossedItemHad decides anew about every item received, by the label it
// has at its owner's, and returns how many there were.
func everyCrossedItemHad(t *testing.T, in, jp *nodetest.Node) int {
	t.Helper()
	labels := labelsByID(t, in)
	n := 0
	if err := jp.Live.Read(t.Context(), func(tx *store.Tx) error {
		g, err := jp.Releases.Gate(tx, inJP)
		if err != nil {
			return err
		}
		ch, err := tx.Channel(inJP)
		if err != nil {
			return err
		}
		return tx.Shipments(ch.ID, store.In, 1, ch.InNumber, func(s store.Shipment) error {
			for _, it := range s.Items {
				wire, err := marking.ParseLabel(it.Label)
				if err != nil {
					return err
				}
				d := g.Accept(wire)
				cites := slices.ContainsFunc(d.Winners(), func(m gate.Match) bool { return m.Clause != "" })
				own := wire
				own.Approved = 0
				if d.Outcome != gate.Release || !cites || !labels[string(own.Canonical())] || wire.Origin != "in" {
					t.Errorf("crossed under %s: %s", it.Label, d.Sentence)
				}
				n++
			}
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func labelsByID(t *testing.T, n *nodetest.Node) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
		labels, err := tx.Labels()
		for _, l := range labels {
			out[string(l.Resolved)] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheReceiversOwnGateRefusesWhatADishonestSenderShips(t *testing.T) {
	in, jp := pair(t, nil)
	with := func(change func(*marking.Label)) marking.Label {
		l := clear("in")
		change(&l)
		return l
	}
	for _, tc := range []struct {
		name         string
		item         shipment.Item
		clause, code string // of the refusal
		says         string
	}{
		{"red with no approval", item(1, with(func(l *marking.Label) { l.TLP = marking.Red }), ""), "1(1)", "red", "0 approvals recorded, 2 approvals needed"},
		{"red with one approval", item(2, with(func(l *marking.Label) { l.TLP, l.Approved = marking.Red, 1 }), ""), "1(1)", "red", "1 approval recorded"},
		{"a member's, not redacted", item(3, with(func(l *marking.Label) { l.Contributor = marking.Member }), ""), "1(7)", "industry", "who contributed it"},
		{"a third side's", item(4, clear("us"), ""), "1(1)", "third-party", "consent"},
		{"the receiver's own", item(5, clear("jp"), ""), "", "theirs", "theirs"},
		{"no TLP", item(6, with(func(l *marking.Label) { l.TLP = marking.NoTLP }), ""), "", "no-tlp", "no TLP"},
		{"marked NOFORN", item(7, with(func(l *marking.Label) { l.Caveats = []string{"NOFORN"} }), ""), "", "caveat-NOFORN", "NOFORN"},
		{"not understood by its sender", item(8, with(func(l *marking.Label) { l.Unknown = []string{"tlp:purple"} }), ""), "", "unknown-marking", "not understood"},
		{"exercise material", item(9, with(func(l *marking.Label) { l.Exercise = true }), ""), "", "domain", "exercise"},
		{"a member's identity called a threat", shipment.Item{
			Object: []byte(`{"created":"2026-01-01T00:00:00.000Z","id":"identity--00000000-0000-4000-8000-0000000000a1","identity_class":"organization","modified":"2026-01-01T00:00:00.000Z","name":"Acme Power","spec_version":"2.1","type":"identity"}`),
			Label: with(func(l *marking.Label) {
				l.Contributor, l.Redacted = marking.Member, []string{"contributor", "victim"}
			}).Canonical(),
		}, "1(7)", "membership", "who the members are"},
		{"an object that says red under a label that says clear", item(10, clear("in"), `"object_marking_refs":["`+tlpRed+`"],`), "1(1)", "red", "2 approvals needed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := channel(t, jp)
			f := forge{items: []shipment.Item{tc.item, item(100, clear("in"), "")}, header: func(h *shipment.Header) {
				h.Number, h.Previous = uint64(before.InNumber)+1, before.InLink
			}}
			r := receive(t, jp, f.parcel(t, in, jp))
			if len(r.Answers) != 1 || r.Applied+r.Already != 1 {
				t.Fatalf("got %+v", r)
			}
			a := r.Answers[0]
			if a.Position != 0 || a.Outcome != shipment.Refused || a.Clause != tc.clause || a.Code != tc.code || !strings.Contains(a.Text, tc.says) {
				t.Errorf("got %+v", a)
			}
			if n := versions(t, jp, string(tc.item.Object)); n != 0 {
				t.Error("it is stored all the same")
			}
		})
	}
}

// versions counts the stored versions of the object in raw.
func versions(t *testing.T, n *nodetest.Node, raw string) int {
	t.Helper()
	_, rest, _ := strings.Cut(raw, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	count := 0
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
		return tx.Versions(id, func(store.Object) error { count++; return nil })
	}); err != nil {
		t.Fatal(err)
	}
	return count
}

func TestOneBadItemDoesNotSpoilItsShipment(t *testing.T) {
	in, jp := pair(t, nil)
	bad := func(object string) shipment.Item {
		return shipment.Item{Salt: [16]byte{9}, Label: clear("in").Canonical(), Object: []byte(object)}
	}
	take(t, jp, 7, 1) // the receiver's own object, which the sender claims
	f := forge{items: []shipment.Item{
		item(1, clear("in"), ""),
		bad(`{"type":"indicator"}`),
		bad(`{"b":1,"a":2}`),
		item(7, clear("in"), `"name":"ours",`),
		{Salt: [16]byte{8}, Label: []byte(`{"kind":"gossip"}`), Object: indicator(2, "")},
		item(3, clear("in"), ""),
		item(3, clear("in"), ""),
		bad(`{"type":"indicator",` + strings.Replace(string(indicator(4, "")), `"type":"indicator",`, "", 1)[1:]),
	}}
	r := receive(t, jp, f.parcel(t, in, jp))
	if r.Applied != 2 || r.Already != 1 || r.Refused() != 1 || r.Failed() != 4 {
		t.Errorf("got %+v", r)
	}
	for i, want := range []int{1, 2, 3, 4, 7} {
		if r.Answers[i].Position != want {
			t.Errorf("answer %d is for item %d", i, r.Answers[i].Position)
		}
	}
	if a := r.Answers[2]; a.Outcome != shipment.Refused || !strings.Contains(a.Text, "belongs to jp") {
		t.Errorf("a claim on the receiver's own object: %+v", a)
	}
}

// approveAll has an officer approve what waits.
func approveAll(t *testing.T, n *nodetest.Node, name string) {
	t.Helper()
	by := officer(name)
	waiting, err := n.Releases.Waiting(t.Context(), n.Live, by, inJP, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range waiting {
		_, err := n.Releases.Approve(t.Context(), n.Live, by, inJP, p.Object.Seq, p.Digest)
		if err != nil && !fault.Is(err, fault.Denied) {
			t.Fatal(err)
		}
	}
}
