package incident

import (
	"slices"
	"time"

	"twoseas/internal/base/canon"
	"twoseas/internal/base/clock"
	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
)

// EntryKind is what a contribution is.
type EntryKind string

// The kinds of contribution.
const (
	Event  EntryKind = "event"      // something that happened, with its time
	Note   EntryKind = "note"       // a shared note: the other side reads it
	Finds  EntryKind = "indicators" // threat data that belongs to the incident
	Task   EntryKind = "task"       // something a side is to do
	Answer EntryKind = "answer"     // what a side says of a task
)

// EntryKinds returns every kind, in the order people are offered them.
func EntryKinds() []EntryKind { return []EntryKind{Event, Note, Finds, Task, Answer} }

// Progress is what an answer says of a task.
type Progress string

// What a side may say.
const (
	Taken    Progress = "taken"
	Done     Progress = "done"
	NotTaken Progress = "declined"
)

// Progresses returns every one, in the order people are offered them.
func Progresses() []Progress { return []Progress{Taken, Done, NotTaken} }

// Entry is a contribution of a side to an incident of either. It never changes;
// who wants it otherwise contributes again.
type Entry struct {
	ID, Incident string
	Kind         EntryKind
	When         Instant // of an event when it happened, of a task until when
	Text         string
	Language     string
	Objects      []string
	For          ident.Side // whose task it is
	Task         string     // id of the task that is answered
	Progress     Progress
	Created      time.Time
}

type entryWire struct {
	Created     string       `json:"created"`
	Entry       string       `json:"entry"`
	For         string       `json:"for,omitempty"`
	ID          string       `json:"id"`
	IncidentRef string       `json:"incident_ref"`
	Lang        string       `json:"lang"`
	Modified    string       `json:"modified"`
	ObjectRefs  []string     `json:"object_refs,omitempty"`
	Progress    string       `json:"progress,omitempty"`
	SpecVersion string       `json:"spec_version"`
	TaskRef     string       `json:"task_ref,omitempty"`
	Text        string       `json:"text,omitempty"`
	Type        string       `json:"type"`
	When        *instantWire `json:"when,omitempty"`
}

// Encode returns e as an object, or fault.Invalid.
func (e Entry) Encode() ([]byte, error) {
	e.When = e.When.cut()
	if err := e.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(entryWire{
		Created: stamp(e.Created), Entry: string(e.Kind), For: string(e.For), ID: e.ID, IncidentRef: e.Incident, Lang: e.Language,
		Modified: stamp(e.Created), ObjectRefs: e.Objects, Progress: string(e.Progress), SpecVersion: "2.1", TaskRef: e.Task, Text: e.Text,
		Type: EntryType, When: writeInstant(e.When),
	})
}

// ParseEntry reads a contribution strictly, or returns fault.Invalid.
func ParseEntry(raw []byte) (e Entry, err error) {
	var w entryWire
	if err := canon.UnmarshalStrict(raw, &w); err != nil {
		return e, fault.Errorf(fault.Invalid, "contribution: %w", err)
	}
	e = Entry{
		ID: w.ID, Incident: w.IncidentRef, Kind: EntryKind(w.Entry), Text: w.Text, Language: w.Lang, Objects: w.ObjectRefs,
		For: ident.Side(w.For), Task: w.TaskRef, Progress: Progress(w.Progress),
	}
	if e.Created, err = clock.ParseStamp(w.Created); err != nil || w.Modified != w.Created || w.Type != EntryType || w.SpecVersion != "2.1" {
		return e, fault.New(fault.Invalid, "contribution: its type or its times are not as they should be")
	}
	if e.When, err = readInstant(w.When); err != nil {
		return e, err
	}
	return e, e.check()
}

func (e Entry) check() error {
	wrong := func(why string) error { return fault.New(fault.Invalid, why) }
	switch {
	case !ident.IsObjectOf(e.ID, EntryType) || !ident.IsObjectOf(e.Incident, Type):
		return wrong("contribution: its id, or its incident's, is none")
	case !slices.Contains(EntryKinds(), e.Kind):
		return fault.Errorf(fault.Invalid, "kind of contribution %.40q: want one of those offered", string(e.Kind))
	case e.Created.IsZero():
		return wrong("contribution: it does not say when it was made")
	case e.Kind == Event && e.When == (Instant{}):
		return wrong("say when it happened, and how exactly that is known")
	case e.Kind == Finds && len(e.Objects) == 0:
		return wrong("name the indicators by their ids")
	case e.Kind != Finds && e.Kind != Answer && e.Text == "":
		return wrong("say something")
	case (e.Kind == Task) != (e.For != ""):
		return wrong("a task says whose it is, and nothing else does")
	case (e.Kind == Answer) != (e.Task != "") || (e.Kind == Answer) != (e.Progress != ""):
		return wrong("an answer says of which task what became, and nothing else does")
	case e.Task != "" && !ident.IsObjectOf(e.Task, EntryType):
		return wrong("contribution: the id of its task is none")
	case e.Progress != "" && !slices.Contains(Progresses(), e.Progress):
		return fault.Errorf(fault.Invalid, "answer %.40q: want taken, done or declined", string(e.Progress))
	case e.Kind != Event && e.Kind != Task && e.When != (Instant{}):
		return wrong("only what happened and a task have a time of their own")
	}
	if e.For != "" {
		if _, err := ident.ParseSide(string(e.For)); err != nil {
			return err
		}
	}
	if err := e.When.check(); err != nil {
		return err
	}
	if err := checkTexts(e.Language, text{"text", e.Text, MaxText}); err != nil {
		return err
	}
	return checkObjects(e.Objects)
}

// Of returns the incident that an object belongs to: an incident to itself,
// and each of the types of this package to what it names. Of every other type,
// and of what names none, ok is false.
func Of(typ, id string, raw []byte) (incident string, ok bool) {
	switch typ {
	case Type:
		return id, true
	case EntryType, WordingType, OwnNoteType, OwnWordingType:
		var w struct {
			IncidentRef string `json:"incident_ref"`
		}
		err := canon.Unmarshal(raw, &w)
		return w.IncidentRef, err == nil && ident.IsObjectOf(w.IncidentRef, Type)
	}
	return "", false
}
