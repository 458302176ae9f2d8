package store

import "database/sql"

// Standing tells one state of a collection, as a clearance class sees it, from
// another. What the class may not see leaves no trace in it.
type Standing struct {
	Members int64 // versions that are there
	Newest  int64 // date-added of the newest of them, microseconds
	Sum     int64 // of their numbers: tells a removal from nothing
}

// Standing returns the state of a collection as class sees it.
func (t *Tx) Standing(collection, class int64) (s Standing, err error) {
	_, err = t.Get([]any{&s.Members, &s.Newest, &s.Sum}, `
		SELECT COUNT(*), COALESCE(MAX(m.added), 0), CAST(COALESCE(SUM(m.object), 0) AS BIGINT)
		FROM member m CROSS JOIN permit p
		WHERE m.domain = $1 AND m.collection = $2 AND p.domain = $1 AND p.class = $3 AND p.label = m.label`, t.domain, collection, class)
	return s, err
}

// PermittedLabels returns the labels that class may see, in order.
func (t *Tx) PermittedLabels(class int64) (out []Label, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var l Label
		if err := scanLabel(r, &l); err != nil {
			return err
		}
		out = append(out, l)
		return nil
	}, `SELECT l.id, l.raw, l.resolved, l.pending, l.objects, l.bytes FROM permit p CROSS JOIN label l
		WHERE p.domain = $1 AND p.class = $2 AND l.domain = $1 AND l.id = p.label ORDER BY l.id`, t.domain, class)
	return out, err
}
