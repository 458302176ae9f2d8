// Package merkle holds the two kinds of Merkle tree of Twoseas, both as in
// RFC 6962 §2.1 (leaf hash SHA-256(0x00 ‖ leaf), node hash
// SHA-256(0x01 ‖ left ‖ right)): the salted tree of a shipment's items, of
// which a subset can be shown without the rest; and the append-only ledger,
// with its checkpoints (https://c2sp.org/tlog-checkpoint), tiles
// (https://c2sp.org/tlog-tiles) and the witness's decision
// (https://c2sp.org/tlog-witness).
//
// Everything here is pure. It imports the standard library and x/mod only:
// the auditor's tool links it.
package merkle

import (
	"crypto/sha256"
	"maps"
	"math/bits"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Salt hides an item's content behind its leaf hash: without it nobody can
// try out guesses, and once it is erased nobody can prove one.
type Salt [16]byte

// Leaf returns the leaf hash of an item: SHA-256(0x00 ‖ salt ‖ canonical),
// where canonical is the concatenation of parts.
func Leaf(salt Salt, parts ...[]byte) ident.Digest {
	h := sha256.New()
	h.Write([]byte{0x00})
	h.Write(salt[:])
	for _, p := range parts {
		h.Write(p)
	}
	return ident.Digest(h.Sum(nil))
}

// Root returns the root over the leaf hashes in order. A tree of nothing has
// no root: fault.Invalid.
func Root(leaves []ident.Digest) (ident.Digest, error) {
	if len(leaves) == 0 {
		return ident.Digest{}, fault.New(fault.Invalid, "merkle: no items, no root")
	}
	return ident.Digest(subRoot(leaves)), nil
}

func subRoot(leaves []ident.Digest) tlog.Hash {
	if len(leaves) == 1 {
		return tlog.Hash(leaves[0])
	}
	k := splitAt(len(leaves))
	return tlog.NodeHash(subRoot(leaves[:k]), subRoot(leaves[k:]))
}

// splitAt returns the largest power of two smaller than n, which is at least
// two (RFC 6962 §2.1).
func splitAt(n int) int { return 1 << (bits.Len(uint(n-1)) - 1) }

// Prove returns the hashes that someone who holds the leaves at the positions
// keep needs to compute the root: one for each largest subtree without a kept
// leaf, from left to right. Positions count from 0 and may come in any order.
func Prove(leaves []ident.Digest, keep []int) (Proof, error) {
	kept := slices.Compact(slices.Sorted(slices.Values(keep)))
	if err := checkPositions(len(leaves), kept); err != nil {
		return nil, err
	}
	p := Proof{}
	prove(&p, leaves, 0, kept)
	return p, nil
}

func prove(p *Proof, leaves []ident.Digest, lo int, kept []int) {
	switch {
	case len(kept) == 0:
		*p = append(*p, subRoot(leaves))
	case len(leaves) > 1:
		k := splitAt(len(leaves))
		cut, _ := slices.BinarySearch(kept, lo+k)
		prove(p, leaves[:k], lo, kept[:cut])
		prove(p, leaves[k:], lo+k, kept[cut:])
	}
}

// VerifySubset checks that the leaves kept, by position, are leaves of the
// tree of n leaves with the given root. The proof must have exactly the
// hashes Prove gives; anything else is fault.Denied.
func VerifySubset(root ident.Digest, n int, kept map[int]ident.Digest, p Proof) error {
	s := subset{positions: slices.Sorted(maps.Keys(kept)), kept: kept, proof: p}
	if err := checkPositions(n, s.positions); err != nil {
		return err
	}
	got, ok := s.root(0, n, s.positions)
	if !ok || len(s.proof) != 0 || ident.Digest(got) != root {
		return fault.New(fault.Denied, "merkle: the proof does not lead from these items to the root")
	}
	return nil
}

type subset struct {
	positions []int
	kept      map[int]ident.Digest
	proof     Proof // what is left of it
}

// root computes the hash of the leaves [lo, hi), of which kept are at hand.
func (s *subset) root(lo, hi int, kept []int) (tlog.Hash, bool) {
	if len(kept) == 0 {
		if len(s.proof) == 0 {
			return tlog.Hash{}, false
		}
		h := s.proof[0]
		s.proof = s.proof[1:]
		return h, true
	}
	if hi-lo == 1 {
		return tlog.Hash(s.kept[lo]), true
	}
	mid := lo + splitAt(hi-lo)
	cut, _ := slices.BinarySearch(kept, mid)
	left, ok := s.root(lo, mid, kept[:cut])
	if !ok {
		return tlog.Hash{}, false
	}
	right, ok := s.root(mid, hi, kept[cut:])
	return tlog.NodeHash(left, right), ok
}

// checkPositions wants at least one position, each within a tree of n leaves.
func checkPositions(n int, sorted []int) error {
	if len(sorted) == 0 {
		return fault.New(fault.Invalid, "merkle: no item kept, nothing to prove")
	}
	if sorted[0] < 0 || sorted[len(sorted)-1] >= n {
		return fault.Errorf(fault.Invalid, "merkle: positions %d to %d, the tree has %d items", sorted[0], sorted[len(sorted)-1], n)
	}
	return nil
}
