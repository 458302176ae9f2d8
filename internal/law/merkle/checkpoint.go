package merkle

import (
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

// MaxLog bounds the size of a ledger that we reason about. Arithmetic on tree
// sizes is safe far beyond it.
const MaxLog = 1 << 40

const originPrefix = "twoseas/"

// Origin names the ledger that owner keeps for one agreement and domain:
// twoseas/<owner>/<agreement>/<domain>, a checkpoint's first line.
func Origin(owner ident.Side, a ident.Agreement, d ident.Domain) string {
	return originPrefix + string(owner) + "/" + string(a) + "/" + d.String()
}

// ParseOrigin is the inverse of Origin.
func ParseOrigin(s string) (ident.Side, ident.Agreement, ident.Domain, error) {
	parts := strings.SplitN(s, "/", 4)
	if len(parts) != 4 || parts[0]+"/" != originPrefix {
		return "", "", ident.Domain{}, fault.Errorf(fault.Invalid, "origin %.100q: want twoseas/<side>/<agreement>/<domain>", s)
	}
	side, err := ident.ParseSide(parts[1])
	if err != nil {
		return "", "", ident.Domain{}, err
	}
	agreement, err := ident.ParseAgreement(parts[2])
	if err != nil {
		return "", "", ident.Domain{}, err
	}
	domain, err := ident.ParseDomain(parts[3])
	if err != nil {
		return "", "", ident.Domain{}, err
	}
	return side, agreement, domain, nil
}

// Checkpoint is the state of a ledger: how many leaves, under which root.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   ident.Digest
}

// Text returns the note text of https://c2sp.org/tlog-checkpoint, without
// extension lines.
func (c Checkpoint) Text() []byte {
	return []byte(c.Origin + "\n" + strconv.FormatInt(c.Size, 10) + "\n" + tlog.Hash(c.Root).String() + "\n")
}

// ParseCheckpoint reads a checkpoint's text, or returns fault.Invalid.
// Extension lines are refused: our logs write none and nobody audits them.
func ParseCheckpoint(text []byte) (Checkpoint, error) {
	parts := strings.Split(string(text), "\n")
	if len(parts) != 4 || parts[0] == "" || parts[3] != "" {
		return Checkpoint{}, fault.New(fault.Invalid, "checkpoint: want three lines, an origin, a size and a root")
	}
	size, err := note.Decimal(parts[1])
	if err != nil || size > MaxLog {
		return Checkpoint{}, fault.Errorf(fault.Invalid, "checkpoint: line 2: %.30q: want a number up to %d", parts[1], int64(MaxLog))
	}
	root, err := parseHash(parts[2])
	if err != nil {
		return Checkpoint{}, fault.Errorf(fault.Invalid, "checkpoint: line 3: %w", err)
	}
	return Checkpoint{Origin: parts[0], Size: int64(size), Root: ident.Digest(root)}, nil
}

// OpenCheckpoint returns the checkpoint in msg if one of the keys signed it
// and its origin is as given. Another origin is fault.NotFound, as
// tlog-witness has it.
func OpenCheckpoint(msg []byte, origin string, keys ...note.Verifier) (Checkpoint, note.Note, error) {
	text, err := note.Text(msg)
	if err != nil {
		return Checkpoint{}, note.Note{}, err
	}
	c, err := ParseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, note.Note{}, err
	}
	if c.Origin != origin {
		return Checkpoint{}, note.Note{}, fault.Errorf(fault.NotFound, "checkpoint: of the ledger %.200q, not of %q", c.Origin, origin)
	}
	n, err := note.Open(msg, keys...)
	if err != nil {
		return Checkpoint{}, note.Note{}, err
	}
	return c, n, nil
}
