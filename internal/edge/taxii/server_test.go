package taxii_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/auth"
	"twoseas/internal/edge/taxii"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

var operator = people.System("operator")

const password = "correct horse battery"

// Collections of the fixture.
const (
	mainID = "91a7b528-80eb-42ed-a74d-c6fbd5a26116" // alias "main"
	inbox  = "52892447-4d7e-4f70-b94d-d7f22742ff63" // default TLP:CLEAR, ceiling TLP:GREEN
	hidden = "472c94ae-3113-4e3e-a4dd-a9f4ac7471d4" // nobody but hal
	feed   = "64993447-4d7e-4f70-b94d-d7f33742ee63" // default TLP:CLEAR
	absent = "00000000-0000-4000-8000-000000000000"
)

// nowhere routes nothing.
type nowhere struct{}

func (nowhere) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error { return nil }
func (nowhere) Relabelled(*store.Tx, int64, marking.Label) error               { return nil }

// journal keeps what it is told.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) write(_ *store.Tx, by people.Actor, act string, fields ...string) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, by.String()+" "+act+" "+strings.Join(fields, " "))
	return nil
}

// server is a TAXII server on a store of its own, with people and collections:
// wendy and mo write to main and inbox and read them, wendy up to TLP:RED and
// mo, an industry member, up to TLP:GREEN; gus reads both up to TLP:GREEN; drop
// may only write to inbox; hal reads hidden,
// and fay reads and writes feed.
type server struct {
	t       testing.TB
	url     string
	client  *http.Client
	clk     *clock.Fake
	taxii   *taxii.Server
	store   *store.Store
	live    *store.Handle
	people  *people.People
	journal *journal
	log     *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newServer(t testing.TB, change ...func(*taxii.Config)) *server {
	t.Helper()
	s := &server{t: t, clk: clock.NewFake(start), journal: &journal{}, log: &lockedBuffer{}}
	var err error
	s.store, err = store.Open(t.Context(), filepath.Join(t.TempDir(), "twoseas.db"), s.clk)
	s.must(err)
	t.Cleanup(func() { s.store.Close() })
	s.live, err = s.store.Domain(t.Context(), ident.Live)
	s.must(err)
	home := people.Home{Side: "in"}
	s.people, err = people.New(t.Context(), s.live, home, s.clk, rand.Reader)
	s.must(err)
	s.populate()
	c := taxii.Config{
		Handle: s.live, Auth: auth.New(s.people, false), People: s.people, Intake: taking(intake.New("in", home, nowhere{})),
		Journal: s.journal.write, Rand: rand.Reader, Title: "Test \"node\"", Contact: "cert@example.in",
		Log: slog.New(slog.NewTextHandler(s.log, nil)),
	}
	for _, f := range change {
		f(&c)
	}
	s.taxii = taxii.New(c)
	ts := httptest.NewTLSServer(s.taxii)
	t.Cleanup(ts.Close)
	s.url, s.client = ts.URL, ts.Client()
	s.client.Transport.(*http.Transport).DisableCompression = true
	s.client.Transport.(*http.Transport).MaxIdleConnsPerHost = 32
	s.client.Transport.(*http.Transport).TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(64)
	return s
}

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) populate() {
	s.t.Helper()
	for _, c := range []store.Collection{
		{ID: mainID, Alias: "main", Title: "Main", Description: "What we have"},
		{ID: inbox, Title: "Inbox", DefaultTLP: "clear", Ceiling: "green"},
		{ID: hidden, Title: "Hidden"},
		{ID: feed, Title: "Feed", DefaultTLP: "clear"},
	} {
		s.must(s.live.Write(s.t.Context(), func(tx *store.Tx) error { return tx.AddCollection(&c) }))
	}
	for _, a := range []struct {
		name   string
		role   people.Role
		tlp    marking.TLP
		rights map[string]people.Right
	}{
		{"wendy", people.Analyst, marking.Red, map[string]people.Right{mainID: {Read: true, Write: true}, inbox: {Read: true, Write: true}}},
		{"mo", people.Member, marking.Green, map[string]people.Right{mainID: {Read: true, Write: true}, inbox: {Read: true, Write: true}}},
		{"gus", people.Analyst, marking.Green, map[string]people.Right{mainID: {Read: true}, inbox: {Read: true}}},
		{"drop", people.Analyst, marking.Green, map[string]people.Right{inbox: {Write: true}}},
		{"fay", people.Analyst, marking.Red, map[string]people.Right{feed: {Read: true, Write: true}}},
		{"hal", people.Analyst, marking.Red, map[string]people.Right{hidden: {Read: true, Write: true}}},
		{"nora", people.Analyst, marking.Red, nil},
		{"dan", people.DeskOfficer, marking.Red, map[string]people.Right{mainID: {Read: true, Write: true}}}, // whose role writes nothing
	} {
		s.must(s.people.AddAccount(s.t.Context(), operator, people.Account{
			Name: a.name, Roles: []people.Role{a.role}, Password: password, Clearance: a.tlp.String(),
		}))
		for id, r := range a.rights {
			s.must(s.people.Grant(s.t.Context(), s.live, operator, store.Right{Account: a.name, Collection: id, Read: r.Read, Write: r.Write}))
		}
	}
}

