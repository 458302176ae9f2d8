package request

import (
	"slices"
	"time"
)

// Targets are how soon the sides mean to say a first word, from the agreement;
// zero is no target.
type Targets struct{ Acknowledge, Urgent time.Duration }

// Of returns the target of an urgency.
func (t Targets) Of(u Urgency) time.Duration {
	if u == Urgent && t.Urgent > 0 {
		return t.Urgent
	}
	return t.Acknowledge
}

// Calendar is when a side works: the zone its days are counted in, its free
// weekdays and its holidays. The zero Calendar always works.
type Calendar struct {
	Zone     *time.Location
	Weekend  []time.Weekday
	Holidays []string // days in Zone, YYYY-MM-DD
	// Open and Close are minutes of the day; both zero is all day.
	Open, Close int
}

// maxDays bounds how far ahead Due looks: a calendar without a single working
// day says nothing useful after that.
const maxDays = 400

// working returns the hours of t's day in c in which work is done, if any.
func (c Calendar) working(t time.Time) (from, to time.Time, ok bool) {
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, zone)
	if slices.Contains(c.Weekend, day.Weekday()) || slices.Contains(c.Holidays, day.Format(time.DateOnly)) {
		return day, day, false
	}
	closing := c.Close
	if c.Open == 0 && c.Close == 0 {
		closing = 24 * 60
	}
	at := func(minute int) time.Time {
		return time.Date(t.Year(), t.Month(), t.Day(), minute/60, minute%60, 0, 0, zone)
	}
	return at(c.Open), at(closing), true
}

// Due returns when a target from t on is reached, counted in the time in which
// c works. Without a working day within a year it is the target counted
// straight through.
func Due(t time.Time, target time.Duration, c Calendar) time.Time {
	left, at := target, t
	for range maxDays {
		from, to, ok := c.working(at)
		if ok && at.Before(to) {
			start := at
			if start.Before(from) {
				start = from
			}
			span := to.Sub(start)
			if span >= left {
				return start.Add(left).UTC()
			}
			left -= span
		}
		day := from
		at = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, day.Location())
	}
	return t.Add(target).UTC()
}

// Level is whom a reminder goes to.
type Level int

// The levels, each the next to be reminded when the one before was and nothing
// came. The last waits for the next dialogue.
const (
	Nobody Level = iota
	Contact
	Deputy
	Ministry
	Agenda
)

// Climb returns whom to remind at now of a request without a first word that
// was due at a time: the contact when half the target is left, the deputy when
// it is due, the nodal ministry one target later and the agenda of the next
// dialogue three targets later. It reminds; it never says whose fault it is.
func Climb(due time.Time, target time.Duration, now time.Time) Level {
	if target <= 0 {
		return Nobody
	}
	switch late := now.Sub(due); {
	case late >= 3*target:
		return Agenda
	case late >= target:
		return Ministry
	case late >= 0:
		return Deputy
	case late >= -target/2:
		return Contact
	}
	return Nobody
}

// Word returns when the side that was asked said its first word: when it
// acknowledged or answered. Having seen it is no word.
func (c Course) Word() (time.Time, bool) {
	for _, s := range c.asked {
		if s.Move != See {
			return s.On, true
		}
	}
	return time.Time{}, false
}
