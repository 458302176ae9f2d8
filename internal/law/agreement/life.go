package agreement

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Event is something a side said or did about the agreement.
type Event struct {
	Name string
	By   ident.Side
	On   time.Time
	// Place of signature, for Sign; the document's when empty.
	Place string
	// Effective is the date a notice of discontinuation states, if it does.
	Effective Date
	// Until is the last full day of the new term, for Extend.
	Until Date
	// Version is the new version, for Agree.
	Version int
	// Written says that it was said in written form through diplomatic
	// channels, which the text expects of some events.
	Written bool
	// Subject names a joint activity or a date rule.
	Subject string
}

// Life is an agreement's state at one moment. It is a value: With returns a
// new one.
type Life struct {
	State State
	Since time.Time
	// Consultation and Amendment are the parallel regions.
	Consultation, Amendment bool
	Version                 int
	// Operative is when it took effect; TermEnd is the first moment after
	// the term.
	Operative, TermEnd time.Time
	// NoticeBy and NoticeEffective are of a notice of discontinuation.
	NoticeBy        ident.Side
	NoticeEffective Date
	// Activities are the joint activities decided and not closed.
	Activities []string
	// Done holds when each date rule was last done.
	Done map[string]time.Time
	// Waiting holds, for events that take both sides, who spoke so far.
	Waiting map[string][]ident.Side
	// Remarks are soft notes for people: reminders, never blocks.
	Remarks []string
}

// Permits returns what the present state allows.
func (l Life) Permits() Permissions { return Permits(l.State) }

// States returns the state and the parallel regions that are open.
func (l Life) States() []State {
	out := []State{l.State}
	if l.Consultation {
		out = append(out, InConsultation)
	}
	if l.Amendment {
		out = append(out, AmendmentPending)
	}
	return out
}

// History returns the events that the document's own dates tell: both sides
// approved and signed on the day of signature.
func (d *Document) History() []Event {
	var out []Event
	for _, name := range []string{SideApprove, Sign} {
		for _, s := range d.SideIDs() {
			out = append(out, Event{Name: name, By: s, On: d.Dates.Signed.Time(), Place: d.Dates.Place, Written: true})
		}
	}
	return out
}

// Replay returns the agreement's life at now, from its events in order of
// time. What happens by itself (becoming operative, the renewal window, the
// end of the term, a discontinuation taking effect) is worked in between.
// Events later than now have not happened. An event the state does not allow
// is fault.Conflict, and one the person may not do is fault.Denied.
func Replay(d *Document, events []Event, now time.Time) (Life, error) {
	l := Life{State: Drafting, Version: d.Version}
	for i, e := range events {
		if e.On.After(now) {
			break
		}
		if i > 0 && e.On.Before(events[i-1].On) {
			return Life{}, fault.Errorf(fault.Invalid, "event %d (%s): earlier than the one before", i+1, e.Name)
		}
		l = l.wind(d, e.On)
		next, err := l.With(d, e)
		if err != nil {
			return Life{}, fmt.Errorf("event %d: %w", i+1, err)
		}
		l = next
	}
	return l.wind(d, now), nil
}

// wind lets everything happen that is due until t.
func (l Life) wind(d *Document, t time.Time) Life {
	for {
		due, tr, ok := l.timer(d)
		if !ok || due.After(t) {
			return l
		}
		l = l.enter(d, tr, Event{Name: tr.Event, On: latest(due, l.Since)})
	}
}

// timer returns the next transition that happens by itself in this state.
func (l Life) timer(d *Document) (time.Time, Transition, bool) {
	for _, tr := range transitions {
		if tr.From != l.State || !tr.Timed {
			continue
		}
		switch tr.Event {
		case BecomeOperative:
			return d.Dates.Operative.Time(), tr, true
		case OpenRenewal:
			return d.renewal().Before(l.TermEnd), tr, true
		case EndTerm:
			return l.TermEnd, tr, true
		case TakeEffect:
			return l.NoticeEffective.Time(), tr, l.NoticeEffective != ""
		}
	}
	return time.Time{}, Transition{}, false
}

// renewal returns how long before the end of the term the window opens.
func (d *Document) renewal() Period { return cmp.Or(d.Dates.Renewal, "P6M") }

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// With returns the life after one event of a side. What is due before the
// event must have been worked in.
func (l Life) With(d *Document, e Event) (Life, error) {
	if sides := d.SideIDs(); !slices.Contains(sides[:], e.By) || e.By == "" {
		return Life{}, fault.Errorf(fault.Denied, "%s: %q is not a side of %s", e.Name, e.By, d.Agreement)
	}
	switch e.Name {
	case DecideActivity, CloseActivity, Done:
		return l.note(e)
	}
	tr, ok := l.find(e.Name)
	if !ok {
		return Life{}, fault.Errorf(fault.Conflict, "%s is not possible while the agreement is %s", e.Name, l.State)
	}
	if err := l.guard(d, tr, e); err != nil {
		return Life{}, err
	}
	l = l.remark(d, tr, e)
	if tr.By == Both || tr.By == EachSide {
		var all bool
		if l, all = l.speak(e); !all {
			return l, nil
		}
	}
	return l.enter(d, tr, e), nil
}

// find returns the arrow of an event. The regions open and close in every
// state in which cooperation goes on.
func (l Life) find(event string) (Transition, bool) {
	for _, tr := range transitions {
		if tr.Event != event {
			continue
		}
		switch {
		case tr.To == InConsultation:
			return tr, l.Permits().Exchange && !l.Consultation
		case tr.To == AmendmentPending:
			return tr, l.Permits().Amend && !l.Amendment
		case tr.From == InConsultation:
			return tr, l.Consultation
		case tr.From == AmendmentPending:
			return tr, l.Amendment
		case tr.From == l.State:
			return tr, true
		}
	}
	return Transition{}, false
}

