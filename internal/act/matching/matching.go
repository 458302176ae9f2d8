// Package matching asks a partner which of one's values it knows, without
// showing them, and answers such questions (RFC 9497; package psi).
//
// Invariants: a question rests on a rule of the agreement that names matching,
// on both sides, and is bounded per side and day; nothing is answered before
// the officers that the rule asks for have approved; what answers is only
// values of this side's objects that the gate would release to the asker as
// they are; a key serves one question; the ledgers of both sides tell that it
// was asked and answered, and of how many values, never of which.
package matching

import (
	"context"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"twoseas/internal/act/accord"
	"twoseas/internal/act/keys"
	"twoseas/internal/act/ledger"
	"twoseas/internal/act/matching/psi"
	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/ioc"
	"twoseas/internal/law/gate"
	"twoseas/internal/store"
)

// Link is the way to the partner's node; declared here to keep the network out
// of the acts.
type Link interface {
	// AskMatching hands a signed question and its blinded values over.
	AskMatching(ctx context.Context, d ident.Domain, a ident.Agreement, note, blinded []byte) error
	// MatchingAnswer asks for the answer: fault.Held while an officer has it.
	MatchingAnswer(ctx context.Context, d ident.Domain, a ident.Agreement, session string) (note, content []byte, err error)
	// RevealMatching tells which digests of the answer were found.
	RevealMatching(ctx context.Context, d ident.Domain, a ident.Agreement, session string, found []byte) error
}

// Matchings asks and answers for one node. It is safe for concurrent use.
type Matchings struct {
	self     ident.Side
	ring     *keys.Ring
	ledger   *ledger.Ledger
	releases *release.Releases
	rand     io.Reader
	working  sync.Mutex // held while a set is evaluated: one at a time uses all processors
}

// New returns the Matchings of a node.
func New(self ident.Side, ring *keys.Ring, l *ledger.Ledger, r *release.Releases, rand io.Reader) *Matchings {
	return &Matchings{self: self, ring: ring, ledger: l, releases: r, rand: rand}
}

// Names of what is kept of a question.
const (
	dataBlinded = "blinded"
	dataValues  = "values"
	dataSecret  = "secret"
	dataContent = "content"
	dataKey     = "key"
	dataKnown   = "known"
	dataFound   = "found" // digests the partner is to be told
)

// decide says whether one side may answer the other.
func (m *Matchings) decide(tx *store.Tx, a ident.Agreement, answers bool) (accord.Terms, gate.Decision, error) {
	g, err := m.releases.Gate(tx, a)
	if err != nil {
		return accord.Terms{}, gate.Decision{}, err
	}
	c := gate.Context{From: g.Terms.Self, To: g.Terms.Partner, Domain: tx.Domain(), Now: time.UnixMicro(tx.Now()).UTC()}
	if !answers {
		c.From, c.To = c.To, c.From
	}
	d := gate.DecideMatching(g.Terms.Table, c)
	if d.Outcome != gate.Release && d.Outcome != gate.Hold {
		return g.Terms, d, fault.Errorf(fault.Denied, "private matching: %s", d.Sentence)
	}
	return g.Terms, d, nil
}

// bounded refuses a question that would go beyond the day's bound.
func bounded(tx *store.Tx, t accord.Terms, asker ident.Side, n int) error {
	day := time.UnixMicro(tx.Now()).UTC().Truncate(24 * time.Hour)
	had, err := tx.MatchingSince(ident.Agreement(t.Doc.Agreement), asker, day.UnixMicro())
	if err != nil {
		return err
	}
	if most := int64(t.Doc.Matching.PerDay()); had+int64(n) > most {
		return fault.Errorf(fault.Denied, "%s has asked for %d values today; with these %d it would be more than the %d a day of the agreement", asker, had, n, most)
	}
	return nil
}

// Normal returns values as both sides spell them, each once, and those that
// are none.
func Normal(texts []string) (values []ioc.Value, not []string) {
	for _, s := range texts {
		v, err := ioc.Guess(s)
		if err != nil {
			not = append(not, s)
			continue
		}
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b ioc.Value) int {
		if a.Kind != b.Kind {
			return int(a.Kind) - int(b.Kind)
		}
		return cmpText(a.Text, b.Text)
	})
	return slices.Compact(values), not
}

