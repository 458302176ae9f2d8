package misp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"twoseas/internal/act/people"
)

// What PyMISP (2.5, pymisp/api.py and mispevent.py) demands of an answer before
// it makes an object of it. Its from_dict raises on what is missing here.

// number is what int() takes.
func number(v any) bool {
	switch v := v.(type) {
	case float64:
		return v == float64(int64(v))
	case string:
		_, err := strconv.ParseInt(v, 10, 64)
		return err == nil
	}
	return false
}

// in reports whether int(v) is one of list.
func in(v any, list ...int) bool {
	n, err := strconv.Atoi(fmt.Sprint(v))
	return err == nil && slices.Contains(list, n)
}

// types is what describeTypes said.
type types struct{ known map[string]bool }

func (w *world) types(key string) types {
	t := types{known: map[string]bool{}}
	for _, n := range at(w.ok(key, "GET", "attributes/describeTypes.json", nil), "result", "types").([]any) {
		t.known[n.(string)] = true
	}
	return t
}

// attribute checks what MISPAttribute.from_dict takes.
func (ty types) attribute(t *testing.T, v any, inObject bool) {
	t.Helper()
	a, _ := v.(map[string]any)
	if inner, ok := a["Attribute"].(map[string]any); ok {
		a = inner
	}
	typ, _ := a["type"].(string)
	switch {
	case !ty.known[typ]:
		t.Errorf("type %q is not one that describeTypes named: %v", typ, a)
	case a["value"] == nil || a["value"] == "":
		t.Errorf("no value: %v", a)
	case a["distribution"] != nil && !in(a["distribution"], 0, 1, 2, 3, 5):
		t.Errorf("distribution: %v", a)
	case a["timestamp"] == nil || !number(a["timestamp"]):
		t.Errorf("timestamp: %v", a)
	case a["uuid"] == nil || a["category"] == nil:
		t.Errorf("uuid or category: %v", a)
	case inObject && a["object_relation"] == nil:
		t.Errorf("an attribute of an object has a relation: %v", a)
	}
	if id := a["event_id"]; id != nil && !number(id) {
		t.Errorf("event_id: %v", a)
	}
}

// object checks what MISPObject.from_dict takes.
func (ty types) object(t *testing.T, v any) {
	t.Helper()
	o, _ := v.(map[string]any)
	if inner, ok := o["Object"].(map[string]any); ok {
		o = inner
	}
	if o["name"] == nil || o["name"] == "" || o["uuid"] == nil || o["distribution"] != nil && !in(o["distribution"], 0, 1, 2, 3, 5) || !number(o["timestamp"]) {
		t.Errorf("%v", o)
	}
	if v := o["template_version"]; v != nil && !number(v) {
		t.Errorf("template_version: %v", o)
	}
	parts, _ := o["Attribute"].([]any)
	for _, a := range parts {
		ty.attribute(t, a, true)
	}
	refs, _ := o["ObjectReference"].([]any)
	for _, r := range refs {
		if at(r, "referenced_uuid") == nil || at(r, "relationship_type") == nil {
			t.Errorf("%v", r)
		}
	}
}

// event checks what MISPEvent.load takes.
func (ty types) event(t *testing.T, v any) map[string]any {
	t.Helper()
	e, _ := v.(map[string]any)
	if inner, ok := e["Event"].(map[string]any); ok {
		e = inner
	}
	if e["info"] == nil || !in(e["distribution"], 0, 1, 2, 3) || !in(e["threat_level_id"], 1, 2, 3, 4) || !in(e["analysis"], 0, 1, 2) ||
		!number(e["timestamp"]) || !number(e["id"]) || !number(e["org_id"]) || !number(e["publish_timestamp"]) || e["date"] == nil || e["uuid"] == nil {
		t.Errorf("%v", e)
	}
	if _, ok := e["published"].(bool); !ok { // MISPEvent: published is True, nothing else
		t.Errorf("published: %v", e["published"])
	}
	for _, list := range []string{"Attribute", "Object", "EventReport"} {
		parts, _ := e[list].([]any)
		for _, x := range parts {
			switch list {
			case "Attribute":
				ty.attribute(t, x, false)
			case "Object":
				ty.object(t, x)
			case "EventReport":
				if at(x, "name") == nil || at(x, "content") == nil || !number(at(x, "timestamp")) {
					t.Errorf("%v", x)
				}
			}
		}
	}
	return e
}

