package store

import "database/sql"

// Kept is what an account keeps under a name: a search, or how it likes a
// table.
type Kept struct {
	Kind, Name, Value string
	At                int64
}

// Kept returns what account keeps of a kind, in order of name.
func (t *Tx) Kept(account, kind string) (out []Kept, err error) {
	err = t.Each(func(r *sql.Rows) error {
		k := Kept{Kind: kind}
		err := r.Scan(&k.Name, &k.Value, &k.At)
		out = append(out, k)
		return err
	}, "SELECT name, value, at FROM kept WHERE domain = $1 AND account = $2 AND kind = $3 ORDER BY name", t.domain, account, kind)
	return out, err
}

// Keep keeps value for account, in place of what it kept under the same name.
func (t *Tx) Keep(account string, k Kept) error {
	_, err := t.Exec(`INSERT INTO kept (domain, account, kind, name, value, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (domain, account, kind, name) DO UPDATE SET value = excluded.value, at = excluded.at`,
		t.domain, account, k.Kind, k.Name, k.Value, t.now)
	return err
}

// Forget removes what account kept under a name.
func (t *Tx) Forget(account, kind, name string) error {
	_, err := t.Exec("DELETE FROM kept WHERE domain = $1 AND account = $2 AND kind = $3 AND name = $4", t.domain, account, kind, name)
	return err
}
