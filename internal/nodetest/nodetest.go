// Package nodetest starts one, two or three real nodes in a test, with real
// stores and TLS on loopback.
package nodetest

import (
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/store/storetest"
)

// InJp is the reference agreement.
const InJp ident.Agreement = "in-jp-2022"

// Node is a node under test.
type Node struct {
	*node.Node
	Run  *node.Running
	Side ident.Side

	tb    testing.TB
	close func()
}

// Start starts the node of a side in a directory of its own; change, which may
// be nil, alters its configuration.
func Start(tb testing.TB, side ident.Side, change func(*node.Config)) *Node {
	tb.Helper()
	return StartAt(tb, side, nil, change)
}

// StartAt is Start by another clock than the system's.
func StartAt(tb testing.TB, side ident.Side, clk clock.Clock, change func(*node.Config)) *Node {
	tb.Helper()
	dir := tb.TempDir()
	c := node.Config{Side: side, Listen: FreePort(tb), PeerListen: FreePort(tb)}
	if change != nil {
		change(&c)
	}
	if err := node.Init(dir, c); err != nil {
		tb.Fatal(err)
	}
	if c.Store == "" {
		storetest.Migrated(tb, filepath.Join(dir, "twoseas.db"))
	}
	n := &Node{Side: side, tb: tb}
	n.Open(dir, clk)
	return n
}

// Open opens and serves the node of dir, again after Close; a nil clock is the
// system's.
func (n *Node) Open(dir string, clk clock.Clock) {
	n.tb.Helper()
	opened, err := node.Open(n.tb.Context(), dir, node.Options{Clock: clk, Log: Log()})
	if err != nil {
		n.tb.Fatal(err)
	}
	n.Node = opened
	if n.Run, err = opened.Start(n.tb.Context()); err != nil {
		n.tb.Fatal(err)
	}
	running, closed := n.Run, false
	n.close = func() {
		if closed {
			return
		}
		closed = true
		if err := running.Stop(); err != nil {
			n.tb.Error(err)
		}
		if err := opened.Close(); err != nil {
			n.tb.Error(err)
		}
	}
	n.tb.Cleanup(n.close)
}

// Halt ends what the node does by itself; its acts and its store stay.
func (n *Node) Halt() {
	n.tb.Helper()
	if err := n.Run.Stop(); err != nil {
		n.tb.Fatal(err)
	}
}

// Close stops the node; Open starts it again.
func (n *Node) Close() { n.close() }

