package people_test

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"twoseas/internal/act/people"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

func TestATokenOpensItsAccountUntilItExpires(t *testing.T) {
	n := open(t)
	n.add("a", people.Analyst)
	token, err := n.IssueToken(t.Context(), operator, "A", "SIEM", 10*time.Minute)
	must(t, err, "issue")
	id := token[4:20]
	a, err := n.LoginToken(t.Context(), token)
	must(t, err, "login")
	if a.Name != "a" || a.Token != id || a.May(people.Import) != nil || a.String() != "a (token "+id+")" {
		t.Errorf("got %+v", a)
	}
	list, err := n.Tokens(t.Context(), operator, "a")
	must(t, err, "list")
	if d := cmp.Diff([]people.Token{{ID: id, Account: "a", Note: "SIEM", Created: start, Expires: start.Add(10 * time.Minute)}}, list); d != "" {
		t.Errorf("tokens (-want +got):\n%s", d)
	}
	time.Sleep(300 * time.Millisecond) // no news is on its way: the cache would answer
	n.clk.Advance(10*time.Minute - time.Microsecond)
	must(t, n.loginToken(token), "just before it expires")
	n.clk.Advance(time.Microsecond)
	want(t, n.loginToken(token), fault.Denied, "when it has expired, cached or not")
}

