package hook_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"twoseas/internal/act/hook"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	edge "twoseas/internal/edge/hook"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/format/webhook"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

var start = time.Date(2027, 3, 18, 9, 0, 0, 0, time.UTC)

var operator = people.System("operator")

const mainID = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"

type nowhere struct{}

func (nowhere) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error { return nil }
func (nowhere) Relabelled(*store.Tx, int64, marking.Label) error               { return nil }

// world is a store with accounts and a collection, and a receiver.
type world struct {
	t      testing.TB
	clk    *clock.Fake
	live   *store.Handle
	people *people.People
	intake *intake.Intake
	hooks  *hook.Hooks
	log    []string // the home log
	reads  []string
	to     *receiver
}

// receiver is a program that takes webhooks as the documentation says: it
// verifies, and takes no id twice.
type receiver struct {
	t       testing.TB
	clk     *clock.Fake
	url, ca string

	mu      sync.Mutex
	secrets [][]byte
	answer  func(w http.ResponseWriter, r *http.Request) bool // false: it has answered itself
	taken   []told
	ids     map[string]int
	refused int
}

// told is one message as the receiver has it.
type told struct {
	Type   string `json:"type"`
	Domain string `json:"domain"`
	Data   struct {
		Collection string           `json:"collection"`
		Count      int              `json:"count"`
		Objects    []map[string]any `json:"objects"`
		Feed       string           `json:"feed"`
	} `json:"data"`
	raw string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body) // a broken one does not verify
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answer != nil && !r.answer(w, req) {
		return
	}
	if err := webhook.Verify(req.Header.Get, body, r.clk.Now(), r.secrets...); err != nil {
		r.refused++
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	id := req.Header.Get(webhook.HeaderID)
	if r.ids[id]++; r.ids[id] > 1 {
		return // taken already: it counts once
	}
	var m told
	if err := json.Unmarshal(body, &m); err != nil {
		r.t.Errorf("%v in %s", err, body)
	}
	m.raw = string(body)
	r.taken = append(r.taken, m)
}

func (r *receiver) answering(f func(w http.ResponseWriter, req *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

func (r *receiver) messages() []told {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]told(nil), r.taken...)
}

func newReceiver(t testing.TB, clk *clock.Fake) *receiver {
	t.Helper()
	r := &receiver{t: t, clk: clk, ids: map[string]int{}}
	ts := httptest.NewTLSServer(r)
	t.Cleanup(ts.Close)
	r.url = ts.URL + "/in"
	r.ca = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ts.Certificate().Raw}))
	return r
}

func newWorld(t testing.TB, change ...func(*hook.Config)) *world {
	t.Helper()
	w := &world{t: t, clk: clock.NewFake(start)}
	opened, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "twoseas.db"), w.clk)
	w.must(err)
	t.Cleanup(func() { w.must(opened.Close()) })
	w.live, err = opened.Domain(t.Context(), ident.Live)
	w.must(err)
	home := people.Home{Side: "in"}
	w.people, err = people.New(t.Context(), w.live, home, w.clk, rand.Reader)
	w.must(err)
	w.intake = intake.New("in", home, nowhere{})
	w.must(w.live.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddCollection(&store.Collection{ID: mainID, Alias: "main", Title: "Main"})
	}))
	for name, tlp := range map[string]string{"rei": "red", "gus": "green"} {
		w.must(w.people.AddAccount(t.Context(), operator, people.Account{Name: name, Roles: []people.Role{people.Analyst}, Clearance: tlp}))
		w.must(w.people.Grant(t.Context(), w.live, operator, store.Right{Account: name, Collection: mainID, Read: true}))
	}
	w.to = newReceiver(t, w.clk)
	c := hook.Config{
		People: w.people, Ring: keys.New([32]byte{1}, "in", w.clk, rand.Reader), Rand: rand.Reader, Owner: "test", Private: true, URL: "https://node.example",
		Outside: edge.New(edge.Config{Clock: w.clk, Private: true, Whole: 300 * time.Millisecond}),
		Journal: func(_ *store.Tx, by people.Actor, act string, fields ...string) error {
			w.log = append(w.log, by.String()+" "+act)
			for _, f := range fields {
				w.log[len(w.log)-1] += " " + f
			}
			return nil
		},
		Reads: func(_ context.Context, by people.Actor, act, place string) error {
			w.reads = append(w.reads, by.Name+" "+act+" "+place)
			return nil
		},
	}
	for _, f := range change {
		f(&c)
	}
	w.hooks = hook.New(c)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// subscribe adds a subscription to main for an account, whose secret the
// receiver gets.
func (w *world) subscribe(name, account string, change func(*hook.Settings)) {
	w.t.Helper()
	s := hook.Settings{URL: w.to.url, CA: w.to.ca, Account: account, Events: []hook.Event{hook.Arrived}, Collection: "main"}
	if change != nil {
		change(&s)
	}
	secret, err := w.hooks.Add(w.t.Context(), w.live, operator, name, s)
	w.must(err)
	w.to.trust(secret)
}

func (r *receiver) trust(secret string) {
	r.t.Helper()
	raw, err := webhook.ParseSecret(secret)
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, raw)
}

// add takes objects into main.
func (w *world) add(objects ...[]byte) {
	w.t.Helper()
	rep, err := w.intake.Stream(w.t.Context(), w.live, intake.Source{Collection: mainID}, bytes.NewReader(append(append([]byte("["), bytes.Join(objects, []byte(","))...), ']')), nil)
	w.must(err)
	if rep.Refused > 0 {
		w.t.Fatalf("%v", rep.Refusals)
	}
}

func (w *world) run(name string) (int, error) {
	w.t.Helper()
	return w.hooks.Run(w.t.Context(), w.live, name)
}

// sent runs a subscription, which must send so many messages.
func (w *world) sent(name string, want int) {
	w.t.Helper()
	if n, err := w.run(name); n != want || err != nil {
		w.t.Fatalf("%s sent %d, want %d: %v", name, n, want, err)
	}
}

func (w *world) hook(name string) hook.Hook {
	w.t.Helper()
	one, err := w.hooks.Find(w.t.Context(), w.live, operator, name)
	w.must(err)
	return one
}

func malware(name string, opts ...st.Option) []byte {
	return st.Malware(append([]st.Option{st.Name(name)}, opts...)...)
}
