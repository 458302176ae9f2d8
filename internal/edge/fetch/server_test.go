package fetch_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/clock"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const mediaType = "application/taxii+json;version=2.1"

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// desk is a node whose feeds run only when told to, by a clock that stands.
type desk struct {
	*nodetest.Node
	t   testing.TB
	clk *clock.Fake
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	clk := clock.NewFake(start)
	n := nodetest.StartAt(t, "in", clk, nil)
	n.Halt()
	return &desk{n, t, clk}
}

// ca returns the certificate of a test server.
func ca(s *httptest.Server) string {
	if s.Certificate() == nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

// add adds a feed of a collection on s.
func (d *desk) add(name string, s *httptest.Server, change func(*feed.Settings)) {
	d.t.Helper()
	set := feed.Settings{Kind: feed.TAXII, URL: s.URL + "/root/collections/c/", CA: ca(s), Private: true, Every: 300, TLP: "clear"}
	if change != nil {
		change(&set)
	}
	if err := d.Feeds.Add(d.t.Context(), d.Live, d.Operator(), name, set, ""); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) run(name string) (feed.Result, error) {
	d.t.Helper()
	return d.Feeds.Run(d.t.Context(), d.Live, d.Operator(), name)
}

func (d *desk) must(name string) feed.Result {
	d.t.Helper()
	out, err := d.run(name)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// feed returns how a feed is doing.
func (d *desk) feed(name string) feed.Feed {
	d.t.Helper()
	all, err := d.Feeds.List(d.t.Context(), d.Live, d.Operator())
	if err != nil {
		d.t.Fatal(err)
	}
	for _, f := range all {
		if f.Name == name {
			return f
		}
	}
	d.t.Fatalf("no feed %s", name)
	return feed.Feed{}
}

// cursor returns where a feed goes on.
func (d *desk) cursor(name string) string {
	d.t.Helper()
	var row store.Feed
	if err := d.Live.Query(d.t.Context(), func(tx *store.Tx) (err error) {
		row, err = tx.Feed(name)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return string(row.Cursor)
}

// objects returns how many objects the node holds.
func (d *desk) objects() int {
	d.t.Helper()
	n, _, err := d.Objects(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	return int(n)
}

// holds checks that the node holds these objects, each once, and no others.
func (d *desk) holds(ids []string) {
	d.t.Helper()
	if n := d.objects(); n != len(ids) {
		d.t.Errorf("the node holds %d versions, want %d", n, len(ids))
	}
	if err := d.Live.Query(d.t.Context(), func(tx *store.Tx) error {
		known, err := tx.Known(ids)
		for _, id := range ids {
			if len(known[id]) != 1 {
				d.t.Errorf("%s is there %d times", id, len(known[id]))
			}
		}
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
}

// serve starts a server with TLS.
func serve(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return s
}

// answer writes a TAXII resource.
func answer(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", mediaType)
	fmt.Fprint(w, body)
}

// indicator returns an indicator that nobody else has, and its id.
func indicator(n int) (raw, id string) {
	id = stixtest.NumberedID("indicator", uint64(n)+1<<32) // far from those that nobody numbered
	return string(stixtest.Indicator(stixtest.ID(id), stixtest.Pattern(fmt.Sprintf("[ipv4-addr:value = '198.51.%d.%d']", n/256%256, n%256)))), id
}

// entry is an object on a shelf.
type entry struct {
	raw, id string
	added   time.Time
}

// shelf is the collection of a server that keeps to the letter of the
// standard, and of one that does not.
type shelf struct {
	mu       sync.Mutex
	entries  []entry // in the order they are given out
	page     int
	byDate   bool // gives no "next"
	repeat   int  // objects of the page before that are given again
	noDate   bool // gives no X-TAXII-Date-Added-Last
	era      int  // part of every "next"
	dies     int  // pages until one breaks off in the middle; 0 for never
	requests int
	asked    []string // queries
}

// fill puts n indicators on a shelf, dated a second apart.
func fill(n int) *shelf {
	s := &shelf{page: 7}
	for i := range n {
		raw, id := indicator(i)
		s.entries = append(s.entries, entry{raw, id, start.Add(time.Duration(i-n) * time.Second)})
	}
	return s
}

func (s *shelf) ids() []string {
	var out []string
	for _, e := range s.entries {
		out = append(out, e.id)
	}
	return out
}

// ServeHTTP answers for the objects of the collection.
func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	s.asked = append(s.asked, r.URL.RawQuery)
	q := r.URL.Query()
	var after time.Time
	if v := q.Get("added_after"); v != "" {
		after, _ = time.Parse(time.RFC3339Nano, v) // zero is everything
	}
	from := 0
	if next := q.Get("next"); next != "" {
		era, at, _ := strings.Cut(next, "-")
		if era != strconv.Itoa(s.era) {
			w.Header().Set("Content-Type", mediaType)
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"title":"next","description":"no such next"}`)
			return
		}
		from, _ = strconv.Atoi(at) // ours
	}
	var left []entry
	for _, e := range s.entries {
		if e.added.After(after) {
			left = append(left, e)
		}
	}
	to := min(from+s.page, len(left))
	some := left[max(0, min(from, to)-s.repeat):to]
	var raws []string
	var last time.Time
	for _, e := range some {
		raws = append(raws, e.raw)
		if e.added.After(last) {
			last = e.added
		}
	}
	more := to < len(left)
	if len(raws) > 0 && !s.noDate {
		w.Header().Set("X-TAXII-Date-Added-Last", last.UTC().Format("2006-01-02T15:04:05.000000Z"))
	}
	body := `{"objects":[` + strings.Join(raws, ",") + `]`
	if len(raws) == 0 {
		body = `{"more":false`
	} else if more && s.byDate {
		body += `,"more":true`
	} else if more {
		body += fmt.Sprintf(`,"more":true,"next":"%d-%d"`, s.era, to)
	}
	if s.dies > 0 {
		if s.dies--; s.dies == 0 {
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
			fmt.Fprint(w, body[:len(body)/2])
			flush(w) // or the client asks once more by itself
			panic(http.ErrAbortHandler)
		}
	}
	answer(w, body+"}")
}
