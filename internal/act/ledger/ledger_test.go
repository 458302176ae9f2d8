package ledger_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

const memorandum = ident.Agreement("in-jp-2022")

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// node is one side: its store, keys and ledger.
type node struct {
	t      testing.TB
	side   ident.Side
	path   string
	seal   [32]byte
	clock  *clock.Fake
	store  *store.Store
	h      *store.Handle
	ring   *keys.Ring
	ledger *ledger.Ledger
}

func open(t testing.TB, side ident.Side) *node {
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
	m.ring = keys.New(m.seal, m.side, m.clock, rand.Reader)
	m.ledger = ledger.New(m.ring, m.clock)
	m.h = m.domain(ident.Live)
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

// pair makes two nodes that know each other's keys.
func pair(t testing.TB) (*node, *node) {
	t.Helper()
	a, b := open(t, "in"), open(t, "jp")
	a.trusts(b)
	b.trusts(a)
	return a, b
}

func (n *node) trusts(m *node) {
	n.t.Helper()
	v := m.key()
	n.write(func(tx *store.Tx) error { return n.ring.AddPartnerKey(tx, v) })
}

// key returns the node's newest key, made if there is none.
func (n *node) key() note.Verifier {
	n.t.Helper()
	var v note.Verifier
	n.write(func(tx *store.Tx) error {
		s, err := n.ring.Signer(tx)
		v = s.Verifier()
		return err
	})
	return v
}

func (n *node) write(fn func(*store.Tx) error) {
	n.t.Helper()
	if err := n.h.Write(n.t.Context(), fn); err != nil {
		n.t.Fatal(err)
	}
}

func (n *node) read(fn func(*store.Tx) error) {
	n.t.Helper()
	if err := n.h.Read(n.t.Context(), fn); err != nil {
		n.t.Fatal(err)
	}
}

// leaf returns a note signed by the node.
func (n *node) leaf(tx *store.Tx, text string) []byte {
	n.t.Helper()
	s, err := n.ring.Signer(tx)
	if err != nil {
		n.t.Fatal(err)
	}
	msg, err := s.Sign([]byte("twoseas/test/v1\n" + text + "\n"))
	if err != nil {
		n.t.Fatal(err)
	}
	return msg
}

// add appends n leaves to the log of an agreement in one transaction.
func (n *node) add(a ident.Agreement, count int) {
	n.t.Helper()
	n.write(func(tx *store.Tx) error {
		leaves := make([][]byte, count)
		for i := range leaves {
			leaves[i] = n.leaf(tx, fmt.Sprintf("%s %d", rand.Text(), i))
		}
		return n.ledger.Append(tx, a, leaves...)
	})
}

func (n *node) checkpoint(a ident.Agreement) ledger.Checkpoint {
	n.t.Helper()
	var c ledger.Checkpoint
	n.read(func(tx *store.Tx) error {
		var err error
		c, err = n.ledger.Checkpoint(tx, a)
		return err
	})
	return c
}

// sabotage runs a statement that no code of ours would.
func (n *node) sabotage(query string, args ...any) {
	n.t.Helper()
	n.write(func(tx *store.Tx) error {
		rows, err := tx.Exec(query, args...)
		if err == nil && rows == 0 {
			err = errors.New("nothing sabotaged")
		}
		return err
	})
}

func wantFault(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("error %v, want one of kind %s", err, kind)
	}
}

