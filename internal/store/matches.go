package store

import (
	"cmp"
	"database/sql"
	"encoding/binary"
	"slices"

	"twoseas/internal/base/fault"
)

// Match finds what is sought among the versions the index holds.
func (t *Tx) Match(q Sought) (Matches, error) {
	if q.Limit <= 0 || !slices.Contains(timeNames[:], q.Order) {
		return Matches{}, fault.New(fault.Invalid, "no such order, or no limit")
	}
	m := &matcher{t: t, q: q}
	if ok, err := m.begin(); err != nil || !ok {
		return Matches{}, err
	}
	for _, chunk := range m.chunks {
		if m.done(chunk) {
			continue
		}
		b, err := m.eval(chunk)
		if err != nil {
			return Matches{}, err
		}
		if err := m.gather(chunk, b); err != nil {
			return Matches{}, err
		}
	}
	return m.result(), nil
}

// matcher is the work of one Match.
type matcher struct {
	t      *Tx
	q      Sought
	base   []int64 // terms of which a version must have one to exist for the class
	chunks []int64 // in the order of the question
	groups []map[int64]*bitset
	times  map[string]map[int64]chunkTimes // low and high, without data
	found  []Place                         // in order, at most Limit+1
	count  int
}

// chunkTimes is one time of the versions of a chunk.
type chunkTimes struct {
	chunk, low, high int64
	data             []byte
}

// at returns the time of the version at a place, in seconds.
func (c *chunkTimes) at(place uint16) int64 {
	if end := 4 * (int(place) + 1); end <= len(c.data) {
		return int64(binary.BigEndian.Uint32(c.data[end-4:]))
	}
	return 0
}

// begin works out which chunks can hold anything; ok is false when none can.
func (m *matcher) begin() (ok bool, err error) {
	if m.base, err = m.t.readable(m.q.Class, m.q.Labels); err != nil || len(m.base) == 0 {
		return false, err
	}
	m.times = map[string]map[int64]chunkTimes{}
	need := []string{m.q.Order}
	for _, s := range m.q.Spans {
		need = append(need, s.Name)
	}
	for _, name := range need {
		if m.times[name], err = m.t.timeBounds(name); err != nil {
			return false, err
		}
	}
	for chunk := range m.times[m.q.Order] {
		if m.within(chunk) {
			m.chunks = append(m.chunks, chunk)
		}
	}
	for _, g := range m.q.Groups {
		sets, err := m.t.sets(g, m.chunks)
		if err != nil {
			return false, err
		}
		m.groups = append(m.groups, sets)
		m.chunks = slices.DeleteFunc(m.chunks, func(c int64) bool { return sets[c] == nil })
	}
	slices.Sort(m.chunks)
	if !m.q.Oldest {
		slices.Reverse(m.chunks)
	}
	return len(m.chunks) > 0, nil
}

// readable returns the terms of the labels that class may see, of those named
// when some are.
func (t *Tx) readable(class int64, only []int64) (terms []int64, err error) {
	if class == AllLabels {
		if only == nil {
			return []int64{termAll}, nil
		}
		for _, l := range only {
			terms = append(terms, labelTerm(l))
		}
		return terms, nil
	}
	err = t.Each(func(r *sql.Rows) error {
		var label int64
		if err := r.Scan(&label); err != nil {
			return err
		}
		if _, named := slices.BinarySearch(only, label); only == nil || named {
			terms = append(terms, labelTerm(label))
		}
		return nil
	}, "SELECT label FROM permit WHERE domain = $1 AND class = $2", t.domain, class)
	return terms, err
}

func (t *Tx) timeBounds(name string) (map[int64]chunkTimes, error) {
	out := map[int64]chunkTimes{}
	err := t.Each(func(r *sql.Rows) error {
		var c chunkTimes
		err := r.Scan(&c.chunk, &c.low, &c.high)
		out[c.chunk] = c
		return err
	}, "SELECT chunk, low, high FROM posting_time WHERE domain = $1 AND name = $2", t.domain, name)
	return out, err
}

