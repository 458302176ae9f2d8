package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// Passkey is one row of WebAuthn credentials. Data is in the form of
// edge/auth.
type Passkey struct {
	ID            []byte
	Account, Name string
	Data          []byte
	Created, Used int64
}

// AddPasskey adds k, made now. A credential that is there already is
// fault.Conflict.
func (t *Tx) AddPasskey(k Passkey) error {
	_, err := t.Exec("INSERT INTO passkey (id, account, name, data, created, used) VALUES ($1, $2, $3, $4, $5, $5)",
		k.ID, k.Account, k.Name, k.Data, t.now)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "this passkey is registered already")
	}
	return err
}

// Passkey returns the credential with the given id, or fault.NotFound.
func (t *Tx) Passkey(id []byte) (Passkey, error) {
	k := Passkey{ID: id}
	found, err := t.Get([]any{&k.Account, &k.Name, &k.Data, &k.Created, &k.Used},
		"SELECT account, name, data, created, used FROM passkey WHERE id = $1", id)
	if err == nil && !found {
		return Passkey{}, noPasskey()
	}
	return k, err
}

// Passkeys returns the credentials of account, oldest first.
func (t *Tx) Passkeys(account string) ([]Passkey, error) {
	var out []Passkey
	err := t.Each(func(r *sql.Rows) error {
		var k Passkey
		err := r.Scan(&k.ID, &k.Account, &k.Name, &k.Data, &k.Created, &k.Used)
		out = append(out, k)
		return err
	}, "SELECT id, account, name, data, created, used FROM passkey WHERE account = $1 ORDER BY created, id", account)
	return out, err
}

// UsePasskey records what an assertion made of the credential, now.
func (t *Tx) UsePasskey(id, data []byte) error {
	_, err := t.Exec("UPDATE passkey SET data = $2, used = $3 WHERE id = $1", id, data, t.now)
	return err
}

// RemovePasskey removes a credential of account, or returns fault.NotFound.
func (t *Tx) RemovePasskey(account string, id []byte) error {
	n, err := t.Exec("DELETE FROM passkey WHERE id = $1 AND account = $2", id, account)
	if err == nil && n == 0 {
		return noPasskey()
	}
	return err
}

func noPasskey() error { return fault.New(fault.NotFound, "there is no such passkey") }

// TOTP is an account's code generator: the sealed secret in use and the one
// that waits for its first code, and the last time step a code was taken of.
type TOTP struct {
	Account         string
	Sealed, Pending []byte
	Step            int64
}

// TOTP returns the code generator of account; an account without one has one
// with nothing in it.
func (t *Tx) TOTP(account string) (TOTP, error) {
	k := TOTP{Account: account}
	_, err := t.Get([]any{&k.Sealed, &k.Pending, &k.Step}, "SELECT sealed, pending, step FROM totp WHERE account = $1", account)
	return k, err
}

// SetTOTP records the code generator of k.Account.
func (t *Tx) SetTOTP(k TOTP) error {
	if k.Sealed == nil {
		k.Sealed = []byte{}
	}
	if k.Pending == nil {
		k.Pending = []byte{}
	}
	_, err := t.Exec(`
		INSERT INTO totp (account, sealed, pending, step) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed, pending = excluded.pending, step = excluded.step`,
		k.Account, k.Sealed, k.Pending, k.Step)
	return err
}

// RemoveTOTP takes the code generator from account.
func (t *Tx) RemoveTOTP(account string) error {
	_, err := t.Exec("DELETE FROM totp WHERE account = $1", account)
	return err
}

// SetRecovery replaces the recovery codes of account; each hash is a SHA-256.
func (t *Tx) SetRecovery(account string, hashes [][]byte) error {
	if _, err := t.Exec("DELETE FROM recovery WHERE account = $1", account); err != nil {
		return err
	}
	for _, h := range hashes {
		if _, err := t.Exec("INSERT INTO recovery (account, hash) VALUES ($1, $2)", account, h); err != nil {
			return err
		}
	}
	return nil
}

// TakeRecovery removes a recovery code and reports whether it was there.
func (t *Tx) TakeRecovery(account string, hash []byte) (bool, error) {
	n, err := t.Exec("DELETE FROM recovery WHERE account = $1 AND hash = $2", account, hash)
	return n > 0, err
}

// RecoveryLeft returns how many recovery codes account has left.
func (t *Tx) RecoveryLeft(account string) (n int64, err error) {
	_, err = t.Get([]any{&n}, "SELECT COUNT(*) FROM recovery WHERE account = $1", account)
	return n, err
}
