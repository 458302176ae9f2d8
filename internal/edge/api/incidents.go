package api

import (
	"context"
	"net/http"
	"time"

	"twoseas/internal/act/incident"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
)

// incidents is what both sides tell each other about incidents, and what this
// side keeps to itself.
func (a *api) incidents() {
	at := func(method, path, id, summary string) op {
		o := op{tag: "incidents", method: method, path: "/incidents" + path, id: id, summary: summary, act: people.Incidents}
		if method == http.MethodGet {
			o.act, o.saw = people.Read, "read"
		}
		return o
	}
	add(a, at(http.MethodGet, "", "incidents", "Incidents of either side, what changed last first"), a.listIncidents)
	add(a, at(http.MethodPost, "", "notify-incident", "Notify an incident of this side"), a.notifyIncident)
	add(a, at(http.MethodGet, "/{incident}", "incident", "One incident with what both sides contributed and, for who handles incidents, what is this side's only"), a.incident)
	add(a, at(http.MethodPut, "/{incident}", "correct-incident", "Send another version of an incident of this side"), a.correctIncident)
	add(a, at(http.MethodPost, "/{incident}/entries", "contribute-incident", "Contribute to an incident of either side"), a.contributeIncident)
	add(a, at(http.MethodPost, "/{incident}/own-notes", "keep-incident-note", "Write a note for this side only"), a.keepIncidentNote)
	add(a, at(http.MethodPost, "/{incident}/wordings", "word-incident", "Propose the words of an attribution for an audience"), a.wordIncident)
	approve := at(http.MethodPost, "/{incident}/wordings/{wording}/approve", "approve-incident-wording", "Approve proposed words; with the last approval they go to the partner")
	approve.act = people.Approve
	add(a, approve, a.approveWording)
	add(a, at(http.MethodPost, "/{incident}/clocks", "start-incident-clock", "Have a duty to report at home run; the partner never learns of it"), a.startClock)
	add(a, at(http.MethodPost, "/{incident}/clocks/{clock}/reports", "report-incident", "Record that a report was made at home"), a.reportIncident)
}

type incidentInstant struct {
	At        time.Time `json:"at"`
	Precision string    `json:"precision" enum:"second,minute,hour,day,month"`
}

func (i *incidentInstant) law() law.Instant {
	if i == nil {
		return law.Instant{}
	}
	return law.Instant{At: i.At, Precision: law.Precision(i.Precision)}
}

func incidentInstantOf(i law.Instant) *incidentInstant {
	if i.At.IsZero() {
		return nil
	}
	return &incidentInstant{i.At, string(i.Precision)}
}

type incidentSeverity struct {
	Scheme string `json:"scheme" maxLength:"40"`
	Level  string `json:"level" maxLength:"40"`
}

// IncidentText is what is said of an incident.
type IncidentText struct {
	Title    string            `json:"title" minLength:"1" maxLength:"200"`
	Text     string            `json:"text,omitempty" maxLength:"10000"`
	Language string            `json:"language" enum:"en,ja,hi"`
	Type     string            `json:"type,omitempty" maxLength:"60" doc:"A type of the Reference Security Incident Taxonomy"`
	Severity *incidentSeverity `json:"severity,omitempty" doc:"As its sender graded it, in a scheme that the sender names"`
	Sectors  []string          `json:"sectors,omitempty" maxItems:"100" doc:"Codes of the sender's own list"`
	Assets   []string          `json:"assets,omitempty" maxItems:"100" doc:"What is affected; taken out with who was affected"`
	Objects  []string          `json:"objects,omitempty" maxItems:"100" doc:"Ids of indicators"`
	Began    *incidentInstant  `json:"began,omitempty"`
	Noticed  *incidentInstant  `json:"noticed,omitempty"`
}

func (b IncidentText) law() law.Notification {
	n := law.Notification{
		Title: b.Title, Text: b.Text, Language: b.Language, Kind: b.Type, Sectors: b.Sectors, Assets: b.Assets, Objects: b.Objects,
		Began: b.Began.law(), Noticed: b.Noticed.law(),
	}
	if b.Severity != nil {
		n.Severity = law.Severity{Scheme: b.Severity.Scheme, Level: b.Severity.Level}
	}
	return n
}

func incidentTextOf(n law.Notification) IncidentText {
	b := IncidentText{
		Title: n.Title, Text: n.Text, Language: n.Language, Type: n.Kind, Sectors: n.Sectors, Assets: n.Assets, Objects: n.Objects,
		Began: incidentInstantOf(n.Began), Noticed: incidentInstantOf(n.Noticed),
	}
	if n.Severity != (law.Severity{}) {
		b.Severity = &incidentSeverity{n.Severity.Scheme, n.Severity.Level}
	}
	return b
}

