package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Contact is the newest version of the record of a point of contact.
type Contact struct {
	ID        string
	Agreement ident.Agreement
	Side      ident.Side
	Object    int64 // its number
	Version   int64
	Body      []byte // read only: what the object says; empty once it was erased
}

// SetContact records the newest version of a contact. A version that is not
// newer than the one recorded changes nothing.
func (t *Tx) SetContact(c Contact) error {
	t.Notify(TopicArrived)
	_, err := t.Exec(`INSERT INTO contact (domain, id, agreement, side, object, version) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (domain, id) DO UPDATE SET object = $5, version = $6
		WHERE contact.version < $6 AND contact.agreement = $3 AND contact.side = $4`,
		t.domain, c.ID, string(c.Agreement), string(c.Side), c.Object, c.Version)
	return err
}

// Contacts returns the contacts under an agreement, both sides'.
func (t *Tx) Contacts(a ident.Agreement) ([]Contact, error) {
	return t.contacts("c.agreement = $2", string(a))
}

// Contact returns one contact, or fault.NotFound.
func (t *Tx) Contact(id string) (Contact, error) {
	list, err := t.contacts("c.id = $2", id)
	if err == nil && len(list) == 0 {
		return Contact{}, fault.New(fault.NotFound, "there is no such contact")
	}
	if err != nil {
		return Contact{}, err
	}
	return list[0], nil
}

func (t *Tx) contacts(where string, arg any) (out []Contact, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var c Contact
		var typ string
		err := r.Scan(&c.ID, &c.Agreement, &c.Side, &c.Object, &c.Version, &typ, &c.Body)
		if typ == "erased" {
			c.Body = nil
		}
		out = append(out, c)
		return err
	}, `SELECT c.id, c.agreement, c.side, c.object, c.version, o.type, o.body
		FROM contact c JOIN object o ON o.domain = $1 AND o.seq = c.object
		WHERE c.domain = $1 AND `+where+" ORDER BY c.side, c.id", t.domain, arg)
	return out, err
}

// Holder is who holds a post of this side, or held it.
type Holder struct {
	Contact     string
	Account     string
	Roles       string // of the account that go with the post
	By          string
	Since, Left int64 // Left is 0 while the post is held
	LeftBy      string
}

// AddHolder records who holds a post from now on, or returns fault.Conflict
// when somebody does already.
func (t *Tx) AddHolder(h Holder) error {
	t.Notify(TopicArrived)
	n, err := t.Exec(`INSERT INTO contact_holder (domain, contact, since, account, roles, made_by, ended, end_by)
		SELECT $1, $2, $3, $4, $5, $6, 0, '' WHERE NOT EXISTS
			(SELECT 1 FROM contact_holder x WHERE x.domain = $1 AND x.contact = $2 AND (x.ended = 0 OR x.since >= $3))`,
		t.domain, h.Contact, t.now, h.Account, h.Roles, h.By)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "somebody holds the post: it ends for them first")
	}
	return err
}

// EndHolder records that nobody holds the post any more.
func (t *Tx) EndHolder(contact, by string) error {
	t.Notify(TopicArrived)
	_, err := t.Exec("UPDATE contact_holder SET ended = $3, end_by = $4 WHERE domain = $1 AND contact = $2 AND ended = 0",
		t.domain, contact, t.now, by)
	return err
}

const holderColumns = "contact, account, roles, made_by, since, ended, end_by"

func (t *Tx) holders(query string, args ...any) (out []Holder, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var h Holder
		err := r.Scan(&h.Contact, &h.Account, &h.Roles, &h.By, &h.Since, &h.Left, &h.LeftBy)
		out = append(out, h)
		return err
	}, query, args...)
	return out, err
}

// Holders returns who holds and held a post, newest first.
func (t *Tx) Holders(contact string) ([]Holder, error) {
	return t.holders("SELECT "+holderColumns+" FROM contact_holder WHERE domain = $1 AND contact = $2 ORDER BY since DESC", t.domain, contact)
}

// PostsOf returns the posts that an account holds.
func (t *Tx) PostsOf(account string) ([]Holder, error) {
	return t.holders("SELECT "+holderColumns+" FROM contact_holder WHERE domain = $1 AND account = $2 AND ended = 0 ORDER BY contact", t.domain, account)
}

// HeardKey is a fingerprint that one or two people here heard out of band.
type HeardKey struct {
	Contact, Fingerprint, Kind, Expires string
	First, FirstMeans                   string
	FirstAt                             int64
	Second, SecondMeans                 string // "" before the second person
	SecondAt                            int64
}

// SetHeardKey records who heard a fingerprint.
func (t *Tx) SetHeardKey(k HeardKey) error {
	t.Notify(TopicArrived)
	_, err := t.Exec(`INSERT INTO contact_key (domain, contact, fingerprint, kind, expires, first, first_at, first_means, second, second_at, second_means)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (domain, contact, fingerprint) DO UPDATE SET kind = $4, expires = $5, first = $6, first_at = $7, first_means = $8,
			second = $9, second_at = $10, second_means = $11`,
		t.domain, k.Contact, k.Fingerprint, k.Kind, k.Expires, k.First, k.FirstAt, k.FirstMeans, k.Second, k.SecondAt, k.SecondMeans)
	return err
}

