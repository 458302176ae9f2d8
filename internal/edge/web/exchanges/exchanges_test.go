package exchanges_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/law/note"
	"twoseas/internal/law/verify"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

const password = "correct horse battery staple"

type desk struct {
	t      *testing.T
	in, jp *nodetest.Node
	client *http.Client
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t}
	d.in, d.jp = nodetest.IndiaJapan(t, nil)
	for _, n := range []*nodetest.Node{d.in, d.jp} {
		for name, role := range map[string]people.Role{"adm": people.Administrator, "duty": people.DutyOfficer, "ravi": people.ReleasingOfficer, "mem": people.Member} {
			if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Roles: []people.Role{role}, Clearance: "TLP:CLEAR", Password: password}); err != nil {
				t.Fatal(err)
			}
		}
	}
	d.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the node of the test
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return d
}

// take imports indicators from number on at a node.
func (d *desk) take(n *nodetest.Node, tlp marking.TLP, numbers ...int) {
	d.t.Helper()
	d.says(n, tlp, "45.0.0.1", numbers...)
}

// says takes in indicators of an address under ids by number.
func (d *desk) says(n *nodetest.Node, tlp marking.TLP, address string, numbers ...int) {
	d.t.Helper()
	var objects []string
	for _, i := range numbers {
		objects = append(objects, fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00Z",`+
			`"modified":"2026-01-01T00:00:00Z","valid_from":"2026-01-01T00:00:00Z","pattern_type":"stix","pattern":"[ipv4-addr:value = '%s']"}`, i, address))
	}
	if rep := n.Import(tlp, `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`+strings.Join(objects, ",")+`]}`); rep.New != len(numbers) {
		d.t.Fatalf("%+v", rep)
	}
}

func (d *desk) ask(n *nodetest.Node, as, path string, form url.Values) (int, string) {
	d.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(d.t.Context()), method, n.Run.URL+path, body)
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
	return resp.StatusCode, string(raw)
}

// see wants texts on a page, and not those after "-".
func (d *desk) see(n *nodetest.Node, as, path string, status int, texts ...string) {
	d.t.Helper()
	got, body := d.ask(n, as, path, nil)
	if got != status {
		d.t.Fatalf("%s as %s: status %d, want %d", path, as, got, status)
	}
	for _, s := range texts {
		not, rest := strings.HasPrefix(s, "-"), strings.TrimPrefix(s, "-")
		if strings.Contains(body, rest) == not {
			d.t.Errorf("%s as %s: %q there: %v", path, as, rest, not)
		}
	}
}

const channel = "/exchange/in-jp-2022"

func TestAChannelAndItsShipments(t *testing.T) {
	d := open(t)
	d.see(d.in, "duty", channel, 200, "Nothing has been sent yet", "Nothing has been received yet", "Try now", "Pause this channel")
	d.take(d.in, marking.Clear, 1, 2, 3)
	d.take(d.jp, marking.Clear, 11)
	nodetest.Converged(t, d.in, d.jp)
	d.see(d.in, "duty", "/exchange", 303)
	d.see(d.in, "duty", channel, 200, "Converged at", "All taken", "Last success", "Everything that was sent and received was taken")
	d.see(d.in, "ravi", channel, 200, "Converged at", "-Pause this channel", "-Try now")
	d.see(d.in, "adm", channel, 200, "Pause this channel")
	d.see(d.in, "mem", channel, 403)
	for path, texts := range map[string][]string{
		channel + "/out": {"Shipments to Japan", channel + "/out/1"}, channel + "/in": {"Shipments from Japan", channel + "/in/1"},
		channel + "/out/1": {"All taken", "twoseas/shipment/v1", "twoseas/receipt/v1", "None: this is the first", "From made to answered", `href="/verifying"`},
		channel + "/in/1":  {"All taken", "twoseas/receipt/v1"},
	} {
		d.see(d.in, "duty", path, 200, texts...)
		d.see(d.in, "mem", path, 403)
	}
	d.see(d.in, "duty", "/verifying", 200, "twoseas-verify", "shipment-out-7.subset", "Exit status")
	d.see(d.in, "mem", "/verifying", 403)
	for _, nowhere := range []string{channel + "/out/99", channel + "/out/x", channel + "/up", channel + "/up/1", "/exchange/NO", "/exchange/other"} {
		d.see(d.in, "duty", nowhere, 404)
	}
	d.see(d.in, "duty", channel+"/out?before=x", 422)
	d.see(d.in, "duty", channel+"/out?before=1", 200, "Nothing has been sent yet")
}

