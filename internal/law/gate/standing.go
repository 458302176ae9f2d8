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
// loosen. Each returns why the label is barred, or nothing.
var bars = []struct {
	rule string
	why  func(query) Phrase
}{
	{"halted", barHalted},
	{"sides", barSides},
	{"theirs", func(q query) Phrase { return when(q.l.Origin == q.c.To, "theirs") }},
	{"no-origin", func(q query) Phrase { return when(q.l.Origin == "", "no-origin") }},
	{"own", func(q query) Phrase { return when(q.l.Kind == marking.Own, "own") }},
	{"no-kind", func(q query) Phrase { return when(!marking.IsKind(q.l.Kind), "no-kind") }},
	{"unknown-marking", barUnknown},
	{"no-tlp", func(q query) Phrase { return when(!known(q.l.TLP), "no-tlp") }},
	{"tlp-ceiling", barTLP},
	{"class-ceiling", barClass},
	{"unknown-pap", func(q query) Phrase { return when(q.l.PAP > marking.PAPRed, "pap") }},
	{"unknown-contributor", barContributor},
	{"domain", barDomain},
	{"not-listed", barUnlisted},
	{"withheld", barWithheld},
	{"area", barArea},
	{"embargo", func(q query) Phrase { return when(embargoed(q.l, q.c), "embargo") }},
	{"onward", barOnward},
	{"expired", func(q query) Phrase { return when(expired(q.l, q.c), "expired") }},
}

// barHalted keeps nothing back of what protects what has crossed, nor of what
// finishes what was begun: that goes on when new exchange does not. Whether a
// request or a coordination is new is seen to by who sends and who takes it.
func barHalted(q query) Phrase {
	finishes := slices.Contains([]string{marking.Control, marking.Coordination, marking.Request}, q.l.Kind)
	return when(q.t.Halted != "" && (!finishes || !q.t.Protects), "halted", q.t.Halted)
}

func barWithheld(q query) Phrase {
	switch q.l.Withheld {
	case "":
		return Phrase{}
	case marking.Recalled:
		return because("recalled")
	case marking.Erroneous:
		return because("erroneous")
	case marking.Lapsed:
		return because("expired")
	}
	return because("withheld")
}

