package merkle

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// MaxLeaf bounds a leaf: its length must fit the 16 bits that an entry bundle
// of https://c2sp.org/tlog-tiles gives it.
const MaxLeaf = 1<<16 - 1

// HashReader reads the stored hashes of a ledger by tlog.StoredHashIndex.
type HashReader = tlog.HashReader

// CheckLeaf refuses a leaf that does not fit an entry bundle, or is empty.
func CheckLeaf(leaf []byte) error {
	if len(leaf) == 0 {
		return fault.New(fault.Invalid, "leaf: empty")
	}
	if len(leaf) > MaxLeaf {
		return fault.Errorf(fault.TooLarge, "leaf: %d bytes, at most %d", len(leaf), MaxLeaf)
	}
	return nil
}

// Grow returns the hashes to store, from tlog.StoredHashIndex(0, size) on,
// when leaf is appended to a ledger of the given size. It reads at most
// log2(size) hashes.
func Grow(size int64, leaf []byte, r HashReader) ([]tlog.Hash, error) {
	if err := CheckLeaf(leaf); err != nil {
		return nil, err
	}
	if err := checkSizes(size, MaxLog-1); err != nil {
		return nil, err
	}
	return tlog.StoredHashes(size, leaf, r)
}

// TreeRoot returns the root of the ledger's first size leaves; that of no
// leaves is SHA-256 of nothing (RFC 6962 §2.1).
func TreeRoot(size int64, r HashReader) (ident.Digest, error) {
	if err := checkSizes(size, MaxLog); err != nil {
		return ident.Digest{}, err
	}
	h, err := tlog.TreeHash(size, r)
	return ident.Digest(h), err
}

// ProveInclusion proves that the ledger of the given size has its leaf at
// index.
func ProveInclusion(size, index int64, r HashReader) (Proof, error) {
	if err := checkSizes(index, size-1); err != nil {
		return nil, err
	}
	p, err := tlog.ProveRecord(size, index, r)
	return Proof(p), err
}

// CheckInclusion checks that leaf is the one at index of the ledger at c;
// fault.Denied when the proof does not show it.
func CheckInclusion(p Proof, c Checkpoint, index int64, leaf []byte) error {
	if err := checkSizes(index, c.Size-1); err != nil {
		return err
	}
	if tlog.CheckRecord(tlog.RecordProof(p), c.Size, tlog.Hash(c.Root), index, tlog.RecordHash(leaf)) != nil {
		return fault.Errorf(fault.Denied, "ledger: the proof does not show this leaf at %d of %d", index, c.Size)
	}
	return nil
}

// ProveConsistency proves that the ledger of size n begins with its own first
// old leaves. From nothing to anything the proof is empty (tlog-witness
// "add-checkpoint").
func ProveConsistency(old, n int64, r HashReader) (Proof, error) {
	if err := checkSizes(old, n); err != nil {
		return nil, err
	}
	if old == 0 {
		return Proof{}, nil
	}
	p, err := tlog.ProveTree(n, old, r)
	return Proof(p), err
}

// CheckConsistency checks that the ledger at c begins with the old leaves
// whose root was given; fault.Denied when the proof does not show it.
func CheckConsistency(p Proof, old int64, oldRoot ident.Digest, c Checkpoint) error {
	if err := checkSizes(old, c.Size); err != nil {
		return err
	}
	if old == 0 && len(p) == 0 {
		return nil
	}
	if old == 0 || tlog.CheckTree(tlog.TreeProof(p), c.Size, tlog.Hash(c.Root), old, tlog.Hash(oldRoot)) != nil {
		return fault.Errorf(fault.Denied, "ledger: the proof does not lead from %d leaves to %d", old, c.Size)
	}
	return nil
}

func checkSizes(small, large int64) error {
	if small < 0 || small > large || large > MaxLog {
		return fault.Errorf(fault.Invalid, "ledger: %d is not between 0 and %d", small, min(large, MaxLog))
	}
	return nil
}

// Tree is a ledger's hashes in memory, about 64 bytes a leaf. The zero Tree
// is empty. It is not safe for concurrent use.
type Tree struct {
	hashes []tlog.Hash // by tlog.StoredHashIndex
	size   int64
}

// Append adds a leaf.
func (t *Tree) Append(leaf []byte) error {
	hashes, err := Grow(t.size, leaf, t)
	if err != nil {
		return err
	}
	t.hashes = append(t.hashes, hashes...)
	t.size++
	return nil
}

// Size returns the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// LeafHash returns the hash of the leaf at index, which must be in the tree.
func (t *Tree) LeafHash(index int64) ident.Digest {
	return ident.Digest(t.hashes[tlog.StoredHashIndex(0, index)])
}

// Root returns the root of the first size leaves.
func (t *Tree) Root(size int64) (ident.Digest, error) {
	if err := checkSizes(size, t.size); err != nil {
		return ident.Digest{}, err
	}
	return TreeRoot(size, t)
}

// ReadHashes makes the tree a HashReader.
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("read stored hash %d of %d", x, len(t.hashes))
		}
		out[i] = t.hashes[x]
	}
	return out, nil
}
