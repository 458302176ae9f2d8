package gate

import (
	"slices"
	"time"

	"twoseas/internal/law/marking"
)

// Step is one thing that would have to be otherwise about a label, and what
// the gate would say then. It is for people who ask what they could do;
// whether they may is another question: a marking is the originator's.
type Step struct {
	What     string // one of the Step names
	From, To string
	Decision Decision
}

// The names of steps.
const (
	StepTLP            = "tlp"
	StepClassification = "classification"
	StepCaveat         = "caveat"
	StepReleasable     = "releasable-to"
	StepContributor    = "contributor"
	StepOrigin         = "origin"
	StepKind           = "kind"
	StepRedact         = "redact"
	StepUnknown        = "unknown"
	StepExpiry         = "expiry"
)

// Steps returns the single changes after which the gate would be more open
// than it is now, the smallest change of each kind first. None may help alone.
func Steps(l marking.Label, t *Table, c Context) []Step {
	s := steps{label: l, table: t, context: c, now: Decide(l, t, c)}
	s.lower()
	for _, code := range l.Caveats {
		s.try(StepCaveat, code, "", func(n *marking.Label) {
			n.Caveats = slices.DeleteFunc(slices.Clone(n.Caveats), func(x string) bool { return x == code })
		})
	}
	if l.Classification != "" {
		s.try(StepClassification, l.Classification, NoClass, func(n *marking.Label) { n.Classification = "" })
	}
	if l.ReleasableTo != nil {
		s.try(StepReleasable, "", string(c.To), func(n *marking.Label) { n.ReleasableTo = append(slices.Clone(n.ReleasableTo), string(c.To)) })
	}
	if len(l.Unknown) > 0 {
		s.try(StepUnknown, l.Unknown[0], "", func(n *marking.Label) { n.Unknown = nil })
	}
	if !l.Expires.IsZero() {
		s.try(StepExpiry, l.Expires.Format(time.RFC3339), "", func(n *marking.Label) { n.Expires = time.Time{} })
	}
	s.facts()
	return s.found
}

type steps struct {
	label   marking.Label
	table   *Table
	context Context
	now     Decision
	found   []Step
}

// lower tries the other levels of TLP, the nearest stricter than the present
// first, each only when it opens more than the one before it.
func (s *steps) lower() {
	best := s.now
	levels := marking.TLPs()
	slices.Reverse(levels)
	for _, level := range levels {
		if s.label.TLP != marking.NoTLP && level >= s.label.TLP {
			continue
		}
		n := s.label
		n.TLP = level
		if d := Decide(n, s.table, s.context); !d.Within(best) {
			s.found = append(s.found, Step{What: StepTLP, From: s.label.TLP.Name(), To: level.Name(), Decision: d})
			best = d
		}
	}
}

// facts tries what is no marking: whose it is, who contributed it, what kind
// it is, and what was taken out.
func (s *steps) facts() {
	if len(s.now.Redact) > 0 {
		s.try(StepRedact, "", "", func(n *marking.Label) { n.Redacted = append(slices.Clone(n.Redacted), s.now.Redact...) })
	}
	if s.label.Contributor != "" {
		s.try(StepContributor, s.label.Contributor, NoContributor, func(n *marking.Label) { n.Contributor = "" })
	}
	if s.label.Origin != s.context.From {
		s.try(StepOrigin, string(s.label.Origin), string(s.context.From), func(n *marking.Label) { n.Origin = s.context.From })
	}
	if !marking.IsKind(s.label.Kind) {
		for _, kind := range marking.Kinds() {
			s.try(StepKind, s.label.Kind, kind, func(n *marking.Label) { n.Kind = kind })
		}
	}
}

// try keeps one change if it opens anything.
func (s *steps) try(what, from, to string, change func(*marking.Label)) {
	n := s.label
	change(&n)
	if d := Decide(n, s.table, s.context); !d.Within(s.now) {
		s.found = append(s.found, Step{What: what, From: from, To: to, Decision: d})
	}
}
