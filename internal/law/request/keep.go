package request

import "time"

// KeepFor is how long data is kept, and kept longer, when nobody says another
// day: the longest order of Article 16 of the Budapest Convention, which is
// renewable. What counts is the day that the side that was asked names.
const KeepFor = 90 * 24 * time.Hour

// KeepWarnings are how long before the end of a period both sides are reminded
// that it ends.
func KeepWarnings() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{30 * day, 7 * day, day}
}

// KeptUntil returns until when the side that was asked says that it preserves
// the data; zero when it does not, or took it back.
func (c Course) KeptUntil() (t time.Time) {
	for _, s := range c.asked {
		switch s.Move { //nolint:exhaustive // the others change nothing about it
		case Preserve:
			t = s.Until
		case Decline:
			t = time.Time{}
		}
	}
	return t
}

// RenewalAsked returns until when the asker would have the data kept, when that
// is longer than it is kept now; zero otherwise.
func (c Course) RenewalAsked() time.Time {
	kept := c.KeptUntil()
	for i := len(c.asker) - 1; i >= 0 && !kept.IsZero() && !c.withdrawn(); i-- {
		if s := c.asker[i]; s.Move == Renew {
			if s.Until.After(kept) {
				return s.Until
			}
			return time.Time{}
		}
	}
	return time.Time{}
}

// KeepDefault is the day that a Preserve or a Renew names when nobody says
// another: KeepFor after now, after the end of the running period, or as long as
// the asker would have it.
func (c Course) KeepDefault(m Move, now time.Time) time.Time {
	if asked := c.RenewalAsked(); m == Preserve && !asked.IsZero() {
		return asked
	}
	if kept := c.KeptUntil(); kept.After(now) {
		return kept.Add(KeepFor)
	}
	return now.Add(KeepFor)
}

// KeepWarning returns how many of the warnings about the end of a period are
// due, 0 for none: after the last the end itself is the next.
func KeepWarning(until, now time.Time) (due int) {
	if until.IsZero() {
		return 0
	}
	for _, before := range KeepWarnings() {
		if !now.Before(until.Add(-before)) {
			due++
		}
	}
	return due
}
