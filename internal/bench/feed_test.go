package bench_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"twoseas/internal/act/feed"
	"twoseas/internal/nodetest"
)

// BenchmarkFeedsWithNothingNew polls a hundred feeds of servers that have
// nothing new: half of them TAXII collections, half files with an entity tag.
// What is told is the processor's time of both ends.
func BenchmarkFeedsWithNothingNew(b *testing.B) {
	const feeds = 100
	n := nodetest.Start(b, "in", nil)
	n.Halt()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/taxii+json;version=2.1")
		w.Header().Set("ETag", `"1"`)
		fmt.Fprint(w, "{}")
	}))
	defer s.Close()
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	for i := range feeds {
		set := feed.Settings{Kind: feed.TAXII, URL: fmt.Sprintf("%s/r/collections/%d/", s.URL, i), CA: ca, Private: true, Every: 60}
		if i%2 == 1 {
			set.Kind = feed.Text
		}
		if err := n.Feeds.Add(b.Context(), n.Live, n.Operator(), fmt.Sprint("f", i), set, ""); err != nil {
			b.Fatal(err)
		}
	}
	poll := func() {
		for i := range feeds {
			if _, err := n.Feeds.Run(b.Context(), n.Live, n.Operator(), fmt.Sprint("f", i)); err != nil {
				b.Fatal(err)
			}
		}
	}
	poll() // the first time, what is there comes in
	used := cpu()
	for b.Loop() {
		poll()
	}
	feedsCPU.is(b, (cpu()-used).Seconds()/float64(b.N))
}