func TestWhatAClauseKeptOutIsNamedWithItsClause(t *testing.T) {
	d := open(t)
	// The partner's own store holds another content under an id of ours.
	d.says(d.jp, marking.Amber, "45.0.0.2", 1)
	d.take(d.in, marking.Clear, 1, 2)
	nodetest.Eventually(t, "the shipment was answered", func() bool {
		s, err := d.in.Exchange.State(t.Context(), d.in.Live, nodetest.InJp)
		return err == nil && s.Out > 0 && s.Unanswered == 0
	})
	totals, err := d.in.Exchange.Totals(t.Context(), d.in.Live, nodetest.InJp, store.Out)
	if err != nil {
		t.Fatal(err)
	}
	if totals.Refused != 1 || totals.Failed != 0 {
		t.Fatalf("%+v, want the one that the partner owns refused", totals)
	}
	d.see(d.in, "duty", channel, 200, "Refused by a clause", "not taken")
	d.see(d.in, "duty", channel+"/untaken", 200, "Not taken: Japan", "Refused by a clause", channel+"/out/1", "-Not in this table")
	d.see(d.in, "duty", channel+"/untaken?after=x", 422)
	d.see(d.in, "mem", channel+"/untaken", 403)
	d.see(d.in, "duty", "/exchange/other/untaken", 404)
	d.see(d.in, "duty", channel+"/out/1", 200, "Items that were not taken", "/objects/indicator--00000000-0000-4000-8000-000000000001")
}

func TestPauseAndResume(t *testing.T) {
	d := open(t)
	for _, as := range []string{"ravi", "mem"} {
		for _, path := range []string{"/pause", "/resume", "/try"} {
			if status, _ := d.ask(d.in, as, channel+path, url.Values{"reason": {"x"}}); status != 403 {
				t.Errorf("%s as %s: %d", path, as, status)
			}
		}
	}
	if status, body := d.ask(d.in, "duty", channel+"/pause", url.Values{"reason": {" \n "}}); status != 422 || !strings.Contains(body, "say why") {
		t.Errorf("paused without a reason: %d", status)
	}
	if status, _ := d.ask(d.in, "duty", channel+"/pause", url.Values{"reason": {"we look into\na spill <b>"}}); status != 303 {
		t.Fatal(status)
	}
	d.see(d.in, "duty", channel, 200, "duty paused sending: we look into a spill &lt;b&gt;", "Resume sending", "-Try now", "Paused")
	d.take(d.in, marking.Clear, 1)
	d.take(d.jp, marking.Clear, 2) // the other way goes on
	nodetest.Eventually(t, "what the partner sends is taken in", func() bool {
		s, err := d.in.Exchange.State(t.Context(), d.in.Live, nodetest.InJp)
		return err == nil && s.In == 1
	})
	d.see(d.in, "duty", channel, 200, "1 object")
	if s, err := d.in.Exchange.State(t.Context(), d.in.Live, nodetest.InJp); err != nil || s.Out != 0 || s.Waiting != 1 {
		t.Fatalf("sent while paused: %+v, %v", s, err)
	}
	// It holds through a restart.
	dir := d.in.Dir
	d.in.Close()
	d.in.Open(dir, nil)
	d.see(d.in, "duty", channel, 200, "duty paused sending")
	if status, _ := d.ask(d.in, "duty", channel+"/resume", url.Values{}); status != 303 {
		t.Fatal(status)
	}
	nodetest.Converged(t, d.in, d.jp)
	if status, _ := d.ask(d.in, "duty", channel+"/resume", url.Values{}); status != 409 {
		t.Errorf("resumed twice: %d", status)
	}
	d.see(d.in, "duty", channel, 200, "-paused sending", "All taken")
}

