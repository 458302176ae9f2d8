package verify

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
)

// LedgerTitle is the first line of an exported ledger.
const LedgerTitle = "twoseas/ledger/v1"

const (
	maxLine        = 4096   // bytes of a line of an exported file
	maxCheckpoints = 100000 // earlier checkpoints in one file
)

// Ledger is what stands before the leaves in an exported file: whose ledger
// it is, the first keys of both sides, and the signed states. That of a home
// log has HomeAgreement for its agreement, no partner and no earlier states.
type Ledger struct {
	Agreement      ident.Agreement
	Domain         ident.Domain
	Owner, Partner ident.Side
	OwnerKey       note.Verifier // the first key each side had under this agreement;
	PartnerKey     note.Verifier // later ones follow from the leaves
	Checkpoint     []byte        // the newest, with its signatures and cosignatures
	Earlier        [][]byte      // cosigned before, newest first
}

// Writer writes an exported ledger. It is not safe for concurrent use.
type Writer struct {
	w          *bufio.Writer
	next, size int64
}

// NewWriter writes the file's header to w and returns a Writer for its
// leaves, of which there must be as many as the newest checkpoint says.
// Signatures are not checked: that is the reader's work.
func NewWriter(w io.Writer, l Ledger) (*Writer, error) {
	size, err := l.check()
	if err != nil {
		return nil, err
	}
	b := bufio.NewWriterSize(w, 64<<10)
	fmt.Fprint(b, l.head()) // kept by b, and returned by Close
	for _, cp := range append([][]byte{l.Checkpoint}, l.Earlier...) {
		fmt.Fprintf(b, "checkpoint %d\n%s\n", len(cp), cp)
	}
	return &Writer{w: b, size: size}, nil
}

// Leaf writes the next leaf.
func (w *Writer) Leaf(leaf []byte) error {
	if err := merkle.CheckLeaf(leaf); err != nil {
		return err
	}
	if w.next == w.size {
		return fault.Errorf(fault.Invalid, "export: the checkpoint covers %d leaves, there are more", w.size)
	}
	fmt.Fprintf(w.w, "leaf %d %d\n%s", w.next, len(leaf), leaf)
	w.next++
	return w.w.WriteByte('\n')
}

// Close writes the file's last line. The underlying writer stays open.
func (w *Writer) Close() error {
	if w.next != w.size {
		return fault.Errorf(fault.Invalid, "export: the checkpoint covers %d leaves, %d were written", w.size, w.next)
	}
	fmt.Fprintf(w.w, "end %d\n", w.size)
	return w.w.Flush()
}

// check holds the header together and returns the newest checkpoint's size.
func (l Ledger) check() (int64, error) {
	if err := l.sides(); err != nil {
		return 0, err
	}
	last := int64(merkle.MaxLog + 1)
	for i, cp := range append([][]byte{l.Checkpoint}, l.Earlier...) {
		c, err := l.checkpoint(cp)
		if err != nil {
			return 0, err
		}
		if c.Size >= last || i > 0 && c.Size == 0 {
			return 0, fault.Errorf(fault.Invalid, "ledger: checkpoint %d, of %d leaves, is not older than the one before it", i, c.Size)
		}
		last = c.Size
	}
	c, err := l.checkpoint(l.Checkpoint)
	return c.Size, err
}

// checkpoint reads the text of one of the ledger's checkpoints, unopened.
func (l Ledger) checkpoint(msg []byte) (merkle.Checkpoint, error) {
	text, err := note.Text(msg)
	if err != nil {
		return merkle.Checkpoint{}, err
	}
	c, err := merkle.ParseCheckpoint(text)
	if err != nil {
		return merkle.Checkpoint{}, err
	}
	if want := merkle.Origin(l.Owner, l.Agreement, l.Domain); c.Origin != want {
		return merkle.Checkpoint{}, fault.Errorf(fault.Invalid, "checkpoint: of the ledger %.200q, not of %q", c.Origin, want)
	}
	return c, nil
}

// Reader reads an exported ledger. Memory is bounded by one leaf and the
// checkpoints. It is not safe for concurrent use.
type Reader struct {
	Ledger

	in         *lineReader
	size, next int64
	ahead      *string // the first line after the checkpoints, until Next takes it
}

