package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// Recalled is a version that is withheld because of a message.
type Recalled struct {
	Object  int64
	Message string
	Was     int64 // label it had
	Stub    bool  // a version of this node's making that stands in for others
	Erased  bool
	At      int64
}

var recalledBulk = db.MustBulk("recalled", "ON CONFLICT DO NOTHING",
	"domain bigint", "object bigint", "message text", "was bigint", "stub bigint", "erased bigint", "at bigint", "n bigint")

// AddRecalled records versions as withheld, in the order given.
func (t *Tx) AddRecalled(rows []Recalled) error {
	if len(rows) == 0 {
		return nil
	}
	first, err := take(t.Tx, "recalled", len(rows))
	if err != nil {
		return err
	}
	return t.Insert(recalledBulk, len(rows), func(i int, a []any) {
		r := &rows[i]
		a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7] = t.domain, r.Object, r.Message, r.Was, flag(r.Stub), flag(r.Erased), t.now, first+int64(i)
	})
}

// CalledBack is a version that was withheld, as whoever might read it before is
// told of it: nothing of its content.
type CalledBack struct {
	N                      int64
	ID, Type, Recall, Kind string
}

// LastRecalled returns where the order of what was withheld ends now.
func (t *Tx) LastRecalled() (n int64, err error) {
	_, err = t.Get([]any{&n}, "SELECT n FROM recalled WHERE domain = $1 ORDER BY n DESC LIMIT 1", t.domain)
	return n, err
}

// WithheldBy returns where the order of what a message withheld ends, and when
// that was; 0 when it withheld nothing.
func (t *Tx) WithheldBy(message string) (n, at int64, err error) {
	_, err = t.Get([]any{&n, &at}, "SELECT COALESCE(MAX(n), 0), COALESCE(MAX(at), 0) FROM recalled WHERE domain = $1 AND message = $2 AND stub = 0", t.domain, message)
	return n, at, err
}

// CalledBack calls fn with what was withheld after one place and up to another,
// in order, of what class might read before; fn ends it with Stop.
func (t *Tx) CalledBack(class, after, upTo int64, fn func(CalledBack) error) error {
	return t.Each(func(r *sql.Rows) error {
		var c CalledBack
		if err := r.Scan(&c.N, &c.ID, &c.Type, &c.Recall, &c.Kind); err != nil {
			return err
		}
		return fn(c)
	}, `SELECT q.n, o.id, o.type, c.id, c.kind FROM recalled q CROSS JOIN object o CROSS JOIN recall_part p CROSS JOIN recall c
		WHERE q.domain = $1 AND q.n > $3 AND q.n <= $4 AND q.stub = 0
		AND ($2 = -1 OR EXISTS (SELECT 1 FROM permit x WHERE x.domain = $1 AND x.class = $2 AND x.label = q.was))
		AND o.domain = $1 AND o.seq = q.object AND p.domain = $1 AND p.message = q.message
		AND c.domain = $1 AND c.id = p.recall ORDER BY q.n`, t.domain, class, after, upTo)
}

func (t *Tx) recalled(query string, args ...any) (out []Recalled, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var c Recalled
		var stub, erased int64
		err := r.Scan(&c.Object, &c.Message, &c.Was, &stub, &erased, &c.At)
		c.Stub, c.Erased = stub != 0, erased != 0
		out = append(out, c)
		return err
	}, query, args...)
	return out, err
}

// RecalledBy returns the versions that are withheld because of a message.
func (t *Tx) RecalledBy(message string) ([]Recalled, error) {
	return t.recalled("SELECT object, message, was, stub, erased, at FROM recalled WHERE domain = $1 AND message = $2 ORDER BY object", t.domain, message)
}

// RecalledOf returns why each of the versions seqs is withheld.
func (t *Tx) RecalledOf(seqs []int64) ([]Recalled, error) {
	return t.recalled("SELECT object, message, was, stub, erased, at FROM recalled WHERE domain = $1 AND "+t.AnyInt("object", 2)+" ORDER BY object, message",
		t.domain, t.Ints(seqs))
}

