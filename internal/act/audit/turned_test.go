package audit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/audit"
)

// TestWhoIsTurnedAwayIsToldByTheMinute: whatever somebody tries, an account
// and a way make one entry a minute, and all that is no account one.
func TestWhoIsTurnedAwayIsToldByTheMinute(t *testing.T) {
	b := open(t)
	for i := range 1000 {
		b.TurnedAway("asha", "password", fmt.Sprintf("192.0.2.%d", i%6))
		b.TurnedAway("", "password", "")
	}
	b.TurnedAway("asha", "code", "192.0.2.1")
	b.must(b.Flush(t.Context()))
	if n := b.size(); n != 0 {
		t.Fatalf("%d entries before the minute is over", n)
	}
	b.clock.Advance(time.Minute)
	b.TurnedAway("asha", "password", "198.51.100.1") // the next minute
	b.must(b.Flush(t.Context()))
	before := b.size()
	if before != 3 {
		t.Errorf("%d entries, want one for each account and way", before)
	}
	want := "nobody turn away account=asha way=code times=1 since=2026-11-22T09:00:00Z from=192.0.2.1\n" +
		"nobody turn away account=asha way=password times=1000 since=2026-11-22T09:00:00Z from=192.0.2.0 from=192.0.2.1 from=192.0.2.2 from=192.0.2.3 from=others"
	if got := b.said(audit.Query{About: "asha"}); got != want {
		t.Errorf("about asha:\n%s\nwant\n%s", got, want)
	}
	if got := b.said(audit.Query{Act: "turn away"}); !strings.Contains(got, "nobody turn away way=password times=1000") {
		t.Errorf("%s", got)
	}
	before = b.size() // looking is recorded too
	mend := b.broken()
	b.clock.Advance(time.Minute)
	if err := b.Flush(t.Context()); err == nil {
		t.Error("a log that is broken took an entry")
	}
	mend()
	b.must(b.Flush(t.Context()))
	if n := b.size(); n != before+1 {
		t.Errorf("%d entries, want %d: what could not be written is written later, once", n, before+1)
	}
	b.must(b.Flush(t.Context()))
	if n := b.size(); n != before+1 {
		t.Errorf("%d entries after another flush", n)
	}
}
