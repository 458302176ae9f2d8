package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// TopicFile tells that a file of the exchange by file was brought, looked into,
// confirmed, taken in or written.
const TopicFile = "file"

// Recipient is to what files for a partner are encrypted.
type Recipient struct {
	Text  string // age recipient
	Since int64  // by the partner's clock, in microseconds
}

// Recipient returns what a partner has announced last, or fault.NotFound.
func (t *Tx) Recipient(side ident.Side) (r Recipient, err error) {
	found, err := t.Get([]any{&r.Text, &r.Since}, "SELECT recipient, since FROM recipient WHERE domain = $1 AND side = $2", t.domain, string(side))
	if err == nil && !found {
		err = fault.Errorf(fault.NotFound, "%s has not told this node to what files for it are encrypted", side)
	}
	return r, err
}

// SaveRecipient keeps what a partner announced in place of what was known.
func (t *Tx) SaveRecipient(side ident.Side, r Recipient) error {
	t.Notify(TopicFile)
	_, err := t.Exec(`INSERT INTO recipient (domain, side, recipient, since) VALUES ($1, $2, $3, $4)
		ON CONFLICT (domain, side) DO UPDATE SET recipient = excluded.recipient, since = excluded.since`,
		t.domain, string(side), r.Text, r.Since)
	return err
}

// Bundle is one file that was written for a partner or imported from it.
type Bundle struct {
	Agreement ident.Agreement
	Direction string // Out or In
	Number    int64
	Link      ident.Digest
	Follows   int64
	Shipments int64 // up to which they are in it or before
	Receipts  int64
	Keys      int64
	Items     int64
	Taken     int64 // of an Out one -1 until the partner's receipt code told
	Witnessed int64 // leaves of this node's log that the partner had cosigned
	AgreedOut int64 // the partner's last comparison, of its own shipments
	AgreedIn  int64
	Made      int64
	At        int64
	People    string // who wrote or imported it
	Seen      int64  // when the partner was known to have imported an Out one; 0 not yet
}

const bundleColumns = "agreement, direction, number, link, follows, shipments, receipts, keys, items, taken, witnessed, agreed_out, agreed_in, made, at, people, seen"

func scanBundle(r *sql.Rows) (b Bundle, err error) {
	var link sql.RawBytes
	if err := r.Scan(&b.Agreement, &b.Direction, &b.Number, &link, &b.Follows, &b.Shipments, &b.Receipts, &b.Keys, &b.Items,
		&b.Taken, &b.Witnessed, &b.AgreedOut, &b.AgreedIn, &b.Made, &b.At, &b.People, &b.Seen); err != nil {
		return b, err
	}
	b.Link, err = ident.DigestOf(link)
	return b, err
}

func (t *Tx) bundles(query string, args ...any) (out []Bundle, err error) {
	err = t.Each(func(r *sql.Rows) error {
		b, err := scanBundle(r)
		out = append(out, b)
		return err
	}, query, args...)
	return out, err
}

