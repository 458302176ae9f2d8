package coordination

import (
	"slices"
	"time"

	"twoseas/internal/base/ident"
)

// position is what a side has agreed to last: which step of whom, by which of
// its own steps. A side of -1 is nothing.
type position struct {
	side, n int
	by      Step
}

// held returns the number of a side's last withhold, 0 when there is none.
func (c Course) held(i int) int {
	for _, s := range slices.Backward(c.steps[i]) {
		if s.Move == Withhold {
			return s.N
		}
	}
	return 0
}

// position returns what a side stands by of dates (ProposeDate) or of drafts
// (Write). What it said before it withheld, or without knowing that the other
// side had, is nothing.
func (c Course) position(i int, m Move) position {
	agree := map[Move]Move{ProposeDate: AgreeDate, Write: AgreeDraft}[m]
	for _, s := range slices.Backward(c.steps[i]) {
		switch {
		case s.N < c.held(i) || s.Seen < c.held(1-i):
			return position{side: -1}
		case s.Move == m:
			return position{i, s.N, s}
		case s.Move == agree:
			return position{1 - i, s.Of, s}
		}
	}
	return position{side: -1}
}

// meant returns the step that both sides stand by.
func (c Course) meant(m Move) (of Step, said [2]Step, ok bool) {
	a, b := c.position(0, m), c.position(1, m)
	if a.side < 0 || a.side != b.side || a.n != b.n || a.n > len(c.steps[a.side]) {
		return of, said, false
	}
	of, said = c.steps[a.side][a.n-1], [2]Step{a.by, b.by}
	return of, said, of.Move == m
}

// Date returns the instant that both sides stand by.
func (c Course) Date() (at time.Time, ok bool) {
	of, said, ok := c.meant(ProposeDate)
	if !ok || !said[0].At.Equal(said[1].At) {
		return at, false
	}
	return of.At, true
}

// Draft returns the draft that both sides stand by, word for word.
func (c Course) Draft() (of Step, ok bool) {
	of, said, ok := c.meant(Write)
	if !ok {
		return of, false
	}
	digest, err := of.Draft.Digest()
	if err != nil {
		return of, false
	}
	for _, s := range said {
		if s.Move == AgreeDraft && s.Digest != digest {
			return of, false
		}
	}
	return of, true
}

// Agreement is what both sides publish, and when.
type Agreement struct {
	At    time.Time
	Draft Draft
	By    ident.Side // who wrote the draft
	N     int        // and in which of its steps
}

// Agreement returns what both sides have agreed to. What was said at the
// instant or later does not count, so nobody can agree to what has passed; nor
// does anything count when a side closed before it. A withhold, and agreeing to
// something else, stop whoever has not published, whenever they are made.
func (c Course) Agreement() (a Agreement, ok bool) {
	date, dates, okDate := c.meant(ProposeDate)
	draft, okDraft := c.Draft()
	if _, same := c.Date(); !okDate || !okDraft || !same || c.declined() {
		return a, false
	}
	_, drafts, _ := c.meant(Write)
	for _, s := range append(dates[:], drafts[:]...) {
		if !s.On.Before(date.At) {
			return a, false
		}
	}
	if on := c.closed(); !on.IsZero() && on.Before(date.At) {
		return a, false
	}
	return Agreement{At: date.At, Draft: draft.Draft, By: draft.By, N: draft.N}, true
}

// withheld reports whether a side has withheld and not both have said anything
// about a date or a draft since.
func (c Course) withheld() bool {
	if c.held(0)+c.held(1) == 0 {
		return false
	}
	for i := range c.steps {
		if c.position(i, ProposeDate).side < 0 && c.position(i, Write).side < 0 {
			return true
		}
	}
	return false
}

// Stands reports what of the date and the draft a side stands by: that of
// which step, of whom. A number of 0 is nothing.
func (c Course) Stands(side ident.Side, m Move) (of ident.Side, n int) {
	i := c.index(side)
	if i < 0 {
		return "", 0
	}
	p := c.position(i, m)
	if p.side < 0 {
		return "", 0
	}
	return []ident.Side{c.Opener, c.Partner}[p.side], p.n
}

// Weighs reports whether it matters for publication that the other side has a
// step: what is agreed to, and what stops it.
func (m Move) Weighs() bool {
	return slices.Contains([]Move{ProposeDate, AgreeDate, Write, AgreeDraft, Withhold, Close}, m)
}
