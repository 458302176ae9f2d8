package object_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/format/stix/stixtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery staple"

// desk is a node with an analyst cleared for TLP:AMBER, a reader for GREEN
// only, and an administrator.
type desk struct {
	*nodetest.Node
	client *http.Client
}

func furnish(t *testing.T, n *nodetest.Node) *desk {
	t.Helper()
	if err := n.People.AddOrganisation(t.Context(), n.Operator(), people.Organisation{ID: "soc", Name: "SOC", Kind: people.CERT, Ceiling: "TLP:RED"}); err != nil {
		t.Fatal(err)
	}
	for _, a := range []people.Account{
		{Name: "ana", Roles: []people.Role{people.Analyst}, Clearance: "TLP:AMBER"},
		{Name: "gus", Roles: []people.Role{people.DeskOfficer}, Clearance: "TLP:GREEN"},
		{Name: "adm", Roles: []people.Role{people.Administrator}, Clearance: "TLP:RED"},
	} {
		a.Org, a.Password = "soc", password
		if err := n.People.AddAccount(t.Context(), n.Operator(), a); err != nil {
			t.Fatal(err)
		}
	}
	return &desk{n, &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the node of the test
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (d *desk) ask(t *testing.T, as, path string, form url.Values) (int, string) {
	t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), method, d.Run.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.SetBasicAuth(as, password)
	resp, err := d.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

func (d *desk) take(t *testing.T, src intake.Source, raws ...string) {
	t.Helper()
	var bodies [][]byte
	for _, r := range raws {
		bodies = append(bodies, []byte(r))
	}
	rep, err := d.Intake.Objects(t.Context(), d.Live, src, bodies)
	if err != nil || rep.Refused > 0 {
		t.Fatal(rep, err)
	}
}

func (d *desk) catchUp(t *testing.T) {
	t.Helper()
	if err := d.Library.CatchUp(t.Context(), d.Live); err != nil {
		t.Fatal(err)
	}
}

func see(t *testing.T, body string, want ...string) {
	t.Helper()
	for _, s := range want {
		if !strings.Contains(body, s) {
			t.Errorf("%q is not there", s)
		}
	}
}

func miss(t *testing.T, body string, never ...string) {
	t.Helper()
	for _, s := range never {
		if strings.Contains(body, s) {
			t.Errorf("%q is there", s)
		}
	}
}

func id(typ string, n int) string { return fmt.Sprintf("%s--00000000-0000-4000-8000-%012d", typ, n) }

func sdo(typ string, n, minute int, more string) string {
	return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":%q,"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:%02d:00Z",%s}`, typ, id(typ, n), minute, more)
}

var (
	emotet    = sdo("malware", 1, 0, `"name":"Emotet","is_family":true,"description":"Loads others.\nSlowly."`)
	indicator = sdo("indicator", 2, 0, `"name":"C2","pattern":"[domain-name:value = 'evil.example' AND domain-name:value NOT LIKE '%x']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"`)
	indicates = sdo("relationship", 3, 0, `"relationship_type":"indicates","source_ref":"`+id("indicator", 2)+`","target_ref":"`+id("malware", 1)+`"`)
)

func TestAnObject(t *testing.T) {
	d := furnish(t, nodetest.Start(t, "in", nil))
	d.take(t, intake.Source{DefaultTLP: marking.Clear}, emotet, indicator, indicates)
	d.take(t, intake.Source{DefaultTLP: marking.Amber}, sdo("report", 4, 0, `"name":"About Emotet","published":"2026-01-02T00:00:00Z","object_refs":["`+id("malware", 1)+`"]`))
	d.take(t, intake.Source{DefaultTLP: marking.Red}, sdo("tool", 5, 0, `"name":"Hidden"`))
	d.take(t, intake.Source{DefaultTLP: marking.Amber}, sdo("malware", 1, 9, `"name":"Emotet 2","is_family":false`))
	d.catchUp(t)
	t.Run("says what it says", func(t *testing.T) {
		status, body := d.ask(t, "ana", "/objects/"+id("malware", 1), nil)
		if status != 200 {
			t.Fatal(status)
		}
		see(t, body, "Emotet 2", "malware", "tlp-amber", "About Emotet", "indicates", `href="/objects/`+id("indicator", 2)+`"`, "3 properties changed", "<del>", "This node has no agreement yet", "It has crossed in no shipment")
	})
	t.Run("a reader of less sees the version it may", func(t *testing.T) {
		_, body := d.ask(t, "gus", "/objects/"+id("malware", 1), nil)
		see(t, body, "Loads others.", "Slowly.", "C2")
		miss(t, body, "Emotet 2", "About Emotet", "properties changed")
	})
	t.Run("a pattern is explained", func(t *testing.T) {
		_, body := d.ask(t, "ana", "/objects/"+id("indicator", 2), nil)
		see(t, body, "domain name", "evil.example", "equal", "not: look like")
	})
	t.Run("a relationship is a sentence", func(t *testing.T) {
		_, body := d.ask(t, "ana", "/objects/"+id("relationship", 3), nil)
		see(t, body, ">C2</a>", "indicates", ">Emotet 2</a>")
	})
	t.Run("what is not mine is not there", func(t *testing.T) {
		for _, tail := range []string{"", "/access", "/json", "/proof?number=1&direction=out&agreement=in-jp-2022"} {
			s1, b1 := d.ask(t, "ana", "/objects/"+id("tool", 5)+tail, nil)
			s2, b2 := d.ask(t, "ana", "/objects/"+id("tool", 6)+tail, nil)
			if s1 != 404 || s2 != 404 || strings.ReplaceAll(b1, id("tool", 5), "") != strings.ReplaceAll(b2, id("tool", 6), "") {
				t.Errorf("%s: %d and %d", tail, s1, s2)
			}
		}
		if s, _ := d.ask(t, "adm", "/objects/"+id("malware", 1), nil); s != 403 {
			t.Errorf("an administrator reads: %d", s)
		}
		if s, _ := d.ask(t, "ana", "/objects/"+id("malware", 1)+"?version=x", nil); s != 404 {
			t.Errorf("a version that is none: %d", s)
		}
	})
	t.Run("the bytes", func(t *testing.T) {
		_, body := d.ask(t, "ana", "/objects/"+id("indicator", 2)+"/json?save=1", nil)
		if want, err := canon.Canonicalize([]byte(indicator)); err != nil || body != string(want) {
			t.Errorf("%s, %v", body, err)
		}
	})
	t.Run("who may see it here", func(t *testing.T) {
		_, body := d.ask(t, "ana", "/objects/"+id("report", 4)+"/access", nil)
		see(t, body, "it is TLP:AMBER", "People on this node")
	})
}

// everyType is an object of many types.
func everyType() [][]byte {
	one := id("malware", 1)
	out := [][]byte{
		stixtest.Indicator(), stixtest.Malware(), stixtest.Identity(), stixtest.Vulnerability("CVE-2021-44228"), stixtest.Incident(), stixtest.Report([]string{one}),
		stixtest.Note([]string{one}), stixtest.Opinion("agree", []string{one}), stixtest.ObservedData([]string{id("ipv4-addr", 1)}),
		stixtest.Relationship(one, "uses", id("tool", 1)), stixtest.Sighting(one), stixtest.Statement("© somebody"), stixtest.TLPMarking("amber"),
	}
	for _, typ := range []string{"attack-pattern", "campaign", "course-of-action", "intrusion-set", "threat-actor", "tool", "infrastructure", "x-thing"} {
		out = append(out, stixtest.Object(typ, stixtest.Name("n")))
	}
	for typ, props := range map[string]stixtest.Props{
		"ipv4-addr": {"value": "192.0.2.1"}, "ipv6-addr": {"value": "2001:db8::1"}, "domain-name": {"value": "example.com"}, "url": {"value": "https://example.com/"},
		"email-addr": {"value": "a@example.com"}, "mac-addr": {"value": "00:11:22:33:44:55"}, "mutex": {"name": "m"}, "file": {"hashes": map[string]any{"MD5": "d41d8cd98f00b204e9800998ecf8427e"}},
		"autonomous-system": {"number": float64(64500)}, "directory": {"path": "/tmp"}, "software": {"name": "s"}, "user-account": {"user_id": "u"},
		"windows-registry-key": {"key": "HKEY_LOCAL_MACHINE\\x"}, "process": {"command_line": "ls"}, "x509-certificate": {"serial_number": "1"},
	} {
		out = append(out, stixtest.Observable(typ, props))
	}
	return out
}

// TestEveryType shows each type of the standard, and a custom one, with script
// in every text.
func TestEveryType(t *testing.T) {
	d := furnish(t, nodetest.Start(t, "in", nil))
	const script = `<script>alert(1)</script>`
	var ids []string
	for _, raw := range everyType() {
		props, err := canon.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		props["x_note"], props["x_deep"] = script, map[string]any{"a": []any{map[string]any{"b": script}, script}}
		if _, ok := props["name"]; ok {
			props["name"] = script
		}
		changed, err := canon.Marshal(props)
		if err != nil {
			t.Fatal(err)
		}
		rep, err := d.Intake.Objects(t.Context(), d.Live, intake.Source{DefaultTLP: marking.Clear}, [][]byte{changed})
		if err != nil {
			t.Fatal(err)
		}
		if rep.Refused > 0 {
			if rep, err = d.Intake.Objects(t.Context(), d.Live, intake.Source{DefaultTLP: marking.Clear}, [][]byte{raw}); err != nil || rep.Refused > 0 {
				continue // not an object this node takes
			}
		}
		if objID, ok := props["id"].(string); ok {
			ids = append(ids, objID)
		}
	}
	d.catchUp(t)
	if len(ids) < 20 {
		t.Fatalf("only %d objects", len(ids))
	}
	for _, objID := range ids {
		for _, tail := range []string{"", "/access"} {
			status, body := d.ask(t, "ana", "/objects/"+objID+tail, nil)
			if status != 200 && status != 404 {
				t.Errorf("%s%s: %d", objID, tail, status)
			}
			miss(t, body, "<script>alert")
		}
	}
}

func TestBothSides(t *testing.T) {
	inNode, jpNode := nodetest.IndiaJapan(t, nil)
	in, jp := furnish(t, inNode), furnish(t, jpNode)
	in.take(t, intake.Source{DefaultTLP: marking.Green}, emotet, indicator, indicates)
	in.take(t, intake.Source{DefaultTLP: marking.Clear, Contributor: marking.Member}, sdo("tool", 7, 0, `"name":"From a member","created_by_ref":"`+id("identity", 8)+`"`))
	in.take(t, intake.Source{DefaultTLP: marking.Amber}, sdo("campaign", 9, 0, `"name":"Waits"`))
	in.take(t, intake.Source{}, sdo("campaign", 10, 0, `"name":"Unmarked"`))
	nodetest.Converged(t, in.Node, jp.Node)
	in.catchUp(t)
	jp.catchUp(t)
	t.Run("why, and as them", func(t *testing.T) {
		_, body := in.ask(t, "ana", "/objects/"+id("malware", 1)+"/access", nil)
		see(t, body, "goes to Japan", "They get it whole", "Released by rule", "The exact bytes", "&#34;name&#34;:&#34;Emotet&#34;")
		_, body = in.ask(t, "ana", "/objects/"+id("tool", 7)+"/access", nil)
		see(t, body, "They get it without what is struck out", "<del>", id("identity", 8))
		if them := body[strings.Index(body, "The exact bytes"):]; strings.Contains(them, id("identity", 8)) {
			t.Error("they would get who contributed it")
		}
		_, body = in.ask(t, "ana", "/objects/"+id("campaign", 9)+"/access", nil)
		see(t, body, "waits for officers", "1 approval")
	})
	t.Run("what they got is what we said they would get", func(t *testing.T) {
		_, ours := in.ask(t, "ana", "/objects/"+id("tool", 7)+"/access", nil)
		redacted := regexp.MustCompile(`tool--[0-9a-f-]{36}`).FindString(ours[strings.Index(ours, "The exact bytes"):])
		status, theirs := jp.ask(t, "ana", "/objects/"+redacted+"/json?save=1", nil)
		if status != 200 || !strings.Contains(ours, strings.ReplaceAll(theirs, `"`, "&#34;")) {
			t.Errorf("%s: %d %s", redacted, status, theirs)
		}
	})
	t.Run("the shipment is proved on both sides", func(t *testing.T) {
		for _, d := range []*desk{in, jp} {
			_, body := d.ask(t, "ana", "/objects/"+id("malware", 1), nil)
			link := regexp.MustCompile(`/objects/[^"]*/proof[^"]*`).FindString(body)
			if link == "" {
				t.Fatal("no way to the proof")
			}
			link = strings.ReplaceAll(link, "&amp;", "&")
			status, body := d.ask(t, "ana", link, nil)
			if status != 200 {
				t.Errorf("%s: %d", link, status)
			}
			see(t, body, "verified just now")
			_, file := d.ask(t, "ana", link+"&save=1", nil)
			subset, err := verify.ReadSubset(strings.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			key, err := in.PublicKey(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			v, err := note.ParseVerifier(key)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := subset.Verify(v); err != nil {
				t.Error(err)
			}
			if status, _ := d.ask(t, "ana", strings.Replace(link, "number=", "number=9", 1), nil); status != 404 {
				t.Errorf("a shipment it was not in: %d", status)
			}
		}
	})
	t.Run("an answer crosses", func(t *testing.T) {
		at := "/objects/" + id("malware", 1)
		for path, form := range map[string]url.Values{
			"/opinion":  {"verdict": {"false-positive"}, "text": {"Our own test."}},
			"/sighting": {"count": {"3"}, "first": {"2026-02-01T10:00"}, "text": {"In a bank."}},
			"/note":     {"text": {"See also the advisory."}},
		} {
			if status, body := jp.ask(t, "ana", at+path, form); status != 303 {
				t.Errorf("%s: %d %s", path, status, body)
			}
		}
		for path, form := range map[string]url.Values{
			"/opinion":  {"verdict": {"brilliant"}, "text": {"kept"}},
			"/sighting": {"count": {"-1"}, "text": {"kept"}},
			"/note":     {"text": {" "}, "tlp": {"green"}},
		} {
			if status, body := jp.ask(t, "ana", at+path, form); status != 422 || path != "/note" && !strings.Contains(body, "kept</textarea>") {
				t.Errorf("%s that cannot be taken: %d", path, status)
			}
		}
		if status, _ := jp.ask(t, "ana", at+"/opinion", url.Values{"verdict": {"useful"}, "tlp": {"clear"}}); status != 422 {
			t.Errorf("more open than what it speaks of: %d", status)
		}
		if status, _ := jp.ask(t, "gus", at+"/opinion", url.Values{"verdict": {"useful"}}); status != 403 {
			t.Errorf("a desk officer answers: %d", status)
		}
		if status, _ := jp.ask(t, "ana", "/objects/"+id("campaign", 9)+"/note", url.Values{"text": {"x"}}); status != 404 {
			t.Errorf("an answer to what is not there: %d", status)
		}
		jp.catchUp(t)
		_, body := jp.ask(t, "ana", at, nil)
		see(t, body, "false positive", "Our own test.", "seen 3 times", "See also the advisory.")
		nodetest.Eventually(t, "the answers are at India's", func() bool {
			in.catchUp(t)
			_, body := in.ask(t, "ana", at, nil)
			return strings.Contains(body, "Our own test.") && strings.Contains(body, "seen 3 times") && strings.Contains(body, "See also the advisory.")
		})
	})
}
