package store

import (
	"database/sql"
	"slices"
)

// Left says that a version left on a channel, and in which shipment.
type Left struct {
	Channel, Object, Number int64
}

// LeftWith returns where versions have left to, by channel and number.
func (t *Tx) LeftWith(seqs []int64) (out []Left, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var l Left
		err := r.Scan(&l.Channel, &l.Object, &l.Number)
		out = append(out, l)
		return err
	}, `SELECT r.channel, r.object, COALESCE((SELECT f.number FROM shipment_fact f WHERE f.domain = $1 AND f.channel = r.channel
			AND f.direction = 'out' AND f.high >= r.n ORDER BY f.high LIMIT 1), 0)
		FROM release r CROSS JOIN channel c WHERE r.domain = $1 AND c.domain = $1 AND c.id = r.channel AND r.n <= c.shipped AND `+t.AnyInt("r.object", 2)+`
		ORDER BY r.channel, r.n`, t.domain, t.Ints(seqs))
	return out, err
}

// Family returns versions with everything that was made from them by redaction
// or that they were made from, in rising order.
func (t *Tx) Family(seqs []int64) ([]int64, error) {
	all := make(map[int64]bool, len(seqs))
	for _, s := range seqs {
		all[s] = true
	}
	for fresh := seqs; len(fresh) > 0; {
		list := t.Ints(fresh)
		fresh = nil
		if err := t.Each(func(r *sql.Rows) error {
			var s int64
			if err := r.Scan(&s); err != nil {
				return err
			}
			if !all[s] {
				all[s] = true
				fresh = append(fresh, s)
			}
			return nil
		}, "SELECT d.object FROM derived d WHERE d.domain = $1 AND "+t.AnyInt("d.source", 2)+
			" UNION SELECT e.source FROM derived e WHERE e.domain = $1 AND "+t.AnyInt("e.object", 2), t.domain, list); err != nil {
			return nil, err
		}
	}
	out := make([]int64, 0, len(all))
	for s := range all {
		out = append(out, s)
	}
	slices.Sort(out)
	return out, nil
}

// VersionsOfChanged returns every version of the objects that have several, or
// changed their label, and of which one numbered from..to carries one of
// labels.
func (t *Tx) VersionsOfChanged(from, to int64, labels []int64) (out []int64, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var s int64
		err := r.Scan(&s)
		out = append(out, s)
		return err
	}, `SELECT DISTINCT n.seq FROM object o CROSS JOIN object_key x CROSS JOIN object n
		WHERE o.domain = $1 AND o.seq >= $2 AND o.seq <= $3 AND o.several AND `+t.AnyInt("o.label", 4)+`
		AND x.domain = $1 AND x.level IN (0, 1) AND x.hash = o.idhash AND n.domain = $1 AND n.seq = x.object AND n.id = o.id`,
		t.domain, from, to, t.Ints(labels))
	return out, err
}

// Brief is a version without its body.
type Brief struct {
	Seq, Version, Label int64
	ID, Type            string
}

// Briefs returns versions without their bodies, in order; what is erased or
// not there is left out.
func (t *Tx) Briefs(seqs []int64) (out []Brief, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var b Brief
		err := r.Scan(&b.Seq, &b.ID, &b.Type, &b.Version, &b.Label)
		out = append(out, b)
		return err
	}, "SELECT o.seq, o.id, o.type, o.version, o.label FROM object o WHERE o.domain = $1 AND o.type <> 'erased' AND "+t.AnyInt("o.seq", 2)+" ORDER BY o.seq",
		t.domain, t.Ints(seqs))
	return out, err
}

// CameIn returns those of the versions seqs that came in on a channel. What is
// not noted yet is looked up in the shipments themselves.
func (t *Tx) CameIn(channel, followed, last int64, seqs []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	if err := t.Each(func(r *sql.Rows) error {
		var s int64
		err := r.Scan(&s)
		out[s] = true
		return err
	}, "SELECT c.object FROM crossing c WHERE c.domain = $1 AND c.channel = $2 AND c.direction = 'in' AND "+t.AnyInt("c.object", 3),
		t.domain, channel, t.Ints(seqs)); err != nil {
		return nil, err
	}
	want := make(map[int64]bool, len(seqs))
	for _, s := range seqs {
		want[s] = true
	}
	return out, t.Shipments(channel, In, followed+1, last, func(s Shipment) error {
		for _, it := range s.Items {
			if want[it.Object] {
				out[it.Object] = true
			}
		}
		return nil
	})
}
