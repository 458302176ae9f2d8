// Package contact is whom to ask on a side: posts with their hours, channels
// and keys, how well they cover the areas of an agreement, who is on duty, and
// the checks whether they answer (memorandum 2(2); docs/formats/contacts.md).
//
// Invariants: a record that is not understood as a whole is not understood at
// all; no key is in a record that two people have not verified; what a side
// says of its own contacts is nobody else's to change.
package contact

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Type is the type of the object that a record crosses as.
const Type = "x-twoseas-contact"

// Role is what a post is for.
type Role string

// The roles.
const (
	Diplomatic Role = "diplomatic"
	Technical  Role = "technical"
	Police     Role = "law-enforcement"
	Sectoral   Role = "sectoral"
)

// Roles returns every role, in the order they are shown.
func Roles() []Role { return []Role{Diplomatic, Technical, Police, Sectoral} }

// ChannelKind is how somebody is reached.
type ChannelKind string

// The channels, in the order they are tried.
const (
	PhoneAlways ChannelKind = "phone-24x7"
	PhoneOffice ChannelKind = "phone-office"
	Email       ChannelKind = "email"
	Secure      ChannelKind = "secure"
)

// ChannelKinds returns every kind of channel.
func ChannelKinds() []ChannelKind { return []ChannelKind{PhoneAlways, PhoneOffice, Email, Secure} }

// Channel is one way to reach a post.
type Channel struct {
	Kind    ChannelKind `json:"kind"`
	Address string      `json:"address"`
}

// Bounds of a record.
const (
	maxText     = 200 // characters of a line
	maxList     = 50
	maxHolidays = 400
)

// Contact is one record: a post, preferably without the name of who holds it.
type Contact struct {
	ID                string
	Created, Modified time.Time
	Revoked           bool // the post is no more

	Agency, Post string
	Person       string // may be left out; personal data
	Role         Role
	Areas        []string // of cooperation, such as 1(1); sorted
	// BackupOf is the contact that this one stands in for; "" for none.
	BackupOf  string
	Languages []string // BCP 47, sorted
	Hours     Hours
	Channels  []Channel
	Keys      []Key // sorted by kind and fingerprint
	ValidFrom string
	ReviewDue string
	Handling  string // how the record may be used, in words
	// Vacant says that nobody holds the post: its deputies take over.
	Vacant bool
}

type wire struct {
	Agency      string    `json:"agency"`
	Areas       []string  `json:"areas"`
	BackupOf    string    `json:"backup_of,omitempty"`
	Channels    []Channel `json:"channels"`
	Created     string    `json:"created"`
	Handling    string    `json:"handling,omitempty"`
	Hours       Hours     `json:"hours"`
	ID          string    `json:"id"`
	Keys        []Key     `json:"keys,omitempty"`
	Languages   []string  `json:"languages,omitempty"`
	Modified    string    `json:"modified"`
	Person      string    `json:"person,omitempty"`
	Post        string    `json:"post"`
	ReviewDue   string    `json:"review_due,omitempty"`
	Revoked     bool      `json:"revoked,omitempty"`
	Role        Role      `json:"role"`
	SpecVersion string    `json:"spec_version"`
	Type        string    `json:"type"`
	Vacant      bool      `json:"vacant,omitempty"`
	ValidFrom   string    `json:"valid_from"`
}

// Encode returns the record as an object, or fault.Invalid.
func (c Contact) Encode() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return canon.Marshal(wire{
		Agency: c.Agency, Areas: c.Areas, BackupOf: c.BackupOf, Channels: c.Channels, Created: stamp(c.Created), Handling: c.Handling,
		Hours: c.Hours, ID: c.ID, Keys: c.Keys, Languages: c.Languages, Modified: stamp(c.Modified), Person: c.Person, Post: c.Post,
		ReviewDue: c.ReviewDue, Revoked: c.Revoked, Role: c.Role, SpecVersion: "2.1", Type: Type, Vacant: c.Vacant, ValidFrom: c.ValidFrom,
	})
}

// Parse reads a record strictly, or returns fault.Invalid.
func Parse(raw []byte) (Contact, error) {
	var w wire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return Contact{}, fault.Errorf(fault.Invalid, "contact: %w", err)
	}
	c := Contact{
		ID: w.ID, Revoked: w.Revoked, Agency: w.Agency, Post: w.Post, Person: w.Person, Role: w.Role, Areas: w.Areas, BackupOf: w.BackupOf,
		Languages: w.Languages, Hours: w.Hours, Channels: w.Channels, Keys: w.Keys, ValidFrom: w.ValidFrom, ReviewDue: w.ReviewDue,
		Handling: w.Handling, Vacant: w.Vacant,
	}
	var err error
	if c.Created, err = instant(w.Created); err != nil {
		return c, err
	}
	if c.Modified, err = instant(w.Modified); err != nil {
		return c, err
	}
	if w.Type != Type || w.SpecVersion != "2.1" {
		return c, fault.Errorf(fault.Invalid, "contact: type %.40q, version %.10q", w.Type, w.SpecVersion)
	}
	return c, c.Check()
}

