package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// WarningList is a list of values that are rarely malicious, as its file was.
type WarningList struct {
	Name    string
	Type    string
	Version int64
	Entries int64
	Body    []byte
	Account string // who added it
	Added   int64
}

// AddWarningList keeps a list in place of an earlier one of its name.
func (t *Tx) AddWarningList(l WarningList) error {
	_, err := t.Exec(`INSERT INTO warning_list (name, type, version, entries, body, account, added) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (name) DO UPDATE SET type = excluded.type, version = excluded.version, entries = excluded.entries,
		body = excluded.body, account = excluded.account, added = excluded.added`,
		l.Name, l.Type, l.Version, l.Entries, bytesOf(l.Body), l.Account, t.now)
	t.Notify(TopicImport)
	return err
}

// WarningLists returns the lists in order of name, without their bodies.
func (t *Tx) WarningLists() (out []WarningList, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var l WarningList
		err := r.Scan(&l.Name, &l.Type, &l.Version, &l.Entries, &l.Account, &l.Added)
		out = append(out, l)
		return err
	}, "SELECT name, type, version, entries, account, added FROM warning_list ORDER BY name")
	return out, err
}

// WarningList returns the body of a list, or fault.NotFound.
func (t *Tx) WarningList(name string) (body []byte, err error) {
	found, err := t.Get([]any{&body}, "SELECT body FROM warning_list WHERE name = $1", name)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "no such list")
	}
	return body, err
}

// RemoveWarningList removes a list, or is fault.NotFound.
func (t *Tx) RemoveWarningList(name string) error {
	n, err := t.Exec("DELETE FROM warning_list WHERE name = $1", name)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "no such list")
	}
	t.Notify(TopicImport)
	return err
}
