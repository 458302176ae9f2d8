package threats_test

import (
	"context"
	"crypto/tls"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/base/canon"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
)

// desk is a node with threat data and an account.
type desk struct {
	*nodetest.Node
	client *http.Client
}

const password = "correct horse battery staple"

func id(typ string, n int) string { return fmt.Sprintf("%s--00000000-0000-4000-8000-%012d", typ, n) }

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{Node: nodetest.Start(t, "in", nil)}
	if err := d.People.AddOrganisation(t.Context(), d.Operator(), people.Organisation{ID: "soc", Name: "SOC", Kind: people.CERT, Ceiling: "TLP:RED"}); err != nil {
		t.Fatal(err)
	}
	for name, role := range map[string]people.Role{"ana": people.Analyst, "adm": people.Administrator, "mem": people.Member} {
		if err := d.People.AddAccount(t.Context(), d.Operator(), people.Account{
			Name: name, Roles: []people.Role{role}, Clearance: "TLP:GREEN", Password: password,
		}); err != nil {
			t.Fatal(err)
		}
	}
	d.client = &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the node of the test
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	const script = `<script>alert(1)</script>`
	d.take(t, marking.Clear,
		`{"type":"malware","spec_version":"2.1","id":"`+id("malware", 1)+`","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","name":"Emotet","is_family":true,"labels":["=cmd"]}`,
		`{"type":"tool","spec_version":"2.1","id":"`+id("tool", 2)+`","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","name":"`+script+`","labels":["`+script+`"]}`)
	d.take(t, marking.Red,
		`{"type":"malware","spec_version":"2.1","id":"`+id("malware", 3)+`","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","name":"Secretloader","is_family":true}`)
	if err := d.Library.CatchUp(t.Context(), d.Live); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) take(t *testing.T, tlp marking.TLP, raws ...string) {
	t.Helper()
	var bodies [][]byte
	for _, r := range raws {
		bodies = append(bodies, []byte(r))
	}
	rep, err := d.Intake.Objects(t.Context(), d.Live, intake.Source{DefaultTLP: tlp}, bodies)
	if err != nil || rep.Refused > 0 {
		t.Fatal(rep, err)
	}
}

// ask sends a request as one of the accounts and returns status, header and body.
func (d *desk) ask(t *testing.T, as, path string, form url.Values) (int, http.Header, string) {
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
	return resp.StatusCode, resp.Header, string(raw)
}

func TestTheList(t *testing.T) {
	d := open(t)
	for _, tc := range []struct {
		name, path string
		status     int
		see, miss  []string
	}{
		{"everything", "/threats", 200, []string{"Emotet", "2 objects found", "/objects/" + id("malware", 1), "&lt;script&gt;"}, []string{"Secretloader", "<script>alert"}},
		{"a word", "/threats?q=emotet", 200, []string{"1 object found", "Emotet"}, []string{id("tool", 2)}},
		{"what is not mine is not there", "/threats?q=secretloader", 200, []string{"Nothing that you may see"}, []string{"object found"}},
		{"nor under its marking", "/threats?tlp=red", 200, []string{"Nothing that you may see"}, []string{id("malware", 3)}},
		{"a filter stays in its field", "/threats?type=malware&tlp=clear&from=2020-01-01", 200, []string{`value="2020-01-01"`, "Emotet", `value="malware" selected`}, nil},
		{"what cannot be read is said", "/threats?from=yesterday&tlp=pink", 422, []string{"This is no date", "This is no TLP level", `value="yesterday"`}, []string{"object found"}},
		{"an address of signs", "/threats?q=%22%3E%3Cscript%3Ealert(2)&creator=%22%3E", 200, []string{"alert(2)"}, []string{"<script>alert(2)"}},
		{"a place that is none", "/threats?after=zzz", 200, []string{"2 objects found"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status, _, body := d.ask(t, "ana", tc.path, nil)
			if status != tc.status {
				t.Errorf("status %d, want %d", status, tc.status)
			}
			for _, s := range tc.see {
				if !strings.Contains(body, s) {
					t.Errorf("%q is not there", s)
				}
			}
			for _, s := range tc.miss {
				if strings.Contains(body, s) {
					t.Errorf("%q is there", s)
				}
			}
		})
	}
	t.Run("roles", func(t *testing.T) {
		for as, want := range map[string][2]int{"ana": {200, 200}, "mem": {200, 403}, "adm": {403, 403}} {
			list, _, _ := d.ask(t, as, "/threats", nil)
			export, _, _ := d.ask(t, as, "/threats/export?format=csv", nil)
			if list != want[0] || export != want[1] {
				t.Errorf("%s: list %d, export %d; want %v", as, list, export, want)
			}
		}
	})
}

