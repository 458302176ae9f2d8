package contact

import (
	"slices"
	"strings"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/note"
)

// The types of a communication check and of the answer to it.
const (
	CheckType  = "x-twoseas-contact-check"
	AnswerType = "x-twoseas-contact-answer"
)

// Exercise is what every check says of itself: it never carries incident
// content.
const Exercise = "EXERCISE. This is a communication check and no incident. Please answer it."

// Check asks whether a contact of the other side answers.
type Check struct {
	ID                string
	Contact           string
	Created, Modified time.Time
	// Due is the end of the window as it was asked for. The window is counted
	// from the other side's receipt: see Window.
	Due time.Time
	// Scheduled says that it came by the calendar and not by hand.
	Scheduled bool
	Waived    bool // taken back: nobody needs to answer
}

// Window is how long the contact has, from when its node took the check in.
func (c Check) Window() time.Duration { return c.Due.Sub(c.Created) }

type checkWire struct {
	Contact     string `json:"contact"`
	Created     string `json:"created"`
	Due         string `json:"due"`
	ID          string `json:"id"`
	Modified    string `json:"modified"`
	Revoked     bool   `json:"revoked,omitempty"`
	Scheduled   bool   `json:"scheduled,omitempty"`
	SpecVersion string `json:"spec_version"`
	Text        string `json:"text"`
	Type        string `json:"type"`
}

// Encode returns the check as an object, or fault.Invalid.
func (c Check) Encode() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(checkWire{
		Contact: c.Contact, Created: stamp(c.Created), Due: stamp(c.Due), ID: c.ID, Modified: stamp(c.Modified),
		Revoked: c.Waived, Scheduled: c.Scheduled, SpecVersion: "2.1", Text: Exercise, Type: CheckType,
	})
}

// ParseCheck reads a check strictly, or returns fault.Invalid.
func ParseCheck(raw []byte) (Check, error) {
	var w checkWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return Check{}, fault.Errorf(fault.Invalid, "communication check: %w", err)
	}
	c := Check{ID: w.ID, Contact: w.Contact, Scheduled: w.Scheduled, Waived: w.Revoked}
	var err error
	if c.Created, err = instant(w.Created); err != nil {
		return c, err
	}
	if c.Modified, err = instant(w.Modified); err != nil {
		return c, err
	}
	if c.Due, err = instant(w.Due); err != nil {
		return c, err
	}
	if w.Type != CheckType || w.Text != Exercise {
		return c, fault.New(fault.Invalid, "communication check: it says more than a check does")
	}
	return c, c.check()
}

func (c Check) check() error {
	switch {
	case !ident.IsObjectOf(c.ID, CheckType) || !ident.IsObjectOf(c.Contact, Type):
		return fault.New(fault.Invalid, "communication check: an id is none")
	case c.Created.IsZero() || c.Modified.Before(c.Created) || !c.Due.After(c.Created):
		return fault.New(fault.Invalid, "communication check: its times are not in order")
	}
	return nil
}

// State is where a check is.
type State string

// The states. Late is an answer that came after the window, Missed none so
// far though the window is over. Failed is that the check did not get as far as
// the other side's node: nobody missed anything.
const (
	Scheduled State = "scheduled"
	Sent      State = "sent"
	Answered  State = "answered"
	Late      State = "late"
	Missed    State = "missed"
	Failed    State = "channel-failed"
	Waived    State = "waived"
)

// States returns every state.
func States() []State { return []State{Scheduled, Sent, Answered, Late, Missed, Failed, Waived} }

// Course is what happened to a check so far; times are zero until they come.
type Course struct {
	Due       time.Time // the end of the window
	Delivered time.Time // when the other side's node took it in
	Answered  time.Time // when the answer was signed
	Waived    bool
}

// At returns where the check is at now. Waiving does not take back an answer.
func (c Course) At(now time.Time) State {
	switch {
	case !c.Answered.IsZero() && !c.Answered.After(c.Due):
		return Answered
	case !c.Answered.IsZero():
		return Late
	case c.Waived:
		return Waived
	case now.After(c.Due) && c.Delivered.IsZero():
		return Failed
	case now.After(c.Due):
		return Missed
	}
	return Sent
}

// AnswerTitle is the first line of an answer.
const AnswerTitle = "twoseas/contact-answer/v1"

// Answer is what the side of a contact signs. It does not say who answered.
type Answer struct {
	Agreement ident.Agreement
	Domain    ident.Domain
	Side      ident.Side
	Check     string
	Contact   string
	At        time.Time // in seconds
}

// Text returns the text to sign.
func (a Answer) Text() []byte {
	return []byte(strings.Join([]string{
		AnswerTitle, "agreement " + string(a.Agreement), "domain " + a.Domain.String(), "side " + string(a.Side),
		"check " + a.Check, "contact " + a.Contact, "at " + note.FormatTime(a.At), "",
	}, "\n"))
}

// ParseAnswer reads the text strictly, or returns fault.Invalid that names the
// line.
func ParseAnswer(text []byte) (Answer, error) {
	l := note.ReadLines("answer of a contact", AnswerTitle, string(text))
	id := func(typ string) func(string) (string, error) {
		return func(s string) (string, error) {
			if !ident.IsObjectOf(s, typ) {
				return "", fault.Errorf(fault.Invalid, "%.80q is no id of %s", s, typ)
			}
			return s, nil
		}
	}
	a := Answer{
		Agreement: note.Field(l, "agreement", ident.ParseAgreement),
		Domain:    note.Field(l, "domain", ident.ParseDomain),
		Side:      note.Field(l, "side", ident.ParseSide),
		Check:     note.Field(l, "check", id(CheckType)),
		Contact:   note.Field(l, "contact", id(Type)),
		At:        note.Field(l, "at", note.ParseTime),
	}
	return a, l.End()
}

// OpenAnswer returns the answer in msg if its side signed it with one of keys.
func OpenAnswer(msg []byte, keys ...note.Verifier) (Answer, error) {
	text, err := note.Text(msg)
	if err != nil {
		return Answer{}, err
	}
	a, err := ParseAnswer(text)
	if err != nil {
		return Answer{}, err
	}
	n, err := note.Open(msg, keys...)
	if err != nil {
		return Answer{}, err
	}
	if !slices.ContainsFunc(n.Sigs, func(v note.Verifier) bool { return v.Side() == a.Side }) {
		return Answer{}, fault.Errorf(fault.Denied, "answer of a contact: %s did not sign it", a.Side)
	}
	return a, nil
}
