package accord_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

func TestCountersignRefuses(t *testing.T) {
	in, jp := pairOfNodes(t)
	v := in.add(t, reference(1, "", ""))
	jp.add(t, reference(1, "", ""))
	theirs := jp.key(t)
	text := signingText(t, jp, v)
	stranger, _ := note.Generate(rand.Reader, "jp")
	clk := clock.NewFake(storetest.Start)
	third := newNode(t, "us", storetest.SQLite(t, clk), clk) // a partner as well, of other agreements
	in.meet(t, third, store.PeerActive)
	us := third.key(t)
	good := must(theirs.Sign([]byte(text)))
	forged := []byte(strings.Replace(string(good), "version 1", "version 2", 1))
	for name, c := range map[string]struct {
		from ident.Side
		msg  []byte
		kind fault.Kind
	}{
		"a signature by a stranger in jp's name": {"jp", must(stranger.Sign([]byte(text))), fault.Denied},
		"a signature put under another text":     {"jp", forged, fault.Denied},
		"our own signature sent back":            {"jp", must(in.key(t).Sign([]byte(text))), fault.Denied},
		"one that a third side signed too":       {"jp", must(note.Sign([]byte(text), theirs, us)), fault.Denied},
		"one handed over by another side":        {"us", must(us.Sign([]byte(text))), fault.NotFound},
		"another side's, of a text not here":     {"us", must(us.Sign([]byte(strings.Replace(text, "version 1", "version 2", 1)))), fault.NotFound},
		"one of an unknown agreement":            {"jp", must(theirs.Sign([]byte(strings.Replace(text, "in-jp", "jp-us", 1)))), fault.NotFound},
		"one of a version far ahead":             {"jp", must(theirs.Sign([]byte(strings.Replace(text, "version 1", "version 102", 1)))), fault.Denied},
		"version 0":                              {"jp", must(theirs.Sign([]byte(strings.Replace(text, "version 1", "version 0", 1)))), fault.Invalid},
		"a note of another kind":                 {"jp", must(theirs.Sign([]byte("twoseas/receipt/v1\n"))), fault.Invalid},
		"one with a line more":                   {"jp", must(theirs.Sign([]byte(text + "more x\n"))), fault.Invalid},
		"no note":                                {"jp", []byte("jp agrees"), fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			wantFault(t, in.Countersign(t.Context(), in.h, c.from, c.msg), c.kind)
		})
	}
	if n := len(in.leaves(t)); n != 0 {
		t.Errorf("%d leaves of refused signatures", n)
	}
	in.countersign(t, "jp", good)
	in.countersign(t, "jp", good)
	if n := len(in.leaves(t)); n != 1 {
		t.Errorf("%d leaves of one signature delivered twice", n)
	}
}

