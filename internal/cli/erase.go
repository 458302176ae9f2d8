package cli

import (
	"time"

	"twoseas/internal/act/erasure"
	"twoseas/internal/act/people"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type eraseCmd struct {
	List    eraseList    `cmd:"" help:"Show what was asked for and decided on."`
	Ask     eraseAsk     `cmd:"" help:"Ask to erase every version of an object."`
	Confirm eraseConfirm `cmd:"" help:"Erase it, as another person than who asked."`
	Refuse  eraseRefuse  `cmd:"" help:"Refuse to erase it, as another person than who asked."`
	Backups eraseBackups `cmd:"" help:"Show the backups that were made and may still be there."`
	Gone    eraseGone    `cmd:"" help:"Say that a backup was destroyed."`
}

type eraseList struct{}

// Run shows every request.
func (c *eraseList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Erasures.List(a.ctx, n.Live, n.Operator())
		if err != nil {
			return err
		}
		return a.say(map[string]any{"erasures": append([]erasure.Request{}, list...)}, func() {
			for _, r := range list {
				a.sayErasure(r)
			}
		})
	})
}

func (a *app) sayErasure(r erasure.Request) {
	a.printf("%s  %s  %s  asked by %s: %s\n", r.ID, r.State, r.Object, r.Asker, r.Reason)
	for _, b := range r.Backups {
		until := "nobody said until when"
		if !b.Until.IsZero() {
			until = "until " + b.Until.Format(time.RFC3339)
		}
		a.printf("    still in the backup %s at %s, %s\n", b.ID, b.Place, until)
	}
}

type eraseAsk struct {
	Object string `arg:"" help:"Id of the object."`
	Reason string `required:"" help:"Why, without personal data: the reason stays."`
	As     string `placeholder:"NAME" help:"Account that asks (default the operator)."`
}

// Run asks for an erasure.
func (c *eraseAsk) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		by, err := a.person(n, c.As)
		if err != nil {
			return err
		}
		class := int64(store.AllLabels)
		if !by.IsSystem() {
			access, err := n.People.Access(a.ctx, n.Live, by)
			if err != nil {
				return err
			}
			class = access.Class
		}
		r, err := n.Erasures.Ask(a.ctx, n.Live, by, class, c.Object, c.Reason)
		if err != nil {
			return err
		}
		return a.say(r, func() { a.sayErasure(r) })
	})
}

// person returns the account called name as who acts, the operator for "".
func (a *app) person(n *node.Node, name string) (people.Actor, error) {
	if name == "" {
		return n.Operator(), nil
	}
	return n.People.As(a.ctx, n.Operator(), name)
}

type eraseConfirm struct {
	ID string `arg:"" help:"Request, as the list names it."`
	As string `placeholder:"NAME" help:"Account that decides (default the operator)."`
}

// Run carries an erasure out.
func (c *eraseConfirm) Run(a *app) error { return a.decideErasure(c.ID, c.As, true) }

type eraseRefuse struct {
	ID string `arg:"" help:"Request, as the list names it."`
	As string `placeholder:"NAME" help:"Account that decides (default the operator)."`
}

// Run refuses an erasure.
func (c *eraseRefuse) Run(a *app) error { return a.decideErasure(c.ID, c.As, false) }

func (a *app) decideErasure(id, as string, erase bool) error {
	return a.with(func(n *node.Node) error {
		by, err := a.person(n, as)
		if err != nil {
			return err
		}
		r, err := n.Erasures.Decide(a.ctx, n.Live, by, id, erase)
		if err != nil {
			return err
		}
		return a.say(r, func() { a.sayErasure(r) })
	})
}

type eraseBackups struct{}

// Run shows the backups.
func (c *eraseBackups) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Erasures.Backups(a.ctx, n.Live, n.Operator())
		if err != nil {
			return err
		}
		return a.say(map[string]any{"backups": list}, func() {
			for _, b := range list {
				a.printf("%s  %s  %s\n", b.ID, b.Made.Format(time.RFC3339), b.Place)
			}
		})
	})
}

type eraseGone struct {
	Backup string `arg:"" help:"Backup, as the list names it."`
}

// Run records that a backup is there no more.
func (c *eraseGone) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Erasures.Gone(a.ctx, n.Live, n.Operator(), c.Backup); err != nil {
			return err
		}
		return a.say(map[string]any{"gone": c.Backup}, func() { a.printf("Backup %s is recorded as destroyed.\n", c.Backup) })
	})
}
