package merkle

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
)

const (
	tileHeight = 8
	// TileWidth is the number of hashes or entries in a full tile.
	TileWidth = 1 << tileHeight
	maxLevel  = 63 // tlog-tiles "Merkle Tree"
)

// Tile names a piece of a ledger that is served as a file: hashes of one
// level, or the entries themselves (https://c2sp.org/tlog-tiles).
type Tile struct {
	Entries bool  // an entry bundle; Level is 0
	Level   int   // 0 to 63
	Index   int64 // from 0
	Width   int   // 1 to 256; less than 256 is a partial tile
}

// Path returns the tile's path below the log's prefix:
// tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>].
func (t Tile) Path() string {
	n := fmt.Sprintf("%03d", t.Index%1000)
	for i := t.Index / 1000; i > 0; i /= 1000 {
		n = fmt.Sprintf("x%03d/%s", i%1000, n)
	}
	level := "entries"
	if !t.Entries {
		level = strconv.Itoa(t.Level)
	}
	if t.Width != TileWidth {
		n += fmt.Sprintf(".p/%d", t.Width)
	}
	return "tile/" + level + "/" + n
}

// ParseTile reads what Path writes, or returns fault.Invalid.
func ParseTile(path string) (Tile, error) {
	bad := fault.Errorf(fault.Invalid, "tile %.100q: want tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>]", path)
	rest, ok := strings.CutPrefix(path, "tile/")
	level, rest, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 || len(path) > 100 {
		return Tile{}, bad
	}
	t := Tile{Width: TileWidth, Entries: level == "entries"}
	var err error
	if !t.Entries {
		if t.Level, err = note.Count(0, maxLevel)(level); err != nil {
			return Tile{}, bad
		}
	}
	rest, width, partial := strings.Cut(rest, ".p/")
	if partial {
		if t.Width, err = note.Count(1, TileWidth-1)(width); err != nil {
			return Tile{}, bad
		}
	}
	for s := range strings.SplitSeq(rest, "/") {
		n, err := digits(strings.TrimPrefix(s, "x"))
		if err != nil || t.Index > MaxLog {
			return Tile{}, bad
		}
		t.Index = t.Index*1000 + n
	}
	if t.Path() != path {
		return Tile{}, bad
	}
	return t, nil
}

// digits reads three decimal digits.
func digits(s string) (int64, error) {
	n := int64(0)
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, fault.New(fault.Invalid, "not a digit")
		}
		n = n*10 + int64(c-'0')
	}
	if len(s) != 3 {
		return 0, fault.New(fault.Invalid, "not three digits")
	}
	return n, nil
}

// In reports whether a ledger of the given size has everything in the tile.
func (t Tile) In(size int64) bool {
	shift := uint(tileHeight * t.Level)
	return shift < 63 && t.Index < MaxLog && t.Index*TileWidth+int64(t.Width) <= size>>shift
}

// Span returns the indexes of the leaves whose entries are in an entry
// bundle: from the first to before the last.
func (t Tile) Span() (int64, int64) {
	first := t.Index * TileWidth
	return first, first + int64(t.Width)
}

// TileData returns a hash tile of a ledger of the given size: Width hashes of
// 32 bytes. A tile that is not in the ledger, or is an entry bundle, is
// fault.NotFound.
func TileData(t Tile, size int64, r HashReader) ([]byte, error) {
	if t.Entries || size > MaxLog || !t.In(size) {
		return nil, fault.Errorf(fault.NotFound, "no hash tile %s in a ledger of %d leaves", t.Path(), size)
	}
	return tlog.ReadTileData(tlog.Tile{H: tileHeight, L: t.Level, N: t.Index, W: t.Width}, r)
}

// AppendEntry appends a leaf to an entry bundle: its length in 16 bits,
// big-endian, then its bytes. A leaf that does not fit is fault.TooLarge.
func AppendEntry(dst, leaf []byte) ([]byte, error) {
	if err := CheckLeaf(leaf); err != nil {
		return dst, err
	}
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(leaf))), leaf...), nil //nolint:gosec // CheckLeaf bounds it
}

// ParseBundle returns the leaves in an entry bundle, which share its memory;
// at most 256.
func ParseBundle(b []byte) ([][]byte, error) {
	var leaves [][]byte
	for len(b) > 0 {
		if len(b) < 2 || len(leaves) == TileWidth {
			return nil, fault.Errorf(fault.Invalid, "entry bundle: text after entry %d", len(leaves))
		}
		n := int(binary.BigEndian.Uint16(b))
		if n == 0 || n > len(b)-2 {
			return nil, fault.Errorf(fault.Invalid, "entry bundle: entry %d of %d bytes, %d are left", len(leaves), n, len(b)-2)
		}
		leaves = append(leaves, b[2:2+n:2+n])
		b = b[2+n:]
	}
	return leaves, nil
}
