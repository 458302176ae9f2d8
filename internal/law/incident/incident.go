// Package incident is what the two sides tell each other about an incident
// (memorandum 1(1)), as objects and back: the notification, contributions to
// it, the wordings of an attribution; and what stays at home: own notes, own
// wordings and the clocks of home reporting.
//
// Invariants: a notification is a STIX incident, so that whoever reads STIX
// reads it; whose an object is stands in its label and not in it; what is one's
// own has types of its own, whose kind no gate lets go; no object of any type
// has a place for a reporting clock; severity is kept as its sender graded it.
package incident

import (
	"slices"
	"time"
	"unicode/utf8"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// The types of the objects. Those that begin with x-twoseas-own are of the kind
// marking.Own and never leave.
const (
	Type           = "incident"
	EntryType      = "x-twoseas-incident-entry"
	WordingType    = "x-twoseas-incident-wording"
	OwnNoteType    = "x-twoseas-own-note"
	OwnWordingType = "x-twoseas-own-wording"
)

// Extension is the id of the extension of a STIX incident that a notification
// has (docs/formats/incidents.md).
const Extension = "extension-definition--458bd6b7-e762-59c1-8b1f-988645cbc645"

// Bounds of what people write, in characters, and of lists.
const (
	MaxTitle = 200
	MaxText  = 10_000
	MaxList  = 100
)

// Precision is how exactly a time is known.
type Precision string

// The precisions.
const (
	Second Precision = "second"
	Minute Precision = "minute"
	Hour   Precision = "hour"
	Day    Precision = "day"
	Month  Precision = "month"
)

// Precisions returns every precision, the finest first.
func Precisions() []Precision { return []Precision{Second, Minute, Hour, Day, Month} }

// Instant is a time and how exactly it is known; the zero Instant is unknown.
type Instant struct {
	At        time.Time
	Precision Precision
}

// cut returns the time as far as it is known.
func (i Instant) cut() Instant {
	if i.At.IsZero() {
		return Instant{}
	}
	t := i.At.UTC()
	switch i.Precision {
	case Second:
		t = t.Truncate(time.Second)
	case Minute:
		t = t.Truncate(time.Minute)
	case Hour:
		t = t.Truncate(time.Hour)
	case Day:
		t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	case Month:
		t = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	}
	return Instant{t, i.Precision}
}

// State is whether an incident is being worked on.
type State string

// The states.
const (
	Open   State = "open"
	Closed State = "closed"
)

// Severity is a level of a scheme, as the sender graded it; the zero Severity
// is not graded.
type Severity struct{ Scheme, Level string }

// Notification is an incident as its owner tells it. Agreement and ID never
// change; a later version corrects the rest.
type Notification struct {
	ID        string
	Agreement ident.Agreement
	Title     string
	Text      string // what happened; may be empty at first
	Language  string // of the texts: en, ja, hi
	Kind      string // a type of the taxonomy, from which its class follows
	Severity  Severity
	Sectors   []string // codes of the sender's list
	// Assets are what is affected. They are taken out with who was affected.
	Assets []string
	// Objects are ids of indicators and other threat data.
	Objects           []string
	Began, Noticed    Instant
	State             State
	Created, Modified time.Time
}

type instantWire struct {
	At        string `json:"at"`
	Precision string `json:"precision"`
}

type extensionWire struct {
	Agreement     string        `json:"agreement"`
	Began         *instantWire  `json:"began,omitempty"`
	ExtensionType string        `json:"extension_type"`
	Noticed       *instantWire  `json:"noticed,omitempty"`
	ObjectRefs    []string      `json:"object_refs,omitempty"`
	Sectors       []string      `json:"sectors,omitempty"`
	Severity      *severityWire `json:"severity,omitempty"`
	State         string        `json:"state"`
	Taxonomy      string        `json:"rsit,omitempty"`
	Victim        []string      `json:"x_twoseas_victim,omitempty"`
}

type severityWire struct {
	Level  string `json:"level"`
	Scheme string `json:"scheme"`
}

type notificationWire struct {
	Created     string         `json:"created"`
	Description string         `json:"description,omitempty"`
	Extensions  map[string]any `json:"extensions"`
	ID          string         `json:"id"`
	Lang        string         `json:"lang,omitempty"`
	Modified    string         `json:"modified"`
	Name        string         `json:"name"`
	SpecVersion string         `json:"spec_version"`
	Type        string         `json:"type"`
}

// Encode returns n as an object, or fault.Invalid.
func (n Notification) Encode() ([]byte, error) {
	n.Began, n.Noticed = n.Began.cut(), n.Noticed.cut()
	if err := n.check(); err != nil {
		return nil, err
	}
	x := &extensionWire{
		Agreement: string(n.Agreement), Began: writeInstant(n.Began), ExtensionType: "property-extension", Noticed: writeInstant(n.Noticed),
		ObjectRefs: n.Objects, Sectors: n.Sectors, State: string(n.State), Taxonomy: n.Kind, Victim: n.Assets,
	}
	if n.Severity != (Severity{}) {
		x.Severity = &severityWire{n.Severity.Level, n.Severity.Scheme}
	}
	return canon.Marshal(notificationWire{
		Created: stamp(n.Created), Description: n.Text, Extensions: map[string]any{Extension: x}, ID: n.ID, Lang: n.Language,
		Modified: stamp(n.Modified), Name: n.Title, SpecVersion: "2.1", Type: Type,
	})
}

// Parse reads an incident. Of one that others wrote it reads what STIX has of
// an incident, and ours is false; what the extension says is read strictly, or
// the error is fault.Invalid.
func Parse(raw []byte) (n Notification, ours bool, err error) {
	var w notificationWire
	if err := canon.Unmarshal(raw, &w); err != nil {
		var bare struct {
			Name string `json:"name"`
			ID   string `json:"id"`
		}
		if err := canon.Unmarshal(raw, &bare); err != nil {
			return n, false, fault.Errorf(fault.Invalid, "incident: %w", err)
		}
		return Notification{ID: bare.ID, Title: bare.Name}, false, nil
	}
	n = Notification{ID: w.ID, Title: w.Name, Text: w.Description, Language: w.Lang}
	if err := readTimes(&n, w); err != nil {
		return n, false, err
	}
	said, ok := w.Extensions[Extension]
	if !ok {
		return n, false, nil
	}
	if err := readExtension(&n, said); err != nil {
		return n, true, err
	}
	return n, true, n.check()
}

func readExtension(n *Notification, said any) error {
	raw, err := canon.Marshal(said)
	if err != nil {
		return err
	}
	var x extensionWire
	if err := canon.UnmarshalStrict(raw, &x); err != nil {
		return fault.Errorf(fault.Invalid, "incident: %w", err)
	}
	n.Agreement, n.Kind, n.Sectors, n.Assets, n.Objects, n.State = ident.Agreement(x.Agreement), x.Taxonomy, x.Sectors, x.Victim, x.ObjectRefs, State(x.State)
	if x.Severity != nil {
		n.Severity = Severity{x.Severity.Scheme, x.Severity.Level}
	}
	if n.Began, err = readInstant(x.Began); err != nil {
		return err
	}
	n.Noticed, err = readInstant(x.Noticed)
	return err
}

func readTimes(n *Notification, w notificationWire) (err error) {
	if n.Created, err = time.Parse(time.RFC3339Nano, w.Created); err != nil {
		return fault.Errorf(fault.Invalid, "created %.40q is not a time", w.Created)
	}
	if n.Modified, err = time.Parse(time.RFC3339Nano, w.Modified); err != nil {
		return fault.Errorf(fault.Invalid, "modified %.40q is not a time", w.Modified)
	}
	return nil
}

func (n Notification) check() error {
	switch {
	case !ident.IsObjectOf(n.ID, Type):
		return fault.New(fault.Invalid, "incident: its id is none")
	case n.Title == "":
		return fault.New(fault.Invalid, "say in one line what happened")
	case n.State != Open && n.State != Closed:
		return fault.Errorf(fault.Invalid, "state %.40q: want open or closed", string(n.State))
	case n.Created.IsZero() || n.Modified.Before(n.Created):
		return fault.New(fault.Invalid, "incident: its times are not in order")
	}
	if _, err := ident.ParseAgreement(string(n.Agreement)); err != nil {
		return err
	}
	if err := n.graded(); err != nil {
		return err
	}
	for _, i := range []Instant{n.Began, n.Noticed} {
		if err := i.check(); err != nil {
			return err
		}
	}
	if err := checkTexts(n.Language, text{"title", n.Title, MaxTitle}, text{"text", n.Text, MaxText}); err != nil {
		return err
	}
	for _, a := range n.Assets {
		if err := checkTexts(n.Language, text{"affected asset", a, MaxTitle}); err != nil || a == "" {
			return fault.Errorf(fault.Invalid, "an affected asset is named in at most %d characters", MaxTitle)
		}
	}
	if len(n.Assets) > MaxList || len(n.Sectors) > MaxList {
		return fault.Errorf(fault.Invalid, "at most %d assets and sectors", MaxList)
	}
	return checkObjects(n.Objects)
}

// graded checks what comes from the tables. What is not graded yet is left out.
func (n Notification) graded() error {
	if _, ok := ClassOf(n.Kind); n.Kind != "" && !ok {
		return fault.Errorf(fault.Invalid, "type %.40q is not in the taxonomy", n.Kind)
	}
	if n.Severity != (Severity{}) {
		s, ok := SchemeOf(n.Severity.Scheme)
		if !ok {
			return fault.Errorf(fault.Invalid, "scheme of severity %.40q is not known", n.Severity.Scheme)
		}
		if _, ok := s.LevelOf(n.Severity.Level); !ok {
			return fault.Errorf(fault.Invalid, "level %.40q is not in %s", n.Severity.Level, s.Title)
		}
	}
	for i, code := range n.Sectors {
		if _, _, ok := SectorOf(code); !ok || slices.Index(n.Sectors, code) < i {
			return fault.Errorf(fault.Invalid, "sector %.40q is not in a list that is known, or named twice", code)
		}
	}
	return nil
}

// Corrects returns fault.Conflict unless n may be a later version of b.
func (n Notification) Corrects(b Notification) error {
	if n.ID != b.ID || n.Agreement != b.Agreement || !n.Created.Equal(b.Created) {
		return fault.New(fault.Conflict, "under which agreement an incident was notified does not change")
	}
	return nil
}

func (i Instant) check() error {
	if i == (Instant{}) {
		return nil
	}
	if i.At.IsZero() || !slices.Contains(Precisions(), i.Precision) || !i.At.Equal(i.cut().At) {
		return fault.Errorf(fault.Invalid, "precision %.40q: want second, minute, hour, day or month, and a time that is told no finer", string(i.Precision))
	}
	return nil
}

func writeInstant(i Instant) *instantWire {
	if i == (Instant{}) {
		return nil
	}
	return &instantWire{stamp(i.At), string(i.Precision)}
}

func readInstant(w *instantWire) (Instant, error) {
	if w == nil {
		return Instant{}, nil
	}
	t, err := clock.ParseStamp(w.At)
	if err != nil || t.IsZero() {
		return Instant{}, fault.Errorf(fault.Invalid, "time %.40q is not one with microseconds", w.At)
	}
	return Instant{t, Precision(w.Precision)}, nil
}

type text struct {
	name, s string
	most    int
}

func checkTexts(language string, texts ...text) error {
	if !slices.Contains([]string{"en", "ja", "hi"}, language) {
		return fault.Errorf(fault.Invalid, "language %.40q: want en, ja or hi", language)
	}
	for _, t := range texts {
		if utf8.RuneCountInString(t.s) > t.most || !utf8.ValidString(t.s) {
			return fault.Errorf(fault.Invalid, "%s: want text of at most %d characters", t.name, t.most)
		}
	}
	return nil
}

func checkObjects(ids []string) error {
	if len(ids) > MaxList {
		return fault.Errorf(fault.Invalid, "%d objects named, at most %d", len(ids), MaxList)
	}
	for i, id := range ids {
		if !ident.IsObject(id) || slices.Index(ids, id) < i {
			return fault.Errorf(fault.Invalid, "%.80q is no id of an object, or named twice", id)
		}
	}
	return nil
}

func stamp(t time.Time) string { return clock.StampOf(t).String() }
