package merkle_test

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
)

func wantKind(t testing.TB, err error, k fault.Kind) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("got %v (%v), want a fault of kind %v", err, fault.KindOf(err), k)
	}
}

// leaves returns n different leaf hashes.
func leaves(n int) []ident.Digest {
	out := make([]ident.Digest, n)
	for i := range out {
		out[i] = merkle.Leaf(merkle.Salt{byte(i), byte(i >> 8)}, binary.BigEndian.AppendUint32(nil, uint32(i)))
	}
	return out
}

func root(t testing.TB, l []ident.Digest) ident.Digest {
	t.Helper()
	r, err := merkle.Root(l)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLeafIsTheSaltedHash(t *testing.T) {
	salt := merkle.Salt{1, 2, 3}
	want := ident.Digest(sha256.Sum256(append(append([]byte{0}, salt[:]...), `{"a":1}`...)))
	if got := merkle.Leaf(salt, []byte(`{"a"`), []byte(`:1}`)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRootIsThatOfRFC6962 compares with the log's own arithmetic, which is
// compatible with Certificate Transparency.
func TestRootIsThatOfRFC6962(t *testing.T) {
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(ix []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range ix {
			out = append(out, stored[i])
		}
		return out, nil
	})
	all := leaves(130)
	for i, l := range all {
		h, err := tlog.StoredHashesForRecordHash(int64(i), tlog.Hash(l), read)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, h...)
		want, err := tlog.TreeHash(int64(i+1), read)
		if err != nil {
			t.Fatal(err)
		}
		if got := root(t, all[:i+1]); got != ident.Digest(want) {
			t.Fatalf("root of %d: %s, want %s", i+1, got, ident.Digest(want))
		}
	}
	_, err := merkle.Root(nil)
	wantKind(t, err, fault.Invalid)
}

func TestProofsAreMinimal(t *testing.T) {
	all := leaves(7)
	for _, tc := range []struct {
		name string
		keep []int
		want int
	}{
		{"everything needs no hash", []int{0, 1, 2, 3, 4, 5, 6}, 0},
		{"the first of seven needs one hash a level", []int{0}, 3},
		{"the last, alone in its subtree, needs two", []int{6}, 2},
		{"one half needs the other", []int{3, 2, 1, 0}, 1},
		{"a position named twice counts once", []int{6, 6}, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := merkle.Prove(all, tc.keep)
			if err != nil || len(p) != tc.want {
				t.Errorf("%d hashes, %v, want %d", len(p), err, tc.want)
			}
		})
	}
}

func TestPositionsOutsideTheTreeAreRefused(t *testing.T) {
	all := leaves(3)
	for _, keep := range [][]int{nil, {-1}, {3}, {0, 1, 2, 3}} {
		_, err := merkle.Prove(all, keep)
		wantKind(t, err, fault.Invalid)
		kept := map[int]ident.Digest{}
		for _, i := range keep {
			kept[i] = all[0]
		}
		wantKind(t, merkle.VerifySubset(root(t, all), 3, kept, nil), fault.Invalid)
	}
	wantKind(t, merkle.VerifySubset(root(t, all), -1, map[int]ident.Digest{0: all[0]}, nil), fault.Invalid)
}

// subset draws a tree, some of its leaves, and their proof.
func subset(t *rapid.T) (merkle.Proof, ident.Digest, int, map[int]ident.Digest) {
	n := rapid.IntRange(1, 70).Draw(t, "n")
	all := leaves(n)
	keep := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 1, n, rapid.ID).Draw(t, "keep")
	p, err := merkle.Prove(all, keep)
	if err != nil {
		t.Fatal(err)
	}
	kept := map[int]ident.Digest{}
	for _, i := range keep {
		kept[i] = all[i]
	}
	r, err := merkle.Root(all)
	if err != nil {
		t.Fatal(err)
	}
	return p, r, n, kept
}

func TestAnySubsetVerifies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r, n, kept := subset(t)
		if err := merkle.VerifySubset(r, n, kept, p); err != nil {
			t.Fatal(err)
		}
		again, err := merkle.ParseProof(p.AppendText(nil))
		if err != nil || !slices.Equal(again, p) {
			t.Fatalf("proof read back as %v, %v", again, err)
		}
	})
}

func TestAnyChangeOfASubsetFails(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, r, n, kept := subset(t)
		positions := make([]int, 0, len(kept))
		for i := range kept {
			positions = append(positions, i)
		}
		slices.Sort(positions)
		at := rapid.SampledFrom(positions).Draw(t, "position")
		switch rapid.SampledFrom([]string{"leaf", "moved", "added", "dropped", "hash", "cut", "longer", "root"}).Draw(t, "change") {
		case "leaf":
			d := kept[at]
			d[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 0x40
			kept[at] = d
		case "moved":
			to := rapid.IntRange(0, n-1).Draw(t, "to")
			if to == at {
				t.Skip("stays")
			}
			kept[at], kept[to] = leaves(n)[to], kept[at]
		case "added":
			free := rapid.IntRange(0, n-1).Draw(t, "free")
			if _, ok := kept[free]; ok {
				t.Skip("kept already")
			}
			kept[free] = merkle.Leaf(merkle.Salt{}, []byte("made up"))
		case "dropped":
			delete(kept, at)
		case "hash":
			if len(p) == 0 {
				t.Skip("no hashes")
			}
			p[rapid.IntRange(0, len(p)-1).Draw(t, "hash")][rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		case "cut":
			if len(p) == 0 {
				t.Skip("no hashes")
			}
			p = p[:len(p)-1]
		case "longer":
			p = append(p, tlog.Hash{})
		case "root":
			r[0] ^= 1
		}
		if err := merkle.VerifySubset(r, n, kept, p); err == nil {
			t.Fatal("verifies all the same")
		}
	})
}

func TestProofTextIsStrict(t *testing.T) {
	p := merkle.Proof{tlog.Hash{1}, tlog.Hash{2}}
	text := string(p.AppendText(nil))
	line := text[:45]
	for name, s := range map[string]string{
		"no final newline":    text[:len(text)-1],
		"an empty line":       line + "\n" + line,
		"a short hash":        "AAAA\n",
		"bits without use":    line[:42] + "B=\n",
		"a carriage return":   line[:44] + "\r\n",
		"a space":             " " + line,
		"not base64":          "!" + line[1:],
		"a hash of 33 bytes":  "AAAA" + line,
		"hexadecimal, say":    "00ff\n",
		"padding in mid-line": "AA==" + line[4:],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := merkle.ParseProof([]byte(s))
			wantKind(t, err, fault.Invalid)
		})
	}
	got, err := merkle.ParseProof(nil)
	if err != nil || !cmp.Equal(got, merkle.Proof{}) {
		t.Errorf("the empty proof reads as %v, %v", got, err)
	}
}

func BenchmarkRootOfAThousandItems(b *testing.B) {
	all := leaves(1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := merkle.Root(all); err != nil {
			b.Fatal(err)
		}
	}
}
