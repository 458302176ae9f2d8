package keys_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/keys"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

type node struct {
	t     *testing.T
	side  ident.Side
	path  string
	seal  [32]byte
	clock *clock.Fake
	store *store.Store
	h     *store.Handle
	ring  *keys.Ring
}

func open(t *testing.T, side ident.Side) *node {
	t.Helper()
	n := &node{t: t, side: side, path: filepath.Join(t.TempDir(), "twoseas.db"), clock: clock.NewFake(start)}
	if _, err := rand.Read(n.seal[:]); err != nil {
		t.Fatal(err)
	}
	return n.again()
}

// again opens the same store once more, as another process would.
func (n *node) again() *node {
	n.t.Helper()
	m := *n
	var err error
	if m.store, err = store.Open(n.t.Context(), n.path, m.clock); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() {
		if err := m.store.Close(); err != nil {
			n.t.Error(err)
		}
	})
	m.h = m.domain(ident.Live)
	m.ring = keys.New(m.seal, m.side, m.clock, rand.Reader)
	return &m
}

func (n *node) domain(d ident.Domain) *store.Handle {
	n.t.Helper()
	h, err := n.store.Domain(n.t.Context(), d)
	if err != nil {
		n.t.Fatal(err)
	}
	return h
}

func (n *node) drill() *store.Handle {
	n.t.Helper()
	d, err := ident.Exercise("drill")
	if err != nil {
		n.t.Fatal(err)
	}
	return n.domain(d)
}

func (n *node) write(fn func(*store.Tx) error) {
	n.t.Helper()
	if err := n.h.Write(n.t.Context(), fn); err != nil {
		n.t.Fatal(err)
	}
}

