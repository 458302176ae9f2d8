package stix_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/format/stix"
)

func TestParseTimestamp(t *testing.T) {
	day := func(h, m, s, ns int) time.Time { return time.Date(2022, 3, 19, h, m, s, ns, time.UTC) }
	for in, want := range map[string]time.Time{
		"2022-03-19T09:08:09Z":                      day(9, 8, 9, 0),
		"2022-03-19T09:08:09.1Z":                    day(9, 8, 9, 100_000_000),
		"2022-03-19T09:08:09.000000001Z":            day(9, 8, 9, 1),
		"2022-03-19T09:08:09.1234567899999999Z":     day(9, 8, 9, 123_456_789),
		"2022-03-19T23:59:60Z":                      time.Date(2022, 3, 20, 0, 0, 0, 0, time.UTC),
		"2024-02-29T00:00:00Z":                      time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
		"0001-01-01T00:00:00.5Z":                    time.Date(1, 1, 1, 0, 0, 0, 500_000_000, time.UTC),
		"2022-03-19T09:08:09." + zeros(5000) + "1Z": day(9, 8, 9, 0),
	} {
		if got, err := stix.ParseTimestamp(in); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%.60s: got %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "Z", "2022-03-19", "2022-03-19T09:08:09", "2022-03-19T09:08:09.Z", "2022-03-19T09:08:09,1Z",
		"2022-03-19t09:08:09z", "2022-03-19 09:08:09Z", "2022-03-19T09:08:09+00:00", "2022-3-19T09:08:09.0Z",
		"2022-00-19T09:08:09Z", "2022-13-19T09:08:09Z", "2022-03-00T09:08:09Z", "2023-02-29T09:08:09Z",
		"1900-02-29T09:08:09Z", "2022-04-31T09:08:09Z", "2022-03-19T24:00:00Z", "2022-03-19T09:60:00Z",
		"2022-03-19T09:08:61Z", "2022-03-19T09:08:09.1xZ", "+022-03-19T09:08:09Z", "2022-03-19T09:08:09ZZ",
		"２022-03-19T09:08:09Z", "2022-03-19T-1:08:09Z",
	} {
		if got, err := stix.ParseTimestamp(in); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: got %v, %v, want fault.Invalid", in, got, err)
		}
	}
}

func zeros(n int) string { return strings.Repeat("0", n) }

func TestTimestampsReadBackWhatTheyPrint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := time.Unix(rapid.Int64Range(-60e9, 250e9).Draw(t, "s"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC()
		got, err := stix.ParseTimestamp(want.Format("2006-01-02T15:04:05.999999999Z"))
		if err != nil || !got.Equal(want) {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
	})
}

