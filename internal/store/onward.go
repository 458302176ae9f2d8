package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// The ways and states of a request to pass on.
const (
	OnwardAsked    = "asked"    // by this side, of the partner that it came from
	OnwardReceived = "received" // by the partner that got it from here

	OnwardWaiting  = "waiting"  // for an officer of the side that is asked
	OnwardUpstream = "upstream" // received: decided here, and asked on of those it came from
	OnwardAnswered = "answered"
)

// Onward is one request to pass on.
type Onward struct {
	ID, Way      string
	Agreement    ident.Agreement
	Audience     ident.Side
	Asker        ident.Side
	Parent       string
	Purpose      string
	Redact       string // proposed; names joined by commas
	Until        int64  // proposed; 0 is without an end
	Needed       int64  // officers of the side that answers, where that is this one
	State        string
	Answer       string // "" until answered
	AnswerRedact string
	AnswerUntil  int64
	Reason       string
	Person       string // who asked, or answered, on this side
	Notes        []byte
	At, Answered int64
}

const onwardColumns = `id, way, agreement, audience, asker, parent, purpose, redact, until, needed, state, answer, answer_redact, answer_until,
	reason, person, notes, at, answered`

func (t *Tx) onwards(query string, args ...any) (out []Onward, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var o Onward
		err := r.Scan(&o.ID, &o.Way, &o.Agreement, &o.Audience, &o.Asker, &o.Parent, &o.Purpose, &o.Redact, &o.Until, &o.Needed, &o.State, &o.Answer,
			&o.AnswerRedact, &o.AnswerUntil, &o.Reason, &o.Person, &o.Notes, &o.At, &o.Answered)
		out = append(out, o)
		return err
	}, query, args...)
	return out, err
}

// AddOnward records a request.
func (t *Tx) AddOnward(o Onward) error {
	t.Notify(TopicArrived)
	_, err := t.Exec(`INSERT INTO onward (domain, id, way, agreement, audience, asker, parent, purpose, redact, until, needed, state, answer,
			answer_redact, answer_until, reason, person, notes, at, answered)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		t.domain, o.ID, o.Way, string(o.Agreement), string(o.Audience), string(o.Asker), o.Parent, o.Purpose, o.Redact, o.Until, o.Needed, o.State,
		o.Answer, o.AnswerRedact, o.AnswerUntil, o.Reason, o.Person, bytesOf(o.Notes), t.now, o.Answered)
	return err
}

// SaveOnward records how far a request has come.
func (t *Tx) SaveOnward(o Onward) error {
	t.Notify(TopicArrived)
	_, err := t.Exec(`UPDATE onward SET state = $3, answer = $4, answer_redact = $5, answer_until = $6, reason = $7, person = $8, notes = $9, answered = $10
		WHERE domain = $1 AND id = $2`,
		t.domain, o.ID, o.State, o.Answer, o.AnswerRedact, o.AnswerUntil, o.Reason, o.Person, bytesOf(o.Notes), o.Answered)
	return err
}

// Onward returns a request, or fault.NotFound.
func (t *Tx) Onward(id string) (Onward, error) {
	list, err := t.onwards("SELECT "+onwardColumns+" FROM onward WHERE domain = $1 AND id = $2", t.domain, id)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "no such request")
	}
	if err != nil {
		return Onward{}, err
	}
	return list[0], nil
}

// Onwards returns the newest requests, at most limit.
func (t *Tx) Onwards(limit int64) ([]Onward, error) {
	return t.onwards("SELECT "+onwardColumns+" FROM onward WHERE domain = $1 ORDER BY at DESC, id LIMIT $2 + 0", t.domain, limit)
}

// OnwardsIn returns the requests of a way in a state, oldest first.
func (t *Tx) OnwardsIn(way, state string, limit int64) ([]Onward, error) {
	return t.onwards("SELECT "+onwardColumns+" FROM onward WHERE domain = $1 AND way = $2 AND state = $3 ORDER BY at, id LIMIT $4 + 0", t.domain, way, state, limit)
}

// OnwardsFor returns the requests that were made on account of another.
func (t *Tx) OnwardsFor(parent string) ([]Onward, error) {
	return t.onwards("SELECT "+onwardColumns+" FROM onward WHERE domain = $1 AND parent = $2 ORDER BY id", t.domain, parent)
}

// OnwardsOf returns the requests about any of the versions objects, newest
// first.
func (t *Tx) OnwardsOf(objects []int64) ([]Onward, error) {
	return t.onwards("SELECT "+onwardColumns+` FROM onward WHERE domain = $1 AND id IN (
			SELECT i.onward FROM onward_item i WHERE i.domain = $1 AND `+t.AnyInt("i.object", 2)+`) ORDER BY at DESC, id`, t.domain, t.Ints(objects))
}

// OnwardItem is one item of a request.
type OnwardItem struct {
	Object             int64 // the version here
	Shipment, Position int64
	Leaf               ident.Digest
}

// AddOnwardItems records what a request is about.
func (t *Tx) AddOnwardItems(id string, items []OnwardItem) error {
	for n, it := range items {
		if _, err := t.Exec(`INSERT INTO onward_item (domain, onward, n, object, shipment, position, leaf) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			t.domain, id, int64(n), it.Object, it.Shipment, it.Position, it.Leaf[:]); err != nil {
			return err
		}
	}
	return nil
}

