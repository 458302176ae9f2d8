package api

import (
	"time"

	"twoseas/internal/act/incident"
)

type incidentOutput struct {
	Body struct {
		IncidentLine
		IncidentText
		Fate     string            `json:"fate" doc:"stays, waits, leaving, sent, arrived; came when it is the partner's"`
		Why      string            `json:"why,omitempty" doc:"The gate's sentence where it stays or waits"`
		Versions int               `json:"versions"`
		Entries  []incidentEntry   `json:"entries" doc:"What both sides contributed"`
		Wordings []incidentWording `json:"wordings" doc:"Attributions that were approved, of both sides"`
		Agreed   string            `json:"agreed,omitempty" doc:"The words for everybody, once both sides say the same"`
		Own      incidentOwn       `json:"own" doc:"This side's only; empty for who does not handle incidents"`
	}
}

type incidentEntry struct {
	Entry    string           `json:"entry"`
	Kind     string           `json:"kind"`
	Origin   string           `json:"origin"`
	TLP      string           `json:"tlp"`
	Created  time.Time        `json:"created"`
	When     *incidentInstant `json:"when,omitempty"`
	Text     string           `json:"text,omitempty"`
	Language string           `json:"language"`
	Objects  []string         `json:"objects,omitempty"`
	For      string           `json:"for,omitempty"`
	Task     string           `json:"task,omitempty"`
	Progress string           `json:"progress,omitempty"`
	Fate     string           `json:"fate"`
}

func incidentEntryOf(e incident.Contribution) incidentEntry {
	return incidentEntry{
		Entry: e.Entry.ID, Kind: string(e.Kind), Origin: string(e.Origin), TLP: e.TLP.Name(), Created: e.Created, When: incidentInstantOf(e.When),
		Text: e.Text, Language: e.Language, Objects: e.Objects, For: string(e.For), Task: e.Task, Progress: string(e.Progress), Fate: string(e.Fate),
	}
}

type incidentWording struct {
	Wording  string `json:"wording"`
	Origin   string `json:"origin"`
	Audience string `json:"audience"`
	Text     string `json:"text"`
	Language string `json:"language"`
	Fate     string `json:"fate"`
	Replaced bool   `json:"replaced" doc:"The same side has worded it anew since"`
}

type incidentOwn struct {
	Notes     []incidentNote     `json:"notes"`
	Proposals []incidentProposal `json:"proposals"`
	Clocks    []incidentClock    `json:"clocks"`
}

type incidentNote struct {
	Note     string    `json:"note"`
	Created  time.Time `json:"created"`
	Text     string    `json:"text"`
	Language string    `json:"language"`
}

type incidentProposal struct {
	Wording   string   `json:"wording"`
	Audience  string   `json:"audience"`
	Text      string   `json:"text"`
	Language  string   `json:"language"`
	Author    string   `json:"author"`
	Approvals []string `json:"approvals"`
	Needs     int      `json:"needs" doc:"How many approvals it needs"`
	Replaced  bool     `json:"replaced"`
}

type incidentClock struct {
	Clock      string           `json:"clock"`
	Instrument string           `json:"instrument"`
	Started    time.Time        `json:"started"`
	Reports    []incidentReport `json:"reports"`
}

type incidentReport struct {
	Step string    `json:"step"`
	Due  time.Time `json:"due,omitzero" doc:"Absent where there is no fixed time, or it is counted from a report not made yet"`
	Open string    `json:"open,omitempty" doc:"How soon, in words, where there is no fixed time"`
	Made time.Time `json:"made,omitzero"`
}

func incidentOwnOf(o incident.Own) incidentOwn {
	out := incidentOwn{Notes: []incidentNote{}, Proposals: []incidentProposal{}, Clocks: []incidentClock{}}
	for _, n := range o.Notes {
		out.Notes = append(out.Notes, incidentNote{n.ID, n.Created, n.Text, n.Language})
	}
	for _, p := range o.Proposals {
		out.Proposals = append(out.Proposals, incidentProposal{
			p.ID, string(p.Audience), p.Text, p.Language, p.Author, texts(p.Approvals), p.Audience.Approvals(), p.Replaced,
		})
	}
	for _, c := range o.Clocks {
		clock := incidentClock{c.ID, c.Instrument, c.Started, []incidentReport{}}
		for _, r := range c.Reports {
			clock.Reports = append(clock.Reports, incidentReport{r.ID, r.At, r.Open, r.Made})
		}
		out.Clocks = append(out.Clocks, clock)
	}
	return out
}
