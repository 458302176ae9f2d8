package exchange_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

var admin = people.Actor{Name: "root", Roles: []people.Role{people.Administrator}}

// proves wants a node to show items of a shipment so that the file and the
// originator's key alone verify it, and returns the file.
func proves(t *testing.T, at, originator *nodetest.Node, direction string, number int64, positions ...int) []byte {
	t.Helper()
	s, err := at.Exchange.Subset(t.Context(), at.Live, inJP, direction, number, positions)
	if err != nil {
		t.Fatalf("%s shows %v: %v", at.Side, positions, err)
	}
	var file bytes.Buffer
	if err := s.Write(&file); err != nil {
		t.Fatal(err)
	}
	r, err := verify.Verify([]io.Reader{bytes.NewReader(file.Bytes())}, []note.Verifier{signer(t, originator).Verifier()})
	if err != nil || !r.OK || r.Items != len(positions) {
		t.Fatalf("%s shows %v: %+v, %v", at.Side, positions, r, err)
	}
	return file.Bytes()
}

func TestPartOfAShipmentIsProvedWithoutTheRest(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 37)
	deliver(t, in, jp)
	for _, at := range []struct {
		n   *nodetest.Node
		way string
	}{{in, store.Out}, {jp, store.In}} {
		file := proves(t, at.n, in, at.way, 1, 0, 17, 36)
		for i := range 37 {
			has := bytes.Contains(file, fmt.Appendf(nil, "45.0.0.%d'", i))
			if want := i == 0 || i == 17 || i == 36; has != want {
				t.Errorf("%s: item %d shown: %v", at.n.Side, i, has)
			}
		}
		_, err := at.n.Exchange.Subset(t.Context(), at.n.Live, inJP, at.way, 1, []int{37})
		refused(t, err, fault.NotFound, "no item 37")
	}
}

func TestWhatWasTakenIsProvedAlthoughAnotherItemWasRefused(t *testing.T) {
	in, jp := pair(t, nil)
	f := forge{}
	for i := range 5 {
		l := clear("in")
		if i == 2 {
			l = clear("us")
		}
		f.items = append(f.items, item(i, l, ""))
	}
	if r := receive(t, jp, f.parcel(t, in, jp)); r.Applied != 4 || r.Refused() != 1 {
		t.Fatalf("%+v", r)
	}
	proves(t, jp, in, store.In, 1, 0, 4)
	_, err := jp.Exchange.Subset(t.Context(), jp.Live, inJP, store.In, 1, []int{2})
	refused(t, err, fault.NotFound, "no item 2")
}

func TestAnErasedItemIsGoneFromTheStoreAndEveryProofStaysValid(t *testing.T) {
	in, jp := pair(t, nil)
	const secret = "a very particular spill"
	raw := indicator(3, `"name":"`+secret+`",`)
	in.Import(marking.Clear, bundle(indicator(0, ""), raw, indicator(5, "")))
	if d := deliver(t, in, jp); d.Applied != 3 {
		t.Fatalf("%+v", d)
	}
	salts := map[*nodetest.Node][]byte{}
	for _, at := range []struct {
		n   *nodetest.Node
		way string
	}{{in, store.Out}, {jp, store.In}} {
		it := items(t, at.n, at.way)[1]
		salts[at.n] = it.Salt[:]
		refused(t, at.n.Exchange.Erase(t.Context(), at.n.Live, admin, it.Object, ""), fault.Invalid, "why")
		refused(t, at.n.Exchange.Erase(t.Context(), at.n.Live, officer("o"), it.Object, "spill"), fault.Denied, "")
		if err := at.n.Exchange.Erase(t.Context(), at.n.Live, admin, it.Object, "spill"); err != nil {
			t.Fatal(err)
		}
		if f := compare(t, in, jp); !f.Converged {
			t.Errorf("after %s erased: %+v", at.n.Side, f.Missing)
		}
		proves(t, at.n, in, at.way, 1, 0, 2)
		_, err := at.n.Exchange.Subset(t.Context(), at.n.Live, inJP, at.way, 1, []int{1})
		refused(t, err, fault.NotFound, "no item 1")
		if items(t, at.n, at.way)[1].Salt != [16]byte{} {
			t.Error("the salt is still there")
		}
	}
	settled(t, in, jp)
	for _, n := range []*nodetest.Node{in, jp} {
		dump := dumped(t, n)
		if !bytes.Contains(dump, []byte("45.0.0.5")) {
			t.Fatal("the dump does not show what is stored")
		}
		for what, needle := range map[string][]byte{
			"the text": []byte(secret), "the value": []byte("45.0.0.3"), "the salt": salts[n],
			"the digest of the bytes": sum(raw),
		} {
			if bytes.Contains(dump, needle) {
				t.Errorf("%s of the erased object is still in the store of %s", what, n.Side)
			}
		}
	}
}

func TestAShipmentOnItsWayIsNotErasedFrom(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 2)
	build(t, in)
	seq := items(t, in, store.Out)[0].Object
	refused(t, in.Exchange.Erase(t.Context(), in.Live, admin, seq, "spill"), fault.Busy, "not answered yet")
	deliver(t, in, jp)
	if err := in.Exchange.Erase(t.Context(), in.Live, admin, seq, "spill"); err != nil {
		t.Error(err)
	}
	settled(t, in, jp)
}

func TestWhatIsErasedBeforeItLeavesDoesNotLeave(t *testing.T) {
	in, jp := pair(t, nil)
	take(t, in, 0, 3)
	if err := in.Exchange.Erase(t.Context(), in.Live, admin, 2, "wrong"); err != nil {
		t.Fatal(err)
	}
	if d := deliver(t, in, jp); d.Applied != 2 {
		t.Errorf("%+v", d)
	}
	settled(t, in, jp)
}

// items returns the items of shipment 1.
func items(t *testing.T, n *nodetest.Node, direction string) (out []store.ShippedItem) {
	t.Helper()
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) error {
		ch, err := tx.Channel(inJP)
		if err != nil {
			return err
		}
		s, err := tx.Shipment(ch.ID, direction, 1)
		out = s.Items
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// dumped returns every row of a node's store, as a backup has them.
func dumped(t *testing.T, n *nodetest.Node) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := n.Store.Dump(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
