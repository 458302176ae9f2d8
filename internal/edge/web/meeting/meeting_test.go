package meeting_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/clock"
	"twoseas/internal/edge/web/formtest"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a node that may hold IN-C with one object a level, found by name.
func world(t *testing.T) (*nodetest.Node, *clock.Fake) {
	t.Helper()
	clk := clock.NewFake(time.Date(2027, 3, 15, 9, 0, 0, 0, time.UTC))
	n := nodetest.StartAt(t, "in", clk, func(c *node.Config) { c.OneFactor, c.Classification = true, []string{"IN-C"} })
	for name, a := range map[string]people.Account{
		"ana":   {Roles: []people.Role{people.Analyst}, Clearance: "TLP:RED IN-C"},
		"ben":   {Roles: []people.Role{people.Analyst}, Clearance: "TLP:AMBER"},
		"boss":  {Roles: []people.Role{people.Administrator}, Clearance: "TLP:RED IN-C"},
		"audit": {Roles: []people.Role{people.Auditor}, Clearance: "TLP:RED"},
	} {
		a.Name, a.Password = name, password
		must(t, n.People.AddAccount(t.Context(), n.Operator(), a))
	}
	for i, l := range []struct {
		name string
		tlp  marking.TLP
		more marking.Terms
	}{
		{"greenling", marking.Green, marking.Terms{}},
		{"amberling", marking.Amber, marking.Terms{}},
		{"redling", marking.Red, marking.Terms{}},
		{"secretling", marking.Green, marking.Terms{Classification: "IN-C"}},
		{"eyesling", marking.Green, marking.Terms{Caveats: []string{"NOFORN"}}},
	} {
		raw := `{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-00000000000` + string(rune('1'+i)) + `","created":"2027-01-01T00:00:00Z",
			"modified":"2027-01-01T00:00:00Z","name":"` + l.name + `","is_family":true}`
		rep, err := n.Intake.Stream(t.Context(), n.Live, intake.Source{DefaultTLP: l.tlp, Limits: l.more}, strings.NewReader(raw), nil)
		if err != nil || rep.New != 1 {
			t.Fatalf("%+v, %v", rep, err)
		}
	}
	must(t, n.Library.CatchUp(t.Context(), n.Live))
	return n, clk
}

// A screen in a meeting shows on every page what everybody may see, ends only
// by its person or by signing out, and cannot be widened.
func TestAScreenInAMeetingShowsWhatEverybodyMaySee(t *testing.T) {
	n, clk := world(t)
	b := formtest.New(t, n.Run.URL).SignIn("ana", password)
	b.Get("/threats").Want(200, "/threats", "greenling", "amberling", "redling", "secretling", "eyesling").Lacks("Meeting mode</strong>")
	const hidden = "/objects/malware--00000000-0000-4000-8000-000000000004"
	b.Get(hidden).Want(200, "", "secretling")
	begin := func(v url.Values) *formtest.Browser { return b.Get("/meeting").Submit("/meeting", v) }
	begin(url.Values{"with": {""}, "hours": {"2"}}).Want(422, "", "who else")
	begin(url.Values{"with": {"nobody"}, "hours": {"2"}}).Want(422, "", "no account that may read")
	begin(url.Values{"with": {"boss"}, "hours": {"2"}}).Want(422, "", "no account that may read")
	begin(url.Values{"with": {"ben"}, "hours": {"99"}}).Want(422, "", "not offered")
	begin(url.Values{"with": {"ben"}, "hours": {"2"}}).Want(200, "/", "Meeting mode", "you, ben", "TLP:AMBER, until 11:00 UTC")
	b.Get("/threats").Want(200, "/threats", "greenling", "amberling", "eyesling").Lacks("redling", "secretling")
	b.Get("/threats?q=redling").Want(200, "", "Meeting mode").Lacks(`<th scope="row">redling`, "1 found")
	b.Get(hidden).Want(404, "")
	b.Post("/meeting", url.Values{"with": {"audit"}, "hours": {"2"}}).Want(409, "")
	formtest.New(t, n.Run.URL).SignIn("ana", password).Get("/threats").Want(200, "/threats", "redling") // elsewhere nothing changed

	clk.Advance(session.DefaultRecent)
	b.Get("/meeting").Submit("/meeting/end", nil).Want(200, "", "Is it you?")
	b.Get("/threats").Want(200, "/threats").Lacks("redling")
	b.Get("/meeting").Submit("/meeting/end", nil)
	b.Submit("/confirm", url.Values{"confirm.password": {password}}).Want(200, "/meeting").Lacks("Meeting mode</strong>")
	b.Get("/threats").Want(200, "/threats", "redling", "secretling")

	// What one of them may not do, nobody does meanwhile.
	begin(url.Values{"with": {"audit"}, "hours": {"1"}}).Want(200, "/", "you, audit")
	b.Get("/imports").Want(403, "")
	b.Get("/meeting").Submit("/meeting/end", nil).Want(200, "/meeting")
	b.Get("/imports").Want(200, "/imports")

	// Guests: no caveat that keeps things at home, and no pages but those of threat data.
	begin(url.Values{"with": {""}, "guests": {"1"}, "tlp": {"amber"}, "hours": {"1"}}).Want(200, "/", "guests")
	b.Get("/threats").Want(200, "/threats", "greenling", "amberling").Lacks("redling", "secretling")
	b.Get("/imports").Want(403, "")
	clk.Advance(25 * time.Minute)
	b.Get("/threats").Want(200, "/threats")
	clk.Advance(25 * time.Minute)
	b.Get("/threats").Want(200, "/threats").Lacks("redling")
	clk.Advance(10 * time.Minute)
	b.Get("/threats").Want(200, "/sign-in", "Sign in").Lacks("greenling") // over: it does not begin to show more
	journal(t, n, "meeting.begin", "meeting.end")
}

