package people_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

func TestAnAccountThatWillNotDoIsRefused(t *testing.T) {
	n := open(t)
	good := func() people.Account {
		return people.Account{Name: "a", Roles: []people.Role{people.Member}, Clearance: "amber", Password: password}
	}
	must(t, n.AddAccount(t.Context(), operator, good()), "add the good one")
	cases := []struct {
		name string
		kind fault.Kind
		edit func(*people.Account)
	}{
		{"a taken name", fault.Conflict, func(*people.Account) {}},
		{"a taken name in capitals", fault.Conflict, func(a *people.Account) { a.Name = "A" }},
		{"no name", fault.Invalid, func(a *people.Account) { a.Name = "" }},
		{"a colon, which Basic cannot carry", fault.Invalid, func(a *people.Account) { a.Name = "b:c" }},
		{"a name with a line break", fault.Invalid, func(a *people.Account) { a.Name = "b\n" }},
		{"a look-alike letter", fault.Invalid, func(a *people.Account) { a.Name = "аdmin" }},
		{"a Kelvin sign, which lower-cases to k", fault.Invalid, func(a *people.Account) { a.Name = "\u212a" }},
		{"a long name", fault.Invalid, func(a *people.Account) { a.Name = strings.Repeat("b", 65) }},
		{"no role", fault.Invalid, func(a *people.Account) { a.Name, a.Roles = "b", nil }},
		{"an unknown role", fault.Invalid, func(a *people.Account) { a.Name, a.Roles = "b", []people.Role{"root"} }},
		{"an unknown clearance", fault.Invalid, func(a *people.Account) { a.Name, a.Clearance = "b", "TLP:MAUVE" }},
		{"a short password", fault.Invalid, func(a *people.Account) { a.Name, a.Password = "b", "elevenchars" }},
		{"a short password of long characters", fault.Invalid, func(a *people.Account) { a.Name, a.Password = "b", strings.Repeat("密", 11) }},
		{"a password of 1025 bytes", fault.Invalid, func(a *people.Account) { a.Name, a.Password = "b", strings.Repeat("p", 1025) }},
		{"a password that is no UTF-8", fault.Invalid, func(a *people.Account) { a.Name, a.Password = "b", password+"\xff" }},
		{"a password with a line break", fault.Invalid, func(a *people.Account) { a.Name, a.Password = "b", password+"\n" }},
		{"an organisation with a control character", fault.Invalid, func(a *people.Account) { a.Name, a.Org = "b", "x\x1b[2J" }},
	}
	for _, c := range cases {
		a := good()
		c.edit(&a)
		err := n.AddAccount(t.Context(), operator, a)
		want(t, err, c.kind, c.name)
		if err != nil && len(a.Password) > 5 && strings.Contains(err.Error(), a.Password) {
			t.Errorf("%s: the error shows the password", c.name)
		}
	}
	all, err := n.List(t.Context(), operator)
	if err != nil || len(all) != 1 {
		t.Errorf("after the refusals there are %d accounts (%v), want 1", len(all), err)
	}
}

func TestOnlyWhoMayAdministerChangesAccounts(t *testing.T) {
	n := open(t)
	n.add("victim", people.Member)
	token := n.token("victim")
	must(t, n.live.Write(t.Context(), func(tx *store.Tx) error { return tx.AddCollection(&store.Collection{ID: "c"}) }), "add a collection")
	ctx := t.Context()
	right := store.Right{Collection: "c", Account: "victim", Read: true}
	acts := map[string]func(by people.Actor) error{
		"add": func(by people.Actor) error {
			return n.AddAccount(ctx, by, people.Account{Name: "new", Roles: []people.Role{people.Member}})
		},
		"change": func(by people.Actor) error {
			return n.Change(ctx, by, people.Account{Name: "victim", Roles: []people.Role{people.Administrator}})
		},
		"set password": func(by people.Actor) error { return n.SetPassword(ctx, by, "victim", other) },
		"disable":      func(by people.Actor) error { return n.Disable(ctx, by, "victim") },
		"enable":       func(by people.Actor) error { return n.Enable(ctx, by, "victim") },
		"issue": func(by people.Actor) error {
			_, err := n.IssueToken(ctx, by, "victim", "", 0)
			return err
		},
		"grant":        func(by people.Actor) error { return n.Grant(ctx, n.live, by, right) },
		"revoke grant": func(by people.Actor) error { return n.RevokeGrant(ctx, n.live, by, "c", "victim") },
		"list": func(by people.Actor) error {
			_, err := n.List(ctx, by)
			return err
		},
		"list tokens": func(by people.Actor) error {
			_, err := n.Tokens(ctx, by, "victim")
			return err
		},
	}
	for name, act := range acts {
		for _, role := range append(people.Roles(), "") {
			by := people.Actor{Name: "somebody", Roles: []people.Role{role}}
			allowed := role == people.Administrator || (role == people.Auditor && strings.HasPrefix(name, "list"))
			if allowed {
				continue
			}
			err := act(by)
			if role == people.OrganisationAdministrator && (name == "list" || fault.Is(err, fault.NotFound)) {
				continue // whose list is empty, and to whom others are not there
			}
			want(t, err, fault.Denied, string(role)+" "+name)
		}
		want(t, act(people.Actor{}), fault.Denied, "nobody "+name)
	}
	must(t, n.login("victim", password, here), "the victim's password is untouched")
	must(t, n.loginToken(token), "the victim's token is untouched")
	admin := people.Actor{Name: "boss", Roles: []people.Role{people.Administrator}}
	for _, name := range []string{"add", "grant", "revoke grant", "change", "issue", "list", "list tokens", "disable", "enable", "set password"} {
		must(t, acts[name](admin), "administrator "+name)
	}
	for _, name := range []string{"list", "list tokens"} {
		must(t, acts[name](people.Actor{Name: "o", Roles: []people.Role{people.Auditor}}), "auditor "+name)
	}
}

