package verify

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
)

const (
	// EntryTitle is the first line of one leaf of a ledger with its proof.
	EntryTitle = "twoseas/entry/v1"

	// proofTitle is the first line of https://c2sp.org/tlog-proof.
	proofTitle = "c2sp.org/tlog-proof@v1"

	// maxPath bounds the hashes of one proof: those of a ledger of
	// merkle.MaxLog leaves, twice over for consistency (tlog-witness).
	maxPath = 63
)

// Entry is one leaf of a ledger and what proves that it is there.
type Entry struct {
	Leaf       []byte
	Index      int64
	Proof      merkle.Proof
	Checkpoint []byte // a state of the ledger that holds the leaf, signed
}

// Write writes the file: the leaf, then a proof as tlog-proof has it.
func (e Entry) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\nleaf %d\n%s\n%s\nindex %d\n%s\n%s",
		EntryTitle, len(e.Leaf), e.Leaf, proofTitle, e.Index, e.Proof.AppendText(nil), e.Checkpoint)
	return b.Flush()
}

// ReadEntry reads the file strictly, or returns fault.Invalid that names the
// line. It proves nothing yet.
func ReadEntry(r io.Reader) (Entry, error) {
	in := newLineReader(r)
	if err := in.title(EntryTitle); err != nil {
		return Entry{}, err
	}
	return readEntry(in)
}

// readEntry goes on after the title.
func readEntry(in *lineReader) (Entry, error) {
	e := Entry{}
	size, err := in.value("leaf ")
	if err != nil {
		return e, err
	}
	if e.Leaf, err = in.block(size, merkle.MaxLeaf); err != nil {
		return e, err
	}
	if err := in.title(proofTitle); err != nil {
		return e, err
	}
	index, err := in.value("index ")
	if err != nil {
		return e, err
	}
	n, err := note.Decimal(index)
	if err != nil || n >= merkle.MaxLog {
		return e, in.bad("index %.30q: want a number under %d", index, int64(merkle.MaxLog))
	}
	e.Index = int64(n)
	if e.Proof, err = in.path(); err != nil {
		return e, err
	}
	e.Checkpoint, err = in.rest()
	return e, err
}

// path reads the lines of a proof and the empty line after them.
func (l *lineReader) path() (merkle.Proof, error) {
	var text []byte
	for n := 0; ; n++ {
		s, err := l.next()
		if err != nil {
			return nil, err
		}
		if s == "" {
			break
		}
		if n == maxPath {
			return nil, l.bad("more than %d hashes", maxPath)
		}
		text = append(append(text, s...), '\n')
	}
	p, err := merkle.ParseProof(text)
	if err != nil {
		return nil, l.bad("%w", err)
	}
	return p, nil
}

// rest reads the note that a file ends with.
func (l *lineReader) rest() ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(l.r, note.MaxSize+1))
	if err != nil {
		return nil, err
	}
	if _, err := note.Text(b); err != nil {
		return nil, fault.Errorf(fault.Invalid, "after line %d: %w", l.n, err)
	}
	return b, nil
}

// State is a checkpoint and who stands for it.
type State struct {
	merkle.Checkpoint
	By     note.Verifier      // the ledger's key
	Cosigs []note.Cosignature // by known keys of others
}

// openState opens a checkpoint with the keys of the side whose ledger it is,
// and looks for cosignatures by any of the others.
func openState(msg []byte, keys []note.Verifier) (State, error) {
	text, err := note.Text(msg)
	if err != nil {
		return State{}, err
	}
	c, err := merkle.ParseCheckpoint(text)
	if err != nil {
		return State{}, err
	}
	owner, _, _, err := merkle.ParseOrigin(c.Origin)
	if err != nil {
		return State{}, err
	}
	n, err := note.Open(msg, keys...)
	if err != nil {
		return State{}, err
	}
	s := State{Checkpoint: c, Cosigs: slices.DeleteFunc(n.Cosigs, func(c note.Cosignature) bool { return c.By.Side() == owner })}
	i := slices.IndexFunc(n.Sigs, func(v note.Verifier) bool { return v.Side() == owner })
	if i < 0 {
		return State{}, fault.Errorf(fault.Denied, "checkpoint: %s did not sign it, whose ledger it is", owner)
	}
	s.By = n.Sigs[i]
	return s, nil
}

// String says whose state it is and who stands for it.
func (s State) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the ledger %s at %d leaves, signed by %s", s.Origin, s.Size, s.By.Short())
	for _, c := range s.Cosigs {
		fmt.Fprintf(&b, ", cosigned by %s at %s", c.By.Side(), note.FormatTime(c.At))
	}
	return b.String()
}

// Verify returns the state of the ledger that the leaf is shown to be in, if
// one of keys, of the side whose ledger it is, signed that state.
func (e Entry) Verify(keys ...note.Verifier) (State, error) {
	s, err := openState(e.Checkpoint, keys)
	if err != nil {
		return State{}, err
	}
	if e.Index >= s.Size {
		return State{}, fault.Errorf(fault.Denied, "leaf %d is not in a ledger of %d leaves", e.Index, s.Size)
	}
	return s, merkle.CheckInclusion(e.Proof, s.Checkpoint, e.Index, e.Leaf)
}

// signers says who of the keys signed a leaf; none is fault.Denied.
func signers(leaf []byte, keys []note.Verifier) (string, error) {
	n, err := note.Open(leaf, keys...)
	if err != nil {
		return "", err
	}
	names := make([]string, len(n.Sigs))
	for i, v := range n.Sigs {
		names[i] = v.Short()
	}
	return strings.Join(names, ", "), nil
}

func verifyEntry(r *Report, file int, in *lineReader, keys []note.Verifier) error {
	e, err := readEntry(in)
	if err != nil {
		return r.unreadable(file, err)
	}
	s, err := e.Verify(keys...)
	if err != nil {
		return r.unreadable(file, err)
	}
	by, err := signers(e.Leaf, keys)
	if err != nil {
		return r.unreadable(file, fmt.Errorf("leaf %d: %w", e.Index, err))
	}
	r.Entries++
	text, err := note.Text(e.Leaf)
	if err != nil {
		return r.unreadable(file, err)
	}
	title, _, _ := strings.Cut(string(text), "\n")
	r.add(Finding{
		File: file, Leaf: e.Index, Owner: s.By.Side(), Sound: true,
		Text: "shows " + strconv.Quote(title) + ", signed by " + by + ", in " + s.String(),
	})
	return nil
}
