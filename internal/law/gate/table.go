// Package gate decides whether an object with a given label may cross from
// one side to the other. Decide is a pure, total function over the rows of an
// agreement: no row means no, an unknown value means no, and of all rows that
// match the strictest wins: deny > approve(n) > redact > release (DESIGN §5).
//
// Invariants: the order of rows does not matter; adding a row never makes
// anything more open than the row itself allows; every decision names what it
// rests on.
package gate

import (
	"slices"
	"time"

	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
)

// Outcome is what is decided, ordered from closed to open. The zero value
// denies.
type Outcome uint8

// The outcomes.
const (
	Deny    Outcome = iota // it stays
	Hold                   // it waits for approvals
	Redact                 // it goes once something is taken out
	Release                // it goes as it is
)

var outcomeNames = [...]string{"deny", "hold", "redact", "release"}

// String returns the outcome's name.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "deny"
}

// Effect is what one row does. The zero Effect denies without a reason.
type Effect struct {
	Outcome   Outcome
	Approvals int      // how many officers, for Hold; at least 1
	Redact    []string // names of marking.Redaction, for Redact
	Reason    string   // why, for Deny; a clause without a final full stop
}

// valid reports whether e means what a reader would think it means.
func (e Effect) valid() bool {
	known := !slices.ContainsFunc(e.Redact, func(name string) bool {
		_, ok := marking.RedactionOf(name)
		return !ok
	})
	switch e.Outcome {
	case Deny, Release:
		return e.Approvals == 0 && len(e.Redact) == 0
	case Hold:
		return e.Approvals > 0 && known
	case Redact:
		return e.Approvals == 0 && len(e.Redact) > 0 && known
	}
	return false
}

// Origin is whose an object is, seen from the side that sends it.
type Origin string

// The origins a row may speak of.
const (
	Own     Origin = "own"     // the sender's
	Partner Origin = "partner" // the recipient's
	Other   Origin = "other"   // neither's
)

// The words a row may use for a classification instead of a code, and for a
// contributor who is no member.
const (
	AnyClass      = "any"
	NoClass       = "none"
	NoContributor = "none"
)

// Whether all originators have agreed that an object goes to the recipient.
const (
	ConsentGiven = "given"
	ConsentNone  = "none"
)

// When is the conditions of a row; all of them must hold. An empty list is no
// condition; of a list, one value must fit.
type When struct {
	Kinds           []string
	TLPs            []marking.TLP
	PAPs            []marking.PAP
	Classifications []string // codes, AnyClass or NoClass
	Origins         []Origin
	Contributors    []string // marking.Member or NoContributor
	Sectors         []string
	Caveats         []string
	Consents        []string // ConsentGiven or ConsentNone
}

// Rule is one row of an agreement.
type Rule struct {
	ID     string
	Clause string
	When   When
	Then   Effect
}

// Instrument is another agreement that goes before this one: what it governs
// crosses under it and not here.
type Instrument struct {
	ID      string
	Title   string
	Governs When
}

// Party is one side and the other names by which releasable-to lists may call
// it, such as country codes, in lower case.
type Party struct {
	Side  ident.Side
	Codes []string
}

// Table is an agreement version as the gate reads it. The zero Table, like a
// nil one, denies everything.
type Table struct {
	Agreement ident.Agreement
	Version   int
	Parties   [2]Party
	Rules     []Rule
	// CeilingTLP and CeilingClass bound what may cross at all.
	CeilingTLP   marking.TLP
	CeilingClass string
	// Precedence lists the instruments that go before this one, first first.
	Precedence []Instrument
	// Halted is why nothing crosses at present, from the agreement's life;
	// "" while it is carried out.
	Halted string
	// Protects says that what was shared stays protected while nothing new
	// crosses: control material goes on.
	Protects bool
}

// party returns the row of side s.
func (t *Table) party(s ident.Side) (Party, bool) {
	for _, p := range t.Parties {
		if p.Side == s && s != "" {
			return p, true
		}
	}
	return Party{}, false
}

// Context is the crossing that is asked about.
type Context struct {
	From, To ident.Side
	Domain   ident.Domain
	// Now is needed for labels that expire; without it they are expired.
	Now time.Time
	// Audiences is what is known, by caveat, of who belongs to its audience on
	// the recipient's side. Nil is a question in general; otherwise what is not
	// in it is not known, and nothing leaves for it.
	Audiences map[string]Audience
	// Says tells that this very object says what an officer took out of another
	// that it speaks of: an officer looks at it. No label knows.
	Says bool
}

// Audience is what is known of who belongs to a caveat's audience.
type Audience struct {
	Members int
	// Confirmed is when the list was signed, Ends when it counts no more.
	Confirmed, Ends time.Time
}

// Input is a label and the crossing it was decided for.
type Input struct {
	Label   marking.Label
	Context Context
}

// originOf returns whose the label's object is.
func originOf(q query) Origin {
	switch q.l.Origin {
	case q.c.From:
		return Own
	case q.c.To:
		return Partner
	}
	return Other
}

// Matches reports whether every condition holds for the label.
func (w When) Matches(l marking.Label, c Context) bool {
	return w.matches(query{&l, nil, &c})
}

func (w *When) matches(q query) bool {
	l := q.l
	return holds(w.Kinds, l.Kind) &&
		holds(w.TLPs, l.TLP) &&
		holds(w.PAPs, l.PAP) &&
		holds(w.Origins, originOf(q)) &&
		holds(w.Contributors, contributor(l)) &&
		overlaps(w.Sectors, l.Sectors) &&
		overlaps(w.Caveats, l.Caveats) &&
		holds(w.Consents, consent(q)) &&
		matchesClass(w.Classifications, l.Classification)
}

func contributor(l *marking.Label) string {
	if l.Contributor == "" {
		return NoContributor
	}
	return l.Contributor
}

func consent(q query) string {
	if q.l.Agreed(q.c.To, q.c.Now) {
		return ConsentGiven
	}
	return ConsentNone
}

func holds[T comparable](want []T, got T) bool {
	return len(want) == 0 || slices.Contains(want, got)
}

func overlaps(want, got []string) bool {
	return len(want) == 0 || slices.ContainsFunc(got, func(s string) bool { return slices.Contains(want, s) })
}

// matchesClass fits codes, and the words any (needs protection) and none.
func matchesClass(want []string, class string) bool {
	if len(want) == 0 {
		return true
	}
	word := AnyClass
	if marking.WithinLevel(class, "") {
		word = NoClass
	}
	list, _ := marking.Levels(class)
	return slices.Contains(want, word) ||
		slices.ContainsFunc(list, func(l marking.Level) bool { return slices.Contains(want, l.Code) })
}
