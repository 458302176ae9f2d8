package ledger_test

import (
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/ledger"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/note"
	"twoseas/internal/store"
)

func TestRecord(t *testing.T) {
	n := open(t, "in")
	n.clock.Advance(90 * time.Second)
	n.write(func(tx *store.Tx) error {
		return n.ledger.Record(tx, "officer@in", "release.approve", ledger.Field{Name: "object", Value: "indicator--1"}, ledger.Field{Name: "to", Value: "jp"})
	})
	c := client{n, n.ledger.HomeOrigin(n.h.Domain())}
	if c.origin != "twoseas/in/home/live" {
		t.Errorf("origin %s", c.origin)
	}
	got, err := note.Open(c.entry(0, 1), n.key())
	want := "twoseas/act/v1\nat 2026-11-22T09:01:30Z\nby officer@in\nact release.approve\nobject indicator--1\nto jp\n"
	if err != nil || string(got.Text) != want {
		t.Errorf("entry %q: %v", got.Text, err)
	}
	n.write(func(tx *store.Tx) error { _, err := n.ledger.Rotate(tx); return err })
	if tree := c.tree(); tree.N != 2 {
		t.Errorf("the home log has %d leaves after a rotation, want 2", tree.N)
	}
}

func TestHomeEntryRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		by, act string
		field   ledger.Field
	}{
		"nobody":                       {"", "read", ledger.Field{Name: "a", Value: "b"}},
		"no act":                       {"me", "", ledger.Field{Name: "a", Value: "b"}},
		"an actor on two lines":        {"me\nact erase", "read", ledger.Field{Name: "a", Value: "b"}},
		"an empty value":               {"me", "read", ledger.Field{Name: "a"}},
		"a value on two lines":         {"me", "read", ledger.Field{Name: "a", Value: "b\nc d"}},
		"a value with a control":       {"me", "read", ledger.Field{Name: "a", Value: "b\x7f"}},
		"a value that is not UTF-8":    {"me", "read", ledger.Field{Name: "a", Value: "\xff"}},
		"a field without a name":       {"me", "read", ledger.Field{Value: "b"}},
		"a name with a space":          {"me", "read", ledger.Field{Name: "a b", Value: "b"}},
		"a name that every entry has":  {"me", "read", ledger.Field{Name: "by", Value: "you"}},
		"a name that ends in a hyphen": {"me", "read", ledger.Field{Name: "a-", Value: "b"}},
		"a name in capitals":           {"me", "read", ledger.Field{Name: "A", Value: "b"}},
		"a name that is too long":      {"me", "read", ledger.Field{Name: strings.Repeat("a", 41), Value: "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := ledger.HomeEntry(start, c.by, c.act, c.field)
			wantFault(t, err, fault.Invalid)
			if text != nil {
				t.Errorf("and returns %q", text)
			}
		})
	}
	_, err := ledger.HomeEntry(start, "me", "read", make([]ledger.Field, 33)...)
	wantFault(t, err, fault.Invalid)
}
