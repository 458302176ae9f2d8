package misp_test

import (
	"fmt"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
)

// TestWhatEventsShareIsEachOnesOwn: two events name one cluster and one
// organisation, describe and mark them differently, and both come back as they
// were; nothing is refused.
func TestWhatEventsShareIsEachOnesOwn(t *testing.T) {
	w := open(t)
	key, green := w.key("ana", people.Analyst, "TLP:AMBER", inbox), w.key("green", people.Analyst, "TLP:GREEN")
	const other = "00000000-0000-4000-8000-000000000e02"
	with := func(tag, id, says string) string {
		galaxy := fmt.Sprintf(`"Galaxy":[{"uuid":"00000000-0000-4000-8000-00000000a0a0","name":"Threat Actor","type":"threat-actor","version":"3","GalaxyCluster":[{"uuid":"00000000-0000-4000-8000-00000000a0a1","type":"threat-actor","value":"Sea Wolf","description":%q,"version":"7","tag_name":"misp-galaxy:threat-actor=\"Sea Wolf\""}]}],"Tag":`, says)
		return strings.NewReplacer(eventID, id, `"Tag":`, galaxy, attrID, strings.Replace(id, "0e", "1e", 1), partID, strings.Replace(id, "0e", "2e", 1), "0000000000f1", "0000000000"+id[len(id)-2:]).Replace(sent(tag))
	}
	for _, e := range []struct{ tag, id, says string }{{"tlp:amber", eventID, "as one sees it"}, {"tlp:green", other, "as another does"}} {
		for range 2 { // sent again it is the same
			a := w.call(key, "POST", "events/add", with(e.tag, e.id, e.says))
			if a.status != 200 || a.header.Get("X-Refused") != "0" {
				t.Errorf("%s: %d, %s refused: %s", e.says, a.status, a.header.Get("X-Refused"), a.body)
			}
		}
	}
	for id, says := range map[string]string{eventID: "as one sees it", other: "as another does"} {
		e := w.ok(key, "GET", "events/view/"+id, nil)
		if at(e, "Event", "Galaxy", 0, "GalaxyCluster", 0, "description") != says || len(at(e, "Event", "Galaxy").([]any)) != 1 || at(e, "Event", "Orgc", "name") != "CERT-X" {
			t.Errorf("%s: %v", says, at(e, "Event", "Galaxy"))
		}
	}
	// Who sees only the one sees whose it is, and nothing of the other.
	a := w.call(green, "GET", "events/view/"+other, nil)
	if e := string(a.body); a.status != 200 || !strings.Contains(e, "CERT-X") || !strings.Contains(e, "as another does") || strings.Contains(e, "as one sees it") {
		t.Errorf("%d %s", a.status, e)
	}
}

// TestWhatIsNotLookedForAnyMoreIsNoIndicator: an attribute whose to_ids goes is
// revoked as an indicator, by an edit and when the event comes whole, and comes
// back when it is set again.
func TestWhatIsNotLookedForAnyMoreIsNoIndicator(t *testing.T) {
	w := open(t)
	key := w.key("ana", people.Analyst, "TLP:AMBER", inbox)
	w.ok(key, "POST", "events/add", sent("tlp:green"))
	found := func() int {
		return len(at(w.ok(key, "POST", "attributes/restSearch", `{"to_ids":1,"type":"domain"}`), "response", "Attribute").([]any))
	}
	whole := func(ids string, second int) {
		body := strings.NewReplacer(`"value":"evil.example","to_ids":true,"timestamp":"1763600000"`, fmt.Sprintf(`"value":"evil.example","to_ids":%s,"timestamp":"%d"`, ids, 1763600000+second),
			`"timestamp":"1763600000","published"`, fmt.Sprintf(`"timestamp":"%d","published"`, 1763600000+second)).Replace(sent("tlp:green"))
		if a := w.call(key, "POST", "events/edit/"+eventID, body); a.status != 200 || a.header.Get("X-Refused") != "0" {
			t.Errorf("%d, %s refused", a.status, a.header.Get("X-Refused"))
		}
	}
	for i, c := range []struct {
		do   func()
		want int
	}{
		{func() {}, 1},
		{func() { whole("false", 100) }, 0},
		{func() { whole("true", 200) }, 1},
		{func() { w.ok(key, "POST", "attributes/edit/"+attrID, `{"to_ids":false}`) }, 0},
	} {
		c.do()
		if n := found(); n != c.want {
			t.Errorf("step %d: %d indicators, want %d", i, n, c.want)
		}
		e := w.ok(key, "POST", "events/view/"+eventID, `{"deleted":[0,1]}`)
		if n := len(at(e, "Event", "Attribute").([]any)); n != 1 {
			t.Errorf("step %d: the attribute is there %d times: %v", i, n, at(e, "Event", "Attribute"))
		}
	}
	if n := len(w.ok(key, "GET", "events/index", nil).([]any)); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestOnlyItsOwnerChangesAnEvent: what did not come from MISP, and what the
// account may not see, is not changed by any call.
func TestOnlyItsOwnerChangesAnEvent(t *testing.T) {
	w := open(t)
	red, green := w.key("red", people.Analyst, "TLP:RED", inbox), w.key("green", people.Member, "TLP:GREEN", inbox)
	reader := w.key("reader", people.Auditor, "TLP:RED")
	w.ok(red, "POST", "events/add", sent("tlp:red"))
	const ours = "00000000-0000-4000-8000-000000000009"
	w.Import(marking.Green, `[`+loose(1, "2026-11-01T00:00:00.000Z", "d.example")+`,{"type":"report","spec_version":"2.1","id":"report--`+ours+`","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","published":"2026-11-01T00:00:00Z","name":"Ours","object_refs":["indicator--00000000-0000-4000-8000-000000000001"]}]`)
	before := w.count()
	body := map[string]any{"type": "domain", "value": "x.example", "uuid": "00000000-0000-4000-8000-0000000000ff", "name": "file", "content": "c", "comment": "c", "tag": "x", "Attribute": []any{map[string]any{"type": "domain", "value": "x.example"}}}
	for key, targets := range map[string][2]string{green: {eventID, attrID}, reader: {eventID, attrID}, red: {ours, "00000000-0000-4000-8000-000000000001"}} {
		for _, path := range []string{"attributes/add/", "objects/add/", "eventReports/add/", "events/publish/", "events/unpublish/", "events/edit/"} {
			w.refused(key, "POST", path+targets[0], body)
		}
		for _, path := range []string{"attributes/edit/", "attributes/delete/", "objects/edit/", "objects/delete/"} {
			w.refused(key, "POST", path+targets[1], body)
		}
		for _, uuid := range targets {
			for _, tag := range []string{"x", "tlp:clear"} {
				w.refused(key, "POST", "tags/attachTagToObject", map[string]any{"uuid": uuid, "tag": tag})
				w.refused(key, "POST", "tags/removeTagFromObject", map[string]any{"uuid": uuid, "tag": tag})
			}
		}
	}
	if n := w.count(); n != before {
		t.Errorf("%d objects came of it", n-before)
	}
}
