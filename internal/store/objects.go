package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"maps"
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store/db"
)

// Object is one stored version of an object. Body is what the originator
// wrote, in canonical JSON.
type Object struct {
	Seq      int64
	ID, Type string
	Version  int64 // modified, else created, else received; microseconds
	Label    int64
	Received int64
	Revoked  bool
	Digest   ident.Digest // of Body
	Body     []byte
}

// Known is what is stored of one version, without its body.
type Known struct {
	Seq, Version, Label int64
	Digest              ident.Digest
}

// keyHash shortens a text key to the eight bytes the indexes hold. Rows carry
// the text as well, so equal hashes of different texts do no harm.
func keyHash(s string) int64 {
	d := sha256.Sum256([]byte(s))
	return int64(binary.BigEndian.Uint64(d[:8]))
}

// Known returns the stored versions of each of ids, oldest first.
func (t *Tx) Known(ids []string) (map[string][]Known, error) {
	hashes := make([]int64, len(ids))
	want := make(map[string]struct{}, len(ids))
	for i, id := range ids {
		hashes[i] = keyHash(id)
		want[id] = struct{}{}
	}
	slices.Sort(hashes)
	out := map[string][]Known{}
	err := t.Each(func(r *sql.Rows) error {
		var k Known
		var id string
		var digest sql.RawBytes
		if err := r.Scan(&id, &k.Seq, &k.Version, &k.Label, &digest); err != nil {
			return err
		}
		if _, ok := want[id]; !ok {
			return nil
		}
		copy(k.Digest[:], digest)
		out[id] = append(out[id], k)
		return nil
	}, `SELECT o.id, o.seq, o.version, o.label, o.digest FROM object_key k CROSS JOIN object o
		WHERE k.domain = $1 AND k.level IN (0, 1) AND o.domain = $1 AND o.seq = k.object AND `+t.AnyInt("k.hash", 2), t.domain, t.Ints(hashes))
	for _, versions := range out {
		slices.SortFunc(versions, func(a, b Known) int {
			if a.Version != b.Version {
				return int(min(1, max(-1, a.Version-b.Version)))
			}
			return int(min(1, max(-1, a.Seq-b.Seq)))
		})
	}
	return out, err
}

var objectBulk = db.MustBulk("object", "",
	"seq bigint", "domain bigint", "idhash bigint", "version bigint", "label bigint", "received bigint",
	"revoked boolean", "several boolean", "id text", "type text", "digest bytea", "body bytea")

// AddObjects stores versions in the given order and sets their Seq and
// Received. known is what Known has told of their ids in this transaction.
func (t *Tx) AddObjects(objects []Object, known map[string][]Known) error {
	versions, err := t.countVersions(objects, known)
	if err != nil {
		return err
	}
	first, err := take(t.Tx, "object", len(objects))
	if err != nil {
		return err
	}
	for i := range objects {
		o := &objects[i]
		o.Seq, o.Received = first+int64(i), t.now
	}
	if err := t.Insert(objectBulk, len(objects), func(i int, a []any) {
		o := &objects[i]
		a[0], a[1], a[2], a[3], a[4], a[5] = o.Seq, t.domain, keyHash(o.ID), o.Version, o.Label, o.Received
		a[6], a[7], a[8], a[9], a[10], a[11] = o.Revoked, versions[o.ID] > 1, o.ID, o.Type, o.Digest[:], o.Body
	}); err != nil {
		return err
	}
	return t.addObjectKeys(objects)
}

// countVersions returns how many versions of each id there will be, and notes
// at those stored before that they are not alone any more.
func (t *Tx) countVersions(objects []Object, known map[string][]Known) (map[string]int, error) {
	versions := make(map[string]int, len(objects))
	var before []int64
	for i := range objects {
		id := objects[i].ID
		if versions[id] == 0 {
			versions[id] = len(known[id])
			for _, k := range known[id] {
				before = append(before, k.Seq)
			}
		}
		versions[id]++
	}
	if len(before) == 0 {
		return versions, nil
	}
	_, err := t.Exec("UPDATE object SET several = TRUE WHERE domain = $1 AND NOT several AND "+t.AnyInt("seq", 2), t.domain, t.Ints(before))
	return versions, err
}

const objectColumns = "o.seq, o.id, o.type, o.version, o.label, o.received, o.revoked, o.digest, o.body"