// refused makes a call that PyMISP gets an error dictionary of: never one of the
// server's faults, which it raises, and always with a message, which it reads.
func (w *world) refused(key, method, path string, body any) string {
	w.t.Helper()
	a := w.call(key, method, path, body)
	var e struct{ Message string }
	if a.status < 400 || a.status >= 500 || json.Unmarshal(a.body, &e) != nil || e.Message == "" {
		w.t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return e.Message
}

// made is an event as PyMISP's MISPEvent writes it.
func made(tag string) map[string]any {
	return map[string]any{
		"uuid": eventID, "info": "Phishing wave", "date": "2027-03-15", "distribution": "1", "analysis": "1", "threat_level_id": "2", "published": false,
		"Tag":       []any{map[string]any{"name": tag}},
		"Attribute": []any{map[string]any{"uuid": attrID, "type": "domain", "category": "Network activity", "value": "evil.example", "to_ids": true, "disable_correlation": false}},
	}
}

const addedID, objectID = "00000000-0000-4000-8000-000000000a77", "00000000-0000-4000-8000-0000000000f7"

// TestADayWithPyMISP makes the calls that PyMISP makes for a script that enters
// an event and works on it, with its methods, paths and bodies, and reads the
// answers as it does.
func TestADayWithPyMISP(t *testing.T) {
	w := open(t)
	key := w.key("ana", people.Analyst, "TLP:AMBER", inbox)
	ty := w.types(key)
	// add_event, event_exists, get_event.
	e := ty.event(t, w.ok(key, "POST", "events/add", made("tlp:green")))
	id := e["id"].(string)
	if a := w.call(key, "HEAD", "events/view/"+id, nil); a.status != 200 {
		t.Errorf("event_exists: %d", a.status)
	}
	// add_attribute, by the number of the event: one; a list; a list of one; ones that cannot be taken.
	ip := map[string]any{"uuid": addedID, "type": "ip-dst", "category": "Network activity", "value": "192.0.2.7", "to_ids": true, "comment": "seen", "Tag": []any{map[string]any{"name": "c2"}}}
	one := at(w.ok(key, "POST", "attributes/add/"+id, ip), "Attribute")
	ty.attribute(t, one, false)
	if at(one, "value") != "192.0.2.7" || at(one, "event_id") != id || at(one, "Tag", 0, "name") != "c2" {
		t.Errorf("%v", one)
	}
	list := w.ok(key, "POST", "attributes/add/"+eventID+"/breakOnDuplicate:0", []any{
		map[string]any{"type": "domain", "value": "a.example"}, map[string]any{"type": "domain", "value": ""}, map[string]any{"type": "sha256", "value": strings.Repeat("b", 64)},
	})
	if n := len(at(list, "Attribute").([]any)); n != 2 || at(list, "errors", "attribute_1", "value", 0) == nil || at(list, "Attribute", 0, "category") != "Network activity" {
		t.Errorf("%v", list)
	}
	if single := w.ok(key, "POST", "attributes/add/"+eventID, []any{map[string]any{"type": "url", "value": "http://evil.example/x"}}); at(single, "Attribute", "uuid") == nil {
		t.Errorf("a list of one answers with one: %v", single)
	}
	if said := w.refused(key, "POST", "attributes/add/"+eventID, map[string]any{"type": "domain"}); said == "You do not have permission to do that." {
		t.Error("PyMISP would make a proposal of it")
	}
	w.refused(key, "POST", "attributes/add/00000000-0000-4000-8000-00000000dead", ip)
	// attribute_exists, get_attribute, update_attribute, delete_attribute.
	if a := w.call(key, "HEAD", "attributes/view/"+addedID, nil); a.status != 200 || len(a.body) > 0 {
		t.Errorf("attribute_exists: %d", a.status)
	}
	if a := w.call(key, "HEAD", "attributes/view/00000000-0000-4000-8000-00000000dead", nil); a.status != 404 {
		t.Errorf("attribute_exists: %d", a.status)
	}
	ty.attribute(t, w.ok(key, "GET", "attributes/view/"+addedID, nil), false)
	changed := at(w.ok(key, "POST", "attributes/edit/"+addedID, map[string]any{"comment": "not it", "to_ids": false}), "Attribute")
	ty.attribute(t, changed, false)
	if at(changed, "comment") != "not it" || at(changed, "to_ids") != false || at(changed, "value") != "192.0.2.7" || at(changed, "Tag", 0, "name") != "c2" {
		t.Errorf("%v", changed)
	}
	// tag and untag, of the event and of an attribute.
	for _, uuid := range []string{eventID, addedID} {
		if v := w.ok(key, "POST", "tags/attachTagToObject", map[string]any{"uuid": uuid, "tag": "phishing", "local": false}); at(v, "saved") != true {
			t.Errorf("%v", v)
		}
	}
	w.ok(key, "POST", "tags/removeTagFromObject", map[string]any{"uuid": addedID, "tag": "c2"})
	w.refused(key, "POST", "tags/attachTagToObject", map[string]any{"uuid": eventID, "tag": "mine", "local": true})
	// add_object, object_exists, get_object, add_object_reference, update_object.
	o := at(w.ok(key, "POST", "objects/add/"+id, map[string]any{
		"uuid": objectID, "name": "file", "meta-category": "file", "template_uuid": "688c46fb-5edb-40a3-8273-1af7923e2215", "template_version": "24", "description": "File", "distribution": "5", "sharing_group_id": "0",
		"Attribute": []any{
			map[string]any{"uuid": partID, "type": "md5", "category": "Payload delivery", "value": strings.Repeat("c", 32), "to_ids": true, "object_relation": "md5", "disable_correlation": false},
			map[string]any{"uuid": "00000000-0000-4000-8000-000000000a09", "type": "filename", "category": "Payload delivery", "value": "x.exe", "to_ids": false, "object_relation": "filename"},
		}, "ObjectReference": []any{},
	}), "Object")
	ty.object(t, o)
	if a := w.call(key, "HEAD", "objects/view/"+objectID, nil); a.status != 200 {
		t.Errorf("object_exists: %d", a.status)
	}
	if ref := at(w.ok(key, "POST", "objectReferences/add", map[string]any{"object_uuid": objectID, "referenced_uuid": attrID, "relationship_type": "downloaded-from", "comment": ""}), "ObjectReference"); at(ref, "referenced_uuid") != attrID {
		t.Errorf("%v", ref)
	}
	ty.object(t, w.ok(key, "POST", "objects/edit/"+objectID, map[string]any{"uuid": objectID, "name": "file", "comment": "stage 2", "Attribute": []any{
		map[string]any{"uuid": partID, "type": "md5", "category": "Payload delivery", "value": strings.Repeat("c", 32), "to_ids": true, "object_relation": "md5"},
	}}))
	if got := at(w.ok(key, "GET", "objects/view/"+objectID, nil), "Object"); at(got, "comment") != "stage 2" || at(got, "ObjectReference", 0, "referenced_uuid") != attrID {
		t.Errorf("%v", got)
	}
	// An attribute inside of it, which has no object of its own here.
	if v := at(w.ok(key, "POST", "attributes/edit/"+partID, map[string]any{"comment": "md5 of the dropper"}), "Attribute"); at(v, "object_uuid") != objectID || at(v, "comment") != "md5 of the dropper" {
		t.Errorf("%v", v)
	}
	// add_event_report, publish, delete_attribute.
	w.ok(key, "POST", "eventReports/add/"+id, map[string]any{"uuid": "00000000-0000-4000-8000-00000000ee01", "name": "Summary", "content": "It *was* a wave.", "distribution": "5"})
	w.ok(key, "POST", "events/publish/"+id, nil)
	if v := w.ok(key, "POST", "attributes/delete/"+attrID, map[string]any{"hard": 1}); at(v, "message") != "Attribute deleted" {
		t.Errorf("%v", v)
	}
	w.refused(key, "POST", "attributes/restore/"+attrID, nil)
	w.refused(key, "POST", "events/delete/"+id, nil)
	// get_event: all of it is there, once, under the number it had.
	e = ty.event(t, w.ok(key, "GET", "events/view/"+id, nil))
	values := map[string]int{}
	for _, a := range e["Attribute"].([]any) {
		values[at(a, "value").(string)]++
	}
	want := map[string]int{"192.0.2.7": 1, "a.example": 1, strings.Repeat("b", 64): 1, "http://evil.example/x": 1}
	if fmt.Sprint(values) != fmt.Sprint(want) || e["published"] != true || len(e["Object"].([]any)) != 1 || at(e, "EventReport", 0, "name") != "Summary" || e["uuid"] != eventID {
		t.Errorf("%v, published %v, %v, reports %v", values, e["published"], e["Object"], e["EventReport"])
	}
	tags := fmt.Sprint(e["Tag"])
	if !strings.Contains(tags, "phishing") || !strings.Contains(tags, "tlp:green") {
		t.Errorf("%v", tags)
	}
	if n := len(at(w.ok(key, "POST", "events/view/"+id, map[string]any{"deleted": []int{0, 1}}), "Event", "Attribute").([]any)); n != 5 {
		t.Errorf("%d attributes with the one that was withdrawn", n)
	}
	if n := len(w.ok(key, "GET", "events/index", nil).([]any)); n != 1 {
		t.Errorf("%d events", n)
	}
	w.ok(key, "POST", "events/unpublish/"+id, nil)
	if e := ty.event(t, w.ok(key, "GET", "events/view/"+id, nil)); e["published"] != false {
		t.Errorf("%v", e["published"])
	}
}

// TestWhatPyMISPLooksUp: searches right after something was entered, and the
// lists that PyMISP takes apart without looking whether they are there.
func TestWhatPyMISPLooksUp(t *testing.T) {
	w := open(t)
	key := w.key("ana", people.Analyst, "TLP:AMBER", inbox)
	ty := w.types(key)
	w.ok(key, "POST", "events/add", sent("tlp:green"))
	found := at(w.ok(key, "POST", "attributes/restSearch", map[string]any{
		"returnFormat": "json", "value": "evil.example", "withAttachments": 0, "metadata": 0, "enforceWarninglist": 0, "includeEventUuid": 0, "includeEventTags": 0,
		"sgReferenceOnly": 0, "includeContext": 0, "headerless": 0, "includeSightings": 0, "includeDecayScore": 0, "includeCorrelations": 0, "excludeDecayed": 0,
	}), "response", "Attribute").([]any)
	if len(found) != 1 {
		t.Fatalf("%v", found)
	}
	ty.attribute(t, found[0], false)
	if at(found[0], "Event", "info") == nil { // MISPEvent.from_dict(**ma.Event)
		t.Errorf("%v", found[0])
	}
	for _, e := range at(w.ok(key, "POST", "events/restSearch", map[string]any{"returnFormat": "json", "tags": map[string]any{"AND": []string{"phishing"}, "NOT": []string{"tlp:red"}}}), "response").([]any) {
		ty.event(t, e)
	}
	for _, e := range w.ok(key, "POST", "events/index", map[string]any{"org": "CERT-X", "minimal": nil}).([]any) {
		ty.event(t, e)
	}
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{"events/index", `{"all":"%phish%"}`, 1},
		{"events/index", `{"all":"nothing"}`, 0},
		{"events/index", `{"attribute":"evil.example"}`, 1},
		{"events/index", `{"datefrom":"2026-11-20","dateuntil":"2026-11-20"}`, 1},
		{"events/index", `{"datefrom":"2026-11-21"}`, 0},
		{"events/index", `{"dateuntil":"2026-11-19"}`, 0},
		{"attributes/restSearch", `{"quickFilter":"vil.exa"}`, 1},
		{"attributes/restSearch", `{"searchall":"phishing wave"}`, 2},
		{"attributes/restSearch", `{"event_tags":["phishing"]}`, 2},
		{"attributes/restSearch", `{"event_tags":["!phishing"]}`, 0},
		{"attributes/restSearch", `{"from":"2026-11-20","to":"2026-11-20"}`, 2},
		{"attributes/restSearch", `{"from":"2026-12-01"}`, 0},
	} {
		v := w.ok(key, "POST", c.path, c.body)
		if inner := at(v, "response", "Attribute"); inner != nil {
			v = inner
		}
		if n := len(v.([]any)); n != c.want {
			t.Errorf("%s %s: %d, want %d", c.path, c.body, n, c.want)
		}
	}
	w.refused(key, "POST", "events/index", `{"threatlevel":[1]}`)
	objects := at(w.ok(key, "POST", "objects/restSearch", map[string]any{"returnFormat": "json", "object_name": "file"}), "response").([]any)
	if len(objects) != 1 {
		t.Fatalf("%v", objects)
	}
	ty.object(t, objects[0])
	if n := len(at(w.ok(key, "POST", "objects/restSearch", `{"object_name":"email"}`), "response").([]any)); n != 0 {
		t.Errorf("%d objects of another name", n)
	}
	for _, a := range w.ok(key, "GET", "attributes/index", nil).([]any) {
		ty.attribute(t, a, false)
	}
	if v := at(w.ok(key, "GET", "tags/index", nil), "Tag").([]any); len(v) != 2 || at(v, 0, "name") != "phishing" {
		t.Errorf("%v", v)
	}
	if v := at(w.ok(key, "GET", "warninglists/index", nil), "Warninglists").([]any); len(v) == 0 || at(v, 0, "Warninglist", "name") == nil {
		t.Errorf("%v", v)
	}
	if v := w.ok(key, "POST", "warninglists/checkValue", []string{"example.com", "8.8.8.8", "evil.example"}); v == nil {
		t.Errorf("%v", v)
	}
	orgs := w.ok(key, "GET", "organisations/index/scope:local", nil).([]any)
	if len(orgs) != 2 || at(w.ok(key, "GET", "organisations/view/CERT-X", nil), "Organisation", "uuid") != "00000000-0000-4000-8000-0000000000cc" {
		t.Errorf("%v", orgs)
	}
	w.ok(key, "POST", "sightings/add/"+attrID, map[string]any{"type": "0", "source": "honeypot"})
	if v := w.ok(key, "POST", "sightings/listSightings", map[string]any{"context": "event", "id": eventID}).([]any); len(v) != 1 || at(v, 0, "Sighting", "source") != "honeypot" {
		t.Errorf("%v", v)
	}
	for _, path := range []string{"sharing_groups", "taxonomies"} {
		w.ok(key, "GET", path+"/index", nil)
	}
	for _, path := range []string{"feeds/index", "admin/users/index", "servers/serverSettings", "galaxies/index", "objectTemplates/index"} {
		w.refused(key, "GET", path, nil)
	}
}

