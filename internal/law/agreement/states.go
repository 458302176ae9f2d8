package agreement

// State is where an agreement is in its life.
type State string

// The states (data/domain/memorandum_lifecycle.json). InConsultation and
// AmendmentPending are parallel regions: they stand beside the state and stop
// nothing.
const (
	Drafting          State = "drafting"
	Approved          State = "approved"
	Signed            State = "signed"
	Operative         State = "operative"
	InConsultation    State = "in_consultation"
	AmendmentPending  State = "amendment_pending"
	DiscontinueNotice State = "discontinuation_notified"
	Discontinued      State = "discontinued"
	TermEnding        State = "term_ending"
	Expired           State = "expired"
	Succeeded         State = "succeeded"
	WoundUp           State = "wound_up"
)

// States returns every state in the order of life, regions included.
func States() []State {
	return []State{
		Drafting, Approved, Signed, Operative, InConsultation, AmendmentPending,
		DiscontinueNotice, Discontinued, TermEnding, Expired, Succeeded, WoundUp,
	}
}

// The names of events. Those of the system happen by themselves when their
// date comes.
const (
	SideApprove     = "side.approve"
	Sign            = "sign"
	BecomeOperative = "become_operative"
	RaiseDifference = "difference.raise"
	Settle          = "difference.settle"
	Propose         = "amendment.propose"
	Agree           = "amendment.agree"
	Drop            = "amendment.drop"
	Notify          = "discontinue.notify"
	Withdraw        = "discontinue.withdraw"
	TakeEffect      = "discontinue.effect"
	OpenRenewal     = "timer.renewal_window"
	EndTerm         = "timer.term_end"
	Extend          = "extend"
	Succeed         = "new_memorandum"
	CloseLast       = "last_joint_activity.closed"

	// DecideActivity and CloseActivity keep the list of joint activities;
	// Done marks a date rule as done. They change no state.
	DecideActivity = "activity.decide"
	CloseActivity  = "activity.close"
	Done           = "calendar.done"
)

// Actor is who makes a transition happen.
type Actor string

// The actors.
const (
	EachSide Actor = "each side"
	Both     Actor = "both"
	Either   Actor = "either"
	Notifier Actor = "notifying side"
	System   Actor = "system"
)

// Transition is one arrow of the life cycle.
type Transition struct {
	From, To State
	Event    string
	By       Actor
	// Timed says that the event also happens by itself when its date comes.
	Timed bool
}

// transitions is the whole machine.
var transitions = []Transition{
	{From: Drafting, To: Approved, Event: SideApprove, By: EachSide},
	{From: Approved, To: Signed, Event: Sign, By: Both},
	{From: Signed, To: Operative, Event: BecomeOperative, By: Both, Timed: true},
	{From: Operative, To: InConsultation, Event: RaiseDifference, By: Either},
	{From: InConsultation, To: Operative, Event: Settle, By: Both},
	{From: Operative, To: AmendmentPending, Event: Propose, By: Either},
	{From: AmendmentPending, To: Operative, Event: Agree, By: Both},
	{From: AmendmentPending, To: Operative, Event: Drop, By: Either},
	{From: Operative, To: DiscontinueNotice, Event: Notify, By: Either},
	{From: DiscontinueNotice, To: Operative, Event: Withdraw, By: Notifier},
	{From: DiscontinueNotice, To: Discontinued, Event: TakeEffect, By: Notifier, Timed: true},
	{From: Operative, To: TermEnding, Event: OpenRenewal, By: System, Timed: true},
	{From: TermEnding, To: Operative, Event: Extend, By: Both},
	{From: TermEnding, To: Succeeded, Event: Succeed, By: Both},
	{From: TermEnding, To: Expired, Event: EndTerm, By: System, Timed: true},
	{From: TermEnding, To: DiscontinueNotice, Event: Notify, By: Either},
	{From: Discontinued, To: WoundUp, Event: CloseLast, By: Both},
	{From: Expired, To: WoundUp, Event: CloseLast, By: Both},
}

// Transitions returns every arrow.
func Transitions() []Transition { return append([]Transition(nil), transitions...) }

// Permissions is what a state allows.
type Permissions struct {
	Approve          bool // give domestic approval
	Sign             bool // sign the document
	Exchange         bool // send and take new information
	Request          bool // ask for assistance
	Exercise         bool // decide new joint activities
	Amend            bool // propose and sign amendments
	FinishActivities bool // go on with joint activities already decided, and ask for what they need
	CloseCommitments bool
	ReadOwnCopies    bool
	ExportOwnRecords bool
	// EnforceHandling is never false once something could have crossed:
	// markings do not lapse with the agreement (3(5)).
	EnforceHandling bool
	// Why says what holds new exchange back, when it is.
	Why string
}

// Permits returns what a state allows. A state that does not exist allows
// nothing. The parallel regions allow what Operative does.
func Permits(s State) Permissions {
	after := Permissions{FinishActivities: true, CloseCommitments: true, ReadOwnCopies: true, ExportOwnRecords: true, EnforceHandling: true}
	active := after
	active.Exchange, active.Request, active.Exercise, active.Amend = true, true, true, true
	before := Permissions{ReadOwnCopies: true, ExportOwnRecords: true, EnforceHandling: true}
	switch s {
	case Operative, InConsultation, AmendmentPending, DiscontinueNotice, TermEnding:
		return active
	case Drafting:
		before.Approve, before.Why = true, "the agreement is still being drafted"
		return before
	case Approved:
		before.Sign, before.Why = true, "the agreement is not signed by both sides"
		return before
	case Signed:
		before.Why = "the agreement is signed and not yet operative"
		return before
	case Discontinued:
		after.Why = "the agreement was discontinued; protection of information and unfinished joint activities go on"
	case Expired:
		after.Why = "the agreement's term ended; protection of information and unfinished joint activities go on"
	case Succeeded:
		after.Why = "a new agreement took this one's place"
	case WoundUp:
		after.FinishActivities, after.CloseCommitments = false, false
		after.Why = "the agreement is wound up; protection of information goes on"
	default:
		return Permissions{Why: "the agreement's state is not known"}
	}
	return after
}