func TestAppend(t *testing.T) {
	t.Run("a checkpoint of the newest state is signed with the act", func(t *testing.T) {
		n := open(t, "in")
		n.add(memorandum, 1)
		n.add(memorandum, 4)
		c := n.checkpoint(memorandum)
		got, signed, err := merkle.OpenCheckpoint(c.Note, "twoseas/in/in-jp-2022/live", n.key())
		if err != nil || got.Size != 5 || got.Root != c.Root || c.Size != 5 || len(signed.Sigs) != 1 {
			t.Errorf("checkpoint %+v, note %+v: %v", got, signed, err)
		}
	})
	t.Run("inside the transaction the new state is already seen", func(t *testing.T) {
		n := open(t, "in")
		n.write(func(tx *store.Tx) error {
			for want := int64(1); want < 4; want++ {
				if err := n.ledger.Append(tx, memorandum, n.leaf(tx, "x")); err != nil {
					return err
				}
				if c, err := n.ledger.Checkpoint(tx, memorandum); err != nil || c.Size != want {
					t.Errorf("size %d (%v), want %d", c.Size, err, want)
				}
			}
			return nil
		})
	})
	t.Run("a log without a leaf is not found", func(t *testing.T) {
		n := open(t, "in")
		n.write(func(tx *store.Tx) error { return n.ledger.Append(tx, memorandum) })
		n.read(func(tx *store.Tx) error {
			_, err := n.ledger.Checkpoint(tx, memorandum)
			wantFault(t, err, fault.NotFound)
			_, needed, err := n.ledger.CosignRequest(tx, memorandum)
			if needed {
				t.Error("an empty log wants to be cosigned")
			}
			return err
		})
	})
	t.Run("a transaction that fails leaves no leaf and the next one goes on", func(t *testing.T) {
		n := open(t, "in")
		n.add(memorandum, 2)
		before := n.checkpoint(memorandum)
		why := errors.New("changed my mind")
		err := n.h.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(n.ledger.Append(tx, memorandum, n.leaf(tx, "gone")), why)
		})
		if !errors.Is(err, why) {
			t.Fatal(err)
		}
		if after := n.checkpoint(memorandum); !bytes.Equal(after.Note, before.Note) {
			t.Errorf("the state is now %s", after.Note)
		}
		n.add(memorandum, 1)
		if err := n.ledger.CheckAll(t.Context(), n.h); err != nil {
			t.Error(err)
		}
	})
	t.Run("a key made in a transaction that fails is not used afterwards", func(t *testing.T) {
		n := open(t, "in")
		_ = n.h.Write(t.Context(), func(tx *store.Tx) error {
			return errors.Join(n.ledger.Append(tx, memorandum, n.leaf(tx, "x")), errors.New("no"))
		})
		n.add(memorandum, 1)
		if _, _, err := merkle.OpenCheckpoint(n.checkpoint(memorandum).Note, "twoseas/in/in-jp-2022/live", n.key()); err != nil {
			t.Error(err)
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	n := open(t, "in")
	var good []byte
	n.write(func(tx *store.Tx) error { good = n.leaf(tx, "good"); return nil })
	foreign := bytes.Replace(good, []byte("twoseas/test"), []byte("elsewhere/test"), 1)
	for name, c := range map[string]struct {
		agreement ident.Agreement
		leaf      []byte
		kind      fault.Kind
	}{
		"an empty leaf":                        {memorandum, nil, fault.Invalid},
		"a leaf that is not a note":            {memorandum, []byte("twoseas/test/v1\n"), fault.Invalid},
		"a note that is not one of ours":       {memorandum, foreign, fault.Invalid},
		"a leaf too long for a bundle":         {memorandum, []byte(strings.Repeat("x", 1<<16)), fault.TooLarge},
		"an agreement named like the home log": {"home", good, fault.Invalid},
		"an agreement that is a path":          {"a/b", good, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			err := n.h.Write(t.Context(), func(tx *store.Tx) error { return n.ledger.Append(tx, c.agreement, good, c.leaf) })
			wantFault(t, err, c.kind)
			n.read(func(tx *store.Tx) error {
				if logs, err := tx.Logs(); len(logs) != 0 || err != nil {
					t.Errorf("logs %v (%v)", logs, err)
				}
				return nil
			})
		})
	}
}

func TestAppendReadsOnlyTheRightEdge(t *testing.T) {
	n := open(t, "in")
	n.add(memorandum, 300) // 0b100101100: right edge of 4 hashes
	n.sabotage(`DELETE FROM log_node WHERE ix NOT IN ($1, $2, $3, $4)`, edgeOf(300)...)
	n.sabotage(`DELETE FROM log_leaf`)
	n.add(memorandum, 1)
	n.add(memorandum, 1000)
	if c := n.checkpoint(memorandum); c.Size != 1301 {
		t.Errorf("size %d", c.Size)
	}
}

func TestAppendRefusesToBuildOnADamagedLog(t *testing.T) {
	n := open(t, "in")
	n.add(memorandum, 5)
	n.sabotage(`UPDATE log_node SET hash = $1 WHERE ix = $2`, make([]byte, 32), edgeOf(5)[0])
	err := n.h.Write(t.Context(), func(tx *store.Tx) error { return n.ledger.Append(tx, memorandum, n.leaf(tx, "x")) })
	wantFault(t, err, fault.Conflict)
}

func TestProcessesAppendInTurn(t *testing.T) {
	a := open(t, "in")
	b := a.again()
	a.add(memorandum, 1)
	for i := range 6 {
		a.add(memorandum, 1+i%3)
		b.add(memorandum, 2)
		if i == 3 { // the other process notices the new key
			a.write(func(tx *store.Tx) error { _, err := a.ledger.Rotate(tx); return err })
		}
	}
	if c := b.checkpoint(memorandum); c.Size != 1+12+12+1 {
		t.Errorf("size %d", c.Size)
	}
	if err := b.ledger.CheckAll(t.Context(), b.h); err != nil {
		t.Error(err)
	}
}

func TestRotateReachesEveryLogOfTheDomain(t *testing.T) {
	n := open(t, "in")
	drill, err := ident.Exercise("drill")
	if err != nil {
		t.Fatal(err)
	}
	play := *n
	play.h = n.domain(drill)
	play.add(memorandum, 1)
	n.add(memorandum, 3)
	n.add("in-us", 1)
	n.write(func(tx *store.Tx) error { return n.ledger.Record(tx, "operator", "test") })
	var msg []byte
	n.write(func(tx *store.Tx) error { msg, err = n.ledger.Rotate(tx); return err })
	for a, want := range map[ident.Agreement]int64{memorandum: 4, "in-us": 2, "home": 2} {
		c := client{n, merkle.Origin("in", a, ident.Live)}
		if _, _, err := merkle.OpenCheckpoint(c.get("checkpoint"), c.origin, n.key()); err != nil {
			t.Errorf("%s: %v", a, err)
		}
		if tree := c.tree(); tree.N != want || !bytes.Equal(c.entry(want-1, want), msg) {
			t.Errorf("%s has %d leaves, want %d and the rotation last", a, tree.N, want)
		}
	}
	if c := play.checkpoint(memorandum); c.Size != 1 {
		t.Errorf("the exercise's log has %d leaves", c.Size)
	}
}

func TestDomainsHaveLogsAndKeysOfTheirOwn(t *testing.T) {
	n := open(t, "in")
	drill, err := ident.Exercise("drill")
	if err != nil {
		t.Fatal(err)
	}
	live := n.key()
	n.add(memorandum, 1)
	n.h = n.domain(drill)
	n.read(func(tx *store.Tx) error {
		_, err := n.ledger.Checkpoint(tx, memorandum)
		wantFault(t, err, fault.NotFound)
		return nil
	})
	n.add(memorandum, 1)
	if n.key() == live {
		t.Error("the exercise signs with the live key")
	}
	c := n.checkpoint(memorandum)
	if _, _, err := merkle.OpenCheckpoint(c.Note, "twoseas/in/in-jp-2022/exercise/drill", n.key()); err != nil {
		t.Error(err)
	}
	if _, err := note.Open(c.Note, live); !fault.Is(err, fault.Denied) {
		t.Errorf("the live key opens the exercise's checkpoint: %v", err)
	}
}
