package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"testing"

	"twoseas/client"
	"twoseas/internal/act/people"
	"twoseas/internal/node"
)

const bundle = `{"type":"bundle","id":"bundle--5d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c01","objects":[
{"type":"indicator","spec_version":"2.1","id":"indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z","valid_from":"2026-11-01T00:00:00Z","pattern_type":"stix","pattern":"[domain-name:value = 'evil.example']"}]}`

// Take a bundle in and ask what is known of a value.
func Example() {
	url, web, token, stop := serve()
	defer stop()

	ctx := context.Background()
	c, err := client.NewClientWithResponses(url, client.WithHTTPClient(web), client.WithRequestEditorFn(client.Bearer(token)))
	if err != nil {
		log.Fatal(err)
	}
	tlp, key := "green", "import of 22 November"
	for range 2 { // the second time nothing happens: the key is the same
		taken, err := c.ImportWithBodyWithResponse(ctx, &client.ImportParams{Tlp: &tlp, IdempotencyKey: &key}, "application/stix+json", strings.NewReader(bundle))
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(taken.JSON200.New, "new, again:", taken.HTTPResponse.Header.Get("Idempotency-Replayed") == "true")
	}
	answer, err := c.LookupWithResponse(ctx, &client.LookupParams{Value: "evil[.]example"})
	if err != nil {
		log.Fatal(err)
	}
	for _, hit := range *answer.JSON200.Hits {
		fmt.Println(hit.ID, hit.Tlp)
	}
	accounts, err := c.AccountsWithResponse(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(accounts.StatusCode(), *accounts.ApplicationProblemJSON403.Title)
	// Output:
	// 1 new, again: false
	// 1 new, again: true
	// indicator--7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c02 TLP:GREEN
	// 403 Forbidden
}

// serve starts a node with an account for a program.
func serve() (url string, web *http.Client, token string, stop func()) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "twoseas")
	must(err)
	must(node.Init(dir, node.Config{Side: "in", Listen: "127.0.0.1:0", PeerListen: "127.0.0.1:0"}))
	n, err := node.Open(ctx, dir, node.Options{})
	must(err)
	run, err := n.Start(ctx)
	must(err)
	must(n.People.AddAccount(ctx, n.Operator(), people.Account{Name: "siem", Roles: []people.Role{people.Analyst}, Clearance: "TLP:AMBER"}))
	token, err = n.People.IssueToken(ctx, n.Operator(), "siem", "example", 0)
	must(err)
	pem, err := os.ReadFile(n.CertificateFile())
	must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	web = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	return run.URL, web, token, func() { must(errors.Join(run.Stop(), n.Close(), os.RemoveAll(dir))) }
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func TestTheClientSpeaksForEveryOperation(t *testing.T) {
	doc, err := os.ReadFile("../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("client.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(doc)) {
		id, ok := strings.CutPrefix(strings.TrimSpace(line), "operationId: ")
		if !ok {
			continue
		}
		n++
		name := ""
		for part := range strings.SplitSeq(id, "-") {
			name += strings.ToUpper(part[:1]) + part[1:]
		}
		if !strings.Contains(string(code), ") "+name+"WithResponse(") && !strings.Contains(string(code), ") "+name+"WithBodyWithResponse(") {
			t.Errorf("no method %s for %s: run make generate", name, id)
		}
	}
	if n < 50 {
		t.Errorf("found only %d operations", n)
	}
}