func scanObject(r *sql.Rows, o *Object, more ...any) error {
	var digest sql.RawBytes
	dest := append([]any{&o.Seq, &o.ID, &o.Type, &o.Version, &o.Label, &o.Received, &o.Revoked, &digest, &o.Body}, more...)
	if err := r.Scan(dest...); err != nil {
		return err
	}
	copy(o.Digest[:], digest)
	return nil
}

// Object returns the version numbered seq, or fault.NotFound.
func (t *Tx) Object(seq int64) (o Object, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) error {
		found = true
		return scanObject(r, &o)
	}, "SELECT "+objectColumns+" FROM object o WHERE o.domain = $1 AND o.seq = $2", t.domain, seq)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "no such object")
	}
	return o, err
}

// Versions calls fn for each stored version of id, in order of arrival.
func (t *Tx) Versions(id string, fn func(Object) error) error {
	return t.Each(func(r *sql.Rows) error {
		var o Object
		if err := scanObject(r, &o); err != nil {
			return err
		}
		return fn(o)
	}, "SELECT "+objectColumns+` FROM object_key k CROSS JOIN object o
		WHERE k.domain = $1 AND k.level IN (0, 1) AND k.hash = $2 AND o.domain = $1 AND o.seq = k.object AND o.id = $3 ORDER BY o.seq`,
		t.domain, keyHash(id), id)
}

// Objects calls fn for every version after seq that is not erased, in order of
// arrival, with the labels that class may see; AllLabels sees all.
func (t *Tx) Objects(after, class int64, fn func(Object) error) error {
	return t.Each(func(r *sql.Rows) error {
		var o Object
		if err := scanObject(r, &o); err != nil {
			return err
		}
		return fn(o)
	}, "SELECT "+objectColumns+` FROM object o
		WHERE o.domain = $1 AND o.seq > $2 AND o.type <> 'erased' AND ($3 = -1 OR EXISTS (
			SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $3 AND p.label = o.label))
		ORDER BY o.seq`, t.domain, after, class)
}

// Bodies returns the bytes stored now of each of seqs, in the order of seqs;
// nil for what is not there.
func (t *Tx) Bodies(seqs []int64) ([][]byte, error) {
	at := make(map[int64][]int, len(seqs))
	for i, s := range seqs {
		at[s] = append(at[s], i)
	}
	out := make([][]byte, len(seqs))
	err := t.Each(func(r *sql.Rows) error {
		var seq int64
		var body []byte
		if err := r.Scan(&seq, &body); err != nil {
			return err
		}
		for _, i := range at[seq] {
			out[i] = body
		}
		return nil
	}, "SELECT seq, body FROM object WHERE domain = $1 AND "+t.AnyInt("seq", 2), t.domain, t.Ints(slices.Sorted(maps.Keys(at))))
	return out, err
}

// EraseObject removes the body of a version for good, and its digest, from
// which a short body could be guessed; its place stays. What it can be found
// by goes with it.
func (t *Tx) EraseObject(seq int64) error {
	channels, err := t.Channels()
	if err != nil {
		return err
	}
	for _, c := range channels {
		if err := t.dropHeld(c.ID, seq); err != nil {
			return err
		}
	}
	n, err := t.Exec("UPDATE object SET body = $3, digest = $4, type = 'erased' WHERE domain = $1 AND seq = $2",
		t.domain, seq, []byte("{}"), make([]byte, len(ident.Digest{})))
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "no such object")
	}
	if _, err := t.Exec("DELETE FROM member WHERE domain = $1 AND object = $2", t.domain, seq); err != nil {
		return err
	}
	if err := t.dropPostings(seq); err != nil {
		return err
	}
	return t.dropObservables(seq)
}

// Labelled calls fn for the versions numbered from..to that carry label, in
// order of arrival.
func (t *Tx) Labelled(label, from, to int64, fn func(Object) error) error {
	return t.Each(func(r *sql.Rows) error {
		var o Object
		if err := scanObject(r, &o); err != nil {
			return err
		}
		return fn(o)
	}, "SELECT "+objectColumns+` FROM object o
		WHERE o.domain = $1 AND o.label = $2 AND o.seq >= $3 AND o.seq <= $4 AND o.type <> 'erased' ORDER BY o.seq`,
		t.domain, label, from, to)
}

// LastObject returns the number of the newest version of the domain, 0 when
// there is none.
func (t *Tx) LastObject() (seq int64, err error) {
	_, err = t.Get([]any{&seq}, "SELECT COALESCE(MAX(seq), 0) FROM object WHERE domain = $1", t.domain)
	return seq, err
}
