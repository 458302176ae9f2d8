package misp_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"twoseas/internal/format/misp"
)

// back takes an event to STIX and back.
func back(t *testing.T, text string) map[string]any {
	t.Helper()
	out := written(t, raws(good(t, text)))
	if len(out) != 1 {
		t.Fatalf("%d events", len(out))
	}
	return out[0]
}

func names(v any) (out []string) {
	list, _ := v.([]any)
	for _, x := range list {
		out = append(out, x.(map[string]any)["name"].(string))
	}
	return out
}

// TestEverythingSaidOfAnEventComesBack: remarks, references, galaxies and
// reports, those about a part of an object too.
func TestEverythingSaidOfAnEventComesBack(t *testing.T) {
	seer := `"Organisation":{"uuid":"00000000-0000-4000-8000-0000000000bb","name":"Seer"}`
	sighted := `,"Sighting":[{"uuid":"00000000-0000-4000-8000-0000000000aa","type":"0","source":"SIEM","date_sighting":"1767312001",` + seer + `},` +
		`{"uuid":"00000000-0000-4000-8000-0000000000ac","type":"1","source":"","date_sighting":"1767312002",` + seer + `},` +
		`{"uuid":"00000000-0000-4000-8000-0000000000ad","type":"2","source":"","date_sighting":"1767312003",` + seer + `}]`
	noted := `,"Note":[{"uuid":"00000000-0000-4000-8000-0000000000dd","note":"careful","created":"2026-01-02 03:04:05","modified":"2026-01-02 03:04:05","authors":"me","language":"en","object_uuid":"` + u3 + `","object_type":"Attribute","note_type_name":"Note"}],` +
		`"Opinion":[{"uuid":"00000000-0000-4000-8000-0000000000de","opinion":"63","comment":"so so","created":"2026-01-02 03:04:05","modified":"2026-01-02 03:04:05","authors":"me","object_uuid":"` + u3 + `","object_type":"Attribute"}],` +
		`"Relationship":[{"uuid":"00000000-0000-4000-8000-0000000000df","object_uuid":"` + u3 + `","object_type":"Attribute","related_object_uuid":"00000000-0000-4000-8000-0000000000a1","related_object_type":"Object","relationship_type":"Drops It","created":"2026-01-02 03:04:05"}]`
	galaxy := `,"Tag":[{"name":"misp-galaxy:country=\"japan\""},{"name":"misp-galaxy:threat-actor=\"X\""}],"Galaxy":[{"type":"country","name":"Country","uuid":"00000000-0000-4000-8000-0000000000e1","GalaxyCluster":[{"uuid":"00000000-0000-4000-8000-0000000000e2","type":"country","value":"japan","tag_name":"misp-galaxy:country=\"japan\"","meta":{"ISO":["JP"]}}]},` +
		`{"type":"threat-actor","name":"Threat Actor","uuid":"00000000-0000-4000-8000-0000000000e3","GalaxyCluster":[{"uuid":"00000000-0000-4000-8000-0000000000e4","type":"threat-actor","value":"X","description":"d","tag_name":"misp-galaxy:threat-actor=\"X\"","version":"3","meta":{"country":["XX"],"synonyms":["Y"]}}]}]`
	inside := strings.Replace(attribute("filename", "x.exe", true, `,"object_relation":"filename"`+strings.ReplaceAll(sighted, "0000000000a", "0000000001a")), u3, "00000000-0000-4000-8000-000000000004", 1)
	text := event(
		`"Attribute":[`+attribute("domain", "a.example.com", true, sighted+noted+galaxy)+`]`,
		`"Object":[{"uuid":"00000000-0000-4000-8000-0000000000a1","name":"file","meta-category":"file","template_uuid":"00000000-0000-4000-8000-0000000000a9","template_version":"25","description":"File","timestamp":"1767312000","distribution":"5","comment":"","deleted":false,"Attribute":[`+inside+`],`+
			`"ObjectReference":[{"uuid":"00000000-0000-4000-8000-0000000000f1","object_uuid":"00000000-0000-4000-8000-0000000000a1","referenced_uuid":"`+u3+`","relationship_type":"Talks To","comment":"often","timestamp":"1767312000","deleted":false},`+
			`{"uuid":"00000000-0000-4000-8000-0000000000f2","object_uuid":"00000000-0000-4000-8000-0000000000a1","referenced_uuid":"00000000-0000-4000-8000-0000000000ff","relationship_type":"nowhere","timestamp":"1767312000"}]}]`,
		`"EventReport":[{"uuid":"00000000-0000-4000-8000-0000000000cc","name":"Story","content":"# Once","timestamp":"1767312000","distribution":"5","deleted":false}]`,
		`"Note":[{"uuid":"00000000-0000-4000-8000-0000000000dc","note":"of the event","created":"2026-01-02 03:04:05","object_uuid":"`+u1+`","object_type":"Event"}]`,
		`"threat_level_id":"2","analysis":"1","extends_uuid":"00000000-0000-4000-8000-0000000000c0"`)
	in := events(t, []byte(text))[0]
	out := back(t, text)
	allowed := []string{
		"event_creator_email gone", "attribute_count new", "distribution new", "Org new", "sharing_group_id new", "object_relation new",
		"attribute_uuid new", "deleted new", "publish_timestamp new", "proposal_email_lock new", "locked new", "Galaxy in another order",
	}
	differences("", in, out, func(path, what string) {
		end := path[strings.LastIndexByte(path, '.')+1:] + " " + what
		if !slices.Contains(allowed, end) && !strings.HasSuffix(path, "orgc_uuid") && end != "distribution 5 is 0" {
			t.Errorf("%s %s", path, what)
		}
	})
}

