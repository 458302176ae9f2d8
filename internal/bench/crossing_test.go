package bench_test

import (
	"bytes"
	"testing"
	"time"

	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// BenchmarkCrossing has one node send another what it holds: from the
// signatures that bring the agreement into force until both know that both
// hold the same.
func BenchmarkCrossing(b *testing.B) {
	objects := size(100_000)
	var took time.Duration
	var crossed int64
	for b.Loop() {
		in, jp := nodetest.Start(b, "in", nil), nodetest.Start(b, "jp", nil)
		if _, err := furnish(b.Context(), in.Node); err != nil {
			b.Fatal(err)
		}
		if _, err := node.Pair(b.Context(), in.Node, jp.Node); err != nil {
			b.Fatal(err)
		}
		stream := bundle(objects, 1)
		if rep, err := in.Intake.Stream(b.Context(), in.Live, source(), stream, nil); err != nil || rep.New != objects {
			b.Fatalf("%+v, %v", rep, err)
		}
		begin := time.Now()
		nodetest.Sign(b, in, jp)
		converged(b, in, jp)
		took += time.Since(begin)
		held, _, err := jp.Objects(b.Context())
		if waits := listed(b, in); err != nil || held < int64(objects)-waits {
			b.Fatalf("jp holds %d, %d wait for an officer, %v", held, waits, err)
		}
		crossed += held
		in.Close()
		jp.Close()
	}
	crossingRate.is(b, float64(crossed)/took.Seconds())
}

// listed returns how many objects name a value of a warning list, which an
// officer looks at before they go.
func listed(b *testing.B, n *nodetest.Node) (count int64) {
	b.Helper()
	if err := n.Live.Query(b.Context(), func(tx *store.Tx) error {
		labels, err := tx.Labels()
		for _, l := range labels {
			if bytes.Contains(l.Resolved, []byte(`"listed":true`)) {
				count += l.Objects
			}
		}
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return count
}

// converged waits until each node knows that both sides hold the same.
func converged(b *testing.B, nodes ...*nodetest.Node) {
	b.Helper()
	for _, n := range nodes {
		for end := time.Now().Add(10 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
			st, err := n.Exchange.State(b.Context(), n.Live, nodetest.InJp)
			if err == nil && st.Compared() && st.Out+st.In > 0 {
				break
			}
			if time.Now().After(end) {
				b.Fatalf("%s has not converged: %+v, %v", n.Side, st, err)
			}
		}
	}
}
