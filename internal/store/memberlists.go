package store

import (
	"database/sql"

	"twoseas/internal/base/ident"
)

// MemberList is one signed list of the members of a compartment on a side.
type MemberList struct {
	Agreement   ident.Agreement
	Compartment string
	Side        ident.Side
	Number      int64
	Note        []byte
	Person      string // who made it, at home
	At          int64  // when it was made, or came
}

// AddMemberList records a list. Who may read what changes with it.
func (t *Tx) AddMemberList(m MemberList) error {
	t.Notify(TopicArrived)
	t.Notify(TopicConfig)
	_, err := t.Exec(`INSERT INTO member_list (domain, agreement, compartment, side, number, note, person, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		t.domain, string(m.Agreement), m.Compartment, string(m.Side), m.Number, m.Note, m.Person, t.now)
	return err
}

func (t *Tx) memberLists(query string, args ...any) (out []MemberList, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var m MemberList
		err := r.Scan(&m.Agreement, &m.Compartment, &m.Side, &m.Number, &m.Note, &m.Person, &m.At)
		out = append(out, m)
		return err
	}, query, args...)
	return out, err
}

const memberListColumns = "agreement, compartment, side, number, note, person, at"

// MemberLists returns the lists of an agreement, newest first of each
// compartment and side.
func (t *Tx) MemberLists(a ident.Agreement) ([]MemberList, error) {
	return t.memberLists("SELECT "+memberListColumns+` FROM member_list WHERE domain = $1 AND agreement = $2
		ORDER BY compartment, side, number DESC`, t.domain, string(a))
}

// NewestMemberLists returns the newest list of each compartment and side.
func (t *Tx) NewestMemberLists(a ident.Agreement) ([]MemberList, error) {
	return t.memberLists("SELECT "+memberListColumns+` FROM member_list m WHERE m.domain = $1 AND m.agreement = $2
		AND m.number = (SELECT MAX(x.number) FROM member_list x WHERE x.domain = $1 AND x.agreement = $2
			AND x.compartment = m.compartment AND x.side = m.side)
		ORDER BY compartment, side`, t.domain, string(a))
}

// MemberListsOf returns the newest list of each agreement and compartment on
// one side.
func (t *Tx) MemberListsOf(side ident.Side) ([]MemberList, error) {
	return t.memberLists("SELECT "+memberListColumns+` FROM member_list m WHERE m.domain = $1 AND m.side = $2
		AND m.number = (SELECT MAX(x.number) FROM member_list x WHERE x.domain = $1 AND x.agreement = m.agreement
			AND x.compartment = m.compartment AND x.side = $2)
		ORDER BY agreement, compartment`, t.domain, string(side))
}

// Epoch is the lists that what a shipment carried to a compartment rested on;
// 0 is none.
type Epoch struct {
	Number       int64 // of the shipment
	Compartment  string
	Own, Partner int64
}

// AddEpoch records what a shipment of a channel rested on.
func (t *Tx) AddEpoch(channel int64, e Epoch) error {
	_, err := t.Exec(`INSERT INTO shipment_epoch (domain, channel, number, compartment, own, partner) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`, t.domain, channel, e.Number, e.Compartment, e.Own, e.Partner)
	return err
}

// Epochs returns what shipments of a channel rested on, newest first.
func (t *Tx) Epochs(channel, limit int64) (out []Epoch, err error) {
	err = t.Each(func(r *sql.Rows) error {
		var e Epoch
		err := r.Scan(&e.Number, &e.Compartment, &e.Own, &e.Partner)
		out = append(out, e)
		return err
	}, `SELECT number, compartment, own, partner FROM shipment_epoch WHERE domain = $1 AND channel = $2
		ORDER BY number DESC, compartment LIMIT $3 + 0`, t.domain, channel, limit)
	return out, err
}