// TestHandlingOfAnEventCountsForAllOfIt: a tag of TLP that is put on an event,
// or that comes with it anew, makes everything in it stricter, and what the
// same MISP sends after that is the same.
func TestHandlingOfAnEventCountsForAllOfIt(t *testing.T) {
	w := open(t)
	key, green := w.key("ana", people.Analyst, "TLP:RED", inbox), w.key("green", people.Analyst, "TLP:GREEN")
	seen := func() int {
		return len(at(w.ok(green, "POST", "attributes/restSearch", `{}`), "response", "Attribute").([]any))
	}
	w.ok(key, "POST", "events/add", sent("tlp:green"))
	w.ok(key, "POST", "eventReports/add/"+eventID, map[string]any{"name": "Canary", "content": "evil.example"})
	if seen() != 2 {
		t.Fatalf("%d attributes before", seen())
	}
	for _, c := range []struct{ add, remove string }{{"tlp:red", "tlp:green"}, {"tlp:green", "tlp:red"}} {
		w.ok(key, "POST", "tags/attachTagToObject", map[string]any{"uuid": eventID, "tag": c.add})
		w.ok(key, "POST", "tags/removeTagFromObject", map[string]any{"uuid": eventID, "tag": c.remove})
		strict := c.add == "tlp:red"
		if a := w.call(green, "GET", "events/view/"+eventID, nil); (a.status == 404) != strict {
			t.Errorf("%s: %d %s", c.add, a.status, a.body)
		}
	}
	// The event comes whole with another tag, and its attributes are as old as
	// they were.
	for _, tag := range []string{"tlp:amber", "tlp:amber"} {
		a := w.call(key, "POST", "events/edit/"+eventID, sent(tag))
		if a.status != http.StatusOK || a.header.Get("X-Refused") != "0" {
			t.Errorf("%d, %s refused: %s", a.status, a.header.Get("X-Refused"), a.body)
		}
		if tags := fmt.Sprint(at(w.ok(key, "GET", "events/view/"+eventID, nil), "Event", "Tag")); !strings.Contains(tags, "tlp:amber") || strings.Contains(tags, "green") {
			t.Errorf("%s", tags)
		}
	}
}
