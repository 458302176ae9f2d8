package api_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/law/marking"
	"twoseas/internal/nodetest"
)

var update = flag.Bool("update", false, "write the committed descriptions anew")

const (
	low  = "low-cleared"
	high = "high-cleared"
	desk = "auditor-only"
	pass = "a long enough password"
)

// client asks a node over its own TLS.
type client struct {
	t    *testing.T
	node *nodetest.Node
	http *http.Client
}

func start(t *testing.T) *client {
	t.Helper()
	n := nodetest.Start(t, "in", nil)
	for name, a := range map[string]people.Account{
		low:  {Roles: []people.Role{people.Analyst}, Clearance: "TLP:CLEAR"},
		high: {Roles: []people.Role{people.Analyst}, Clearance: "TLP:RED"},
		desk: {Roles: []people.Role{people.Administrator}, Clearance: "TLP:RED"},
	} {
		a.Name, a.Password = name, pass
		if err := n.People.AddAccount(t.Context(), n.Operator(), a); err != nil {
			t.Fatal(err)
		}
	}
	return at(t, n)
}

// at returns a client of a node.
func at(t *testing.T, n *nodetest.Node) *client {
	t.Helper()
	pem, err := os.ReadFile(n.CertificateFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &client{t: t, node: n, http: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}}
}

func (c *client) do(user, method, path, body string) (int, string, http.Header) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.node.Run.URL+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if user != "" {
		req.SetBasicAuth(user, pass)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.send(req)
}

func (c *client) send(req *http.Request) (int, string, http.Header) {
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Error(err)
		return 0, "", nil
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Error(err)
	}
	return resp.StatusCode, string(raw), resp.Header
}

const two = `[
{"type":"indicator","spec_version":"2.1","id":"indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'open.example']"},
{"type":"indicator","spec_version":"2.1","id":"indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'secret.example']","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]}]`

func TestLookupShowsAReaderWhatItMaySee(t *testing.T) {
	c := start(t)
	if rep := c.node.Import(marking.Clear, two); rep.New != 2 {
		t.Fatalf("import: %+v", rep)
	}
	for _, tc := range []struct {
		user, value string
		found       bool
	}{{low, "open[.]example", true}, {low, "secret.example", false}, {high, "secret.example", true}} {
		status, body, _ := c.do(tc.user, http.MethodGet, "/api/v1/lookup?value="+tc.value, "")
		if status != http.StatusOK || strings.Contains(body, "indicator--") != tc.found {
			t.Errorf("%s asks %s: %d %s", tc.user, tc.value, status, body)
		}
	}
	_, hidden, _ := c.do(low, http.MethodGet, "/api/v1/lookup?value=secret.example", "")
	_, absent, _ := c.do(low, http.MethodGet, "/api/v1/lookup?value=absent.example", "")
	if strings.ReplaceAll(hidden, "secret", "absent") != absent {
		t.Errorf("what is hidden and what is not there differ:\n%s\n%s", hidden, absent)
	}
}

func TestLookupTakesManyValuesAndNoMore(t *testing.T) {
	c := start(t)
	body := func(n int) string {
		return `{"values":["` + strings.Repeat(`x.example","`, n-1) + `x.example"]}`
	}
	if status, raw, _ := c.do(high, http.MethodPost, "/api/v1/lookup", body(10_000)); status != http.StatusOK || strings.Count(raw, `"asked"`) != 10_000 {
		t.Errorf("10,000 values: %d, %d answers", status, strings.Count(raw, `"asked"`))
	}
	if status, raw, h := c.do(high, http.MethodPost, "/api/v1/lookup", body(10_001)); status != http.StatusUnprocessableEntity || !strings.HasPrefix(h.Get("Content-Type"), "application/problem+json") {
		t.Errorf("10,001 values: %d %.200s", status, raw)
	}
}

func TestEveryOperationAsksWhoAndWhether(t *testing.T) {
	c := start(t)
	for _, path := range []string{"/api/v1/lookup?value=x.example", "/api/v1/agreements", "/api/v1/agreements/in-jp-2022/summary", "/api/v1/agreements/in-jp-2022/channel"} {
		status, _, h := c.do("", http.MethodGet, path, "")
		if status != http.StatusUnauthorized || len(h.Values("Www-Authenticate")) != 2 {
			t.Errorf("%s without credentials: %d %v", path, status, h.Values("Www-Authenticate"))
		}
		if strings.HasSuffix(path, "/agreements") || strings.HasSuffix(path, "/channel") {
			continue // for any account, and for who manages channels
		}
		if status, _, _ := c.do(desk, http.MethodGet, path, ""); status != http.StatusForbidden {
			t.Errorf("%s by one who may not read: %d", path, status)
		}
	}
	if status, body, _ := c.do(high, http.MethodGet, "/api/v1/agreements/in-jp-2022/channel", ""); status != http.StatusNotFound {
		t.Errorf("no such agreement: %d %s", status, body)
	}
	if status, body, _ := c.do(high, http.MethodGet, "/api/v1/agreements/NO!/channel", ""); status != http.StatusUnprocessableEntity {
		t.Errorf("not a name: %d %s", status, body)
	}
}

func TestAgreementsAndChannels(t *testing.T) {
	in, _ := nodetest.IndiaJapan(t, nil)
	c := at(t, in)
	if err := in.People.AddAccount(t.Context(), in.Operator(), people.Account{Name: high, Roles: []people.Role{people.Analyst}, Clearance: "TLP:RED", Password: pass}); err != nil {
		t.Fatal(err)
	}
	in.Import(marking.Clear, two)
	nodetest.Converged(t, in)
	for path, want := range map[string]string{
		"/api/v1/agreements":                    `"agreement":"in-jp-2022","partner":"jp","state":"`,
		"/api/v1/agreements/in-jp-2022/summary": `"rule":"open","objects":1`,
		"/api/v1/agreements/in-jp-2022/channel": `"waiting":0,"unanswered":0,"out":1`,
	} {
		if status, body, _ := c.do(high, http.MethodGet, path, ""); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s, want %s in it", path, status, body, want)
		}
	}
}

// TestTheDescriptionIsTheCommittedOne holds the committed description, and the
// one the client is made from, to what is served.
func TestTheDescriptionIsTheCommittedOne(t *testing.T) {
	c := start(t)
	for served, golden := range map[string]string{
		"/api/v1/openapi.yaml": "../../../docs/openapi.yaml", "/api/v1/openapi-3.0.yaml": "../../../client/openapi-3.0.yaml",
	} {
		status, body, _ := c.do("", http.MethodGet, served, "")
		if status != http.StatusOK {
			t.Fatalf("%s: status %d", served, status)
		}
		if *update {
			if err := os.WriteFile(golden, []byte(body), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || !bytes.Equal(want, []byte(body)) {
			t.Errorf("%s is not what is served (%v): run make generate and look at the difference", golden, err)
		}
	}
}
