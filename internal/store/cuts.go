package store

import (
	"database/sql"
	"slices"
)

// Cut is a text that an officer took out of the object ID.
type Cut struct {
	ID, Word string
	At       int64
}

// AddCuts records what was taken out of the version source: nothing that speaks
// of one of ids is to say one of words. It goes when source is erased.
func (t *Tx) AddCuts(source int64, ids, words []string) error {
	for _, id := range ids {
		var n int64
		if _, err := t.Get([]any{&n}, "SELECT COALESCE(MAX(n), 0) FROM cut WHERE domain = $1 AND hash = $2 AND source = $3", t.domain, keyHash(id), source); err != nil {
			return err
		}
		for i, word := range words {
			if _, err := t.Exec("INSERT INTO cut (domain, hash, source, n, at, id, word) VALUES ($1, $2, $3, $4, $5, $6, $7)",
				t.domain, keyHash(id), source, n+int64(i)+1, t.now, id, word); err != nil {
				return err
			}
		}
	}
	return nil
}

// AnyCut reports whether anything was ever taken out by hand.
func (t *Tx) AnyCut() (bool, error) {
	n := 0
	_, err := t.Get([]any{&n}, "SELECT 1 FROM cut WHERE domain = $1 LIMIT 1 + 0", t.domain)
	return n != 0, err
}

// Cuts returns what was taken out that is not to be said beside one of ids.
func (t *Tx) Cuts(ids []string) (out []Cut, err error) {
	hashes := make([]int64, len(ids))
	want := make(map[string]bool, len(ids))
	for i, id := range ids {
		hashes[i], want[id] = keyHash(id), true
	}
	slices.Sort(hashes)
	err = t.Each(func(r *sql.Rows) error {
		var c Cut
		err := r.Scan(&c.ID, &c.Word, &c.At)
		if want[c.ID] {
			out = append(out, c)
		}
		return err
	}, "SELECT id, word, at FROM cut WHERE domain = $1 AND "+t.AnyInt("hash", 2)+" ORDER BY hash, source, n", t.domain, t.Ints(hashes))
	return out, err
}
