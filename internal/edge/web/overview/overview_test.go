package overview_test

import (
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/edge/web/formtest"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery staple"

func reader(t *testing.T, n *nodetest.Node, name, clearance string) *formtest.Browser {
	t.Helper()
	if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Roles: []people.Role{people.Analyst}, Clearance: clearance, Password: password}); err != nil {
		t.Fatal(err)
	}
	return formtest.New(t, n.Run.URL).SignIn(name, password)
}

func oneFactor(c *node.Config) { c.OneFactor = true }

// TestANodeWithoutAnAgreementSaysWhatComesNext.
func TestANodeWithoutAnAgreementSaysWhatComesNext(t *testing.T) {
	reader(t, nodetest.Start(t, "in", oneFactor), "ana", "TLP:RED").Get("/").Want(200, "/", `href="/agreements"`, "Nothing waits for you")
}

// TestOnlyWhatTheReaderMaySeeIsCounted: two readers of one node are told of
// different numbers, a period that nobody offers is the usual one, and the
// figure comes with its table.
func TestOnlyWhatTheReaderMaySeeIsCounted(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, oneFactor)
	in.Import(marking.Clear, string(st.Bundle(st.Indicator(st.Name("one")))))
	in.Import(marking.Green, string(st.Bundle(st.Indicator(st.Name("two")), st.Indicator(st.Name("three")))))
	nodetest.Converged(t, in, jp)
	all, clear := reader(t, in, "ana", "TLP:RED"), reader(t, in, "cleo", "TLP:CLEAR")
	for _, period := range []string{"", "?period=day", "?period=week", "?period=quarter", "?period=eternity"} {
		all.Get("/"+period).Want(200, "/", "3 went to Japan", "<table", "/?period=quarter")
		clear.Get("/"+period).Want(200, "/", "1 went to Japan").Lacks("3 went")
	}
	all.Get("/?period=day").Want(200, "", "Step by step")
	all.Get("/?period=quarter").Lacks("Step by step")
}
