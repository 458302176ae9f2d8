package cli

import (
	"time"

	"twoseas/internal/act/hook"
	"twoseas/internal/node"
)

type hookCmd struct {
	List   hookList   `cmd:"" default:"1" help:"List webhooks and how they are doing."`
	Add    hookAdd    `cmd:"" help:"Have a program elsewhere told what happens here. Shows the secret, once."`
	Change hookChange `cmd:"" help:"Replace what is said of a webhook. Its secret stays."`
	Test   hookTest   `cmd:"" help:"Send a message that says nothing, now."`
	Rotate hookRotate `cmd:"" help:"Give a webhook a new secret. The old one signs too for a day."`
	Pause  hookPause  `cmd:"" help:"Keep messages back; they go out after resume."`
	Resume hookResume `cmd:"" help:"Go on with a webhook that was paused, or that stopped."`
	Remove hookRemove `cmd:"" help:"Forget a webhook and its secret."`
}

type hookFlags struct {
	Name       string   `arg:"" help:"Name of the webhook: lower-case letters, digits, - and ."`
	URL        string   `arg:"" name:"url" help:"https://… that messages are posted to."`
	Account    string   `required:"" placeholder:"NAME" help:"The account whose rights and clearance decide what is told."`
	Event      []string `required:"" placeholder:"EVENT" help:"Events: object.arrived, object.recalled, object.released, receipt.received, hold.waiting, feed.failing."`
	Collection string   `placeholder:"ID" help:"For object.arrived: the collection."`
	Content    bool     `help:"Send objects whole; without it, ids and links."`
	CA         string   `name:"ca" placeholder:"FILE" help:"PEM file that the receiver's certificate must come from (default the system's authorities)."`
}

func (c *hookFlags) settings() (hook.Settings, error) {
	ca, err := (&feedPlace{CA: c.CA}).authority()
	s := hook.Settings{URL: c.URL, CA: ca, Account: c.Account, Collection: c.Collection, Content: c.Content}
	for _, e := range c.Event {
		s.Events = append(s.Events, hook.Event(e))
	}
	return s, err
}

type hookAdd struct{ hookFlags }

// Run adds.
func (c *hookAdd) Run(a *app) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		secret, err := n.Hooks.Add(a.ctx, n.Live, n.Operator(), c.Name, s)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"hook": c.Name, "secret": secret}, func() {
			a.printf("%s is added; it is told what happens from now on, while the node serves.\n", c.Name)
			a.secret(secret)
		})
	})
}

func (a *app) secret(secret string) {
	a.printf("The receiver verifies messages with this secret. It is not shown again:\n\n%s\n", secret)
}

type hookChange struct{ hookFlags }

// Run changes.
func (c *hookChange) Run(a *app) error {
	s, err := c.settings()
	if err != nil {
		return err
	}
	return a.with(func(n *node.Node) error {
		if err := n.Hooks.Change(a.ctx, n.Live, n.Operator(), c.Name, s); err != nil {
			return err
		}
		return a.say(map[string]any{"hook": c.Name}, func() { a.printf("%s is changed.\n", c.Name) })
	})
}

type hookList struct{}

type hookRow struct {
	Name     string        `json:"name"`
	Settings hook.Settings `json:"settings"`
	State    string        `json:"state"`
	Due      time.Time     `json:"due"`
	Failures int           `json:"failures"`
	Failing  time.Time     `json:"failing,omitzero"`
	Health   hook.Health   `json:"health"`
}

// Run lists.
func (c *hookList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		all, err := n.Hooks.List(a.ctx, n.Live, n.Operator())
		if err != nil {
			return err
		}
		rows := []hookRow{}
		for _, h := range all {
			rows = append(rows, hookRow{h.Name, h.Settings, h.State(), h.Due, h.Failures, h.Failing, h.Health})
		}
		return a.say(map[string]any{"hooks": rows}, func() {
			if len(rows) == 0 {
				a.printf("No webhook yet. See twoseas hook add --help.\n")
			}
			for _, r := range rows {
				a.hook(r)
			}
		})
	})
}

func (a *app) hook(r hookRow) {
	a.printf("%-20s %-8s %s as %s\n", r.Name, r.State, r.Settings.URL, r.Settings.Account)
	for _, e := range r.Settings.Events {
		a.printf("  %s\n", e)
	}
	if r.Health.Delivered > 0 {
		a.printf("  %s taken, the last %s\n", count(int(r.Health.Delivered), "message"), r.Health.Succeeded.Format(time.RFC3339))
	}
	if r.Health.Error != "" {
		a.printf("  failed %s in a row, since %s: %s\n", count(r.Failures, "time"), r.Failing.Format(time.RFC3339), r.Health.Error)
	}
	switch r.State {
	case "failing":
		a.printf("  tried again %s\n", r.Due.Format(time.RFC3339))
	case "stopped":
		a.printf("  stopped %s; when the receiver is well: twoseas hook resume %s\n", r.Health.Stopped.Format(time.RFC3339), r.Name)
	}
}

type hookName struct {
	Name string `arg:"" help:"Name of the webhook."`
}

type hookTest struct{ hookName }

// Run sends a test in this process.
func (c *hookTest) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Hooks.Try(a.ctx, n.Live, n.Operator(), c.Name); err != nil {
			return err
		}
		if _, err := n.Hooks.Run(a.ctx, n.Live, c.Name); err != nil {
			return err
		}
		return a.say(map[string]any{"hook": c.Name, "taken": true}, func() { a.printf("%s took the message.\n", c.Name) })
	})
}

type hookRotate struct{ hookName }

// Run makes a new secret.
func (c *hookRotate) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		secret, err := n.Hooks.Rotate(a.ctx, n.Live, n.Operator(), c.Name)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"hook": c.Name, "secret": secret}, func() { a.secret(secret) })
	})
}

type hookPause struct{ hookName }

// Run pauses it.
func (c *hookPause) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.Hooks.Pause(a.ctx, n.Live, n.Operator(), c.Name) })
}

type hookResume struct{ hookName }

// Run resumes it.
func (c *hookResume) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.Hooks.Resume(a.ctx, n.Live, n.Operator(), c.Name) })
}

type hookRemove struct{ hookName }

// Run removes it.
func (c *hookRemove) Run(a *app) error {
	return a.with(func(n *node.Node) error { return n.Hooks.Remove(a.ctx, n.Live, n.Operator(), c.Name) })
}
