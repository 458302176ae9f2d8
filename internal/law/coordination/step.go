package coordination

import (
	"bytes"
	"slices"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// Move is one thing a side does about a coordination.
type Move string

// The moves. Who opened takes part from the start; the other side joins or
// declines first. Whoever proposes a date, or writes a draft, agrees to it.
const (
	Join        Move = "join"
	Decline     Move = "decline"
	ProposeDate Move = "propose-date"
	AgreeDate   Move = "agree-date"
	Report      Move = "vendor"
	Write       Move = "draft"
	AgreeDraft  Move = "agree-draft"
	Withhold    Move = "withhold"
	Close       Move = "close"
)

// Moves returns every move, in the order people are offered them.
func Moves() []Move {
	return []Move{Join, Decline, Report, Write, AgreeDraft, ProposeDate, AgreeDate, Withhold, Close}
}

// Step is a move as one signed object tells it. N counts the moves of By from
// 1, and Seen is how many moves of the other side By had when it made this one.
type Step struct {
	By      ident.Side
	N, Seen int
	Move    Move
	On      time.Time
	// Of is, when agreeing, the number of the other side's step that is agreed to.
	Of int
	// At is the instant that is proposed or agreed to.
	At time.Time
	// Digest is that of the draft that is agreed to.
	Digest ident.Digest
	Vendor Vendor // of Report
	Draft  Draft  // of Write
	Text   string // why: with Withhold always
}

// Draft is an advisory as both sides will publish it, word for word.
type Draft struct {
	Title    string
	Language string
	Text     string
	Products []string
	// Vulnerabilities are the names under which it is published, one at least.
	Vulnerabilities []string
}

type draftWire struct {
	Lang            string   `json:"lang"`
	Products        []string `json:"products"`
	Text            string   `json:"text"`
	Title           string   `json:"title"`
	Vulnerabilities []string `json:"vulnerabilities"`
}

func (d Draft) wire() *draftWire {
	if d.empty() {
		return nil
	}
	return &draftWire{Lang: d.Language, Products: d.Products, Text: d.Text, Title: d.Title, Vulnerabilities: d.Vulnerabilities}
}

func (d Draft) empty() bool {
	return d.Title == "" && d.Language == "" && d.Text == "" && d.Products == nil && d.Vulnerabilities == nil
}

// Canonical returns the bytes that agreeing to d binds.
func (d Draft) Canonical() ([]byte, error) { return canon.Marshal(d.wire()) }

// Digest returns the SHA-256 of Canonical.
func (d Draft) Digest() (ident.Digest, error) {
	raw, err := d.Canonical()
	return ident.Sum(raw), err
}

func (d Draft) check() error {
	for _, err := range []error{
		checkLanguage(d.Language), checkText("title", d.Title, 1, MaxTitle), checkText("text", d.Text, 1, MaxText),
		checkProducts(d.Products, 1), checkNames(d.Vulnerabilities),
	} {
		if err != nil {
			return err
		}
	}
	if len(d.Vulnerabilities) == 0 {
		return fault.New(fault.Invalid, "a draft names at least one vulnerability, such as CVE-2027-1234")
	}
	return nil
}

type stepWire struct {
	At           clock.Stamp `json:"at,omitzero"`
	By           string      `json:"by"`
	Coordination string      `json:"coordination"`
	Created      clock.Stamp `json:"created"`
	Draft        *draftWire  `json:"draft,omitempty"`
	DraftDigest  string      `json:"draft_digest,omitempty"`
	ID           string      `json:"id"`
	Modified     clock.Stamp `json:"modified"`
	Move         string      `json:"move"`
	N            int         `json:"n"`
	Of           int         `json:"of,omitempty"`
	Seen         int         `json:"seen"`
	SpecVersion  string      `json:"spec_version"`
	Text         string      `json:"text,omitempty"`
	Type         string      `json:"type"`
	Vendor       *vendorWire `json:"vendor,omitempty"`
}

func (s Step) wire(id, coordination string) stepWire {
	w := stepWire{
		At: clock.StampOf(s.At), By: string(s.By), Coordination: coordination, Created: clock.StampOf(s.On), Draft: s.Draft.wire(), ID: id,
		Modified: clock.StampOf(s.On), Move: string(s.Move), N: s.N, Of: s.Of, Seen: s.Seen, SpecVersion: "2.1", Text: s.Text, Type: StepType, Vendor: s.Vendor.wire(),
	}
	if !s.Digest.IsZero() {
		w.DraftDigest = s.Digest.String()
	}
	return w
}

// EncodeStep returns a step of a coordination as an object, or fault.Invalid.
func EncodeStep(id, coordination string, s Step) ([]byte, error) {
	if err := checkStep(id, coordination, s); err != nil {
		return nil, err
	}
	return canon.Marshal(s.wire(id, coordination))
}

// ParseStep reads a step strictly, and the id of the coordination it is of, or
// returns fault.Invalid. Whether it follows is for Course.With to say.
func ParseStep(raw []byte) (coordination string, s Step, err error) {
	var w stepWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return "", s, fault.Errorf(fault.Invalid, "step: %w", err)
	}
	if w.Type != StepType || w.SpecVersion != "2.1" || w.Modified != w.Created {
		return "", s, fault.Errorf(fault.Invalid, "step: type %.40q, version %.10q", w.Type, w.SpecVersion)
	}
	s = Step{
		By: ident.Side(w.By), N: w.N, Seen: w.Seen, Move: Move(w.Move), On: w.Created.Time(), Of: w.Of, At: w.At.Time(), Text: w.Text,
		Vendor: w.Vendor.vendor(),
	}
	if w.Draft != nil {
		s.Draft = Draft{Title: w.Draft.Title, Language: w.Draft.Lang, Text: w.Draft.Text, Products: w.Draft.Products, Vulnerabilities: w.Draft.Vulnerabilities}
	}
	if w.DraftDigest != "" {
		if s.Digest, err = ident.ParseDigest(w.DraftDigest); err != nil {
			return "", s, err
		}
	}
	return w.Coordination, s, checkStep(w.ID, w.Coordination, s)
}