// barArea keeps what was meant for the areas of other agreements out of this
// one; which of this agreement's rules may let it go is seen to by inArea.
func barArea(q query) Phrase {
	if q.l.Areas == nil || slices.ContainsFunc(q.l.Areas, func(a string) bool { return strings.HasPrefix(a, marking.Area(q.t.Agreement, "")) }) {
		return Phrase{}
	}
	return because("area")
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
func barOnward(q query) Phrase {
	third := originOf(q) == Other && q.l.Origin != ""
	return when(third && !q.l.Agreed(q.c.To, q.c.Now), "onward")
}

func barSides(q query) Phrase {
	_, to := q.t.party(q.c.To)
	_, from := q.t.party(q.c.From)
	return when(!to || !from || q.c.To == q.c.From, "sides")
}

func barUnknown(q query) Phrase {
	if len(q.l.Unknown) == 0 {
		return Phrase{}
	}
	return because("unknown", q.l.Unknown[0])
}

func barTLP(q query) Phrase {
	if !known(q.l.TLP) || q.l.TLP <= q.t.CeilingTLP {
		return Phrase{}
	}
	return because("tlp", q.l.TLP.String())
}

func barClass(q query) Phrase {
	if marking.WithinLevel(q.l.Classification, q.t.CeilingClass) {
		return Phrase{}
	}
	return because("class", q.l.Classification)
}

func barContributor(q query) Phrase {
	return when(q.l.Contributor != "" && q.l.Contributor != marking.Member, "member")
}

func barDomain(q query) Phrase {
	switch {
	case q.c.Domain.IsZero():
		return because("domain")
	case q.l.Exercise && !q.c.Domain.IsExercise():
		return because("exercise")
	case !q.l.Exercise && q.c.Domain.IsExercise():
		return because("live")
	}
	return Phrase{}
}

// barUnlisted holds a label with a releasable-to list to it: the list must
// name the recipient by its side id or one of its codes.
func barUnlisted(q query) Phrase {
	to, _ := q.t.party(q.c.To)
	if q.l.ReleasableTo == nil || named(q.l.ReleasableTo, to.Side, to.Codes) {
		return Phrase{}
	}
	return because("not-listed", string(q.c.To))
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
func bar(rule string, why Phrase) Match {
	return Match{Rule: rule, Standing: true, Why: why, Effect: Effect{Outcome: Deny, Reason: why.In(English)}}
}

// standing appends the rows of the gate's own that match.
func standing(out []Match, q query) []Match {
	for _, b := range bars {
		if why := b.why(q); why.Key != "" {
			out = append(out, bar(b.rule, why))
		}
	}
	if m, ok := without(q); ok {
		out = append(out, m)
	}
	if q.l.Listed {
		out = append(out, Match{Rule: listedRow, Standing: true, Effect: Effect{Outcome: Hold, Approvals: 1}})
	}
	if q.l.Named {
		out = append(out, Match{Rule: namedRow, Standing: true, Effect: Effect{Outcome: Hold, Approvals: 1}})
	}
	if q.l.Look {
		out = append(out, Match{Rule: lookRow, Standing: true, Effect: Effect{Outcome: Hold, Approvals: 1}})
	}
	if q.c.Says {
		out = append(out, Match{Rule: saysRow, Standing: true, Effect: Effect{Outcome: Hold, Approvals: 1}})
	}
	for _, code := range q.l.Caveats {
		if why := barAudience(code, q.c); why.Key != "" {
			out = append(out, bar(audienceRow+code, why))
		}
		if why := barCaveat(code, q.l); why.Key != "" {
			out = append(out, bar(caveatRow+code, why))
		} else if e, ok := caveat(code); ok {
			out = append(out, Match{Rule: caveatRow + code, Standing: true, Effect: e})
		}
	}
	return out
}

// without is what the originators of a third side's object want taken out
// before it goes on.
func without(q query) (Match, bool) {
	if len(q.l.Without) == 0 || originOf(q) != Other {
		return Match{}, false
	}
	e := Effect{Outcome: Redact, Redact: slices.Clone(q.l.Without)}
	if !e.valid() {
		return bar(consentRow, because("without")), true
	}
	return Match{Rule: consentRow, Standing: true, Effect: e}, true
}

// consentRow names the row of what a consent depends on, listedRow that of what
// is on a warning list, namedRow that of what seems to name a member, lookRow
// that of what a member's sponsor wants to see, saysRow that of what says what was
// taken out of another object, and caveatRow begins the name of the row of a caveat.
const (
	consentRow = "consent"
	listedRow  = "warning list"
	namedRow   = "member named"
	lookRow    = "sponsor"
	saysRow    = "taken out"
	caveatRow  = "caveat "
)

// audienceRow begins the name of the row of a caveat's audience.
const audienceRow = "audience "

// barAudience bars what is for an audience that is not known to be there now.
func barAudience(code string, c *Context) Phrase {
	caveat, ok := marking.CaveatOf(code)
	if !ok || !caveat.Audience || c.Audiences == nil {
		return Phrase{}
	}
	a, known := c.Audiences[code]
	switch {
	case !known:
		return because("members", code)
	case a.Members == 0:
		return because("nobody", code)
	case !c.Now.Before(a.Ends):
		return because("unsure", code, a.Confirmed.UTC().Format("2006-01-02T15:04Z"))
	}
	return Phrase{}
}

// barCaveat bars what a caveat keeps back by itself, and what has one that is
// not known.
func barCaveat(code string, l *marking.Label) Phrase {
	c, ok := marking.CaveatOf(code)
	switch {
	case !ok:
		return because("caveat", code)
	case c.Goes != "" && c.Goes == l.Kind:
	case c.Bars != "" && (!c.Listed || l.ReleasableTo == nil):
		return Phrase{Key: caveatKey(code)}
	}
	return Phrase{}
}

// caveat returns what a caveat demands before the label crosses, if anything.
func caveat(code string) (Effect, bool) {
	c, _ := marking.CaveatOf(code)
	switch {
	case c.Approvals > 0:
		return Effect{Outcome: Hold, Approvals: c.Approvals}, true
	case len(c.Redact) > 0:
		return Effect{Outcome: Redact, Redact: slices.Clone(c.Redact)}, true
	}
	return Effect{}, false
}
