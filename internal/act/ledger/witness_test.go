package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

func (n *node) request(a ident.Agreement) []byte {
	n.t.Helper()
	var body []byte
	n.read(func(tx *store.Tx) error {
		var needed bool
		var err error
		body, needed, err = n.ledger.CosignRequest(tx, a)
		if err == nil && !needed {
			n.t.Error("nothing to cosign")
		}
		return err
	})
	return body
}

func (n *node) witness(partner ident.Side, body []byte) ([]byte, error) {
	var response []byte
	err := n.h.Write(n.t.Context(), func(tx *store.Tx) error {
		var err error
		response, err = n.ledger.Witness(tx, partner, body)
		return err
	})
	return response, err
}

// cosign has b cosign a's newest state, and a keep that.
func cosign(a, b *node, agreement ident.Agreement) {
	a.t.Helper()
	body := a.request(agreement)
	response, err := b.witness(a.side, body)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(func(tx *store.Tx) error { return a.ledger.StoreCosignature(tx, agreement, b.side, body, response) })
}

func TestWitness(t *testing.T) {
	a, b := pair(t)
	a.add(memorandum, 3)
	cosign(a, b, memorandum)
	a.add(memorandum, 700)
	b.clock.Advance(time.Hour)
	cosign(a, b, memorandum)

	a.read(func(tx *store.Tx) error {
		_, needed, err := a.ledger.CosignRequest(tx, memorandum)
		if needed {
			t.Error("the newest state is cosigned and yet wants to be")
		}
		return err
	})
	served := client{a, "twoseas/in/in-jp-2022/live"}.get("checkpoint")
	at, err := note.VerifyCosignature(served, b.key())
	if err != nil || !at.Equal(start.Add(time.Hour)) {
		t.Errorf("the checkpoint served is cosigned at %s: %v", at, err)
	}
	for _, n := range []*node{a, b} {
		if err := n.ledger.CheckAll(t.Context(), n.h); err != nil {
			t.Error(err)
		}
	}
}

func TestWitnessAnswersAgain(t *testing.T) {
	a, b := pair(t)
	a.add(memorandum, 3)
	lost := a.request(memorandum)
	if _, err := b.witness("in", lost); err != nil { // this answer never arrives
		t.Fatal(err)
	}
	_, err := b.witness("in", a.request(memorandum)) // so a asks from nothing again
	behind, ok := errors.AsType[*ledger.Behind](err)
	if !ok || behind.Size != 3 || !fault.Is(err, fault.Conflict) {
		t.Fatalf("error %v, want a *Behind of 3", err)
	}
	a.add(memorandum, 2)
	a.write(func(tx *store.Tx) error {
		body, err := a.ledger.CosignRequestFrom(tx, memorandum, behind.Size)
		if err != nil {
			return err
		}
		response, err := b.witness("in", body)
		if err != nil {
			return err
		}
		// The same state once more is the same question.
		again, err := a.ledger.CosignRequestFrom(tx, memorandum, 5)
		if err != nil {
			return err
		}
		if _, err := b.witness("in", again); err != nil {
			t.Error(err)
		}
		return a.ledger.StoreCosignature(tx, memorandum, "jp", body, response)
	})
	a.read(func(tx *store.Tx) error {
		_, err := a.ledger.CosignRequestFrom(tx, memorandum, 6)
		wantFault(t, err, fault.Conflict) // a's store was set back
		return nil
	})
}

