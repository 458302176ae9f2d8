package store

import (
	"database/sql"
	"math"
	"time"
)

// Stages of what crosses, each a time that is counted in pace. Those of what
// this side sends end with the partner's first answer, those of what it
// receives with its own.
const (
	StageReleased = "released" // from observed to on the release list
	StageShipped  = "shipped"  // from on the release list to in a shipment
	StageReceipt  = "receipt"  // from in a shipment to the partner's receipt
	StageReceived = "received" // from observed to received here
	StageAnswered = "answered" // from in a shipment, or received here, to the first answer
)

// hour is how many microseconds flow and pace add up.
const hour = int64(time.Hour / time.Microsecond)

// Hour returns the hour that a time in microseconds belongs to.
func Hour(at int64) int64 { return at / hour }

// HourTime returns when an hour began.
func HourTime(h int64) time.Time { return time.UnixMicro(h * hour).UTC() }

// bucketsPerOctave makes a bucket's bounds 19 % apart.
const bucketsPerOctave = 4

// Bucket returns the bucket of pace that a duration falls in: bucket b holds
// what took at most 2^(b/4) seconds and more than 2^((b-1)/4).
func Bucket(d time.Duration) int64 {
	s := d.Seconds()
	if s <= 1 {
		return 0
	}
	return int64(math.Ceil(bucketsPerOctave*math.Log2(s) - 1e-9))
}

// BucketTime returns the middle of a bucket, which no duration in it is
// farther from than a tenth.
func BucketTime(b int64) time.Duration {
	if b <= 0 {
		return time.Second
	}
	return time.Duration(math.Exp2((float64(b)-0.5)/bucketsPerOctave) * float64(time.Second))
}

// Fact is what people ask of a shipment.
type Fact struct {
	Channel   int64
	Direction string
	Number    int64
	Items     int64
	Low, High int64 // entries of the release list, of one sent
	At        int64
}

