package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// vector returns the path of a test vector of docs/formats.
func vector(name string) string {
	return filepath.Join("..", "..", "docs", "formats", "vectors", name)
}

// keys returns the first key of each side from the vectors.
func keys(t *testing.T) (string, string) {
	t.Helper()
	b, err := os.ReadFile(vector("keys.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var in, jp string
	for line := range strings.Lines(string(b)) {
		switch f := strings.Fields(line); f[0] + " " + f[1] {
		case "in first":
			in = f[2]
		case "jp first":
			jp = f[2]
		}
	}
	return in, jp
}

func TestExitStatusAndReport(t *testing.T) {
	in, jp := keys(t)
	changed := filepath.Join(t.TempDir(), "changed.ledger")
	b, err := os.ReadFile(vector("in.ledger"))
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(changed, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name           string
		args           []string
		want           int
		stdout, stderr string
	}{
		{"both ledgers", []string{"--key", in, "--key", jp, vector("in.ledger"), vector("jp.ledger")}, 0, "2 logs, 24 leaves, 8 shipments", ""},
		{"a subset", []string{"--key", in, vector("subset.txt")}, 0, "1 subset, 1 item shown, consistent", ""},
		{"an entry", []string{"--key", in, vector("entry.txt")}, 0, "1 leaf shown, consistent", ""},
		{"a growth", []string{"--key", in, vector("growth.txt")}, 0, "1 growth, consistent", ""},
		{"an entry under another's key", []string{"--key", jp, vector("entry.txt")}, 1, "none of the known keys signed it", ""},
		{"a changed ledger", []string{"--key", in, "--key", jp, changed}, 1, "NOT SOUND", ""},
		{"one key for two sides", []string{"--key", in, vector("in.ledger")}, 1, "none of the keys given is one that jp has here", ""},
		{"no key", []string{vector("in.ledger")}, 2, "", "usage:"},
		{"no file", []string{"--key", in}, 2, "", "usage:"},
		{"a key that is none", []string{"--key", "in+zz", vector("in.ledger")}, 2, "", "want side+id+base64"},
		{"a flag that is none", []string{"--trust-me"}, 2, "", "trust-me"},
		{"a file that is not there", []string{"--key", in, vector("uk.ledger")}, 2, "", "uk.ledger"},
		{"help", []string{"--help"}, 0, "", "Exit status: 0 sound"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if got := run(tc.args, &stdout, &stderr); got != tc.want {
				t.Errorf("exit status %d, want %d\n%s%s", got, tc.want, &stdout, &stderr)
			}
			if !strings.Contains(stdout.String(), tc.stdout) || !strings.Contains(stderr.String(), tc.stderr) {
				t.Errorf("printed %q and %q, want %q and %q in them", &stdout, &stderr, tc.stdout, tc.stderr)
			}
		})
	}
}

// TestTheAuditorsToolLinksNextToNothing holds the tool to the standard
// library, x/mod and our own small packages, so that an auditor can read it.
func TestTheAuditorsToolLinksNextToNothing(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{"twoseas/cmd/twoseas-verify": true}
	for _, p := range []string{"base/fault", "base/ident", "law/note", "law/merkle", "law/shipment", "law/verify"} {
		allowed["twoseas/internal/"+p] = true
	}
	seen := 0
	for p := range strings.FieldsSeq(string(out)) {
		seen++
		if !allowed[p] && !strings.HasPrefix(p, "golang.org/x/mod/sumdb/") {
			t.Errorf("links %s", p)
		}
	}
	if seen < 5 {
		t.Errorf("go list names %d packages: %q", seen, out)
	}
}
