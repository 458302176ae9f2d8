package merkle_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
)

const origin = "twoseas/in/in-jp-2022/live"

func leaf(i int64) []byte { return fmt.Appendf(nil, "leaf %d", i) }

// grown returns a ledger of n leaves.
func grown(t testing.TB, n int64) *merkle.Tree {
	t.Helper()
	tree := &merkle.Tree{}
	for i := range n {
		if err := tree.Append(leaf(i)); err != nil {
			t.Fatal(err)
		}
	}
	return tree
}

func checkpoint(t testing.TB, tree *merkle.Tree, size int64) merkle.Checkpoint {
	t.Helper()
	r, err := tree.Root(size)
	if err != nil {
		t.Fatal(err)
	}
	return merkle.Checkpoint{Origin: origin, Size: size, Root: r}
}

func TestEveryLeafIsIncludedAndEveryStateConsistent(t *testing.T) {
	const n = 67
	tree := grown(t, n)
	for size := int64(1); size <= n; size++ {
		c := checkpoint(t, tree, size)
		for i := range size {
			p, err := merkle.ProveInclusion(size, i, tree)
			if err != nil {
				t.Fatal(err)
			}
			if err := merkle.CheckInclusion(p, c, i, leaf(i)); err != nil {
				t.Fatalf("leaf %d of %d: %v", i, size, err)
			}
			wantKind(t, merkle.CheckInclusion(p, c, i, leaf(i+1)), fault.Denied)
		}
		for old := range size + 1 {
			p, err := merkle.ProveConsistency(old, size, tree)
			if err != nil {
				t.Fatal(err)
			}
			before := checkpoint(t, tree, old)
			if err := merkle.CheckConsistency(p, old, before.Root, c); err != nil {
				t.Fatalf("from %d to %d: %v", old, size, err)
			}
			if old == 0 {
				continue // from nothing to anything
			}
			before.Root[3] ^= 1
			wantKind(t, merkle.CheckConsistency(p, old, before.Root, c), fault.Denied)
		}
	}
}

func TestSizesOutOfRangeAreRefused(t *testing.T) {
	tree := grown(t, 3)
	c := checkpoint(t, tree, 3)
	const huge = int64(1)<<62 + 1 // tlog's arithmetic does not end on these
	for name, f := range map[string]func() error{
		"inclusion beyond the end":      func() error { _, err := merkle.ProveInclusion(3, 3, tree); return err },
		"inclusion before the start":    func() error { _, err := merkle.ProveInclusion(3, -1, tree); return err },
		"consistency backwards":         func() error { _, err := merkle.ProveConsistency(3, 2, tree); return err },
		"a root beyond the end":         func() error { _, err := tree.Root(4); return err },
		"a root of a size below zero":   func() error { _, err := tree.Root(-1); return err },
		"an impossible size":            func() error { _, err := merkle.TreeRoot(huge, tree); return err },
		"inclusion in impossible sizes": func() error { return merkle.CheckInclusion(nil, merkle.Checkpoint{Size: huge}, 1, nil) },
		"consistency of impossible sizes": func() error {
			return merkle.CheckConsistency(nil, 1, ident.Digest{}, merkle.Checkpoint{Size: huge})
		},
		"a leaf beyond the end": func() error { return merkle.CheckInclusion(nil, c, 3, leaf(3)) },
		"an empty leaf":         func() error { _, err := merkle.Grow(3, nil, tree); return err },
	} {
		t.Run(name, func(t *testing.T) { wantKind(t, f(), fault.Invalid) })
	}
	_, err := merkle.Grow(3, make([]byte, merkle.MaxLeaf+1), tree)
	wantKind(t, err, fault.TooLarge)
	wantKind(t, merkle.CheckConsistency(merkle.Proof{{}}, 0, ident.Digest{}, c), fault.Denied)
	if _, err := tree.ReadHashes([]int64{100}); err == nil {
		t.Error("a hash that is not stored")
	}
	empty, err := new(merkle.Tree).Root(0)
	if want := ident.Sum(); err != nil || empty != want {
		t.Errorf("root of nothing: %s, %v, want %s", empty, err, want)
	}
}

