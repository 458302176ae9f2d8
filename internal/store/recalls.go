package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// Recall is one act of calling back: this side's (Out), or a partner's (In).
type Recall struct {
	ID        string // UUID, the same at both nodes
	N         int64  // in order of arrival, set by AddRecall
	Direction string
	Kind      string
	Code      string
	Reason    string
	Home      string // what became of the objects here, of one's own
	Carries   string // the act of another side that this one carries on, or ""
	Account   string // who, of one's own
	Until     int64
	At        int64
	Lifted    int64
	Spill     bool
}

const recallColumns = "r.id, r.n, r.direction, r.kind, r.code, r.reason, r.home, r.carries, r.account, r.until, r.at, r.lifted, r.spill"

func scanRecall(r *sql.Rows, more ...any) (c Recall, err error) {
	var spill int64
	err = r.Scan(append([]any{&c.ID, &c.N, &c.Direction, &c.Kind, &c.Code, &c.Reason, &c.Home, &c.Carries, &c.Account, &c.Until, &c.At, &c.Lifted, &spill}, more...)...)
	c.Spill = spill != 0
	return c, err
}

// AddRecall stores an act unless it is there, and sets its N and At.
func (t *Tx) AddRecall(c *Recall) (err error) {
	if c.N, err = take(t.Tx, "recall", 1); err != nil {
		return err
	}
	c.At = t.now
	spill := int64(0)
	if c.Spill {
		spill = 1
	}
	t.Notify(TopicRecall)
	_, err = t.Exec(`INSERT INTO recall (domain, id, n, direction, kind, code, reason, home, carries, account, until, at, lifted, spill)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13) ON CONFLICT DO NOTHING`,
		t.domain, c.ID, c.N, c.Direction, c.Kind, c.Code, c.Reason, c.Home, c.Carries, c.Account, c.Until, c.At, spill)
	return err
}

// Recall returns one act, or fault.NotFound.
func (t *Tx) Recall(id string) (c Recall, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) (err error) {
		found = true
		c, err = scanRecall(r)
		return err
	}, "SELECT "+recallColumns+" FROM recall r WHERE r.domain = $1 AND r.id = $2", t.domain, id)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "there is no such recall")
	}
	return c, err
}

// LiftRecall records that the originator has taken it back.
func (t *Tx) LiftRecall(id string) error {
	t.Notify(TopicRecall)
	_, err := t.Exec("UPDATE recall SET lifted = $3 WHERE domain = $1 AND id = $2", t.domain, id, t.now)
	return err
}

// RecallSum is one act with the sums of its messages.
type RecallSum struct {
	Recall
	Items, Parts, Open int64
}

// RecallQuery asks for acts, newest first.
type RecallQuery struct {
	Direction string // "" for both
	Open      bool   // only what is open
	Channel   int64  // 0 for any
	Object    string // that name this id; "" for any
	Before    int64  // N of the last one of the page before; 0 for the first
	Limit     int
}

// Recalls returns the acts q asks for.
func (t *Tx) Recalls(q RecallQuery) (out []RecallSum, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var s RecallSum
		var err error
		s.Recall, err = scanRecall(r, &s.Items, &s.Parts, &s.Open)
		out = append(out, s)
		return err
	}, "SELECT "+recallColumns+`,
			(SELECT COALESCE(SUM(p.items), 0) FROM recall_part p WHERE p.domain = $1 AND p.recall = r.id),
			(SELECT COUNT(*) FROM recall_part p WHERE p.domain = $1 AND p.recall = r.id),
			(SELECT COUNT(*) FROM recall_part p WHERE p.domain = $1 AND p.recall = r.id AND p.open = 1)
		FROM recall r WHERE r.domain = $1 AND ($2 = '' OR r.direction = $2) AND ($3 = 0 OR r.n < $3)
		AND ($4 = 0 OR EXISTS (SELECT 1 FROM recall_part p WHERE p.domain = $1 AND p.recall = r.id AND p.channel = $4))
		AND ($5 = 0 OR EXISTS (SELECT 1 FROM recall_part p WHERE p.domain = $1 AND p.recall = r.id AND p.open = 1))
		AND ($6 = '' OR EXISTS (SELECT 1 FROM recall_id i CROSS JOIN recall_part p WHERE i.domain = $1 AND i.hash = $7 AND i.id = $6
			AND p.domain = $1 AND p.message = i.message AND p.recall = r.id))
		ORDER BY r.n DESC LIMIT $8 + 0`,
		t.domain, q.Direction, q.Before, q.Channel, flag(q.Open), q.Object, keyHash(q.Object), int64(q.Limit))
	return out, err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// RecallPart is one message of an act, on one channel.
