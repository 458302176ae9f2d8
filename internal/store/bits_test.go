package store

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// places draws a set of places of a chunk, few or many.
func places(t *rapid.T) []uint16 {
	n := rapid.SampledFrom([]int{0, 1, 5, 2047, 2048, 2049, 5000, ChunkSize}).Draw(t, "n")
	step := rapid.IntRange(1, 16).Draw(t, "step")
	var out []uint16
	for i := range n {
		out = append(out, uint16(i*step%ChunkSize))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestASetComesBackAsItWasPacked, whichever of the two forms it takes.
func TestASetComesBackAsItWasPacked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := places(t)
		var b, back bitset
		for _, at := range want {
			b.add(at)
		}
		data := b.pack()
		if len(data) > denseSize || (data == nil) != (len(want) == 0) {
			t.Fatalf("%d places in %d bytes", len(want), len(data))
		}
		if err := back.unpack(data); err != nil || back != b || back.count() != len(want) {
			t.Fatalf("%d places came back as %d: %v", len(want), back.count(), err)
		}
		down := slices.Collect(back.all(true))
		slices.Reverse(down)
		if got := slices.Collect(back.all(false)); !slices.Equal(got, want) || !slices.Equal(down, want) {
			t.Fatal("walked in another order")
		}
	})
}

// TestAChangeIsWhatDoingItByHandGives: the short way of adding at the end too.
func TestAChangeIsWhatDoingItByHandGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b bitset
		for _, at := range places(t) {
			b.add(at)
		}
		c := change{
			set:   rapid.SliceOfN(rapid.Uint16Range(0, ChunkSize-1), 0, 20).Draw(t, "set"),
			clear: rapid.SliceOfN(rapid.Uint16Range(0, ChunkSize-1), 0, 3).Draw(t, "clear"),
		}
		if rapid.Bool().Draw(t, "sorted") {
			slices.Sort(c.set)
		}
		got, err := c.apply(b.pack())
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range c.set {
			b.add(at)
		}
		for _, at := range c.clear {
			b.remove(at)
		}
		var back bitset
		if err := back.unpack(got); err != nil || back != b {
			t.Fatalf("%d instead of %d places: %v", back.count(), b.count(), err)
		}
	})
}

func TestABrokenSetIsRefused(t *testing.T) {
	for _, data := range [][]byte{{1}, make([]byte, denseSize+2), {0xff, 0xff}} {
		var b bitset
		if err := b.unpack(data); err == nil {
			t.Errorf("%d bytes are taken", len(data))
		}
	}
}
