package store

import (
	"database/sql"
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// Term is what objects are found by: a kind such as word or type, and a value.
// Equal terms have equal numbers; that two others share one does not happen by
// chance (FNV-1a, 64 bits), and would only find an object too many, of those
// the reader may see.
func Term(kind, value string) int64 {
	h := uint64(14695981039346656037)
	for _, s := range [...]string{kind, "\x00", value} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * 1099511628211
		}
	}
	return int64(h)
}

// The terms the index itself needs. Every version is in termAll. One is in
// termOld when a newer version of its id carries the same label, so that no
// reader needs it, and in termMixed when all newer ones carry other labels.
var (
	termAll   = Term("all", "")
	termOld   = Term("old", "")
	termMixed = Term("mixed", "")
)

func labelTerm(label int64) int64 {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(label))
	return Term("label", string(b[:]))
}

// Times a version can be put in order by.
const (
	Received = "received"
	Created  = "created"
	Modified = "modified"
)

var timeNames = [...]string{Received, Created, Modified}

// Posted is what one version is found by.
type Posted struct {
	Seq, Label int64
	Terms      []int64
	Times      [3]int64 // received, created, modified; microseconds, 0 for none
}

// Indexed is as far as the search index has come: every version up to it can
// be found.
func (t *Tx) Indexed() (int64, error) { return t.Followed("objects") }

// maxUnindexed bounds what is looked at to tell how far the index is behind.
const maxUnindexed = 20_000

// Unindexed returns how many versions that class may see the index does not
// hold yet; where it is far behind, of the next ones only.
func (t *Tx) Unindexed(class int64) (n int64, err error) {
	upTo, err := t.Indexed()
	if err != nil {
		return 0, err
	}
	_, err = t.Get([]any{&n}, `SELECT COUNT(*) FROM object o
		WHERE o.domain = $1 AND o.seq > $3 AND o.seq <= $4 AND o.type <> 'erased' AND `+mayFind,
		t.domain, class, upTo, upTo+maxUnindexed)
	return n, err
}

// Followed returns how far what follows under name has come, 0 at first.
func (t *Tx) Followed(name string) (upTo int64, err error) {
	_, err = t.Get([]any{&upTo}, "SELECT upto FROM followed WHERE domain = $1 AND name = $2", t.domain, name)
	return upTo, err
}

// Follow moves what follows under name on, from one place to another; when it
// is somewhere else by now the error is fault.Conflict.
func (t *Tx) Follow(name string, from, to int64) error {
	n, err := t.Exec(`INSERT INTO followed (domain, name, upto) VALUES ($1, $2, $4)
		ON CONFLICT (domain, name) DO UPDATE SET upto = $4 WHERE followed.upto = $3`, t.domain, name, from, to)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "another process has gone on meanwhile")
	}
	return err
}

// place is one term in one chunk.
type place struct{ chunk, term int64 }

// change is what is added to and taken from a set.
type change struct{ set, clear []uint16 }

// changes is what a transaction changes in the index.
type changes map[place]*change

func (c changes) at(seq, term int64) (*change, uint16) {
	chunk, bit := chunkOf(seq)
	p := place{chunk, term}
	if c[p] == nil {
		c[p] = &change{}
	}
	return c[p], bit
}

func (c changes) set(seq, term int64) {
	x, bit := c.at(seq, term)
	x.set = append(x.set, bit)
}

func (c changes) clear(seq, term int64) {
	x, bit := c.at(seq, term)
	x.clear = append(x.clear, bit)
}

// stand records how versions stand among those of their ids.
func (c changes) stand(all map[int64]standingOf) {
	for seq, s := range all {
		for term, on := range map[int64]bool{termOld: s.old, termMixed: s.mixed} {
			if on {
				c.set(seq, term)
			} else {
				c.clear(seq, term)
			}
		}
	}
}

