// Package ident holds the small values that name things: sides, agreements,
// domains and digests. Each has a constructor that validates; zero values are
// invalid and say so when printed.
package ident

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"twoseas/internal/base/fault"
)

var nameRE = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$`)

// Side names one of the two participants of an agreement, as the agreement
// does: lower-case letters, digits and inner hyphens, at most 64.
type Side string

// ParseSide returns s as a Side, or fault.Invalid.
func ParseSide(s string) (Side, error) {
	if !nameRE.MatchString(s) {
		return "", fault.Errorf(fault.Invalid, "side %q: want 1 to 64 lower-case letters, digits and inner hyphens", s)
	}
	return Side(s), nil
}

// Agreement names an agreement, in the same letters as a Side.
type Agreement string

// ParseAgreement returns s as an Agreement, or fault.Invalid.
func ParseAgreement(s string) (Agreement, error) {
	if !nameRE.MatchString(s) {
		return "", fault.Errorf(fault.Invalid, "agreement %q: want 1 to 64 lower-case letters, digits and inner hyphens", s)
	}
	return Agreement(s), nil
}

// Domain separates real cooperation from play: live, or exercise/<id>. It is
// part of every key in the store (DESIGN §3, invariant 7).
type Domain struct{ name string }

// Live is the domain of real cooperation.
var Live = Domain{"live"}

// Exercise returns the domain of one exercise, or fault.Invalid.
func Exercise(id string) (Domain, error) {
	if !nameRE.MatchString(id) {
		return Domain{}, fault.Errorf(fault.Invalid, "exercise %q: want 1 to 64 lower-case letters, digits and inner hyphens", id)
	}
	return Domain{"exercise/" + id}, nil
}

// ParseDomain reads "live" or "exercise/<id>", or returns fault.Invalid.
func ParseDomain(s string) (Domain, error) {
	if s == Live.name {
		return Live, nil
	}
	if id, ok := strings.CutPrefix(s, "exercise/"); ok {
		return Exercise(id)
	}
	return Domain{}, fault.Errorf(fault.Invalid, "domain %q: want live or exercise/<id>", s)
}

// String returns the domain as ParseDomain reads it; a zero Domain is
// "no domain", which does not parse.
func (d Domain) String() string {
	if d.name == "" {
		return "no domain"
	}
	return d.name
}

// IsExercise reports whether d is an exercise's domain.
func (d Domain) IsExercise() bool { return strings.HasPrefix(d.name, "exercise/") }

// IsZero reports whether d names no domain.
func (d Domain) IsZero() bool { return d.name == "" }

// Digest is a SHA-256 digest. It prints as sha256:<64 hex digits>.
type Digest [sha256.Size]byte

// Sum returns the digest of the concatenated parts.
func Sum(parts ...[]byte) Digest {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return Digest(h.Sum(nil))
}

// ParseDigest reads sha256:<64 lower-case hex digits>, or returns
// fault.Invalid.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	h, ok := strings.CutPrefix(s, "sha256:")
	if !ok || len(h) != 2*len(d) || strings.ToLower(h) != h {
		return Digest{}, fault.Errorf(fault.Invalid, "digest %.80q: want sha256: and 64 lower-case hex digits", s)
	}
	if _, err := hex.Decode(d[:], []byte(h)); err != nil {
		return Digest{}, fault.Errorf(fault.Invalid, "digest %.80q: %w", s, err)
	}
	return d, nil
}

// DigestOf returns the digest whose bytes are b, which must be 32.
func DigestOf(b []byte) (Digest, error) {
	var d Digest
	if len(b) != len(d) {
		return Digest{}, fmt.Errorf("digest of %d bytes, want %d", len(b), len(d))
	}
	copy(d[:], b)
	return d, nil
}

// String returns the digest as ParseDigest reads it.
func (d Digest) String() string { return "sha256:" + hex.EncodeToString(d[:]) }

// IsZero reports whether every byte of d is zero.
func (d Digest) IsZero() bool { return d == Digest{} }