// Check refuses a record that a reader could not rely on: fault.Invalid with
// words for the person who wrote it.
func (c Contact) Check() error {
	for _, t := range []struct {
		name, text string
		needed     bool
	}{
		{"agency", c.Agency, true}, {"post", c.Post, true}, {"person", c.Person, false}, {"handling", c.Handling, false},
	} {
		if err := line(t.name, t.text, t.needed); err != nil {
			return err
		}
	}
	switch {
	case !ident.IsObjectOf(c.ID, Type):
		return fault.New(fault.Invalid, "contact: its id is none")
	case c.Created.IsZero() || c.Modified.Before(c.Created):
		return fault.New(fault.Invalid, "contact: its times are not in order")
	case !slices.Contains(Roles(), c.Role):
		return fault.Errorf(fault.Invalid, "role %.40q: want diplomatic, technical, law-enforcement or sectoral", string(c.Role))
	case c.BackupOf != "" && (!ident.IsObjectOf(c.BackupOf, Type) || c.BackupOf == c.ID):
		return fault.New(fault.Invalid, "a deputy stands in for another contact of the same side")
	case !isDay(c.ValidFrom):
		return fault.Errorf(fault.Invalid, "valid from %.20q: want a day such as 2027-03-18", c.ValidFrom)
	case c.ReviewDue != "" && (!isDay(c.ReviewDue) || c.ReviewDue < c.ValidFrom):
		return fault.Errorf(fault.Invalid, "review due %.20q: want a day after the one it is valid from", c.ReviewDue)
	case len(c.Channels) == 0 || len(c.Channels) > maxList:
		return fault.Errorf(fault.Invalid, "%d channels: want at least one way to reach the post, and at most %d", len(c.Channels), maxList)
	}
	if err := inOrder("area", c.Areas, 1); err != nil {
		return err
	}
	if err := inOrder("language", c.Languages, 0); err != nil {
		return err
	}
	if err := c.Hours.check(); err != nil {
		return err
	}
	for _, ch := range c.Channels {
		if err := ch.check(); err != nil {
			return err
		}
	}
	return checkKeys(c.Keys)
}

func (ch Channel) check() error {
	if !slices.Contains(ChannelKinds(), ch.Kind) {
		return fault.Errorf(fault.Invalid, "channel %.40q: want phone-24x7, phone-office, email or secure", string(ch.Kind))
	}
	if ch.Kind == Email && !strings.Contains(ch.Address, "@") {
		return fault.Errorf(fault.Invalid, "e-mail address %.80q: want one like name@example.org", ch.Address)
	}
	return line("address of the channel "+string(ch.Kind), ch.Address, true)
}

// inOrder refuses lists that are not sorted, each once, of short words.
func inOrder(what string, list []string, least int) error {
	if len(list) < least || len(list) > maxList {
		return fault.Errorf(fault.Invalid, "%s: %d of them, want %d to %d", what, len(list), least, maxList)
	}
	for i, s := range list {
		if err := line(what, s, true); err != nil {
			return err
		}
		if i > 0 && list[i-1] >= s {
			return fault.Errorf(fault.Invalid, "%s: want each once and in order", what)
		}
	}
	return nil
}

// line refuses what is not one line of text.
func line(what, s string, needed bool) error {
	bad := strings.ContainsFunc(s, unicode.IsControl) || !utf8.ValidString(s) || strings.TrimSpace(s) != s
	if bad || utf8.RuneCountInString(s) > maxText || needed && s == "" {
		return fault.Errorf(fault.Invalid, "%s: want text on one line, at most %d characters", what, maxText)
	}
	return nil
}

// In reports whether the record counts at a time: the post is there and has
// begun. Whether somebody holds it is another question.
func (c Contact) In(now time.Time) bool {
	return !c.Revoked && c.ValidFrom <= now.In(c.Hours.zone()).Format(time.DateOnly)
}

// Stale reports whether the record was to be looked at again before now.
func (c Contact) Stale(now time.Time) bool {
	return c.ReviewDue != "" && c.ReviewDue < now.UTC().Format(time.DateOnly)
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func stamp(t time.Time) string { return clock.StampOf(t).String() }

func instant(s string) (time.Time, error) {
	t, err := clock.ParseStamp(s)
	if err != nil {
		return t, fault.Errorf(fault.Invalid, "contact: %.40q is not a time with microseconds", s)
	}
	return t, nil
}
