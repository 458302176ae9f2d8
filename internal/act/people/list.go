package people

import (
	"context"
	"slices"
	"time"

	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// List returns the accounts in the order of names, without passwords: every
// account to whoever may Administer or Audit, those of the organisation to
// whoever may Manage it. Returns fault.Denied to others.
func (p *People) List(ctx context.Context, by Actor) ([]Account, error) {
	if err := mayEither(by, Manage, Audit); err != nil {
		return nil, err
	}
	all := by.can(Administer) || by.can(Audit)
	var out []Account
	err := p.store.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.Accounts()
		if err != nil {
			return err
		}
		persons, err := tx.People()
		for _, row := range rows {
			if all || by.Org != "" && row.Org == by.Org {
				out = append(out, accountOf(row, persons[row.Name]))
			}
		}
		return err
	})
	return out, err
}

// Get returns one account, under the conditions of List; what List would not
// show is fault.NotFound. Everybody may ask for the own account.
func (p *People) Get(ctx context.Context, by Actor, name string) (Account, error) {
	name, err := ParseName(name)
	if err != nil {
		return Account{}, fault.Errorf(fault.NotFound, "there is no account %.80q", name)
	}
	if name != by.Name {
		if err := mayEither(by, Manage, Audit); err != nil {
			return Account{}, err
		}
	}
	var out Account
	err = p.store.Read(ctx, func(tx *store.Tx) error {
		row, err := tx.Account(name)
		if err != nil {
			return err
		}
		if name != by.Name && !by.can(Administer) && !by.can(Audit) && (by.Org == "" || row.Org != by.Org) {
			return fault.Errorf(fault.NotFound, "there is no account %q", name)
		}
		who, err := tx.Person(name)
		if err != nil {
			return err
		}
		out = accountOf(row, who)
		out.Audiences, err = p.audiences(tx, row.Org)
		return err
	})
	return out, err
}

func accountOf(row store.Account, who store.Person) Account {
	return Account{
		Name: row.Name, Org: row.Org, Roles: slices.Clone(actorOf(row, "").Roles), Clearance: row.Clearance,
		FullName: who.FullName, Email: who.Email, Disabled: row.Disabled, Created: time.UnixMicro(row.Created).UTC(),
		HasPassword: row.Password != "", HasSecond: row.Second, Effective: clearanceOf(row).String(), OrgClosed: row.Shut,
		Tended: row.Tended, Renewed: clock.At(row.Renewed),
	}
}

func mayEither(by Actor, a, b Act) error {
	err := by.May(a)
	if err != nil && by.May(b) == nil {
		return nil
	}
	return err
}
