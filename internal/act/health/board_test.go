package health_test

import (
	"errors"
	"testing"
	"time"

	"twoseas/internal/act/health"
	"twoseas/internal/base/clock"
)

// TestWorkSideBySide: what runs twice at once runs until both have ended.
func TestWorkSideBySide(t *testing.T) {
	b := health.NewBoard(clock.Func(func() time.Time { return time.Unix(1_700_000_000, 0) }))
	state := func() string { return b.Jobs()[0].State }
	b.Begin("feed", "")
	b.Begin("feed", "")
	b.End("feed", "", errors.New("no answer"), time.Second)
	if state() != "running" {
		t.Fatalf("one of two ended: %s", state())
	}
	b.End("feed", "", errors.New("no answer"), time.Second)
	if j := b.Jobs()[0]; j.State != "waiting" || j.Runs != 2 || j.Failed != 2 || j.Next != j.Last.Add(time.Second) {
		t.Fatalf("%+v", j)
	}
}