// TestForeignObjectsAsAttributes: the pattern, and what it is in MISP.
func TestForeignObjectsAsAttributes(t *testing.T) {
	sha := strings.Repeat("a", 64)
	for pattern, want := range map[string]string{
		"[domain-name:value = 'evil.example']":                                                         "domain=evil.example!",
		"[domain-name:value = 'a.evil.example']":                                                       "hostname=a.evil.example!",
		"[ipv4-addr:value = '192.0.2.1']":                                                              "ip-dst=192.0.2.1!",
		"[network-traffic:src_ref.value = '192.0.2.1']":                                                "ip-src=192.0.2.1!",
		"[network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443]":             "ip-dst|port=192.0.2.1|443!",
		"[file:hashes.'SHA-256' = '" + sha + "' AND file:name = 'x.exe']":                              "filename|sha256=x.exe|" + sha + "!",
		"[domain-name:value = 'evil.example' AND domain-name:resolves_to_refs[*].value = '192.0.2.1']": "domain|ip=evil.example|192.0.2.1!",
		"[url:value = 'http://evil.example/x'] OR [ipv4-addr:value = '192.0.2.1']":                     "stix2-pattern: stix2-pattern! url! ip-dst!",
		"[url:value = 'http://evil.example/x'] AND [ipv4-addr:value = '192.0.2.1']":                    "stix2-pattern: stix2-pattern! url ip-dst",
		"[file:name = 'x' AND file:size = 3 AND file:hashes.MD5 = '" + strings.Repeat("b", 32) + "']":  "file: stix2-pattern! filename md5!",
		"[domain-name:value != 'evil.example']":                                                        "stix2-pattern: stix2-pattern!",
		"[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')]":                                              "stix2-pattern: stix2-pattern! ip-dst! ip-dst!",
		"[url:value = 'http://evil.example/ AND '] OR [domain-name:value LIKE '%AND%']":                "stix2-pattern: stix2-pattern! url!",
		"[file:hashes.'SHA-256' = '" + sha + "'] REPEATS 2 TIMES":                                      "file: stix2-pattern! sha256!",
		"[process:command_line = 'x -y']":                                                              "text=x -y!",
	} {
		raw := fmt.Sprintf(`{"created":"2026-01-01T00:00:00.000Z","id":"indicator--%s","modified":"2026-01-02T00:00:00.000Z","name":"n","pattern":%q,"pattern_type":"stix","spec_version":"2.1","type":"indicator","valid_from":"2026-01-01T00:00:00Z"}`, u3, pattern)
		world, err := misp.NewSet([]misp.Object{{Raw: []byte(raw), Marks: []string{"tlp:green"}}})
		if err != nil {
			t.Fatal(err)
		}
		e := one(t, misp.Event{UUID: u1, Info: "Made", Marks: []string{"tlp:green"}, Members: []string{"indicator--" + u3}}, world)
		if e["distribution"] != "1" || !slices.Equal(names(e["Tag"]), []string{"tlp:green"}) {
			t.Errorf("%s: distribution %v, tags %v", pattern, e["distribution"], e["Tag"])
		}
		if got := said(e); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", pattern, got, want)
		}
	}
}

