package bundle

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

// partTitle begins each file of a bundle:
//
//	twoseas-bundle-file/1 <digest of the whole> <part> of <parts> <bytes> <digest of these bytes>
//	<the bytes>
const partTitle = "twoseas-bundle-file/1"

const (
	// MaxParts bounds the files of a bundle.
	MaxParts    = 10_000
	maxPartHead = 400
)

// Part is what the first line of a file says: which part of which bundle it
// is.
type Part struct {
	Whole  ident.Digest // of the encrypted bundle
	Number int          // from 1
	Of     int
	Size   int64
	Digest ident.Digest
}

// Head returns the first line of the file.
func (p Part) Head() []byte {
	return fmt.Appendf(nil, "%s %s %d of %d %d %s\n", partTitle, p.Whole, p.Number, p.Of, p.Size, p.Digest)
}

// ReadPart reads the first line of a file. What follows is unproven until its
// digest was compared.
func ReadPart(r *bufio.Reader) (Part, error) {
	line, err := r.ReadSlice('\n')
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return Part{}, err
	}
	if err != nil || len(line) > maxPartHead || !strings.HasPrefix(string(line), partTitle+" ") {
		return Part{}, fault.New(fault.Invalid, "not a file of a bundle: it begins otherwise")
	}
	return parsePart(strings.TrimSuffix(string(line), "\n"))
}

func parsePart(line string) (Part, error) {
	f := strings.Split(line, " ")
	if len(f) != 7 || f[3] != "of" {
		return Part{}, fault.New(fault.Invalid, "bundle file: want a digest, a part, a size and a digest on the first line")
	}
	whole, err := ident.ParseDigest(f[1])
	if err != nil {
		return Part{}, err
	}
	number, err := note.Count(1, MaxParts)(f[2])
	if err != nil {
		return Part{}, err
	}
	of, err := note.Count(1, MaxParts)(f[4])
	if err != nil {
		return Part{}, err
	}
	size, err := note.Count(0, maxBytes)(f[5])
	if err != nil {
		return Part{}, err
	}
	digest, err := ident.ParseDigest(f[6])
	if err == nil && number > of {
		err = fault.Errorf(fault.Invalid, "bundle file: part %d of %d", number, of)
	}
	return Part{Whole: whole, Number: number, Of: of, Size: int64(size), Digest: digest}, err
}

// Order returns the indexes of parts in the order in which their bytes belong,
// or a fault that says which part is missing, doubled or of another bundle.
func Order(parts []Part) ([]int, error) {
	if len(parts) == 0 {
		return nil, fault.New(fault.Invalid, "no file given")
	}
	order := make([]int, parts[0].Of)
	for i, p := range parts {
		if p.Whole != parts[0].Whole || p.Of != parts[0].Of {
			return nil, fault.Errorf(fault.Invalid, "the files are of different bundles: file %d is not of the one that file 1 is of", i+1)
		}
		if order[p.Number-1] != 0 {
			return nil, fault.Errorf(fault.Invalid, "part %d of %d is given twice", p.Number, p.Of)
		}
		order[p.Number-1] = i + 1
	}
	var missing []string
	for i := range order {
		if order[i] == 0 {
			missing = append(missing, strconv.Itoa(i+1))
		}
		order[i]--
	}
	if len(missing) > 0 {
		return nil, fault.Errorf(fault.NotFound, "of %d parts, these are missing: %s", len(order), strings.Join(missing, ", "))
	}
	return order, nil
}
