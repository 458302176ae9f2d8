// Package recall is what two nodes say to each other when one calls back what
// it sent: the recall and the answer to it, as objects of the kind control,
// and how an unanswered one climbs (DESIGN §8). Everything here is pure.
//
// Invariants: a message that is not understood as a whole is not understood at
// all; a recall names ids and times and never content; an answer counts every
// id of its recall once.
package recall

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/marking"
)

// The types of the two messages.
const (
	Type       = "x-twoseas-recall"
	AnswerType = "x-twoseas-recall-answer"
)

// Kind is why something is called back.
type Kind string

// The kinds.
const (
	Correct   Kind = "correct"   // a newer version takes its place
	Supersede Kind = "supersede" // another object takes its place
	Wrong     Kind = "wrong"     // it is withdrawn as wrong
	Spill     Kind = "recall"    // it should not have been sent, or not to this partner
	Expire    Kind = "expire"    // its time is over
)

// Kinds returns every kind, in the order they are offered.
func Kinds() []Kind { return []Kind{Spill, Wrong, Correct, Supersede, Expire} }

// Withheld is what an object called back for this reason is labelled with.
func (k Kind) Withheld() string {
	if k == Correct || k == Supersede || k == Wrong {
		return marking.Erroneous
	}
	return marking.Recalled
}

// codes are the reasons in a word, by kind; the first is offered first.
var codes = map[Kind][]string{
	Spill:     {"spill", "narrowed", "third-party", "personal-data", "other"},
	Wrong:     {"false-positive", "wrong-data", "other"},
	Correct:   {"corrected", "other"},
	Supersede: {"superseded", "other"},
	Expire:    {"expired", "retention", "other"},
}

// Codes returns the reasons that go with a kind.
func Codes(k Kind) []string { return slices.Clone(codes[k]) }

// Bounds of a message.
const (
	MaxIDs    = 1000 // ids of one message; more go in several
	MaxParts  = 10_000
	MaxReason = 500 // characters
)

// Recall is one message: some of the ids that one act calls back.
type Recall struct {
	ID   string // of the message
	Act  string // UUID of the act, the same in all its parts
	Part int    // from 1
	Of   int    // parts of the act
	Kind Kind
	Code string
	// Reason is a short text for the partner; neutral, it names no content.
	Reason string
	// Until bounds the versions that are called back: those up to then. What
	// has no version is called back whatever it says.
	Until time.Time
	IDs   []string
	// By names what takes the place of an id: another for Supersede; for
	// Correct the version that does, as a time, and only those before it are
	// called back.
	By map[string]string
	// Lifted says that the originator takes the recall back.
	Lifted            bool
	Created, Modified time.Time
}

type wire struct {
	Act         string            `json:"act"`
	By          map[string]string `json:"by,omitempty"`
	Code        string            `json:"code"`
	Created     string            `json:"created"`
	ID          string            `json:"id"`
	Items       []string          `json:"items"`
	Lifted      bool              `json:"lifted,omitempty"`
	Modified    string            `json:"modified"`
	Part        int               `json:"part"`
	Parts       int               `json:"parts"`
	Reason      string            `json:"reason,omitempty"`
	SpecVersion string            `json:"spec_version"`
	Type        string            `json:"type"`
	Until       string            `json:"until"`
	Why         Kind              `json:"why"`
}

// Encode returns the message as an object, or fault.Invalid.
func (r Recall) Encode() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(wire{
		Act: r.Act, By: r.By, Code: r.Code, Created: stamp(r.Created), ID: r.ID, Items: r.IDs, Lifted: r.Lifted, Modified: stamp(r.Modified),
		Part: r.Part, Parts: r.Of, Reason: r.Reason, SpecVersion: "2.1", Type: Type, Until: stamp(r.Until), Why: r.Kind,
	})
}

// Parse reads a message strictly, or returns fault.Invalid.
func Parse(raw []byte) (Recall, error) {
	var w wire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return Recall{}, fault.Errorf(fault.Invalid, "recall: %w", err)
	}
	r := Recall{ID: w.ID, Act: w.Act, Part: w.Part, Of: w.Parts, Kind: w.Why, Code: w.Code, Reason: w.Reason, IDs: w.Items, By: w.By, Lifted: w.Lifted}
	for _, t := range []struct {
		name string
		text string
		into *time.Time
	}{{"created", w.Created, &r.Created}, {"modified", w.Modified, &r.Modified}, {"until", w.Until, &r.Until}} {
		var err error
		if *t.into, err = instant(t.name, t.text); err != nil {
			return Recall{}, err
		}
	}
	if w.Type != Type {
		return Recall{}, fault.Errorf(fault.Invalid, "recall: type %.40q", w.Type)
	}
	return r, r.check()
}