func (t *Tx) timesOf(name string, chunk int64) (c chunkTimes, err error) {
	c.chunk = chunk
	_, err = t.Get([]any{&c.low, &c.high, &c.data},
		"SELECT low, high, data FROM posting_time WHERE domain = $1 AND name = $2 AND chunk = $3", t.domain, name, chunk)
	return c, err
}

// within reports whether a chunk can hold versions of the spans.
func (m *matcher) within(chunk int64) bool {
	for _, s := range m.q.Spans {
		from, to := s.bounds()
		if c := m.times[s.Name][chunk]; c.high < from || c.low > to {
			return false
		}
	}
	return true
}

// sets returns, by chunk, which versions a group holds for; chunks without any
// are left out.
func (t *Tx) sets(g Group, chunks []int64) (map[int64]*bitset, error) {
	terms := slices.Clone(g.Terms)
	for _, l := range g.Labels {
		terms = append(terms, labelTerm(l))
	}
	out, err := t.members(terms, chunks)
	if err != nil {
		return nil, err
	}
	for _, seq := range g.Objects {
		chunk, at := chunkOf(seq)
		if out[chunk] == nil {
			out[chunk] = &bitset{}
		}
		out[chunk].add(at)
	}
	return out, nil
}

// members returns the union of terms by chunk.
func (t *Tx) members(terms, chunks []int64) (map[int64]*bitset, error) {
	out := map[int64]*bitset{}
	if len(terms) == 0 || len(chunks) == 0 {
		return out, nil
	}
	scan := func(r *sql.Rows) error {
		var chunk int64
		var data sql.RawBytes
		if err := r.Scan(&chunk, &data); err != nil {
			return err
		}
		if out[chunk] == nil {
			out[chunk] = &bitset{}
		}
		return out[chunk].unpack(data)
	}
	// The key begins with the chunk: one look for each chunk and term.
	err := t.Each(scan, "SELECT chunk, members FROM posting WHERE domain = $1 AND "+t.AnyInt("chunk", 2)+" AND "+t.AnyInt("term", 3),
		t.domain, t.Ints(chunks), t.Ints(terms))
	return out, err
}

// done reports whether a chunk can change nothing any more.
func (m *matcher) done(chunk int64) bool {
	if m.q.CountTo > 0 && m.count <= m.q.CountTo {
		return false
	}
	if after := m.q.After; !after.IsZero() && m.q.Order == Received {
		if first, _ := chunkOf(after.Seq); (chunk > first && !m.q.Oldest) || (chunk < first && m.q.Oldest) {
			return true
		}
	}
	if len(m.found) <= m.q.Limit {
		return false
	}
	c, last := m.times[m.q.Order][chunk], m.found[len(m.found)-1]
	switch {
	case m.q.Order == Received:
		return true
	case m.q.Oldest:
		return c.low > last.Key
	}
	return c.high < last.Key
}

// eval returns which versions of a chunk are sought.
func (m *matcher) eval(chunk int64) (*bitset, error) {
	at := []int64{chunk}
	all, err := m.t.members(m.base, at)
	if err != nil || all[chunk] == nil {
		return nil, err
	}
	b := all[chunk]
	for _, g := range m.groups {
		b.and(g[chunk])
	}
	old, err := m.t.members([]int64{termOld}, at)
	if err != nil {
		return nil, err
	}
	if old[chunk] != nil {
		b.without(old[chunk])
	}
	for _, s := range m.q.Spans {
		if err := m.span(chunk, s, b); err != nil {
			return nil, err
		}
	}
	return b, m.superseded(chunk, b)
}

// span takes out of b what lies outside s.
func (m *matcher) span(chunk int64, s Span, b *bitset) error {
	from, to := s.bounds()
	if c := m.times[s.Name][chunk]; c.low >= from && c.high <= to {
		return nil
	}
	c, err := m.t.timesOf(s.Name, chunk)
	if err != nil {
		return err
	}
	for at := range b.all(false) {
		if v := c.at(at); v < from || v > to {
			b.remove(at)
		}
	}
	return nil
}

