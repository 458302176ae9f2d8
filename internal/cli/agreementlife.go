package cli

import (
	"strings"
	"time"

	"twoseas/internal/base/fault"
	"twoseas/internal/base/ident"
	"twoseas/internal/law/agreement"
	"twoseas/internal/node"
)

type agreementCalendar struct {
	ID   ident.Agreement `arg:"" optional:"" help:"Agreement (default: the reference agreement, without a node)."`
	Date string          `placeholder:"YYYY-MM-DD" help:"As it stands on this day (default today; the reference agreement only)."`
}

// Run prints the calendar.
func (c *agreementCalendar) Run(a *app) error {
	if c.ID == "" {
		d, err := agreement.Parse(agreement.Reference())
		if err != nil {
			return err
		}
		on := time.Now().UTC()
		if c.Date != "" {
			if on, err = time.Parse(time.DateOnly, c.Date); err != nil {
				return fault.Errorf(fault.Invalid, "--date: %w", err)
			}
		}
		entries, err := agreement.Calendar(d, d.History(), on)
		if err != nil {
			return err
		}
		return a.calendar(entries)
	}
	return a.with(func(n *node.Node) error {
		entries, err := n.Accords.Calendar(a.ctx, n.Live, c.ID)
		if err != nil {
			return err
		}
		return a.calendar(entries)
	})
}

func (a *app) calendar(entries []agreement.Entry) error {
	type row struct {
		ID        string   `json:"id"`
		Ref       string   `json:"ref"`
		Kind      string   `json:"kind"`
		Text      string   `json:"text"`
		Date      string   `json:"date"`
		LastDay   string   `json:"last_day"`
		Reminders []string `json:"reminders"`
		When      string   `json:"when"`
		Days      int      `json:"days"`
	}
	rows := []row{}
	for _, e := range entries {
		r := row{ID: e.ID, Ref: e.Ref, Kind: e.Kind, Text: e.Text, Date: string(e.Date), LastDay: string(e.LastDay), Reminders: []string{}, When: e.When, Days: e.Days}
		for _, d := range e.Reminders {
			r.Reminders = append(r.Reminders, string(d))
		}
		rows = append(rows, r)
	}
	return a.say(map[string]any{"entries": rows}, func() {
		for _, e := range entries {
			date := string(e.Date)
			if e.LastDay != "" {
				date = string(e.LastDay)
			}
			a.printf("%-10s  %-5s %-10s %s\n", dash(date), e.ID, e.Ref, e.Text)
			var more []string
			if e.LastDay != "" {
				more = append(more, "last full day; anniversary "+string(e.Date))
			}
			if e.When != "" {
				more = append(more, when(e))
			}
			if len(e.Reminders) > 0 {
				var days []string
				for _, r := range e.Reminders {
					days = append(days, string(r))
				}
				more = append(more, "reminders "+strings.Join(days, ", "))
			}
			if len(more) > 0 {
				a.printf("            %s\n", strings.Join(more, "; "))
			}
		}
	})
}

func when(e agreement.Entry) string {
	switch {
	case e.Days > 0:
		return "in " + count(e.Days, "day")
	case e.Days < 0:
		return count(-e.Days, "day") + " ago"
	}
	return e.When
}

type agreementEvent struct {
	ID        ident.Agreement `arg:"" help:"Agreement."`
	Name      string          `arg:"" help:"discontinue.notify, discontinue.withdraw, difference.raise, difference.settle, amendment.propose, amendment.drop, extend, new_memorandum, activity.decide, activity.close, calendar.done, last_joint_activity.closed"`
	By        ident.Side      `placeholder:"SIDE" help:"The side that acted (default this one)."`
	Effective string          `placeholder:"YYYY-MM-DD" help:"Date a notice of discontinuation states."`
	Until     string          `placeholder:"YYYY-MM-DD" help:"Last full day of the new term, for extend."`
	Subject   string          `help:"Joint activity or date rule concerned."`
	Written   bool            `help:"It was given in writing through diplomatic channels."`
}

// Run records an event.
func (c *agreementEvent) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		e := agreement.Event{
			Name: c.Name, By: n.Config.Side, On: n.Clock.Now(), Effective: agreement.Date(c.Effective),
			Until: agreement.Date(c.Until), Subject: c.Subject, Written: c.Written,
		}
		if c.By != "" {
			e.By = c.By
		}
		life, err := n.Accords.Record(a.ctx, n.Live, n.Operator(), c.ID, e)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"state": life.State, "remarks": life.Remarks}, func() {
			a.printf("%s is now: %s\n", c.ID, life.State)
			for _, r := range life.Remarks {
				a.printf("  %s\n", r)
			}
		})
	})
}
