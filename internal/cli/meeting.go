package cli

import (
	"strings"
	"time"

	"twoseas/internal/node"
)

type meetingCmd struct {
	List meetingList `cmd:"" default:"1" help:"Show the meetings that are on."`
	End  meetingEnd  `cmd:"" help:"End a meeting: its session is signed out, and shows nothing more until somebody signs in."`
}

type meetingList struct{}

type meetingRow struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	With    []string  `json:"with"`
	Guests  string    `json:"guests,omitempty"`
	Sides   []string  `json:"sides,omitempty"`
	Began   time.Time `json:"began"`
	Until   time.Time `json:"until"`
}

// Run shows the meetings that are on.
func (c *meetingList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Sessions.Meetings(a.ctx, n.Operator())
		if err != nil {
			return err
		}
		rows := []meetingRow{}
		for _, m := range list {
			r := meetingRow{ID: m.ID, Account: m.Account, With: append([]string{}, m.With...), Began: m.Began, Until: m.Until}
			if m.Guests != nil {
				r.Guests = m.Guests.TLP.String()
				for _, p := range m.Guests.Sides {
					r.Sides = append(r.Sides, string(p.Side))
				}
			}
			rows = append(rows, r)
		}
		return a.say(map[string]any{"meetings": rows}, func() {
			for _, r := range rows {
				who := strings.Join(r.With, ", ")
				if r.Guests != "" {
					who = strings.TrimPrefix(who+", guests up to "+r.Guests, ", ")
				}
				a.printf("%s  %s with %s until %s\n", r.ID, r.Account, who, r.Until.Format(time.RFC3339))
			}
			if len(rows) == 0 {
				a.printf("No meeting is on.\n")
			}
		})
	})
}

type meetingEnd struct {
	ID string `arg:"" help:"Meeting, as the list names it."`
}

// Run ends a meeting and signs its session out.
func (c *meetingEnd) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Sessions.EndMeeting(a.ctx, n.Operator(), c.ID); err != nil {
			return err
		}
		return a.say(map[string]any{"ended": c.ID}, func() { a.printf("Meeting %s ended; its session is signed out.\n", c.ID) })
	})
}
