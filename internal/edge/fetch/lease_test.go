package fetch_test

import (
	"net/http"
	"testing"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store/storetest"
)

// twin is another process of the same node, as far as the store can tell.
func (d *desk) twin() *desk {
	d.t.Helper()
	n, err := node.Open(d.t.Context(), d.Dir, node.Options{Clock: d.clk})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() {
		if err := n.Close(); err != nil {
			d.t.Error(err)
		}
	})
	return &desk{&nodetest.Node{Node: n, Side: d.Side}, d.t, d.clk}
}

// One process runs a source. When it is lost, another goes on once its lease
// has run out; when it comes back, it may not say anything any more.
func TestOneProcessRunsASource(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { oneProcess(t, newDesk(t)) })
	t.Run("PostgreSQL", func(t *testing.T) {
		source := storetest.PostgresSource(t)
		d := &desk{t: t, clk: clock.NewFake(start)}
		d.Node = nodetest.StartAt(t, "in", d.clk, func(c *node.Config) { c.Store = source })
		d.Halt()
		oneProcess(t, d)
	})
}

func oneProcess(t *testing.T, d *desk) {
	s := fill(40)
	hold := make(chan struct{})
	held := make(chan struct{}, 100)
	first := true
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		mine := first && s.requests == 2
		if mine {
			first = false
		}
		s.mu.Unlock()
		if mine {
			held <- struct{}{}
			<-hold
		}
		s.ServeHTTP(w, r)
	})
	d.add("a", at, nil)
	other := d.twin()
	lost := make(chan error, 1)
	go func() {
		_, err := d.Feeds.Run(t.Context(), d.Live, d.Operator(), "a")
		lost <- err
	}()
	<-held
	for _, who := range []*desk{d, other} {
		if _, err := who.run("a"); !fault.Is(err, fault.Busy) {
			t.Errorf("two run at once: %v", err)
		}
		if ran, err := who.Feeds.RunDue(t.Context(), who.Live); ran || err != nil {
			t.Errorf("what another runs is due: %v, %v", ran, err)
		}
	}
	d.clk.Advance(2 * time.Minute)
	if out := other.must("a"); out.Taken.New != 26 {
		t.Errorf("the other does not go on where it was: %+v", out)
	}
	before := d.cursor("a")
	close(hold)
	if err := <-lost; !fault.Is(err, fault.Conflict) {
		t.Errorf("the one that was lost: %v", err)
	}
	if d.cursor("a") != before || d.feed("a").Failures != 0 {
		t.Errorf("it has moved the cursor: %s, %+v", d.cursor("a"), d.feed("a"))
	}
	d.holds(s.ids())
}

// A source that is paused, changed or removed while it runs is left.
func TestPeopleInterruptARun(t *testing.T) {
	for name, act := range map[string]func(d *desk) error{
		"pause": func(d *desk) error { return d.Feeds.Pause(t.Context(), d.Live, d.Operator(), "a") },
		"change": func(d *desk) error {
			return d.Feeds.Change(t.Context(), d.Live, d.Operator(), "a", d.feed("a").Settings, nil)
		},
		"remove": func(d *desk) error { return d.Feeds.Remove(t.Context(), d.Live, d.Operator(), "a") },
	} {
		t.Run(name, func(t *testing.T) {
			d, s := newDesk(t), fill(40)
			d.t = t
			var did error
			at := serve(t, func(w http.ResponseWriter, r *http.Request) {
				s.ServeHTTP(w, r)
				if s.requests == 3 {
					did = act(d)
				}
			})
			d.add("a", at, func(set *feed.Settings) { set.Every = 60 })
			if _, err := d.run("a"); !fault.Is(err, fault.Conflict) || did != nil {
				t.Errorf("%v, %v", err, did)
			}
			if s.requests > 4 {
				t.Errorf("it was asked %d times", s.requests)
			}
		})
	}
}
