package clock_test

import (
	"testing"
	"time"

	"twoseas/internal/base/clock"
)

func TestFakeMovesOnlyWhenTold(t *testing.T) {
	start := time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("IST", 5*3600+1800))
	c := clock.NewFake(start)
	if got := c.Now(); !got.Equal(start) || got.Location() != time.UTC {
		t.Errorf("got %v", got)
	}
	c.Advance(-time.Hour)
	if got := c.Now(); !got.Equal(start.Add(-time.Hour)) {
		t.Errorf("got %v", got)
	}
	c.Set(start)
	if got := c.Now(); !got.Equal(start) {
		t.Errorf("got %v", got)
	}
}

func TestFuncIsInUTC(t *testing.T) {
	c := clock.Func(func() time.Time { return time.Unix(0, 0).In(time.FixedZone("JST", 9*3600)) })
	if got := c.Now(); got.Location() != time.UTC {
		t.Errorf("got %v", got)
	}
}
