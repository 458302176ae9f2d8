package ical_test

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	reader "github.com/emersion/go-ical"
	"pgregory.net/rapid"

	"twoseas/internal/act/notice"
	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/ical"
	"twoseas/internal/store"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

type world struct {
	*testing.T
	clk     *clock.Fake
	live    *store.Handle
	people  *people.People
	notices *notice.Notices
	handler http.Handler
	dates   []notice.Entry
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, clk: clock.NewFake(start)}
	opened, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "twoseas.db"), w.clk)
	w.must(err)
	t.Cleanup(func() { w.must(opened.Close()) })
	w.live, err = opened.Domain(t.Context(), ident.Live)
	w.must(err)
	w.people, err = people.New(t.Context(), w.live, people.Home{Side: "in"}, w.clk, rand.Reader)
	w.must(err)
	w.notices = notice.New(notice.Config{
		People: w.people, Clock: w.clk, Rand: rand.Reader, Journal: func(*store.Tx, people.Actor, string, ...string) error { return nil },
		Dates: func(*store.Tx) ([]notice.Entry, error) { return w.dates, nil },
	})
	w.handler = ical.New(ical.Config{Handle: w.live, Notices: w.notices, URL: "https://desk.example", Host: "desk.example", Log: slog.New(slog.DiscardHandler)})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// person adds an account and returns its calendar's address.
func (w *world) person(name string, roles ...people.Role) (people.Actor, string) {
	w.Helper()
	w.must(w.people.AddAccount(w.Context(), people.System("operator"), people.Account{Name: name, Roles: roles}))
	by, err := w.people.As(w.Context(), people.System("operator"), name)
	w.must(err)
	secret, err := w.notices.MakeAddress(w.Context(), w.live, by)
	w.must(err)
	return by, ical.Prefix + secret + ".ics"
}

func (w *world) get(path, tag string) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodGet, path, nil)
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

// events reads a calendar with another reader than its writer.
func (w *world) events(path string) []reader.Event {
	w.Helper()
	rec := w.get(path, "")
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "text/calendar; charset=utf-8" {
		w.Fatalf("%d %v", rec.Code, rec.Header())
	}
	cal, err := reader.NewDecoder(strings.NewReader(rec.Body.String())).Decode()
	w.must(err)
	if cal.Props.Get(reader.PropVersion).Value != "2.0" || cal.Props.Get(reader.PropProductID) == nil {
		w.Errorf("%+v", cal.Props)
	}
	return cal.Events()
}

func (w *world) enter(e notice.Entry) {
	w.Helper()
	w.must(w.live.Write(w.Context(), func(tx *store.Tx) error { return w.notices.Enter(tx, e) }))
}

func text(t *testing.T, e reader.Event, name string) string {
	t.Helper()
	p := e.Props.Get(name)
	if p == nil {
		t.Fatalf("no %s", name)
	}
	return p.Value
}

