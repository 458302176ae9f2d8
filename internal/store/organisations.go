package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// Organisation is one row of the bodies people belong to. Kind, Sectors
// (separated by commas) and Ceiling are in the text form of act/people.
type Organisation struct {
	ID, Name, Kind, Sectors, Ceiling string
	Sponsor                          string // an id, "" for none
	Aliases                          string // one a line
	Look, Closed                     bool
	Created                          int64
}

// AddOrganisation adds o, made now. It returns fault.Conflict when the id is
// taken.
func (t *Tx) AddOrganisation(o Organisation) error {
	n, err := t.Exec(`
		INSERT INTO organisation (id, name, kind, sectors, ceiling, closed, created, sponsor, look, aliases)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`,
		o.ID, o.Name, o.Kind, o.Sectors, o.Ceiling, o.Closed, t.now, o.Sponsor, o.Look, o.Aliases)
	if err == nil && n == 0 {
		return fault.Errorf(fault.Conflict, "organisation %s exists already", o.ID)
	}
	return err
}

// Organisation returns the organisation with the given id, or fault.NotFound.
func (t *Tx) Organisation(id string) (Organisation, error) {
	o := Organisation{ID: id}
	found, err := t.Get([]any{&o.Name, &o.Kind, &o.Sectors, &o.Ceiling, &o.Closed, &o.Created, &o.Sponsor, &o.Look, &o.Aliases}, `
		SELECT name, kind, sectors, ceiling, closed, created, sponsor, look, aliases FROM organisation WHERE id = $1`, id)
	if err == nil && !found {
		return Organisation{}, noOrganisation(id)
	}
	return o, err
}

// Organisations returns every organisation in the order of names.
func (t *Tx) Organisations() ([]Organisation, error) {
	var out []Organisation
	err := t.Each(func(r *sql.Rows) error {
		var o Organisation
		err := r.Scan(&o.ID, &o.Name, &o.Kind, &o.Sectors, &o.Ceiling, &o.Closed, &o.Created, &o.Sponsor, &o.Look, &o.Aliases)
		out = append(out, o)
		return err
	}, "SELECT id, name, kind, sectors, ceiling, closed, created, sponsor, look, aliases FROM organisation ORDER BY name, id")
	return out, err
}

// UpdateOrganisation replaces all of the organisation o.ID but its id and time
// of creation, or returns fault.NotFound.
func (t *Tx) UpdateOrganisation(o Organisation) error {
	n, err := t.Exec(`
		UPDATE organisation SET name = $2, kind = $3, sectors = $4, ceiling = $5, closed = $6,
			sponsor = $7, look = $8, aliases = $9 WHERE id = $1`,
		o.ID, o.Name, o.Kind, o.Sectors, o.Ceiling, o.Closed, o.Sponsor, o.Look, o.Aliases)
	if err == nil && n == 0 {
		return noOrganisation(o.ID)
	}
	return err
}

func noOrganisation(id string) error {
	return fault.Errorf(fault.NotFound, "there is no organisation %q", id)
}

// Person is what is known of who is behind an account.
type Person struct{ Account, FullName, Email string }

// Person returns what is known of the person behind account; all of it may be
// empty.
func (t *Tx) Person(account string) (Person, error) {
	p := Person{Account: account}
	_, err := t.Get([]any{&p.FullName, &p.Email}, "SELECT full_name, email FROM person WHERE account = $1", account)
	return p, err
}

// People returns what is known of every person, by account.
func (t *Tx) People() (map[string]Person, error) {
	out := map[string]Person{}
	err := t.Each(func(r *sql.Rows) error {
		var p Person
		err := r.Scan(&p.Account, &p.FullName, &p.Email)
		out[p.Account] = p
		return err
	}, "SELECT account, full_name, email FROM person")
	return out, err
}

// SetPerson records what is known of the person behind p.Account.
func (t *Tx) SetPerson(p Person) error {
	_, err := t.Exec(`
		INSERT INTO person (account, full_name, email) VALUES ($1, $2, $3)
		ON CONFLICT (account) DO UPDATE SET full_name = excluded.full_name, email = excluded.email`,
		p.Account, p.FullName, p.Email)
	return err
}

// Invited returns the accounts whose person has this e-mail address.
func (t *Tx) Invited(email string) ([]string, error) {
	var out []string
	err := t.Each(func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		out = append(out, name)
		return err
	}, "SELECT account FROM person WHERE email = $1 AND email <> '' ORDER BY account", email)
	return out, err
}

// AccountOf returns the account that the provider's subject is, "" when nobody.
func (t *Tx) AccountOf(issuer, subject string) (account string, err error) {
	_, err = t.Get([]any{&account}, "SELECT account FROM identity WHERE issuer = $1 AND subject = $2", issuer, subject)
	return account, err
}

// Identified reports whether account is known to the provider already.
func (t *Tx) Identified(issuer, account string) (bool, error) {
	var one int64
	return t.Get([]any{&one}, "SELECT 1 FROM identity WHERE issuer = $1 AND account = $2", issuer, account)
}

// Identify records that the provider's subject is account.
func (t *Tx) Identify(issuer, subject, account string) error {
	_, err := t.Exec("INSERT INTO identity (issuer, subject, account) VALUES ($1, $2, $3)", issuer, subject, account)
	return err
}

// ForgetIdentities removes what providers know account as.
func (t *Tx) ForgetIdentities(account string) error {
	_, err := t.Exec("DELETE FROM identity WHERE account = $1", account)
	return err
}
