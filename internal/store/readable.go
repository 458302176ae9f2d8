package store

import (
	"cmp"
	"database/sql"
	"slices"
)

// Shown is a version with what its label means, for a reader who may see it.
type Shown struct {
	Object
	Terms []byte // Label.Resolved
}

const shownQuery = "SELECT " + objectColumns + `, l.resolved FROM object o CROSS JOIN label l
	WHERE o.domain = $1 AND l.domain = $1 AND l.id = o.label AND o.type <> 'erased' AND ` + mayFind + " AND "

// Shown returns those of the versions seqs that class may see, in the order of
// seqs.
func (t *Tx) Shown(class int64, seqs []int64) ([]Shown, error) {
	if len(seqs) == 0 {
		return nil, nil
	}
	at := make(map[int64]int, len(seqs))
	for i, s := range seqs {
		at[s] = i
	}
	out, err := t.shown(shownQuery+t.AnyInt("o.seq", 3), t.domain, class, t.Ints(seqs))
	slices.SortFunc(out, func(a, b Shown) int { return cmp.Compare(at[a.Seq], at[b.Seq]) })
	return out, err
}

// History returns the versions of id that class may see, oldest first; none
// when there are none.
func (t *Tx) History(class int64, id string) ([]Shown, error) {
	known, err := t.Known([]string{id})
	if err != nil {
		return nil, err
	}
	var seqs []int64
	for _, k := range known[id] {
		seqs = append(seqs, k.Seq)
	}
	return t.Shown(class, seqs)
}

// Heads returns of each of ids the newest version that class may see, by id.
func (t *Tx) Heads(class int64, ids []string) (map[string]Shown, error) {
	known, err := t.Known(ids)
	if err != nil {
		return nil, err
	}
	var seqs []int64
	for _, versions := range known {
		for _, k := range versions {
			seqs = append(seqs, k.Seq)
		}
	}
	all, err := t.Shown(class, seqs)
	out := make(map[string]Shown, len(ids))
	for _, s := range all {
		if have, ok := out[s.ID]; !ok || cmp.Or(cmp.Compare(s.Version, have.Version), cmp.Compare(s.Seq, have.Seq)) > 0 {
			out[s.ID] = s
		}
	}
	return out, err
}

func (t *Tx) shown(query string, args ...any) (out []Shown, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var s Shown
		if err := scanObject(r, &s.Object, &s.Terms); err != nil {
			return err
		}
		out = append(out, s)
		return nil
	}, query, args...)
	return out, err
}
