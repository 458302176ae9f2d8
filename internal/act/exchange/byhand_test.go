package exchange_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/release"
	"twoseas/internal/base/fault"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

const byName = `{"type":"indicator","spec_version":"2.1","id":"indicator--c0ffee00-0000-4000-8000-0000000000d1","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[ipv4-addr:value = '45.7.8.9']","name":"beacon","description":"KANARIA grid lost it; kept","x_desk":["Kanaria Desk"],"labels":["a kanaria desk","kept"]}`

func TestWhatAnOfficerTakesOutNeverLeaves(t *testing.T) {
	in, jp := pair(t, nil)
	take1(t, in, intake.Source{DefaultTLP: marking.Amber}, byName)
	waiting, err := in.Releases.Waiting(t.Context(), in.Live, officer("o"), inJP, 0, 10)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d wait: %v", len(waiting), err)
	}
	p := waiting[0]
	cut := func(c release.Cuts, reason string) (int64, error) {
		return in.Releases.Redact(t.Context(), in.Live, officer("o"), release.Redaction{Agreement: inJP, Object: p.Object.Seq, Digest: p.Digest, Cuts: c, Reason: reason})
	}
	for name, c := range map[string]release.Cuts{
		"nothing":                   {},
		"what it cannot be without": {Properties: []string{"id"}},
		"what is not there":         {Properties: []string{"x_other"}},
		"what it must have":         {Properties: []string{"valid_from"}},
		"a word of the pattern":     {Words: []string{"45.7.8.9"}},
		"a short word":              {Words: []string{"abc"}},
	} {
		if _, err := cut(c, "why"); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s was taken out: %v", name, err)
		}
	}
	all := release.Cuts{Properties: []string{"x_desk"}, Words: []string{"kanaria GRID"}}
	if _, err := cut(all, ""); !fault.Is(err, fault.Invalid) {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := in.Releases.Redact(t.Context(), in.Live, officer("o"), release.Redaction{Agreement: inJP, Object: p.Object.Seq, Digest: release.Digest(nil, nil), Cuts: all, Reason: "why"}); !fault.Is(err, fault.Conflict) {
		t.Errorf("of other bytes: %v", err)
	}
	made, err := cut(all, "names a member")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cut(all, "again"); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second time: %v", err)
	}
	take1(t, in, intake.Source{DefaultTLP: marking.Green}, ours[0], strings.ReplaceAll(ours[1], what, p.Object.ID))
	var w wire
	carry(t, in, jp, &w)
	if got := received(t, jp); got["indicator"] != nil {
		t.Fatal("it left before its own bytes were approved")
	}
	d, err := in.Releases.Detail(t.Context(), in.Live, officer("o"), inJP, made)
	if err != nil || d.Source.ID != p.Object.ID || d.Hold.State != store.HoldWaiting {
		t.Fatalf("at home it is not known what it was made of: %+v, %v", d.Source, err)
	}
	approveAll(t, in, "o")
	carry(t, in, jp, &w)
	got := received(t, jp)
	if got["indicator"]["description"] != "█████ lost it; kept" || got["indicator"]["name"] != "beacon" {
		t.Errorf("received %v", got["indicator"])
	}
	if got["relationship indicates"]["source_ref"] != got["indicator"]["id"] {
		t.Errorf("the relationship does not follow: %v", got["relationship indicates"])
	}
	for where, raw := range map[string][]byte{"the wire": w.Bytes(), "the store": dumped(t, jp)} {
		for _, word := range []string{"c0ffee00-0000-4000-8000-0000000000d1", "KANARIA", "kanaria desk", "Kanaria Desk", "names a member"} {
			if strings.Contains(string(raw), word) {
				t.Errorf("%q is in %s", word, where)
			}
		}
	}
	settled(t, in, jp)
}