func TestAnEntryGrowsAndIsCancelled(t *testing.T) {
	w := newWorld(t)
	_, path := w.person("asha", people.DeskOfficer)
	e := notice.Entry{ID: "dialogue 1 about secret things", Kind: notice.Dialogue, Page: "/meetings", Start: start.Add(time.Hour), End: start.Add(3 * time.Hour), Zone: "Asia/Tokyo"}
	w.enter(e)
	one := w.events(path)[0]
	from, err := one.DateTimeStart(time.UTC)
	if err != nil || !from.Equal(e.Start) || one.Props.Get("DTSTART").Value != "20270301T190000" || one.Props.Get("DTSTART").Params.Get("TZID") != "Asia/Tokyo" {
		t.Errorf("%v %v %+v", from, err, one.Props.Get("DTSTART"))
	}
	if text(t, one, "SEQUENCE") != "0" || text(t, one, "STATUS") != "CONFIRMED" || text(t, one, "SUMMARY") != "Dialogue of both sides" {
		t.Errorf("%+v", one.Props)
	}
	body := w.get(path, "").Body.String()
	if strings.Contains(body, "secret") {
		t.Errorf("content in\n%s", body)
	}
	for _, want := range []string{"BEGIN:VTIMEZONE\r\nTZID:Asia/Tokyo\r\nBEGIN:STANDARD\r\n", "TZOFFSETTO:+0900\r\n"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
	w.clk.Advance(time.Minute)
	e.Start = e.Start.Add(time.Hour)
	w.enter(e)
	w.enter(e) // the same again is no change
	two := w.events(path)[0]
	if text(t, two, "UID") != text(t, one, "UID") || text(t, two, "SEQUENCE") != "1" || text(t, two, "DTSTAMP") == text(t, one, "DTSTAMP") {
		t.Errorf("%+v", two.Props)
	}
	w.must(w.live.Write(t.Context(), func(tx *store.Tx) error { return w.notices.Cancel(tx, e.ID) }))
	if three := w.events(path)[0]; text(t, three, "STATUS") != "CANCELLED" || text(t, three, "SEQUENCE") != "2" || text(t, three, "UID") != text(t, one, "UID") {
		t.Errorf("%+v", three.Props)
	}
}

func TestDatesOfAgreementsAreWholeDaysAndFollowThem(t *testing.T) {
	w := newWorld(t)
	_, path := w.person("asha", people.DeskOfficer)
	day := time.Date(2027, 3, 18, 0, 0, 0, 0, time.UTC)
	w.dates = []notice.Entry{{ID: "in-jp-2022 term", Kind: notice.Date, Page: "/agreements/in-jp-2022", Start: day, End: day, WholeDay: true}}
	for range 2 {
		w.must(w.notices.Look(t.Context(), w.live))
	}
	one := w.events(path)[0]
	if p := one.Props.Get("DTSTART"); p.Value != "20270318" || p.Params.Get("VALUE") != "DATE" || text(t, one, "DTEND") != "20270319" || text(t, one, "SEQUENCE") != "0" {
		t.Errorf("%+v", one.Props)
	}
	if got := text(t, one, "URL"); got != "https://desk.example/agreements/in-jp-2022" {
		t.Error(got)
	}
	w.dates = nil // superseded
	w.must(w.notices.Look(t.Context(), w.live))
	if got := w.events(path)[0]; text(t, got, "STATUS") != "CANCELLED" || text(t, got, "SEQUENCE") != "1" {
		t.Errorf("%+v", got.Props)
	}
}

func TestACalendarShowsWhatItsPersonMaySeeAndEndsWithIt(t *testing.T) {
	w := newWorld(t)
	asha, path := w.person("asha", people.DeskOfficer)
	_, other := w.person("bela", people.Analyst)
	for id, r := range map[string]notice.Reader{"all": {}, "agree": {May: people.Agree}, "asha": {Account: "asha"}, "bela": {Account: "bela"}} {
		w.enter(notice.Entry{ID: id, Reader: r, Kind: notice.Check, Page: "/", Start: start, End: start})
	}
	if a, b := len(w.events(path)), len(w.events(other)); a != 3 || b != 2 {
		t.Errorf("asha sees %d, bela %d", a, b)
	}
	w.must(w.notices.SetWish(t.Context(), w.live, asha, notice.Wish{Language: "ja", Zone: "Asia/Tokyo", Digest: notice.Daily}))
	if got := text(t, w.events(path)[0], "SUMMARY"); got != "連絡確認" {
		t.Error(got)
	}
	rec := w.get(path, "")
	tag := rec.Header().Get("ETag")
	if again := w.get(path, `"other", W/`+tag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("%d", again.Code)
	}
	if w.get(path, `"other"`).Code != http.StatusOK {
		t.Error("another tag is no answer")
	}
	secret, err := w.notices.MakeAddress(t.Context(), w.live, asha)
	w.must(err)
	for _, dead := range []string{path, "/calendar/x.ics", "/calendar/" + secret, "/calendar/.ics", "/calendar/../x.ics"} {
		if rec := w.get(dead, tag); rec.Code != http.StatusNotFound && rec.Code/100 != 3 {
			t.Errorf("%s: %d", dead, rec.Code)
		}
	}
	path = ical.Prefix + secret + ".ics"
	w.events(path)
	w.must(w.people.Disable(t.Context(), people.System("operator"), "asha"))
	if rec := w.get(path, ""); rec.Code != http.StatusNotFound {
		t.Errorf("who left reads on: %d", rec.Code)
	}
	w.must(w.people.Enable(t.Context(), people.System("operator"), "asha"))
	w.must(w.notices.RevokeAddress(t.Context(), w.live, asha))
	if rec := w.get(path, ""); rec.Code != http.StatusNotFound {
		t.Errorf("revoked and read: %d", rec.Code)
	}
}

// Whatever zone an entry is meant in, the second reader finds the instant, and
// no line is longer than RFC 5545 §3.1 has it.
func TestTimesSurviveTheSecondReader(t *testing.T) {
	zones := []string{"", "Asia/Kolkata", "Asia/Tokyo", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"}
	long := "/agreements/" + strings.Repeat("x", 150)
	rapid.Check(t, func(rt *rapid.T) {
		at := time.Unix(rapid.Int64Range(1_500_000_000, 2_000_000_000).Draw(rt, "at"), 0)
		end := at.Add(time.Duration(rapid.IntRange(0, 400*24).Draw(rt, "hours")) * time.Hour)
		e := store.CalendarEntry{UID: "x", Kind: "dialogue", Page: long, Starts: at.UnixMicro(), Ends: end.UnixMicro(), Zone: rapid.SampledFrom(zones).Draw(rt, "zone"), Changed: at.UnixMicro()}
		out, err := ical.Config{URL: "https://desk.example", Host: "desk.example"}.Write(notice.Calendar{Language: rapid.SampledFrom([]string{"en", "ja", "hi"}).Draw(rt, "language"), Entries: []store.CalendarEntry{e}})
		if err != nil {
			rt.Fatal(err)
		}
		for line := range strings.SplitSeq(strings.TrimSuffix(out, "\r\n"), "\r\n") {
			if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
				rt.Fatalf("line of %d octets: %q", len(line), line)
			}
		}
		cal, err := reader.NewDecoder(strings.NewReader(out)).Decode()
		if err != nil {
			rt.Fatal(err)
		}
		got, err := cal.Events()[0].DateTimeStart(nil)
		if err != nil || e.Zone == "" && !got.Equal(at) {
			rt.Fatalf("%v, want %v: %v", got, at, err)
		}
		// An hour that comes twice is one of the two.
		if e.Zone != "" && got.Sub(at).Abs() > time.Hour || cal.Events()[0].Props.Get("URL").Value != "https://desk.example"+long {
			rt.Fatalf("%v, want %v", got, at)
		}
	})
}
