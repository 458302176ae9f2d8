package store

import (
	"database/sql"

	"twoseas/internal/base/ident"
)

// Total is what crossed on a channel in one direction, added up.
type Total struct {
	Channel        int64
	Direction      string
	Bytes, Already int64
}

// AddTotal adds to what crossed.
func (t *Tx) AddTotal(s Total) error {
	_, err := t.Exec(`INSERT INTO channel_total (domain, channel, direction, bytes, already) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (domain, channel, direction) DO UPDATE SET bytes = channel_total.bytes + $4, already = channel_total.already + $5`,
		t.domain, s.Channel, s.Direction, s.Bytes, s.Already)
	return err
}

// Total returns what crossed on a channel in one direction.
func (t *Tx) Total(channel int64, direction string) (Total, error) {
	s := Total{Channel: channel, Direction: direction}
	_, err := t.Get([]any{&s.Bytes, &s.Already},
		"SELECT bytes, already FROM channel_total WHERE domain = $1 AND channel = $2 AND direction = $3", t.domain, channel, direction)
	return s, err
}

// Untaken is how many items of a channel were not taken for one reason.
type Untaken struct {
	Channel                                int64
	Direction, Outcome, Clause, Code, Text string
	Items                                  int64
	Number                                 int64 // the newest shipment with one
	At                                     int64 // when that was counted
	ID                                     ident.Digest
}

// id is a digest of the reason.
func (u Untaken) id() ident.Digest {
	zero := []byte{0}
	return ident.Sum([]byte(u.Direction), zero, []byte(u.Outcome), zero, []byte(u.Clause), zero, []byte(u.Code), zero, []byte(u.Text))
}

// AddUntaken adds to the items that were not taken for a reason.
func (t *Tx) AddUntaken(u Untaken) error {
	id := u.id()
	_, err := t.Exec(`INSERT INTO untaken (domain, channel, id, direction, outcome, clause, code, text, items, number, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (domain, channel, id) DO UPDATE SET items = untaken.items + $9, number = $10, at = $11`,
		t.domain, u.Channel, id[:], u.Direction, u.Outcome, u.Clause, u.Code, u.Text, u.Items, u.Number, t.now)
	return err
}

// Untakens returns at most limit reasons, the last met first, from after the
// place of one.
func (t *Tx) Untakens(channel int64, after Untaken, limit int) (out []Untaken, err error) {
	if after.At == 0 {
		after.At = 1<<63 - 1
	}
	err = t.Each(func(r *sql.Rows) error {
		u := Untaken{Channel: channel}
		var id sql.RawBytes
		if err := r.Scan(&id, &u.Direction, &u.Outcome, &u.Clause, &u.Code, &u.Text, &u.Items, &u.Number, &u.At); err != nil {
			return err
		}
		copy(u.ID[:], id)
		out = append(out, u)
		return nil
	}, `SELECT id, direction, outcome, clause, code, text, items, number, at FROM untaken
		WHERE domain = $1 AND channel = $2 AND (at < $3 OR at = $3 AND id > $4) ORDER BY at DESC, id LIMIT $5 + 0`,
		t.domain, channel, after.At, after.ID[:], int64(limit))
	return out, err
}

// UntakenItems returns how many items of a channel were not taken, for all
// reasons together.
func (t *Tx) UntakenItems(channel int64) (n int64, err error) {
	_, err = t.Get([]any{&n}, "SELECT CAST(COALESCE(SUM(items), 0) AS BIGINT) FROM untaken WHERE domain = $1 AND channel = $2", t.domain, channel)
	return n, err
}