// said is what an event holds, in short.
func said(e map[string]any) string {
	ids := func(a map[string]any) string {
		if a["to_ids"] == true {
			return "!"
		}
		return ""
	}
	var out []string
	for _, v := range e["Attribute"].([]any) {
		a := v.(map[string]any)
		out = append(out, fmt.Sprintf("%s=%s%s", a["type"], a["value"], ids(a)))
	}
	for _, v := range e["Object"].([]any) {
		o := v.(map[string]any)
		var parts []string
		for _, p := range o["Attribute"].([]any) {
			a := p.(map[string]any)
			parts = append(parts, a["type"].(string)+ids(a))
		}
		out = append(out, fmt.Sprintf("%s: %s", o["name"], strings.Join(parts, " ")))
	}
	return strings.Join(out, "; ")
}

// TestDistributionIsNeverWiderThanTLPAdmits: what the event said counts only
// where it is tighter.
func TestDistributionIsNeverWiderThanTLPAdmits(t *testing.T) {
	for _, c := range []struct{ said, tag, want string }{
		{"3", "tlp:clear", "3"},
		{"1", "tlp:clear", "1"},
		{"0", "tlp:clear", "0"},
		{"4", "tlp:clear", "0"},
		{"3", "tlp:green", "1"},
		{"2", "tlp:green", "1"},
		{"3", "tlp:amber", "0"},
		{"3", "tlp:red", "0"},
		{"3", "own:tag", "0"},
		{"3", "tlp:ambr", "0"},
		{"77", "tlp:clear", "0"},
		{"x", "tlp:clear", "3"},
	} {
		e := back(t, event(`"distribution":"`+c.said+`"`, `"Tag":[{"name":"`+c.tag+`"}]`,
			`"Attribute":[`+strings.Replace(attribute("domain", "a.example.com", true, `,"Tag":[{"name":"tlp:red"}]`), `"distribution":"5"`, `"distribution":"3"`, 1)+`]`))
		if e["distribution"] != c.want || !slices.Equal(names(e["Tag"]), []string{c.tag}) {
			t.Errorf("%v: distribution %v, tags %v", c, e["distribution"], names(e["Tag"]))
		}
		a := e["Attribute"].([]any)[0].(map[string]any)
		if a["distribution"] != "0" || !slices.Equal(names(a["Tag"]), []string{"tlp:red"}) {
			t.Errorf("%v: the attribute has the distribution %v and the tags %v", c, a["distribution"], names(a["Tag"]))
		}
	}
}

// TestLocalTagsStay but for those that speak of handling.
func TestLocalTagsStay(t *testing.T) {
	e := back(t, event(`"Tag":[{"name":"mine","local":true},{"name":"tlp:amber","local":1},{"name":"ours"}]`,
		`"Attribute":[`+attribute("domain", "a.example.com", true, `,"Tag":[{"name":"mine","local":1},{"name":"ours too"}]`)+`]`))
	if !slices.Equal(names(e["Tag"]), []string{"tlp:amber", "ours"}) || !slices.Equal(names(e["Attribute"].([]any)[0].(map[string]any)["Tag"]), []string{"ours too"}) {
		t.Errorf("%v", e)
	}
}

// TestWhatWasCalledBackIsADeletedAttribute under the same UUID, without its
// value: whoever pulls again deletes it.
func TestWhatWasCalledBackIsADeletedAttribute(t *testing.T) {
	r := good(t, event(`"Attribute":[`+attribute("domain", "a.example.com", true, "")+`]`))
	var all []misp.Object
	var whole misp.Object
	for _, o := range r.objects {
		switch o.Type {
		case "indicator":
			all = append(all, misp.Object{Raw: []byte(`{"created":"2026-01-01T00:00:00.000Z","id":"indicator--` + u3 + `","modified":"2026-02-01T00:00:00.000Z","revoked":true,"spec_version":"2.1","type":"indicator"}`)})
		case "grouping":
			whole = misp.Object{Raw: o.Raw}
		}
	}
	world, err := misp.NewSet(all)
	if err != nil {
		t.Fatal(err)
	}
	a := one(t, misp.Event{Whole: &whole, Deleted: true}, world)["Attribute"].([]any)
	if len(a) != 1 || a[0].(map[string]any)["uuid"] != u3 || a[0].(map[string]any)["deleted"] != true || strings.Contains(fmt.Sprint(a), "example") {
		t.Errorf("%v", a)
	}
	if a := one(t, misp.Event{Whole: &whole}, world)["Attribute"].([]any); len(a) != 0 {
		t.Errorf("it is sent to who did not ask for what is deleted: %v", a)
	}
}
