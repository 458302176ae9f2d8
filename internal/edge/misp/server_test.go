package misp_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// world is a node with accounts that speak MISP.
type world struct {
	*nodetest.Node
	t *testing.T
}

func open(t *testing.T) *world {
	t.Helper()
	n := nodetest.Start(t, "in", func(c *node.Config) { c.HTTP = true })
	w := &world{Node: n, t: t}
	w.must(n.Live.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddCollection(&store.Collection{ID: "52892447-4d7e-4f70-b94d-d7f22742ff63", Alias: "misp", Title: "From MISP"})
	}))
	w.must(n.Live.Write(t.Context(), func(tx *store.Tx) error {
		return tx.AddCollection(&store.Collection{ID: "64993447-4d7e-4f70-b94d-d7f33742ee63", Title: "Other", DefaultTLP: "green"})
	}))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// key makes an account and returns its key.
func (w *world) key(name string, role people.Role, clearance string, collections ...string) string {
	w.t.Helper()
	ctx := w.t.Context()
	w.must(w.People.AddAccount(ctx, w.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Clearance: clearance, Password: "a long enough password"}))
	for _, c := range collections {
		w.must(w.People.Grant(ctx, w.Live, w.Operator(), store.Right{Account: name, Collection: c, Read: true, Write: true}))
	}
	key, err := w.People.IssueToken(ctx, w.Operator(), name, "MISP", 0)
	w.must(err)
	return key
}

const inbox = "52892447-4d7e-4f70-b94d-d7f22742ff63"

