// Package request is a request for assistance and what becomes of it, told by
// signed objects alone, so that it reads the same on both nodes (memorandum
// 1(2); DESIGN §2).
//
// Nobody changes another's object, so each side keeps its own course: what it
// did about the request, in its own order. The state is a function of the two
// courses and not of the order in which they arrived. Moves that a course does
// not admit are refused when they are read, on both sides alike.
//
// Invariants: any interleaving of two courses gives the same state; a side's
// moves never change the other's course; "no answer yet" is a state; nothing
// here blocks, a clock only reminds.
package request

import (
	"slices"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Kind is what is asked for.
type Kind string

// The kinds of assistance. Emanating is about activity that seems to come from
// the other side's territory (UN norm 13(c)).
const (
	Information  Kind = "information"
	Analysis     Kind = "analysis"
	Block        Kind = "block"
	Takedown     Kind = "takedown"
	Notification Kind = "victim-notification"
	Preservation Kind = "preservation"
	Patch        Kind = "patch-coordination"
	Expert       Kind = "expert-help"
	Emanating    Kind = "activity-from-territory"
)

// Kinds returns every kind, in the order people are offered them.
func Kinds() []Kind {
	return []Kind{Information, Analysis, Block, Takedown, Notification, Preservation, Patch, Expert, Emanating}
}

// Urgency is how soon the asker hopes for a word.
type Urgency string

// The urgencies.
const (
	Routine Urgency = "routine"
	Urgent  Urgency = "urgent"
)

// Move is one thing a side does about a request.
type Move string

// The moves. The asker sends, verifies and withdraws; the others are of the
// side that was asked. Decline and AcceptPartly take a reason code, of which
// one says that no reason is given. Preserve and Renew are of requests to
// preserve data: Preserve says until when it is kept, Renew asks that it be kept
// longer, which another Preserve answers.
const (
	Send         Move = "send"
	Verify       Move = "verify"
	Withdraw     Move = "withdraw"
	Renew        Move = "renew"
	See          Move = "see"
	Acknowledge  Move = "acknowledge"
	Accept       Move = "accept"
	AcceptPartly Move = "accept-partly"
	Decline      Move = "decline"
	Postpone     Move = "postpone"
	Begin        Move = "begin"
	Preserve     Move = "preserve"
	Finish       Move = "finish"
)

// Moves returns every move.
func Moves() []Move {
	return []Move{Send, Verify, Withdraw, Renew, See, Acknowledge, Accept, AcceptPartly, Decline, Postpone, Begin, Preserve, Finish}
}

// State is where a request is.
type State string

// The states. Sent is "no answer yet": it left, and nothing came back.
const (
	Sent         State = "sent"
	Delivered    State = "delivered"
	Seen         State = "seen"
	Acknowledged State = "acknowledged"
	Accepted     State = "accepted"
	PartlyAgreed State = "accepted-partly"
	Declined     State = "declined"
	Postponed    State = "postponed"
	InWork       State = "in-work"
	Preserved    State = "preserved"
	Done         State = "done"
	Verified     State = "verified"
	Withdrawn    State = "withdrawn"
)

// States returns every state, in the order of a request's life.
func States() []State {
	return []State{
		Sent, Delivered, Seen, Acknowledged, Postponed, Accepted, PartlyAgreed, Declined,
		InWork, Preserved, Done, Verified, Withdrawn,
	}
}

// Open reports whether somebody still has something to do.
func (s State) Open() bool { return s != Declined && s != Verified && s != Withdrawn }

// Answered reports whether the side that was asked has said what it will do.
func (s State) Answered() bool {
	return slices.Contains([]State{Accepted, PartlyAgreed, Declined, InWork, Preserved, Done, Verified}, s)
}

// Reason is why a side declines, does a part only, or later.
type Reason string

// The reasons. NotStated is always enough: a refusal needs no reason.
const (
	NotStated    Reason = "not-stated"
	NoLegalBasis Reason = "no-legal-basis"
	NotAnOffence Reason = "not-an-offence-here"
	Sovereignty  Reason = "sovereignty-security-order"
	NotHeld      Reason = "not-held-here"
	TooLittle    Reason = "too-little-information"
	HumanRights  Reason = "human-rights"
	OwnCase      Reason = "own-investigation"
	NotPractical Reason = "not-practical-now"
	OtherChannel Reason = "another-channel"
)

// Reasons returns every reason, NotStated first.
func Reasons() []Reason {
	return []Reason{
		NotStated, NoLegalBasis, NotAnOffence, Sovereignty, NotHeld, TooLittle, HumanRights, OwnCase, NotPractical, OtherChannel,
	}
}

// Step is a move as one signed object tells it. N counts the moves of By from
// 1; On is when By says it made it. Of is, for Verify, the number of the step
// of the other side that is verified.
type Step struct {
	By     ident.Side
	N      int
	Move   Move
	On     time.Time
	Reason Reason
	Of     int
	// Until is a date the step names: how long data is preserved, or is asked to
	// be, until when it is postponed.
	Until time.Time
	Text  string
}

// Course is a request with everything both sides have done about it. It is a
// value: With returns a new one.
type Course struct {
	Asker, Asked ident.Side
	// DeliveredOn is the time of the receipt for the request; zero before.
	DeliveredOn time.Time
	// Preserves says that it asks for data to be preserved.
	Preserves bool
	asker     []Step
	asked     []Step
}

// New returns the course of a request that asker sent at a time.
func New(asker, asked ident.Side, sent time.Time) Course {
	return Course{Asker: asker, Asked: asked, asker: []Step{{By: asker, N: 1, Move: Send, On: sent}}}
}

// next lists what a side may do after its own last move.
var next = map[Move][]Move{
	Send:   {Withdraw, Verify, Renew},
	Verify: {Withdraw, Verify, Renew},
	Renew:  {Withdraw, Verify, Renew},
	"":     {See, Acknowledge, Accept, AcceptPartly, Decline, Postpone},
	See:    {Acknowledge, Accept, AcceptPartly, Decline, Postpone},

	Acknowledge:  {Accept, AcceptPartly, Decline, Postpone},
	Postpone:     {Accept, AcceptPartly, Decline, Postpone},
	Accept:       {Preserve, Begin, Finish, AcceptPartly, Decline},
	AcceptPartly: {Preserve, Begin, Finish, Accept, Decline},
	Begin:        {Preserve, Finish, AcceptPartly, Decline},
	Preserve:     {Preserve, Begin, Finish, Decline},
	Finish:       {Begin, Preserve, Finish},
}

// keeping reports whether a move is only about data that is preserved.
func keeping(m Move) bool { return m == Preserve || m == Renew }

// May returns what side may do next, in the order people are offered it.
// Nobody may do anything after Withdraw or Decline; the asker may verify only
// what is done and was not verified, and have kept longer only what is kept.
func (c Course) May(side ident.Side) []Move {
	if c.withdrawn() {
		return nil
	}
	if side == c.Asker {
		moves := slices.Clone(next[last(c.asker).Move])
		if !c.verifiable() {
			moves = slices.DeleteFunc(moves, func(m Move) bool { return m == Verify })
		}
		if c.KeptUntil().IsZero() {
			moves = slices.DeleteFunc(moves, keeping)
		}
		if last(c.asked).Move == Decline || c.verified() {
			moves = slices.DeleteFunc(moves, func(m Move) bool { return m == Withdraw || keeping(m) })
		}
		return moves
	}
	if side != c.Asked || c.verified() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(next[last(c.asked).Move]), func(m Move) bool { return keeping(m) && !c.Preserves })
}

