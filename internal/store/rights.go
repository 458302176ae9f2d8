package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// Right is what one account may do with one collection.
type Right struct {
	Collection, Account string
	Read, Write         bool
}

// Grant sets what r.Account may do with r.Collection in place of what it might
// before. It returns fault.NotFound when there is no such account or no such
// collection in this domain.
func (t *Tx) Grant(r Right) error {
	var one int64
	found, err := t.Get([]any{&one}, "SELECT 1 FROM account WHERE name = $1", r.Account)
	if err != nil {
		return err
	}
	if !found {
		return noAccount(r.Account)
	}
	found, err = t.Get([]any{&one}, "SELECT 1 FROM collection WHERE domain = $1 AND id = $2", t.domain, r.Collection)
	if err != nil {
		return err
	}
	if !found {
		return fault.Errorf(fault.NotFound, "there is no collection %q", r.Collection)
	}
	_, err = t.Exec(`
		INSERT INTO collection_right (domain, collection, account, can_read, can_write)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (domain, collection, account) DO UPDATE SET can_read = $4, can_write = $5`,
		t.domain, r.Collection, r.Account, r.Read, r.Write)
	return err
}

// RevokeGrant removes what account may do with collection, or returns
// fault.NotFound when it had no right there.
func (t *Tx) RevokeGrant(collection, account string) error {
	n, err := t.Exec("DELETE FROM collection_right WHERE domain = $1 AND collection = $2 AND account = $3",
		t.domain, collection, account)
	if err == nil && n == 0 {
		return fault.Errorf(fault.NotFound, "account %q has no right on collection %q", account, collection)
	}
	return err
}

// RightsOf returns the rights of account in this domain, by collection.
func (t *Tx) RightsOf(account string) ([]Right, error) {
	return t.rights(`
		SELECT collection, account, can_read, can_write FROM collection_right
		WHERE domain = $1 AND account = $2 ORDER BY collection`, account)
}

// RightsOn returns the rights on collection, by account.
func (t *Tx) RightsOn(collection string) ([]Right, error) {
	return t.rights(`
		SELECT collection, account, can_read, can_write FROM collection_right
		WHERE domain = $1 AND collection = $2 ORDER BY account`, collection)
}

func (t *Tx) rights(query, key string) ([]Right, error) {
	var out []Right
	err := t.Each(func(r *sql.Rows) error {
		var x Right
		err := r.Scan(&x.Collection, &x.Account, &x.Read, &x.Write)
		out = append(out, x)
		return err
	}, query, t.domain, key)
	return out, err
}
