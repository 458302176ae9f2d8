package request

import (
	"slices"
	"time"
	"unicode/utf8"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// The types of the two objects: what is asked, which is the asker's, and one
// step of a side, which is that side's.
const (
	Type     = "x-twoseas-request"
	StepType = "x-twoseas-request-step"
)

// Channel is who deals with a request on both sides.
type Channel string

// The channels.
const (
	Technical      Channel = "technical" // the points of contact, round the clock
	LawEnforcement Channel = "law-enforcement"
)

// Channels returns every channel, in the order people are offered them.
func Channels() []Channel { return []Channel{Technical, LawEnforcement} }

// Urgencies returns every urgency, in the order people are offered them.
func Urgencies() []Urgency { return []Urgency{Routine, Urgent} }

// Bounds of what people write, in characters, and of what they attach.
const (
	MaxTitle   = 200
	MaxText    = 10_000
	MaxObjects = 100
	maxWay     = 64
	// MaxPlaybook is in bytes.
	MaxPlaybook = 64 << 10
)

// Asked is what is asked for. Kind, urgency, channel, way and agreement
// never change; the rest is corrected by a later version of the same object.
type Asked struct {
	ID        string
	Agreement ident.Agreement
	Kind      Kind
	Urgency   Urgency
	Channel   Channel
	Language  string // of the texts: en, ja, hi
	Title     string
	Text      string
	Basis     string // legal basis; may be empty
	Way       string // id of the way of law; see NeedsWay
	Done      string // what was done already; may be empty
	// Playbook is a CACAO playbook as text, of which nothing is carried out; may
	// be empty.
	Playbook string
	// By is until when the asker hopes for the thing itself; zero is open.
	By time.Time
	// Objects are ids of what it is about. They cross on their own terms.
	Objects           []string
	Created, Modified time.Time
}

type askedWire struct {
	Agreement   string   `json:"agreement"`
	AskedBy     string   `json:"asked_by,omitempty"`
	Channel     string   `json:"channel"`
	Created     string   `json:"created"`
	DoneAlready string   `json:"done_already,omitempty"`
	ID          string   `json:"id"`
	Kind        string   `json:"kind"`
	Lang        string   `json:"lang"`
	LegalBasis  string   `json:"legal_basis,omitempty"`
	Modified    string   `json:"modified"`
	Playbook    string   `json:"playbook,omitempty"`
	ObjectRefs  []string `json:"object_refs,omitempty"`
	SpecVersion string   `json:"spec_version"`
	Text        string   `json:"text"`
	Title       string   `json:"title"`
	Type        string   `json:"type"`
	Urgency     string   `json:"urgency"`
	Way         string   `json:"way,omitempty"`
}

// Encode returns a as an object, or fault.Invalid.
func (a Asked) Encode() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(askedWire{
		Agreement: string(a.Agreement), AskedBy: stampOrNot(a.By), Channel: string(a.Channel), Created: stamp(a.Created), DoneAlready: a.Done,
		ID: a.ID, Kind: string(a.Kind), Lang: a.Language, LegalBasis: a.Basis, Modified: stamp(a.Modified), ObjectRefs: a.Objects,
		SpecVersion: "2.1", Text: a.Text, Title: a.Title, Type: Type, Urgency: string(a.Urgency), Way: a.Way, Playbook: a.Playbook,
	})
}

// Parse reads what is asked strictly, or returns fault.Invalid.
func Parse(raw []byte) (Asked, error) {
	var w askedWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return Asked{}, fault.Errorf(fault.Invalid, "request: %w", err)
	}
	a := Asked{
		ID: w.ID, Agreement: ident.Agreement(w.Agreement), Kind: Kind(w.Kind), Urgency: Urgency(w.Urgency), Channel: Channel(w.Channel),
		Language: w.Lang, Title: w.Title, Text: w.Text, Basis: w.LegalBasis, Done: w.DoneAlready, Objects: w.ObjectRefs, Way: w.Way, Playbook: w.Playbook,
	}
	if err := instants([]instant{{"created", w.Created, false, &a.Created}, {"modified", w.Modified, false, &a.Modified}, {"asked_by", w.AskedBy, true, &a.By}}); err != nil {
		return Asked{}, err
	}
	if w.Type != Type || w.SpecVersion != "2.1" {
		return Asked{}, fault.Errorf(fault.Invalid, "request: type %.40q, version %.10q", w.Type, w.SpecVersion)
	}
	return a, a.check()
}

