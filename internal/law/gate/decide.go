package gate

import (
	"cmp"
	"slices"
	"strings"

	"twoseas/internal/law/marking"
)

// Match is a row that matched.
type Match struct {
	Rule   string
	Clause string
	// Standing says that the row is the gate's own and holds under every
	// agreement; Clause is then empty.
	Standing bool
	Effect   Effect
	// Why is the gate's own reason to deny; Effect.Reason has it in English.
	// Without one the reason is the agreement's.
	Why Phrase
	// Wins says that the decision rests on this row.
	Wins bool

	outside bool // of another area than the label's: it asks for more, and lets nothing go
}

// Decision is what the gate says, why, and in words.
type Decision struct {
	Outcome   Outcome
	Approvals int      // for Hold
	Redact    []string // for Redact and Hold: what is taken out before it goes
	// Matches holds every row that matched, strictest first.
	Matches []Match
	// Sentence says it to a person in English; In does in any language.
	Sentence string
	Told     Told
}

// Winners returns the rows the decision rests on.
func (d Decision) Winners() []Match {
	return slices.DeleteFunc(slices.Clone(d.Matches), func(m Match) bool { return !m.Wins })
}

// Within reports whether d is no more open than e.
func (d Decision) Within(e Decision) bool {
	if d.Outcome == Deny {
		return true
	}
	for _, name := range e.Redact {
		if !slices.Contains(d.Redact, name) {
			return false
		}
	}
	return d.Outcome <= e.Outcome && d.Approvals >= e.Approvals
}

// Decide says whether an object labelled l may leave under the agreement. It
// never fails: whatever it does not understand it denies, with a sentence.
// Approvals recorded in the label do not count here, since they were given
// for another crossing; redactions do, since they are facts about the bytes.
func Decide(l marking.Label, t *Table, c Context) Decision {
	if t == nil {
		t = &Table{Halted: phrases["gate.why.none"]}
	}
	q := query{&l, t, &c}
	m := standing(make([]Match, 0, 4), q)
	return decide(rows(m, q), q)
}

// Accept is the receiving side's own gate: the same rows, seen from the side
// that sent, with the approvals the label records. An emergency release, which
// says so, needs one approval where the agreement asks for more; it changes
// nothing else (ADR 0020). Anything but Release is a refusal.
func Accept(l marking.Label, t *Table, c Context) Decision {
	d := Decide(l, t, c)
	d.Told.Recorded, d.Told.Needed = l.Approved, d.Approvals
	switch {
	case d.Outcome == Hold && len(d.Redact) == 0 && l.Approved >= d.Approvals:
		d.Told.Verdict, d.Outcome, d.Approvals = Accepted, Release, 0
	case d.Outcome == Hold && len(d.Redact) == 0 && l.Emergency && l.Approved >= 1:
		d.Told.Verdict, d.Outcome, d.Approvals = AcceptedAsUrgent, Release, 0
	case d.Outcome == Hold:
		d.Told.Verdict = Unapproved
	case d.Outcome == Redact:
		d.Told.Verdict = Unredacted
	}
	d.Sentence = d.In(English)
	return d
}

// rows appends the agreement's rows that match.
func rows(out []Match, q query) []Match {
	if i, ok := governing(q); ok {
		out = append(out, i)
	}
	for i := range q.t.Rules {
		r := &q.t.Rules[i]
		outside := r.Then.Outcome != Deny && !inArea(q, r.Clause)
		if !r.When.matches(q) || outside && r.Then.Outcome == Release {
			continue
		}
		m := Match{Rule: r.ID, Clause: r.Clause, Effect: r.Then, outside: outside}
		if !m.Effect.valid() {
			m.refuse(because("effect"))
		}
		out = append(out, m)
	}
	return out
}

// governing returns the row of the first instrument that goes before the
// agreement and speaks of the label; it cites all others that do.
func governing(q query) (Match, bool) {
	var titles []string
	var first string
	for i := range q.t.Precedence {
		if p := &q.t.Precedence[i]; p.Governs.matches(q) {
			first = cmp.Or(first, p.ID)
			titles = append(titles, cmp.Or(p.Title, p.ID))
		}
	}
	if len(titles) == 0 {
		return Match{}, false
	}
	return bar("instrument "+first, Phrase{governed, titles}), true
}

// refuse makes the row deny for the gate's own reason.
func (m *Match) refuse(why Phrase) {
	m.Why, m.Effect = why, Effect{Outcome: Deny, Reason: why.In(English)}
}

// decide weighs the rows that matched.
func decide(m []Match, q query) Decision {
	slices.SortFunc(m, strictestFirst)
	d := Decision{Outcome: Deny, Matches: m}
	permitted, denied := false, false
	for i := range m {
		e := m[i].Effect.Outcome
		denied = denied || e == Deny
		permitted = permitted || (e != Deny && !m[i].Standing && !m[i].outside)
	}
	if permitted && !denied {
		weigh(&d, q.l)
	}
	for i := range m {
		m[i].Wins = wins(d, m[i].Effect)
	}
	d.Told.Agreement, d.Told.Version = q.t.Agreement, q.t.Version
	d.Sentence = d.In(English)
	return d
}

// weigh combines rows none of which denies.
func weigh(d *Decision, l *marking.Label) {
	d.Redact = demanded(d.Matches, l.Redacted)
	for _, row := range d.Matches {
		d.Approvals = max(d.Approvals, row.Effect.Approvals)
	}
	if len(d.Redact) > 0 && slices.Contains(l.Caveats, "ORCON") {
		d.Approvals = max(d.Approvals, 1) // no extract without an approval on record
	}
	switch {
	case d.Approvals > 0:
		d.Outcome = Hold
	case len(d.Redact) > 0:
		d.Outcome = Redact
	default:
		d.Outcome = Release
	}
}

// demanded returns the redactions that rows ask for and that were not made.
func demanded(m []Match, done []string) []string {
	var out []string
	for _, row := range m {
		for _, name := range row.Effect.Redact {
			if !slices.Contains(done, name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// wins reports whether the decision rests on an effect: every denial; the
// highest number of approvals; every redaction still to be made; and, for a
// release, all rows, since those that redact are satisfied.
func wins(d Decision, e Effect) bool {
	redacts := len(e.Redact) > 0 && overlaps(e.Redact, d.Redact)
	switch d.Outcome {
	case Deny:
		return e.Outcome == Deny
	case Hold:
		return redacts || (e.Outcome == Hold && e.Approvals == d.Approvals)
	case Redact:
		return redacts
	case Release:
		return true
	}
	return false
}

// strictestFirst orders rows by what they say and never by where they stood.
func strictestFirst(a, b Match) int {
	return cmp.Or(
		cmp.Compare(a.Effect.Outcome, b.Effect.Outcome),
		cmp.Compare(rank(a), rank(b)),
		cmp.Compare(b.Effect.Approvals, a.Effect.Approvals),
		strings.Compare(a.Rule, b.Rule),
		strings.Compare(a.Clause, b.Clause),
		strings.Compare(a.Effect.Reason, b.Effect.Reason),
		slices.Compare(a.Effect.Redact, b.Effect.Redact),
	)
}

// rank puts the agreement's own rows before the gate's, since people know
// the clauses.
func rank(m Match) int {
	if m.Standing {
		return 1
	}
	return 0
}
