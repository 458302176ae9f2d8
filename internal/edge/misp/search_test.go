package misp_test

import (
	"strings"
	"testing"

	"twoseas/internal/act/people"
)

// TestSearches: what PyMISP's search sends, and what it reads of the answer.
func TestSearches(t *testing.T) {
	w := open(t)
	key := w.key("ana", people.Analyst, "TLP:GREEN", inbox)
	w.ok(key, "POST", "events/add", sent("tlp:green", `,{"uuid":"00000000-0000-4000-8000-000000000a04","type":"text","category":"Other","value":"plain, \"words\"\nof two lines","to_ids":false,"timestamp":"1763500000"}`,
		`,{"uuid":"00000000-0000-4000-8000-000000000a05","type":"ip-dst|port","category":"Network activity","value":"192.0.2.9|443","to_ids":true,"timestamp":"1763600000","Tag":[{"name":"own"},{"name":"PAP:AMBER"}]}`,
		`,{"uuid":"00000000-0000-4000-8000-000000000a06","type":"domain","category":"Network activity","value":"gone.example","to_ids":true,"timestamp":"1763600000","deleted":true}`))
	w.must(w.Library.CatchUp(t.Context(), w.Live))
	for _, c := range []struct{ query, want string }{
		{`{}`, "domain=evil.example text=plain ip-dst|port=192.0.2.9|443 sha256=" + strings.Repeat("a", 64)},
		{`{"value":"evil.example"}`, "domain=evil.example"},
		{`{"value":"EVIL.example"}`, "domain=evil.example"},
		{`{"value":"192.0.2.9"}`, "ip-dst|port=192.0.2.9|443"},
		{`{"value":["evil.example","192.0.2.9|443"]}`, "domain=evil.example ip-dst|port=192.0.2.9|443"},
		{`{"value":"evil%"}`, "domain=evil.example"},
		{`{"value":"nothing.example"}`, ""},
		{`{"type":"domain"}`, "domain=evil.example"},
		{`{"type":["domain","text"]}`, "domain=evil.example text=plain"},
		{`{"type":{"NOT":["domain","sha256"]}}`, "text=plain ip-dst|port=192.0.2.9|443"},
		{`{"category":"Other"}`, "text=plain"},
		{`{"to_ids":0}`, "text=plain"},
		{`{"tags":"own"}`, "ip-dst|port=192.0.2.9|443"},
		{`{"tags":["!own","phishing"],"type":"%p%"}`, ""},
		{`{"tags":{"AND":["own","phishing"]}}`, "ip-dst|port=192.0.2.9|443"},
		{`{"uuid":"` + partID + `"}`, "sha256=" + strings.Repeat("a", 64)},
		{`{"uuid":"` + attrID + `"}`, "domain=evil.example"},
		{`{"deleted":1}`, "domain=gone.example"},
		{`{"deleted":["0","1"],"type":"domain"}`, "domain=evil.example domain=gone.example"},
		{`{"timestamp":1763550000,"type":["domain","text"]}`, "domain=evil.example"},
		{`{"timestamp":[1763400000,1763550000]}`, "text=plain"},
		{`{"last":"5m","type":"domain"}`, "domain=evil.example"},
		{`{"last":["3d","2d"]}`, ""},
		{`{"limit":2,"page":1}`, "domain=evil.example text=plain"},
		{`{"limit":2,"page":2}`, "ip-dst|port=192.0.2.9|443 sha256=" + strings.Repeat("a", 64)},
		{`{"limit":2,"page":3}`, ""},
		{`{"org":"CERT-X","type":"domain"}`, "domain=evil.example"},
		{`{"org":"!CERT-X"}`, ""},
		{`{"eventid":"` + eventID + `","type":"domain"}`, "domain=evil.example"},
		{`{"eventinfo":"%wave","type":"domain"}`, "domain=evil.example"},
		{`{"request":{"type":"domain"}}`, "domain=evil.example"},
		{`{"page":null,"limit":null,"withAttachments":0,"metadata":0,"enforceWarninglist":0,"includeContext":0,"headerless":0,"type":"domain","returnFormat":"json"}`, "domain=evil.example"},
	} {
		v := w.ok(key, "POST", "attributes/restSearch", c.query)
		var got []string
		list, _ := at(v, "response", "Attribute").([]any)
		for _, a := range list {
			value, _, _ := strings.Cut(at(a, "value").(string), ",")
			got = append(got, at(a, "type").(string)+"="+value)
			if at(a, "event_uuid") != eventID {
				t.Errorf("%s: in the event %v", c.query, at(a, "event_uuid"))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.query, strings.Join(got, " "), c.want)
		}
	}
	for _, bad := range []string{`{"sharinggroup":1}`, `{"returnFormat":"xml"}`, `{"timestamp":"yesterday"}`, `{"limit":-1}`, `[`, `{"a":`} {
		if a := w.call(key, "POST", "attributes/restSearch", bad); a.status != 400 {
			t.Errorf("%s: %d %s", bad, a.status, a.body)
		}
	}
	for _, c := range []struct{ query, want string }{
		{`{"returnFormat":"text","type":"domain"}`, "evil.example\n"},
		{`{"returnFormat":"hashes"}`, strings.Repeat("a", 64) + "\n"},
		{`{"returnFormat":"csv","type":"text","headerless":1}`, `"00000000-0000-4000-8000-000000000a04","N","Other","text","plain, ""words"" of two lines","","0","1763500000","","tlp:green","","",""` + "\n"},
	} {
		a := w.call(key, "POST", "attributes/restSearch", c.query)
		got := string(a.body)
		if strings.Contains(c.query, "csv") {
			cells := strings.Split(got, `","`)
			got = strings.Replace(got, `"`+cells[1]+`"`, `"N"`, 1)
		}
		if a.status != 200 || got != c.want {
			t.Errorf("%s: %d\ngot  %q\nwant %q", c.query, a.status, got, c.want)
		}
	}
	if rules := string(w.call(key, "POST", "attributes/restSearch", `{"returnFormat":"suricata"}`).body); rules != "" {
		t.Errorf("what says nothing of PAP, and what PAP:AMBER marks, is not for rules: %s", rules)
	}
	if rules := string(w.call(key, "POST", "attributes/restSearch", `{"returnFormat":"suricata","pap":"none"}`).body); !strings.Contains(rules, "evil.example") || strings.Contains(rules, "192.0.2.9") {
		t.Errorf("what PAP:AMBER marks is not for rules: %s", rules)
	}
	// Both shapes.
	v := w.ok(key, "POST", "events/restSearch", `{"value":"evil.example","metadata":0}`)
	if at(v, "response", 0, "Event", "uuid") != eventID || len(at(v, "response", 0, "Event", "Attribute").([]any)) != 3 {
		t.Errorf("%v", v)
	}
	if v := w.ok(key, "POST", "events/restSearch", `{"eventid":"`+eventID+`","wrap":0,"metadata":1}`); at(v, 0, "Event", "uuid") != eventID || at(v, 0, "Event", "Attribute") != nil {
		t.Errorf("%v", v)
	}
	if v := w.ok(key, "POST", "events/restSearch", `{"value":"nothing.example"}`); len(at(v, "response").([]any)) != 0 {
		t.Errorf("%v", v)
	}
	if v := w.ok(key, "GET", "attributes/view/"+partID, nil); at(v, "Attribute", "type") != "sha256" || at(v, "Attribute", "object_uuid") != "00000000-0000-4000-8000-0000000000f1" {
		t.Errorf("%v", v)
	}
}
