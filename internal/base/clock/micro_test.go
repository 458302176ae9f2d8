package clock_test

import (
	"testing"
	"time"

	"twoseas/internal/base/clock"
)

func TestInstantsGoThroughTheStore(t *testing.T) {
	for _, want := range []time.Time{{}, time.Date(2027, 3, 18, 23, 59, 59, 999_999_000, time.UTC), time.Date(1969, 12, 31, 23, 0, 0, 0, time.UTC)} {
		if got := clock.At(clock.Micro(want)); got != want {
			t.Errorf("%s comes back as %s", want, got)
		}
	}
	if clock.Micro(time.Time{}) != 0 {
		t.Error("no time is an instant of the store")
	}
}

func TestStampsAreWrittenAndReadAlike(t *testing.T) {
	at := time.Date(2027, 3, 18, 5, 30, 0, 123_456_789, time.FixedZone("IST", 19800))
	s := clock.StampOf(at).String()
	if s != "2027-03-18T00:00:00.123456Z" {
		t.Errorf("it is written %s", s)
	}
	if got, err := clock.ParseStamp(s); err != nil || !got.Equal(at.Truncate(time.Microsecond)) {
		t.Errorf("it is read as %s, %v", got, err)
	}
	for _, s := range []string{"", "2027-03-18", "2027-03-18T00:00:00Z", "2027-03-18T00:00:00.1Z", "2027-03-18T00:00:00.1234567Z", "2027-03-18T00:00:00.123456+05:30", "2027-02-30T00:00:00.123456Z"} {
		if got, err := clock.ParseStamp(s); err == nil {
			t.Errorf("%q is read as %s", s, got)
		}
	}
}
