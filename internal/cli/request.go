package cli

import (
	"os"
	"time"

	"twoseas/internal/act/request"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/request"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type requestCmd struct {
	List     requestList     `cmd:"" default:"1" help:"List requests for assistance, what waits first."`
	Show     requestShow     `cmd:"" help:"Show one request and what both sides did about it."`
	Send     requestSend     `cmd:"" help:"Ask the other side."`
	Step     requestStep     `cmd:"" help:"Make this side's next step about a request."`
	Custody  requestCustody  `cmd:"" help:"Write down who had which evidence."`
	Pass     requestPass     `cmd:"" help:"Pass a request between CERT and law enforcement of this side."`
	Passages requestPassages `cmd:"" help:"List what passed between CERT and law enforcement."`
	Consent  requestConsent  `cmd:"" help:"Answer whether what this side asked may pass there."`
	Ways     requestWays     `cmd:"" help:"List the ways of law by which law enforcement can be asked."`
}

type requestList struct {
	Closed bool `help:"Those that ended, instead of those that are open."`
}

// Run lists.
func (c *requestList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		rows, after := []map[string]any{}, request.Place{}
		for {
			l, err := n.Requests.List(a.ctx, n.Live, n.Operator(), request.Filter{Closed: c.Closed, After: after})
			if err != nil {
				return err
			}
			for _, e := range l.Entries {
				row := requestRow(e.Assistance)
				row["title"] = e.Title
				rows = append(rows, row)
			}
			if after = l.Next; after == (request.Place{}) {
				break
			}
		}
		return a.say(map[string]any{"requests": rows}, func() {
			for _, r := range rows {
				a.printf("%s  %s to %s  %s  %s  %s  %s\n", r["request"], r["asker"], r["asked"], r["urgency"], r["kind"], r["state"], r["title"])
			}
		})
	})
}

func requestRow(r store.Assistance) map[string]any {
	row := map[string]any{
		"request": r.ID, "agreement": r.Agreement, "asker": r.Asker, "asked": r.Asked, "law_enforcement": r.Police, "kind": r.Kind,
		"urgency": r.Urgency, "state": r.State, "open": r.Open, "refused": r.Refused,
	}
	for name, at := range map[string]int64{"sent": r.Sent, "received": r.Received, "due": r.Due, "first_word": r.Word, "kept_until": r.Kept, "renewal_until": r.Renewal} {
		if at != 0 {
			row[name] = time.UnixMicro(at).UTC().Format(time.RFC3339)
		}
	}
	return row
}

type requestShow struct {
	Request string `arg:"" help:"Id of the request."`
}

// Run shows.
func (c *requestShow) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		d, err := n.Requests.Open(a.ctx, n.Live, n.Operator(), store.AllLabels, c.Request)
		if err != nil {
			return err
		}
		row, steps := requestRow(d.Assistance), []map[string]any{}
		for _, e := range d.Timeline {
			steps = append(steps, map[string]any{
				"by": e.By, "move": e.Move, "on": e.On.Format(time.RFC3339), "reason": e.Reason, "text": e.Text, "person": e.Person,
			})
		}
		row["title"], row["text"], row["objects"], row["timeline"], row["may"], row["way"], row["custody"] = d.Asks.Title, d.Asks.Text, d.Asks.Objects, steps, d.May, d.Asks.Way, custodyRows(d.Custody)
		return a.say(row, func() {
			a.printf("%s\n%s asks %s for %s, %s; it is %s.\n\n%s\n\n", d.Asks.Title, d.Asker, d.Asked, d.Kind, d.Urgency, d.State, d.Asks.Text)
			for _, e := range d.Timeline {
				a.printf("%s  %s  %s %s %s\n", e.On.Format(time.RFC3339), e.By, e.Move, e.Reason, e.Text)
			}
			if d.Due != 0 && d.Word == 0 {
				a.printf("A first word is hoped for by %s.\n", time.UnixMicro(d.Due).UTC().Format(time.RFC3339))
			}
			for _, m := range d.May {
				a.printf("Next: twoseas request step %s %s\n", d.ID, m)
			}
		})
	})
}

type requestSend struct {
	Agreement ident.Agreement `arg:"" help:"Agreement with the side that is asked."`
	Kind      string          `required:"" enum:"information,analysis,block,takedown,victim-notification,preservation,patch-coordination,expert-help,activity-from-territory" help:"What is asked for: ${enum}."`
	Title     string          `required:"" placeholder:"TEXT" help:"In one line."`
	Text      string          `required:"" placeholder:"TEXT" help:"What is asked for."`
	Urgent    bool            `help:"A first word is hoped for within the agreement's short target, at any hour."`
	Police    bool            `name:"law-enforcement" help:"By the law-enforcement channel."`
	Way       string          `placeholder:"WAY" help:"By which way of law, with --law-enforcement and to preserve data; see 'twoseas request ways'."`
	Basis     string          `placeholder:"TEXT" help:"Legal basis."`
	Playbook  string          `type:"existingfile" placeholder:"FILE" help:"CACAO 2.0 playbook: shown as steps on both sides, never carried out."`
	Done      string          `placeholder:"TEXT" help:"What was done already."`
	By        time.Time       `placeholder:"TIME" help:"Until when it is hoped for, such as 2027-03-18T00:00:00Z."`
	Object    []string        `placeholder:"ID" help:"What it is about (repeatable)."`
	Language  string          `enum:"en,ja,hi" default:"en" help:"Of the texts: ${enum}."`
}

// Run asks.
func (c *requestSend) Run(a *app) error {
	q := law.Asked{
		Agreement: c.Agreement, Kind: law.Kind(c.Kind), Urgency: law.Routine, Channel: law.Technical, Language: c.Language, Title: c.Title, Text: c.Text,
		Way: c.Way, Basis: c.Basis, Done: c.Done, By: c.By, Objects: c.Object,
	}
	if c.Urgent {
		q.Urgency = law.Urgent
	}
	if c.Police {
		q.Channel = law.LawEnforcement
	}
	if c.Playbook != "" {
		raw, err := os.ReadFile(c.Playbook)
		if err != nil {
			return err
		}
		q.Playbook = string(raw)
	}
	return a.with(func(n *node.Node) error {
		sent, err := n.Requests.Send(a.ctx, n.Live, n.Operator(), store.AllLabels, q)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"request": sent}, func() { a.printf("Asked. Request %s\n", sent) })
	})
}

type requestStep struct {
	Request string    `arg:"" help:"Id of the request."`
	Move    string    `arg:"" enum:"see,acknowledge,accept,accept-partly,decline,postpone,begin,preserve,finish,verify,renew,withdraw" help:"What to do: ${enum}."`
	Reason  string    `placeholder:"CODE" help:"For accept-partly, decline and postpone; not-stated is enough."`
	Until   time.Time `placeholder:"TIME" help:"A date the step names; for preserve and renew 90 days on when left out."`
	Text    string    `placeholder:"TEXT" help:"For the other side."`
}

// Run makes the step.
func (c *requestStep) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		m := request.Move{Move: law.Move(c.Move), Reason: law.Reason(c.Reason), Until: c.Until, Text: c.Text, After: -1}
		if err := n.Requests.Step(a.ctx, n.Live, n.Operator(), c.Request, m); err != nil {
			return err
		}
		d, err := n.Requests.Open(a.ctx, n.Live, n.Operator(), store.AllLabels, c.Request)
		if err != nil {
			return err
		}
		return a.say(requestRow(d.Assistance), func() { a.printf("It is %s now.\n", d.State) })
	})
}
