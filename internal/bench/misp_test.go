package bench_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const mispEvent = "00000000-0000-4000-8000-00000000e150"

// bigEvent is an event of n attributes as a MISP sends it, written as it is
// read.
type bigEvent struct {
	n, at int
	buf   bytes.Buffer
}

func (e *bigEvent) Read(p []byte) (int, error) {
	for e.buf.Len() < len(p) && e.at <= e.n {
		switch e.at {
		case 0:
			e.buf.WriteString(`{"Event":{"uuid":"` + mispEvent + `","info":"Large","date":"2026-11-01","timestamp":"1767312000","published":true,"Orgc":{"uuid":"00000000-0000-4000-8000-0000000000cc","name":"CERT-X"},"Attribute":[`)
		case e.n:
			e.buf.WriteString(`],"Tag":[{"name":"tlp:green"}]}}`)
		}
		if e.at < e.n {
			if e.at > 0 {
				e.buf.WriteByte(',')
			}
			fmt.Fprintf(&e.buf, `{"id":"%d","event_id":"77","object_id":"0","object_relation":null,"uuid":"00000000-0000-4000-9000-%012d","type":"domain","category":"Network activity","to_ids":true,"timestamp":"1767312000","comment":"seen in the wild","sharing_group_id":"0","distribution":"5","deleted":false,"disable_correlation":false,"value":"host%d.example.com","Galaxy":[],"ShadowAttribute":[]}`,
				e.at, e.at, e.at)
		}
		e.at++
	}
	if e.buf.Len() == 0 {
		return 0, io.EOF
	}
	return e.buf.Read(p)
}

// misp makes a call of the MISP interface.
func (c *client) misp(b *testing.B, method, path string, body io.Reader, read func(io.Reader)) {
	b.Helper()
	base, _, _ := strings.Cut(c.root, "/api1/")
	req, err := http.NewRequestWithContext(b.Context(), method, base+"/misp/"+path, body)
	if err != nil {
		b.Fatal(err)
	}
	req.SetBasicAuth(account, password)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		b.Fatalf("%s: %s: %s", path, resp.Status, text)
	}
	read(resp.Body)
}

// cpu returns the processor time of the process so far, which tells something
// on a busy machine too.
func (p *process) cpu(b *testing.B) float64 {
	b.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		b.Skip("NOT MEASURED, no /proc: ", err)
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	var ticks float64
	for _, f := range strings.Fields(rest)[11:13] { // proc(5): utime and stime, in hundredths
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			b.Fatal(err)
		}
		ticks += n
	}
	return ticks / 100
}

// emptySite makes the directory of a furnished node without objects.
func emptySite(b *testing.B) *million {
	b.Helper()
	m := &million{dir: b.TempDir()}
	c := node.Config{Side: "in", Listen: nodetest.FreePort(b), PeerListen: nodetest.FreePort(b)}
	if err := node.Init(m.dir, c); err != nil {
		b.Fatal(err)
	}
	n, err := m.open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if m.collection, err = furnish(b.Context(), n); err != nil {
		b.Fatal(err)
	}
	if err := n.Close(); err != nil {
		b.Fatal(err)
	}
	return m
}

// BenchmarkMISP has a process of its own take a large event in, send it, and
// answer a search.
func BenchmarkMISP(b *testing.B) {
	for b.Loop() {
		m := emptySite(b)
		p := m.serve(b)
		c := p.dial(b, m)
		login(b, c)
		begin := time.Now()
		c.misp(b, "POST", "events/add/metadata:1", &bigEvent{n: size(150_000)}, func(r io.Reader) { _, _ = io.Copy(io.Discard, r) })
		mispTime.is(b, time.Since(begin).Seconds())
		b.Logf("taken in with %.1f s of CPU", p.cpu(b))
		mispMemory.is(b, p.peak(b))
		begin = time.Now()
		var n int64
		c.misp(b, "GET", "events/view/"+mispEvent, nil, func(r io.Reader) { n, _ = io.Copy(io.Discard, r) })
		mispOut.is(b, time.Since(begin).Seconds())
		b.Logf("and sent: %.1f s of CPU", p.cpu(b))
		if n < int64(size(150_000))*100 {
			b.Fatalf("the event comes back with %d bytes", n)
		}
		query := fmt.Sprintf(`{"returnFormat":"json","type":"domain","limit":%d,"page":1}`, size(10_000))
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // until the index has come behind
			found := 0
			begin = time.Now()
			c.misp(b, "POST", "attributes/restSearch", strings.NewReader(query), func(r io.Reader) {
				raw, err := io.ReadAll(r)
				if err != nil {
					b.Fatal(err)
				}
				found = bytes.Count(raw, []byte(`"event_uuid"`))
			})
			took := time.Since(begin)
			if found == size(10_000) {
				mispSearch.is(b, took.Seconds())
				break
			}
			if time.Now().After(deadline) {
				b.Fatalf("%d attributes found", found)
			}
		}
		b.Logf("peak with everything: %.0f MB", p.peak(b))
		p.stop(b)
	}
}
