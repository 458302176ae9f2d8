package store

import (
	"database/sql"
	"slices"

	"twoseas/internal/store/db"
)

// Entry is an object version on its way into a collection.
type Entry struct {
	Object, Label, Version int64
	ID, Type               string
	Siblings               []Known // other stored versions of the same id
}

var memberBulk = db.MustBulk("member", "",
	"domain bigint", "collection bigint", "added bigint", "object bigint", "label bigint", "last bigint", "type text")

// AddMembers puts entries into collection c, each with a date-added of its
// own, later than all before it in c. Those already there are left out; the
// number added is returned.
func (t *Tx) AddMembers(c *Collection, entries []Entry) (int, error) {
	entries, err := t.newcomers(c, entries)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	if _, err := t.Get([]any{&c.LastAdded}, `
		UPDATE collection SET last_added = CASE WHEN last_added >= $3 THEN last_added ELSE $3 - 1 END + $4
		WHERE domain = $1 AND n = $2 RETURNING last_added`, t.domain, c.N, t.now, int64(len(entries))); err != nil {
		return 0, err
	}
	first := c.LastAdded - int64(len(entries)) + 1
	last, err := t.settleLast(c, entries)
	if err != nil {
		return 0, err
	}
	return len(entries), t.Insert(memberBulk, len(entries), func(i int, a []any) {
		e := &entries[i]
		a[0], a[1], a[2], a[3], a[4], a[5], a[6] = t.domain, c.N, first+int64(i), e.Object, e.Label, last[i], e.Type
	})
}

// newcomers drops the entries that are members already, or named twice. Only
// versions whose id was stored before can be.
func (t *Tx) newcomers(c *Collection, entries []Entry) ([]Entry, error) {
	var seqs []int64
	seen := make(map[int64]bool, len(entries))
	for _, e := range entries {
		for _, s := range e.Siblings {
			if s.Seq == e.Object {
				seqs = append(seqs, s.Seq)
			}
		}
	}
	if len(seqs) > 0 {
		err := t.Each(func(r *sql.Rows) error {
			var seq int64
			if err := r.Scan(&seq); err != nil {
				return err
			}
			seen[seq] = true
			return nil
		}, "SELECT object FROM member WHERE domain = $1 AND collection = $2 AND "+t.AnyInt("object", 3), t.domain, c.N, t.Ints(seqs))
		if err != nil {
			return nil, err
		}
	}
	out := make([]Entry, 0, len(entries))
	for _, e := range entries {
		if !seen[e.Object] {
			seen[e.Object] = true
			out = append(out, e)
		}
	}
	return out, nil
}

// standing is a version of one id in a collection that some reader may see as
// its newest.
type standing struct {
	added, object, label, version, last int64
	entry                               int // index of the entry, -1 for a row already there
}

// settleLast returns the last column of each entry and corrects that of
// members they replace.
func (t *Tx) settleLast(c *Collection, entries []Entry) ([]int64, error) {
	last := make([]int64, len(entries))
	byID := map[string][]standing{}
	for i, e := range entries {
		last[i] = 1
		byID[e.ID] = append(byID[e.ID], standing{0, e.Object, e.Label, e.Version, 1, i})
	}
	siblings := map[int64]string{}
	var seqs []int64
	for _, e := range entries {
		for _, s := range e.Siblings {
			if s.Seq != e.Object {
				siblings[s.Seq] = e.ID
				seqs = append(seqs, s.Seq)
			}
		}
	}
	if err := t.standing(c, seqs, func(s standing) {
		s.entry = -1
		byID[siblings[s.object]] = append(byID[siblings[s.object]], s)
	}); err != nil {
		return nil, err
	}
	for _, versions := range byID {
		if len(versions) == 1 {
			continue
		}
		for i, want := range rank(versions) {
			if v := versions[i]; v.entry >= 0 {
				last[v.entry] = want
			} else if err := t.setLast(c.N, v, want); err != nil {
				return nil, err
			}
		}
	}
	return last, nil
}