type RecallPart struct {
	Message, Recall string
	Channel, Part   int64
	Items           int64
	Object          int64 // the stored message
	Open            bool
	At, Answered    int64
	Reply           string // id of the answer
	Answer          []byte // as it came last; empty while there is none
}

const partColumns = "p.message, p.recall, p.channel, p.part, p.items, p.object, p.open, p.at, p.answered, p.reply, p.answer"

func scanPart(r *sql.Rows) (p RecallPart, err error) {
	var open int64
	err = r.Scan(&p.Message, &p.Recall, &p.Channel, &p.Part, &p.Items, &p.Object, &open, &p.At, &p.Answered, &p.Reply, &p.Answer)
	p.Open = open != 0
	return p, err
}

// SaveRecallPart stores a message and how far its answer is, in place of what
// was known of it.
func (t *Tx) SaveRecallPart(p RecallPart) error {
	if p.Answer == nil {
		p.Answer = []byte{}
	}
	t.Notify(TopicRecall)
	_, err := t.Exec(`INSERT INTO recall_part (domain, message, recall, channel, part, items, object, open, at, answered, reply, answer)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (domain, message) DO UPDATE SET object = $7, open = $8, answered = $10, reply = $11, answer = $12`,
		t.domain, p.Message, p.Recall, p.Channel, p.Part, p.Items, p.Object, flag(p.Open), t.now, p.Answered, p.Reply, p.Answer)
	return err
}

// RecallPart returns one message, or fault.NotFound.
func (t *Tx) RecallPart(message string) (p RecallPart, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) (err error) {
		found = true
		p, err = scanPart(r)
		return err
	}, "SELECT "+partColumns+" FROM recall_part p WHERE p.domain = $1 AND p.message = $2", t.domain, message)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "no such recall was sent")
	}
	return p, err
}

// RecallParts returns the messages of an act, by channel and part.
func (t *Tx) RecallParts(recall string) (out []RecallPart, err error) {
	err = t.Each(func(r *sql.Rows) error {
		p, err := scanPart(r)
		out = append(out, p)
		return err
	}, "SELECT "+partColumns+" FROM recall_part p WHERE p.domain = $1 AND p.recall = $2 ORDER BY p.channel, p.part", t.domain, recall)
	return out, err
}

// OpenParts returns at most limit messages of partners whose answer says that
// something here is still to be done, oldest first.
func (t *Tx) OpenParts(limit int) (out []RecallPart, err error) {
	err = t.Each(func(r *sql.Rows) error {
		p, err := scanPart(r)
		out = append(out, p)
		return err
	}, "SELECT "+partColumns+` FROM recall_part p CROSS JOIN recall r
		WHERE p.domain = $1 AND p.open = 1 AND r.domain = $1 AND r.id = p.recall AND r.direction = $2
		ORDER BY p.at, p.message LIMIT $3 + 0`, t.domain, In, int64(limit))
	return out, err
}

// OpenRecall is a message that has no full answer yet.
type OpenRecall struct {
	Recall, Direction string
	Channel           int64
	Asked             int64 // when the act was
	Items             int64
}

// OpenRecalls returns the acts that are open, with each channel they are open
// on, oldest first; at most limit.
func (t *Tx) OpenRecalls(limit int) (out []OpenRecall, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var o OpenRecall
		err := r.Scan(&o.Recall, &o.Direction, &o.Channel, &o.Asked, &o.Items)
		out = append(out, o)
		return err
	}, `SELECT p.recall, r.direction, p.channel, MIN(p.at), SUM(p.items) FROM recall_part p CROSS JOIN recall r
		WHERE p.domain = $1 AND p.open = 1 AND r.domain = $1 AND r.id = p.recall
		GROUP BY p.recall, r.direction, p.channel ORDER BY MIN(p.at), p.recall LIMIT $2 + 0`, t.domain, int64(limit))
	return out, err
}