func checkStep(id, coordination string, s Step) error {
	if !ident.IsObjectOf(id, StepType) || !ident.IsObjectOf(coordination, Type) {
		return fault.New(fault.Invalid, "step: its id, or its coordination's, is none")
	}
	return s.check()
}

// check says whether a step is whole in itself.
func (s Step) check() error {
	switch {
	case s.By == "" || s.N < 1 || s.Seen < 0 || s.On.IsZero():
		return fault.New(fault.Invalid, "step: it does not say whose it is, which and when")
	case !slices.Contains(Moves(), s.Move):
		return fault.Errorf(fault.Invalid, "move %.40q: want one of those offered", string(s.Move))
	case (s.Move == AgreeDate || s.Move == AgreeDraft) != (s.Of > 0) || s.Of < 0:
		return fault.New(fault.Invalid, "agreeing names the step of the other side that is agreed to, and nothing else does")
	case (s.Move == ProposeDate || s.Move == AgreeDate) != !s.At.IsZero():
		return fault.New(fault.Invalid, "a date is proposed, or agreed to, with its instant, and nothing else has one")
	case !s.At.IsZero() && !s.On.Before(s.At):
		return fault.New(fault.Invalid, "the instant has passed: propose a later one")
	case (s.Move == AgreeDraft) == s.Digest.IsZero():
		return fault.New(fault.Invalid, "a draft is agreed to by the digest of its bytes, and nothing else has one")
	case (s.Move == Write) == s.Draft.empty(), (s.Move == Report) == s.Vendor.empty():
		return fault.New(fault.Invalid, "a draft and a report on a vendor stand in a step of their own")
	}
	least := 0
	if s.Move == Withhold {
		least = 1
	}
	if err := checkText("text", s.Text, least, MaxText); err != nil {
		return err
	}
	if s.Move == Write {
		return s.Draft.check()
	}
	if s.Move == Report {
		return s.Vendor.check(s.On)
	}
	return nil
}

// same compares two steps by what they say.
func (s Step) same(o Step) bool {
	a, errA := canon.Marshal(s.wire("", ""))
	b, errB := canon.Marshal(o.wire("", ""))
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
