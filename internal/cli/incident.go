package cli

import (
	"time"

	"twoseas/internal/act/incident"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/incident"
	"twoseas/internal/law/marking"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type incidentCmd struct {
	List   incidentList   `cmd:"" default:"1" help:"List incidents, what changed last first."`
	Show   incidentShow   `cmd:"" help:"Show one incident and what both sides contributed."`
	Notify incidentNotify `cmd:"" help:"Notify an incident to the other side."`
	Close  incidentClose  `cmd:"" help:"Say that an incident of this side is over."`
	Add    incidentAdd    `cmd:"" help:"Contribute to an incident of either side."`
	Note   incidentNote   `cmd:"" help:"Write a note for this side only."`
	Clock  incidentClock  `cmd:"" help:"Have a duty to report at home run, or list those there are."`
	Report incidentReport `cmd:"" help:"Record that a report was made at home."`
}

type incidentList struct{}

// Run lists.
func (c *incidentList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		rows := []map[string]any{}
		for before := int64(0); ; {
			found, next, err := n.Incidents.List(a.ctx, n.Live, n.Operator(), store.AllLabels, before, 0)
			if err != nil {
				return err
			}
			for _, l := range found {
				rows = append(rows, incidentRow(l.Notification, l.Origin, l.TLP))
			}
			if before = next; before == 0 {
				break
			}
		}
		return a.say(map[string]any{"incidents": rows}, func() {
			for _, r := range rows {
				a.printf("%s  %s  %s  %s  %s\n", r["incident"], r["origin"], r["tlp"], r["state"], r["title"])
			}
		})
	})
}

func incidentRow(n law.Notification, origin ident.Side, tlp marking.TLP) map[string]any {
	return map[string]any{
		"incident": n.ID, "agreement": n.Agreement, "origin": origin, "tlp": tlp.Name(), "state": n.State, "title": n.Title, "type": n.Kind,
		"sectors": n.Sectors,
	}
}

type incidentShow struct {
	Incident string `arg:"" help:"Id of the incident."`
}

// Run shows.
func (c *incidentShow) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		d, err := n.Incidents.Open(a.ctx, n.Live, n.Operator(), store.AllLabels, c.Incident)
		if err != nil {
			return err
		}
		row, entries := incidentRow(d.Notification, d.Origin, d.TLP), []map[string]any{}
		for _, e := range contributions(d) {
			entries = append(entries, map[string]any{
				"entry": e.Entry.ID, "kind": e.Kind, "origin": e.Origin, "at": e.Created.Format(time.RFC3339), "text": e.Text, "objects": e.Objects, "fate": e.Fate,
			})
		}
		row["text"], row["fate"], row["why"], row["versions"], row["entries"] = d.Text, d.Fate, d.Why, d.Versions, entries
		return a.say(row, func() {
			a.printf("%s\n%s of %s, TLP:%s, %s: %s %s\n\n%s\n\n", d.Title, d.Notification.ID, d.Origin, d.TLP.Name(), d.State, d.Fate, d.Why, d.Text)
			for _, e := range contributions(d) {
				a.printf("%s  %s  %s  %s  %s\n", e.Created.Format(time.RFC3339), e.Origin, e.Kind, e.Fate, e.Text)
			}
			for _, k := range d.Own.Clocks {
				for _, r := range k.Reports {
					a.printf("At home only: %s, %s %s %s\n", k.Instrument, r.ID, dueText(r), madeText(r))
				}
			}
		})
	})
}

func dueText(r law.Due) string {
	switch {
	case r.Open != "":
		return r.Open
	case r.At.IsZero():
		return "counted from a report that was not made yet"
	}
	return "due " + r.At.Format(time.RFC3339)
}

func madeText(r law.Due) string {
	if r.Made.IsZero() {
		return ""
	}
	return "made " + r.Made.Format(time.RFC3339)
}

func contributions(d incident.Detail) (out []incident.Contribution) {
	out = append(append(append(out, d.Events...), d.Notes...), d.Finds...)
	for _, j := range d.Jobs {
		out = append(append(out, j.Contribution), j.Answers...)
	}
	return out
}

type incidentNotify struct {
	Agreement string   `arg:"" help:"Agreement with the side that is told."`
	Title     string   `required:"" placeholder:"TEXT" help:"What happened, in one line."`
	TLP       string   `required:"" enum:"clear,green,amber,amber+strict,red" help:"Who may read it: ${enum}."`
	Text      string   `placeholder:"TEXT" help:"What is known."`
	Type      string   `placeholder:"TYPE" help:"Of the Reference Security Incident Taxonomy, such as system-compromise."`
	Scheme    string   `placeholder:"ID" help:"Scheme of the severity, such as jp-severity-2018."`
	Severity  string   `placeholder:"LEVEL" help:"Level in that scheme."`
	Sector    []string `placeholder:"CODE" help:"Of this side's list, such as in-pwr (repeatable)."`
	Asset     []string `placeholder:"TEXT" help:"What is affected (repeatable)."`
	Object    []string `placeholder:"ID" help:"An indicator (repeatable)."`
	Language  string   `enum:"en,ja,hi" default:"en" help:"Of the texts: ${enum}."`
}