// With returns the course with one more step, or fault.Conflict when the side's
// own course does not admit it and fault.Invalid when it says too little. A
// step that is in the course already changes nothing; a second step with a
// number that is taken is fault.Conflict: the side tells two histories.
//
// What the other side did meanwhile does not matter here: both nodes judge by
// the mover's own course, and so judge alike.
func (c Course) With(s Step) (Course, error) {
	own := c.asker
	if s.By == c.Asked {
		own = c.asked
	}
	if s.By != c.Asker && s.By != c.Asked {
		return c, fault.Errorf(fault.Denied, "%s takes no part in this request", s.By)
	}
	if s.N >= 1 && s.N <= len(own) {
		if own[s.N-1].same(s) {
			return c, nil
		}
		return c, fault.Errorf(fault.Conflict, "step %d of %s is already another one (%s)", s.N, s.By, own[s.N-1].Move)
	}
	if s.N != len(own)+1 {
		return c, fault.Errorf(fault.Conflict, "step %d of %s comes after step %d", s.N, s.By, len(own))
	}
	if err := s.check(own); err != nil {
		return c, err
	}
	if keeping(s.Move) && !c.Preserves {
		return c, fault.New(fault.Conflict, "the request does not ask for data to be preserved")
	}
	own = append(slices.Clip(slices.Clone(own)), s)
	if s.By == c.Asked {
		c.asked = own
	} else {
		c.asker = own
	}
	return c, nil
}