func (r Recall) check() error {
	switch {
	case !ident.IsObject(r.ID) || !strings.HasPrefix(r.ID, Type+"--"):
		return fault.New(fault.Invalid, "recall: its id is none")
	case !ident.IsUUID(r.Act):
		return fault.New(fault.Invalid, "recall: the act is no UUID")
	case codes[r.Kind] == nil:
		return fault.Errorf(fault.Invalid, "recall: kind %.40q is not known", string(r.Kind))
	case !slices.Contains(codes[r.Kind], r.Code):
		return fault.Errorf(fault.Invalid, "recall: reason %.40q does not go with %s", r.Code, r.Kind)
	case r.Part < 1 || r.Of < r.Part || r.Of > MaxParts:
		return fault.Errorf(fault.Invalid, "recall: part %d of %d", r.Part, r.Of)
	case len(r.IDs) == 0 || len(r.IDs) > MaxIDs:
		return fault.Errorf(fault.Invalid, "recall: %d ids, want 1 to %d", len(r.IDs), MaxIDs)
	case r.Until.IsZero() || r.Created.IsZero() || r.Modified.Before(r.Created):
		return fault.New(fault.Invalid, "recall: its times are not in order")
	}
	if clean, err := Reason(r.Reason); err != nil || clean != r.Reason {
		return cmp.Or(err, fault.New(fault.Invalid, "recall: the reason is not one line"))
	}
	return r.checkIDs()
}

func (r Recall) checkIDs() error {
	seen := make(map[string]bool, len(r.IDs))
	for _, id := range r.IDs {
		if !ident.IsObject(id) || seen[id] {
			return fault.Errorf(fault.Invalid, "recall: %.80q is no id, or named twice", id)
		}
		if !Recallable(typeOf(id)) {
			return fault.Errorf(fault.Invalid, "recall: objects of type %s are not called back", typeOf(id))
		}
		seen[id] = true
	}
	return r.checkBy(seen)
}

func (r Recall) checkBy(named map[string]bool) error {
	if r.Kind != Supersede && r.Kind != Correct && len(r.By) > 0 {
		return fault.Errorf(fault.Invalid, "recall: nothing takes the place of what is called back as %s", r.Kind)
	}
	if r.Kind == Correct && len(r.By) != len(r.IDs) {
		return fault.New(fault.Invalid, "recall: each id that is corrected names the version that takes its place")
	}
	for id, by := range r.By {
		ok := ident.IsObject(by) && by != id
		if r.Kind == Correct {
			_, err := instant("version", by)
			ok = err == nil
		}
		if !named[id] || !ok {
			return fault.Errorf(fault.Invalid, "recall: %.80q does not take the place of %.80q", by, id)
		}
	}
	return nil
}

// Covers reports whether a version of an id that a recall names is called
// back; the zero time stands for what has no version. by is what the recall
// says takes the place of the id.
func Covers(k Kind, until time.Time, by string, version time.Time) bool {
	if k == Correct {
		at, err := instant("version", by)
		return err == nil && version.Before(at)
	}
	return version.IsZero() || !version.After(until)
}

// Stamp writes a time as messages have it.
func Stamp(t time.Time) string { return stamp(t) }

// Recallable reports whether objects of a type can be called back: what gives
// other objects their meaning, and what nodes say to each other, cannot.
func Recallable(typ string) bool {
	return typ != "" && typ != "marking-definition" && typ != "extension-definition" && !marking.IsDesk(marking.KindOf(typ))
}

// Reason returns a reason as one line, or fault.Invalid.
func Reason(s string) (string, error) {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if n := utf8.RuneCountInString(s); n > MaxReason || !utf8.ValidString(s) {
		return "", fault.Errorf(fault.Invalid, "the reason: want text of at most %d characters", MaxReason)
	}
	return s, nil
}

func stamp(t time.Time) string { return clock.StampOf(t).String() }

func instant(name, s string) (time.Time, error) {
	t, err := clock.ParseStamp(s)
	if err != nil {
		return t, fault.Errorf(fault.Invalid, "recall: %s %.40q is not a time with microseconds", name, s)
	}
	return t, nil
}

func typeOf(id string) string {
	typ, _, _ := strings.Cut(id, "--")
	return typ
}
