package agreement

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/request"
)

// Work is when a side works, in its own zone. Targets for what is not urgent
// are counted in it; without one a side works round the clock.
type Work struct {
	Days     List   `json:"days,omitempty"` // of workDays; every day when empty
	Open     string `json:"open,omitempty"` // such as 09:00; with Close, or neither
	Close    string `json:"close,omitempty"`
	Holidays []Date `json:"holidays,omitempty"`
}

// workDays are the days of the week by time.Weekday.
var workDays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

var clockTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// minute is the minute of the day of a clock time that was checked.
func minute(s string) int {
	if !clockTime.MatchString(s) {
		return 0
	}
	h, _ := strconv.Atoi(s[:2]) // two digits, as was checked
	m, _ := strconv.Atoi(s[3:]) // two digits, as was checked
	return h*60 + m
}

func (c *checker) work(at string, s Side) {
	w := s.Work
	c.words(at+"/days", w.Days, workDays)
	for i, d := range w.Holidays {
		if d.Time().IsZero() {
			c.bad(at+"/holidays/"+strconv.Itoa(i), "%.40q: want a day such as 2027-03-22", d)
		}
	}
	switch {
	case (w.Open == "") != (w.Close == ""):
		c.bad(at, "hours need both open and close")
	case w.Open != "" && (!clockTime.MatchString(w.Open) || !clockTime.MatchString(w.Close) || minute(w.Close) <= minute(w.Open)):
		c.bad(at, "open %.10q, close %.10q: want times such as 09:00 and 18:00", w.Open, w.Close)
	case (len(w.Days)+len(w.Holidays) > 0 || w.Open != "") && s.Zone == "":
		c.bad(at, "working time is told in the side's zone: the zone is missing")
	}
}

// side returns a side of d.
func (d *Document) side(id ident.Side) (Side, error) {
	i := slices.IndexFunc(d.Sides, func(s Side) bool { return s.ID == string(id) })
	if i < 0 {
		return Side{}, fault.Errorf(fault.Invalid, "%s is not a side of %s", id, d.Agreement)
	}
	return d.Sides[i], nil
}

// WorkingTime is when a side works.
func (d *Document) WorkingTime(id ident.Side) (request.Calendar, error) {
	s, err := d.side(id)
	if err != nil {
		return request.Calendar{}, err
	}
	c := request.Calendar{Zone: time.UTC, Open: minute(s.Work.Open), Close: minute(s.Work.Close)}
	if s.Zone != "" {
		if c.Zone, err = time.LoadLocation(s.Zone); err != nil {
			return c, fmt.Errorf("zone of %s: %w", id, err)
		}
	}
	for i, day := range workDays {
		if len(s.Work.Days) > 0 && !slices.Contains(s.Work.Days, day) {
			c.Weekend = append(c.Weekend, time.Weekday(i))
		}
	}
	for _, h := range s.Work.Holidays {
		c.Holidays = append(c.Holidays, string(h))
	}
	return c, nil
}

// FirstWord is how soon the sides mean to say a first word to a request that
// came at a time.
func (t Targets) FirstWord(at time.Time) request.Targets {
	length := func(p Period) time.Duration {
		if p == "" {
			return 0
		}
		return p.After(at).Sub(at)
	}
	return request.Targets{Acknowledge: length(t.Assistance.Acknowledge), Urgent: length(t.Assistance.Urgent)}
}
