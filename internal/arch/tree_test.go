package arch_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// rooms reads the tree of ARCHITECTURE.md and returns how often each package
// below internal stands in it.
func rooms(text string) map[string]int {
	_, tree, _ := strings.Cut(text, "\ninternal/\n")
	tree, _, _ = strings.Cut(tree, "```")
	out := map[string]int{}
	floor := ""
	for line := range strings.Lines(tree) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch len(line) - len(strings.TrimLeft(line, " ")) {
		case 2:
			floor = strings.TrimSuffix(name, "/")
			out[floor]++
		case 4:
			out[floor+"/"+name]++
		}
	}
	return out
}

// TestEveryRoomStandsInThePlanOnce holds the tree of ARCHITECTURE.md to the
// packages there are.
func TestEveryRoomStandsInThePlanOnce(t *testing.T) {
	raw, err := os.ReadFile("../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	list, err := exec.CommandContext(t.Context(), "go", "list", "../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	told := rooms(string(raw))
	for name := range strings.SplitSeq(string(bytes.TrimSpace(list)), "\n") {
		name = strings.TrimPrefix(name, "twoseas/internal/")
		if told[name] != 1 {
			t.Errorf("internal/%s stands %d times in the tree of ARCHITECTURE.md: give it one line", name, told[name])
		}
		delete(told, name)
	}
	for _, floor := range []string{"base", "format", "law", "act", "edge"} { // no packages themselves
		delete(told, floor)
	}
	for name := range told {
		t.Errorf("ARCHITECTURE.md tells of internal/%s, which is not there", name)
	}
}