func TestFindLeadsOn(t *testing.T) {
	d := open(t)
	for typed, want := range map[string]string{
		id("malware", 1): "/objects/" + id("malware", 1),
		id("malware", 3): "/threats?q=" + id("malware", 3), // as if it were not there
		id("malware", 4): "/threats?q=" + id("malware", 4),
		"two words":      "/threats?q=two+words",
	} {
		status, h, _ := d.ask(t, "ana", "/find?q="+url.QueryEscape(typed), nil)
		if status != http.StatusSeeOther || h.Get("Location") != want {
			t.Errorf("%s: %d to %s, want %s", typed, status, h.Get("Location"), want)
		}
	}
}

func TestSearchesAndColumnsAreKept(t *testing.T) {
	d := open(t)
	status, h, _ := d.ask(t, "ana", "/threats/searches", url.Values{"name": {" My  loaders "}, "search": {"q=emotet&after=1.2&junk=1"}})
	if status != http.StatusSeeOther || h.Get("Location") != "/threats?q=emotet" && !strings.HasPrefix(h.Get("Location"), "/threats?") {
		t.Fatalf("%d to %s", status, h.Get("Location"))
	}
	if _, _, body := d.ask(t, "ana", "/threats", nil); !strings.Contains(body, "My loaders") || !strings.Contains(body, `href="/threats?q=emotet"`) {
		t.Error("the saved search is not there")
	}
	if _, _, body := d.ask(t, "mem", "/threats", nil); strings.Contains(body, "My loaders") {
		t.Error("another sees my saved search")
	}
	if status, _, _ := d.ask(t, "ana", "/threats/searches", url.Values{"name": {""}}); status != 422 {
		t.Errorf("without a name: %d", status)
	}
	d.ask(t, "ana", "/threats/searches/remove", url.Values{"name": {"My loaders"}})
	if _, _, body := d.ask(t, "ana", "/threats", nil); strings.Contains(body, "My loaders") {
		t.Error("it is still there")
	}
	d.ask(t, "ana", "/threats/columns", url.Values{"column": {"labels", "nothing"}})
	_, _, body := d.ask(t, "ana", "/threats", nil)
	if !strings.Contains(body, "=cmd") || strings.Contains(body, ">Received</a>") {
		t.Error("the columns are not those chosen")
	}
}

func TestExport(t *testing.T) {
	d := open(t)
	status, h, body := d.ask(t, "ana", "/threats/export?format=stix", nil)
	var bundle struct {
		Type, ID string
		Objects  []struct {
			ID string `json:"id"`
		} `json:"objects"`
	}
	if err := canon.Unmarshal([]byte(strings.ToLower(body[:1])+body[1:]), &bundle); err != nil || status != 200 || len(bundle.Objects) != 2 {
		t.Fatalf("%d %v %s", status, err, body)
	}
	if !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
		t.Errorf("header %v", h)
	}
	_, _, body = d.ask(t, "ana", "/threats/export?format=csv&type=malware", nil)
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil || len(rows) != 2 || rows[1][2] != "Emotet" || rows[1][13] != "'=cmd" {
		t.Errorf("%v, %v", rows, err)
	}
	_, _, body = d.ask(t, "ana", "/threats/chosen", url.Values{"format": {"csv"}, "id": {id("tool", 2), id("malware", 3)}})
	if strings.Contains(body, "Secretloader") || !strings.Contains(body, id("tool", 2)) {
		t.Errorf("chosen: %s", body)
	}
	for _, form := range []url.Values{{"format": {"csv"}}, {"format": {"xml"}, "id": {"x"}}} {
		if status, _, _ := d.ask(t, "ana", "/threats/chosen", form); status != 422 {
			t.Errorf("%v: %d", form, status)
		}
	}
}

func TestAnOpinionOnMany(t *testing.T) {
	d := open(t)
	status, h, _ := d.ask(t, "ana", "/threats/opinion", url.Values{"verdict": {"known"}, "id": {id("malware", 1), id("tool", 2)}})
	if status != http.StatusSeeOther || !strings.HasPrefix(h.Get("Location"), "/objects/opinion--") {
		t.Fatalf("%d to %s", status, h.Get("Location"))
	}
	if err := d.Library.CatchUp(t.Context(), d.Live); err != nil {
		t.Fatal(err)
	}
	for _, about := range []string{id("malware", 1), id("tool", 2)} {
		if _, _, body := d.ask(t, "ana", "/objects/"+about, nil); !strings.Contains(body, "<strong>known already</strong>") {
			t.Errorf("%s has no opinion", about)
		}
	}
	for want, form := range map[int]url.Values{
		404: {"verdict": {"known"}, "id": {id("malware", 1), id("malware", 3)}}, 422: {"verdict": {"known"}},
	} {
		if status, _, _ := d.ask(t, "ana", "/threats/opinion", form); status != want {
			t.Errorf("%v: %d, want %d", form, status, want)
		}
	}
	if status, _, _ := d.ask(t, "adm", "/threats/opinion", url.Values{"verdict": {"known"}, "id": {id("malware", 1)}}); status != 403 {
		t.Errorf("an administrator: %d", status)
	}
}
