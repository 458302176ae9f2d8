package shipment

import (
	"bufio"
	"errors"
	"io"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
)

// Writer writes a shipment's body item by item and keeps what the header
// needs. It is not safe for concurrent use.
type Writer struct {
	w      io.Writer
	line   []byte
	leaves []ident.Digest
	bytes  int
}

// NewWriter returns a Writer of an empty body to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Fits reports whether the body has room for the item.
func (w *Writer) Fits(it Item) bool {
	return len(w.leaves) < MaxItems && w.bytes+it.LineSize() <= MaxBody
}

// Add writes the item's line. An item that does not fit is fault.TooLarge and
// one that a reader could not take apart is fault.Invalid; neither is written.
func (w *Writer) Add(it Item) error {
	if !w.Fits(it) {
		return fault.Errorf(fault.TooLarge, "shipment: %d items and %d bytes hold no item of %d bytes more", len(w.leaves), w.bytes, it.LineSize())
	}
	w.line = AppendLine(w.line[:0], it)
	if _, err := ParseLine(w.line); err != nil {
		return err
	}
	if _, err := w.w.Write(w.line); err != nil {
		return err
	}
	w.bytes += len(w.line)
	w.leaves = append(w.leaves, it.Leaf())
	return nil
}

// Items returns how many items were written.
func (w *Writer) Items() int { return len(w.leaves) }

// Bytes returns how many bytes were written.
func (w *Writer) Bytes() int { return w.bytes }

// Leaves returns the leaves of the items written, the Writer's own: what must
// be kept to prove a subset once items are erased.
func (w *Writer) Leaves() []ident.Digest { return w.leaves }

// Root returns the root over the items written; fault.Invalid when none was.
func (w *Writer) Root() (ident.Digest, error) { return merkle.Root(w.leaves) }

// Reader reads a shipment's body item by item and holds it to its header. It
// is not safe for concurrent use.
type Reader struct {
	lines  *bufio.Reader
	limit  *io.LimitedReader
	header Header
	leaves []ident.Digest
}

// NewReader returns a Reader of the body of the shipment h. Nothing is read
// yet, and never more than a byte beyond MaxBody.
func NewReader(r io.Reader, h Header) *Reader {
	limit := &io.LimitedReader{R: r, N: MaxBody + 1}
	return &Reader{lines: bufio.NewReaderSize(limit, 64<<10), limit: limit, header: h}
}

// Next returns the next item, whose memory is the caller's, or io.EOF after
// the last if the body is the one the header signed: the items counted, the
// root the same. Until io.EOF nothing of the body is proven. What is wrong is
// fault.Invalid, or fault.TooLarge beyond MaxBody; trouble of the underlying
// reader comes back as it is.
func (r *Reader) Next() (Item, error) {
	line, err := r.lines.ReadBytes('\n')
	if err != nil {
		return Item{}, r.end(line, err)
	}
	if r.limit.N == 0 && r.lines.Buffered() == 0 {
		return Item{}, errBodyTooLarge
	}
	if len(r.leaves) == r.header.Items {
		return Item{}, fault.Errorf(fault.Invalid, "shipment %d: more than the %d items signed", r.header.Number, r.header.Items)
	}
	it, err := ParseLine(line)
	if err != nil {
		return Item{}, fault.Errorf(fault.Invalid, "shipment %d: item %d: %w", r.header.Number, len(r.leaves), err)
	}
	r.leaves = append(r.leaves, it.Leaf())
	return it, nil
}

// Leaves returns the leaves of the items read, the Reader's own.
func (r *Reader) Leaves() []ident.Digest { return r.leaves }

// end says what the end of the input, or trouble in reading it, means.
func (r *Reader) end(line []byte, err error) error {
	switch {
	case !errors.Is(err, io.EOF):
		return err
	case r.limit.N == 0:
		return errBodyTooLarge
	case len(line) > 0:
		return fault.Errorf(fault.Invalid, "shipment %d: the body ends inside item %d", r.header.Number, len(r.leaves))
	case len(r.leaves) != r.header.Items:
		return fault.Errorf(fault.Invalid, "shipment %d: %d items, %d were signed", r.header.Number, len(r.leaves), r.header.Items)
	}
	root, err := merkle.Root(r.leaves)
	if err != nil {
		return err
	}
	if root != r.header.Root {
		return fault.Errorf(fault.Invalid, "shipment %d: the items are not the ones signed: root %s, signed %s", r.header.Number, root, r.header.Root)
	}
	return io.EOF
}

var errBodyTooLarge = fault.Errorf(fault.TooLarge, "shipment: the body is larger than %d MiB", MaxBody>>20)
