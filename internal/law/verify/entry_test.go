package verify_test

import (
	"bytes"
	"strings"
	"testing"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
)

// entry makes the proof that a leaf is in the side's newest cosigned state.
func entry(t testing.TB, s *story, side ident.Side, index int64) verify.Entry {
	t.Helper()
	n := s.nodes[side]
	cp := n.checkpoints[len(n.checkpoints)-1]
	proof, err := merkle.ProveInclusion(sizeOf(t, cp), index, &n.tree)
	s.must(err)
	return verify.Entry{Leaf: n.leaves[index], Index: index, Proof: proof, Checkpoint: cp}
}

func sizeOf(t testing.TB, checkpoint []byte) int64 {
	t.Helper()
	text, err := note.Text(checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	c, err := merkle.ParseCheckpoint(text)
	if err != nil {
		t.Fatal(err)
	}
	return c.Size
}

func entryFile(t testing.TB, s *story, side ident.Side, index int64) []byte {
	t.Helper()
	var b bytes.Buffer
	s.must(entry(t, s, side, index).Write(&b))
	return b.Bytes()
}

// growthFile is the growth from one of the side's cosigned states to its last.
func growthFile(t testing.TB, s *story, side ident.Side, from int) []byte {
	t.Helper()
	n := s.nodes[side]
	old, now := n.checkpoints[from], n.checkpoints[len(n.checkpoints)-1]
	proof, err := merkle.ProveConsistency(sizeOf(t, old), sizeOf(t, now), &n.tree)
	s.must(err)
	var b bytes.Buffer
	s.must(verify.Growth{Old: old, New: now, Proof: proof}.Write(&b))
	return b.Bytes()
}

func TestEveryEntryIsShown(t *testing.T) {
	s := usual(t)
	keys := append(s.keys(), s.nodes["jp"].had[1])
	for i := range s.nodes["in"].leaves {
		r := check(t, keys, entryFile(t, s, "in", int64(i)))
		wantSound(t, r, "in the ledger twoseas/in/in-jp-2022/live at 12 leaves, signed by in+", "cosigned by jp at 2026-11-22T10:00:00Z", "1 leaf shown, consistent")
	}
	// The ledger's owner rotated its key: the first is not enough for one entry,
	// since the file does not hold the note that hands over.
	wantUnsound(t, s.check(entryFile(t, s, "jp", 0)), "none of the known keys signed it")
	wantSound(t, check(t, keys, entryFile(t, s, "jp", 0)), "signed by jp+480d5924")
}

// TestAnEntryStandsAtItsPlace moves leaves, proofs and checkpoints about.
func TestAnEntryStandsAtItsPlace(t *testing.T) {
	s := usual(t)
	foreign := key(t, "in", "thief")
	for name, change := range map[string]func(*verify.Entry){
		"another index":        func(e *verify.Entry) { e.Index++ },
		"beyond the end":       func(e *verify.Entry) { e.Index = 12 },
		"another leaf":         func(e *verify.Entry) { e.Leaf = s.nodes["in"].leaves[4] },
		"another ledger":       func(e *verify.Entry) { e.Checkpoint = s.nodes["jp"].checkpoints[1] },
		"an earlier state":     func(e *verify.Entry) { e.Checkpoint = s.nodes["in"].checkpoints[0] },
		"a hash too few":       func(e *verify.Entry) { e.Proof = e.Proof[1:] },
		"a hash too many":      func(e *verify.Entry) { e.Proof = append(e.Proof, e.Proof[0]) },
		"signed by a stranger": func(e *verify.Entry) { e.Checkpoint = resign(t, e.Checkpoint, foreign) },
		"signed by the partner alone": func(e *verify.Entry) {
			e.Checkpoint = resign(t, e.Checkpoint, s.nodes["jp"].key)
		},
	} {
		e := entry(t, s, "in", 2)
		change(&e)
		var b bytes.Buffer
		s.must(e.Write(&b))
		if r := check(t, append(s.keys(), s.nodes["jp"].had[1]), b.Bytes()); r.OK || r.Entries != 0 {
			t.Errorf("%s: taken as sound: %s", name, text(t, r))
		}
	}
}

// resign signs the text of a note with another key.
func resign(t testing.TB, msg []byte, k note.Signer) []byte {
	t.Helper()
	body, err := note.Text(msg)
	if err != nil {
		t.Fatal(err)
	}
	out, err := k.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAnyChangedByteIsFound changes every byte of both kinds of file.
func TestAnyChangedByteOfAProofIsFound(t *testing.T) {
	s := usual(t)
	keys := append(s.keys(), s.nodes["jp"].had[1])
	for _, file := range [][]byte{entryFile(t, s, "in", 2), growthFile(t, s, "in", 0)} {
		if r := check(t, keys, file); !r.OK {
			t.Fatal(text(t, r))
		}
		for i := range file {
			bad := bytes.Clone(file)
			bad[i] ^= 1
			// A signature by a name nobody knows is no signature, as signed-note
			// has it; a cosignature lost that way is missing from what is said.
			if r := check(t, keys, bad); r.OK && text(t, r) == text(t, check(t, keys, file)) {
				t.Errorf("byte %d (%q) of %.20q is free", i, file[i], file)
			}
			if r := check(t, keys, file[:i]); r.OK && text(t, r) == text(t, check(t, keys, file)) {
				t.Errorf("the first %d bytes of %.20q are enough", i, file)
			}
		}
		wantUnsound(t, check(t, keys, append(bytes.Clone(file), '\n')))
	}
}

func TestAGrowthOnlyGrows(t *testing.T) {
	s := usual(t)
	wantSound(t, s.check(growthFile(t, s, "in", 0)), "at 12 leaves", "it continues the ledger twoseas/in/in-jp-2022/live at 6 leaves", "1 growth, consistent")
	wantSound(t, s.check(growthFile(t, s, "in", 1)), "it continues the ledger twoseas/in/in-jp-2022/live at 12 leaves")

	n := s.nodes["in"]
	forked := newStory(t) // the same beginning, then other leaves
	forked.agree()
	forked.cross("in", 3)
	forked.cross("jp", 2)
	forked.send("in", 7)
	forked.send("in", 7)
	forked.witness("in")
	proof, err := merkle.ProveConsistency(6, 8, &forked.nodes["in"].tree)
	s.must(err)
	later := forked.nodes["in"].checkpoints[0]
	for name, g := range map[string]verify.Growth{
		"backwards":       {Old: n.checkpoints[1], New: n.checkpoints[0]},
		"no proof":        {Old: n.checkpoints[0], New: n.checkpoints[1]},
		"another ledger":  {Old: n.checkpoints[0], New: s.nodes["jp"].checkpoints[1]},
		"another history": {Old: forked.nodes["in"].checkpoints[0], New: n.checkpoints[1], Proof: proof},
		"a stranger's":    {Old: resign(t, n.checkpoints[0], key(t, "in", "thief")), New: later, Proof: proof},
	} {
		var b bytes.Buffer
		s.must(g.Write(&b))
		if r := check(t, append(s.keys(), s.nodes["jp"].had[1]), b.Bytes()); r.OK {
			t.Errorf("%s: taken as sound: %s", name, text(t, r))
		}
	}
}

// TestAProofFileIsReadStrictly gives files that say the same in other ways.
func TestAProofFileIsReadStrictly(t *testing.T) {
	s := usual(t)
	file := string(entryFile(t, s, "in", 2))
	for name, bad := range map[string]string{
		"extra":         strings.Replace(file, "\nindex ", "\nextra AAAA\nindex ", 1),
		"leading zero":  strings.Replace(file, "\nindex 2\n", "\nindex 02\n", 1),
		"negative":      strings.Replace(file, "\nindex 2\n", "\nindex -2\n", 1),
		"huge":          strings.Replace(file, "\nindex 2\n", "\nindex 18446744073709551615\n", 1),
		"no index":      strings.Replace(file, "\nindex 2\n", "\n", 1),
		"a long path":   strings.Replace(file, "\nindex 2\n", "\nindex 2\n"+strings.Repeat("HUWbQS1q4brSbeePGE9R6PUXhlSb1XAguY+QeoMHwng=\n", 64), 1),
		"a short leaf":  strings.Replace(file, "\nleaf ", "\nleaf 1", 1),
		"carriage":      strings.ReplaceAll(file, "\n", "\r\n"),
		"nothing after": file[:strings.Index(file, "\n\ntwoseas/in")+2],
	} {
		if _, err := verify.ReadEntry(strings.NewReader(bad)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}