var recallIDBulk = db.MustBulk("recall_id", "ON CONFLICT DO NOTHING",
	"domain bigint", "hash bigint", "message text", "id text", "by_id text")

// AddRecallIDs records the ids a message names; by says what takes the place of
// which.
func (t *Tx) AddRecallIDs(message string, ids []string, by map[string]string) error {
	return t.Insert(recallIDBulk, len(ids), func(i int, a []any) {
		a[0], a[1], a[2], a[3], a[4] = t.domain, keyHash(ids[i]), message, ids[i], by[ids[i]]
	})
}

// RecallID is one id that a message names, and what takes its place.
type RecallID struct{ ID, By string }

// RecallIDs returns at most limit ids of a message after one, in order.
func (t *Tx) RecallIDs(message, after string, limit int) (out []RecallID, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var i RecallID
		err := r.Scan(&i.ID, &i.By)
		out = append(out, i)
		return err
	}, "SELECT id, by_id FROM recall_id WHERE domain = $1 AND message = $2 AND id > $3 ORDER BY id LIMIT $4 + 0", t.domain, message, after, int64(limit))
	return out, err
}

// StandingRecall is a recall that stands for an id.
type StandingRecall struct {
	ID, By, Message, Recall, Kind string
	Channel, Until                int64
}

// RecallsOn returns the recalls of one direction on a channel that are not
// lifted and name one of ids, by id.
func (t *Tx) RecallsOn(channel int64, direction string, ids []string) (map[string][]StandingRecall, error) {
	hashes := make([]int64, len(ids))
	want := make(map[string]bool, len(ids))
	for i, id := range ids {
		hashes[i], want[id] = keyHash(id), true
	}
	out := map[string][]StandingRecall{}
	err := t.Each(func(r *sql.Rows) error {
		s := StandingRecall{Channel: channel}
		if err := r.Scan(&s.ID, &s.By, &s.Message, &s.Recall, &s.Kind, &s.Until); err != nil {
			return err
		}
		if want[s.ID] {
			out[s.ID] = append(out[s.ID], s)
		}
		return nil
	}, `SELECT i.id, i.by_id, i.message, p.recall, r.kind, r.until FROM recall_id i CROSS JOIN recall_part p CROSS JOIN recall r
		WHERE i.domain = $1 AND `+t.AnyInt("i.hash", 2)+` AND p.domain = $1 AND p.message = i.message AND p.channel = $3
		AND r.domain = $1 AND r.id = p.recall AND r.direction = $4 AND r.lifted = 0 ORDER BY r.n, i.id`,
		t.domain, t.Ints(hashes), channel, direction)
	return out, err
}

// AnyRecallOn reports whether a recall of a direction was ever on a channel.
func (t *Tx) AnyRecallOn(channel int64, direction string) (bool, error) {
	var one int64
	return t.Get([]any{&one}, `SELECT 1 FROM recall r WHERE r.domain = $1 AND r.direction = $3
		AND EXISTS (SELECT 1 FROM recall_part p WHERE p.domain = $1 AND p.recall = r.id AND p.channel = $2) LIMIT 1`, t.domain, channel, direction)
}

// Carrying returns the acts that carry on a message of another side.
func (t *Tx) Carrying(message string) (out []Recall, err error) {
	err = t.Each(func(r *sql.Rows) error {
		c, err := scanRecall(r)
		out = append(out, c)
		return err
	}, "SELECT "+recallColumns+" FROM recall r WHERE r.domain = $1 AND r.carries = $2 AND r.carries <> '' ORDER BY r.n", t.domain, message)
	return out, err
}

// RecallFlow counts the ids that acts not lifted called back on a channel since
// a time, sent and received.
func (t *Tx) RecallFlow(channel, since int64) (out, in int64, err error) {
	_, err = t.Get([]any{&out, &in}, `SELECT
			CAST(COALESCE(SUM(CASE WHEN r.direction = 'out' THEN p.items ELSE 0 END), 0) AS BIGINT),
			CAST(COALESCE(SUM(CASE WHEN r.direction = 'in' THEN p.items ELSE 0 END), 0) AS BIGINT)
		FROM recall r CROSS JOIN recall_part p WHERE r.domain = $1 AND r.lifted = 0 AND r.at >= $3
		AND p.domain = $1 AND p.recall = r.id AND p.channel = $2`, t.domain, channel, since)
	return out, in, err
}
