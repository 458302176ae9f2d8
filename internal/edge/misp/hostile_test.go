package misp_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/store"
)

// TestHostileBodies: nothing that is sent costs more than it may, or leaves
// anything behind.
func TestHostileBodies(t *testing.T) {
	w := open(t)
	key := w.key("peer", people.Member, "TLP:GREEN", inbox)
	var zeros bytes.Buffer
	z := gzip.NewWriter(&zeros)
	block := bytes.Repeat([]byte(" "), 1<<20)
	for range 513 { // beyond MaxUnpacked
		z.Write(block)
	}
	z.Close()
	packed := func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }
	deep := strings.Repeat(`{"Event":`, 20_000)
	nested := `{"Event":{"uuid":"` + eventID + `","info":"x","Attribute":[{"type":"text","value":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + `}]}}`
	for name, c := range map[string]struct {
		body   any
		status []int
		change []func(*http.Request)
	}{
		"nothing":           {"", []int{400}, nil},
		"no JSON":           {"hello", []int{400}, nil},
		"no event":          {`{"a":1}`, []int{400}, nil},
		"a bundle":          {`{"type":"bundle","objects":[]}`, []int{400}, nil},
		"two events":        {`{"response":[` + sent("tlp:green") + `,` + strings.ReplaceAll(sent("tlp:green"), eventID, attrID) + `]}`, []int{400}, nil},
		"deep":              {deep, []int{400}, nil},
		"deep inside":       {nested, []int{400, 200}, nil},
		"not gzip":          {"hello", []int{400}, []func(*http.Request){packed}},
		"half a gigabyte":   {zeros.Bytes(), []int{413}, []func(*http.Request){packed}},
		"half a gzip":       {zeros.Bytes()[:zeros.Len()/8], []int{400}, []func(*http.Request){packed}},
		"br":                {sent("tlp:green"), []int{415}, []func(*http.Request){func(r *http.Request) { r.Header.Set("Content-Encoding", "br") }}},
		"not UTF-8":         {strings.Replace(sent("tlp:green"), "Phishing", "Phish\xff\xfe", 1), []int{200}, nil},
		"another's uuid":    {strings.Replace(sent("tlp:green"), eventID, "not-a-uuid", 1), []int{200}, nil},
		"longer than it is": {sent("tlp:green") + strings.Repeat(" ", 1000) + "x", []int{400}, nil},
	} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		a := w.call(key, "POST", "events/add", c.body, c.change...)
		runtime.ReadMemStats(&after)
		found := false
		for _, s := range c.status {
			found = found || s == a.status
		}
		if !found || !bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("{")) {
			t.Errorf("%s: %d %.200s", name, a.status, a.body)
		}
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 200<<20 {
			t.Errorf("%s: the heap grows by %d MB", name, grown>>20)
		}
	}
	for _, path := range []string{"events/view/%00", "events/view/../../etc", "events/view/" + strings.Repeat("a", 5000), "events//view//x", "events/view/x:y", "%zz"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Run.URL+"/misp/events", nil)
		w.must(err)
		req.URL.Opaque = "/misp/" + path
		req.Header.Set("Authorization", key)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			continue // not a request at all
		}
		resp.Body.Close()
		if resp.StatusCode < 300 || resp.StatusCode >= 500 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

// TestAPeerThatDiesMidSyncLosesAndDoublesNothing: the body breaks off at many
// places; what came is kept or not, and the whole event sent again is there
// once.
func TestAPeerThatDiesMidSyncLosesAndDoublesNothing(t *testing.T) {
	w := open(t)
	key := w.key("peer", people.Member, "TLP:GREEN", inbox)
	var more strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&more, `,{"uuid":"00000000-0000-4000-9000-%012d","type":"domain","category":"Network activity","value":"h%d.example","to_ids":true,"timestamp":"1763600000"}`, i, i)
	}
	body := sent("tlp:green", more.String())
	for _, cut := range []int{10, len(body) / 3, len(body) * 2 / 3, len(body) - 300, len(body) - 1} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.Run.URL, "http://"))
		w.must(err)
		fmt.Fprintf(conn, "POST /misp/events/add/metadata:1 HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", key, len(body))
		_, err = io.WriteString(conn, body[:cut])
		w.must(err)
		w.must(conn.Close())
	}
	time.Sleep(50 * time.Millisecond) // the last of them may still be at work
	w.ok(key, "POST", "events/add/metadata:1", body)
	n := w.count()
	if n != 5004 { // the organisation, 5,001 attributes, the object, the report
		t.Errorf("%d objects", n)
	}
	w.ok(key, "POST", "events/add/metadata:1", body)
	if again := w.count(); again != n {
		t.Errorf("sent again it makes %d objects more", again-n)
	}
	e := w.ok(key, "GET", "events/view/"+eventID, nil)
	if got := len(at(e, "Event", "Attribute").([]any)); got != 5001 {
		t.Errorf("%d attributes", got)
	}
}

// TestNothingShowsWhatAReaderIsNotClearedFor: what is stricter has no trace in
// any answer, by any call, neither as a value nor as a number or a time.
func TestNothingShowsWhatAReaderIsNotClearedFor(t *testing.T) {
	w := open(t)
	red := w.key("red", people.Analyst, "TLP:RED", inbox)
	green := w.key("green", people.Analyst, "TLP:GREEN")
	w.ok(red, "POST", "events/add", sent("tlp:green"))
	w.must(w.Library.CatchUp(t.Context(), w.Live))
	calls := func() string {
		var b strings.Builder
		for _, c := range []struct{ method, path, body string }{
			{"POST", "events/index", `{}`},
			{"POST", "events/index", `{"minimal":1}`},
			{"POST", "events/restSearch", `{}`},
			{"POST", "attributes/restSearch", `{"includeSightings":1}`},
			{"GET", "events/view/" + eventID, ""},
			{"POST", "attributes/restSearch", `{"returnFormat":"csv"}`},
			{"POST", "attributes/restSearch", `{"value":"canary%"}`},
			{"POST", "attributes/restSearch", `{"value":"canary.example"}`},
			{"POST", "sightings/restSearch/event", `{"uuid":["` + eventID + `"]}`},
			{"POST", "events/restSearch", `{"value":"canary.example"}`},
			{"POST", "events/filterEventIdsForPush", `[{"Event":{"uuid":"00000000-0000-4000-8000-00000000ca01","timestamp":"1"}}]`},
			{"HEAD", "events/view/00000000-0000-4000-8000-00000000ca01", ""},
		} {
			var body any
			if c.body != "" {
				body = c.body
			}
			a := w.call(green, c.method, c.path, body)
			fmt.Fprintf(&b, "%s %s %d %s %s\n", c.path, c.body, a.status, a.header.Get("X-Result-Count"), a.body)
		}
		return b.String()
	}
	before := calls()
	if !strings.Contains(before, "evil.example") {
		t.Fatalf("nothing to see at all: %s", before)
	}
	// A red attribute in the green event, a red event, a red sighting of a
	// green attribute, a red report that names a green indicator, a red
	// indicator of today.
	w.ok(red, "POST", "events/add", strings.ReplaceAll(strings.ReplaceAll(sent("tlp:red"), eventID, "00000000-0000-4000-8000-00000000ca01"), "evil.example", "canary.example"))
	raw := func(typ string, n int, more string) string {
		return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--00000000-0000-4000-8000-%012d","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z",%s}`, typ, typ, n, more)
	}
	ind := `"valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'canary.example']","name":"canary"`
	w.Import(marking.Red, "["+raw("indicator", 77, ind)+","+raw("sighting", 78, `"sighting_of_ref":"indicator--`+attrID+`","count":7`)+","+
		raw("report", 79, `"published":"2026-11-01T00:00:00Z","name":"canary","object_refs":["indicator--`+attrID+`","indicator--00000000-0000-4000-8000-000000000077"]`)+","+
		raw("note", 80, `"content":"canary","object_refs":["indicator--`+attrID+`","report--`+eventID+`"]`)+"]")
	// A newer version of the green attribute that only red readers see.
	w.Import(marking.Red, "["+strings.Replace(raw("indicator", 0, ind), "indicator--00000000-0000-4000-8000-000000000000", "indicator--"+attrID, 1)+"]")
	w.must(w.Library.CatchUp(t.Context(), w.Live))
	if after := calls(); after != before {
		t.Errorf("what the reader sees has changed:\n%s\n---\n%s", before, after)
	}
	if seen := w.call(red, "POST", "attributes/restSearch", `{"value":"canary.example"}`); !strings.Contains(string(seen.body), "canary") {
		t.Errorf("who is cleared does not see it: %s", seen.body)
	}
	// A label that becomes stricter takes its event away at once: the same
	// bytes come again, from somebody who says more of them.
	w.relabel("report--"+eventID, marking.Red)
	for path, want := range map[string]int{"events/view/" + eventID: 404, "events/view/" + eventID + "/metadata:1": 404} {
		if a := w.call(green, "GET", path, nil); a.status != want {
			t.Errorf("%s after its label changed: %d %.200s", path, a.status, a.body)
		}
	}
	if list := w.ok(green, "POST", "events/index", `{}`).([]any); len(list) != 1 || at(list, 0, "uuid") == eventID || at(list, 0, "distribution") != "1" {
		t.Errorf("what is left of it is an event of its day: %v", list)
	}
}

