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
		t = &Table{Halted: phrases["gate.why.none"]}
	}
	q := query{&marking.Label{Kind: Matching}, t, &c}
	var m []Match
	if why := barHalted(q); why.Key != "" {
		m = append(m, bar("halted", why))
	}
	if why := barSides(q); why.Key != "" {
		m = append(m, bar("sides", why))
	}
	for i := range t.Rules {
		r := &t.Rules[i]
		if !slices.Contains(r.When.Kinds, Matching) || r.When.narrow() && r.Then.Outcome != Deny {
			continue
		}
		row := Match{Rule: r.ID, Clause: r.Clause, Effect: r.Then}
		if !row.Effect.valid() || len(row.Effect.Redact) > 0 {
			row.refuse(because("matching"))
		}
		m = append(m, row)
	}
	return decide(m, q)
}

// narrow reports whether a row has conditions besides its kinds.
func (w When) narrow() bool {
	return len(w.TLPs)+len(w.PAPs)+len(w.Classifications)+len(w.Origins)+len(w.Contributors)+len(w.Sectors)+len(w.Caveats) > 0
}
