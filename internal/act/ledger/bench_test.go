package ledger_test

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"twoseas/internal/store"
)

// notes returns signed leaves of about 400 bytes.
func (n *node) notes(count int) [][]byte {
	n.t.Helper()
	out := make([][]byte, count)
	n.write(func(tx *store.Tx) error {
		for i := range out {
			out[i] = n.leaf(tx, strconv.Itoa(i)+strings.Repeat(" filler", 40))
		}
		return nil
	})
	return out
}

// BenchmarkAppend appends in transactions of their own, commit included.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("leaves=%d", size), func(b *testing.B) {
			n := open(b, "in")
			leaves := n.notes(size)
			b.ReportAllocs()
			for b.Loop() {
				n.write(func(tx *store.Tx) error { return n.ledger.Append(tx, memorandum, leaves...) })
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "leaves/s")
		})
	}
}

// BenchmarkAppendAlone is what an append adds to a transaction that is there
// anyway, in a log of 100,000 leaves.
func BenchmarkAppendAlone(b *testing.B) {
	n := open(b, "in")
	for range 100 {
		leaves := n.notes(1000)
		n.write(func(tx *store.Tx) error { return n.ledger.Append(tx, memorandum, leaves...) })
	}
	leaf := n.notes(1)[0]
	b.ReportAllocs()
	n.write(func(tx *store.Tx) error {
		for b.Loop() {
			if err := n.ledger.Append(tx, memorandum, leaf); err != nil {
				return err
			}
		}
		return nil
	})
}

func BenchmarkLogOf100000(b *testing.B) {
	x, y := pair(b)
	for range 100 {
		leaves := x.notes(1000)
		x.write(func(tx *store.Tx) error { return x.ledger.Append(tx, memorandum, leaves...) })
	}
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			if err := x.ledger.Check(b.Context(), x.h); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check all", func(b *testing.B) {
		for b.Loop() {
			if err := x.ledger.CheckAll(b.Context(), x.h); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("export", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := x.ledger.Export(b.Context(), x.h, memorandum, y.side, io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("request to cosign", func(b *testing.B) {
		for b.Loop() {
			x.read(func(tx *store.Tx) error {
				_, err := x.ledger.CosignRequestFrom(tx, memorandum, 54321)
				return err
			})
		}
	})
	b.Run("hash tile", func(b *testing.B) {
		for b.Loop() {
			client{x, "twoseas/in/in-jp-2022/live"}.get("tile/0/123")
		}
	})
}
