package people

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// Account is a person or a program that may log in.
type Account struct {
	Name, Org string
	Roles     []Role // one or more
	// Clearance is in the text form of Clearance; "" means DefaultClearance.
	Clearance string
	// Password opens the account; with "" only tokens do. It is never read back.
	Password string
	Disabled bool
	Created  time.Time // set by the store
}

var nameRE = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?$`)

// ParseName returns s as the name of an account: 1 to 64 letters, digits and
// inner . _ @ -, in lower case whatever s is in, or fault.Invalid.
func ParseName(s string) (string, error) {
	if !nameRE.MatchString(s) { // before lowering: the Kelvin sign is no k
		return "", fault.Errorf(fault.Invalid, "account name %.80q: want 1 to 64 letters, digits and inner . _ @ -", s)
	}
	return strings.ToLower(s), nil
}

// maxOrg bounds the name of an organisation, in characters.
const maxOrg = 128

// row returns a as the store keeps it, without a password.
func (a Account) row() (store.Account, error) {
	name, err := ParseName(a.Name)
	if err != nil {
		return store.Account{}, err
	}
	if utf8.RuneCountInString(a.Org) > maxOrg || !utf8.ValidString(a.Org) || strings.ContainsFunc(a.Org, unicode.IsControl) {
		return store.Account{}, fault.Errorf(fault.Invalid, "organisation: want at most %d printable characters", maxOrg)
	}
	rs, err := parseRoles(a.Roles)
	if err != nil {
		return store.Account{}, err
	}
	c := DefaultClearance
	if a.Clearance != "" {
		if c, err = ParseClearance(a.Clearance); err != nil {
			return store.Account{}, err
		}
	}
	return store.Account{
		Name: name, Org: a.Org, Roles: roleText(rs, ","), Clearance: c.String(), Disabled: a.Disabled,
	}, nil
}

// parseRoles checks rs and returns them sorted, each once.
func parseRoles(rs []Role) ([]Role, error) {
	if len(rs) == 0 {
		return nil, fault.Errorf(fault.Invalid, "the account has no role: want one or more of %s", roleText(Roles(), ", "))
	}
	for _, r := range rs {
		if _, err := ParseRole(string(r)); err != nil {
			return nil, err
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(rs))), nil
}

func roleText(rs []Role, sep string) string {
	names := make([]string, len(rs))
	for i, r := range rs {
		names[i] = string(r)
	}
	return strings.Join(names, sep)
}

// actorOf returns who a row of the store is. A role this program does not know
// gives no right; a clearance it cannot read sees nothing.
func actorOf(row store.Account, token string) Actor {
	a := Actor{Name: row.Name, Org: row.Org, Token: token}
	for name := range strings.SplitSeq(row.Roles, ",") {
		if r, err := ParseRole(name); err == nil {
			a.Roles = append(a.Roles, r)
		}
	}
	a.Clearance, _ = ParseClearance(row.Clearance) // zero when unreadable
	return a
}

// AddAccount adds an account. Returns fault.Denied unless by may Administer,
// fault.Conflict when the name is taken, fault.Invalid when something about it
// is wrong.
func (p *People) AddAccount(ctx context.Context, by Actor, a Account) error {
	if err := by.May(Administer); err != nil {
		return err
	}
	row, err := a.row()
	if err != nil {
		return err
	}
	if a.Password != "" {
		if row.Password, err = p.hashPassword(ctx, a.Password); err != nil {
			return err
		}
	}
	e := entry{by, "add account", []string{"account", row.Name, "roles", row.Roles, "clearance", row.Clearance}}
	return p.change(ctx, p.store, e, func(tx *store.Tx) error { return tx.AddAccount(row) })
}

// Change replaces organisation, roles and clearance of the account called
// a.Name; its password and whether it is disabled stay. Returns fault.Denied
// unless by may Administer, fault.NotFound, or fault.Invalid.
func (p *People) Change(ctx context.Context, by Actor, a Account) error {
	want, err := a.row()
	if err != nil {
		return err
	}
	e := entry{by, "change account", []string{"roles", want.Roles, "clearance", want.Clearance}}
	return p.edit(ctx, e, want.Name, func(row *store.Account) {
		row.Org, row.Roles, row.Clearance = want.Org, want.Roles, want.Clearance
	})
}

// SetPassword gives an account another password; "" leaves it to tokens
// alone. Its tokens stay valid. Returns fault.Denied unless by may Administer,
// fault.NotFound, or fault.Invalid.
func (p *People) SetPassword(ctx context.Context, by Actor, name, password string) error {
	if err := by.May(Administer); err != nil {
		return err
	}
	phc := ""
	if password != "" {
		var err error
		if phc, err = p.hashPassword(ctx, password); err != nil {
			return err
		}
	}
	return p.edit(ctx, entry{by: by, act: "set password"}, name, func(row *store.Account) { row.Password = phc })
}

// ChangePassword gives the person whose password is old another one. It fails
// as Login does, or with fault.Invalid when the new one will not do.
func (p *People) ChangePassword(ctx context.Context, name, old, password, remote string) error {
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
		if row.Disabled || row.Password != l.phc {
			return fault.New(fault.Conflict, "the account changed meanwhile; log in again")
		}
		row.Password = phc
		return tx.UpdateAccount(row)
	})
}

// Disable shuts an account and all its tokens out until Enable. Returns
// fault.Denied unless by may Administer, or fault.NotFound.
func (p *People) Disable(ctx context.Context, by Actor, name string) error {
	return p.edit(ctx, entry{by: by, act: "disable account"}, name, func(row *store.Account) { row.Disabled = true })
}

// Enable undoes Disable, under the same conditions.
func (p *People) Enable(ctx context.Context, by Actor, name string) error {
	return p.edit(ctx, entry{by: by, act: "enable account"}, name, func(row *store.Account) { row.Disabled = false })
}

// edit changes one account, for somebody who may Administer.
func (p *People) edit(ctx context.Context, e entry, name string, fn func(*store.Account)) error {
	if err := e.by.May(Administer); err != nil {
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
		fn(&row)
		return tx.UpdateAccount(row)
	})
}

// List returns every account in the order of names, without passwords. Returns
// fault.Denied unless by may Administer or Audit.
func (p *People) List(ctx context.Context, by Actor) ([]Account, error) {
	if err := mayEither(by, Administer, Audit); err != nil {
		return nil, err
	}
	var out []Account
	err := p.store.Query(ctx, func(tx *store.Tx) error {
		rows, err := tx.Accounts()
		for _, row := range rows {
			out = append(out, Account{
				Name: row.Name, Org: row.Org, Roles: actorOf(row, "").Roles, Clearance: row.Clearance,
				Disabled: row.Disabled, Created: time.UnixMicro(row.Created).UTC(),
			})
		}
		return err
	})
	return out, err
}

func mayEither(by Actor, a, b Act) error {
	err := by.May(a)
	if err != nil && by.May(b) == nil {
		return nil
	}
	return err
}

// As returns the actor that the account called name is, without a login.
// Returns fault.Denied unless by is the node itself, so that whoever holds the
// data directory can act as a named officer; fault.NotFound when there is no
// such account; fault.Denied when it is disabled.
func (p *People) As(ctx context.Context, by Actor, name string) (Actor, error) {
	if !by.system {
		return Actor{}, fault.Errorf(fault.Denied, "%s may not act as another", by)
	}
	name, err := ParseName(name)
	if err != nil {
		return Actor{}, err
	}
	var row store.Account
	err = p.store.Query(ctx, func(tx *store.Tx) error {
		var err error
		row, err = tx.Account(name)
		return err
	})
	if err != nil {
		return Actor{}, err
	}
	if row.Disabled {
		return Actor{}, fault.Errorf(fault.Denied, "account %s is disabled", name)
	}
	return actorOf(row, ""), nil
}
