package store

import (
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// PageQuery asks for members of one collection, in order of date-added, as
// TAXII 2.1 §3.4 and §5.4 do. Only labels that Class may see exist for it.
type PageQuery struct {
	Collection int64
	Class      int64 // clearance class of the reader; 0 sees nothing
	After      int64 // date-added, exclusive, microseconds
	Limit      int   // at most so many members, > 0
	MaxBytes   int   // stop once bodies exceed this; 0 for no bound
	IDs, Types []string
	Versions   Versions
	Bodies     bool // whether Member.Body is wanted
	// Labels, unless nil, leaves out what carries none of them; Labelled
	// says that Member.Label is wanted.
	Labels   []int64
	Labelled bool
	Newest   bool // in the other order, from the newest to After
}

// Versions says which versions of an object count. The zero value is the
// newest one the reader may see.
type Versions struct {
	All, First, Last bool
	At               []int64 // exact versions, microseconds
}

// Default reports whether nothing was said.
func (v Versions) Default() bool { return !v.All && !v.First && !v.Last && len(v.At) == 0 }

// Member is one row of a page. Body is valid only during the callback.
type Member struct {
	Added, Version int64
	Label          int64
	ID, Type       string
	Body           sql.RawBytes
}

// Page calls fn for the members q asks for and reports whether there are
// more after the last one given.
func (t *Tx) Page(q PageQuery, fn func(Member) error) (more bool, err error) {
	if q.Limit <= 0 {
		return false, fault.New(fault.Invalid, "limit must be positive")
	}
	text, args := q.build(t)
	var m Member
	dest := []any{&m.Added, &m.ID, &m.Type, &m.Version}
	if q.Bodies {
		dest = append(dest, &m.Body)
	}
	if q.Labelled {
		dest = append(dest, &m.Label)
	}
	rows, size := 0, 0
	err = t.Each(func(r *sql.Rows) error {
		if rows == q.Limit || (q.MaxBytes > 0 && size > q.MaxBytes) {
			more = true
			return db.Stop
		}
		if err := r.Scan(dest...); err != nil {
			return err
		}
		rows++
		if len(q.IDs) > 0 && !slices.Contains(q.IDs, m.ID) {
			return nil // another id with the same hash
		}
		size += len(m.Body)
		return fn(m)
	}, text, args...)
	return more, err
}

// build writes the statement. Its text depends on which filters are present,
// never on their values or how many there are.
func (q *PageQuery) build(t *Tx) (string, []any) {
	b := &builder{args: []any{t.domain, q.Collection, q.After, q.Class}}
	b.text.WriteString("SELECT m.added, o.id, o.type, o.version")
	if q.Bodies {
		b.text.WriteString(", o.body")
	}
	if q.Labelled {
		b.text.WriteString(", m.label")
	}
	if len(q.IDs) > 0 {
		// Few: begin at the index of object and sort at the end. x is m, found
		// by the index member_object, which SQLite takes only where it need
		// not look further.
		b.text.WriteString(` FROM object_key h CROSS JOIN object o CROSS JOIN member x CROSS JOIN member m CROSS JOIN permit p
		WHERE h.domain = $1 AND h.level IN (0, 1) AND o.seq = h.object AND x.domain = $1 AND x.object = o.seq AND x.collection = $2 AND x.added > $3
		AND m.domain = $1 AND m.collection = $2 AND m.added = x.added`)
	} else { // begin at member, which is in the order wanted
		b.text.WriteString(` FROM member m CROSS JOIN permit p CROSS JOIN object o
		WHERE m.domain = $1 AND o.seq = m.object AND m.collection = $2 AND m.added > $3`)
	}
	b.text.WriteString(" AND o.domain = $1 AND p.domain = $1 AND p.class = $4 AND p.label = m.label")
	switch len(q.IDs) {
	case 0:
	case 1:
		b.and("h.hash = " + b.bind(keyHash(q.IDs[0])))
	default:
		hashes := make([]int64, len(q.IDs))
		for i, id := range q.IDs {
			hashes[i] = keyHash(id)
		}
		b.and(t.AnyInt("h.hash", b.add(t.Ints(hashes))))
	}
	switch len(q.Types) {
	case 0:
	case 1:
		b.and("m.type = " + b.bind(q.Types[0]))
	default:
		b.and(t.AnyText("m.type", b.add(t.Texts(q.Types))))
	}
	b.and(q.versions(t, b))
	if q.Labels != nil {
		b.and(t.AnyInt("m.label", b.add(t.Ints(q.Labels))))
	}
	order := " ORDER BY m.added"
	if q.Newest {
		order += " DESC"
	}
	// Given a bare parameter for a limit, SQLite plans anew for each value.
	b.text.WriteString(order + " LIMIT " + b.bind(int64(q.Limit)+1) + " + 0")
	return b.text.String(), b.args
}

// visible finds another version of the same object in the same collection
// that the reader may see; how it compares with o follows. Versions of one
// time, which only objects without times have, are ordered by arrival. y is k,
// as x is m in build.
const visible = ` EXISTS (
	SELECT 1 FROM object_key i CROSS JOIN object n CROSS JOIN member y CROSS JOIN member k CROSS JOIN permit q
	WHERE i.domain = $1 AND i.level IN (0, 1) AND i.hash = o.idhash
	AND n.domain = $1 AND n.seq = i.object AND n.id = o.id AND y.domain = $1 AND y.object = n.seq AND y.collection = $2
	AND k.domain = $1 AND k.collection = $2 AND k.added = y.added
	AND q.domain = $1 AND q.class = $4 AND q.label = k.label AND (n.version, n.seq) `

func (q *PageQuery) versions(t *Tx, b *builder) string {
	v := q.Versions
	if v.All {
		return ""
	}
	if v.Default() || v.Last && !v.First && len(v.At) == 0 {
		return "m.last <> 0 AND (m.last = 1 OR NOT" + visible + "> (o.version, o.seq)))"
	}
	var either []string
	if v.Last {
		either = append(either, "m.last = 1 OR (m.last = 2 AND NOT"+visible+"> (o.version, o.seq)))")
	}
	if v.First {
		either = append(either, "NOT"+visible+"< (o.version, o.seq))")
	}
	if len(v.At) > 0 {
		either = append(either, t.AnyInt("o.version", b.add(t.Ints(v.At))))
	}
	return "(" + strings.Join(either, " OR ") + ")"
}

// builder writes one statement; values never enter its text.
type builder struct {
	text strings.Builder
	args []any
}

// add adds a value and returns the number of its parameter.
func (b *builder) add(v any) int {
	b.args = append(b.args, v)
	return len(b.args)
}

// bind is add for where the parameter stands by itself.
func (b *builder) bind(v any) string { return "$" + strconv.Itoa(b.add(v)) }

func (b *builder) and(condition string) {
	if condition != "" {
		b.text.WriteString(" AND " + condition)
	}
}

// RemoveMembers takes the versions of id that class may see, and that v
// selects, out of a collection (TAXII 2.1 §5.7). The objects stay in the
// store.
func (t *Tx) RemoveMembers(collection, class int64, id string, v Versions) (removed int, err error) {
	var gone []int64
	q := PageQuery{Collection: collection, Class: class, Limit: 1 << 30, IDs: []string{id}, Versions: v}
	if _, err := t.Page(q, func(m Member) error {
		gone = append(gone, m.Added)
		return nil
	}); err != nil || len(gone) == 0 {
		return 0, err
	}
	if _, err := t.Exec("DELETE FROM member WHERE domain = $1 AND collection = $2 AND "+t.AnyInt("added", 3),
		t.domain, collection, t.Ints(gone)); err != nil {
		return 0, err
	}
	return len(gone), t.resettle(collection, id)
}

// resettle works out anew which of the remaining versions of id is the newest.
func (t *Tx) resettle(collection int64, id string) error {
	var versions []standing
	if err := t.Each(func(r *sql.Rows) error {
		var s standing
		if err := r.Scan(&s.added, &s.object, &s.label, &s.version, &s.last); err != nil {
			return err
		}
		versions = append(versions, s)
		return nil
	}, `SELECT m.added, m.object, m.label, o.version, m.last
		FROM object_key h CROSS JOIN object o CROSS JOIN member x CROSS JOIN member m
		WHERE h.domain = $1 AND h.level IN (0, 1) AND h.hash = $2 AND o.domain = $1 AND o.seq = h.object AND o.id = $3 AND x.domain = $1 AND x.object = o.seq AND x.collection = $4
		AND m.domain = $1 AND m.collection = $4 AND m.added = x.added`,
		t.domain, keyHash(id), id, collection); err != nil {
		return err
	}
	for i, want := range rank(versions) {
		if err := t.setLast(collection, versions[i], want); err != nil {
			return err
		}
	}
	return nil
}