// AddBundle records a bundle. A number that is taken is an error.
func (t *Tx) AddBundle(b Bundle) error {
	t.Notify(TopicFile)
	_, err := t.Exec(`INSERT INTO bundle (domain, agreement, direction, number, link, follows, shipments, receipts, keys, items,
			taken, witnessed, agreed_out, agreed_in, made, at, people, seen)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		t.domain, string(b.Agreement), b.Direction, b.Number, b.Link[:], b.Follows, b.Shipments, b.Receipts, b.Keys, b.Items,
		b.Taken, b.Witnessed, b.AgreedOut, b.AgreedIn, b.Made, t.now, b.People, b.Seen)
	return err
}

// Bundle returns one bundle, or fault.NotFound.
func (t *Tx) Bundle(a ident.Agreement, direction string, number int64) (Bundle, error) {
	list, err := t.bundles("SELECT "+bundleColumns+" FROM bundle WHERE domain = $1 AND agreement = $2 AND direction = $3 AND number = $4", t.domain, string(a), direction, number)
	return one(list, err, a, direction)
}

// LastBundle returns the newest bundle of one direction, or fault.NotFound.
func (t *Tx) LastBundle(a ident.Agreement, direction string) (Bundle, error) {
	list, err := t.bundles("SELECT "+bundleColumns+` FROM bundle WHERE domain = $1 AND agreement = $2 AND direction = $3
		ORDER BY number DESC LIMIT 1`, t.domain, string(a), direction)
	return one(list, err, a, direction)
}

// SeenBundle returns the newest bundle written that the partner is known to
// have imported, or fault.NotFound.
func (t *Tx) SeenBundle(a ident.Agreement) (Bundle, error) {
	list, err := t.bundles("SELECT "+bundleColumns+` FROM bundle WHERE domain = $1 AND agreement = $2 AND direction = $3 AND seen > 0
		ORDER BY number DESC LIMIT 1`, t.domain, string(a), Out)
	return one(list, err, a, Out)
}

// Bundles returns the newest bundles of one direction, at most limit, newest
// first.
func (t *Tx) Bundles(a ident.Agreement, direction string, limit int64) ([]Bundle, error) {
	return t.bundles("SELECT "+bundleColumns+` FROM bundle WHERE domain = $1 AND agreement = $2 AND direction = $3
		ORDER BY number DESC LIMIT $4 + 0`, t.domain, string(a), direction, limit)
}

func one(list []Bundle, err error, a ident.Agreement, direction string) (Bundle, error) {
	if err != nil {
		return Bundle{}, err
	}
	if len(list) == 0 {
		return Bundle{}, fault.Errorf(fault.NotFound, "no such file of %s, %s", a, direction)
	}
	return list[0], nil
}

// BundleSeen records that the partner has imported a bundle of ours, and, with
// taken not negative, how many items it took.
func (t *Tx) BundleSeen(a ident.Agreement, number, taken int64) error {
	t.Notify(TopicFile)
	_, err := t.Exec(`UPDATE bundle SET seen = CASE WHEN seen = 0 THEN $4 ELSE seen END,
			taken = CASE WHEN $5 >= 0 THEN $5 ELSE taken END
		WHERE domain = $1 AND agreement = $2 AND direction = 'out' AND number = $3`,
		t.domain, string(a), number, t.now, taken)
	return err
}

// BundleLook is that a person has looked into a bundle, and when that person
// wanted it imported; 0 not yet.
type BundleLook struct {
	Person            string
	Looked, Confirmed int64
}

// BundleLooks returns who has looked into the bundle of that link, by name.
func (t *Tx) BundleLooks(link ident.Digest) (out []BundleLook, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var l BundleLook
		err := r.Scan(&l.Person, &l.Looked, &l.Confirmed)
		out = append(out, l)
		return err
	}, "SELECT person, looked, confirmed FROM bundle_look WHERE domain = $1 AND link = $2 ORDER BY person", t.domain, link[:])
	return out, err
}

// LookBundle records that a person looked into a bundle now.
func (t *Tx) LookBundle(link ident.Digest, person string) error {
	_, err := t.Exec(`INSERT INTO bundle_look (domain, link, person, looked, confirmed) VALUES ($1, $2, $3, $4, 0)
		ON CONFLICT (domain, link, person) DO UPDATE SET looked = excluded.looked`, t.domain, link[:], person, t.now)
	return err
}

// ConfirmBundle records that a person who has looked into a bundle wants it
// imported; fault.Denied when that person has not looked.
func (t *Tx) ConfirmBundle(link ident.Digest, person string) error {
	t.Notify(TopicFile)
	n, err := t.Exec(`UPDATE bundle_look SET confirmed = CASE WHEN confirmed = 0 THEN $4 ELSE confirmed END
		WHERE domain = $1 AND link = $2 AND person = $3`, t.domain, link[:], person, t.now)
	if err == nil && n == 0 {
		err = fault.Errorf(fault.Denied, "%s has not looked into this file yet: preview it first", person)
	}
	return err
}

// BundlesAwaiting counts the bundles that one officer, another than person, has
// wanted imported since a time (microseconds) and that are not imported.
func (t *Tx) BundlesAwaiting(person string, since int64) (n int64, err error) {
	_, err = t.Get([]any{&n}, `SELECT COUNT(*) FROM bundle_look l WHERE l.domain = $1 AND l.confirmed >= $3 AND l.confirmed > 0 AND l.person <> $2
		AND NOT EXISTS (SELECT 1 FROM bundle_look o WHERE o.domain = $1 AND o.link = l.link AND o.person <> l.person AND o.confirmed > 0)
		AND NOT EXISTS (SELECT 1 FROM bundle b WHERE b.domain = $1 AND b.direction = 'in' AND b.link = l.link)`, t.domain, person, since)
	return n, err
}

// ForgetBundleLooks forgets who looked into a bundle that is not imported.
func (t *Tx) ForgetBundleLooks(link ident.Digest) error {
	t.Notify(TopicFile)
	_, err := t.Exec("DELETE FROM bundle_look WHERE domain = $1 AND link = $2", t.domain, link[:])
	return err
}
