package store

import (
	"cmp"
	"database/sql"
	"maps"
	"slices"
)

// Move gives one version another label.
type Move struct {
	Seq      int64
	ID       string
	From, To int64
}

type pair struct{ from, to int64 }

// byPair groups versions by their two labels.
func byPair(moves []Move) map[pair][]int64 {
	out := map[pair][]int64{}
	for _, m := range moves {
		out[pair{m.From, m.To}] = append(out[pair{m.From, m.To}], m.Seq)
	}
	return out
}

// RelabelAll gives versions other labels wherever they are looked for: in the
// store, in the figures of the labels, among what waits for officers and in
// the index. What is a member of collections is MoveMembers' to move.
func (t *Tx) RelabelAll(moves []Move) error {
	groups := byPair(moves)
	for _, p := range slices.SortedFunc(maps.Keys(groups), func(a, b pair) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) }) {
		if err := t.relabelSome(p, groups[p]); err != nil {
			return err
		}
	}
	return t.movePostings(moves)
}

func (t *Tx) relabelSome(p pair, seqs []int64) error {
	list := t.Ints(seqs)
	var n, size int64
	if _, err := t.Get([]any{&n, &size}, "SELECT COUNT(*), COALESCE(SUM(LENGTH(body)), 0) FROM object WHERE domain = $1 AND label + 0 = $2 AND "+t.AnyInt("seq", 3),
		t.domain, p.from, list); err != nil || n == 0 {
		return err
	}
	// several has whoever indexes them later look at the label once more.
	if _, err := t.Exec("UPDATE object SET label = $3, several = TRUE WHERE domain = $1 AND label + 0 = $2 AND "+t.AnyInt("seq", 4),
		t.domain, p.from, p.to, list); err != nil {
		return err
	}
	if err := t.CountLabel(p.from, -n, -size); err != nil {
		return err
	}
	if err := t.CountLabel(p.to, n, size); err != nil {
		return err
	}
	channels, err := t.Channels()
	if err != nil {
		return err
	}
	for _, c := range channels {
		for _, state := range []string{HoldWaiting, HoldRefused} {
			if _, err := t.Exec("UPDATE held SET label = $5 WHERE domain = $1 AND channel = $2 AND state = $3 AND label = $4 AND "+t.AnyInt("object", 6),
				t.domain, c.ID, state, p.from, p.to, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// movePostings has the index find versions under their new labels.
func (t *Tx) movePostings(moves []Move) error {
	upTo, err := t.Indexed()
	if err != nil {
		return err
	}
	moves = slices.DeleteFunc(slices.Clone(moves), func(m Move) bool { return m.Seq < 1 || m.Seq > upTo || m.From == m.To })
	if len(moves) == 0 {
		return nil
	}
	slices.SortFunc(moves, func(a, b Move) int { return cmp.Compare(a.Seq, b.Seq) })
	changes := changes{}
	ids := make([]string, 0, len(moves))
	for _, m := range moves {
		changes.clear(m.Seq, labelTerm(m.From))
		changes.set(m.Seq, labelTerm(m.To))
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	standings, err := t.standingsOf(slices.Compact(ids), upTo)
	if err != nil {
		return err
	}
	changes.stand(standings)
	return t.applyChanges(changes)
}

// MemberOf says that a version is a member of a collection.
type MemberOf struct {
	Collection, Object, Added int64
}

// MembersOf returns where versions are members, by collection and date-added.
func (t *Tx) MembersOf(seqs []int64) (out []MemberOf, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var m MemberOf
		err := r.Scan(&m.Collection, &m.Object, &m.Added)
		out = append(out, m)
		return err
	}, "SELECT m.collection, m.object, m.added FROM member m WHERE m.domain = $1 AND "+t.AnyInt("m.object", 2)+" ORDER BY m.collection, m.added",
		t.domain, t.Ints(seqs))
	return out, err
}

// MoveMembers gives versions their new labels also where they are members of
// collections; the dates stay.
func (t *Tx) MoveMembers(moves []Move) error {
	for p, seqs := range byPair(moves) {
		if _, err := t.Exec("UPDATE member SET label = $3 WHERE domain = $1 AND label + 0 = $2 AND "+t.AnyInt("object", 4),
			t.domain, p.from, p.to, t.Ints(seqs)); err != nil {
			return err
		}
	}
	return nil
}

// Refresh gives members of collections dates-added of their own, later than
// all before, in the order given, and works out anew which version of their
// ids is the newest.
func (t *Tx) Refresh(members []MemberOf, ids map[int64]string) error {
	settle := map[int64]map[string]bool{}
	for _, m := range members {
		var last int64
		if _, err := t.Get([]any{&last}, `
			UPDATE collection SET last_added = CASE WHEN last_added >= $3 THEN last_added ELSE $3 - 1 END + 1
			WHERE domain = $1 AND n = $2 RETURNING last_added`, t.domain, m.Collection, t.now); err != nil {
			return err
		}
		if _, err := t.Exec("UPDATE member SET added = $4 WHERE domain = $1 AND collection = $2 AND added = $3",
			t.domain, m.Collection, m.Added, last); err != nil {
			return err
		}
		if settle[m.Collection] == nil {
			settle[m.Collection] = map[string]bool{}
		}
		settle[m.Collection][ids[m.Object]] = true
	}
	for _, c := range slices.Sorted(maps.Keys(settle)) {
		for _, id := range slices.Sorted(maps.Keys(settle[c])) {
			if err := t.resettle(c, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// DropMembers takes versions out of every collection. Which of the others is
// the newest is for Refresh to work out.
func (t *Tx) DropMembers(seqs []int64) error {
	_, err := t.Exec("DELETE FROM member WHERE domain = $1 AND "+t.AnyInt("object", 2), t.domain, t.Ints(seqs))
	return err
}

// Detain takes versions that have not left yet off every release list, and
// from before the officers, and forgets what was approved of them. It returns
// how many waited for either.
func (t *Tx) Detain(seqs []int64) (waited int64, err error) {
	channels, err := t.Channels()
	if err != nil {
		return 0, err
	}
	for _, c := range channels {
		n, err := t.DetainFrom(c, seqs)
		if err != nil {
			return 0, err
		}
		waited += n
	}
	return waited, nil
}

// DetainFrom is Detain for one channel.
func (t *Tx) DetainFrom(c Channel, seqs []int64) (waited int64, err error) {
	list := t.Ints(seqs)
	queued, err := t.Exec("DELETE FROM release WHERE domain = $1 AND channel + 0 = $2 AND n > $3 AND "+t.AnyInt("object", 4), t.domain, c.ID, c.Shipped, list)
	if err != nil {
		return 0, err
	}
	held, err := t.Exec("DELETE FROM held WHERE domain = $1 AND channel = $2 AND state IN ('waiting', 'refused') AND "+t.AnyInt("object", 3), t.domain, c.ID, list)
	if err != nil || queued+held == 0 {
		return 0, err
	}
	for _, statement := range []string{
		"DELETE FROM approval WHERE domain = $1 AND channel = $2 AND NOT EXISTS (SELECT 1 FROM release r WHERE r.domain = $1 AND r.channel + 0 = $2 AND r.object = approval.object) AND ",
		"DELETE FROM hold WHERE domain = $1 AND channel = $2 AND NOT EXISTS (SELECT 1 FROM release r WHERE r.domain = $1 AND r.channel + 0 = $2 AND r.object = hold.object) AND ",
	} {
		if _, err := t.Exec(statement+t.AnyInt("object", 3), t.domain, c.ID, list); err != nil {
			return 0, err
		}
	}
	return queued + held, nil
}
