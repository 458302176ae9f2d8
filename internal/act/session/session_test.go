package session_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store"
)

var (
	start    = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	operator = people.System("operator")
	here     = session.At{Device: "Firefox, Linux", Address: "192.0.2.1"}
	there    = session.At{Device: "Chrome, Windows", Address: "198.51.100.7"}
)

const (
	password = "correct horse battery"
	other    = "staple, staple, staple"
)

// node is a store with the people on it and their ways in.
type node struct {
	*session.Sessions
	t      testing.TB
	people *people.People
	clk    *clock.Fake
	live   *store.Handle
	file   string
	acts   *[]string // what was journalled
}

func open(t testing.TB, change ...func(*session.Config)) *node {
	t.Helper()
	acts := []string{}
	return openFile(t, filepath.Join(t.TempDir(), "twoseas.db"), clock.NewFake(start), &acts, change...)
}

func openFile(t testing.TB, file string, clk *clock.Fake, acts *[]string, change ...func(*session.Config)) *node {
	t.Helper()
	s, err := store.Open(t.Context(), file, clk)
	must(t, err, "open")
	live, err := s.Domain(t.Context(), ident.Live)
	must(t, err, "handle")
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(func() { stop(); must(t, s.Close(), "close") })
	p, err := people.New(ctx, live, people.Home{Side: "in"}, clk, rand.Reader)
	must(t, err, "people")
	c := session.Config{
		Store: live, People: p, Seal: [32]byte{1}, Clock: clk, Rand: rand.Reader, Issuer: "node of in",
		Journal: func(_ *store.Tx, by people.Actor, act string, fields ...string) error {
			*acts = append(*acts, by.String()+": "+act+" "+strings.Join(fields, " "))
			return nil
		},
	}
	for _, f := range change {
		f(&c)
	}
	return &node{session.New(c), t, p, clk, live, file, acts}
}

func oneFactor(c *session.Config) { c.OneFactor = true }

func must(t testing.TB, err error, doing string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", doing, err)
	}
}

func want(t testing.TB, err error, k fault.Kind, doing string) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Errorf("%s: got %v, want a failure of kind %s", doing, err, k)
	}
}

func (n *node) add(name string, roles ...people.Role) {
	n.t.Helper()
	must(n.t, n.people.AddAccount(n.t.Context(), operator, people.Account{Name: name, Roles: roles, Password: password}), "add "+name)
}

// who is the session behind a secret, which must be open.
func (n *node) who(secret string) (people.Actor, session.Session) {
	n.t.Helper()
	by, x, err := n.Open(n.t.Context(), secret, here)
	must(n.t, err, "open a session")
	return by, x
}

func (n *node) shut(secret, why string) {
	n.t.Helper()
	by, _, err := n.Open(n.t.Context(), secret, here)
	want(n.t, err, fault.Denied, why)
	if by.Name != "" {
		n.t.Errorf("%s: somebody came with the refusal: %v", why, by)
	}
}

// in signs in with password alone.
func (n *node) in(name string) (string, session.Stage) {
	n.t.Helper()
	secret, stage, err := n.Password(n.t.Context(), name, password, here)
	must(n.t, err, "sign in")
	return secret, stage
}

// code is what a generator shows, some half minutes from now.
func (n *node) code(secret string, steps int) string {
	n.t.Helper()
	c, err := totp.GenerateCode(secret, n.clk.Now().Add(time.Duration(steps)*30*time.Second))
	must(n.t, err, "make a code")
	return c
}

// enrolled gives the account a code generator and returns its secret, the
// recovery codes and the secret of a Full session.
func (n *node) enrolled(name string) (string, []string, string) {
	n.t.Helper()
	secret, stage := n.in(name)
	if stage != session.Enrol {
		n.t.Fatalf("stage %d, want Enrol", stage)
	}
	_, x := n.who(secret)
	g, err := n.BeginGenerator(n.t.Context(), x)
	must(n.t, err, "begin")
	done, err := n.SetGenerator(n.t.Context(), x, n.code(g.Secret, 0), here)
	must(n.t, err, "set the generator")
	if done.Stage != session.Full {
		n.t.Fatalf("stage %d after setting up, want Full", done.Stage)
	}
	return g.Secret, done.Codes, done.Secret
}

