// Package coordination is the joint disclosure of a vulnerability by two
// sides, told by signed objects alone, so that it reads the same on both nodes
// (memorandum 1(6); DESIGN §2).
//
// As with requests, each side keeps its own course of numbered steps and nobody
// changes another's. A step says how many of the other side's steps its maker
// had (Seen), so that "agreed anew after it was withheld" is a fact of the
// objects and not of when they arrived.
//
// Invariants: any interleaving of two courses gives the same state and the same
// agreement; a side's steps never change the other's course; nothing counts as
// agreed of which one side has not said so, to these bytes and this instant,
// before that instant; after a withhold both have to say so again. See ADR 0039
// for why holding both agreements is enough to publish.
package coordination

import (
	"slices"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// State is where a coordination is.
type State string

// The states. Asked is "no answer yet".
const (
	Asked    State = "asked"
	Declined State = "declined"
	Open     State = "open"     // both take part
	Withheld State = "withheld" // a side stopped publication, and not both have agreed to anything since
	Agreed   State = "agreed"   // both have agreed to a draft and an instant
	Closed   State = "closed"
)

// States returns every state, in the order of a coordination's life.
func States() []State { return []State{Asked, Declined, Open, Withheld, Agreed, Closed} }

// Course is a coordination with everything both sides have done about it. It is
// a value: With returns a new one.
type Course struct {
	Opener, Partner ident.Side
	steps           [2][]Step // the opener's, the partner's
}

// New returns the course of a coordination that was just opened.
func New(opener, partner ident.Side) Course { return Course{Opener: opener, Partner: partner} }

// index is whose steps are whose; -1 is a stranger's.
func (c Course) index(side ident.Side) int {
	return slices.Index([]ident.Side{c.Opener, c.Partner}, side)
}

// Steps returns what a side did, in its order.
func (c Course) Steps(side ident.Side) []Step {
	i := c.index(side)
	if i < 0 {
		return nil
	}
	return slices.Clone(c.steps[i])
}

// admits returns what a side may do by its own course alone.
func (c Course) admits(i int) []Move {
	own := c.steps[i]
	switch {
	case i == 1 && len(own) == 0:
		return []Move{Join, Decline}
	case len(own) > 0 && (own[len(own)-1].Move == Decline || own[len(own)-1].Move == Close):
		return nil
	}
	return []Move{Report, Write, AgreeDraft, ProposeDate, AgreeDate, Withhold, Close}
}

// May returns what side can sensibly do next, in the order people are offered
// it: nothing once the other side declined, agreeing only when there is
// something to agree to that it has not, withholding only what it agreed to.
func (c Course) May(side ident.Side) []Move {
	i := c.index(side)
	if i < 0 || c.declined() {
		return nil
	}
	moves := c.admits(i)
	return slices.DeleteFunc(moves, func(m Move) bool {
		switch m { //nolint:exhaustive // the others are always open
		case AgreeDraft:
			return c.offer(i, Write) == 0
		case AgreeDate:
			return c.offer(i, ProposeDate) == 0
		case Withhold:
			return !c.stands(i)
		}
		return false
	})
}

// Offer returns the newest draft (Write) or date (ProposeDate) of the other
// side that side has not agreed to since, if there is one.
func (c Course) Offer(side ident.Side, m Move) (s Step, ok bool) {
	i := c.index(side)
	if i < 0 {
		return s, false
	}
	n := c.offer(i, m)
	if n == 0 {
		return s, false
	}
	return c.steps[1-i][n-1], true
}

// Newest returns the step of a move that was made last, by either side; of two
// made at the same instant the partner's.
func (c Course) Newest(m Move) (s Step, ok bool) {
	for _, own := range c.steps {
		for _, x := range own {
			if x.Move == m && !x.On.Before(s.On) {
				s, ok = x, true
			}
		}
	}
	return s, ok
}

func (c Course) offer(i int, m Move) int {
	n := 0
	for _, s := range c.steps[1-i] {
		if s.Move == m {
			n = s.N
		}
	}
	if p := c.position(i, m); p.side == 1-i && p.n == n {
		return 0
	}
	return n
}

// stands reports whether a side has agreed to anything since it last withheld.
func (c Course) stands(i int) bool {
	for _, s := range slices.Backward(c.steps[i]) {
		switch s.Move { //nolint:exhaustive // the others say nothing about it
		case Withhold:
			return false
		case ProposeDate, AgreeDate, Write, AgreeDraft:
			return true
		}
	}
	return false
}

// With returns the course with one more step, or fault.Conflict when the side's
// own course does not admit it and fault.Invalid when it is not whole. A step
// that is in the course already changes nothing; a second step with a number
// that is taken is fault.Conflict: the side tells two histories.
//
// What the other side did meanwhile does not matter here: both nodes judge by
// the mover's own course, and so judge alike.
func (c Course) With(s Step) (Course, error) {
	i := c.index(s.By)
	if i < 0 {
		return c, fault.Errorf(fault.Denied, "%s takes no part in this coordination", s.By)
	}
	own := c.steps[i]
	if s.N >= 1 && s.N <= len(own) {
		if own[s.N-1].same(s) {
			return c, nil
		}
		return c, fault.Errorf(fault.Conflict, "step %d of %s is already another one (%s)", s.N, s.By, own[s.N-1].Move)
	}
	if s.N != len(own)+1 {
		return c, fault.Errorf(fault.Conflict, "step %d of %s comes after step %d", s.N, s.By, len(own))
	}
	if err := s.check(); err != nil {
		return c, err
	}
	if !slices.Contains(c.admits(i), s.Move) {
		return c, fault.Errorf(fault.Conflict, "%s does not follow on what %s did before", s.Move, s.By)
	}
	if len(own) > 0 && (s.Seen < own[len(own)-1].Seen || s.On.Before(own[len(own)-1].On)) {
		return c, fault.Errorf(fault.Conflict, "step %d of %s knows less than the one before", s.N, s.By)
	}
	c.steps[i] = append(slices.Clip(slices.Clone(own)), s)
	return c, nil
}

func (c Course) declined() bool { return len(c.steps[1]) > 0 && c.steps[1][0].Move == Decline }

// closed is when a side first closed; zero when none did.
func (c Course) closed() (on time.Time) {
	for _, own := range c.steps {
		if n := len(own); n > 0 && own[n-1].Move == Close && (on.IsZero() || own[n-1].On.Before(on)) {
			on = own[n-1].On
		}
	}
	return on
}

// State returns where the coordination is.
func (c Course) State() State {
	_, agreed := c.Agreement()
	switch {
	case c.declined():
		return Declined
	case !c.closed().IsZero():
		return Closed
	case agreed:
		return Agreed
	case len(c.steps[1]) == 0:
		return Asked
	case c.withheld():
		return Withheld
	}
	return Open
}

// Live reports whether anybody may still do something.
func (s State) Live() bool { return s != Declined && s != Closed }
