package contact

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/fault"
)

// KeyKind is what a key is for.
type KeyKind string

// The kinds of key.
const (
	PGP   KeyKind = "pgp"
	SMIME KeyKind = "smime"
	Age   KeyKind = "age"
)

// KeyKinds returns every kind of key.
func KeyKinds() []KeyKind { return []KeyKind{PGP, SMIME, Age} }

// Key is a key of a post, by its fingerprint, and how it was verified.
type Key struct {
	Kind KeyKind `json:"kind"`
	// Fingerprint is in capitals without blanks; of age it is the recipient.
	Fingerprint string `json:"fingerprint"`
	Expires     string `json:"expires,omitempty"` // a day, "" for none
	// Verified is how it was verified out of band, and when by the second person.
	Verified Verified `json:"verified"`
}

// Verified says that two people heard a fingerprint out of band. Who they are
// stays at home.
type Verified struct {
	On     string   `json:"on"`    // a day
	Means  []string `json:"means"` // of each
	People int      `json:"people"`
}

// needed is how many people verify a key.
const needed = 2

// Means returns the ways by which a fingerprint may be verified.
func Means() []string { return []string{"in-person", "telephone", "video", "diplomatic-note", "paper"} }

// The forms of fingerprints: OpenPGP version 4 or 6 (RFC 9580 §5.5.4), SHA-256
// of a certificate, and recipients of age (X25519, Bech32).
var fingerprints = map[KeyKind]*regexp.Regexp{
	PGP:   regexp.MustCompile(`^(?:[0-9A-F]{40}|[0-9A-F]{64})$`),
	SMIME: regexp.MustCompile(`^[0-9A-F]{64}$`),
	Age:   regexp.MustCompile(`^age1[02-9ac-hj-np-z]{58}$`),
}

// ParseKey returns a key from what people write: blanks and colons between
// groups do not matter, nor do capitals. Otherwise fault.Invalid.
func ParseKey(kind, fingerprint, expires string) (Key, error) {
	re := fingerprints[KeyKind(kind)]
	if re == nil {
		return Key{}, fault.Errorf(fault.Invalid, "kind of key %.20q: want pgp, smime or age", kind)
	}
	s := strings.NewReplacer(" ", "", ":", "", "\t", "", "\u00a0", "").Replace(fingerprint)
	if KeyKind(kind) == Age {
		s = strings.ToLower(s)
	} else {
		s = strings.TrimPrefix(strings.ToUpper(s), "0X")
	}
	if !re.MatchString(s) {
		return Key{}, fault.Errorf(fault.Invalid, "fingerprint %.100q: want a whole one of %s", fingerprint, kind)
	}
	if expires != "" && !isDay(expires) {
		return Key{}, fault.Errorf(fault.Invalid, "end of the key %.20q: want a day such as 2027-03-18", expires)
	}
	return Key{Kind: KeyKind(kind), Fingerprint: s, Expires: expires}, nil
}

func checkKeys(keys []Key) error {
	if len(keys) > maxList {
		return fault.Errorf(fault.Invalid, "%d keys, at most %d", len(keys), maxList)
	}
	for i, k := range keys {
		parsed, err := ParseKey(string(k.Kind), k.Fingerprint, k.Expires)
		if err != nil {
			return err
		}
		if parsed.Fingerprint != k.Fingerprint {
			return fault.Errorf(fault.Invalid, "fingerprint %.100q is not written as it crosses", k.Fingerprint)
		}
		if i > 0 && compareKeys(keys[i-1], k) >= 0 {
			return fault.New(fault.Invalid, "keys: want each once and in order")
		}
		v := k.Verified
		if v.People < needed || len(v.Means) != v.People || !isDay(v.On) || slices.ContainsFunc(v.Means, func(m string) bool { return !slices.Contains(Means(), m) }) {
			return fault.Errorf(fault.Invalid, "key %.20s was not verified by two people", k.Fingerprint)
		}
	}
	return nil
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Fingerprint, b.Fingerprint))
}

// WithKey returns the keys with one more, in the place of one with the same
// fingerprint.
func WithKey(keys []Key, k Key) []Key {
	out := append(WithoutKey(keys, k.Fingerprint), k)
	slices.SortFunc(out, compareKeys)
	return out
}

// WithoutKey returns the keys without one.
func WithoutKey(keys []Key, fingerprint string) []Key {
	return slices.DeleteFunc(slices.Clone(keys), func(k Key) bool { return k.Fingerprint == fingerprint })
}

// Warning is that a key ends soon, or has ended.
type Warning struct {
	Key
	// Step is the days before the end that were reached last: 60, 30, 7 or 0.
	Step int
	Days int // left; below zero once it has ended
}

// steps are the days before its end at which a key is warned of.
var steps = []int{0, 7, 30, 60}

// Warnings returns the keys of c to warn of at now, the most urgent first.
func (c Contact) Warnings(now time.Time) (out []Warning) {
	today := now.UTC().Truncate(24 * time.Hour)
	for _, k := range c.Keys {
		end, err := time.Parse(time.DateOnly, k.Expires)
		if err != nil {
			continue // it has no end
		}
		days := int(end.Sub(today) / (24 * time.Hour))
		i := slices.IndexFunc(steps, func(s int) bool { return days <= s })
		if i >= 0 {
			out = append(out, Warning{Key: k, Step: steps[i], Days: days})
		}
	}
	slices.SortStableFunc(out, func(a, b Warning) int { return cmp.Compare(a.Days, b.Days) })
	return out
}

// Outside returns the channels of c that work without the key: those by which
// its end is told.
func (c Contact) Outside() (out []Channel) {
	for _, kind := range ChannelKinds() {
		for _, ch := range c.Channels {
			if ch.Kind == kind && kind != Secure {
				out = append(out, ch)
			}
		}
	}
	return out
}