func cmpText(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// input is what a value is to the PRF.
func input(kind, text string) []byte { return []byte(RequestTitle + "\n" + kind + "\n" + text) }

func inputs(values []ioc.Value) [][]byte {
	out := make([][]byte, len(values))
	for i, v := range values {
		out[i] = input(v.Kind.String(), v.Text)
	}
	return out
}

// kept is a value as it is stored until the question is done.
type kept struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

func keep(values []ioc.Value) ([]byte, error) {
	list := make([]kept, len(values))
	for i, v := range values {
		list[i] = kept{v.Kind.String(), v.Text}
	}
	return canon.Marshal(list)
}

func unkeep(raw []byte) ([]ioc.Value, error) {
	var list []kept
	if err := canon.UnmarshalStrict(raw, &list); err != nil {
		return nil, err
	}
	out := make([]ioc.Value, len(list))
	for i, k := range list {
		kind, err := ioc.ParseKind(k.Kind)
		if err != nil {
			return nil, err
		}
		out[i] = ioc.Value{Kind: kind, Text: k.Text}
	}
	return out, nil
}

// Ask asks the partner which of the values it knows, and hands the question
// over if the link works; Send tries again when it did not.
func (m *Matchings) Ask(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement, values []ioc.Value, link Link) (store.Matching, error) {
	if err := by.May(people.Export); err != nil {
		return store.Matching{}, err
	}
	q, err := psi.Ask(m.rand, inputs(values))
	if err != nil {
		return store.Matching{}, err
	}
	blinded, err := q.Blinded()
	if err != nil {
		return store.Matching{}, err
	}
	secret, err := q.Secret()
	if err != nil {
		return store.Matching{}, err
	}
	list, err := keep(values)
	if err != nil {
		return store.Matching{}, err
	}
	id := make([]byte, sessionSize)
	if _, err := io.ReadFull(m.rand, id); err != nil {
		return store.Matching{}, err
	}
	session := hex.EncodeToString(id)
	err = h.Write(ctx, func(tx *store.Tx) error {
		if err := m.question(tx, by, a, session, blinded, len(values)); err != nil {
			return err
		}
		for name, data := range map[string][]byte{dataBlinded: blinded, dataSecret: secret, dataValues: list} {
			if err := tx.SetMatchingData(session, name, data); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return store.Matching{}, err
	}
	return m.Send(ctx, h, session, link)
}

// question signs a question and records it.
func (m *Matchings) question(tx *store.Tx, by people.Actor, a ident.Agreement, session string, blinded []byte, n int) error {
	terms, _, err := m.decide(tx, a, false)
	if err != nil {
		return err
	}
	if err := bounded(tx, terms, m.self, n); err != nil {
		return err
	}
	signer, err := m.ring.Signer(tx)
	if err != nil {
		return err
	}
	r := request{
		agreement: a, hash: terms.Hash, domain: tx.Domain(), from: m.self, to: terms.Partner, session: session, values: n,
		blinded: ident.Sum(blinded), made: time.UnixMicro(tx.Now()),
	}
	msg, err := signer.Sign(r.text())
	if err != nil {
		return err
	}
	if err := tx.AddMatching(store.Matching{
		Session: session, Agreement: a, Asker: m.self, State: store.MatchingAsked, Asked: int64(n), Request: msg, Known: -1, Person: by.String(),
	}); err != nil {
		return err
	}
	if err := m.ledger.Append(tx, a, msg); err != nil {
		return err
	}
	return m.record(tx, by.String(), "matching.ask", session, "values", n)
}

// record writes an act into the home log, with one count.
func (m *Matchings) record(tx *store.Tx, by, act, session, what string, n int) error {
	return m.ledger.Record(tx, by, act, ledger.Field{Name: "session", Value: session}, ledger.Field{Name: what, Value: strconv.Itoa(n)})
}

// Send hands a question over that the partner does not have yet. A refusal is
// kept and returned.
func (m *Matchings) Send(ctx context.Context, h *store.Handle, session string, link Link) (q store.Matching, err error) {
	var blinded []byte
	if err := h.Query(ctx, func(tx *store.Tx) error {
		if q, err = tx.Matching(session); err != nil || q.State != store.MatchingAsked {
			return err
		}
		blinded, err = tx.MatchingData(session, dataBlinded)
		return err
	}); err != nil || blinded == nil {
		return q, err
	}
	refused := link.AskMatching(ctx, h.Domain(), q.Agreement, q.Request, blinded)
	switch {
	case refused == nil:
		q.State = store.MatchingSent
	case fault.Is(refused, fault.Denied):
		q.State, q.Why = store.MatchingRefused, fault.Message(refused)
	default:
		return q, refused
	}
	err = h.Write(ctx, func(tx *store.Tx) error {
		if q.State == store.MatchingRefused {
			if err := forget(tx, session); err != nil {
				return err
			}
		}
		return tx.SaveMatching(q)
	})
	if err == nil {
		err = refused
	}
	return q, err
}

// forget drops everything but the record.
func forget(tx *store.Tx, session string, but ...string) error {
	for _, name := range []string{dataBlinded, dataValues, dataSecret, dataContent, dataKey} {
		if slices.Contains(but, name) {
			continue
		}
		if err := tx.DropMatchingData(session, name); err != nil {
			return err
		}
	}
	return nil
}

// List returns the newest questions under an agreement, both sides'.
func (m *Matchings) List(ctx context.Context, h *store.Handle, by people.Actor, a ident.Agreement) (out []store.Matching, err error) {
	if err := by.May(people.Review); err != nil {
		return nil, err
	}
	err = h.Query(ctx, func(tx *store.Tx) error {
		out, err = tx.Matchings(a, 100)
		return err
	})
	return out, err
}
