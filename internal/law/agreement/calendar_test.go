package agreement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/law/agreement"
)

type facts struct {
	Reference struct {
		Computed map[string]string `json:"computed"`
	} `json:"reference_instance"`
	Areas []struct {
		No string `json:"no"`
	} `json:"areas"`
	States []struct {
		ID       string `json:"id"`
		Parallel bool   `json:"parallel"`
	} `json:"states"`
	Transitions []struct {
		From  string `json:"from"`
		To    string `json:"to"`
		Event string `json:"event"`
		By    string `json:"by"`
	} `json:"transitions"`
	Rules []struct {
		ID      string `json:"id"`
		Ref     string `json:"ref"`
		Compute string `json:"compute"`
		Type    string `json:"type"`
	} `json:"date_rules"`
}

func TestTheMachineIsTheOneInTheFacts(t *testing.T) {
	var f facts
	read(t, "domain/memorandum_lifecycle.json", &f)
	var states []agreement.State
	for _, s := range f.States {
		states = append(states, agreement.State(s.ID))
		if p := agreement.Permits(agreement.State(s.ID)); !p.ReadOwnCopies {
			t.Errorf("state %s permits nothing", s.ID)
		}
	}
	slices.Sort(states)
	if diff := cmp.Diff(states, slices.Sorted(slices.Values(agreement.States()))); diff != "" {
		t.Error(diff)
	}
	by := map[string]agreement.Actor{"either": agreement.Either, "both": agreement.Both, "each side": agreement.EachSide, "notifying side": agreement.Notifier, "system": agreement.System, "both or configured date": agreement.Both, "date in the note": agreement.Notifier}
	var want, got []string
	for _, tr := range f.Transitions {
		want = append(want, fmt.Sprintf("%s -%s-> %s by %s", tr.From, tr.Event, tr.To, by[tr.By]))
	}
	for _, tr := range agreement.Transitions() {
		got = append(got, fmt.Sprintf("%s -%s-> %s by %s", tr.From, tr.Event, tr.To, tr.By))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 18 {
		t.Error(diff)
	}
}

func TestTheReferenceHasTheFactsOfTheMemorandum(t *testing.T) {
	var f facts
	read(t, "domain/memorandum_lifecycle.json", &f)
	d := reference(t)
	for i, a := range f.Areas {
		if d.Areas[i].Ref != a.No {
			t.Errorf("area %d is %s, want %s", i, d.Areas[i].Ref, a.No)
		}
	}
	for i, r := range f.Rules {
		got := d.Calendar[i]
		plus := ""
		if got.From != "" {
			plus = fmt.Sprintf("%s + %s", got.From, got.After)
		}
		if got.Kind == agreement.KindTerm {
			plus = "signed + " + string(d.Dates.Term)
		}
		if got.ID != r.ID || got.Ref != r.Ref || plus != r.Compute {
			t.Errorf("%s: %+v", r.ID, got)
		}
	}
	if len(f.Areas) != 10 || len(f.Rules) != 9 || len(d.Areas) != 10 || len(d.Calendar) != 9 {
		t.Errorf("%d areas, %d date rules", len(f.Areas), len(f.Rules))
	}
	entries, err := agreement.Calendar(d, d.History(), day("2026-11-22"))
	if err != nil {
		t.Fatal(err)
	}
	date := func(id string) agreement.Entry {
		i := slices.IndexFunc(entries, func(e agreement.Entry) bool { return e.ID == id })
		if i < 0 {
			t.Fatalf("no entry %s", id)
		}
		return entries[i]
	}
	for key, got := range map[string]agreement.Date{
		"poc_exchange_due":                    date("D1").Date,
		"preferred_no_discontinuation_before": date("D3").Date,
		"last_day":                            date("D2").LastDay,
		"term_end_anniversary":                date("D2").Date,
		"renewal_window_default":              date("D2-window").Date,
	} {
		if want := f.Reference.Computed[key]; want == "" || !strings.Contains(want, string(got)) || got == "" {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
}

func TestCalendarOfTheReference(t *testing.T) {
	d := reference(t)
	entries, err := agreement.Calendar(d, d.History(), day("2026-11-22"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s %v", e.ID, e.Ref, e.Date, e.LastDay, e.When, e.Reminders)))
		if e.Text == "" || (e.Date == "") != (e.When == "") {
			t.Errorf("%s: %+v", e.ID, e)
		}
	}
	want := []string{
		"D1 2(2) 2022-05-18  past [2022-04-18 2022-05-11 2022-05-18]",
		"D2 3(1) 2027-03-19 2027-03-18 ahead [2026-03-19 2026-09-19 2026-12-19 2027-02-19]",
		"D2-window 3(1) 2026-09-19  past []",
		"D3 3(4) 2022-06-17  past []",
		"D4 3(4)    []", "D5 3(5)    []", "D6 3(2)    []", "D7 3(3)    []", "D8 1(1)    []", "D9 2(1)    []",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRemindersFallOnTheirDaysAndStopWhenDone(t *testing.T) {
	d := reference(t)
	due := func(now string, more ...agreement.Event) []string {
		entries, err := agreement.Calendar(d, append(d.History(), more...), day(now))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, e := range agreement.Due(entries, day(now).Add(23*time.Hour)) {
			ids = append(ids, e.ID)
		}
		return ids
	}
	exchanged := agreement.Event{Name: agreement.Done, By: "in", On: day("2022-05-01"), Subject: "D1"}
	for _, c := range []struct {
		now  string
		more []agreement.Event
		want []string
	}{
		{"2022-04-17", nil, nil},
		{"2022-04-18", nil, []string{"D1"}},
		{"2022-05-18", nil, []string{"D1"}},
		{"2022-05-18", []agreement.Event{exchanged}, nil},
		{"2026-12-19", nil, []string{"D2"}},
		{"2027-02-19", nil, []string{"D2"}},
	} {
		if got := due(c.now, c.more...); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.now, got, c.want)
		}
	}
	held := agreement.Event{Name: agreement.Done, By: "jp", On: day("2022-06-30"), Subject: "D9"}
	entries, err := agreement.Calendar(d, append(d.History(), held), day("2023-01-01"))
	if err != nil || entries[len(entries)-1].Date != "2023-06-30" {
		t.Errorf("the next dialogue: %+v, %v", entries[len(entries)-1], err)
	}
}

func TestPeriodsKeepToTheMonth(t *testing.T) {
	for _, c := range []struct{ from, period, want string }{
		{"2024-01-31", "P1M", "2024-02-29"},
		{"2023-01-31", "P1M", "2023-02-28"},
		{"2024-02-29", "P1Y", "2025-02-28"},
		{"2022-03-19", "P60D", "2022-05-18"},
		{"2022-03-19", "P1Y2M3D", "2023-05-22"},
		{"2022-12-31", "P2W", "2023-01-14"},
		{"2022-12-31", "PT24H", "2023-01-01"},
	} {
		if got := agreement.Period(c.period).After(day(c.from)); !got.Equal(day(c.want)) {
			t.Errorf("%s + %s = %s, want %s", c.from, c.period, got, c.want)
		}
	}
	if got := agreement.Period("P6M").Before(day("2027-03-19")); !got.Equal(day("2026-09-19")) {
		t.Errorf("six months before: %s", got)
	}
	for _, p := range []agreement.Period{"", "P", "PT", "P1", "5Y", "P1.5Y", "P1H", "P-1D", "p1d", "P1YT"} {
		if p.Valid() {
			t.Errorf("%q is a duration", p)
		}
	}
}
