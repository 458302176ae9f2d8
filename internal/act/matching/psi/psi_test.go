package psi_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/cloudflare/circl/oprf"
	"pgregory.net/rapid"

	"twoseas/internal/act/matching/psi"
	"twoseas/internal/base/fault"
)

func inputs(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = fmt.Appendf(nil, "domain\nhost%d.example", i)
	}
	return out
}

func newKey(t testing.TB) (psi.Key, []byte) {
	t.Helper()
	k, err := psi.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pub, err := k.Public()
	if err != nil {
		t.Fatal(err)
	}
	return k, pub
}

func question(t testing.TB, list [][]byte) (*psi.Question, []byte) {
	t.Helper()
	q, err := psi.Ask(rand.Reader, list)
	if err != nil {
		t.Fatal(err)
	}
	b, err := q.Blinded()
	if err != nil {
		t.Fatal(err)
	}
	return q, b
}

// What the asker computes of a value is what the other side computes of the
// same, whatever the value, and nothing else.
func TestBothSidesComputeTheSame(t *testing.T) {
	key, pub := newKey(t)
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 6).Draw(t, "values")
		q, err := psi.Ask(rand.Reader, list)
		if err != nil {
			t.Fatal(err)
		}
		blinded, err := q.Blinded()
		if err != nil {
			t.Fatal(err)
		}
		done, err := key.Evaluate(blinded)
		if err != nil {
			t.Fatal(err)
		}
		got, err := q.Finish(pub, done)
		if err != nil {
			t.Fatal(err)
		}
		for i, in := range list {
			if want, err := key.Digest(in); err != nil || got[i] != want {
				t.Fatalf("value %d: %x, want %x, %v", i, got[i], want, err)
			}
		}
	})
}

// The own set is evaluated by a shorter way than the library's, with the same
// result.
func TestTheDigestIsRFC9497s(t *testing.T) {
	seed := sha256.Sum256([]byte("key"))
	lib, err := oprf.DeriveKey(oprf.SuiteRistretto255, oprf.VerifiableMode, seed[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	key := psi.FromKey(t, lib)
	for _, in := range inputs(5) {
		want, err := oprf.NewVerifiableServer(oprf.SuiteRistretto255, lib).FullEvaluate(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := key.Digest(in); err != nil || !bytes.Equal(got[:], want[:psi.DigestSize]) {
			t.Errorf("%x, want %x, %v", got, want, err)
		}
	}
}

func TestAQuestionGoesOnFromWhatWasKept(t *testing.T) {
	key, pub := newKey(t)
	list := inputs(10)
	q, blinded := question(t, list)
	secret, err := q.Secret()
	if err != nil {
		t.Fatal(err)
	}
	again, err := psi.Again(list, secret)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := again.Blinded(); err != nil || !bytes.Equal(same, blinded) {
		t.Fatal("another question", err)
	}
	done, err := key.Evaluate(blinded)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Finish(pub, done); err != nil {
		t.Error(err)
	}
	if _, err := psi.Again(list[:9], secret); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

// The same value is blinded otherwise each time: what is sent does not show
// that somebody asks again.
func TestBlindingHides(t *testing.T) {
	_, a := question(t, inputs(3))
	_, b := question(t, inputs(3))
	for i := range 3 {
		for j := range 3 {
			if bytes.Equal(a[32*i:32*i+32], b[32*j:32*j+32]) {
				t.Error("a blinded value came twice")
			}
		}
	}
}

func TestAnAnswerByAnotherKeyIsRefused(t *testing.T) {
	key, pub := newKey(t)
	other, otherPub := newKey(t)
	q, blinded := question(t, inputs(4))
	good, err := key.Evaluate(blinded)
	if err != nil {
		t.Fatal(err)
	}
	bad, err := other.Evaluate(blinded)
	if err != nil {
		t.Fatal(err)
	}
	mixed := append(bytes.Clone(bad[:32]), good[32:]...) // one value by another key: it would be marked
	for name, c := range map[string]struct {
		pub, raw []byte
		kind     fault.Kind
	}{
		"another key":       {pub, bad, fault.Denied},
		"another key named": {otherPub, good, fault.Denied},
		"one value marked":  {pub, mixed, fault.Denied},
		"values swapped":    {pub, append(append(bytes.Clone(good[32:64]), good[:32]...), good[64:]...), fault.Denied},
		"too short":         {pub, good[:len(good)-1], fault.Invalid},
		"no key":            {nil, good, fault.Invalid},
		"the identity":      {make([]byte, 32), good, fault.Invalid},
		"no element":        {pub, append(bytes.Repeat([]byte{255}, 32), good[32:]...), fault.Invalid},
		"no proof":          {pub, append(bytes.Clone(good[:128]), bytes.Repeat([]byte{255}, 64)...), fault.Invalid},
	} {
		if _, err := q.Finish(c.pub, c.raw); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v (%v)", name, err, fault.KindOf(err))
		}
	}
	if _, err := q.Finish(pub, good); err != nil {
		t.Error(err)
	}
}

func TestBounds(t *testing.T) {
	for name, raw := range map[string][]byte{
		"nothing": nil, "half": make([]byte, 16), "the identity": make([]byte, 32),
		"too many": make([]byte, 32*(psi.MaxValues+1)),
	} {
		if _, err := psi.Count(raw); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := psi.Ask(rand.Reader, nil); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if _, err := psi.Ask(rand.Reader, [][]byte{make([]byte, 1<<16)}); !fault.Is(err, fault.TooLarge) {
		t.Error(err)
	}
}

func FuzzEvaluate(f *testing.F) {
	key, _ := newKey(f)
	_, blinded := question(f, inputs(2))
	f.Add(blinded)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if out, err := key.Evaluate(raw); err == nil && len(out) != len(raw)+psi.ProofSize {
			t.Errorf("%d bytes of %d", len(out), len(raw))
		}
	})
}

func FuzzFinish(f *testing.F) {
	key, pub := newKey(f)
	q, blinded := question(f, inputs(2))
	done, err := key.Evaluate(blinded)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pub, done)
	f.Fuzz(func(t *testing.T, p, raw []byte) {
		if _, err := q.Finish(p, raw); err == nil && (!bytes.Equal(p, pub) || !bytes.Equal(raw, done)) {
			t.Error("another answer passes")
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	key, _ := newKey(b)
	for b.Loop() {
		if _, err := key.Digest([]byte("domain\nhost.example")); err != nil {
			b.Fatal(err)
		}
	}
}