func TestWitnessSeesAFork(t *testing.T) {
	for name, sizes := range map[string][3]int{
		"of the same size":                       {4, 3, 3},
		"that is longer":                         {4, 3, 9},
		"that grew from the very first leaf on":  {0, 5, 8},
		"that is a power of two on a power of 2": {0, 4, 8},
	} {
		t.Run("a second history "+name, func(t *testing.T) {
			a, b := pair(t)
			if sizes[0] > 0 {
				a.add(memorandum, sizes[0])
			}
			twin := a.twin(t) // goes another way
			a.add(memorandum, sizes[1])
			twin.add(memorandum, sizes[2])
			cosign(a, b, memorandum)
			known := a.checkpoint(memorandum)
			var body []byte
			twin.read(func(tx *store.Tx) error {
				var err error
				body, err = twin.ledger.CosignRequestFrom(tx, memorandum, known.Size)
				return err
			})
			_, err := b.witness("in", body)
			fork, ok := errors.AsType[*ledger.Fork](err)
			if !ok || !fault.Is(err, fault.Conflict) {
				t.Fatalf("error %v, want a *Fork", err)
			}
			if !bytes.Contains(fork.Shown, twin.checkpoint(memorandum).Note) {
				t.Error("the evidence does not hold what was shown")
			}
			if _, _, err := merkle.OpenCheckpoint(fork.Have, fork.Origin, a.key()); err != nil {
				t.Errorf("the evidence does not hold what was cosigned: %v", err)
			}
			a.add(memorandum, 1) // the first history goes on
			cosign(a, b, memorandum)
		})
	}
}