// Log shows what nodes log when TWOSEAS_TEST_LOG is set.
func Log() *slog.Logger {
	w := io.Discard
	if os.Getenv("TWOSEAS_TEST_LOG") != "" {
		w = os.Stderr
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// Sign gives both nodes the reference agreement, has both sign it, and waits
// until it is in force on both.
func Sign(tb testing.TB, a, b *Node) {
	tb.Helper()
	signed(tb, a, b, InJp, agreement.Reference())
}

// JpUs is an agreement of Japan with a third side, for nodes that have two.
const JpUs ident.Agreement = "jp-us-2022"

// SignJpUs makes the nodes of Japan and of the United States known to each other
// and brings JpUs into force between them: the reference agreement in other
// names.
func SignJpUs(tb testing.TB, jp, us *Node) {
	tb.Helper()
	if _, err := node.Pair(tb.Context(), jp.Node, us.Node); err != nil {
		tb.Fatal(err)
	}
	text := strings.NewReplacer(string(InJp), string(JpUs), "id: in\n", "id: us\n", "codes: [ind]", "codes: [usa]",
		"en: Republic of India, ja: インド共和国, hi: भारत गणराज्य", "en: United States", "en: New Delhi, ja: ニューデリー, hi: नई दिल्ली", "en: Washington").Replace(string(agreement.Reference()))
	signed(tb, jp, us, JpUs, []byte(text))
}

// signed has both nodes add and sign a document, and waits until it is in force
// on both.
func signed(tb testing.TB, a, b *Node, id ident.Agreement, text []byte) {
	tb.Helper()
	for _, n := range []*Node{a, b} {
		v, err := n.Accords.Add(tb.Context(), n.Live, n.Operator(), text)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := n.Accords.Sign(tb.Context(), n.Live, n.Operator(), v); err != nil {
			tb.Fatal(err)
		}
	}
	for _, n := range []*Node{a, b} {
		Eventually(tb, "the agreement is in force at "+string(n.Side), func() bool {
			s, err := n.Accords.Versions(tb.Context(), n.Live, id)
			return err == nil && s[len(s)-1].InForce
		})
	}
}

// IndiaJapan starts the two nodes of the reference agreement, in force.
func IndiaJapan(tb testing.TB, change func(*node.Config)) (in, jp *Node) {
	tb.Helper()
	in, jp = Start(tb, "in", change), Start(tb, "jp", change)
	Join(tb, in, jp)
	return in, jp
}

// Join makes two nodes known to each other and brings the reference agreement
// into force between them.
func Join(tb testing.TB, a, b *Node) {
	tb.Helper()
	if _, err := node.Pair(tb.Context(), a.Node, b.Node); err != nil {
		tb.Fatal(err)
	}
	Sign(tb, a, b)
}

// Amend brings the reference agreement with some of its text replaced into
// force as the next version, by hand: the nodes need not be serving. Of
// replace, each first is replaced by the one after it.
func Amend(tb testing.TB, a, b *Node, replace ...string) {
	tb.Helper()
	v, err := a.Accords.Versions(tb.Context(), a.Live, InJp)
	if err != nil {
		tb.Fatal(err)
	}
	last := v[len(v)-1]
	text := string(agreement.Reference())
	replace = append(replace, "version: 1\n", fmt.Sprintf("version: %d\nprevious: %s\n", last.Number+1, last.Hash))
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			tb.Fatalf("the reference agreement does not say %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	notes := map[*Node][]byte{}
	for _, n := range []*Node{a, b} {
		v, err := n.Accords.Add(tb.Context(), n.Live, n.Operator(), []byte(text))
		if err != nil {
			tb.Fatal(err)
		}
		if notes[n], err = n.Accords.Sign(tb.Context(), n.Live, n.Operator(), v); err != nil {
			tb.Fatal(err)
		}
	}
	for _, way := range [][2]*Node{{a, b}, {b, a}} {
		if err := way[1].Accords.Countersign(tb.Context(), way[1].Live, way[0].Side, notes[way[0]]); err != nil {
			tb.Fatal(err)
		}
	}
}

// Import takes a bundle in.
func (n *Node) Import(tlp marking.TLP, bundle string) intake.Report {
	n.tb.Helper()
	rep, err := n.Intake.Stream(n.tb.Context(), n.Live, intake.Source{DefaultTLP: tlp}, strings.NewReader(bundle), nil)
	if err != nil {
		n.tb.Fatal(err)
	}
	return rep
}

// Converged waits until each node knows that both sides hold the same.
func Converged(tb testing.TB, nodes ...*Node) {
	tb.Helper()
	for _, n := range nodes {
		Eventually(tb, string(n.Side)+" has converged", func() bool {
			st, err := n.Exchange.State(tb.Context(), n.Live, InJp)
			return err == nil && st.Compared()
		})
	}
}

// Eventually waits for a condition, for a minute at most.
func Eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
	}
	tb.Fatalf("not within a minute: %s", what)
}

// Checks lowers the number of cases of the property tests in tb, each of which
// commits to a disk several times, unless the command line asks for another.
func Checks(tb testing.TB, n int) {
	tb.Helper()
	f := flag.Lookup("rapid.checks")
	if f == nil || f.Value.String() != f.DefValue {
		return
	}
	if err := f.Value.Set(strconv.Itoa(n)); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := f.Value.Set(f.DefValue); err != nil {
			tb.Error(err)
		}
	})
}
