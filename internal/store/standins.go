package store

import "database/sql"

// served says that a version stands in, somewhere, for what was called back: it
// is a member of a collection until the recall is lifted.
const served = "q.stub = 1 AND EXISTS (SELECT 1 FROM member m WHERE m.domain = $1 AND m.object = q.object)"

// StandIns returns the versions numbered after..upTo that are served in the
// place of what was called back, whoever may see them, with the label under
// which they are.
func (t *Tx) StandIns(after, upTo int64) (map[int64]int64, error) {
	out := map[int64]int64{}
	err := t.Each(func(r *sql.Rows) error {
		var object, was int64
		err := r.Scan(&object, &was)
		out[object] = was
		return err
	}, "SELECT q.object, q.was FROM recalled q WHERE q.domain = $1 AND q.object > $2 AND q.object <= $3 AND "+served, t.domain, after, upTo)
	return out, err
}

// StoodIn returns those of the versions seqs that are served in the place of
// what was called back and class might read, with what the label means under
// which they are, in order.
func (t *Tx) StoodIn(class int64, seqs []int64) ([]Shown, error) {
	if len(seqs) == 0 {
		return nil, nil
	}
	return t.shown("SELECT "+objectColumns+`, l.resolved FROM recalled q CROSS JOIN object o CROSS JOIN label l
		WHERE q.domain = $1 AND o.domain = $1 AND o.seq = q.object AND l.domain = $1 AND l.id = q.was AND `+served+`
		AND ($2 = -1 OR EXISTS (SELECT 1 FROM permit x WHERE x.domain = $1 AND x.class = $2 AND x.label = q.was))
		AND `+t.AnyInt("q.object", 3)+" ORDER BY q.object", t.domain, class, t.Ints(seqs))
}
