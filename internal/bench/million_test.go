package bench_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// million is a node of a million indicators, made once for all benchmarks
// that need one.
type million struct {
	dir, collection string
	peer            string // where it listens for partners; "" for wherever
	objects         int
	took            time.Duration
}

// A directory kept between runs, which saves making it anew; "" makes one and
// removes it at the end.
var keptMillion = os.Getenv("TWOSEAS_BENCH_STORE")

var (
	theMillion  = sync.OnceValues(makeMillion)
	millionMade *million // set when theMillion was called
)

func makeMillion() (*million, error) {
	m := &million{dir: keptMillion, objects: size(1_000_000)}
	millionMade = m
	ctx := context.Background()
	if m.dir == "" {
		var err error
		if m.dir, err = os.MkdirTemp("", "twoseas-bench-"); err != nil {
			return nil, err
		}
	} else if n, err := m.open(ctx); !fault.Is(err, fault.NotFound) {
		if err != nil {
			return nil, err
		}
		err = n.Live.Query(ctx, func(tx *store.Tx) error {
			c, err := tx.Collection(alias)
			m.collection = c.ID
			return err
		})
		return m, errors.Join(err, n.Close())
	}
	return m, m.fill(ctx)
}

// fill makes the node and takes the indicators in.
func (m *million) fill(ctx context.Context) error {
	if err := node.Init(m.dir, node.Config{Side: "in", Listen: "127.0.0.1:0", PeerListen: "127.0.0.1:0"}); err != nil {
		return err
	}
	n, err := m.open(ctx)
	if err != nil {
		return err
	}
	if m.collection, err = furnish(ctx, n); err != nil {
		return errors.Join(err, n.Close())
	}
	stream := bundle(m.objects, 1)
	defer stream.Close()
	begin := time.Now()
	_, err = n.Intake.Stream(ctx, n.Live, source(), stream, nil)
	err = errors.Join(err, n.Close()) // until all of it is in the file
	m.took = time.Since(begin)
	return err
}

func dropMillion() {
	if millionMade != nil && keptMillion == "" {
		_ = os.RemoveAll(millionMade.dir) // a temporary directory
	}
}

// needMillion returns the million, which a benchmark does not change.
func needMillion(b *testing.B) *million {
	b.Helper()
	m, err := theMillion()
	if err != nil {
		b.Fatal(err)
	}
	return m
}

