package marking

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Limits is what an importer may add to whatever objects say of themselves,
// as people write it.
type Limits struct {
	// Areas they may cross under, each "in-jp-2022:1(6)"; none is any area that
	// an agreement allows.
	Areas []string
	// NotBefore ends an embargo and Expires ends all use: a date, or a date and
	// a time, in UTC where nothing else is said.
	NotBefore, Expires string
	// ReleasableTo names the sides that may have them; none is no limit.
	ReleasableTo []string
}

// Terms returns the limits as terms, or fault.Invalid.
func (l Limits) Terms() (Terms, error) {
	var t Terms
	for _, s := range l.Areas {
		a, err := ParseArea(s)
		if err != nil {
			return Terms{}, err
		}
		t.Areas = append(t.Areas, a)
	}
	for _, s := range l.ReleasableTo {
		side, err := ident.ParseSide(strings.ToLower(strings.TrimSpace(s)))
		if err != nil {
			return Terms{}, err
		}
		t.ReleasableTo = append(t.ReleasableTo, string(side))
	}
	t.Areas, t.ReleasableTo = sorted(t.Areas), sorted(t.ReleasableTo)
	var err error
	if t.NotBefore, err = ParseInstant(l.NotBefore); err != nil {
		return Terms{}, err
	}
	if t.Expires, err = ParseInstant(l.Expires); err != nil {
		return Terms{}, err
	}
	if !t.NotBefore.IsZero() && !t.Expires.IsZero() && !t.NotBefore.Before(t.Expires) {
		return Terms{}, fault.New(fault.Invalid, "it would expire before its embargo ends")
	}
	return Combine(t, Terms{}), nil
}

// ParseArea reads an agreement and a reference, "in-jp-2022:1(6)", as an area
// of Terms.
func ParseArea(s string) (string, error) {
	id, ref, ok := strings.Cut(strings.TrimSpace(s), ":")
	a, err := ident.ParseAgreement(id)
	if ref = strings.TrimSpace(ref); err != nil || !ok || ref == "" || len(ref) > 40 {
		return "", fault.Errorf(fault.Invalid, "area %.80q: want an agreement and one of its areas, such as in-jp-2022:1(6)", s)
	}
	return Area(a, ref), nil
}

// ParseInstant reads a date or a date and a time, in UTC where nothing else is
// said; "" is the zero time.
func ParseInstant(s string) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range instantLayouts {
		if t, err := time.Parse(layout, s); err == nil && !t.IsZero() {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fault.Errorf(fault.Invalid, "time %.40q: want 2027-03-18, 2027-03-18T09:00 or 2027-03-18T09:00:00+09:00", s)
}

var instantLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

// embargoTerms reads "EMBARGO UNTIL 2027-03-18T00:00Z", in any case. Text that
// speaks of an embargo without a time one can read is not understood.
func embargoTerms(s string) (Terms, bool) {
	words := strings.Fields(strings.ToUpper(s))
	i := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "EMBARGO") })
	if i < 0 {
		return Terms{}, false
	}
	if i+2 < len(words) && words[i+1] == "UNTIL" {
		if t, err := ParseInstant(strings.TrimRight(words[i+2], ".,;)")); err == nil {
			return Terms{NotBefore: nextSecond(t)}, true
		}
	}
	return unknownTerms("embargo", s), true
}