func TestAPasswordAloneOpensNothingButSettingUp(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	secret, stage := n.in("a")
	by, x := n.who(secret)
	if stage != session.Enrol || x.Stage != session.Enrol || by.Name != "a" {
		t.Fatalf("stage %d, %+v", stage, x)
	}
	key, codes, full := n.enrolled("a")
	n.shut(secret, "the session from before")
	if _, x := n.who(full); x.Stage != session.Full || len(codes) != 10 {
		t.Errorf("after setting up: %+v, %d codes", x, len(codes))
	}
	half, stage := n.in("a")
	_, hx := n.who(half)
	if stage != session.Half {
		t.Fatalf("stage %d, want Half", stage)
	}
	if n.Recent(hx) {
		t.Error("half way in counts as recent authentication")
	}
	for what, err := range map[string]error{
		"begin a generator": func() error { _, err := n.BeginGenerator(t.Context(), hx); return err }(),
		"set a password":    func() error { _, err := n.SetPassword(t.Context(), hx, other); return err }(),
		"add a passkey":     func() error { _, err := n.AddPasskey(t.Context(), hx, []byte{1}, "", nil); return err }(),
		"confirm":           func() error { _, err := n.Confirm(t.Context(), hx, password, here); return err }(),
	} {
		want(t, err, fault.Denied, what+" half way in")
	}
	_, err := n.people.Login(t.Context(), "a", password, here.Address)
	want(t, err, fault.Denied, "a program with the password of an account that has a second factor")
	n.clk.Advance(time.Minute)
	secret, err = n.Second(t.Context(), hx, n.code(key, 0), here)
	must(t, err, "second factor")
	if _, x := n.who(secret); x.Stage != session.Full || x.Method != session.ByCode || x.ID != hx.ID {
		t.Errorf("after the second factor: %+v", x)
	}
	n.shut(half, "the secret from half way")
}

// TestAWaitingGeneratorIsOfOneSession has somebody who knows the password look
// at the generator that the person then sets up.
func TestAWaitingGeneratorIsOfOneSession(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	theirs, _ := n.in("a")
	_, spy := n.who(theirs)
	seen, err := n.BeginGenerator(t.Context(), spy)
	must(t, err, "begin")
	own, _ := n.in("a")
	_, x := n.who(own)
	g, err := n.BeginGenerator(t.Context(), x)
	must(t, err, "begin")
	if g.Secret == seen.Secret {
		t.Fatal("two sessions are shown one secret")
	}
	_, err = n.SetGenerator(t.Context(), spy, n.code(seen.Secret, 0), here)
	want(t, err, fault.Denied, "the generator that another took the place of")
	_, err = n.SetGenerator(t.Context(), x, n.code(g.Secret, 0), here)
	must(t, err, "set the generator")
	n.shut(theirs, "the session of the other")
}

// TestACrowdDoesNotGuessACode has somebody who knows the password show codes
// from an address of its own each.
func TestACrowdDoesNotGuessACode(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	key, _, _ := n.enrolled("a")
	half, _ := n.in("a")
	_, x := n.who(half)
	crowd := func(size int) (looked int) {
		for i := range size {
			_, err := n.Second(t.Context(), x, "000000", session.At{Address: fmt.Sprintf("10.0.%d.%d", i/200, i%200)})
			if fault.Is(err, fault.Denied) {
				looked++
			}
		}
		return looked
	}
	if looked := crowd(400); looked > 51 {
		t.Errorf("a crowd had %d codes looked at, want about fifty", looked)
	}
	n.clk.Advance(time.Minute)
	if looked := crowd(20); looked > 1 {
		t.Errorf("a minute later %d were looked at, want one", looked)
	}
	n.clk.Advance(time.Minute)
	if _, err := n.Second(t.Context(), x, n.code(key, 0), here); err != nil {
		t.Errorf("the right code after the wait: %v", err)
	}
}

func TestOneFactorIsEnoughWhereTheNodeSaysSo(t *testing.T) {
	n := open(t, oneFactor)
	n.add("a", people.Member)
	if secret, stage := n.in("a"); stage != session.Full {
		t.Errorf("stage %d, want Full", stage)
	} else if _, x := n.who(secret); !n.Recent(x) {
		t.Error("not recent")
	}
}

