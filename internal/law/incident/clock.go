package incident

import (
	"slices"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Clock is a duty to report at home: who is told of an incident, and how soon
// each report is due. Clocks run on the own side only. No object has a place
// for one, so that whether and when a side reports at home never crosses.
type Clock struct {
	ID         string      `json:"id"`
	Country    string      `json:"country"`
	Instrument string      `json:"instrument"`
	From       string      `json:"from"` // what starts it
	To         string      `json:"to"`   // who is told
	Verify     bool        `json:"verify"`
	Steps      []ClockStep `json:"steps"`
}

// ClockStep is one report. Without a span it has no fixed time, and Open says
// in words how soon. Of names the step that it is counted from; "" is the start.
type ClockStep struct {
	ID     string `json:"id"`
	Hours  int    `json:"hours"`
	Days   int    `json:"days"`
	Months int    `json:"months"`
	Of     string `json:"of"`
	Open   string `json:"open"`
}

// ClocksFor returns the duties of a side.
func ClocksFor(side ident.Side) (out []Clock) {
	for _, c := range known.Clocks {
		if c.Country == string(side) {
			out = append(out, c)
		}
	}
	return out
}

// ClockOf returns the duty of an id.
func ClockOf(id string) (Clock, bool) {
	return find(known.Clocks, func(c Clock) bool { return c.ID == id })
}

// Due is when a report is due and when it was made.
type Due struct {
	ClockStep
	// At is zero for what has no fixed time, and for what is counted from a
	// report that was not made yet.
	At   time.Time
	Made time.Time // zero before
}

// Due returns the reports of a clock that started at a time. made says when
// those were made that were.
func (c Clock) Due(start time.Time, made map[string]time.Time) []Due {
	out := make([]Due, 0, len(c.Steps))
	for _, s := range c.Steps {
		d := Due{ClockStep: s, Made: made[s.ID]}
		from := start
		if s.Of != "" {
			from = made[s.Of]
		}
		if s.Open == "" && !from.IsZero() {
			d.At = s.after(from)
		}
		out = append(out, d)
	}
	return out
}

// after counts hours as they pass, and days and months in UTC; a month that is
// too short ends on its last day.
func (s ClockStep) after(t time.Time) time.Time {
	t = t.UTC()
	if s.Months > 0 {
		y, m, day := t.Date()
		last := time.Date(y, m+time.Month(s.Months)+1, 0, 0, 0, 0, 0, time.UTC).Day()
		t = time.Date(y, m+time.Month(s.Months), min(day, last), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	}
	return t.AddDate(0, 0, s.Days).Add(time.Duration(s.Hours) * time.Hour)
}

// CheckReport returns fault.Invalid unless step is a report of c that may be
// made at a time, after what it is counted from.
func (c Clock) CheckReport(start time.Time, made map[string]time.Time, step string, at time.Time) error {
	i := slices.IndexFunc(c.Steps, func(s ClockStep) bool { return s.ID == step })
	switch {
	case i < 0:
		return fault.Errorf(fault.Invalid, "report %.40q is none of this clock's", step)
	case at.Before(start):
		return fault.New(fault.Invalid, "a report cannot have been made before the clock started")
	case c.Steps[i].Of != "" && made[c.Steps[i].Of].IsZero():
		return fault.New(fault.Conflict, "this report is counted from another, which was not made yet")
	case c.Steps[i].Of != "" && at.Before(made[c.Steps[i].Of]):
		return fault.New(fault.Invalid, "this report is counted from another, which was made later")
	}
	return nil
}
