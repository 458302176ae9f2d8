package pairing_test

import (
	"crypto/rand"
	"crypto/sha256"
	"io"
	"testing"
	"time"

	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/pairing"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

var officer = people.Actor{Name: "duty@example", Roles: []people.Role{people.DutyOfficer}}

// node is one side's node, without a network: messages are handed over.
type node struct {
	*pairing.Pairing
	side ident.Side
	pin  ident.Digest
	live *store.Handle
	ring *keys.Ring
	log  *ledger.Ledger
	clk  *clock.Fake
}

func newNode(t *testing.T, side ident.Side, tlsKey string) *node {
	t.Helper()
	return newNodeOn(t, side, tlsKey, storetest.SQLite, rand.Reader)
}

func newNodeOn(t *testing.T, side ident.Side, tlsKey string, open storetest.Opener, random io.Reader) *node {
	t.Helper()
	clk := clock.NewFake(storetest.Start)
	live := storetest.Live(t, open(t, clk))
	ring := keys.New(sha256.Sum256([]byte(tlsKey)), side, clk, rand.Reader)
	log := ledger.New(ring, clk)
	pin := ident.Sum([]byte("TLS key of " + tlsKey))
	self := pairing.Identity{URL: "https://" + string(side) + ".example:7443", SPKI: pin}
	return &node{
		Pairing: pairing.New(live, ring, log, self, clk, random),
		side:    side, pin: pin, live: live, ring: ring, log: log, clk: clk,
	}
}

func (n *node) invite(t *testing.T) string {
	t.Helper()
	code, err := n.Invite(t.Context(), officer, "")
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func (n *node) accept(t *testing.T, code string) pairing.Call {
	t.Helper()
	call, err := n.Accept(t.Context(), officer, code)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

func (n *node) answer(t *testing.T, hello pairing.Hello, pin ident.Digest) pairing.Answer {
	t.Helper()
	answer, err := n.Answer(t.Context(), hello, pin)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func (n *node) finish(t *testing.T, answer pairing.Answer) store.Peer {
	t.Helper()
	peer, err := n.Finish(t.Context(), answer)
	if err != nil {
		t.Fatal(err)
	}
	return peer
}

// peer returns what n knows of a side; the zero Peer when nothing.
func (n *node) peer(t *testing.T, side ident.Side) store.Peer {
	t.Helper()
	list, err := n.Peers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p.Side == side {
			return p
		}
	}
	return store.Peer{}
}

// vkey returns n's newest key.
func (n *node) vkey(t *testing.T) string {
	t.Helper()
	var key string
	n.read(t, func(tx *store.Tx) error {
		v, err := n.ring.Verifier(tx)
		key = v.String()
		return err
	})
	return key
}

func (n *node) read(t *testing.T, fn func(*store.Tx) error) {
	t.Helper()
	if err := n.live.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func (n *node) write(t *testing.T, fn func(*store.Tx) error) {
	t.Helper()
	if err := n.live.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// wait lets time pass at every node.
func wait(d time.Duration, nodes ...*node) {
	for _, n := range nodes {
		n.clk.Advance(d)
	}
}

// exchange runs the messages of a pairing; nobody has confirmed it then.
func exchange(t *testing.T, inviter, guest *node) {
	t.Helper()
	call := guest.accept(t, inviter.invite(t))
	if call.Pin != inviter.pin || call.Side != inviter.side {
		t.Fatalf("the call goes to %s %s, want %s %s", call.Side, call.Pin, inviter.side, inviter.pin)
	}
	guest.finish(t, inviter.answer(t, call.Hello, guest.pin))
}

// pair pairs two nodes, with people who read to each other what they see.
func pair(t *testing.T, a, b *node) {
	t.Helper()
	exchange(t, a, b)
	confirm(t, a, b)
	confirm(t, b, a)
}

// confirm types at n what other's screen shows.
func confirm(t *testing.T, n, other *node) {
	t.Helper()
	if err := n.Confirm(t.Context(), officer, other.side, other.peer(t, n.side).SAS); err != nil {
		t.Fatal(err)
	}
}

func pairOfNodes(t *testing.T) (*node, *node) {
	t.Helper()
	return newNode(t, "in", "in"), newNode(t, "jp", "jp")
}

func wantFault(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("error %v (%s), want one of kind %s", err, fault.KindOf(err), kind)
	}
}