// superseded takes out of b the versions whose newer ones, with other labels,
// the class may see.
func (m *matcher) superseded(chunk int64, b *bitset) error {
	mixed, err := m.t.members([]int64{termMixed}, []int64{chunk})
	if err != nil || mixed[chunk] == nil {
		return err
	}
	mixed[chunk].and(b)
	var seqs []int64
	for at := range mixed[chunk].all(false) {
		seqs = append(seqs, chunk*ChunkSize+int64(at))
	}
	if len(seqs) == 0 {
		return nil
	}
	return m.t.newerReadable(m.q.Class, seqs, func(seq int64) {
		_, at := chunkOf(seq)
		b.remove(at)
	})
}

// newerReadable calls fn for each of the versions seqs of which there is a
// newer one that class may see.
func (t *Tx) newerReadable(class int64, seqs []int64, fn func(seq int64)) error {
	return t.Each(func(r *sql.Rows) error {
		var seq int64
		err := r.Scan(&seq)
		fn(seq)
		return err
	}, `SELECT o.seq FROM object o WHERE o.domain = $1 AND `+t.AnyInt("o.seq", 3)+` AND EXISTS (
		SELECT 1 FROM object_key x CROSS JOIN object n WHERE x.domain = $1 AND x.level IN (0, 1) AND x.hash = o.idhash
		AND n.domain = $1 AND n.seq = x.object AND n.id = o.id AND (n.version, n.seq) > (o.version, o.seq)
		AND ($2 = -1 OR EXISTS (SELECT 1 FROM permit q WHERE q.domain = $1 AND q.class = $2 AND q.label = n.label)))`,
		t.domain, class, t.Ints(seqs))
}

// gather counts what b holds and keeps what belongs to the page.
func (m *matcher) gather(chunk int64, b *bitset) error {
	if b == nil {
		return nil
	}
	m.count += b.count()
	if m.q.Order == Received {
		for at := range b.all(!m.q.Oldest) {
			if len(m.found) > m.q.Limit {
				return nil
			}
			if p := (Place{Seq: chunk*ChunkSize + int64(at)}); m.behind(p) {
				m.found = append(m.found, p)
			}
		}
		return nil
	}
	c, err := m.t.timesOf(m.q.Order, chunk)
	if err != nil {
		return err
	}
	for at := range b.all(!m.q.Oldest) { // mostly the order wanted
		p := Place{c.at(at), chunk*ChunkSize + int64(at)}
		if !m.behind(p) {
			continue
		}
		if n := len(m.found); n > m.q.Limit && m.compare(p, m.found[n-1]) >= 0 {
			continue
		}
		i, _ := slices.BinarySearchFunc(m.found, p, m.compare)
		m.found = slices.Insert(m.found, i, p)
		if len(m.found) > m.q.Limit+1 {
			m.found = m.found[:m.q.Limit+1]
		}
	}
	return nil
}

// compare orders places as the question asks.
func (m *matcher) compare(a, b Place) int {
	c := cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Seq, b.Seq))
	if m.q.Oldest {
		return c
	}
	return -c
}

// behind reports whether p comes after the place the page begins behind.
func (m *matcher) behind(p Place) bool { return m.q.After.IsZero() || m.compare(p, m.q.After) > 0 }

func (m *matcher) result() Matches {
	var out Matches
	n := min(len(m.found), m.q.Limit)
	for _, p := range m.found[:n] {
		out.Seqs = append(out.Seqs, p.Seq)
	}
	if len(m.found) > m.q.Limit {
		out.Next = m.found[n-1]
	}
	out.Count, out.More = min(m.count, m.q.CountTo), m.q.CountTo > 0 && m.count > m.q.CountTo
	return out
}
