package gate

import (
	"slices"
	"strings"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
)

// query is one question to the gate. The table is never nil.
type query struct {
	l *marking.Label
	t *Table
	c *Context
}

// bars are the rows that hold under every agreement and that no rule can
// loosen. Each returns why the label is barred, or "".
var bars = []struct {
	rule string
	why  func(query) string
}{
	{"halted", barHalted},
	{"sides", barSides},
	{"theirs", func(q query) string { return when(q.l.Origin == q.c.To, "it is theirs") }},
	{"no-origin", func(q query) string { return when(q.l.Origin == "", "nobody is known to own it") }},
	{"no-kind", func(q query) string { return when(!marking.IsKind(q.l.Kind), "its kind is not known") }},
	{"unknown-marking", barUnknown},
	{"no-tlp", func(q query) string { return when(!known(q.l.TLP), "it has no TLP marking") }},
	{"tlp-ceiling", barTLP},
	{"class-ceiling", barClass},
	{"unknown-pap", func(q query) string { return when(q.l.PAP > marking.PAPRed, "its PAP level is not known") }},
	{"unknown-contributor", barContributor},
	{"domain", barDomain},
	{"not-listed", barUnlisted},
	{"withheld", barWithheld},
	{"area", barArea},
	{"embargo", func(q query) string { return when(embargoed(q.l, q.c), "it is under embargo") }},
	{"onward", barOnward},
	{"expired", func(q query) string { return when(expired(q.l, q.c), "it expired") }},
}

func when(barred bool, why string) string {
	if barred {
		return why
	}
	return ""
}

// barHalted keeps nothing back of what protects what has crossed: that goes on
// when new exchange does not.
func barHalted(q query) string {
	return when(q.l.Kind != marking.Control || !q.t.Protects, q.t.Halted)
}

func barWithheld(q query) string {
	switch q.l.Withheld {
	case "":
		return ""
	case marking.Recalled:
		return "its originator has called it back"
	case marking.Erroneous:
		return "its originator has withdrawn it as wrong"
	}
	return "it is withheld"
}

// barArea keeps what was meant for the areas of other agreements out of this
// one; which of this agreement's rules may let it go is seen to by inArea.
func barArea(q query) string {
	if q.l.Areas == nil || slices.ContainsFunc(q.l.Areas, func(a string) bool { return strings.HasPrefix(a, marking.Area(q.t.Agreement, "")) }) {
		return ""
	}
	return "it was put in for another area of cooperation"
}

// inArea reports whether a rule on a clause may let a label go: where areas are
// named, the clause must be of one of them.
func inArea(q query, clause string) bool {
	return q.l.Areas == nil || slices.ContainsFunc(q.l.Areas, func(a string) bool {
		ref, ok := strings.CutPrefix(a, marking.Area(q.t.Agreement, ""))
		return ok && (ref == "" || clause == ref || strings.HasPrefix(clause, ref+"("))
	})
}

// barOnward keeps back what belongs to neither side, until its originators
// have agreed that it goes to the recipient.
func barOnward(q query) string {
	third := originOf(q) == Other && q.l.Origin != ""
	return when(third && !slices.Contains(q.l.Consent, string(q.c.To)), "no consent of its originators is on record")
}

func barSides(q query) string {
	_, to := q.t.party(q.c.To)
	_, from := q.t.party(q.c.From)
	return when(!to || !from || q.c.To == q.c.From, "the crossing is not between the two sides of the agreement")
}

func barUnknown(q query) string {
	if len(q.l.Unknown) == 0 {
		return ""
	}
	return "a handling marking on it is not understood (" + q.l.Unknown[0] + ")"
}

func barTLP(q query) string {
	if !known(q.l.TLP) || q.l.TLP <= q.t.CeilingTLP {
		return ""
	}
	return "it is " + q.l.TLP.String() + ", above the agreement's ceiling"
}

func barClass(q query) string {
	if marking.WithinLevel(q.l.Classification, q.t.CeilingClass) {
		return ""
	}
	return "its classification " + q.l.Classification + " is above the agreement's ceiling"
}

func barContributor(q query) string {
	return when(q.l.Contributor != "" && q.l.Contributor != marking.Member, "its kind of contributor is not known")
}

func barDomain(q query) string {
	switch {
	case q.c.Domain.IsZero():
		return "it is not known whether this is live or an exercise"
	case q.l.Exercise && !q.c.Domain.IsExercise():
		return "exercise material never goes by the live channel"
	case !q.l.Exercise && q.c.Domain.IsExercise():
		return "live material never goes by an exercise channel"
	}
	return ""
}

// barUnlisted holds a label with a releasable-to list to it: the list must
// name the recipient by its side id or one of its codes.
func barUnlisted(q query) string {
	to, _ := q.t.party(q.c.To)
	if q.l.ReleasableTo == nil || named(q.l.ReleasableTo, to.Side, to.Codes) {
		return ""
	}
	return "it may not be released to " + string(q.c.To)
}

func known(t marking.TLP) bool { return t >= marking.Clear && t <= marking.Red }

func named(list []string, side ident.Side, codes []string) bool {
	return slices.ContainsFunc(list, func(name string) bool {
		return side != "" && (name == string(side) || slices.Contains(codes, name))
	})
}

func embargoed(l *marking.Label, c *Context) bool {
	return !l.NotBefore.IsZero() && (c.Now.IsZero() || c.Now.Before(l.NotBefore))
}

func expired(l *marking.Label, c *Context) bool {
	return !l.Expires.IsZero() && (c.Now.IsZero() || !c.Now.Before(l.Expires))
}

// bar returns a row of the gate's own that denies.
func bar(rule, reason string) Match {
	return Match{Rule: rule, Standing: true, Effect: Effect{Outcome: Deny, Reason: reason}}
}

// standing appends the rows of the gate's own that match.
func standing(out []Match, q query) []Match {
	for _, b := range bars {
		if why := b.why(q); why != "" {
			out = append(out, bar(b.rule, why))
		}
	}
	for _, code := range q.l.Caveats {
		if e, ok := caveat(code, q.l); ok {
			out = append(out, Match{Rule: "caveat " + code, Standing: true, Effect: e})
		}
	}
	return out
}

// caveat returns what a caveat does to the label's crossing, if anything.
func caveat(code string, l *marking.Label) (Effect, bool) {
	c, ok := marking.CaveatOf(code)
	switch {
	case !ok:
		return Effect{Reason: "its caveat " + code + " is not known"}, true
	case c.Bars != "" && (!c.Listed || l.ReleasableTo == nil):
		return Effect{Reason: code + ": " + c.Bars}, true
	case c.Approvals > 0:
		return Effect{Outcome: Hold, Approvals: c.Approvals}, true
	case len(c.Redact) > 0:
		return Effect{Outcome: Redact, Redact: slices.Clone(c.Redact)}, true
	}
	return Effect{}, false
}
