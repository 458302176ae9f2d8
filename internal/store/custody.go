package store

import (
	"database/sql"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Custody says where an entry of a request's chain of custody is stored, and
// who of this side made it.
type Custody struct {
	Side   ident.Side
	N      int64
	Object int64
	Digest ident.Digest // of the object
	Person string
}

// AddCustody records an entry.
func (t *Tx) AddCustody(request string, c Custody) error {
	t.Notify(TopicAssist)
	_, err := t.Exec("INSERT INTO custody (domain, request, side, n, object, digest, person) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		t.domain, request, string(c.Side), c.N, c.Object, c.Digest[:], c.Person)
	return err
}

// Custody returns the chain of a request, each side's entries in its order.
func (t *Tx) Custody(request string) (out []Custody, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var c Custody
		var digest []byte
		if err := r.Scan(&c.Side, &c.N, &c.Object, &digest, &c.Person); err != nil {
			return err
		}
		copy(c.Digest[:], digest)
		out = append(out, c)
		return nil
	}, "SELECT side, n, object, digest, person FROM custody WHERE domain = $1 AND request = $2 ORDER BY side, n", t.domain, request)
	return out, err
}

// What the originator says of a passage between compartments.
const (
	PassageWaits   = ""
	PassageGiven   = "given"
	PassageRefused = "refused"
)

// Passage is something that passes between the two compartments of a side.
type Passage struct {
	ID, Request string
	Agreement   ident.Agreement
	Side        ident.Side // inside which it passes
	Police      bool       // it comes from law enforcement
	Version     int64      // the object that passes
	Object      int64      // that says so
	At          int64
	Person      string // who of this side
	Answer      string
	Answered    int64
}

const passageColumns = "id, request, agreement, side, police, version, object, at, person, answer, answered" //nolint:gosec // names of columns

func (t *Tx) passages(query string, args ...any) (out []Passage, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var c Passage
		err := r.Scan(&c.ID, &c.Request, &c.Agreement, &c.Side, &c.Police, &c.Version, &c.Object, &c.At, &c.Person, &c.Answer, &c.Answered)
		out = append(out, c)
		return err
	}, query, args...)
	return out, err
}

// SavePassage records how a passage stands.
func (t *Tx) SavePassage(c Passage) error {
	t.Notify(TopicAssist)
	_, err := t.Exec(`INSERT INTO passage (domain, `+passageColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (domain, id) DO UPDATE SET answer = excluded.answer, answered = excluded.answered`,
		t.domain, c.ID, c.Request, string(c.Agreement), string(c.Side), c.Police, c.Version, c.Object, c.At, c.Person, c.Answer, c.Answered)
	return err
}

// Passage returns a passage, or fault.NotFound.
func (t *Tx) Passage(id string) (Passage, error) {
	list, err := t.passages("SELECT "+passageColumns+" FROM passage WHERE domain = $1 AND id = $2", t.domain, id)
	if err == nil && len(list) == 0 {
		err = fault.New(fault.NotFound, "there is no such passage, or it is not for you")
	}
	if err != nil {
		return Passage{}, err
	}
	return list[0], nil
}

// Passages returns what a reader of the compartments may know of, newest
// first, at most limit: what comes from their compartment, and what came to it
// inside the own side with the originator's word. A request's when it is named.
func (t *Tx) Passages(self ident.Side, technical, police bool, request string, limit int64) ([]Passage, error) {
	return t.passages("SELECT "+passageColumns+` FROM passage WHERE domain = $1
			AND ($2 AND NOT police OR $3 AND police OR side = $4 AND answer = '`+PassageGiven+`' AND ($2 AND police OR $3 AND NOT police))
			AND ($5 = '' OR request = $5)
		ORDER BY at DESC, id LIMIT $6 + 0`, t.domain, technical, police, string(self), request, limit)
}
