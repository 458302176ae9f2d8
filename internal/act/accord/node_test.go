package accord_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

const inJP = ident.Agreement("in-jp-2022")

var desk = people.Actor{Name: "desk@example", Roles: []people.Role{people.DeskOfficer}}

// node is one side's node, without a network: signatures are handed over.
type node struct {
	*accord.Accords
	side   ident.Side
	h      *store.Handle
	ring   *keys.Ring
	log    *ledger.Ledger
	clk    *clock.Fake
	forced int // how often OnForce was called
}

func newNode(t testing.TB, side ident.Side, s *store.Store, clk *clock.Fake) *node {
	t.Helper()
	h, err := s.Domain(t.Context(), ident.Live)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{side: side, h: h, clk: clk}
	n.ring = keys.New(sha256.Sum256([]byte(side)), side, clk, rand.Reader)
	n.log = ledger.New(n.ring, clk)
	n.restart()
	return n
}

// restart forgets what is only in memory.
func (n *node) restart() {
	n.Accords = accord.New(n.ring, n.log, n.side, n.clk)
	n.OnForce(func(tx *store.Tx, id ident.Agreement) error {
		if _, err := tx.Channel(id); err != nil {
			return err
		}
		n.forced++
		return nil
	})
}

func (n *node) write(t testing.TB, fn func(*store.Tx) error) {
	t.Helper()
	if err := n.h.Write(context.WithoutCancel(t.Context()), fn); err != nil {
		t.Fatal(err)
	}
}

func (n *node) key(t testing.TB) note.Signer {
	t.Helper()
	var s note.Signer
	n.write(t, func(tx *store.Tx) error {
		var err error
		s, err = n.ring.Signer(tx)
		return err
	})
	return s
}

// meet makes other a confirmed peer of n.
func (n *node) meet(t testing.TB, other *node, state store.PeerState) {
	t.Helper()
	v := other.key(t).Verifier()
	n.write(t, func(tx *store.Tx) error {
		if err := n.ring.AddPartnerKey(tx, v); err != nil {
			return err
		}
		return tx.SavePeer(store.Peer{Side: other.side, State: state, VKey: v.String(), SPKI: ident.Sum([]byte(other.side))})
	})
}

// rotate gives n a new key and tells other.
func (n *node) rotate(t testing.TB, other *node) {
	t.Helper()
	var msg []byte
	n.write(t, func(tx *store.Tx) error {
		var err error
		msg, err = n.log.Rotate(tx)
		return err
	})
	other.write(t, func(tx *store.Tx) error {
		if _, _, err := other.ring.AcceptRotation(tx, msg); err != nil {
			return err
		}
		if ids, err := tx.AgreementsSignedBy(n.side); err != nil || len(ids) == 0 {
			return err
		}
		return other.log.Append(tx, inJP, msg)
	})
}

// pairOfNodes returns two nodes whose people know each other, on one clock.
func pairOfNodes(t *testing.T) (*node, *node) {
	t.Helper()
	clk := clock.NewFake(storetest.Start)
	in, jp := newNode(t, "in", storetest.SQLite(t, clk), clk), newNode(t, "jp", storetest.SQLite(t, clk), clk)
	in.meet(t, jp, store.PeerActive)
	jp.meet(t, in, store.PeerActive)
	t.Cleanup(func() {
		if !t.Failed() {
			verifyLedgers(t, in, jp)
		}
	})
	return in, jp
}

// verifyLedgers exports both ledgers and verifies them from the files alone.
func verifyLedgers(t testing.TB, a, b *node) {
	t.Helper()
	var files []io.Reader
	for _, n := range []*node{a, b} {
		var out bytes.Buffer
		err := n.log.Export(context.WithoutCancel(t.Context()), n.h, inJP, map[ident.Side]ident.Side{a.side: b.side, b.side: a.side}[n.side], &out)
		if fault.Is(err, fault.NotFound) {
			continue // it has signed nothing
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, &out)
	}
	if len(files) == 0 {
		return
	}
	report, err := verify.Verify(files, []note.Verifier{a.key(t).Verifier(), b.key(t).Verifier()})
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK {
		var text strings.Builder
		_ = report.WriteText(&text) // a strings.Builder does not fail
		t.Errorf("the ledgers do not verify:\n%s", text.String())
	}
}

func (n *node) add(t testing.TB, yaml string) accord.Version {
	t.Helper()
	v, err := n.Add(t.Context(), n.h, desk, []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (n *node) sign(t testing.TB, v accord.Version) []byte {
	t.Helper()
	msg, err := n.Sign(t.Context(), n.h, desk, v)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

func (n *node) countersign(t testing.TB, from ident.Side, msg []byte) {
	t.Helper()
	if err := n.Countersign(t.Context(), n.h, from, msg); err != nil {
		t.Fatal(err)
	}
}

// inForce returns what n carries out; the error is InForce's.
func (n *node) inForce(t testing.TB) (accord.Terms, error) {
	t.Helper()
	var terms accord.Terms
	err := n.h.Read(t.Context(), func(tx *store.Tx) error {
		var err error
		terms, err = n.InForce(tx, inJP)
		return err
	})
	return terms, err
}

func (n *node) mustInForce(t testing.TB) accord.Terms {
	t.Helper()
	terms, err := n.inForce(t)
	if err != nil {
		t.Fatal(err)
	}
	return terms
}

// leaves returns n's exchange log.
func (n *node) leaves(t testing.TB) []string {
	t.Helper()
	var list []string
	err := n.h.Read(t.Context(), func(tx *store.Tx) error {
		log, err := tx.Log(n.log.Origin(inJP, ident.Live))
		if err != nil {
			return err
		}
		return tx.LogLeaves(log.ID, 0, log.Size, func(_ int64, leaf []byte) error {
			list = append(list, string(leaf))
			return nil
		})
	})
	if err != nil && !fault.Is(err, fault.NotFound) {
		t.Fatal(err)
	}
	return list
}

// agree brings the reference agreement into force at both nodes.
func agree(t testing.TB, in, jp *node) accord.Version {
	t.Helper()
	v := in.add(t, reference(1, "", ""))
	jp.add(t, reference(1, "", ""))
	signBoth(t, in, jp, v)
	return v
}

// signBoth has both sign a version that both have, and hand it over.
func signBoth(t testing.TB, a, b *node, v accord.Version) {
	t.Helper()
	first, second := a.sign(t, v), b.sign(t, v)
	a.countersign(t, b.side, second)
	b.countersign(t, a.side, first)
}

// reference returns the reference agreement as a given version. A title tells
// one text from another.
func reference(version int, previous, title string) string {
	text := string(agreement.Reference())
	if version > 1 {
		text = strings.Replace(text, "version: 1\n", fmt.Sprintf("version: %d\nprevious: %s\n", version, previous), 1)
	}
	if title != "" {
		text = strings.Replace(text, "Memorandum of Cooperation in", title+" in", 1)
	}
	return text
}

// stricter is an amendment by which amber needs two officers.
func stricter(version int, previous accord.Version) string {
	return strings.ReplaceAll(reference(version, previous.Hash.String(), ""), "approve: 1", "approve: 2")
}

func wantFault(t testing.TB, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("error %v (%s), want one of kind %s", err, fault.KindOf(err), kind)
	}
}

func wantSays(t testing.TB, err error, kind fault.Kind, words string) {
	t.Helper()
	wantFault(t, err, kind)
	if !strings.Contains(fault.Message(err), words) {
		t.Errorf("error %q does not say %q", fault.Message(err), words)
	}
}
