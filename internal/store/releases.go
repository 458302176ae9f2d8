package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/store/db"
)

// Queue puts the versions numbered from..to whose label is one of labels on
// channel's release list, in order of arrival, leaving out those already on
// it. It returns how many joined.
//
// The sum keeps the planner off the key (domain, channel, n), which a table it
// knows nothing of yet seems to serve as well as release_object does: PostgreSQL
// then read the whole list for each object.
func (t *Tx) Queue(channel, from, to int64, labels []int64) (int64, error) {
	if len(labels) == 0 || from > to {
		return 0, nil
	}
	base, err := t.queued(channel)
	if err != nil {
		return 0, err
	}
	last, err := t.LastObject()
	if err != nil {
		return 0, err
	}
	to = min(to, last)
	joined := int64(0)
	for ; from <= to; from += queueStep {
		n, err := t.Exec(`INSERT INTO release (domain, channel, n, object, approved)
			SELECT $1, $2, $3 + row_number() OVER (ORDER BY o.seq), o.seq, 0
			FROM object o WHERE o.domain = $1 AND o.seq >= $4 AND o.seq <= $5 AND `+t.AnyInt("o.label", 6)+`
			AND o.type <> 'erased'
			AND NOT EXISTS (SELECT 1 FROM release r WHERE r.domain = $1 AND r.object = o.seq AND r.channel + 0 = $2)`,
			t.domain, channel, base+joined, from, min(to, from+queueStep-1), t.Ints(labels))
		if err != nil {
			return 0, err
		}
		joined += n
	}
	if joined == 0 {
		return 0, nil
	}
	if err := t.joined(channel, base+1, base+joined); err != nil {
		return 0, err
	}
	return joined, t.setQueued(channel, base+joined)
}

// queueStep is how many versions one statement puts on a list: it numbers
// them in memory.
const queueStep = 1 << 15

// QueueOne puts one version on the release list with the number of approvals
// it has; it does nothing when it is there already.
func (t *Tx) QueueOne(channel, object int64, approved int) error {
	base, err := t.queued(channel)
	if err != nil {
		return err
	}
	n, err := t.Exec(`INSERT INTO release (domain, channel, n, object, approved)
		SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (
			SELECT 1 FROM release r WHERE r.domain = $1 AND r.object = $4 AND r.channel = $2)`,
		t.domain, channel, base+1, object, int64(approved))
	if err != nil || n == 0 {
		return err
	}
	if err := t.joined(channel, base+1, base+1); err != nil {
		return err
	}
	return t.setQueued(channel, base+1)
}

// Unqueue takes the entry numbered n, which was not shipped, off the release
// list, so that the object can join it again. What officers had released
// waits for them anew.
func (t *Tx) Unqueue(channel int64, e Release) error {
	if _, err := t.Exec("DELETE FROM release WHERE domain = $1 AND channel = $2 AND n = $3", t.domain, channel, e.N); err != nil {
		return err
	}
	n, err := t.Exec("UPDATE hold SET state = $4 WHERE domain = $1 AND channel = $2 AND object = $3 AND state = $5",
		t.domain, channel, e.Seq, HoldWaiting, HoldReleased)
	if err != nil || n == 0 {
		return err
	}
	return t.moveHeld(channel, e.Seq, HoldWaiting)
}

func (t *Tx) queued(channel int64) (n int64, err error) {
	_, err = t.Get([]any{&n}, "SELECT queued FROM channel WHERE domain = $1 AND id = $2", t.domain, channel)
	return n, err
}

func (t *Tx) setQueued(channel, n int64) error {
	t.Notify(TopicRelease)
	_, err := t.Exec("UPDATE channel SET queued = $3 WHERE domain = $1 AND id = $2", t.domain, channel, n)
	return err
}

// Release is one entry of a release list.
type Release struct {
	N        int64
	Approved int
	Object
}

// Releases calls fn for the entries after n, in order, until fn returns
// db.Stop.
func (t *Tx) Releases(channel, n int64, limit int, fn func(Release) error) error {
	return t.Each(func(r *sql.Rows) error {
		var e Release
		if err := scanObject(r, &e.Object, &e.N, &e.Approved); err != nil {
			return err
		}
		return fn(e)
	}, "SELECT "+objectColumns+`, r.n, r.approved FROM release r CROSS JOIN object o
		WHERE r.domain = $1 AND o.domain = $1 AND o.seq = r.object AND r.channel = $2 AND r.n > $3
		ORDER BY r.n LIMIT $4`, t.domain, channel, n, int64(limit))
}

// Hold states.
const (
	HoldWaiting  = "waiting"
	HoldReleased = "released"
	HoldRefused  = "refused"
)

// Hold is an item that waits for officers, or did.
type Hold struct {
	Channel, Object int64
	Digest          ident.Digest // of the bytes that would leave when it was held
	Needed          int
	State           string
	At              int64
}

// An item that waits already goes on waiting, for its present bytes.
var holdBulk = db.MustBulk("hold", `ON CONFLICT (domain, channel, object) DO UPDATE SET digest = excluded.digest, needed = excluded.needed
	WHERE hold.state = 'waiting'`,
	"domain bigint", "channel bigint", "object bigint", "digest bytea", "needed bigint", "state text", "at bigint")

