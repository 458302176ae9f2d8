package pairing_test

import (
	"bytes"
	"crypto/rand"
	"testing"
	"time"

	"twoseas/internal/act/pairing"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

func rotate(t *testing.T, n *node) []byte {
	t.Helper()
	msg, err := n.Rotate(t.Context(), officer)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func announce(t *testing.T, n *node, pin ident.Digest) []byte {
	t.Helper()
	n.clk.Advance(time.Second)
	msg, err := n.Announce(t.Context(), officer, pin)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func news(t *testing.T, from *node, to ident.Side) pairing.News {
	t.Helper()
	list, err := from.News(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// deliver sends to what from has to tell it, twice, as after a lost answer.
func deliver(t *testing.T, from, to *node) int {
	t.Helper()
	list := news(t, from, to.side)
	for range 2 {
		for _, msg := range list.Notes {
			if err := to.Hear(t.Context(), from.side, msg); err != nil && len(list.Notes) == 1 {
				t.Fatal(err)
			}
		}
	}
	if err := from.Told(t.Context(), to.side, list.UpTo); err != nil {
		t.Fatal(err)
	}
	return len(list.Notes)
}

// sign makes an exchange log with one leaf signed by each node of a pair.
func sign(t *testing.T, a, b *node) {
	t.Helper()
	for _, n := range []*node{a, b} {
		n.write(t, func(tx *store.Tx) error {
			for _, side := range []ident.Side{a.side, b.side} {
				s := store.AgreementSignature{Agreement: "in-jp-2022", Version: 1, Side: side, Note: []byte("x")}
				if err := tx.SignAgreement(s); err != nil {
					return err
				}
			}
			signer, err := n.ring.Signer(tx)
			if err != nil {
				return err
			}
			if err := n.log.Append(tx, "in-jp-2022", must(signer.Sign([]byte("twoseas/agreement/v1\n")))); err != nil {
				return err
			}
			return nil
		})
	}
}

// leaves returns the exchange log of n.
func leaves(t *testing.T, n *node) [][]byte {
	t.Helper()
	var list [][]byte
	n.read(t, func(tx *store.Tx) error {
		log, err := tx.Log(n.log.Origin("in-jp-2022", ident.Live))
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return tx.LogLeaves(log.ID, 0, log.Size, func(_ int64, leaf []byte) error {
			list = append(list, bytes.Clone(leaf))
			return nil
		})
	})
	return list
}

func TestARotationIsSignedByBothKeysAndLoggedByBothSides(t *testing.T) {
	in, jp := pairOfNodes(t)
	pair(t, in, jp)
	sign(t, in, jp)
	old := in.vkey(t)
	msg := rotate(t, in)
	if in.vkey(t) == old || jp.peer(t, "in").VKey != old {
		t.Fatal("the key did not change, or the partner heard of it by magic")
	}
	if got := deliver(t, in, jp); got != 1 {
		t.Errorf("%d notes to tell", got)
	}
	if err := in.Told(t.Context(), "jp", 0); err != nil { // an answer that was under way for long
		t.Fatal(err)
	}
	if got := deliver(t, in, jp); got != 0 {
		t.Errorf("%d notes left to tell", got)
	}
	if got := jp.peer(t, "in").VKey; got != in.vkey(t) {
		t.Errorf("the partner knows %s", got)
	}
	for _, n := range []*node{in, jp} {
		if got := leaves(t, n); len(got) != 2 || !bytes.Equal(got[1], msg) {
			t.Errorf("exchange log of %s: %d leaves, want a signature and the rotation once", n.side, len(got))
		}
	}
}

func TestSeveralRotationsAreToldInOrder(t *testing.T) {
	in, jp := pairOfNodes(t)
	rotate(t, in) // before they met: nothing to tell
	pair(t, in, jp)
	rotate(t, in)
	rotate(t, in)
	list := news(t, in, "jp")
	if len(list.Notes) != 2 {
		t.Fatalf("%d notes to tell, want 2", len(list.Notes))
	}
	wantFault(t, jp.Hear(t.Context(), "in", list.Notes[1]), fault.Denied) // skips one
	for _, msg := range list.Notes {
		if err := jp.Hear(t.Context(), "in", msg); err != nil {
			t.Fatal(err)
		}
	}
	if jp.peer(t, "in").VKey != in.vkey(t) {
		t.Error("the partner does not know the newest key")
	}
	wantFault(t, jp.Hear(t.Context(), "in", list.Notes[0]), fault.Denied) // nobody goes back
}

func TestARotationThatBothKeysDidNotSignIsRefused(t *testing.T) {
	in, jp := pairOfNodes(t)
	us := newNode(t, "us", "us")
	pair(t, in, jp)
	pair(t, us, jp)
	before := jp.peer(t, "in")
	var old note.Signer
	in.write(t, func(tx *store.Tx) error {
		var err error
		old, err = in.ring.Signer(tx)
		return err
	})
	forger, _ := note.Generate(rand.Reader, "in")
	stolen, _ := note.Generate(rand.Reader, "in")
	fromForger, _ := note.Rotate(forger, stolen, in.clk.Now())
	half, _ := note.Sign(note.Rotation{Side: "in", Old: old.Verifier(), New: stolen.Verifier(), From: in.clk.Now()}.Text(), old)
	for name, c := range map[string]struct {
		from ident.Side
		msg  []byte
	}{
		"handed over by a stranger":      {"in", fromForger},
		"not taken over by the new key":  {"in", half},
		"sent by another peer":           {"us", rotate(t, in)},
		"no rotation, and nothing known": {"in", must(old.Sign([]byte("twoseas/other/v1\n")))},
	} {
		if err := jp.Hear(t.Context(), c.from, c.msg); err == nil {
			t.Errorf("%s: taken over", name)
		}
		if after := jp.peer(t, "in"); after != before {
			t.Errorf("%s: changed %+v", name, after)
		}
	}
	if us := jp.peer(t, "us"); us.VKey == in.vkey(t) {
		t.Error("another's key")
	}
}

func must(msg []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return msg
}

func TestAnInvitationDoesNotOutliveTheKeyInIt(t *testing.T) {
	in, jp := pairOfNodes(t)
	call := jp.accept(t, in.invite(t))
	rotate(t, in)
	_, err := in.Answer(t.Context(), call.Hello, jp.pin)
	wantFault(t, err, fault.Conflict)
	code := in.invite(t)
	call = jp.accept(t, code)
	answer := in.answer(t, call.Hello, jp.pin)
	rotate(t, jp)
	_, err = jp.Finish(t.Context(), answer)
	wantFault(t, err, fault.Conflict)
	_, err = jp.Accept(t.Context(), officer, code)
	wantFault(t, err, fault.Conflict)
}

func TestUnconfirmedPeersAreToldNothingAndNotHeard(t *testing.T) {
	in, jp := pairOfNodes(t)
	exchange(t, in, jp)
	msg := rotate(t, jp)
	wantFault(t, in.Hear(t.Context(), "jp", msg), fault.Denied)
	_, err := in.News(t.Context(), "jp")
	wantFault(t, err, fault.Denied)
	wantFault(t, in.Told(t.Context(), "jp", 1), fault.Denied)
	wantFault(t, in.Hear(t.Context(), "us", msg), fault.NotFound)
	confirm(t, in, jp)
	confirm(t, jp, in)
	if deliver(t, jp, in) != 1 || in.peer(t, "jp").VKey != jp.vkey(t) {
		t.Error("a rotation between answer and confirmation got lost")
	}
}

func TestATLSKeyChangesWithoutAGap(t *testing.T) {
	in, jp := pairOfNodes(t)
	pair(t, in, jp)
	next := ident.Sum([]byte("next TLS key"))
	byPin := func(pin ident.Digest, found bool) {
		t.Helper()
		p, err := jp.ByPin(t.Context(), pin)
		if (p.Side == "in") != found || fault.Is(err, fault.NotFound) == found {
			t.Errorf("%s: %q, %v", pin, p.Side, err)
		}
	}
	byPin(next, false)
	announce(t, in, next)
	deliver(t, in, jp)
	byPin(in.pin, true) // which does not retire it
	if p := jp.peer(t, "in"); p.SPKI != in.pin || p.Next != next {
		t.Errorf("announced: %+v", p)
	}
	byPin(next, true) // which retires the old one
	byPin(in.pin, false)
	byPin(next, true)
	if p := jp.peer(t, "in"); p.SPKI != next || !p.Next.IsZero() {
		t.Errorf("shown: %+v", p)
	}
}

func TestTLSKeyAnnouncementsAreNotReplayed(t *testing.T) {
	in, jp := pairOfNodes(t)
	us := newNode(t, "us", "us")
	pair(t, in, jp)
	pair(t, us, jp)
	ctx := t.Context()
	first, second := ident.Sum([]byte("1")), ident.Sum([]byte("2"))
	old := announce(t, in, first)
	if err := jp.Hear(ctx, "in", old); err != nil {
		t.Fatal(err)
	}
	if err := jp.Hear(ctx, "in", announce(t, in, second)); err != nil {
		t.Fatal(err)
	}
	if _, err := jp.ByPin(ctx, second); err != nil {
		t.Fatal(err)
	}
	before := jp.peer(t, "in")
	if err := jp.Hear(ctx, "in", old); err != nil {
		t.Errorf("an old announcement: %v, want none and no change", err)
	}
	wantFault(t, jp.Hear(ctx, "us", announce(t, in, first)), fault.Denied)  // of another side
	wantFault(t, jp.Hear(ctx, "in", announce(t, in, us.pin)), fault.Denied) // another peer's key
	lie := bytes.Replace(must(note.Text(announce(t, us, first))), []byte("side us"), []byte("side in"), 1)
	wantFault(t, jp.Hear(ctx, "us", must(note.Sign(lie, signerOf(t, us)))), fault.Denied) // in another's name
	stale := announce(t, in, first)
	rotation := rotate(t, in)
	if err := jp.Hear(ctx, "in", rotation); err != nil {
		t.Fatal(err)
	}
	before.VKey = in.vkey(t)
	wantFault(t, jp.Hear(ctx, "in", stale), fault.Denied) // signed with the key rotated out
	bad := must(note.Sign([]byte(pairing.PinTitle+"\nside in\n"), signerOf(t, in)))
	wantFault(t, jp.Hear(ctx, "in", bad), fault.Invalid)
	if after := jp.peer(t, "in"); after != before {
		t.Errorf("changed: %+v, want %+v", after, before)
	}
}

func signerOf(t *testing.T, n *node) note.Signer {
	t.Helper()
	var s note.Signer
	n.write(t, func(tx *store.Tx) error {
		var err error
		s, err = n.ring.Signer(tx)
		return err
	})
	return s
}