// DropRecalled forgets what was withheld because of a message; what stood in
// for it is known as that for good.
func (t *Tx) DropRecalled(message string) error {
	_, err := t.Exec("DELETE FROM recalled WHERE domain = $1 AND message = $2 AND stub = 0", t.domain, message)
	return err
}

// EraseRecalled records that the content of a withheld version is gone.
func (t *Tx) EraseRecalled(object int64) error {
	t.Notify(TopicRecall)
	_, err := t.Exec("UPDATE recalled SET erased = 1 WHERE domain = $1 AND object = $2", t.domain, object)
	return err
}

// Detained is a withheld version as whoever looks after them sees it.
type Detained struct {
	Object
	Recall, Message string
	Was             int64
	Terms           []byte // what the label it had means
	Erased          bool
	At              int64
}

// Detained returns at most limit of the versions that are withheld because of
// an act, after the one numbered after: those that class might read before.
func (t *Tx) Detained(recall string, class, after int64, limit int) (out []Detained, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var d Detained
		var erased int64
		err := scanObject(r, &d.Object, &d.Recall, &d.Message, &d.Was, &d.Terms, &erased, &d.At)
		d.Erased = erased != 0
		out = append(out, d)
		return err
	}, "SELECT "+objectColumns+`, p.recall, q.message, q.was, l.resolved, q.erased, q.at
		FROM recall_part p CROSS JOIN recalled q CROSS JOIN object o CROSS JOIN label l
		WHERE p.domain = $1 AND p.recall = $2 AND q.domain = $1 AND q.message = p.message AND q.stub = 0 AND q.object > $4
		AND o.domain = $1 AND o.seq = q.object AND l.domain = $1 AND l.id = q.was
		AND ($3 = -1 OR EXISTS (SELECT 1 FROM permit x WHERE x.domain = $1 AND x.class = $3 AND x.label = q.was))
		ORDER BY q.object LIMIT $5 + 0`, t.domain, recall, class, after, int64(limit))
	return out, err
}

// DetainedOne returns one withheld version that class might read before, or
// fault.NotFound.
func (t *Tx) DetainedOne(object, class int64) (d Detained, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) error {
		found = true
		var erased int64
		err := scanObject(r, &d.Object, &d.Recall, &d.Message, &d.Was, &d.Terms, &erased, &d.At)
		d.Erased = erased != 0
		return err
	}, "SELECT "+objectColumns+`, p.recall, q.message, q.was, l.resolved, q.erased, q.at
		FROM recalled q CROSS JOIN recall_part p CROSS JOIN object o CROSS JOIN label l
		WHERE q.domain = $1 AND q.object = $2 AND q.stub = 0 AND p.domain = $1 AND p.message = q.message
		AND o.domain = $1 AND o.seq = q.object AND l.domain = $1 AND l.id = q.was
		AND ($3 = -1 OR EXISTS (SELECT 1 FROM permit x WHERE x.domain = $1 AND x.class = $3 AND x.label = q.was))
		ORDER BY q.at DESC LIMIT 1`, t.domain, object, class)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "nothing of that number is in quarantine")
	}
	return d, err
}

// DetainedCount counts the versions that are withheld because of an act, of
// what class might read before.
func (t *Tx) DetainedCount(recall string, class int64) (n int64, err error) {
	_, err = t.Get([]any{&n}, `SELECT COUNT(*) FROM recall_part p CROSS JOIN recalled q
		WHERE p.domain = $1 AND p.recall = $2 AND q.domain = $1 AND q.message = p.message AND q.stub = 0
		AND ($3 = -1 OR EXISTS (SELECT 1 FROM permit x WHERE x.domain = $1 AND x.class = $3 AND x.label = q.was))`, t.domain, recall, class)
	return n, err
}
