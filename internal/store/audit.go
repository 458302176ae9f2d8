package store

import (
	"database/sql"
	"strconv"

	"twoseas/internal/store/db"
)

// AuditEntry is what the audit index knows of one leaf of the home log.
type AuditEntry struct {
	Ix, At       int64 // index of the leaf; microseconds
	Account, Act string
	Agreement    string   // empty when the act is not about one
	About        []string // what else it names, each once; AddAudit writes it, searches do not read it
}

var (
	auditBulk = db.MustBulk("audit", "", "domain bigint", "ix bigint", "at bigint", "account text", "act text", "agreement text")
	aboutBulk = db.MustBulk("audit_about", "ON CONFLICT DO NOTHING", "domain bigint", "about text", "at bigint", "ix bigint")
)

// AddAudit adds entries of the transaction's domain to the index.
func (t *Tx) AddAudit(entries []AuditEntry) error {
	err := t.Insert(auditBulk, len(entries), func(i int, args []any) {
		e := entries[i]
		args[0], args[1], args[2], args[3], args[4], args[5] = t.domain, e.Ix, e.At, e.Account, e.Act, e.Agreement
	})
	if err != nil {
		return err
	}
	type place struct {
		about string
		entry AuditEntry
	}
	var places []place
	for _, e := range entries {
		for _, about := range e.About {
			places = append(places, place{about, e})
		}
	}
	return t.Insert(aboutBulk, len(places), func(i int, args []any) {
		args[0], args[1], args[2], args[3] = t.domain, places[i].about, places[i].entry.At, places[i].entry.Ix
	})
}

// AuditQuery says which entries are wanted; what is empty or 0 does not
// matter. Entries come newest first, from before the place (BeforeAt,
// BeforeIx).
type AuditQuery struct {
	Account, Act, Agreement, About string
	From, Until                    int64 // microseconds; Until is not included
	BeforeAt, BeforeIx             int64
	Limit                          int
}

// Audit returns the entries of the domain that q asks for.
func (t *Tx) Audit(q AuditQuery) (out []AuditEntry, err error) {
	query, args := q.build(t)
	err = t.Each(scanAudit(func(e AuditEntry) error {
		out = append(out, e)
		return nil
	}), query, args...)
	return out, err
}

// build walks an index in the order wanted: that of what is named, of the
// account, of the act, or of time.
func (q AuditQuery) build(t *Tx) (string, []any) {
	b := &builder{args: []any{t.domain}}
	at, ix := "a.at", "a.ix"
	b.text.WriteString("SELECT a.ix, a.at, a.account, a.act, a.agreement")
	if q.About != "" {
		at, ix = "x.at", "x.ix"
		b.text.WriteString(" FROM audit_about x CROSS JOIN audit a WHERE x.domain = $1 AND a.domain = $1 AND a.ix = x.ix")
		b.and("x.about = " + b.bind(q.About))
	} else {
		b.text.WriteString(" FROM audit a WHERE a.domain = $1")
	}
	if q.Account != "" {
		b.and("a.account = " + b.bind(q.Account))
	}
	if q.Act != "" {
		b.and("a.act = " + b.bind(q.Act))
	}
	if q.Agreement != "" {
		b.and("a.agreement = " + b.bind(q.Agreement))
	}
	if q.From != 0 {
		b.and(at + " >= " + b.bind(q.From))
	}
	if q.Until != 0 {
		b.and(at + " < " + b.bind(q.Until))
	}
	if q.BeforeAt != 0 || q.BeforeIx != 0 {
		b.and("(" + at + ", " + ix + ") < (" + b.bind(q.BeforeAt) + ", " + b.bind(q.BeforeIx) + ")")
	}
	b.text.WriteString(" ORDER BY " + at + " DESC, " + ix + " DESC LIMIT $" + strconv.Itoa(b.add(int64(q.Limit))) + " + 0")
	return b.text.String(), b.args
}

// AuditRange calls each with the entries of the leaves from index from to
// before to, in order; leaves that are no acts have none.
func (t *Tx) AuditRange(from, to int64, each func(AuditEntry) error) error {
	return t.Each(scanAudit(each), `
		SELECT ix, at, account, act, agreement FROM audit
		WHERE domain = $1 AND ix >= $2 AND ix < $3 ORDER BY ix`, t.domain, from, to)
}

// AuditEnd returns the index after that of the newest leaf in the index.
func (t *Tx) AuditEnd() (end int64, err error) {
	_, err = t.Get([]any{&end}, "SELECT ix + 1 FROM audit WHERE domain = $1 ORDER BY ix DESC LIMIT 1", t.domain)
	return end, err
}

func scanAudit(each func(AuditEntry) error) func(*sql.Rows) error {
	return func(r *sql.Rows) error {
		var e AuditEntry
		if err := r.Scan(&e.Ix, &e.At, &e.Account, &e.Act, &e.Agreement); err != nil {
			return err
		}
		return each(e)
	}
}

// Reader is what one account did that names something: how often, and when
// last.
type Reader struct {
	Account, Act string
	Times, Last  int64
}

// Readers returns what accounts did that names one of about, by account and
// act, in order.
func (t *Tx) Readers(about []string) (out []Reader, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var x Reader
		err := r.Scan(&x.Account, &x.Act, &x.Times, &x.Last)
		out = append(out, x)
		return err
	}, `SELECT a.account, a.act, COUNT(*), MAX(a.at) FROM audit_about x CROSS JOIN audit a
		WHERE x.domain = $1 AND `+t.AnyText("x.about", 2)+` AND a.domain = $1 AND a.ix = x.ix
		GROUP BY a.account, a.act ORDER BY a.account, a.act`, t.domain, t.Texts(about))
	return out, err
}

// ActedSince returns the accounts that did an act since a time, in order.
func (t *Tx) ActedSince(act string, since int64) (accounts []string, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		accounts = append(accounts, name)
		return err
	}, "SELECT DISTINCT account FROM audit WHERE domain = $1 AND act = $2 AND at >= $3 ORDER BY account", t.domain, act, since)
	return accounts, err
}

// Acted is what an account did.
type Acted struct{ Account, Act string }

// ActedAt returns what accounts did since a time that names one of places, each
// once, in order.
func (t *Tx) ActedAt(places []string, since int64) (out []Acted, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var a Acted
		err := r.Scan(&a.Account, &a.Act)
		out = append(out, a)
		return err
	}, `SELECT DISTINCT a.account, a.act FROM audit_about x CROSS JOIN audit a
		WHERE x.domain = $1 AND `+t.AnyText("x.about", 2)+` AND x.at >= $3 AND a.domain = $1 AND a.ix = x.ix
		ORDER BY a.account, a.act`, t.domain, t.Texts(places), since)
	return out, err
}
