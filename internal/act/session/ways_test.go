package session_test

import (
	"bytes"
	"encoding/base32"
	"net/url"
	"strings"
	"testing"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

func TestAProviderLeadsToTheInvitedAccountOnly(t *testing.T) {
	n := open(t)
	ctx := t.Context()
	for name, email := range map[string]string{"a": "a@example.in", "b": "shared@example.in", "c": "shared@example.in"} {
		must(t, n.people.AddAccount(ctx, operator, people.Account{Name: name, Email: email, Roles: []people.Role{people.Member}}), "add")
	}
	id := session.Identity{Issuer: "https://idp", Subject: "1", Email: "A@Example.in", Verified: true}
	change := func(f func(*session.Identity)) session.Identity {
		c := id
		f(&c)
		return c
	}
	for what, bad := range map[string]session.Identity{
		"not verified":       change(func(c *session.Identity) { c.Verified = false }),
		"not invited":        change(func(c *session.Identity) { c.Email = "x@example.in" }),
		"no address":         change(func(c *session.Identity) { c.Email = "" }),
		"two are invited":    change(func(c *session.Identity) { c.Email = "shared@example.in" }),
		"nobody in person":   change(func(c *session.Identity) { c.Subject = "" }),
		"the account's name": change(func(c *session.Identity) { c.Email = "a" }),
	} {
		_, err := n.Provider(ctx, bad, session.Session{}, here)
		want(t, err, fault.Denied, what)
	}
	secret, err := n.Provider(ctx, id, session.Session{}, here)
	must(t, err, "the invited one")
	by, x := n.who(secret)
	if by.Name != "a" || x.Stage != session.Full || x.Method != session.ByProvider {
		t.Errorf("%v %+v", by, x)
	}
	_, err = n.Provider(ctx, change(func(c *session.Identity) { c.Subject = "2" }), session.Session{}, here)
	want(t, err, fault.Denied, "somebody else with the same address")
	_, err = n.Provider(ctx, change(func(c *session.Identity) { c.Issuer = "https://other" }), session.Session{}, here)
	must(t, err, "the same address at another provider that verified it")
	_, err = n.Provider(ctx, change(func(c *session.Identity) { c.Email, c.Verified = "", false }), session.Session{}, here)
	must(t, err, "the subject, whatever the address has become")
	must(t, n.people.Change(ctx, operator, people.Account{Name: "a", Email: "a@example.in", FullName: "A", Roles: []people.Role{people.Member}}), "another name")
	_, err = n.Provider(ctx, id, session.Session{}, here)
	must(t, err, "after a change of the name")
	must(t, n.people.Change(ctx, operator, people.Account{Name: "a", Email: "new@example.in", Roles: []people.Role{people.Member}}), "another address")
	_, err = n.Provider(ctx, id, session.Session{}, here)
	want(t, err, fault.Denied, "the subject of the address before")
	id.Email = "new@example.in"
	_, err = n.Provider(ctx, id, session.Session{}, here)
	must(t, err, "the new address")
	other := x
	other.Account = "b"
	_, err = n.Provider(ctx, id, other, here)
	want(t, err, fault.Denied, "confirming as another")
}

func TestAPasskeySignsInAndIsCounted(t *testing.T) {
	n := open(t)
	ctx := t.Context()
	n.add("a", people.Member)
	n.add("b", people.Member)
	secret, _ := n.in("a")
	_, x := n.who(secret)
	done, err := n.AddPasskey(ctx, x, []byte("key"), " \x1bkey of a", []byte("state 1"))
	must(t, err, "add")
	_, full := n.who(done.Secret)
	if full.Stage != session.Full {
		t.Errorf("a passkey is not enough: %+v", full)
	}
	_, err = n.AddPasskey(ctx, full, []byte("key"), "", []byte("state 3"))
	want(t, err, fault.Conflict, "the same again")
	yes := func(account string, data []byte) ([]byte, error) {
		if account != "a" || !bytes.HasPrefix(data, []byte("state")) {
			t.Errorf("asked about %s, %q", account, data)
		}
		return []byte("state 2"), nil
	}
	no := func(string, []byte) ([]byte, error) { return nil, fault.New(fault.Denied, "forged") }
	in, err := n.Passkey(ctx, []byte("key"), yes, session.Session{}, here)
	must(t, err, "sign in")
	by, _ := n.who(in)
	ways, err := n.Ways(ctx, by, "a")
	must(t, err, "ways")
	if len(ways.Passkeys) != 1 || string(ways.Passkeys[0].Data) != "state 2" || ways.Passkeys[0].Name != " key of a" {
		t.Errorf("passkeys: %+v", ways.Passkeys)
	}
	_, err = n.Passkey(ctx, []byte("none"), yes, session.Session{}, here)
	want(t, err, fault.Denied, "an unknown one")
	bSecret, _ := n.in("b")
	_, bx := n.who(bSecret)
	_, err = n.Passkey(ctx, []byte("key"), yes, bx, here)
	want(t, err, fault.Denied, "another's, to confirm")
	looked := 0
	for range 40 {
		if _, err = n.Passkey(ctx, []byte("key"), no, session.Session{}, there); fault.Is(err, fault.Denied) {
			looked++
		}
	}
	if looked > 5 {
		t.Errorf("%d forged answers were looked at, want five", looked)
	}
	_, y := n.who(in)
	id := ways.Passkeys[0].ID
	want(t, n.RemovePasskey(ctx, by, y, "00"), fault.NotFound, "remove none")
	want(t, n.RemovePasskey(ctx, by, y, id), fault.Conflict, "remove the last way in")
	g, err := n.BeginGenerator(ctx, y)
	must(t, err, "begin")
	done, err = n.SetGenerator(ctx, y, n.code(g.Secret, 0), here)
	must(t, err, "set the generator")
	_, y = n.who(done.Secret)
	must(t, n.RemovePasskey(ctx, by, y, id), "remove when there is another way")
	want(t, n.RemoveGenerator(ctx, by, y), fault.Conflict, "remove the last second factor")
}

func TestACeremonyIsTakenOnceByItsKind(t *testing.T) {
	n := open(t)
	ctx := t.Context()
	keep := func() string {
		s, err := n.Keep(ctx, "x", "a", []byte("data"))
		must(t, err, "keep")
		return s
	}
	s := keep()
	_, _, err := n.Take(ctx, "y", s)
	want(t, err, fault.NotFound, "by another kind")
	account, data, err := n.Take(ctx, "x", s)
	must(t, err, "take")
	if account != "a" || string(data) != "data" {
		t.Errorf("%q %q", account, data)
	}
	_, _, err = n.Take(ctx, "x", s)
	want(t, err, fault.NotFound, "again")
	s = keep()
	n.clk.Advance(10 * time.Minute)
	_, _, err = n.Take(ctx, "x", s)
	want(t, err, fault.NotFound, "too late")
	_, _, err = n.Take(ctx, "x", "")
	want(t, err, fault.NotFound, "nothing")
}

func TestTheStoreHoldsNoSecrets(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	key, codes, secret := n.enrolled("a")
	link, err := n.Link(t.Context(), operator, "a")
	must(t, err, "link")
	var dump bytes.Buffer
	s, err := store.Open(t.Context(), n.file, n.clk)
	must(t, err, "open")
	defer s.Close()
	must(t, s.Dump(t.Context(), &dump), "dump")
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key)
	must(t, err, "decode")
	bare := strings.ReplaceAll(codes[0], "-", "")
	for what, s := range map[string]string{"session": secret, "link": link, "generator": key, "raw generator": string(raw), "recovery": codes[0], "recovery bare": bare, "password": password} {
		if bytes.Contains(dump.Bytes(), []byte(s)) {
			t.Errorf("the store holds the %s in the clear", what)
		}
		for _, act := range *n.acts {
			if strings.Contains(act, s) {
				t.Errorf("the journal holds the %s: %s", what, act)
			}
		}
	}
}

func TestAGeneratorsAddressReadsInEveryApp(t *testing.T) {
	n := open(t)
	n.add("a.b@c", people.Member)
	secret, _ := n.in("a.b@c")
	_, x := n.who(secret)
	g, err := n.BeginGenerator(t.Context(), x)
	must(t, err, "begin")
	u, err := url.Parse(g.URL)
	must(t, err, "parse")
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/node of in:a.b@c" || u.Query().Get("issuer") != "node of in" ||
		u.Query().Get("secret") != g.Secret || strings.Contains(g.URL, "+") || len(g.Secret) != 32 {
		t.Errorf("address %s", g.URL)
	}
}
