package store

// Renewed is what was taken back from an account.
type Renewed struct{ Tokens, Passkeys, Generators, Identities int64 }

// Tend records that somebody changed account, or what opens it, who manages an
// organisation and not the node.
func (t *Tx) Tend(account string) error {
	_, err := t.Exec(`INSERT INTO account_care (account, tended, renewed) VALUES ($1, $2, 0)
		ON CONFLICT (account) DO UPDATE SET tended = $2`, account, t.now)
	return err
}

// Renew takes back everything that opens account but its password, which is
// the caller's to write, and its sessions; it counts as not tended from now on.
func (t *Tx) Renew(account string) (r Renewed, err error) {
	for _, step := range []struct {
		n   *int64
		sql string
	}{
		{&r.Tokens, "DELETE FROM token WHERE account = $1"},
		{&r.Passkeys, "DELETE FROM passkey WHERE account = $1"},
		{&r.Generators, "DELETE FROM totp WHERE account = $1"},
		{&r.Identities, "DELETE FROM identity WHERE account = $1"},
	} {
		if *step.n, err = t.Exec(step.sql, account); err != nil {
			return r, err
		}
	}
	if err := t.SetRecovery(account, nil); err != nil {
		return r, err
	}
	if err := t.DropLinks(account); err != nil {
		return r, err
	}
	_, err = t.Exec(`INSERT INTO account_care (account, tended, renewed) VALUES ($1, 0, $2)
		ON CONFLICT (account) DO UPDATE SET tended = 0, renewed = $2`, account, t.now)
	return r, err
}