func TestACodeIsGoodOnceAndNow(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	key, recovery, _ := n.enrolled("a")
	try := func(code string) error {
		t.Helper()
		secret, _ := n.in("a")
		_, x := n.who(secret)
		_, err := n.Second(t.Context(), x, code, here)
		return err
	}
	used := n.code(key, 0)
	want(t, try(used), fault.Denied, "the code that set the generator up")
	n.clk.Advance(10 * time.Minute)
	old, next := n.code(key, -2), n.code(key, 1)
	want(t, try(old), fault.Denied, "a code of a minute ago")
	must(t, try(next), "the next code, of a clock that is ahead")
	want(t, try(next), fault.Denied, "the same again")
	want(t, try(n.code(key, 0)), fault.Denied, "one from before the one taken")
	n.clk.Advance(10 * time.Minute)
	must(t, try(strings.ReplaceAll(recovery[0], "-", " ")), "a recovery code typed with blanks")
	want(t, try(recovery[0]), fault.Denied, "a used recovery code")
	n.clk.Advance(10 * time.Minute)
	must(t, try(strings.ToUpper(recovery[1])), "a recovery code in capitals")
	for _, bad := range []string{"", "000", strings.Repeat("a", 26), "１２３４５６", recovery[2] + "x", strings.Repeat("9", 4096)} {
		want(t, try(bad), fault.Denied, "nonsense")
		n.clk.Advance(20 * time.Minute)
	}
}

func TestCodesAreLimitedWhateverThePasswordDoes(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	key, _, _ := n.enrolled("a")
	n.clk.Advance(time.Hour)
	looked := 0
	for range 40 {
		secret, _ := n.in("a") // right each time, which must not forgive wrong codes
		_, x := n.who(secret)
		_, err := n.Second(t.Context(), x, "000000", here)
		if fault.Is(err, fault.Denied) {
			looked++
		}
	}
	if looked > 5 {
		t.Errorf("%d guesses were looked at, want five", looked)
	}
	secret, _ := n.in("a")
	_, x := n.who(secret)
	_, err := n.Second(t.Context(), x, n.code(key, 0), here)
	want(t, err, fault.Busy, "the right code from there")
}

func TestASessionRunsOut(t *testing.T) {
	n := open(t, oneFactor)
	n.add("a", people.Member)
	secret, _ := n.in("a")
	n.clk.Advance(session.DefaultIdle - time.Second)
	n.who(secret)
	n.clk.Advance(session.DefaultIdle - time.Second)
	n.who(secret)
	n.clk.Advance(session.DefaultIdle)
	n.shut(secret, "unused for half an hour")

	secret, _ = n.in("a")
	for range 24 {
		n.clk.Advance(29 * time.Minute)
		n.who(secret)
	}
	n.clk.Advance(25 * time.Minute)
	n.shut(secret, "in use for twelve hours")
	must(t, n.Sweep(t.Context()), "sweep")
	list, err := n.List(t.Context(), operator, "a")
	must(t, err, "list")
	if len(list) != 0 {
		t.Errorf("sessions left: %v", list)
	}
}

func TestWhatIsNoSecretOpensNothing(t *testing.T) {
	n := open(t, oneFactor)
	n.add("a", people.Member)
	secret, _ := n.in("a")
	_, x := n.who(secret)
	for _, bad := range []string{"", "a", secret[1:], secret + "A", x.ID, strings.Repeat("A", 43), secret + "\n", "' OR 1=1 --"} {
		n.shut(bad, "secret "+bad)
	}
}

