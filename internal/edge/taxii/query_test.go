package taxii_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/edge/taxii"
)

func TestParseTime(t *testing.T) {
	at := func(s string) int64 {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UnixMicro()
	}
	for s, want := range map[string]int64{
		"2026-11-22T09:00:00Z":              at("2026-11-22T09:00:00Z"),
		"2026-11-22T09:00:00.1Z":            at("2026-11-22T09:00:00.1Z"),
		"2026-11-22T09:00:00.123456Z":       at("2026-11-22T09:00:00.123456Z"),
		"2026-11-22T09:00:00.123456999Z":    at("2026-11-22T09:00:00.123456Z"),
		"1969-12-31T23:59:59.999999Z":       -1,
		"2024-02-29T00:00:00Z":              at("2024-02-29T00:00:00Z"),
		"9999-12-31T23:59:59.999999Z":       at("9999-12-31T23:59:59.999999Z"),
		"2026-11-22T09:00:00.0000000000Z":   at("2026-11-22T09:00:00Z"),
		"0001-01-01T00:00:00.000000Z":       at("0001-01-01T00:00:00Z"),
		"2026-11-22T09:00:00.000000000001Z": at("2026-11-22T09:00:00Z"),
	} {
		if got, err := taxii.ParseTime(s); err != nil || got != want {
			t.Errorf("%s: got %d, %v, want %d", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "Z", "2026-11-22", "2026-11-22T09:00Z", "2026-11-22T09:00:00", "2026-11-22 09:00:00Z", "2026-11-22t09:00:00Z",
		"2026-11-22T09:00:00z", "2026-11-22T09:00:00,5Z", "2026-11-22T09:00:00.Z", "2026-11-22T09:00:00.5xZ", "2026-11-22T9:00:00.0Z",
		"2026-02-30T09:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T09:60:00Z", "2026-11-22T09:00:60Z", "2026-11-22T09:00:00+00:00",
		"-026-11-22T09:00:00Z", "2026-11-22T09:00:00." + strings.Repeat("0", 30) + "Z", "２０２６-11-22T09:00:00Z",
	} {
		if got, err := taxii.ParseTime(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got %d, %v, want fault.Invalid", s, got, err)
		}
	}
}

// A time that the server printed is read as the same.
func TestPrintedTimesAreRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		micro := rapid.Int64Range(-62135596800_000000, 253402300799_999999).Draw(t, "micro") // years 1 to 9999
		s := time.UnixMicro(micro).UTC().Format("2006-01-02T15:04:05.000000Z")
		if got, err := taxii.ParseTime(s); err != nil || got != micro {
			t.Fatalf("%s: got %d, %v, want %d", s, got, err, micro)
		}
	})
}

func TestACursorIsForItsOwnQuery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		added := rapid.Int64().Draw(t, "added")
		binding, other := rapid.String().Draw(t, "binding"), rapid.String().Draw(t, "other")
		c := taxii.Cursor(binding, added)
		if got, err := taxii.ReadCursor(binding, c); err != nil || got != added {
			t.Fatalf("got %d, %v, want %d", got, err, added)
		}
		if _, err := taxii.ReadCursor(other, c); (err == nil) != (other == binding) {
			t.Fatalf("binding %q takes the cursor of %q: %v", other, binding, err)
		}
		i := rapid.IntRange(0, len(c)-1).Draw(t, "i")
		broken := c[:i] + rapid.StringMatching(`[A-Za-z0-9_=+/-]`).Draw(t, "r") + c[i+1:]
		if _, err := taxii.ReadCursor(binding, broken); (err == nil) != (broken == c) {
			t.Fatalf("%s, made of %s, is taken: %v", broken, c, err)
		}
	})
	for _, s := range []string{"", "A", strings.Repeat("A", 27), strings.Repeat("A", 28), "\x00"} {
		if _, err := taxii.ReadCursor("", s); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got %v, want fault.Invalid", s, err)
		}
	}
}

// Different filters are different queries; the same in another order are not.
func TestBindings(t *testing.T) {
	queries := []string{
		"", "match[id]=a", "match[id]=a,b", "match[type]=a", "match[type]=a,b", "match[id]=a&match[type]=b", "match[id]=b&match[type]=a",
		"match[version]=all", "match[version]=first", "match[version]=last", "match[version]=first,last", "match[version]=2026-11-22T09:00:00Z",
		"match[version]=2026-11-22T09:00:01Z", "match[version]=2026-11-22T09:00:00Z,2026-11-22T09:00:01Z",
	}
	seen := map[string]string{}
	for _, q := range queries {
		for _, place := range [][3]string{{"objects", "c", ""}, {"manifest", "c", ""}, {"objects", "d", ""}, {"versions", "c", "x"}, {"versions", "c", "y"}} {
			b := string(taxii.Binding(q, place[0], place[1], place[2]))
			name := fmt.Sprint(q, place)
			if other, ok := seen[b]; ok || b == "" {
				t.Errorf("%s and %s have the same binding %q", name, other, b)
			}
			seen[b] = name
		}
	}
	for a, b := range map[string]string{
		"match[id]=a,b": "match[id]=b,a",
		"match[version]=2026-11-22T09:00:00Z,2026-11-22T09:00:01Z": "match[version]=2026-11-22T09:00:01.000Z,2026-11-22T09:00:00Z",
		"": "limit=7&added_after=2026-11-22T09:00:00Z&match[spec_version]=2.1",
	} {
		if !bytes.Equal(taxii.Binding(a, "", "", ""), taxii.Binding(b, "", "", "")) {
			t.Errorf("%q and %q are one query", a, b)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	ids := func(n int) string { return "match[id]=" + strings.Repeat("a,", n-1) + "a" }
	if _, err := taxii.ParseQuery(ids(1000)); err != nil {
		t.Errorf("1000 ids: %v", err)
	}
	if _, err := taxii.ParseQuery(ids(1001)); !fault.Is(err, fault.Invalid) {
		t.Errorf("1001 ids: got %v, want fault.Invalid", err)
	}
	if _, err := taxii.ParseQuery("match[type]=" + strings.Repeat("a", 301)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a long type: got %v, want fault.Invalid", err)
	}
	if after, err := taxii.ParseQuery("limit=1"); err != nil || after != math.MinInt64 {
		t.Errorf("without added_after: got %d, %v", after, err)
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("limit=1&next=a&match[version]=all")
	f.Add("added_after=2026-11-22T09:00:00Z&match%5Bid%5D=a,b")
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := taxii.ParseQuery(raw); err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("got %v, want fault.Invalid", err)
		}
		taxii.Acceptable([]string{raw})
	})
}
