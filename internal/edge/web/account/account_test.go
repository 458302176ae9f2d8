package account_test

import (
	"net/url"
	"regexp"
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

const (
	password = "correct horse battery"
	other    = "staple, staple, staple"
)

func open(t *testing.T) (*nodetest.Node, *clock.Fake) {
	t.Helper()
	clk := clock.NewFake(time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC))
	n := nodetest.StartAt(t, "in", clk, func(c *node.Config) { c.OneFactor = true })
	for _, name := range []string{"a", "b"} {
		must(t, n.People.AddAccount(t.Context(), n.Operator(), people.Account{Name: name, Roles: []people.Role{people.Analyst}, Password: password}))
	}
	return n, clk
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPasswordIsChangedByWhoKnowsIt(t *testing.T) {
	n, _ := open(t)
	b, elsewhere := formtest.New(t, n.Run.URL).SignIn("a", password), formtest.New(t, n.Run.URL).SignIn("a", password)
	b.Get("/account").Want(200, "/account", "a password is enough", "Analyst")
	change := func(old, password, again string) *formtest.Browser {
		return b.Get("/account").Submit("/account/password", url.Values{"old": {old}, "password": {password}, "again": {again}})
	}
	change(other, other, other).Want(422, "", "The present password was wrong.")
	change(password, other, password).Want(422, "", "differ")
	change(password, "short", "short").Want(422, "", "at least 12 characters")
	elsewhere.Get("/account").Want(200, "/account")
	change(password, other, other).Want(200, "/account")
	elsewhere.Get("/account").Want(200, "/sign-in")
	b.Get("/account").Want(200, "/account")
	elsewhere.SignIn("a", password).Want(403, "/sign-in")
	elsewhere.SignIn("a", other).Want(0, "/")
}

func TestAnAppIsSetUpAndTakenAway(t *testing.T) {
	n, clk := open(t)
	b := formtest.New(t, n.Run.URL).SignIn("a", password)
	b.Get("/account/generator").Want(200, "/account/generator")
	secret := regexp.MustCompile(`<code class="digest">([A-Z2-7]{32})</code>`).FindStringSubmatch(b.Body)
	code, err := totp.GenerateCode(secret[1], clk.Now())
	must(t, err)
	b.Submit("/account/generator", url.Values{"code": {"12345"}}).Want(422, "", "Wrong or used code")
	b.Submit("/account/generator", url.Values{"code": {code}}).Want(200, "", "Recovery codes")
	b.Get("/account").Want(200, "/account", "10 recovery codes left")
	formtest.New(t, n.Run.URL).SignIn("a", password).Want(200, "/sign-in/code")
	clk.Advance(session.DefaultRecent)
	b.Get("/account").Submit("/account/generator/remove", nil).Want(200, "", "Is it you?")
	b.Submit("/confirm", url.Values{"confirm.password": {password}}).Want(200, "/account").Lacks("recovery codes left")
	formtest.New(t, n.Run.URL).SignIn("a", password).Want(0, "/")
}

func TestOnesOwnSessionsAndTokensAndNoOthers(t *testing.T) {
	n, _ := open(t)
	a, again, b := formtest.New(t, n.Run.URL).SignIn("a", password), formtest.New(t, n.Run.URL).SignIn("a", password), formtest.New(t, n.Run.URL).SignIn("b", password)
	theirs, err := n.Sessions.List(t.Context(), n.Operator(), "b")
	must(t, err)
	a.Post("/account/sessions/end", url.Values{"session": {theirs[0].ID}}).Want(404, "")
	b.Get("/account").Want(200, "/account").Lacks("tws_")
	a.Get("/account").Submit("/account/sessions/end-others", nil).Want(200, "/account")
	again.Get("/account").Want(200, "/sign-in")

	b.Get("/account").Submit("/account/tokens", url.Values{"note": {"<b>SIEM</b>"}, "life": {"30"}}).Want(200, "/account/tokens", "tws_", "&lt;b&gt;SIEM&lt;/b&gt;")
	b.Get("/account").Want(200, "").Lacks("tws_")
	tokens, err := n.People.Tokens(t.Context(), n.Operator(), "b")
	must(t, err)
	a.Post("/account/tokens/revoke", url.Values{"token": {tokens[0].ID}}).Want(404, "")
	b.Get("/account").Submit("/account/tokens/revoke", url.Values{"token": {tokens[0].ID}}).Want(200, "/account").Lacks(tokens[0].ID)
	b.Post("/account/tokens", url.Values{"life": {"1"}}).Want(422, "")
	a.Get("/account/passkey").Want(200, "/account/passkey", "Passkeys work when") // 127.0.0.1 is no name
}