// IncidentLine is an incident as lists tell it.
type IncidentLine struct {
	Incident  string `json:"incident"`
	Agreement string `json:"agreement,omitempty" doc:"None for an incident that was notified under no agreement"`
	Origin    string `json:"origin" doc:"Whose it is"`
	TLP       string `json:"tlp"`
	State     string `json:"state,omitempty"`
	Modified  string `json:"modified,omitempty"`
}

type incidentListed struct {
	IncidentLine
	Title string `json:"title"`
	Type  string `json:"type,omitempty"`
}

func incidentLineOf(n law.Notification, origin ident.Side, tlp marking.TLP) IncidentLine {
	return IncidentLine{
		Incident: n.ID, Agreement: string(n.Agreement), Origin: string(origin), TLP: tlp.Name(), State: string(n.State),
		Modified: instantOf(n.Modified),
	}
}

func (a *api) listIncidents(ctx context.Context, c caller, in *PageInput) (*listOutput[incidentListed], error) {
	before, err := in.number(c)
	if err != nil {
		return nil, err
	}
	found, next, err := a.Incidents.List(ctx, a.Handle, c.Actor, c.Access.Class, before, in.size())
	lines := make([]incidentListed, 0, len(found))
	for _, l := range found {
		lines = append(lines, incidentListed{incidentLineOf(l.Notification, l.Origin, l.TLP), l.Title, l.Kind})
	}
	on := ""
	if next != 0 {
		on = numbered(next)
	}
	return listed(c, lines, on), err
}

type incidentMadeOutput struct {
	Body struct {
		ID string `json:"id"`
	}
}

func (a *api) notifyIncident(ctx context.Context, c caller, in *struct {
	Body struct {
		Agreement string `json:"agreement" maxLength:"64"`
		TLP       string `json:"tlp" enum:"clear,green,amber,amber+strict,red"`
		IncidentText
	}
},
) (*incidentMadeOutput, error) {
	agreement, err := ident.ParseAgreement(in.Body.Agreement)
	if err != nil {
		return nil, err
	}
	tlp, err := marking.ParseTLP(in.Body.TLP)
	if err != nil {
		return nil, err
	}
	n := in.Body.law()
	n.Agreement = agreement
	out := &incidentMadeOutput{}
	out.Body.ID, err = a.Incidents.Notify(ctx, a.Handle, c.Actor, c.Access.Class, tlp, n)
	return out, err
}

// IncidentInput names an incident.
type IncidentInput struct {
	Incident string `path:"incident" maxLength:"100"`
}

func (a *api) correctIncident(ctx context.Context, c caller, in *struct {
	IncidentInput
	Body struct {
		State string `json:"state" enum:"open,closed"`
		TLP   string `json:"tlp,omitempty" enum:"clear,green,amber,amber+strict,red" doc:"Marked as before when left out"`
		IncidentText
	}
},
) (*incidentOutput, error) {
	tlp, err := tlpOrNone(in.Body.TLP)
	if err != nil {
		return nil, err
	}
	n := in.Body.law()
	n.ID, n.State = in.Incident, law.State(in.Body.State)
	if err := a.Incidents.Correct(ctx, a.Handle, c.Actor, c.Access.Class, tlp, n); err != nil {
		return nil, err
	}
	return a.incident(ctx, c, &in.IncidentInput)
}

func tlpOrNone(s string) (marking.TLP, error) {
	if s == "" {
		return marking.NoTLP, nil
	}
	return marking.ParseTLP(s)
}

func (a *api) contributeIncident(ctx context.Context, c caller, in *struct {
	IncidentInput
	Body struct {
		Kind     string           `json:"kind" enum:"event,note,indicators,task,answer"`
		TLP      string           `json:"tlp,omitempty" enum:"clear,green,amber,amber+strict,red" doc:"Marked as the incident when left out; never more open"`
		When     *incidentInstant `json:"when,omitempty" doc:"Of an event when it happened, of a task until when"`
		Text     string           `json:"text,omitempty" maxLength:"10000"`
		Language string           `json:"language" enum:"en,ja,hi"`
		Objects  []string         `json:"objects,omitempty" maxItems:"100"`
		For      string           `json:"for,omitempty" maxLength:"64" doc:"Whose task it is"`
		Task     string           `json:"task,omitempty" maxLength:"100" doc:"The task that is answered"`
		Progress string           `json:"progress,omitempty" enum:"taken,done,declined"`
	}
},
) (*incidentMadeOutput, error) {
	b := in.Body
	tlp, err := tlpOrNone(b.TLP)
	if err != nil {
		return nil, err
	}
	out := &incidentMadeOutput{}
	out.Body.ID, err = a.Incidents.Contribute(ctx, a.Handle, c.Actor, c.Access.Class, tlp, law.Entry{
		Incident: in.Incident, Kind: law.EntryKind(b.Kind), When: b.When.law(), Text: b.Text, Language: b.Language, Objects: b.Objects,
		For: ident.Side(b.For), Task: b.Task, Progress: law.Progress(b.Progress),
	})
	return out, err
}

