package cli

import (
	"time"

	"twoseas/internal/act/people"
	"twoseas/internal/act/release"
	"twoseas/internal/base/canon"
	"twoseas/internal/base/ident"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type releaseCmd struct {
	Summary releaseSummary `cmd:"" help:"What the gate says of what this node holds."`
	List    releaseList    `cmd:"" help:"List what waits for an officer."`
	Show    releaseShow    `cmd:"" help:"Show one item exactly as the partner will get it, and its digest."`
	Approve releaseApprove `cmd:"" help:"Approve an item; binds to the digest shown."`
	Refuse  releaseRefuse  `cmd:"" help:"Keep an item back, and say why."`

	Redact releaseRedact `cmd:"" help:"Take something out of an item by hand; what is left waits in its place."`

	Groups    releaseGroups    `cmd:"" help:"Count what waits by rule, marking, type or collection."`
	Reopen    releaseReopen    `cmd:"" help:"Put a refused item back into the queue, and say why."`
	Emergency releaseEmergency `cmd:"" help:"Release with one approval where more are asked for; another officer reviews it."`
	Reviews   releaseReviews   `cmd:"" help:"List emergency releases and what reviews found."`
	Review    releaseReview    `cmd:"" help:"Review another officer's emergency release."`
}

type releaseSummary struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
}

// Run shows the gate's table.
func (c *releaseSummary) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		lines, err := n.Releases.Summary(a.ctx, n.Live, c.Agreement, store.AllLabels)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"lines": lines}, func() {
			a.gateTable(lines)
			for _, l := range lines {
				a.printf("  %s\n", l.Sentence)
			}
		})
	})
}

type releaseList struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
	After     int64           `help:"Begin after this item number."`
	Limit     int             `default:"100" help:"At most so many."`
}

// Run lists held items.
func (c *releaseList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Releases.Waiting(a.ctx, n.Live, n.Operator(), c.Agreement, c.After, c.Limit)
		if err != nil {
			return err
		}
		rows := []heldRow{}
		for _, p := range list {
			rows = append(rows, rowOf(p))
		}
		return a.say(map[string]any{"held": rows}, func() {
			if len(rows) == 0 {
				a.printf("Nothing waits.\n")
			}
			for _, r := range rows {
				a.printf("%6d  %s  %s  %d of %d approvals  since %s\n", r.Item, r.TLP, r.ID, r.Given, r.Needed, r.Since)
			}
		})
	})
}

type heldRow struct {
	Item   int64  `json:"item"`
	ID     string `json:"id"`
	Type   string `json:"type"`
	TLP    string `json:"tlp"`
	Given  int    `json:"given"`
	Needed int    `json:"needed"`
	Digest string `json:"digest"`
	Since  string `json:"since"`
	Why    string `json:"why"`
	State  string `json:"state"`
}

func rowOf(p release.Preview) heldRow {
	return heldRow{
		Item: p.Object.Seq, ID: p.Object.ID, Type: p.Object.Type, TLP: p.Label.TLP.String(), Given: p.Given(), Needed: p.Decision.Approvals,
		Digest: p.Digest.String(), Since: time.UnixMicro(p.Hold.At).UTC().Format(time.DateTime), Why: p.Decision.Sentence, State: p.Hold.State,
	}
}

type heldItem struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
	Item      int64           `arg:"" help:"Number of the held item."`
}

type releaseShow struct{ heldItem }

// Run shows one item.
func (c *releaseShow) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		p, err := n.Releases.Preview(a.ctx, n.Live, n.Operator(), c.Agreement, c.Item)
		if err != nil {
			return err
		}
		body, err := canon.Indent(p.Object.Body)
		if err != nil {
			return err
		}
		return a.say(map[string]any{"held": rowOf(p), "label": string(p.Label.Canonical()), "object": string(p.Object.Body)}, func() {
			a.printf("%s\n\nLabel: %s\n%s\nApproves exactly these bytes: %s\n", body, p.Label.Canonical(), p.Decision.Sentence, p.Digest)
			for _, w := range p.Approvals {
				a.printf("  %s said %s at %s %s\n", w.Officer, w.Verdict, time.UnixMicro(w.At).UTC().Format(time.DateTime), w.Reason)
			}
		})
	})
}

type releaseApprove struct {
	heldItem
	As     string       `required:"" placeholder:"USER" help:"Releasing officer who approves; the password is asked for."`
	Digest ident.Digest `required:"" help:"Digest that twoseas release show printed."`
}

// asOfficer calls fn with the node and the person who decides.
func (a *app) asOfficer(name string, fn func(n *node.Node, by people.Actor) error) error {
	return a.with(func(n *node.Node) error {
		by, err := a.officer(n, name)
		if err != nil {
			return err
		}
		return fn(n, by)
	})
}

// officer logs the person in who approves: a decision is a person's.
func (a *app) officer(n *node.Node, name string) (people.Actor, error) {
	p, err := a.password1("Password of " + name + ": ")
	if err != nil {
		return people.Actor{}, err
	}
	return n.People.Login(a.ctx, name, p, "command line")
}

// Run approves.
func (c *releaseApprove) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		p, err := n.Releases.Approve(a.ctx, n.Live, by, c.Agreement, c.Item, c.Digest)
		if err != nil {
			return err
		}
		return a.say(rowOf(p), func() {
			a.printf("%s: %d of %d approvals, %s\n", p.Object.ID, p.Given(), p.Decision.Approvals, p.Hold.State)
		})
	})
}

type releaseRefuse struct {
	heldItem
	As     string       `required:"" placeholder:"USER" help:"Releasing officer who refuses; the password is asked for."`
	Digest ident.Digest `required:"" help:"Digest that twoseas release show printed."`
	Reason string       `required:"" help:"Why."`
}

// Run refuses.
func (c *releaseRefuse) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		p, err := n.Releases.Refuse(a.ctx, n.Live, by, c.Agreement, c.Item, c.Digest, c.Reason)
		if err != nil {
			return err
		}
		return a.say(rowOf(p), func() { a.printf("%s: %s\n", p.Object.ID, p.Hold.State) })
	})
}
