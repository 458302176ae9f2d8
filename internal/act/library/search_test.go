package library_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/library"
	"twoseas/internal/act/people"
	"twoseas/internal/act/search"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// alone stands in for readers and routes: nothing leaves, and clearance
// "clear" sees only what is TLP:CLEAR.
type alone struct{}

func (alone) Readable(clearance string, label []byte, _ ident.Domain, _ time.Time) bool {
	l, err := marking.ParseLabel(label)
	return err == nil && (clearance == "all" || l.TLP == marking.Clear)
}
func (alone) Arrived(*store.Tx, int64, int64, map[int64]marking.Label) error { return nil }
func (alone) Relabelled(*store.Tx, int64, marking.Label) error               { return nil }

// shelf is a library over a store with threat data of two markings.
type shelf struct {
	h    *store.Handle
	l    *library.Library
	clk  *clock.Fake
	slow int64 // class that sees only TLP:CLEAR
}

var analyst = people.Actor{Name: "ana", Roles: []people.Role{people.Analyst}}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{l: library.New(library.Config{Self: "in", Search: search.New()}), clk: clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))}
	st, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "s.db"), s.clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if s.h, err = st.Domain(t.Context(), ident.Live); err != nil {
		t.Fatal(err)
	}
	if err := s.h.Write(t.Context(), func(tx *store.Tx) error {
		s.slow, err = tx.AddClass("clear", func([]byte) bool { return false })
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s.take(t, marking.Clear, "in",
		sdo("malware", 1, 1, `"name":"Emotet","is_family":true,"description":"A banking trojan that loads others."`),
		sdo("indicator", 2, 1, `"name":"ドメイン 通信先","pattern":"[domain-name:value = 'evil.example']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"execution"}]`),
		sdo("relationship", 3, 1, `"relationship_type":"indicates","source_ref":"`+id("indicator", 2)+`","target_ref":"`+id("malware", 1)+`"`),
		sdo("identity", 4, 1, `"name":"A bank","sectors":["financial-services"],"identity_class":"organization"`),
	)
	s.take(t, marking.Amber, "jp",
		sdo("malware", 5, 2, `"name":"Emotet variant","is_family":false,"created_by_ref":"`+id("identity", 4)+`"`),
		sdo("vulnerability", 6, 2, `"name":"CVE-2021-44228","revoked":true`),
	)
	return s
}

func id(typ string, n int) string { return fmt.Sprintf("%s--00000000-0000-4000-8000-%012d", typ, n) }

func sdo(typ string, n, minute int, more string) string {
	at := fmt.Sprintf("2026-01-01T00:%02d:00Z", minute)
	return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":%q,"created":"2026-01-01T00:00:00Z","modified":%q,%s}`, typ, id(typ, n), at, more)
}

func (s *shelf) take(t *testing.T, tlp marking.TLP, origin ident.Side, raws ...string) {
	t.Helper()
	var bytes [][]byte
	for _, r := range raws {
		bytes = append(bytes, []byte(r))
	}
	rep, err := intake.New("in", alone{}, alone{}).Objects(t.Context(), s.h, intake.Source{Origin: origin, DefaultTLP: tlp}, bytes)
	if err != nil || rep.Refused != 0 {
		t.Fatalf("%+v, %v", rep, err)
	}
	s.clk.Advance(time.Hour)
}

func (s *shelf) catchUp(t *testing.T) {
	t.Helper()
	if err := s.l.CatchUp(t.Context(), s.h); err != nil {
		t.Fatal(err)
	}
}

func (s *shelf) search(t *testing.T, class int64, f library.Filter) library.Page {
	t.Helper()
	p, err := s.l.Search(t.Context(), s.h, analyst, class, f, store.Place{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// found lists the numbers of what was found.
func found(p library.Page) string {
	var out []string
	for _, r := range p.Rows {
		out = append(out, strings.TrimLeft(r.ID[len(r.ID)-12:], "0"))
	}
	return strings.Join(out, " ")
}

func TestSearch(t *testing.T) {
	s := newShelf(t)
	s.catchUp(t)
	nine := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name        string
		f           library.Filter
		all, slower string // what the node finds, and who may only see TLP:CLEAR
	}{
		{"everything, newest first", library.Filter{}, "6 5 4 3 2 1", "4 3 2 1"},
		{"oldest first", library.Filter{Oldest: true}, "1 2 3 4 5 6", "1 2 3 4"},
		{"a word", library.Filter{Text: "emotet"}, "5 1", "1"},
		{"a word of the description", library.Filter{Text: "Trojan"}, "1", "1"},
		{"two words", library.Filter{Text: "variant emotet"}, "5", ""},
		{"a word nobody used", library.Filter{Text: "qakbot"}, "", ""},
		{"Japanese", library.Filter{Text: "通信先"}, "2", "2"},
		{"an identifier", library.Filter{Text: "cve-2021-44228"}, "6", ""},
		{"an id", library.Filter{Text: id("malware", 5)}, "5", ""},
		{"an id that is not there", library.Filter{Text: id("malware", 7)}, "", ""},
		{"a value as text", library.Filter{Text: "evil[.]example"}, "2", "2"},
		{"a value inside what is named", library.Filter{Text: "www.evil.example"}, "2", "2"},
		{"a filter is for the very value", library.Filter{Value: "www.evil.example"}, "", ""},
		{"a value", library.Filter{Value: "hxxp://evil.example"}, "", ""},
		{"a domain", library.Filter{Value: "EVIL.example"}, "2", "2"},
		{"what is no value", library.Filter{Value: "?"}, "", ""},
		{"only signs", library.Filter{Text: "!!!"}, "", ""},
		{"types", library.Filter{Types: []string{"malware", "identity"}}, "5 4 1", "4 1"},
		{"a marking", library.Filter{TLPs: []marking.TLP{marking.Amber}}, "6 5", ""},
		{"no such marking", library.Filter{TLPs: []marking.TLP{marking.Red}}, "", ""},
		{"whose", library.Filter{Origins: []ident.Side{"jp"}}, "6 5", ""},
		{"a sector", library.Filter{Sectors: []string{"financial-services"}}, "4", "4"},
		{"a phase", library.Filter{Phases: []string{"mitre-attack/execution"}}, "2", "2"},
		{"by whom", library.Filter{Creator: id("identity", 4)}, "5", ""},
		{"what refers to it", library.Filter{Refers: id("malware", 1)}, "3", "3"},
		{"revoked", library.Filter{Revoked: true}, "6", ""},
		{"received before", library.Filter{Until: nine.Add(time.Minute)}, "4 3 2 1", "4 3 2 1"},
		{"received after", library.Filter{From: nine.Add(time.Minute)}, "6 5", ""},
		{"modified", library.Filter{Clock: store.Modified, Until: time.Date(2026, 1, 1, 0, 1, 30, 0, time.UTC)}, "4 3 2 1", "4 3 2 1"},
		{"all that fits", library.Filter{Types: []string{"malware"}, Text: "emotet", Origins: []ident.Side{"in"}}, "1", "1"},
		{"in order of change", library.Filter{Types: []string{"malware", "vulnerability"}, Order: store.Modified, Oldest: true}, "1 5 6", "1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for class, want := range map[int64]string{store.AllLabels: tc.all, s.slow: tc.slower, 0: ""} {
				p := s.search(t, class, tc.f)
				if found(p) != want || p.Count != len(p.Rows) || p.Late != 0 {
					t.Errorf("class %d: found %q (%d counted), want %q", class, found(p), p.Count, want)
				}
			}
		})
	}
}

func TestSearchSaysThatItIsBehind(t *testing.T) {
	s := newShelf(t)
	if p := s.search(t, store.AllLabels, library.Filter{}); p.Late != 6 || len(p.Rows) != 0 {
		t.Errorf("before: late %d, found %q", p.Late, found(p))
	}
	for class, want := range map[int64]int64{s.slow: 4, 0: 0} { // nobody learns that what they may not see arrives
		if p := s.search(t, class, library.Filter{}); p.Late != want {
			t.Errorf("class %d: late %d, want %d", class, p.Late, want)
		}
	}
	s.catchUp(t)
	s.catchUp(t) // again: nothing to do
	if p := s.search(t, store.AllLabels, library.Filter{}); p.Late != 0 || len(p.Rows) != 6 {
		t.Errorf("after: late %d, found %q", p.Late, found(p))
	}
}

// TestNewerVersions: the newest a reader may see is found, and by its words.
func TestNewerVersions(t *testing.T) {
	s := newShelf(t)
	s.catchUp(t)
	s.take(t, marking.Amber, "in", sdo("malware", 1, 9, `"name":"Geodo","is_family":true`))
	s.catchUp(t)
	for _, tc := range []struct {
		class      int64
		text, want string
	}{
		{store.AllLabels, "geodo", "1"},
		{store.AllLabels, "trojan", ""},
		{s.slow, "geodo", ""},
		{s.slow, "trojan", "1"}, // the older, since the newer is not for it
	} {
		if got := found(s.search(t, tc.class, library.Filter{Text: tc.text})); got != tc.want {
			t.Errorf("class %d, %q: found %q, want %q", tc.class, tc.text, got, tc.want)
		}
	}
}

func TestSearchAsksWho(t *testing.T) {
	s := newShelf(t)
	nobody := people.Actor{Name: "adm", Roles: []people.Role{people.Administrator}}
	_, err := s.l.Search(t.Context(), s.h, nobody, store.AllLabels, library.Filter{}, store.Place{}, 10)
	if !fault.Is(err, fault.Denied) {
		t.Errorf("search: %v", err)
	}
	err = s.l.Export(t.Context(), s.h, nobody, store.AllLabels, library.Filter{}, nil)
	if !fault.Is(err, fault.Denied) {
		t.Errorf("export: %v", err)
	}
}

func TestExport(t *testing.T) {
	s := newShelf(t)
	var tools []string
	for n := 10; n < 1210; n++ { // more than two pages
		tools = append(tools, sdo("tool", n, 3, `"name":"tool"`))
	}
	s.take(t, marking.Clear, "in", tools...)
	s.catchUp(t)
	var ids []string
	keep := func(r library.Row, body []byte) error {
		if !strings.Contains(string(body), r.ID) {
			t.Errorf("%s has the body %s", r.ID, body)
		}
		ids = append(ids, r.ID)
		return nil
	}
	if err := s.l.Export(t.Context(), s.h, analyst, s.slow, library.Filter{Types: []string{"tool", "malware"}}, keep); err != nil {
		t.Fatal(err)
	}
	if len(ids) != 1201 || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 1201 || slices.Contains(ids, id("malware", 5)) {
		t.Errorf("%d exported", len(ids))
	}
	ids = nil
	if err := s.l.Chosen(t.Context(), s.h, analyst, s.slow, []string{id("malware", 5), id("malware", 1), "x"}, keep); err != nil || len(ids) != 1 {
		t.Errorf("chosen: %v, %v", ids, err)
	}
}
