package feed

import (
	"bytes"
	"io"
	"os"
)

// spoolMemory is how much of a list stays in memory.
const spoolMemory = 1 << 20

// spool holds a list while it is made: what stands before it says how long it
// is. A long one is in a file, which has no name any more.
type spool struct {
	dir  string
	buf  bytes.Buffer
	file *os.File
	size int64
}

func (s *spool) write(p []byte) error {
	s.size += int64(len(p))
	if s.file == nil && s.buf.Len()+len(p) <= spoolMemory {
		s.buf.Write(p)
		return nil
	}
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "twoseas-list-*")
		if err != nil {
			return errSpool(err)
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return errSpool(err)
		}
		if _, err := f.Write(s.buf.Bytes()); err != nil {
			return errSpool(err)
		}
		s.buf = bytes.Buffer{}
	}
	if _, err := s.file.Write(p); err != nil {
		return errSpool(err)
	}
	return nil
}

// open returns what was written, from the beginning.
func (s *spool) open() (io.Reader, error) {
	if s.file == nil {
		return &s.buf, nil
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return nil, errSpool(err)
	}
	return s.file, nil
}

func (s *spool) close() {
	if s.file != nil {
		_ = s.file.Close() // it has no name: it is gone
	}
}

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }
