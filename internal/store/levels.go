package store

import "twoseas/internal/store/db"

// In an index with random keys each new row lands on a page of its own once
// the index has outgrown a batch, and the store writes that whole page twice.
// The tables object_key, observable_key and observable_start therefore have
// two levels. Rows join level 0, which stays small; when there are enough of
// them they move to level 1 together, in order of key, so that a page takes
// many at once. A question asks both levels: "level IN (0, 1)".

// minFresh is how many rows level 0 has at least before they move on.
const minFresh = 8192

// due reports whether the rows of level 0 should move on. What is written for
// a row, as part of the pages of level 0 in its own transaction and as its
// share of those of level 1 at the move, is least when fresh grows with the
// root of settled; with 32 times that, a million rows take on 32,000.
func due(fresh, settled int64) bool {
	return fresh >= minFresh && fresh*fresh >= 1024*settled
}

// moveStep is how many rows one statement moves. Until it ends, the engine
// keeps in memory what the pages were that it changes.
const moveStep = 500

// grown counts rows that joined level 0 of the table name, and says whether
// they should move on; it then counts them as moved.
func (t *Tx) grown(name string, rows int) (move bool, err error) {
	if rows == 0 {
		return false, nil
	}
	var fresh, settled int64
	if _, err := t.Get([]any{&fresh, &settled}, `
		INSERT INTO level (domain, name, fresh, settled) VALUES ($1, $2, $3, 0)
		ON CONFLICT (domain, name) DO UPDATE SET fresh = level.fresh + $3
		RETURNING fresh, settled`, t.domain, name, int64(rows)); err != nil || !due(fresh, settled) {
		return false, err
	}
	_, err = t.Exec("UPDATE level SET fresh = 0, settled = settled + fresh WHERE domain = $1 AND name = $2", t.domain, name)
	return true, err
}

var objectKeyBulk = db.MustBulk("object_key", "", "domain bigint", "level bigint", "hash bigint", "object bigint")

// addObjectKeys makes stored objects findable by their id.
func (t *Tx) addObjectKeys(objects []Object) error {
	if err := t.Insert(objectKeyBulk, len(objects), func(i int, a []any) {
		a[0], a[1], a[2], a[3] = t.domain, int64(0), keyHash(objects[i].ID), objects[i].Seq
	}); err != nil {
		return err
	}
	move, err := t.grown("object_key", len(objects))
	if err != nil || !move {
		return err
	}
	return t.moveObjectKeys()
}

func (t *Tx) moveObjectKeys() error {
	for {
		var upTo int64
		found, err := t.Get([]any{&upTo}, `
			SELECT f.hash FROM (SELECT hash FROM object_key WHERE domain = $1 AND level = 0 ORDER BY hash LIMIT $2) f
			ORDER BY f.hash DESC LIMIT 1`, t.domain, int64(moveStep))
		if err != nil || !found {
			return err
		}
		if _, err := t.Exec("UPDATE object_key SET level = 1 WHERE domain = $1 AND level = 0 AND hash <= $2", t.domain, upTo); err != nil {
			return err
		}
	}
}

var observableKeyBulk = db.MustBulk("observable_key", "", "domain bigint", "level bigint", "hash bigint", "observable bigint")

// addObservableKeys makes observables, numbered from first, findable by their
// value.
func (t *Tx) addObservableKeys(first int64, rows []Indexed) error {
	if err := t.Insert(observableKeyBulk, len(rows), func(i int, a []any) {
		a[0], a[1], a[2], a[3] = t.domain, int64(0), rows[i].key().hash(), first+int64(i)
	}); err != nil {
		return err
	}
	move, err := t.grown("observable_key", len(rows))
	if err != nil || !move {
		return err
	}
	return t.moveObservableKeys()
}

func (t *Tx) moveObservableKeys() error {
	for {
		var upTo int64
		found, err := t.Get([]any{&upTo}, `
			SELECT f.hash FROM (SELECT hash FROM observable_key WHERE domain = $1 AND level = 0 ORDER BY hash LIMIT $2) f
			ORDER BY f.hash DESC LIMIT 1`, t.domain, int64(moveStep))
		if err != nil || !found {
			return err
		}
		if _, err := t.Exec("UPDATE observable_key SET level = 1 WHERE domain = $1 AND level = 0 AND hash <= $2", t.domain, upTo); err != nil {
			return err
		}
	}
}

var observableStartBulk = db.MustBulk("observable_start", "", "domain bigint", "level bigint", "start bytea", "observable bigint")

// addObservableStarts makes the addresses and networks among observables,
// numbered from first, findable by the network they lie in.
func (t *Tx) addObservableStarts(first int64, rows []Indexed) error {
	var at []int
	for i := range rows {
		if rows[i].Start != nil {
			at = append(at, i)
		}
	}
	if err := t.Insert(observableStartBulk, len(at), func(i int, a []any) {
		a[0], a[1], a[2], a[3] = t.domain, int64(0), rows[at[i]].Start, first+int64(at[i])
	}); err != nil {
		return err
	}
	move, err := t.grown("observable_start", len(at))
	if err != nil || !move {
		return err
	}
	return t.moveObservableStarts()
}

func (t *Tx) moveObservableStarts() error {
	for {
		var upTo []byte
		found, err := t.Get([]any{&upTo}, `
			SELECT f.start FROM (SELECT start FROM observable_start WHERE domain = $1 AND level = 0 ORDER BY start LIMIT $2) f
			ORDER BY f.start DESC LIMIT 1`, t.domain, int64(moveStep))
		if err != nil || !found {
			return err
		}
		if _, err := t.Exec("UPDATE observable_start SET level = 1 WHERE domain = $1 AND level = 0 AND start <= $2", t.domain, upTo); err != nil {
			return err
		}
	}
}

// dropObservables removes what an object can be found by.
func (t *Tx) dropObservables(object int64) error {
	for _, query := range []string{
		`DELETE FROM observable_key WHERE domain = $1 AND level IN (0, 1) AND (hash, observable) IN (
			SELECT b.keyhash, b.ix FROM observable b WHERE b.domain = $1 AND b.object = $2)`,
		`DELETE FROM observable_start WHERE domain = $1 AND level IN (0, 1) AND (start, observable) IN (
			SELECT b.start, b.ix FROM observable b WHERE b.domain = $1 AND b.object = $2)`,
		"DELETE FROM observable WHERE domain = $1 AND object = $2",
	} {
		if _, err := t.Exec(query, t.domain, object); err != nil {
			return err
		}
	}
	return nil
}
