package fetch_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/feed"
	"twoseas/internal/base/fault"
)

func TestACollectionIsWalkedToItsEndAndThenOnlyAskedForNews(t *testing.T) {
	d, s := newDesk(t), fill(40)
	d.add("a", serve(t, s.ServeHTTP), nil)
	if out := d.must("a"); out.Taken.New != 40 || out.Pages != 6 {
		t.Errorf("%+v", out)
	}
	d.holds(s.ids())
	if out := d.must("a"); out.Taken.New != 0 || out.Taken.Same != 10 { // the second look, ten seconds back
		t.Errorf("%+v", out)
	}
	before := s.requests
	if out := d.must("a"); out.Taken.Read != 0 || s.requests != before+1 {
		t.Errorf("%+v after %d requests", out, s.requests-before)
	}
	raw, id := indicator(1000)
	s.entries = append(s.entries, entry{raw, id, start.Add(time.Hour)})
	if out := d.must("a"); out.Taken.New != 1 || out.Taken.Same != 0 {
		t.Errorf("%+v", out)
	}
	// One that the server dated a moment ago and shows only now.
	raw, id = indicator(1001)
	s.entries = append(s.entries, entry{raw, id, start.Add(time.Hour - time.Second)})
	if out := d.must("a"); out.Taken.New != 1 {
		t.Errorf("%+v", out)
	}
	d.holds(s.ids())
}

// Whatever a server does to the order, and wherever it stops, all arrives once.
func TestServersThatRepeatReorderForgetAndStopLoseAndDoubleNothing(t *testing.T) {
	d := newDesk(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0)) // picks faults, guards nothing
	var all []string
	for round := range 25 {
		s := &shelf{page: 1 + dice.IntN(9), byDate: dice.IntN(3) == 0, repeat: dice.IntN(4)}
		n := 1 + dice.IntN(60)
		for i := range n {
			raw, id := indicator(round*1000 + i)
			s.entries = append(s.entries, entry{raw, id, start.Add(time.Duration(i-n) * time.Second)})
		}
		if !s.byDate { // by date, order is all a client has
			s.noDate = dice.IntN(4) == 0
			dice.Shuffle(n, func(i, j int) { s.entries[i], s.entries[j] = s.entries[j], s.entries[i] })
		}
		all = append(all, s.ids()...)
		name := fmt.Sprint("f", round)
		d.add(name, serve(t, s.ServeHTTP), nil)
		for tries := 0; ; tries++ {
			s.mu.Lock()
			if s.dies = dice.IntN(4); tries > 40 {
				s.dies = 0
			}
			if dice.IntN(3) == 0 {
				s.era++ // its nexts are forgotten
			}
			s.mu.Unlock()
			_, err := d.run(name)
			if err == nil {
				break
			}
			if !fault.Is(err, fault.Unavailable) {
				t.Fatalf("round %d: %v (%v)\n%s", round, err, fault.KindOf(err), strings.Join(s.asked, "\n"))
			}
		}
	}
	d.holds(all)
}

func TestManyObjectsOfOneDateAtTheEndOfAPageAreNotLost(t *testing.T) {
	d := newDesk(t)
	s := fill(20)
	s.byDate, s.page = true, 4
	for i := 6; i < 9; i++ {
		s.entries[i].added = s.entries[5].added
	}
	d.add("a", serve(t, s.ServeHTTP), nil)
	d.must("a")
	d.holds(s.ids())
}

