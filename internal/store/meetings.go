package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
)

// Meeting is one row of sessions in which only what everybody in the room may
// see is shown. Who is JSON of act/session; Ended is 0 while it is on.
type Meeting struct {
	Session, Account    string
	Began, Until, Ended int64
	Who                 []byte
}

// AddMeeting begins a meeting of a session now.
func (t *Tx) AddMeeting(m Meeting) error {
	_, err := t.Exec(`INSERT INTO meeting (session, began, account, who, until, ended) VALUES ($1, $2, $3, $4, $5, 0)
		ON CONFLICT (session, began) DO UPDATE SET account = excluded.account, who = excluded.who, until = excluded.until, ended = 0`,
		m.Session, t.now, m.Account, bytesOf(m.Who), m.Until)
	return err
}

// MeetingOf returns the meeting of a session that nobody has ended, also when
// its time is over, or fault.NotFound.
func (t *Tx) MeetingOf(session string) (Meeting, error) {
	m := Meeting{Session: session}
	found, err := t.Get([]any{&m.Began, &m.Account, &m.Who, &m.Until},
		"SELECT began, account, who, until FROM meeting WHERE session = $1 AND ended = 0 ORDER BY began DESC LIMIT 1", session)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "no meeting is on")
	}
	return m, err
}

// Meetings returns the meetings that are on, the latest first.
func (t *Tx) Meetings() (out []Meeting, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var m Meeting
		err := r.Scan(&m.Session, &m.Began, &m.Account, &m.Who, &m.Until)
		out = append(out, m)
		return err
	}, "SELECT session, began, account, who, until FROM meeting WHERE ended = 0 AND until > $1 ORDER BY began DESC, session", t.now)
	return out, err
}

// EndMeeting ends the meeting of a session, or returns fault.NotFound.
func (t *Tx) EndMeeting(session string) error {
	n, err := t.Exec("UPDATE meeting SET ended = $2 WHERE session = $1 AND ended = 0", session, t.now)
	if err == nil && n == 0 {
		err = fault.New(fault.NotFound, "no meeting is on")
	}
	return err
}

// PurgeMeetings removes the meetings whose time was over before an instant and
// whose session has gone.
func (t *Tx) PurgeMeetings(before int64) error {
	_, err := t.Exec("DELETE FROM meeting WHERE until < $1 AND session NOT IN (SELECT id FROM session)", before)
	return err
}
