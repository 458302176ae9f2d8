package signin_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/clock"
	"twoseas/internal/edge/web/formtest"
	"twoseas/internal/node"
	"twoseas/internal/nodetest"
)

const password = "correct horse battery"

type site struct {
	*nodetest.Node
	t   *testing.T
	clk *clock.Fake
}

func open(t *testing.T, change func(*node.Config)) *site {
	t.Helper()
	clk := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	return &site{nodetest.StartAt(t, "in", clk, change), t, clk}
}

func oneFactor(c *node.Config) { c.OneFactor = true }

func (s *site) add(a people.Account) {
	s.t.Helper()
	if err := s.People.AddAccount(s.t.Context(), s.Operator(), a); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) browser() *formtest.Browser { return formtest.New(s.t, s.Run.URL) }

func (s *site) link(name string) string {
	s.t.Helper()
	secret, err := s.Sessions.Link(s.t.Context(), s.Operator(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	u, err := url.Parse(s.LinkURL(secret))
	if err != nil {
		s.t.Fatal(err)
	}
	return u.RequestURI()
}

func (s *site) code(secret string) url.Values {
	s.t.Helper()
	c, err := totp.GenerateCode(secret, s.clk.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	return url.Values{"code": {c}}
}

var (
	secretRE = regexp.MustCompile(`<code class="digest">([A-Z2-7]{32})</code>`)
	codeRE   = regexp.MustCompile(`<li><code>([a-z2-7-]{31})</code></li>`)
)

func TestFromTheLinkToTheDesk(t *testing.T) {
	s := open(t, nil)
	s.add(people.Account{Name: "a", Roles: []people.Role{people.Analyst}})
	b := s.browser()
	path := s.link("a")
	b.Get("/account").Want(200, "/sign-in")
	b.Get(path).Want(200, "/welcome", "Welcome, a")
	if got := b.Header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the page of a secret address has Referrer-Policy %q", got)
	}
	s.browser().Get(path).Want(200, "/welcome") // looking uses nothing up
	b.Submit("/welcome", nil).Want(200, "/enrol", "A password and an authenticator app")
	s.browser().Get(path).Want(403, "/welcome", "This link was used")
	b.Get("/account").Want(200, "/enrol") // nothing else yet
	b.Get("/enrol").Submit("/enrol/password", url.Values{"password": {"short"}, "again": {"short"}}).Want(422, "/enrol/password", "at least 12 characters")
	b.Submit("/enrol/password", url.Values{"password": {password}, "again": {"another"}}).Want(422, "", "differ")
	b.Submit("/enrol/password", url.Values{"password": {password}, "again": {password}}).Want(200, "/enrol", "data:image/png;base64,")
	secret := secretRE.FindStringSubmatch(b.Body)
	if secret == nil {
		t.Fatal("no secret to type: " + b.Words())
	}
	b.Submit("/enrol/generator", url.Values{"code": {"000000"}}).Want(422, "", "Wrong or used code")
	b.Submit("/enrol/generator", s.code(secret[1])).Want(200, "", "Recovery codes")
	codes := codeRE.FindAllStringSubmatch(b.Body, -1)
	if len(codes) != 10 {
		t.Fatalf("%d recovery codes", len(codes))
	}
	b.Get("/account").Want(200, "/account", "10 recovery codes left", "Firefox, Linux", "this one")

	c := s.browser()
	c.Get("/account").Submit("/sign-in", url.Values{"name": {"A"}, "password": {password}}).Want(200, "/sign-in/code", "The password was right")
	c.Get("/threats").Want(200, "/sign-in/code") // half way in is not in
	c.Get("/sign-in/code?back=/account").Submit("/sign-in/code", url.Values{"code": {codes[0][1]}}).Want(200, "/account", "9 recovery codes left")
	c.Post("/sign-out", nil).Want(200, "/sign-in")
	c.Get("/account").Want(200, "/sign-in")
	s.clk.Advance(time.Minute)
	c.SignIn("a", password).Submit("/sign-in/code", s.code(secret[1])).Want(0, "/")
	if cookies := c.Cookies(); len(cookies["__Host-twoseas-in"]) != 43 {
		t.Errorf("cookies %v", cookies)
	}
}

func TestAWrongNameAndAWrongPasswordAreAnsweredAlike(t *testing.T) {
	s := open(t, oneFactor)
	s.add(people.Account{Name: "a", Roles: []people.Role{people.Analyst}, Password: password})
	s.add(people.Account{Name: "c", Roles: []people.Role{people.Analyst}, Password: password, Disabled: true})
	pages := map[string]string{}
	for _, name := range []string{"a", "b", "c", "no name at all"} {
		b := s.browser().SignIn(name, "wrong wrong wrong").Want(403, "/sign-in", "Wrong account name or password.")
		pages[strings.ReplaceAll(b.Body, `value="`+name+`"`, "")] = name
	}
	if len(pages) != 1 {
		t.Errorf("the pages differ for %v", pages)
	}
	b := s.browser()
	for range 30 {
		b.SignIn("a", "wrong wrong wrong")
	}
	b.Want(403, "/sign-in", "Too many failed tries. Try again in")
	b.SignIn("a", password).Want(403, "/sign-in", "Too many failed tries")
}

func TestAFormOfAnotherSiteIsRefused(t *testing.T) {
	s := open(t, oneFactor)
	s.add(people.Account{Name: "a", Roles: []people.Role{people.Analyst}, Password: password})
	b := s.browser().SignIn("a", password).Want(0, "/")
	b.Origin = "https://evil.example"
	b.Post("/account/sessions/end-others", nil).Want(403, "")
	b.Post("/sign-out", nil).Want(403, "")
	b.Post("/sign-in", url.Values{"name": {"a"}, "password": {password}}).Want(403, "")
	b.Origin = s.Run.URL
	b.Post("/account/sessions/end-others", nil).Want(200, "/account")
}

func TestNobodyIsLedToAnotherSite(t *testing.T) {
	s := open(t, oneFactor)
	s.add(people.Account{Name: "a", Roles: []people.Role{people.Analyst}, Password: password})
	for _, back := range []string{"https://evil.example/", "//evil.example/", `/\evil.example/`, "javascript:alert(1)", "/\t/evil.example", ""} {
		b := s.browser()
		b.Get("/sign-in?" + url.Values{"back": {back}}.Encode())
		b.Post("/sign-in", url.Values{"name": {"a"}, "password": {password}, "back": {back}}).Want(0, "/")
		s.clk.Advance(session.DefaultRecent)
		b.Post("/confirm", url.Values{"confirm.password": {password}, "confirm.to": {back}, "back": {back}}).Want(0, "/")
	}
}

func TestAFormWaitsForTheConfirmation(t *testing.T) {
	s := open(t, oneFactor)
	s.add(people.Account{Name: "boss", Roles: []people.Role{people.Administrator}, Password: password})
	b := s.browser().SignIn("boss", password)
	s.clk.Advance(session.DefaultRecent)
	form := url.Values{"name": {"new.one"}, "full-name": {`A "<b>Person</b>"`}, "role": {"analyst", "member"}, "clearance": {"TLP:AMBER"}}
	b.Get("/people/add").Submit("/people/add", form).Want(200, "/people/add", "Is it you?", "Nothing you typed is lost")
	if _, err := s.People.Get(t.Context(), s.Operator(), "new.one"); err == nil {
		t.Fatal("the form was carried out before the confirmation")
	}
	b.Submit("/confirm", url.Values{"confirm.password": {"wrong wrong wrong"}}).Want(403, "/confirm", "That was not it")
	b.Submit("/confirm", url.Values{"confirm.password": {password}}).Want(200, "/people/account/new.one", "A &#34;&lt;b&gt;Person&lt;/b&gt;&#34;")
	got, err := s.People.Get(t.Context(), s.Operator(), "new.one")
	if err != nil || len(got.Roles) != 2 || got.Clearance != "TLP:AMBER" || got.FullName != `A "<b>Person</b>"` {
		t.Errorf("%+v, %v", got, err)
	}
	s.clk.Advance(session.DefaultRecent)
	b.Get("/account/passkey").Want(200, "/confirm").Submit("/confirm", url.Values{"confirm.password": {password}}).Want(200, "/account/passkey")
}

func TestATokenConfirmsNothing(t *testing.T) {
	s := open(t, oneFactor)
	s.add(people.Account{Name: "boss", Roles: []people.Role{people.Administrator}, Password: password})
	token, err := s.People.IssueToken(t.Context(), s.Operator(), "boss", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser()
	for path, want := range map[string]int{"/people": 200, "/people/add": 403} {
		method := http.MethodGet
		if want == 403 {
			method = http.MethodPost
		}
		if got := b.As(method, path, "Bearer "+token); got != want {
			t.Errorf("%s %s with a token: %d, want %d", method, path, got, want)
		}
	}
}

func TestTwoNodesOnOneHostDoNotSignEachOthersPeopleOut(t *testing.T) {
	s := open(t, oneFactor)
	jp := nodetest.Start(t, "jp", oneFactor)
	for _, n := range []*nodetest.Node{s.Node, jp} {
		if err := n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: "a", Roles: []people.Role{people.Analyst}, Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	b := s.browser().SignIn("a", password).Want(0, "/")
	b.Get(jp.Run.URL+"/sign-in").Post(jp.Run.URL+"/sign-in", url.Values{"name": {"a"}, "password": {password}}).Want(0, "/")
	b.Get(s.Run.URL+"/account").Want(200, "/account", "Your account")
	b.Get(jp.Run.URL+"/account").Want(200, "/account", "Your account")
}

// TestALostAppIsReplacedWhereAPasswordIsEnough guards against a page on which
// there is no way on.
func TestALostAppIsReplacedWhereAPasswordIsEnough(t *testing.T) {
	s := open(t, oneFactor)
	s.add(people.Account{Name: "a", Roles: []people.Role{people.Analyst}, Password: password})
	b := s.browser().SignIn("a", password)
	b.Get("/account/generator").Submit("/account/generator", s.code(secretRE.FindStringSubmatch(b.Body)[1])).Want(200, "", "Recovery codes")
	lost := s.browser()
	lost.Get(s.link("a")).Submit("/welcome", nil).Want(200, "/enrol", "data:image/png")
	s.clk.Advance(time.Minute)
	lost.Submit("/enrol/generator", s.code(secretRE.FindStringSubmatch(lost.Body)[1])).Want(200, "", "Recovery codes")
	lost.Get("/account").Want(200, "/account")
	b.Get("/account").Want(200, "/sign-in")
}