func TestServersThatNeverEndAreLeftWithWords(t *testing.T) {
	d := newDesk(t)
	raw, id := indicator(0)
	dated := func(w http.ResponseWriter, at string) { w.Header().Set("X-TAXII-Date-Added-Last", at) }
	n := 0
	for name, c := range map[string]struct {
		serve func(w http.ResponseWriter, r *http.Request)
		want  string
	}{
		"same-next": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, `{"more":true,"next":"x","objects":[`+raw+`]}`)
		}, "circles"},
		"two-nexts": {func(w http.ResponseWriter, _ *http.Request) {
			n++
			answer(w, fmt.Sprintf(`{"more":true,"next":"n%d","objects":[%s]}`, n%2, raw))
		}, "circles"},
		"same-date": {func(w http.ResponseWriter, _ *http.Request) {
			dated(w, "2026-01-01T00:00:00.000Z")
			answer(w, `{"more":true,"objects":[`+raw+`]}`)
		}, "circles"},
		"no-way-on": {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"more":true,"objects":[`+raw+`]}`) }, "neither"},
		"empty": {func(w http.ResponseWriter, _ *http.Request) {
			n++
			answer(w, fmt.Sprintf(`{"more":true,"next":"n%d"}`, n))
		}, "nothing in them"},
		"long-next": {func(w http.ResponseWriter, _ *http.Request) {
			answer(w, `{"more":true,"next":"`+strings.Repeat("x", 10_000)+`"}`)
		}, "circles"},
		"more-text": {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"more":"yes"}`) }, "more"},
		"next-list": {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"more":true,"next":["x"]}`) }, "next"},
		"an-error":  {func(w http.ResponseWriter, _ *http.Request) { answer(w, `{"title":"sorry"}`) }, "envelope"},
		"bad-date": {func(w http.ResponseWriter, _ *http.Request) {
			dated(w, "yesterday")
			answer(w, `{"objects":[`+raw+`]}`)
		}, "no time"},
	} {
		t.Run(name, func(t *testing.T) {
			d.t = t
			d.add(name, serve(t, c.serve), nil)
			_, err := d.run(name)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if f := d.feed(name); f.Failures != 1 || !strings.Contains(f.Health.Error, c.want) {
				t.Errorf("%+v", f)
			}
		})
	}
	d.t = t
	d.holds([]string{id})
	endless := 0
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		endless++
		one, _ := indicator(endless)
		answer(w, fmt.Sprintf(`{"more":true,"next":"n%d","objects":[%s]}`, endless, one))
	})
	d.Feeds.MaxPages = 30
	d.add("endless", s, nil)
	if _, err := d.run("endless"); !fault.Is(err, fault.TooLarge) || endless != 30 {
		t.Errorf("after %d pages: %v", endless, err)
	}
	if _, err := d.run("endless"); !fault.Is(err, fault.TooLarge) || endless != 60 {
		t.Errorf("it does not go on from where it was: %d pages, %v", endless, err)
	}
}

// A source that fails is left alone for longer each time, for as long as it
// says, and asked as usual once it works again.
func TestAFailingSourceIsLeftAlone(t *testing.T) {
	d := newDesk(t)
	say := func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { say(w) })
	d.add("a", s, nil)
	var last time.Duration
	for i := range 12 {
		if _, err := d.run("a"); !fault.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
		f := d.feed("a")
		wait := f.Due.Sub(d.clk.Now())
		if f.Failures != i+1 || wait < 30*time.Second || wait > 6*time.Hour || i > 2 && i < 8 && wait <= last {
			t.Errorf("after %d failures it waits %s", f.Failures, wait)
		}
		last = wait
	}
	if last < 3*time.Hour {
		t.Errorf("after twelve failures it waits %s", last)
	}
	for header, want := range map[string][2]time.Duration{
		"30000":                         {30_000 * time.Second, 30_000 * time.Second},
		"99999999":                      {24 * time.Hour, 24 * time.Hour},
		"Mon, 23 Nov 2026 00:00:00 GMT": {15 * time.Hour, 15 * time.Hour},
		"Sun, 22 Nov 2020 00:00:00 GMT": {30 * time.Second, 6 * time.Hour},
		"-5":                            {30 * time.Second, 6 * time.Hour},
		"soon":                          {30 * time.Second, 6 * time.Hour},
	} {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			say = func(w http.ResponseWriter) {
				w.Header().Set("Retry-After", header)
				w.WriteHeader(status)
			}
			if _, err := d.run("a"); err == nil {
				t.Fatal("no error")
			}
			if wait := d.feed("a").Due.Sub(d.clk.Now()); wait < want[0] || wait > want[1] {
				t.Errorf("Retry-After %s: it waits %s", header, wait)
			}
		}
	}
	say = func(w http.ResponseWriter) { answer(w, "{}") }
	d.must("a")
	if f := d.feed("a"); f.Failures != 0 || f.Health.Error != "" || !f.Due.Equal(d.clk.Now().Add(5*time.Minute)) {
		t.Errorf("%+v", f)
	}
}

func TestWhatIsDueRunsAndNothingElse(t *testing.T) {
	d, s := newDesk(t), fill(3)
	at := serve(t, s.ServeHTTP)
	due := func() (ran int) {
		for {
			ok, err := d.Feeds.RunDue(t.Context(), d.Live)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				return ran
			}
			ran++
		}
	}
	for _, name := range []string{"a", "b", "c"} {
		d.add(name, at, func(set *feed.Settings) {
			if name == "c" {
				set.Every = 3600
			}
		})
	}
	step := func(what string, want int) {
		t.Helper()
		if n := due(); n != want {
			t.Errorf("%s: %d ran, want %d", what, n, want)
		}
	}
	step("new ones", 3)
	step("done", 0)
	d.clk.Advance(5 * time.Minute)
	step("two are due", 2)
	d.clk.Advance(5 * time.Minute)
	if err := d.Feeds.Pause(t.Context(), d.Live, d.Operator(), "a"); err != nil {
		t.Fatal(err)
	}
	step("one is paused", 1)
	if _, err := d.run("a"); !fault.Is(err, fault.Conflict) {
		t.Errorf("a paused feed runs: %v", err)
	}
	if err := d.Feeds.Resume(t.Context(), d.Live, d.Operator(), "a"); err != nil {
		t.Fatal(err)
	}
	step("it is resumed", 1)
	if err := d.Feeds.Hasten(t.Context(), d.Live, d.Operator(), "c"); err != nil {
		t.Fatal(err)
	}
	step("one is hastened", 1)
	d.clk.Advance(time.Hour)
	if err := d.Feeds.Remove(t.Context(), d.Live, d.Operator(), "b"); err != nil {
		t.Fatal(err)
	}
	step("one is removed", 2)
}
