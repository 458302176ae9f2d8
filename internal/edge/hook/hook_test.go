package hook_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/hook"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/format/webhook"
	"twoseas/internal/store"
)

var green, red = st.TLP("green"), st.TLP("red")

func TestASubscriberIsToldWhatItMaySee(t *testing.T) {
	w := newWorld(t)
	w.add(malware("Before", green))
	w.subscribe("soc", "gus", nil)
	w.subscribe("lab", "rei", func(s *hook.Settings) { s.Content = true })
	w.sent("soc", 0) // what was there before is nobody's news
	w.add(malware("Open", green), malware("Sealed", red))
	w.sent("soc", 1)
	w.sent("lab", 1)
	got := w.to.messages()
	if len(got) != 2 || got[0].Data.Count != 1 || got[1].Data.Count != 2 || got[0].Type != "object.arrived" || got[0].Domain != "live" || got[0].Data.Collection != mainID {
		t.Fatalf("%+v", got)
	}
	if strings.Contains(got[0].raw, "Open") || strings.Contains(got[0].raw, "Sealed") || !strings.HasPrefix(got[0].Data.Objects[0]["link"].(string), "https://node.example/objects/malware--") {
		t.Errorf("a message without content: %s", got[0].raw)
	}
	if got[1].Data.Objects[0]["name"] != "Open" || got[1].Data.Objects[1]["name"] != "Sealed" {
		t.Errorf("a message with content: %s", got[1].raw)
	}
	// What gus may not see makes no message, and costs no attempt.
	w.add(malware("Sealed too", red))
	w.sent("soc", 0)
	w.sent("lab", 1)
	w.sent("soc", 0)
	if h := w.hook("soc"); h.Health.Delivered != 1 || len(h.Health.Attempts) != 1 || h.State() != "well" {
		t.Errorf("%+v", h.Health)
	}
	if !slices.Contains(w.reads, "gus hook.object.arrived "+mainID) {
		t.Errorf("the home log hears of %q", w.reads)
	}
	for _, line := range w.log {
		if strings.Contains(line, "whsec") {
			t.Error("a secret in the home log")
		}
	}
}

// A great many objects are told in several messages, each once, without
// anything kept of each.
func TestAFloodIsToldInPieces(t *testing.T) {
	w := newWorld(t)
	w.subscribe("soc", "gus", nil)
	w.subscribe("lab", "gus", func(s *hook.Settings) { s.Content = true })
	var all [][]byte
	for i := range 1203 {
		all = append(all, malware(fmt.Sprint("M", i), green, st.Set("description", strings.Repeat("x", 1000))))
	}
	w.add(all...)
	w.sent("soc", 3)
	if _, err := w.run("lab"); err != nil {
		t.Fatal(err)
	}
	counts, seen := map[string]int{}, map[string]bool{}
	for _, m := range w.to.messages() {
		kind := "ids"
		if _, whole := m.Data.Objects[0]["name"]; whole {
			kind = "whole"
		}
		counts[kind] += m.Data.Count
		for _, o := range m.Data.Objects {
			id := kind + o["id"].(string)
			if seen[id] {
				t.Errorf("%s is told twice", id)
			}
			seen[id] = true
		}
		if len(m.raw) > 400<<10 {
			t.Errorf("a message of %d bytes", len(m.raw))
		}
	}
	if counts["ids"] != 1203 || counts["whole"] != 1203 {
		t.Errorf("told %v", counts)
	}
}

