package people

import (
	"strconv"

	"twoseas/internal/store"
)

// Tend records that by changes somebody's account, or what opens it, when by
// manages an organisation and not the node: should the account get out of such hands,
// nothing that they may have put in opens it any more.
func Tend(tx *store.Tx, by Actor, account string) error {
	if by.can(Administer) || by.Name == account {
		return nil
	}
	return tx.Tend(account)
}

// takeBack takes back whatever opens an account that gets out of the hands of its
// organisation's administrators: who opened it until now may be one of them.
func (p *People) takeBack(tx *store.Tx, by Actor, name string, password bool) error {
	had, err := tx.Renew(name)
	if err != nil || p.journal == nil {
		return err
	}
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	return p.journal(tx, by, "take back ways in", "account", name, "password", strconv.FormatBool(password), "tokens", count(had.Tokens),
		"passkeys", count(had.Passkeys), "code-generators", count(had.Generators), "sign-ons", count(had.Identities))
}
