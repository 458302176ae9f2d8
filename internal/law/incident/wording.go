package incident

import (
	"slices"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Audience is for whom an attribution is worded. Each has a text of its own that
// is approved by itself; nothing of one becomes part of another by itself.
type Audience string

// The audiences.
const (
	Internal Audience = "internal" // one's own side
	Joint    Audience = "joint"    // both sides
	Public   Audience = "public"   // everybody, once both sides have said the same
)

// Audiences returns every audience, the closest first.
func Audiences() []Audience { return []Audience{Internal, Joint, Public} }

// Approvals is how many officers besides the author approve a wording before it
// counts, and before it leaves.
func (a Audience) Approvals() int {
	switch a {
	case Joint:
		return 1
	case Public:
		return 2
	case Internal:
	}
	return 0
}

// Wording is what a side says of who was behind an incident.
type Wording struct {
	ID, Incident string
	Audience     Audience
	Text         string
	Language     string
	Created      time.Time
}

type wordingWire struct {
	Audience    string `json:"audience"`
	Created     string `json:"created"`
	ID          string `json:"id"`
	IncidentRef string `json:"incident_ref"`
	Lang        string `json:"lang"`
	Modified    string `json:"modified"`
	SpecVersion string `json:"spec_version"`
	Text        string `json:"text"`
	Type        string `json:"type"`
}

// Encode returns w as an object: of WordingType when its id says so, which is
// what the partner may get and never of the audience Internal, or else as one's
// own proposal of any audience.
func (w Wording) Encode() ([]byte, error) {
	typ := OwnWordingType
	if ident.IsObjectOf(w.ID, WordingType) {
		typ = WordingType
	}
	if err := w.check(typ); err != nil {
		return nil, err
	}
	return canon.Marshal(wordingWire{string(w.Audience), stamp(w.Created), w.ID, w.Incident, w.Language, stamp(w.Created), "2.1", w.Text, typ})
}

// ParseWording reads what Encode writes strictly, or returns fault.Invalid.
func ParseWording(raw []byte) (w Wording, err error) {
	var j wordingWire
	if err := canon.UnmarshalStrict(raw, &j); err != nil {
		return w, fault.Errorf(fault.Invalid, "wording: %w", err)
	}
	w = Wording{ID: j.ID, Incident: j.IncidentRef, Audience: Audience(j.Audience), Text: j.Text, Language: j.Lang}
	if w.Created, err = clock.ParseStamp(j.Created); err != nil || j.Modified != j.Created || j.SpecVersion != "2.1" {
		return w, fault.New(fault.Invalid, "wording: its times are not as they should be")
	}
	if j.Type != WordingType && j.Type != OwnWordingType {
		return w, fault.Errorf(fault.Invalid, "wording: type %.40q", j.Type)
	}
	return w, w.check(j.Type)
}

func (w Wording) check(typ string) error {
	switch {
	case !ident.IsObjectOf(w.ID, typ) || !ident.IsObjectOf(w.Incident, Type):
		return fault.New(fault.Invalid, "wording: its id, or its incident's, is none")
	case !slices.Contains(Audiences(), w.Audience):
		return fault.Errorf(fault.Invalid, "audience %.40q: want internal, joint or public", string(w.Audience))
	case typ == WordingType && w.Audience == Internal:
		return fault.New(fault.Invalid, "an internal wording is one's own")
	case w.Text == "":
		return fault.New(fault.Invalid, "say something")
	case w.Created.IsZero():
		return fault.New(fault.Invalid, "wording: it does not say when it was made")
	}
	return checkTexts(w.Language, text{"text", w.Text, MaxText})
}

// OwnNote is what a side writes down for itself. It is of a type of its own,
// and no shared note is ever made of one.
type OwnNote struct {
	ID, Incident   string
	Text, Language string
	Created        time.Time
}

type ownNoteWire struct {
	Created     string `json:"created"`
	ID          string `json:"id"`
	IncidentRef string `json:"incident_ref"`
	Lang        string `json:"lang"`
	Modified    string `json:"modified"`
	SpecVersion string `json:"spec_version"`
	Text        string `json:"text"`
	Type        string `json:"type"`
}

// Encode returns n as an object, or fault.Invalid.
func (n OwnNote) Encode() ([]byte, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(ownNoteWire{stamp(n.Created), n.ID, n.Incident, n.Language, stamp(n.Created), "2.1", n.Text, OwnNoteType})
}

// ParseOwnNote reads what Encode writes strictly, or returns fault.Invalid.
func ParseOwnNote(raw []byte) (n OwnNote, err error) {
	var j ownNoteWire
	if err := canon.UnmarshalStrict(raw, &j); err != nil {
		return n, fault.Errorf(fault.Invalid, "own note: %w", err)
	}
	n = OwnNote{ID: j.ID, Incident: j.IncidentRef, Text: j.Text, Language: j.Lang}
	if n.Created, err = clock.ParseStamp(j.Created); err != nil || j.Type != OwnNoteType {
		return n, fault.New(fault.Invalid, "own note: its type or its time is not as it should be")
	}
	return n, n.check()
}

func (n OwnNote) check() error {
	switch {
	case !ident.IsObjectOf(n.ID, OwnNoteType) || !ident.IsObjectOf(n.Incident, Type):
		return fault.New(fault.Invalid, "own note: its id, or its incident's, is none")
	case n.Text == "":
		return fault.New(fault.Invalid, "say something")
	case n.Created.IsZero():
		return fault.New(fault.Invalid, "own note: it does not say when it was made")
	}
	return checkTexts(n.Language, text{"text", n.Text, MaxText})
}
