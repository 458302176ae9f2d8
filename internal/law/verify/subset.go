package verify

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
)

// SubsetTitle is the first line of a subset bundle.
const SubsetTitle = "twoseas/subset/v1"

// Subset is some items of a shipment with what proves that the originator
// signed them: its note, and the hashes of what was left out.
type Subset struct {
	Note  []byte // the shipment's
	Proof merkle.Proof
	Kept  map[int]shipment.Item // by position, from 0
}

// NewSubset makes a subset of the items kept, given the leaves of all items
// of the shipment, erased ones included.
func NewSubset(msg []byte, leaves []ident.Digest, kept map[int]shipment.Item) (Subset, error) {
	for i, it := range kept {
		if i < 0 || i >= len(leaves) || it.Leaf() != leaves[i] {
			return Subset{}, fault.Errorf(fault.Invalid, "subset: item %d is not the one of that leaf", i)
		}
	}
	proof, err := merkle.Prove(leaves, slices.Collect(maps.Keys(kept)))
	if err != nil {
		return Subset{}, err
	}
	return Subset{Note: msg, Proof: proof, Kept: kept}, nil
}

// Verify returns the header of the shipment the items are from if the
// originator, by one of keys, signed them.
func (s Subset) Verify(keys ...note.Verifier) (shipment.Header, error) {
	h, _, _, err := shipment.Open(s.Note, keys...)
	if err != nil {
		return shipment.Header{}, err
	}
	leaves := make(map[int]ident.Digest, len(s.Kept))
	for i, it := range s.Kept {
		leaves[i] = it.Leaf()
	}
	if err := merkle.VerifySubset(h.Root, h.Items, leaves, s.Proof); err != nil {
		return shipment.Header{}, err
	}
	return h, nil
}

// Write writes the bundle: the note, the proof, the items' lines.
func (s Subset) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\nshipment %d\n%s\nproof %d\n%s", SubsetTitle, len(s.Note), s.Note, len(s.Proof), s.Proof.AppendText(nil))
	for _, i := range slices.Sorted(maps.Keys(s.Kept)) {
		line := shipment.AppendLine(nil, s.Kept[i])
		fmt.Fprintf(b, "item %d %d\n%s", i, len(line)-1, line)
	}
	fmt.Fprintf(b, "end %d\n", len(s.Kept))
	return b.Flush()
}

// ReadSubset reads a bundle strictly, or returns fault.Invalid that names the
// line. It proves nothing yet.
func ReadSubset(r io.Reader) (Subset, error) {
	in := newLineReader(r)
	if err := in.title(SubsetTitle); err != nil {
		return Subset{}, err
	}
	return readSubset(in)
}

// readSubset goes on after the title.
func readSubset(in *lineReader) (Subset, error) {
	s := Subset{Kept: map[int]shipment.Item{}}
	size, err := in.value("shipment ")
	if err != nil {
		return Subset{}, err
	}
	if s.Note, err = in.block(size, note.MaxSize); err != nil {
		return Subset{}, err
	}
	if s.Proof, err = in.proof(); err != nil {
		return Subset{}, err
	}
	return s, s.readItems(in)
}

func (s *Subset) readItems(in *lineReader) error {
	last, left := -1, shipment.MaxBody
	for {
		line, err := in.next()
		if err != nil {
			return err
		}
		if line == fmt.Sprintf("end %d", len(s.Kept)) {
			if err := in.eof(); err != io.EOF { //nolint:errorlint // eof returns io.EOF itself
				return err
			}
			return nil
		}
		where, size, _ := strings.Cut(strings.TrimPrefix(line, "item "), " ")
		i, err := note.Count(last+1, shipment.MaxItems-1)(where)
		if err != nil || !strings.HasPrefix(line, "item ") {
			return in.bad("want an item after %d, or the end", last)
		}
		b, err := in.block(size, left)
		if err != nil {
			return err
		}
		it, err := shipment.ParseLine(append(b, '\n'))
		if err != nil {
			return in.bad("%w", err)
		}
		s.Kept[i] = it
		last, left = i, left-len(b)
	}
}

// value returns what follows prefix on the next line.
func (l *lineReader) value(prefix string) (string, error) {
	s, err := l.next()
	if err != nil {
		return "", err
	}
	v, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return "", l.bad("want %q", prefix)
	}
	return v, nil
}

// proof reads a counted proof.
func (l *lineReader) proof() (merkle.Proof, error) {
	count, err := l.value("proof ")
	if err != nil {
		return nil, err
	}
	n, err := note.Count(0, shipment.MaxItems)(count)
	if err != nil {
		return nil, l.bad("%w", err)
	}
	var text []byte
	for range n {
		s, err := l.next()
		if err != nil {
			return nil, err
		}
		text = append(append(text, s...), '\n')
	}
	p, err := merkle.ParseProof(text)
	if err != nil {
		return nil, l.bad("%w", err)
	}
	return p, nil
}

func verifySubset(r *Report, file int, in *lineReader, keys []note.Verifier) error {
	s, err := readSubset(in)
	if err != nil {
		return r.unreadable(file, err)
	}
	h, err := s.Verify(keys...)
	if err != nil {
		return r.unreadable(file, err)
	}
	r.Subsets++
	r.Items += len(s.Kept)
	r.add(Finding{File: file, Leaf: -1, Sound: true, Text: fmt.Sprintf("shows %d of the %d items of shipment %d from %s to %s under %s, %s", len(s.Kept), h.Items, h.Number, h.From, h.To, h.Agreement, h.Domain)})
	return nil
}
