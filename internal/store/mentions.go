package store

import "database/sql"

// Mention is what is stored of a version apart from what it says.
type Mention struct {
	Seq, Hash, Version, Label, Received int64 // Hash is IDHash of its id
	Type                                string
	Several                             bool // there are other versions of its id
}

// IDHash shortens an id to the number that Mention has of it.
func IDHash(id string) int64 { return keyHash(id) }

// Mentions calls fn for the versions numbered after..upTo, in order of arrival,
// whoever may see them: it is for what is kept in memory and asked by label.
func (t *Tx) Mentions(after, upTo int64, fn func(Mention) error) error {
	var m Mention
	return t.Each(func(r *sql.Rows) error {
		if err := r.Scan(&m.Seq, &m.Hash, &m.Version, &m.Label, &m.Received, &m.Type, &m.Several); err != nil {
			return err
		}
		return fn(m)
	}, `SELECT seq, idhash, version, label, received, type, several FROM object
		WHERE domain = $1 AND seq > $2 AND seq <= $3 ORDER BY seq`, t.domain, after, upTo)
}

// Siblings calls fn for every version of the ids with these hashes, in order of
// arrival.
func (t *Tx) Siblings(hashes []int64, fn func(Mention) error) error {
	if len(hashes) == 0 {
		return nil
	}
	var m Mention
	return t.Each(func(r *sql.Rows) error {
		if err := r.Scan(&m.Seq, &m.Hash, &m.Version, &m.Label, &m.Received, &m.Type, &m.Several); err != nil {
			return err
		}
		return fn(m)
	}, `SELECT o.seq, o.idhash, o.version, o.label, o.received, o.type, o.several FROM object_key k CROSS JOIN object o
		WHERE k.domain = $1 AND k.level IN (0, 1) AND o.domain = $1 AND o.seq = k.object AND `+t.AnyInt("k.hash", 2)+` ORDER BY o.seq`,
		t.domain, t.Ints(hashes))
}

// Permitted returns the labels that class may see.
func (t *Tx) Permitted(class int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	err := t.Each(func(r *sql.Rows) error {
		var label int64
		err := r.Scan(&label)
		out[label] = true
		return err
	}, "SELECT label FROM permit WHERE domain = $1 AND class = $2", t.domain, class)
	return out, err
}

// IDs returns the ids of those of the versions seqs that class may see.
func (t *Tx) IDs(class int64, seqs []int64) (map[int64]string, error) {
	out := make(map[int64]string, len(seqs))
	if len(seqs) == 0 {
		return out, nil
	}
	err := t.Each(func(r *sql.Rows) error {
		var seq int64
		var id string
		err := r.Scan(&seq, &id)
		out[seq] = id
		return err
	}, "SELECT o.seq, o.id FROM object o WHERE o.domain = $1 AND o.type <> 'erased' AND "+mayFind+" AND "+t.AnyInt("o.seq", 3),
		t.domain, class, t.Ints(seqs))
	return out, err
}
