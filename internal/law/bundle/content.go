package bundle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

// contentTitle begins the plain content of a bundle:
//
//	twoseas-bundle-content/1 <bytes of the note> <bytes of the inventory>
//	<the manifest's note><the inventory><the entries, one after another>
const contentTitle = "twoseas-bundle-content/1"

// maxInventory bounds the inventory: MaxEntries lines of their greatest length.
const maxInventory = MaxEntries * 128

// WriteHead writes what stands before the entries of a bundle.
func WriteHead(w io.Writer, msg []byte, entries []Entry) error {
	list := Inventory(entries)
	if _, err := fmt.Fprintf(w, "%s %d %d\n", contentTitle, len(msg), len(list)); err != nil {
		return err
	}
	if _, err := w.Write(msg); err != nil {
		return err
	}
	_, err := w.Write(list)
	return err
}

// Reader reads the plain content of a bundle. Nothing it returns is proven
// before Verify, and of the entries nothing but what Next has returned. It is
// not safe for concurrent use.
type Reader struct {
	Manifest Manifest
	Entries  []Entry

	r    *bufio.Reader
	note []byte
	next int
}

// NewReader reads the head of a bundle's content and holds the inventory to
// the manifest.
func NewReader(r io.Reader) (*Reader, error) {
	b := &Reader{r: bufio.NewReaderSize(r, 256<<10)}
	n, list, err := b.head()
	if err != nil {
		return nil, err
	}
	if b.note, err = b.take(n); err != nil {
		return nil, err
	}
	text, err := note.Text(b.note)
	if err != nil {
		return nil, err
	}
	if b.Manifest, err = ParseManifest(text); err != nil {
		return nil, err
	}
	raw, err := b.take(list)
	if err != nil {
		return nil, err
	}
	if ident.Sum(raw) != b.Manifest.Inventory {
		return nil, fault.New(fault.Invalid, "bundle: the inventory is not the one signed")
	}
	if b.Entries, err = ParseInventory(raw); err != nil {
		return nil, err
	}
	return b, b.Manifest.fits(b.Entries)
}

// head reads the first line.
func (b *Reader) head() (msg, list int64, err error) {
	line, err := b.r.ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return 0, 0, err
	}
	sizes, ok := strings.CutPrefix(strings.TrimSuffix(string(line), "\n"), contentTitle+" ")
	n, e := twoNumbers(sizes)
	if err != nil || !ok || e != nil || n[0] > note.MaxSize || n[1] > maxInventory {
		return 0, 0, fault.New(fault.Invalid, "bundle: the content does not begin as one of Twoseas does")
	}
	return n[0], n[1], nil
}

// take returns the next n bytes. It grows with what is there, so that a size
// that is not true costs nothing.
func (b *Reader) take(n int64) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(b.r, n))
	if err == nil && int64(len(raw)) < n {
		err = errCutOff
	}
	return raw, err
}

var errCutOff = fault.New(fault.Invalid, "bundle: the content ends too early; the file was cut off")

// Verify checks the manifest's signature by the maker's newest key.
func (b *Reader) Verify(key note.Verifier) error {
	m, err := openManifest(b.note, key)
	if err == nil && m != b.Manifest {
		err = fault.New(fault.Invalid, "bundle: the manifest does not read the same twice")
	}
	return err
}

// Peek returns the next entry without its content.
func (b *Reader) Peek() (Entry, bool) {
	if b.next == len(b.Entries) {
		return Entry{}, false
	}
	return b.Entries[b.next], true
}

// Next returns the next entry and its content, which is what the inventory
// says, or io.EOF after the last; fault.Invalid when anything differs.
func (b *Reader) Next() (Entry, []byte, error) {
	e, ok := b.Peek()
	if !ok {
		if _, err := b.r.ReadByte(); !errors.Is(err, io.EOF) {
			return Entry{}, nil, errors.Join(err, fault.New(fault.Invalid, "bundle: there is something after the last entry"))
		}
		return Entry{}, nil, io.EOF
	}
	raw, err := b.take(e.Size)
	if err != nil {
		return Entry{}, nil, err
	}
	if ident.Sum(raw) != e.Digest {
		return Entry{}, nil, fault.Errorf(fault.Invalid, "bundle: %s %d is not the one signed", e.Kind, e.Number)
	}
	b.next++
	return e, raw, nil
}