// copied returns a copy that a benchmark may change.
func (m *million) copied(b *testing.B) *million {
	b.Helper()
	to := *m
	to.dir = b.TempDir()
	if err := os.CopyFS(to.dir, os.DirFS(m.dir)); err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"seal.key", "tls.key", "node.yaml"} { // CopyFS opens them to all
		if err := os.Chmod(filepath.Join(to.dir, name), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	syscall.Sync() // or what follows waits for the copy
	return &to
}

// open opens the node without serving.
func (m *million) open(ctx context.Context) (*node.Node, error) {
	c, err := node.Load(m.dir)
	if err != nil {
		return nil, err
	}
	c.PeerListen = cmp.Or(m.peer, c.PeerListen)
	return node.OpenWith(ctx, m.dir, c, node.Options{Log: nodetest.Log()})
}

func (m *million) mustOpen(b *testing.B) *node.Node {
	b.Helper()
	n, err := m.open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func BenchmarkMillionIntake(b *testing.B) {
	m := needMillion(b)
	if m.took == 0 {
		b.Skip("the store was kept from an earlier run")
	}
	for b.Loop() { // once is what there is
	}
	millionRate.is(b, float64(m.objects)/m.took.Seconds())
}

// BenchmarkLookup has as many goroutines as there are cores look 20,000 values up,
// one at a time.
func BenchmarkLookup(b *testing.B) {
	m := needMillion(b)
	n := m.mustOpen(b)
	all := values(m.objects, 25, 1)
	askers := make([][]time.Duration, runtime.GOMAXPROCS(0))
	used := cpu()
	for b.Loop() {
		var wg sync.WaitGroup
		for k := range askers {
			wg.Go(func() { askers[k] = append(askers[k], lookUp(b, n, all[len(all)/len(askers)*k:], 20_000)...) })
		}
		wg.Wait()
	}
	used = cpu() - used
	times := slices.Concat(askers...)
	b.ReportMetric(float64(used.Nanoseconds())/float64(len(times))/1000, "cpu-µs/lookup")
	lookupRate.is(b, float64(len(times))/b.Elapsed().Seconds())
	lookupTail.is(b, p99(times))
	if err := n.Close(); err != nil {
		b.Fatal(err)
	}
}

// lookUp looks count values up, all of which are known, and tells how long
// each took.
func lookUp(b *testing.B, n *node.Node, values []string, count int) []time.Duration {
	times := make([]time.Duration, count)
	first := rand.IntN(len(values))
	for i := range times {
		v := values[(first+i)%len(values)]
		begin := time.Now()
		answers, err := n.Search.Values(b.Context(), n.Live, store.AllLabels, []string{v})
		times[i] = time.Since(begin)
		if err != nil || len(answers[0].Hits) == 0 {
			b.Errorf("%s: %+v, %v", v, answers, err)
		}
	}
	return times
}

func BenchmarkMillionWalk(b *testing.B) {
	m := needMillion(b)
	p := m.serve(b)
	defer p.stop(b)
	c := p.dial(b, m)
	login(b, c)
	for b.Loop() {
		if _, err := c.walk(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	millionWalk.is(b, float64(m.objects*b.N)/b.Elapsed().Seconds())
}

// costs is what batches of intake cost in one store.
type costs struct {
	median, mean time.Duration // a batch; the mean has in it what writing back costs
	cpu          time.Duration // the processor's part of the mean
}

// BenchmarkCost compares what taking in costs in a store of 10,000 and in one
// of a million. What is told is the worse of two ratios: of the median batch,
// and of the whole, with everything written back to the file.
func BenchmarkCost(b *testing.B) {
	m := needMillion(b)
	for b.Loop() {
		few := &million{dir: filepath.Join(b.TempDir(), "few"), objects: size(10_000)}
		if err := few.fill(b.Context()); err != nil {
			b.Fatal(err)
		}
		atFew, atMany := few.costs(b), m.copied(b).costs(b)
		median, mean := float64(atMany.median)/float64(atFew.median), float64(atMany.mean)/float64(atFew.mean)
		b.ReportMetric(median, "times-median")
		b.ReportMetric(mean, "times-mean")
		b.ReportMetric(float64(atFew.mean.Microseconds())/1000, "ms/batch-few")
		b.ReportMetric(float64(atMany.mean.Microseconds())/1000, "ms/batch-many")
		b.ReportMetric(float64(atFew.cpu.Microseconds())/1000, "cpu-ms/batch-few")
		b.ReportMetric(float64(atMany.cpu.Microseconds())/1000, "cpu-ms/batch-many")
		costRatio.is(b, max(median, mean))
	}
}

// cpu returns the processor time this process has used. On a machine that
// others use too it says more than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// costs takes in batches of 2,000 indicators.
func (m *million) costs(b *testing.B) costs {
	b.Helper()
	const batches, each = 40, 2000
	n := m.mustOpen(b)
	var times []time.Duration
	begin, used := time.Now(), cpu()
	for raws := range slices.Chunk(slices.Collect(stixtest.Indicators(batches*each, 2)), each) {
		at := time.Now()
		if rep, err := n.Intake.Objects(b.Context(), n.Live, source(), raws); err != nil || rep.New != each {
			b.Fatalf("%+v, %v", rep, err)
		}
		times = append(times, time.Since(at))
	}
	if err := n.Close(); err != nil {
		b.Fatal(err)
	}
	mean := time.Since(begin) / batches
	used = cpu() - used
	slices.Sort(times)
	return costs{median: times[batches/2], mean: mean, cpu: used / batches}
}