func signingText(t *testing.T, n *node, v accord.Version) string {
	t.Helper()
	d, _, err := n.Document(t.Context(), n.h, v.ID, v.Number)
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.SigningText()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func must(msg []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return msg
}

func TestAPartnerThatPeopleHaveNotConfirmedIsNotHeard(t *testing.T) {
	in, jp := pairOfNodes(t)
	v := in.add(t, reference(1, "", ""))
	jp.add(t, reference(1, "", ""))
	theirs := jp.sign(t, v)
	in.meet(t, jp, store.PeerUnconfirmed)
	wantFault(t, in.Countersign(t.Context(), in.h, "jp", theirs), fault.Denied)
	in.meet(t, jp, store.PeerActive)
	in.countersign(t, "jp", theirs)
}

func TestASignatureByAKeyRotatedOutMustBeSignedAnew(t *testing.T) {
	in, jp := pairOfNodes(t)
	v1 := agree(t, in, jp)
	told(t, jp)
	v2 := in.add(t, stricter(2, v1))
	jp.add(t, stricter(2, v1))
	old := jp.sign(t, v2)
	jp.rotate(t, in)
	wantSays(t, in.Countersign(t.Context(), in.h, "jp", old), fault.Denied, "since replaced")
	first := pending(t, jp)
	if len(first) != 1 || string(first[0].Note) == string(old) {
		t.Fatalf("pending: %v; want one signed anew", first)
	}
	if again := pending(t, jp); len(again) != 1 || string(again[0].Note) != string(first[0].Note) {
		t.Error("signed a third time")
	}
	if string(jp.sign(t, v2)) != string(first[0].Note) {
		t.Error("signing again gives another note")
	}
	in.countersign(t, "jp", first[0].Note)
	jp.countersign(t, "in", in.sign(t, v2)) // the document names jp's first key
	for _, n := range []*node{in, jp} {
		n.restart() // and what is stored verifies by the keys jp has had
		if n.mustInForce(t).Hash != v2.Hash {
			t.Errorf("%s: not in force", n.side)
		}
	}
}

func pending(t *testing.T, n *node) []store.AgreementSignature {
	t.Helper()
	list, err := n.Pending(t.Context(), n.h, inJP)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// told says that the partner has all that is pending.
func told(t *testing.T, n *node) {
	t.Helper()
	for _, s := range pending(t, n) {
		if err := n.Told(t.Context(), n.h, s); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPendingUntilTold(t *testing.T) {
	in, jp := pairOfNodes(t)
	v1 := agree(t, in, jp)
	v2 := in.add(t, stricter(2, v1))
	in.sign(t, v2)
	list := pending(t, in)
	if len(list) != 2 || list[0].Version != 1 || list[1].Version != 2 {
		t.Fatalf("pending %v", list)
	}
	jp.countersign(t, "in", list[1].Note)
	told(t, in)
	if list := pending(t, in); len(list) != 0 {
		t.Errorf("pending %v", list)
	}
}

func TestASignatureMayArriveBeforeTheText(t *testing.T) {
	in, jp := pairOfNodes(t)
	v1 := agree(t, in, jp)
	v2 := jp.add(t, stricter(2, v1))
	in.countersign(t, "jp", jp.sign(t, v2))
	if in.mustInForce(t).Hash != v1.Hash {
		t.Fatal("a signature on an unknown text changed what is in force")
	}
	in.add(t, reference(2, v1.Hash.String(), "Another")) // a draft of ours under that number
	list, err := in.Versions(t.Context(), in.h, inJP)
	if err != nil || len(list[1].Signed) != 0 || !slices.Equal(list[1].Other, []ident.Side{"jp"}) {
		t.Errorf("versions %+v, %v", list, err)
	}
	in.add(t, stricter(2, v1))
	in.sign(t, v2)
	if in.mustInForce(t).Hash != v2.Hash {
		t.Error("the signature that came early does not count")
	}
}

func TestAnotherTextUnderTheSameNumberBindsNobody(t *testing.T) {
	in, jp := pairOfNodes(t)
	v, w := in.add(t, reference(1, "", "")), jp.add(t, reference(1, "", "Another"))
	ours, theirs := in.sign(t, v), jp.sign(t, w)
	in.countersign(t, "jp", theirs)
	jp.countersign(t, "in", ours)
	for _, n := range []*node{in, jp} {
		_, err := n.inForce(t)
		wantSays(t, err, fault.Denied, "has signed another text")
		if n.forced != 0 {
			t.Errorf("%s: in force", n.side)
		}
	}
}

func TestAPartnerCannotSwapTheTextUnderItsSignature(t *testing.T) {
	in, jp := pairOfNodes(t)
	v := agree(t, in, jp)
	other := strings.Replace(signingText(t, jp, v), v.Hash.String(), ident.Sum(nil).String(), 1)
	err := in.Countersign(t.Context(), in.h, "jp", must(jp.key(t).Sign([]byte(other))))
	wantFault(t, err, fault.Conflict)
	if in.mustInForce(t).Hash != v.Hash {
		t.Error("a later signature on another text ended what is in force")
	}
}
