package verify_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/merkle"
	"twoseas/internal/law/note"
	"twoseas/internal/law/shipment"
)

var update = flag.Bool("update", false, "write the test vectors of docs/formats")

// vectorFolder returns docs/formats/vectors of this module.
func vectorFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "docs", "formats", "vectors")
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectorFolder(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// vectors makes the files that docs/formats describes, from the usual story.
func vectors(t *testing.T) map[string][]byte {
	s := usual(t)
	in, jp := s.nodes["in"], s.nodes["jp"]
	msg := in.leaves[2] // shipment 1 from in, 3 items
	items := s.bodies[string(msg)]
	var body, leaves bytes.Buffer
	w := shipment.NewWriter(&body)
	for i, it := range items {
		s.must(w.Add(it))
		fmt.Fprintf(&leaves, "leaf %d %s\n", i, it.Leaf())
	}
	root, err := w.Root()
	s.must(err)
	fmt.Fprintf(&leaves, "root %s\n", root)

	var report strings.Builder
	s.must(s.check(s.export("in"), s.export("jp")).WriteText(&report))
	return map[string][]byte{
		"keys.txt": fmt.Appendf(nil, "in first  %s\njp first  %s\njp second %s\nin cosigner %s\njp cosigner %s\n",
			in.first, jp.first, jp.key.Verifier(), in.first.CosignerKey(), jp.first.CosignerKey()),
		"shipment.note":   msg,
		"shipment.body":   body.Bytes(),
		"shipment.leaves": leaves.Bytes(),
		"receipt.note":    in.leaves[3],
		"rotation.note":   in.leaves[6],
		"checkpoint.note": in.checkpoints[0],
		"subset.txt":      bundle(t, msg, w.Leaves(), map[int]shipment.Item{1: items[1]}),
		"entry.txt":       entryFile(t, s, "in", 2),
		"growth.txt":      growthFile(t, s, "in", 0),
		"in.ledger":       s.export("in"),
		"jp.ledger":       s.export("jp"),
		"report.txt":      []byte(report.String()),
	}
}

func TestTheVectorsAreWhatWeWrite(t *testing.T) {
	want := vectors(t)
	for name, b := range want {
		if *update {
			if err := os.WriteFile(filepath.Join(vectorFolder(t), name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(vector(t, name)), string(b)); diff != "" {
			t.Errorf("%s (-file +written now; -update writes it):\n%s", name, diff)
		}
	}
	files, err := os.ReadDir(vectorFolder(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, made := want[f.Name()]; !made && f.Name() != "bundle.content" { // that one is law/bundle's
			t.Errorf("nobody makes the vector %s", f.Name())
		}
	}
}

// vectorKeys reads the public keys of keys.txt by what stands before them.
func vectorKeys(t *testing.T) map[string]note.Verifier {
	t.Helper()
	keys := map[string]note.Verifier{}
	for line := range strings.Lines(string(vector(t, "keys.txt"))) {
		f := strings.Fields(line)
		if f[1] == "cosigner" {
			continue
		}
		v, err := note.ParseVerifier(f[2])
		if err != nil {
			t.Fatal(err)
		}
		keys[f[0]+" "+f[1]] = v
	}
	return keys
}

// TestTheVectorsHold reads every vector as a stranger would: from the files.
func TestTheVectorsHold(t *testing.T) {
	keys := vectorKeys(t)
	in, jp := keys["in first"], keys["jp first"]
	h, link, _, err := shipment.Open(vector(t, "shipment.note"), in)
	if err != nil || h.From != "in" || h.Number != 1 {
		t.Fatalf("shipment.note: %+v, %v", h, err)
	}
	r := shipment.NewReader(bytes.NewReader(vector(t, "shipment.body")), h)
	for {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	receipt, _, err := shipment.OpenReceipt(vector(t, "receipt.note"), jp)
	if err != nil || receipt.Shipment != link || receipt.Fits(h) != nil {
		t.Errorf("receipt.note: %+v, %v", receipt, err)
	}
	if _, err := note.OpenRotation(vector(t, "rotation.note"), jp); err != nil {
		t.Errorf("rotation.note: %v", err)
	}
	if _, _, err := merkle.OpenCheckpoint(vector(t, "checkpoint.note"), merkle.Origin("in", agreement, ident.Live), in); err != nil {
		t.Errorf("checkpoint.note: %v", err)
	}
	if _, err := note.VerifyCosignature(vector(t, "checkpoint.note"), jp); err != nil {
		t.Errorf("checkpoint.note: %v", err)
	}
	report := check(t, []note.Verifier{in, jp}, vector(t, "in.ledger"), vector(t, "jp.ledger"))
	wantSound(t, report)
	if diff := cmp.Diff(string(vector(t, "report.txt")), text(t, report)); diff != "" {
		t.Error(diff)
	}
	wantSound(t, check(t, []note.Verifier{in}, vector(t, "subset.txt")), "shows 1 of the 3 items")
	wantSound(t, check(t, []note.Verifier{in, jp}, vector(t, "entry.txt"), vector(t, "growth.txt")), "1 leaf shown, 1 growth, consistent")
}