func TestWhatIsNoTokenIsRefusedWithoutATrace(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	token, second := n.token("a"), n.token("a")
	for name, bad := range map[string]string{
		"nothing":                           "",
		"the prefix":                        "tws_",
		"a cut one":                         token[:len(token)-1],
		"a longer one":                      token + "0",
		"another secret":                    token[:21] + second[21:],
		"another id":                        second[:21] + token[21:],
		"capitals":                          strings.ToUpper(token),
		"a capital secret":                  token[:21] + strings.ToUpper(token[21:]),
		"another prefix":                    "twx_" + token[4:],
		"no separator":                      token[:20] + "x" + token[21:],
		"the stored hash in place of it":    token[:21] + strings.Repeat("0", 64),
		"a quote for whoever glues SQL":     token[:4] + "' OR '1'='1 --   "[:16] + token[20:],
		"zero bytes of the right length":    "tws_" + strings.Repeat("\x00", 16) + "_" + strings.Repeat("\x00", 64),
		"an account name in place of an id": "tws_" + "a               " + "_" + token[21:],
	} {
		a, err := n.LoginToken(t.Context(), bad)
		want(t, err, fault.Denied, name)
		if a.Name != "" || (err != nil && len(bad) > 30 && strings.Contains(err.Error(), bad[21:])) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	must(t, n.loginToken(token), "the right one afterwards")
}

func TestWhoMayIssueAndRevokeTokens(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	n.add("b", people.Member)
	ctx := t.Context()
	self, err := n.Login(ctx, "a", password, here)
	must(t, err, "login")
	own, err := n.IssueToken(ctx, self, "a", "", 0)
	must(t, err, "issue one's own")
	_, err = n.IssueToken(ctx, self, "b", "", 0)
	want(t, err, fault.Denied, "issue another's")
	byToken, err := n.LoginToken(ctx, own)
	must(t, err, "login by token")
	_, err = n.IssueToken(ctx, byToken, "a", "", 0)
	want(t, err, fault.Denied, "a token begets a token")
	theirs := n.token("b")

	want(t, n.RevokeToken(ctx, self, theirs[4:20]), fault.NotFound, "revoke another's")
	want(t, n.RevokeToken(ctx, people.Actor{}, own[4:20]), fault.NotFound, "nobody revokes")
	_, err = n.Tokens(ctx, self, "b")
	want(t, err, fault.Denied, "list another's")
	_, err = n.Tokens(ctx, self, "")
	want(t, err, fault.Denied, "list all")
	_, err = n.Tokens(ctx, self, "a")
	must(t, err, "list one's own")
	must(t, n.RevokeToken(ctx, self, own[4:20]), "revoke one's own")
	want(t, n.RevokeToken(ctx, operator, own[4:20]), fault.NotFound, "revoke twice")
	must(t, n.loginToken(theirs), "the other's still opens")
}

func TestATokenThatWillNotDoIsNotIssued(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	for name, c := range map[string]struct {
		account, note string
		life          time.Duration
		want          fault.Kind
	}{
		"an unknown account":               {"b", "", 0, fault.NotFound},
		"a malformed account":              {"b c", "", 0, fault.Invalid},
		"a life under a minute":            {"a", "", time.Second, fault.Invalid},
		"a negative life":                  {"a", "", -time.Hour, fault.Invalid},
		"a life of six years":              {"a", "", 6 * 365 * 24 * time.Hour, fault.Invalid},
		"a note that moves a terminal":     {"a", "\x1b[2J", 0, fault.Invalid},
		"a note of two hundred and one":    {"a", strings.Repeat("n", 201), 0, fault.Invalid},
		"a note that is no text in UTF-8 ": {"a", "\xff", 0, fault.Invalid},
	} {
		token, err := n.IssueToken(t.Context(), operator, c.account, c.note, c.life)
		want(t, err, c.want, name)
		if token != "" {
			t.Errorf("%s: a token came with the refusal", name)
		}
	}
}

func TestTokensAndSaltsComeFromTheRandomnessGiven(t *testing.T) {
	s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "t.db"), clock.NewFake(start))
	must(t, err, "open")
	t.Cleanup(func() { s.Close() })
	live, err := s.Domain(t.Context(), ident.Live)
	must(t, err, "handle")
	if _, err := people.New(t.Context(), live, home, clock.NewFake(start), iotest.ErrReader(io.ErrUnexpectedEOF)); err == nil {
		t.Error("people without randomness")
	}
	p, err := people.New(t.Context(), live, home, clock.NewFake(start), io.LimitReader(endless{}, 32))
	must(t, err, "randomness for the key only")
	ctx := t.Context()
	a := people.Account{Name: "a", Roles: []people.Role{people.Member}}
	must(t, p.AddAccount(ctx, operator, a), "an account without a password needs none")
	if p.SetPassword(ctx, operator, "a", password) == nil {
		t.Error("a salt out of nothing")
	}
	if token, err := p.IssueToken(ctx, operator, "a", "", 0); err == nil {
		t.Errorf("a token out of nothing: %s", token)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestAHashReadsAsItIsWrittenAndNothingElseDoes(t *testing.T) {
	salt := []byte("0123456789abcdef")
	phc := people.NewHash(password, salt)
	if got, err := people.Rehash(phc); err != nil || got != phc {
		t.Errorf("%s reads as %s, %v", phc, got, err)
	}
	if !people.Matches(phc, password) || people.Matches(phc, other) || people.Matches("", "") {
		t.Error("a hash matches what it should not, or not what it should")
	}
	if !people.Matches(people.NewHash("caf\u00e9 au lait, deux", salt), "cafe\u0301 au lait, deux") {
		t.Error("é is not é") //nolint:gosmopolitan // that is the point
	}
	// From the reference implementation: argon2 somesalt -id -t 2 -m 16 -p 1.
	if !people.Matches("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password") {
		t.Error("the reference implementation's hash of password does not match")
	}
	for _, bad := range []string{
		"", "$", "x" + phc, phc + "$", phc + "=", strings.Replace(phc, "argon2id", "argon2i", 1),
		strings.Replace(phc, "v=19", "v=16", 1), strings.Replace(phc, "m=19456", "m=4000000", 1),
		strings.Replace(phc, "t=2", "t=0", 1), strings.Replace(phc, "t=2", "t=99", 1), strings.Replace(phc, "p=1", "p=0", 1),
		strings.Replace(phc, "p=1", "p=300", 1), strings.Replace(phc, "m=", "m=0", 1), strings.Replace(phc, "p=1", "p=1,x=2", 1),
		"$argon2id$v=19$m=19456,t=2,p=1$$", phc[:len(phc)-30],
	} {
		if got, err := people.Rehash(bad); err == nil {
			t.Errorf("%q reads as %s", bad, got)
		}
	}
}

func FuzzHash(f *testing.F) {
	f.Add(people.NewHash(password, []byte("0123456789abcdef")))
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Fuzz(func(t *testing.T, phc string) {
		if got, err := people.Rehash(phc); err == nil && got != phc {
			t.Errorf("%q reads as %q", phc, got)
		}
	})
}