func journal(t *testing.T, n *nodetest.Node, acts ...string) {
	t.Helper()
	var out strings.Builder
	must(t, n.Audit.Export(t.Context(), n.Operator(), &out))
	for _, act := range acts {
		if !strings.Contains(out.String(), act) {
			t.Errorf("the home log does not say %s", act)
		}
	}
}

// A program names its meeting, and is never shown more by naming one that is
// over or another's.
func TestAProgramInAMeeting(t *testing.T) {
	n, clk := world(t)
	call := func(account, method, path, meeting, body string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, n.Run.URL+"/api/v1"+path, strings.NewReader(body))
		must(t, err)
		r.SetBasicAuth(account, password)
		r.Header.Set("Content-Type", "application/json")
		if meeting != "" {
			r.Header.Set("Twoseas-Meeting", meeting)
		}
		resp, err := insecure().Do(r)
		must(t, err)
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		must(t, err)
		return resp.StatusCode, string(raw)
	}
	status, body := call("ana", "POST", "/meetings", "", `{"with":["ben"],"minutes":60}`)
	var m struct{ ID string }
	if err := json.Unmarshal([]byte(body), &m); status != 201 || err != nil || m.ID == "" {
		t.Fatalf("%d %s", status, body)
	}
	const all = "/objects?limit=50"
	if _, body := call("ana", "GET", all, "", ""); !strings.Contains(body, "redling") || !strings.Contains(body, "secretling") {
		t.Fatalf("outside the meeting: %s", body)
	}
	if status, body := call("ana", "GET", all, m.ID, ""); status != 200 || !strings.Contains(body, "amberling") || strings.Contains(body, "redling") || strings.Contains(body, "secretling") {
		t.Errorf("in the meeting: %d %s", status, body)
	}
	for _, c := range [][2]string{{"ben", m.ID}, {"ana", "m00"}, {"ana", "x"}} {
		if status, body := call(c[0], "GET", all, c[1], ""); status != 403 {
			t.Errorf("%s names %s: %d %s", c[0], c[1], status, body)
		}
	}
	if status, _ := call("ben", "DELETE", "/meetings/"+m.ID, "", ""); status != 404 {
		t.Errorf("another ends it: %d", status)
	}
	clk.Advance(time.Hour)
	if status, _ := call("ana", "GET", all, m.ID, ""); status != 403 {
		t.Errorf("after its time: %d", status)
	}
}

// What a node may not hold is refused wherever it comes from, and what nobody
// here is cleared for is read by nobody.
func TestTheNodesCeilingHoldsAtIntake(t *testing.T) {
	n, _ := world(t)
	import1 := func(class string) string {
		raw := `{"type":"tool","spec_version":"2.1","id":"tool--00000000-0000-4000-8000-000000000009","created":"2027-01-01T00:00:00Z","modified":"2027-01-01T00:00:00Z","name":"x"}`
		rep, err := n.Intake.Stream(t.Context(), n.Live, intake.Source{DefaultTLP: marking.Green, Limits: marking.Terms{Classification: class}}, strings.NewReader(raw), nil)
		must(t, err)
		if rep.Refused == 1 {
			return rep.Refusals[0].Reason
		}
		return "taken"
	}
	if got := import1("IN-S"); !strings.Contains(got, "holds at most IN-C") {
		t.Errorf("IN-S: %s", got)
	}
	if got := import1("JP-MDA-H"); !strings.Contains(got, "holds at most IN-C") {
		t.Errorf("JP-MDA-H, which no agreement calls equivalent: %s", got)
	}
	if got := import1("IN-R"); got != "taken" {
		t.Errorf("IN-R: %s", got)
	}
}
