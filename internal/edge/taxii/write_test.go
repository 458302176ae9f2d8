package taxii_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// stored returns the names of what is in a collection, as wendy sees it.
func (s *server) stored(collection string) []string {
	names, _ := s.walk("wendy", "/api1/collections/"+collection+"/objects/?limit=10000", byNext)
	return names
}

// A body that ends in the middle leaves whole batches, in order, and nothing
// else; its status says how much.
func TestADisconnectLeavesNoHalfBatch(t *testing.T) {
	s := newServer(t)
	objects, names := numbered(0, 5000) // more than two batches
	body := `{"objects":[` + strings.Join(objects, ",") + `]}`
	for _, cut := range []int{10, len(body) / 4, len(body) / 2, len(body) - 3} {
		ctx, stop := context.WithCancel(t.Context())
		r, w := io.Pipe()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+mainObjects, r)
		s.must(err)
		req.SetBasicAuth("wendy", password)
		req.Header.Set("Content-Type", "application/taxii+json;version=2.1")
		req.ContentLength = int64(len(body))
		var wg sync.WaitGroup
		wg.Go(func() {
			resp, err := s.client.Do(req)
			if err == nil {
				resp.Body.Close()
			}
		})
		_, err = io.WriteString(w, body[:cut])
		s.must(err)
		stop()
		w.CloseWithError(errors.New("cut"))
		wg.Wait()
	}
	var got []string
	for deadline := time.Now().Add(20 * time.Second); len(got) == 0 && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		got = s.stored(mainID)
	}
	if len(got) == 0 || len(got)%2000 != 0 || !slices.Equal(got, names[:len(got)]) {
		t.Errorf("got %d objects, want the first ones in batches of 2000", len(got))
	}
	s.post("wendy", mainID, objects...) // the client sends it again
	if got := s.stored(mainID); !slices.Equal(got, names) {
		t.Errorf("sent again: got %d objects, want %d", len(got), len(names))
	}
}

func TestLongStatusesKeepTheirCounts(t *testing.T) {
	s := newServer(t)
	objects, _ := numbered(0, 1500)
	for n := range 1200 {
		objects = append(objects, fmt.Sprintf(`{"type":"identity","id":%q}`, id("identity", 5000+n)))
	}
	a := s.as("wendy", "POST", mainObjects, `{"objects":[`+strings.Join(objects, ",")+`]}`).want(http.StatusAccepted)
	m := a.json()
	for name, want := range map[string]float64{"total_count": 2700, "success_count": 1500, "failure_count": 1200, "pending_count": 0} {
		if m[name] != want {
			t.Errorf("%s: got %v, want %v", name, m[name], want)
		}
	}
	if len(m["successes"].([]any)) != 1000 || len(m["failures"].([]any)) != 1000 {
		t.Errorf("got %d successes and %d failures in words, want 1000 each", len(m["successes"].([]any)), len(m["failures"].([]any)))
	}
}

func TestWhatAMemberContributesIsLabelledSo(t *testing.T) {
	s := newServer(t)
	label := func() (l marking.Label) {
		s.must(s.live.Query(t.Context(), func(tx *store.Tx) error {
			all, err := tx.Labels()
			if err != nil {
				return err
			}
			l, err = marking.ParseLabel(all[len(all)-1].Resolved)
			return err
		}))
		return l
	}
	s.post("wendy", mainID, identity(1, 0, "one", marking.Green))
	if l := label(); l.Contributor != "" || l.Origin != "in" || l.TLP != marking.Green {
		t.Errorf("an analyst's: got %+v", l)
	}
	s.post("mo", mainID, identity(2, 0, "two", marking.Green))
	if l := label(); l.Contributor != marking.Member || l.Origin != "in" {
		t.Errorf("a member's: got %+v", l)
	}
	s.post("mo", inbox, identity(3, 0, "three", marking.NoTLP))
	if l := label(); l.TLP != marking.Clear {
		t.Errorf("without a TLP, in a collection that has one for it: got %+v", l)
	}
	s.post("mo", mainID, identity(4, 0, "four", marking.NoTLP))
	if l := label(); l.TLP != marking.NoTLP {
		t.Errorf("without a TLP: got %+v", l)
	}
}

func TestAdditionsAndRemovalsAreJournalled(t *testing.T) {
	s := newServer(t)
	a := s.post("wendy", mainID, identity(1, 0, "one", marking.Clear))
	status, _ := a.json()["id"].(string)
	s.as("wendy", "DELETE", mainObjects+id("identity", 1)+"/", "").want(http.StatusOK)
	s.as("wendy", "DELETE", mainObjects+id("identity", 1)+"/", "").want(http.StatusNotFound)
	want := []string{
		"wendy collection.add collection " + mainID + " status " + status + " added 1 refused 0",
		"wendy collection.remove collection " + mainID + " object " + id("identity", 1) + " versions 1",
	}
	if !slices.Equal(s.journal.lines, want) {
		t.Errorf("got %q, want %q", s.journal.lines, want)
	}
}

// Many clients at once, of all kinds: every answer is one that a client alone
// could get. Run with the race detector.
func TestManyClientsAtOnce(t *testing.T) {
	s := newServer(t)
	objects, names := numbered(0, 200)
	s.post("wendy", mainID, objects[:100]...)
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			for i := range 10 {
				got := s.get("gus", mainObjects+fmt.Sprint("?limit=", 50+i)).names()
				if !slices.Equal(got, names[:50+i]) {
					t.Errorf("reader %d got %d objects, want the first %d", k, len(got), 50+i)
				}
				one := s.get("gus", mainObjects+id("identity", k*10+i)+"/").names()
				if !slices.Equal(one, names[k*10+i:k*10+i+1]) {
					t.Errorf("reader %d got %q for object %d", k, one, k*10+i)
				}
				s.get("nora", mainObjects).want(http.StatusNotFound)
				s.as("gus", "GET", mainObjects, "", "Accept-Encoding", "gzip").want(http.StatusOK)
			}
		})
	}
	wg.Go(func() {
		for i := 100; i < 200; i += 10 {
			s.post("wendy", mainID, objects[i:i+10]...)
			s.as("wendy", "DELETE", mainObjects+id("identity", 300)+"/", "").want(http.StatusNotFound)
			s.post("wendy", mainID, identity(300, 0, "in and out", marking.Red)) // which gus never sees
			s.as("wendy", "DELETE", mainObjects+id("identity", 300)+"/", "").want(http.StatusOK)
		}
	})
	wg.Wait()
	if got, _ := s.walk("gus", mainObjects+"?limit=33", byNext); !slices.Equal(got, names) {
		t.Errorf("in the end: got %d objects, want %d", len(got), len(names))
	}
}

// Real data goes in and comes out byte for byte.
func TestAttackGoesInAndComesOut(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: -short leaves out the real data")
	}
	s := newServer(t)
	n := s.fill(t)
	path := "/api1/collections/" + feed + "/manifest/?limit=10000"
	byNextNames, _ := s.walk("fay", path, byNext)
	byDateNames, _ := s.walk("fay", path, byDate)
	if len(byNextNames) != n || !slices.Equal(byNextNames, byDateNames) {
		t.Errorf("got %d by next, %d by date, want %d", len(byNextNames), len(byDateNames), n)
	}
	slices.Sort(byNextNames)
	if u := slices.Compact(byNextNames); len(u) != n {
		t.Errorf("got %d different objects, want %d", len(u), n)
	}
}
