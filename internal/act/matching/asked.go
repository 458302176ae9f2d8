package matching

import (
	"context"
	"strings"

	"twoseas/internal/act/matching/psi"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// Asked takes a partner's question. It waits for the officers that the rule
// asks for, or is approved at once where the rule asks for none. The same
// question again changes nothing.
func (m *Matchings) Asked(ctx context.Context, h *store.Handle, a ident.Agreement, from ident.Side, msg, blinded []byte) error {
	n, err := psi.Count(blinded)
	if err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error {
		r, err := m.opened(tx, a, from, msg)
		if err != nil {
			return err
		}
		if r.values != n || r.blinded != ident.Sum(blinded) {
			return fault.New(fault.Invalid, "question: the blinded values are not the ones signed")
		}
		had, err := tx.Matching(r.session)
		if err == nil && (had.Asker != from || string(had.Request) != string(msg)) {
			return fault.Errorf(fault.Conflict, "another question has the name %s", r.session)
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
		return m.take(tx, r, msg, blinded)
	})
}

// opened returns a request that the partner signed, if it is for this side
// under this agreement.
func (m *Matchings) opened(tx *store.Tx, a ident.Agreement, from ident.Side, msg []byte) (request, error) {
	key, err := m.ring.PartnerKey(tx, from)
	if err != nil {
		return request{}, err
	}
	text, err := signedBy(msg, key)
	if err != nil {
		return request{}, err
	}
	r, err := parseRequest(text)
	if err != nil {
		return request{}, err
	}
	if r.agreement != a || r.domain != tx.Domain() || r.from != from || r.to != m.self {
		return request{}, fault.Errorf(fault.Denied, "the question is from %s to %s under %s in %s", r.from, r.to, r.agreement, r.domain)
	}
	return r, nil
}

// take records a question.
func (m *Matchings) take(tx *store.Tx, r request, msg, blinded []byte) error {
	terms, d, err := m.decide(tx, r.agreement, true)
	if err != nil {
		return err
	}
	if terms.Hash != r.hash {
		return fault.Errorf(fault.Conflict, "the question rests on another version of %s than the one in force here", r.agreement)
	}
	if err := bounded(tx, terms, r.from, r.values); err != nil {
		return err
	}
	q := store.Matching{
		Session: r.session, Agreement: r.agreement, Asker: r.from, State: store.MatchingApproved, Asked: int64(r.values), Request: msg, Known: -1,
	}
	if d.Outcome == gate.Hold {
		q.State, q.Needed = store.MatchingWaiting, int64(d.Approvals)
	}
	if err := tx.AddMatching(q); err != nil {
		return err
	}
	if err := tx.SetMatchingData(r.session, dataBlinded, blinded); err != nil {
		return err
	}
	if err := m.ledger.Append(tx, r.agreement, msg); err != nil {
		return err
	}
	return m.record(tx, "node "+string(r.from), "matching.asked", r.session, "values", r.values)
}

// waiting returns a question of a partner that waits for officers.
func waiting(tx *store.Tx, session string) (store.Matching, error) {
	q, err := tx.Matching(session)
	if err == nil && q.State != store.MatchingWaiting {
		err = fault.Errorf(fault.Conflict, "the question does not wait for anybody: it is %s", q.State)
	}
	return q, err
}

// Approve records that an officer of this side approves answering a question.
func (m *Matchings) Approve(ctx context.Context, h *store.Handle, by people.Actor, session string) (q store.Matching, err error) {
	if err := by.May(people.Approve); err != nil {
		return q, err
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		if q, err = waiting(tx, session); err != nil {
			return err
		}
		n, err := tx.VoteMatching(session, by.Name)
		if err != nil {
			return err
		}
		if n >= q.Needed {
			q.State = store.MatchingApproved
		}
		if err := tx.SaveMatching(q); err != nil {
			return err
		}
		return m.record(tx, by.String(), "matching.approve", session, "values", int(q.Asked))
	})
	return q, err
}

// Refuse ends a question; the asker is told why.
func (m *Matchings) Refuse(ctx context.Context, h *store.Handle, by people.Actor, session, why string) (q store.Matching, err error) {
	if err := by.May(people.Approve); err != nil {
		return q, err
	}
	why = strings.Join(strings.Fields(why), " ")
	if why == "" || len(why) > 500 {
		return q, fault.New(fault.Invalid, "say why, in at most 500 bytes")
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		if q, err = waiting(tx, session); err != nil {
			return err
		}
		q.State, q.Why = store.MatchingRefused, why
		if err := tx.SaveMatching(q); err != nil {
			return err
		}
		if err := forget(tx, session); err != nil {
			return err
		}
		return m.record(tx, by.String(), "matching.refuse", session, "values", int(q.Asked))
	})
	return q, err
}
