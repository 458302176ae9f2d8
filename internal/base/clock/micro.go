package clock

import "time"

// Micro returns an instant as the store has it, in microseconds since 1970; 0
// for the zero time.
func Micro(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// At returns an instant of the store in UTC; the zero time for 0.
func At(micro int64) time.Time {
	if micro == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micro).UTC()
}
