package offline_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/offline"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

const inJP = nodetest.InJp

var (
	asha  = people.Actor{Name: "asha", Roles: []people.Role{people.DutyOfficer}}
	ravi  = people.Actor{Name: "ravi", Roles: []people.Role{people.ReleasingOfficer}}
	admin = people.Actor{Name: "root", Roles: []people.Role{people.Administrator}}
)

// island opens a node that never serves and never calls: no listener, no
// carrier.
func island(t *testing.T, side ident.Side, clk clock.Clock) *nodetest.Node {
	t.Helper()
	dir := t.TempDir()
	if err := node.Init(dir, node.Config{Side: side}); err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(t.Context(), dir, node.Options{Clock: clk, Log: nodetest.Log()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return &nodetest.Node{Node: n, Side: side}
}

// meet pairs two nodes by messages that people carry, and gives each the
// other's recipient.
func meet(t *testing.T, a, b *nodetest.Node) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	code, err := a.Pairing.Invite(ctx, a.Operator(), "")
	must(err)
	call, err := b.Pairing.Accept(ctx, b.Operator(), code)
	must(err)
	answer, err := a.Pairing.AnswerByHand(ctx, asha, call.Hello)
	must(err)
	_, err = b.Pairing.Finish(ctx, answer)
	must(err)
	sas := func(n *nodetest.Node) string {
		peers, err := n.Pairing.Peers(ctx)
		must(err)
		return peers[len(peers)-1].SAS
	}
	must(a.Pairing.Confirm(ctx, asha, b.Side, sas(b)))
	must(b.Pairing.Confirm(ctx, asha, a.Side, sas(a)))
	for _, way := range [][2]*nodetest.Node{{a, b}, {b, a}} {
		msg, err := way[0].Pairing.AnnounceRecipient(ctx, asha, false)
		must(err)
		must(way[1].Pairing.Hear(ctx, way[0].Side, msg))
	}
}

// islands are two nodes that know each other; each has signed the agreement,
// and neither has the other's signature.
func islands(t *testing.T, clk clock.Clock) (in, jp *nodetest.Node) {
	t.Helper()
	in, jp = island(t, "in", clk), island(t, "jp", clk)
	meet(t, in, jp)
	for _, n := range []*nodetest.Node{in, jp} {
		v, err := n.Accords.Add(t.Context(), n.Live, n.Operator(), agreement.Reference())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Accords.Sign(t.Context(), n.Live, n.Operator(), v); err != nil {
			t.Fatal(err)
		}
	}
	return in, jp
}

// stick is a file that was written.
type stick struct {
	raw []byte
	out offline.Exported
}

func (s stick) source() offline.Source { return source(s.raw) }

func source(raw []byte) offline.Source {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
}

func write(t *testing.T, n *nodetest.Node, again bool) stick {
	t.Helper()
	var b bytes.Buffer
	out, err := n.Offline.Export(t.Context(), n.Live, asha, inJP, again, &b)
	if err != nil {
		t.Fatalf("%s: %v", n.Side, err)
	}
	return stick{raw: b.Bytes(), out: out}
}

// take has two officers look and confirm.
func take(n *nodetest.Node, t *testing.T, s stick) (offline.Imported, error) {
	t.Helper()
	var got offline.Imported
	for _, by := range []people.Actor{asha, ravi} {
		if _, err := n.Offline.Look(t.Context(), n.Live, by, s.source()); err != nil {
			return got, err
		}
		var err error
		if got, err = n.Offline.Import(t.Context(), n.Live, by, s.source()); err != nil {
			return got, err
		}
	}
	if !got.Applied {
		t.Fatalf("%s: two officers confirmed and nothing happened: %+v", n.Side, got)
	}
	return got, nil
}

// cross brings one file from a node to another.
func cross(t *testing.T, from, to *nodetest.Node) offline.Imported {
	t.Helper()
	s := write(t, from, false)
	got, err := take(to, t, s)
	if err != nil {
		t.Fatalf("file %d of %s: %v", s.out.Number, from.Side, err)
	}
	if len(got.Notes) > 0 {
		t.Errorf("file %d of %s: %v", s.out.Number, from.Side, got.Notes)
	}
	return got
}

// converge exchanges files until both sides say that they hold the same.
func converge(t *testing.T, a, b *nodetest.Node) (rounds int) {
	t.Helper()
	for rounds = 1; rounds <= 6; rounds++ {
		cross(t, a, b)
		cross(t, b, a)
		if compared(t, a) && compared(t, b) && cosigned(t, a) && cosigned(t, b) {
			nodetest.VerifyLedgers(t, a.Node, b.Node)
			nodetest.Crossed(t, a.Node, b.Node, 0)
			nodetest.Crossed(t, b.Node, a.Node, 0)
			return rounds
		}
	}
	for _, n := range []*nodetest.Node{a, b} {
		st, err := n.Exchange.State(t.Context(), n.Live, inJP)
		t.Errorf("%s: %+v %v, cosigned %v", n.Side, st, err, cosigned(t, n))
	}
	t.Fatal("six rounds of files were not enough")
	return 0
}

func compared(t *testing.T, n *nodetest.Node) bool {
	t.Helper()
	st, err := n.Exchange.State(t.Context(), n.Live, inJP)
	if err != nil {
		t.Fatal(err)
	}
	return st.Compared()
}

// cosigned reports whether the partner has cosigned all of a node's ledger.
func cosigned(t *testing.T, n *nodetest.Node) bool {
	t.Helper()
	var log store.Log
	if err := n.Live.Read(t.Context(), func(tx *store.Tx) (err error) {
		log, err = tx.Log(n.Ledger.Origin(inJP, ident.Live))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return log.Cosigned == log.Size
}

// load takes a bundle of objects in.
func load(t *testing.T, n *nodetest.Node, tlp marking.TLP, objects ...[]byte) {
	t.Helper()
	rep, err := n.Intake.Stream(t.Context(), n.Live, intake.Source{DefaultTLP: tlp}, bytes.NewReader(stixtest.Bundle(objects...)), nil)
	if err != nil || rep.New != len(objects) {
		t.Fatalf("%+v %v", rep, err)
	}
}

// some returns n indicators that no other call returns.
func some(n int) [][]byte {
	out := make([][]byte, n)
	for i := range out {
		out[i] = stixtest.Indicator()
	}
	return out
}

func want(t *testing.T, err error, kind fault.Kind, text string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v (%v), want %v that says %q", err, fault.KindOf(err), kind, text)
	}
}

// inForce are two islands whose agreement is in force on both: each has
// imported one file of the other.
func inForce(t *testing.T) (in, jp *nodetest.Node) {
	t.Helper()
	in, jp = islands(t, clock.NewFake(storetest.Start))
	cross(t, in, jp)
	cross(t, jp, in)
	return in, jp
}
