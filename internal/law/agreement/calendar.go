package agreement

import (
	"fmt"
	"slices"
	"time"
)

// The kinds of date rule. None of them blocks anything.
const (
	KindSoft       = "soft"       // a date both sides intend to meet
	KindTerm       = "term"       // the length of the agreement
	KindPreference = "preference" // a date before which something is preferably not done
	KindForm       = "form"       // how something is said, at no date
	KindSurvival   = "survival"   // what goes on afterwards, without end
	KindOpen       = "open"       // no deadline in the text
	KindCadence    = "cadence"    // comes again; the text gives no interval
)

var dateKinds = []string{KindCadence, KindForm, KindOpen, KindPreference, KindSoft, KindSurvival, KindTerm}

// What a date rule counts from.
const (
	fromOperative = "operative"
	fromSigned    = "signed"
)

// Entry is one line of the agreement's calendar.
type Entry struct {
	ID   string // of the date rule; "-window" is added for the renewal window
	Ref  string // clause
	Kind string
	// Text is in English, with what this link adds to it; Texts is what the
	// document itself says, by language, and Every the interval that it adds.
	Text  string
	Texts Text
	Every Period
	// Date is empty for rules about form and the like.
	Date Date
	// LastDay is the last full day of the term.
	LastDay Date
	// Reminders are the dates to remind on, earliest first.
	Reminders []Date
	// DoneOn is when it was last done.
	DoneOn Date
	// When says where now stands: ahead, today, past, done, or "" without a
	// date. It is for people: nothing depends on it.
	When string
	// Days is how many days are left; negative when past.
	Days int
}

// Calendar returns what the text says about dates, computed for this
// agreement's life at now: every date rule of the document in its order, with
// the renewal window after the term.
func Calendar(d *Document, events []Event, now time.Time) ([]Entry, error) {
	l, err := Replay(d, events, now)
	if err != nil {
		return nil, err
	}
	if l.TermEnd.IsZero() { // not signed yet: what the dates would give
		l.TermEnd = d.Dates.Term.After(d.Dates.Signed.Time())
	}
	var out []Entry
	for _, r := range d.Calendar {
		out = append(out, d.entry(r, l, now))
		if r.Kind == KindTerm {
			out = append(out, d.window(r, l, now))
		}
	}
	return out, nil
}

// base returns what a rule counts from.
func (d *Document) base(r DateRule, l Life) time.Time {
	if r.From == fromSigned {
		return d.Dates.Signed.Time()
	}
	if !l.Operative.IsZero() {
		return l.Operative
	}
	return d.Dates.Operative.Time()
}

func (d *Document) entry(r DateRule, l Life, now time.Time) Entry {
	e := Entry{
		ID: r.ID, Ref: r.Ref, Kind: r.Kind, Text: r.Text.In("en", d.Authoritative), Texts: r.Text, Every: r.Every,
		DoneOn: dateOf(l.Done[r.ID]),
	}
	var on time.Time
	switch {
	case r.Kind == KindTerm:
		on = l.TermEnd
		e.LastDay = dateOf(on.AddDate(0, 0, -1))
	case r.Kind == KindCadence && r.Every != "" && e.DoneOn != "":
		on = r.Every.After(l.Done[r.ID])
		e.DoneOn = ""
	case r.From != "":
		on = r.After.After(d.base(r, l))
	}
	e.Text += cadence(r)
	return e.at(on, r.Remind, now)
}

// cadence says an interval that this link chose.
func cadence(r DateRule) string {
	if r.Every == "" {
		return ""
	}
	return fmt.Sprintf(" This link's own interval: %s.", r.Every)
}

// window is the entry of the renewal window.
func (d *Document) window(r DateRule, l Life, now time.Time) Entry {
	e := Entry{
		ID: r.ID + "-window", Ref: r.Ref, Kind: KindSoft,
		Text: "The window opens in which both sides say what they intend: extend, replace, or let the term end.",
	}
	return e.at(d.renewal().Before(l.TermEnd), nil, now)
}

// at puts the date in, with its reminders.
func (e Entry) at(on time.Time, remind []Period, now time.Time) Entry {
	if on.IsZero() {
		return e
	}
	e.Date = dateOf(on)
	for _, p := range remind {
		e.Reminders = append(e.Reminders, dateOf(p.Before(on)))
	}
	slices.Sort(e.Reminders)
	e.Days = int(e.Date.Time().Sub(dateOf(now).Time()) / (24 * time.Hour))
	switch {
	case e.DoneOn != "":
		e.When = "done"
	case e.Days > 0:
		e.When = "ahead"
	case e.Days == 0:
		e.When = "today"
	default:
		e.When = "past"
	}
	return e
}

// Due returns the entries to remind of on the day of now: a reminder falls on
// it and what it reminds of was not done.
func Due(entries []Entry, now time.Time) []Entry {
	today := dateOf(now)
	return slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool {
		return e.DoneOn != "" || !slices.Contains(e.Reminders, today)
	})
}

// ClauseOf returns the clause that lets objects of a kind cross, "" when none
// does.
func (d *Document) ClauseOf(kind string) string {
	for _, r := range d.Rules {
		if slices.Contains(r.When.Kind, kind) && r.Then.Deny == "" {
			return r.Clause
		}
	}
	return ""
}

// Within returns from when to when something is meant to be done by a clause
// that names a time; ok is false where none does.
func (d *Document) Within(clause string, l Life) (from, to time.Time, ok bool) {
	for _, r := range d.Calendar {
		if r.Ref == clause && r.Kind == KindSoft && r.After != "" && clause != "" {
			from = d.base(r, l)
			return from, r.After.After(from), true
		}
	}
	return from, to, false
}
