package cli

import (
	"time"

	"twoseas/internal/act/matching"
	"twoseas/internal/act/people"
	"twoseas/internal/base/ident"
	"twoseas/internal/edge/peer"
	"twoseas/internal/node"
	"twoseas/internal/store"
)

type matchCmd struct {
	Ask     matchAsk     `cmd:"" help:"Ask the partner which of some values it knows, without showing them."`
	Fetch   matchFetch   `cmd:"" help:"Fetch the answer to a question, and show which values both know."`
	List    matchList    `cmd:"" help:"List questions, this side's and the partner's."`
	Approve matchApprove `cmd:"" help:"Approve that this side answers a question of the partner."`
	Refuse  matchRefuse  `cmd:"" help:"Refuse a question of the partner."`
}

type matchAsk struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
	Values    []string        `arg:"" optional:"" help:"Values, defanged or not."`
	File      string          `short:"f" placeholder:"FILE" help:"Read values from a file, one a line; - for standard input."`
}

// line calls fn with a line to the partner of an agreement.
func (a *app) line(n *node.Node, id ident.Agreement, fn func(link *peer.Client) error) error {
	link, err := n.Line(a.ctx, id)
	if err != nil {
		return err
	}
	defer link.Close()
	return fn(link)
}

// Run asks.
func (c *matchAsk) Run(a *app) error {
	texts, err := (&lookupCmd{Values: c.Values, File: c.File}).values(a)
	if err != nil {
		return err
	}
	values, not := matching.Normal(texts)
	for _, s := range not {
		a.printf("%.60q is no value that is looked up; left out.\n", s)
	}
	return a.with(func(n *node.Node) error {
		return a.line(n, c.Agreement, func(link *peer.Client) error {
			q, err := n.Matchings.Ask(a.ctx, n.Live, n.Operator(), c.Agreement, values, link)
			if err != nil {
				return err
			}
			return a.say(matchRow(q), func() {
				a.printf("Asked of %s values; none of them was shown. Question %s\nFetch the answer with: twoseas match fetch %s %s\n", number(q.Asked), q.Session, c.Agreement, q.Session)
			})
		})
	})
}

type matchQuestion struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
	Session   string          `arg:"" help:"Name of the question."`
}

type matchFetch struct{ matchQuestion }

// Run fetches.
func (c *matchFetch) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		return a.line(n, c.Agreement, func(link *peer.Client) error {
			r, err := n.Matchings.Fetch(a.ctx, n.Live, n.Operator(), c.Session, link)
			if err != nil {
				return err
			}
			row := matchRow(r.Matching)
			values := []map[string]string{}
			for _, v := range r.Values {
				values = append(values, map[string]string{"kind": v.Kind.String(), "value": v.Text})
			}
			row["values"] = values
			return a.say(row, func() {
				a.printf("Of %s values asked for, both know %s.\n", number(r.Asked), number(r.Known))
				for _, v := range r.Values {
					a.printf("%-12s %s\n", v.Kind, v.Text)
				}
			})
		})
	})
}

type matchList struct {
	Agreement ident.Agreement `arg:"" help:"Agreement."`
}

// Run lists.
func (c *matchList) Run(a *app) error {
	return a.with(func(n *node.Node) error {
		list, err := n.Matchings.List(a.ctx, n.Live, n.Operator(), c.Agreement)
		if err != nil {
			return err
		}
		rows := []map[string]any{}
		for _, q := range list {
			rows = append(rows, matchRow(q))
		}
		return a.say(map[string]any{"questions": rows}, func() {
			for _, q := range list {
				a.printf("%s  asked by %s  %s values  %s %s\n", q.Session, q.Asker, number(q.Asked), q.State, q.Why)
			}
		})
	})
}

func matchRow(q store.Matching) map[string]any {
	return map[string]any{
		"session": q.Session, "agreement": q.Agreement, "asker": q.Asker, "state": q.State, "asked": q.Asked, "known": q.Known,
		"needed": q.Needed, "why": q.Why, "at": time.UnixMicro(q.At).UTC().Format(time.RFC3339),
	}
}

type matchApprove struct {
	Session string `arg:"" help:"Name of the question."`
	As      string `required:"" placeholder:"USER" help:"Releasing officer who approves; the password is asked for."`
}

// Run approves, and makes the answer when the last approval is in.
func (c *matchApprove) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		q, err := n.Matchings.Approve(a.ctx, n.Live, by, c.Session)
		if err != nil {
			return err
		}
		if q.State == store.MatchingApproved {
			if err := n.Matchings.Prepare(a.ctx, n.Live, c.Session); err != nil {
				return err
			}
			q.State = store.MatchingAnswered
		}
		return a.say(matchRow(q), func() { a.printf("The question of %s for %s values is %s.\n", q.Asker, number(q.Asked), q.State) })
	})
}

type matchRefuse struct {
	Session string `arg:"" help:"Name of the question."`
	As      string `required:"" placeholder:"USER" help:"Releasing officer who refuses; the password is asked for."`
	Reason  string `required:"" help:"Why; the partner is told."`
}

// Run refuses.
func (c *matchRefuse) Run(a *app) error {
	return a.asOfficer(c.As, func(n *node.Node, by people.Actor) error {
		q, err := n.Matchings.Refuse(a.ctx, n.Live, by, c.Session, c.Reason)
		if err != nil {
			return err
		}
		return a.say(matchRow(q), func() { a.printf("The question of %s is refused.\n", q.Asker) })
	})
}
