package session_test

import (
	"slices"
	"strings"
	"testing"

	"twoseas/internal/act/people"
	"twoseas/internal/act/session"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// body adds an organisation with an administrator of its own, and returns
// both administrators as actors.
func (n *node) body(id string) (own people.Actor) {
	n.t.Helper()
	ctx := n.t.Context()
	must(n.t, n.people.AddOrganisation(ctx, operator, people.Organisation{ID: id, Name: id, Kind: people.Kinds()[0], Ceiling: "TLP:RED"}), "add "+id)
	must(n.t, n.people.AddAccount(ctx, operator, people.Account{Name: "head-" + id, Org: id, Roles: []people.Role{people.OrganisationAdministrator}}), "add its head")
	own, err := n.people.As(ctx, operator, "head-"+id)
	must(n.t, err, "act as its head")
	return own
}

// TestWhatAnOrganisationsAdministratorPutInEndsWithAPromotion: an account that
// an organisation's own administrator has tended, and may open by a password, a
// token or a passkey of his, gets out of his hands: nothing of it opens it.
func TestWhatAnOrganisationsAdministratorPutInEndsWithAPromotion(t *testing.T) {
	n := open(t)
	ctx := t.Context()
	var log []string
	n.people.SetJournal(func(_ *store.Tx, by people.Actor, act string, fields ...string) error {
		log = append(log, by.Name+": "+act+" "+strings.Join(fields, " "))
		return nil
	})
	own := n.body("cert")
	n.body("bank")
	for name, then := range map[string]people.Account{
		"promoted": {Org: "cert", Roles: []people.Role{people.Analyst}},
		"besides":  {Org: "cert", Roles: []people.Role{people.Member, people.Auditor}},
		"moved":    {Org: "bank", Roles: []people.Role{people.Member}},
		"freed":    {Roles: []people.Role{people.Member}},
	} {
		must(t, n.people.AddAccount(ctx, own, people.Account{Name: name, Org: "cert", Roles: []people.Role{people.Member}, Password: password}), "add "+name)
		token, err := n.people.IssueToken(ctx, own, name, "his", 0)
		must(t, err, "issue")
		link, err := n.Link(ctx, own, name)
		must(t, err, "link")
		secret, err := n.UseLink(ctx, link, here)
		must(t, err, "use the link")
		_, x := n.who(secret)
		done, err := n.AddPasskey(ctx, x, []byte("key of "+name), "his", []byte("data"))
		must(t, err, "add a passkey")
		n.who(done.Secret)
		if _, err := n.people.LoginToken(ctx, token); err != nil {
			t.Fatal(err)
		}

		then.Name = name
		must(t, n.people.Change(ctx, operator, then), "change "+name)
		n.shut(done.Secret, name+": a session he opened")
		_, err = n.people.LoginToken(ctx, token)
		want(t, err, fault.Denied, name+": his token")
		_, _, err = n.Password(ctx, name, password, there)
		want(t, err, fault.Denied, name+": his password")
		pass := func(string, []byte) ([]byte, error) { return []byte("data"), nil }
		_, err = n.Passkey(ctx, []byte("key of "+name), pass, session.Session{}, here)
		want(t, err, fault.Denied, name+": his passkey")
		if !slices.Contains(log, "operator: take back ways in account "+name+" password true tokens 1 passkeys 1 code-generators 0 sign-ons 0") {
			t.Errorf("%s: the journal says %v", name, log)
		}

		link, err = n.Link(ctx, operator, name)
		must(t, err, "a fresh link")
		secret, err = n.UseLink(ctx, link, here)
		must(t, err, "use it")
		_, x = n.who(secret)
		ways, err := n.OwnWays(ctx, x)
		must(t, err, "ways")
		if x.Stage != session.Enrol || ways.Password || len(ways.Passkeys) > 0 || ways.Renewed.IsZero() {
			t.Errorf("%s: the person is told %+v", name, ways)
		}
	}
}

// TestOnesOwnWaysInStay: nothing is taken back from an account that nobody but
// the node's administrators and the person had to do with, nor while it stays
// where it is.
func TestOnesOwnWaysInStay(t *testing.T) {
	n := open(t)
	ctx := t.Context()
	own := n.body("cert")
	must(t, n.people.AddAccount(ctx, operator, people.Account{Name: "asha", Org: "cert", Roles: []people.Role{people.Member}, Password: password}), "add")
	token, err := n.people.IssueToken(ctx, operator, "asha", "", 0)
	must(t, err, "issue")
	change := func(name string, roles ...people.Role) {
		t.Helper()
		must(t, n.people.Change(ctx, operator, people.Account{Name: name, Org: "cert", Roles: roles}), "change")
	}
	open := func(open bool, when string) {
		t.Helper()
		if _, err := n.people.LoginToken(ctx, token); (err == nil) != open {
			t.Errorf("%s: the token says %v", when, err)
		}
	}
	change("asha", people.Analyst)
	open(true, "promoted, and never tended")
	change("asha", people.Member)
	must(t, n.people.Change(ctx, own, people.Account{Name: "asha", Org: "cert", Roles: []people.Role{people.Member}, Email: "his@cert.example"}), "his address in her account")
	change("asha", people.Member, people.OrganisationAdministrator)
	open(true, "changed within the organisation")
	change("asha", people.Analyst)
	open(false, "promoted after he put his address in")
	a, err := n.people.Get(ctx, operator, "asha")
	must(t, err, "get")
	if a.Renewed.IsZero() || a.HasPassword {
		t.Errorf("the account is %+v", a)
	}
	// An administrator who changes his own person is not the hand meant.
	must(t, n.people.SetPassword(ctx, operator, own.Name, password), "a password")
	must(t, n.people.Change(ctx, own, people.Account{Name: own.Name, Org: "cert", Roles: own.Roles, FullName: "Head"}), "his name")
	change(own.Name, people.Analyst)
	if a, err = n.people.Get(ctx, operator, own.Name); err != nil || !a.HasPassword {
		t.Errorf("%+v %v", a, err)
	}
}
