package merkle

import (
	"bytes"
	"encoding/base64"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"twoseas/internal/base/fault"
)

// Proof is a list of node hashes. As text it is one hash a line in standard
// base64, the way proof lines are written in https://c2sp.org/tlog-witness.
type Proof []tlog.Hash

// maxProofLines bounds a proof's text: a subset of MaxItems items cannot need
// more hashes than there are items.
const maxProofLines = 1 << 16

// AppendText appends the proof's lines; the empty proof has none.
func (p Proof) AppendText(dst []byte) []byte {
	for _, h := range p {
		dst = base64.StdEncoding.AppendEncode(dst, h[:])
		dst = append(dst, '\n')
	}
	return dst
}

// ParseProof reads the lines AppendText writes, or returns fault.Invalid that
// names the line.
func ParseProof(text []byte) (Proof, error) {
	p := Proof{}
	for s := range bytes.Lines(text) {
		b64, ok := strings.CutSuffix(string(s), "\n")
		h, err := parseHash(b64)
		if !ok || err != nil || len(p) == maxProofLines {
			return nil, fault.Errorf(fault.Invalid, "proof: line %d: want a hash of 32 bytes in base64", len(p)+1)
		}
		p = append(p, h)
	}
	return p, nil
}

// parseHash reads the one spelling that base64 has for a hash.
func parseHash(s string) (tlog.Hash, error) {
	h, err := tlog.ParseHash(s)
	if err != nil || h.String() != s {
		return tlog.Hash{}, fault.Errorf(fault.Invalid, "%.60q: want 32 bytes in base64", s)
	}
	return h, nil
}