// Run notifies.
func (c *incidentNotify) Run(a *app) error {
	id, err := ident.ParseAgreement(c.Agreement)
	if err != nil {
		return err
	}
	tlp, err := marking.ParseTLP(c.TLP)
	if err != nil {
		return err
	}
	told := law.Notification{
		Agreement: id, Title: c.Title, Text: c.Text, Language: c.Language, Kind: c.Type, Severity: law.Severity{Scheme: c.Scheme, Level: c.Severity},
		Sectors: c.Sector, Assets: c.Asset, Objects: c.Object,
	}
	return a.with(func(n *node.Node) error {
		made, err := n.Incidents.Notify(a.ctx, n.Live, n.Operator(), store.AllLabels, tlp, told)
		if err != nil {
			return err
		}
		d, err := n.Incidents.Open(a.ctx, n.Live, n.Operator(), store.AllLabels, made)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"incident": made, "fate": d.Fate, "why": d.Why}, func() { a.printf("Notified. Incident %s: %s %s\n", made, d.Fate, d.Why) })
	})
}

type incidentClose struct {
	Incident string `arg:"" help:"Id of the incident."`
}

// Run closes.
func (c *incidentClose) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		d, err := n.Incidents.Open(a.ctx, n.Live, n.Operator(), store.AllLabels, c.Incident)
		if err != nil {
			return err
		}
		d.State = law.Closed
		if err := n.Incidents.Correct(a.ctx, n.Live, n.Operator(), store.AllLabels, marking.NoTLP, d.Notification); err != nil {
			return err
		}
		return a.say(map[string]any{"incident": c.Incident, "state": law.Closed}, func() { a.printf("It is closed.\n") })
	})
}

type incidentAdd struct {
	Incident  string    `arg:"" help:"Id of the incident."`
	Kind      string    `arg:"" enum:"event,note,indicators,task,answer" help:"What it is: ${enum}."`
	Text      string    `placeholder:"TEXT" help:"What to say."`
	When      time.Time `placeholder:"TIME" help:"Of an event when it happened, of a task until when, such as 2027-03-18T00:00:00Z."`
	Precision string    `enum:"second,minute,hour,day,month" default:"minute" help:"How exactly that is known: ${enum}."`
	Object    []string  `placeholder:"ID" help:"An indicator (repeatable)."`
	For       string    `placeholder:"SIDE" help:"Whose task it is."`
	Task      string    `placeholder:"ID" help:"The task that is answered."`
	Progress  string    `placeholder:"WORD" help:"The answer: taken, done or declined."`
	Language  string    `enum:"en,ja,hi" default:"en" help:"Of the text: ${enum}."`
}

// Run contributes.
func (c *incidentAdd) Run(a *app) error {
	e := law.Entry{
		Incident: c.Incident, Kind: law.EntryKind(c.Kind), Text: c.Text, Language: c.Language, Objects: c.Object, For: ident.Side(c.For), Task: c.Task,
		Progress: law.Progress(c.Progress),
	}
	if !c.When.IsZero() {
		e.When = law.Instant{At: c.When, Precision: law.Precision(c.Precision)}
	}
	return a.with(func(n *node.Node) error {
		made, err := n.Incidents.Contribute(a.ctx, n.Live, n.Operator(), store.AllLabels, marking.NoTLP, e)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"entry": made}, func() { a.printf("Contributed. %s\n", made) })
	})
}

type incidentNote struct {
	Incident string `arg:"" help:"Id of the incident."`
	Text     string `arg:"" help:"The note. It never leaves this node."`
	Language string `enum:"en,ja,hi" default:"en" help:"Of the text: ${enum}."`
}

// Run keeps the note.
func (c *incidentNote) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		made, err := n.Incidents.Keep(a.ctx, n.Live, n.Operator(), store.AllLabels, law.OwnNote{Incident: c.Incident, Text: c.Text, Language: c.Language})
		if err != nil {
			return err
		}
		return a.say(map[string]any{"note": made}, func() { a.printf("Kept here. %s\n", made) })
	})
}

type incidentClock struct {
	Incident string    `arg:"" optional:"" help:"Id of the incident; without one the duties of this side are listed."`
	Clock    string    `arg:"" optional:"" help:"The duty."`
	From     time.Time `placeholder:"TIME" help:"When it began to count."`
	Off      bool      `help:"Take a clock away that should not have been started."`
}

// Run starts a clock or lists them.
func (c *incidentClock) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if c.Clock == "" {
			clocks := n.Incidents.Clocks()
			return a.say(map[string]any{"clocks": clocks}, func() {
				for _, k := range clocks {
					a.printf("%s  %s, from %s, to %s\n", k.ID, k.Instrument, k.From, k.To)
				}
			})
		}
		said, act := "The clock runs. The other side does not learn of it.\n", func() error {
			return n.Incidents.Start(a.ctx, n.Live, n.Operator(), store.AllLabels, c.Incident, c.Clock, c.From)
		}
		if c.Off {
			said, act = "The clock is taken away.\n", func() error {
				return n.Incidents.Stop(a.ctx, n.Live, n.Operator(), store.AllLabels, c.Incident, c.Clock)
			}
		}
		if err := act(); err != nil {
			return err
		}
		return a.say(map[string]any{"incident": c.Incident, "clock": c.Clock, "runs": !c.Off}, func() { a.printf("%s", said) })
	})
}

type incidentReport struct {
	Incident string    `arg:"" help:"Id of the incident."`
	Clock    string    `arg:"" help:"The duty."`
	Step     string    `arg:"" help:"Which of its reports."`
	Made     time.Time `required:"" placeholder:"TIME" help:"When it was made."`
}

// Run records the report.
func (c *incidentReport) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Incidents.Report(a.ctx, n.Live, n.Operator(), store.AllLabels, c.Incident, c.Clock, c.Step, c.Made); err != nil {
			return err
		}
		return a.say(map[string]any{"incident": c.Incident, "clock": c.Clock, "step": c.Step}, func() { a.printf("Recorded.\n") })
	})
}
