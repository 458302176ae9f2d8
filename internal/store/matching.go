package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// The states of a question of private matching.
const (
	MatchingAsked    = "asked"    // by this side; not handed over yet
	MatchingSent     = "sent"     // by this side; the partner has it
	MatchingDone     = "done"     // by this side; answered
	MatchingWaiting  = "waiting"  // by the partner; for an officer of this side
	MatchingApproved = "approved" // by the partner; to be answered
	MatchingAnswered = "answered" // by the partner
	MatchingRefused  = "refused"  // by either; Why says why
)

// TopicMatching tells that a question was asked or has come further.
const TopicMatching = "matching"

// Matching is one question of private matching.
type Matching struct {
	Session   string
	Agreement ident.Agreement
	Asker     ident.Side
	State     string
	Asked     int64 // how many values
	Needed    int64 // approvals of the side that answers
	Request   []byte
	Answer    []byte // empty until there is one
	Known     int64  // how many values both know; -1 while this side does not know
	Person    string // who asked, on this side
	Why       string
	At        int64
}

const matchingColumns = "session, agreement, asker, state, asked, needed, request, answer, known, person, why, at"

func (t *Tx) matchings(query string, args ...any) (out []Matching, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var m Matching
		err := r.Scan(&m.Session, &m.Agreement, &m.Asker, &m.State, &m.Asked, &m.Needed, &m.Request, &m.Answer, &m.Known, &m.Person, &m.Why, &m.At)
		out = append(out, m)
		return err
	}, query, args...)
	return out, err
}

// AddMatching records a question; a session that is there already is an
// error.
func (t *Tx) AddMatching(m Matching) error {
	t.Notify(TopicArrived)
	t.Notify(TopicMatching)
	_, err := t.Exec(`INSERT INTO matching (domain, session, agreement, asker, state, asked, needed, request, answer, known, person, why, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		t.domain, m.Session, string(m.Agreement), string(m.Asker), m.State, m.Asked, m.Needed, bytesOf(m.Request), bytesOf(m.Answer), m.Known, m.Person, m.Why, t.now)
	return err
}

// SaveMatching records how far a question has come.
func (t *Tx) SaveMatching(m Matching) error {
	t.Notify(TopicArrived)
	t.Notify(TopicMatching)
	_, err := t.Exec(`UPDATE matching SET state = $3, answer = $4, known = $5, why = $6 WHERE domain = $1 AND session = $2`,
		t.domain, m.Session, m.State, bytesOf(m.Answer), m.Known, m.Why)
	return err
}

// Matching returns a question, or fault.NotFound.
func (t *Tx) Matching(session string) (Matching, error) {
	list, err := t.matchings("SELECT "+matchingColumns+" FROM matching WHERE domain = $1 AND session = $2", t.domain, session)
	if err != nil {
		return Matching{}, err
	}
	if len(list) == 0 {
		return Matching{}, fault.Errorf(fault.NotFound, "no question %.40q", session)
	}
	return list[0], nil
}

// Matchings returns the newest questions under an agreement, at most limit.
func (t *Tx) Matchings(a ident.Agreement, limit int64) ([]Matching, error) {
	return t.matchings("SELECT "+matchingColumns+" FROM matching WHERE domain = $1 AND agreement = $2 ORDER BY at DESC, session LIMIT $3 + 0", t.domain, string(a), limit)
}

// MatchingsIn returns the questions in a state, the oldest first, at most
// limit.
func (t *Tx) MatchingsIn(state string, limit int64) ([]Matching, error) {
	return t.matchings("SELECT "+matchingColumns+" FROM matching WHERE domain = $1 AND state = $2 ORDER BY at, session LIMIT $3 + 0", t.domain, state, limit)
}

// MatchingsFor returns the questions that wait for an officer who has not
// approved them, the oldest first, at most limit.
func (t *Tx) MatchingsFor(officer string, limit int64) ([]Matching, error) {
	return t.matchings("SELECT "+matchingColumns+` FROM matching m WHERE m.domain = $1 AND m.state = $2 AND NOT EXISTS (
		SELECT 1 FROM matching_vote v WHERE v.domain = $1 AND v.session = m.session AND v.officer = $3) ORDER BY at, session LIMIT $4 + 0`,
		t.domain, MatchingWaiting, officer, limit)
}

// MatchingVotes returns who has approved a question, by name.
func (t *Tx) MatchingVotes(session string) (out []string, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var officer string
		err := r.Scan(&officer)
		out = append(out, officer)
		return err
	}, "SELECT officer FROM matching_vote WHERE domain = $1 AND session = $2 ORDER BY officer", t.domain, session)
	return out, err
}

// MatchingSince returns how many values a side has asked for since a time, in
// questions that were not refused.
func (t *Tx) MatchingSince(a ident.Agreement, asker ident.Side, since int64) (n int64, err error) {
	_, err = t.Get([]any{&n}, `SELECT CAST(COALESCE(SUM(asked), 0) AS BIGINT) FROM matching
		WHERE domain = $1 AND agreement = $2 AND asker = $3 AND at >= $4 AND state <> 'refused'`, t.domain, string(a), string(asker), since)
	return n, err
}

// SetMatchingData keeps something that a question needs.
func (t *Tx) SetMatchingData(session, name string, data []byte) error {
	_, err := t.Exec(`INSERT INTO matching_data (domain, session, name, data) VALUES ($1, $2, $3, $4)
		ON CONFLICT (domain, session, name) DO UPDATE SET data = excluded.data`, t.domain, session, name, bytesOf(data))
	return err
}

// MatchingData returns it, or fault.NotFound.
func (t *Tx) MatchingData(session, name string) (data []byte, err error) {
	found, err := t.Get([]any{&data}, "SELECT data FROM matching_data WHERE domain = $1 AND session = $2 AND name = $3", t.domain, session, name)
	if err == nil && !found {
		err = fault.Errorf(fault.NotFound, "nothing is kept of question %.40q any more", session)
	}
	return data, err
}

// DropMatchingData forgets it.
func (t *Tx) DropMatchingData(session, name string) error {
	_, err := t.Exec("DELETE FROM matching_data WHERE domain = $1 AND session = $2 AND name = $3", t.domain, session, name)
	return err
}

// VoteMatching records that an officer approves a question, and returns how
// many have.
func (t *Tx) VoteMatching(session, officer string) (n int64, err error) {
	if _, err := t.Exec(`INSERT INTO matching_vote (domain, session, officer, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		t.domain, session, officer, t.now); err != nil {
		return 0, err
	}
	_, err = t.Get([]any{&n}, "SELECT COUNT(*) FROM matching_vote WHERE domain = $1 AND session = $2", t.domain, session)
	return n, err
}

// ValuesOf calls fn for each value that an object with one of the labels
// names, unless it was revoked; a value as often as objects name it. The
// strings are valid during the call.
func (t *Tx) ValuesOf(labels []int64, fn func(kind, value string) error) error {
	if len(labels) == 0 {
		return nil
	}
	return t.Each(func(r *sql.Rows) error {
		var kind, value string
		if err := r.Scan(&kind, &value); err != nil {
			return err
		}
		return fn(kind, value)
	}, `SELECT b.kind, b.value FROM observable b JOIN object o ON o.seq = b.object
		WHERE b.domain = $1 AND o.domain = $1 AND NOT o.revoked AND `+t.AnyInt("o.label", 2), t.domain, t.Ints(labels))
}