func TestParseFillsTheObject(t *testing.T) {
	other := "marking-definition--00000002-0000-4000-8000-000000000001"
	raw := changed(t, "attack-pattern", props{
		"object_marking_refs": []any{other, marked, marked}, "revoked": true,
		"granular_markings": []any{
			props{"marking_ref": "marking-definition--00000000-0000-4000-8000-000000000001", "selectors": []any{"name"}},
			props{"marking_ref": other, "selectors": []any{"name"}},
		},
	})
	loose := []byte("  " + strings.ReplaceAll(string(raw), `":`, `" : `) + "\n")
	o, err := stix.Parse(loose, stix.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if string(o.Raw) != string(raw) {
		t.Errorf("Raw is not canonical: %s", o.Raw)
	}
	if o.Type != "attack-pattern" || !strings.HasPrefix(o.ID, "attack-pattern--") || o.SpecVersion != "2.1" || !o.Revoked ||
		!strings.HasPrefix(o.CreatedByRef, "identity--") || o.Kind() != stix.SDO {
		t.Errorf("got %+v", o)
	}
	if want := time.Date(2022, 3, 20, 9, 0, 0, 123_456_000, time.UTC); !o.Modified.Equal(want) || !o.Version().Equal(want) {
		t.Errorf("version: got %v", o.Modified)
	}
	if want := []string{"marking-definition--00000000-0000-4000-8000-000000000001", marked, other}; !slices.Equal(o.MarkingRefs, want) {
		t.Errorf("MarkingRefs: got %v, want %v", o.MarkingRefs, want)
	}
	if want, _ := canon.Decode(raw); cmp.Diff(want, o.Props) != "" {
		t.Errorf("Props: %s", cmp.Diff(want, o.Props))
	}
}

func TestVersionIsModifiedElseCreatedElseZero(t *testing.T) {
	all := everyType(t)
	marking, _ := stix.Parse(all["marking-definition"], stix.Options{})
	if want := time.Date(2022, 3, 19, 9, 0, 0, 0, time.UTC); !marking.Version().Equal(want) {
		t.Errorf("marking: got %v, want %v", marking.Version(), want)
	}
	url, _ := stix.Parse(all["url"], stix.Options{})
	if !url.Version().IsZero() || url.SpecVersion != "2.1" {
		t.Errorf("url: got %v of %q, want no version, of 2.1", url.Version(), url.SpecVersion)
	}
}

func TestWhatIsNotTheStandardsIsKeptAsItCame(t *testing.T) {
	raw := `{"a":null,"created":"2022-03-19T09:00:00.000Z","deep":{"x":[{},[],""]},"id":"x-thing--00000001-0000-4000-8000-000000000001",` +
		`"modified":"2022-03-19T09:00:00.000Z","spec_version":"2.1","type":"x-thing","x_é":1.5}`
	o, err := stix.Parse([]byte(raw), stix.Options{})
	if err != nil || string(o.Raw) != raw || len(o.Warnings) > 0 || o.Kind() != stix.Custom {
		t.Errorf("got %s, %v, warnings %v, kind %v", o.Raw, err, o.Warnings, o.Kind())
	}
	bare := `{"id":"x-thing--00000001-0000-4000-8000-000000000001","type":"x-thing"}`
	if o, err := stix.Parse([]byte(bare), stix.Options{}); err != nil || string(o.Raw) != bare {
		t.Errorf("without versions: got %s, %v", o.Raw, err)
	}
	for name, bad := range map[string]string{
		"created": `7`, "object_marking_refs": `["TLP:RED"]`, "granular_markings": `[{"marking_ref":"x","selectors":["id"]}]`, "revoked": `"yes"`,
	} {
		in := `{"id":"x-thing--00000001-0000-4000-8000-000000000001","type":"x-thing","spec_version":"2.1","` + name + `":` + bad + `}`
		if _, err := stix.Parse([]byte(in), stix.Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("a custom type with a bad %s: got %v, want fault.Invalid", name, err)
		}
	}
}

func TestParseRefusesWhatIsNotUsableJSON(t *testing.T) {
	for name, in := range map[string]string{
		"nothing": "", "a list": "[]", "null": "null", "a name twice": `{"type":"tool","type":"tool"}`,
		"half an object": `{"type":`, "deep nesting": `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
	} {
		if _, err := stix.Parse([]byte(in), stix.Options{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want fault.Invalid", name, err)
		}
	}
	big := make([]byte, canon.MaxObject+1)
	if _, err := stix.Parse(big, stix.Options{}); !fault.Is(err, fault.TooLarge) {
		t.Errorf("too large: got %v, want fault.TooLarge", err)
	}
}

func TestAnInvalidSpeaksForItself(t *testing.T) {
	raw := changed(t, "indicator", props{"valid_until": "2022-01-01T00:00:00Z", "name": 5})
	_, err := stix.Parse(raw, stix.Options{})
	invalid, ok := errors.AsType[*stix.Invalid](err)
	if !ok || fault.KindOf(err) != fault.Invalid {
		t.Fatalf("got %v", err)
	}
	want := invalid.ID + ": name is not a string (STIX 2.1 §4.7); valid_until is not after valid_from (STIX 2.1 §4.7)"
	if !strings.HasPrefix(invalid.ID, "indicator--") || err.Error() != want || fault.Message(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAStrangersTextDoesNotFloodTheReport(t *testing.T) {
	long := strings.Repeat("é", 1<<16)
	many := make([]any, 10_000)
	for i := range many {
		many[i] = long[:200]
	}
	raw := changed(t, "tool", props{"id": long, long: 1, "kill_chain_phases": many, "tool_types": many})
	_, err := stix.Parse(raw, stix.Options{})
	if err == nil || len(err.Error()) > 30_000 {
		t.Errorf("the report has %d bytes", len(err.Error()))
	}
}

func TestAStrangersTextPlaysNoTricksInTheReport(t *testing.T) {
	tricks := "a\n2022 INFO released\u202e"
	_, err := stix.Parse(changed(t, "tool", props{"id": tricks, "external_references": []any{props{"source_name": "x", "hashes": props{tricks: 1}}}}), stix.Options{})
	if err == nil || strings.ContainsAny(err.Error(), "\n\u202e") {
		t.Errorf("got %v", err)
	}
	o, err := stix.Parse(changed(t, "tool", props{tricks: 1}), stix.Options{})
	if err != nil || len(o.Warnings) != 1 || strings.ContainsAny(o.Warnings[0].String(), "\n\u202e") {
		t.Errorf("got %v, %v", o.Warnings, err)
	}
}

func TestReferences(t *testing.T) {
	o, err := stix.Parse(everyType(t)["email-message"], stix.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for path, id := range stix.References(&o) {
		typ, _, _ := strings.Cut(id, "--")
		got = append(got, path+" "+typ)
	}
	want := []string{
		"bcc_refs[0] email-addr", "body_multipart[1].body_raw_ref artifact", "cc_refs[0] email-addr",
		"from_ref email-addr", "raw_email_ref artifact", "sender_ref email-addr", "to_refs[0] email-addr",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range stix.References(&o) {
		break // a reader may stop at once
	}
	inner, err := stix.Parse(changed(t, "observed-data", props{"object_refs": gone, "objects": props{
		"0": props{"type": "ipv4-addr", "value": "192.0.2.1", "belongs_to_refs": []any{"1"}}, "1": props{"type": "autonomous-system", "number": 7},
	}}), stix.Options{})
	for path, id := range stix.References(&inner) {
		t.Errorf("%s leads to %s, in an object without references; %v", path, id, err)
	}
}

func TestSCOID(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for _, tc := range []struct {
		name, typ string
		set       map[string]any
		want      string
	}{ // the first four are examples of STIX 2.1 (§2.9, §6)
		{"an address", "ipv4-addr", map[string]any{"value": "198.51.100.3", "resolves_to_refs": []any{}}, "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"},
		{"a domain", "domain-name", map[string]any{"value": "example.com"}, "domain-name--bedb4899-d24b-5401-bc86-8f6b4cc18ec7"},
		{"a number", "autonomous-system", map[string]any{"number": 15139.0, "name": "Slime Industries"}, "autonomous-system--3aa27478-50b5-5ab8-9da9-cdc12b657fff"},
		{"an IPv6 address", "ipv6-addr", map[string]any{"value": "2001:db8::1"}, "ipv6-addr--6469e3a9-b053-5e34-a025-9396ae051d26"},
	} {
		got, err := stix.SCOID(tc.typ, tc.set)
		if err != nil || got != tc.want {
			t.Errorf("%s: got %s, %v, want %s", tc.name, got, err, tc.want)
		}
	}
	one, _ := stix.SCOID("file", map[string]any{"hashes": map[string]any{"SHA-256": sum}})
	two, _ := stix.SCOID("file", map[string]any{"hashes": map[string]any{"SHA-256": sum, "SHA-512": "x", "AAA": "y"}, "size": 7.0})
	if one != two || one == "" {
		t.Errorf("more hashes of less preference: got %s, want %s", two, one)
	}
	for typ, set := range map[string]map[string]any{"process": {"pid": 1.0}, "email-message": {"is_multipart": true}, "tool": {"name": "x"}} {
		if got, err := stix.SCOID(typ, set); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %s, %v, want fault.Invalid", typ, got, err)
		}
	}
}

func TestCheckBundle(t *testing.T) {
	id := `"bundle--00000001-0000-4000-8000-000000000001"`
	for _, tc := range []struct {
		name   string
		header map[string][]byte
		want   stix.Bundle
		fails  string
	}{
		{"an envelope", map[string][]byte{"more": []byte("false")}, stix.Bundle{}, ""},
		{"a bundle of 2.1", map[string][]byte{"type": []byte(`"bundle"`), "id": []byte(id)}, stix.Bundle{ID: id[1 : len(id)-1]}, ""},
		{"a bundle of 2.0", map[string][]byte{"type": []byte(`"bundle"`), "id": []byte(id), "spec_version": []byte(`"2.0"`)}, stix.Bundle{ID: id[1 : len(id)-1], SpecVersion: "2.0"}, ""},
		{"a bundle without id", map[string][]byte{"type": []byte(`"bundle"`)}, stix.Bundle{}, "object without id: id is required (STIX 2.1 §8)"},
		{"another type", map[string][]byte{"type": []byte(`"tool"`), "id": []byte(id)}, stix.Bundle{}, "type is not bundle (STIX 2.1 §8)"},
		{"another id", map[string][]byte{"type": []byte(`"bundle"`), "id": []byte(`"tool--00000001-0000-4000-8000-000000000001"`)}, stix.Bundle{}, "id is not of type bundle (STIX 2.1 §2.9)"},
		{"another version", map[string][]byte{"type": []byte(`"bundle"`), "id": []byte(id), "spec_version": []byte(`"1.2"`)}, stix.Bundle{}, `spec_version "1.2" is not in`},
		{"objects that are no list", map[string][]byte{"type": []byte(`"bundle"`), "id": []byte(id), "objects": []byte(`{}`)}, stix.Bundle{}, "objects is not a list (STIX 2.1 §8)"},
		{"a name that is no JSON", map[string][]byte{"type": []byte(`"bundle"`), "id": []byte(`"a`)}, stix.Bundle{}, "id is not usable JSON (STIX 2.1 §8)"},
	} {
		got, err := stix.CheckBundle(tc.header)
		if tc.fails != "" {
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tc.fails) {
				t.Errorf("%s: got %v, want %s", tc.name, err, tc.fails)
			}
			continue
		}
		if err != nil || cmp.Diff(tc.want, got) != "" {
			t.Errorf("%s: got %+v, %v, want %+v", tc.name, got, err, tc.want)
		}
	}
}
