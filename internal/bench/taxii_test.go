package bench_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/nodetest"
)

func BenchmarkIntake(b *testing.B) {
	attackFile(b)
	var took time.Duration
	objects := 0
	for b.Loop() {
		n, _ := start(b)
		begin := time.Now()
		objects += importAttack(b, n.Node)
		took += time.Since(begin)
		n.Close()
	}
	intakeRate.is(b, float64(objects)/took.Seconds())
}

func BenchmarkPost(b *testing.B) {
	envelopes, objects := attackEnvelopes(b, 1000)
	var took time.Duration
	for b.Loop() {
		n, collection := start(b)
		c := dial(b, n, collection)
		login(b, c)
		begin := time.Now()
		for _, e := range envelopes {
			if err := c.post(b.Context(), e); err != nil {
				b.Fatal(err)
			}
		}
		took += time.Since(begin)
		n.Close()
	}
	postRate.is(b, float64(objects*b.N)/took.Seconds())
}

func BenchmarkWalk(b *testing.B) {
	n, collection := start(b)
	objects := importAttack(b, n.Node)
	c := dial(b, n, collection)
	login(b, c)
	var bytes int64
	for b.Loop() {
		k, err := c.walk(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		bytes += k
	}
	walkRate.is(b, float64(objects*b.N)/b.Elapsed().Seconds())
	walkBytes.is(b, float64(bytes)/b.Elapsed().Seconds()/1e6)
}

func dial(b *testing.B, n *nodetest.Node, collection string) *client {
	b.Helper()
	c, err := connect(n.Run.URL, n.CertificateFile(), collection)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// login has the password checked, which is slow by design and done once for a
// while.
func login(b *testing.B, c *client) {
	b.Helper()
	if _, _, err := c.get(b.Context(), "objects/?limit=1"); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkQueries(b *testing.B) {
	n, collection := start(b)
	importAttack(b, n.Node)
	ids := identifiers(b, dial(b, n, collection))
	b.Run("match-id", func(b *testing.B) {
		ask(b, n, collection, matchRate, matchTail, func(i int) string { return "objects/?match[id]=" + ids[i%len(ids)] })
	})
	b.Run("nothing-new", func(b *testing.B) {
		ask(b, n, collection, nothingRate, nothingTail, func(int) string { return "objects/?added_after=2100-01-01T00:00:00.000000Z" })
	})
}

// identifiers returns some thousand ids of the collection.
func identifiers(b *testing.B, c *client) (ids []string) {
	b.Helper()
	var m struct {
		Objects []struct {
			ID string `json:"id"`
		} `json:"objects"`
	}
	if err := c.do(b.Context(), "GET", "manifest/?limit=10000", nil, http.StatusOK, func(r *http.Response) error {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		return canon.Unmarshal(raw, &m)
	}); err != nil {
		b.Fatal(err)
	}
	for _, o := range m.Objects {
		ids = append(ids, o.ID)
	}
	return ids
}

// ask has 8 clients ask short questions as fast as they are answered.
func ask(b *testing.B, n *nodetest.Node, collection string, rate, tail *figure, path func(i int) string) {
	const clients, each = 8, 5000
	asking := make([]*asker, clients)
	for k := range asking {
		asking[k] = &asker{client: dial(b, n, collection), next: k * each}
		login(b, asking[k].client)
	}
	for b.Loop() {
		var wg sync.WaitGroup
		for _, a := range asking {
			wg.Go(func() { a.ask(b.Context(), each, path) })
		}
		wg.Wait()
	}
	var all []time.Duration
	for _, a := range asking {
		if a.err != nil {
			b.Fatal(a.err)
		}
		all = append(all, a.times...)
	}
	rate.is(b, float64(len(all))/b.Elapsed().Seconds())
	tail.is(b, p99(all))
}

// asker is one client and how long each of its questions took.
type asker struct {
	client *client
	next   int
	times  []time.Duration
	err    error
}

func (a *asker) ask(ctx context.Context, n int, path func(i int) string) {
	for range n {
		begin := time.Now()
		if _, _, a.err = a.client.get(ctx, path(a.next)); a.err != nil {
			return
		}
		a.times = append(a.times, time.Since(begin))
		a.next++
	}
}

// p99 returns, in milliseconds, what 99 of 100 stay within.
func p99(times []time.Duration) float64 { return percentile(times, 99) }

func percentile(times []time.Duration, p int) float64 {
	slices.Sort(times)
	return float64(times[len(times)*p/100].Nanoseconds()) / 1e6
}