// TestAChangeEndsSessionsAtOnce walks every change of an account that takes
// something from its sessions, in one process while another answers.
func TestAChangeEndsSessionsAtOnce(t *testing.T) {
	n := open(t, oneFactor)
	twin := openFile(t, n.file, n.clk, &[]string{}, oneFactor)
	ctx := t.Context()
	must(t, n.people.AddOrganisation(ctx, operator, people.Organisation{ID: "o", Name: "O", Kind: people.CERT, Ceiling: "TLP:RED"}), "organisation")
	account := people.Account{Name: "a", Org: "o", Roles: []people.Role{people.Member}, Password: password}
	must(t, n.people.AddAccount(ctx, operator, account), "add")
	changed := account
	changed.Roles = []people.Role{people.Analyst}
	for _, c := range []struct {
		what   string
		change func() error
	}{
		{"roles", func() error { return n.people.Change(ctx, operator, changed) }},
		{"roles back", func() error { return n.people.Change(ctx, operator, account) }},
		{"password", func() error { return n.people.SetPassword(ctx, operator, "a", password) }},
		{"own password", func() error { return n.people.ChangePassword(ctx, "a", password, password, here.Address, "") }},
		{"ceiling", func() error {
			o, err := n.people.Organisation(ctx, operator, "o")
			must(t, err, "organisation")
			o.Ceiling = map[string]string{"TLP:RED": "TLP:AMBER", "TLP:AMBER": "TLP:RED"}[o.Ceiling]
			return n.people.ChangeOrganisation(ctx, operator, o)
		}},
		{"disable", func() error { return n.people.Disable(ctx, operator, "a") }},
	} {
		must(t, n.people.Enable(ctx, operator, "a"), "enable")
		secret, _ := n.in("a")
		if _, _, err := twin.Open(ctx, secret, here); err != nil {
			t.Fatalf("%s: the other process does not know the session: %v", c.what, err)
		}
		must(t, c.change(), c.what)
		if _, _, err := twin.Open(ctx, secret, here); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: the other process answers %v", c.what, err)
		}
	}
	must(t, n.people.Enable(ctx, operator, "a"), "enable")
	secret, _ := n.in("a")
	_, x := n.who(secret)
	must(t, n.people.ChangePassword(ctx, "a", password, other, here.Address, x.ID), "change, keeping this one")
	n.who(secret)
	same := account
	same.FullName = "A Person"
	must(t, n.people.Change(ctx, operator, same), "change the person alone")
	n.who(secret)
}

func TestOnesOwnSessionsAndNobodyElses(t *testing.T) {
	n := open(t, oneFactor)
	ctx := t.Context()
	n.add("a", people.Member)
	n.add("b", people.Member)
	n.add("boss", people.Administrator)
	first, _ := n.in("a")
	n.clk.Advance(time.Minute)
	second, _, err := n.Password(ctx, "a", password, there)
	must(t, err, "sign in elsewhere")
	theirs, _ := n.in("b")
	a, ax := n.who(first)
	b, bx := n.who(theirs)
	list, err := n.List(ctx, a, "a")
	must(t, err, "list")
	if len(list) != 2 || list[0].Account != "a" || !slices.ContainsFunc(list, func(x session.Session) bool { return x.Device == there.Device }) {
		t.Errorf("own sessions: %+v", list)
	}
	_, err = n.List(ctx, a, "b")
	want(t, err, fault.Denied, "list another's")
	want(t, n.End(ctx, a, "a", bx.ID), fault.NotFound, "end another's under one's own name")
	want(t, n.End(ctx, a, "b", bx.ID), fault.Denied, "end another's")
	_, err = n.EndAll(ctx, b, "a")
	want(t, err, fault.Denied, "end all of another")
	n.who(theirs)
	k, err := n.EndAll(ctx, a, "a")
	must(t, err, "end all of one's own")
	n.who(first)
	n.shut(second, "ended")
	if k != 1 {
		t.Errorf("%d ended, want 1", k)
	}
	bossIn, _ := n.in("boss")
	boss, _ := n.who(bossIn)
	must(t, n.End(ctx, boss, "a", ax.ID), "an administrator ends another's")
	n.shut(first, "ended by an administrator")
	must(t, n.SignOut(ctx, b, bx), "sign out")
	n.shut(theirs, "signed out")
	if !slices.Contains(*n.acts, "boss: end session account a session "+ax.ID) {
		t.Errorf("journal: %q", *n.acts)
	}
}