// AddHolds puts items of one channel in front of the officers. What they have
// decided on stays decided.
func (t *Tx) AddHolds(holds []Hold) error {
	if len(holds) == 0 {
		return nil
	}
	objects := make([]int64, len(holds))
	for i := range holds {
		objects[i] = holds[i].Object
	}
	if err := t.Insert(holdBulk, len(holds), func(i int, a []any) {
		h := &holds[i]
		a[0], a[1], a[2], a[3], a[4], a[5], a[6] = t.domain, h.Channel, h.Object, h.Digest[:], int64(h.Needed), HoldWaiting, t.now
	}); err != nil {
		return err
	}
	return t.addHeld(holds[0].Channel, objects)
}

const holdColumns = "channel, object, digest, needed, state, at"

func scanHold(r *sql.Rows) (h Hold, err error) {
	var digest sql.RawBytes
	if err := r.Scan(&h.Channel, &h.Object, &digest, &h.Needed, &h.State, &h.At); err != nil {
		return h, err
	}
	copy(h.Digest[:], digest)
	return h, nil
}

// Hold returns one held item, or fault.NotFound.
func (t *Tx) Hold(channel, object int64) (h Hold, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) (err error) {
		found = true
		h, err = scanHold(r)
		return err
	}, "SELECT "+holdColumns+" FROM hold WHERE domain = $1 AND channel = $2 AND object = $3", t.domain, channel, object)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "no such held item")
	}
	return h, err
}

// Holds returns at most limit items of a channel in the given state, after the
// object numbered after, in order of arrival.
func (t *Tx) Holds(channel int64, state string, after int64, limit int) (out []Hold, err error) {
	err = t.Each(func(r *sql.Rows) error {
		h, err := scanHold(r)
		out = append(out, h)
		return err
	}, "SELECT "+holdColumns+` FROM hold WHERE domain = $1 AND channel = $2 AND state = $3 AND object > $4
		ORDER BY object LIMIT $5`, t.domain, channel, state, after, int64(limit))
	return out, err
}

// SetHold changes the state of a held item.
func (t *Tx) SetHold(h Hold) error {
	if _, err := t.Exec("UPDATE hold SET state = $4, digest = $5, needed = $6 WHERE domain = $1 AND channel = $2 AND object = $3",
		t.domain, h.Channel, h.Object, h.State, h.Digest[:], int64(h.Needed)); err != nil {
		return err
	}
	return t.moveHeld(h.Channel, h.Object, h.State)
}

// Approval is what one officer said of one held item, and of which bytes.
type Approval struct {
	Officer, Verdict, Reason string // verdict: approve or refuse
	Digest                   ident.Digest
	At                       int64
}

// Approve records an officer's word; a later word of the same officer replaces
// the earlier.
func (t *Tx) Approve(channel, object int64, a Approval) error {
	_, err := t.Exec(`INSERT INTO approval (domain, channel, object, officer, digest, verdict, reason, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (domain, channel, object, officer) DO UPDATE SET digest = excluded.digest, verdict = excluded.verdict,
			reason = excluded.reason, at = excluded.at`,
		t.domain, channel, object, a.Officer, a.Digest[:], a.Verdict, a.Reason, t.now)
	return err
}

// Approvals returns what officers said of a held item, oldest first.
func (t *Tx) Approvals(channel, object int64) (out []Approval, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var a Approval
		var digest sql.RawBytes
		if err := r.Scan(&a.Officer, &a.Verdict, &a.Reason, &digest, &a.At); err != nil {
			return err
		}
		copy(a.Digest[:], digest)
		out = append(out, a)
		return nil
	}, `SELECT officer, verdict, reason, digest, at FROM approval
		WHERE domain = $1 AND channel = $2 AND object = $3 ORDER BY at, officer`, t.domain, channel, object)
	return out, err
}

// AddDerived records that object was made from source by a redaction.
func (t *Tx) AddDerived(source int64, redaction string, object int64) error {
	_, err := t.Exec("INSERT INTO derived (domain, source, redaction, object) VALUES ($1, $2, $3, $4)", t.domain, source, redaction, object)
	return err
}

// Derived returns the version made from source by a redaction, 0 when there is
// none.
func (t *Tx) Derived(source int64, redaction string) (object int64, err error) {
	_, err = t.Get([]any{&object}, "SELECT object FROM derived WHERE domain = $1 AND source = $2 AND redaction = $3", t.domain, source, redaction)
	return object, err
}

// AnyDerived reports whether anything was ever made by a redaction.
func (t *Tx) AnyDerived() (bool, error) {
	n := 0
	_, err := t.Get([]any{&n}, "SELECT 1 FROM derived WHERE domain = $1 LIMIT 1 + 0", t.domain)
	return n != 0, err
}

// Made says what a redaction made of a version.
type Made struct {
	Source, Object int64
	Redaction, ID  string // ID is of what was made
}

// MadeOf returns what redactions made of versions, oldest first.
func (t *Tx) MadeOf(sources []int64) (out []Made, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var m Made
		err := r.Scan(&m.Source, &m.Object, &m.Redaction, &m.ID)
		out = append(out, m)
		return err
	}, "SELECT d.source, d.object, d.redaction, o.id FROM derived d CROSS JOIN object o WHERE d.domain = $1 AND o.domain = $1 AND o.seq = d.object AND "+
		t.AnyInt("d.source", 2)+" ORDER BY d.object", t.domain, t.Ints(sources))
	return out, err
}