// A receiver that is away for a day gets everything once it is back, each
// message once, and under the id of the first attempt.
func TestAReceiverThatIsAwayForADay(t *testing.T) {
	w := newWorld(t)
	w.subscribe("soc", "gus", nil)
	first, tries := "", 0
	w.to.answering(func(rw http.ResponseWriter, r *http.Request) bool {
		tries++
		if id := r.Header.Get(webhook.HeaderID); first == "" {
			first = id
		} else if id != first {
			t.Errorf("another attempt has another id")
		}
		http.Error(rw, "down", http.StatusBadGateway)
		return false
	})
	w.add(malware("One", green))
	for end := w.clk.Now().Add(24 * time.Hour); w.clk.Now().Before(end); {
		_, err := w.run("soc")
		if _, ok := errors.AsType[*hook.Failure](err); err != nil && !ok {
			t.Fatal(err)
		}
		w.add(malware(fmt.Sprint("At ", w.clk.Now()), green))
		w.clk.Advance(10 * time.Minute)
	}
	if h := w.hook("soc"); h.State() != "failing" || h.Failing != start || !h.Pending || h.Health.Error == "" {
		t.Errorf("%s %+v", h.State(), h)
	}
	if tries < 20 || tries > 60 {
		t.Errorf("%d attempts in a day", tries)
	}
	w.to.answering(nil)
	w.clk.Advance(time.Hour)
	w.sent("soc", 2) // what was under way, and the rest
	got := w.to.messages()
	if len(got) != 2 || got[0].Data.Count != 1 || got[1].Data.Count != 144 || w.to.ids[first] != 1 {
		t.Errorf("%d messages: %+v", len(got), w.to.ids)
	}
	if h := w.hook("soc"); h.State() != "well" || !h.Failing.IsZero() {
		t.Errorf("%s", h.State())
	}
}

func TestOneThatFailsForDaysStops(t *testing.T) {
	w := newWorld(t, func(c *hook.Config) { c.GiveUp = 3 * 24 * time.Hour })
	w.subscribe("soc", "gus", nil)
	w.to.answering(func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.WriteHeader(http.StatusInternalServerError)
		return false
	})
	w.add(malware("One", green))
	for range 100 {
		if w.hook("soc").State() == "stopped" {
			break
		}
		w.clk.Advance(time.Hour)
		if _, err := w.run("soc"); err == nil && w.hook("soc").State() != "stopped" {
			t.Fatal("nothing failed")
		}
	}
	h := w.hook("soc")
	if after := h.Health.Stopped.Sub(start); h.State() != "stopped" || after < 72*time.Hour || after > 76*time.Hour {
		t.Errorf("%s after %s", h.State(), after)
	}
	if due, err := w.hooks.Due(t.Context(), w.live); err != nil || len(due) != 0 {
		t.Errorf("due: %v %v", due, err)
	}
	w.to.answering(nil)
	w.sent("soc", 0)
	w.must(w.hooks.Resume(t.Context(), w.live, operator, "soc"))
	w.sent("soc", 1)
	if !slices.Contains(w.log, "hooks hook.stop hook soc") {
		t.Errorf("the home log says %q", w.log)
	}
	// Who says that it wants no more is left at once.
	w.to.answering(func(rw http.ResponseWriter, _ *http.Request) bool { rw.WriteHeader(http.StatusGone); return false })
	w.add(malware("Two", green))
	if _, err := w.run("soc"); err == nil || w.hook("soc").State() != "stopped" {
		t.Errorf("%v, %s", err, w.hook("soc").State())
	}
}

func TestARestartLosesAndDoublesNothing(t *testing.T) {
	w := newWorld(t)
	w.subscribe("soc", "gus", nil)
	w.add(malware("One", green))
	// The receiver takes the message and the node is lost before it hears so.
	took := 0
	w.to.answering(func(rw http.ResponseWriter, r *http.Request) bool {
		if took++; took > 1 {
			return true
		}
		w.to.ids[r.Header.Get(webhook.HeaderID)]++
		hj, _ := rw.(http.Hijacker)
		if hj == nil {
			rw.WriteHeader(http.StatusInternalServerError)
			return false
		}
		conn, _, err := hj.Hijack()
		w.must(err)
		w.must(conn.Close())
		return false
	})
	if _, err := w.run("soc"); err == nil {
		t.Fatal("the connection broke and nobody noticed")
	}
	w.add(malware("Two", green))
	w.clk.Advance(time.Minute)
	w.sent("soc", 2)
	got := w.to.messages()
	if len(got) != 1 || got[0].Data.Count != 1 || len(w.to.ids) != 2 { // the first was taken the first time
		t.Errorf("%+v %v", got, w.to.ids)
	}
}

