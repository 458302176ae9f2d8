// Package feed is what the readers of foreign formats hand over: STIX objects
// and what is wrong with the input, one at a time and in order.
package feed

import (
	"bufio"
	"errors"
	"io"

	"twoseas/internal/base/fault"
)

// Out takes what a reader makes. place says where in the input it comes from:
// a line, a row or the position of an element, counted from 1. An error of
// either function ends the reading and is returned as it is.
type Out struct {
	Object  func(place int, raw []byte) error
	Problem func(place int, id, reason string) error
}

// MaxLine bounds a line of text and a record of a table, in bytes.
const MaxLine = 1 << 20

// Budget reads from R and stops with fault.TooLarge when more than Left bytes
// are read before Left is set anew, so that no record fills the memory.
type Budget struct {
	R    io.Reader
	Left int
}

// Read implements io.Reader.
func (b *Budget) Read(p []byte) (int, error) {
	if b.Left <= 0 {
		return 0, fault.Errorf(fault.TooLarge, "one line is longer than %d KiB", MaxLine>>10)
	}
	n, err := b.R.Read(p)
	b.Left -= n
	return n, err
}

// Lines calls fn for every line of r without its end, numbered from 1. What is
// in a line beyond MaxLine comes as further pieces of the same number, cut
// wherever the bound falls. text belongs to Lines.
func Lines(r io.Reader, fn func(n int, text []byte) error) error {
	in := bufio.NewReaderSize(r, MaxLine)
	for n := 1; ; {
		text, err := in.ReadSlice('\n')
		whole := err == nil
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return err
		}
		if len(text) > 0 {
			if e := fn(n, trimEnd(text, whole)); e != nil {
				return e
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if whole {
			n++
		}
	}
}

func trimEnd(b []byte, whole bool) []byte {
	if !whole {
		return b
	}
	b = b[:len(b)-1]
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}
