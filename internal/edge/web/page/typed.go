package page

import (
	"time"

	"twoseas/internal/base/fault"
)

// Refused reports whether err is about what a form says, so that it is shown
// again with what is wrong.
func Refused(err error) bool {
	return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) || fault.Is(err, fault.NotFound) || fault.Is(err, fault.TooLarge)
}

// DayEnd is the end of a day in UTC that a form names, zero when it names none;
// fault.Invalid for what is no day.
func DayEnd(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return d, fault.Errorf(fault.Invalid, "%.20q: want a day such as 2027-03-18", s)
	}
	return d.AddDate(0, 0, 1), nil
}
