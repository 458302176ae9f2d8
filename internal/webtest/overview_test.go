package webtest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/webtest"
)

var sumRE = regexp.MustCompile(`(\d+) went to Japan, (\d+) came from there`)

// crossed returns what the overview says of both directions.
func (r *reader) crossed(path string) string {
	r.tb.Helper()
	m := sumRE.FindStringSubmatch(r.get(path))
	if m == nil {
		r.tb.Fatalf("%s says no sum", path)
	}
	return m[1] + " " + m[2]
}

func bundleOf(objects ...[]byte) string {
	var all []string
	for _, o := range objects {
		all = append(all, string(o))
	}
	return `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[` + strings.Join(all, ",") + `]}`
}

// TestTheOverviewCountsWhatTheReaderMaySee crosses both ways and asks readers of
// different clearance.
func TestTheOverviewCountsWhatTheReaderMaySee(t *testing.T) {
	in, jp := nodetest.IndiaJapan(t, nil)
	empty := read(t, in, "empty", people.Analyst)
	if got := empty.crossed("/"); got != "0 0" {
		t.Errorf("before anything crossed: %s", got)
	}
	in.Import(marking.Green, bundleOf(stixtest.Indicator(stixtest.TLP("clear")), stixtest.Indicator(stixtest.TLP("green")), stixtest.Indicator(stixtest.TLP("green"))))
	in.Import(marking.Green, bundleOf(stixtest.Indicator(stixtest.TLP("amber")), stixtest.Vulnerability("CVE-2026-0001", stixtest.TLP("clear"))))
	jp.Import(marking.Green, bundleOf(stixtest.Indicator(stixtest.TLP("green"))))
	nodetest.Eventually(t, "both ways are crossed", func() bool { return empty.crossed("/") == "4 1" })
	nodetest.Converged(t, in, jp)

	for _, tt := range []struct{ clearance, want string }{{"TLP:RED", "4 1"}, {"TLP:GREEN", "4 1"}, {"TLP:CLEAR", "2 0"}} {
		r := cleared(t, in, "r"+strings.ToLower(tt.clearance[4:]), tt.clearance, people.Analyst)
		for _, period := range []string{"", "?period=day", "?period=week", "?period=quarter", "?period=none"} {
			if got := r.crossed("/" + period); got != tt.want {
				t.Errorf("%s %s: %s, want %s", tt.clearance, period, got, tt.want)
			}
		}
		page := r.get("/", "The two shores", "Waiting for me", "Dates that come near", "2027-03-18", "Ours: released to sent", `data-live="release arrived config"`)
		held := strings.Contains(page, "held 1")
		if want := tt.clearance == "TLP:RED"; held != want {
			t.Errorf("%s sees what is held: %v", tt.clearance, held)
		}
		for _, area := range []string{"1(1) ", "1(6) ", "1(10) "} {
			if n := strings.Count(page, area); n < 3 { // in the figure, in words, twice in the table
				t.Errorf("%s: area %s stands %d times", tt.clearance, area, n)
			}
		}
	}
	officer := cleared(t, in, "officer", "TLP:RED", people.ReleasingOfficer)
	officer.get("/", "1 item to approve or refuse")
	read(t, in, "admin", people.Administrator).get("/", "Nothing waits for you")
}

// TestTheOverviewOfANewNode leads to the next step.
func TestTheOverviewOfANewNode(t *testing.T) {
	in := nodetest.Start(t, "in", nil)
	for i, role := range people.Roles() {
		read(t, in, fmt.Sprintf("r%d", i), role).get("/", "There is no agreement yet", "/agreements")
	}
}

// TestTheOverviewFollowsTheNode leaves the page open while something crosses.
func TestTheOverviewFollowsTheNode(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	analyst := read(t, in, "analyst", people.Analyst)
	tab := webtest.Open(t).Tab(t, in.Run.URL)
	tab.Basic(analyst.name, readerPassword)
	tab.Go("/")
	tab.See("0 went to Japan")
	webtest.Eval[string](tab, `(window.stayed = "yes", document.querySelector("#overview-shores details").open = true, "")`)
	in.Import(marking.Green, bundleOf(stixtest.Indicator(stixtest.TLP("green")), stixtest.Indicator(stixtest.TLP("clear"))))
	tab.See("2 went to Japan")
	if webtest.Eval[string](tab, "window.stayed || ''") != "yes" {
		t.Error("the page was loaded anew")
	}
	for _, p := range tab.Problems() {
		t.Error(p)
	}
}