// IncidentWords is words about whom an incident is put down to.
type IncidentWords struct {
	Text     string `json:"text" minLength:"1" maxLength:"10000"`
	Language string `json:"language" enum:"en,ja,hi"`
}

func (a *api) keepIncidentNote(ctx context.Context, c caller, in *struct {
	IncidentInput
	Body IncidentWords
},
) (out *incidentMadeOutput, err error) {
	out = &incidentMadeOutput{}
	out.Body.ID, err = a.Incidents.Keep(ctx, a.Handle, c.Actor, c.Access.Class, law.OwnNote{Incident: in.Incident, Text: in.Body.Text, Language: in.Body.Language})
	return out, err
}

func (a *api) wordIncident(ctx context.Context, c caller, in *struct {
	IncidentInput
	Body struct {
		Audience string `json:"audience" enum:"internal,joint,public"`
		IncidentWords
	}
},
) (out *incidentMadeOutput, err error) {
	out = &incidentMadeOutput{}
	out.Body.ID, err = a.Incidents.Propose(ctx, a.Handle, c.Actor, c.Access.Class, law.Wording{
		Incident: in.Incident, Audience: law.Audience(in.Body.Audience), Text: in.Body.Text, Language: in.Body.Language,
	})
	return out, err
}

func (a *api) approveWording(ctx context.Context, c caller, in *struct {
	IncidentInput
	Wording string `path:"wording" maxLength:"100"`
},
) (*incidentOutput, error) {
	if err := a.Incidents.Approve(ctx, a.Handle, c.Actor, c.Access.Class, in.Incident, in.Wording); err != nil {
		return nil, err
	}
	return a.incident(ctx, c, &in.IncidentInput)
}

func (a *api) startClock(ctx context.Context, c caller, in *struct {
	IncidentInput
	Body struct {
		Clock string    `json:"clock" maxLength:"40"`
		From  time.Time `json:"from" doc:"When it began to count"`
	}
},
) (*incidentOutput, error) {
	if err := a.Incidents.Start(ctx, a.Handle, c.Actor, c.Access.Class, in.Incident, in.Body.Clock, in.Body.From); err != nil {
		return nil, err
	}
	return a.incident(ctx, c, &in.IncidentInput)
}

func (a *api) reportIncident(ctx context.Context, c caller, in *struct {
	IncidentInput
	Clock string `path:"clock" maxLength:"40"`
	Body  struct {
		Step string    `json:"step" maxLength:"40"`
		Made time.Time `json:"made" doc:"When the report was made"`
	}
},
) (*incidentOutput, error) {
	if err := a.Incidents.Report(ctx, a.Handle, c.Actor, c.Access.Class, in.Incident, in.Clock, in.Body.Step, in.Body.Made); err != nil {
		return nil, err
	}
	return a.incident(ctx, c, &in.IncidentInput)
}

func (a *api) incident(ctx context.Context, c caller, in *IncidentInput) (*incidentOutput, error) {
	d, err := a.Incidents.Open(ctx, a.Handle, c.Actor, c.Access.Class, in.Incident)
	if err != nil {
		return nil, err
	}
	return incidentOutputOf(d), nil
}

// incidentOutputOf tells an incident with what both sides contributed.
func incidentOutputOf(d incident.Detail) *incidentOutput {
	out := &incidentOutput{}
	b := &out.Body
	b.IncidentLine, b.IncidentText = incidentLineOf(d.Notification, d.Origin, d.TLP), incidentTextOf(d.Notification)
	b.Fate, b.Why, b.Versions, b.Agreed = string(d.Fate), d.Why, d.Versions, d.Agreed
	b.Entries, b.Wordings = []incidentEntry{}, []incidentWording{}
	for _, list := range [][]incident.Contribution{d.Events, d.Notes, d.Finds} {
		for _, e := range list {
			b.Entries = append(b.Entries, incidentEntryOf(e))
		}
	}
	for _, j := range d.Jobs {
		b.Entries = append(b.Entries, incidentEntryOf(j.Contribution))
		for _, e := range j.Answers {
			b.Entries = append(b.Entries, incidentEntryOf(e))
		}
	}
	for _, s := range d.Said {
		b.Wordings = append(b.Wordings, incidentWording{
			Wording: s.Wording.ID, Origin: string(s.Origin), Audience: string(s.Audience), Text: s.Text, Language: s.Language, Fate: string(s.Fate), Replaced: s.Replaced,
		})
	}
	b.Own = incidentOwnOf(d.Own)
	return out
}
