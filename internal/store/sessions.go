package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// Session is one row of signed-in browsers. Hash is the SHA-256 of what the
// browser holds, ID what lists name it by, Stage the number act/session gives
// to what it is good for.
type Session struct {
	Hash                                 []byte
	ID, Account, Method, Device, Address string
	Stage                                int64
	Created, Seen, Authenticated         int64
}

// AddSession adds s, made, seen and authenticated now.
func (t *Tx) AddSession(s Session) error {
	_, err := t.Exec(`
		INSERT INTO session (hash, id, account, stage, method, device, address, created, seen, authenticated)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8)`,
		s.Hash, s.ID, s.Account, s.Stage, s.Method, s.Device, s.Address, t.now)
	return err
}

// Session returns the session with the given hash, or fault.NotFound.
func (t *Tx) Session(hash []byte) (Session, error) {
	s := Session{Hash: hash}
	found, err := t.Get([]any{&s.ID, &s.Account, &s.Stage, &s.Method, &s.Device, &s.Address, &s.Created, &s.Seen, &s.Authenticated}, `
		SELECT id, account, stage, method, device, address, created, seen, authenticated FROM session WHERE hash = $1`, hash)
	if err == nil && !found {
		return Session{}, fault.New(fault.NotFound, "there is no such session")
	}
	return s, err
}

// Sessions returns the sessions of account, or of all when it is "", the last
// seen first.
func (t *Tx) Sessions(account string) ([]Session, error) {
	var out []Session
	err := t.Each(func(r *sql.Rows) error {
		var s Session
		err := r.Scan(&s.Hash, &s.ID, &s.Account, &s.Stage, &s.Method, &s.Device, &s.Address, &s.Created, &s.Seen, &s.Authenticated)
		out = append(out, s)
		return err
	}, `
		SELECT hash, id, account, stage, method, device, address, created, seen, authenticated FROM session
		WHERE account = $1 OR $1 = '' ORDER BY seen DESC, id`, account)
	return out, err
}

// SeeSession records that the session was used now, from address.
func (t *Tx) SeeSession(hash []byte, address string) error {
	_, err := t.Exec("UPDATE session SET seen = $2, address = $3 WHERE hash = $1", hash, t.now, address)
	return err
}

// RaiseSession puts the session under a new hash and stage, authenticated now,
// or returns fault.NotFound.
func (t *Tx) RaiseSession(old, hash []byte, stage int64, method string) error {
	n, err := t.Exec(`
		UPDATE session SET hash = $2, stage = $3, method = $4, authenticated = $5, seen = $5 WHERE hash = $1`,
		old, hash, stage, method, t.now)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "the session has ended")
	}
	return err
}

// EndSession removes the session that lists name id, or returns fault.NotFound
// when account (any when "") has none such.
func (t *Tx) EndSession(account, id string) error {
	n, err := t.Exec("DELETE FROM session WHERE id = $1 AND (account = $2 OR $2 = '')", id, account)
	if err == nil && n == 0 {
		return fault.New(fault.NotFound, "there is no such session")
	}
	return err
}

// EndSessions removes every session of account but the one called keep, and
// returns how many.
func (t *Tx) EndSessions(account, keep string) (int64, error) {
	return t.Exec("DELETE FROM session WHERE account = $1 AND id <> $2", account, keep)
}

// EndSessionsOf removes the sessions of everybody in an organisation.
func (t *Tx) EndSessionsOf(organisation string) error {
	_, err := t.Exec("DELETE FROM session WHERE account IN (SELECT name FROM account WHERE org = $1)", organisation)
	return err
}

// PurgeSessions removes sessions not seen since idle or made before oldest,
// and links and ceremonies whose time is over.
func (t *Tx) PurgeSessions(idle, oldest int64) error {
	if _, err := t.Exec("DELETE FROM session WHERE seen < $1 OR created < $2", idle, oldest); err != nil {
		return err
	}
	if _, err := t.Exec("DELETE FROM link WHERE expires < $1", t.now); err != nil {
		return err
	}
	_, err := t.Exec("DELETE FROM ceremony WHERE expires < $1", t.now)
	return err
}

// Link is one row of one-time links. Hash is the SHA-256 of its secret.
type Link struct {
	Hash             []byte
	Account, By      string
	Created, Expires int64
}

// SetLink records the only link there is for k.Account from now on.
func (t *Tx) SetLink(k Link) error {
	if err := t.DropLinks(k.Account); err != nil {
		return err
	}
	_, err := t.Exec("INSERT INTO link (hash, account, made_by, created, expires) VALUES ($1, $2, $3, $4, $5)",
		k.Hash, k.Account, k.By, t.now, k.Expires)
	return err
}

// DropLinks makes every link for account worthless.
func (t *Tx) DropLinks(account string) error {
	_, err := t.Exec("DELETE FROM link WHERE account = $1", account)
	return err
}

// LinkOf returns the link with the given hash if it has not expired, or
// fault.NotFound.
func (t *Tx) LinkOf(hash []byte) (Link, error) {
	k := Link{Hash: hash}
	found, err := t.Get([]any{&k.Account, &k.By, &k.Created, &k.Expires}, `
		SELECT account, made_by, created, expires FROM link WHERE hash = $1 AND expires > $2`, hash, t.now)
	if err == nil && !found {
		return Link{}, fault.New(fault.NotFound, "there is no such link")
	}
	return k, err
}

// Ceremony is what a sign-in under way has to remember.
type Ceremony struct {
	Hash          []byte
	Kind, Account string
	Data          []byte
	Expires       int64
}

// MaxCeremonies bounds how many sign-ins may be under way: anybody can begin
// one.
const MaxCeremonies = 10_000

// AddCeremony keeps c until it is taken or expires, or until so many others
// have begun that it is the oldest.
func (t *Tx) AddCeremony(c Ceremony) error {
	var n int64
	if _, err := t.Get([]any{&n}, "SELECT COUNT(*) FROM ceremony"); err != nil {
		return err
	}
	if n >= MaxCeremonies {
		if _, err := t.Exec("DELETE FROM ceremony WHERE hash IN (SELECT hash FROM ceremony ORDER BY expires, hash LIMIT 100)"); err != nil {
			return err
		}
	}
	_, err := t.Exec("INSERT INTO ceremony (hash, kind, account, data, expires) VALUES ($1, $2, $3, $4, $5)",
		c.Hash, c.Kind, c.Account, c.Data, c.Expires)
	return err
}

// TakeCeremony returns and removes the ceremony of that kind, or returns
// fault.NotFound when there is none, also when it has expired.
func (t *Tx) TakeCeremony(hash []byte, kind string) (Ceremony, error) {
	c := Ceremony{Hash: hash, Kind: kind}
	found, err := t.Get([]any{&c.Account, &c.Data, &c.Expires},
		"SELECT account, data, expires FROM ceremony WHERE hash = $1 AND kind = $2 AND expires > $3", hash, kind, t.now)
	if err == nil && !found {
		return Ceremony{}, fault.New(fault.NotFound, "this took too long or was done already; begin again")
	}
	if err != nil {
		return Ceremony{}, err
	}
	_, err = t.Exec("DELETE FROM ceremony WHERE hash = $1", hash)
	return c, err
}
