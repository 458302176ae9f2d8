package cli

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"twoseas/internal/act/recall"
	"twoseas/internal/base/ident"
	law "twoseas/internal/law/recall"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type recallCmd struct {
	Send recallSend `cmd:"" help:"Call objects back from the partners who got them. Shows what would happen; --yes does it."`
	List recallList `cmd:"" help:"List what was called back, by this side and from it."`
	Show recallShow `cmd:"" help:"Show one recall: what each partner did, and what could not be undone."`
	Lift recallLift `cmd:"" help:"Take a recall back."`
}

type recallSend struct {
	IDs        []string          `arg:"" optional:"" name:"id" help:"Ids of objects."`
	Kind       string            `enum:"recall,wrong,correct,supersede,expire" default:"recall" help:"Why: ${enum}."`
	Code       string            `help:"The reason in a word; the first of the kind's when left out."`
	Reason     string            `help:"For the partner: short, neutral, without content."`
	Agreements []ident.Agreement `name:"agreement" help:"Only from this partner, of what was spilt (repeatable)."`
	Shipments  []int64           `name:"shipment" help:"All that was in this shipment of --of (repeatable)."`
	Of         ident.Agreement   `name:"of" help:"Agreement of the shipments."`
	By         map[string]string `help:"What takes the place of which id: OLD=NEW (repeatable)."`
	Keep       bool              `help:"This side goes on using what was spilt."`
	Spill      bool              `help:"Also stop the channels."`
	Yes        bool              `help:"Do it."`
}

func (c *recallSend) ask() recall.Ask {
	ask := recall.Ask{
		Kind: law.Kind(c.Kind), Code: c.Code, Reason: c.Reason, IDs: c.IDs, By: c.By, Agreements: c.Agreements, Keep: c.Keep, Spill: c.Spill,
	}
	for _, n := range c.Shipments {
		ask.Shipments = append(ask.Shipments, recall.Shipped{Agreement: c.Of, Number: n})
	}
	return ask
}

// Run shows what would happen, and does it when told to.
func (c *recallSend) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		p, err := n.Recalls.Preview(a.ctx, n.Live, n.Operator(), c.ask())
		if err != nil {
			return err
		}
		row := map[string]any{"objects": p.Objects, "versions": p.Versions, "home": p.Home, "waiting": p.Waiting, "partners": len(p.Reach)}
		if c.Yes {
			id, err := n.Recalls.Send(a.ctx, n.Live, n.Operator(), c.ask(), p.Digest)
			if err != nil {
				return err
			}
			row["recall"] = id
		}
		return a.say(row, func() {
			a.printf("%s in %s; at home: %s.\n", count(p.Objects, "object"), count(p.Versions, "version"), p.Home)
			for _, r := range p.Reach {
				a.printf("%-12s %s, sent in %s; the recall: %s\n", r.Partner, count(len(r.IDs), "object"), listed("shipment", r.Shipments), r.Decision.Sentence)
			}
			if id, ok := row["recall"]; ok {
				a.printf("Called back: %s\n", id)
			} else {
				a.printf("Nothing was done yet: --yes does it.\n")
			}
		})
	})
}

type recallList struct {
	Open bool `help:"Only what is open."`
}

// Run lists.
func (c *recallList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Recalls.List(a.ctx, n.Live, n.Operator(), recall.Query{Open: c.Open})
		if err != nil {
			return err
		}
		rows := []map[string]any{}
		for _, l := range list {
			rows = append(rows, map[string]any{"recall": l.ID, "direction": l.Direction, "kind": l.Kind, "open": l.Open, "rung": l.Rung, "lifted": l.Lifted != 0})
		}
		return a.say(rows, func() {
			for _, l := range list {
				a.printf("%s  %-3s  %-9s  %s  %s\n", l.ID, l.Direction, l.Kind, openText(l.Open, l.Rung), joined(l.Partners))
			}
		})
	})
}

type recallShow struct {
	Recall string `arg:"" help:"Recall."`
}

// Run shows one.
func (c *recallShow) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		d, err := n.Recalls.Show(a.ctx, n.Live, n.Operator(), c.Recall)
		if err != nil {
			return err
		}
		row := map[string]any{"recall": d.ID, "kind": d.Kind, "objects": d.Objects, "withheld": d.Detained, "partners": d.Partners}
		return a.say(row, func() {
			a.printf("%s: %s (%s), %s; %s withheld here.\n", d.ID, d.Kind, d.Code, count(int(d.Objects), "object"), count(int(d.Detained), "version"))
			for _, p := range d.Partners {
				a.printf("%s %s\n", p.Partner, recallStands(d.Direction, p))
				for _, e := range p.Edges {
					a.printf("  %-20s %-8s %d %s\n", e.Name, e.State, e.Count, e.Note)
				}
			}
		})
	})
}

// recallStands says how far a partner is.
func recallStands(direction string, p recall.Partner) string {
	switch {
	case p.Open && direction == store.Out:
		return "has not answered in full yet" + climbed(p.Rung)
	case p.Open:
		return "is waiting for what is not done here"
	}
	return outcomes(p.Outcomes)
}

// openText says how many of a recall's messages wait for an answer.
func openText(open int64, rung int) string {
	if open == 0 {
		return "answered"
	}
	return count(int(open), "message") + " without a full answer" + climbed(rung)
}

// climbed says who is reminded of an open recall by now.
func climbed(rung int) string {
	return [...]string{"", "; with the contacts", "; with the nodal ministries", "; for the next dialogue"}[min(max(rung, 0), 3)]
}

// outcomes writes what became of the objects at a partner: "12 withheld".
func outcomes(of map[law.Outcome]int) string {
	var out []string
	for _, o := range slices.Sorted(maps.Keys(of)) {
		out = append(out, number(int64(of[o]))+" "+string(o))
	}
	return strings.Join(out, ", ")
}

// listed writes "shipment 27", "shipments 27, 28".
func listed(what string, numbers []int64) string {
	if len(numbers) > 1 {
		what += "s"
	}
	return what + " " + joined(numbers)
}

func joined[T any](of []T) string {
	out := make([]string, len(of))
	for i, v := range of {
		out[i] = fmt.Sprint(v)
	}
	return strings.Join(out, ", ")
}

type recallLift struct {
	Recall string `arg:"" help:"Recall."`
}

// Run lifts.
func (c *recallLift) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		if err := n.Recalls.Lift(a.ctx, n.Live, n.Operator(), c.Recall); err != nil {
			return err
		}
		return a.say(map[string]string{"lifted": c.Recall}, func() { a.printf("Lifted: %s\n", c.Recall) })
	})
}
