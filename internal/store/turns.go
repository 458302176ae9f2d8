package store

import (
	"database/sql"
	"slices"

	"twoseas/internal/base/fault"
	"twoseas/internal/store/db"
)

// TopicTurn tells that something ends or begins earlier than was known: an
// embargo, an expiry.
const TopicTurn = "turn"

// Turn is a label whose embargo or validity ends at an instant.
type Turn struct{ At, Label int64 }

// AddTurns notes the instants from now on at which label begins or ends to
// mean what it says.
func (t *Tx) AddTurns(label int64, instants []int64) error {
	for _, at := range instants {
		if at < t.now {
			continue
		}
		if _, err := t.Exec("INSERT INTO turn (domain, at, label) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", t.domain, at, label); err != nil {
			return err
		}
		t.Notify(TopicTurn)
	}
	return nil
}

// TakeTurns returns the labels whose instants have come, and forgets them.
func (t *Tx) TakeTurns() (out []Turn, err error) {
	if err := t.Each(func(r *sql.Rows) error {
		var x Turn
		err := r.Scan(&x.At, &x.Label)
		out = append(out, x)
		return err
	}, "SELECT at, label FROM turn WHERE domain = $1 AND at <= $2 ORDER BY at, label", t.domain, t.now); err != nil || len(out) == 0 {
		return nil, err
	}
	_, err = t.Exec("DELETE FROM turn WHERE domain = $1 AND at <= $2", t.domain, t.now)
	return out, err
}

// NextTurn returns the earliest instant of a turn or lapse, 0 when there is
// none.
func (t *Tx) NextTurn() (at int64, err error) {
	for _, table := range [...]string{"turn", "lapse"} {
		var n int64
		found, err := t.Get([]any{&n}, "SELECT at FROM "+table+" WHERE domain = $1 ORDER BY at LIMIT 1", t.domain)
		if err != nil {
			return 0, err
		}
		if found && (at == 0 || n < at) {
			at = n
		}
	}
	return at, nil
}

var lapseBulk = db.MustBulk("lapse", "ON CONFLICT DO NOTHING", "domain bigint", "at bigint", "object bigint")

// Lapse is a version that lapses at an instant.
type Lapse struct{ At, Object int64 }

// AddLapses notes when versions lapse.
func (t *Tx) AddLapses(lapses []Lapse) error {
	if len(lapses) == 0 {
		return nil
	}
	first := slices.MinFunc(lapses, func(a, b Lapse) int { return int(min(1, max(-1, a.At-b.At))) })
	next, err := t.NextTurn()
	if err != nil {
		return err
	}
	if next == 0 || first.At < next {
		t.Notify(TopicTurn)
	}
	return t.Insert(lapseBulk, len(lapses), func(i int, a []any) {
		a[0], a[1], a[2] = t.domain, lapses[i].At, lapses[i].Object
	})
}

// Lapsing returns at most limit versions whose time has come, the longest due
// first.
func (t *Tx) Lapsing(limit int) (out []Lapse, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var l Lapse
		err := r.Scan(&l.At, &l.Object)
		out = append(out, l)
		return err
	}, "SELECT at, object FROM lapse WHERE domain = $1 AND at <= $2 ORDER BY at, object LIMIT $3 + 0", t.domain, t.now, int64(limit))
	return out, err
}

// DropLapse forgets that a version lapses.
func (t *Tx) DropLapse(l Lapse) error {
	_, err := t.Exec("DELETE FROM lapse WHERE domain = $1 AND at = $2 AND object = $3", t.domain, l.At, l.Object)
	return err
}

// Repermit works out again who may see label, which means the same as before.
func (t *Tx) Repermit(label int64, may func(clearance string) bool) error {
	if _, err := t.Exec("DELETE FROM permit WHERE domain = $1 AND label = $2", t.domain, label); err != nil {
		return err
	}
	return t.permitLabel(label, may)
}

// Unhold takes what waits for officers under label, on any channel, out of
// their queues: it may not leave any more.
func (t *Tx) Unhold(label int64) error {
	channels, err := t.Channels()
	if err != nil {
		return err
	}
	for _, c := range channels {
		if _, err := t.Exec(`DELETE FROM hold WHERE domain = $1 AND channel = $2 AND state = $4 AND object IN (
				SELECT q.object FROM held q WHERE q.domain = $1 AND q.channel = $2 AND q.state = $4 AND q.label = $3)`,
			t.domain, c.ID, label, HoldWaiting); err != nil {
			return err
		}
		if _, err := t.Exec("DELETE FROM held WHERE domain = $1 AND channel = $2 AND state = $4 AND label = $3",
			t.domain, c.ID, label, HoldWaiting); err != nil {
			return err
		}
	}
	return nil
}

// Move gives the version numbered seq another label, wherever its present one
// stands: also where it is found by and where it waits. Returns fault.NotFound
// when there is no such version.
func (t *Tx) Move(seq, label int64) error {
	m := moved{seq: seq, to: label}
	found, err := t.Get([]any{&m.id, &m.from, &m.typ}, "SELECT id, label, type FROM object WHERE domain = $1 AND seq = $2", t.domain, seq)
	if err != nil || m.from == label {
		return err
	}
	if !found {
		return fault.New(fault.NotFound, "no such object")
	}
	if err := t.moveWaiting(m); err != nil {
		return err
	}
	return t.Relabel(Move{Seq: seq, ID: m.id, From: m.from, To: label})
}

// moved is a version on its way from one label to another.
type moved struct {
	seq, from, to int64
	id, typ       string
}

// moveWaiting takes a version out of the officers' queues: it waits there anew
// if its new label says so.
func (t *Tx) moveWaiting(m moved) error {
	channels, err := t.Channels()
	if err != nil {
		return err
	}
	for _, c := range channels {
		if _, err := t.Exec(`DELETE FROM held WHERE domain = $1 AND channel = $2 AND state = $3 AND label = $4 AND type = $5 AND object = $6`,
			t.domain, c.ID, HoldWaiting, m.from, m.typ, m.seq); err != nil {
			return err
		}
		if _, err := t.Exec("DELETE FROM hold WHERE domain = $1 AND channel = $2 AND object = $3 AND state = $4",
			t.domain, c.ID, m.seq, HoldWaiting); err != nil {
			return err
		}
		if _, err := t.Exec(`UPDATE held SET label = $7 WHERE domain = $1 AND channel = $2 AND state = $3 AND label = $4 AND type = $5 AND object = $6`,
			t.domain, c.ID, HoldRefused, m.from, m.typ, m.seq, m.to); err != nil {
			return err
		}
	}
	return nil
}
