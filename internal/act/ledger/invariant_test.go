package ledger_test

import (
	"encoding/base64"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/store"
)

// edgeOf returns the indexes of the hashes whose subtrees make up a tree of n
// leaves.
func edgeOf(n int64) []any {
	var out []any
	for at, left := int64(0), n; left > 0; {
		level := bits.Len64(uint64(left)) - 1
		out = append(out, tlog.StoredHashIndex(level, at>>level))
		at += 1 << level
		left -= 1 << level
	}
	return out
}

// client is a stranger's view of a log: tiles, and x/mod's arithmetic.
type client struct {
	n      *node
	origin string
}

func (c client) get(path string) []byte {
	c.n.t.Helper()
	var out []byte
	c.n.read(func(tx *store.Tx) error {
		var err error
		out, err = c.n.ledger.Tile(tx, c.origin, path)
		return err
	})
	return out
}

// tree reads the checkpoint as its three lines.
func (c client) tree() tlog.Tree {
	c.n.t.Helper()
	lines := strings.Split(string(c.get("checkpoint")), "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || lines[0] != c.origin {
		c.n.t.Fatalf("checkpoint %q: %v", lines, err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		c.n.t.Fatal(err)
	}
	return tlog.Tree{N: size, Hash: tlog.Hash(root)}
}

// Height, ReadTiles and SaveTiles make c a tlog.TileReader, which checks what
// it reads against the root.
func (c client) Height() int { return 8 }

func (c client) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		// x/mod's paths have the height in front, C2SP's do not.
		out[i] = c.get("tile/" + strings.TrimPrefix(t.Path(), "tile/8/"))
	}
	return out, nil
}

func (c client) SaveTiles([]tlog.Tile, [][]byte) {}

// entry reads one leaf out of its bundle.
func (c client) entry(ix, size int64) []byte {
	c.n.t.Helper()
	t := merkle.Tile{Entries: true, Index: ix / 256, Width: int(min(256, size-ix/256*256))}
	leaves, err := merkle.ParseBundle(c.get(t.Path()))
	if err != nil || len(leaves) != t.Width {
		c.n.t.Fatalf("bundle %s of %d entries: %v", t.Path(), len(leaves), err)
	}
	return leaves[ix%256]
}

// Invariant 4: whatever is appended, in whatever batches, every state is a
// continuation of every state before it, and every leaf is in it.
func TestEveryStateContinuesEveryOneBefore(t *testing.T) {
	n := open(t, "in")
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		a := ident.Agreement(fmt.Sprintf("run-%d", run))
		c := client{n, "twoseas/in/" + string(a) + "/live"}
		var states []tlog.Tree
		for range rapid.IntRange(1, 4).Draw(rt, "batches") {
			n.add(a, rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(1, 300)).Draw(rt, "leaves"))
			states = append(states, c.tree())
		}
		last := states[len(states)-1]
		reader := tlog.TileHashReader(last, c)
		for _, old := range states {
			p, err := tlog.ProveTree(last.N, old.N, reader)
			if err != nil {
				rt.Fatal(err)
			}
			if err := tlog.CheckTree(p, last.N, last.Hash, old.N, old.Hash); err != nil {
				rt.Errorf("%d leaves do not begin with the %d before: %v", last.N, old.N, err)
			}
		}
		ix := rapid.Int64Range(0, last.N-1).Draw(rt, "leaf")
		p, err := tlog.ProveRecord(last.N, ix, reader)
		if err != nil {
			rt.Fatal(err)
		}
		if err := tlog.CheckRecord(p, last.N, last.Hash, ix, tlog.RecordHash(c.entry(ix, last.N))); err != nil {
			rt.Errorf("leaf %d of %d: %v", ix, last.N, err)
		}
	})
	if err := n.ledger.CheckAll(t.Context(), n.h); err != nil {
		t.Error(err)
	}
}
