package people

import (
	"context"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// maxText bounds names of people and organisations, in characters.
const maxText = 128

// text returns s without blanks around it, or fault.Invalid when it is too
// long or not on one line.
func text(what, s string) (string, error) {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > maxText || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", fault.Errorf(fault.Invalid, "%s: want at most %d printable characters", what, maxText)
	}
	return s, nil
}

// person returns who a is, as the store keeps it.
func (a Account) person() (store.Person, error) {
	full, err := text("name of the person", a.FullName)
	if err != nil {
		return store.Person{}, err
	}
	email := strings.ToLower(strings.TrimSpace(a.Email))
	if email == "" {
		return store.Person{Account: strings.ToLower(a.Name), FullName: full}, nil
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || len(email) > 254 {
		return store.Person{}, fault.Errorf(fault.Invalid, "e-mail address %.80q: want one like name@example.org", email)
	}
	return store.Person{Account: strings.ToLower(a.Name), FullName: full, Email: email}, nil
}

// mayHandle returns nil when by may change row: whoever administers the node,
// and an organisation's own administrator where every role is local. What is
// somebody else's looks to the latter as if it were not there.
func mayHandle(by Actor, row store.Account) error {
	if by.can(Administer) {
		return nil
	}
	if err := by.May(Manage); err != nil {
		return err
	}
	if by.Org == "" || row.Org != by.Org || !local(row.Roles) {
		return fault.Errorf(fault.NotFound, "there is no account %q", row.Name)
	}
	return nil
}

// Handle returns the account called name when by may change it, for acts on
// its ways in. It fails as Disable does.
func Handle(tx *store.Tx, by Actor, name string) (store.Account, error) {
	if err := by.May(Manage); err != nil {
		return store.Account{}, err
	}
	row, err := tx.Account(name)
	if err != nil {
		return store.Account{}, err
	}
	return row, mayHandle(by, row)
}

// Admit returns who the account called name is and its row, or fault.Denied
// when there is none such or it is shut.
func Admit(tx *store.Tx, name string) (Actor, store.Account, error) {
	row, err := tx.Account(name)
	if fault.Is(err, fault.NotFound) || err == nil && shut(row) {
		return Actor{}, store.Account{}, fault.New(fault.Denied, "the account is closed")
	}
	return actorOf(row, ""), row, err
}

// Hash returns the stored form of a password fit for use, or fault.Invalid.
func (p *People) Hash(ctx context.Context, password string) (string, error) {
	return p.hashPassword(ctx, password)
}

// local reports whether every role in a row's text is one of an organisation.
func local(roles string) bool {
	for r := range strings.SplitSeq(roles, ",") {
		if !Role(r).Local() {
			return false
		}
	}
	return true
}

// mayMake returns nil when by may leave an account as row is: its organisation
// exists, and an organisation's own administrator stays below the ceiling and
// among the local roles.
func mayMake(tx *store.Tx, by Actor, row store.Account) error {
	if by.can(Administer) && row.Org == "" {
		return nil
	}
	if !by.can(Administer) && (by.Org == "" || row.Org != by.Org) {
		return fault.Errorf(fault.Denied, "%s may manage accounts of the own organisation only", by)
	}
	o, err := tx.Organisation(row.Org)
	if fault.Is(err, fault.NotFound) {
		return fault.Errorf(fault.Invalid, "there is no organisation %q", row.Org)
	}
	if err != nil || by.can(Administer) {
		return err
	}
	if !local(row.Roles) {
		return fault.Errorf(fault.Denied, "%s may give no role of the whole node: only %s and %s", by, Member, OrganisationAdministrator)
	}
	c, err := ParseClearance(row.Clearance)
	if err != nil {
		return err
	}
	if ceiling, err := ParseClearance(o.Ceiling); err != nil || c.Under(ceiling) != c {
		return fault.Errorf(fault.Denied, "clearance %s is above the organisation's ceiling %s", c, o.Ceiling)
	}
	return nil
}

// AddAccount adds an account. Returns fault.Denied unless by may Administer,
// or Manage the organisation and gives no more than that allows;
// fault.Conflict when the name is taken; fault.Invalid when something about it
// is wrong.
func (p *People) AddAccount(ctx context.Context, by Actor, a Account) error {
	if err := by.May(Manage); err != nil {
		return err
	}
	row, err := a.row()
	if err != nil {
		return err
	}
	who, err := a.person()
	if err != nil {
		return err
	}
	if a.Password != "" {
		if row.Password, err = p.hashPassword(ctx, a.Password); err != nil {
			return err
		}
	}
	e := entry{by, "add account", fieldsOf(row)}
	return p.change(ctx, p.store, e, func(tx *store.Tx) error {
		if err := mayMake(tx, by, row); err != nil {
			return err
		}
		if err := tx.AddAccount(row); err != nil {
			return err
		}
		if err := Tend(tx, by, row.Name); err != nil {
			return err
		}
		return tx.SetPerson(who)
	})
}

// fieldsOf says in the journal what an account is.
func fieldsOf(row store.Account) []string {
	fields := []string{"account", row.Name, "roles", row.Roles, "clearance", row.Clearance}
	if row.Org != "" {
		fields = append(fields, "organisation", row.Org)
	}
	return fields
}

// Change replaces person, organisation, roles and clearance of the account
// called a.Name, and ends its sessions when more than the person changed; with
// another e-mail address single sign-on has to be verified anew; its password
// and whether it is disabled stay. An account that was in the hands of an
// organisation's administrator and gets out of them, by a role of the whole
// node or another organisation, loses all its ways in, its password and its
// tokens: it needs a one-time link. Returns fault.Denied unless by may
// Administer, or Manage the organisation and gives no more than that allows,
// and when the account is by's own: nobody hands a role to himself;
// fault.NotFound, or fault.Invalid.
func (p *People) Change(ctx context.Context, by Actor, a Account) error {
	want, err := a.row()
	if err != nil {
		return err
	}
	who, err := a.person()
	if err != nil {
		return err
	}
	e := entry{by, "change account", fieldsOf(want)[2:]}
	return p.edit(ctx, e, want.Name, func(tx *store.Tx, row *store.Account) error {
		row.Org, row.Roles, row.Clearance = want.Org, want.Roles, want.Clearance
		before, err := tx.Person(row.Name)
		if err != nil {
			return err
		}
		if before.Email != who.Email {
			if err := tx.ForgetIdentities(row.Name); err != nil {
				return err
			}
		}
		return tx.SetPerson(who)
	})
}

// SetPassword gives an account another password; "" takes it away. Its tokens
// stay valid, its sessions end. Returns fault.Denied unless by may Administer
// or Manage the organisation, fault.NotFound, or fault.Invalid.
func (p *People) SetPassword(ctx context.Context, by Actor, name, password string) error {
	if err := by.May(Manage); err != nil {
		return err
	}
	phc := ""
	if password != "" {
		var err error
		if phc, err = p.hashPassword(ctx, password); err != nil {
			return err
		}
	}
	return p.edit(ctx, entry{by: by, act: "set password"}, name, func(_ *store.Tx, row *store.Account) error {
		row.Password = phc
		return nil
	})
}

// ChangePassword gives the person whose password is old another one, and ends
// the sessions but the one called keep. It fails as Login does, or with
// fault.Invalid when the new one will not do.
func (p *People) ChangePassword(ctx context.Context, name, old, password, remote, keep string) error {
	if err := checkPassword(password); err != nil {
		return err
	}
	l, err := p.login(ctx, name, old, remote)
	if err != nil {
		return err
	}
	phc, err := p.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	e := entry{l.actor, "change own password", []string{"account", l.actor.Name}}
	return p.change(ctx, p.store, e, func(tx *store.Tx) error {
		row, err := tx.Account(l.actor.Name)
		if err != nil {
			return err
		}
		if shut(row) || row.Password != l.phc {
			return fault.New(fault.Conflict, "the account changed meanwhile; log in again")
		}
		row.Password = phc
		if _, err := tx.EndSessions(row.Name, keep); err != nil {
			return err
		}
		return tx.UpdateAccount(row)
	})
}

// Disable shuts an account and all its tokens out until Enable, and ends its
// sessions and the posts it holds, which Enable does not give back. Returns fault.Denied unless by may Administer or Manage the
// organisation, and for by's own account; or fault.NotFound.
func (p *People) Disable(ctx context.Context, by Actor, name string) error {
	return p.edit(ctx, entry{by: by, act: "disable account"}, name, func(tx *store.Tx, row *store.Account) error {
		if row.Disabled || p.shutting == nil {
			row.Disabled = true
			return nil
		}
		row.Disabled = true
		return p.shutting(tx, by, row.Name)
	})
}

// Enable undoes Disable, under the same conditions.
func (p *People) Enable(ctx context.Context, by Actor, name string) error {
	return p.edit(ctx, entry{by: by, act: "enable account"}, name, func(_ *store.Tx, row *store.Account) error {
		row.Disabled = false
		return nil
	})
}

// edit changes one account for somebody who may, and ends its sessions unless
// only the person changed. A one-time link ends with them: who made it, or has
// it, was let into the account as it was before.
func (p *People) edit(ctx context.Context, e entry, name string, fn func(*store.Tx, *store.Account) error) error {
	if err := e.by.May(Manage); err != nil {
		return err
	}
	name, err := ParseName(name)
	if err != nil {
		return err
	}
	e.fields = append([]string{"account", name}, e.fields...)
	return p.change(ctx, p.store, e, func(tx *store.Tx) error {
		row, err := tx.Account(name)
		if err != nil {
			return err
		}
		if err := mayHandle(e.by, row); err != nil {
			return err
		}
		if err := Tend(tx, e.by, name); err != nil {
			return err
		}
		before := row
		if err := fn(tx, &row); err != nil {
			return err
		}
		if row == before {
			return nil
		}
		if e.by.Name == name && !e.by.system {
			return fault.New(fault.Denied, "nobody changes the rights of his or her own account: ask another administrator")
		}
		if err := mayMake(tx, e.by, row); err != nil {
			return err
		}
		if _, err := tx.EndSessions(name, ""); err != nil {
			return err
		}
		if err := tx.DropLinks(name); err != nil {
			return err
		}
		if before.Tended && (row.Org != before.Org || !local(row.Roles)) {
			row.Password = ""
			if err := p.takeBack(tx, e.by, name, before.Password != ""); err != nil {
				return err
			}
		}
		return tx.UpdateAccount(row)
	})
}
