package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// Status says what became of objects that were posted to a collection, for
// whoever posted them.
type Status struct {
	ID, Account string
	At          int64 // when it was stored, microseconds
	Body        []byte
}

// AddStatus stores s and sets its At.
func (t *Tx) AddStatus(s *Status) error {
	s.At = t.now
	_, err := t.Exec("INSERT INTO status (domain, id, account, at, body) VALUES ($1, $2, $3, $4, $5)",
		t.domain, s.ID, s.Account, s.At, s.Body)
	return err
}

// Status returns the status with the given id that is account's own, or
// fault.NotFound.
func (t *Tx) Status(id, account string) (Status, error) {
	s := Status{ID: id, Account: account}
	found := false
	err := t.Each(func(r *sql.Rows) error {
		found = true
		return r.Scan(&s.At, &s.Body)
	}, "SELECT at, body FROM status WHERE domain = $1 AND id = $2 AND account = $3", t.domain, id, account)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "there is no such status")
	}
	return s, err
}

// PurgeStatuses removes what was stored before a time.
func (t *Tx) PurgeStatuses(before int64) error {
	_, err := t.Exec("DELETE FROM status WHERE domain = $1 AND at < $2", t.domain, before)
	return err
}
