package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Assistance is a request for assistance as lists need it; what is asked and
// what was done about it are objects. Times are microseconds, 0 for never.
type Assistance struct {
	ID            string
	Agreement     ident.Agreement
	Asker, Asked  ident.Side
	Police        bool // of the law-enforcement channel
	Kind, Urgency string
	Object        int64 // newest version of what is asked
	Sent          int64
	Received      int64 // time of the receipt
	Due           int64 // when a first word is hoped for
	Target        int64 // how long that was, before calendars
	Word          int64 // when the first word was said
	State         string
	Refused       string // why the other node did not take it; "" when it did
	Open          bool
	Rank          int64 // order of lists; see AssistanceIdle
	Changed       int64
	Kept          int64 // until when data is preserved; 0 for not
	Renewal       int64 // until when the asker would have it kept, 0 when that is no longer than Kept
}

// AssistanceIdle is the rank from which on nothing waits for anybody.
const AssistanceIdle = int64(1) << 61

const assistanceColumns = `id, agreement, asker, asked, police, kind, urgency, object, sent, received, due, target, word, state, refused, open, rank, changed, kept, renewal`

func (t *Tx) assistances(query string, args ...any) (out []Assistance, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var a Assistance
		err := r.Scan(&a.ID, &a.Agreement, &a.Asker, &a.Asked, &a.Police, &a.Kind, &a.Urgency, &a.Object, &a.Sent, &a.Received, &a.Due, &a.Target,
			&a.Word, &a.State, &a.Refused, &a.Open, &a.Rank, &a.Changed, &a.Kept, &a.Renewal)
		out = append(out, a)
		return err
	}, query, args...)
	return out, err
}

// SaveAssistance records how a request stands.
func (t *Tx) SaveAssistance(a Assistance) error {
	t.Notify(TopicAssist)
	_, err := t.Exec(`INSERT INTO assistance (domain, `+assistanceColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
		ON CONFLICT (domain, id) DO UPDATE SET object = excluded.object, received = excluded.received, due = excluded.due, target = excluded.target,
			word = excluded.word, state = excluded.state, refused = excluded.refused, open = excluded.open, rank = excluded.rank, changed = excluded.changed,
			kept = excluded.kept, renewal = excluded.renewal`,
		t.domain, a.ID, string(a.Agreement), string(a.Asker), string(a.Asked), a.Police, a.Kind, a.Urgency, a.Object, a.Sent, a.Received, a.Due, a.Target,
		a.Word, a.State, a.Refused, a.Open, a.Rank, a.Changed, a.Kept, a.Renewal)
	return err
}

// Assistance returns a request, or fault.NotFound.
func (t *Tx) Assistance(id string) (Assistance, error) {
	list, err := t.assistances("SELECT "+assistanceColumns+" FROM assistance WHERE domain = $1 AND id = $2", t.domain, id)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "there is no such request, or it is not for you")
	}
	if err != nil {
		return Assistance{}, err
	}
	return list[0], nil
}

// AssistanceQuery says which requests a list shows. An empty text shows all.
type AssistanceQuery struct {
	Open          bool // those in which somebody has something to do, or else the others
	Technical     bool // shows those of the technical channel
	Police        bool // shows those of the law-enforcement channel
	Asker, Asked  ident.Side
	Kind, Urgency string
	State         string
	Kept          bool  // shows only those whose data is preserved
	Before        int64 // shows ranks below; 0 shows all
	AfterRank     int64 // goes on after this place of a list
	AfterID       string
	Limit         int64
}

// Assistances returns the requests of a query in the order of their rank.
func (t *Tx) Assistances(q AssistanceQuery) ([]Assistance, error) {
	before := q.Before
	if before == 0 {
		before = 1<<63 - 1
	}
	return t.assistances("SELECT "+assistanceColumns+` FROM assistance WHERE domain = $1 AND open = $2
			AND rank >= $3 AND (rank > $3 OR id > $4) AND rank < $5
			AND ($6 OR police) AND ($7 OR NOT police)
			AND ($8 = '' OR asker = $8) AND ($9 = '' OR asked = $9) AND ($10 = '' OR kind = $10) AND ($11 = '' OR urgency = $11)
			AND ($12 = '' OR state = $12) AND (kept > 0 OR NOT $13)
		ORDER BY rank, id LIMIT $14 + 0`,
		t.domain, q.Open, q.AfterRank, q.AfterID, before, q.Technical, q.Police, string(q.Asker), string(q.Asked), q.Kind, q.Urgency, q.State, q.Kept, q.Limit)
}

// Undelivered returns the requests of a side that no receipt has answered for.
func (t *Tx) Undelivered(asker ident.Side, a ident.Agreement) ([]Assistance, error) {
	return t.assistances("SELECT "+assistanceColumns+` FROM assistance
		WHERE domain = $1 AND received = 0 AND asker = $2 AND agreement = $3 AND refused = '' ORDER BY id`, t.domain, string(asker), string(a))
}

// AssistanceStep says where a step of a request is stored, and who of this
// side made it.
type AssistanceStep struct {
	Side   ident.Side
	N      int64
	Object int64
	Person string
}

// AddAssistanceStep records a step.
func (t *Tx) AddAssistanceStep(request string, s AssistanceStep) error {
	_, err := t.Exec("INSERT INTO assistance_step (domain, request, side, n, object, person) VALUES ($1, $2, $3, $4, $5, $6)",
		t.domain, request, string(s.Side), s.N, s.Object, s.Person)
	return err
}

// AssistanceSteps returns the steps of a request, each side's in its order.
func (t *Tx) AssistanceSteps(request string) (out []AssistanceStep, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var s AssistanceStep
		err := r.Scan(&s.Side, &s.N, &s.Object, &s.Person)
		out = append(out, s)
		return err
	}, "SELECT side, n, object, person FROM assistance_step WHERE domain = $1 AND request = $2 ORDER BY side, n", t.domain, request)
	return out, err
}
