package exchange_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"twoseas/internal/act/exchange"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const inJP = nodetest.InJp

// pair returns the two nodes of the reference agreement, in force, that do
// nothing by themselves any more: each test carries by hand.
func pair(t *testing.T, clk clock.Clock) (in, jp *nodetest.Node) {
	t.Helper()
	in, jp = nodetest.StartAt(t, "in", clk, nil), nodetest.StartAt(t, "jp", clk, nil)
	nodetest.Join(t, in, jp)
	in.Halt()
	jp.Halt()
	return in, jp
}

// loop is a link to a node in the same process, without a network. Each hook
// may be nil.
type loop struct {
	to      *nodetest.Node
	parcel  func(exchange.Parcel) exchange.Parcel // on the way there
	receipt func([]byte) []byte                   // on the way back
}

func (l loop) Ship(ctx context.Context, _ ident.Domain, a ident.Agreement, p exchange.Parcel) ([]byte, error) {
	if l.parcel != nil {
		p = l.parcel(p)
	}
	msg, err := l.to.Exchange.Receive(ctx, l.to.Live, a, p)
	if err == nil && l.receipt != nil {
		msg = l.receipt(msg)
	}
	return msg, err
}

func (l loop) AddCheckpoint(ctx context.Context, _ ident.Domain, a ident.Agreement, body []byte) ([]byte, error) {
	var line []byte
	err := l.to.Live.Write(ctx, func(tx *store.Tx) (err error) {
		partner, err := l.to.Accords.Partner(ctx, l.to.Live, a)
		if err != nil {
			return err
		}
		line, err = l.to.Ledger.Witness(tx, partner, body)
		return err
	})
	return line, err
}

func (l loop) Holding(ctx context.Context, _ ident.Domain, a ident.Agreement, q exchange.Range) (exchange.Holding, error) {
	return l.to.Exchange.Holding(ctx, l.to.Live, a, q)
}

