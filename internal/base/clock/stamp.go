package clock

import (
	"time"

	"twoseas/internal/base/fault"
)

// Stamp is an instant as our own objects write it: in UTC, with microseconds.
type Stamp time.Time

const stampLayout = "2006-01-02T15:04:05.000000Z"

// StampOf returns t to the microsecond; the zero time is the zero Stamp.
func StampOf(t time.Time) Stamp { return Stamp(t.UTC().Truncate(time.Microsecond)) }

// Time returns the instant in UTC.
func (s Stamp) Time() time.Time { return time.Time(s).UTC() }

// IsZero reports whether no instant is said.
func (s Stamp) IsZero() bool { return time.Time(s).IsZero() }

// String writes the instant.
func (s Stamp) String() string { return s.Time().Format(stampLayout) }

// ParseStamp reads what String writes and nothing else.
func ParseStamp(s string) (time.Time, error) {
	t, err := time.Parse(stampLayout, s)
	if err != nil || t.Format(stampLayout) != s {
		return time.Time{}, fault.Errorf(fault.Invalid, "%.40q is not a time with microseconds", s)
	}
	return t, nil
}

// MarshalText writes the instant.
func (s Stamp) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes and nothing else.
func (s *Stamp) UnmarshalText(text []byte) error {
	t, err := ParseStamp(string(text))
	if err != nil {
		return err
	}
	*s = Stamp(t)
	return nil
}