func TestCheckpointTextIsThatOfTheSpecification(t *testing.T) {
	want := "twoseas/in/in-jp-2022/live\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
	c, err := merkle.ParseCheckpoint([]byte(want))
	if err != nil || c.Size != 20852163 || c.Origin != origin || c.Root.String()[:15] != "sha256:0ac5186a" {
		t.Fatalf("reads as %+v, %v", c, err)
	}
	if diff := cmp.Diff(want, string(c.Text())); diff != "" {
		t.Error(diff)
	}
	for name, s := range map[string]string{
		"no origin":          strings.Replace(want, origin, "", 1),
		"a leading zero":     strings.Replace(want, "2085", "02085", 1),
		"a size beyond sane": strings.Replace(want, "20852163", "4611686018427387905", 1),
		"an extension line":  want + "more\n",
		"a line missing":     strings.Replace(want, "20852163\n", "", 1),
		"spare base64 bits":  strings.Replace(want, "q2I=", "q2J=", 1),
		"no final newline":   strings.TrimSuffix(want, "\n"),
		"nothing":            "",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := merkle.ParseCheckpoint([]byte(s))
			wantKind(t, err, fault.Invalid)
		})
	}
}

func TestOriginsNameSideAgreementAndDomain(t *testing.T) {
	play, err := ident.Exercise("two-seas-26")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []ident.Domain{ident.Live, play} {
		side, agreement, domain, err := merkle.ParseOrigin(merkle.Origin("in", "in-jp-2022", d))
		if err != nil || side != "in" || agreement != "in-jp-2022" || domain != d {
			t.Errorf("%s reads as %s %s %s, %v", d, side, agreement, domain, err)
		}
	}
	for _, s := range []string{"", "twoseas", "twoseas/in/in-jp-2022", "other/in/in-jp-2022/live", "twoseas/IN/in-jp-2022/live", "twoseas/in/x y/live", "twoseas/in/in-jp-2022/dead"} {
		_, _, _, err := merkle.ParseOrigin(s)
		wantKind(t, err, fault.Invalid)
	}
}

func TestTilePathsAreThoseOfTheSpecification(t *testing.T) {
	for path, tile := range map[string]merkle.Tile{
		"tile/0/000":                  {Width: 256},
		"tile/1/067.p/8":              {Level: 1, Index: 67, Width: 8},
		"tile/0/x001/x234/067":        {Index: 1234067, Width: 256},
		"tile/entries/x001/000":       {Entries: true, Index: 1000, Width: 256},
		"tile/entries/273.p/112":      {Entries: true, Index: 273, Width: 112},
		"tile/63/000":                 {Level: 63, Width: 256},
		"tile/0/x123/x456/789.p/255":  {Index: 123456789, Width: 255},
		"tile/2/x001/x000/x000/000":   {Level: 2, Index: 1e9, Width: 256},
		"tile/entries/x999/999.p/001": {},
		"tile/0/000.p/0":              {},
		"tile/0/000.p/256":            {},
		"tile/64/000":                 {},
		"tile/00/000":                 {},
		"tile/8/0/000/":               {},
		"tile/data/000":               {},
		"tile/0/x000/067":             {},
		"tile/0/67":                   {},
		"tile/0/001/067":              {},
		"tile/0/x001/x067":            {},
		"tile/0/+01":                  {},
		"tile/0/":                     {},
		"tile/0":                      {},
		"/tile/0/000":                 {},
		"tile/-1/000":                 {},
		"tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999": {},
	} {
		got, err := merkle.ParseTile(path)
		if tile == (merkle.Tile{}) {
			if err == nil {
				t.Errorf("%s reads as %+v", path, got)
			}
			continue
		}
		if err != nil || got != tile || tile.Path() != path {
			t.Errorf("%s reads as %+v, %v and %+v writes as %s", path, got, err, tile, tile.Path())
		}
	}
}

// TestATreeOf70000HasTheTilesOfTheSpecification uses the example in tlog-tiles
// "Partial Tiles".
func TestATreeOf70000HasTheTilesOfTheSpecification(t *testing.T) {
	for _, tc := range []struct {
		tile merkle.Tile
		in   bool
	}{
		{merkle.Tile{Index: 272, Width: 256}, true},
		{merkle.Tile{Index: 273, Width: 112}, true},
		{merkle.Tile{Index: 273, Width: 113}, false},
		{merkle.Tile{Level: 1, Index: 0, Width: 256}, true},
		{merkle.Tile{Level: 1, Index: 1, Width: 17}, true},
		{merkle.Tile{Level: 1, Index: 1, Width: 18}, false},
		{merkle.Tile{Level: 2, Width: 1}, true},
		{merkle.Tile{Level: 3, Width: 1}, false},
		{merkle.Tile{Level: 63, Width: 1}, false},
		{merkle.Tile{Entries: true, Index: 273, Width: 112}, true},
	} {
		if got := tc.tile.In(70000); got != tc.in {
			t.Errorf("%s in a tree of 70,000: %v", tc.tile.Path(), got)
		}
	}
}