// same compares two steps; times by what they say and not by how they are held.
func (s Step) same(o Step) bool {
	times := s.On.Equal(o.On) && s.Until.Equal(o.Until)
	o.On, o.Until = s.On, s.Until
	return times && s == o
}

func (s Step) check(own []Step) error {
	before := last(own).Move
	switch {
	case !slices.Contains(next[before], s.Move):
		return fault.Errorf(fault.Conflict, "%s does not follow on %s", s.Move, orNothing(before))
	case s.On.IsZero():
		return fault.New(fault.Invalid, "a step says when it was made")
	case s.Move == Verify && s.Of < 1:
		return fault.New(fault.Invalid, "verifying names the step that is verified")
	case (s.Move == Decline || s.Move == AcceptPartly || s.Move == Postpone) != (s.Reason != ""):
		return fault.Errorf(fault.Invalid, "%s: want a reason code with declining, doing a part and postponing, and with nothing else", s.Move)
	case keeping(s.Move) && !s.Until.After(s.On):
		return fault.New(fault.Invalid, "say until when the data is kept: a day that is ahead")
	case s.Reason != "" && !slices.Contains(Reasons(), s.Reason):
		return fault.Errorf(fault.Invalid, "reason %.40q is not known", s.Reason)
	}
	return nil
}

func orNothing(m Move) string {
	if m == "" {
		return "nothing"
	}
	return string(m)
}

func last(own []Step) Step {
	if len(own) == 0 {
		return Step{}
	}
	return own[len(own)-1]
}

// Steps returns what a side did, in its order.
func (c Course) Steps(side ident.Side) []Step {
	if side == c.Asked {
		return slices.Clone(c.asked)
	}
	if side == c.Asker {
		return slices.Clone(c.asker)
	}
	return nil
}

func (c Course) withdrawn() bool { return last(c.asker).Move == Withdraw }

// verified reports whether the newest thing done was verified.
func (c Course) verified() bool {
	l := last(c.asked)
	return l.Move == Finish && slices.ContainsFunc(c.asker, func(s Step) bool { return s.Move == Verify && s.Of == l.N })
}

// verifiable reports whether there is something done that was not verified.
func (c Course) verifiable() bool { return last(c.asked).Move == Finish && !c.verified() }

// State returns where the request is. Withdrawing ends it whatever the other
// side does; what it had done before stays in the course.
func (c Course) State() State {
	if c.withdrawn() {
		return Withdrawn
	}
	switch last(c.asked).Move { //nolint:exhaustive // the other moves are the asker's
	case See:
		return Seen
	case Acknowledge:
		return Acknowledged
	case Accept:
		return Accepted
	case AcceptPartly:
		return PartlyAgreed
	case Decline:
		return Declined
	case Postpone:
		return Postponed
	case Begin:
		return InWork
	case Preserve:
		return Preserved
	case Finish:
		if c.verified() {
			return Verified
		}
		return Done
	}
	if !c.DeliveredOn.IsZero() {
		return Delivered
	}
	return Sent
}