// answer is what a call returned.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call makes a call as PyMISP and MISP do.
func (w *world) call(key, method, path string, body any, change ...func(*http.Request)) answer {
	w.t.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	case []byte:
		in = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(body)
		w.must(err)
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.Run.URL+"/misp/"+path, in)
	w.must(err)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "PyMISP 2.5.12 - Python 3.11")
	if key != "" {
		req.Header.Set("Authorization", key)
	}
	for _, c := range change {
		c(req)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	w.must(err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	w.must(err)
	return answer{resp.StatusCode, resp.Header, raw}
}

// ok is call that must succeed; it decodes the answer.
func (w *world) ok(key, method, path string, body any) any {
	w.t.Helper()
	a := w.call(key, method, path, body)
	if a.status != http.StatusOK {
		w.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		w.t.Fatalf("%s %s: %v: %.300s", method, path, err, a.body)
	}
	return v
}

// at walks into a decoded answer.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

const (
	eventID = "00000000-0000-4000-8000-000000000e01"
	attrID  = "00000000-0000-4000-8000-000000000a01"
	partID  = "00000000-0000-4000-8000-000000000a02"
)

// sent is an event as a MISP pushes it.
func sent(tag string, more ...string) string {
	return `{"Event":{"uuid":"` + eventID + `","info":"Phishing wave","date":"2026-11-20","timestamp":"1763600000","published":true,"analysis":"1","threat_level_id":"2","distribution":"1",` +
		`"Orgc":{"uuid":"00000000-0000-4000-8000-0000000000cc","name":"CERT-X"},"Tag":[{"name":"` + tag + `"},{"name":"phishing"}],` +
		`"Attribute":[{"uuid":"` + attrID + `","type":"domain","category":"Network activity","value":"evil.example","to_ids":true,"timestamp":"1763600000","comment":"c","distribution":"5"}` +
		strings.Join(more, "") + `],` +
		`"Object":[{"uuid":"00000000-0000-4000-8000-0000000000f1","name":"file","meta-category":"file","timestamp":"1763600000","distribution":"5","Attribute":[` +
		`{"uuid":"` + partID + `","type":"sha256","category":"Payload delivery","value":"` + strings.Repeat("a", 64) + `","to_ids":true,"object_relation":"sha256","timestamp":"1763600000"}]}]}}`
}

// TestWhatPyMISPAsksFirst: the calls by which PyMISP finds out where it is.
func TestWhatPyMISPAsksFirst(t *testing.T) {
	w := open(t)
	key := w.key("ana", people.Analyst, "TLP:AMBER", inbox)
	v := w.ok(key, "GET", "servers/getVersion", nil)
	if at(v, "version") != "2.5.12" || at(v, "pymisp_recommended_version") == nil || at(v, "perm_sync") != true {
		t.Errorf("%v", v)
	}
	me := w.ok(key, "GET", "users/view/me", nil)
	if at(me, "User", "email") != "ana" || at(me, "Role", "perm_site_admin") != false || at(me, "UserSetting") == nil {
		t.Errorf("%v", me)
	}
	types := w.ok(key, "GET", "attributes/describeTypes.json", nil)
	for _, name := range []string{"sane_defaults", "types", "categories", "category_type_mappings"} {
		if at(types, "result", name) == nil {
			t.Errorf("describeTypes lacks %s", name)
		}
	}
	if at(types, "result", "sane_defaults", "ip-dst", "default_category") != "Network activity" {
		t.Errorf("%v", at(types, "result", "sane_defaults", "ip-dst"))
	}
	for name, change := range map[string]func(*http.Request){
		"X-MISP-AUTH": func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("X-MISP-AUTH", key) },
		"Bearer":      func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) },
	} {
		if a := w.call(key, "GET", "servers/getVersion", nil, change); a.status != 200 {
			t.Errorf("key in %s: %d", name, a.status)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"no key": func(r *http.Request) { r.Header.Del("Authorization") }, "wrong key": func(r *http.Request) { r.Header.Set("Authorization", key+"0") },
		"two keys": func(r *http.Request) { r.Header.Set("X-MISP-AUTH", key) },
	} {
		a := w.call(key, "GET", "servers/getVersion", nil, change)
		var e struct{ Name, Message, URL string }
		if a.status != http.StatusUnauthorized || json.Unmarshal(a.body, &e) != nil || e.Message == "" || e.URL != "/misp/servers/getVersion" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := w.call(key, "GET", "admin/users/index", nil); a.status != 404 || !strings.Contains(string(a.body), `"message":"Not Found"`) {
		t.Errorf("an unknown call: %d %s", a.status, a.body)
	}
	if a := w.call(key, "DELETE", "events/view/x", nil); a.status != 405 {
		t.Errorf("an unknown method: %d", a.status)
	}
}

// TestAPeerPushesAndPulls plays the calls that a MISP makes to synchronise, in
// its order.
func TestAPeerPushesAndPulls(t *testing.T) {
	w := open(t)
	key := w.key("peer", people.Member, "TLP:GREEN", inbox)
	test := w.ok(key, "POST", "servers/postTest", map[string]any{"testString": "ä☃"})
	if at(test, "body", "testString") != "ä☃" || at(test, "headers", "Content-type") != "application/json" || at(test, "headers", "Accept") != "application/json" {
		t.Errorf("%v", test)
	}
	offer := []any{map[string]any{"Event": map[string]any{"uuid": eventID, "timestamp": "1763600000"}}}
	if got := w.ok(key, "POST", "events/filterEventIdsForPush", offer); fmt.Sprint(got) != "["+eventID+"]" {
		t.Fatalf("wanted %v", got)
	}
	if a := w.call(key, "HEAD", "events/view/"+eventID, nil); a.status != 404 || len(a.body) > 0 {
		t.Fatalf("HEAD of what is not there: %d", a.status)
	}
	added := w.ok(key, "POST", "events/add/metadata:1", sent("tlp:green"))
	if at(added, "Event", "uuid") != eventID || at(added, "Event", "Attribute") != nil {
		t.Errorf("%v", added)
	}
	if a := w.call(key, "HEAD", "events/view/"+eventID, nil); a.status != 200 {
		t.Errorf("HEAD: %d", a.status)
	}
	if got := w.ok(key, "POST", "events/filterEventIdsForPush", offer); len(got.([]any)) != 0 {
		t.Errorf("wanted again: %v", got)
	}
	// The same once more doubles nothing.
	w.ok(key, "POST", "events/add/metadata:1", sent("tlp:green"))
	before := w.count()
	if before != 4 {
		t.Errorf("%d objects, want the organisation, two indicators and the report", before)
	}
	// An attribute more, compressed, by edit.
	more := strings.ReplaceAll(sent("tlp:green", `,{"uuid":"00000000-0000-4000-8000-000000000a03","type":"ip-dst","category":"Network activity","value":"192.0.2.7","to_ids":true,"timestamp":"1763600100"}`), `"timestamp":"1763600000","published"`, `"timestamp":"1763600100","published"`)
	var z bytes.Buffer
	gz := gzip.NewWriter(&z)
	gz.Write([]byte(more))
	gz.Close()
	a := w.call(key, "POST", "events/edit/"+eventID+"/metadata:1", z.Bytes(), func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") })
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if n := w.count(); n != before+2 {
		t.Errorf("%d objects more, want the attribute and the report", n-before)
	}
	// And out again.
	index := w.ok(key, "POST", "events/index", map[string]any{"minimal": 1, "published": 1})
	if len(index.([]any)) != 1 || at(index, 0, "uuid") != eventID || at(index, 0, "timestamp") != "1763600100" || at(index, 0, "orgc_uuid") != "00000000-0000-4000-8000-0000000000cc" {
		t.Errorf("%v", index)
	}
	tag := w.call(key, "POST", "events/index", `{"minimal":1}`, func(r *http.Request) { r.Header.Set("If-None-Match", `""`) }).header.Get("Etag")
	if again := w.call(key, "POST", "events/index", `{"minimal":1}`, func(r *http.Request) { r.Header.Set("If-None-Match", tag) }); tag == "" || again.status != http.StatusNotModified {
		t.Errorf("ETag %q: %d", tag, again.status)
	}
	e := w.ok(key, "GET", "events/view/"+eventID+"/deleted[]:0/deleted[]:1/excludeGalaxy:1/includeEventCorrelations:0/includeFeedCorrelations:0", nil)
	if len(at(e, "Event", "Attribute").([]any)) != 2 || at(e, "Event", "Object", 0, "Attribute", 0, "uuid") != partID || at(e, "Event", "info") != "Phishing wave" ||
		at(e, "Event", "distribution") != "1" || at(e, "Event", "Orgc", "name") != "CERT-X" || at(e, "Event", "threat_level_id") != "2" {
		t.Errorf("%v", e)
	}
	for path, want := range map[string]string{
		"shadow_attributes/index/all:1/timestamp:1763000000/limit:1000/page:1.json": "[]", "analyst_data/index/Note/uuid[]:x.json": "[]",
		"servers/getAvailableSyncFilteringRules": `{"organisations":[],"tags":[]}`,
	} {
		if a := w.call(key, "GET", path, nil); a.status != 200 || string(a.body) != want {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if v := w.ok(key, "POST", "galaxy_clusters/restSearch", `{"published":1,"minimal":1,"custom":1}`); len(at(v, "response").([]any)) != 0 {
		t.Errorf("%v", v)
	}
	if a := w.call(key, "POST", "galaxies/pushCluster", `[{}]`); a.status != 403 {
		t.Errorf("pushCluster: %d %s", a.status, a.body)
	}
}

func (w *world) count() (n int) {
	w.must(w.Live.Read(w.t.Context(), func(tx *store.Tx) error {
		return tx.Objects(0, store.AllLabels, func(store.Object) error { n++; return nil })
	}))
	return n
}

// TestSightingsGoBothWays between two MISPs.
func TestSightingsGoBothWays(t *testing.T) {
	w := open(t)
	key := w.key("peer", people.Member, "TLP:GREEN", inbox)
	w.ok(key, "POST", "events/add", sent("tlp:green"))
	w.must(w.Library.CatchUp(t.Context(), w.Live))
	seen := []any{
		map[string]any{
			"uuid": "00000000-0000-4000-8000-00000000aa01", "attribute_uuid": attrID, "type": "0", "date_sighting": "1763600500", "source": "SIEM", "org_id": "0",
			"Organisation": map[string]any{"uuid": "00000000-0000-4000-8000-0000000000dd", "name": "CERT-Y"},
		},
		map[string]any{"uuid": "00000000-0000-4000-8000-00000000aa02", "attribute_uuid": partID, "type": "1", "date_sighting": "1763600600", "source": ""},
		map[string]any{"uuid": "00000000-0000-4000-8000-00000000aa03", "attribute_uuid": "00000000-0000-4000-8000-00000000ffff", "type": "0"},
	}
	if v := w.ok(key, "POST", "sightings/bulkSaveSightings/"+eventID, seen); at(v, "saved") != true {
		t.Fatalf("%v", v)
	}
	before := w.count()
	w.ok(key, "POST", "sightings/bulkSaveSightings/"+eventID, seen[:2])
	if n := w.count(); n != before {
		t.Errorf("the same sightings again make %d objects", n-before)
	}
	w.must(w.Library.CatchUp(t.Context(), w.Live))
	known := w.ok(key, "POST", "sightings/filterSightingUuidsForPush/"+eventID, []string{"00000000-0000-4000-8000-00000000aa01", "00000000-0000-4000-8000-00000000aa02", "00000000-0000-4000-8000-00000000aa03"})
	if fmt.Sprint(known) != "[00000000-0000-4000-8000-00000000aa01 00000000-0000-4000-8000-00000000aa02]" {
		t.Errorf("known %v", known)
	}
	v := w.ok(key, "POST", "sightings/restSearch/event", map[string]any{"returnFormat": "json", "last": 0, "includeUuid": true, "uuid": []string{eventID}})
	list := at(v, "response").([]any)
	if len(list) != 2 || at(list[0], "Sighting", "attribute_uuid") != attrID || at(list[0], "Sighting", "Organisation", "name") != "CERT-Y" ||
		at(list[1], "Sighting", "attribute_uuid") != partID || at(list[1], "Sighting", "type") != "1" {
		t.Errorf("%v", list)
	}
	e := w.ok(key, "GET", "events/view/"+eventID, nil)
	if at(e, "Event", "Attribute", 0, "Sighting", 0, "source") != "SIEM" || at(e, "Event", "Object", 0, "Attribute", 0, "Sighting", 0, "type") != "1" {
		t.Errorf("%v", e)
	}
	// PyMISP's way.
	if v := w.ok(key, "POST", "sightings/add/"+attrID, map[string]any{"type": "0", "source": "honeypot"}); at(v, "Sighting", "attribute_uuid") != attrID {
		t.Errorf("%v", v)
	}
	if v := w.ok(key, "POST", "sightings/add", map[string]any{"values": []string{"evil.example"}, "timestamp": 1763600700}); at(v, "Sighting", "uuid") == nil {
		t.Errorf("%v", v)
	}
	reader := w.key("reader", people.Auditor, "TLP:RED")
	if a := w.call(reader, "POST", "sightings/add/"+attrID, `{}`); a.status != 403 {
		t.Errorf("an auditor sights: %d", a.status)
	}
}

func shared(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI needs the shared data: %v", err)
		}
		t.Skipf("SKIPPED, real data not tested: %v", err)
	}
	return path
}

// TestWhatDidNotComeFromMISP: reports with what they name, and the rest by day
// and marking; every indicator once.
func TestWhatDidNotComeFromMISP(t *testing.T) {
	w := open(t)
	key := w.key("ana", people.Analyst, "TLP:GREEN", inbox)
	indicator := func(n int) string {
		return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'd%d.example']","name":"n%d"}`, n, n, n)
	}
	report := func(n int, refs string) string {
		return fmt.Sprintf(`{"type":"report","spec_version":"2.1","id":"report--00000000-0000-4000-8000-%012d","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","published":"2026-11-01T00:00:00Z","name":"Report %d","description":"Long","object_refs":[%s]}`, n, n, refs)
	}
	ref := func(n int) string { return fmt.Sprintf(`"indicator--00000000-0000-4000-8000-%012d"`, n) }
	w.Import(marking.Green, "["+indicator(1)+","+indicator(2)+","+indicator(3)+","+report(9, ref(1)+","+ref(2))+","+report(8, ref(2))+"]")
	w.Import(marking.Red, "["+indicator(4)+","+report(7, ref(3))+"]")
	index := w.ok(key, "GET", "events/index", nil).([]any)
	var got []string
	uuids := map[string]int{}
	for _, e := range index {
		v := w.ok(key, "GET", "events/view/"+at(e, "uuid").(string), nil)
		var values []string
		for _, a := range at(v, "Event", "Attribute").([]any) {
			values = append(values, at(a, "value").(string))
			uuids[at(a, "uuid").(string)]++
		}
		got = append(got, strings.ReplaceAll(at(e, "info").(string), time.Now().UTC().Format(time.DateOnly), "today")+": "+strings.Join(values, " "))
		if at(e, "distribution") != "1" || at(v, "Event", "timestamp") != at(e, "timestamp") {
			t.Errorf("%v", e)
		}
	}
	slices.Sort(got)
	want := []string{"Indicators of today from in, TLP:GREEN: d3.example", "Report 8: d2.example", "Report 9: d1.example d2.example"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for id, n := range uuids {
		if n > 1 {
			t.Errorf("the UUID %s is in %d events", id, n)
		}
	}
	// They are not MISP's to change.
	day := index[slices.IndexFunc(index, func(e any) bool { return strings.HasPrefix(at(e, "info").(string), "Ind") })]
	for _, id := range []string{at(day, "uuid").(string), "00000000-0000-4000-8000-000000000009"} {
		body := strings.ReplaceAll(sent("tlp:green"), eventID, id)
		for _, path := range []string{"events/edit/" + id, "events/add"} {
			if a := w.call(key, "POST", path, body); a.status != 403 {
				t.Errorf("%s: %d %s", path, a.status, a.body)
			}
		}
	}
	// A red reader sees more, and the report keeps its own.
	red := w.key("red", people.Analyst, "TLP:RED")
	if n := len(w.ok(red, "GET", "events/index", nil).([]any)); n != 4 { // reports 7, 8, 9; indicator 4; 3 is report 7's
		t.Errorf("%d events for a reader cleared for TLP:RED", n)
	}
}
