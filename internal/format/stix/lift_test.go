package stix_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix"
)

const versions20 = `"created":"2017-01-01T00:00:00.000Z","modified":"2017-01-01T00:00:00.000Z"`

// TestLift gives objects as STIX 2.0 wrote them.
func TestLift(t *testing.T) {
	for _, tc := range []struct {
		name, in, want string
		paths          []string // of the warnings
	}{
		{
			"malware",
			`{"id":"malware--00000001-0000-4000-8000-000000000001","labels":["ransomware"],"name":"m","type":"malware",` + versions20 + `}`,
			`{` + versions20[:len(`"created":"2017-01-01T00:00:00.000Z"`)] + `,"id":"malware--00000001-0000-4000-8000-000000000001","is_family":false,"malware_types":["ransomware"],"modified":"2017-01-01T00:00:00.000Z","name":"m","spec_version":"2.1","type":"malware"}`,
			[]string{"is_family", "malware_types", "spec_version"},
		},
		{
			"an indicator with a pattern of 2.0",
			`{"id":"indicator--00000001-0000-4000-8000-000000000001","labels":["benign"],"pattern":"[file:size=1] START '2017' STOP '2018'","valid_from":"2017-01-01T00:00:00Z","type":"indicator",` + versions20 + `}`,
			`{"created":"2017-01-01T00:00:00.000Z","id":"indicator--00000001-0000-4000-8000-000000000001","indicator_types":["benign"],"modified":"2017-01-01T00:00:00.000Z","pattern":"[file:size=1] START '2017' STOP '2018'","pattern_type":"stix","pattern_version":"2.0","spec_version":"2.1","type":"indicator","valid_from":"2017-01-01T00:00:00Z"}`,
			[]string{"indicator_types", "pattern", "pattern_type", "pattern_version", "spec_version"},
		},
		{
			"an identity that says its version itself",
			`{"id":"identity--00000001-0000-4000-8000-000000000001","labels":["hospital"],"name":"i","identity_class":"group","spec_version":"2.0","type":"identity",` + versions20 + `}`,
			`{"created":"2017-01-01T00:00:00.000Z","id":"identity--00000001-0000-4000-8000-000000000001","identity_class":"group","modified":"2017-01-01T00:00:00.000Z","name":"i","roles":["hospital"],"spec_version":"2.1","type":"identity"}`,
			[]string{"roles", "spec_version"},
		},
		{
			"TLP:RED",
			`{"type":"marking-definition","id":"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","definition":{"tlp":"red"}}`,
			`{"created":"2017-01-20T00:00:00.000Z","definition":{"tlp":"red"},"definition_type":"tlp","id":"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed","name":"TLP:RED","spec_version":"2.1","type":"marking-definition"}`,
			[]string{"name", "spec_version"},
		},
		{
			"observed data with a container",
			`{"type":"observed-data","id":"observed-data--00000001-0000-4000-8000-000000000001","first_observed":"2017-01-01T00:00:00Z","last_observed":"2017-01-01T00:00:00Z","number_observed":1,` + versions20 +
				`,"objects":{"0":{"type":"file","name":"a","created":"2017-01-01T00:00:00Z","parent_directory_ref":"1"},"1":{"type":"directory","path":"/","accessed":"2017-01-01T00:00:00Z"}}}`,
			`{"created":"2017-01-01T00:00:00.000Z","first_observed":"2017-01-01T00:00:00Z","id":"observed-data--00000001-0000-4000-8000-000000000001","last_observed":"2017-01-01T00:00:00Z","modified":"2017-01-01T00:00:00.000Z","number_observed":1,"objects":{"0":{"ctime":"2017-01-01T00:00:00Z","name":"a","parent_directory_ref":"1","type":"file"},"1":{"atime":"2017-01-01T00:00:00Z","path":"/","type":"directory"}},"spec_version":"2.1","type":"observed-data"}`,
			[]string{"objects.0.ctime", "objects.1.atime", "spec_version"},
		},
		{
			"a tool that has both names for one thing",
			`{"type":"tool","id":"tool--00000001-0000-4000-8000-000000000001","name":"t","labels":["a"],"tool_types":["unknown"],` + versions20 + `}`,
			`{"created":"2017-01-01T00:00:00.000Z","id":"tool--00000001-0000-4000-8000-000000000001","labels":["a"],"modified":"2017-01-01T00:00:00.000Z","name":"t","spec_version":"2.1","tool_types":["unknown"],"type":"tool"}`,
			[]string{"spec_version"},
		},
		{
			"a file that has both names for one time",
			`{"type":"observed-data","id":"observed-data--00000001-0000-4000-8000-000000000001","first_observed":"2017-01-01T00:00:00Z","last_observed":"2017-01-01T00:00:00Z","number_observed":1,` + versions20 +
				`,"objects":{"0":{"type":"file","name":"a","created":"2016-01-01T00:00:00Z","ctime":"2017-01-01T00:00:00Z"}}}`,
			`{"created":"2017-01-01T00:00:00.000Z","first_observed":"2017-01-01T00:00:00Z","id":"observed-data--00000001-0000-4000-8000-000000000001","last_observed":"2017-01-01T00:00:00Z","modified":"2017-01-01T00:00:00.000Z","number_observed":1,"objects":{"0":{"created":"2016-01-01T00:00:00Z","ctime":"2017-01-01T00:00:00Z","name":"a","type":"file"}},"spec_version":"2.1","type":"observed-data"}`,
			[]string{"objects.0.created", "spec_version"},
		},
		{
			"a custom type with versions",
			`{"type":"x-thing","id":"x-thing--00000001-0000-4000-8000-000000000001","labels":["a"],` + versions20 + `}`,
			`{"created":"2017-01-01T00:00:00.000Z","id":"x-thing--00000001-0000-4000-8000-000000000001","labels":["a"],"modified":"2017-01-01T00:00:00.000Z","spec_version":"2.1","type":"x-thing"}`,
			[]string{"spec_version"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := stix.Parse([]byte(tc.in), stix.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(o.Raw)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var paths []string
			for _, w := range o.Warnings {
				paths = append(paths, w.Path)
			}
			if !slices.Equal(paths, tc.paths) {
				t.Errorf("warnings: got %v, want them at %v", o.Warnings, tc.paths)
			}
			if view, err := canon.Decode(o.Raw); err != nil || cmp.Diff(view, o.Props) != "" || o.SpecVersion != "2.1" {
				t.Errorf("Props and Raw differ: %v", cmp.Diff(view, o.Props))
			}
			again, err := stix.Parse(o.Raw, stix.Options{SpecVersion: "2.0"})
			if err != nil || string(again.Raw) != string(o.Raw) {
				t.Errorf("again: got %s, %v", again.Raw, err)
			}
		})
	}
}

func TestObservablesAreNotLifted(t *testing.T) {
	in := `{"id":"url--00000001-0000-4000-8000-000000000001","type":"url","value":"https://example.org/"}`
	o, err := stix.Parse([]byte(in), stix.Options{SpecVersion: "2.0"})
	if err != nil || string(o.Raw) != in || len(o.Warnings) > 0 {
		t.Errorf("got %s, %v, %v", o.Raw, err, o.Warnings)
	}
}

func TestTheBundleDecidesAboutACustomTypeWithoutVersions(t *testing.T) {
	in := `{"id":"x-thing--00000001-0000-4000-8000-000000000001","type":"x-thing"}`
	for version, lifted := range map[string]bool{"2.0": true, "2.1": false, "": false} {
		o, err := stix.Parse([]byte(in), stix.Options{SpecVersion: version})
		if err != nil || strings.Contains(string(o.Raw), "spec_version") != lifted {
			t.Errorf("in a bundle of %q: got %s, %v", version, o.Raw, err)
		}
	}
}

// TestLiftedATTACKIsWhatWasGiven takes the version from real objects, whose
// other properties are of 2.1 already, and expects it back.
func TestLiftedATTACKIsWhatWasGiven(t *testing.T) {
	lifted := 0
	for _, raw := range elements(t, shared(t, "stix/attack-ics.json")) {
		want, err := stix.Parse(raw, stix.Options{})
		if err != nil {
			t.Fatal(err)
		}
		without := []byte(strings.Replace(string(want.Raw), `"spec_version":"2.1",`, "", 1))
		got, err := stix.Parse(without, stix.Options{SpecVersion: "2.0"})
		if err != nil || string(got.Raw) != string(want.Raw) {
			t.Fatalf("got %s, %v, want %s", got.Raw, err, want.Raw)
		}
		lifted++
	}
	if lifted < 1800 {
		t.Errorf("lifted only %d", lifted)
	}
}
