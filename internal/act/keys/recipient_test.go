package keys_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"twoseas/internal/act/keys"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

// box is a ring and its store.
type box struct {
	ring *keys.Ring
	h    *store.Handle
	clk  *clock.Fake
}

func newBox(t *testing.T, side ident.Side) box {
	t.Helper()
	clk := clock.NewFake(storetest.Start)
	return box{ring: keys.New([32]byte{1}, side, clk, rand.Reader), h: storetest.Live(t, storetest.SQLite(t, clk)), clk: clk}
}

func (b box) recipient(t *testing.T, renew bool) (msg []byte) {
	t.Helper()
	if err := b.h.Write(t.Context(), func(tx *store.Tx) (err error) {
		msg, err = b.ring.Recipient(tx, renew)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return msg
}

func (b box) accept(t *testing.T, side ident.Side, msg []byte) (news bool, err error) {
	t.Helper()
	err = b.h.Write(t.Context(), func(tx *store.Tx) error {
		news, err = b.ring.AcceptRecipient(tx, side, msg)
		return err
	})
	return news, err
}

// know gives b the key of o.
func (b box) know(t *testing.T, o box) {
	t.Helper()
	var v note.Verifier
	if err := o.h.Write(t.Context(), func(tx *store.Tx) error {
		s, err := o.ring.Signer(tx)
		v = s.Verifier()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.h.Write(t.Context(), func(tx *store.Tx) error { return b.ring.AddPartnerKey(tx, v) }); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsEncryptedToARecipientOpensWithItsIdentities(t *testing.T) {
	in, jp := newBox(t, "in"), newBox(t, "jp")
	in.know(t, jp)
	seal := func() []byte {
		t.Helper()
		var to age.Recipient
		if err := in.h.Query(t.Context(), func(tx *store.Tx) (err error) {
			to, err = in.ring.PartnerRecipient(tx, "jp")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w, err := age.Encrypt(&b, to)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, "hello"); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	opens := func(raw []byte) bool {
		t.Helper()
		var ids []age.Identity
		if err := jp.h.Query(t.Context(), func(tx *store.Tx) (err error) {
			ids, err = jp.ring.Identities(tx)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		_, err := age.Decrypt(bytes.NewReader(raw), ids...)
		return err == nil
	}
	if news, err := in.accept(t, "jp", jp.recipient(t, false)); err != nil || !news {
		t.Fatal(news, err)
	}
	first := seal()
	if news, err := in.accept(t, "jp", jp.recipient(t, false)); err != nil || news { // the same identity, signed once more
		t.Fatal(news, err)
	}
	for n := range 5 {
		if !opens(first) {
			t.Fatalf("after %d new identities the first file does not open", n)
		}
		jp.clk.Advance(time.Hour)
		jp.recipient(t, true)
	}
	if opens(first) {
		t.Error("identities are kept for ever")
	}
}

func TestARecipientCountsOnlyFromItsSide(t *testing.T) {
	in, jp, uk := newBox(t, "in"), newBox(t, "jp"), newBox(t, "uk")
	old := jp.recipient(t, false)
	_, err := in.accept(t, "jp", old)
	if !fault.Is(err, fault.NotFound) {
		t.Errorf("of a side without a key: %v", err)
	}
	in.know(t, jp)
	in.know(t, uk)
	if _, err := in.accept(t, "jp", uk.recipient(t, false)); !fault.Is(err, fault.Denied) {
		t.Errorf("of another side: %v", err)
	}
	if _, err := in.accept(t, "uk", uk.recipient(t, false)); err != nil {
		t.Error(err)
	}
	if _, err := in.accept(t, "jp", bytes.Replace(old, []byte("live"), []byte("exercise/x"), 1)); !fault.Is(err, fault.Denied) {
		t.Errorf("changed: %v", err)
	}
	jp.clk.Advance(time.Hour)
	if news, err := in.accept(t, "jp", jp.recipient(t, true)); err != nil || !news {
		t.Fatal(news, err)
	}
	if news, err := in.accept(t, "jp", old); err != nil || news {
		t.Errorf("an older note was taken over: %v %v", news, err)
	}
}

func TestWhatIsNoRecipientIsRefused(t *testing.T) {
	in, jp := newBox(t, "in"), newBox(t, "jp")
	in.know(t, jp)
	for _, r := range []string{"age1", "AGE-SECRET-KEY-1", "ssh-ed25519 AAAA", strings.Repeat("a", 5000), "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"} {
		var msg []byte
		if err := jp.h.Write(t.Context(), func(tx *store.Tx) error {
			s, err := jp.ring.Signer(tx)
			if err != nil {
				return err
			}
			msg, err = s.Sign([]byte(keys.RecipientTitle + "\nside jp\ndomain live\nrecipient " + r + "\nfrom 2026-11-22T09:00:00Z\n"))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := in.accept(t, "jp", msg); !fault.Is(err, fault.Invalid) {
			t.Errorf("%.20q: %v", r, err)
		}
	}
}
