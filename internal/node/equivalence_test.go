package node_test

import (
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// A reader of one side who is cleared for an own level reads the other side's
// level if the agreement in force says so, and only then.
func TestAForeignLevelIsReadIfTheAgreementSaysSo(t *testing.T) {
	in, jp := nodetest.Start(t, "in", func(c *node.Config) { c.Classification = []string{"IN-C"} }), nodetest.Start(t, "jp", nil)
	nodetest.Join(t, in, jp)
	levels := func(n *nodetest.Node, clearance string) string {
		t.Helper()
		c, err := people.ParseClearance(clearance)
		if err != nil {
			t.Fatal(err)
		}
		var out people.Clearance
		if err := n.Live.Query(t.Context(), func(tx *store.Tx) (err error) {
			out, err = n.People.Cleared(tx, c)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return out.Classification
	}
	if got := levels(in, "TLP:RED IN-C"); got != "IN-C" {
		t.Errorf("before the table: %q", got)
	}
	nodetest.Amend(t, in, jp,
		"ceilings: {classification: none, tlp: red}", "ceilings: {classification: [IN-C, JP-MDA-H], tlp: red}",
		"targets:\n", "equivalence:\n  - {in: IN-C, jp: JP-MDA-H}\n\ntargets:\n",
		"  - {name: classified matters stay,        item: {kind: threat, tlp: clear, classification: IN-R}, expect: deny}\n", "")
	for clearance, want := range map[string]string{
		"TLP:RED IN-C":       "IN-C+JP-MDA-H",
		"TLP:RED IN-R":       "IN-R",
		"TLP:RED IN-S":       "IN-C+JP-MDA-H", // no more than the node may hold
		"TLP:RED JP-MDA-G":   "JP-MDA-H",
		"TLP:RED":            "",
		"TLP:GREEN JP-ADM-H": "",
	} {
		if got := levels(in, clearance); got != want {
			t.Errorf("%s: %q, want %q", clearance, got, want)
		}
	}
	if got := levels(jp, "TLP:RED JP-MDA-K"); got != "" {
		t.Errorf("a node that is not classified clears for %q", got)
	}
	if _, ok := marking.LevelOf("JP-MDA-H"); !ok {
		t.Error("the level is not known")
	}
}
