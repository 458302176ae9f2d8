package incident_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/format/stix"
	"twoseas/internal/law/gate"
	"twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
)

var at = time.Date(2027, 3, 1, 18, 30, 0, 0, time.UTC)

const uuid = "7d0c2b9e-5d0f-4f0e-8a55-0d6f4f7f1c03"

func night() incident.Notification {
	return incident.Notification{
		ID: "incident--" + uuid, Agreement: "in-jp-2022", Title: "Ransomware at a power distributor", Text: "Billing stands still.", Language: "en",
		Kind: "system-compromise", Severity: incident.Severity{Scheme: "jp-severity-2018", Level: "2"}, Sectors: []string{"in-pwr"},
		Assets: []string{"billing.power.example"}, Objects: []string{"indicator--" + uuid},
		Began: incident.Instant{At: at.Add(-7 * time.Hour), Precision: incident.Hour}, Noticed: incident.Instant{At: at, Precision: incident.Minute},
		State: incident.Open, Created: at, Modified: at,
	}
}

func TestANotificationIsAStixIncident(t *testing.T) {
	n := night()
	raw, err := n.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if o, err := stix.Parse(raw, stix.Options{}); err != nil || o.Type != "incident" || len(o.Warnings) > 0 {
		t.Errorf("STIX does not take it: %v %v", o.Warnings, err)
	}
	got, ours, err := incident.Parse(raw)
	n.Began.At = time.Date(2027, 3, 1, 11, 0, 0, 0, time.UTC) // what is known to the hour is told to the hour
	if err != nil || !ours || !reflect.DeepEqual(got, n) {
		t.Errorf("%v %v\n%+v\n%+v", ours, err, got, n)
	}
	if marking.KindOf(incident.Type) != marking.Incident || marking.KindOf(incident.EntryType) != marking.Incident || marking.KindOf(incident.WordingType) != marking.Incident {
		t.Error("what is shared of an incident is of the kind incident")
	}
}

func TestAnIncidentOfOthersIsReadAsFarAsStixGoes(t *testing.T) {
	for name, c := range map[string]struct {
		raw, title string
		bad        bool
	}{
		"bare":                    {`{"type":"incident","id":"incident--` + uuid + `","created":"2027-03-01T00:00:00.000Z","modified":"2027-03-01T00:00:00.000Z","name":"x"}`, "x", false},
		"with another extension":  {`{"type":"incident","id":"incident--` + uuid + `","created":"2027-03-01T00:00:00Z","modified":"2027-03-01T00:00:00Z","name":"x","extensions":{"extension-definition--` + uuid + `":{"severity":[1]}}}`, "x", false},
		"with a wrong one of our": {`{"type":"incident","id":"incident--` + uuid + `","created":"2027-03-01T00:00:00Z","modified":"2027-03-01T00:00:00Z","name":"x","extensions":{"` + incident.Extension + `":{"clock":"PT6H"}}}`, "x", true},
	} {
		n, ours, err := incident.Parse([]byte(c.raw))
		if n.Title != c.title || ours != c.bad || fault.Is(err, fault.Invalid) != c.bad {
			t.Errorf("%s: %+v %v %v", name, n, ours, err)
		}
	}
}

