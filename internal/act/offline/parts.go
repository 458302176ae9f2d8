package offline

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"hash"
	"io"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/bundle"
)

// Source opens an encrypted bundle from its beginning, as often as asked.
type Source func() (io.ReadCloser, error)

// Split writes the encrypted bundle in whole as files of at most limit bytes
// each, which create opens; limit 0 is one file. Each names the whole, its
// place in it and its own digest.
func Split(whole io.ReadSeeker, limit int64, create func(part, of int) (io.WriteCloser, error)) error {
	sum := sha256.New()
	size, err := io.Copy(sum, whole)
	if err != nil {
		return err
	}
	if limit <= 0 || limit > size {
		limit = max(size, 1)
	}
	parts := max((size+limit-1)/limit, 1)
	if parts > bundle.MaxParts {
		return fault.Errorf(fault.Invalid, "%d parts, at most %d: choose larger ones", parts, bundle.MaxParts)
	}
	for n := range parts {
		p := bundle.Part{Whole: ident.Digest(sum.Sum(nil)), Number: int(n) + 1, Of: int(parts), Size: min(limit, size-n*limit)}
		if err := writePart(whole, n*limit, p, create); err != nil {
			return err
		}
	}
	return nil
}

func writePart(whole io.ReadSeeker, at int64, p bundle.Part, create func(part, of int) (io.WriteCloser, error)) error {
	if _, err := whole.Seek(at, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(sum, whole, p.Size); err != nil {
		return err
	}
	p.Digest = ident.Digest(sum.Sum(nil))
	if _, err := whole.Seek(at, io.SeekStart); err != nil {
		return err
	}
	w, err := create(p.Number, p.Of)
	if err != nil {
		return err
	}
	_, err = w.Write(p.Head())
	if err == nil {
		_, err = io.CopyN(w, whole, p.Size)
	}
	return errors.Join(err, w.Close())
}

// Join returns the encrypted bundle of which files are the parts, in any
// order. What is missing, doubled or of another bundle is said at once; what
// was altered, when it is read.
func Join(files []Source) (Source, error) {
	parts := make([]bundle.Part, len(files))
	for i, open := range files {
		f, err := open()
		if err != nil {
			return nil, err
		}
		parts[i], err = bundle.ReadPart(bufio.NewReader(f))
		if err := errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
	}
	order, err := bundle.Order(parts)
	if err != nil {
		return nil, err
	}
	return func() (io.ReadCloser, error) {
		return &joined{files: files, parts: parts, order: order}, nil
	}, nil
}

// joined reads parts one after another and holds each to its digest.
type joined struct {
	files []Source
	parts []bundle.Part
	order []int

	open io.ReadCloser
	rest io.Reader
	sum  hash.Hash
	part bundle.Part
	left int64
}

// Read reads on; bytes come before their part is proven, as bytes of age's
// stream do, and the end of a part that was altered is fault.Invalid.
func (j *joined) Read(p []byte) (int, error) {
	if j.open == nil {
		if err := j.begin(); err != nil {
			return 0, err
		}
	}
	n, err := j.rest.Read(p)
	j.sum.Write(p[:n])
	if j.left -= int64(n); n > 0 || err == nil {
		return n, nil
	}
	if !errors.Is(err, io.EOF) {
		return 0, err
	}
	if j.left != 0 || ident.Digest(j.sum.Sum(nil)) != j.part.Digest {
		return 0, fault.Errorf(fault.Invalid, "part %d of %d is damaged: its digest is not the one on its first line; copy it once more", j.part.Number, j.part.Of)
	}
	err = j.open.Close()
	j.open = nil
	return 0, err
}

// begin opens the next part, or returns io.EOF after the last.
func (j *joined) begin() error {
	if len(j.order) == 0 {
		return io.EOF
	}
	i := j.order[0]
	f, err := j.files[i]()
	if err != nil {
		return err
	}
	r := bufio.NewReader(f)
	if j.part, err = bundle.ReadPart(r); err == nil && j.part != j.parts[i] {
		err = fault.New(fault.Conflict, "a file changed while it was read")
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	j.order, j.open, j.left, j.sum = j.order[1:], f, j.part.Size, sha256.New()
	// One byte more shows what was added.
	j.rest = io.LimitReader(r, j.part.Size+1)
	return nil
}

// Close closes the part that is open.
func (j *joined) Close() error {
	if j.open == nil {
		return nil
	}
	err := j.open.Close()
	j.open = nil
	return err
}
