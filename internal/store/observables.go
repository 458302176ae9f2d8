package store

import (
	"database/sql"
	"errors"
	"slices"
	"sync"

	"twoseas/internal/store/db"
)

// Observable is a normalised value an object names: what a lookup finds.
type Observable struct {
	Kind, Value string
	Start       []byte // first address, 16 bytes, of an address or network; else nil
	Family      int64  // 4 or 6 for a network, else 0
	Bits        int64  // prefix length of a network
}

// Key is what a lookup asks for.
type Key struct{ Kind, Value string }

func (k Key) hash() int64 { return keyHash(k.Kind + "\x00" + k.Value) }

var observableBulk = db.MustBulk("observable", "",
	"ix bigint", "domain bigint", "keyhash bigint", "object bigint", "kind text", "value text", "start bytea")

// Indexed pairs an observable with the object that names it.
type Indexed struct {
	Object int64
	Observable
}

func (o *Observable) key() Key { return Key{o.Kind, o.Value} }

// AddObservables indexes values of stored objects.
func (t *Tx) AddObservables(rows []Indexed) error {
	if len(rows) == 0 {
		return nil
	}
	first, err := take(t.Tx, "observable", len(rows))
	if err != nil {
		return err
	}
	nets := map[[2]int64]bool{}
	for i := range rows {
		if o := &rows[i]; o.Family != 0 {
			nets[[2]int64{o.Family, o.Bits}] = true
		}
	}
	for n := range nets {
		if _, err := t.Exec("INSERT INTO prefix_length (domain, family, bits) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
			t.domain, n[0], n[1]); err != nil {
			return err
		}
	}
	if err := t.Insert(observableBulk, len(rows), func(i int, a []any) {
		o := &rows[i]
		a[0], a[1], a[2], a[3], a[4], a[5] = first+int64(i), t.domain, o.key().hash(), o.Object, o.Kind, o.Value
		a[6] = o.Start
	}); err != nil {
		return err
	}
	if err := t.addObservableKeys(first, rows); err != nil {
		return err
	}
	return t.addObservableStarts(first, rows)
}

// PrefixLengths returns the prefix lengths of stored networks of a family (4
// or 6), longest first.
func (t *Tx) PrefixLengths(family int64) (out []int64, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var b int64
		err := r.Scan(&b)
		out = append(out, b)
		return err
	}, "SELECT bits FROM prefix_length WHERE domain = $1 AND family = $2 ORDER BY bits DESC", t.domain, family)
	return out, err
}

// Found is an object version that names a value.
type Found struct {
	Kind, Value string
	Object      int64
	ID, Type    string
	Version     int64
	Label       int64
	Revoked     bool
	Superseded  bool // the reader may see a newer version, which may say otherwise
	// Terms is what Label means (Label.Resolved). It is valid only during the
	// callback.
	Terms sql.RawBytes
}

const foundColumns = `b.kind, b.value, b.object, o.id, o.type, o.version, o.label, o.revoked,
	(SELECT l.resolved FROM label l WHERE l.domain = $1 AND l.id = o.label),
	CASE WHEN o.several THEN EXISTS (SELECT 1 FROM object_key x CROSS JOIN object n WHERE x.domain = $1 AND x.level IN (0, 1) AND x.hash = o.idhash
	AND n.domain = $1 AND n.seq = x.object AND n.id = o.id AND n.version > o.version AND ($2 = -1 OR EXISTS (SELECT 1 FROM permit q WHERE q.domain = $1 AND q.class = $2 AND q.label = n.label))) ELSE FALSE END`

func scanFound(r *sql.Rows, f *Found) error {
	return r.Scan(&f.Kind, &f.Value, &f.Object, &f.ID, &f.Type, &f.Version, &f.Label, &f.Revoked, &f.Terms, &f.Superseded)
}

var keySets = sync.Pool{New: func() any { return map[Key]struct{}{} }}

// Find calls fn for each object that names one of keys and that class may see;
// class AllLabels sees all.
func (t *Tx) Find(keys []Key, class int64, fn func(Found) error) error {
	want := keySets.Get().(map[Key]struct{})
	defer func() { clear(want); keySets.Put(want) }()
	hashes := make([]int64, len(keys))
	for i, k := range keys {
		hashes[i] = k.hash()
		want[k] = struct{}{}
	}
	slices.Sort(hashes)
	scan := func(r *sql.Rows) error {
		var f Found
		if err := scanFound(r, &f); err != nil {
			return err
		}
		if _, ok := want[Key{f.Kind, f.Value}]; !ok {
			return nil
		}
		return fn(f)
	}
	if len(hashes) == 1 { // the common case has the shorter plan
		return t.Each(scan, "SELECT "+foundColumns+byKey+" AND k.hash = $3", t.domain, class, hashes[0])
	}
	return t.Each(scan, "SELECT "+foundColumns+byKey+" AND "+t.AnyInt("k.hash", 3), t.domain, class, t.Ints(hashes))
}

const byKey = ` FROM observable_key k CROSS JOIN observable b CROSS JOIN object o
	WHERE k.domain = $1 AND k.level IN (0, 1) AND b.domain = $1 AND b.ix = k.observable
	AND o.domain = $1 AND o.seq = b.object AND ` + mayFind

const mayFind = `($2 = -1 OR EXISTS (SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $2 AND p.label = o.label))`

// FindRange calls fn for at most limit objects that name an address or network
// beginning between from and to, both included.
func (t *Tx) FindRange(from, to []byte, class int64, limit int, fn func(Found) error) error {
	n, stopped := 0, false
	for level := int64(0); level < 2 && !stopped; level++ {
		if err := t.Each(func(r *sql.Rows) error {
			var f Found
			if err := scanFound(r, &f); err != nil {
				return err
			}
			n++
			err := fn(f)
			stopped = errors.Is(err, Stop)
			return err
		}, "SELECT "+foundColumns+` FROM observable_start s CROSS JOIN observable b CROSS JOIN object o
			WHERE s.domain = $1 AND s.level = $6 AND s.start >= $3 AND s.start <= $4 AND b.domain = $1 AND b.ix = s.observable
			AND o.domain = $1 AND o.seq = b.object AND `+mayFind+`
			ORDER BY s.start LIMIT $5`, t.domain, class, from, to, int64(limit-n), level); err != nil {
			return err
		}
	}
	return nil
}
