package store

import (
	"encoding/binary"
	"errors"
	"iter"
	"math/bits"
)

// ChunkSize is how many version numbers a chunk spans.
const ChunkSize = 1 << 15

// chunkOf splits a version number into its chunk and its place there, which is
// below ChunkSize whatever the number.
func chunkOf(seq int64) (chunk int64, at uint16) {
	chunk = seq >> 15 // rounds down
	return chunk, uint16(seq - chunk*ChunkSize)
}

// bitset is a set of places of one chunk.
type bitset [ChunkSize / 64]uint64

func (b *bitset) add(at uint16)      { b[at>>6] |= 1 << (at & 63) }
func (b *bitset) remove(at uint16)   { b[at>>6] &^= 1 << (at & 63) }
func (b *bitset) has(at uint16) bool { return b[at>>6]&(1<<(at&63)) != 0 }

func (b *bitset) and(o *bitset) {
	for i := range b {
		b[i] &= o[i]
	}
}

func (b *bitset) without(o *bitset) {
	for i := range b {
		b[i] &^= o[i]
	}
}

func (b *bitset) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// all yields the places in b, in falling order when down is set.
func (b *bitset) all(down bool) iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		for k := range b {
			if down {
				k = len(b) - 1 - k
			}
			for w := b[k]; w != 0; {
				bit := bits.TrailingZeros64(w)
				if down {
					bit = 63 - bits.LeadingZeros64(w)
				}
				w &^= 1 << bit
				if !yield(uint16(k<<6 | bit)) {
					return
				}
			}
		}
	}
}

// denseSize is the size of a whole bitset. A set is stored as its places in
// rising order, two bytes each, or as a bitset where that is not longer.
const denseSize = ChunkSize / 8

// pack returns b as it is stored, nil when it is empty.
func (b *bitset) pack() []byte {
	n := b.count()
	if n == 0 {
		return nil
	}
	if 2*n >= denseSize {
		out := make([]byte, 0, denseSize)
		for _, w := range b {
			out = binary.BigEndian.AppendUint64(out, w)
		}
		return out
	}
	out := make([]byte, 0, 2*n)
	for at := range b.all(false) {
		out = binary.BigEndian.AppendUint16(out, at)
	}
	return out
}

var errMembers = errors.New("stored search index: a set of a broken size")

// unpack adds what is stored in data to b.
func (b *bitset) unpack(data []byte) error {
	if len(data) > denseSize || len(data)%2 != 0 {
		return errMembers
	}
	if len(data) == denseSize {
		for i := range b {
			b[i] |= binary.BigEndian.Uint64(data[8*i:])
		}
		return nil
	}
	for i := 0; i < len(data); i += 2 {
		at := binary.BigEndian.Uint16(data[i:])
		if at >= ChunkSize {
			return errMembers
		}
		b.add(at)
	}
	return nil
}
