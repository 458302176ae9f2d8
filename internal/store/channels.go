package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Channel is the way between the two nodes of one agreement in one domain.
type Channel struct {
	ID        int64
	Agreement ident.Agreement
	Partner   ident.Side
	Queued    int64 // number of the newest release
	Shipped   int64 // newest release that is in a shipment
	OutNumber int64 // newest shipment sent
	OutLink   ident.Digest
	InNumber  int64 // newest shipment received
	InLink    ident.Digest
	State     string // open, or stopped and why
	Converged []byte // what the last comparison with the partner found
}

const channelColumns = "id, agreement, partner, queued, shipped, out_number, out_link, in_number, in_link, state, converged"

func scanChannel(r *sql.Rows) (c Channel, err error) {
	var out, in sql.RawBytes
	if err := r.Scan(&c.ID, &c.Agreement, &c.Partner, &c.Queued, &c.Shipped, &c.OutNumber, &out, &c.InNumber, &in, &c.State, &c.Converged); err != nil {
		return c, err
	}
	copy(c.OutLink[:], out)
	copy(c.InLink[:], in)
	return c, nil
}

// ChannelOpen is the state of a channel that works.
const ChannelOpen = "open"

// OpenChannel returns the channel of an agreement, made when absent.
func (t *Tx) OpenChannel(a ident.Agreement, partner ident.Side) (Channel, error) {
	c, err := t.Channel(a)
	if !fault.Is(err, fault.NotFound) {
		return c, err
	}
	c = Channel{Agreement: a, Partner: partner, State: ChannelOpen}
	if c.ID, err = take(t.Tx, "channel", 1); err != nil {
		return c, err
	}
	zero := make([]byte, len(ident.Digest{}))
	_, err = t.Exec(`INSERT INTO channel (id, domain, agreement, partner, queued, shipped, out_number, out_link,
		in_number, in_link, state, lease_owner, lease_until, converged)
		VALUES ($2, $1, $3, $4, 0, 0, 0, $5, 0, $5, $6, '', 0, $7)`,
		t.domain, c.ID, string(a), string(partner), zero, c.State, []byte{})
	t.Notify(TopicConfig)
	return c, err
}

// Channel returns the channel of an agreement, or fault.NotFound.
func (t *Tx) Channel(a ident.Agreement) (c Channel, err error) {
	found := false
	err = t.Each(func(r *sql.Rows) (err error) {
		found = true
		c, err = scanChannel(r)
		return err
	}, "SELECT "+channelColumns+" FROM channel WHERE domain = $1 AND agreement = $2", t.domain, string(a))
	if err == nil && !found {
		err = fault.Errorf(fault.NotFound, "no channel for agreement %q: both sides sign first", a)
	}
	return c, err
}

// Channels returns the channels of the domain.
func (t *Tx) Channels() (out []Channel, err error) {
	err = t.Each(func(r *sql.Rows) error {
		c, err := scanChannel(r)
		out = append(out, c)
		return err
	}, "SELECT "+channelColumns+" FROM channel WHERE domain = $1 ORDER BY id", t.domain)
	return out, err
}

// SaveOut records how far the sending end of c has come.
func (t *Tx) SaveOut(c Channel) error {
	_, err := t.Exec("UPDATE channel SET shipped = $3, out_number = $4, out_link = $5 WHERE domain = $1 AND id = $2",
		t.domain, c.ID, c.Shipped, c.OutNumber, c.OutLink[:])
	return err
}

// SaveIn records how far the receiving end of c has come.
func (t *Tx) SaveIn(c Channel) error {
	_, err := t.Exec("UPDATE channel SET in_number = $3, in_link = $4 WHERE domain = $1 AND id = $2",
		t.domain, c.ID, c.InNumber, c.InLink[:])
	return err
}

// SetChannelState opens or stops c; state says why.
func (t *Tx) SetChannelState(id int64, state string) error {
	_, err := t.Exec("UPDATE channel SET state = $3 WHERE domain = $1 AND id = $2", t.domain, id, state)
	t.Notify(TopicConfig)
	return err
}

// SaveConverged records what the last comparison with the partner found.
func (t *Tx) SaveConverged(id int64, finding []byte) error {
	_, err := t.Exec("UPDATE channel SET converged = $3 WHERE domain = $1 AND id = $2", t.domain, id, finding)
	return err
}

// Lease takes or renews the right to send on channel id for owner, for so many
// microseconds, and reports whether owner has it. One process at a time holds
// it; a lost one frees it by letting it run out. A lease that ends later than
// twice the time from now was taken by a clock since set back, and binds
// nobody.
func (t *Tx) Lease(id int64, owner string, length int64) (bool, error) {
	n, err := t.Exec(`UPDATE channel SET lease_owner = $3, lease_until = $4
		WHERE domain = $1 AND id = $2 AND (lease_owner = $3 OR lease_owner = '' OR lease_until < $5 OR lease_until > $6)`,
		t.domain, id, owner, t.now+length, t.now, t.now+2*length)
	return n == 1, err
}

// Unlease gives the right back.
func (t *Tx) Unlease(id int64, owner string) error {
	_, err := t.Exec("UPDATE channel SET lease_owner = '', lease_until = 0 WHERE domain = $1 AND id = $2 AND lease_owner = $3",
		t.domain, id, owner)
	return err
}
