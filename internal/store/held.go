package store

import (
	"database/sql"

	"twoseas/internal/base/ident"
)

// HeldGroup says how many items of one label and type are in one state.
type HeldGroup struct {
	Label  int64
	Type   string
	Count  int64
	Oldest int64 // number of the first
}

// HeldGroups counts the items of a channel in a state, as far as class may see
// them, by label and type. Every page asks for it, so what a class may see is
// looked up once a group.
func (t *Tx) HeldGroups(channel int64, state string, class int64) (out []HeldGroup, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var g HeldGroup
		err := r.Scan(&g.Label, &g.Type, &g.Count, &g.Oldest)
		out = append(out, g)
		return err
	}, `SELECT g.label, g.type, g.n, g.oldest FROM (
			SELECT q.label, q.type, COUNT(*) AS n, MIN(q.object) AS oldest FROM held q
			WHERE q.domain = $1 AND q.channel = $2 AND q.state = $3 GROUP BY q.label, q.type
		) AS g WHERE $4 = -1 OR EXISTS (SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $4 AND p.label = g.label)
		ORDER BY g.label, g.type`, t.domain, channel, state, class)
	return out, err
}

// HeldCollection says how many items of a label are in one collection.
type HeldCollection struct {
	Collection int64 // its short number
	Label      int64
	Count      int64
}

// HeldCollections is HeldGroups by collection and label. An item in two
// collections counts in both, one in none nowhere.
func (t *Tx) HeldCollections(channel int64, state string, class int64) (out []HeldCollection, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var g HeldCollection
		err := r.Scan(&g.Collection, &g.Label, &g.Count)
		out = append(out, g)
		return err
	}, `SELECT m.collection, q.label, COUNT(DISTINCT q.object) FROM held q CROSS JOIN member m
		WHERE q.domain = $1 AND q.channel = $2 AND q.state = $3 AND m.domain = $1 AND m.object = q.object
		AND ($4 = -1 OR EXISTS (SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $4 AND p.label = q.label))
		GROUP BY m.collection, q.label ORDER BY m.collection, q.label`, t.domain, channel, state, class)
	return out, err
}

// HeldQuery asks for items of a channel in a state.
type HeldQuery struct {
	Channel    int64
	State      string
	Labels     []int64
	Type       string // "" for any
	Collection int64  // short number, 0 for any
	Class      int64
	After      int64 // number of the last item of the page before
	Limit      int
}

// Held returns the numbers of the items that q asks for, in order of arrival.
func (t *Tx) Held(q HeldQuery) (out []int64, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		out = append(out, n)
		return err
	}, `SELECT q.object FROM held q
		WHERE q.domain = $1 AND q.channel = $2 AND q.state = $3 AND q.object > $5 AND ($6 = '' OR q.type = $6)
		AND ($7 = -1 OR EXISTS (SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $7 AND p.label = q.label))
		AND ($8 = 0 OR EXISTS (SELECT 1 FROM member m WHERE m.domain = $1 AND m.object = q.object AND m.collection = $8))
		AND `+t.AnyInt("q.label", 4)+` ORDER BY q.object LIMIT $9 + 0`,
		t.domain, q.Channel, q.State, t.Ints(q.Labels), q.After, q.Type, q.Class, q.Collection, int64(q.Limit))
	return out, err
}

// addHeld puts items that have just begun to wait into held, unless they are.
func (t *Tx) addHeld(channel int64, objects []int64) error {
	_, err := t.Exec(`INSERT INTO held (domain, channel, state, label, type, object)
		SELECT $1, $2, h.state, o.label, o.type, h.object FROM hold h CROSS JOIN object o
		WHERE h.domain = $1 AND h.channel = $2 AND h.state = $4 AND o.domain = $1 AND o.seq = h.object
		AND `+t.AnyInt("h.object", 3)+` ON CONFLICT DO NOTHING`,
		t.domain, channel, t.Ints(objects), HoldWaiting)
	return err
}

