package store

import "database/sql"

// Hurry puts the versions numbered from..to whose label is one of labels in
// front of everything else that waits on channel, leaving out those that were
// there before.
func (t *Tx) Hurry(channel, from, to int64, labels []int64) error {
	if len(labels) == 0 || from > to {
		return nil
	}
	n, err := t.Exec(`INSERT INTO urgent (domain, channel, object, number)
		SELECT $1, $2, o.seq, 0 FROM object o
		WHERE o.domain = $1 AND o.seq >= $3 AND o.seq <= $4 AND o.type <> 'erased' AND `+t.AnyInt("o.label", 5)+`
		ON CONFLICT DO NOTHING`, t.domain, channel, from, to, t.Ints(labels))
	if err == nil && n > 0 {
		t.Notify(TopicRelease)
	}
	return err
}

// Urgent returns the first versions that go before everything else on channel,
// at most limit of them, in order of arrival.
func (t *Tx) Urgent(channel int64, limit int) (out []Object, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var o Object
		err := scanObject(r, &o)
		out = append(out, o)
		return err
	}, "SELECT "+objectColumns+` FROM urgent u CROSS JOIN object o
		WHERE u.domain = $1 AND u.channel = $2 AND u.number = 0 AND o.domain = $1 AND o.seq = u.object
		ORDER BY u.object LIMIT $3 + 0`, t.domain, channel, int64(limit))
	return out, err
}

// UrgentWaiting counts them.
func (t *Tx) UrgentWaiting(channel int64) (n int64, err error) {
	_, err = t.Get([]any{&n}, "SELECT COUNT(*) FROM urgent WHERE domain = $1 AND channel = $2 AND number = 0", t.domain, channel)
	return n, err
}

// Hurried records in which shipment versions left.
func (t *Tx) Hurried(channel, number int64, objects []int64) error {
	if len(objects) == 0 {
		return nil
	}
	_, err := t.Exec("UPDATE urgent SET number = $3 WHERE domain = $1 AND channel = $2 AND "+t.AnyInt("object", 4),
		t.domain, channel, number, t.Ints(objects))
	return err
}

// Unhurry takes a version that may not leave off, so that it can join again.
func (t *Tx) Unhurry(channel, object int64) error {
	_, err := t.Exec("DELETE FROM urgent WHERE domain = $1 AND channel = $2 AND object = $3 AND number = 0", t.domain, channel, object)
	return err
}

// HurriedIn returns the shipment in which a version left, 0 while it waits or
// when it never was to.
func (t *Tx) HurriedIn(channel, object int64) (number int64, err error) {
	_, err = t.Get([]any{&number}, "SELECT number FROM urgent WHERE domain = $1 AND channel = $2 AND object = $3 AND number > 0", t.domain, channel, object)
	return number, err
}

// Accompany has a version leave on channel with another one, and not without
// it: it is no longer among what goes before everything else. One that has left
// is not sent again. Its number in the table is that of the other one, below 0.
func (t *Tx) Accompany(channel, object, with int64) error {
	_, err := t.Exec(`INSERT INTO urgent (domain, channel, object, number) VALUES ($1, $2, $3, $4)
		ON CONFLICT (domain, channel, object) DO UPDATE SET number = excluded.number WHERE urgent.number <= 0`,
		t.domain, channel, object, -with)
	return err
}

// Accompanying returns what leaves with versions on channel, by the number of
// the version it leaves with, in order of arrival.
func (t *Tx) Accompanying(channel int64, with []int64) (map[int64][]Object, error) {
	numbers := make([]int64, len(with))
	for i, s := range with {
		numbers[i] = -s
	}
	out := map[int64][]Object{}
	return out, t.Each(func(r *sql.Rows) error {
		var o Object
		var number int64
		err := scanObject(r, &o, &number)
		out[-number] = append(out[-number], o)
		return err
	}, "SELECT "+objectColumns+`, u.number FROM urgent u CROSS JOIN object o
		WHERE u.domain = $1 AND u.channel = $2 AND `+t.AnyInt("u.number", 3)+` AND o.domain = $1 AND o.seq = u.object
		ORDER BY u.object`, t.domain, channel, t.Ints(numbers))
}
