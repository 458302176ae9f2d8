package contact

import (
	"slices"
	"time"

	"twoseas/internal/base/fault"
)

// Hours is when somebody is at a post.
type Hours struct {
	Zone string `json:"zone"` // of the IANA database
	// Always is around the clock; the rest but Zone is empty then.
	Always bool `json:"always,omitempty"`
	// Days are the weekdays that are worked, 1 for Monday to 7; sorted.
	Days []int `json:"days,omitempty"`
	// From and To are minutes of the day in Zone.
	From int `json:"from,omitempty"`
	To   int `json:"to,omitempty"`
	// Holidays are days in Zone on which nobody is there; sorted.
	Holidays []string `json:"holidays,omitempty"`
}

const dayMinutes = 24 * 60

func (h Hours) check() error {
	if _, err := time.LoadLocation(h.Zone); err != nil || h.Zone == "" || h.Zone == "Local" {
		return fault.Errorf(fault.Invalid, "time zone %.40q: want one such as Asia/Tokyo", h.Zone)
	}
	if h.Always {
		if len(h.Days)+h.From+h.To+len(h.Holidays) > 0 {
			return fault.New(fault.Invalid, "around the clock has neither hours nor holidays")
		}
		return nil
	}
	if len(h.Days) == 0 || !slices.IsSorted(h.Days) || h.Days[0] < 1 || h.Days[len(h.Days)-1] > 7 || len(slices.Compact(slices.Clone(h.Days))) != len(h.Days) {
		return fault.New(fault.Invalid, "working days: want each once and in order, 1 for Monday to 7 for Sunday")
	}
	if h.From < 0 || h.To > dayMinutes || h.From >= h.To {
		return fault.New(fault.Invalid, "hours: want a beginning before the end on the same day")
	}
	if len(h.Holidays) > maxHolidays || !slices.IsSorted(h.Holidays) || slices.ContainsFunc(h.Holidays, func(s string) bool { return !isDay(s) }) {
		return fault.Errorf(fault.Invalid, "holidays: want days such as 2027-03-21 in order, at most %d", maxHolidays)
	}
	return nil
}

// zone is where the hours are counted; UTC for what Check refuses.
func (h Hours) zone() *time.Location {
	loc, err := time.LoadLocation(h.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// Open reports whether somebody is there at now by the calendar.
func (h Hours) Open(now time.Time) bool {
	if h.Always {
		return true
	}
	t := now.In(h.zone())
	weekday := int(t.Weekday()+6)%7 + 1
	minute := t.Hour()*60 + t.Minute()
	return slices.Contains(h.Days, weekday) && minute >= h.From && minute < h.To && !slices.Contains(h.Holidays, t.Format(time.DateOnly))
}

// Next returns when the hours begin next at or after now, and now itself while
// they last. It is the zero time where no working day comes within a year.
func (h Hours) Next(now time.Time) time.Time {
	if h.Open(now) {
		return now
	}
	t := now.In(h.zone())
	for i := range 367 {
		start := time.Date(t.Year(), t.Month(), t.Day()+i, h.From/60, h.From%60, 0, 0, t.Location())
		if !start.Before(now) && h.Open(start) {
			return start.UTC()
		}
	}
	return time.Time{}
}

// Duty is who is asked for a contact at a moment.
type Duty struct {
	// Contact is whom to ask: the contact itself, or who stands in for it; ""
	// when nobody holds either.
	Contact string
	// There says that it is within the hours of whom to ask.
	There bool
}

// OnDuty returns who is to be asked for the contact called id. Its own holder
// comes first, then who stands in for it, then who stands in for those; of
// them the first who is there at now, else the first post that is held at all.
func OnDuty(id string, all []Contact, now time.Time) Duty {
	var held Duty
	for _, c := range succession(id, all) {
		switch {
		case c.Vacant || !c.In(now):
		case c.Hours.Open(now):
			return Duty{c.ID, true}
		case held.Contact == "":
			held.Contact = c.ID
		}
	}
	return held
}

// succession returns a contact and all who stand in for it, nearest first, each
// once.
func succession(id string, all []Contact) (out []Contact) {
	queue, seen := []string{id}, map[string]bool{id: true}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, c := range all {
			if c.ID == at {
				out = append(out, c)
			}
			if c.BackupOf == at && !seen[c.ID] {
				seen[c.ID] = true
				queue = append(queue, c.ID)
			}
		}
	}
	return out
}

// Succession returns the ids of a contact and of all who stand in for it,
// nearest first.
func Succession(id string, all []Contact) []string {
	var out []string
	for _, c := range succession(id, all) {
		out = append(out, c.ID)
	}
	return out
}