// twin copies the node, store and keys, as it is now: nobody is writing.
func (n *node) twin(t testing.TB) *node {
	t.Helper()
	m := *n
	m.t, m.path = t, filepath.Join(t.TempDir(), "twin.db")
	for _, suffix := range []string{"", "-wal"} {
		raw, err := os.ReadFile(n.path + suffix)
		if err == nil {
			err = os.WriteFile(m.path+suffix, raw, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return m.again()
}

func TestWitnessRefuses(t *testing.T) {
	a, b := pair(t)
	a.add(memorandum, 3)
	a.write(func(tx *store.Tx) error { return a.ledger.Record(tx, "officer@in", "test") })
	good := a.request(memorandum)
	home := client{a, "twoseas/in/home/live"}.get("checkpoint")
	drill, err := ident.Exercise("drill")
	if err != nil {
		t.Fatal(err)
	}
	play := *a
	play.h = a.domain(drill)
	play.add(memorandum, 1)
	stranger := open(t, "in")
	stranger.add(memorandum, 1)

	for name, c := range map[string]struct {
		partner ident.Side
		body    []byte
		kind    fault.Kind
	}{
		"no request":                         {"in", []byte("hello\n"), fault.Invalid},
		"a log of another side":              {"us", good, fault.NotFound},
		"its own log":                        {"jp", good, fault.NotFound},
		"a log that stays at home":           {"in", merkle.AddCheckpoint{Note: home}.Body(), fault.NotFound},
		"a log of another domain":            {"in", play.request(memorandum), fault.NotFound},
		"a stranger's key under that name":   {"in", stranger.request(memorandum), fault.Denied},
		"an altered size":                    {"in", bytes.Replace(good, []byte("\n3\n"), []byte("\n4\n"), 1), fault.Denied},
		"an altered origin":                  {"in", bytes.Replace(good, []byte("/live\n"), []byte("/exercise/x\n"), 1), fault.NotFound},
		"a proof where there is nothing yet": {"in", bytes.Replace(good, []byte("old 0\n"), []byte("old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"), 1), fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := b.witness(c.partner, c.body)
			wantFault(t, err, c.kind)
			if response != nil {
				t.Error("and answers all the same")
			}
		})
	}
	b.read(func(tx *store.Tx) error {
		if all, err := tx.AllWitnessed(); len(all) != 0 || err != nil {
			t.Errorf("witnessed %v (%v)", all, err)
		}
		return nil
	})
}

func TestStoreCosignatureRefuses(t *testing.T) {
	a, b := pair(t)
	other := open(t, "us")
	other.trusts(a)
	a.add(memorandum, 3)
	body := a.request(memorandum)
	good, err := b.witness("in", body)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.witness("in", body)
	if err != nil {
		t.Fatal(err)
	}
	a.add(memorandum, 2)
	newer := a.request(memorandum)
	stale := bytes.Replace(body, []byte("\n3\n"), []byte("\n2\n"), 1)
	for name, c := range map[string]struct {
		request, response []byte
		kind              fault.Kind
	}{
		"an empty answer":                 {body, nil, fault.Denied},
		"an answer that is none":          {body, []byte("ok\n"), fault.Invalid},
		"a cosignature by somebody else":  {body, foreign, fault.Denied},
		"one of another state":            {newer, good, fault.Denied},
		"one for a request never signed":  {stale, good, fault.Denied},
		"one for something not a request": {good, good, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			err := a.h.Write(t.Context(), func(tx *store.Tx) error {
				return a.ledger.StoreCosignature(tx, memorandum, "jp", c.request, c.response)
			})
			wantFault(t, err, c.kind)
		})
	}
	t.Run("one for a state that this store never reached is refused", func(t *testing.T) {
		ahead := a.twin(t)
		ahead.add(memorandum, 1)
		body := ahead.request(memorandum)
		err := a.h.Write(t.Context(), func(tx *store.Tx) error {
			return a.ledger.StoreCosignature(tx, memorandum, "jp", body, good)
		})
		wantFault(t, err, fault.Conflict)
		if !strings.Contains(fmt.Sprint(err), "which has 5") {
			t.Errorf("%v does not say why", err)
		}
		a.write(func(tx *store.Tx) error { return a.ledger.Append(tx, memorandum, a.leaf(tx, "another")) })
		err = a.h.Write(t.Context(), func(tx *store.Tx) error { // of that size there is another
			return a.ledger.StoreCosignature(tx, memorandum, "jp", body, good)
		})
		wantFault(t, err, fault.Conflict)
	})
	t.Run("lines by strangers are ignored beside the partner's", func(t *testing.T) {
		a.write(func(tx *store.Tx) error {
			return a.ledger.StoreCosignature(tx, memorandum, "jp", body, append(foreign, good...))
		})
		a.read(func(tx *store.Tx) error {
			log, err := tx.Log("twoseas/in/in-jp-2022/live")
			if log.Cosigned != 3 {
				t.Errorf("cosigned %d, want 3: the answer came after the log grew", log.Cosigned)
			}
			return err
		})
		if err := a.ledger.CheckAll(t.Context(), a.h); err != nil {
			t.Error(err)
		}
	})
}

func TestKeysGivenUpCosignNothing(t *testing.T) {
	a, b := pair(t)
	a.add(memorandum, 1)
	old := a.request(memorandum) // signed with a's first key
	rotate(a, b)
	_, err := b.witness("in", old)
	wantFault(t, err, fault.Denied)
	cosign(a, b, memorandum) // the rotation gave the log a checkpoint by the new key

	a.add(memorandum, 1)
	body := a.request(memorandum)
	response, err := b.witness("in", body) // with b's first key
	if err != nil {
		t.Fatal(err)
	}
	rotate(b, a)
	err = a.h.Write(t.Context(), func(tx *store.Tx) error {
		return a.ledger.StoreCosignature(tx, memorandum, "jp", body, response)
	})
	wantFault(t, err, fault.Denied)
}

// rotate changes a's key; b follows and logs it.
func rotate(a, b *node) {
	a.t.Helper()
	a.clock.Advance(time.Minute)
	b.clock.Advance(time.Minute)
	var msg []byte
	a.write(func(tx *store.Tx) error {
		var err error
		msg, err = a.ledger.Rotate(tx)
		return err
	})
	b.write(func(tx *store.Tx) error {
		_, news, err := b.ring.AcceptRotation(tx, msg)
		if err != nil || !news {
			a.t.Errorf("rotation: news %v, %v", news, err)
		}
		return b.ledger.Append(tx, memorandum, msg)
	})
}
