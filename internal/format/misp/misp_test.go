package misp_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/base/fault"
	"twoseas/internal/format/feed"
	"twoseas/internal/format/ioc"
	"twoseas/internal/format/misp"
	"twoseas/internal/format/observe"
	"twoseas/internal/format/stix"
)

func open(text string) misp.Open {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

type result struct {
	objects  []stix.Object
	problems []string
}

// read converts text; every object must be valid STIX.
func read(t testing.TB, text string) (result, error) {
	t.Helper()
	var r result
	err := misp.Read(open(text), feed.Out{
		Object: func(n int, raw []byte) error {
			o, err := stix.Parse(raw, stix.Options{})
			if err != nil {
				t.Fatalf("element %d: %v\n%s", n, err, raw)
			}
			if !bytes.Equal(o.Raw, raw) {
				t.Fatalf("element %d is not canonical: %s", n, raw)
			}
			r.objects = append(r.objects, o)
			return nil
		},
		Problem: func(n int, _, reason string) error {
			r.problems = append(r.problems, fmt.Sprintf("%d %s", n, reason))
			return nil
		},
	})
	return r, err
}

func good(t testing.TB, text string) result {
	t.Helper()
	r, err := read(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// of returns the objects of a type.
func (r result) of(typ string) (out []stix.Object) {
	for _, o := range r.objects {
		if o.Type == typ {
			out = append(out, o)
		}
	}
	return out
}

const (
	u1 = "00000000-0000-4000-8000-000000000001"
	u2 = "00000000-0000-4000-8000-000000000002"
	u3 = "00000000-0000-4000-8000-000000000003"
)

// event is an event with members after its own.
func event(members ...string) string {
	return `{"Event":{"uuid":"` + u1 + `","info":"Test","date":"2026-01-01","timestamp":"1767312000","published":false,` +
		`"event_creator_email":"who@example.com","Orgc":{"uuid":"` + u2 + `","name":"CERT"},` + strings.Join(members, ",") + `}}`
}

func attribute(typ, value string, ids bool, more string) string {
	return fmt.Sprintf(`{"uuid":"%s","type":%q,"category":"Network activity","value":%q,"to_ids":%v,"timestamp":"1767312000","comment":"","distribution":"5"%s}`,
		u3, typ, value, ids, more)
}

func TestAttributesBecomeWhatTheyAre(t *testing.T) {
	sha1, md5 := strings.Repeat("a", 40), strings.Repeat("b", 32)
	for _, c := range []struct {
		typ, value string
		ids        bool
		want       string // the type, and the pattern of an indicator
	}{
		{"domain", "Evil.example.com", true, "indicator [domain-name:value = 'evil.example.com']"},
		{"hostname", "evil[.]example.com", true, "indicator [domain-name:value = 'evil.example.com']"},
		{"ip-dst", "192.0.2.1", true, "indicator [ipv4-addr:value = '192.0.2.1']"},
		{"ip-src", "2001:DB8::1", true, "indicator [ipv6-addr:value = '2001:db8::1']"},
		{"ip-src", "192.0.2.0/24", true, "indicator [ipv4-addr:value ISSUBSET '192.0.2.0/24']"},
		{"url", "https://evil.example.com/A'b", true, `indicator [url:value = 'https://evil.example.com/A\'b']`},
		{"filename|sha1", "A b.exe|" + sha1, true, "indicator [file:name = 'A b.exe' AND file:hashes.'SHA-1' = '" + sha1 + "']"},
		{"malware-sample", "a.exe|" + md5, true, "indicator [file:name = 'a.exe' AND file:hashes.MD5 = '" + md5 + "']"},
		{"domain|ip", "evil.example.com|192.0.2.1", true, "indicator [domain-name:value = 'evil.example.com' AND domain-name:resolves_to_refs[*].value = '192.0.2.1']"},
		{"ip-dst|port", "192.0.2.1|443", true, "indicator [network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]"},
		{"regkey|value", `HKLM\Software\X|evil.exe`, true, `indicator [windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software\\X' AND windows-registry-key:values[*].data = 'evil.exe']`},
		{"AS", "AS64500", true, "indicator [autonomous-system:number = 64500]"},
		{"yara", "rule x { condition: true }", false, "indicator rule x { condition: true }"},
		{"domain", "evil.example.com", false, "observed-data"},
		{"domain|ip", "evil.example.com|192.0.2.1", false, "observed-data"},
		{"ip-dst|port", "192.0.2.1|443", false, "observed-data"},
		{"regkey|value", `HKLM\Software\X|evil.exe`, false, "observed-data"},
		{"email-subject", "Your invoice", false, "observed-data"},
		{"vulnerability", "CVE-2026-1234", false, "vulnerability"},
		{"threat-actor", "Somebody", false, "threat-actor"},
		{"text", "anything", true, "x-misp-attribute"},
		{"port", "443", false, "x-misp-attribute"},
		{"md5", "tooshort", true, "x-misp-attribute"},
		{"ip-dst|port", "192.0.2.1|99999", true, "x-misp-attribute"},
		{"filename|sha1", "onlyone", true, "x-misp-attribute"},
		{"some-new-type", "x|y", true, "x-misp-attribute"},
	} {
		r := good(t, event(`"Attribute":[`+attribute(c.typ, c.value, c.ids, "")+`]`))
		typ, pattern, _ := strings.Cut(c.want, " ")
		made := r.of(typ)
		if len(made) != 1 || made[0].ID != typ+"--"+u3 {
			t.Errorf("%s: want one %s, got %v", c.typ, typ, r.objects)
			continue
		}
		if p, _ := made[0].Props["pattern"].(string); p != pattern {
			t.Errorf("%s: %s, want %s", c.typ, p, pattern)
		}
		kept := made[0].Props["extensions"].(map[string]any)[misp.Extension].(map[string]any)["attribute"].(map[string]any)
		if kept["type"] != c.typ || kept["value"] != c.value || kept["uuid"] != u3 {
			t.Errorf("%s: kept %v", c.typ, kept)
		}
		if v, err := ioc.Guess(strings.Split(c.value, "|")[0]); err == nil && typ == "indicator" && c.typ != "yara" && len(observe.Values(&made[0])) == 0 {
			t.Errorf("%s: nobody finds %v", c.typ, v)
		}
		if made[0].CreatedByRef != "identity--"+u2 {
			t.Errorf("%s: created by %s", c.typ, made[0].CreatedByRef)
		}
	}
}

func TestWhatAnEventSaysOfHandlingIsOnEverythingAlsoWhenItComesLast(t *testing.T) {
	text := event(`"Attribute":[`+attribute("domain", "a.example.com", false, `,"Tag":[{"name":"tlp:red"},{"name":"own"}]`)+`]`,
		`"Tag":[{"name":"tlp:amber"},{"name":"PAP:GREEN"},{"name":"about us"}]`)
	for _, o := range good(t, text).objects {
		want := 2
		if o.Type == "observed-data" || o.Type == "domain-name" {
			want = 3
		}
		if len(o.MarkingRefs) != want {
			t.Errorf("%s has the markings %v", o.ID, o.MarkingRefs)
		}
	}
}

// TestAMisspeltTLPIsNeverDropped: it becomes a definition that says so.
func TestAMisspeltTLPIsNeverDropped(t *testing.T) {
	for _, tag := range []string{"tlp:ambr", "TLP AMBER", "tlp:unclear", "tpl:red"} {
		r := good(t, event(`"Attribute":[`+attribute("domain", "a.example.com", true, fmt.Sprintf(`,"Tag":[{"name":%q}]`, tag))+`]`))
		d := r.of("marking-definition")
		if len(d) != 1 || !slices.Contains(r.of("indicator")[0].MarkingRefs, d[0].ID) {
			t.Errorf("%s: %v", tag, r.of("indicator")[0].MarkingRefs)
		}
	}
}

func TestDistributionIsNoMarking(t *testing.T) {
	r := good(t, event(`"distribution":"3"`, `"Attribute":[`+attribute("domain", "a.example.com", true, "")+`]`))
	for _, o := range r.objects {
		if len(o.MarkingRefs) > 0 {
			t.Errorf("%s has the markings %v", o.ID, o.MarkingRefs)
		}
	}
}

func TestNothingPersonalOfTheInstanceCrosses(t *testing.T) {
	for _, o := range good(t, event(`"Attribute":[`+attribute("text", "x", false, `,"event_id":"77777","data":"c2VjcmV0"`)+`]`)).objects {
		for _, s := range []string{"who@example.com", "77777", "c2VjcmV0"} {
			if strings.Contains(string(o.Raw), s) {
				t.Errorf("%s says %s: %s", o.ID, s, o.Raw)
			}
		}
	}
}

func TestObjectsReferencesAndRemarks(t *testing.T) {
	object := func(uuid, name, attributes, more string) string {
		return fmt.Sprintf(`{"uuid":%q,"name":%q,"meta-category":"file","timestamp":"1767312000","Attribute":[%s]%s}`, uuid, name, attributes, more)
	}
	md5 := attribute("md5", strings.Repeat("b", 32), true, `,"object_relation":"md5"`)
	sha1 := attribute("sha1", strings.Repeat("a", 40), true, `,"object_relation":"sha1"`)
	file := attribute("filename", "x.exe", false, `,"Sighting":[{"uuid":"00000000-0000-4000-8000-0000000000aa","type":"0","date_sighting":"1767312001","Organisation":{"uuid":"00000000-0000-4000-8000-0000000000bb","name":"Seer"}},{"type":"1","uuid":"00000000-0000-4000-8000-0000000000ac"}]`)
	o1, o2 := "00000000-0000-4000-8000-0000000000a1", "00000000-0000-4000-8000-0000000000a2"
	r := good(t, event(`"Object":[`+
		object(o1, "file", md5+","+sha1+","+file, `,"ObjectReference":[{"uuid":"`+u3+`","referenced_uuid":"`+o2+`","relationship_type":"Detected as"},{"referenced_uuid":"`+u1+`","relationship_type":"x"}]`)+","+
		object(o2, "av-signature", attribute("text", "Trojan", false, ""), "")+`]`,
		`"EventReport":[{"uuid":"00000000-0000-4000-8000-0000000000cc","name":"Story","content":"# Once","timestamp":"1767312000"}]`,
		`"Note":[{"note":"careful","uuid":"00000000-0000-4000-8000-0000000000dd","created":"2026-01-02 03:04:05","authors":"me","language":"en"}]`))
	i := r.of("indicator")
	if len(i) != 1 || i[0].ID != "indicator--"+o1 || i[0].Props["pattern"] != "[file:hashes.MD5 = '"+strings.Repeat("b", 32)+"'] OR [file:hashes.'SHA-1' = '"+strings.Repeat("a", 40)+"']" {
		t.Errorf("%v", i)
	}
	rel := r.of("relationship")
	if len(rel) != 1 || rel[0].Props["source_ref"] != i[0].ID || rel[0].Props["target_ref"] != "x-misp-object--"+o2 || rel[0].Props["relationship_type"] != "detected-as" {
		t.Errorf("%v", rel)
	}
	if len(r.problems) != 1 || !strings.Contains(r.problems[0], "leads to nothing") {
		t.Errorf("problems %q", r.problems)
	}
	s := r.of("sighting")
	if len(s) != 1 || s[0].Props["sighting_of_ref"] != i[0].ID || s[0].CreatedByRef != "identity--00000000-0000-4000-8000-0000000000bb" {
		t.Errorf("%v", s)
	}
	if p := r.of("opinion"); len(p) != 1 || p[0].Props["opinion"] != "strongly-disagree" || p[0].CreatedByRef != "" {
		t.Errorf("%v", p)
	}
	if n := r.of("note"); len(n) != 2 {
		t.Errorf("%v", n)
	}
	if g := r.of("grouping"); len(g) != 1 || len(g[0].Props["object_refs"].([]any)) != 3 {
		t.Errorf("%v", g)
	}
}

func TestDeletedIsRevoked(t *testing.T) {
	r := good(t, event(`"Attribute":[`+attribute("domain", "a.example.com", true, `,"deleted":true`)+`]`))
	if i := r.of("indicator"); len(i) != 1 || !i[0].Revoked {
		t.Errorf("%v", i)
	}
}

func TestShapesOfDocuments(t *testing.T) {
	bare := strings.TrimSuffix(strings.TrimPrefix(event(`"Attribute":[`+attribute("domain", "a.example.com", true, "")+`]`), `{"Event":`), "}")
	for name, text := range map[string]string{
		"an event":                  `{"Event":` + bare + `}`,
		"an answer":                 `{"response":[{"Event":` + bare + `}],"errors":[]}`,
		"an answer of one":          `{"response":{"Event":` + bare + `}}`,
		"an array":                  `[{"Event":` + bare + `}]`,
		"a bare event":              bare,
		"an array of bare events":   `[` + bare + `]`,
		"with something in between": `{"errors":{"a":[1]},"Event":` + bare + `,"more":{}}`,
	} {
		if r := good(t, text); len(r.of("indicator")) != 1 || len(r.of("grouping")) != 1 {
			t.Errorf("%s: %v", name, r.objects)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "x", "a bundle": `{"type":"bundle","objects":[]}`, "an empty answer": `{"response":[]}`, "a number": "1",
		"deep": strings.Repeat(`{"response":`, 50) + "1" + strings.Repeat("}", 50), "twice": bare + bare, "arrays": strings.Repeat("[", 5000),
	} {
		if r, err := read(t, text); fault.KindOf(err) == fault.Internal && err != nil || err == nil {
			t.Errorf("%s: %v %v", name, err, r.objects)
		}
	}
}

func shared(tb testing.TB, name string) string {
	tb.Helper()
	path := filepath.Join("..", "..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("CI needs the shared data: %v", err)
		}
		tb.Skipf("SKIPPED, real data not tested: %v", err)
	}
	return path
}

// TestTheEventsOfTheSharedData: every file is read, twice the same, and says
// nothing is wrong but for what is; one of them breaks off in its very last
// list, and everything before that is there.
func TestTheEventsOfTheSharedData(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "misp"), "*.json"))
	if err != nil || len(files) != 27 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	total := map[string]int{}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := read(t, string(raw))
		broken := strings.Contains(name, "malicious_pypi")
		if (err != nil) != broken || broken && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
		again, _ := read(t, string(raw))
		if len(again.objects) != len(r.objects) {
			t.Fatalf("%s: %d objects, then %d", filepath.Base(name), len(r.objects), len(again.objects))
		}
		versions := map[string]string{}
		for i, o := range r.objects {
			total[o.Type]++
			if !bytes.Equal(o.Raw, again.objects[i].Raw) {
				t.Fatalf("%s: %s is another the second time", filepath.Base(name), o.ID)
			}
			if key := o.ID + o.Modified.String(); o.Kind() != stix.SCO {
				if have, ok := versions[key]; ok && have != string(o.Raw) {
					t.Errorf("%s: two contents of %s:\n%s\n%s", filepath.Base(name), key, have, o.Raw)
				}
				versions[key] = string(o.Raw)
			}
		}
		if len(r.problems) > 0 {
			t.Logf("%s: %d problems, %q", filepath.Base(name), len(r.problems), r.problems[:min(4, len(r.problems))])
		}
	}
	t.Logf("%v", total)
	for typ, least := range map[string]int{"indicator": 700, "observed-data": 800, "x-misp-attribute": 180, "x-misp-object": 90, "attack-pattern": 150, "relationship": 150, "grouping": 23, "report": 3} {
		if total[typ] < least {
			t.Errorf("%d of %s, want at least %d", total[typ], typ, least)
		}
	}
}