// moveHeld follows a change of state of one item.
func (t *Tx) moveHeld(channel, object int64, state string) error {
	if err := t.dropHeld(channel, object); err != nil || state == HoldReleased {
		return err
	}
	_, err := t.Exec(`INSERT INTO held (domain, channel, state, label, type, object)
		SELECT $1, $2, $4, o.label, o.type, o.seq FROM object o WHERE o.domain = $1 AND o.seq = $3 AND o.type <> 'erased'`,
		t.domain, channel, object, state)
	return err
}

// dropHeld takes an item out of held, whatever its state. It must run before
// the object is erased: its label and type lead to the rows.
func (t *Tx) dropHeld(channel, object int64) error {
	var label int64
	var typ string
	found, err := t.Get([]any{&label, &typ}, "SELECT label, type FROM object WHERE domain = $1 AND seq = $2", t.domain, object)
	if err != nil || !found {
		return err
	}
	_, err = t.Exec(`DELETE FROM held WHERE domain = $1 AND channel = $2 AND state IN ('waiting', 'refused')
		AND label = $3 AND type = $4 AND object = $5`, t.domain, channel, label, typ, object)
	return err
}

// Lift ends the waiting of every item of a label on a channel: it may leave
// without officers now.
func (t *Tx) Lift(channel, label int64) error {
	if _, err := t.Exec(`UPDATE hold SET state = $4 WHERE domain = $1 AND channel = $2 AND state = $5 AND object IN (
			SELECT q.object FROM held q WHERE q.domain = $1 AND q.channel = $2 AND q.state = $5 AND q.label = $3)`,
		t.domain, channel, label, HoldReleased, HoldWaiting); err != nil {
		return err
	}
	_, err := t.Exec("DELETE FROM held WHERE domain = $1 AND channel = $2 AND state = $4 AND label = $3",
		t.domain, channel, label, HoldWaiting)
	return err
}

// Signed counts the waiting items of a channel with one of labels whose present
// bytes an officer has approved already.
func (t *Tx) Signed(channel, class int64, officer string, labels []int64) (n int64, err error) {
	_, err = t.Get([]any{&n}, `SELECT COUNT(*) FROM held q
		CROSS JOIN hold h CROSS JOIN approval a
		WHERE q.domain = $1 AND q.channel = $2 AND q.state = 'waiting'
		AND h.domain = $1 AND h.channel = $2 AND h.object = q.object
		AND a.domain = $1 AND a.channel = $2 AND a.object = q.object AND a.officer = $3
		AND a.digest = h.digest AND a.verdict <> 'refuse'
		AND ($4 = -1 OR EXISTS (SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $4 AND p.label = q.label))
		AND `+t.AnyInt("q.label", 5),
		t.domain, channel, officer, class, t.Ints(labels))
	return n, err
}

// Word is what one officer said of one held item, in the order it was said.
type Word struct {
	N                        int64
	Officer, Verdict, Reason string
	Digest                   ident.Digest
	At                       int64
}

// AddWord keeps what was said for good.
func (t *Tx) AddWord(channel, object int64, a Approval) error {
	_, err := t.Exec(`INSERT INTO hold_word (domain, channel, object, n, officer, digest, verdict, reason, at)
		SELECT $1, $2, $3, COUNT(*) + 1, $4, $5, $6, $7, $8 FROM hold_word w WHERE w.domain = $1 AND w.channel = $2 AND w.object = $3`,
		t.domain, channel, object, a.Officer, a.Digest[:], a.Verdict, a.Reason, t.now)
	return err
}

// Words returns everything that was said of a held item, oldest first.
func (t *Tx) Words(channel, object int64) (out []Word, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var w Word
		var digest sql.RawBytes
		if err := r.Scan(&w.N, &w.Officer, &w.Verdict, &w.Reason, &digest, &w.At); err != nil {
			return err
		}
		copy(w.Digest[:], digest)
		out = append(out, w)
		return nil
	}, `SELECT n, officer, verdict, reason, digest, at FROM hold_word
		WHERE domain = $1 AND channel = $2 AND object = $3 ORDER BY n`, t.domain, channel, object)
	return out, err
}

// ForgetApprovals ends the effect of what officers said of an item; Words
// keeps it.
func (t *Tx) ForgetApprovals(channel, object int64) error {
	_, err := t.Exec("DELETE FROM approval WHERE domain = $1 AND channel = $2 AND object = $3", t.domain, channel, object)
	return err
}
