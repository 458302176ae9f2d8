package webtest_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/nodetest"
)

// reader is one account that asks for pages as a program would: with its
// password, without scripts.
type reader struct {
	tb   testing.TB
	node *nodetest.Node
	name string
	http *http.Client
}

const readerPassword = "correct horse battery staple 12"

// read makes an account with roles.
func read(tb testing.TB, n *nodetest.Node, name string, roles ...people.Role) *reader {
	tb.Helper()
	return cleared(tb, n, name, "", roles...)
}

// cleared is read with a clearance.
func cleared(tb testing.TB, n *nodetest.Node, name, clearance string, roles ...people.Role) *reader {
	tb.Helper()
	a := people.Account{Name: name, Roles: roles, Password: readerPassword, Clearance: clearance}
	if err := n.People.AddAccount(tb.Context(), n.Operator(), a); err != nil {
		tb.Fatal(err)
	}
	return &reader{tb, n, name, &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // a loopback node of this test
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (r *reader) do(method, path string, form url.Values) (int, string, http.Header) {
	r.tb.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(context.Background(), method, r.node.Run.URL+path, body)
	if err != nil {
		r.tb.Fatal(err)
	}
	req.SetBasicAuth(r.name, readerPassword)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := r.http.Do(req)
	if err != nil {
		r.tb.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		r.tb.Fatal(err)
	}
	return resp.StatusCode, string(raw), resp.Header
}

// get asks for a page that must be there and say all of these.
func (r *reader) get(path string, says ...string) string {
	r.tb.Helper()
	status, text, _ := r.do(http.MethodGet, path, nil)
	if status != http.StatusOK {
		r.tb.Fatalf("%s for %s: %d: %.2000s", path, r.name, status, text)
	}
	for _, s := range says {
		if !strings.Contains(text, s) {
			r.tb.Errorf("%s does not say %q: %.6000s", path, s, text)
		}
	}
	return text
}

// status asks for a page and wants that answer.
func (r *reader) status(path string, want int) {
	r.tb.Helper()
	if got, text, _ := r.do(http.MethodGet, path, nil); got != want {
		r.tb.Errorf("%s for %s: %d, want %d: %.300s", path, r.name, got, want, text)
	}
}
