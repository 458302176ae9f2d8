package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// TopicNotice tells that there is something to tell people, or that what they
// want to be told changed.
const TopicNotice = "notice"

// NoMail stands in Notice.Mail where nobody is written to.
const NoMail = "-"

// Notice is something a person is told.
type Notice struct {
	ID      int64
	Person  string // an account, "" where only Address is known
	Address string // of who has no account
	Cause   string
	Step    string
	Kind    string
	Urgent  bool
	Page    string
	At, Due int64 // microseconds; when it is told, by when something is asked for
	Mail    string
	Created int64
}

const noticeColumns = "id, person, address, cause, step, kind, urgent, page, at, due, mail, created"

func scanNotice(r *sql.Rows) (n Notice, err error) {
	err = r.Scan(&n.ID, &n.Person, &n.Address, &n.Cause, &n.Step, &n.Kind, &n.Urgent, &n.Page, &n.At, &n.Due, &n.Mail, &n.Created)
	return n, err
}

// AddNotice adds n, made now, and reports whether it is new: the same step of
// the same cause is told a person once.
func (t *Tx) AddNotice(n Notice) (bool, error) {
	id, err := take(t.Tx, "notice", 1)
	if err != nil {
		return false, err
	}
	done, err := t.Exec("INSERT INTO notice (domain, "+noticeColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
		t.domain, id, n.Person, n.Address, n.Cause, n.Step, n.Kind, n.Urgent, n.Page, n.At, n.Due, n.Mail, t.now)
	if done > 0 {
		t.Notify(TopicNotice)
	}
	return done > 0, err
}

// WithdrawNotices forgets what was not told yet about cause: one step of it, all
// when that is ""; to person, to everybody when that is "".
func (t *Tx) WithdrawNotices(cause, step, person string) error {
	_, err := t.Exec("DELETE FROM notice WHERE domain = $1 AND cause = $2 AND mail = '' AND ($3 = '' OR step = $3) AND ($4 = '' OR person = $4)", t.domain, cause, step, person)
	return err
}

// Addressee is somebody for whom notices wait.
type Addressee struct {
	Person, Address string
	Oldest          int64 // microseconds; when the oldest was to be told
	Urgent          bool  // one of them is
}

// NoticesWaiting returns at most limit of those for whom notices wait that are
// to be told by now, those after a first.
func (t *Tx) NoticesWaiting(after Addressee, limit int) (out []Addressee, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var x Addressee
		var urgent int64
		err := r.Scan(&x.Person, &x.Address, &x.Oldest, &urgent)
		x.Urgent = urgent > 0
		out = append(out, x)
		return err
	}, `SELECT person, address, MIN(at), CAST(SUM(CASE WHEN urgent THEN 1 ELSE 0 END) AS BIGINT) FROM notice
		WHERE domain = $1 AND mail = '' AND at <= $2 AND (person > $3 OR person = $3 AND address > $4)
		GROUP BY person, address ORDER BY person, address LIMIT $5 + 0`, t.domain, t.now, after.Person, after.Address, int64(limit))
	return out, err
}

// NextNotice returns when the next notice that waits is to be told, after now;
// 0 when there is none.
func (t *Tx) NextNotice() (at int64, err error) {
	_, err = t.Get([]any{&at}, "SELECT at FROM notice WHERE domain = $1 AND mail = '' AND at > $2 ORDER BY at LIMIT 1", t.domain, t.now)
	return at, err
}

// NoticesFor returns what waits for one recipient and is to be told by now, the
// longest waiting first: all of it, or what is urgent.
func (t *Tx) NoticesFor(to Addressee, urgent bool) (out []Notice, err error) {
	return t.notices("SELECT "+noticeColumns+" FROM notice WHERE domain = $1 AND person = $2 AND address = $3 AND mail = '' AND at <= $4 AND (urgent OR NOT $5) ORDER BY at, id", t.domain, to.Person, to.Address, t.now, urgent)
}

// notices returns what a query finds.
func (t *Tx) notices(query string, args ...any) (out []Notice, err error) {
	err = t.Each(func(r *sql.Rows) error {
		n, err := scanNotice(r)
		out = append(out, n)
		return err
	}, query, args...)
	return out, err
}

// NoticesIn returns what a message tells.
func (t *Tx) NoticesIn(mail string) ([]Notice, error) {
	return t.notices("SELECT "+noticeColumns+" FROM notice WHERE domain = $1 AND mail = $2 ORDER BY at, id", t.domain, mail)
}

// NoticesTold returns the newest notices of an account that were to be told by
// now.
func (t *Tx) NoticesTold(person string, limit int) ([]Notice, error) {
	return t.notices("SELECT "+noticeColumns+" FROM notice WHERE domain = $1 AND person = $2 AND at <= $3 ORDER BY id DESC LIMIT $4 + 0", t.domain, person, t.now, int64(limit))
}