func (a Asked) check() error {
	switch {
	case !ident.IsObjectOf(a.ID, Type):
		return fault.New(fault.Invalid, "request: its id is none")
	case !slices.Contains(Kinds(), a.Kind):
		return fault.Errorf(fault.Invalid, "kind %.40q: want one of those offered", string(a.Kind))
	case !slices.Contains(Urgencies(), a.Urgency):
		return fault.Errorf(fault.Invalid, "urgency %.40q: want routine or urgent", string(a.Urgency))
	case !slices.Contains(Channels(), a.Channel):
		return fault.Errorf(fault.Invalid, "channel %.40q: want technical or law-enforcement", string(a.Channel))
	case NeedsWay(a.Kind, a.Channel) != (a.Way != ""):
		return fault.New(fault.Invalid, "a request to law enforcement, or to preserve data, names the way of law by which it is asked, and no other does")
	case len(a.Way) > maxWay:
		return fault.New(fault.Invalid, "way: its id is too long")
	case !slices.Contains([]string{"en", "ja", "hi"}, a.Language):
		return fault.Errorf(fault.Invalid, "language %.40q: want en, ja or hi", a.Language)
	case a.Created.IsZero() || a.Modified.Before(a.Created):
		return fault.New(fault.Invalid, "request: its times are not in order")
	case len(a.Playbook) > MaxPlaybook || !utf8.ValidString(a.Playbook):
		return fault.Errorf(fault.Invalid, "playbook: want text of at most %d bytes", MaxPlaybook)
	case len(a.Objects) > MaxObjects:
		return fault.Errorf(fault.Invalid, "%d objects attached, at most %d", len(a.Objects), MaxObjects)
	}
	if a.Title == "" || a.Text == "" {
		return fault.New(fault.Invalid, "say in a title and a text what is asked for")
	}
	for _, t := range []struct {
		name, text string
		most       int
	}{{"title", a.Title, MaxTitle}, {"text", a.Text, MaxText}, {"legal basis", a.Basis, MaxText}, {"what was done already", a.Done, MaxText}} {
		if err := checkText(t.name, t.text, t.most); err != nil {
			return err
		}
	}
	for i, id := range a.Objects {
		if !ident.IsObject(id) || slices.Index(a.Objects, id) < i {
			return fault.Errorf(fault.Invalid, "%.80q is no id of an object, or named twice", id)
		}
	}
	return nil
}

// Corrects returns fault.Conflict unless a may be a later version of b.
func (a Asked) Corrects(b Asked) error {
	if a.ID != b.ID || a.Agreement != b.Agreement || a.Kind != b.Kind || a.Urgency != b.Urgency || a.Channel != b.Channel || a.Way != b.Way || !a.Created.Equal(b.Created) {
		return fault.New(fault.Conflict, "what is asked for, how soon and by which channel does not change: ask anew")
	}
	return nil
}

type stepWire struct {
	By          string `json:"by"`
	Created     string `json:"created"`
	ID          string `json:"id"`
	Modified    string `json:"modified"`
	Move        string `json:"move"`
	N           int    `json:"n"`
	Of          int    `json:"of,omitempty"`
	Reason      string `json:"reason,omitempty"`
	Request     string `json:"request"`
	SpecVersion string `json:"spec_version"`
	Text        string `json:"text,omitempty"`
	Type        string `json:"type"`
	Until       string `json:"until,omitempty"`
}

// EncodeStep returns a step of a request as an object, or fault.Invalid.
func EncodeStep(id, request string, s Step) ([]byte, error) {
	if err := checkStep(id, request, s); err != nil {
		return nil, err
	}
	return canon.Marshal(stepWire{
		By: string(s.By), Created: stamp(s.On), ID: id, Modified: stamp(s.On), Move: string(s.Move), N: s.N, Of: s.Of, Reason: string(s.Reason),
		Request: request, SpecVersion: "2.1", Text: s.Text, Type: StepType, Until: stampOrNot(s.Until),
	})
}

// ParseStep reads a step strictly, and the id of the request it is of, or
// returns fault.Invalid. Whether it follows is for Course.With to say.
func ParseStep(raw []byte) (request string, s Step, err error) {
	var w stepWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return "", s, fault.Errorf(fault.Invalid, "step: %w", err)
	}
	s = Step{By: ident.Side(w.By), N: w.N, Move: Move(w.Move), Reason: Reason(w.Reason), Of: w.Of, Text: w.Text}
	if err := instants([]instant{{"created", w.Created, false, &s.On}, {"until", w.Until, true, &s.Until}}); err != nil {
		return "", s, err
	}
	if w.Type != StepType || w.SpecVersion != "2.1" || w.Modified != w.Created {
		return "", s, fault.Errorf(fault.Invalid, "step: type %.40q, version %.10q", w.Type, w.SpecVersion)
	}
	return w.Request, s, checkStep(w.ID, w.Request, s)
}

func checkStep(id, request string, s Step) error {
	switch {
	case !ident.IsObjectOf(id, StepType) || !ident.IsObjectOf(request, Type):
		return fault.New(fault.Invalid, "step: its id, or its request's, is none")
	case s.By == "" || s.N < 1 || s.On.IsZero():
		return fault.New(fault.Invalid, "step: it does not say whose it is, which and when")
	}
	return checkText("text", s.Text, MaxText)
}

func checkText(name, s string, most int) error {
	if n := utf8.RuneCountInString(s); n > most || !utf8.ValidString(s) {
		return fault.Errorf(fault.Invalid, "%s: want text of at most %d characters", name, most)
	}
	return nil
}

// instant is one time of an object on its way in.
type instant struct {
	name, text string
	optional   bool
	into       *time.Time
}

func instants(list []instant) (err error) {
	for _, i := range list {
		if i.optional && i.text == "" {
			continue
		}
		if *i.into, err = clock.ParseStamp(i.text); err != nil {
			return fault.Errorf(fault.Invalid, "%s %.40q is not a time with microseconds", i.name, i.text)
		}
	}
	return nil
}

func stamp(t time.Time) string { return clock.StampOf(t).String() }

func stampOrNot(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}
