package stixtest_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix"
	"twoseas/internal/format/stix/stixtest"
)

func TestBuildersMakeValidObjects(t *testing.T) {
	one := []string{stixtest.IDOf(stixtest.Indicator())}
	url := stixtest.Observable("url", stixtest.Props{"value": "https://example.org/"})
	all := map[string][]byte{
		"indicator": stixtest.Indicator(), "malware": stixtest.Malware(), "identity": stixtest.Identity(),
		"vulnerability": stixtest.Vulnerability("CVE-2022-12345"), "incident": stixtest.Incident(),
		"report": stixtest.Report(one), "note": stixtest.Note(one), "opinion": stixtest.Opinion("agree", one),
		"observed-data": stixtest.ObservedData([]string{stixtest.IDOf(url)}), "url": url,
		"process":      stixtest.Observable("process", stixtest.Props{"pid": 7}),
		"relationship": stixtest.Relationship(one[0], "indicates", stixtest.NewID("malware")),
		"sighting":     stixtest.Sighting(one[0]), "marking-definition": stixtest.Statement("Ask first."),
		"x-thing": stixtest.Object("x-thing", stixtest.Set("a", 1)),
	}
	for typ, raw := range all {
		o, err := stix.Parse(raw, stix.Options{SpecVersion: "2.1"})
		if err != nil || len(o.Warnings) > 0 || o.Type != typ || !bytes.Equal(o.Raw, raw) {
			t.Errorf("%s: %s, %v, warnings %v", typ, raw, err, o.Warnings)
		}
	}
	for _, level := range []string{"clear", "green", "amber", "amber+strict", "red"} {
		o, err := stix.Parse(stixtest.TLPMarking(level), stix.Options{})
		if err != nil || len(o.Warnings) > 0 || o.ID != stixtest.TLPID(level) {
			t.Errorf("TLP %s: %v, warnings %v", level, err, o.Warnings)
		}
	}
}

func TestOptions(t *testing.T) {
	when := time.Date(2023, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	raw := stixtest.Indicator(stixtest.ID(stixtest.NumberedID("indicator", 7)), stixtest.Name("n"), stixtest.Pattern("[file:size = 1]"),
		stixtest.TLP("red"), stixtest.Marking(stixtest.NumberedID("marking-definition", 1)), stixtest.CreatedAt(when),
		stixtest.ModifiedAt(when.Add(time.Hour)), stixtest.CreatedBy(stixtest.NumberedID("identity", 1)), stixtest.Revoked(), stixtest.Without("indicator_types"))
	o, err := stix.Parse(raw, stix.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"marking-definition--00000000-0000-4000-8000-000000000001", stixtest.TLPID("red")}
	if o.ID != "indicator--00000000-0000-4000-8000-000000000007" || !o.Created.Equal(when) || !o.Modified.Equal(when.Add(time.Hour)) ||
		!o.Revoked || !slices.Equal(o.MarkingRefs, want) || o.Props["indicator_types"] != nil || o.Props["name"] != "n" ||
		o.Props["pattern"] != "[file:size = 1]" || o.CreatedByRef != "identity--00000000-0000-4000-8000-000000000001" {
		t.Errorf("got %s", raw)
	}
	if a, b := stixtest.IDOf(stixtest.Malware()), stixtest.IDOf(stixtest.Malware()); a == b {
		t.Errorf("two builds share %s", a)
	}
}

func TestABundleStreamsApart(t *testing.T) {
	objects := [][]byte{stixtest.Indicator(), stixtest.Malware()}
	in := canon.NewObjects(bytes.NewReader(stixtest.Bundle(objects...)))
	for _, want := range objects {
		if got, err := in.Next(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	if b, err := stix.CheckBundle(in.Header); err != nil || !strings.HasPrefix(b.ID, "bundle--") {
		t.Errorf("header: %+v, %v", b, err)
	}
}

func TestIndicatorsAreValidDistinctAndTheSameAgain(t *testing.T) {
	const n = 20_000
	seen := map[string]bool{}
	kinds := map[string]int{}
	var total int
	for raw := range stixtest.Indicators(n, 1) {
		o, err := stix.Parse(raw, stix.Options{})
		if err != nil || len(o.Warnings) > 0 || !bytes.Equal(o.Raw, raw) {
			t.Fatalf("%s: %v, warnings %v", raw, err, o.Warnings)
		}
		pattern := o.Props["pattern"].(string)
		if seen[o.ID] || seen[pattern] {
			t.Fatalf("%s, %s comes twice", o.ID, pattern)
		}
		seen[o.ID], seen[pattern] = true, true
		kind, _, _ := strings.Cut(pattern, ":")
		kinds[kind]++
		total += len(raw)
	}
	if len(kinds) != 5 || kinds["[domain-name"] != 2*n/5 {
		t.Errorf("patterns by kind: %v", kinds)
	}
	if mean := total / n; mean < 600 || mean > 1000 {
		t.Errorf("an indicator has %d bytes", mean)
	}
	other := 0
	for raw := range stixtest.Indicators(n, 2) {
		if seen[stixtest.IDOf(raw)] {
			t.Fatalf("seeds share %s", stixtest.IDOf(raw))
		}
		other++
	}
	if other != n {
		t.Errorf("got %d, want %d", other, n)
	}
	first := slices.Collect(stixtest.Indicators(100, 3))
	if !slices.EqualFunc(first, slices.Collect(stixtest.Indicators(100, 3)), bytes.Equal) {
		t.Error("the same seed gave others")
	}
	for range stixtest.Indicators(10, 1) {
		break // a reader may stop at once
	}
}

func BenchmarkIndicators(b *testing.B) {
	b.ReportAllocs()
	next := stixtest.Indicators(1<<62, 1)
	i := 0
	for range next {
		if i++; !b.Loop() {
			break
		}
	}
}
