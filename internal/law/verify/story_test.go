package verify_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/law/verify"
)

const agreement = ident.Agreement("in-jp-2022")

var hash = ident.Sum([]byte("the agreement"))

// node is one side's ledger, kept as plainly as can be.
type node struct {
	key         note.Signer
	first       note.Verifier
	had         []note.Verifier // every key so far
	leaves      [][]byte
	tree        merkle.Tree
	checkpoints [][]byte // newest last, those that the partner cosigned
	chain       shipment.Chain
}

// story tells what two nodes did, on one clock.
type story struct {
	t      testing.TB
	now    time.Time
	nodes  map[ident.Side]*node
	bodies map[string][]shipment.Item // items of each shipment, by its note
}

// key makes the same key for the same words in every run.
func key(t testing.TB, side ident.Side, words ...string) note.Signer {
	t.Helper()
	seed := sha256.Sum256([]byte("twoseas test vector " + string(side) + strings.Join(words, " ")))
	s, err := note.Generate(bytes.NewReader(seed[:]), side)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newStory(t testing.TB) *story {
	s := &story{t: t, now: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC), nodes: map[ident.Side]*node{}, bodies: map[string][]shipment.Item{}}
	for side, partner := range map[ident.Side]ident.Side{"in": "jp", "jp": "in"} {
		k := key(t, side)
		s.nodes[side] = &node{key: k, first: k.Verifier(), had: []note.Verifier{k.Verifier()}, chain: shipment.Chain{Agreement: agreement, Domain: ident.Live, From: side, To: partner, Next: 1}}
	}
	return s
}

func other(side ident.Side) ident.Side {
	if side == "in" {
		return "jp"
	}
	return "in"
}

func (s *story) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// logged appends a leaf to the ledgers of the sides.
func (s *story) logged(leaf []byte, sides ...ident.Side) {
	s.t.Helper()
	for _, side := range sides {
		n := s.nodes[side]
		s.must(n.tree.Append(leaf))
		n.leaves = append(n.leaves, leaf)
	}
}

// agree has both sides sign the agreement and log both signatures.
func (s *story) agree() {
	s.t.Helper()
	for _, side := range []ident.Side{"in", "jp"} {
		msg, err := s.nodes[side].key.Sign([]byte("twoseas/agreement/v1\nagreement in-jp-2022\nversion 1\nhash " + hash.String() + "\n"))
		s.must(err)
		s.logged(msg, "in", "jp")
	}
}

// send makes the side's next shipment of n items, and logs it at home.
func (s *story) send(from ident.Side, n int) []byte {
	s.t.Helper()
	node := s.nodes[from]
	items := make([]shipment.Item, n)
	leaves := make([]ident.Digest, n)
	for i := range items {
		salt := ident.Sum(fmt.Appendf(nil, "%s %d %d", from, node.chain.Next, i))
		items[i] = shipment.Item{
			Salt:   merkle.Salt(salt[:16]),
			Label:  []byte(`{"kind":"threat","tlp":"green"}`),
			Object: fmt.Appendf(nil, `{"id":"indicator--%s-%d-%d","type":"indicator"}`, from, node.chain.Next, i),
		}
		leaves[i] = items[i].Leaf()
	}
	root, err := merkle.Root(leaves)
	s.must(err)
	h := node.chain.Header(hash, n, root)
	msg, err := h.Sign(node.key)
	s.must(err)
	node.chain = node.chain.After(h)
	s.bodies[string(msg)] = items
	s.logged(msg, from)
	return msg
}

// receive logs a shipment at its receiver and makes the receipt, logged there.
func (s *story) receive(msg []byte) []byte {
	s.t.Helper()
	h, link, _, err := shipment.Open(msg, append(s.nodes["in"].had, s.nodes["jp"].had...)...)
	s.must(err)
	s.logged(msg, h.To)
	return s.answer(h, link)
}

// receipt makes the receipt of a shipment that its receiver has logged.
func (s *story) receipt(h shipment.Header, link ident.Digest) shipment.Receipt {
	s.t.Helper()
	to := s.nodes[h.To]
	root, err := to.tree.Root(to.tree.Size())
	s.must(err)
	r := shipment.Receipt{
		Agreement: h.Agreement, Domain: h.Domain, From: h.From, To: h.To, Number: h.Number, Shipment: link,
		Received: s.now, Applied: h.Items - 1, LedgerSize: to.tree.Size(), LedgerRoot: root,
	}
	r.Add(shipment.Answer{Position: h.Items - 1, Outcome: shipment.Refused, Clause: "1(1)", Code: "third-party", Text: "needs the originator's consent"})
	return r
}

// answer signs and logs the receipt of a shipment at its receiver.
func (s *story) answer(h shipment.Header, link ident.Digest) []byte {
	s.t.Helper()
	msg, err := s.receipt(h, link).Sign(s.nodes[h.To].key)
	s.must(err)
	s.logged(msg, h.To)
	return msg
}