// NewReader reads a file's header. What is wrong with the file is
// fault.Invalid and names the line; trouble in reading comes back as it is.
func NewReader(r io.Reader) (*Reader, error) {
	in := newLineReader(r)
	title, err := in.next()
	if err != nil {
		return nil, err
	}
	if headLines[title] == 0 {
		return nil, in.bad("want %q or %q", LedgerTitle, HomeTitle)
	}
	return newLedgerReader(in, title)
}

// newLedgerReader goes on after the title.
func newLedgerReader(in *lineReader, title string) (*Reader, error) {
	var head strings.Builder
	head.WriteString(title + "\n")
	for range headLines[title] {
		s, err := in.next()
		if err != nil {
			return nil, err
		}
		head.WriteString(s + "\n")
	}
	l, err := readHead(title, head.String())
	if err != nil {
		return nil, err
	}
	r := &Reader{in: in, Ledger: l}
	return r, r.checkpoints()
}

func (r *Reader) checkpoints() error {
	for {
		s, err := r.in.next()
		if err != nil {
			return err
		}
		n, ok := strings.CutPrefix(s, "checkpoint ")
		if !ok {
			r.ahead = &s
			break
		}
		msg, err := r.in.block(n, note.MaxSize)
		if err != nil {
			return err
		}
		if r.Checkpoint == nil {
			r.Checkpoint = msg
		} else if r.Earlier = append(r.Earlier, msg); len(r.Earlier) > maxCheckpoints {
			return r.in.bad("more than %d checkpoints", maxCheckpoints)
		}
	}
	if r.Checkpoint == nil {
		return r.in.bad("want a checkpoint")
	}
	var err error
	r.size, err = r.check()
	return err
}

// Next returns the next leaf and its index, or io.EOF when the file ends as
// it should: after as many leaves as the newest checkpoint says.
func (r *Reader) Next() (int64, []byte, error) {
	s, err := r.nextLine()
	if err != nil {
		return 0, nil, err
	}
	if r.next == r.size {
		if s != "end "+strconv.FormatInt(r.size, 10) {
			return 0, nil, r.in.bad("want %q", "end "+strconv.FormatInt(r.size, 10))
		}
		return 0, nil, r.in.eof()
	}
	n, ok := strings.CutPrefix(s, "leaf "+strconv.FormatInt(r.next, 10)+" ")
	if !ok {
		return 0, nil, r.in.bad("want leaf %d", r.next)
	}
	leaf, err := r.in.block(n, merkle.MaxLeaf)
	if err != nil {
		return 0, nil, err
	}
	r.next++
	return r.next - 1, leaf, nil
}

func (r *Reader) nextLine() (string, error) {
	if r.ahead == nil {
		return r.in.next()
	}
	s := *r.ahead
	r.ahead = nil
	return s, nil
}

// lineReader reads lines and counted blocks of an exported file.
type lineReader struct {
	r *bufio.Reader
	n int // number of the line read last
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10)}
}

// title reads the first line.
func (l *lineReader) title(want string) error {
	s, err := l.next()
	if err == nil && s != want {
		err = l.bad("want %q", want)
	}
	return err
}

// next returns the next line without its newline.
func (l *lineReader) next() (string, error) {
	l.n++
	s, err := l.r.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF):
		return "", l.bad("the file ends too early")
	case errors.Is(err, bufio.ErrBufferFull) || len(s) > maxLine:
		return "", l.bad("longer than %d bytes", maxLine)
	case err != nil:
		return "", err
	}
	return string(s[:len(s)-1]), nil
}

// block returns the bytes of a block whose length, as read from the line
// before it, is n, and which a newline follows.
func (l *lineReader) block(n string, limit int) ([]byte, error) {
	size, err := note.Count(1, limit)(n)
	if err != nil {
		return nil, l.bad("%w", err)
	}
	b := make([]byte, size+1)
	if _, err := io.ReadFull(l.r, b); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, l.bad("the file ends too early")
		}
		return nil, err
	}
	l.n += countLines(b)
	if b[size] != '\n' {
		return nil, l.bad("want a newline after %d bytes", size)
	}
	return slices.Clip(b[:size]), nil
}

func countLines(b []byte) int {
	n := 0
	for _, c := range b {
		if c == '\n' {
			n++
		}
	}
	return n
}

// eof returns io.EOF if nothing is left.
func (l *lineReader) eof() error {
	if _, err := l.r.ReadByte(); err == nil {
		l.n++
		return l.bad("text after the end")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return io.EOF
}

func (l *lineReader) bad(format string, a ...any) error {
	return fault.Errorf(fault.Invalid, "line %d: "+format, append([]any{l.n}, a...)...)
}
