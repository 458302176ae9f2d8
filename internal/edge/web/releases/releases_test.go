package releases_test

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

	"twoseas/internal/act/audit"
	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const password = "correct horse battery staple"

// desk is the node of one side with its people, and the partner's.
type desk struct {
	t      *testing.T
	in, jp *nodetest.Node
	client *http.Client
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t}
	d.in, d.jp = nodetest.IndiaJapan(t, nil)
	if err := d.in.People.AddOrganisation(t.Context(), d.in.Operator(), people.Organisation{ID: "cert", Name: "CERT", Kind: people.CERT, Ceiling: "TLP:RED+UNMARKED"}); err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string]people.Account{
		"ravi":  {Roles: []people.Role{people.ReleasingOfficer}, Clearance: "TLP:RED"},
		"meera": {Roles: []people.Role{people.ReleasingOfficer}, Clearance: "TLP:RED"},
		"both":  {Roles: []people.Role{people.ReleasingOfficer, people.Analyst}, Clearance: "TLP:RED"},
		"green": {Roles: []people.Role{people.ReleasingOfficer}, Clearance: "TLP:GREEN"},
		"ana":   {Roles: []people.Role{people.Analyst}, Clearance: "TLP:RED"},
		"mem":   {Roles: []people.Role{people.Member}, Clearance: "TLP:RED"},
	} {
		a.Name, a.Org, a.Password = name, "cert", password
		if err := d.in.People.AddAccount(t.Context(), d.in.Operator(), a); err != nil {
			t.Fatal(err)
		}
	}
	d.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the node of the test
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return d
}