// deliver carries everything from one node to the other.
func deliver(t *testing.T, from, to *nodetest.Node) exchange.Delivered {
	t.Helper()
	done, err := from.Exchange.Deliver(t.Context(), from.Live, inJP, loop{to: to}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// settled carries both ways, cosigns and compares, and wants both sides equal.
func settled(t *testing.T, a, b *nodetest.Node) {
	t.Helper()
	for _, way := range [][2]*nodetest.Node{{a, b}, {b, a}} {
		deliver(t, way[0], way[1])
	}
	for _, way := range [][2]*nodetest.Node{{a, b}, {b, a}} {
		if err := way[0].Exchange.Cosign(t.Context(), way[0].Live, inJP, loop{to: way[1]}); err != nil {
			t.Fatal(err)
		}
		if f := compare(t, way[0], way[1]); !f.Converged {
			t.Fatalf("%s: %+v", way[0].Side, f)
		}
	}
	nodetest.VerifyLedgers(t, a.Node, b.Node)
}

func compare(t *testing.T, at, other *nodetest.Node) exchange.Finding {
	t.Helper()
	f, err := at.Exchange.Compare(t.Context(), at.Live, inJP, loop{to: other}, true)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func build(t *testing.T, n *nodetest.Node) exchange.Parcel {
	t.Helper()
	p, _, err := n.Exchange.Build(t.Context(), n.Live, inJP)
	if err != nil {
		t.Fatal(err)
	}
	if p.Note == nil {
		t.Fatal("nothing to build a shipment of")
	}
	return p
}

func receive(t *testing.T, n *nodetest.Node, p exchange.Parcel) shipment.Receipt {
	t.Helper()
	msg, err := n.Exchange.Receive(t.Context(), n.Live, inJP, p)
	if err != nil {
		t.Fatal(err)
	}
	return receiptOf(t, msg)
}

func receiptOf(t *testing.T, msg []byte) shipment.Receipt {
	t.Helper()
	text, err := note.Text(msg)
	if err != nil {
		t.Fatal(err)
	}
	r, err := shipment.ParseReceipt(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func settle(t *testing.T, n *nodetest.Node, msg []byte) {
	t.Helper()
	if _, err := n.Exchange.Settle(t.Context(), n.Live, inJP, msg); err != nil {
		t.Fatal(err)
	}
}

// refused wants an error of a kind that says something.
func refused(t *testing.T, err error, kind fault.Kind, words string) {
	t.Helper()
	if !fault.Is(err, kind) || !bytes.Contains([]byte(fault.Message(err)), []byte(words)) {
		t.Errorf("got %v (%v), want %v saying %q", err, fault.KindOf(err), kind, words)
	}
}

// channel returns the channel of the reference agreement at n.
func channel(t *testing.T, n *nodetest.Node) (ch store.Channel) {
	t.Helper()
	if err := n.Live.Query(t.Context(), func(tx *store.Tx) (err error) {
		ch, err = tx.Channel(inJP)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return ch
}

// signer returns n's own signing key: what a dishonest operator has.
func signer(t *testing.T, n *nodetest.Node) (s note.Signer) {
	t.Helper()
	if err := n.Live.Write(t.Context(), func(tx *store.Tx) (err error) {
		s, err = n.Ring.Signer(tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// terms returns the hash of the version in force.
func terms(t *testing.T, n *nodetest.Node) (d ident.Digest) {
	t.Helper()
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) error {
		in, err := n.Accords.InForce(tx, inJP)
		d = in.Hash
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return d
}

// forge is a shipment put together by hand with the sender's own key, as its
// own software would not.
type forge struct {
	header func(*shipment.Header)
	items  []shipment.Item
	by     note.Signer // the sender's when zero
}

func (f forge) parcel(t *testing.T, from, to *nodetest.Node) exchange.Parcel {
	t.Helper()
	var lines bytes.Buffer
	w := shipment.NewWriter(&lines)
	for _, it := range f.items {
		if err := w.Add(it); err != nil {
			t.Fatal(err)
		}
	}
	root, err := w.Root()
	if err != nil {
		t.Fatal(err)
	}
	ch := channel(t, from)
	h := shipment.Header{
		Agreement: inJP, AgreementHash: terms(t, from), Domain: ident.Live, From: from.Side, To: to.Side,
		Number: uint64(ch.OutNumber) + 1, Previous: ch.OutLink, Items: w.Items(), Root: root,
	}
	if f.header != nil {
		f.header(&h)
	}
	by := f.by
	if by.Verifier().IsZero() {
		by = signer(t, from)
	}
	msg, err := by.Sign(h.Text())
	if err != nil {
		t.Fatal(err)
	}
	return exchange.Parcel{Number: int64(h.Number), Note: msg, Body: compress(t, lines.Bytes())}
}

func compress(t *testing.T, lines []byte) []byte {
	t.Helper()
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return enc.EncodeAll(lines, nil)
}

func decompress(t *testing.T, body []byte) []byte {
	t.Helper()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	lines, err := dec.DecodeAll(body, nil)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// item is an indicator with a label, ready to be shipped.
func item(i int, label marking.Label, more string) shipment.Item {
	return shipment.Item{Salt: [16]byte{byte(i), byte(i >> 8), 1}, Label: label.Canonical(), Object: indicator(i, more)}
}

// indicator returns a canonical indicator; more is written before "modified".
func indicator(i int, more string) []byte {
	return fmt.Appendf(nil, `{"created":"2026-01-01T00:00:00.000Z","id":"indicator--00000000-0000-4000-8000-%012d",`+
		`"modified":"2026-01-01T00:00:00.000Z",%s"pattern":"[ipv4-addr:value = '45.%d.%d.%d']","pattern_type":"stix",`+
		`"spec_version":"2.1","type":"indicator","valid_from":"2026-01-01T00:00:00Z"}`, i, more, i>>16&255, i>>8&255, i&255)
}

func bundle(objects ...[]byte) string {
	return `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[` + string(bytes.Join(objects, []byte(","))) + `]}`
}

// take imports n indicators from first on.
func take(t *testing.T, n *nodetest.Node, first, count int) {
	t.Helper()
	var objects [][]byte
	for i := range count {
		objects = append(objects, indicator(first+i, ""))
	}
	if rep := n.Import(marking.Clear, bundle(objects...)); rep.New != count {
		t.Fatalf("import: %+v", rep)
	}
}

func clear(side ident.Side) marking.Label {
	return marking.MakeLabel(marking.Terms{TLP: marking.Clear}, marking.Facts{Kind: "threat", Origin: side})
}

func officer(name string) people.Actor {
	return people.Actor{Name: name, Roles: []people.Role{people.ReleasingOfficer}, Clearance: people.Clearance{TLP: marking.Red}}
}

// listening notes what the partner is asked to compare.
type listening struct {
	loop
	asked *[]exchange.Range
}

func (l listening) Holding(ctx context.Context, d ident.Domain, a ident.Agreement, q exchange.Range) (exchange.Holding, error) {
	*l.asked = append(*l.asked, q)
	return l.loop.Holding(ctx, d, a, q)
}

func contains(s, part string) bool { return strings.Contains(s, part) }

func sum(b []byte) []byte { d := ident.Sum(b); return d[:] }