func TestARightThatIsTakenEndsIt(t *testing.T) {
	w := newWorld(t)
	w.subscribe("soc", "rei", func(s *hook.Settings) { s.Content = true })
	w.to.answering(func(rw http.ResponseWriter, _ *http.Request) bool {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return false
	})
	w.add(malware("Sealed", red), malware("Open", green))
	if _, err := w.run("soc"); err == nil {
		t.Fatal("it went out")
	}
	w.to.answering(nil)
	w.must(w.people.Change(t.Context(), operator, people.Account{Name: "rei", Roles: []people.Role{people.Analyst}, Clearance: "green"}))
	w.clk.Advance(time.Minute)
	w.sent("soc", 1)
	if got := w.to.messages(); len(got) != 1 || got[0].Data.Count != 1 || strings.Contains(got[0].raw, "Sealed") {
		t.Errorf("an attempt on yesterday's rights: %+v", got)
	}
	w.must(w.people.RevokeGrant(t.Context(), w.live, operator, mainID, "rei"))
	w.add(malware("Open too", green))
	if _, err := w.run("soc"); !fault.Is(errors.Unwrap(err), fault.Denied) {
		t.Errorf("without the right: %v", err)
	}
	if got := w.to.messages(); len(got) != 1 {
		t.Errorf("told without the right: %+v", got)
	}
}

func TestSecretsAreReplacedWithoutAGap(t *testing.T) {
	w := newWorld(t)
	w.subscribe("soc", "gus", nil)
	old := w.to.secrets
	secret, err := w.hooks.Rotate(t.Context(), w.live, operator, "soc")
	w.must(err)
	w.add(malware("One", green))
	w.sent("soc", 1) // the receiver knows the old one only
	w.to.secrets = nil
	w.to.trust(secret)
	w.add(malware("Two", green))
	w.sent("soc", 1)
	w.clk.Advance(25 * time.Hour)
	w.to.secrets = old
	w.add(malware("Three", green))
	if _, err := w.run("soc"); err == nil || w.to.refused != 1 {
		t.Errorf("the old secret signs for ever: %v", err)
	}
	w.must(w.hooks.Remove(t.Context(), w.live, operator, "soc"))
	w.must(w.live.Query(t.Context(), func(tx *store.Tx) error {
		for _, place := range []string{"hook soc", "hook-old soc"} {
			if _, err := tx.Secret(place); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s is still there: %v", place, err)
			}
		}
		return nil
	}))
}

// What a receiver kept and is sent again is refused by its time, and a clock
// that is wrong is noticed.
func TestReplayAndClocks(t *testing.T) {
	w := newWorld(t)
	w.subscribe("soc", "gus", nil)
	var kept http.Header
	var body string
	w.to.answering(func(_ http.ResponseWriter, r *http.Request) bool { kept = r.Header.Clone(); return true })
	w.add(malware("One", green))
	w.sent("soc", 1)
	body = w.to.messages()[0].raw
	if err := webhook.Verify(kept.Get, []byte(body), w.clk.Now(), w.to.secrets...); err != nil {
		t.Errorf("at once: %v", err)
	}
	for _, apart := range []time.Duration{6 * time.Minute, -6 * time.Minute, 48 * time.Hour} {
		if err := webhook.Verify(kept.Get, []byte(body), w.clk.Now().Add(apart), w.to.secrets...); !errors.Is(err, webhook.ErrTime) {
			t.Errorf("%s apart: %v", apart, err)
		}
	}
}

