package session

import (
	"context"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/store"
)

// List returns the Full sessions of account that have not run out, the last
// seen first. Returns fault.Denied unless it is by's own account or by may
// change it; what is not by's to see is fault.NotFound.
func (s *Sessions) List(ctx context.Context, by people.Actor, account string) ([]Session, error) {
	var out []Session
	err := s.c.Store.Query(ctx, func(tx *store.Tx) error {
		if err := reach(tx, by, account); err != nil {
			return err
		}
		rows, err := tx.Sessions(account)
		for _, row := range rows {
			if Stage(row.Stage) == Full && !s.over(row, tx.Now()) {
				out = append(out, sessionOf(row))
			}
		}
		return err
	})
	return out, err
}

// reach returns nil when account is by's own or by may change it.
func reach(tx *store.Tx, by people.Actor, account string) error {
	if account == "" {
		return fault.New(fault.NotFound, "there is no such account")
	}
	if account == by.Name && !by.IsSystem() {
		return nil
	}
	_, err := people.Handle(tx, by, account)
	return err
}

// End ends one session of account, under the conditions of List.
func (s *Sessions) End(ctx context.Context, by people.Actor, account, id string) error {
	return s.c.Store.Write(ctx, func(tx *store.Tx) error {
		if err := reach(tx, by, account); err != nil {
			return err
		}
		if err := tx.EndSession(account, id); err != nil {
			return err
		}
		return s.journal(tx, by, "end session", "account", account, "session", line(id, 64))
	})
}

// EndAll ends the sessions of account but by's own present one, under the
// conditions of List, and returns how many.
func (s *Sessions) EndAll(ctx context.Context, by people.Actor, account string) (int64, error) {
	var n int64
	err := s.c.Store.Write(ctx, func(tx *store.Tx) error {
		if err := reach(tx, by, account); err != nil {
			return err
		}
		var err error
		if n, err = tx.EndSessions(account, by.Session); err != nil {
			return err
		}
		return s.journal(tx, by, "end sessions", "account", account)
	})
	return n, err
}

// Sweep removes what has run out.
func (s *Sessions) Sweep(ctx context.Context) error {
	return s.c.Store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.PurgeSessions(tx.Now()-s.c.Idle.Microseconds(), tx.Now()-s.c.Absolute.Microseconds()); err != nil {
			return err
		}
		return tx.PurgeMeetings(tx.Now() - meetingsKept.Microseconds())
	})
}