// rank orders versions, newest first, and says of each whether it is the
// newest (1), replaced by one with the same label (0) or only by ones with
// other labels (2).
func rank(versions []standing) []int64 {
	slices.SortFunc(versions, func(a, b standing) int {
		if a.version != b.version {
			return int(min(1, max(-1, b.version-a.version)))
		}
		return int(min(1, max(-1, b.object-a.object)))
	})
	out := make([]int64, len(versions))
	labels := map[int64]bool{}
	for i, v := range versions {
		switch {
		case i == 0:
			out[i] = 1
		case labels[v.label]:
			out[i] = 0
		default:
			out[i] = 2
		}
		labels[v.label] = true
	}
	return out
}

// setLast corrects the last column of a member.
func (t *Tx) setLast(collection int64, s standing, want int64) error {
	if s.last == want {
		return nil
	}
	_, err := t.Exec("UPDATE member SET last = $4 WHERE domain = $1 AND collection = $2 AND added = $3",
		t.domain, collection, s.added, want)
	return err
}

func (t *Tx) standing(c *Collection, seqs []int64, fn func(standing)) error {
	if len(seqs) == 0 {
		return nil
	}
	return t.Each(func(r *sql.Rows) error {
		var s standing
		if err := r.Scan(&s.added, &s.object, &s.label, &s.version, &s.last); err != nil {
			return err
		}
		fn(s)
		return nil
	}, `SELECT m.added, m.object, m.label, o.version, m.last FROM member x CROSS JOIN member m CROSS JOIN object o
		WHERE x.domain = $1 AND x.collection = $2 AND `+t.AnyInt("x.object", 3)+`
		AND m.domain = $1 AND m.collection = $2 AND m.added = x.added AND m.last <> 0
		AND o.domain = $1 AND o.seq = m.object`,
		t.domain, c.N, t.Ints(seqs))
}

// Relabel gives a version another label, also where it is a member of a
// collection, whose readers then see it under the new one with a date-added of
// its own.
func (t *Tx) Relabel(m Move) error {
	if err := t.RelabelAll([]Move{m}); err != nil {
		return err
	}
	if err := t.MoveMembers([]Move{m}); err != nil {
		return err
	}
	return t.freshen("m.object = $2", m.Seq, func(collection int64) error { return t.resettle(collection, m.ID) })
}

// Freshen gives every member with a label, whose meaning changed, a new
// date-added: who may see it from now on finds it by date.
func (t *Tx) Freshen(label int64) error {
	return t.freshen("m.label = $2", label, func(int64) error { return nil })
}

func (t *Tx) freshen(condition string, arg int64, after func(collection int64) error) error {
	type place struct{ collection, added int64 }
	var all []place
	if err := t.Each(func(r *sql.Rows) error {
		var p place
		err := r.Scan(&p.collection, &p.added)
		all = append(all, p)
		return err
	}, "SELECT m.collection, m.added FROM member m WHERE m.domain = $1 AND "+condition+" ORDER BY m.collection, m.added", t.domain, arg); err != nil {
		return err
	}
	for i, p := range all {
		var last int64
		if _, err := t.Get([]any{&last}, `
			UPDATE collection SET last_added = CASE WHEN last_added >= $3 THEN last_added ELSE $3 - 1 END + 1
			WHERE domain = $1 AND n = $2 RETURNING last_added`, t.domain, p.collection, t.now); err != nil {
			return err
		}
		if _, err := t.Exec("UPDATE member SET added = $4 WHERE domain = $1 AND collection = $2 AND added = $3",
			t.domain, p.collection, p.added, last); err != nil {
			return err
		}
		if i+1 == len(all) || all[i+1].collection != p.collection {
			if err := after(p.collection); err != nil {
				return err
			}
		}
	}
	return nil
}
