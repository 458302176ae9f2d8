package store

// Answered is what was asked under an idempotency key, and the answer.
type Answered struct {
	Account, Name string
	Request       []byte // digest of what was asked
	Status        int64  // of the answer; 0 while there is none
	Head          string // the answer's media type
	Body          []byte
	At            int64 // when it was asked, microseconds
}

// Answered returns what was asked under a name by an account; found is false
// when nothing was.
func (t *Tx) Answered(account, name string) (a Answered, found bool, err error) {
	a = Answered{Account: account, Name: name}
	found, err = t.Get([]any{&a.Request, &a.Status, &a.Head, &a.Body, &a.At}, `
		SELECT request, status, head, body, at FROM idempotency
		WHERE domain = $1 AND account = $2 AND name = $3`, t.domain, account, name)
	return a, found, err
}

// SaveAnswered writes a in place of what was kept under its name.
func (t *Tx) SaveAnswered(a Answered) error {
	_, err := t.Exec(`
		INSERT INTO idempotency (domain, account, name, request, status, head, body, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (domain, account, name) DO UPDATE SET request = $4, status = $5, head = $6, body = $7, at = $8`,
		t.domain, a.Account, a.Name, notNil(a.Request), a.Status, a.Head, notNil(a.Body), a.At)
	return err
}

// ForgetAnswered forgets one name of an account.
func (t *Tx) ForgetAnswered(account, name string) error {
	_, err := t.Exec("DELETE FROM idempotency WHERE domain = $1 AND account = $2 AND name = $3", t.domain, account, name)
	return err
}

// PurgeAnswered forgets what was asked before a time.
func (t *Tx) PurgeAnswered(before int64) error {
	_, err := t.Exec("DELETE FROM idempotency WHERE domain = $1 AND at < $2", t.domain, before)
	return err
}