func TestALinkLeadsInOnceForADay(t *testing.T) {
	n := open(t)
	ctx := t.Context()
	must(t, n.people.AddAccount(ctx, operator, people.Account{Name: "a", Roles: []people.Role{people.Member}}), "add")
	n.add("m", people.Member)
	link := func() string {
		t.Helper()
		l, err := n.Link(ctx, operator, "A")
		must(t, err, "link")
		return l
	}
	stale := link()
	fresh := link()
	_, err := n.UseLink(ctx, stale, here)
	want(t, err, fault.Denied, "a link after another was made")
	name, err := n.LinkFor(ctx, fresh)
	must(t, err, "look")
	_, err = n.LinkFor(ctx, fresh)
	must(t, err, "look again")
	secret, err := n.UseLink(ctx, fresh, here)
	must(t, err, "use")
	_, err = n.UseLink(ctx, fresh, here)
	want(t, err, fault.Denied, "use again")
	_, err = n.LinkFor(ctx, fresh)
	want(t, err, fault.Denied, "look at a used one")
	_, x := n.who(secret)
	if name != "a" || x.Stage != session.Enrol || x.Method != session.ByLink {
		t.Fatalf("%q %+v", name, x)
	}
	_, err = n.SetPassword(ctx, x, "short")
	want(t, err, fault.Invalid, "a short password")
	done, err := n.SetPassword(ctx, x, password)
	must(t, err, "set a password")
	if done.Stage != session.Enrol {
		t.Errorf("a password alone is enough: stage %d", done.Stage)
	}
	_, x = n.who(done.Secret)
	g, err := n.BeginGenerator(ctx, x)
	must(t, err, "begin")
	again, err := n.BeginGenerator(ctx, x)
	must(t, err, "begin again, as a reload does")
	if g != again {
		t.Error("a reload makes another secret")
	}
	done, err = n.SetGenerator(ctx, x, n.code(g.Secret, 0), here)
	must(t, err, "set the generator")
	if done.Stage != session.Full {
		t.Errorf("stage %d, want Full", done.Stage)
	}
	late := link()
	n.clk.Advance(session.LinkLife)
	_, err = n.UseLink(ctx, late, here)
	want(t, err, fault.Denied, "a link of yesterday")

	member := people.Actor{Name: "m", Roles: []people.Role{people.Member}}
	_, err = n.Link(ctx, member, "a")
	want(t, err, fault.Denied, "a member makes a link")
	_, err = n.Link(ctx, operator, "nobody")
	want(t, err, fault.NotFound, "a link for nobody")
	must(t, n.people.Disable(ctx, operator, "a"), "disable")
	_, err = n.Link(ctx, operator, "a")
	want(t, err, fault.Denied, "a link for a closed account")
}

// TestALinkEndsWithTheAccountAsItWas has an organisation's administrator keep a
// link of a member who is then given a role of the whole node.
func TestALinkEndsWithTheAccountAsItWas(t *testing.T) {
	n := open(t)
	ctx := t.Context()
	must(t, n.people.AddOrganisation(ctx, operator, people.Organisation{ID: "x", Name: "X", Kind: people.CERT}), "add an organisation")
	must(t, n.people.AddAccount(ctx, operator, people.Account{Name: "m", Org: "x", Roles: []people.Role{people.Member}}), "add")
	local := people.Actor{Name: "o", Org: "x", Roles: []people.Role{people.OrganisationAdministrator}}
	link, err := n.Link(ctx, local, "m")
	must(t, err, "link")
	must(t, n.people.Change(ctx, operator, people.Account{Name: "m", Org: "x", FullName: "M", Roles: []people.Role{people.Member}}), "change the name alone")
	_, err = n.LinkFor(ctx, link)
	must(t, err, "the link after a change of the name")
	must(t, n.people.Change(ctx, operator, people.Account{Name: "m", Org: "x", Roles: []people.Role{people.ReleasingOfficer}}), "make an officer of the member")
	_, err = n.UseLink(ctx, link, here)
	want(t, err, fault.Denied, "the link from before")
}

func TestRecentAuthenticationIsAskedAgain(t *testing.T) {
	n := open(t, oneFactor)
	n.add("a", people.Member)
	n.add("b", people.Member)
	secret, _ := n.in("a")
	n.who(secret)
	n.clk.Advance(session.DefaultRecent)
	_, x := n.who(secret)
	if n.Recent(x) {
		t.Fatal("five minutes ago is recent")
	}
	_, err := n.BeginGenerator(t.Context(), x)
	want(t, err, fault.Denied, "change the ways in without a recent authentication")
	_, err = n.Confirm(t.Context(), x, other, here)
	want(t, err, fault.Denied, "a wrong password")
	n.who(secret)
	renewed, err := n.Confirm(t.Context(), x, password, here)
	must(t, err, "confirm")
	n.shut(secret, "the secret from before")
	_, y := n.who(renewed)
	if !n.Recent(y) || y.ID != x.ID || !y.Created.Equal(x.Created) {
		t.Errorf("after confirming: %+v", y)
	}
}