// take imports an indicator as somebody and returns its number.
func (d *desk) take(i int, tlp marking.TLP, by string) int64 {
	d.t.Helper()
	raw := fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","name":"<script>alert(%d)</script>",`+
		`"created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z",`+
		`"pattern_type":"stix","pattern":"[ipv4-addr:value = '45.0.0.1']"}`, i, i)
	rep, err := d.in.Intake.Objects(d.t.Context(), d.in.Live, intake.Source{DefaultTLP: tlp, By: by}, [][]byte{[]byte(raw)})
	if err != nil || rep.New != 1 {
		d.t.Fatal(rep, err)
	}
	var seq int64
	if err := d.in.Live.Query(d.t.Context(), func(tx *store.Tx) (err error) {
		seq, err = tx.LastObject()
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return seq
}

func (d *desk) ask(as, path string, form url.Values) (int, string, string) {
	d.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(d.t.Context()), method, d.in.Run.URL+path, body)
	if err != nil {
		d.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.SetBasicAuth(as, password)
	resp, err := d.client.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(raw)
}

// see asks for a page and wants texts on it, and not those after "-".
func (d *desk) see(as, path string, status int, texts ...string) string {
	d.t.Helper()
	got, _, body := d.ask(as, path, nil)
	if got != status {
		d.t.Fatalf("%s as %s: status %d, want %d", path, as, got, status)
	}
	for _, s := range texts {
		not, rest := strings.HasPrefix(s, "-"), strings.TrimPrefix(s, "-")
		if strings.Contains(body, rest) == not {
			d.t.Errorf("%s as %s: %q there: %v", path, as, rest, not)
		}
	}
	return body
}

var digestField = regexp.MustCompile(`name="digest" value="([^"]*)"`)

// say sends one of the forms of an item with the digest that its page shows.
func (d *desk) say(as string, item int64, verdict, reason string) (int, string) {
	d.t.Helper()
	path := fmt.Sprintf("/releases/in-jp-2022/%d", item)
	m := digestField.FindStringSubmatch(d.see(as, path, 200))
	if m == nil {
		d.t.Fatalf("%s shows %s no form", path, as)
	}
	status, _, body := d.ask(as, path+"/"+verdict, url.Values{"digest": {m[1]}, "reason": {reason}})
	return status, body
}

func (d *desk) state(item int64) string {
	d.t.Helper()
	p, err := d.in.Releases.Preview(d.t.Context(), d.in.Live, d.in.Operator(), nodetest.InJp, item)
	if err != nil {
		d.t.Fatal(err)
	}
	return p.Hold.State
}

func TestTheQueueIsCountedAsFarAsTheReaderIsCleared(t *testing.T) {
	d := open(t)
	amber, red := d.take(1, marking.Amber, ""), d.take(2, marking.Red, "")
	body := d.see("ravi", "/releases", 200, "2 items wait", "rule sensitive, clause 1(1)", "rule red, clause 1(1)", "TLP:RED", "-<script>alert")
	if strings.Contains(body, "2 items refused") {
		t.Error("refused and waiting are one number")
	}
	for _, by := range []string{"label", "type", "collection", "rule"} {
		d.see("ravi", "/releases?by="+by, 200)
	}
	d.see("ravi", "/releases?by=nothing", 422)
	d.see("green", "/releases", 200, "Nothing waits for an officer", "-TLP:RED", "-rule red")
	d.see("green", "/waiting", 200, "Nothing waits for you")
	d.see("ravi", "/waiting", 200, "2 items to approve or refuse")
	d.see("green", "/releases/items", 200, "-alert(1)")
	d.see("mem", "/releases", 403)
	for _, item := range []int64{amber, red, 9999} { // what is not yours is not there
		d.see("green", fmt.Sprintf("/releases/in-jp-2022/%d", item), 404, "-alert(")
	}
	d.see("green", fmt.Sprintf("/releases/in-jp-2022/%d/bytes", amber), 404)
	d.see("ravi", "/releases/in-jp-2022/x", 404)
	d.see("ravi", "/releases/NO/1", 404)
	d.see("ravi", "/releases/other/1", 404)
	d.see("ana", fmt.Sprintf("/releases/in-jp-2022/%d", amber), 200, "TLP:AMBER", "-Approve and release")
}

func TestTwoPeopleAreTwoPeople(t *testing.T) {
	d := open(t)
	red := d.take(1, marking.Red, "both")
	if status, body := d.say("both", red, "approve", ""); status != 403 && status != 422 || !strings.Contains(body, "you brought it in") {
		t.Errorf("the importer approved: %d", status)
	}
	d.see("both", "/waiting", 200, "Nothing waits for you")
	for range 2 { // twice the same officer is one
		if status, _ := d.say("ravi", red, "approve", ""); status != 303 {
			t.Fatalf("status %d", status)
		}
	}
	if s := d.state(red); s != store.HoldWaiting {
		t.Fatalf("%s after one officer", s)
	}
	d.see("ravi", fmt.Sprintf("/releases/in-jp-2022/%d", red), 200, "Approved by you", "1 more officer")
	d.see("ravi", "/waiting", 200, "Nothing waits for you")
	if status, _ := d.say("meera", red, "approve", ""); status != 303 || d.state(red) != store.HoldReleased {
		t.Errorf("status %d, %s after two", status, d.state(red))
	}
	nodetest.Converged(t, d.in)
	d.see("meera", fmt.Sprintf("/releases/in-jp-2022/%d", red), 200, "Shipment 1", "approved it")
}

func TestAChangeVoidsTheSignatureAndThePageSaysSo(t *testing.T) {
	d := open(t)
	red := d.take(1, marking.Red, "")
	if status, _ := d.say("ravi", red, "approve", ""); status != 303 {
		t.Fatal(status)
	}
	body := d.see("meera", fmt.Sprintf("/releases/in-jp-2022/%d", red), 200, "-counts no more")
	shown := digestField.FindStringSubmatch(body)[1]
	if err := d.in.Live.Write(t.Context(), func(tx *store.Tx) error {
		o, err := tx.Object(red)
		if err != nil {
			return err
		}
		s, err := tx.Label(o.Label)
		if err != nil {
			return err
		}
		l, err := marking.ParseLabel(s.Resolved)
		if err != nil {
			return err
		}
		l.PAP = marking.PAPRed
		if err := tx.ResolveLabel(o.Label, l.Canonical(), false, func(string) bool { return true }); err != nil {
			return err
		}
		return d.in.Releases.Relabelled(tx, o.Label, l)
	}); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/releases/in-jp-2022/%d", red)
	d.see("meera", path, 200, "counts no more", "Of other bytes", "0 of 2 approvals")
	d.see("ravi", "/waiting", 200, "1 item to approve")
	for _, verdict := range []string{"approve", "emergency", "refuse"} {
		status, _, text := d.ask("meera", path+"/"+verdict, url.Values{"digest": {shown}, "reason": {"typed before"}})
		if status == 303 || !strings.Contains(text, "changed after you opened it") || d.state(red) != store.HoldWaiting {
			t.Errorf("%s of other bytes: %d", verdict, status)
		}
		if verdict != "approve" && !strings.Contains(text, "typed before") {
			t.Errorf("%s: what was typed is lost", verdict)
		}
	}
}

func TestRefuseAndReopen(t *testing.T) {
	d := open(t)
	amber := d.take(1, marking.Amber, "")
	if status, body := d.say("ravi", amber, "refuse", " "); status != 422 || !strings.Contains(body, "say why") {
		t.Errorf("refused without a reason: %d", status)
	}
	if status, _ := d.say("ravi", amber, "refuse", "names <b>a person</b>"); status != 303 || d.state(amber) != store.HoldRefused {
		t.Fatal(status, d.state(amber))
	}
	path := fmt.Sprintf("/releases/in-jp-2022/%d", amber)
	d.see("meera", path, 200, "names &lt;b&gt;a person", "Put it back into the queue", "-Approve and release<")
	d.see("meera", "/releases?state=refused", 200, "1 item refused")
	d.see("meera", "/releases", 200, "Nothing waits for an officer")
	if status, _ := d.say("meera", amber, "reopen", "it does not"); status != 303 || d.state(amber) != store.HoldWaiting {
		t.Fatal(status, d.state(amber))
	}
	d.see("meera", path, 200, "names &lt;b&gt;a person", "put it back", "it does not")
	if status, _ := d.say("ravi", amber, "approve", ""); status != 303 || d.state(amber) != store.HoldReleased {
		t.Error("what was refused once cannot be released any more")
	}
	nodetest.Converged(t, d.in)
	d.see("ravi", path, 200, "Shipment 1")
}

func TestAnEmergencyIsReviewedByAnother(t *testing.T) {
	d := open(t)
	amber, red := d.take(1, marking.Amber, ""), d.take(2, marking.Red, "")
	path := fmt.Sprintf("/releases/in-jp-2022/%d", amber)
	d.see("ravi", path, 200, "-Release now in an emergency")
	if status, body := d.say("ravi", amber, "emergency", "now"); status != 422 || !strings.Contains(body, "one approval is all it needs") {
		t.Errorf("an emergency where one is enough: %d", status)
	}
	if status, body := d.say("ravi", red, "emergency", ""); status != 422 || !strings.Contains(body, "say why") {
		t.Errorf("an emergency without a reason: %d", status)
	}
	if status, _ := d.say("ravi", red, "emergency", "power grid\nunder attack"); status != 303 || d.state(red) != store.HoldReleased {
		t.Fatal(status, d.state(red))
	}
	nodetest.Converged(t, d.in)
	totals, err := d.in.Exchange.Totals(t.Context(), d.in.Live, nodetest.InJp, store.Out)
	if err != nil || totals.Applied != 1 || totals.Refused != 0 {
		t.Fatalf("the partner did not take it: %+v, %v", totals, err)
	}
	d.see("ravi", "/waiting", 200, "1 item to approve", "-emergency release")
	d.see("meera", "/waiting", 200, "1 emergency release to review", "power grid")
	d.see("green", "/reviews", 200, "There is none", "-power grid")
	d.see("green", "/reviews/1", 404)
	d.see("meera", "/reviews", 200, "power grid")
	d.see("ravi", "/reviews/1", 200, "An officer who did not release it", "-Close the review")
	finding := url.Values{"outcome": {"right"}, "finding": {"the ministry was told"}}
	if status, _, body := d.ask("ravi", "/reviews/1", finding); status != 422 && status != 403 || !strings.Contains(body, "another officer reviews it") {
		t.Errorf("reviewed by the one who released: %d", status)
	}
	for _, bad := range []url.Values{{"outcome": {"right"}, "finding": {" "}}, {"outcome": {"fine"}, "finding": {"typed"}}} {
		if status, _, _ := d.ask("meera", "/reviews/1", bad); status != 422 {
			t.Errorf("%v: %d", bad, status)
		}
	}
	if status, _, _ := d.ask("meera", "/reviews/1", finding); status != 303 {
		t.Fatal(status)
	}
	if status, _, _ := d.ask("meera", "/reviews/1", finding); status != 422 && status != 409 {
		t.Errorf("reviewed twice: %d", status)
	}
	d.see("ravi", "/reviews/1", 200, "the ministry was told", "It was right, and could not wait")
	d.see("meera", "/waiting", 200, "-emergency release")
	d.see("meera", "/reviews?state=closed", 200, "meera")
	auditor := people.Actor{Name: "a", Roles: []people.Role{people.Auditor}}
	seen, err := d.in.Audit.Search(t.Context(), auditor, audit.Query{Act: "read", About: "1", Limit: 10})
	if err != nil || len(seen.Entries) == 0 || seen.Entries[0].By != "ravi" {
		t.Errorf("that the review was read is not recorded: %+v, %v", seen.Entries, err)
	}
}

func TestAGroupIsApprovedTogether(t *testing.T) {
	d := open(t)
	var items []int64
	for i := range 4 {
		items = append(items, d.take(i+1, marking.Amber, map[bool]string{true: "meera"}[i == 3]))
	}
	path := "/releases/items?agreement=in-jp-2022"
	body := d.see("meera", path, 200, "Approve and release 3")
	var marks []string
	for _, m := range regexp.MustCompile(`name="item" value="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		marks = append(marks, m[1])
	}
	if len(marks) != 3 {
		t.Fatalf("%d to sign; her own is not hers to approve", len(marks))
	}
	if status, _ := d.say("ravi", items[0], "refuse", "no"); status != 303 {
		t.Fatal(status)
	}
	status, to, _ := d.ask("meera", "/releases/items", url.Values{"agreement": {"in-jp-2022"}, "item": marks, "back": {path}})
	if status != 303 || !strings.Contains(to, "done=2") {
		t.Fatal(status, to)
	}
	d.see("meera", to, 200, "2 items approved", "1 item was not approved")
	for i, want := range []string{store.HoldRefused, store.HoldReleased, store.HoldReleased, store.HoldWaiting} {
		if got := d.state(items[i]); got != want {
			t.Errorf("item %d is %s, want %s", i, got, want)
		}
	}
	for _, bad := range []url.Values{
		{"agreement": {"in-jp-2022"}, "item": {"x"}}, {"agreement": {"NO"}, "item": marks}, {"agreement": {"in-jp-2022"}, "item": {fmt.Sprint(items[3]) + ".sha256:00"}},
	} {
		if status, _, _ := d.ask("meera", "/releases/items", bad); status != 422 {
			t.Errorf("%v: %d", bad, status)
		}
	}
	if status, _, _ := d.ask("ana", "/releases/items", url.Values{"agreement": {"in-jp-2022"}, "item": marks}); status != 403 {
		t.Errorf("an analyst approved: %d", status)
	}
	if status, to, _ := d.ask("meera", "/releases/items", url.Values{"agreement": {"in-jp-2022"}, "back": {"//evil.example/"}}); status != 303 || strings.Contains(to, "evil") {
		t.Error(status, to)
	}
}
