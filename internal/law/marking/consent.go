package marking

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Consenting writes one entry of Label.Consent: the side, and until when the
// originators have agreed; zero is without an end.
func Consenting(to ident.Side, until time.Time) string {
	if until.IsZero() {
		return string(to)
	}
	return string(to) + " " + wholeSecond(until).Format(time.RFC3339)
}

// ParseConsent reads what Consenting writes, and nothing else.
func ParseConsent(s string) (ident.Side, time.Time, error) {
	name, end, dated := strings.Cut(s, " ")
	side, err := ident.ParseSide(name)
	if err != nil {
		return "", time.Time{}, fault.Errorf(fault.Invalid, "consent for %.40q, which is no side", name)
	}
	if !dated {
		return side, time.Time{}, nil
	}
	until, err := time.Parse(time.RFC3339, end)
	if err != nil || Consenting(side, until) != s {
		return "", time.Time{}, fault.Errorf(fault.Invalid, "consent until %.40q, which is no time", end)
	}
	return side, until, nil
}

// Agreed reports whether every originator has agreed, and still does, that it
// goes on to a side. Without a time, what ends has ended.
func (l *Label) Agreed(to ident.Side, now time.Time) bool {
	return slices.ContainsFunc(l.Consent, func(s string) bool {
		side, until, err := ParseConsent(s)
		return err == nil && to != "" && side == to && (until.IsZero() || !now.IsZero() && now.Before(until))
	})
}

// Consented returns l with the consent for one side replaced: by none when
// given is false. redactions are what the consent depends on, besides what
// others depend on.
func (l Label) Consented(to ident.Side, until time.Time, given bool, redactions []string) Label {
	l.Consent = l.only(func(side ident.Side) bool { return side != to })
	if given {
		l.Consent = union(l.Consent, []string{Consenting(to, until)})
		l.Without = union(l.Without, redactions)
	}
	if len(l.Consent) == 0 {
		l.Consent, l.Without = nil, nil
	}
	return l
}

// For returns l as a recipient under an agreement gets it: nobody is told where
// else it may go.
func (l Label) For(to ident.Side, a ident.Agreement) Label {
	l.Consent = l.only(func(side ident.Side) bool { return side == to })
	l.Named, l.Look, l.Members = false, false, nil
	if l.Areas != nil {
		l.Areas = slices.DeleteFunc(slices.Clone(l.Areas), func(s string) bool { return !strings.HasPrefix(s, Area(a, "")) })
	}
	return l
}

func (l Label) only(keep func(ident.Side) bool) []string {
	var out []string
	for _, s := range l.Consent {
		if side, _, err := ParseConsent(s); err == nil && keep(side) {
			out = append(out, s)
		}
	}
	return out
}
