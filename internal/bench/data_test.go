package bench_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix/stixtest"
)

// attackFile returns the path of the enterprise ATT&CK bundle, or skips the
// benchmark.
func attackFile(b *testing.B) string {
	b.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "stix", "attack-enterprise.json")
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			b.Fatal("no shared data: ", err)
		}
		b.Skip("NOT MEASURED, no real threat data: ", err)
	}
	return path
}

// attackEnvelopes returns its objects in TAXII envelopes of n.
func attackEnvelopes(b *testing.B, n int) (envelopes [][]byte, objects int) {
	b.Helper()
	f, err := os.Open(attackFile(b))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	s := canon.NewObjects(f)
	all := func(yield func([]byte) bool) {
		for {
			raw, err := s.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				b.Fatal(err)
			}
			objects++
			if !yield(raw) {
				return
			}
		}
	}
	for e := range envelopesOf(all, n) {
		envelopes = append(envelopes, e)
	}
	return envelopes, objects
}

// envelopesOf puts objects into TAXII envelopes of n.
func envelopesOf(objects iter.Seq[[]byte], n int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var body []byte
		count := 0
		for raw := range objects {
			if count == 0 {
				body = []byte(`{"objects":[`)
			} else {
				body = append(body, ',')
			}
			body = append(body, raw...)
			if count++; count == n {
				if !yield(append(body, "]}"...)) {
					return
				}
				count = 0
			}
		}
		if count > 0 {
			yield(append(body, "]}"...))
		}
	}
}

// bundle reads as a STIX bundle of indicators, made as it is read. The caller
// closes it.
func bundle(n int, seed uint64) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		buf := bytes.NewBuffer(nil)
		buf.WriteString(`{"type":"bundle","id":"` + stixtest.NewID("bundle") + `","objects":[`)
		first := true
		for raw := range stixtest.Indicators(n, seed) {
			if !first {
				buf.WriteByte(',')
			}
			first = false
			buf.Write(raw)
			if buf.Len() > 1<<18 {
				if _, err := w.Write(buf.Bytes()); err != nil {
					return // the reader has gone
				}
				buf.Reset()
			}
		}
		buf.WriteString("]}")
		_, err := w.Write(buf.Bytes())
		w.CloseWithError(err) // nil is the end of the bundle
	}()
	return r
}

// values returns the value that every step-th of n indicators names, in no
// order.
func values(n, step int, seed uint64) []string {
	seen := map[string]bool{}
	i := 0
	for raw := range stixtest.Indicators(n, seed) {
		if i++; i%step != 0 {
			continue
		}
		_, rest, _ := bytes.Cut(raw, []byte(`"pattern":"[`))
		_, rest, _ = bytes.Cut(rest, []byte(" = '"))
		value, _, _ := bytes.Cut(rest, []byte("'"))
		seen[string(value)] = true
	}
	var out []string
	for v := range seen {
		out = append(out, v)
	}
	return out
}