// DropHeardKey forgets a fingerprint.
func (t *Tx) DropHeardKey(contact, fingerprint string) error {
	t.Notify(TopicArrived)
	_, err := t.Exec("DELETE FROM contact_key WHERE domain = $1 AND contact = $2 AND fingerprint = $3", t.domain, contact, fingerprint)
	return err
}

// HeardKeys returns the fingerprints heard of a contact, or of all contacts
// when it is "".
func (t *Tx) HeardKeys(contact string) (out []HeardKey, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var k HeardKey
		err := r.Scan(&k.Contact, &k.Fingerprint, &k.Kind, &k.Expires, &k.First, &k.FirstAt, &k.FirstMeans, &k.Second, &k.SecondAt, &k.SecondMeans)
		out = append(out, k)
		return err
	}, `SELECT contact, fingerprint, kind, expires, first, first_at, first_means, second, second_at, second_means
		FROM contact_key WHERE domain = $1 AND ($2 = '' OR contact = $2) ORDER BY contact, kind, fingerprint`, t.domain, contact)
	return out, err
}

// The ways of a check.
const (
	CheckAsked    = "asked"
	CheckReceived = "received"
)

// ContactCheck is one communication check.
type ContactCheck struct {
	ID                          string
	Agreement                   ident.Agreement
	Contact, Way                string
	Scheduled                   bool
	Sent, Due, Answered, Waived int64
	Delivered                   int64 // when the other side's node took it in; 0 until it did
	Person, Reason              string
	Object                      int64 // of the check
	Note                        []byte
}

// SetContactCheck records a check as it is now.
func (t *Tx) SetContactCheck(c ContactCheck) error {
	if c.Note == nil {
		c.Note = []byte{}
	}
	t.Notify(TopicArrived)
	_, err := t.Exec(`INSERT INTO contact_check (domain, id, agreement, contact, way, scheduled, sent, due, answered, waived, person, reason, object, note, delivered)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (domain, id) DO UPDATE SET due = $8, answered = $9, waived = $10, person = $11, reason = $12, object = $13, note = $14, delivered = $15`,
		t.domain, c.ID, string(c.Agreement), c.Contact, c.Way, c.Scheduled, c.Sent, c.Due, c.Answered, c.Waived, c.Person, c.Reason, c.Object, c.Note, c.Delivered)
	return err
}

const checkColumns = "id, agreement, contact, way, scheduled, sent, due, answered, waived, person, reason, object, note, delivered"

func (t *Tx) contactChecks(query string, args ...any) (out []ContactCheck, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var c ContactCheck
		err := r.Scan(&c.ID, &c.Agreement, &c.Contact, &c.Way, &c.Scheduled, &c.Sent, &c.Due, &c.Answered, &c.Waived, &c.Person, &c.Reason, &c.Object, &c.Note, &c.Delivered)
		out = append(out, c)
		return err
	}, query, args...)
	return out, err
}

// ContactCheck returns one check, or fault.NotFound.
func (t *Tx) ContactCheck(id string) (ContactCheck, error) {
	list, err := t.contactChecks("SELECT "+checkColumns+" FROM contact_check WHERE domain = $1 AND id = $2", t.domain, id)
	if err == nil && len(list) == 0 {
		return ContactCheck{}, fault.New(fault.NotFound, "there is no such check")
	}
	if err != nil {
		return ContactCheck{}, err
	}
	return list[0], nil
}

// ContactChecks returns the checks of a contact, newest first.
func (t *Tx) ContactChecks(contact string, limit int64) ([]ContactCheck, error) {
	return t.contactChecks("SELECT "+checkColumns+` FROM contact_check WHERE domain = $1 AND contact = $2
		ORDER BY sent DESC, id LIMIT $3 + 0`, t.domain, contact, limit)
}

// LatestChecks returns the newest check of each contact under an agreement.
func (t *Tx) LatestChecks(a ident.Agreement) ([]ContactCheck, error) {
	return t.contactChecks("SELECT "+checkColumns+` FROM contact_check k WHERE k.domain = $1 AND k.agreement = $2
		AND NOT EXISTS (SELECT 1 FROM contact_check x WHERE x.domain = $1 AND x.contact = k.contact AND (x.sent > k.sent OR x.sent = k.sent AND x.id > k.id))
		ORDER BY contact`, t.domain, string(a))
}

// UndeliveredChecks returns the checks of the partner's contacts under an
// agreement whose receipt has not come.
func (t *Tx) UndeliveredChecks(a ident.Agreement) ([]ContactCheck, error) {
	return t.contactChecks("SELECT "+checkColumns+` FROM contact_check
		WHERE domain = $1 AND agreement = $2 AND way = 'asked' AND delivered = 0 ORDER BY sent, id`, t.domain, string(a))
}

// OpenChecks returns what was received and waits for an answer, oldest first.
func (t *Tx) OpenChecks() ([]ContactCheck, error) {
	return t.contactChecks("SELECT "+checkColumns+` FROM contact_check
		WHERE domain = $1 AND way = 'received' AND answered = 0 AND waived = 0 ORDER BY sent, id`, t.domain)
}
