package feed_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	st "twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

var green, red = st.TLP("green"), st.TLP("red")

func TestAListHoldsWhatMayBeActedOn(t *testing.T) {
	s := newServer(t)
	ok := pap(marking.PAPGreen)
	later, before := st.Timestamp(start.Add(time.Hour)), st.Timestamp(start.Add(-time.Hour))
	s.add(
		domain("clear.tokyo", green, pap(marking.PAPClear)), domain("green.tokyo", green, ok),
		domain("amber.tokyo", green, pap(marking.PAPAmber)), domain("red.tokyo", green, pap(marking.PAPRed)), domain("none.tokyo", green),
		domain("revoked.tokyo", green, ok, st.Revoked()), domain("benign.tokyo", green, ok, st.Set("indicator_types", []string{"benign"})),
		domain("expired.tokyo", green, ok, st.Set("valid_from", "2020-01-01T00:00:00Z"), st.Set("valid_until", before)),
		domain("future.tokyo", green, ok, st.Set("valid_from", later)),
		domain("expiring.tokyo", green, ok, st.Set("valid_from", before), st.Set("valid_until", later)),
		domain("www.example.org", green, ok), // a name for examples: on a warning list
		domain("co.jp", green, ok),
		domain("twice.tokyo", green, ok), domain("twice.tokyo", green, ok),
		st.Indicator(green, ok, st.Pattern("[domain-name:value = 'and.tokyo' AND domain-name:value = 'too.tokyo']")),
		st.Indicator(green, ok, st.Pattern("[domain-name:value = 'or1.tokyo' OR domain-name:value = 'or2.tokyo']")),
		st.Indicator(green, ok, st.Pattern("[ipv4-addr:value = '185.82.202.155']")),
		st.Observable("domain-name", st.Props{"value": "observed.tokyo"}, green, ok),
		domain("secret.tokyo", red, ok),
	)
	a := s.get("gus", "/out/main/domain.txt")
	if want := "clear.tokyo green.tokyo expiring.tokyo twice.tokyo or1.tokyo or2.tokyo"; a.status != 200 || a.entries() != want {
		t.Errorf("got %d %q, want %q", a.status, a.entries(), want)
	}
	for _, want := range []string{"Domains: Main", "stricter than TLP:GREEN", "Entries: 6 of what you may read", "?pap=none"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("it does not say %q:\n%s", want, a.body)
		}
	}
	if strings.Contains(a.body, "RED") || strings.Contains(a.body, "secret") {
		t.Errorf("a trace of what gus may not see:\n%s", a.body)
	}
	if got := s.get("rei", "/out/"+mainID+"/domain.txt"); !strings.HasSuffix(got.entries(), "or2.tokyo secret.tokyo") || !strings.Contains(got.body, "stricter than TLP:RED") {
		t.Errorf("rei gets\n%s", got.body)
	}
	if got := s.get("gus", "/out/main/domain.txt?pap=none"); !strings.Contains(got.entries(), "none.tokyo") || strings.Contains(got.entries(), "amber.tokyo") {
		t.Errorf("with what says nothing of PAP: %q", got.entries())
	}
	if got := s.get("gus", "/out/main/ipv4.txt").entries(); got != "185.82.202.155" {
		t.Errorf("addresses: %q", got)
	}
	// What ends ends without anything arriving, and what begins begins.
	tag := a.header.Get("ETag")
	if got := s.get("gus", "/out/main/domain.txt", "If-None-Match", tag); got.status != http.StatusNotModified || got.body != "" {
		t.Errorf("nothing changed: got %d", got.status)
	}
	s.clk.Advance(time.Hour)
	got := s.get("gus", "/out/main/domain.txt", "If-None-Match", tag)
	if got.status != 200 || strings.Contains(got.entries(), "expiring") || !strings.Contains(got.entries(), "future.tokyo") {
		t.Errorf("an hour later: %d %q", got.status, got.entries())
	}
	// A warning list that is added takes its own out.
	if _, err := s.lists.AddWarningList(t.Context(), s.live, operator, []byte(`{"name":"ours","type":"hostname","version":1,"list":["green.tokyo"]}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.lists.AddWarningList(t.Context(), s.live, operator, []byte(`{"name":"scanners","category":"known","type":"hostname","version":1,"list":["clear.tokyo"]}`)); err != nil {
		t.Fatal(err)
	}
	if got := s.get("gus", "/out/main/domain.txt", "If-None-Match", got.header.Get("ETag")); got.status != 200 || !strings.HasPrefix(got.entries(), "clear.tokyo future.tokyo") {
		t.Errorf("with warning lists: %d %q", got.status, got.entries())
	}
}

func TestRevokedAndRemovedLeave(t *testing.T) {
	s := newServer(t)
	id := st.NewID("indicator")
	s.add(domain("one.tokyo", st.ID(id), green, pap(marking.PAPGreen)), domain("two.tokyo", green, pap(marking.PAPGreen)))
	before := s.get("gus", "/out/main/domain.txt")
	s.add(domain("one.tokyo", st.ID(id), green, pap(marking.PAPGreen), st.Revoked(), st.ModifiedAt(start)))
	after := s.get("gus", "/out/main/domain.txt", "If-None-Match", before.header.Get("ETag"))
	if before.entries() != "one.tokyo two.tokyo" || after.entries() != "two.tokyo" {
		t.Errorf("before %q, after %q", before.entries(), after.entries())
	}
	bundle := s.get("gus", "/out/main/bundle.json")
	var got struct {
		Type    string           `json:"type"`
		Objects []map[string]any `json:"objects"`
	}
	if err := json.Unmarshal([]byte(bundle.body), &got); err != nil || got.Type != "bundle" || len(got.Objects) != 2 {
		t.Fatalf("%v: %s", err, bundle.body)
	}
	if !slices.ContainsFunc(got.Objects, func(o map[string]any) bool { return o["id"] == id && o["revoked"] == true }) {
		t.Error("a bundle that does not say that it was revoked")
	}
	// An object that is taken out is gone, and who asks hears of it, though the
	// newest is as new as before.
	s.must(s.live.Write(t.Context(), func(tx *store.Tx) error {
		c, err := tx.Collection(mainID)
		if err != nil {
			return err
		}
		_, err = tx.RemoveMembers(c.N, 1, id, store.Versions{All: true})
		return err
	}))
	again := s.get("gus", "/out/main/bundle.json", "If-None-Match", bundle.header.Get("ETag"))
	if again.status != 200 || strings.Contains(again.body, id) || !strings.Contains(again.body, "two.tokyo") {
		t.Errorf("got %d %s", again.status, again.body)
	}
}

// What a reader may not see leaves no trace: not in what it gets, and not in
// whether anything changed.
func TestWhatMayNotBeSeenLeavesNoTrace(t *testing.T) {
	s := newServer(t)
	ok := pap(marking.PAPClear)
	id := st.NewID("indicator")
	s.add(domain("one.tokyo", green, ok), domain("two.tokyo", st.ID(id), green, ok))
	before := map[string]answer{}
	for _, f := range []string{"bundle.json", "objects.csv", "atom.xml", "feed.json", "suricata.rules", "rpz.zone", "domain.txt"} {
		before[f] = s.get("gus", "/out/main/"+f)
		if before[f].status != 200 || before[f].header.Get("ETag") == "" || before[f].header.Get("Last-Modified") == "" {
			t.Errorf("%s: %d %v", f, before[f].status, before[f].header)
		}
	}
	s.add(domain("secret.tokyo", red, ok), st.Malware(st.Name("Sealed"), red))
	s.add(domain("two.tokyo", st.ID(id), red, ok, st.ModifiedAt(start))) // a newer version that gus may not see
	for f, was := range before {
		now := s.get("gus", "/out/main/"+f)
		if now.body != was.body || now.header.Get("ETag") != was.header.Get("ETag") || now.header.Get("Last-Modified") != was.header.Get("Last-Modified") {
			t.Errorf("%s changed for gus:\n%s\n%s", f, was.body, now.body)
		}
		if got := s.get("gus", "/out/main/"+f, "If-None-Match", `"x", `+was.header.Get("ETag")); got.status != http.StatusNotModified {
			t.Errorf("%s: got %d", f, got.status)
		}
		if seen := s.get("rei", "/out/main/"+f); seen.body == was.body || seen.header.Get("ETag") == was.header.Get("ETag") {
			t.Errorf("%s is the same for rei", f)
		}
	}
}

func TestWhoMayRead(t *testing.T) {
	s := newServer(t)
	for _, tc := range []struct {
		who, path string
		status    int
	}{
		{"", "/out/main/bundle.json", 401},
		{"", "/out/", 401},
		{"", "/out/nothing/bundle.json", 401},
		{"adm", "/out/main/bundle.json", 403},
		{"adm", "/out/", 403},
		{"gus", "/out/" + hidden + "/bundle.json", 404},
		{"gus", "/out/nothing/bundle.json", 404},
		{"gus", "/out/" + hidden + "/", 404},
		{"gus", "/out/main/passwd", 404},
		{"gus", "/out/main/../main/bundle.json", 404},
		{"gus", "/out/main/bundle.json/", 404},
		{"gus", "/out/main/domain.txt?pap=all", 400},
		{"gus", "/out/main/domain.txt?papp=none", 400},
		{"gus", "/out/main/bundle.json?pap=none", 400},
		{"gus", "/out/main/domain.txt?type=report", 400},
		{"gus", "/out/main/bundle.json?type=%zz", 400},
		{"gus", "/out/main/domain.txt", 200},
		{"gus", "/out/main/", 200},
	} {
		got := s.get(tc.who, tc.path)
		if got.status != tc.status {
			t.Errorf("%s %s: got %d %s, want %d", tc.who, tc.path, got.status, got.body, tc.status)
		}
	}
	if len(s.reads) != 1 || s.reads[0] != "gus out.values "+mainID {
		t.Errorf("the home log hears %q", s.reads)
	}
	if got := s.ask(http.MethodPost, "gus", "/out/main/bundle.json"); got.status != 405 || got.header.Get("Allow") == "" {
		t.Errorf("POST: got %d", got.status)
	}
	var index struct {
		Collections []struct {
			ID    string `json:"id"`
			Feeds []struct {
				URL string `json:"url"`
			} `json:"feeds"`
		} `json:"collections"`
	}
	if err := json.Unmarshal([]byte(s.get("gus", "/out/").body), &index); err != nil || len(index.Collections) != 1 || index.Collections[0].ID != mainID {
		t.Fatalf("%v: %v", err, index)
	}
	for _, f := range index.Collections[0].Feeds {
		if got := s.get("gus", strings.TrimPrefix(f.URL, "https://node.example")); got.status != 200 {
			t.Errorf("%s: got %d", f.URL, got.status)
		}
		if got := s.ask(http.MethodHead, "gus", strings.TrimPrefix(f.URL, "https://node.example")); got.status != 200 || got.body != "" || got.header.Get("ETag") == "" {
			t.Errorf("HEAD %s: got %d %q", f.URL, got.status, got.body)
		}
	}
}

func TestFormsOfRealObjects(t *testing.T) {
	s := newServer(t)
	s.add(
		domain("evil.tokyo", green, pap(marking.PAPGreen), st.Name(`=cmd|'/C calc'!A0`), st.Set("description", "<script>alert(1)</script> ]]> &")),
		st.Malware(st.Name("Emotet"), green), st.Observable("ipv4-addr", st.Props{"value": "185.82.202.155"}, green),
	)
	rows := strings.Split(strings.TrimSpace(s.get("gus", "/out/main/objects.csv").body), "\r\n")
	if len(rows) != 4 || !strings.Contains(rows[1], `'=cmd|'/C calc'!A0`) || !strings.Contains(rows[1], "domain,evil.tokyo") || !strings.Contains(rows[1], "TLP:GREEN,PAP:GREEN") {
		t.Errorf("%d rows: %s", len(rows), rows)
	}
	if got := s.get("gus", "/out/main/objects.csv?type=malware").body; strings.Count(got, "\r\n") != 2 || !strings.Contains(got, "Emotet") {
		t.Errorf("only malware: %s", got)
	}
	atom := s.get("gus", "/out/main/atom.xml")
	var f struct {
		Rights  string `xml:"rights"`
		Entries []struct {
			Title   string `xml:"title"`
			Content string `xml:"content"`
			Rights  string `xml:"rights"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal([]byte(atom.body), &f); err != nil || len(f.Entries) != 2 || f.Rights != "TLP:GREEN" {
		t.Fatalf("%v %+v", err, f)
	}
	if e := f.Entries[1]; e.Content != "<script>alert(1)</script> ]]> &" || e.Rights != "TLP:GREEN" {
		t.Errorf("the older entry comes second, as it was: %+v", e)
	}
	if got := s.get("gus", "/out/main/feed.json").body; !json.Valid([]byte(got)) || !strings.Contains(got, `"_tlp":"TLP:GREEN"`) {
		t.Errorf("%s", got)
	}
	if got := s.get("gus", "/out/main/rpz.zone").body; !strings.Contains(got, "\n*.evil.tokyo CNAME .\n") || !strings.Contains(got, "; Marking: nothing in here is stricter than TLP:GREEN") {
		t.Errorf("%s", got)
	}
	if got := s.get("gus", "/out/main/suricata.rules").body; !strings.Contains(got, `dns.query; dotprefix; content:".evil.tokyo"`) {
		t.Errorf("%s", got)
	}
}

// A zone whose content is the same keeps its serial, and one that changed has
// a greater one.
func TestSerialsGrowWithTheZone(t *testing.T) {
	s := newServer(t)
	serial := func() (n uint32) {
		t.Helper()
		body := s.get("gus", "/out/main/rpz.zone").body
		_, rest, _ := strings.Cut(body, "@ SOA localhost. nobody.invalid. ")
		if _, err := fmt.Sscan(rest, &n); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return n
	}
	s.add(domain("one.tokyo", green, pap(marking.PAPGreen)))
	first := serial()
	s.add(st.Malware(green)) // not in the zone
	if same := serial(); same != first {
		t.Errorf("the same zone has serial %d after %d", same, first)
	}
	s.add(domain("two.tokyo", green, pap(marking.PAPGreen)))
	if next := serial(); next <= first {
		t.Errorf("another zone has serial %d after %d", next, first)
	}
}

// A long feed comes in pieces and whole.
func TestALongFeedIsWhole(t *testing.T) {
	s := newServer(t)
	const n = 2500
	var all [][]byte
	for i := range n {
		all = append(all, domain(fmt.Sprintf("host%d.tokyo", i), green, pap(marking.PAPGreen), st.Set("description", strings.Repeat("x", 1000))))
	}
	s.add(all...)
	for _, gz := range []string{"gzip", "identity"} {
		var got struct {
			Objects []map[string]any `json:"objects"`
		}
		a := s.get("gus", "/out/main/bundle.json", "Accept-Encoding", gz)
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || len(got.Objects) != n || (a.header.Get("Content-Encoding") == "gzip") != (gz == "gzip") {
			t.Errorf("%s: %d objects: %v", gz, len(got.Objects), err)
		}
		if got := strings.Count(s.get("gus", "/out/main/suricata.rules", "Accept-Encoding", gz).body, "\nalert dns"); got != n { // in a file: it is long
			t.Errorf("%d rules", got)
		}
		if got := strings.Count(s.get("gus", "/out/main/objects.csv", "Accept-Encoding", gz).body, "\r\n"); got != n+1 {
			t.Errorf("%d rows", got)
		}
	}
}