// OnwardItems returns what a request is about, in its order.
func (t *Tx) OnwardItems(id string) (out []OnwardItem, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var it OnwardItem
		var leaf sql.RawBytes
		err := r.Scan(&it.Object, &it.Shipment, &it.Position, &leaf)
		copy(it.Leaf[:], leaf)
		out = append(out, it)
		return err
	}, "SELECT object, shipment, position, leaf FROM onward_item WHERE domain = $1 AND onward = $2 ORDER BY n", t.domain, id)
	return out, err
}

// OnwardVote is what one officer said of a partner's request.
type OnwardVote struct {
	Officer, Answer, Redact, Reason string
	Until, At                       int64
}

// VoteOnward records what an officer said, in place of what they said before.
func (t *Tx) VoteOnward(id string, v OnwardVote) error {
	_, err := t.Exec(`INSERT INTO onward_vote (domain, onward, officer, answer, redact, until, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (domain, onward, officer) DO UPDATE SET answer = excluded.answer, redact = excluded.redact, until = excluded.until,
			reason = excluded.reason, at = excluded.at`, t.domain, id, v.Officer, v.Answer, v.Redact, v.Until, v.Reason, t.now)
	return err
}

// OnwardVotes returns what officers said, oldest first.
func (t *Tx) OnwardVotes(id string) (out []OnwardVote, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var v OnwardVote
		err := r.Scan(&v.Officer, &v.Answer, &v.Redact, &v.Until, &v.Reason, &v.At)
		out = append(out, v)
		return err
	}, "SELECT officer, answer, redact, until, reason, at FROM onward_vote WHERE domain = $1 AND onward = $2 ORDER BY at, officer", t.domain, id)
	return out, err
}

// OnwardEvidence is what came with a third side's object.
type OnwardEvidence struct {
	ID        string
	Agreement ident.Agreement // it was passed on under
	Object    string
	Body      []byte
	Origin    ident.Side
	Verified  string // the sides whose signatures hold, joined by commas; "" before it was looked at with its object
	Whole     bool
	Until, At int64
}

// SaveOnwardEvidence records evidence, or what it was found to show.
func (t *Tx) SaveOnwardEvidence(e OnwardEvidence) error {
	_, err := t.Exec(`INSERT INTO onward_evidence (domain, id, agreement, object, body, origin, verified, whole, until, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (domain, id) DO UPDATE SET origin = excluded.origin, verified = excluded.verified, whole = excluded.whole, until = excluded.until`,
		t.domain, e.ID, string(e.Agreement), e.Object, e.Body, string(e.Origin), e.Verified, e.Whole, e.Until, t.now)
	return err
}

// OnwardEvidence returns the evidence about an object id, newest first.
func (t *Tx) OnwardEvidence(object string) (out []OnwardEvidence, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var e OnwardEvidence
		err := r.Scan(&e.ID, &e.Agreement, &e.Object, &e.Body, &e.Origin, &e.Verified, &e.Whole, &e.Until, &e.At)
		out = append(out, e)
		return err
	}, `SELECT id, agreement, object, body, origin, verified, whole, until, at FROM onward_evidence
		WHERE domain = $1 AND object = $2 ORDER BY at DESC, id`, t.domain, object)
	return out, err
}

// KeepBack records that an own object stays because it names another.
func (t *Tx) KeepBack(channel, object int64, names string) error {
	_, err := t.Exec(`INSERT INTO kept_back (domain, channel, object, names, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (domain, channel, object) DO UPDATE SET names = excluded.names`, t.domain, channel, object, names, t.now)
	return err
}

// KeptBack is an own object that stays because it names another.
type KeptBack struct {
	Channel, Object int64
	Names           string
	At              int64
}

// LetGo forgets and returns what was kept back because it names an id.
func (t *Tx) LetGo(names string) (out []KeptBack, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var k KeptBack
		err := r.Scan(&k.Channel, &k.Object, &k.Names, &k.At)
		out = append(out, k)
		return err
	}, "SELECT channel, object, names, at FROM kept_back WHERE domain = $1 AND names = $2 ORDER BY channel, object", t.domain, names)
	if err != nil || len(out) == 0 {
		return nil, err
	}
	_, err = t.Exec("DELETE FROM kept_back WHERE domain = $1 AND names = $2", t.domain, names)
	return out, err
}

// KeptBackNow returns what is kept back and a class may see, newest first.
func (t *Tx) KeptBackNow(class, limit int64) (out []KeptBack, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var k KeptBack
		err := r.Scan(&k.Channel, &k.Object, &k.Names, &k.At)
		out = append(out, k)
		return err
	}, `SELECT k.channel, k.object, k.names, k.at FROM kept_back k CROSS JOIN object o
		WHERE k.domain = $1 AND o.domain = $1 AND o.seq = k.object AND o.type <> 'erased' AND ($2 = -1 OR EXISTS (
			SELECT 1 FROM permit p WHERE p.domain = $1 AND p.class = $2 AND p.label = o.label))
		ORDER BY k.at DESC, k.object LIMIT $3 + 0`, t.domain, class, limit)
	return out, err
}

// DerivedFrom returns the versions that redaction made of one.
func (t *Tx) DerivedFrom(source int64) (out []int64, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var seq int64
		err := r.Scan(&seq)
		out = append(out, seq)
		return err
	}, "SELECT object FROM derived WHERE domain = $1 AND source = $2 ORDER BY object", t.domain, source)
	return out, err
}
