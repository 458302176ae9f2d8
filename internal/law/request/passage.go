package request

import (
	"slices"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// The types of what passes between the two compartments of one side, and of the
// originator's word about it.
const (
	PassageType = "x-twoseas-passage" //nolint:gosec // a type of objects
	ConsentType = "x-twoseas-passage-consent"
)

// Passage is what one compartment of a side passes to its other: one version of
// a request, known by the digest of its bytes, on a legal basis. Where the
// request is another side's, that side consents first.
type Passage struct {
	ID, Request string
	Side        ident.Side   // inside which it passes
	From        Channel      // the compartment that passes it
	Matter      ident.Digest // of the version's canonical bytes
	Originator  ident.Side   // whose consent it needs; Side's own is in the act
	Basis       string
	Purpose     string
	Created     time.Time
}

// To returns the compartment that gets it.
func (p Passage) To() Channel {
	if p.From == LawEnforcement {
		return Technical
	}
	return LawEnforcement
}

type passageWire struct {
	Created     string `json:"created"`
	From        string `json:"from"`
	ID          string `json:"id"`
	LegalBasis  string `json:"legal_basis"`
	Matter      string `json:"matter"`
	Modified    string `json:"modified"`
	Originator  string `json:"originator"`
	Purpose     string `json:"purpose"`
	Request     string `json:"request"`
	Side        string `json:"side"`
	SpecVersion string `json:"spec_version"`
	Type        string `json:"type"`
}

// Encode returns p as an object, or fault.Invalid.
func (p Passage) Encode() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(passageWire{
		Created: stamp(p.Created), From: string(p.From), ID: p.ID, LegalBasis: p.Basis, Matter: p.Matter.String(), Modified: stamp(p.Created),
		Originator: string(p.Originator), Purpose: p.Purpose, Request: p.Request, Side: string(p.Side), SpecVersion: "2.1", Type: PassageType,
	})
}

// ParsePassage reads a passage strictly, or returns fault.Invalid.
func ParsePassage(raw []byte) (p Passage, err error) {
	var w passageWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return p, fault.Errorf(fault.Invalid, "passage: %w", err)
	}
	p = Passage{
		ID: w.ID, Request: w.Request, Side: ident.Side(w.Side), From: Channel(w.From), Originator: ident.Side(w.Originator), Basis: w.LegalBasis, Purpose: w.Purpose,
	}
	if err := instants([]instant{{"created", w.Created, false, &p.Created}}); err != nil {
		return p, err
	}
	if p.Matter, err = ident.ParseDigest(w.Matter); err != nil {
		return p, fault.Errorf(fault.Invalid, "matter: %w", err)
	}
	if w.Type != PassageType || w.SpecVersion != "2.1" || w.Modified != w.Created {
		return p, fault.Errorf(fault.Invalid, "passage: type %.40q, version %.10q", w.Type, w.SpecVersion)
	}
	return p, p.check()
}

func (p Passage) check() error {
	switch {
	case !ident.IsObjectOf(p.ID, PassageType) || !ident.IsObjectOf(p.Request, Type):
		return fault.New(fault.Invalid, "passage: its id, or its request's, is none")
	case p.Side == "" || p.Originator == "" || p.Created.IsZero() || p.Matter.IsZero():
		return fault.New(fault.Invalid, "passage: it does not say where, whose, when and what")
	case !slices.Contains(Channels(), p.From):
		return fault.Errorf(fault.Invalid, "from %.40q: want technical or law-enforcement", string(p.From))
	case p.Basis == "" || p.Purpose == "":
		return fault.New(fault.Invalid, "say on which legal basis it passes, and for what")
	}
	if err := checkText("legal basis", p.Basis, MaxText); err != nil {
		return err
	}
	return checkText("purpose", p.Purpose, MaxText)
}

// Consent is the originator's word about a passage on the other side.
type Consent struct {
	ID, Passage string
	By          ident.Side
	Given       bool
	Text        string // may be empty: a refusal needs no reason
	Created     time.Time
}

type consentWire struct {
	By          string `json:"by"`
	Created     string `json:"created"`
	Given       bool   `json:"given"`
	ID          string `json:"id"`
	Modified    string `json:"modified"`
	Passage     string `json:"passage"`
	SpecVersion string `json:"spec_version"`
	Text        string `json:"text,omitempty"`
	Type        string `json:"type"`
}

// Encode returns c as an object, or fault.Invalid.
func (c Consent) Encode() ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(consentWire{
		By: string(c.By), Created: stamp(c.Created), Given: c.Given, ID: c.ID, Modified: stamp(c.Created), Passage: c.Passage, SpecVersion: "2.1",
		Text: c.Text, Type: ConsentType,
	})
}

// ParseConsent reads a consent strictly, or returns fault.Invalid.
func ParseConsent(raw []byte) (c Consent, err error) {
	var w consentWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return c, fault.Errorf(fault.Invalid, "consent: %w", err)
	}
	c = Consent{ID: w.ID, Passage: w.Passage, By: ident.Side(w.By), Given: w.Given, Text: w.Text}
	if err := instants([]instant{{"created", w.Created, false, &c.Created}}); err != nil {
		return c, err
	}
	if w.Type != ConsentType || w.SpecVersion != "2.1" || w.Modified != w.Created {
		return c, fault.Errorf(fault.Invalid, "consent: type %.40q, version %.10q", w.Type, w.SpecVersion)
	}
	return c, c.check()
}

func (c Consent) check() error {
	switch {
	case !ident.IsObjectOf(c.ID, ConsentType) || !ident.IsObjectOf(c.Passage, PassageType):
		return fault.New(fault.Invalid, "consent: its id, or its passage's, is none")
	case c.By == "" || c.Created.IsZero():
		return fault.New(fault.Invalid, "consent: it does not say whose it is and when")
	}
	return checkText("text", c.Text, MaxText)
}
