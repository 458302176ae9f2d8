package matching

import (
	"context"
	"strings"
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/ioc"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// Standing is what an agreement says of private matching, and how much of it
// was used today.
type Standing struct {
	Partner ident.Side
	// Asks says why this side may not ask, "" when it may; Answers the same of
	// answering.
	Asks, Answers string
	PerDay        int64
	Used          int64 // by this side, today
	Both          bool  // both sides learn which values both know
	Approvals     int   // officers of the side that answers
}

// Standing returns it, for who sees the questions.
func (m *Matchings) Standing(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement) (s Standing, err error) {
	if err := by.May(people.Review); err != nil {
		return s, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		terms, d, err := m.decide(tx, a, false)
		if fault.Is(err, fault.Denied) {
			s.Asks, err = fault.Message(err), nil
		}
		if err != nil {
			return err
		}
		if d.Outcome == gate.Hold {
			s.Approvals = d.Approvals
		}
		if _, _, err = m.decide(tx, a, true); fault.Is(err, fault.Denied) {
			s.Answers, err = fault.Message(err), nil
		}
		if err != nil {
			return err
		}
		s.Partner, s.PerDay, s.Both = terms.Partner, int64(terms.Doc.Matching.PerDay()), terms.Doc.Matching.Both()
		day := time.UnixMicro(tx.Now()).UTC().Truncate(24 * time.Hour)
		s.Used, err = tx.MatchingSince(a, m.self, day.UnixMicro())
		return err
	})
	return s, err
}

// Seen is one question as a person may see it.
type Seen struct {
	store.Matching
	Own      bool     // this side asked
	Approved []string // officers of this side
	// Values are those known to both that the person may see: who asked sees
	// all, anybody else those that an object names which they may read. Hidden
	// says that the person sees none because of having no part in it.
	Values []ioc.Value
	Hidden bool
}

// See returns a question to somebody of a clearance class.
func (m *Matchings) See(ctx context.Context, h *store.Handle, by people.Actor, class int64, session string) (s Seen, err error) {
	if err := by.May(people.Review); err != nil {
		return s, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		if s.Matching, err = tx.Matching(session); err != nil {
			return err
		}
		s.Own = s.Asker == m.self
		if s.Approved, err = tx.MatchingVotes(session); err != nil {
			return err
		}
		s.Hidden = by.May(people.Export) != nil
		if s.Known < 0 || s.Hidden {
			return nil
		}
		raw, err := tx.MatchingData(session, dataKnown)
		if err != nil {
			return err
		}
		if s.Values, err = unkeep(raw); err != nil || by.IsSystem() || s.Own && s.asked(by) {
			return err
		}
		s.Values, err = readable(tx, class, s.Values)
		return err
	})
	return s, err
}

// asked reports whether by asked the question, by whatever means.
func (s Seen) asked(by people.Actor) bool {
	name, _, _ := strings.Cut(s.Person, " ")
	return by.Name != "" && name == by.Name
}

// readable returns the values that an object names which a class may read.
func readable(tx *store.Tx, class int64, values []ioc.Value) ([]ioc.Value, error) {
	keys := make([]store.Key, len(values))
	for i, v := range values {
		keys[i] = store.Key{Kind: v.Kind.String(), Value: v.Text}
	}
	named := map[store.Key]bool{}
	if len(keys) > 0 {
		if err := tx.Find(keys, class, func(f store.Found) error {
			named[store.Key{Kind: f.Kind, Value: f.Value}] = true
			return nil
		}); err != nil {
			return nil, err
		}
	}
	var out []ioc.Value
	for i, v := range values {
		if named[keys[i]] {
			out = append(out, v)
		}
	}
	return out, nil
}

// Lines opens the way to the partner of an agreement; close lets go of it.
type Lines interface {
	Line(ctx context.Context, a ident.Agreement) (link Link, done func(), err error)
}

// Work makes the answers that are approved, and hands over what was asked
// while there was no line. It returns what went wrong last.
func (m *Matchings) Work(ctx context.Context, h *store.Handle, lines Lines) error {
	var approved, unsent []store.Matching
	const atOnce = 20
	failed := h.Query(ctx, func(tx *store.Tx) (err error) {
		if approved, err = tx.MatchingsIn(store.MatchingApproved, atOnce); err == nil {
			unsent, err = tx.MatchingsIn(store.MatchingAsked, atOnce)
		}
		return err
	})
	for _, q := range approved {
		if err := m.Prepare(ctx, h, q.Session); err != nil {
			failed = err
		}
	}
	for _, q := range unsent {
		if err := m.deliver(ctx, h, q, lines); err != nil && !fault.Is(err, fault.Denied) { // a refusal is kept
			failed = err
		}
	}
	return failed
}

func (m *Matchings) deliver(ctx context.Context, h *store.Handle, q store.Matching, lines Lines) error {
	link, done, err := lines.Line(ctx, q.Agreement)
	if err != nil {
		return err
	}
	defer done()
	_, err = m.Send(ctx, h, q.Session, link)
	return err
}