// cross sends a shipment all the way and its receipt back.
func (s *story) cross(from ident.Side, items int) {
	s.t.Helper()
	receipt := s.receive(s.send(from, items))
	s.logged(receipt, from)
}

// rotate gives the side another key, logged with both.
func (s *story) rotate(side ident.Side, words ...string) {
	s.t.Helper()
	s.changeKey(side, key(s.t, side, words...), "in", "jp")
}

// changeKey gives the side another key, and the logs of some are told.
func (s *story) changeKey(side ident.Side, next note.Signer, logs ...ident.Side) {
	s.t.Helper()
	n := s.nodes[side]
	msg, err := note.Rotate(n.key, next, s.now)
	s.must(err)
	n.key = next
	n.had = append(n.had, next.Verifier())
	s.logged(msg, logs...)
}

// checkpoint signs the side's present state.
func (s *story) checkpoint(side ident.Side) []byte {
	s.t.Helper()
	n := s.nodes[side]
	root, err := n.tree.Root(n.tree.Size())
	s.must(err)
	c := merkle.Checkpoint{Origin: merkle.Origin(side, agreement, ident.Live), Size: n.tree.Size(), Root: root}
	msg, err := n.key.Sign(c.Text())
	s.must(err)
	return msg
}

// witness has the partner cosign the side's present state.
func (s *story) witness(side ident.Side) {
	s.t.Helper()
	msg := s.checkpoint(side)
	partner := s.nodes[other(side)].key
	line, err := note.Cosign(msg, partner, s.now)
	s.must(err)
	msg, err = note.AddCosignature(msg, line, partner.Verifier())
	s.must(err)
	s.nodes[side].checkpoints = append(s.nodes[side].checkpoints, msg)
}

// header returns what stands before the side's leaves in an exported file.
func (s *story) header(side ident.Side) verify.Ledger {
	s.t.Helper()
	n := s.nodes[side]
	l := verify.Ledger{
		Agreement: agreement, Domain: ident.Live, Owner: side, Partner: other(side),
		OwnerKey: n.first, PartnerKey: s.nodes[other(side)].first, Checkpoint: s.checkpoint(side),
	}
	for i := len(n.checkpoints) - 1; i >= 0; i-- {
		text, err := note.Text(n.checkpoints[i])
		s.must(err)
		if newest, err := note.Text(l.Checkpoint); err == nil && bytes.Equal(text, newest) {
			l.Checkpoint = n.checkpoints[i]
			continue
		}
		l.Earlier = append(l.Earlier, n.checkpoints[i])
	}
	return l
}

// export writes the side's ledger to a file.
func (s *story) export(side ident.Side) []byte {
	s.t.Helper()
	return s.write(s.header(side), s.nodes[side].leaves)
}

func (s *story) write(l verify.Ledger, leaves [][]byte) []byte {
	s.t.Helper()
	var b bytes.Buffer
	w, err := verify.NewWriter(&b, l)
	s.must(err)
	for _, leaf := range leaves {
		s.must(w.Leaf(leaf))
	}
	s.must(w.Close())
	return b.Bytes()
}

// keys returns the first keys of both sides: what an auditor was given when
// the agreement was signed.
func (s *story) keys() []note.Verifier {
	return []note.Verifier{s.nodes["in"].first, s.nodes["jp"].first}
}

// check verifies files with the first keys.
func (s *story) check(files ...[]byte) verify.Report {
	s.t.Helper()
	return check(s.t, s.keys(), files...)
}

func check(t testing.TB, keys []note.Verifier, files ...[]byte) verify.Report {
	t.Helper()
	var in []io.Reader
	for _, f := range files {
		in = append(in, bytes.NewReader(f))
	}
	r, err := verify.Verify(in, keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// usual tells a story with a bit of everything: agreement, shipments both
// ways, checkpoints on the way, a key rotation, a note of another kind.
func usual(t testing.TB) *story {
	s := newStory(t)
	s.agree()
	s.cross("in", 3)
	s.cross("jp", 2)
	s.witness("in")
	s.witness("jp")
	s.now = s.now.Add(time.Hour)
	s.rotate("jp", "second")
	// Two shipments meet on the way, so that the ledgers differ in their order.
	fromJP, fromIN := s.send("jp", 1), s.send("in", 4)
	byIN, byJP := s.receive(fromJP), s.receive(fromIN)
	s.logged(byIN, "jp")
	s.logged(byJP, "in")
	recall, err := s.nodes["in"].key.Sign([]byte("twoseas/recall/v1\nof something\n"))
	s.must(err)
	s.logged(recall, "in", "jp")
	s.now = s.now.Add(time.Hour)
	s.witness("in")
	s.witness("jp")
	return s
}