func TestAPersonChangesOnlyTheirOwnPassword(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	ctx := t.Context()
	want(t, n.ChangePassword(ctx, "a", other, other, here, ""), fault.Denied, "with a wrong password")
	want(t, n.ChangePassword(ctx, "a", password, "short", here, ""), fault.Invalid, "to a short one")
	must(t, n.login("a", password, here), "the old password still opens")
	must(t, n.ChangePassword(ctx, "a", password, other, here, ""), "change")
	want(t, n.login("a", password, here), fault.Denied, "the old password")
	must(t, n.login("a", other, here), "the new password")
}

func TestActingAsAnotherIsForTheNodeOnly(t *testing.T) {
	n := open(t)
	n.add("officer", people.ReleasingOfficer)
	a, err := n.As(t.Context(), operator, "Officer")
	must(t, err, "act as the officer")
	if a.Name != "officer" || a.May(people.Approve) != nil || a.May(people.Administer) == nil || a.IsSystem() {
		t.Errorf("got %+v, want the officer and no more", a)
	}
	_, err = n.As(t.Context(), people.Actor{Name: "boss", Roles: people.Roles()}, "officer")
	want(t, err, fault.Denied, "a person with every role acts as another")
	_, err = n.As(t.Context(), operator, "nobody")
	want(t, err, fault.NotFound, "as somebody who is not there")
	must(t, n.Disable(t.Context(), operator, "officer"), "disable")
	_, err = n.As(t.Context(), operator, "officer")
	want(t, err, fault.Denied, "as a disabled account")
}

func TestTheStoreHoldsNoSecretAsItWasTyped(t *testing.T) {
	n := open(t)
	n.add("a", people.Member)
	secret := n.token("a")[len("tws_0123456789abcdef_"):]
	must(t, n.login("a", password, here), "login")
	_ = n.login("a", other, here)
	must(t, n.shut(), "close")
	for _, file := range []string{n.file, n.file + "-wal"} {
		raw, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, s := range []string{password, other, secret} {
			if bytes.Contains(raw, []byte(s)) {
				t.Errorf("%s holds the secret %q", file, s)
			}
		}
	}
	raw, err := os.ReadFile(n.file)
	if err != nil || !bytes.Contains(raw, []byte("$argon2id$v=19$m=19456,t=2,p=1$")) {
		t.Errorf("the store has no Argon2id hash (%v): this test looks in the wrong place", err)
	}
}

func TestEveryChangeIsJournalledInItsTransaction(t *testing.T) {
	n := open(t)
	var log []string
	full := false
	n.SetJournal(func(_ *store.Tx, by people.Actor, act string, fields ...string) error {
		if full {
			return fault.New(fault.Unavailable, "full")
		}
		log = append(log, by.Name+" "+act+" "+strings.Join(fields, " "))
		return nil
	})
	ctx := context.Background()
	n.add("a", people.Member)
	token := n.token("a")
	must(t, n.SetPassword(ctx, operator, "A", other), "set password")
	must(t, n.Disable(ctx, operator, "a"), "disable")
	must(t, n.RevokeToken(ctx, operator, token[4:20]), "revoke")
	all := strings.Join(log, "\n")
	wantLog := "operator add account account a roles member clearance TLP:GREEN\noperator issue token account a token " +
		token[4:20] + "\noperator set password account a\noperator disable account account a\noperator revoke token token " + token[4:20]
	if all != wantLog {
		t.Errorf("the journal is\n%s\nwant\n%s", all, wantLog)
	}
	full = true
	want(t, n.Enable(ctx, operator, "a"), fault.Unavailable, "a change that cannot be journalled")
	full = false
	want(t, n.login("a", other, here), fault.Denied, "it did not happen: the account is still disabled")
}
