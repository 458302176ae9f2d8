package taxii_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"twoseas/internal/base/canon"
)

// attack returns the objects of ATT&CK Enterprise as envelopes of n.
func attack(t testing.TB, n int) (envelopes [][]byte, objects int) {
	t.Helper()
	f, err := os.Open(sharedData(t, "stix/attack-enterprise.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := canon.NewObjects(f)
	var b bytes.Buffer
	flush := func() {
		if b.Len() > 0 {
			envelopes = append(envelopes, slices.Concat([]byte(`{"objects":[`), b.Bytes(), []byte("]}")))
		}
		b.Reset()
	}
	for {
		raw, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		b.Write(raw)
		if objects++; objects%n == 0 {
			flush()
		}
	}
	flush()
	return envelopes, objects
}

// connect returns a client with connections of its own: HTTP/1.1 over TLS,
// kept alive, without compression unless asked for.
func (s *server) connect() *http.Client {
	base := s.client.Transport.(*http.Transport)
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: base.TLSClientConfig.RootCAs, ServerName: "example.com"}, DisableCompression: true, MaxIdleConnsPerHost: 8,
	}}
}

func request(b testing.TB, c *http.Client, method, url string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(b.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.SetBasicAuth("fay", password)
	req.Header.Set("Accept", "application/taxii+json;version=2.1")
	req.Header.Set("Content-Type", "application/taxii+json;version=2.1")
	return c.Do(req)
}

// fill posts all of ATT&CK to feed and returns how many objects that is.
func (s *server) fill(b testing.TB) int {
	envelopes, n := attack(b, 1000)
	c := s.connect()
	for _, e := range envelopes {
		resp, err := request(b, c, "POST", s.url+"/api1/collections/"+feed+"/objects/", e)
		if err != nil {
			b.Fatal(err)
		}
		raw, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusAccepted || !bytes.Contains(raw, []byte(`"failure_count":0`)) {
			b.Fatalf("%d %.500s", resp.StatusCode, raw)
		}
	}
	return n
}

// cpu returns the processor time this process has used, client and all. On a
// machine that others use too it says more than the clock.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkPost(b *testing.B) {
	var took, used time.Duration
	n := 0
	for b.Loop() {
		s := newServer(b)
		attack(b, 1000)
		begin, before := time.Now(), cpu()
		n += s.fill(b)
		took, used = took+time.Since(begin), used+cpu()-before
	}
	b.ReportMetric(float64(n)/took.Seconds(), "objects/s")
	b.ReportMetric(float64(used.Microseconds())/float64(n), "cpu-µs/object")
}

func BenchmarkWalk(b *testing.B) {
	s := newServer(b)
	want := s.fill(b)
	for _, coding := range []string{"", "gzip"} {
		b.Run("coding="+coding, func(b *testing.B) {
			c, buf := s.connect(), make([]byte, 1<<20)
			var size int64
			objects, before := 0, cpu()
			for b.Loop() {
				after := ""
				for {
					req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.url+"/api1/collections/"+feed+"/objects/?limit=1000"+after, nil)
					if err != nil {
						b.Fatal(err)
					}
					req.SetBasicAuth("fay", password)
					req.Header.Set("Accept-Encoding", coding)
					resp, err := c.Do(req)
					if err != nil {
						b.Fatal(err)
					}
					k, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, resp.Body, buf)
					resp.Body.Close()
					if err != nil || resp.StatusCode != http.StatusOK {
						b.Fatal(resp.StatusCode, err)
					}
					last := resp.Header.Get("X-TAXII-Date-Added-Last")
					if last == "" {
						break
					}
					size += k
					after = "&added_after=" + last
				}
				objects += want
			}
			b.ReportMetric(float64(objects)/b.Elapsed().Seconds(), "objects/s")
			b.ReportMetric(float64(size)/b.Elapsed().Seconds()/1e6, "MB/s")
			b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(objects)/1000, "cpu-µs/object")
		})
	}
}

// BenchmarkQueries asks 8 clients' small questions.
func BenchmarkQueries(b *testing.B) {
	s := newServer(b)
	s.fill(b)
	ids := s.get("fay", "/api1/collections/"+feed+"/manifest/?limit=10000").names()
	for _, q := range []struct {
		name string
		path func(i int) string
	}{
		{"match-id", func(i int) string { return "objects/?match[id]=" + ids[i%len(ids)] }},
		{"nothing-new", func(int) string { return "objects/?added_after=2030-01-01T00:00:00.000000Z" }},
	} {
		b.Run(q.name, func(b *testing.B) {
			const clients = 8
			var wg sync.WaitGroup
			times := make([][]time.Duration, clients)
			each := b.N/clients + 1
			b.ResetTimer()
			before := cpu()
			for k := range clients {
				wg.Go(func() {
					c := s.connect()
					times[k] = make([]time.Duration, 0, each)
					for i := range each {
						begin := time.Now()
						resp, err := request(b, c, "GET", s.url+"/api1/collections/"+feed+"/"+q.path(k*each+i), nil)
						if err != nil {
							b.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
						if resp.StatusCode != http.StatusOK {
							b.Error(fmt.Errorf("got %d", resp.StatusCode))
							return
						}
						times[k] = append(times[k], time.Since(begin))
					}
				})
			}
			wg.Wait()
			all := slices.Concat(times...)
			slices.Sort(all)
			b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "requests/s")
			b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(len(all))/1000, "cpu-µs/request")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
