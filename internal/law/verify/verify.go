// Package verify checks exported ledgers, home logs and subset bundles from the files
// and the two sides' public keys alone (docs/formats/ledger.md): every
// signature, the Merkle roots, the chains of shipments, that each receipt
// fits its shipment, and, with the files of both sides, that what one logged
// as sent the other logged as received.
//
// Invariant 4 of DESIGN §2: evidence, not trust. Any change to a byte of an
// exported file is found. What is not found is what the files do not hold:
// leaves and checkpoints after the export, and checkpoints left out of it.
//
// It imports the standard library, x/mod and the packages note, merkle and
// shipment only: the auditor's tool is this package and little else.
package verify

import (
	"errors"
	"io"
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
)

// Verify checks files, each an exported ledger, an entry of one, the growth of
// one, or a subset bundle, against public keys: for each side at least one of the keys it has had, given by
// somebody who is trusted. What the files say is in the report; an error
// means that they could not be read or that there is nothing to check.
func Verify(files []io.Reader, keys []note.Verifier) (Report, error) {
	if len(files) == 0 || len(keys) == 0 {
		return Report{}, fault.New(fault.Invalid, "verify: wants at least one file and one public key")
	}
	r := Report{OK: true, Other: map[string]int{}}
	var logs []*ledger
	for i, f := range files {
		l, err := verifyFile(&r, i, f, keys)
		if err != nil {
			return Report{}, err
		}
		if l != nil {
			logs = append(logs, l)
		}
	}
	for i, a := range logs {
		for _, b := range logs[i+1:] {
			compare(&r, a, b)
		}
	}
	return r, nil
}

// verifyFile checks one file on its own and returns its ledger, if it is one
// and could be read to its end.
func verifyFile(r *Report, file int, in io.Reader, keys []note.Verifier) (*ledger, error) {
	lines := newLineReader(in)
	title, err := lines.next()
	if err != nil {
		return nil, r.unreadable(file, err)
	}
	switch title {
	case LedgerTitle, HomeTitle:
		return verifyLedger(r, file, title, lines, keys)
	case SubsetTitle:
		return nil, verifySubset(r, file, lines, keys)
	case EntryTitle:
		return nil, verifyEntry(r, file, lines, keys)
	case GrowthTitle:
		return nil, verifyGrowth(r, file, lines, keys)
	}
	r.add(Finding{File: file, Leaf: -1, Text: "not an exported ledger, an entry, a growth or a subset bundle"})
	return nil, nil
}

// unreadable turns what is wrong with a file into a finding, and returns what
// is wrong with reading it.
func (r *Report) unreadable(file int, err error) error {
	if fault.KindOf(err) == fault.Internal {
		return err
	}
	r.add(Finding{File: file, Leaf: -1, Text: err.Error()})
	return nil
}

func verifyLedger(r *Report, file int, title string, in *lineReader, keys []note.Verifier) (*ledger, error) {
	f, err := newLedgerReader(in, title)
	if err != nil {
		return nil, r.unreadable(file, err)
	}
	l := newLedger(r, file, f.Ledger)
	for {
		_, leaf, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, r.unreadable(file, err)
		}
		if err := l.leaf(leaf); err != nil {
			return nil, err
		}
	}
	return l, l.finish(keys)
}

// anchored reports whether one of the keys given for the ring's side is one
// the side has had.
func (k *keyring) anchored(given []note.Verifier) bool {
	return slices.ContainsFunc(given, func(v note.Verifier) bool { return k.index(v) >= 0 })
}
