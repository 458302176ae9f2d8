package matching

import (
	"bytes"
	"context"
	"sort"

	"twoseas/internal/act/matching/psi"
	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/ioc"
	"twoseas/internal/store"
)

// Result is what the asker learns of a question.
type Result struct {
	store.Matching
	Values []ioc.Value // known to both
}

// Fetch asks for the answer to a question of this side, and finds which of its
// values the partner knows. fault.Held while an officer there has it. What
// could unblind the question is forgotten with the answer; where the agreement
// says so, the partner is told which digests were found.
func (m *Matchings) Fetch(ctx context.Context, h *store.Handle, by people.Actor, session string, link Link) (r Result, err error) {
	if err := by.May(people.Export); err != nil {
		return r, err
	}
	if r.Matching, err = m.Send(ctx, h, session, link); err != nil {
		return r, err
	}
	if r.Asker != m.self {
		return r, fault.New(fault.Invalid, "that is a question of the partner")
	}
	if r.State != store.MatchingSent {
		if err := m.reveal(ctx, h, r.Matching, link); err != nil {
			return r, err
		}
		return m.Result(ctx, h, by, session)
	}
	msg, content, err := link.MatchingAnswer(ctx, h.Domain(), r.Agreement, session)
	if fault.Is(err, fault.Denied) {
		return r, m.refused(ctx, h, r.Matching, err)
	}
	if err != nil {
		return r, err
	}
	found, err := m.finish(ctx, h, &r, msg, content)
	if err != nil {
		return r, err
	}
	if err := h.Write(ctx, func(tx *store.Tx) error { return m.done(tx, by, &r, msg, found) }); err != nil {
		return r, err
	}
	return r, m.reveal(ctx, h, r.Matching, link)
}

// reveal tells the partner which digests were found, when that is agreed and
// it was not told yet.
func (m *Matchings) reveal(ctx context.Context, h *store.Handle, q store.Matching, link Link) error {
	var found []byte
	err := h.Query(ctx, func(tx *store.Tx) (err error) {
		found, err = tx.MatchingData(q.Session, dataFound)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := link.RevealMatching(ctx, h.Domain(), q.Agreement, q.Session, found); err != nil {
		return err
	}
	return h.Write(ctx, func(tx *store.Tx) error { return tx.DropMatchingData(q.Session, dataFound) })
}

// refused keeps that the partner refused.
func (m *Matchings) refused(ctx context.Context, h *store.Handle, q store.Matching, why error) error {
	q.State, q.Why = store.MatchingRefused, fault.Message(why)
	if err := h.Write(ctx, func(tx *store.Tx) error {
		if err := forget(tx, q.Session); err != nil {
			return err
		}
		return tx.SaveMatching(q)
	}); err != nil {
		return err
	}
	return why
}

// finish verifies an answer and finds the overlap.
func (m *Matchings) finish(ctx context.Context, h *store.Handle, r *Result, msg, content []byte) (found []byte, err error) {
	var a answer
	var values, secret []byte
	if err := h.Query(ctx, func(tx *store.Tx) error {
		if a, err = m.verified(tx, r.Matching, msg, content); err != nil {
			return err
		}
		if values, err = tx.MatchingData(r.Session, dataValues); err != nil {
			return err
		}
		secret, err = tx.MatchingData(r.Session, dataSecret)
		return err
	}); err != nil {
		return nil, err
	}
	list, err := unkeep(values)
	if err != nil {
		return nil, err
	}
	q, err := psi.Again(inputs(list), secret)
	if err != nil {
		return nil, err
	}
	cut := len(content) - a.set*psi.DigestSize
	if cut < 0 {
		return nil, fault.New(fault.Invalid, "the answer is shorter than it says")
	}
	digests, err := q.Finish(a.key, content[:cut])
	if err != nil {
		return nil, err
	}
	r.Values = []ioc.Value{}
	for i, d := range digests {
		if within(content[cut:], d) {
			r.Values = append(r.Values, list[i])
			found = append(found, d[:]...)
		}
	}
	return found, nil
}

// within reports whether a digest is in a sorted set.
func within(set []byte, d psi.Digest) bool {
	n := len(set) / psi.DigestSize
	i := sort.Search(n, func(i int) bool { return bytes.Compare(set[i*psi.DigestSize:(i+1)*psi.DigestSize], d[:]) >= 0 })
	return i < n && bytes.Equal(set[i*psi.DigestSize:(i+1)*psi.DigestSize], d[:])
}

// verified returns an answer that the partner signed to this question.
func (m *Matchings) verified(tx *store.Tx, q store.Matching, msg, content []byte) (answer, error) {
	g, err := m.releases.Gate(tx, q.Agreement)
	if err != nil {
		return answer{}, err
	}
	key, err := m.ring.PartnerKey(tx, g.Terms.Partner)
	if err != nil {
		return answer{}, err
	}
	text, err := signedBy(msg, key)
	if err != nil {
		return answer{}, err
	}
	a, err := parseAnswer(text)
	if err != nil {
		return answer{}, err
	}
	if a.request != ident.Sum(q.Request) || a.session != q.Session || a.from != g.Terms.Partner || a.to != m.self {
		return answer{}, fault.New(fault.Denied, "the answer is to another question")
	}
	if a.content != ident.Sum(content) {
		return answer{}, fault.New(fault.Invalid, "the answer is not the one signed")
	}
	return a, nil
}

// done records the answer.
func (m *Matchings) done(tx *store.Tx, by people.Actor, r *Result, msg, found []byte) error {
	terms, _, err := m.decide(tx, r.Agreement, false)
	if err != nil {
		return err
	}
	list, err := keep(r.Values)
	if err != nil {
		return err
	}
	r.State, r.Answer, r.Known = store.MatchingDone, msg, int64(len(r.Values))
	if err := forget(tx, r.Session); err != nil {
		return err
	}
	if err := tx.SetMatchingData(r.Session, dataKnown, list); err != nil {
		return err
	}
	if terms.Doc.Matching.Both() {
		if err := tx.SetMatchingData(r.Session, dataFound, found); err != nil {
			return err
		}
	}
	if err := tx.SaveMatching(r.Matching); err != nil {
		return err
	}
	if err := m.ledger.Append(tx, r.Agreement, msg); err != nil {
		return err
	}
	return m.record(tx, by.String(), "matching.done", r.Session, "known", len(r.Values))
}

// Result returns what this side has learned of a question: which values both
// know.
func (m *Matchings) Result(ctx context.Context, h *store.Handle, by people.Actor, session string) (r Result, err error) {
	if err := by.May(people.Export); err != nil {
		return r, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		if r.Matching, err = tx.Matching(session); err != nil || r.Known < 0 {
			return err
		}
		raw, err := tx.MatchingData(session, dataKnown)
		if err != nil {
			return err
		}
		r.Values, err = unkeep(raw)
		return err
	})
	return r, err
}