// guard refuses what the arrow's own conditions do not allow.
func (l Life) guard(d *Document, tr Transition, e Event) error {
	switch {
	case tr.By == System:
		return fault.Errorf(fault.Denied, "%s happens by itself on its date", e.Name)
	case tr.By == Notifier && e.By != l.NoticeBy:
		return fault.Errorf(fault.Denied, "%s is for the side that gave notice, %s", e.Name, l.NoticeBy)
	case e.Name == Sign && cmp.Or(e.Place, d.Dates.Place) == "":
		return fault.New(fault.Invalid, "sign: date and place of signature are recorded; the place is missing")
	case e.Name == Agree && e.Version != l.Version+1:
		return fault.Errorf(fault.Conflict, "amendment.agree: the next version is %d, not %d", l.Version+1, e.Version)
	case e.Name == Extend && !e.Until.Time().AddDate(0, 0, 1).After(l.TermEnd):
		return fault.Errorf(fault.Invalid, "extend: until %q is not after the present last day, %s", e.Until, dateOf(l.TermEnd.AddDate(0, 0, -1)))
	case e.Name == Notify && e.Effective != "" && e.Effective.Time().Before(e.On.UTC().Truncate(24*time.Hour)):
		return fault.Errorf(fault.Invalid, "discontinue.notify: effective %s is not a date from the notice on", e.Effective)
	case e.Name == CloseLast && len(l.Activities) > 0:
		return fault.Errorf(fault.Conflict, "last_joint_activity.closed: still open: %v", l.Activities)
	}
	return nil
}

// remark notes what the text would rather have seen. Nothing is blocked.
func (l Life) remark(d *Document, tr Transition, e Event) Life {
	var notes []string
	if !e.Written && (e.Name == Notify || e.Name == Agree || e.Name == Extend) {
		notes = append(notes, tr.Event+": written form is expected")
	}
	for _, r := range d.Calendar {
		on := r.After.After(d.base(r, l))
		if e.Name == Notify && r.Kind == KindPreference && r.After != "" && e.On.Before(on) {
			notes = append(notes, fmt.Sprintf("%s: preferably not before %s (%s)", tr.Event, dateOf(on), r.Ref))
		}
	}
	l.Remarks = slices.Clone(l.Remarks)
	for _, n := range notes {
		if !slices.Contains(l.Remarks, n) {
			l.Remarks = append(l.Remarks, n)
		}
	}
	return l
}

// speak records that a side said yes, and reports whether both have. Words
// about different versions or dates do not add up.
func (l Life) speak(e Event) (Life, bool) {
	key := e.Name
	if e.Until != "" || e.Version != 0 {
		key = fmt.Sprintf("%s %s %d", e.Name, e.Until, e.Version)
	}
	waiting := map[string][]ident.Side{}
	for k, v := range l.Waiting {
		waiting[k] = slices.Clone(v)
	}
	if !slices.Contains(waiting[key], e.By) {
		waiting[key] = append(waiting[key], e.By)
	}
	l.Waiting = waiting
	return l, len(waiting[key]) == 2
}

// enter follows an arrow.
func (l Life) enter(d *Document, tr Transition, e Event) Life {
	if tr.To == InConsultation || tr.To == AmendmentPending || tr.From == InConsultation || tr.From == AmendmentPending {
		return l.region(tr, e)
	}
	l.State, l.Since, l.Waiting = tr.To, e.On, nil
	switch tr.Event {
	case Sign:
		l.TermEnd = d.Dates.Term.After(d.Dates.Signed.Time())
	case BecomeOperative:
		l.Operative = e.On
	case Notify:
		l.NoticeBy, l.NoticeEffective = e.By, e.Effective
	case Withdraw:
		l.NoticeBy, l.NoticeEffective = "", ""
	case Extend:
		l.TermEnd = e.Until.Time().AddDate(0, 0, 1)
	}
	return l
}

// region opens or closes a parallel region; the state stays.
func (l Life) region(tr Transition, e Event) Life {
	switch tr.Event {
	case RaiseDifference:
		l.Consultation = true
	case Settle:
		l.Consultation = false
	case Propose:
		l.Amendment = true
	case Agree:
		l.Amendment, l.Version = false, e.Version
	case Drop:
		l.Amendment = false
	}
	l.Waiting = nil
	return l
}

// note keeps the lists that change no state.
func (l Life) note(e Event) (Life, error) {
	p := l.Permits()
	open := slices.Contains(l.Activities, e.Subject)
	switch {
	case e.Subject == "":
		return Life{}, fault.Errorf(fault.Invalid, "%s: names nothing", e.Name)
	case e.Name == Done:
		done := map[string]time.Time{e.Subject: e.On}
		for k, v := range l.Done {
			done[k] = latest(v, done[k])
		}
		l.Done = done
	case e.Name == DecideActivity && !p.Exercise:
		return Life{}, fault.Errorf(fault.Conflict, "no new joint activity: %s", p.Why)
	case e.Name == DecideActivity && open, e.Name == CloseActivity && !open:
		return Life{}, fault.Errorf(fault.Conflict, "%s: %q is not in that state", e.Name, e.Subject)
	case e.Name == DecideActivity:
		l.Activities = append(slices.Clone(l.Activities), e.Subject)
	case e.Name == CloseActivity:
		l.Activities = slices.DeleteFunc(slices.Clone(l.Activities), func(a string) bool { return a == e.Subject })
	}
	return l, nil
}

// MayRun reports whether a joint activity that was decided may go on.
func (l Life) MayRun(activity string) bool {
	return l.Permits().FinishActivities && slices.Contains(l.Activities, activity)
}