// PutNotice says in which message a notice goes.
func (t *Tx) PutNotice(id int64, mail string) error {
	_, err := t.Exec("UPDATE notice SET mail = $3 WHERE domain = $1 AND id = $2", t.domain, id, mail)
	return err
}

// PurgeNotices forgets what was told, and sent, before a time.
func (t *Tx) PurgeNotices(before int64) error {
	if _, err := t.Exec("DELETE FROM notice WHERE domain = $1 AND mail <> '' AND created < $2", t.domain, before); err != nil {
		return err
	}
	if _, err := t.Exec("DELETE FROM calendar_entry WHERE domain = $1 AND cancelled AND changed < $2", t.domain, before); err != nil {
		return err
	}
	_, err := t.Exec("DELETE FROM mail WHERE domain = $1 AND state <> $3 AND created < $2", t.domain, before, MailWaiting)
	return err
}

// NoticeMark is how much of something waited for a person at the last look, and
// how often that was told.
type NoticeMark struct {
	Person, Cause string
	Waits, Told   int64
}

// NoticeMarks returns the marks of a person by cause.
func (t *Tx) NoticeMarks(person string) (out map[string]NoticeMark, err error) {
	out = map[string]NoticeMark{}
	err = t.Each(func(r *sql.Rows) error {
		m := NoticeMark{Person: person}
		err := r.Scan(&m.Cause, &m.Waits, &m.Told)
		out[m.Cause] = m
		return err
	}, "SELECT cause, waits, told FROM notice_mark WHERE domain = $1 AND person = $2", t.domain, person)
	return out, err
}

// SaveNoticeMark records a mark.
func (t *Tx) SaveNoticeMark(m NoticeMark) error {
	_, err := t.Exec(`INSERT INTO notice_mark (domain, person, cause, waits, told) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (domain, person, cause) DO UPDATE SET waits = $4, told = $5`, t.domain, m.Person, m.Cause, m.Waits, m.Told)
	return err
}

// NoticeWish is how a person wants to be told.
type NoticeWish struct {
	Person, Language, Zone, Digest string
	Mail                           bool
	QuietFrom, QuietTo             int64 // minutes of the day; -1 for none
}

// NoticeWish returns what a person wants; found is false when that was never
// said.
func (t *Tx) NoticeWish(person string) (w NoticeWish, found bool, err error) {
	w.Person = person
	found, err = t.Get([]any{&w.Mail, &w.Language, &w.Zone, &w.Digest, &w.QuietFrom, &w.QuietTo},
		"SELECT mail, language, zone, digest, quiet_from, quiet_to FROM notice_wish WHERE person = $1", person)
	return w, found, err
}

// SaveNoticeWish records what a person wants.
func (t *Tx) SaveNoticeWish(w NoticeWish) error {
	t.Notify(TopicNotice)
	_, err := t.Exec(`INSERT INTO notice_wish (person, mail, language, zone, digest, quiet_from, quiet_to) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (person) DO UPDATE SET mail = $2, language = $3, zone = $4, digest = $5, quiet_from = $6, quiet_to = $7`,
		w.Person, w.Mail, w.Language, w.Zone, w.Digest, w.QuietFrom, w.QuietTo)
	return err
}

// NoticeKey is the OpenPGP key of a person. Times are microseconds, 0 for never.
type NoticeKey struct {
	Person, Armored, Fingerprint string
	Expires, Added, Verified     int64
}

// NoticeKey returns the key of a person, or fault.NotFound.
func (t *Tx) NoticeKey(person string) (k NoticeKey, err error) {
	k.Person = person
	found, err := t.Get([]any{&k.Armored, &k.Fingerprint, &k.Expires, &k.Added, &k.Verified},
		"SELECT armored, fingerprint, expires, added, verified FROM notice_key WHERE person = $1", person)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "no key for messages")
	}
	return k, err
}

// SaveNoticeKey records a key in place of the one before.
func (t *Tx) SaveNoticeKey(k NoticeKey) error {
	t.Notify(TopicNotice)
	_, err := t.Exec(`INSERT INTO notice_key (person, armored, fingerprint, expires, added, verified) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (person) DO UPDATE SET armored = $2, fingerprint = $3, expires = $4, added = $5, verified = $6`,
		k.Person, k.Armored, k.Fingerprint, k.Expires, k.Added, k.Verified)
	return err
}

// RemoveNoticeKey forgets a person's key, or returns fault.NotFound.
func (t *Tx) RemoveNoticeKey(person string) error {
	n, err := t.Exec("DELETE FROM notice_key WHERE person = $1", person)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "no key for messages")
	}
	return err
}
