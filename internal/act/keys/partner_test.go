package keys_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

func TestPartnerKeys(t *testing.T) {
	n := open(t, "in")
	keyOf := func(side ident.Side) note.Verifier {
		s, err := note.Generate(rand.Reader, side)
		if err != nil {
			t.Fatal(err)
		}
		return s.Verifier()
	}
	a, b := keyOf("jp"), keyOf("jp")
	add := func(h *store.Handle, v note.Verifier) error {
		return h.Write(t.Context(), func(tx *store.Tx) error { return n.ring.AddPartnerKey(tx, v) })
	}
	wantFault(t, n.h.Read(t.Context(), func(tx *store.Tx) error { _, err := n.ring.PartnerKey(tx, "jp"); return err }), fault.NotFound)
	for _, v := range []note.Verifier{a, a, b, b} { // the newest again is no change
		if err := add(n.h, v); err != nil {
			t.Fatal(err)
		}
	}
	n.write(func(tx *store.Tx) error {
		all, err := n.ring.Partner(tx, "jp")
		if !slices.Equal(all, []note.Verifier{a, b}) {
			t.Errorf("keys %v", all)
		}
		newest, err2 := n.ring.PartnerKey(tx, "jp")
		if newest != b {
			t.Errorf("newest %v", newest)
		}
		none, err3 := n.ring.Partner(tx, "us")
		if len(none) != 0 {
			t.Errorf("keys of a stranger %v", none)
		}
		return errors.Join(err, err2, err3)
	})
	wantFault(t, add(n.h, a), fault.Conflict)              // back to an old key
	wantFault(t, add(n.drill(), b), fault.Conflict)        // the live key in an exercise
	wantFault(t, add(n.h, keyOf("in")), fault.Invalid)     // our own side
	wantFault(t, add(n.h, note.Verifier{}), fault.Invalid) // no key
	n.write(func(tx *store.Tx) error {
		_, err := n.ring.Partner(tx, "in")
		wantFault(t, err, fault.Invalid)
		return nil
	})
}

func TestAcceptRotation(t *testing.T) {
	jp, in := open(t, "jp"), open(t, "in")
	first := jp.key(jp.h).Verifier()
	accept := func(h *store.Handle, msg []byte) (bool, error) {
		news := false
		err := h.Write(t.Context(), func(tx *store.Tx) error {
			r, n, err := in.ring.AcceptRotation(tx, msg)
			if err == nil && r.Side != "jp" {
				err = fmt.Errorf("rotation of %q", r.Side)
			}
			news = n
			return err
		})
		return news, err
	}
	one := jp.rotate()
	if _, err := accept(in.h, one); !fault.Is(err, fault.Denied) {
		t.Fatalf("a rotation from a key nobody knows: %v", err)
	}
	in.write(func(tx *store.Tx) error { return in.ring.AddPartnerKey(tx, first) })
	two := jp.rotate()
	if _, err := accept(in.h, two); !fault.Is(err, fault.Denied) {
		t.Errorf("the second rotation before the first: %v", err)
	}
	for i, want := range []struct {
		msg  []byte
		news bool
		kind fault.Kind
	}{{one, true, 0}, {one, false, 0}, {two, true, 0}, {two, false, 0}, {one, false, fault.Denied}} {
		news, err := accept(in.h, want.msg)
		if news != want.news || fault.KindOf(err) != want.kind || err != nil && want.kind == 0 {
			t.Errorf("step %d: news %v, %v", i+1, news, err)
		}
	}
	in.write(func(tx *store.Tx) error {
		all, err := in.ring.Partner(tx, "jp")
		if !slices.Equal(all, jp.history(jp.h)) {
			t.Errorf("keys %v, want %v", all, jp.history(jp.h))
		}
		return err
	})
	t.Run("the newest again with a forged signature is refused", func(t *testing.T) {
		forged := bytes.Clone(two)
		forged[len(forged)-10] ^= 1
		if _, err := accept(in.h, forged); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("what is not a rotation is invalid", func(t *testing.T) {
		msg, err := jp.key(jp.h).Sign([]byte("twoseas/test/v1\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = accept(in.h, msg)
		wantFault(t, err, fault.Invalid)
	})
	t.Run("an old key cannot hand over once it has", func(t *testing.T) {
		thief, err := note.Generate(rand.Reader, "jp")
		if err != nil {
			t.Fatal(err)
		}
		stolen := open(t, "jp")
		early := stolen.key(stolen.h)
		in2 := open(t, "in")
		in2.write(func(tx *store.Tx) error { return in2.ring.AddPartnerKey(tx, early.Verifier()) })
		msg := stolen.rotate()
		in2.write(func(tx *store.Tx) error { _, _, err := in2.ring.AcceptRotation(tx, msg); return err })
		forged, err := note.Rotate(early, thief, start.Add(2*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		err = in2.h.Write(t.Context(), func(tx *store.Tx) error { _, _, err := in2.ring.AcceptRotation(tx, forged); return err })
		wantFault(t, err, fault.Denied)
	})
	t.Run("a live key does not rotate in an exercise", func(t *testing.T) {
		_, err := accept(in.drill(), jp.rotate())
		wantFault(t, err, fault.Denied)
	})
}