// AddPostings makes the versions numbered from+1..to findable; rows are those
// of them that are there, in order; others are fault.Invalid. The index must
// stand at from, or the error is fault.Conflict.
func (t *Tx) AddPostings(from, to int64, rows []Posted) error {
	if slices.ContainsFunc(rows, func(p Posted) bool { return p.Seq <= max(from, 0) || p.Seq > to }) {
		return fault.New(fault.Invalid, "a version that is not among those to be made findable")
	}
	if err := t.Follow("objects", from, to); err != nil {
		return err
	}
	newest, now, err := t.standings(from, to)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(p Posted) bool { return now[p.Seq] == erasedSince })
	changes := changes{}
	for i := range rows {
		if label, ok := now[rows[i].Seq]; ok {
			rows[i].Label = label // it may have been given another since it was read
		}
		for _, term := range append(rows[i].Terms, termAll, labelTerm(rows[i].Label)) {
			changes.set(rows[i].Seq, term)
		}
	}
	changes.stand(newest)
	if err := t.applyChanges(changes); err != nil {
		return err
	}
	return t.addTimes(rows)
}

// standingOf says how a version stands among those of its id.
type standingOf struct{ old, mixed bool }

// erasedSince stands for the label of what is erased.
const erasedSince = -1

// standings works out how the versions stand whose ids have more than one and
// got one in from+1..to, and what the labels of these are now.
func (t *Tx) standings(from, to int64) (out map[int64]standingOf, now map[int64]int64, err error) {
	var ids []string
	now = map[int64]int64{}
	if err := t.Each(func(r *sql.Rows) error {
		var seq, label int64
		var id, typ string
		err := r.Scan(&seq, &id, &typ, &label)
		if typ == "erased" {
			now[seq] = erasedSince
		} else {
			ids, now[seq] = append(ids, id), label
		}
		return err
	}, "SELECT seq, id, type, label FROM object WHERE domain = $1 AND seq > $2 AND seq <= $3 AND (several OR type = 'erased')",
		t.domain, from, to); err != nil {
		return nil, nil, err
	}
	out, err = t.standingsOf(ids, to)
	return out, now, err
}

// standingsOf works out how the versions of ids up to a place stand.
func (t *Tx) standingsOf(ids []string, to int64) (map[int64]standingOf, error) {
	out := map[int64]standingOf{}
	if len(ids) == 0 {
		return out, nil
	}
	known, err := t.Known(ids)
	if err != nil {
		return nil, err
	}
	for _, versions := range known {
		maps.Copy(out, standingsOf(slices.DeleteFunc(versions, func(k Known) bool { return k.Seq > to })))
	}
	return out, nil
}

// standingsOf says how the versions of one id, oldest first, stand.
func standingsOf(versions []Known) map[int64]standingOf {
	out := make(map[int64]standingOf, len(versions))
	for i, v := range versions {
		later := versions[i+1:]
		old := slices.ContainsFunc(later, func(k Known) bool { return k.Label == v.Label })
		out[v.Seq] = standingOf{old: old, mixed: !old && len(later) > 0}
	}
	return out
}

var postingBulk = db.MustBulk("posting", "ON CONFLICT (domain, chunk, term) DO UPDATE SET members = excluded.members",
	"domain bigint", "chunk bigint", "term bigint", "members bytea")

