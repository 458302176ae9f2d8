// Package formtest is a browser without scripts, for tests of the pages: it
// keeps cookies, follows redirects and sends forms as they stand in a page.
package formtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Browser is one person's browser at one site.
type Browser struct {
	t      testing.TB
	site   string
	client *http.Client
	// What the last request led to.
	Status int
	Path   string // with its query
	Header http.Header
	Body   string
	// Origin, when set, is what the browser says where forms come from.
	Origin string
}

// New returns a browser that has not been anywhere, for the site at base.
func New(t testing.TB, base string) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t: t, site: base, client: &http.Client{
		Jar:       jar,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the node of the test
	}}
}

// Get opens a page.
func (b *Browser) Get(path string) *Browser {
	b.t.Helper()
	return b.send(http.MethodGet, path, nil)
}

// Post sends a form.
func (b *Browser) Post(path string, form url.Values) *Browser {
	b.t.Helper()
	return b.send(http.MethodPost, path, form)
}

func (b *Browser) send(method, path string, form url.Values) *Browser {
	b.t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	to := path
	if strings.HasPrefix(path, "/") {
		to = b.site + path
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(b.t.Context()), method, to, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if b.Origin != "" {
			r.Header.Set("Origin", b.Origin)
		}
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Status, b.Path, b.Header, b.Body = resp.StatusCode, resp.Request.URL.RequestURI(), resp.Header, string(bytes.ToValidUTF8(raw, nil))
	return b
}

// Want fails the test unless the last request led to status (0 is any) at path (without
// its query; "" is any), and the page holds each of texts.
func (b *Browser) Want(status int, path string, texts ...string) *Browser {
	b.t.Helper()
	got, _, _ := strings.Cut(b.Path, "?")
	if status != 0 && b.Status != status || path != "" && got != path {
		b.t.Fatalf("got %d at %s, want %d at %s: %s", b.Status, b.Path, status, path, b.Words())
	}
	for _, s := range texts {
		if !strings.Contains(b.Body, s) {
			b.t.Errorf("%s does not hold %q: %s", b.Path, s, b.Words())
		}
	}
	return b
}

// Lacks fails the test when the page holds one of texts.
func (b *Browser) Lacks(texts ...string) *Browser {
	b.t.Helper()
	for _, s := range texts {
		if strings.Contains(b.Body, s) {
			b.t.Errorf("%s holds %q", b.Path, s)
		}
	}
	return b
}

var (
	forms  = regexp.MustCompile(`(?s)<form\b([^>]*)>(.*?)</form>`)
	inputs = regexp.MustCompile(`<input\b([^>]*)>`)
	attrs  = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
	tags   = regexp.MustCompile(`(?s)<(style|script|head)\b.*?</(style|script|head)>|<[^>]*>`)
)

func attributes(s string) map[string]string {
	out := map[string]string{}
	for _, m := range attrs.FindAllStringSubmatch(s, -1) {
		out[m[1]] = html.UnescapeString(m[2])
	}
	return out
}

// Submit sends the page's first form that goes to action, with what its inputs
// hold and values over it.
func (b *Browser) Submit(action string, values url.Values) *Browser {
	b.t.Helper()
	for _, m := range forms.FindAllStringSubmatch(b.Body, -1) {
		if attributes(m[1])["action"] != action {
			continue
		}
		form := url.Values{}
		for _, in := range inputs.FindAllStringSubmatch(m[2], -1) {
			a := attributes(in[1])
			_, checked := a["checked"]
			if a["name"] != "" && (a["type"] != "checkbox" || checked) {
				form.Add(a["name"], a["value"])
			}
		}
		for k, v := range values {
			form[k] = v
		}
		return b.Post(action, form)
	}
	b.t.Fatalf("%s has no form to %s: %s", b.Path, action, b.Words())
	return b
}

// Words is the last page as a reader has it, for messages of tests.
func (b *Browser) Words() string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(b.Body, " "))), " ")
}

// Cookies are the names and values the browser holds for the site.
func (b *Browser) Cookies() map[string]string {
	b.t.Helper()
	u, err := url.Parse(b.site)
	if err != nil {
		b.t.Fatal(err)
	}
	out := map[string]string{}
	for _, c := range b.client.Jar.Cookies(u) {
		out[c.Name] = c.Value
	}
	return out
}

// SignIn signs in with a password, where one is enough.
func (b *Browser) SignIn(name, password string) *Browser {
	b.t.Helper()
	return b.Get("/sign-in").Submit("/sign-in", url.Values{"name": {name}, "password": {password}})
}

// As sends an empty request with an Authorization header and no cookies, as a
// program does, and returns the status.
func (b *Browser) As(method, path, authorization string) int {
	b.t.Helper()
	r, err := http.NewRequestWithContext(context.WithoutCancel(b.t.Context()), method, b.site+path, http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	resp, err := (&http.Client{Transport: b.client.Transport}).Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		b.t.Error(err)
	}
	return resp.StatusCode
}
