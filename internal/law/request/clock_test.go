package request_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/request"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestDue(t *testing.T) {
	tokyo := zone(t, "Asia/Tokyo")
	office := request.Calendar{
		Zone: tokyo, Weekend: []time.Weekday{time.Saturday, time.Sunday}, Holidays: []string{"2027-03-22"},
		Open: 9 * 60, Close: 18 * 60,
	}
	at := func(s string) time.Time {
		out, err := time.ParseInLocation("2006-01-02 15:04", s, tokyo)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for name, c := range map[string]struct {
		from   string
		target time.Duration
		in     request.Calendar
		want   string
	}{
		"round the clock":                     {"2027-03-19 23:00", 2 * time.Hour, request.Calendar{Zone: tokyo}, "2027-03-20 01:00"},
		"within a day":                        {"2027-03-19 10:00", 2 * time.Hour, office, "2027-03-19 12:00"},
		"asked before the office opens":       {"2027-03-19 03:30", time.Hour, office, "2027-03-19 10:00"},
		"a weekend and a holiday lie between": {"2027-03-19 17:00", 2 * time.Hour, office, "2027-03-23 10:00"},
		"to the minute of closing":            {"2027-03-19 17:00", time.Hour, office, "2027-03-19 18:00"},
		"no working day at all":               {"2027-03-19 17:00", time.Hour, request.Calendar{Zone: tokyo, Weekend: []time.Weekday{0, 1, 2, 3, 4, 5, 6}}, "2027-03-19 18:00"},
	} {
		if got := request.Due(at(c.from), c.target, c.in); !got.Equal(at(c.want)) || got.Location() != time.UTC {
			t.Errorf("%s: %s, want %s", name, got.In(tokyo), c.want)
		}
	}
}

func TestDueIsNeverEarlyAndNeverFallsBack(t *testing.T) {
	cal := request.Calendar{Zone: zone(t, "America/New_York"), Weekend: []time.Weekday{time.Sunday}, Open: 8 * 60, Close: 17 * 60} // summer time changes
	rapid.Check(t, func(t *rapid.T) {
		from := time.Unix(rapid.Int64Range(1.79e9, 1.83e9).Draw(t, "from"), 0)
		a := time.Duration(rapid.IntRange(0, 300).Draw(t, "hours")) * time.Hour
		more := time.Duration(rapid.IntRange(0, 300).Draw(t, "more")) * time.Minute
		due, later := request.Due(from, a, cal), request.Due(from, a+more, cal)
		if due.Before(from.Add(a)) || later.Before(due) {
			t.Fatalf("from %s: %s after %s, %s after %s", from, due, a, later, a+more)
		}
	})
}

func TestRemindersClimb(t *testing.T) {
	due := sent.Add(24 * time.Hour)
	for hours, want := range map[int]request.Level{
		0: request.Nobody, 11: request.Nobody, 12: request.Contact, 23: request.Contact, 24: request.Deputy, 47: request.Deputy,
		48: request.Ministry, 95: request.Ministry, 96: request.Agenda, 9000: request.Agenda,
	} {
		if got := request.Climb(due, 24*time.Hour, sent.Add(time.Duration(hours)*time.Hour)); got != want {
			t.Errorf("after %d hours: %d, want %d", hours, got, want)
		}
	}
	if request.Climb(due, 0, due.Add(time.Hour)) != request.Nobody {
		t.Error("without a target nobody is reminded")
	}
	if (request.Targets{Acknowledge: time.Hour}).Of(request.Urgent) != time.Hour {
		t.Error("without an urgent target the other holds")
	}
}

func TestAWordIsMoreThanHavingSeenIt(t *testing.T) {
	seen := after(t, begun(), ident.Side("jp"), request.See)
	if _, ok := seen.Word(); ok {
		t.Error("seeing is no word")
	}
	if at, ok := after(t, seen, ident.Side("jp"), request.Decline).Word(); !ok || !at.Equal(sent.Add(time.Hour)) {
		t.Errorf("%v %v", at, ok)
	}
}
