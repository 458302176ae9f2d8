package bench_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/matching"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

// direct is the way to the node that is asked, without a network: what the
// figure tells is the work of both sides.
type direct struct{ to *node.Node }

func (d direct) AskMatching(ctx context.Context, _ ident.Domain, a ident.Agreement, note, blinded []byte) error {
	return d.to.Matchings.Asked(ctx, d.to.Live, a, "jp", note, blinded)
}

func (d direct) MatchingAnswer(ctx context.Context, _ ident.Domain, a ident.Agreement, session string) (note, content []byte, err error) {
	return d.to.Matchings.Answer(ctx, d.to.Live, a, "jp", session)
}

func (d direct) RevealMatching(ctx context.Context, _ ident.Domain, a ident.Agreement, session string, found []byte) error {
	return d.to.Matchings.Revealed(ctx, d.to.Live, a, "jp", session, found)
}

// BenchmarkMatching asks a node of a million indicators which of 10,000 values
// it knows, half of which it does: from blinding them to the list of the
// overlap.
func BenchmarkMatching(b *testing.B) {
	m := needMillion(b)
	in := m.copied(b).mustOpen(b)
	defer func() {
		if err := in.Close(); err != nil {
			b.Error(err)
		}
	}()
	jp := nodetest.Start(b, "jp", nil)
	permitMatching(b, in, jp)
	asked := min(10_000, m.objects)
	texts := values(m.objects, max(1, 2*m.objects/asked), 1)
	known := len(texts)
	texts = append(texts, values(asked-known, 1, 7)...)
	list, not := matching.Normal(texts)
	if len(not) > 0 {
		b.Fatal(not[0])
	}
	var took time.Duration
	for b.Loop() {
		begin := time.Now()
		q, err := jp.Matchings.Ask(b.Context(), jp.Live, jp.Operator(), nodetest.InJp, list, direct{in})
		if err != nil {
			b.Fatal(err)
		}
		r, err := jp.Matchings.Fetch(b.Context(), jp.Live, jp.Operator(), q.Session, direct{in})
		if err != nil || len(r.Values) < known {
			b.Fatalf("%d of %d found, %v", len(r.Values), known, err)
		}
		took += time.Since(begin)
	}
	matchingTime.is(b, took.Seconds()/float64(b.N))
}

// permitMatching brings the reference agreement with a rule for matching into
// force.
func permitMatching(b *testing.B, in *node.Node, jp *nodetest.Node) {
	b.Helper()
	if _, err := node.Pair(b.Context(), jp.Node, in); err != nil {
		b.Fatal(err)
	}
	text := strings.Replace(string(agreement.Reference()), "\nrules:\n",
		"\nmatching: {values_per_day: 1000000}\nrules:\n  - {id: matching, clause: \"1(1)\", when: {kind: matching}, then: release}\n", 1)
	notes := map[*node.Node][]byte{}
	for _, n := range []*node.Node{in, jp.Node} {
		v, err := n.Accords.Add(b.Context(), n.Live, n.Operator(), []byte(text))
		if err != nil {
			b.Fatal(err)
		}
		if notes[n], err = n.Accords.Sign(b.Context(), n.Live, n.Operator(), v); err != nil {
			b.Fatal(err)
		}
	}
	if err := in.Accords.Countersign(b.Context(), in.Live, "jp", notes[jp.Node]); err != nil {
		b.Fatal(err)
	}
	if err := jp.Accords.Countersign(b.Context(), jp.Live, "in", notes[in]); err != nil {
		b.Fatal(err)
	}
}