// applyChanges reads, changes and writes sets, chunk by chunk.
func (t *Tx) applyChanges(changes changes) error {
	byChunk := map[int64][]int64{}
	for p := range changes {
		byChunk[p.chunk] = append(byChunk[p.chunk], p.term)
	}
	for _, chunk := range slices.Sorted(maps.Keys(byChunk)) {
		terms := byChunk[chunk]
		slices.Sort(terms)
		for part := range slices.Chunk(terms, 4096) {
			if err := t.changeChunk(chunk, part, changes); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Tx) changeChunk(chunk int64, terms []int64, changes changes) error {
	stored := make(map[int64][]byte, len(terms))
	if err := t.Each(func(r *sql.Rows) error {
		var term int64
		var members []byte
		err := r.Scan(&term, &members)
		stored[term] = members
		return err
	}, "SELECT term, members FROM posting WHERE domain = $1 AND chunk = $2 AND "+t.AnyInt("term", 3), t.domain, chunk, t.Ints(terms)); err != nil {
		return err
	}
	packed := make([][]byte, 0, len(terms))
	full := make([]int64, 0, len(terms))
	var empty []int64
	for _, term := range terms {
		data, err := changes[place{chunk, term}].apply(stored[term])
		if err != nil {
			return err
		}
		if data != nil {
			full, packed = append(full, term), append(packed, data)
		} else if stored[term] != nil {
			empty = append(empty, term)
		}
	}
	if len(empty) > 0 {
		if _, err := t.Exec("DELETE FROM posting WHERE domain = $1 AND chunk = $2 AND "+t.AnyInt("term", 3), t.domain, chunk, t.Ints(empty)); err != nil {
			return err
		}
	}
	return t.Insert(postingBulk, len(full), func(i int, a []any) {
		a[0], a[1], a[2], a[3] = t.domain, chunk, full[i], packed[i]
	})
}

// apply returns the stored set data with the change made, nil when it is empty.
func (c *change) apply(data []byte) ([]byte, error) {
	if len(c.clear) == 0 && len(data)+2*len(c.set) < denseSize && rising(data, c.set) {
		out := append(make([]byte, 0, len(data)+2*len(c.set)), data...)
		for _, at := range c.set {
			out = binary.BigEndian.AppendUint16(out, at)
		}
		return out, nil
	}
	var b bitset
	if err := b.unpack(data); err != nil {
		return nil, err
	}
	for _, at := range c.set {
		b.add(at)
	}
	for _, at := range c.clear {
		b.remove(at)
	}
	return b.pack(), nil
}

// rising reports whether the places of set come in rising order after those
// that data lists, as they do for what arrived since.
func rising(data []byte, set []uint16) bool {
	last := -1
	if n := len(data); n >= 2 {
		last = int(binary.BigEndian.Uint16(data[n-2:]))
	}
	for _, at := range set {
		if int(at) <= last {
			return false
		}
		last = int(at)
	}
	return len(set) > 0
}

// seconds shortens a time to the four bytes a chunk holds.
func seconds(micros int64) uint32 {
	return uint32(max(0, min(math.MaxUint32, micros/1e6)))
}

var timeBulk = db.MustBulk("posting_time", "ON CONFLICT (domain, name, chunk) DO UPDATE SET low = excluded.low, high = excluded.high, data = excluded.data",
	"domain bigint", "name text", "chunk bigint", "low bigint", "high bigint", "data bytea")

func (t *Tx) addTimes(rows []Posted) error {
	for len(rows) > 0 {
		chunk, _ := chunkOf(rows[0].Seq)
		n := len(rows)
		for i := range rows {
			if c, _ := chunkOf(rows[i].Seq); c != chunk {
				n = i
				break
			}
		}
		if err := t.addChunkTimes(chunk, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func (t *Tx) addChunkTimes(chunk int64, rows []Posted) error {
	for k, name := range timeNames {
		c := chunkTimes{chunk: chunk, low: math.MaxUint32}
		if _, err := t.Get([]any{&c.low, &c.high, &c.data},
			"SELECT low, high, data FROM posting_time WHERE domain = $1 AND name = $2 AND chunk = $3", t.domain, name, chunk); err != nil {
			return err
		}
		for i := range rows {
			_, at := chunkOf(rows[i].Seq)
			if grow := 4*(int(at)+1) - len(c.data); grow > 0 {
				c.data = append(c.data, make([]byte, grow)...)
			}
			s := seconds(rows[i].Times[k])
			c.low, c.high = min(c.low, int64(s)), max(c.high, int64(s))
			binary.BigEndian.PutUint32(c.data[4*int(at):], s)
		}
		if err := t.Insert(timeBulk, 1, func(_ int, a []any) {
			a[0], a[1], a[2], a[3], a[4], a[5] = t.domain, name, chunk, c.low, c.high, c.data
		}); err != nil {
			return err
		}
	}
	return nil
}

// dropPostings takes a version out of everything it is found by. It reads the
// whole chunk, which is bounded, and it is rare.
func (t *Tx) dropPostings(seq int64) error {
	chunk, at := chunkOf(seq)
	changes := changes{}
	if err := t.Each(func(r *sql.Rows) error {
		var term int64
		var members sql.RawBytes
		if err := r.Scan(&term, &members); err != nil {
			return err
		}
		var b bitset
		if err := b.unpack(members); err != nil {
			return err
		}
		if b.has(at) {
			changes[place{chunk, term}] = &change{clear: []uint16{at}}
		}
		return nil
	}, "SELECT term, members FROM posting WHERE domain = $1 AND chunk = $2", t.domain, chunk); err != nil {
		return err
	}
	return t.applyChanges(changes)
}
