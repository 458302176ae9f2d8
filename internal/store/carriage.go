package store

// TopicCarry wakes the carrier of whatever process sends, also while it waits
// after a failure.
const TopicCarry = "carry"

// Carriage is how carrying goes on a channel. Times are 0 for never.
type Carriage struct {
	Channel   int64
	Tried     int64  // last attempt
	Done      int64  // last attempt that brought everything across
	Failures  int64  // attempts that failed since then
	Next      int64  // when it is tried again
	Problem   string // why the last attempt failed
	Refused   string // why the last shipment of the partner was not taken
	RefusedAt int64
}

// Carriage returns how carrying goes on a channel; the zero one before the
// first attempt.
func (t *Tx) Carriage(channel int64) (c Carriage, err error) {
	c.Channel = channel
	_, err = t.Get([]any{&c.Tried, &c.Done, &c.Failures, &c.Next, &c.Problem, &c.Refused, &c.RefusedAt},
		"SELECT tried, done, failures, next, problem, refused, refused_at FROM carriage WHERE domain = $1 AND channel = $2", t.domain, channel)
	return c, err
}

// SaveCarriage writes c in place of what was known of its channel.
func (t *Tx) SaveCarriage(c Carriage) error {
	_, err := t.Exec(`INSERT INTO carriage (domain, channel, tried, done, failures, next, problem, refused, refused_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (domain, channel) DO UPDATE SET tried = $3, done = $4, failures = $5, next = $6, problem = $7, refused = $8, refused_at = $9`,
		t.domain, c.Channel, c.Tried, c.Done, c.Failures, c.Next, c.Problem, c.Refused, c.RefusedAt)
	return err
}

// Pause is a person's word that nothing is sent on a channel.
type Pause struct {
	Who, Reason string
	At          int64
}

// Paused returns the pause of a channel; At is 0 when there is none.
func (t *Tx) Paused(channel int64) (p Pause, err error) {
	_, err = t.Get([]any{&p.Who, &p.Reason, &p.At}, "SELECT who, reason, at FROM pause WHERE domain = $1 AND channel = $2", t.domain, channel)
	return p, err
}

// SetPause pauses a channel, in place of a pause before.
func (t *Tx) SetPause(channel int64, who, reason string) error {
	t.Notify(TopicConfig)
	_, err := t.Exec(`INSERT INTO pause (domain, channel, who, reason, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (domain, channel) DO UPDATE SET who = $3, reason = $4, at = $5`, t.domain, channel, who, reason, t.now)
	return err
}

// EndPause resumes a channel and reports whether it was paused.
func (t *Tx) EndPause(channel int64) (bool, error) {
	t.Notify(TopicCarry)
	n, err := t.Exec("DELETE FROM pause WHERE domain = $1 AND channel = $2", t.domain, channel)
	return n == 1, err
}
