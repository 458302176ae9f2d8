package bench_test

import (
	"testing"
	"time"

	"twoseas/internal/act/recall"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/recall"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// BenchmarkRecall calls back 10,000 objects that the partner holds and serves:
// from the act until its answer is here with every edge done.
func BenchmarkRecall(b *testing.B) {
	objects := size(10_000)
	var took time.Duration
	for b.Loop() {
		in, jp := nodetest.IndiaJapan(b, nil)
		if _, err := furnish(b.Context(), in.Node); err != nil {
			b.Fatal(err)
		}
		if rep, err := in.Intake.Stream(b.Context(), in.Live, source(), bundle(objects, 1), nil); err != nil || rep.New != objects {
			b.Fatalf("%+v, %v", rep, err)
		}
		converged(b, in, jp)
		ids := make([]string, 0, objects)
		if err := in.Live.Query(b.Context(), func(tx *store.Tx) error {
			return tx.Objects(0, store.AllLabels, func(o store.Object) error {
				if law.Recallable(o.Type) {
					ids = append(ids, o.ID)
				}
				return nil
			})
		}); err != nil {
			b.Fatal(err)
		}
		begin := time.Now()
		act, err := in.Recalls.Send(b.Context(), in.Live, in.Operator(), recall.Ask{Kind: law.Spill, IDs: ids}, ident.Digest{})
		if err != nil {
			b.Fatal(err)
		}
		at := time.Since(begin)
		for {
			d, err := in.Recalls.Show(b.Context(), in.Live, in.Operator(), act)
			if err != nil {
				b.Fatal(err)
			}
			if !d.Open() {
				// What would have lapsed on arrival never left: the partner is asked for the rest.
				p := d.Partners[0]
				if n := p.Outcomes[law.Quarantined]; n == 0 || int64(n) != p.Items || int(p.Items) > len(ids) {
					b.Fatalf("%d of %d in quarantine: %v", n, p.Items, p.Outcomes)
				}
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		took += time.Since(begin)
		b.Logf("%d objects: called back at home in %v, answered after %v", len(ids), at, time.Since(begin))
		in.Close()
		jp.Close()
	}
	recallTime.is(b, took.Seconds()/float64(b.N))
}
