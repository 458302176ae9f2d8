package taxii_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/edge/taxii"
	"twoseas/internal/law/marking"
)

const mainObjects = "/api1/collections/" + mainID + "/objects/"

// walk asks for pages until there is no more, and returns what was in them.
// step says how to ask for the page after the given one.
func (s *server) walk(name, path string, step func(answer) string) (names []string, pages int) {
	s.t.Helper()
	ask := path
	for {
		a := s.get(name, ask).want(http.StatusOK)
		names = append(names, a.names()...)
		if pages++; pages > 1000 {
			s.t.Fatal("the walk has no end")
		}
		if a.json()["more"] != true {
			return names, pages
		}
		ask = path + "&" + step(a)
	}
}

func byNext(a answer) string { return "next=" + url.QueryEscape(a.next()) }
func byDate(a answer) string {
	return "added_after=" + a.header.Get("X-TAXII-Date-Added-Last")
}

func numbered(from, to int) (objects, names []string) {
	for n := from; n < to; n++ {
		objects = append(objects, identity(n, 0, fmt.Sprint("n", n), marking.Clear))
		names = append(names, fmt.Sprint("n", n))
	}
	return objects, names
}

func TestAWalkSeesEachObjectOnce(t *testing.T) {
	s := newServer(t)
	objects, want := numbered(0, 250)
	s.post("wendy", mainID, objects...)
	for name, step := range map[string]func(answer) string{"next": byNext, "date": byDate} {
		for _, limit := range []int{1 << 20, 100, 50, 7} {
			got, pages := s.walk("gus", fmt.Sprint(mainObjects, "?limit=", limit), step)
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("by %s, limit %d (-want +got):\n%s", name, limit, d)
			}
			if most := 250/limit + 1; pages > most {
				t.Errorf("by %s, limit %d: got %d pages, want at most %d", name, limit, pages, most)
			}
		}
	}
}

func TestAWalkWhileAWriterAddsSeesEachObjectOnce(t *testing.T) {
	s := newServer(t)
	objects, want := numbered(0, 400)
	s.post("wendy", mainID, objects[:40]...)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 40; i < 400; i += 20 {
			s.post("wendy", mainID, objects[i:i+20]...)
		}
	})
	walks := make([][]string, 4)
	for i := range walks {
		wg.Go(func() {
			path := mainObjects + "?limit=13"
			after := ""
			for len(walks[i]) < len(want) { // until all has come by
				a := s.get("gus", path+after).want(http.StatusOK)
				walks[i] = append(walks[i], a.names()...)
				switch {
				case i%2 == 0 && a.next() != "":
					after = "&" + byNext(a)
				case a.header.Get("X-TAXII-Date-Added-Last") != "":
					after = "&" + byDate(a)
				}
			}
		})
	}
	wg.Wait()
	for i, got := range walks {
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("walk %d (-want +got):\n%s", i, d)
		}
	}
}

