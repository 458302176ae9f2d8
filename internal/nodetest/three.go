package nodetest

import (
	"strings"
	"testing"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/node"
)

// The agreements of three sides, each of two. They say what the reference
// agreement does.
const (
	InGb ident.Agreement = "in-gb-2026"
	GbJp ident.Agreement = "gb-jp-2026"
)

// sides holds the sides of the tests as an agreement writes them.
var sides = map[ident.Side]string{
	"in": section("  - id: in\n", "  - id: jp\n"),
	"jp": section("  - id: jp\n", "\ndates:"),
	"gb": `  - id: gb
    name: {en: United Kingdom}
    nodal: fcdo
    agencies:
      - {id: fcdo, name: {en: "Foreign, Commonwealth and Development Office"}}
    codes: [gbr]
    capital: {en: London}
    zone: Europe/London
`,
	"us": `  - id: us
    name: {en: United States of America}
    nodal: state
    agencies:
      - {id: state, name: {en: Department of State}}
    codes: [usa]
    capital: {en: Washington}
    zone: America/New_York
`,
}

func section(from, to string) string {
	_, rest, _ := strings.Cut(string(agreement.Reference()), from)
	text, _, _ := strings.Cut(rest, to)
	return from + text
}

// Between returns an agreement of two sides with the terms of the reference.
func Between(id ident.Agreement, a, b ident.Side) []byte {
	text := strings.Replace(string(agreement.Reference()), "agreement: "+string(InJp), "agreement: "+string(id), 1)
	head, rest, _ := strings.Cut(text, "sides:\n")
	_, tail, _ := strings.Cut(rest, "\ndates:")
	return []byte(head + "sides:\n" + sides[a] + sides[b] + "\ndates:" + tail)
}

// JoinUnder makes two nodes known to each other and brings an agreement into
// force between them.
func JoinUnder(tb testing.TB, a, b *Node, id ident.Agreement) {
	tb.Helper()
	if _, err := node.Pair(tb.Context(), a.Node, b.Node); err != nil {
		tb.Fatal(err)
	}
	for _, n := range []*Node{a, b} {
		v, err := n.Accords.Add(tb.Context(), n.Live, n.Operator(), Between(id, a.Side, b.Side))
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := n.Accords.Sign(tb.Context(), n.Live, n.Operator(), v); err != nil {
			tb.Fatal(err)
		}
	}
	for _, n := range []*Node{a, b} {
		Eventually(tb, string(id)+" is in force at "+string(n.Side), func() bool {
			s, err := n.Accords.Versions(tb.Context(), n.Live, id)
			return err == nil && s[len(s)-1].InForce
		})
	}
}

// Three starts the nodes of India, Japan and the United Kingdom. India has an
// agreement with each of the others; those two have one if closed is set.
func Three(tb testing.TB, clk clock.Clock, closed bool, change func(*node.Config)) (in, jp, gb *Node) {
	tb.Helper()
	in, jp, gb = StartAt(tb, "in", clk, change), StartAt(tb, "jp", clk, change), StartAt(tb, "gb", clk, change)
	Join(tb, in, jp)
	JoinUnder(tb, in, gb, InGb)
	if closed {
		JoinUnder(tb, gb, jp, GbJp)
	}
	return in, jp, gb
}

// Reopen opens the node again in its directory, after Halt.
func (n *Node) Reopen(clk clock.Clock) {
	n.tb.Helper()
	dir := n.Dir
	n.Close()
	n.Open(dir, clk)
}
