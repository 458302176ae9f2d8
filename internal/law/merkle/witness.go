package merkle

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

// maxConsistencyLines is the bound of tlog-witness "add-checkpoint".
const maxConsistencyLines = 63

// AddCheckpoint is the body of an add-checkpoint request: from the state of
// Old leaves, which the log believes the witness knows, to the checkpoint in
// Note (https://c2sp.org/tlog-witness).
type AddCheckpoint struct {
	Old   int64
	Proof Proof
	Note  []byte
}

// Body returns the request's body.
func (a AddCheckpoint) Body() []byte {
	b := append(strconv.AppendInt([]byte("old "), a.Old, 10), '\n')
	b = append(a.Proof.AppendText(b), '\n')
	return append(b, a.Note...)
}

// ParseAddCheckpoint reads a request's body, or returns fault.Invalid. The
// note is not opened.
func ParseAddCheckpoint(body []byte) (AddCheckpoint, error) {
	head, msg, ok := bytes.Cut(body, []byte("\n\n"))
	first, proof, _ := strings.Cut(string(head)+"\n", "\n")
	size, found := strings.CutPrefix(first, "old ")
	if !ok || !found {
		return AddCheckpoint{}, fault.New(fault.Invalid, `add-checkpoint: want "old <size>", proof lines, an empty line and a checkpoint`)
	}
	old, err := note.Decimal(size)
	if err != nil || old > MaxLog {
		return AddCheckpoint{}, fault.Errorf(fault.Invalid, "add-checkpoint: old %.30q: want a number up to %d", size, int64(MaxLog))
	}
	p, err := ParseProof([]byte(proof))
	if err != nil {
		return AddCheckpoint{}, err
	}
	if len(p) > maxConsistencyLines {
		return AddCheckpoint{}, fault.Errorf(fault.Invalid, "add-checkpoint: %d proof lines, at most %d", len(p), maxConsistencyLines)
	}
	return AddCheckpoint{Old: int64(old), Proof: p, Note: msg}, nil
}

// Witnessed is the newest state of a log that a witness cosigned. The zero
// value is: none yet.
type Witnessed struct {
	Size int64
	Root ident.Digest
}

// Action is what a witness does with a request.
type Action uint8

// The actions. There is none for a fork: that is an error.
const (
	Refuse  Action = iota // with the error
	Refresh               // answer 409 with the size known; the log asks again from there
	Again                 // the state is the one known: cosign it anew
	Advance               // persist the new state, then cosign it
)

// Decision is an Action and the checkpoint it is about.
type Decision struct {
	Action     Action
	Checkpoint Checkpoint
}

// Cosign decides about a request, given the newest state cosigned for the
// log of that origin and the log's keys. It follows tlog-witness
// "add-checkpoint" point by point; persisting the state that Advance returns
// and comparing it with known must be one transaction.
//
// Errors: fault.NotFound for another log, fault.Denied when no key of the log
// signed, fault.Invalid for a malformed request, and fault.Conflict when the
// log shows a history that is not a continuation of the one known.
func Cosign(known Witnessed, origin string, req AddCheckpoint, keys ...note.Verifier) (Decision, error) {
	c, _, err := OpenCheckpoint(req.Note, origin, keys...)
	if err != nil {
		return Decision{}, err
	}
	switch {
	case req.Old > c.Size:
		return Decision{}, fault.Errorf(fault.Invalid, "add-checkpoint: from %d leaves back to %d", req.Old, c.Size)
	case c.Size == known.Size && known.Size > 0 && c.Root != known.Root:
		return Decision{}, fork(c, "the log signed two different states of %d leaves", c.Size)
	case req.Old != known.Size:
		return Decision{Action: Refresh, Checkpoint: c}, nil
	case req.Old == 0 && len(req.Proof) > 0:
		return Decision{}, fault.New(fault.Invalid, "add-checkpoint: a proof from no leaves is empty")
	case CheckConsistency(req.Proof, known.Size, known.Root, c) != nil:
		return Decision{}, fork(c, "its proof does not lead from the %d leaves witnessed to the %d it signed", known.Size, c.Size)
	case c.Size == known.Size && known.Size > 0:
		return Decision{Action: Again, Checkpoint: c}, nil
	}
	return Decision{Action: Advance, Checkpoint: c}, nil
}

func fork(c Checkpoint, format string, a ...any) error {
	return fault.Errorf(fault.Conflict, "the ledger %s was not only appended to: %s", c.Origin, fmt.Sprintf(format, a...))
}