func TestRetriesAreOnRecordAndCanBeHurried(t *testing.T) {
	d := open(t)
	dir := d.jp.Dir
	d.jp.Close()
	d.take(d.in, marking.Clear, 1)
	nodetest.Eventually(t, "failures are on record", func() bool {
		s, err := d.in.Exchange.Standing(t.Context(), d.in.Live, d.in.Operator(), nodetest.InJp)
		return err == nil && s.Carriage.Failures > 2 && s.Carriage.Next > 0 && s.Carriage.Problem != ""
	})
	d.see(d.in, "duty", channel, 200, "attempts failed", "Next attempt", "Last error", "Waiting for the longest")
	d.jp.Open(dir, nil)
	if status, _ := d.ask(d.in, "duty", channel+"/try", url.Values{}); status != 303 {
		t.Fatal(status)
	}
	nodetest.Converged(t, d.in)
	d.see(d.in, "duty", channel, 200, "-attempts failed", "-Last error", "All taken")
}

// TestSomeItemsAreTakenAlongWithTheirProof: what is saved verifies without the
// node, and holds nothing of what the reader may not see.
func TestSomeItemsAreTakenAlongWithTheirProof(t *testing.T) {
	d := open(t)
	d.take(d.in, marking.Clear, 1, 2, 3)
	d.says(d.in, marking.Green, "45.0.0.99", 4) // above the clearance of the desk
	nodetest.Converged(t, d.in, d.jp)
	var first, hidden string // where the items ended up
	state, err := d.in.Exchange.State(t.Context(), d.in.Live, nodetest.InJp)
	if err != nil {
		t.Fatal(err)
	}
	for n := int64(1); n <= state.Out; n++ {
		path := fmt.Sprintf("%s/out/%d", channel, n)
		_, body := d.ask(d.in, "ravi", path, nil)
		if first == "" && strings.Contains(body, `name="item" value="0"`) {
			first = path
		}
		if all, _, err := d.in.Exchange.Leg(t.Context(), d.in.Live, d.in.Operator(), 0, nodetest.InJp, store.Out, n); err != nil || all.Header.Items > strings.Count(body, `name="item"`) {
			hidden = path
		}
		if strings.Contains(body, "000000000004") {
			t.Errorf("%s names what the reader may not see", path)
		}
	}
	if first == "" || hidden == "" {
		t.Fatalf("shown %q, hidden %q", first, hidden)
	}
	status, file := d.ask(d.in, "ravi", first+"?save=1&item=0", nil)
	if status != 200 || strings.Contains(file, "45.0.0.99") {
		t.Fatalf("%d %s", status, file)
	}
	var keys []note.Verifier
	if err := d.in.Live.Query(t.Context(), func(tx *store.Tx) (err error) {
		keys, err = d.in.Ring.History(tx)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	s, err := verify.ReadSubset(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(keys...); err != nil || len(s.Kept) != 1 {
		t.Errorf("%d items, %v", len(s.Kept), err)
	}
	// What is hidden, what is not there and what makes no sense.
	found := 0
	for i := range 4 {
		if status, body := d.ask(d.in, "ravi", fmt.Sprintf("%s?save=1&item=%d", hidden, i), nil); status == 200 {
			found++
			if strings.Contains(body, "45.0.0.99") {
				t.Error("a hidden item is given away")
			}
		} else if status != 404 {
			t.Errorf("item %d: %d", i, status)
		}
	}
	if found == 4 {
		t.Error("nothing was hidden")
	}
	for path, want := range map[string]int{
		first + "?save=1": 422, first + "?save=1&item=x": 422, first + "?save=1&item=-1": 422, first + "?save=1&item=999": 404,
		first + "?from=x": 422, first + "?from=999": 200, channel + "/out/99?save=1&item=0": 404, channel + "/up/1?save=1&item=0": 404,
	} {
		d.see(d.in, "ravi", path, want)
	}
	d.see(d.in, "ravi", first+"?save=1", 422, "choose the items first", "Save the chosen items")
	d.see(d.in, "mem", first+"?save=1&item=0", 403)
}
