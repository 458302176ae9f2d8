package webtest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// sheets are the pages people print, with the mark that each of their sheets
// bears and words that must be on them.
var sheets = []struct {
	view
	mark  string
	words []string
}{
	{view{"agreement", "in", "desk", "/agreements/in-jp-2022"}, "", []string{"Clause by clause", "1(10)", "Hash of the text"}},
	{view{"release-item", "in", "officer", "/releases/items main tbody th a"}, "TLP:AMBER", []string{"Held before it leaves", "What leaves", "sha256:"}},
	{view{"release-queue", "in", "officer", "/releases"}, "TLP:RED", []string{"Release queue"}},
	{view{"exchange", "in", "duty", "/exchange"}, "TLP:", []string{"Exchange with Japan", "What the receipts say"}},
	{view{"ledger-entry", "in", "desk", "/ledger/in-jp-2022/entries/0"}, "TLP:", []string{"Entry 0", "What was signed"}},
	{view{"audit", "in", "auditor", "/audit"}, "TLP:", []string{"Audit log", "sign in"}},
	{view{"object", "in", "analyst", "/threats?type=malware .results tbody a"}, "TLP:GREEN", []string{"What it says", "malware--"}},
	{view{"threats", "in", "analyst", "/threats?tlp=green"}, "TLP:GREEN", []string{"ReefBeacon", "Originator"}},
}

var sheet = regexp.MustCompile(`/Type\s*/Page[^s]`)

// TestPagesPrint prints pages on paper, from dark windows too: few sheets, each
// with its marking and number, without anything to press, nothing cut.
func TestPagesPrint(t *testing.T) {
	w := newWorld(t)
	w.stage(t)
	for _, v := range sheets {
		t.Run(v.name, func(t *testing.T) {
			tab := w.open(t, v.view)
			tab.Look(1366, true)
			pdf := tab.Print()
			n := len(sheet.FindAll(pdf, -1))
			if n == 0 || n > 12 || !bytes.HasPrefix(pdf, []byte("%PDF")) {
				t.Errorf("%d sheets", n)
			}
			if !bytes.Contains(pdf, []byte("/MediaBox [0 0 594.95")) && !bytes.Contains(pdf, []byte("/MediaBox [0 0 595")) {
				t.Error("not A4")
			}
			if dir := os.Getenv("TWOSEAS_SCREENSHOTS_MORE"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, v.name+".pdf"), pdf, 0o600); err != nil {
					t.Error(err)
				}
			}
			texts := printed(t, pdf)
			for i, text := range texts {
				if v.mark != "" && strings.Count(text, v.mark) < 2 {
					t.Errorf("sheet %d of %d is not marked %s above and below: %.300q", i+1, n, v.mark, text)
				}
			}
			all := strings.Join(texts, "\n")
			for _, word := range v.words {
				if len(texts) > 0 && !strings.Contains(all, word) {
					t.Errorf("no %q on paper", word)
				}
			}
			for _, gone := range []string{"Waiting for me", "Value, id or words", "To the content", "Verify now", "Approve and release", "May I send this?"} {
				if strings.Contains(all, gone) {
					t.Errorf("%q is on paper", gone)
				}
			}
			if strings.Contains(texts0(texts), "TLP:") && v.mark == "" {
				t.Error("an unmarked page is marked")
			}
		})
	}
}

// texts0 is the head of the first sheet.
func texts0(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0][:min(len(texts[0]), 200)]
}

// printed returns the text of each sheet as Ghostscript reads it, nothing
// without one.
func printed(t *testing.T, pdf []byte) []string {
	t.Helper()
	gs, err := exec.LookPath("gs")
	if err != nil {
		t.Log("NOTE: no Ghostscript (gs) on this machine: what stands on the sheets is not read")
		return nil
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "page.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), gs, "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=txtwrite", "-sOutputFile="+filepath.Join(dir, "%03d.txt"), file).CombinedOutput(); err != nil {
		t.Fatalf("gs: %v: %s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(files))
	for i, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = strings.Join(strings.Fields(string(raw)), " ")
	}
	return texts
}