func TestOneHookAtATimeAndNoneWaitsForAnother(t *testing.T) {
	w := newWorld(t)
	w.subscribe("slow", "gus", nil)
	w.subscribe("quick", "gus", nil)
	w.add(malware("One", green))
	quick := newReceiver(t, w.clk)
	quick.secrets = w.to.secrets
	s := w.hook("quick").Settings
	s.URL, s.CA = quick.url, quick.ca
	w.must(w.hooks.Change(t.Context(), w.live, operator, "quick", s))
	hang := make(chan struct{})
	w.to.answering(func(_ http.ResponseWriter, _ *http.Request) bool { <-hang; return false })
	done := make(chan error)
	go func() { _, err := w.run("slow"); done <- err }()
	for { // until it hangs
		if n := len(w.hook("slow").Health.Attempts); n > 0 || w.hook("slow").Pending {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if n, err := w.run("slow"); n != 0 || err != nil {
		t.Errorf("run twice at once: %d %v", n, err)
	}
	w.sent("quick", 1)
	if err := <-done; err == nil || !strings.Contains(err.Error(), "in time") {
		t.Errorf("one that hangs: %v", err)
	}
	close(hang)
}

func TestSettingsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	closed := newWorld(t, func(c *hook.Config) { c.Private = false })
	good := hook.Settings{URL: "https://soc.example/in", Account: "gus", Events: []hook.Event{hook.Arrived}, Collection: "main"}
	for name, change := range map[string]func(*hook.Settings){
		"no event": func(s *hook.Settings) { s.Events = nil }, "twice": func(s *hook.Settings) { s.Events = append(s.Events, hook.Arrived) },
		"unknown event": func(s *hook.Settings) { s.Events = []hook.Event{"x"} }, "a test": func(s *hook.Settings) { s.Events = []hook.Event{hook.Test} },
		"no collection": func(s *hook.Settings) { s.Collection = "" }, "another's collection": func(s *hook.Settings) { s.Collection = "nothing" },
		"a collection for nothing": func(s *hook.Settings) { s.Events = []hook.Event{hook.Receipt} },
		"no account":               func(s *hook.Settings) { s.Account = "" }, "nobody": func(s *hook.Settings) { s.Account = "nobody" },
		"http": func(s *hook.Settings) { s.URL = "http://soc.example/in" }, "http by a name like ours": func(s *hook.Settings) { s.URL = "http://localhost.example/" },
		"a file": func(s *hook.Settings) { s.URL = "file:///etc/passwd" }, "a password": func(s *hook.Settings) { s.URL = "https://a:b@soc.example/" },
		"no host": func(s *hook.Settings) { s.URL = "https:///x" }, "two lines": func(s *hook.Settings) { s.URL = "https://soc.example/\n" },
	} {
		s := good
		s.Events = slices.Clone(good.Events)
		change(&s)
		if _, err := w.hooks.Add(t.Context(), w.live, operator, "bad", s); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, url := range []string{"http://127.0.0.1:9/", "http://[::1]:9/", "http://localhost:9/"} {
		s := good
		s.URL = url
		if _, err := closed.hooks.Add(t.Context(), closed.live, operator, "here", s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s where nobody admits it: %v", url, err)
		}
		if _, err := w.hooks.Add(t.Context(), w.live, operator, strings.Trim(strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return '-'
		}, url), "-"), s); err != nil {
			t.Errorf("%s where it is admitted: %v", url, err)
		}
	}
	gus, err := w.people.As(t.Context(), operator, "gus")
	w.must(err)
	if _, err := w.hooks.Add(t.Context(), w.live, gus, "own", good); !fault.Is(err, fault.Denied) {
		t.Errorf("one who does not administer: %v", err)
	}
	if _, err := w.hooks.List(t.Context(), w.live, gus); !fault.Is(err, fault.Denied) {
		t.Errorf("one who does not administer lists: %v", err)
	}
}
