package marking

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Terms is what a set of markings says together. The zero value says nothing.
// Lists are sorted and hold each value once, when they come from this package.
type Terms struct {
	TLP TLP
	PAP PAP
	// Classification holds national codes (IN-C, JP-SDS), at most one per
	// scheme, sorted and joined by "+"; ranks of different schemes cannot be
	// compared, so neither can replace the other.
	Classification string
	// Caveats holds codes of the caveat vocabulary, such as ORCON.
	Caveats []string
	// ReleasableTo limits the recipients; nil does not limit, empty means
	// nobody. Values are lower-case side ids or country codes.
	ReleasableTo []string
	// Expires is when the information may no longer be used; zero is never.
	Expires time.Time
	// NotBefore is the end of an embargo: until then it leaves for nobody.
	// Zero is no embargo.
	NotBefore time.Time
	// Areas limits the areas of cooperation it may cross under, each written
	// by Area; nil does not limit, empty means none.
	Areas []string
	// Exercise marks play; it is sticky.
	Exercise bool
	// Unknown lists what was not understood. Anything in it makes an object
	// unreleasable.
	Unknown []string
}

// maxUnknown bounds how many things not understood are kept.
const maxUnknown = 16

// Combine returns what a and b say together: the highest TLP and PAP, the
// intersection of recipients, the union of caveats, of
// areas; the earliest expiry and the latest end of an embargo; EXERCISE is
// sticky. It is commutative, associative and idempotent, and the
// result is never more open than a or b.
func Combine(a, b Terms) Terms {
	return Terms{
		TLP:            max(a.TLP, b.TLP),
		PAP:            max(a.PAP, b.PAP),
		Classification: combineLevels(a.Classification, b.Classification),
		Caveats:        union(a.Caveats, b.Caveats),
		ReleasableTo:   intersection(a.ReleasableTo, b.ReleasableTo),
		Expires:        earliest(a.Expires, b.Expires),
		NotBefore:      latest(a.NotBefore, b.NotBefore),
		Areas:          intersection(a.Areas, b.Areas),
		Exercise:       a.Exercise || b.Exercise,
		Unknown:        firstFew(union(a.Unknown, b.Unknown)),
	}
}

// Derive returns the terms of something made out of several objects. Live and
// exercise objects never combine: mixing them is fault.Denied (DESIGN §2,
// invariant 7).
func Derive(sources ...Terms) (Terms, error) {
	var out Terms
	for i, t := range sources {
		if i > 0 && t.Exercise != out.Exercise {
			return Terms{}, fault.New(fault.Denied, "live and exercise objects are never combined")
		}
		out = Combine(out, t)
	}
	return out, nil
}

// Unresolved returns the terms of a marking whose definition is not at hand:
// not understood, so not releasable until it is.
func Unresolved(ref string) Terms { return unknownTerms("marking without its definition", ref) }

// unknownTerms keeps a bounded note of what was not understood.
func unknownTerms(what, value string) Terms {
	value = strings.ToValidUTF8(strings.TrimSpace(value), "?")
	if r := []rune(value); len(r) > 80 {
		value = string(r[:80]) + "…"
	}
	if value != "" {
		what += ": " + value
	}
	return Terms{Unknown: []string{what}}
}

// union returns the sorted values of a and b, each once; nil when there are
// none.
func union(a, b []string) []string {
	if len(a)+len(b) == 0 {
		return nil
	}
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

// intersection treats nil as everybody; two disjoint lists leave nobody.
func intersection(a, b []string) []string {
	if a == nil {
		return sorted(b)
	}
	if b == nil {
		return sorted(a)
	}
	out := []string{}
	for _, v := range a {
		if slices.Contains(b, v) {
			out = append(out, v)
		}
	}
	return sorted(out)
}

// sorted returns a sorted copy of a with each value once; nil stays nil and
// empty stays empty.
func sorted(a []string) []string {
	out := slices.Clone(a)
	slices.Sort(out)
	return slices.Compact(out)
}

func earliest(a, b time.Time) time.Time {
	a, b = wholeSecond(a), wholeSecond(b)
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// latest rounds up, which is the stricter way for an embargo.
func latest(a, b time.Time) time.Time {
	a, b = nextSecond(a), nextSecond(b)
	if b.After(a) {
		return b
	}
	return a
}

func nextSecond(t time.Time) time.Time {
	if whole := wholeSecond(t); whole.Before(t) {
		return whole.Add(time.Second)
	}
	return wholeSecond(t)
}

// Area writes one area of cooperation for Terms.Areas: the agreement and the
// reference of the area in it, such as "in-jp-2022 1(1)". Without a reference
// it is every area of the agreement.
func Area(a ident.Agreement, ref string) string { return string(a) + " " + ref }

// wholeSecond rounds down, which is the stricter way for an expiry.
func wholeSecond(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

// firstFew keeps the first values of a sorted list, so that the bound does
// not depend on the order of combining.
func firstFew(a []string) []string {
	if len(a) > maxUnknown {
		return a[:maxUnknown:maxUnknown]
	}
	return a
}