// addCollection adds a collection that somebody reads.
func (s *server) addCollection(id, reader string) {
	s.t.Helper()
	s.must(s.live.Write(s.t.Context(), func(tx *store.Tx) error {
		return tx.AddCollection(&store.Collection{ID: id, Title: "New"})
	}))
	s.must(s.people.Grant(s.t.Context(), s.live, operator, store.Right{Account: reader, Collection: id, Read: true}))
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	body   []byte
}

// as sends a request as somebody. header is name, value, ...
func (s *server) as(name, method, path, body string, header ...string) answer {
	s.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, r)
	s.must(err)
	if name != "" {
		req.SetBasicAuth(name, password)
	}
	req.Header.Set("Accept", "application/taxii+json;version=2.1")
	if body != "" {
		req.Header.Set("Content-Type", "application/taxii+json;version=2.1")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header[header[i]] = nil
		if header[i+1] != "" {
			req.Header.Set(header[i], header[i+1])
		}
	}
	resp, err := s.client.Do(req)
	s.must(err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	s.must(err)
	return answer{s.t, resp.StatusCode, resp.Header, raw}
}

func (s *server) get(name, path string) answer {
	s.t.Helper()
	return s.as(name, "GET", path, "")
}

// post adds objects, which must all succeed.
func (s *server) post(name, collection string, objects ...string) answer {
	s.t.Helper()
	a := s.as(name, "POST", "/api1/collections/"+collection+"/objects/", `{"objects":[`+strings.Join(objects, ",")+`]}`)
	if got := a.json()["success_count"]; a.status != http.StatusAccepted || got != float64(len(objects)) {
		s.t.Fatalf("post: got %d %s", a.status, a.body)
	}
	return a
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("got %d %s, want %d", a.status, a.body, status)
	}
	return a
}

func (a answer) json() map[string]any {
	a.t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		a.t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return m
}

// names returns what an envelope, manifest or list of versions lists: the
// name or id of each object, or the version itself.
func (a answer) names() []string {
	a.t.Helper()
	var out []string
	m := a.json()
	for _, list := range []string{"objects", "versions"} {
		items, _ := m[list].([]any)
		for _, it := range items {
			switch it := it.(type) {
			case string:
				out = append(out, it)
			case map[string]any:
				if name, ok := it["name"].(string); ok {
					out = append(out, name)
				} else {
					out = append(out, fmt.Sprint(it["id"]))
				}
			}
		}
	}
	return out
}

func (a answer) next() string {
	n, _ := a.json()["next"].(string)
	return n
}

// id returns an id of a type from a number.
func id(typ string, n int) string { return fmt.Sprintf("%s--00000000-0000-4000-8000-%012x", typ, n) }

// identity returns an identity object; minute is its version.
func identity(n, minute int, name string, tlp marking.TLP) string {
	modified := start.Add(time.Duration(minute) * time.Minute).Format("2006-01-02T15:04:05.000Z")
	mark := ""
	if tlp != marking.NoTLP {
		mark = fmt.Sprintf(`,"object_marking_refs":[%q]`, tlp.DefinitionID())
	}
	return fmt.Sprintf(`{"created":"2026-11-22T09:00:00.000Z","id":%q,"modified":%q,"name":%q%s,"spec_version":"2.1","type":"identity"}`,
		id("identity", n), modified, name, mark)
}

// sharedData returns the path of a file of the shared data.
func sharedData(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above this test")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(filepath.Dir(dir), "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: in CI the shared data must be there", path)
		}
		t.Skipf("SKIPPED: %s is missing, so nothing was tested on real data", path)
	}
	return path
}

// taking tells intake of which industry member an account is, as a node does.
func taking(in *intake.Intake) *intake.Intake {
	in.SetMembers(func(tx *store.Tx, account string) (*intake.Member, error) {
		o, is, err := people.Membership(tx, account)
		if err != nil || !is {
			return nil, err
		}
		return &intake.Member{ID: people.MemberID(o, account)}, nil
	})
	return in
}