// relabel gives the object a label of its own that says tlp.
func (w *world) relabel(id string, tlp marking.TLP) {
	w.must(w.Live.Write(w.t.Context(), func(tx *store.Tx) error {
		known, err := tx.Known([]string{id})
		if err != nil {
			return err
		}
		l := marking.MakeLabel(marking.Terms{TLP: tlp}, marking.Facts{Kind: "threat", Origin: "in"})
		n, err := tx.AddLabel(store.Label{Raw: l.Canonical(), Resolved: l.Canonical()}, func(clearance string) bool { return strings.HasPrefix(clearance, "TLP:RED") })
		if err != nil {
			return err
		}
		k := known[id][0]
		return tx.Relabel(store.Move{Seq: k.Seq, ID: id, From: k.Label, To: n})
	}))
}

// TestDistributionIsNoAuthority: however wide MISP says, what has no TLP is for
// nobody but who may see that; and what it calls narrow is not made wide by a
// collection's default.
func TestDistributionIsNoAuthority(t *testing.T) {
	w := open(t)
	const other = "64993447-4d7e-4f70-b94d-d7f33742ee63" // whose default is TLP:GREEN
	key, green := w.key("peer", people.Member, "TLP:RED", other), w.key("green", people.Analyst, "TLP:GREEN")
	for i, c := range []struct {
		distribution string
		seen         int
	}{{"3", 200}, {"1", 200}, {"0", 404}, {"4", 404}} {
		id := fmt.Sprintf("00000000-0000-4000-8000-0000000000%02d", 50+i)
		body := strings.NewReplacer(eventID, id, attrID, id, partID, id, "00000000-0000-4000-8000-0000000000f1", strings.Replace(id, "4000", "4001", 1), `"distribution":"1"`, `"distribution":"`+c.distribution+`"`, "tlp:green", "none").Replace(sent("tlp:green"))
		w.ok(key, "POST", "events/add/metadata:1", body)
		if a := w.call(green, "GET", "events/view/"+id, nil); a.status != c.seen {
			t.Errorf("distribution %s: %d, want %d", c.distribution, a.status, c.seen)
		}
	}
	// Where no default is, no distribution opens anything.
	none, sees := w.key("none", people.Member, "TLP:RED", inbox), w.key("sees", people.Analyst, "TLP:RED+UNMARKED")
	w.ok(none, "POST", "events/add/metadata:1", strings.Replace(sent("nothing"), `"distribution":"1"`, `"distribution":"3"`, 1))
	if a, b := w.call(none, "HEAD", "events/view/"+eventID, nil), w.call(sees, "GET", "events/view/"+eventID, nil); a.status != 404 || b.status != 200 || !strings.Contains(string(b.body), `"distribution":"0"`) {
		t.Errorf("%d, %d %.300s", a.status, b.status, b.body)
	}
}

