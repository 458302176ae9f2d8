package misp_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/misp"
	"twoseas/internal/format/stix"
)

// large is an event of n attributes, written as it is read.
type large struct {
	n, at int
	buf   bytes.Buffer
}

func (l *large) Read(p []byte) (int, error) {
	for l.buf.Len() < len(p) && l.at <= l.n {
		switch l.at {
		case 0:
			l.buf.WriteString(`{"Event":{"uuid":"` + u1 + `","info":"Large","date":"2026-01-01","timestamp":"1767312000","Attribute":[`)
		case l.n:
			l.buf.WriteString(`],"Tag":[{"name":"tlp:green"}]}}`)
		}
		if l.at < l.n {
			if l.at > 0 {
				l.buf.WriteByte(',')
			}
			fmt.Fprintf(&l.buf, `{"id":"%d","uuid":"00000000-0000-4000-9000-%012d","type":"domain","category":"Network activity","to_ids":%v,"timestamp":"1767312000","comment":"%s","distribution":"5","value":"host%d.example.com","Galaxy":[],"ShadowAttribute":[]}`,
				l.at, l.at, l.at%2 == 0, strings.Repeat("c", 200), l.at)
		}
		l.at++
	}
	if l.buf.Len() == 0 {
		return 0, io.EOF
	}
	return l.buf.Read(p)
}

func (l *large) Close() error { return nil }

// TestALargeEventIsNotHeldInMemory also asks for a rate, with room for a busy
// machine; the whole intake is slower.
func TestALargeEventIsNotHeldInMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const n = 60_000
	var peak uint64
	objects, groupings := 0, 0
	start := time.Now()
	err := misp.Read(func() (io.ReadCloser, error) { return &large{n: n}, nil }, feed.Out{
		Object: func(_ int, raw []byte) error {
			if bytes.Contains(raw, []byte(`"type":"grouping"`)) {
				o, err := stix.Parse(raw, stix.Options{})
				if err != nil || len(raw) > 2<<20 {
					t.Errorf("grouping of %d bytes: %v", len(raw), err)
				}
				groupings += len(o.Props["object_refs"].([]any))
			}
			if objects++; objects%20_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
			}
			return nil
		},
		Problem: func(_ int, _, reason string) error { t.Error(reason); return nil },
	})
	took := time.Since(start)
	if err != nil || objects < n*3/2 || groupings < n {
		t.Fatalf("%d objects, %d named, %v", objects, groupings, err)
	}
	t.Logf("%.0f attributes/s, %d MB", n/took.Seconds(), peak>>20)
	if peak > 80<<20 {
		t.Errorf("a heap of %d MB", peak>>20)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(event(`"Attribute":[` + attribute("domain|ip", "a.example.com|1.2.3.4", true, `,"Tag":[{"name":"tlp:x"}]`) + `]`))
	f.Add(event(`"Object":[{"uuid":"` + u3 + `","name":"file","Attribute":[` + attribute("md5", strings.Repeat("b", 32), false, "") + `]}]`))
	f.Add(event(`"Galaxy":[{"type":"threat-actor","GalaxyCluster":[{"value":"x","type":"threat-actor","version":"3","meta":{"synonyms":["y"],"external_id":["T1"]}}]}]`))
	f.Add(event(`"Opinion":[{"opinion":"55","comment":"x"}]`, `"Note":[{"note":"x","created":"2026-01-01"}]`, `"EventReport":[{"content":"x"}]`))
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := read(t, text); err != nil && fault.KindOf(err) == fault.Internal {
			t.Fatal(err)
		}
	})
}
