package feed_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/importing"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/auth"
	"twoseas/internal/edge/feed"
	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

var start = time.Date(2027, 3, 18, 9, 0, 0, 0, time.UTC)

var operator = people.System("operator")

const password = "correct horse battery"

// Collections of the fixture.
const (
	mainID = "91a7b528-80eb-42ed-a74d-c6fbd5a26116" // alias "main"; rei reads it up to TLP:RED, gus to TLP:GREEN
	hidden = "472c94ae-3113-4e3e-a4dd-a9f4ac7471d4" // nobody
)

type nowhere struct{}

func (nowhere) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error { return nil }
func (nowhere) Relabelled(*store.Tx, int64, marking.Label) error               { return nil }

type server struct {
	t      testing.TB
	url    string
	client *http.Client
	clk    *clock.Fake
	live   *store.Handle
	people *people.People
	intake *intake.Intake
	lists  *importing.Imports
	reads  []string
}

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{t: t, clk: clock.NewFake(start)}
	opened, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "twoseas.db"), s.clk)
	s.must(err)
	t.Cleanup(func() { s.must(opened.Close()) })
	s.live, err = opened.Domain(t.Context(), ident.Live)
	s.must(err)
	home := people.Home{Side: "in"}
	s.people, err = people.New(t.Context(), s.live, home, s.clk, rand.Reader)
	s.must(err)
	s.intake = intake.New("in", home, nowhere{})
	s.lists = importing.New(importing.Config{Intake: s.intake, Clock: s.clk, Journal: func(*store.Tx, people.Actor, string, ...string) error { return nil }})
	for _, c := range []store.Collection{{ID: mainID, Alias: "main", Title: "Main"}, {ID: hidden, Title: "Hidden"}} {
		s.must(s.live.Write(t.Context(), func(tx *store.Tx) error { return tx.AddCollection(&c) }))
	}
	for name, a := range map[string]struct {
		role people.Role
		tlp  string
	}{"rei": {people.Analyst, "red"}, "gus": {people.Member, "green"}, "adm": {people.Administrator, "red"}} {
		s.must(s.people.AddAccount(t.Context(), operator, people.Account{Name: name, Roles: []people.Role{a.role}, Password: password, Clearance: a.tlp}))
		s.must(s.people.Grant(t.Context(), s.live, operator, store.Right{Account: name, Collection: mainID, Read: true}))
	}
	ts := httptest.NewTLSServer(feed.New(feed.Config{
		Handle: s.live, Auth: auth.New(s.people, false), People: s.people, Clock: s.clk, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
		Lists: s.lists.Lists, Spool: t.TempDir(), URL: "https://node.example",
		Reads: func(_ context.Context, by people.Actor, act, collection string) error {
			s.reads = append(s.reads, by.Name+" "+act+" "+collection)
			return nil
		},
	}))
	t.Cleanup(ts.Close)
	s.url, s.client = ts.URL, ts.Client()
	s.client.Transport.(*http.Transport).DisableCompression = true
	return s
}

func (s *server) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// add takes objects into main.
func (s *server) add(objects ...[]byte) {
	s.t.Helper()
	rep, err := s.intake.Stream(s.t.Context(), s.live, intake.Source{Collection: mainID}, bytes.NewReader(append(append([]byte("["), bytes.Join(objects, []byte(","))...), ']')), nil)
	s.must(err)
	if rep.Refused > 0 {
		s.t.Fatalf("%v", rep.Refusals)
	}
	s.clk.Advance(time.Second)
}

type answer struct {
	status int
	header http.Header
	body   string
}

// get asks as somebody; header is name, value, ...
func (s *server) get(name, path string, header ...string) answer {
	s.t.Helper()
	return s.ask(http.MethodGet, name, path, header...)
}

func (s *server) ask(method, name, path string, header ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	s.must(err)
	if name != "" {
		req.SetBasicAuth(name, password)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.client.Do(req)
	s.must(err)
	defer resp.Body.Close()
	var in io.Reader = resp.Body
	if resp.Header.Get("Content-Encoding") == "gzip" {
		in, err = gzip.NewReader(resp.Body)
		s.must(err)
	}
	raw, err := io.ReadAll(in)
	s.must(err)
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

// entries returns the lines of a list that are no comments.
func (a answer) entries() string {
	var out []string
	for line := range strings.Lines(a.body) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, ";") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return strings.Join(out, " ")
}

func pap(level marking.PAP) st.Option {
	return st.Marking(map[marking.PAP]string{
		marking.PAPClear: "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92",
		marking.PAPGreen: "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9",
		marking.PAPAmber: "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab",
		marking.PAPRed:   "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e",
	}[level])
}

// domain is an indicator of a domain.
func domain(name string, opts ...st.Option) []byte {
	return st.Indicator(append([]st.Option{st.Name(name), st.Pattern(fmt.Sprintf("[domain-name:value = '%s']", name))}, opts...)...)
}