func TestTilesRebuildTheRoot(t *testing.T) {
	const size = 700
	tree := grown(t, size)
	want := checkpoint(t, tree, size)
	var hashes []ident.Digest
	for i, w := range []int{256, 256, 188} {
		data, err := merkle.TileData(merkle.Tile{Index: int64(i), Width: w}, size, tree)
		if err != nil || len(data) != 32*w {
			t.Fatalf("tile %d: %d bytes, %v", i, len(data), err)
		}
		for h := 0; h < len(data); h += 32 {
			hashes = append(hashes, ident.Digest(data[h:h+32]))
		}
	}
	if got := root(t, hashes); got != want.Root {
		t.Errorf("root from tiles %s, want %s", got, want.Root)
	}
	up, err := merkle.TileData(merkle.Tile{Level: 1, Width: 2}, size, tree)
	if err != nil || ident.Digest(up[:32]) != root(t, hashes[:256]) || ident.Digest(up[32:]) != root(t, hashes[256:512]) {
		t.Errorf("level 1 is not the roots of level 0: %x, %v", up, err)
	}
	for _, tile := range []merkle.Tile{{Index: 2, Width: 189}, {Level: 1, Width: 3}, {Entries: true, Width: 256}} {
		_, err := merkle.TileData(tile, size, tree)
		wantKind(t, err, fault.NotFound)
	}
}

func TestBundlesCarryLeavesThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 300), 0, 256).Draw(t, "leaves")
		var b []byte
		for _, l := range in {
			var err error
			if b, err = merkle.AppendEntry(b, l); err != nil {
				t.Fatal(err)
			}
		}
		out, err := merkle.ParseBundle(b)
		if err != nil || len(out) != len(in) {
			t.Fatalf("%d leaves read as %d, %v", len(in), len(out), err)
		}
		for i := range in {
			if !bytes.Equal(in[i], out[i]) {
				t.Fatalf("leaf %d differs", i)
			}
		}
	})
	_, err := merkle.AppendEntry(nil, make([]byte, 65536))
	wantKind(t, err, fault.TooLarge)
	if b, err := merkle.AppendEntry(nil, make([]byte, 65535)); err != nil || len(b) != 65537 {
		t.Errorf("the largest leaf: %d bytes, %v", len(b), err)
	}
	for _, b := range [][]byte{{0}, {0, 2, 1}, {0, 0}, bytes.Repeat([]byte{0, 1, 7}, 257)} {
		_, err := merkle.ParseBundle(b)
		wantKind(t, err, fault.Invalid)
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte("tile/entries/x001/067.p/8"))
	f.Add([]byte("twoseas/in/in-jp-2022/live\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"))
	f.Add([]byte{0, 3, 'a', 'b', 'c'})
	f.Add(merkle.Proof{tlog.Hash{9}}.AppendText(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if tile, err := merkle.ParseTile(string(b)); err == nil && tile.Path() != string(b) {
			t.Fatalf("tile %q writes as %q", b, tile.Path())
		} else if err == nil && tile.Level > 4 && tile.In(merkle.MaxLog) {
			t.Fatalf("tile %q is in a ledger that cannot have that many leaves", b)
		}
		if c, err := merkle.ParseCheckpoint(b); err == nil && !bytes.Equal(c.Text(), b) {
			t.Fatalf("checkpoint %q writes as %q", b, c.Text())
		}
		if p, err := merkle.ParseProof(b); err == nil && !bytes.Equal(p.AppendText(nil), b) {
			t.Fatalf("proof %q writes as %q", b, p.AppendText(nil))
		}
		if leaves, err := merkle.ParseBundle(b); err == nil {
			var again []byte
			for _, l := range leaves {
				if again, err = merkle.AppendEntry(again, l); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(again, b) {
				t.Fatalf("bundle %x writes as %x", b, again)
			}
		}
		if side, a, d, err := merkle.ParseOrigin(string(b)); err == nil && merkle.Origin(side, a, d) != string(b) {
			t.Fatalf("origin %q writes as %q", b, merkle.Origin(side, a, d))
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	b.ReportAllocs()
	var tree merkle.Tree
	l := bytes.Repeat([]byte("x"), 600)
	for b.Loop() {
		if err := tree.Append(l); err != nil {
			b.Fatal(err)
		}
	}
}
