package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// Account is one row of the people a node knows. Roles and Clearance are in
// the text form of act/people, Password is a PHC string or "" for an account
// that no password opens; Org is the id of an organisation or "".
type Account struct {
	Name, Org, Roles, Clearance, Password string
	Disabled                              bool
	Created                               int64

	// What follows is read from elsewhere and never written with an account.

	// Ceiling is the organisation's, "" without one.
	Ceiling string
	// Shut says that the organisation is closed.
	Shut bool
	// Second says that the account has a passkey or a code generator.
	Second bool
	// Tended says that the account, or what opens it, was in the hands of
	// somebody who manages an organisation and not the node. Renewed is when it
	// got out of them, 0 when it never did.
	Tended  bool
	Renewed int64
}

// AddAccount adds a, made now. It returns fault.Conflict when the name is
// taken.
func (t *Tx) AddAccount(a Account) error {
	n, err := t.Exec(`
		INSERT INTO account (name, org, roles, clearance, password, disabled, created)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING`,
		a.Name, a.Org, a.Roles, a.Clearance, a.Password, a.Disabled, t.now)
	if err == nil && n == 0 {
		return fault.Errorf(fault.Conflict, "account %s exists already", a.Name)
	}
	return err
}

// Account returns the account called name, or fault.NotFound.
func (t *Tx) Account(name string) (Account, error) {
	a := Account{Name: name}
	found, err := t.Get([]any{&a.Org, &a.Roles, &a.Clearance, &a.Password, &a.Disabled, &a.Created, &a.Ceiling, &a.Shut, &a.Second, &a.Tended, &a.Renewed}, `
		SELECT a.org, a.roles, a.clearance, a.password, a.disabled, a.created,
			COALESCE(o.ceiling, ''), COALESCE(o.closed, FALSE),
			EXISTS (SELECT 1 FROM totp t WHERE t.account = a.name AND LENGTH(t.sealed) > 0)
				OR EXISTS (SELECT 1 FROM passkey p WHERE p.account = a.name),
			COALESCE(c.tended, 0) > 0, COALESCE(c.renewed, 0)
		FROM account a LEFT JOIN organisation o ON o.id = a.org LEFT JOIN account_care c ON c.account = a.name WHERE a.name = $1`, name)
	if err == nil && !found {
		return Account{}, noAccount(name)
	}
	return a, err
}

// Accounts returns every account in the order of names.
func (t *Tx) Accounts() ([]Account, error) {
	var out []Account
	err := t.Each(func(r *sql.Rows) error {
		var a Account
		err := r.Scan(&a.Name, &a.Org, &a.Roles, &a.Clearance, &a.Password, &a.Disabled, &a.Created, &a.Ceiling, &a.Shut, &a.Second, &a.Tended, &a.Renewed)
		out = append(out, a)
		return err
	}, `
		SELECT a.name, a.org, a.roles, a.clearance, a.password, a.disabled, a.created,
			COALESCE(o.ceiling, ''), COALESCE(o.closed, FALSE),
			EXISTS (SELECT 1 FROM totp t WHERE t.account = a.name AND LENGTH(t.sealed) > 0)
				OR EXISTS (SELECT 1 FROM passkey p WHERE p.account = a.name),
			COALESCE(c.tended, 0) > 0, COALESCE(c.renewed, 0)
		FROM account a LEFT JOIN organisation o ON o.id = a.org LEFT JOIN account_care c ON c.account = a.name ORDER BY a.name`)
	return out, err
}

// UpdateAccount replaces all of the account called a.Name but its name and
// time of creation, or returns fault.NotFound.
func (t *Tx) UpdateAccount(a Account) error {
	n, err := t.Exec(`
		UPDATE account SET org = $2, roles = $3, clearance = $4, password = $5, disabled = $6
		WHERE name = $1`,
		a.Name, a.Org, a.Roles, a.Clearance, a.Password, a.Disabled)
	if err == nil && n == 0 {
		return noAccount(a.Name)
	}
	return err
}

func noAccount(name string) error {
	return fault.Errorf(fault.NotFound, "there is no account %q", name)
}

// Token is one row of API tokens. Hash is the SHA-256 of its secret.
type Token struct {
	ID, Account, Note string
	Hash              []byte
	Created, Expires  int64
}

// AddToken adds k, made now.
func (t *Tx) AddToken(k Token) error {
	_, err := t.Exec(`
		INSERT INTO token (id, account, note, hash, created, expires) VALUES ($1, $2, $3, $4, $5, $6)`,
		k.ID, k.Account, k.Note, k.Hash, t.now, k.Expires)
	if db.IsUnique(err) {
		return fault.New(fault.Conflict, "this token exists already")
	}
	return err
}

// Token returns the token with the given id, expired or not, or
// fault.NotFound.
func (t *Tx) Token(id string) (Token, error) {
	k := Token{ID: id}
	found, err := t.Get([]any{&k.Account, &k.Note, &k.Hash, &k.Created, &k.Expires}, `
		SELECT account, note, hash, created, expires FROM token WHERE id = $1`, id)
	if err == nil && !found {
		return Token{}, noToken(id)
	}
	return k, err
}

// Tokens returns the tokens of account, or of all when it is "", oldest first.
func (t *Tx) Tokens(account string) ([]Token, error) {
	var out []Token
	err := t.Each(func(r *sql.Rows) error {
		var k Token
		err := r.Scan(&k.ID, &k.Account, &k.Note, &k.Hash, &k.Created, &k.Expires)
		out = append(out, k)
		return err
	}, `
		SELECT id, account, note, hash, created, expires FROM token
		WHERE account = $1 OR $1 = '' ORDER BY created, id`, account)
	return out, err
}

// RemoveToken removes the token with the given id, or returns fault.NotFound.
func (t *Tx) RemoveToken(id string) error {
	n, err := t.Exec("DELETE FROM token WHERE id = $1", id)
	if err == nil && n == 0 {
		return noToken(id)
	}
	return err
}

func noToken(id string) error {
	return fault.Errorf(fault.NotFound, "there is no token %q", id)
}
