package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Review is an emergency release that another officer looks at afterwards.
type Review struct {
	ID              int64
	Channel, Object int64
	Digest          ident.Digest // of the bytes that left
	Officer, Reason string
	Given, Needed   int64
	Opened          int64
	Closer          string
	Outcome         string // what the closer found, in one word
	Finding         string
	Closed          int64 // 0 while it is open
}

const reviewColumns = "v.id, v.channel, v.object, v.digest, v.officer, v.reason, v.given, v.needed, v.opened, v.closer, v.outcome, v.finding, v.closed"

func scanReview(r *sql.Rows) (v Review, err error) {
	var digest sql.RawBytes
	if err := r.Scan(&v.ID, &v.Channel, &v.Object, &digest, &v.Officer, &v.Reason, &v.Given, &v.Needed, &v.Opened,
		&v.Closer, &v.Outcome, &v.Finding, &v.Closed); err != nil {
		return v, err
	}
	copy(v.Digest[:], digest)
	return v, nil
}

// OpenReview stores v and sets its ID and Opened.
func (t *Tx) OpenReview(v *Review) (err error) {
	if v.ID, err = take(t.Tx, "review", 1); err != nil {
		return err
	}
	v.Opened = t.now
	_, err = t.Exec(`INSERT INTO review (domain, id, channel, object, digest, officer, reason, given, needed, opened, closer, outcome, finding, closed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', '', 0)`,
		t.domain, v.ID, v.Channel, v.Object, v.Digest[:], v.Officer, v.Reason, v.Given, v.Needed, v.Opened)
	return err
}

// CloseReview records a finding; a review that is closed is fault.Conflict.
func (t *Tx) CloseReview(v Review) error {
	n, err := t.Exec(`UPDATE review SET closer = $3, outcome = $4, finding = $5, closed = $6 WHERE domain = $1 AND id = $2 AND closed = 0`,
		t.domain, v.ID, v.Closer, v.Outcome, v.Finding, t.now)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "the review is closed already")
	}
	return err
}

// Review returns one review of what class may see, or fault.NotFound.
func (t *Tx) Review(id, class int64) (v Review, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) (err error) {
		found = true
		v, err = scanReview(r)
		return err
	}, "SELECT "+reviewColumns+` FROM review v CROSS JOIN object o
		WHERE v.domain = $1 AND v.id = $2 AND o.domain = $1 AND o.seq = v.object AND ($3 = -1 OR EXISTS (
			SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $3 AND p.label = o.label))`, t.domain, id, class)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "no such review")
	}
	return v, err
}

// Reviews returns at most limit reviews with numbers below before, newest
// first, of what class may see: the open ones, or the closed.
func (t *Tx) Reviews(open bool, class, before int64, limit int) (out []Review, err error) {
	err = t.Each(func(r *sql.Rows) error {
		v, err := scanReview(r)
		out = append(out, v)
		return err
	}, "SELECT "+reviewColumns+` FROM review v CROSS JOIN object o
		WHERE v.domain = $1 AND (v.closed = 0) = $2 AND v.id < $4 AND o.domain = $1 AND o.seq = v.object AND ($3 = -1 OR EXISTS (
			SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $3 AND p.label = o.label))
		ORDER BY v.id DESC LIMIT $5 + 0`, t.domain, open, class, before, int64(limit))
	return out, err
}

// ReviewOf returns the newest review of an item, or a zero one.
func (t *Tx) ReviewOf(channel, object int64) (v Review, err error) {
	err = t.Each(func(r *sql.Rows) (err error) {
		v, err = scanReview(r)
		return err
	}, "SELECT "+reviewColumns+` FROM review v WHERE v.domain = $1 AND v.channel = $2 AND v.object = $3 ORDER BY v.id DESC LIMIT 1`,
		t.domain, channel, object)
	return v, err
}

// OpenReviews counts the open reviews of what class may see that somebody else
// than officer opened.
func (t *Tx) OpenReviews(officer string, class int64) (n int64, err error) {
	_, err = t.Get([]any{&n}, `SELECT COUNT(*) FROM review v CROSS JOIN object o
		WHERE v.domain = $1 AND v.closed = 0 AND v.officer <> $2 AND o.domain = $1 AND o.seq = v.object AND ($3 = -1 OR EXISTS (
			SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $3 AND p.label = o.label))`, t.domain, officer, class)
	return n, err
}