func TestAClockSetBackKeepsDatesRising(t *testing.T) {
	s := newServer(t)
	objects, want := numbered(0, 4)
	s.post("wendy", mainID, objects[:2]...)
	s.clk.Advance(-3600e9)
	s.post("wendy", mainID, objects[2:]...)
	if got, _ := s.walk("gus", mainObjects+"?limit=1", byDate); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestStoredBytesAreServed(t *testing.T) {
	s := newServer(t)
	// Canonical, with what other servers lose: seconds without a fraction,
	// custom properties, an extension, granular markings, odd characters.
	object := `{"created":"2026-11-22T09:00:00Z","extensions":{"extension-definition--00000000-0000-4000-8000-0000000000aa":{"extension_type":"property-extension","rank":5}},"granular_markings":[{"marking_ref":"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487","selectors":["name"]}],"id":"identity--00000000-0000-4000-8000-000000000001","modified":"2026-11-22T09:00:09Z","name":"サイバー \u0001 é \" \\ 🦀","object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"],"spec_version":"2.1","type":"identity","x_custom":[1.5,{"a":null}]}`
	s.post("wendy", mainID, object)
	if got, want := string(s.get("gus", mainObjects).body), `{"objects":[`+object+`],"more":false}`; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAPageIsBoundedInBytes(t *testing.T) {
	s := newServer(t)
	var objects, want []string
	for n := range 24 {
		name := fmt.Sprintf("n%02d%s", n, strings.Repeat("x", 1<<20))
		objects, want = append(objects, identity(n, 0, name, marking.Clear)), append(want, name)
	}
	s.post("wendy", mainID, objects...)
	a := s.get("gus", mainObjects+"?limit=24")
	if n := len(a.names()); n < 8 || n > 9 || a.json()["more"] != true {
		t.Errorf("got a page of %d objects of a megabyte, more %v; want 8 MiB and more", n, a.json()["more"])
	}
	if got, _ := s.walk("gus", mainObjects+"?limit=24", byNext); !slices.Equal(got, want) {
		t.Errorf("got %d objects in all, want %d", len(got), len(want))
	}
}

func TestPagesGetShorterWhenManyAreOnTheirWay(t *testing.T) {
	s := newServer(t)
	objects, want := numbered(0, 2000)
	s.post("wendy", mainID, objects...)
	release := s.taxii.HoldPages(200 << 20)
	got := s.get("gus", mainObjects+"?limit=2000").names()
	release()
	if len(got) == 0 || len(got) > 1000 || !slices.Equal(got, want[:len(got)]) {
		t.Errorf("got %d objects, want a short page", len(got))
	}
	if n := len(s.get("gus", mainObjects+"?limit=2000").names()); n != 2000 {
		t.Errorf("afterwards: got %d objects, want all", n)
	}
	// The reader has its last byte a moment before the server is done with it.
	for range 500 {
		if s.taxii.InUse() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d bytes of the budget were not given back", s.taxii.InUse())
}

func TestTheDefaultLimitHolds(t *testing.T) {
	s := newServer(t, func(c *taxii.Config) { c.PageDefault, c.PageMax = 10, 20 })
	objects, want := numbered(0, 30)
	s.post("wendy", mainID, objects...)
	for query, n := range map[string]int{"": 10, "?limit=15": 15, "?limit=25": 20} {
		if got := s.get("gus", mainObjects+query).names(); !slices.Equal(got, want[:n]) {
			t.Errorf("%q: got %d objects, want %d", query, len(got), n)
		}
	}
}

func TestCompression(t *testing.T) {
	s := newServer(t)
	objects, want := numbered(0, 100)
	s.post("wendy", mainID, objects...)
	for _, tc := range []struct {
		name, accept string
		compressed   bool
	}{
		{"nothing is asked for", "", false},
		{"gzip is asked for", "gzip", true},
		{"gzip is one of several", "br;q=1.0, GZIP;q=0.8, *;q=0.1", true},
		{"gzip is refused", "gzip;q=0", false},
		{"another coding is asked for", "br", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := s.as("gus", "GET", mainObjects, "", "Accept-Encoding", tc.accept)
			body := a.body
			if got := a.header.Get("Content-Encoding") == "gzip"; got != tc.compressed {
				t.Fatalf("compressed: got %v, want %v", got, tc.compressed)
			}
			if tc.compressed {
				z, err := gzip.NewReader(strings.NewReader(string(a.body)))
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(z); err != nil {
					t.Fatal(err)
				}
				if a.header.Get("Vary") != "Accept-Encoding" || a.header.Get("X-TAXII-Date-Added-Last") == "" {
					t.Errorf("headers: got %v", a.header)
				}
			}
			if got := (answer{t: t, body: body}).names(); !slices.Equal(got, want) {
				t.Errorf("got %d objects", len(got))
			}
		})
	}
	if a := s.as("gus", "GET", mainObjects+"?limit=2", "", "Accept-Encoding", "gzip"); a.header.Get("Content-Encoding") != "" {
		t.Error("a small answer is compressed")
	}
}
