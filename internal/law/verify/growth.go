package verify

import (
	"bufio"
	"fmt"
	"io"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
)

// GrowthTitle is the first line of two states of one ledger with the proof
// that the later one continues the earlier.
const GrowthTitle = "twoseas/growth/v1"

// Growth is two signed states of one ledger and what proves that nothing that
// was in the earlier was changed or taken out.
type Growth struct {
	Old   []byte // checkpoint note
	New   []byte // likewise
	Proof merkle.Proof
}

// Write writes the file: the earlier checkpoint, then what tlog-witness sends
// to have the later one cosigned.
func (g Growth) Write(w io.Writer) error {
	c, err := note.Text(g.Old)
	if err != nil {
		return err
	}
	old, err := merkle.ParseCheckpoint(c)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\ncheckpoint %d\n%s\n%s", GrowthTitle, len(g.Old), g.Old,
		merkle.AddCheckpoint{Old: old.Size, Proof: g.Proof, Note: g.New}.Body())
	return b.Flush()
}

// ReadGrowth reads the file strictly, or returns fault.Invalid that names the
// line. It proves nothing yet.
func ReadGrowth(r io.Reader) (Growth, error) {
	in := newLineReader(r)
	if err := in.title(GrowthTitle); err != nil {
		return Growth{}, err
	}
	return readGrowth(in)
}

// readGrowth goes on after the title.
func readGrowth(in *lineReader) (Growth, error) {
	g := Growth{}
	size, err := in.value("checkpoint ")
	if err != nil {
		return g, err
	}
	if g.Old, err = in.block(size, note.MaxSize); err != nil {
		return g, err
	}
	text, err := note.Text(g.Old)
	if err != nil {
		return g, in.bad("%w", err)
	}
	old, err := merkle.ParseCheckpoint(text)
	if err != nil {
		return g, in.bad("%w", err)
	}
	if err := in.title(fmt.Sprintf("old %d", old.Size)); err != nil {
		return g, err
	}
	if g.Proof, err = in.path(); err != nil {
		return g, err
	}
	g.New, err = in.rest()
	return g, err
}

// Verify returns the two states if keys signed both, they are of one ledger,
// and the later continues the earlier.
func (g Growth) Verify(keys ...note.Verifier) (State, State, error) {
	old, err := openState(g.Old, keys)
	if err != nil {
		return State{}, State{}, err
	}
	now, err := openState(g.New, keys)
	if err != nil {
		return State{}, State{}, err
	}
	if old.Origin != now.Origin {
		return State{}, State{}, fault.Errorf(fault.Denied, "the two checkpoints are of two ledgers, %s and %s", old.Origin, now.Origin)
	}
	if old.Size > now.Size {
		return State{}, State{}, fault.Errorf(fault.Denied, "the later checkpoint has %d leaves, the earlier %d", now.Size, old.Size)
	}
	return old, now, merkle.CheckConsistency(g.Proof, old.Size, old.Root, now.Checkpoint)
}

func verifyGrowth(r *Report, file int, in *lineReader, keys []note.Verifier) error {
	g, err := readGrowth(in)
	if err != nil {
		return r.unreadable(file, err)
	}
	old, now, err := g.Verify(keys...)
	if err != nil {
		return r.unreadable(file, err)
	}
	r.Growths++
	r.add(Finding{
		File: file, Leaf: -1, Owner: now.By.Side(), Sound: true,
		Text: fmt.Sprintf("%s; it continues %s: nothing was changed or taken out", now, old),
	})
	return nil
}
