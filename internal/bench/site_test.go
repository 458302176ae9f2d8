package bench_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"testing"

	"twoseas/internal/act/intake"
	"twoseas/internal/act/people"
	"twoseas/internal/edge/taxii"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
	"twoseas/internal/store"
)

// The account that everything is done as, and the alias of the collection.
const (
	account  = "sensor"
	password = "correct horse battery staple"
	alias    = "all"
)

// furnish gives a node the account and the collection, which it reads and
// writes, and returns the collection's id.
func furnish(ctx context.Context, n *node.Node) (string, error) {
	op := n.Operator()
	if err := n.People.AddAccount(ctx, op, people.Account{
		Name: account, Roles: []people.Role{people.Analyst}, Clearance: "TLP:RED", Password: password,
	}); err != nil {
		return "", err
	}
	c, err := n.Collections.Create(ctx, n.Live, op, store.Collection{Alias: alias, Title: "All", DefaultTLP: "clear"})
	if err != nil {
		return "", err
	}
	return c.ID, n.People.Grant(ctx, n.Live, op, store.Right{Collection: c.ID, Account: account, Read: true, Write: true})
}

// source is where what is imported here comes from: the node's own side, TLP
// clear, into the collection.
func source() intake.Source { return intake.Source{DefaultTLP: marking.Clear, Collection: alias} }

// start starts a furnished node with an empty store.
func start(b *testing.B) (*nodetest.Node, string) {
	b.Helper()
	n := nodetest.Start(b, "in", nil)
	id, err := furnish(b.Context(), n.Node)
	if err != nil {
		b.Fatal(err)
	}
	return n, id
}

// importAttack takes the enterprise ATT&CK bundle in and returns how many
// objects it has.
func importAttack(b *testing.B, n *node.Node) int {
	b.Helper()
	f, err := os.Open(attackFile(b))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	rep, err := n.Intake.Stream(b.Context(), n.Live, source(), f, nil)
	if err != nil || rep.New == 0 || rep.New != rep.Read {
		b.Fatalf("%+v, %v", rep, err)
	}
	return rep.New
}

// client is one TAXII client with connections of its own: HTTP over TLS, kept
// alive, HTTP Basic.
type client struct {
	http *http.Client
	root string // the collection's URL
	buf  []byte
}

// connect returns a client of a node's collection that trusts certFile.
func connect(url, certFile, collection string) (*client, error) {
	pem, err := os.ReadFile(certFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &client{
		http: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableCompression: true}},
		root: url + taxii.Root + "collections/" + collection + "/",
		buf:  make([]byte, 1<<20),
	}, nil
}

// do sends one request and hands the answer's body to read.
func (c *client) do(ctx context.Context, method, path string, body []byte, want int, read func(*http.Response) error) error {
	req, err := http.NewRequestWithContext(ctx, method, c.root+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth(account, password)
	req.Header.Set("Accept", "application/taxii+json;version=2.1")
	if body != nil {
		req.Header.Set("Content-Type", "application/taxii+json;version=2.1")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != want {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	}
	return read(resp)
}

// get reads an answer to its end and returns its size and the newest
// date-added in it.
func (c *client) get(ctx context.Context, path string) (size int64, last string, err error) {
	err = c.do(ctx, "GET", path, nil, http.StatusOK, func(r *http.Response) (err error) {
		last = r.Header.Get("X-TAXII-Date-Added-Last")
		size, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, r.Body, c.buf)
		return err
	})
	return size, last, err
}

// walk pages by date through the collection and returns its size.
func (c *client) walk(ctx context.Context) (bytes int64, err error) {
	for after := ""; ; {
		n, last, err := c.get(ctx, "objects/?limit=1000"+after)
		if err != nil || last == "" {
			return bytes, err
		}
		bytes += n
		after = "&added_after=" + last
	}
}

// post sends an envelope; every object in it must have been taken when the
// answer comes.
func (c *client) post(ctx context.Context, envelope []byte) error {
	return c.do(ctx, "POST", "objects/", envelope, http.StatusAccepted, func(r *http.Response) error {
		raw, err := io.ReadAll(r.Body)
		if err == nil && (!bytes.Contains(raw, []byte(`"status":"complete"`)) || !bytes.Contains(raw, []byte(`"failure_count":0`))) {
			err = fmt.Errorf("got %.500s", raw)
		}
		return err
	})
}
