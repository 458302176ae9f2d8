package auth_test

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/auth"
	"twoseas/internal/store"
)

const password = "correct: horse battery" // with a colon, as a password may have

type door struct {
	*auth.Auth
	people *people.People
	token  string
}

func open(t testing.TB, behindProxy bool) door {
	t.Helper()
	clk := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "twoseas.db"), clk)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	live, err := s.Domain(t.Context(), ident.Live)
	if err != nil {
		t.Fatal(err)
	}
	p, err := people.New(t.Context(), live, people.Home{Side: "in"}, clk, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	by := people.System("test")
	err = p.AddAccount(t.Context(), by, people.Account{Name: "a", Roles: []people.Role{people.Member}, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	token, err := p.IssueToken(t.Context(), by, "a", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return door{auth.New(p, behindProxy), p, token}
}

func request(credentials ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, c := range credentials {
		r.Header.Add("Authorization", c)
	}
	return r
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func TestCredentialsAreTakenFromOneWellFormedHeader(t *testing.T) {
	d := open(t, false)
	cases := []struct {
		name string
		want string // "" when refused
		r    *http.Request
	}{
		{"Basic", "a", request("Basic " + b64("a:"+password))},
		{"Basic in another case", "a", request("bAsIc " + b64("a:"+password))},
		{"a bearer token", "a (token " + d.token[4:20] + ")", request("Bearer " + d.token)},
		{"more spaces", "a (token " + d.token[4:20] + ")", request("Bearer   " + d.token + " ")},
		{"nothing", "", request()},
		{"an empty header", "", request("")},
		{"two headers", "", request("Basic "+b64("a:"+password), "Bearer "+d.token)},
		{"the same header twice", "", request("Bearer "+d.token, "Bearer "+d.token)},
		{"a scheme alone", "", request("Basic")},
		{"a token as Basic", "", request("Basic " + d.token)},
		{"a password as a token", "", request("Bearer " + b64("a:"+password))},
		{"no colon", "", request("Basic " + b64("a"))},
		{"no base64", "", request("Basic a:" + password)},
		{"a wrong password", "", request("Basic " + b64("a:nonsense nonsense"))},
		{"Digest", "", request(`Digest username="a"`)},
		{"an id alone", "", request("Bearer " + d.token[:21])},
	}
	for _, c := range cases {
		a, err := d.Authenticate(c.r)
		if c.want != "" && (err != nil || a.String() != c.want) {
			t.Errorf("%s: got %s, %v; want %s", c.name, a, err, c.want)
		}
		if c.want == "" && (!fault.Is(err, fault.Denied) || a.Name != "") {
			t.Errorf("%s: got %s, %v; want a denial", c.name, a, err)
		}
		for _, secret := range []string{password, d.token[21:], b64("a:" + password)} {
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error shows what was sent: %v", c.name, err)
			}
		}
	}
	in := request()
	in.URL.RawQuery = "access_token=" + d.token
	if _, err := d.Authenticate(in); err == nil {
		t.Error("a token in the URL is taken")
	}
}

func TestTheAddressIsTheConnectionsUnlessAProxyOfOursStandsInFront(t *testing.T) {
	direct, proxied := open(t, false), open(t, true)
	cases := []struct {
		name, connection string
		forwarded        []string
		direct, proxied  string
	}{
		{"no header", "192.0.2.1:1234", nil, "192.0.2.1", "192.0.2.1"},
		{"IPv6", "[2001:db8::1]:1234", nil, "2001:db8::1", "2001:db8::1"},
		{"one address", "192.0.2.1:1", []string{"198.51.100.7"}, "192.0.2.1", "198.51.100.7"},
		{"the last of several", "192.0.2.1:1", []string{"203.0.113.9, 198.51.100.7"}, "192.0.2.1", "198.51.100.7"},
		{"the last of several headers", "192.0.2.1:1", []string{"203.0.113.9", "10.0.0.1,198.51.100.7"}, "192.0.2.1", "198.51.100.7"},
		{"with a port", "192.0.2.1:1", []string{"198.51.100.7:443"}, "192.0.2.1", "198.51.100.7"},
		{"IPv6 in brackets", "192.0.2.1:1", []string{"[2001:db8::2]"}, "192.0.2.1", "2001:db8::2"},
		{"IPv6 with a port", "192.0.2.1:1", []string{"[2001:db8::2]:5"}, "192.0.2.1", "2001:db8::2"},
		{"nonsense", "192.0.2.1:1", []string{"localhost"}, "192.0.2.1", "192.0.2.1"},
		{"nonsense last", "192.0.2.1:1", []string{"203.0.113.9, "}, "192.0.2.1", "192.0.2.1"},
		{"no connection", "", nil, "", ""},
		{"a Unix socket", "@", nil, "", ""},
	}
	for _, c := range cases {
		r := request()
		r.RemoteAddr = c.connection
		if c.forwarded != nil {
			r.Header["X-Forwarded-For"] = c.forwarded
		}
		if got := direct.Remote(r); got != c.direct {
			t.Errorf("%s, directly: got %q, want %q", c.name, got, c.direct)
		}
		if got := proxied.Remote(r); got != c.proxied {
			t.Errorf("%s, behind a proxy: got %q, want %q", c.name, got, c.proxied)
		}
	}
}

func TestAFloodFromOneAddressIsToldToWaitWhateverItForwards(t *testing.T) {
	d := open(t, false)
	flood := func(c, forwarded string) error {
		r := request(c)
		r.Header.Set("X-Forwarded-For", forwarded)
		_, err := d.Authenticate(r)
		return err
	}
	for range 5 {
		if err := flood("Basic "+b64("a:wrong wrong wrong"), "10.0.0.1"); !fault.Is(err, fault.Denied) {
			t.Fatalf("got %v, want a denial", err)
		}
	}
	err := flood("Basic "+b64("a:"+password), "10.0.0.2")
	h := http.Header{}
	if got := auth.Refuse(h, err); got != http.StatusTooManyRequests || h.Get("Retry-After") != "1" || h.Get("WWW-Authenticate") != "" {
		t.Errorf("got %d with %v for %v, want 429 with Retry-After: 1", got, h, err)
	}
	if err := flood("Bearer "+d.token, ""); err != nil {
		t.Errorf("the token from the same address: %v", err)
	}
}

func TestARefusalCarriesWhatTheClientNeeds(t *testing.T) {
	challenges := http.Header{"Www-Authenticate": {`Basic realm="twoseas", charset="UTF-8"`, `Bearer realm="twoseas"`}}
	cases := []struct {
		err    error
		status int
		header http.Header
	}{
		{fault.New(fault.Denied, "no"), http.StatusUnauthorized, challenges},
		{fault.New(fault.Busy, "later"), http.StatusServiceUnavailable, http.Header{"Retry-After": {"5"}}},
		{fault.New(fault.Unavailable, "disk"), http.StatusServiceUnavailable, http.Header{"Retry-After": {"5"}}},
		{http.ErrBodyNotAllowed, http.StatusInternalServerError, http.Header{}},
	}
	for _, c := range cases {
		h := http.Header{}
		if got := auth.Refuse(h, c.err); got != c.status {
			t.Errorf("%v: got %d, want %d", c.err, got, c.status)
		}
		if d := cmp.Diff(c.header, h); d != "" {
			t.Errorf("%v: headers (-want +got):\n%s", c.err, d)
		}
	}
	w := httptest.NewRecorder()
	auth.Challenge(w)
	if d := cmp.Diff(challenges, w.Header()); w.Code != http.StatusUnauthorized || d != "" {
		t.Errorf("challenge: %d (-want +got):\n%s", w.Code, d)
	}
}

func TestEveryAnswerHasTheHeadersAndAPageMaySetItsOwn(t *testing.T) {
	d, p := open(t, false), open(t, true)
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		w.Header().Add("X-Frame-Options", "added")
	})
	plain := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	answer := func(a door, url string, next http.Handler) http.Header {
		w := httptest.NewRecorder()
		a.SecurityHeaders(next).ServeHTTP(w, httptest.NewRequest(http.MethodGet, url, nil))
		return w.Header()
	}
	answer(d, "https://x/", page) // must leave nothing behind for the next
	expect := http.Header{
		"X-Content-Type-Options": {"nosniff"}, "Referrer-Policy": {"no-referrer"}, "X-Frame-Options": {"DENY"},
		"Cross-Origin-Resource-Policy": {"same-origin"}, "Cross-Origin-Opener-Policy": {"same-origin"},
		"Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
	}
	if diff := cmp.Diff(expect, answer(d, "http://x/", plain)); diff != "" {
		t.Errorf("plain HTTP (-want +got):\n%s", diff)
	}
	expect["Strict-Transport-Security"] = []string{"max-age=31536000"}
	for name, h := range map[string]http.Header{"TLS": answer(d, "https://x/", plain), "proxied": answer(p, "http://x/", plain)} {
		if diff := cmp.Diff(expect, h); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := answer(d, "https://x/", page).Get("Content-Security-Policy"); got != "default-src 'self'" {
		t.Errorf("a page's own policy is lost: %s", got)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	d := open(b, false)
	for name, c := range map[string]string{"Basic": "Basic " + b64("a:"+password), "Bearer": "Bearer " + d.token} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := request(c)
			for b.Loop() {
				if _, err := d.Authenticate(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
