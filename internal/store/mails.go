package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// States of a message.
const (
	MailWaiting = "waiting" // to be handed over, now or again
	MailSent    = "sent"    // the mail server took it
	MailRefused = "refused" // nobody takes it
	MailDropped = "dropped" // there is nobody to send it to any more
)

// Mail is one message to a person.
type Mail struct {
	ID, Person, Address string
	Urgent              bool
	State               string
	Created, Due        int64 // microseconds; not to be tried before Due
	Attempts            int64
	Problem             string // why it was not taken, in English
	Ended               int64  // when it was taken, refused or dropped; 0 for not yet
	Sealed              bool   // encrypted
	Unsure              bool   // a process was lost while it had the message
}

const mailColumns = "id, person, address, urgent, state, created, due, attempts, problem, ended, sealed, unsure"

// mails returns what a query finds.
func (t *Tx) mails(query string, args ...any) (out []Mail, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var m Mail
		err := r.Scan(&m.ID, &m.Person, &m.Address, &m.Urgent, &m.State, &m.Created, &m.Due, &m.Attempts, &m.Problem, &m.Ended, &m.Sealed, &m.Unsure)
		out = append(out, m)
		return err
	}, query, args...)
	return out, err
}

// AddMail adds a message that is to be sent from now on.
func (t *Tx) AddMail(m Mail) error {
	_, err := t.Exec("INSERT INTO mail (domain, "+mailColumns+", lease_owner, lease_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0, '', 0, FALSE, FALSE, '', 0)",
		t.domain, m.ID, m.Person, m.Address, m.Urgent, MailWaiting, t.now)
	return err
}

// ClaimMails gives owner, for so many microseconds, at most limit messages that
// are due and that no process has, urgent ones first. What another process had
// when it was lost is unsure.
func (t *Tx) ClaimMails(owner string, length int64, limit int) ([]Mail, error) {
	out, err := t.mails("SELECT "+mailColumns+" FROM mail WHERE domain = $1 AND state = $2 AND due <= $3 AND (lease_owner = '' OR lease_owner = $4 OR lease_until < $3 OR lease_until > $5) ORDER BY urgent DESC, due, id LIMIT $6 + 0", t.domain,
		MailWaiting, t.now, owner, t.now+2*length, int64(limit))
	if err != nil {
		return nil, err
	}
	for i, m := range out {
		if _, err := t.Exec(`UPDATE mail SET unsure = unsure OR (lease_owner <> '' AND lease_owner <> $3), attempts = attempts + 1, lease_owner = $3, lease_until = $4
			WHERE domain = $1 AND id = $2`, t.domain, m.ID, owner, t.now+length); err != nil {
			return nil, err
		}
		out[i].Attempts++
	}
	return out, nil
}

// EndMail records how handing m over went, as long as owner has it; otherwise
// the error is fault.Conflict. State, Due, Problem, Ended, Sealed and Attempts
// count.
func (t *Tx) EndMail(m Mail, owner string) error {
	n, err := t.Exec(`UPDATE mail SET state = $4, due = $5, problem = $6, ended = $7, sealed = $8, attempts = $9, lease_owner = '', lease_until = 0
		WHERE domain = $1 AND id = $2 AND lease_owner = $3`, t.domain, m.ID, owner, m.State, m.Due, m.Problem, m.Ended, m.Sealed, m.Attempts)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "another process has taken the message over")
	}
	if err == nil && m.State != MailWaiting {
		t.Notify(TopicNotice)
	}
	return err
}

// NextMail returns when the next message that waits may be tried, 0 when none
// waits.
func (t *Tx) NextMail() (at int64, err error) {
	_, err = t.Get([]any{&at}, "SELECT due FROM mail WHERE domain = $1 AND state = $2 ORDER BY due LIMIT 1", t.domain, MailWaiting)
	return at, err
}

// MailsTo returns the newest messages to an account.
func (t *Tx) MailsTo(person string, limit int) ([]Mail, error) {
	return t.mails("SELECT "+mailColumns+" FROM mail WHERE domain = $1 AND person = $2 ORDER BY created DESC, id LIMIT $3 + 0", t.domain, person, int64(limit))
}

// MailsIn returns messages in a state, the newest first.
func (t *Tx) MailsIn(state string, limit int) ([]Mail, error) {
	return t.mails("SELECT "+mailColumns+" FROM mail WHERE domain = $1 AND state = $2 ORDER BY due DESC, id LIMIT $3 + 0", t.domain, state, int64(limit))
}

// MailCounts returns how many messages are in each state.
func (t *Tx) MailCounts() (out map[string]int64, err error) {
	out = map[string]int64{}
	err = t.Each(func(r *sql.Rows) error {
		var state string
		var n int64
		err := r.Scan(&state, &n)
		out[state] = n
		return err
	}, "SELECT state, COUNT(*) FROM mail WHERE domain = $1 GROUP BY state", t.domain)
	return out, err
}