// key returns the key h's domain is signed with.
func (n *node) key(h *store.Handle) note.Signer {
	n.t.Helper()
	var s note.Signer
	err := h.Write(n.t.Context(), func(tx *store.Tx) error {
		var err error
		s, err = n.ring.Signer(tx)
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

func (n *node) rotate() []byte {
	n.t.Helper()
	n.clock.Advance(time.Hour)
	var msg []byte
	n.write(func(tx *store.Tx) error {
		var err error
		msg, err = n.ring.Rotate(tx)
		return err
	})
	return msg
}

func (n *node) history(h *store.Handle) []note.Verifier {
	n.t.Helper()
	var all []note.Verifier
	err := h.Read(n.t.Context(), func(tx *store.Tx) error {
		var err error
		all, err = n.ring.History(tx)
		return err
	})
	if err != nil {
		n.t.Fatal(err)
	}
	return all
}

func wantFault(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("error %v, want one of kind %s", err, kind)
	}
}

func TestSigner(t *testing.T) {
	t.Run("a key is made once and is the same in every process", func(t *testing.T) {
		n := open(t, "in")
		first := n.key(n.h)
		other := n.again()
		for _, s := range []note.Signer{n.key(n.h), other.key(other.h)} {
			if s.Verifier() != first.Verifier() {
				t.Errorf("key %s, then %s", first.Verifier().Short(), s.Verifier().Short())
			}
		}
		if first.Side() != "in" {
			t.Errorf("the key is of %s", first.Side())
		}
	})
	t.Run("a reader makes none", func(t *testing.T) {
		n := open(t, "in")
		err := n.h.Read(t.Context(), func(tx *store.Tx) error { _, err := n.ring.Verifier(tx); return err })
		wantFault(t, err, fault.NotFound)
		if err := n.h.Read(t.Context(), func(tx *store.Tx) error { _, err := n.ring.Signer(tx); return err }); err == nil {
			t.Error("a key was made in a Read")
		}
		key := n.key(n.h)
		err = n.h.Read(t.Context(), func(tx *store.Tx) error {
			v, err := n.ring.Verifier(tx)
			s, err2 := n.ring.Signer(tx)
			if v != key.Verifier() || s.Verifier() != v {
				t.Errorf("a reader sees %s", v)
			}
			return errors.Join(err, err2)
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("live and exercise have keys of their own", func(t *testing.T) {
		n := open(t, "in")
		if n.key(n.h).Verifier() == n.key(n.drill()).Verifier() {
			t.Error("the two domains share a key")
		}
		if got := n.history(n.drill()); len(got) != 1 || got[0] != n.key(n.drill()).Verifier() {
			t.Errorf("the exercise has had the keys %v", got)
		}
	})
	t.Run("a key of a transaction that failed is forgotten", func(t *testing.T) {
		n := open(t, "in")
		var gone note.Signer
		_ = n.h.Write(t.Context(), func(tx *store.Tx) error {
			var err error
			gone, err = n.ring.Signer(tx)
			return errors.Join(err, errors.New("no"))
		})
		if n.key(n.h).Verifier() == gone.Verifier() {
			t.Error("it signs with a key that no store has")
		}
	})
}

func TestSealing(t *testing.T) {
	sealed := func(n *node) []byte {
		t.Helper()
		var b []byte
		n.write(func(tx *store.Tx) error {
			var err error
			b, err = tx.Secret("signing-key")
			return err
		})
		return b
	}
	t.Run("the store does not hold the secret", func(t *testing.T) {
		n := open(t, "in")
		secret := n.key(n.h).Secret()
		b := sealed(n)
		for _, part := range strings.Split(secret, "+") {
			if len(part) > 3 && bytes.Contains(b, []byte(part)) {
				t.Errorf("it holds %q", part)
			}
		}
	})
	t.Run("sealed twice it looks different", func(t *testing.T) {
		a, b := open(t, "in"), open(t, "in")
		b.seal = a.seal
		zero := bytes.NewReader(make([]byte, 64))
		a.ring = keys.New(a.seal, "in", a.clock, zero)
		zero2 := bytes.NewReader(make([]byte, 64))
		b.ring = keys.New(b.seal, "in", b.clock, zero2)
		if a.key(a.h).Secret() != b.key(b.h).Secret() {
			t.Fatal("the keys differ although their randomness does not")
		}
		if bytes.Equal(sealed(a), sealed(b)) {
			t.Error("the nonce was used twice")
		}
	})
	for name, spoil := range map[string]func(*node){
		"another sealing key":         func(n *node) { n.seal[7] ^= 1 },
		"a changed byte":              func(n *node) { spoilSecret(n, func(b []byte) []byte { b[20] ^= 1; return b }) },
		"a byte cut off":              func(n *node) { spoilSecret(n, func(b []byte) []byte { return b[:len(b)-1] }) },
		"nothing":                     func(n *node) { spoilSecret(n, func([]byte) []byte { return []byte{} }) },
		"only the version":            func(n *node) { spoilSecret(n, func(b []byte) []byte { return b[:1] }) },
		"a later version of the seal": func(n *node) { spoilSecret(n, func(b []byte) []byte { b[0]++; return b }) },
		"the key of another domain":   func(n *node) { n.key(n.drill()); moveSecret(n) },
		"a key older than the newest": func(n *node) { old := sealed(n); n.rotate(); spoilSecret(n, func([]byte) []byte { return old }) },
		"no secret where there was one": func(n *node) {
			n.write(func(tx *store.Tx) error { _, err := tx.Exec("DELETE FROM secret"); return err })
		},
	} {
		t.Run(name+" does not open", func(t *testing.T) {
			n := open(t, "in")
			secret := n.key(n.h).Secret()
			spoil(n)
			fresh := n.again() // with nothing cached
			err := fresh.h.Write(t.Context(), func(tx *store.Tx) error { _, err := fresh.ring.Signer(tx); return err })
			wantFault(t, err, fault.Conflict)
			if err != nil && strings.Contains(err.Error(), secret[len(secret)-20:]) {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func spoilSecret(n *node, change func([]byte) []byte) {
	n.t.Helper()
	n.write(func(tx *store.Tx) error {
		b, err := tx.Secret("signing-key")
		if err != nil {
			return err
		}
		return tx.SetSecret("signing-key", change(b))
	})
}

// moveSecret puts the exercise's sealed key in the place of the live one.
func moveSecret(n *node) {
	n.t.Helper()
	n.write(func(tx *store.Tx) error {
		// With its history, so that nothing but the seal can tell.
		if _, err := tx.Exec("DELETE FROM peer_key WHERE domain = 1"); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE peer_key SET domain = 1"); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE secret SET sealed = (SELECT x.sealed FROM secret x WHERE x.domain <> secret.domain) WHERE domain = 1")
		return err
	})
}

func TestRotate(t *testing.T) {
	n := open(t, "in")
	first := n.key(n.h)
	other := n.again()
	other.key(other.h) // cached there
	msg := n.rotate()
	second := n.key(n.h)
	r, err := note.OpenRotation(msg, first.Verifier())
	if err != nil || r.New != second.Verifier() || !r.From.Equal(start.Add(time.Hour)) {
		t.Errorf("rotation %+v: %v", r, err)
	}
	if other.key(other.h).Verifier() != second.Verifier() {
		t.Error("another process still signs with the old key")
	}
	want := []note.Verifier{first.Verifier(), second.Verifier()}
	if got := n.history(n.h); !slices.Equal(got, want) {
		t.Errorf("history %v, want %v", got, want)
	}
	if got := n.history(n.drill()); len(got) != 0 {
		t.Errorf("the exercise knows live keys: %v", got)
	}
	t.Run("one that is rolled back changes nothing", func(t *testing.T) {
		_ = n.h.Write(t.Context(), func(tx *store.Tx) error {
			_, err := n.ring.Rotate(tx)
			if s, e := n.ring.Signer(tx); e != nil || s.Verifier() == second.Verifier() {
				t.Errorf("inside the transaction the old key signs: %v", e)
			}
			return errors.Join(err, errors.New("no"))
		})
		if n.key(n.h).Verifier() != second.Verifier() {
			t.Error("it signs with a key that no store has")
		}
	})
}
