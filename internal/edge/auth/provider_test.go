package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/auth"
	"twoseas/internal/store"
)

// entrance is a site with nothing but doors, and a browser at it.
type entrance struct {
	t      *testing.T
	door   *auth.Auth
	people *people.People
	clk    *clock.Fake
	site   *httptest.Server
	client *http.Client
	idp    *idp
}

// entry opens a site with single sign-on over plain HTTP on loopback.
func entry(t *testing.T) *entrance {
	t.Helper()
	clk := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "twoseas.db"), clk)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	live, err := s.Domain(t.Context(), ident.Live)
	must(t, err)
	p, err := people.New(t.Context(), live, people.Home{Side: "in"}, clk, rand.Reader)
	must(t, err)
	e := &entrance{t: t, people: p, clk: clk, idp: newIDP(t, clk)}
	provider := auth.NewProvider(auth.ProviderConfig{Name: "IdP", Issuer: e.idp.server.URL, ClientID: clientID, ClientSecret: clientSecret, Clock: clk})
	e.door = auth.New(p, false).WithDoors(auth.Doors{
		Sessions: session.New(session.Config{Store: live, People: p, Clock: clk, Rand: rand.Reader, Issuer: "x"}), Side: "in", Title: "x", Provider: provider,
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /go", e.leave)
	mux.HandleFunc("GET "+auth.ProviderBack, e.back)
	mux.HandleFunc("GET /who", e.who)
	mux.HandleFunc("POST /who", e.who)
	guarded, err := e.door.SameOrigin(mux)
	must(t, err)
	e.site = httptest.NewServer(guarded)
	t.Cleanup(e.site.Close)
	jar, err := cookiejar.New(nil)
	must(t, err)
	e.client = &http.Client{Jar: jar}
	must(t, p.AddAccount(t.Context(), people.System("test"), people.Account{Name: "a", Email: "a@example.in", Roles: []people.Role{people.Member}}))
	return e
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (e *entrance) leave(w http.ResponseWriter, r *http.Request) {
	again := session.Session{}
	if who, err := e.door.Who(r); err == nil && r.FormValue("again") != "" {
		again = who.Session
	}
	to, err := e.door.ToProvider(w, r, "/who", again)
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (e *entrance) back(w http.ResponseWriter, r *http.Request) {
	who, _ := e.door.Who(r) // nobody is a fine answer
	secret, to, err := e.door.FromProvider(w, r, who.Session)
	if err != nil {
		status := http.StatusTeapot
		if fault.Is(err, fault.Denied) {
			status = http.StatusForbidden
		}
		http.Error(w, err.Error(), status)
		return
	}
	e.door.Remember(w, r, secret)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (e *entrance) who(w http.ResponseWriter, r *http.Request) {
	who, err := e.door.Who(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	recent := ""
	if who.Recent {
		recent = " recent"
	}
	_, _ = io.WriteString(w, who.String()+" "+string(who.Roles[0])+" "+who.Session.Method+recent) // the test reads what arrives
}

// get follows redirects and returns status and words.
func (e *entrance) get(path string) (int, string) {
	e.t.Helper()
	resp, err := e.client.Get(e.site.URL + path)
	must(e.t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	must(e.t, err)
	return resp.StatusCode, strings.TrimSpace(string(raw))
}

// fresh has the browser forget everything.
func (e *entrance) fresh() {
	e.t.Helper()
	jar, err := cookiejar.New(nil)
	must(e.t, err)
	e.client.Jar = jar
}

func TestSingleSignOn(t *testing.T) {
	e := entry(t)
	if status, text := e.get("/who"); status != 401 {
		t.Fatalf("before: %d %s", status, text)
	}
	if status, text := e.get("/go"); status != 200 || text != "a member single sign-on recent" {
		t.Fatalf("got %d %s", status, text)
	}
	if s := e.idp.asked; s.Get("scope") != "openid email" || s.Get("code_challenge") == "" || s.Get("state") == "" {
		t.Errorf("asked %v", s)
	}
	e.clk.Advance(session.DefaultRecent)
	if _, text := e.get("/who"); text != "a member single sign-on" {
		t.Errorf("five minutes later: %s", text)
	}
	if status, text := e.get("/go?again=1"); status != 200 || !strings.HasSuffix(text, "recent") {
		t.Errorf("asked again: %d %s", status, text)
	}
	if s := e.idp.asked; s.Get("prompt") != "login" || s.Get("max_age") != "0" {
		t.Errorf("asked %v", s)
	}
	e.idp.email = "changed@example.in"
	e.fresh()
	if _, text := e.get("/go"); !strings.HasPrefix(text, "a member") {
		t.Errorf("with another address: %s", text)
	}
}

func TestWhatASingleSignOnMustNotDo(t *testing.T) {
	e := entry(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	claim := func(name string, v any) func(map[string]any) { return func(c map[string]any) { c[name] = v } }
	for name, c := range map[string]struct {
		change func(map[string]any)
		also   func()
	}{
		"the nonce of another sign-on":   {change: claim("nonce", "x")},
		"no nonce":                       {change: func(c map[string]any) { delete(c, "nonce") }},
		"a token for another client":     {change: claim("aud", "other")},
		"another issuer":                 {change: claim("iss", "https://evil.example")},
		"a token that has expired":       {change: claim("exp", e.clk.Now().Add(-time.Minute).Unix())},
		"an address that is not proved":  {change: claim("email_verified", false)},
		"an address as a list":           {change: claim("email", []string{"a@example.in"})},
		"nobody":                         {change: claim("sub", "")},
		"an address nobody has here":     {change: claim("email", "x@example.in")},
		"another's signature":            {also: func() { e.idp.signWith = other }},
		"no signature":                   {also: func() { e.idp.alg = "none" }},
		"a signature said to be an HMAC": {also: func() { e.idp.alg = "HS256" }},
	} {
		t.Run(name, func(t *testing.T) {
			e.fresh()
			e.idp.change, e.idp.signWith, e.idp.alg = c.change, e.idp.key, "RS256"
			if c.also != nil {
				c.also()
			}
			if status, text := e.get("/go"); status != 403 {
				t.Errorf("got %d %s", status, text)
			}
			if status, text := e.get("/who"); status != 401 {
				t.Errorf("afterwards: %d %s", status, text)
			}
		})
	}
}

func TestASignOnIsOnesOwnAndTakenOnce(t *testing.T) {
	e := entry(t)
	stop := func(at string) string {
		t.Helper()
		e.client.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.Path, at) {
				return http.ErrUseLastResponse
			}
			return nil
		}
		defer func() { e.client.CheckRedirect = nil }()
		resp, err := e.client.Get(e.site.URL + "/go")
		must(t, err)
		defer resp.Body.Close()
		u, err := url.Parse(resp.Header.Get("Location"))
		must(t, err)
		return u.RequestURI()
	}
	theirs := stop(auth.ProviderBack) // an attacker stops here and has somebody else's browser go on
	e.fresh()
	if status, text := e.get(theirs); status != 403 {
		t.Errorf("another browser's sign-on: %d %s", status, text)
	}
	stop(auth.ProviderBack) // the victim has begun one as well
	if status, text := e.get(theirs); status != 403 {
		t.Errorf("another's answer to one's own sign-on: %d %s", status, text)
	}
	own := stop(auth.ProviderBack)
	forged := strings.Replace(own, "state=", "state=x", 1)
	if status, _ := e.get(forged); status != 403 {
		t.Errorf("another state: %d", status)
	}
	if status, _ := e.get(own); status != 403 {
		t.Errorf("the same again after a failure: %d", status)
	}
	own = stop(auth.ProviderBack)
	e.clk.Advance(10 * time.Minute)
	if status, _ := e.get(own); status != 403 {
		t.Errorf("after ten minutes: %d", status)
	}
	own = stop(auth.ProviderBack)
	if status, text := e.get(own + "&error=access_denied"); status != 403 || !strings.Contains(text, "access_denied") {
		t.Errorf("a refusal: %d %s", status, text)
	}
	if status, text := e.get(stop(auth.ProviderBack)); status != 200 {
		t.Errorf("one's own: %d %s", status, text)
	}
}

func TestConfirmingNeedsTheSamePersonAskedAgain(t *testing.T) {
	e := entry(t)
	must(t, e.people.AddAccount(t.Context(), people.System("test"), people.Account{Name: "b", Email: "b@example.in", Roles: []people.Role{people.Member}}))
	e.get("/go")
	e.clk.Advance(session.DefaultRecent)
	e.idp.change = func(c map[string]any) { c["auth_time"] = e.clk.Now().Add(-time.Hour).Unix() }
	if status, text := e.get("/go?again=1"); status != 403 || !strings.Contains(text, "did not ask") {
		t.Errorf("a provider that did not ask again: %d %s", status, text)
	}
	e.idp.change, e.idp.subject, e.idp.email = nil, "b", "b@example.in"
	if status, text := e.get("/go?again=1"); status != 403 {
		t.Errorf("somebody else: %d %s", status, text)
	}
	if _, text := e.get("/who"); text != "a member single sign-on" {
		t.Errorf("afterwards: %s", text)
	}
}

func TestAProviderThatIsAwayIsAsked(t *testing.T) {
	e := entry(t)
	e.idp.server.Close()
	if status, text := e.get("/go"); status != http.StatusTeapot || !strings.Contains(text, "does not answer") {
		t.Errorf("got %d %s", status, text)
	}
}

func TestAnUnsafeRequestOfAnotherSiteIsRefused(t *testing.T) {
	e := entry(t)
	e.get("/go")
	for name, c := range map[string]struct {
		header, value string
		want          int
	}{
		"a browser says cross-site": {"Sec-Fetch-Site", "cross-site", 403},
		"a browser says same-site":  {"Sec-Fetch-Site", "same-site", 403},
		"an old browser's origin":   {"Origin", "https://evil.example", 403},
		"no origin":                 {"Origin", "null", 403},
		"one's own":                 {"Sec-Fetch-Site", "same-origin", 200},
		"one's own, old browser":    {"Origin", e.site.URL, 200},
		"a program":                 {"X-Nothing", "", 200},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, e.site.URL+"/who", http.NoBody)
		must(t, err)
		r.Header.Set(c.header, c.value)
		resp, err := e.client.Do(r)
		must(t, err)
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, c.want)
		}
	}
}

func TestTheCookieIsTheBrowsersAlone(t *testing.T) {
	e := entry(t)
	for name, c := range map[string]struct {
		url  string
		want string
	}{
		"over TLS": {"https://node.example/", "__Host-twoseas-in=s; Path=/; HttpOnly; Secure; SameSite=Lax"},
		"plain":    {"http://127.0.0.1/", "twoseas-in=s; Path=/; HttpOnly; SameSite=Lax"},
	} {
		w := httptest.NewRecorder()
		e.door.Remember(w, httptest.NewRequest(http.MethodGet, c.url, nil), "s")
		if got := w.Header().Get("Set-Cookie"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	plain := httptest.NewRequest(http.MethodGet, "https://node.example/", nil)
	plain.Header.Set("Cookie", "twoseas-in=whatever; __Host-twoseas-jp=whatever")
	if _, err := e.door.Who(plain); !fault.Is(err, fault.Denied) {
		t.Errorf("a cookie of another name: %v", err)
	}
}

func TestDevicesReadAsPeopleCallThem(t *testing.T) {
	e := entry(t)
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0": "Edge, Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1":       "Safari, iPhone",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":                                                    "Firefox, Linux",
		"something else": "something else", "": "",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("User-Agent", agent)
		if got := e.door.At(r).Device; got != want {
			t.Errorf("%s: got %q, want %q", agent, got, want)
		}
	}
}