func TestWhatIsWrongIsRefused(t *testing.T) {
	for name, change := range map[string]func(*incident.Notification){
		"no title":                    func(n *incident.Notification) { n.Title = "" },
		"an id of another type":       func(n *incident.Notification) { n.ID = "indicator--" + uuid },
		"a type nobody knows":         func(n *incident.Notification) { n.Kind = "mood" },
		"a level of another scheme":   func(n *incident.Notification) { n.Severity.Scheme = "uk-ncsc"; n.Severity.Level = "emergency" },
		"a scheme that is not known":  func(n *incident.Notification) { n.Severity.Scheme = "in-ccmp" },
		"a sector of no list":         func(n *incident.Notification) { n.Sectors = []string{"telecom"} },
		"a sector twice":              func(n *incident.Notification) { n.Sectors = []string{"in-pwr", "in-pwr"} },
		"an object that is none":      func(n *incident.Notification) { n.Objects = []string{"x"} },
		"a language nobody reads":     func(n *incident.Notification) { n.Language = "fr" },
		"a precision that is none":    func(n *incident.Notification) { n.Began.Precision = "roughly" },
		"too long":                    func(n *incident.Notification) { n.Text = strings.Repeat("x", incident.MaxText+1) },
		"an asset without a name":     func(n *incident.Notification) { n.Assets = []string{""} },
		"a state that is none":        func(n *incident.Notification) { n.State = "" },
		"changed before it was there": func(n *incident.Notification) { n.Modified = at.Add(-time.Hour) },
		"under nothing":               func(n *incident.Notification) { n.Agreement = "" },
	} {
		n := night()
		change(&n)
		if _, err := n.Encode(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := night()
	other.Agreement = "in-gb-2021"
	if err := other.Corrects(night()); !fault.Is(err, fault.Conflict) {
		t.Errorf("under another agreement: %v", err)
	}
}

func entry(k incident.EntryKind) incident.Entry {
	e := incident.Entry{ID: incident.EntryType + "--" + uuid, Incident: "incident--" + uuid, Kind: k, Language: "en", Created: at, Text: "It spread by mail."}
	switch k {
	case incident.Event:
		e.When = incident.Instant{At: at.Truncate(time.Hour), Precision: incident.Hour}
	case incident.Finds:
		e.Objects = []string{"indicator--" + uuid}
	case incident.Task:
		e.For = "jp"
	case incident.Answer:
		e.Task, e.Progress = incident.EntryType+"--"+uuid, incident.Done
	case incident.Note:
	}
	return e
}

func TestContributions(t *testing.T) {
	for _, k := range incident.EntryKinds() {
		raw, err := entry(k).Encode()
		if err != nil {
			t.Fatalf("%s: %v", k, err)
		}
		if _, err := stix.Parse(raw, stix.Options{}); err != nil {
			t.Errorf("%s: %v", k, err)
		}
		if got, err := incident.ParseEntry(raw); err != nil || !reflect.DeepEqual(got, entry(k)) {
			t.Errorf("%s: %v\n%+v\n%+v", k, err, got, entry(k))
		}
	}
	for name, e := range map[string]incident.Entry{
		"an event without a time":   func(e incident.Entry) incident.Entry { e.When = incident.Instant{}; return e }(entry(incident.Event)),
		"a note with a task":        func(e incident.Entry) incident.Entry { e.For = "jp"; return e }(entry(incident.Note)),
		"a task of nobody":          func(e incident.Entry) incident.Entry { e.For = ""; return e }(entry(incident.Task)),
		"indicators without any":    func(e incident.Entry) incident.Entry { e.Objects = nil; return e }(entry(incident.Finds)),
		"an answer to no task":      func(e incident.Entry) incident.Entry { e.Task = ""; return e }(entry(incident.Answer)),
		"an answer that says none":  func(e incident.Entry) incident.Entry { e.Progress = "soon"; return e }(entry(incident.Answer)),
		"a note that says nothing":  func(e incident.Entry) incident.Entry { e.Text = ""; return e }(entry(incident.Note)),
		"about something else":      func(e incident.Entry) incident.Entry { e.Incident = "x"; return e }(entry(incident.Note)),
		"a kind that is none":       func(e incident.Entry) incident.Entry { e.Kind = "own"; return e }(entry(incident.Note)),
		"a note with its own clock": func(e incident.Entry) incident.Entry { e.When = entry(incident.Event).When; return e }(entry(incident.Note)),
	} {
		if _, err := e.Encode(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWordingsAndOwnNotes(t *testing.T) {
	for _, typ := range []string{incident.WordingType, incident.OwnWordingType} {
		for _, a := range incident.Audiences() {
			w := incident.Wording{ID: typ + "--" + uuid, Incident: "incident--" + uuid, Audience: a, Text: "Not known yet.", Language: "en", Created: at}
			raw, err := w.Encode()
			if typ == incident.WordingType && a == incident.Internal {
				if !fault.Is(err, fault.Invalid) {
					t.Errorf("an internal wording is made into what is shared: %v", err)
				}
				continue
			}
			if got, err2 := incident.ParseWording(raw); err != nil || err2 != nil || got != w {
				t.Errorf("%s %s: %v %v", typ, a, err, err2)
			}
		}
	}
	n := incident.OwnNote{ID: incident.OwnNoteType + "--" + uuid, Incident: "incident--" + uuid, Text: "Ask the minister.", Language: "en", Created: at}
	raw, err := n.Encode()
	if got, err2 := incident.ParseOwnNote(raw); err != nil || err2 != nil || got != n {
		t.Errorf("%v %v %+v", err, err2, got)
	}
	if _, err := incident.ParseEntry(raw); !fault.Is(err, fault.Invalid) {
		t.Errorf("an own note is read as a shared one: %v", err)
	}
	n.ID = incident.EntryType + "--" + uuid
	if _, err := n.Encode(); !fault.Is(err, fault.Invalid) {
		t.Errorf("an own note takes the id of a shared one: %v", err)
	}
}

// TestWhatIsOwnNeverCrosses: whatever an agreement says and whatever is
// recorded of it, neither gate lets the kind own through.
func TestWhatIsOwnNeverCrosses(t *testing.T) {
	for _, typ := range []string{incident.OwnNoteType, incident.OwnWordingType} {
		if marking.KindOf(typ) != marking.Own || !marking.IsDesk(marking.KindOf(typ)) {
			t.Fatalf("%s is of kind %s", typ, marking.KindOf(typ))
		}
	}
	if slices.Contains(marking.Kinds(), marking.Own) {
		t.Fatal("rules can speak of what is own")
	}
	rapid.Check(t, func(t *rapid.T) {
		l := marking.Label{
			Kind: marking.Own, Origin: "in", Approved: rapid.IntRange(0, 9).Draw(t, "approved"), Emergency: rapid.Bool().Draw(t, "emergency"),
			Terms: marking.Terms{TLP: rapid.SampledFrom(marking.TLPs()).Draw(t, "tlp")},
		}
		table := &gate.Table{
			Agreement: "in-jp-2022", Version: 1, CeilingTLP: marking.Red, Parties: [2]gate.Party{{Side: "in"}, {Side: "jp"}},
			Rules: []gate.Rule{
				{ID: "all", Clause: "1", Then: gate.Effect{Outcome: gate.Release}},
				{ID: "own", Clause: "1", When: gate.When{Kinds: []string{marking.Own}}, Then: gate.Effect{Outcome: gate.Release}},
			},
		}
		c := gate.Context{From: "in", To: "jp", Domain: ident.Live, Now: at}
		if d := gate.Decide(l, table, c); d.Outcome != gate.Deny {
			t.Fatalf("it leaves: %s", d.Sentence)
		}
		if d := gate.Accept(l, table, c); d.Outcome != gate.Deny {
			t.Fatalf("it is taken in: %s", d.Sentence)
		}
		l.Kind = marking.Incident
		if d := gate.Decide(l, table, c); d.Outcome == gate.Deny {
			t.Fatalf("nothing passes this table, so that nothing is shown: %s", d.Sentence)
		}
	})
}
