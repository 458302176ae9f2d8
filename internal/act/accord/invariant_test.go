package accord_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"twoseas/internal/act/accord"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
	"twoseas/internal/store/storetest"
)

func openStore(t testing.TB, clk *clock.Fake, path string) *store.Store {
	t.Helper()
	storetest.Migrated(t, path)
	s, err := store.Open(t.Context(), path, clk)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// openNodes returns two nodes that know each other, and what closes them.
func openNodes(t testing.TB) (*node, *node, func()) {
	t.Helper()
	clk := clock.NewFake(storetest.Start)
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	a, b := openStore(t, clk, filepath.Join(dir, "in.db")), openStore(t, clk, filepath.Join(dir, "jp.db"))
	in, jp := newNode(t, "in", a, clk), newNode(t, "jp", b, clk)
	in.meet(t, jp, store.PeerActive)
	jp.meet(t, in, store.PeerActive)
	return in, jp, func() {
		if err := errors.Join(a.Close(), b.Close()); err != nil {
			t.Error(err)
		}
	}
}

// Whatever two sides draft, sign and drop, and in whatever order signatures
// arrive: at no time does a node carry out what both have not signed, it never
// goes back, and once everything has arrived both carry out the same text.
func TestBothNodesEndAtTheSameText(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in, jp, end := openNodes(t)
		defer end()
		nodes := []*node{in, jp}
		v1 := agree(t, in, jp)
		signed := map[accord.Version]map[*node]bool{v1: {in: true, jp: true}}
		flight := [2][][]byte{} // to each node
		last := [2]int64{1, 1}
		check := func() {
			for i, n := range nodes {
				terms := n.mustInForce(t)
				v := accord.Version{ID: inJP, Number: terms.Version, Hash: terms.Hash}
				if !signed[v][in] || !signed[v][jp] {
					rt.Fatalf("%s carries out version %d, which only one side signed", n.side, terms.Version)
				}
				if terms.Version < last[i] {
					rt.Fatalf("%s went back from version %d to %d", n.side, last[i], terms.Version)
				}
				last[i] = terms.Version
			}
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			i := rapid.IntRange(0, 1).Draw(rt, "node")
			n := nodes[i]
			if rapid.Bool().Draw(rt, "deliver") {
				if len(flight[i]) == 0 {
					continue
				}
				k := rapid.IntRange(0, len(flight[i])-1).Draw(rt, "which")
				n.countersign(t, nodes[1-i].side, flight[i][k])
				if rapid.Bool().Draw(rt, "for good") {
					flight[i] = append(flight[i][:k:k], flight[i][k+1:]...)
				}
				check()
				continue
			}
			number := rapid.IntRange(2, 5).Draw(rt, "version")
			title := rapid.SampledFrom([]string{"A", "B"}).Draw(rt, "text")
			terms := n.mustInForce(t)
			v, err := n.Add(t.Context(), n.h, desk, []byte(reference(number, terms.Hash.String(), title)))
			if fault.Is(err, fault.Conflict) {
				continue
			}
			if err != nil {
				rt.Fatal(err)
			}
			msg, err := n.Sign(t.Context(), n.h, desk, v)
			if err != nil {
				rt.Fatal(err)
			}
			if signed[v] == nil {
				signed[v] = map[*node]bool{}
			}
			signed[v][n] = true
			flight[1-i] = append(flight[1-i], msg)
			check()
		}
		for i, n := range nodes {
			for _, msg := range flight[i] {
				n.countersign(t, nodes[1-i].side, msg)
			}
		}
		check()
		if a, b := in.mustInForce(t), jp.mustInForce(t); a.Hash != b.Hash {
			rt.Fatalf("in carries out version %d, jp version %d", a.Version, b.Version)
		}
		verifyLedgers(t, in, jp)
	})
}
