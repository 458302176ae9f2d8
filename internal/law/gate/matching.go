package gate

import (
	"slices"

	"twoseas/internal/law/marking"
)

// Matching is the word by which a row's kinds speak of private matching: one
// side asks which of its values the other knows, without showing them. No
// object is of that kind.
const Matching = "matching"

// DecideMatching says whether From may answer a question of To under the
// agreement. Only rows that name the kind count. A row with more conditions
// speaks of objects, which a question is not: it permits nothing here, but
// what it denies is denied. No such row: denied.
func DecideMatching(t *Table, c Context) Decision {
	if t == nil {
		t = &Table{Halted: "there is no agreement in force between the two sides"}
	}
	q := query{&marking.Label{Kind: Matching}, t, &c}
	var m []Match
	if t.Halted != "" {
		m = append(m, bar("halted", t.Halted))
	}
	if why := barSides(q); why != "" {
		m = append(m, bar("sides", why))
	}
	for i := range t.Rules {
		r := &t.Rules[i]
		if !slices.Contains(r.When.Kinds, Matching) || r.When.narrow() && r.Then.Outcome != Deny {
			continue
		}
		e := r.Then
		if !e.valid() || len(e.Redact) > 0 {
			e = Effect{Reason: "the rule's effect means nothing for matching"}
		}
		m = append(m, Match{Rule: r.ID, Clause: r.Clause, Effect: e})
	}
	return decide(m, q)
}

// narrow reports whether a row has conditions besides its kinds.
func (w When) narrow() bool {
	return len(w.TLPs)+len(w.PAPs)+len(w.Classifications)+len(w.Origins)+len(w.Contributors)+len(w.Sectors)+len(w.Caveats) > 0
}