// TestTheEventsOfTheSharedDataGoInAndOut through the interface.
func TestTheEventsOfTheSharedDataGoInAndOut(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "misp"), "*.json"))
	if err != nil || len(files) != 27 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	w := open(t)
	key := w.key("ana", people.Analyst, "TLP:RED+UNMARKED", inbox)
	taken := 0
	for _, name := range files {
		raw, err := os.ReadFile(name)
		w.must(err)
		a := w.call(key, "POST", "events/add/metadata:1", raw)
		if broken := strings.Contains(name, "malicious_pypi"); (a.status != 200) != broken {
			t.Errorf("%s: %d %.300s", filepath.Base(name), a.status, a.body)
		} else if !broken {
			taken++
		}
	}
	index := w.ok(key, "GET", "events/index", nil).([]any)
	from := 0
	for _, e := range index {
		if !strings.HasPrefix(at(e, "info").(string), "Indicators of ") {
			from++
		}
		w.ok(key, "GET", "events/view/"+at(e, "uuid").(string), nil)
	}
	if from != taken {
		t.Errorf("%d events of %d", from, taken)
	}
	var total int
	for page := 1; ; page++ {
		n := len(at(w.ok(key, "POST", "attributes/restSearch", fmt.Sprintf(`{"limit":500,"page":%d}`, page)), "response", "Attribute").([]any))
		if total += n; n < 500 {
			break
		}
	}
	t.Logf("%d events, %d attributes", len(index), total)
}
