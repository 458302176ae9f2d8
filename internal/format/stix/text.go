package stix

import (
	"strings"
	"time"

	"twoseas/internal/base/fault"
)

// ParseTimestamp reads a STIX timestamp (STIX 2.1 §2.16): RFC 3339 in UTC,
// written with T and Z, with any number of fraction digits or none. What is
// finer than a nanosecond is cut off; a leap second is the first instant of
// the next minute. The error is fault.Invalid.
func ParseTimestamp(s string) (time.Time, error) {
	t, ok := timestamp(s)
	if !ok {
		return time.Time{}, fault.Errorf(fault.Invalid, "timestamp %s: want YYYY-MM-DDThh:mm:ss[.s…]Z (STIX 2.1 §2.16)", quote(s))
	}
	return t, nil
}

func timestamp(s string) (time.Time, bool) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
		s[13] != ':' || s[16] != ':' || s[len(s)-1] != 'Z' {
		return time.Time{}, false
	}
	year, month, day := digits(s[0:4]), digits(s[5:7]), digits(s[8:10])
	hour, minute, sec := digits(s[11:13]), digits(s[14:16]), digits(s[17:19])
	nanos := fraction(s[19 : len(s)-1])
	switch {
	case year < 0, month < 1, month > 12, day < 1, day > daysIn(year, month):
		return time.Time{}, false
	case hour < 0, hour > 23, minute < 0, minute > 59, sec < 0, sec > 60, nanos < 0:
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, sec, nanos, time.UTC), true
}

// digits reads s as a decimal number, or returns -1.
func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// fraction reads "" or ".digits" as nanoseconds, or returns -1.
func fraction(s string) int {
	if s == "" {
		return 0
	}
	if s[0] != '.' || len(s) == 1 {
		return -1
	}
	n := 0
	for i := 1; i < max(len(s), 10); i++ {
		d := byte('0')
		if i < len(s) {
			d = s[i]
		}
		if d < '0' || d > '9' {
			return -1
		}
		if i < 10 {
			n = n*10 + int(d-'0')
		}
	}
	return n
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// splitID cuts an identifier (STIX 2.1 §2.9) into its type and UUID and
// reports whether it has the form of one: type--UUID, the UUID in the variant
// and one of the versions of RFC 9562.
func splitID(id string) (typ, uuid string, ok bool) {
	typ, uuid, ok = strings.Cut(id, "--")
	return typ, uuid, ok && isType(typ) && isUUID(uuid)
}

// isType reports whether s can name a type: a to z, 0 to 9 and single inner
// hyphens, 3 to 250 of them, a letter first (STIX 2.1 §3.1).
func isType(s string) bool {
	if len(s) < 3 || len(s) > 250 || s[0] < 'a' || s[0] > 'z' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if c == '-' && s[i-1] == '-' {
			return false
		}
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// isUUID reports whether s is a UUID of version 1 to 8 in the variant of
// RFC 9562, in either case.
func isUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		if !isHexDigit(s[i]) {
			return false
		}
	}
	return s[14] >= '1' && s[14] <= '8' && strings.IndexByte("89abAB", s[19]) >= 0
}

func isHexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// isHex reports whether s is n hex digits; n = 0 takes any even, positive
// number of them (STIX 2.1 §2.8).
func isHex(s string, n int) bool {
	if n > 0 && len(s) != n || len(s) == 0 || len(s)%2 != 0 {
		return false
	}
	for i := range len(s) {
		if !isHexDigit(s[i]) {
			return false
		}
	}
	return true
}

// isBase64 reports whether s is padded standard base64 (STIX 2.1 §2.1).
func isBase64(s string) bool {
	if len(s) == 0 || len(s)%4 != 0 {
		return false
	}
	body := strings.TrimSuffix(strings.TrimSuffix(s, "="), "=")
	for i := range len(body) {
		c := body[i]
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '+' && c != '/' {
			return false
		}
	}
	return true
}

// isName reports whether s can be the key of a dictionary (STIX 2.1 §2.3).
func isName(s string) bool {
	if len(s) == 0 || len(s) > 250 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// isURI reports whether s has a scheme and only the characters of RFC 3986.
func isURI(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || rest == "" || !isScheme(scheme) {
		return false
	}
	for i := range len(rest) {
		c := rest[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return false
		}
		if c == '%' && (i+2 >= len(rest) || !isHex(rest[i+1:i+3], 2)) {
			return false
		}
	}
	return true
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || (s[i] < '0' || s[i] > '9') && strings.IndexByte("+-.", s[i]) < 0) {
			return false
		}
	}
	return true
}