// AddFact records what people ask of a shipment.
func (t *Tx) AddFact(f Fact) error {
	_, err := t.Exec(`INSERT INTO shipment_fact (domain, channel, direction, number, items, low, high, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, t.domain, f.Channel, f.Direction, f.Number, f.Items, f.Low, f.High, t.now)
	return err
}

// Crossed returns the shipment that took an object out and when, in a zero
// Fact when none did.
func (t *Tx) Crossed(channel, object int64) (f Fact, err error) {
	var n int64
	found, err := t.Get([]any{&n}, "SELECT n FROM release WHERE domain = $1 AND object = $3 AND channel = $2", t.domain, channel, object)
	if err != nil || !found {
		return f, err
	}
	_, err = t.Get([]any{&f.Number, &f.Items, &f.Low, &f.High, &f.At}, `SELECT number, items, low, high, at FROM shipment_fact
		WHERE domain = $1 AND channel = $2 AND direction = 'out' AND high >= $3 ORDER BY high LIMIT 1`, t.domain, channel, n)
	if f.Low > n {
		f = Fact{}
	}
	f.Channel, f.Direction = channel, Out
	return f, err
}

// Joined returns when the entries of a release list joined it that are
// numbered low..high, as runs in order.
func (t *Tx) Joined(channel, low, high int64) (out []Fact, err error) {
	err = t.Each(func(r *sql.Rows) error {
		f := Fact{Channel: channel, Direction: Out}
		err := r.Scan(&f.Low, &f.High, &f.At)
		out = append(out, f)
		return err
	}, `SELECT low, high, at FROM release_batch WHERE domain = $1 AND channel = $2 AND high >= $3 AND low <= $4 ORDER BY high`,
		t.domain, channel, low, high)
	return out, err
}

func (t *Tx) joined(channel, low, high int64) error {
	_, err := t.Exec("INSERT INTO release_batch (domain, channel, high, low, at) VALUES ($1, $2, $3, $4, $5)", t.domain, channel, high, low, t.now)
	return err
}

// OldestQueued returns when the first entry of a release list after n joined
// it, 0 when there is none.
func (t *Tx) OldestQueued(channel, n int64) (at int64, err error) {
	_, err = t.Get([]any{&at}, `SELECT at FROM release_batch WHERE domain = $1 AND channel = $2 AND high > $3 ORDER BY high LIMIT 1`, t.domain, channel, n)
	return at, err
}

// Flow is what crossed of one label, in one direction.
type Flow struct {
	Channel                int64
	Direction              string
	Hour                   int64 // the first of the slot it was added to
	Label                  int64
	Items, Refused, Failed int64
}

// AddFlow adds to what crossed in the present hour.
func (t *Tx) AddFlow(f Flow) error {
	_, err := t.Exec(`INSERT INTO flow (domain, channel, direction, hour, label, items, refused, failed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (domain, channel, direction, hour, label) DO UPDATE SET items = flow.items + $6, refused = flow.refused + $7, failed = flow.failed + $8`,
		t.domain, f.Channel, f.Direction, Hour(t.now), f.Label, f.Items, f.Refused, f.Failed)
	return err
}

// Pace is how many items of one label took how long for one stage.
type Pace struct {
	Channel          int64
	Direction, Stage string
	Label, Bucket    int64
	Items            int64
}

// AddPace adds to the present hour's histogram.
func (t *Tx) AddPace(p Pace) error {
	_, err := t.Exec(`INSERT INTO pace (domain, channel, direction, stage, hour, label, bucket, items)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (domain, channel, direction, stage, hour, label, bucket) DO UPDATE SET items = pace.items + $8`,
		t.domain, p.Channel, p.Direction, p.Stage, Hour(t.now), p.Label, p.Bucket, p.Items)
	return err
}

// Flows returns what crossed on a channel since an hour, added up over step
// hours, of what class may see.
func (t *Tx) Flows(channel, class, since, step int64) (out []Flow, err error) {
	step = max(step, 1)
	err = t.Each(func(r *sql.Rows) error {
		f := Flow{Channel: channel}
		err := r.Scan(&f.Direction, &f.Hour, &f.Label, &f.Items, &f.Refused, &f.Failed)
		f.Hour *= step
		out = append(out, f)
		return err
	}, `SELECT f.direction, f.hour / $5, f.label, CAST(SUM(f.items) AS BIGINT), CAST(SUM(f.refused) AS BIGINT), CAST(SUM(f.failed) AS BIGINT) FROM flow f
		WHERE f.domain = $1 AND f.channel = $2 AND f.direction IN ('in', 'out') AND f.hour >= $4
		AND ($3 = -1 OR EXISTS (SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $3 AND p.label = f.label))
		GROUP BY f.direction, f.hour / $5, f.label ORDER BY f.direction, f.hour / $5, f.label`, t.domain, channel, class, since, step)
	return out, err
}

// Paces returns the histogram of a channel since an hour, of what class may
// see.
func (t *Tx) Paces(channel, class, since int64) (out []Pace, err error) {
	err = t.Each(func(r *sql.Rows) error {
		p := Pace{Channel: channel}
		err := r.Scan(&p.Direction, &p.Stage, &p.Label, &p.Bucket, &p.Items)
		out = append(out, p)
		return err
	}, `SELECT f.direction, f.stage, f.label, f.bucket, CAST(SUM(f.items) AS BIGINT) FROM pace f
		WHERE f.domain = $1 AND f.channel = $2 AND f.direction IN ('in', 'out')
		AND f.stage IN ('released', 'shipped', 'receipt', 'received', 'answered') AND f.hour >= $4
		AND ($3 = -1 OR EXISTS (SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $3 AND p.label = f.label))
		GROUP BY f.direction, f.stage, f.label, f.bucket ORDER BY f.direction, f.stage, f.label, f.bucket`, t.domain, channel, class, since)
	return out, err
}

// Answer records that an object that crossed was answered by the side it
// crossed to, and reports whether that was the first answer.
func (t *Tx) Answer(channel int64, direction string, object int64) (bool, error) {
	n, err := t.Exec("INSERT INTO answered (domain, channel, direction, object, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		t.domain, channel, direction, object, t.now)
	return n == 1, err
}
